//! Any bytes are a packet or a malformed one, behind an Ethernet header and without, and are shown in one line.
#![no_main]

use sockkit::wire::{Frame, Packet};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    assert!(!Frame::ethernet(bytes, true).to_string().contains('\n'));
    let packet =
        Packet::ipv4(bytes).map_or_else(|why| why.to_string(), |packet| packet.to_string());
    assert!(packet.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
});
