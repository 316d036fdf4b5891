//! Whatever a server says and however it is cut, it comes to something.
#![no_main]

use sockkit::wire::{Starttls, StarttlsProtocol, Turn};

const ALL: [StarttlsProtocol; 6] = [
    StarttlsProtocol::Smtp,
    StarttlsProtocol::Imap,
    StarttlsProtocol::Pop3,
    StarttlsProtocol::Ftp,
    StarttlsProtocol::Postgres,
    StarttlsProtocol::Ldap,
];

libfuzzer_sys::fuzz_target!(|talk: (u8, Vec<Vec<u8>>)| {
    let (which, pieces) = talk;
    let (mut starttls, _) = Starttls::new(ALL[usize::from(which) % ALL.len()]);
    for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
        match starttls.hear(piece) {
            Ok(Turn::Hear | Turn::Say(_)) => {}
            Ok(Turn::Go) => return,
            Err(no) => return assert!(!no.to_string().is_empty()),
        }
    }
});
