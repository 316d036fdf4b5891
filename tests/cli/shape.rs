//! What becomes of stdin on its way: `--crlf`, `--delay`, `--rate`, `--max-bytes`, `--preamble`, and one direction alone.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};

use crate::kit::{
    Running, Start, Stdin, accept, listener, patient, pattern, read_end, scratch, sockkit,
    stream_to,
};

fn connect(port: u16, words: &[&str]) -> Start {
    sockkit(["tcp", "connect", &port.to_string()]).args(words)
}

/// A client with these words and this stdin; all that its peer hears until the end.
fn heard(words: &[&str], stdin: Stdin) -> Vec<u8> {
    let (listener, port) = listener();
    let client = connect(port, words).stdin(stdin).start();
    let mut peer = accept(&listener);
    let heard = read_end(&mut peer);
    drop(peer);
    client.finish().expect(0);
    heard
}

/// The next bytes, as many as come at once.
fn some(peer: &mut TcpStream) -> Vec<u8> {
    let mut bytes = vec![0; 4096];
    let count = peer.read(&mut bytes).unwrap();
    bytes.truncate(count);
    bytes
}

#[test]
fn lines_end_in_crlf_across_the_borders_of_reads() {
    let (listener, port) = listener();
    let mut client = connect(port, &["--crlf"]).piped().start();
    let mut peer = accept(&listener);
    client.write("a\nb\r\nc\r");
    let mut head = vec![0; 8];
    peer.read_exact(&mut head).unwrap();
    assert_eq!(head, b"a\r\nb\r\nc\r");
    client.write("\nd\re\n\n");
    client.end_stdin();
    assert_eq!(read_end(&mut peer), b"\nd\re\r\n\r\n");
    // What comes in is left as it is.
    peer.write_all(b"one\ntwo\r\n").unwrap();
    drop(peer);
    assert_eq!(client.finish().expect(0).text(), "one\ntwo\r\n");
}

#[test]
fn a_listener_shapes_too_and_for_many() {
    for words in [
        ["--crlf"].as_slice(),
        &["--crlf", "-k", "--deadline", "20s"],
    ] {
        let listener = sockkit(["tcp", "listen", "0"])
            .args(words)
            .input("a\nb\n")
            .start();
        let mut client = stream_to(("127.0.0.1", listener.port()));
        assert_eq!(read_end(&mut client), b"a\r\nb\r\n", "{words:?}");
    }
}

#[test]
fn hex_is_decoded_before_lines_are_ended() {
    assert_eq!(
        heard(
            &["--crlf", "--from-hex"],
            Stdin::Bytes(b"41 0a 0d0A".to_vec())
        ),
        b"A\r\n\r\n"
    );
}

#[test]
fn a_preamble_comes_first() {
    let stdin = || Stdin::Bytes(b"then".to_vec());
    assert_eq!(
        heard(&["--preamble", r"first\r\n\x00"], stdin()),
        b"first\r\n\0then"
    );
    // It is sent as it is, whatever stdin becomes.
    assert_eq!(
        heard(
            &["--preamble", r"a\n", "--crlf"],
            Stdin::Bytes(b"b\n".to_vec())
        ),
        b"a\nb\r\n"
    );
    let much = pattern(1 << 20);
    let all = heard(&["--preamble", "x"], Stdin::Bytes(much.clone()));
    assert!(all[0] == b'x' && all[1..] == much);
}

#[test]
fn a_question_without_stdin() {
    let (listener, port) = listener();
    let client = connect(port, &["--preamble", "question", "--no-stdin"])
        .piped()
        .start();
    let mut peer = accept(&listener);
    assert_eq!(some(&mut peer), b"question");
    still_open(&mut peer);
    peer.write_all(b"answer").unwrap();
    drop(peer);
    assert_eq!(client.finish().expect(0).text(), "answer");
}

/// The other side has not said its end.
fn still_open(peer: &mut TcpStream) {
    let soon = Some(Duration::from_millis(200));
    peer.set_read_timeout(soon).unwrap();
    let silence = peer
        .read(&mut [0])
        .expect_err("it must say nothing, not even its end");
    assert_eq!(silence.kind(), ErrorKind::WouldBlock);
    patient(&*peer);
}

#[test]
fn stdin_that_is_left_alone_is_neither_read_nor_ended() {
    for flag in ["--no-stdin", "--recv-only"] {
        for stdin in [Stdin::Null, Stdin::Bytes(b"never sent".to_vec())] {
            let (listener, port) = listener();
            let client = connect(port, &[flag]).stdin(stdin).start();
            let mut peer = accept(&listener);
            still_open(&mut peer);
            peer.write_all(b"heard").unwrap();
            peer.shutdown(Shutdown::Write).unwrap();
            assert_eq!(read_end(&mut peer), b"", "{flag}");
            assert_eq!(client.finish().expect(0).text(), "heard");
        }
    }
}

#[test]
fn a_listener_that_only_receives_serves_many() {
    let listener = sockkit(["tcp", "listen", "0", "-k", "--recv-only"])
        .input("never sent")
        .start();
    let port = listener.port();
    for word in ["one", "two"] {
        let mut client = stream_to(("127.0.0.1", port));
        client.write_all(word.as_bytes()).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(read_end(&mut client), b"");
        assert_eq!(listener.read(3), word.as_bytes());
    }
}

#[test]
fn so_many_bytes_and_no_more() {
    let zero = || Stdin::File("/dev/zero".into());
    assert_eq!(heard(&["--max-bytes", "0"], zero()), b"");
    assert_eq!(heard(&["--max-bytes", "5"], zero()), [0; 5]);
    // More than a conversation: from a pipe and a file the kernel moves them.
    let much = pattern(5 << 20);
    let folder = scratch();
    let path = folder.path().join("file");
    std::fs::write(&path, &much).unwrap();
    for stdin in [Stdin::Bytes(much.clone()), Stdin::File(path), zero()] {
        let is_zero = matches!(&stdin, Stdin::File(path) if path.ends_with("zero"));
        let all = heard(&["--max-bytes", "3M"], stdin);
        let expected = if is_zero {
            vec![0; 3 << 20]
        } else {
            much[..3 << 20].to_vec()
        };
        assert!(all == expected, "{} bytes", all.len());
    }
}

#[test]
fn a_pipe_that_has_given_enough_is_not_waited_for() {
    let (listener, port) = listener();
    let client = connect(port, &["--max-bytes", "3"]).piped().start();
    let mut peer = accept(&listener);
    client.write("abcdef");
    assert_eq!(read_end(&mut peer), b"abc");
    drop(peer);
    client.finish().expect(0);
    // Nor by one who serves many.
    let listener = sockkit(["tcp", "listen", "0", "-k", "--max-bytes", "3"])
        .piped()
        .start();
    let mut client = stream_to(("127.0.0.1", listener.port()));
    listener.write("abcdef");
    assert_eq!(read_end(&mut client), b"abc");
}

#[test]
fn what_is_not_wanted_of_a_file_stays_for_the_next() {
    let (listener, port) = listener();
    let folder = scratch();
    let path = folder.path().join("file");
    std::fs::write(&path, "head and tail").unwrap();
    let script = r#"exec < file; "$0" "$@"; cat"#;
    let client = connect(port, &["--max-bytes", "4"])
        .under(script)
        .directory(folder.path())
        .stdin(Stdin::File(path))
        .start();
    let mut peer = accept(&listener);
    assert_eq!(read_end(&mut peer), b"head");
    drop(peer);
    assert_eq!(client.finish().expect(0).text(), " and tail");
}

#[test]
fn lines_come_one_after_another() {
    let (listener, port) = listener();
    let start = Instant::now();
    let client = connect(port, &["--delay", "300ms"])
        .input("one\ntwo\nthree\nend")
        .start();
    let mut peer = accept(&listener);
    assert_eq!(some(&mut peer), b"one\n");
    assert_eq!(some(&mut peer), b"two\n");
    assert_eq!(some(&mut peer), b"three\n");
    assert_eq!(read_end(&mut peer), b"end");
    assert!(start.elapsed() >= Duration::from_millis(900));
    drop(peer);
    client.finish().expect(0);
}

#[test]
fn a_rate_is_kept() {
    let start = Instant::now();
    let all = heard(&["--rate", "100k"], Stdin::Bytes(pattern(100 << 10)));
    assert!(all == pattern(100 << 10));
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(900), "{took:?}");
}

#[test]
fn one_who_waits_for_its_time_neither_spins_nor_outlasts_a_deadline() {
    let (listener, port) = listener();
    let words = ["--rate", "1", "--deadline", "1500ms"];
    let client = connect(port, &words).input("slowly").start();
    let pid_ticks = |client: &Running| client.ticks();
    let mut peer = accept(&listener);
    assert_eq!(some(&mut peer), b"s");
    let before = pid_ticks(&client);
    assert_eq!(some(&mut peer), b"l");
    assert!(pid_ticks(&client) - before <= 10, "it spins");
    client.finish().expect(124);
}

#[test]
fn a_peer_that_resets_while_lines_wait_is_the_end() {
    let (listener, port) = listener();
    let client = connect(port, &["--delay", "1h"])
        .input("one\ntwo\n")
        .start();
    let mut peer = accept(&listener);
    assert_eq!(some(&mut peer), b"one\n");
    crate::kit::reset(peer);
    client.finish().expect(1).says("(ECONNRESET)");
}

#[test]
fn what_moves_restarts_the_idle_timer_and_what_waits_does_not() {
    let trickle = heard(
        &["--delay", "200ms", "--idle-timeout", "2s"],
        Stdin::Bytes(b"1\n2\n3\n4\n5\n6\n".to_vec()),
    );
    assert_eq!(trickle.len(), 12);
    let (listener, port) = listener();
    let words = ["--delay", "1h", "--idle-timeout", "500ms"];
    let client = connect(port, &words).input("1\n2\n").start();
    let _peer = accept(&listener);
    client.finish().expect(124).says("nothing moved for 500ms");
}

#[test]
fn one_who_only_sends_ends_when_all_has_arrived() {
    for records in [false, true] {
        let much = pattern(3 << 20);
        let (listener, port) = listener();
        let words: &[&str] = if records {
            &["--send-only", "--crlf"]
        } else {
            &["--send-only"]
        };
        let client = connect(port, words).upload(&much).start();
        let mut peer = accept(&listener);
        peer.write_all(b"nobody hears this").unwrap();
        let all = read_end(&mut peer);
        assert!(all.len() >= 3 << 20);
        // The peer has not ended.
        assert_eq!(client.finish().expect(0).stdout, b"");
        drop(peer);
    }
}

#[test]
fn what_nobody_has_read_has_arrived_all_the_same() {
    let (listener, port) = listener();
    let client = connect(port, &["--send-only"])
        .input(pattern(10 << 10))
        .start();
    let mut peer = accept(&listener);
    client.finish().expect(0);
    assert!(read_end(&mut peer) == pattern(10 << 10));
}

#[test]
fn one_who_only_sends_waits_for_a_peer_that_takes_nothing() {
    let (listener, port) = listener();
    let words = ["--send-only", "--deadline", "700ms"];
    let client = connect(port, &words).input(pattern(16 << 20)).start();
    let _peer = accept(&listener);
    client.finish().expect(124);
}

#[test]
fn a_local_socket_takes_the_same_flags() {
    let folder = scratch();
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let words = [
        "--preamble",
        ">",
        "--crlf",
        "--max-bytes",
        "4",
        "--send-only",
    ];
    let client = sockkit(["unix", "connect"])
        .args([&path])
        .args(words)
        .input("a\nb\nc\n")
        .start();
    let (peer, _) = listener.accept().unwrap();
    let mut peer = patient(peer);
    assert_eq!(read_end(&mut peer), b">a\r\nb\r\n");
    client.finish().expect(0);
}

#[test]
fn what_makes_no_sense_is_a_usage_error() {
    for words in [
        "tcp connect 1 --recv-only --send-only",
        "tcp connect 1 --recv-only --preamble x",
        "tcp connect 1 --no-stdin --crlf",
        "tcp connect 1 --rate 0",
        "tcp connect 1 --rate fast",
        "tcp connect 1 --delay -1",
        r"tcp connect 1 --preamble \q",
        "tcp connect 1 --max-bytes 1.5",
        "unix connect ./no --type dgram --crlf",
        "unix connect ./no --type dgram --max-bytes 1",
        "tcp listen 0 -k --rate 0",
    ] {
        let refused = sockkit(words.split(' ')).run().expect(2);
        assert!(refused.stdout.is_empty(), "{words}");
    }
}
