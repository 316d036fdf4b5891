//! `--proxy`: every protocol byte by byte, what hostile proxies say, chains, and that passwords stay unseen.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use crate::kit::{Finished, Names, accept, dead_port, deaf_port, listener, read_end, sockkit};

/// What the proxy expects to hear, and what it says then.
type Script<'a> = &'a [(&'a [u8], &'a [u8])];

/// How much of a reply one packet has.
#[derive(Clone, Copy)]
enum Packets {
    OneByte,
    Whole,
}

const CONNECT: &[u8] = b"CONNECT target.test:443 HTTP/1.1\r\nHost: target.test:443\r\n\r\n";
const SOCKS5: &[u8] = b"\x05\x01\0\x03\x0btarget.test\x01\xbb";

/// Play a script on a connection, which is handed back.
fn play(mut stream: TcpStream, script: Script<'_>, packets: Packets) -> TcpStream {
    stream.set_nodelay(true).unwrap();
    for (expected, reply) in script {
        let mut heard = vec![0; expected.len()];
        stream.read_exact(&mut heard).unwrap();
        assert_eq!(
            heard.escape_ascii().to_string(),
            expected.escape_ascii().to_string()
        );
        let size = match packets {
            Packets::OneByte => 1,
            Packets::Whole => reply.len().max(1),
        };
        for piece in reply.chunks(size) {
            stream.write_all(piece).unwrap();
        }
    }
    stream
}

/// A proxy that plays a script to one client and ends.
fn proxy(script: Script<'static>) -> (u16, JoinHandle<()>) {
    let (listener, port) = listener();
    let played = thread::spawn(move || drop(play(accept(&listener), script, Packets::Whole)));
    (port, played)
}

fn connect(urls: &[String], words: &[&str]) -> crate::kit::Start {
    let proxies = urls.iter().flat_map(|url| ["--proxy", url]);
    let start = sockkit(["tcp", "connect", "target.test:443"]);
    start.args(proxies).args(words)
}

/// Talk through a proxy that has played its part, its last reply with `early` behind it.
fn converse(listener: &TcpListener, url: &str, script: Script<'_>, packets: Packets) {
    let client = connect(&[url.to_owned()], &[]).input("question").start();
    let mut peer = play(accept(listener), script, packets);
    assert_eq!(read_end(&mut peer), b"question");
    peer.write_all(b"late").unwrap();
    drop(peer);
    assert_eq!(
        client.finish().expect(0).text(),
        "SSH-2.0-early\r\nlate",
        "{url}"
    );
}

#[test]
fn what_follows_a_reply_is_the_targets() {
    let (listener, port) = listener();
    let auth = b"\x01\x03ada\x06secret";
    for (url, script) in [
        (
            format!("http://127.0.0.1:{port}"),
            [(
                CONNECT,
                b"HTTP/1.1 200 Yes\r\nX: y\r\n\r\nSSH-2.0-early\r\n".as_slice(),
            )]
            .as_slice(),
        ),
        (
            format!("http://127.0.0.1:{port}/"),
            &[(
                CONNECT,
                b"HTTP/1.1 100 Wait\r\n\r\nHTTP/1.0 200\n\nSSH-2.0-early\r\n",
            )],
        ),
        (
            format!("socks4a://ada@127.0.0.1:{port}"),
            &[(
                b"\x04\x01\x01\xbb\0\0\0\x01ada\0target.test\0",
                b"\0\x5a\0\0\0\0\0\0SSH-2.0-early\r\n",
            )],
        ),
        (
            format!("socks5h://127.0.0.1:{port}"),
            &[
                (b"\x05\x01\0", b"\x05\0"),
                (SOCKS5, b"\x05\0\0\x01\x7f\0\0\x01\0\x50SSH-2.0-early\r\n"),
            ],
        ),
        (
            format!("socks5h://ada:secret@127.0.0.1:{port}"),
            &[
                (b"\x05\x02\0\x02", b"\x05\x02"),
                (auth, b"\x01\0"),
                (SOCKS5, b"\x05\0\0\x03\x05proxy\0\x50SSH-2.0-early\r\n"),
            ],
        ),
    ] {
        for packets in [Packets::OneByte, Packets::Whole] {
            converse(&listener, &url, script, packets);
        }
    }
}

#[test]
fn a_chain_is_asked_one_after_the_other() {
    let (listener, port) = listener();
    let urls = [
        format!("http://127.0.0.1:{port}"),
        "socks5h://[2001:db8::5]".to_owned(),
        "socks4a://inner.test:99".to_owned(),
    ];
    let client = connect(&urls, &["-v"]).input("question").start();
    let script: Script<'_> = &[
        (
            b"CONNECT [2001:db8::5]:1080 HTTP/1.1\r\nHost: [2001:db8::5]:1080\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n\r\n",
        ),
        (b"\x05\x01\0", b"\x05\0"),
        (
            b"\x05\x01\0\x03\x0ainner.test\0\x63",
            b"\x05\0\0\x04aaaabbbbccccdddd\0\x50",
        ),
        (
            b"\x04\x01\x01\xbb\0\0\0\x01\0target.test\0",
            b"\0\x5a\0\0\0\0\0\0hello",
        ),
    ];
    let mut peer = play(accept(&listener), script, Packets::OneByte);
    assert_eq!(read_end(&mut peer), b"question");
    drop(peer);
    let finished = client.finish().expect(0);
    assert_eq!(finished.text(), "hello");
    finished
        .says(&format!(
            "proxy http://127.0.0.1:{port} is connected to [2001:db8::5]:1080"
        ))
        .says("proxy socks5h://[2001:db8::5]:1080 is connected to inner.test:99")
        .says("proxy socks4a://inner.test:99 is connected to target.test:443");
}

#[test]
fn a_hop_that_fails_is_named() {
    let (listener, port) = listener();
    let urls = [
        format!("http://127.0.0.1:{port}"),
        "socks5h://inner.test".to_owned(),
    ];
    let client = connect(&urls, &[]).start();
    let script: Script<'_> = &[
        (
            b"CONNECT inner.test:1080 HTTP/1.1\r\nHost: inner.test:1080\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n\r\n",
        ),
        (b"\x05\x01\0", b"\x05\0"),
        (SOCKS5, b"\x05\x02\0\x01"),
    ];
    let peer = play(accept(&listener), script, Packets::Whole);
    client.finish().expect(1).says(
        "sockkit: proxy 2 of 2, socks5h://inner.test:1080: connect target.test:443: \
         not allowed by its rules (2)",
    );
    drop(peer);
}

/// A run through a proxy that says only this, after whatever it hears first.
fn refused(scheme: &str, reply: Vec<u8>) -> Finished {
    let (listener, port) = listener();
    let said = thread::spawn(move || {
        let mut stream = accept(&listener);
        let _ = stream.read(&mut [0; 1024]).unwrap();
        // The client may have heard enough before all is said.
        let _ = stream.write_all(&reply);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let url =
        format!("{scheme}://ada:geheim@127.0.0.1:{port}").replace("4a://ada:geheim", "4a://ada");
    let finished = connect(&[url], &["-v"]).input("question").run();
    said.join().unwrap();
    let named = format!("sockkit: proxy {scheme}://127.0.0.1:{port}: connect target.test:443: ");
    assert!(finished.stderr.starts_with(&named), "{}", finished.stderr);
    assert!(!finished.stderr.contains("geheim"), "{}", finished.stderr);
    assert_eq!(finished.text(), "");
    finished.expect(1)
}

#[test]
fn hostile_replies_are_a_no() {
    let ended = "it ended the connection before it had answered";
    let long = [b"HTTP/1.1 200 OK\r\nX: ".as_slice(), &[b'y'; 1 << 16]].concat();
    for (scheme, reply, words) in [
        ("http", b"".as_slice(), ended),
        ("http", b"HTTP/1.1 200 OK\r\n", ended),
        ("http", b"HTTP/1.1 403 Forbidden\r\n\r\nno", "403 Forbidden"),
        (
            "http",
            b"HTTP/1.1 503 Too \x1b[31mbusy\r\n\r\n",
            "makes no sense",
        ),
        (
            "http",
            b"HTTP/1.1 502 Bad Gateway\r\n\r\n",
            "502 Bad Gateway",
        ),
        (
            "http",
            b"HTTP/1.1 407 Who?\r\n\r\n",
            "does not say how it is to be told",
        ),
        (
            "http",
            b"HTTP/1.1 407 Who?\r\nProxy-Authenticate: Negotiate\r\n\r\n",
            "Negotiate",
        ),
        ("http", b"SSH-2.0-x\r\n", "this is no HTTP/1"),
        ("http", &long, "longer than 16 KiB"),
        ("socks4a", b"", ended),
        ("socks4a", b"\0\x5a\0", ended),
        (
            "socks4a",
            b"\0\x5b\0\0\0\0\0\0",
            "request rejected or failed (91)",
        ),
        ("socks4a", b"\x05\0", "this is no SOCKS 4"),
        ("socks5h", b"", ended),
        ("socks5h", b"\x05", ended),
        ("socks5h", b"\x04\x5a", "this is no SOCKS 5"),
        (
            "socks5h",
            b"\x05\xff",
            "takes neither strangers nor passwords",
        ),
        (
            "socks5h",
            b"\x05\x02\x01\x01",
            "does not take the username and password",
        ),
        ("socks5h", b"\x05\0\x05\x05\0\x01", "connection refused (5)"),
        ("socks5h", b"\x05\0\x05\0\0\x01\x7f", ended),
        (
            "socks5h",
            b"\x05\0\x05\0\0\x09x",
            "its address is of no kind",
        ),
        (
            "socks5h",
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            "this is no SOCKS 5",
        ),
    ] {
        let _ = refused(scheme, reply.to_vec()).says(words);
    }
}

#[test]
fn a_silent_proxy_has_the_time_of_a_connect() {
    let (listener, port) = listener();
    for scheme in ["http", "socks4a", "socks5h"] {
        let urls = [format!("{scheme}://127.0.0.1:{port}")];
        let client = connect(&urls, &["-t", "300ms"]).start();
        let peer = accept(&listener);
        client.finish().expect(124).says(&format!(
            "sockkit: proxy {scheme}://127.0.0.1:{port}: connect target.test:443: no answer within 300ms"
        ));
        drop(peer);
    }
    let (_listener, _callers, deaf) = deaf_port();
    let urls = [format!("http://127.0.0.1:{deaf}")];
    let late = connect(&urls, &["-t", "300ms"]).run().expect(124);
    late.says(&format!(
        "sockkit: proxy http://127.0.0.1:{deaf}: connect 127.0.0.1:{deaf}: no answer"
    ));
}

#[test]
fn what_is_temporary_is_tried_again() {
    let (_nobody, dead) = dead_port();
    let again = ["--retry", "1", "--retry-delay", "10ms", "-v"];
    let finished = connect(&[format!("http://127.0.0.1:{dead}")], &again)
        .run()
        .expect(1);
    finished.says("attempt 1 failed");
    for (reply, is_again) in [
        (b"HTTP/1.1 503 Busy\r\n\r\n".as_slice(), true),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", false),
    ] {
        let (listener, port) = listener();
        let client = connect(&[format!("http://127.0.0.1:{port}")], &again).start();
        for _ in 0..=i32::from(is_again) {
            drop(play(accept(&listener), &[(CONNECT, reply)], Packets::Whole));
        }
        let finished = client.finish().expect(1);
        let tried = finished.stderr.contains("attempt 1 failed");
        assert_eq!(tried, is_again, "{}", finished.stderr);
    }
}

#[test]
fn a_proxy_that_asks_who_comes_is_answered_over_a_new_connection() {
    let (listener, port) = listener();
    let url = [format!("http://127.0.0.1:{port}")];
    let client = connect(&url, &["-v", "--explain"])
        .env("SOCKKIT_PROXY_AUTH", "ada:geheim")
        .input("question")
        .start();
    let asked = b"HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 4\r\n\r\nWho?";
    drop(play(
        accept(&listener),
        &[(CONNECT, asked)],
        Packets::OneByte,
    ));
    let known = b"CONNECT target.test:443 HTTP/1.1\r\nHost: target.test:443\r\n\
                  Proxy-Authorization: Basic YWRhOmdlaGVpbQ==\r\n\r\n";
    let welcome: Script<'_> = &[(known, b"HTTP/1.1 200 OK\r\n\r\n")];
    let mut peer = play(accept(&listener), welcome, Packets::Whole);
    assert_eq!(read_end(&mut peer), b"question");
    drop(peer);
    let finished = client.finish().expect(0);
    for secret in ["geheim", "YWRhOmdlaGVpbQ"] {
        assert!(!finished.stderr.contains(secret), "{}", finished.stderr);
    }
    // Wrong is wrong: it is not asked for ever.
    let client = connect(&url, &["--proxy-auth", "ada:geheim"]).start();
    for script in [
        [(CONNECT, asked.as_slice())],
        [(known.as_slice(), asked.as_slice())],
    ] {
        drop(play(accept(&listener), &script, Packets::Whole));
    }
    let finished = client
        .finish()
        .expect(1)
        .says("407 Who?")
        .says("hint: who asks");
    assert!(!finished.stderr.contains("geheim"), "{}", finished.stderr);
}

#[test]
fn names_are_looked_up_here_or_there() {
    let hosts = "127.0.0.7 target.test\n2001:db8::7 target.test\n127.0.0.1 near.test\n";
    let Some(names) = Names::new("machine", hosts, None) else {
        return;
    };
    // The first address that there is cannot be had: the next is asked for.
    let (listener, port) = listener();
    let start = connect(&[format!("socks5://near.test:{port}")], &[]);
    let client = names.around(start.input("")).start();
    let mut asked = Vec::new();
    for code in [b"\x05\x04".as_slice(), b"\x05\0\0\x01\x7f\0\0\x01\0\x50"] {
        let mut stream = play(
            accept(&listener),
            &[(b"\x05\x01\0", b"\x05\0")],
            Packets::Whole,
        );
        let mut head = [0; 4];
        stream.read_exact(&mut head).unwrap();
        let mut rest = vec![0; if head[3] == 1 { 6 } else { 18 }];
        stream.read_exact(&mut rest).unwrap();
        asked.push(head[3]);
        stream.write_all(code).unwrap();
    }
    asked.sort_unstable();
    assert_eq!(asked, [1, 4]);
    let _ = client.finish().expect(0);

    let start = connect(&[format!("socks4://near.test:{port}")], &[]);
    let client = names.around(start.input("")).start();
    let script: Script<'_> = &[(b"\x04\x01\x01\xbb\x7f\0\0\x07\0", b"\0\x5a\0\0\0\0\0\0")];
    drop(play(accept(&listener), script, Packets::Whole));
    let _ = client.finish().expect(0);

    let start = sockkit([
        "tcp",
        "connect",
        "nosuch.test:1",
        "--proxy",
        "socks5://127.0.0.1",
    ]);
    names.around(start).run().expect(1).says("nosuch.test");
    let start = sockkit(["tcp", "connect", "x:1", "--proxy", "http://nosuch.test"]);
    names
        .around(start)
        .run()
        .expect(1)
        .says("proxy http://nosuch.test:3128: ");
}

#[test]
fn a_reset_by_the_proxy_is_its_own() {
    let (port, played) = proxy(&[(b"\x05\x01\0", b"")]);
    let finished = connect(&[format!("socks5h://127.0.0.1:{port}")], &[])
        .run()
        .expect(1);
    played.join().unwrap();
    let _ = finished.says(&format!(
        "sockkit: proxy socks5h://127.0.0.1:{port}: connect target.test:443: "
    ));
}

#[test]
fn what_makes_no_sense_is_refused_without_the_password() {
    let zoned = "[fe80::1%lo]:1";
    for words in [
        ["target.test:1", "--proxy", "geheim"].as_slice(),
        &["target.test:1", "--proxy", "https://ada:geheim@h"],
        &["target.test:1", "--proxy", "ada:geheim@http://h"],
        &["target.test:1", "--proxy", "http://ada:geheim@"],
        &["target.test:1", "--proxy", "http://ada:geheim@h:99999"],
        &["target.test:1", "--proxy", "socks4://ada:geheim@h"],
        &["target.test:1", "--proxy", "socks5://ada@127.0.0.1"],
        &["[::1]:1", "--proxy", "socks4a://127.0.0.1"],
        &[zoned, "--proxy", "http://127.0.0.1"],
        &["target.test:1", "--proxy-auth", "ada:geheim"],
        &[
            "target.test:1",
            "--proxy",
            "http://h",
            "--proxy-auth",
            "geheim",
        ],
        &[
            "target.test:1",
            "--proxy",
            "http://h",
            "--proxy-auth",
            "@/nonexistent/file",
        ],
        &["fd:0", "--proxy", "http://ada:geheim@h"],
    ] {
        let finished = sockkit(["tcp", "connect"]).args(words).run().expect(2);
        assert!(!finished.stderr.contains("geheim"), "{}", finished.stderr);
    }
    let unknown = sockkit(["tcp", "connect", "target.test:1", "--proxy", "bogus://h"]);
    let unknown = unknown.run().expect(2).says("`bogus://`");
    drop(unknown.says("http://, socks4://, socks4a://, socks5:// and socks5h://"));
}
