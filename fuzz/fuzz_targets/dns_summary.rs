//! Any bytes are a DNS message or none, and nothing of it would be heeded by a terminal.
#![no_main]

use sockkit::wire::Dns;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for multicast in [false, true] {
        let line = Dns::decode(bytes, multicast).map(|message| message.to_string());
        assert!(
            line.unwrap_or_default()
                .bytes()
                .all(|byte| (b' '..=b'~').contains(&byte))
        );
    }
});
