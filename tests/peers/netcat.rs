//! OpenBSD's nc and Nmap's ncat, in both roles.

use std::path::Path;

use crate::kit::{Running, Start, free_port, pattern, peer, program, scratch, sockkit};

/// nc with these words; `None` where it is missing or not OpenBSD's.
fn nc(words: &str) -> Option<Start> {
    peer("nc")?;
    let about = program("nc", ["-h"]).run();
    if !about.stderr.contains("OpenBSD") {
        return None;
    }
    Some(program("nc", words.split_whitespace()))
}

fn ncat(words: &str) -> Option<Start> {
    peer("ncat")?;
    Some(program("ncat", words.split_whitespace()))
}

fn ours(words: &str) -> Start {
    sockkit(words.split_whitespace())
}

/// A path as a word.
fn word(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Both said all and heard all.
fn exchanged(ours: Running, theirs: Running) {
    let theirs = theirs.finish();
    assert!(
        theirs.stdout == pattern(300_000),
        "what they heard of {}",
        theirs.command
    );
    assert_eq!(theirs.status, 0, "{}", theirs.command);
    let ours = ours.finish().expect(0);
    assert!(
        ours.stdout == pattern(200_000),
        "what we heard of {}",
        theirs.command
    );
}

#[test]
fn nc_connects() {
    let listening = ours("tcp listen 0").upload(pattern(300_000)).start();
    let Some(client) = nc(&format!("-N 127.0.0.1 {}", listening.port())) else {
        return;
    };
    exchanged(listening, client.upload(pattern(200_000)).start());
}

#[test]
fn nc_listens() {
    let Some(server) = nc("-N -lnv 127.0.0.1 0") else {
        return;
    };
    let server = server.upload(pattern(200_000)).start();
    let words = format!("tcp connect {}", server.foreign_port());
    exchanged(ours(&words).upload(pattern(300_000)).start(), server);
}

#[test]
fn ncat_connects() {
    let listening = ours("tcp listen 0").upload(pattern(300_000)).start();
    let Some(client) = ncat(&format!("127.0.0.1 {}", listening.port())) else {
        return;
    };
    exchanged(listening, client.upload(pattern(200_000)).start());
}

#[test]
fn ncat_listens() {
    let Some(server) = ncat(&format!("-v -l 127.0.0.1 {}", free_port())) else {
        return;
    };
    let server = server.upload(pattern(200_000)).start();
    let words = format!("tcp connect {}", server.foreign_port());
    exchanged(ours(&words).upload(pattern(300_000)).start(), server);
}

#[test]
fn nc_over_ipv6() {
    let listening = ours("tcp listen [::1]:0").upload(pattern(300_000)).start();
    let Some(client) = nc(&format!("-6 -N ::1 {}", listening.port())) else {
        return;
    };
    exchanged(listening, client.upload(pattern(200_000)).start());
}

#[test]
fn nc_finds_the_port_open() {
    let listening = ours("tcp listen -k 0").start();
    let Some(probe) = nc(&format!("-z 127.0.0.1 {}", listening.port())) else {
        return;
    };
    probe.run().expect(0);
}

#[test]
fn nc_over_a_unix_socket() {
    let folder = scratch();
    let path = folder.path().join("s");
    let listening = sockkit(["unix", "listen", word(&path)])
        .upload(pattern(300_000))
        .start();
    listening.listening();
    let Some(client) = nc(&format!("-N -U {}", word(&path))) else {
        return;
    };
    exchanged(listening, client.upload(pattern(200_000)).start());

    let theirs = folder.path().join("theirs");
    let server = nc(&format!("-N -lv -U {}", word(&theirs))).unwrap();
    let server = server.upload(pattern(200_000)).start();
    server.stderr_until(|line| line.starts_with("Listening on"));
    // An nc that listens leaves at our end, whatever it still has to say: we do not end first.
    let client = sockkit(["unix", "connect", "--no-stdin", word(&theirs)]).run();
    assert!(client.expect(0).stdout == pattern(200_000));
    server.finish().expect(0);
}

#[test]
fn ncat_over_a_unix_socket() {
    let folder = scratch();
    let path = folder.path().join("s");
    let listening = sockkit(["unix", "listen", word(&path)])
        .upload(pattern(300_000))
        .start();
    listening.listening();
    let Some(client) = ncat(&format!("-U {}", word(&path))) else {
        return;
    };
    exchanged(listening, client.upload(pattern(200_000)).start());
}

#[test]
fn nc_sends_datagrams() {
    let listening = ours("udp listen 0 --lines").piped().start();
    let Some(client) = nc(&format!("-u 127.0.0.1 {}", listening.port())) else {
        return;
    };
    let client = client.piped().start();
    client.write("question\n");
    assert_eq!(listening.line(), "question");
    listening.write("answer\n");
    assert_eq!(client.read(6), b"answer");
}

#[test]
fn nc_hears_datagrams() {
    let Some(server) = nc("-ulnv 127.0.0.1 0") else {
        return;
    };
    let server = server.piped().start();
    let words = format!("udp connect 127.0.0.1:{} --lines", server.foreign_port());
    let client = ours(&words).piped().start();
    client.write("question\n");
    assert_eq!(server.read(8), b"question");
    server.write("answer\n");
    assert_eq!(client.line(), "answer");
}

#[test]
fn ncat_sends_and_hears_datagrams() {
    let listening = ours("udp listen 0 --lines").piped().start();
    let Some(client) = ncat(&format!("-u 127.0.0.1 {}", listening.port())) else {
        return;
    };
    let client = client.piped().start();
    client.write("question\n");
    assert_eq!(listening.line(), "question");
    listening.write("answer\n");
    assert_eq!(client.read(6), b"answer");

    let server = ncat(&format!("-v -u -l 127.0.0.1 {}", free_port())).unwrap();
    let server = server.piped().start();
    let words = format!("udp send 127.0.0.1:{} -- hello", server.foreign_port());
    ours(&words).run().expect(0);
    assert_eq!(server.read(5), b"hello");
}

#[test]
fn nc_over_unix_datagrams() {
    let folder = scratch();
    let path = folder.path().join("s");
    let listening = sockkit(["unix", "listen", "--type", "dgram", "--lines", word(&path)]);
    let listening = listening.piped().start();
    listening.listening();
    let Some(client) = nc(&format!("-uU {}", word(&path))) else {
        return;
    };
    // nc binds a name of its own, so it can be answered.
    let client = client.piped().start();
    client.write("question\n");
    assert_eq!(listening.line(), "question");
    listening.write("answer\n");
    assert_eq!(client.read(6), b"answer");
}

#[test]
fn an_ncat_that_serves_many_serves_us() {
    let Some(server) = ncat(&format!(
        "-v -k -l 127.0.0.1 {} --exec /bin/cat",
        free_port()
    )) else {
        return;
    };
    let server = server.start();
    let port = server.foreign_port();
    // It ends its child at our half-close, so stdin stays open until the echo is there.
    for turn in 0..3 {
        let said = format!("turn {turn}\n");
        let mut client = ours(&format!("tcp connect {port}")).piped().start();
        client.write(&said);
        assert_eq!(client.read(said.len()), said.as_bytes());
        client.end_stdin();
        client.finish().expect(0);
    }
}
