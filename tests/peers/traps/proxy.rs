//! Trap 37: what a proxy says, byte for byte.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::{WATCHED, nc, ncat, ours, socat};
use crate::kit::{Start, accept, listener};

/// A proxy of one client, which hears the head of a request and answers with `pieces`, one packet each.
fn proxy(server: TcpListener, pieces: Vec<Vec<u8>>) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut client = accept(&server);
        client.set_nodelay(true).unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            client.read_exact(&mut byte).unwrap();
            head.extend(byte);
        }
        for piece in pieces {
            if client.write_all(&piece).is_err() {
                break;
            }
            thread::sleep(Duration::from_millis(1));
        }
        String::from_utf8(head).unwrap()
    })
}

fn one_by_one(bytes: &[u8]) -> Vec<Vec<u8>> {
    bytes.iter().map(|byte| vec![*byte]).collect()
}

const GRANTED: &[u8] = b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\nglued to it";

/// nc does not understand a SOCKS proxy that says where it connected from by name, though RFC 1928 lets it; ncat had
/// answers in parts wrong until lately, and this one has not.
#[test]
fn trap_37_the_answer_of_a_socks_proxy() {
    let answers: [(&str, &[u8]); 3] = [
        ("an address", b"\x05\0\0\x01\x7f\0\0\x01\0\x07"),
        (
            "one of IPv6",
            b"\x05\0\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\x07",
        ),
        ("a name", b"\x05\0\0\x03\x04here\0\x07"),
    ];
    for (what, answer) in answers {
        let whole = [answer, b"glued to it"].concat();
        for pieces in [vec![whole.clone()], one_by_one(&whole)] {
            for name in ["sockkit", "nc", "ncat"] {
                let (server, port) = listener();
                let client = match name {
                    "nc" => nc(&format!("-N -X 5 -x 127.0.0.1:{port} 127.0.0.1 7")),
                    "ncat" => ncat(&format!(
                        "--proxy 127.0.0.1:{port} --proxy-type socks5 127.0.0.1 7"
                    )),
                    _ => Some(ours(&format!(
                        "tcp connect --proxy socks5://127.0.0.1:{port} 127.0.0.1:7"
                    ))),
                };
                let Some(client) = client else { continue };
                let served = socks_proxy(server, pieces.clone());
                let text = client.run().text();
                served.join().unwrap();
                let understood = name != "nc" || what != "a name";
                assert_eq!(text == "glued to it", understood, "{name}: {what}");
            }
        }
    }
}

/// A SOCKS proxy of one client, which lets it in, and answers what it is asked with `pieces`, one packet each.
fn socks_proxy(server: TcpListener, pieces: Vec<Vec<u8>>) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut client = accept(&server);
        client.set_nodelay(true).unwrap();
        let mut methods = [0; 2];
        client.read_exact(&mut methods).unwrap();
        client
            .read_exact(&mut vec![0; usize::from(methods[1])])
            .unwrap();
        client.write_all(&[5, 0]).unwrap();
        client.read_exact(&mut [0; 10]).unwrap();
        for piece in pieces {
            if client.write_all(&piece).is_err() {
                break;
            }
            thread::sleep(Duration::from_millis(1));
        }
    })
}

/// nc and socat do not get past a long answer, and socat reads one without an end for ever.
#[test]
fn trap_37_long_answers() {
    let socat_at = |port: u16| socat(&format!("- PROXY:127.0.0.1:127.0.0.1:7,proxyport={port}"));
    let nc_at = |port: u16| nc(&format!("-N -X connect -x 127.0.0.1:{port} 127.0.0.1 7"));
    let ours_at = |port: u16| {
        ours(&format!(
            "tcp connect --proxy http://127.0.0.1:{port} 127.0.0.1:7"
        ))
    };
    let long = format!(
        "HTTP/1.1 200 OK\r\nX: {}\r\n\r\nglued to it",
        "y".repeat(6000)
    );
    for name in ["sockkit", "nc", "socat"] {
        let (server, port) = listener();
        let client = match name {
            "nc" => nc_at(port),
            "socat" => socat_at(port),
            _ => Some(ours_at(port)),
        };
        let Some(client) = client else { continue };
        let served = proxy(server, vec![long.clone().into_bytes()]);
        let text = client.run().text();
        served.join().unwrap();
        assert_eq!(text == "glued to it", name == "sockkit", "{name}");
    }
    let endless = |client: Start, server: TcpListener| {
        let pieces = vec![b"HTTP/1.1 200 OK\r\n".to_vec()];
        let pieces = pieces
            .into_iter()
            .chain(vec![b"X: y\r\n".repeat(100); 3000]);
        let client = client.start();
        let served = proxy(server, pieces.collect());
        let ended = client.ends_within(WATCHED);
        drop(client);
        served.join().unwrap();
        ended
    };
    let (server, port) = listener();
    assert!(endless(ours_at(port), server));
    let (server, port) = listener();
    if let Some(client) = socat_at(port) {
        assert!(!endless(client, server), "socat");
    }
}

/// All three keep what is glued to the proxy's answer, and say 1 to a refusal.
#[test]
fn trap_37_the_answer_of_a_proxy() {
    let each = |judge: &dyn Fn(&str, Start, TcpListener)| {
        for name in ["sockkit", "nc", "ncat"] {
            let (server, port) = listener();
            let client = match name {
                "nc" => nc(&format!("-N -X connect -x 127.0.0.1:{port} 127.0.0.1 7")),
                "ncat" => ncat(&format!(
                    "--proxy 127.0.0.1:{port} --proxy-type http 127.0.0.1 7"
                )),
                _ => Some(ours(&format!(
                    "tcp connect --proxy http://127.0.0.1:{port} 127.0.0.1:7"
                ))),
            };
            if let Some(client) = client {
                judge(name, client, server);
            }
        }
    };
    for pieces in [vec![GRANTED.to_vec()], one_by_one(GRANTED)] {
        each(&|name, client, server| {
            let heard = proxy(server, pieces.clone());
            let finished = client.run().expect(0);
            assert_eq!(finished.text(), "glued to it", "{name}");
            let head = heard.join().unwrap();
            assert!(
                head.starts_with("CONNECT 127.0.0.1:7 HTTP/1."),
                "{name}: {head}"
            );
        });
    }
    each(&|name, client, server| {
        let refusal = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno".to_vec();
        let heard = proxy(server, vec![refusal]);
        let finished = client.run().expect(1);
        assert_eq!(finished.text(), "", "{name}");
        heard.join().unwrap();
    });
    // What is no answer is none, however long it is.
    let endless = b"HTTP/1.1 200 OK\r\nX: ".iter().copied();
    let endless: Vec<u8> = endless.chain([b'x'; 200_000]).collect();
    for answer in [
        endless,
        b"HTTP/1.1 2".to_vec(),
        b"SSH-2.0-x\r\n\r\n".to_vec(),
        Vec::new(),
    ] {
        let (server, port) = listener();
        let heard = proxy(server, vec![answer]);
        let words = format!("tcp connect --proxy http://user:secret@127.0.0.1:{port} 127.0.0.1:7");
        let finished = ours(&words).run().expect(1);
        assert_eq!(finished.text(), "");
        assert!(!finished.stderr.contains("secret"), "{}", finished.stderr);
        drop(heard.join());
    }
}
