//! Streams against a client of the same library: rightful ends, cuts, garbage, bytes one by one.

#![expect(
    clippy::disallowed_types,
    reason = "the client is a plain socket: it is not it that is explained"
)]

use std::fmt::Display;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};

use nix::poll::{PollFd, PollFlags, poll};
use rustls::pki_types::{ServerName, pem};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::super::outbound::PIECE;
use super::*;
use crate::engine::tls::ServerTerms;
use crate::net::{Address, Explain, Family, Kind, Protocol, Recv, Send, Socket, poll_writable};

const LIMIT: Duration = Duration::from_secs(20);

/// A socket of one that answers questions, and hears out whom it refuses.
struct Asked(Socket);

impl Line for Asked {
    const IS_DUPLEX: bool = false;

    fn socket(&self) -> &Socket {
        &self.0
    }

    fn recv(&mut self, buffer: &mut [u8]) -> Result<Recv, CallError> {
        self.0.recv(buffer)
    }

    fn answer(&self, first: u8) -> Option<String> {
        (first == b'G').then(|| "TLS is spoken here".to_owned())
    }

    fn refuse(&mut self, _: &dyn Display) -> bool {
        true
    }
}

type Served = TlsStream<Asked>;

fn tls() -> ServerTls {
    ServerTls::temporary(
        &["localhost".to_owned()],
        SystemTime::now(),
        &ServerTerms::default(),
    )
    .unwrap()
}

/// A stream that awaits a hello, and the client's socket.
fn pair(tls: &ServerTls) -> (Served, TcpStream) {
    let any = Address::Inet("127.0.0.1:0".parse().unwrap());
    let silent = Explain::default();
    let mut socket = Socket::open(Family::Inet, Kind::Stream, Protocol::TCP, &silent).unwrap();
    socket.bind(&any).unwrap();
    socket.listen(16).unwrap();
    let address = socket.getsockname().unwrap().inet().unwrap();
    let client = TcpStream::connect(address).unwrap();
    client.set_read_timeout(Some(LIMIT)).unwrap();
    let (served, _) = socket.accept().unwrap().unwrap();
    let stream = Acceptor::new(tls).accept(Asked(served)).unwrap();
    (stream, client)
}

fn greet(tls: &ServerTls, socket: TcpStream) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    let certificate = tls.pem();
    let certificate = pem::PemObject::from_pem_slice(certificate.as_bytes()).unwrap();
    roots.add(certificate).unwrap();
    let config =
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let engine = ClientConnection::new(Arc::new(config), name).unwrap();
    StreamOwned::new(engine, socket)
}

/// Wait for something to read, or for room to write when that is wanted.
fn wait(stream: &Served) {
    if stream.wants_write() {
        poll_writable(&[stream.line().socket()], Some(LIMIT), &Explain::default()).unwrap();
        return;
    }
    let mut polled = [PollFd::new(
        stream.line().socket().as_fd(),
        PollFlags::POLLIN,
    )];
    assert_eq!(poll(&mut polled, 20_000u16), Ok(1));
}

/// Everything that is said until the end, and how it ended.
fn hear_out(stream: &mut Served) -> (Vec<u8>, Result<(), String>) {
    let (mut all, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
    loop {
        match stream.recv(&mut buffer) {
            Ok(Recv::Bytes(0)) => return (all, Ok(())),
            Ok(Recv::Bytes(count)) => all.extend_from_slice(&buffer[..count]),
            Ok(Recv::WouldBlock) => wait(stream),
            Err(error) => return (all, Err(error.cause.to_string())),
        }
    }
}

fn say(stream: &mut Served, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match stream.send(bytes, false).unwrap() {
            Send::Bytes(count) => bytes = &bytes[count..],
            Send::WouldBlock => wait(stream),
        }
        assert!(stream.unsent.rest().len() <= PIECE + 4096);
    }
    while !stream.flush().unwrap() {
        wait(stream);
    }
}

#[test]
fn a_conversation_with_rightful_ends() {
    let tls = tls();
    let (mut stream, socket) = pair(&tls);
    let mut client = greet(&tls, socket);
    let peer = thread::spawn(move || {
        client.write_all(b"question").unwrap();
        client.conn.send_close_notify();
        client.flush().unwrap();
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).unwrap();
        answer
    });
    assert_eq!(hear_out(&mut stream), (b"question".to_vec(), Ok(())));
    let answer: Vec<u8> = (0..3_000_000u32)
        .map(|at| at.to_le_bytes()[at as usize % 3])
        .collect();
    say(&mut stream, &answer);
    stream.shutdown().unwrap();
    assert!(peer.join().unwrap() == answer);
}

#[test]
fn files_are_sent_behind_a_head() {
    let tls = tls();
    let (mut stream, socket) = pair(&tls);
    let mut client = greet(&tls, socket);
    let content: Vec<u8> = (0..200_000u32)
        .map(|at| at.to_le_bytes()[at as usize % 3])
        .collect();
    let expected = [b"head", content.as_slice()].concat();
    let peer = thread::spawn(move || {
        client.write_all(b"?").unwrap();
        let mut answer = vec![0; 200_004];
        client.read_exact(&mut answer).unwrap();
        client.conn.send_close_notify();
        client.flush().unwrap();
        answer
    });
    let mut buffer = vec![0; 64 * 1024];
    while stream.recv(&mut buffer).unwrap() == Recv::WouldBlock {
        wait(&stream);
    }
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&content).unwrap();
    let file = file.as_fd();
    assert_eq!(stream.send(b"head", true).unwrap(), Send::Bytes(4));
    let mut offset = 0;
    while offset < 200_000 {
        match stream.sendfile(file, offset, 1 << 20).unwrap() {
            Send::Bytes(count) => offset += count as u64,
            Send::WouldBlock => wait(&stream),
        }
    }
    while !stream.flush().unwrap() {
        wait(&stream);
    }
    assert_eq!(stream.sendfile(file, 200_000, 1).unwrap(), Send::Bytes(0));
    assert!(peer.join().unwrap() == expected);
    assert_eq!(hear_out(&mut stream), (Vec::new(), Ok(())));
}

/// What a client says, as bytes: recorded from one whose words go nowhere.
fn hello(tls: &ServerTls) -> Vec<u8> {
    let (_, socket) = pair(tls);
    let mut bytes = Vec::new();
    greet(tls, socket).conn.write_tls(&mut bytes).unwrap();
    bytes
}

#[test]
fn a_client_that_vanishes_in_its_hello_is_an_error() {
    let tls = tls();
    let hello = hello(&tls);
    for cut in 0..=hello.len() {
        let (mut stream, mut client) = pair(&tls);
        client.write_all(&hello[..cut]).unwrap();
        drop(client);
        let (heard, end) = hear_out(&mut stream);
        assert!(heard.is_empty() && end.is_err(), "{cut}");
    }
}

#[test]
fn a_hello_may_come_byte_by_byte() {
    let tls = tls();
    let (mut stream, socket) = pair(&tls);
    let mut relay = socket.try_clone().unwrap();
    relay.set_nodelay(true).unwrap();
    let hello = hello(&tls);
    let mut buffer = vec![0; 64 * 1024];
    for byte in &hello {
        relay.write_all(&[*byte]).unwrap();
        wait(&stream);
        assert_eq!(stream.recv(&mut buffer).unwrap(), Recv::WouldBlock);
    }
    assert!(!stream.can_send() && stream.heard.is_empty());
    let mut first = [0];
    relay.read_exact(&mut first).unwrap();
    assert_eq!(first, [22], "a handshake record");
}

#[test]
fn what_is_no_hello_is_told_so() {
    let tls = tls();
    for (said, begins) in [
        (&b"GET / HTTP/1.1\r\n\r\n"[..], &b"TLS is spoken here"[..]),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x15\x03"),
        // The library is silent at a message that is longer than any.
        (b"\x16\x03\x01\x00\x05\xff\xff\xff\xff\xff", b""),
        (b"\x16\x03\x01\xff\xff", b"\x15\x03"),
        (b"\x17\x03\x03\x00\x01\x00", b"\x15\x03"),
        (&[0; 100], b"\x15\x03"),
        (&[0xff; 100], b"\x15\x03"),
        (b"\x80\x2e\x01\x03\x01", b"\x15\x03"),
    ] {
        let (mut stream, mut client) = pair(&tls);
        client.write_all(said).unwrap();
        let peer = thread::spawn(move || {
            let mut answer = Vec::new();
            client.read_to_end(&mut answer).unwrap();
            answer
        });
        let (heard, end) = hear_out(&mut stream);
        assert!(heard.is_empty() && end.is_err());
        let answer = peer.join().unwrap();
        assert!(
            answer.starts_with(begins) && answer.is_empty() == begins.is_empty(),
            "{}: {}",
            said.escape_ascii(),
            answer.escape_ascii()
        );
    }
}

#[test]
fn an_end_without_close_notify_is_a_cut() {
    let tls = tls();
    let (mut stream, socket) = pair(&tls);
    let mut client = greet(&tls, socket);
    let peer = thread::spawn(move || {
        client.write_all(b"half a quest").unwrap();
        client.sock.shutdown(Shutdown::Write).unwrap();
        client
    });
    let (heard, end) = hear_out(&mut stream);
    assert_eq!(heard, b"half a quest");
    assert_eq!(end.unwrap_err(), "it ended without close_notify");
    drop(peer.join().unwrap());
}

#[test]
fn a_record_that_was_tampered_with_ends_it() {
    let tls = tls();
    let (mut stream, socket) = pair(&tls);
    let mut client = greet(&tls, socket);
    let peer = thread::spawn(move || {
        client.write_all(b"one").unwrap();
        client.conn.writer().write_all(b"two").unwrap();
        let mut records = Vec::new();
        client.conn.write_tls(&mut records).unwrap();
        *records.last_mut().unwrap() ^= 1;
        client.sock.write_all(&records).unwrap();
        let mut rest = Vec::new();
        // An alert, which is an error to it, or the end.
        let _ = client.read_to_end(&mut rest);
        rest
    });
    let (heard, end) = hear_out(&mut stream);
    assert_eq!((heard, end.is_err()), (b"one".to_vec(), true));
    assert!(stream.send(b"answer", false).is_err());
    assert!(peer.join().unwrap().is_empty());
}
