//! Any bytes are an echo message or none, and so is what ICMP's errors quote and add; what is read is written again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sockkit::wire::{Echo, Mark, below_ipv4, extension, is_sound, labels};

fuzz_target!(|bytes: &[u8]| {
    let _ = (below_ipv4(bytes), is_sound(bytes));
    if let Some(echo) = Echo::decode_v4(bytes) {
        assert_eq!(Echo::decode_v4(&echo.encode_v4()), Some(echo));
    }
    if let Some(echo) = Echo::decode_v6(bytes) {
        assert_eq!(echo.encode_v6().get(4..), bytes.get(4..));
    }
    let stack = labels(bytes);
    assert_eq!(labels(&extension(&stack)), stack);
    let mark = Mark(*b"sockkit!");
    let _ = (mark.number(bytes), mark.differs_at(1, 56, bytes));
});
