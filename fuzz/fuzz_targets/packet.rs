//! Any bytes are a packet or a malformed one, behind an Ethernet header, another one or none, and are shown in one line.
#![no_main]

use std::net::Ipv6Addr;

use sockkit::wire::{Frame, Packet};

fn check(shown: &str) {
    assert!(shown.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    check(&Frame::ethernet(bytes, true).to_string());
    check(&Packet::ipv4(bytes).map_or_else(|why| why.to_string(), |packet| packet.to_string()));
    if let [a, b, behind @ ..] = bytes {
        let ethertype = u16::from_be_bytes([*a, *b]);
        check(&Frame::cooked(ethertype, behind, true).to_string());
        let (from, to) = (Ipv6Addr::LOCALHOST, Ipv6Addr::UNSPECIFIED);
        check(&Packet::ipv6_payload(*b, from, to, behind).to_string());
    }
});
