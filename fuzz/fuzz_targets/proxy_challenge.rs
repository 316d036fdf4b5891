//! Whatever a proxy asks, it is read, and answered or not.
#![no_main]

use sockkit::wire::proxy::{Answer, Challenge, Credentials, Handshake, Speech, Target};

libfuzzer_sys::fuzz_target!(|value: &[u8]| {
    let Some(answer) = Answer::to(&Challenge::parse(value), [7; 16]) else {
        return;
    };
    let target = Target::Name("example.org".to_owned(), 443);
    let who = Credentials {
        user: "ada".to_owned(),
        password: "secret".to_owned(),
    };
    let asked = Handshake::new(Speech::Http, &target, Some(&who), Some(&answer));
    assert!(!asked.unwrap().to_send().is_empty());
});
