//! A body is decoded to the same content however it is cut, and never to more than its limit.
#![no_main]

use sockkit::http::{Body, Framing, Status};

fn read(pieces: [&[u8]; 2]) -> Result<(Vec<u8>, usize), Status> {
    let mut body = Body::new(Framing::Chunked, 1000)?;
    let (mut content, mut used) = (Vec::new(), 0);
    for mut rest in pieces {
        while !rest.is_empty() && !body.is_done() {
            let step = body.take(rest)?;
            content.extend_from_slice(step.data);
            used += step.consumed;
            rest = &rest[step.consumed..];
        }
    }
    assert!(content.len() <= 1000);
    Ok((content, used))
}

libfuzzer_sys::fuzz_target!(|input: (u16, &[u8])| {
    let (cut, bytes) = input;
    let (first, second) = bytes.split_at(usize::from(cut).min(bytes.len()));
    assert_eq!(read([first, second]), read([bytes, b""]));
});
