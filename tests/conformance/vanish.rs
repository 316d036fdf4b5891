//! Clients that vanish: at every byte of a request, at every byte of an answer, in order and with a reset.

use std::io::{Read, Write};
use std::net::Shutdown;

use crate::client::{fetch, get};
use crate::footprint::{KEPT, descriptors, settle};
use crate::kit::{Running, reset, sockkit, stream_to};
use crate::tree::Tree;

/// How often everything is asked for before descriptors are counted.
const WARM: usize = 20;

fn served() -> (Tree, Running, u16) {
    let tree = Tree::new();
    let (server, port) = tree.serve(sockkit(["http", "-q", "--port", "0"]));
    // Every worker may keep what is asked for again.
    for path in ["/large.bin", "/ten", "/none"].repeat(WARM) {
        fetch(port, path, "");
    }
    (tree, server, port)
}

/// It serves as before, and holds nothing of those who have left.
fn unharmed(server: &mut Running, port: u16, before: usize) {
    assert!(server.is_running());
    let response = fetch(port, "/large.bin", "");
    assert_eq!((response.status, response.body.len()), (200, 300_000));
    settle(server, before + KEPT);
}

#[test]
fn at_every_byte_of_a_request() {
    let (_tree, mut server, port) = served();
    let before = descriptors(&server);
    let chunked = "POST /ten HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nA: b\r\n\r\n";
    let range = "GET /large.bin HTTP/1.1\r\nHost: h\r\nRange: bytes=0-9,100000-200000\r\n\r\n";
    let expects =
        "POST /ten HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello";
    let many = [get("/large.bin"), get("/ten"), get("/none")].concat();
    for request in [&get("/ten"), &many, chunked, range, expects] {
        for end in 0..=request.len() {
            let mut client = stream_to(("127.0.0.1", port));
            client.write_all(&request.as_bytes()[..end]).unwrap();
            match end % 3 {
                0 => reset(client),
                1 => drop(client),
                _ => {
                    // It hears the end of what it is told, and only then goes.
                    client.shutdown(Shutdown::Write).unwrap();
                    let _ = client.read_to_end(&mut Vec::new());
                }
            }
        }
    }
    unharmed(&mut server, port, before);
}

#[test]
fn at_every_byte_of_an_answer() {
    let (_tree, mut server, port) = served();
    let before = descriptors(&server);
    let small = get("/ten");
    let large = get("/large.bin");
    let both = [get("/large.bin"), get("/ten")].concat();
    let early = (0..=150).map(|end| (&small, end));
    let head = (0..500).map(|end| (&large, end));
    let midst = (0..200).map(|part| (&both, part * 1500 + 7));
    for (number, (request, end)) in early.chain(head).chain(midst).enumerate() {
        let mut client = stream_to(("127.0.0.1", port));
        client.write_all(request.as_bytes()).unwrap();
        client.read_exact(&mut vec![0; end]).unwrap();
        match number % 2 {
            0 => reset(client),
            _ => drop(client),
        }
    }
    unharmed(&mut server, port, before);
}

#[test]
fn in_the_midst_of_what_it_sends() {
    let (_tree, mut server, port) = served();
    let before = descriptors(&server);
    let head = "POST /ten HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n";
    for part in 0..100 {
        let mut client = stream_to(("127.0.0.1", port));
        client.write_all(head.as_bytes()).unwrap();
        client.write_all(&vec![b'x'; part * 1000]).unwrap();
        match part % 2 {
            0 => reset(client),
            _ => drop(client),
        }
    }
    unharmed(&mut server, port, before);
}
