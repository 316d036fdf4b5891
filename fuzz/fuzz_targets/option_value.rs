//! Any text is a socket option's setting or a refusal with a hint.
#![no_main]

use sockkit::net::sockopt::Setting;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Err(refused) = Setting::parse(text) {
        assert!(!refused.why.is_empty() && !refused.hint.is_empty());
    }
});
