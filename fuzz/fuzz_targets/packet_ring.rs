//! Any bytes are a block of a ring, or the beginning of one: its packets are within it, and are decoded.
#![no_main]

use sockkit::net::PacketRing;
use sockkit::wire::Frame;

libfuzzer_sys::fuzz_target!(|block: &[u8]| {
    for has_header in [false, true] {
        let mut seen = 0;
        let mut whole = Vec::new();
        let unpacked = PacketRing::unpack(block, has_header, &mut whole, |envelope, bytes| {
            assert_eq!(envelope.captured, bytes.len());
            let frame = match has_header {
                true => Frame::ethernet(bytes, !envelope.partial),
                false => Frame::cooked(envelope.ethertype, bytes, !envelope.partial),
            };
            assert!(!frame.to_string().contains('\n'));
            seen += 1;
            Ok::<_, ()>(())
        });
        assert_eq!(unpacked, Ok(seen));
    }
});
