//! Whole talks in every cut, and what hostile servers say.

use super::StarttlsProtocol::{Ftp, Imap, Ldap, Pop3, Postgres, Smtp};
use super::*;

/// What was said when all of `heard` came in pieces of this size, and how it ended.
fn talk(
    protocol: StarttlsProtocol,
    heard: &[&[u8]],
    size: usize,
) -> (Vec<u8>, Result<Turn, NoStarttls>) {
    let (mut starttls, mut said) = Starttls::new(protocol);
    let mut last = Ok(Turn::Hear);
    for part in heard {
        for piece in part.chunks(size) {
            last = starttls.hear(piece);
            match &last {
                Ok(Turn::Say(words)) => said.extend(words),
                Ok(Turn::Hear) => {}
                Ok(Turn::Go) | Err(_) => return (said, last),
            }
        }
    }
    (said, last)
}

const LDAP_OK: &[u8] = b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00";

/// A protocol, what its server says, and what is said to it.
type Whole = (StarttlsProtocol, &'static [&'static [u8]], &'static [u8]);

#[test]
fn talks_in_every_cut() {
    let talks: [Whole; 8] = [
        (
            Smtp,
            &[
                b"220-mail.example.org\r\n220 ESMTP\r\n",
                b"250-mail.example.org\r\n250-SIZE 1000\r\n250-starttls\r\n250 HELP\r\n",
                b"220 go ahead\r\n",
            ],
            b"EHLO localhost\r\nSTARTTLS\r\n",
        ),
        (
            Smtp,
            &[b"220\r\n", b"250 STARTTLS\n", b"220\n"],
            b"EHLO localhost\r\nSTARTTLS\r\n",
        ),
        (
            Imap,
            &[
                b"* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n",
                b"* CAPABILITY x\r\na1 OK begin\r\n",
            ],
            b"a1 STARTTLS\r\n",
        ),
        (Pop3, &[b"+OK ready <1@h>\r\n", b"+OK\r\n"], b"STLS\r\n"),
        (
            Ftp,
            &[
                b"120 soon\r\n220-Welcome\r\n anything\r\n220 done\r\n",
                b"234 go\r\n",
            ],
            b"AUTH TLS\r\n",
        ),
        (Postgres, &[b"S"], &postgres::REQUEST),
        (Ldap, &[LDAP_OK], ldap::REQUEST),
        (
            Ldap,
            &[b"\x30\x84\x00\x00\x00\x10\x02\x01\x01\x78\x84\x00\x00\x00\x07\x0a\x01\x00\x04\x00\x04\x00"],
            ldap::REQUEST,
        ),
    ];
    for (protocol, heard, expected) in talks {
        for size in 1..=80 {
            let (said, end) = talk(protocol, heard, size);
            assert_eq!(end, Ok(Turn::Go), "{protocol:?} {size}");
            assert_eq!(said, expected, "{protocol:?} {size}");
        }
    }
}

#[test]
fn what_is_glued_to_the_go_ahead_is_no_ones() {
    for (protocol, heard) in [
        (
            Smtp,
            &[
                &b"220 a\r\n"[..],
                b"250 STARTTLS\r\n",
                b"220 go\r\n250 injected\r\n",
            ][..],
        ),
        // The answer before the question.
        (Smtp, &[b"220 a\r\n", b"250 STARTTLS\r\n220 go\r\n"]),
        (Imap, &[b"* OK\r\n", b"a1 OK\r\n* 1 EXISTS\r\n"]),
        (Imap, &[b"* OK\r\na1 OK\r\n"]),
        (Pop3, &[b"+OK\r\n", b"+OK\r\n+"]),
        (Pop3, &[b"+OK\r\n+OK\r\n"]),
        (Ftp, &[b"220 a\r\n", b"234 go\r\n\x16\x03\x01"]),
        (Postgres, &[b"SE"]),
        (Ldap, &[LDAP_OK, b"\x30"]),
    ] {
        let whole = heard.concat();
        let (_, end) = match protocol {
            Ldap => talk(protocol, &[&whole], 1000),
            _ => talk(protocol, heard, 1000),
        };
        assert_eq!(end, Err(NoStarttls::Injected), "{protocol:?}");
    }
}

#[test]
fn a_no_is_told_in_the_servers_words() {
    let no = |words: &str| NoStarttls::Refused(words.to_owned());
    for (protocol, heard, expected) in [
        (Smtp, &[&b"554 go away\r\n"[..]][..], no("554 go away")),
        (
            Smtp,
            &[b"220 a\r\n", b"502-no\r\n502 EHLO\r\n"],
            no("502 EHLO"),
        ),
        (
            Smtp,
            &[b"220 a\r\n", b"250-SIZE\r\n250 XSTARTTLS\r\n"],
            NoStarttls::NotOffered,
        ),
        (
            Smtp,
            &[b"220 a\r\n", b"250 STARTTLS\r\n", b"454 later\r\n"],
            no("454 later"),
        ),
        (Imap, &[b"* BYE full\r\n"], no("* BYE full")),
        (Imap, &[b"* PREAUTH you\r\n"], no("* PREAUTH you")),
        (Imap, &[b"* OK\r\n", b"a1 BAD what\r\n"], no("a1 BAD what")),
        (Pop3, &[b"-ERR busy\r\n"], no("-ERR busy")),
        (
            Pop3,
            &[b"+OK\r\n", b"-ERR \x1b[2J\r\n"],
            no("-ERR \\x1b[2J"),
        ),
        (Ftp, &[b"220 a\r\n", b"530 log in\r\n"], no("530 log in")),
        (Postgres, &[b"N"], NoStarttls::NotOffered),
        (Postgres, &[b"E\0\0\0\x05x"], no("")),
        (
            Ldap,
            &[b"\x30\x0f\x02\x01\x01\x78\x0a\x0a\x01\x02\x04\x00\x04\x03why"],
            no("why"),
        ),
        (
            Ldap,
            &[b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x34\x04\x00\x04\x00"],
            no("resultCode 52"),
        ),
    ] {
        assert_eq!(talk(protocol, heard, 1000).1, Err(expected), "{protocol:?}");
    }
}

#[test]
fn other_protocols_are_named_by_their_beginning() {
    for (protocol, heard) in [
        (Smtp, &b"SSH-2.0-OpenSSH\r\n"[..]),
        (Smtp, b"2200 x\r\n"),
        (Smtp, b"+20 x\r\n"),
        (Smtp, b"\n"),
        (Imap, b"+OK\r\n"),
        (Imap, b"\r\n"),
        (Pop3, b"220 a\r\n"),
        (Ftp, b"HTTP/1.1 400 Bad Request\r\n"),
        (Postgres, b"H"),
        (Ldap, b"HTTP/1.1"),
        (Ldap, b"\x30\x80\x00\x00"),
        (Ldap, b"\x30\x85\x00\x00\x00\x00\x00"),
        (Ldap, b"\x30\x00"),
        (
            Ldap,
            b"\x30\x0c\x02\x01\x02\x78\x07\x0a\x01\x00\x04\x00\x04\x00",
        ),
        (
            Ldap,
            b"\x30\x0c\x02\x01\x01\x65\x07\x0a\x01\x00\x04\x00\x04\x00",
        ),
        (
            Ldap,
            b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x7f",
        ),
    ] {
        let (_, end) = talk(protocol, &[heard], 1000);
        assert!(
            matches!(end, Err(NoStarttls::Garbled(_))),
            "{protocol:?} {end:?}"
        );
    }
}

#[test]
fn nobody_is_heard_for_ever() {
    for protocol in [Smtp, Imap, Pop3, Ftp] {
        let endless = [b'2'; 1000];
        let (mut starttls, _) = Starttls::new(protocol);
        let end = (0..1000).find_map(|_| starttls.hear(&endless).err());
        assert_eq!(end, Some(NoStarttls::TooLong), "{protocol:?}");
    }
    let lines = b"220-more\r\n".repeat(10_000);
    assert_eq!(talk(Smtp, &[&lines], 1000).1, Err(NoStarttls::TooLong));
    let claimed = [&b"\x30\x84\xff\xff\xff\xff"[..], &[0; 100_000]].concat();
    assert_eq!(talk(Ldap, &[&claimed], 1000).1, Err(NoStarttls::TooLong));
}

#[test]
fn an_end_is_an_end() {
    for protocol in [Smtp, Imap, Pop3, Ftp, Postgres, Ldap] {
        let (mut starttls, _) = Starttls::new(protocol);
        assert_eq!(starttls.hear(b""), Err(NoStarttls::Ended));
    }
}
