//! Load: idle connections, slow readers, half requests, very many requests. Numbers that fit a small machine; more by
//! the environment: `SOCKKIT_SLOW_READERS`, `SOCKKIT_REQUESTS`.

use std::env;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use socket2::{Domain, Socket, Type};

use crate::client::{Kept, fetch, get};
use crate::footprint::{KEPT, descriptors, memory, settle};
use crate::kit::{Running, patient, pattern, reset, sockkit};
use crate::tree::Tree;

/// How many connections are idle, where the limit on descriptors allows it.
const IDLE: usize = 10_000;
/// How many bytes of its own memory a server may take for each idle connection.
const PER_IDLE: u64 = 400;
/// How long an idle server is looked at.
const LOOK: Duration = Duration::from_millis(300);
/// As many descriptors as there may be.
const UNLIMITED: &str = "ulimit -n $(ulimit -Hn);";

/// Serve the fixture, with as many descriptors as there may be on both sides.
fn served() -> (Tree, Running, u16) {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, most, most).unwrap();
    let tree = Tree::new();
    let server = sockkit(["http", "-q", "--port", "0", "--idle-timeout", "10m"]);
    let (server, port) = tree.serve_under(server, UNLIMITED);
    (tree, server, port)
}

fn number(variable: &str, otherwise: usize) -> usize {
    let given = env::var(variable).ok();
    given.map_or(otherwise, |text| text.parse().unwrap())
}

#[test]
fn idle_connections_cost_little_and_slow_no_one() {
    let (_tree, server, port) = served();
    let (limit, _) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    let many = IDLE.min(usize::try_from(limit).unwrap() - 500);
    let asking = |count: usize| {
        let connect = |_| {
            let mut client = Kept::to(port);
            assert_eq!(client.get("/ten").body, b"0123456789");
            client
        };
        (0..count).map(connect).collect::<Vec<_>>()
    };
    drop(asking(100));
    let before = memory(&server);
    let mut idle = asking(many);
    let cost = (memory(&server).saturating_sub(before)) * 1024 / many as u64;
    assert!(cost <= PER_IDLE, "{cost} bytes for each idle connection");

    let ticks = server.ticks();
    nothing_comes(idle[0].stream());
    assert!(server.ticks() - ticks <= 3, "it is busy with idle ones");
    for _ in 0..200 {
        assert_eq!(fetch(port, "/sub/file.txt", "").body, b"a file\n");
    }
    for client in idle.iter_mut().step_by(10) {
        assert_eq!(client.get("/probe").status, 200);
    }
}

fn nothing_comes(client: &mut TcpStream) {
    client.set_read_timeout(Some(LOOK)).unwrap();
    let read = client.read(&mut [0]).unwrap_err();
    assert_eq!(read.kind(), ErrorKind::WouldBlock);
    client.set_read_timeout(Some(crate::kit::DEADLINE)).unwrap();
}

#[test]
fn two_thousand_half_requests() {
    let (_tree, server, port) = served();
    let request = get("/ten");
    let (first, second) = request.as_bytes().split_at(17);
    let before = memory(&server);
    let mut clients: Vec<Kept> = (0..2000).map(|_| Kept::to(port)).collect();
    for client in &mut clients {
        client.send(first);
    }
    assert_eq!(fetch(port, "/probe", "").status, 200);
    let cost = memory(&server).saturating_sub(before) * 1024 / 2000;
    assert!(cost <= 2048, "{cost} bytes for each half request");
    for client in clients.iter_mut().rev() {
        client.send(second);
    }
    for client in &mut clients {
        assert_eq!(client.response(false).body, b"0123456789");
    }
}

#[test]
fn slow_readers_of_a_large_file() {
    const SIZE: usize = 10_000_000;
    const SOME: usize = 100_000;
    const PATIENT: usize = 20;
    let readers = number("SOCKKIT_SLOW_READERS", 2000);
    let (tree, mut server, port) = served();
    let content = pattern(SIZE);
    tree.write("ten-megabytes", &content);
    let request = get("/ten-megabytes");
    assert_eq!(fetch(port, "/ten-megabytes", "").body.len(), SIZE);
    let before = (memory(&server), descriptors(&server));
    let mut slow: Vec<TcpStream> = (0..readers).map(|_| narrow(port)).collect();
    for client in &mut slow {
        client.write_all(request.as_bytes()).unwrap();
        skip_head(client);
    }
    for _ in 0..100 {
        assert_eq!(fetch(port, "/probe", "").status, 200);
    }
    let growth = memory(&server).saturating_sub(before.0);
    let allowed = readers as u64 * 4 + 1024;
    assert!(growth <= allowed, "{growth} KiB for {readers} slow readers");

    // All of them get some of it; most lose patience then, the others get all of it, some bytes at a time.
    let mut buffer = vec![0; 1 << 18];
    let mut taken = vec![0; slow.len()];
    for (client, taken) in slow.iter_mut().zip(&mut taken) {
        let some = &mut buffer[..SOME];
        client.read_exact(some).unwrap();
        assert!(content[..SOME] == *some, "another content");
        *taken = SOME;
    }
    let gone = readers - readers.min(PATIENT);
    slow.drain(..gone).for_each(reset);
    taken.drain(..gone);
    while taken.iter().any(|taken| *taken < SIZE) {
        for (client, taken) in slow.iter_mut().zip(&mut taken) {
            if *taken == SIZE {
                continue;
            }
            let count = client.read(&mut buffer).unwrap();
            assert!(count > 0, "an answer that is cut off");
            let expected = content.get(*taken..*taken + count);
            assert!(expected == Some(&buffer[..count]), "another content");
            *taken += count;
        }
    }
    drop(slow);
    assert!(server.is_running());
    settle(&server, before.1 + KEPT);
}

fn skip_head(client: &mut TcpStream) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
}

/// A connection that holds little: readers that are slow must not cost the machine its memory for TCP, tcp(7).
fn narrow(port: u16) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(1 << 14).unwrap();
    let address: SocketAddr = ([127, 0, 0, 1], port).into();
    socket.connect(&address.into()).unwrap();
    patient(socket.into())
}

#[test]
fn very_many_requests_leave_nothing_behind() {
    const BATCH: usize = 100;
    let requests = number("SOCKKIT_REQUESTS", 100_000);
    let (_tree, mut server, port) = served();
    let batches = requests / BATCH;
    rounds(port, batches / 5);
    let before = (memory(&server), descriptors(&server));
    rounds(port, batches);
    let growth = memory(&server).saturating_sub(before.0);
    assert!(growth <= 512, "{growth} KiB after {requests} requests");
    assert!(server.is_running());
    settle(&server, before.1 + KEPT);

    fn rounds(port: u16, batches: usize) {
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| (0..batches / 20).for_each(|_| batch(port)));
            }
        });
    }

    /// A connection with ten times a hundred pipelined requests of every kind.
    fn batch(port: u16) {
        let kinds = [
            get("/ten"),
            get("/none"),
            get("/sub"),
            get("/"),
            get("/style.css").replace("\r\n\r\n", "\r\nAccept-Encoding: gzip\r\n\r\n"),
            get("/ten").replace("\r\n\r\n", "\r\nRange: bytes=0-1,4-5\r\n\r\n"),
            get("/ten").replace("\r\n\r\n", "\r\nIf-None-Match: *\r\n\r\n"),
            "POST /ten HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc".to_owned(),
            "POST /ten HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"
                .to_owned(),
            get("/fifo"),
        ];
        let mut client = Kept::to(port);
        let ten = kinds.concat().repeat(BATCH / 10);
        for _ in 0..10 {
            client.send(&ten);
            client.send("HEAD /probe HTTP/1.1\r\nHost: h\r\nX-Last: x\r\n\r\n");
            client.hear_until(BATCH + 1);
        }
    }
}
