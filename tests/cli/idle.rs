//! Nothing spins: whatever is waited for, waiting takes no processor time.

use std::io::{PipeReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

use crate::kit::{Running, Start, Stdin, accept, listener, scratch, sockkit, stream_to};

/// Use at most a tenth of half a second, which is the window to measure in.
fn rests(state: &str, running: &mut Running) {
    let before = running.ticks();
    thread::sleep(Duration::from_millis(500));
    assert!(running.is_running(), "{state}: it ended");
    let used = running.ticks() - before;
    assert!(
        used <= 5,
        "{state}: {used} ticks in half a second of waiting"
    );
}

/// A client, started with these words, and its peer.
fn connected(prepare: impl FnOnce(Start) -> Start) -> (Running, TcpStream) {
    let (listener, port) = listener();
    let start = sockkit(["tcp", "connect", &port.to_string()]);
    let client = prepare(start).start();
    let peer = accept(&listener);
    (client, peer)
}

/// Send until nobody takes more.
fn fill(peer: &mut TcpStream) {
    let pause = Some(Duration::from_millis(100));
    peer.set_write_timeout(pause).unwrap();
    while peer.write_all(&[b'x'; 1 << 16]).is_ok() {}
}

/// A stdout that nobody reads.
fn unread(start: Start) -> (Start, PipeReader) {
    let (reader, writer) = std::io::pipe().unwrap();
    (start.stdout(writer), reader)
}

#[test]
fn a_client_that_has_said_all() {
    let (mut client, peer) = connected(|start| start);
    rests("stdin is /dev/null", &mut client);
    drop(peer);
    let (mut client, peer) = connected(|start| start.input("all"));
    rests("a pipe ended", &mut client);
    drop(peer);
    let (mut client, peer) = connected(|start| start.upload("all"));
    rests("a file ended", &mut client);
    drop(peer);
}

#[test]
fn a_client_whose_peer_has_said_all() {
    let (mut client, mut peer) = connected(Start::piped);
    client.write("spoken");
    peer.read_exact(&mut [0; 6]).unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    rests("the peer half-closed", &mut client);
}

#[test]
fn a_client_whose_peer_does_not_read() {
    let (mut client, _peer) = connected(|start| start.input(vec![b'x'; 16 << 20]));
    rests("a pipe waits for the peer", &mut client);
    let (mut client, peer) = connected(|start| start.stdin(Stdin::File("/dev/zero".into())));
    rests("a device waits for the peer", &mut client);
    peer.shutdown(Shutdown::Write).unwrap();
    rests("a device waits for a peer that half-closed", &mut client);
}

#[test]
fn a_client_whose_stdout_is_not_read() {
    let mut held = None;
    let (mut client, mut peer) = connected(|start| {
        let (start, reader) = unread(start.piped());
        held = Some(reader);
        start
    });
    fill(&mut peer);
    rests("stdout is stuck", &mut client);
    peer.shutdown(Shutdown::Write).unwrap();
    rests("stdout is stuck after the peer's end", &mut client);
    client.end_stdin();
    rests("stdout is stuck after both ends", &mut client);
    drop(peer);
    rests("stdout is stuck and the peer is gone", &mut client);
}

#[test]
fn a_listener_that_waits() {
    let folder = scratch();
    let file = folder.path().join("file");
    std::fs::write(&file, "to say").unwrap();
    for words in [
        "tcp listen 0",
        "tcp listen -k 0",
        "udp listen 0",
        "udp listen 0 --lines",
    ] {
        for stdin in [
            Stdin::Null,
            Stdin::Bytes(b"to say".to_vec()),
            Stdin::File(file.clone()),
        ] {
            let mut listening = sockkit(words.split(' ')).stdin(stdin).start();
            listening.listening();
            rests(words, &mut listening);
        }
    }
}

#[test]
fn a_listener_with_a_client_that_is_silent() {
    for words in ["tcp listen 0", "tcp listen -k 0"] {
        for stdin in [Stdin::Null, Stdin::Pipe, Stdin::Bytes(b"hello".to_vec())] {
            let mut listening = sockkit(words.split(' ')).stdin(stdin).start();
            let mut client = stream_to(("127.0.0.1", listening.port()));
            client.write_all(b"hello").unwrap();
            listening.read(5);
            rests(words, &mut listening);
        }
    }
}

#[test]
fn a_listener_whose_clients_do_not_read() {
    let zero = || Stdin::File("/dev/zero".into());
    for words in ["tcp listen 0", "tcp listen -k 0"] {
        let mut listening = sockkit(words.split(' ')).stdin(zero()).start();
        let mut client = stream_to(("127.0.0.1", listening.port()));
        client.write_all(b"hello").unwrap();
        listening.read(5);
        rests(words, &mut listening);
    }
}

#[test]
fn a_listener_whose_stdout_is_not_read() {
    for words in ["tcp listen 0", "tcp listen -k 0"] {
        let (start, _reader) = unread(sockkit(words.split(' ')));
        let mut listening = start.start();
        let mut client = stream_to(("127.0.0.1", listening.port()));
        fill(&mut client);
        rests(words, &mut listening);
        drop(client);
        rests("its client is gone", &mut listening);
    }
}

#[test]
fn a_reader_that_goes_away_is_noticed_while_nothing_is_written() {
    let mut held = None;
    let (client, _peer) = connected(|start| {
        let (start, reader) = unread(start.piped());
        held = Some(reader);
        start
    });
    drop(held);
    client.finish().expect(141);
}
