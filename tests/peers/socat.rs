//! socat, in both roles: the echo that moves much, records, datagrams, and what resets.

use std::time::Duration;

use crate::kit::{LONG, Start, pattern, peer, program, scratch, sockkit};

const MUCH: usize = 50_000_000;

fn socat(words: &[&str]) -> Option<Start> {
    peer("socat")?;
    Some(program("socat", ["-d", "-d"]).args(words))
}

#[test]
fn fifty_megabytes_both_ways_at_once() {
    let words = ["-t", "60", "TCP-LISTEN:0,bind=127.0.0.1", "EXEC:cat"];
    let Some(echo) = socat(&words) else {
        return;
    };
    let echo = echo.start();
    let much = pattern(MUCH);
    let port = echo.foreign_port().to_string();
    let client = sockkit(["tcp", "connect", &port])
        .input(&much)
        .deadline(LONG);
    let finished = client.run().expect(0);
    assert!(
        finished.stdout == much,
        "{} bytes came back",
        finished.stdout.len()
    );
}

#[test]
fn fifty_megabytes_through_a_listener() {
    let much = pattern(MUCH);
    let listening = sockkit(["tcp", "listen", "0"])
        .input(&much)
        .deadline(LONG)
        .start();
    let to = format!("TCP:127.0.0.1:{}", listening.port());
    let Some(echo) = socat(&["-t", "60", &to, "EXEC:cat"]) else {
        return;
    };
    let _echo = echo.start();
    let finished = listening.finish().expect(0);
    assert!(
        finished.stdout == much,
        "{} bytes came back",
        finished.stdout.len()
    );
}

#[test]
fn a_unix_echo() {
    let folder = scratch();
    let path = folder.path().join("s");
    let listen = format!("UNIX-LISTEN:{}", path.display());
    let Some(echo) = socat(&["-t", "60", &listen, "EXEC:cat"]) else {
        return;
    };
    let echo = echo.start();
    echo.stderr_until(|line| line.contains("listening on"));
    let much = pattern(5_000_000);
    let client = sockkit(["unix", "connect"])
        .args([&path])
        .input(&much)
        .deadline(LONG);
    assert!(client.run().expect(0).stdout == much);
}

#[test]
fn an_abstract_name() {
    let name = format!("sockkit-socat-{}", std::process::id());
    let Some(server) = socat(&[&format!("ABSTRACT-LISTEN:{name}"), "SYSTEM:echo hello"]) else {
        return;
    };
    let server = server.start();
    server.stderr_until(|line| line.contains("listening on"));
    let client = sockkit(["unix", "connect", &format!("@{name}")]).run();
    assert_eq!(client.expect(0).text(), "hello\n");
    drop(server);

    let listening = sockkit(["unix", "listen", &format!("@{name}")]).start();
    listening.listening();
    let client = socat(&["-u", "-", &format!("ABSTRACT-CONNECT:{name}")]).unwrap();
    client.input("hello").run().expect(0);
    assert_eq!(listening.finish().expect(0).text(), "hello");
}

#[test]
fn records() {
    let folder = scratch();
    let path = folder.path().join("s");
    let listen = format!("UNIX-LISTEN:{},type=5", path.display());
    let Some(echo) = socat(&[&listen, "PIPE"]) else {
        return;
    };
    let echo = echo.start();
    echo.stderr_until(|line| line.contains("listening on"));
    let client = sockkit(["unix", "connect", "--type", "seqpacket"])
        .args([&path])
        .piped()
        .start();
    client.write("record");
    assert_eq!(client.read(6), b"record");
    client.write("another");
    assert_eq!(client.read(7), b"another");
}

#[test]
fn datagrams() {
    let Some(echo) = socat(&["UDP-LISTEN:0,bind=127.0.0.1", "PIPE"]) else {
        return;
    };
    let echo = echo.start();
    let to = format!("127.0.0.1:{}", echo.foreign_port());
    let client = sockkit(["udp", "connect", &to, "--lines"]).piped().start();
    client.write("one\ntwo\n");
    assert_eq!(client.read(6), b"onetwo");

    let listening = sockkit(["udp", "listen", "0", "--lines"]).piped().start();
    let to = format!("UDP:127.0.0.1:{}", listening.port());
    let client = socat(&[&to, "-"]).unwrap().piped().start();
    client.write("question\n");
    assert_eq!(listening.line(), "question");
    listening.write("answer\n");
    assert_eq!(client.read(6), b"answer");
}

#[test]
fn unix_datagrams() {
    let folder = scratch();
    let path = folder.path().join("s");
    let listen = format!("UNIX-RECVFROM:{}", path.display());
    let Some(server) = socat(&["-u", &listen, "-"]) else {
        return;
    };
    let server = server.start();
    server.stderr_until(|line| line.contains("receiving on"));
    let words = ["unix", "send", "--type", "dgram"];
    sockkit(words)
        .args([&path])
        .args(["--", "hello"])
        .run()
        .expect(0);
    assert_eq!(server.read(5), b"hello");
}

#[test]
fn a_listener_that_answers_late_is_heard() {
    // socat half-closes and would leave half a second after our end: -t has it wait.
    let words = [
        "-t",
        "9",
        "TCP-LISTEN:0,bind=127.0.0.1",
        "SYSTEM:cat >/dev/null; sleep 1; echo late",
    ];
    let Some(server) = socat(&words) else {
        return;
    };
    let server = server.start();
    let port = server.foreign_port().to_string();
    let client = sockkit(["tcp", "connect", &port]).input("question").run();
    assert_eq!(client.expect(0).text(), "late\n");
}

#[test]
fn a_reset_by_socat_is_a_no() {
    let words = ["-u", "TCP-LISTEN:0,bind=127.0.0.1,linger=0", "STDOUT"];
    let Some(server) = socat(&words) else {
        return;
    };
    let server = server.start();
    let port = server.foreign_port().to_string();
    let client = sockkit(["tcp", "connect", &port]).piped().start();
    client.write("x");
    assert_eq!(server.read(1), b"x");
    server.signal(nix::sys::signal::Signal::SIGTERM);
    assert!(server.ends_within(Duration::from_secs(5)));
    // It shuts down first: what comes after that is EPIPE, tcp(7).
    let finished = client.finish().expect(1);
    let named = ["(ECONNRESET)", "(EPIPE)"];
    assert!(named.iter().any(|errno| finished.stderr.contains(errno)));
}
