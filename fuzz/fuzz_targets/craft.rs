//! What is built from any parts has its checksum, and is decoded to the same parts again.
#![no_main]

use sockkit::wire::{Crafted, Transport, tcp_options};

libfuzzer_sys::fuzz_target!(|parts: (u16, u16, u32, u32, u8, u16, &str, Vec<u8>)| {
    let (source_port, destination_port, seq, ack, flags, window, options, payload) = parts;
    let options = tcp_options(options).unwrap_or_default();
    let built = Crafted::Tcp {
        source_port,
        destination_port,
        seq,
        ack,
        flags,
        window,
        urgent: window,
        options,
    };
    let message = built.encode(
        [127, 0, 0, 1].into(),
        [127, 0, 0, 2].into(),
        &payload,
        false,
    );
    let Transport::Tcp(tcp) = built.layer(false, &message) else {
        panic!("no TCP")
    };
    assert_eq!(
        (tcp.source_port, tcp.seq, tcp.window, tcp.length),
        (source_port, seq, window, payload.len())
    );
});
