//! Traps 1 to 8: half-close, the peer's end, closed streams, readers who leave, resets.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::thread;
use std::time::Duration;

use super::{WATCHED, answering, each_client, nc, ncat, ours, say, socat};
use crate::kit::{DEADLINE, Start, accept, free_port, linger_zero, listener, pattern, stream_to};

/// nc without -N never sends its end: a server that answers then waits for ever.
#[test]
fn trap_01_half_close() {
    each_client(
        |_, client, server| {
            let heard = answering(server, Duration::ZERO, b"answer");
            let client = client.input("question").start();
            let heard = heard.join().unwrap();
            heard.map(|heard| (heard, client.finish().text())).ok()
        },
        |name, outcome| {
            let good = (b"question".to_vec(), "answer".to_owned());
            assert_eq!(outcome, (name != "nc").then_some(good), "{name}");
        },
    );
}

/// socat drops what comes half a second after its own end, and nc what -w does not wait for, both with status 0.
#[test]
fn trap_02_an_answer_after_the_end_of_stdin() {
    let drive = |client: Start, server: &std::net::TcpListener| {
        let heard = answering(server, Duration::from_millis(1500), b"late");
        let finished = client.input("question").run().expect(0);
        drop(heard.join().unwrap());
        finished.text()
    };
    each_client(
        |name, client, server| match name == "nc" {
            true => String::new(),
            false => drive(client, server),
        },
        |name, text| assert_eq!(text == "late", !matches!(name, "nc" | "socat"), "{name}"),
    );
    let (server, port) = listener();
    if let Some(client) = nc(&format!("-N -w 1 127.0.0.1 {port}")) {
        assert_eq!(drive(client, &server), "", "nc -w");
    }
    let (server, port) = listener();
    let bounded = ours(&format!("tcp connect {port} --linger 500ms"));
    let heard = answering(&server, Duration::from_millis(1500), b"late");
    let finished = bounded.input("question").run().expect(124);
    assert!(finished.stderr.contains("500ms"), "{}", finished.stderr);
    drop(heard.join().unwrap());
}

/// nc and ncat wait for a stdin that says nothing, though their peer has gone.
#[test]
fn trap_03_the_peers_end_while_stdin_is_open() {
    each_client(
        |name, client, server| {
            let client = client.piped().start();
            drop(accept(server));
            client.ends_within(match name {
                "sockkit" | "socat" => DEADLINE,
                _ => WATCHED,
            })
        },
        |name, ended| assert_eq!(ended, matches!(name, "sockkit" | "socat"), "{name}"),
    );
}

/// nc takes its own socket for the stdin that was closed, prints nothing, and calls it a success. With stdout closed nc
/// sends back what it should have printed, and socat drops it, both with status 0.
#[test]
fn trap_04_standard_streams_that_are_closed() {
    each_client(
        |name, client, server| {
            let client = client.under(r#"exec "$0" "$@" <&-"#).start();
            let mut peer = accept(server);
            peer.write_all(b"banner").unwrap();
            peer.shutdown(Shutdown::Write).unwrap();
            drop(peer);
            // ncat ends, or does not: whichever it sees first.
            if name == "ncat" {
                return (0, String::new());
            }
            let finished = client.finish();
            (finished.status, finished.text())
        },
        |name, (status, text)| {
            if name.starts_with("nc") && !name.starts_with("ncat") {
                assert_eq!((status, text.as_str()), (0, ""), "{name}");
            } else if name == "sockkit" {
                assert_eq!((status, text.as_str()), (0, "banner"), "{name}");
            }
        },
    );
    each_client(
        |_, client, server| {
            let client = client.under(r#"exec "$0" "$@" >&-"#).start();
            let mut peer = accept(server);
            peer.write_all(b"banner").unwrap();
            peer.shutdown(Shutdown::Write).unwrap();
            let mut back = Vec::new();
            // Whoever refuses it may do so by a reset.
            let _ = peer.read_to_end(&mut back);
            drop(peer);
            (client.finish().status, back)
        },
        |name, (status, back)| match name {
            "sockkit" => assert_eq!((status, back.as_slice()), (2, &b""[..]), "{name}"),
            // Its socket is its stdout, or not; its end goes out before the banner comes back, or not.
            "ncat" | "nc -N" => {}
            "nc" => assert_eq!((status, back.as_slice()), (0, &b"banner"[..]), "{name}"),
            _ => assert_eq!((status, back.as_slice()), (0, &b""[..]), "{name}"),
        },
    );
}

/// socat's half second begins at the start where stdin has nothing to say: it cuts a slow client's upload short. nc and
/// ncat, which ended at once in old versions, no longer do.
#[test]
fn trap_05_a_listener_with_nothing_to_say() {
    let drive = |listening: Start| {
        let listening = listening.start();
        let mut client = stream_to(("127.0.0.1", listening.foreign_port()));
        let half = pattern(500_000);
        client.write_all(&half).unwrap();
        thread::sleep(Duration::from_millis(1500));
        // It may have gone.
        let _ = client.write_all(&half);
        let _ = client.shutdown(Shutdown::Write);
        listening.finish().stdout.len()
    };
    assert_eq!(drive(ours("tcp listen 0")), 1_000_000);
    if let Some(listening) = socat("-d -d - TCP-LISTEN:0,bind=127.0.0.1") {
        assert!(drive(listening) < 1_000_000, "socat");
    }
    if let Some(listening) = nc("-lnv 127.0.0.1 0") {
        assert_eq!(drive(listening), 1_000_000, "nc");
    }
}

/// nc calls it a success that nobody reads what it says; ncat and socat say something, each with a status of its own.
#[test]
fn trap_06_a_reader_who_leaves() {
    each_client(
        |_, client, server| {
            let (mut reader, writer) = std::io::pipe().unwrap();
            let client = client.stdout(writer).start();
            let mut peer = accept(server);
            let flood = thread::spawn(move || while peer.write_all(&[b'x'; 1 << 16]).is_ok() {});
            reader.read_exact(&mut [0]).unwrap();
            drop(reader);
            let finished = client.finish();
            flood.join().unwrap();
            (finished.status, finished.stderr.is_empty())
        },
        |name, outcome| {
            let expected = match name {
                "nc" | "nc -N" => (0, true),
                "ncat" => (2, false),
                "socat" => (1, false),
                _ => (141, true),
            };
            assert_eq!(outcome, expected, "{name}");
        },
    );
}

/// nc and socat take a reset for an end: what was cut off looks whole.
#[test]
fn trap_07_a_reset_is_no_end() {
    each_client(
        |_, client, server| {
            let client = client.piped().start();
            let mut peer = accept(server);
            peer.write_all(b"before").unwrap();
            assert_eq!(client.read(6), b"before");
            linger_zero(&peer);
            drop(peer);
            let finished = client.finish();
            (finished.status, finished.stderr.contains("reset"))
        },
        |name, outcome| {
            let says = matches!(name, "sockkit" | "ncat");
            assert_eq!(outcome, (i32::from(says), says), "{name}");
        },
    );
    let listening = ours("tcp listen 0").start();
    let mut client = stream_to(("127.0.0.1", listening.port()));
    client.write_all(b"before").unwrap();
    assert_eq!(listening.read(6), b"before");
    linger_zero(&client);
    drop(client);
    listening.finish().expect(1).says("reset");
}

/// A slow reader gets all of it, with nc and ncat as well. What a command says last is looked at with commands.
#[test]
fn trap_08_the_last_bytes_before_the_end() {
    let drive = |listening: Start| {
        let (mut reader, writer) = std::io::pipe().unwrap();
        let listening = listening.stdout(writer).start();
        let mut client = stream_to(("127.0.0.1", listening.foreign_port()));
        let upload = thread::spawn(move || say(&mut client, &pattern(2_000_000)));
        let mut heard = vec![0; 1000];
        reader.read_exact(&mut heard).unwrap();
        thread::sleep(WATCHED);
        reader.read_to_end(&mut heard).unwrap();
        upload.join().unwrap();
        heard == pattern(2_000_000)
    };
    assert!(drive(ours("tcp listen 0")));
    let port = free_port();
    let tools = [
        nc("-lnv 127.0.0.1 0"),
        ncat(&format!("-lv 127.0.0.1 {port}")),
    ];
    for listening in tools.into_iter().flatten() {
        assert!(drive(listening));
    }
}
