//! What a proxy says, in any of the protocols, comes to the same in pieces of any size.
#![no_main]

use sockkit::wire::proxy::{Credentials, Handshake, Refusal, Speech, Target, Wanted};

fn said(speech: Speech, bytes: &[u8], size: usize) -> (Result<(), Refusal>, Wanted) {
    let target = Target::Name("example.org".to_owned(), 443);
    let who = Credentials {
        user: "ada".to_owned(),
        password: "secret".to_owned(),
    };
    let mut handshake = Handshake::new(speech, &target, Some(&who), None).unwrap();
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

libfuzzer_sys::fuzz_target!(|pieces: (u8, u8, &[u8])| {
    let (speech, size, bytes) = pieces;
    let speech = match speech % 3 {
        0 => Speech::Http,
        1 => Speech::Socks4,
        _ => Speech::Socks5,
    };
    let size = usize::from(size) + 1;
    assert_eq!(said(speech, bytes, size), said(speech, bytes, usize::MAX));
});
