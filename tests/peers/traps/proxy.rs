//! Trap 37: what a proxy says, byte for byte.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::{nc, ncat, ours};
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

/// All three keep what is glued to the proxy's answer, and say 1 to a refusal; ncat had those of SOCKS wrong, in parts, until lately.
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
