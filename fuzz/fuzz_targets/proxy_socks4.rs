//! What a SOCKS 4 proxy says comes to the same in pieces of any size.
#![no_main]

use sockkit::wire::proxy::{Credentials, Handshake, Refusal, Speech, Target, Wanted};

fn said(bytes: &[u8], size: usize) -> (Result<(), Refusal>, Wanted) {
    let target = Target::Name("example.org".to_owned(), 443);
    let who = Credentials {
        user: "ada".to_owned(),
        password: "secret".to_owned(),
    };
    let mut handshake = Handshake::new(Speech::Socks4, &target, Some(&who), None).unwrap();
    let mut rest = bytes;
    while !rest.is_empty() {
        let most = match handshake.wants() {
            Wanted::Nothing => break,
            Wanted::Exactly(count) | Wanted::UpTo(count) => count.min(size),
        };
        let piece = &rest[..most.min(rest.len())];
        match handshake.take(piece) {
            Ok(count) => rest = &rest[count..],
            Err(refusal) => return (Err(refusal), Wanted::Nothing),
        }
    }
    (Ok(()), handshake.wants())
}

libfuzzer_sys::fuzz_target!(|pieces: (u8, &[u8])| {
    let (size, bytes) = pieces;
    assert_eq!(said(bytes, usize::from(size) + 1), said(bytes, usize::MAX));
});
