//! Traps 18 to 22, and 27: the boundaries of datagrams, their sizes, their senders.

use std::fs;
use std::net::UdpSocket;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use super::{WATCHED, nc, ncat, ours, socat};
use socket2::SockRef;

use crate::kit::{DEADLINE, Record, Start, Stdin, patient, pattern, scratch};

fn socket() -> (UdpSocket, u16) {
    let socket = patient(UdpSocket::bind("127.0.0.1:0").unwrap());
    let port = socket.local_addr().unwrap().port();
    (socket, port)
}

/// All three clients take an empty datagram for an end, and do not hear what comes after it.
#[test]
fn trap_18_an_empty_datagram_is_no_end() {
    for index in 0..4 {
        let (server, port) = socket();
        let (name, client) = match index {
            0 => (
                "sockkit",
                Some(ours(&format!("udp connect {port} --count 3"))),
            ),
            1 => ("nc", nc(&format!("-u 127.0.0.1 {port}"))),
            2 => ("ncat", ncat(&format!("-u 127.0.0.1 {port}"))),
            _ => ("socat", socat(&format!("- UDP:127.0.0.1:{port}"))),
        };
        let Some(client) = client else { continue };
        let client = client.piped().start();
        client.write("question");
        let (_, from) = server.recv_from(&mut [0; 100]).unwrap();
        server.send_to(b"A", from).unwrap();
        assert_eq!(client.read(1), b"A", "{name}");
        server.send_to(b"", from).unwrap();
        // It may have gone by now.
        let _ = server.send_to(b"B\n", from);
        if name == "sockkit" {
            assert_eq!(client.finish().expect(0).text(), "AB\n");
        } else {
            assert_eq!(client.line_within(WATCHED), None, "{name}");
        }
    }
    let (server, port) = socket();
    ours(&format!("udp send {port} --whole")).run().expect(0);
    assert_eq!(server.record(), b"");
}

/// nc cuts what it reads to 16384 bytes, socat to 8192, and neither says so.
#[test]
fn trap_19_what_is_read_at_once_is_sent_at_once() {
    let folder = scratch();
    let file = folder.path().join("file");
    fs::write(&file, pattern(20_000)).unwrap();
    let sizes = |client: Start, server: &UdpSocket, count: usize| {
        let _client = client.stdin(Stdin::File(file.clone())).start();
        let sizes: Vec<usize> = (0..count).map(|_| server.record().len()).collect();
        sizes
    };
    let (server, port) = socket();
    let client = ours(&format!("udp send {port}"));
    assert_eq!(sizes(client, &server, 1), [20_000]);
    if let Some(client) = nc(&format!("-u 127.0.0.1 {port}")) {
        assert_eq!(sizes(client, &server, 2), [16_384, 3616], "nc");
    }
    let (server, port) = socket();
    if let Some(client) = socat(&format!("-u - UDP:127.0.0.1:{port}")) {
        assert_eq!(sizes(client, &server, 3), [8192, 8192, 3616], "socat");
    }
    // One byte more than fits is an error, and no split.
    let (_server, port) = socket();
    let words = format!("udp send {port} --whole");
    let refused = ours(&words).input(pattern(65_508)).run().expect(2);
    assert!(refused.stderr.contains("EMSGSIZE"), "{}", refused.stderr);
}

/// nc and socat hand on the beginning of a large datagram as if it were all.
#[test]
fn trap_20_a_large_datagram_arrives_whole() {
    let drive = |listening: Start, fits: usize| {
        let listening = listening.start();
        let to = ("127.0.0.1", listening.foreign_port());
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        sender.send_to(&pattern(60_000), to).unwrap();
        let heard = listening.read(fits);
        // What follows shows that nothing more of it comes.
        sender.send_to(b"end", to).unwrap();
        assert_eq!(listening.read(3), b"end");
        assert!(heard == pattern(60_000)[..fits]);
        listening.stderr_so_far().contains("trunc")
    };
    drive(ours("udp listen 0"), 60_000);
    if let Some(listening) = nc("-u -l -n -v 127.0.0.1 0") {
        assert!(!drive(listening, 16_384), "nc says nothing");
    }
    if let Some(listening) = socat("-d -d -u UDP-LISTEN:0,bind=127.0.0.1 -") {
        assert!(!drive(listening, 8192), "socat says nothing");
    }
    // One of UDP cannot be too large for us. One of a local socket can, and that is said.
    let folder = scratch();
    let path = folder.path().join("s");
    let words = format!("unix listen {} --type dgram --count 1", path.display());
    let listening = ours(&words).start();
    listening.listening();
    let sender = UnixDatagram::unbound().unwrap();
    SockRef::from(&sender)
        .set_send_buffer_size(1 << 20)
        .unwrap();
    sender.send_to(&pattern(150_000), &path).unwrap();
    let finished = listening.finish().expect(0);
    let said = finished.stderr.contains("truncated");
    assert_eq!(finished.stdout.len() < 150_000, said, "{}", finished.stderr);
}

/// nc and ncat are deaf to everybody but their first sender, whom the kernel has the others told.
#[test]
fn trap_21_every_sender_is_heard_and_answered() {
    let drive = |listening: Start, limit: Duration| {
        let listening = listening.piped().start();
        let to = ("127.0.0.1", listening.foreign_port());
        let senders = [0, 1].map(|_| patient(UdpSocket::bind("127.0.0.1:0").unwrap()));
        [("one", &senders[0]), ("two", &senders[1])].map(|(word, sender)| {
            sender.send_to(format!("{word}\n").as_bytes(), to).unwrap();
            let heard = listening.line_within(limit);
            if heard.is_some() {
                listening.write(format!("answer to {word}\n"));
                assert_eq!(sender.record(), format!("answer to {word}\n").as_bytes());
            }
            heard.as_deref() == Some(word)
        })
    };
    assert_eq!(drive(ours("udp listen 0"), DEADLINE), [true, true]);
    if let Some(listening) = nc("-u -l -n -v 127.0.0.1 0") {
        assert_eq!(drive(listening, WATCHED), [true, false], "nc");
    }
    let port = crate::kit::free_port();
    if let Some(listening) = ncat(&format!("-v -u -l 127.0.0.1 {port}")) {
        assert_eq!(drive(listening, WATCHED), [true, false], "ncat");
    }
}

/// Whoever asks one address of a host gets the answer of nc, ncat and socat from another one, and a client that is
/// connected does not hear that.
#[test]
fn trap_21_the_answer_comes_from_whom_was_asked() {
    let drive = |listening: Start, port: Option<u16>| {
        let listening = listening.piped().start();
        let port = port.unwrap_or_else(|| listening.port());
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        client
            .set_read_timeout(Some(Duration::from_millis(100)))
            .unwrap();
        let mut buffer = [0; 100];
        // Foreign listeners do not all say when they are there: it is asked until somebody answers.
        (0..100).find_map(|_| {
            client.send_to(b"question\n", ("127.0.0.2", port)).unwrap();
            listening.write("answer\n");
            let (_, from) = client.recv_from(&mut buffer).ok()?;
            Some(from.ip().to_string())
        })
    };
    for words in ["udp listen *:0", "udp listen 0.0.0.0:0 --echo"] {
        let from = drive(ours(words), None);
        assert_eq!(from.as_deref(), Some("127.0.0.2"), "{words}");
    }
    let [one, two, three] = [0; 3].map(|_| socket().1);
    for (port, start) in [
        (one, nc(&format!("-u -l {one}"))),
        (two, ncat(&format!("-4 -u -l -k 0.0.0.0 {two} -e /bin/cat"))),
        (
            three,
            socat(&format!("UDP4-RECVFROM:{three},fork EXEC:/bin/cat")),
        ),
    ] {
        let Some(start) = start else { continue };
        let words = format!("{:?}", start.words());
        let from = drive(start, Some(port));
        assert_eq!(from.as_deref(), Some("127.0.0.1"), "{words}");
    }
}

/// nc takes a closed port for an open one: status 0 from a send, and from -z too.
#[test]
fn trap_22_nobody_is_there() {
    let dead = || socket().1;
    for words in ["-u -w 1", "-u -z"] {
        if let Some(client) = nc(&format!("{words} 127.0.0.1 {}", dead())) {
            client.input("x").run().expect(0);
        }
    }
    ours(&format!("udp send {} -- one two", dead()))
        .run()
        .expect(1)
        .says("(ECONNREFUSED)");
    ours(&format!("udp connect {}", dead()))
        .input("x")
        .run()
        .expect(1)
        .says("(ECONNREFUSED)");
    let listening = ours("udp listen 0").piped().start();
    let port = listening.port();
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    sender.send_to(b"1\n", ("127.0.0.1", port)).unwrap();
    assert_eq!(listening.line(), "1");
    drop(sender);
    listening.write("to nobody\n");
    let next = UdpSocket::bind("127.0.0.1:0").unwrap();
    next.send_to(b"2\n", ("127.0.0.1", port)).unwrap();
    assert_eq!(listening.line(), "2");
}

/// nc and ncat end with `Invalid argument` when somebody without a name writes to them.
#[test]
fn trap_27_a_datagram_of_a_nameless_sender() {
    let drive = |listening: &dyn Fn(&str) -> Option<Start>, limit: Duration| {
        let folder = scratch();
        let path = folder.path().join("s");
        let listening = listening(path.to_str().unwrap())?.start();
        let sender = UnixDatagram::unbound().unwrap();
        let bound =
            (0..500).any(|_| path.exists() || listening.ends_within(Duration::from_millis(10)));
        assert!(bound);
        let heard = ["one", "two", "three"].map(|word| {
            let sent = sender.send_to(format!("{word}\n").as_bytes(), &path);
            sent.is_ok() && listening.line_within(limit).as_deref() == Some(word)
        });
        Some(heard.iter().filter(|heard| **heard).count())
    };
    let listening = |path: &str| Some(ours(&format!("unix listen {path} --type dgram")));
    assert_eq!(drive(&listening, DEADLINE), Some(3));
    let listening = |path: &str| nc(&format!("-l -u -U {path}"));
    assert!(
        drive(&listening, WATCHED).is_none_or(|heard| heard < 3),
        "nc"
    );
    let listening = |path: &str| ncat(&format!("-l -u -U {path}"));
    assert!(
        drive(&listening, WATCHED).is_none_or(|heard| heard < 3),
        "ncat"
    );
}
