//! `--allow`, `--deny`, `--max-conns`, `--accept-timeout`, `--backlog`, `--reuseport`.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::{client, listen};
use crate::kit::{read_end, scratch, sockkit, stream_to};

/// What becomes of one who connects from `source` and says a word.
fn is_let_in(source: &str, port: u16) -> bool {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    let source: std::net::SocketAddr = format!("{source}:0").parse().unwrap();
    socket.bind(&source.into()).unwrap();
    let target: std::net::SocketAddr = ([127, 0, 0, 1], port).into();
    socket.connect(&target.into()).unwrap();
    let mut stream: TcpStream = crate::kit::patient(socket).into();
    // One who is sent away may find out only now.
    let _ = stream.write_all(b"?");
    let mut heard = [0];
    matches!(stream.read(&mut heard), Ok(1))
}

#[test]
fn who_may_come() {
    let folder = scratch();
    let file = folder.path().join("rules");
    fs::write(
        &file,
        "# friends\n127.0.0.2, 127.0.0.3\n127.1.0.0/16 # and family\n",
    )
    .unwrap();
    let file = format!("@{}", file.display());
    for (address, rules, let_in) in [
        (
            "127.0.0.1:0",
            vec![],
            ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.1.2.3"].as_slice(),
        ),
        ("127.0.0.1:0", vec!["--allow", "127.0.0.2"], &["127.0.0.2"]),
        (
            "127.0.0.1:0",
            vec!["--allow", "127.0.0.0/30"],
            &["127.0.0.1", "127.0.0.2", "127.0.0.3"],
        ),
        (
            "127.0.0.1:0",
            vec!["--deny", "127.0.0.2"],
            &["127.0.0.1", "127.0.0.3", "127.1.2.3"],
        ),
        (
            "127.0.0.1:0",
            vec!["--allow", "127.0.0.0/8", "--deny", "127.0.0.2,127.0.0.3"],
            &["127.0.0.1", "127.1.2.3"],
        ),
        (
            "127.0.0.1:0",
            vec!["--deny", "0.0.0.0/0", "--allow", "127.0.0.1"],
            &[],
        ),
        ("127.0.0.1:0", vec!["--allow", "::/0"], &[]),
        ("127.0.0.1:0", vec!["--allow", "localhost"], &["127.0.0.1"]),
        (
            "127.0.0.1:0",
            vec!["--allow", &file],
            &["127.0.0.2", "127.0.0.3", "127.1.2.3"],
        ),
        // Over a socket of both families a peer's address is a mapped one.
        ("*:0", vec!["--allow", "127.0.0.2"], &["127.0.0.2"]),
        (
            "*:0",
            vec!["--deny", "::ffff:127.0.0.0/127"],
            &["127.0.0.2", "127.0.0.3", "127.1.2.3"],
        ),
    ] {
        let listener = sockkit(["tcp", "listen", "-v", "-k", "--echo", address]);
        let listener = listener.args(&rules).start();
        let port = listener.port();
        for source in ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.1.2.3"] {
            let expected = let_in.contains(&source);
            assert_eq!(is_let_in(source, port), expected, "{rules:?} {source}");
        }
        listener.signal(Signal::SIGTERM);
        let said = listener.finish().expect(143);
        let denied = said.stderr.matches("denied 127.").count();
        assert_eq!(denied, 4 - let_in.len(), "{rules:?}");
    }
}

#[test]
fn who_may_not_come_is_not_the_one_that_is_waited_for() {
    for service in ["", "--echo"] {
        let listener = listen(service).args(["--deny", "127.0.0.2"]).start();
        let port = listener.port();
        assert!(!is_let_in("127.0.0.2", port));
        let mut welcome = client(port);
        welcome.write_all(b"hello").unwrap();
        welcome.shutdown(std::net::Shutdown::Write).unwrap();
        read_end(&mut welcome);
        listener.finish().expect(0);
    }
}

#[test]
fn rules_that_make_no_sense() {
    for (rule, status, why) in [
        ("10.0.0.0/33", 2, "no network"),
        ("10.0.0.0/8,", 2, "no network"),
        ("", 2, "no network"),
        ("*", 2, "no network"),
        ("@/no/such/file", 2, "ENOENT"),
        ("no-such-host.invalid", 1, "no-such-host.invalid"),
    ] {
        for flag in ["--allow", "--deny"] {
            let refused = listen("-k").args([flag, rule]).run();
            assert!(!refused.stderr.contains("listening"), "{rule}");
            // Without any name server the resolver is in trouble, which is another status.
            let expected = [status, 2].contains(&refused.status);
            assert!(expected, "{rule}: {}", refused.status);
            refused.says(why);
        }
    }
}

#[test]
fn one_too_many_waits_for_its_turn() {
    let listener = listen("-k --echo --max-conns 2").start();
    let port = listener.port();
    let mut served = [client(port), client(port)];
    for client in &mut served {
        client.write_all(b"x").unwrap();
        client.read_exact(&mut [0]).unwrap();
    }
    let mut third = client(port);
    third.write_all(b"3").unwrap();
    let short = Some(Duration::from_millis(200));
    third.set_read_timeout(short).unwrap();
    let silence = third.read(&mut [0]).unwrap_err();
    assert_eq!(silence.kind(), ErrorKind::WouldBlock);
    drop(served);
    let mut third = crate::kit::patient(third);
    let mut heard = [0];
    third.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"3");
    listener.signal(Signal::SIGTERM);
    listener.finish().expect(143);
}

#[test]
fn nobody_comes_or_nobody_comes_any_more() {
    for words in ["", "-k", "-k --echo", "--echo", "--sh cat"] {
        let words = format!("{words} --accept-timeout 200ms");
        let mut split = words.split("--sh cat");
        let plain = split.next().unwrap();
        let start = match split.next() {
            Some(rest) => listen(rest).args(["--sh", "cat"]),
            None => listen(plain),
        };
        start.run().expect(124).says("nobody came within 200ms");
    }
    // Somebody who is there is not counted, however long.
    let listener = listen("-k --echo --accept-timeout 300ms").start();
    let mut staying = client(listener.port());
    assert!(!listener.ends_within(Duration::from_millis(900)));
    staying.write_all(b"x").unwrap();
    staying.read_exact(&mut [0]).unwrap();
    drop(staying);
    listener.finish().expect(124);
    // The usual limit is for the first alone.
    let listener = listen("-k --echo --timeout 300ms").start();
    drop(client(listener.port()));
    assert!(!listener.ends_within(Duration::from_millis(900)));
    listener.signal(Signal::SIGTERM);
    listener.finish().expect(143);
}

#[test]
fn two_listen_on_one_port_where_both_want_it() {
    let first = listen("-k --echo --reuseport").start();
    let port = first.port();
    let address = format!("127.0.0.1:{port}");
    let words = ["tcp", "listen", "-k", "--echo", &address];
    sockkit(words).run().expect(2).says("EADDRINUSE");
    let second = sockkit(words).args(["--reuseport"]).start();
    assert_eq!(second.port(), port);
    let mut either = stream_to(("127.0.0.1", port));
    either.write_all(b"x").unwrap();
    either.read_exact(&mut [0]).unwrap();
}

#[test]
fn the_queue_is_as_long_as_was_asked_for() {
    let listener = listen("--explain --backlog 3").start();
    listener.stderr_until(|line| line.starts_with("listen(") && line.contains(", 3)"));
}
