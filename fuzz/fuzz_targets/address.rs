//! Any word is an address or a refusal, and what is shown of an address means the same again.
#![no_main]

use sockkit::net::Endpoint;

libfuzzer_sys::fuzz_target!(|word: &str| {
    if let Ok(endpoint) = Endpoint::parse(word) {
        let shown = endpoint.to_string();
        assert_eq!(
            Endpoint::parse(&shown).map(|again| again.to_string()),
            Ok(shown)
        );
    }
});
