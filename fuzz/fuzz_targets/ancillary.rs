//! Any bytes are control messages, or the beginning of some.
#![no_main]

use sockkit::net::Notes;

libfuzzer_sys::fuzz_target!(|control: &[u8]| {
    let notes = Notes::parse(control);
    assert!(notes.segment != Some(0));
});
