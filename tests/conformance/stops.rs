//! SIGTERM under load: what is in flight is answered, nobody new is served, and a second signal ends it at once.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use nix::sys::signal::Signal;

use crate::client::{Kept, get};
use crate::kit::{pattern, sockkit};
use crate::tree::Tree;

/// More than the socket buffers of both sides hold.
const LONG: usize = 12_000_000;

#[test]
fn what_is_in_flight_is_answered() {
    let tree = Tree::new();
    let content = pattern(LONG);
    tree.write("long.bin", &content);
    let (server, port) = tree.serve(sockkit(["http", "-q", "--port", "0"]));
    let begun = |request: &str| {
        let mut client = Kept::to(port);
        // Known to the server: it has been answered before.
        assert_eq!(client.get("/ten").status, 200);
        client.send(request);
        client
    };
    let mut downloads: Vec<Kept> = (0..10).map(|_| begun(&get("/long.bin"))).collect();
    for client in &mut downloads {
        client.hear(1000);
    }
    let mut pipelines: Vec<Kept> = (0..10)
        .map(|_| begun(&(get("/long.bin") + &get("/ten"))))
        .collect();
    for client in &mut pipelines {
        client.hear(1000);
    }
    let mut idle = begun("");

    server.signal(Signal::SIGTERM);
    assert_eq!(idle.stream().read(&mut [0]).unwrap(), 0, "idle ones end");
    for client in &mut downloads {
        let response = client.response(false);
        assert!(response.body == content, "an answer that is cut off");
    }
    for client in &mut pipelines {
        assert!(client.response(false).body == content);
    }
    drop((downloads, pipelines));
    server.finish().expect(143);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn a_request_that_has_begun_is_answered() {
    let tree = Tree::new();
    let (server, port) = tree.serve(sockkit(["http", "-q", "--port", "0"]));
    let mut half = Kept::to(port);
    assert_eq!(half.get("/ten").status, 200);
    half.send("GET /ten HT");
    let mut body = Kept::to(port);
    assert_eq!(body.get("/ten").status, 200);
    body.send("POST /ten HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe");
    // What comes behind it on the same loops has been taken in before the signal is.
    for _ in 0..20 {
        assert_eq!(Kept::to(port).get("/ten").status, 200);
    }
    server.signal(Signal::SIGTERM);
    half.send("TP/1.1\r\nHost: h\r\n\r\n");
    let response = half.response(false);
    assert_eq!(response.body, b"0123456789");
    assert!(response.says_close());
    body.send("llo");
    assert_eq!(body.response(false).status, 405);
    drop((half, body));
    server.finish().expect(143);
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let tree = Tree::new();
    tree.write("long.bin", &pattern(LONG));
    let (server, port) = tree.serve(sockkit(["http", "-q", "--port", "0"]));
    let mut client = Kept::to(port);
    client.send(get("/long.bin"));
    client.hear(1000);
    server.signal(Signal::SIGTERM);
    // The listener is closed when the first one was heard.
    while TcpStream::connect(("127.0.0.1", port)).is_ok() {
        std::thread::yield_now();
    }
    server.signal(Signal::SIGTERM);
    server.finish().expect(143);
    let mut rest = Vec::new();
    let _ = client.stream().read_to_end(&mut rest);
    assert!(rest.len() < LONG);
}

#[test]
fn a_client_that_takes_nothing_does_not_hold_it_up_for_ever() {
    let tree = Tree::new();
    tree.write("long.bin", &pattern(LONG));
    let (server, port) = tree.serve(sockkit(["http", "-q", "--port", "0"]));
    let mut client = Kept::to(port);
    client.send(get("/long.bin"));
    client.hear(1000);
    server.signal(Signal::SIGTERM);
    server.finish_within(crate::kit::LONG).expect(143);
    let _ = client.stream().shutdown(Shutdown::Both);
    let _ = client.stream().write(b"x");
}
