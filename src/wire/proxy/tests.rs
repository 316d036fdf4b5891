//! Replies of every kind, whole, in pieces, and with payload behind them.

use proptest::prelude::*;

use super::*;

fn name() -> Target {
    Target::Name("example.org".to_owned(), 443)
}

fn somebody() -> Credentials {
    Credentials {
        user: "ada".to_owned(),
        password: "secret".to_owned(),
    }
}

fn handshake(speech: Speech, with_password: bool) -> Handshake {
    let somebody = somebody();
    let credentials = with_password.then_some(&somebody);
    let mut handshake = Handshake::new(speech, &name(), credentials, None).unwrap();
    assert!(!handshake.to_send().is_empty());
    handshake
}

/// Say `bytes` in pieces of `size`; how many were taken, and what came of it.
fn said(mut handshake: Handshake, bytes: &[u8], size: usize) -> (usize, String) {
    let mut taken = 0;
    while taken < bytes.len() {
        let most = match handshake.wants() {
            Wanted::Nothing => return (taken, "done".to_owned()),
            Wanted::Exactly(count) | Wanted::UpTo(count) => count,
        };
        assert!(most > 0);
        let end = bytes.len().min(taken + most.min(size));
        match handshake.take(&bytes[taken..end]) {
            Ok(count) => {
                assert!(count > 0 || handshake.wants() == Wanted::Nothing);
                taken += count;
            }
            Err(refusal) => return (taken, refusal.to_string()),
        }
    }
    let end = match handshake.wants() {
        Wanted::Nothing => "done",
        _ => "waits",
    };
    (taken, end.to_owned())
}

/// What a reply comes to in pieces of any size.
fn judged(speech: Speech, with_password: bool, bytes: &[u8]) -> String {
    let whole = said(handshake(speech, with_password), bytes, usize::MAX);
    for size in [1, 2, 3, 7] {
        let pieces = said(handshake(speech, with_password), bytes, size);
        assert_eq!(pieces.1, whole.1, "{} by {size}", bytes.escape_ascii());
    }
    whole.1
}

#[test]
fn socks4_replies() {
    for (bytes, end) in [
        (b"".as_slice(), "waits"),
        (b"\0", "waits"),
        (b"\0\x5a\0\0\0\0\0", "waits"),
        (b"\0\x5a\0\0\0\0\0\0", "done"),
        (b"\x04\x5a\0\0\0\0\0\0", "done"),
        (b"\0\x5b", "request rejected or failed (91)"),
        (b"\0\x5d\0\0\0\0\0\0", "identd reports another user (93)"),
        (
            b"\0\0",
            "its reply makes no sense: its answer is none of SOCKS 4",
        ),
        (b"\x05\0", "its reply makes no sense: this is no SOCKS 4"),
        (
            b"HTTP/1.0 400",
            "its reply makes no sense: this is no SOCKS 4",
        ),
    ] {
        assert_eq!(judged(Speech::Socks4, false, bytes), end, "{bytes:?}");
    }
}

#[test]
fn socks5_replies() {
    let nonsense = "its reply makes no sense: ";
    let long: Vec<u8> = [b"\x05\0\x05\0\0\x03\xff".as_slice(), &[b'n'; 257]].concat();
    for (bytes, end) in [
        (b"".as_slice(), "waits".to_owned()),
        (b"\x05", "waits".to_owned()),
        (b"\x05\0", "waits".to_owned()),
        (b"\x05\xff", "it does not take strangers".to_owned()),
        (
            b"\x05\x02",
            nonsense.to_owned() + "it chooses a method that was not offered",
        ),
        (
            b"\x05\x01",
            nonsense.to_owned() + "it chooses a method that was not offered",
        ),
        (b"\x04\0", nonsense.to_owned() + "this is no SOCKS 5"),
        (b"HTTP/1.1", nonsense.to_owned() + "this is no SOCKS 5"),
        (b"\x05\0\x05\0\0\x01\x7f\0\0\x01\0\x50", "done".to_owned()),
        (b"\x05\0\x05\0\0\x01\x7f\0\0\x01\0", "waits".to_owned()),
        (
            b"\x05\0\x05\0\0\x04aaaabbbbccccdddd\0\x50",
            "done".to_owned(),
        ),
        (b"\x05\0\x05\0\0\x04aaaabbbbccccdddd\0", "waits".to_owned()),
        (b"\x05\0\x05\0\0\x03\0\0\x50", "done".to_owned()),
        (b"\x05\0\x05\0\0\x03\x01h\0", "waits".to_owned()),
        (&long, "done".to_owned()),
        (
            b"\x05\0\x05\0\0\x02abcdef",
            nonsense.to_owned() + "its address is of no kind that there is",
        ),
        (b"\x05\0\x05\x05", "connection refused (5)".to_owned()),
        (
            b"\x05\0\x05\x02\0\x01\0\0\0\0\0\0",
            "not allowed by its rules (2)".to_owned(),
        ),
        (
            b"\x05\0\x05\x09",
            nonsense.to_owned() + "its answer is none of SOCKS 5",
        ),
        (b"\x05\0\x04\0", nonsense.to_owned() + "this is no SOCKS 5"),
    ] {
        assert_eq!(judged(Speech::Socks5, false, bytes), end, "{bytes:?}");
    }
    for (bytes, end) in [
        (b"\x05\x02\x01\0\x05\0\0\x01aaaapp".as_slice(), "done"),
        (b"\x05\x02\x05\0\x05\0\0\x01aaaapp", "done"),
        (b"\x05\0\x05\0\0\x01aaaapp", "done"),
        (
            b"\x05\x02\x01\x01",
            "it does not take the username and password",
        ),
        (b"\x05\xff", "it takes neither strangers nor passwords"),
    ] {
        assert_eq!(judged(Speech::Socks5, true, bytes), end, "{bytes:?}");
    }
}

#[test]
fn http_replies() {
    let nonsense = "its reply makes no sense: ";
    let long = [b"HTTP/1.1 200 OK\r\nx: ".as_slice(), &[b'y'; 1 << 15]].concat();
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: y\r\n".repeat(101));
    for (bytes, end) in [
        (b"".as_slice(), "waits".to_owned()),
        (b"HTTP/1.1 200 OK\r\n", "waits".to_owned()),
        (b"HTTP/1.1 200 OK\r\n\r", "waits".to_owned()),
        (b"HTTP/1.1 200 OK\r\n\r\n", "done".to_owned()),
        (b"HTTP/1.0 200\r\n\r\n", "done".to_owned()),
        (b"HTTP/1.1 200 OK\n\n", "done".to_owned()),
        (
            b"HTTP/1.1 299 Fine\r\nContent-Length: 5\r\n\r\n",
            "done".to_owned(),
        ),
        (
            b"HTTP/1.1 100 Wait\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
            "done".to_owned(),
        ),
        (
            b"HTTP/1.1 403 Forbidden\r\n\r\nno",
            "403 Forbidden".to_owned(),
        ),
        (b"HTTP/1.1 407 Who?\r\n\r\n", "407 Who?".to_owned()),
        (b"HTTP/1.1 503\r\n\r\n", "503".to_owned()),
        (
            b"HTTP/1.1 101 Switch\r\n\r\n",
            nonsense.to_owned() + "this is no head of an HTTP response",
        ),
        (
            b"HTTP/1.1 2000 OK\r\n\r\n",
            nonsense.to_owned() + "this is no head of an HTTP response",
        ),
        (
            b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
            nonsense.to_owned() + "this is no head of an HTTP response",
        ),
        (
            many.as_bytes(),
            nonsense.to_owned() + "this is no head of an HTTP response",
        ),
        (b"\r\n", nonsense.to_owned() + "this is no HTTP/1"),
        (b"HTTP/2", nonsense.to_owned() + "this is no HTTP/1"),
        (b"SSH-2.0-x\r\n", nonsense.to_owned() + "this is no HTTP/1"),
        (b"\x05\xff", nonsense.to_owned() + "this is no HTTP/1"),
        (
            &long,
            nonsense.to_owned() + "its head is longer than 16 KiB",
        ),
    ] {
        assert_eq!(
            judged(Speech::Http, false, bytes),
            end,
            "{}",
            bytes.escape_ascii()
        );
    }
}

#[test]
fn what_is_temporary() {
    for (bytes, expected) in [
        (b"HTTP/1.1 503 Busy\r\n\r\n".as_slice(), true),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", true),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", false),
        (b"HTTP/1.1 501 What?\r\n\r\n", false),
        (b"HTTP/1.1 407 Who?\r\n\r\n", false),
        (b"nonsense", false),
    ] {
        let refusal = handshake(Speech::Http, false).take(bytes).unwrap_err();
        assert_eq!(refusal.is_temporary(), expected, "{refusal}");
    }
}

#[test]
fn what_follows_a_reply_is_left() {
    for (speech, reply) in [
        (Speech::Http, b"HTTP/1.1 200 OK\r\nx: y\r\n\r\n".as_slice()),
        (Speech::Socks4, b"\0\x5a\0\0\0\0\0\0"),
        (Speech::Socks5, b"\x05\0\x05\0\0\x03\x03abc\0\x50"),
    ] {
        for payload in [b"".as_slice(), b"\r\n\r\n", b"SSH-2.0", &[0; 300]] {
            let glued = [reply, payload].concat();
            for size in [1, 2, 5, usize::MAX] {
                let ended = said(handshake(speech, false), &glued, size);
                assert_eq!(
                    ended,
                    (reply.len(), "done".to_owned()),
                    "{speech:?} by {size}"
                );
            }
            let mut whole = handshake(speech, false);
            assert_eq!(whole.take(&glued), Ok(reply.len()));
        }
    }
}

#[test]
fn what_is_said() {
    let v4: SocketAddr = "192.0.2.1:80".parse().unwrap();
    let v6: SocketAddr = "[2001:db8::1]:80".parse().unwrap();
    let said = |speech, target: &Target| {
        let mut handshake = Handshake::new(speech, target, None, None).unwrap();
        handshake.to_send().escape_ascii().to_string()
    };
    for (speech, target, expected) in [
        (
            Speech::Http,
            name(),
            r"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n",
        ),
        (
            Speech::Http,
            Target::Address(v6),
            r"CONNECT [2001:db8::1]:80 HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n",
        ),
        (
            Speech::Socks4,
            Target::Address(v4),
            r"\x04\x01\x00P\xc0\x00\x02\x01\x00",
        ),
        (
            Speech::Socks4,
            name(),
            r"\x04\x01\x01\xbb\x00\x00\x00\x01\x00example.org\x00",
        ),
        (Speech::Socks5, name(), r"\x05\x01\x00"),
    ] {
        assert_eq!(said(speech, &target), expected);
    }
    for (target, expected) in [
        (
            Target::Address(v4),
            r"\x05\x01\x00\x01\xc0\x00\x02\x01\x00P",
        ),
        (name(), r"\x05\x01\x00\x03\x0bexample.org\x01\xbb"),
    ] {
        let mut asked = Handshake::new(Speech::Socks5, &target, None, None).unwrap();
        asked.to_send();
        asked.take(b"\x05\0").unwrap();
        assert_eq!(asked.to_send().escape_ascii().to_string(), expected);
    }
    let mut known = handshake(Speech::Socks5, true);
    known.take(b"\x05\x02").unwrap();
    assert_eq!(known.to_send(), b"\x01\x03ada\x06secret");
}

#[test]
fn what_cannot_be_said() {
    let named = |length| Target::Name("n".repeat(length), 1);
    for speech in [Speech::Http, Speech::Socks4, Speech::Socks5] {
        assert!(Handshake::new(speech, &named(255), None, None).is_ok());
        assert!(Handshake::new(speech, &named(256), None, None).is_err());
    }
    let split = Target::Name("a\r\nb".to_owned(), 1);
    assert!(Handshake::new(Speech::Http, &split, None, None).is_err());
    let v6 = Target::Address("[::1]:1".parse().unwrap());
    assert!(Handshake::new(Speech::Socks4, &v6, None, None).is_err());
    let nul = Target::Name("a\0b".to_owned(), 1);
    assert!(Handshake::new(Speech::Socks4, &nul, None, None).is_err());
    for (user, password) in [
        ("", "x"),
        ("x", ""),
        (&"u".repeat(256), "x"),
        ("x", &"p".repeat(256)),
    ] {
        let credentials = Credentials {
            user: user.to_owned(),
            password: password.to_owned(),
        };
        assert!(Handshake::new(Speech::Socks5, &name(), Some(&credentials), None).is_err());
    }
}

#[test]
fn a_challenge_is_answered_once_unless_it_was_too_late() {
    let somebody = somebody();
    let asked = |stale: &str, answer: Option<&Answer>| {
        let mut handshake = Handshake::new(Speech::Http, &name(), Some(&somebody), answer).unwrap();
        let said = String::from_utf8(handshake.to_send()).unwrap();
        let reply = format!(
            "HTTP/1.1 407 Who?\r\nProxy-Authenticate: Digest realm=r, nonce=n, stale={stale}\r\n\r\n"
        );
        (said, handshake.take(reply.as_bytes()).unwrap_err())
    };
    let (said, refusal) = asked("false", None);
    assert!(!said.contains("Proxy-Authorization"), "{said}");
    let Refusal::Challenged(challenges) = refusal else {
        panic!("{refusal:?}")
    };
    let answer = Answer::to(&challenges, [1; 16]).unwrap();
    let (said, refusal) = asked("false", Some(&answer));
    assert!(
        said.contains("Proxy-Authorization: Digest username=\"ada\", "),
        "{said}"
    );
    assert!(!said.contains("secret"), "{said}");
    assert_eq!(refusal, Refusal::Unknown("407 Who?".to_owned()));
    let (_, refusal) = asked("true", Some(&answer));
    assert!(matches!(refusal, Refusal::Challenged(_)));
}

proptest! {
    #[test]
    fn any_bytes_come_to_the_same_at_any_cut(bytes: Vec<u8>, size in 1..9_usize) {
        for speech in [Speech::Http, Speech::Socks4, Speech::Socks5] {
            let whole = said(handshake(speech, true), &bytes, usize::MAX);
            let pieces = said(handshake(speech, true), &bytes, size);
            prop_assert_eq!(whole.1, pieces.1);
        }
    }
}
