//! Traps 9 to 13 and 43: every byte, every status, every message, every number.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use super::{WATCHED, each_client, nc, ncat, ours, socat};
use crate::kit::{
    DEADLINE, LONG, Start, accept, dead_port, deaf_port, listener, patient, pattern, read_end,
};

/// ncat waits in the write to a stdout that nobody reads, and what its stdin says meanwhile does not go out.
#[test]
fn trap_09_one_direction_that_is_stuck() {
    each_client(
        |name, client, server| {
            let (reader, writer) = std::io::pipe().unwrap();
            let client = client.piped().stdout(writer).start();
            let mut peer = accept(server);
            peer.set_write_timeout(Some(WATCHED)).unwrap();
            // Until all that is between takes no more.
            while peer.write(&[b'x'; 1 << 16]).is_ok() {}
            client.write("through");
            let limit = if name == "ncat" { WATCHED } else { DEADLINE };
            peer.set_read_timeout(Some(limit)).unwrap();
            let mut heard = [0; 7];
            let came = peer.read_exact(&mut heard).is_ok();
            drop((reader, peer));
            came && &heard == b"through"
        },
        |name, came| assert_eq!(came, name != "ncat", "{name}"),
    );
}

/// All three pass it: nothing is lost while both sides talk and nobody listens. 50 MB through an echo are among the tests
/// of socat as a peer.
#[test]
fn trap_09_both_talk_at_once() {
    each_client(
        |_, client, server| {
            let much = pattern(8_000_000);
            let client = client.deadline(LONG).upload(&much).start();
            let mut peer = accept(server);
            let mut upload = patient(peer.try_clone().unwrap());
            let sent = much.clone();
            let talk = thread::spawn(move || {
                upload.write_all(&sent).unwrap();
                upload
            });
            let mut heard = vec![0; much.len()];
            peer.read_exact(&mut heard).unwrap();
            drop(talk.join().unwrap());
            drop(peer);
            heard == much && client.finish().stdout == much
        },
        |name, whole| assert!(whole, "{name}"),
    );
}

/// All three pass it: each value of a byte, in each order of two.
#[test]
fn trap_10_any_bytes() {
    let all: Vec<u8> = (0..=255_u8)
        .flat_map(|first| (0..=255).flat_map(move |second| [first, second]))
        .collect();
    each_client(
        |_, client, server| {
            let client = client.upload(&all).start();
            let mut peer = accept(server);
            peer.write_all(&all).unwrap();
            let mut heard = vec![0; all.len()];
            peer.read_exact(&mut heard).unwrap();
            drop(peer);
            heard == all && client.finish().stdout == all
        },
        |name, whole| assert!(whole, "{name}"),
    );
}

/// nc says 1 to everything: a refusal, a wish that makes no sense, a port in use; and 0 to a time limit.
#[test]
fn trap_11_what_the_status_tells() {
    let (_dead, dead) = dead_port();
    let (taken, port) = listener();
    let (_deaf, _queue, deaf) = deaf_port();
    for (words, status) in [
        (format!("tcp connect {dead}"), 1),
        ("tcp connect no-such-host.invalid:1".to_owned(), 1),
        ("tcp connect 127.0.0.1:99999".to_owned(), 2),
        ("tcp connect --no-such-flag".to_owned(), 2),
        (format!("tcp listen {port}"), 2),
        (format!("tcp connect {deaf} -t 300ms"), 124),
        (format!("tcp connect {port} --idle-timeout 300ms"), 124),
    ] {
        ours(&words).piped().run().expect(status);
    }
    for (words, status) in [
        (format!("127.0.0.1 {dead}"), 1),
        ("127.0.0.1 99999".to_owned(), 1),
        ("-Q 127.0.0.1 1".to_owned(), 1),
        (format!("-l 127.0.0.1 {port}"), 1),
        (format!("-w 1 127.0.0.1 {port}"), 0),
    ] {
        if let Some(client) = nc(&words) {
            client.piped().run().expect(status);
        }
    }
    drop(taken);
}

/// nc is silent about a refusal unless it is asked with -v.
#[test]
fn trap_12_a_failure_is_said() {
    let (_dead, dead) = dead_port();
    if let Some(client) = nc(&format!("127.0.0.1 {dead}")) {
        let finished = client.run().expect(1);
        assert_eq!(finished.stderr, "", "nc");
    }
    let finished = ours(&format!("tcp connect {dead}")).run().expect(1);
    let expected =
        format!("sockkit: connect 127.0.0.1:{dead}: connection refused (ECONNREFUSED)\n");
    assert_eq!(finished.stderr, expected);
    let finished = ours(&format!("-q tcp connect {dead}")).run().expect(1);
    assert_eq!(finished.stderr, "");
}

/// socat takes 65536 + P for P; ncat knows no services.
#[test]
fn trap_13_numbers_and_names_of_ports() {
    let (server, port) = listener();
    let beyond = u32::from(port) + 65536;
    if let Some(client) = socat(&format!("-u TCP:127.0.0.1:{beyond} -")) {
        let client = client.start();
        accept(&server).write_all(b"wrong door").unwrap();
        assert_eq!(client.finish().expect(0).text(), "wrong door", "socat");
    }
    for word in [
        &beyond.to_string(),
        "65536",
        "99999",
        "-1",
        "80x",
        "0x50",
        "22-",
        "no-such-service",
        "",
    ] {
        ours(&format!("tcp connect 127.0.0.1:{word}"))
            .run()
            .expect(2);
    }
    let named = ours("tcp connect 127.0.0.2:http -t 5").run().expect(1);
    assert!(named.stderr.contains("127.0.0.2:80:"), "{}", named.stderr);
    if let Some(client) = ncat("127.0.0.2 http") {
        client.run().expect(2).says("Invalid port number");
    }
}

/// nc doubles the CR of a line end that comes in two parts, socat each of them, and it takes those out that come in.
#[test]
fn trap_17_line_ends() {
    let drive = |client: Option<Start>, server: &TcpListener| {
        let client = client?.piped().start();
        let mut peer = accept(server);
        client.write("a\nb\r\nc\r");
        let mut heard = vec![0; 8];
        peer.read_exact(&mut heard).unwrap();
        client.write("\nd\re\n\n.");
        while heard.last() != Some(&b'.') {
            heard.push(0);
            peer.read_exact(heard.last_chunk_mut::<1>().unwrap())
                .unwrap();
        }
        peer.write_all(b"in\r\n.").unwrap();
        drop(peer);
        let line = client.line();
        Some((String::from_utf8(heard).unwrap(), line))
    };
    let right = Some(("a\r\nb\r\nc\r\nd\re\r\n\r\n.".to_owned(), "in\r".to_owned()));
    let (server, port) = listener();
    let client = ours(&format!("tcp connect {port} --crlf"));
    assert_eq!(drive(Some(client), &server), right);
    if let Some((heard, _)) = drive(nc(&format!("-C 127.0.0.1 {port}")), &server) {
        assert_eq!(heard, "a\r\nb\r\nc\r\r\nd\re\r\n\r\n.", "nc");
    }
    let words = format!("- TCP:127.0.0.1:{port},crnl");
    if let Some((heard, line)) = drive(socat(&words), &server) {
        assert_eq!(heard, "a\r\nb\r\r\nc\r\r\nd\re\r\n\r\n.", "socat");
        assert_eq!(line, "in", "socat");
    }
    if let Some(client) = ncat(&format!("-C 127.0.0.1 {port}")) {
        assert_eq!(drive(Some(client), &server), right, "ncat has it right");
    }
}

/// All three keep it; rustcat, which logs on stdout, is in no distribution.
#[test]
fn trap_43_stdout_is_payload_alone() {
    let exchange = |server: TcpListener| {
        thread::spawn(move || {
            let mut peer = accept(&server);
            read_end(&mut peer);
            peer.write_all(&pattern(300_000)).unwrap();
        })
    };
    for talk in ["-v", "--explain", "-v --explain", "-q", ""] {
        let (server, port) = listener();
        let served = exchange(server);
        let client = ours(&format!("{talk} tcp connect {port}")).input("x").run();
        assert!(client.expect(0).stdout == pattern(300_000), "{talk}");
        served.join().unwrap();
        let failed = ours(&format!("{talk} tcp connect 127.0.0.1:99999")).run();
        assert_eq!(failed.expect(2).stdout, b"", "{talk}");
    }
    let (server, port) = listener();
    let served = exchange(server);
    if let Some(client) = ncat(&format!("-vvv 127.0.0.1 {port}")) {
        let finished = client.input("x").run().expect(0);
        assert!(finished.stdout == pattern(300_000), "ncat");
        served.join().unwrap();
    }
}
