//! Traps 28, 32, 33, 40 and 42: listeners that start again, that serve many, that say where they are, that run out.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use nix::sys::signal::Signal;
use socket2::{Domain, Socket, Type};

use super::{WATCHED, nc, ncat, ours, socat};
use crate::kit::{DEADLINE, Start, free_port, read_end, stream_to};

/// socat does not start again while the connections of its last run are in TIME_WAIT.
#[test]
fn trap_28_starting_again() {
    let drive = |start: &dyn Fn(u16) -> Option<Start>| {
        let port = free_port();
        let first = start(port)?.start();
        first.stderr_until(|line| line.contains("istening on"));
        let mut client = stream_to(("127.0.0.1", port));
        client.write_all(b"x").unwrap();
        assert_eq!(first.read(1), b"x");
        // It ends first, so it is its side that waits.
        first.signal(Signal::SIGTERM);
        first.finish();
        read_end(&mut client);
        drop(client);
        let again = start(port)?.start();
        let listens = |_: &str| true;
        let said = loop {
            let line = again.stderr_until(listens);
            if line.contains("istening on") || line.contains("in use") {
                break line;
            }
        };
        Some(said.contains("istening on"))
    };
    let start = |port: u16| Some(ours(&format!("tcp listen {port}")));
    assert_eq!(drive(&start), Some(true));
    let start = |port: u16| socat(&format!("-d -d -u TCP-LISTEN:{port},bind=127.0.0.1 -"));
    assert!(drive(&start).is_none_or(|again| !again), "socat");
}

/// nc serves its second client when the first has gone.
#[test]
fn trap_32_many_at_once() {
    let drive = |listening: Start, limit: Duration| {
        let listening = listening.piped().start();
        let port = listening.foreign_port();
        let mut first = stream_to(("127.0.0.1", port));
        first.write_all(b"first\n").unwrap();
        assert_eq!(listening.line(), "first");
        let mut second = stream_to(("127.0.0.1", port));
        second.write_all(b"second\n").unwrap();
        let served = listening.line_within(limit).is_some();
        if served {
            listening.write("to all\n");
            for client in [&mut first, &mut second] {
                let mut said = [0; 7];
                std::io::Read::read_exact(client, &mut said).unwrap();
                assert_eq!(&said, b"to all\n");
            }
        }
        served
    };
    assert!(drive(ours("tcp listen -k 0"), DEADLINE));
    if let Some(listening) = nc("-lknv 127.0.0.1 0") {
        assert!(!drive(listening, WATCHED), "nc");
    }
    let port = free_port();
    if let Some(listening) = ncat(&format!("-lkv 127.0.0.1 {port}")) {
        assert!(drive(listening, DEADLINE), "ncat has it right");
    }
}

/// nc lets a second client connect to the listener that will never take it.
#[test]
fn trap_33_a_listener_of_one() {
    let drive = |listening: Start| {
        let listening = listening.start();
        let port = listening.foreign_port();
        let mut first = stream_to(("127.0.0.1", port));
        first.write_all(b"first\n").unwrap();
        assert_eq!(listening.line(), "first");
        TcpStream::connect(("127.0.0.1", port)).is_ok()
    };
    assert!(!drive(ours("tcp listen 0")));
    if let Some(listening) = nc("-lnv 127.0.0.1 0") {
        assert!(drive(listening), "nc");
    }
    if let Some(listening) = socat("-d -d -u TCP-LISTEN:0,bind=127.0.0.1 -") {
        assert!(!drive(listening), "socat has it right");
    }
}

/// ncat says that it listens on port 0.
#[test]
fn trap_40_the_ready_line() {
    for _ in 0..30 {
        let listening = ours("tcp listen 0").start();
        let line = listening.stderr_until(|_| true);
        let port = line.strip_prefix("listening on tcp 127.0.0.1:").unwrap();
        // Nothing is waited for: it listens when it says so.
        let mut client = stream_to(("127.0.0.1", port.parse().unwrap()));
        client.write_all(b"heard").unwrap();
        drop(client);
        assert_eq!(listening.finish().expect(0).text(), "heard");
    }
    if let Some(listening) = ncat("-lv 127.0.0.1 0") {
        let listening = listening.start();
        let line = listening.stderr_until(|line| line.contains("istening on 127"));
        assert!(line.ends_with(":0"), "{line}");
    }
}

/// A client that does not wait for its connection: those that a full queue keeps out do not come at all.
fn calling(port: u16) -> Socket {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_nonblocking(true).unwrap();
    let to = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    let _ = socket.connect(&to.into());
    socket
}

/// ncat runs hot when it has no descriptors left.
#[test]
fn trap_42_no_descriptors_left() {
    let drive = |listening: Start, port: u16| {
        let few = r#"ulimit -n 24; exec "$0" "$@""#;
        let listening = listening.under(few).start();
        listening.stderr_until(|line| line.contains("istening on"));
        let clients: Vec<_> = (0..40).map(|_| calling(port)).collect();
        // A window to measure in, after all have come.
        assert!(!listening.ends_within(WATCHED));
        let before = listening.ticks();
        assert!(!listening.ends_within(WATCHED));
        let used = listening.ticks() - before;
        drop(clients);
        used
    };
    let port = free_port();
    let used = drive(ours(&format!("tcp listen -k {port}")), port);
    assert!(used <= 20, "{used} ticks in a second of waiting");
    let port = free_port();
    if let Some(listening) = ncat(&format!("-lkv 127.0.0.1 {port}")) {
        let used = drive(listening, port);
        // All that it can get, on a machine that others use as well.
        assert!(used > 4, "ncat: {used} ticks");
    }
}
