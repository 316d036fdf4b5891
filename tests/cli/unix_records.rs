//! `unix --type seqpacket`: records are cut, counted and shown as datagrams are.

use std::fs;
use std::io::{IoSlice, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;
use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
use serde_json::Value;
use socket2::{Domain, SockAddr, Socket, Type};
use tempfile::TempDir;

use crate::kit::{Record, Running, Start, Stdin, patient, scratch, sockkit};

fn place() -> (TempDir, PathBuf) {
    let folder = scratch();
    let path = folder.path().join("s");
    (folder, path)
}

fn unix(verb: &str, path: &Path, words: &str) -> Start {
    sockkit(["unix", verb, "--type", "seqpacket"])
        .args([path])
        .args(words.split_whitespace())
}

fn ready(start: Start) -> Running {
    let running = start.start();
    running.listening();
    running
}

/// A client whose own name is bound to.
fn named(path: &Path, own: &Path) -> UnixStream {
    let socket = Socket::new(Domain::UNIX, Type::SEQPACKET, None).unwrap();
    socket.bind(&SockAddr::unix(own).unwrap()).unwrap();
    socket.connect(&SockAddr::unix(path).unwrap()).unwrap();
    patient(UnixStream::from(OwnedFd::from(socket)))
}

fn client(path: &Path) -> UnixStream {
    let socket = Socket::new(Domain::UNIX, Type::SEQPACKET, None).unwrap();
    socket.connect(&SockAddr::unix(path).unwrap()).unwrap();
    patient(UnixStream::from(OwnedFd::from(socket)))
}

/// Somebody who listens.
fn server(path: &Path) -> Socket {
    let socket = Socket::new(Domain::UNIX, Type::SEQPACKET, None).unwrap();
    socket.bind(&SockAddr::unix(path).unwrap()).unwrap();
    socket.listen(9).unwrap();
    socket
}

fn accepted(server: &Socket) -> UnixStream {
    let (socket, _) = server.accept().unwrap();
    patient(UnixStream::from(OwnedFd::from(socket)))
}

/// The records that stdin becomes, up to the end.
fn records(client: &UnixStream, count: usize) -> Vec<String> {
    let record = || String::from_utf8(client.record()).unwrap();
    (0..count).map(|_| record()).collect()
}

#[test]
fn stdin_is_cut_as_asked() {
    for (words, expected) in [
        ("--lines", vec!["one", "", "two", "end"]),
        ("--lines -k", vec!["one", "", "two", "end"]),
        ("--lines --send-empty", vec!["one", "", "two", "end", ""]),
        ("--lines --send-empty -k", vec!["one", "", "two", "end", ""]),
        ("--whole", vec!["one\n\ntwo\nend"]),
        ("--whole -k", vec!["one\n\ntwo\nend"]),
        ("--size 4", vec!["one\n", "\ntwo", "\nend"]),
        ("--size 4 -k", vec!["one\n", "\ntwo", "\nend"]),
        ("--from-hex --lines", vec!["on\nx", "e"]),
        ("--from-hex --lines -k", vec!["on\nx", "e"]),
        ("--from-hex --size 3", vec!["on\n", "xe"]),
    ] {
        let (_folder, path) = place();
        let stdin = match words.contains("hex") {
            true => "6f6e0a 78\n65",
            false => "one\n\ntwo\nend",
        };
        let listener = ready(unix("listen", &path, words).upload(stdin));
        let client = client(&path);
        assert_eq!(records(&client, expected.len()), expected, "{words}");
        drop(client);
        if !words.contains("-k") {
            listener.finish().expect(0);
        }
    }
}

#[test]
fn lines_are_delayed_as_those_of_streams_are() {
    for words in ["", "-k"] {
        let (_folder, path) = place();
        let words = format!("--lines --delay 100ms {words}");
        let _listener = ready(unix("listen", &path, &words).upload("1\n2\n3\n"));
        let start = std::time::Instant::now();
        assert_eq!(records(&client(&path), 3), ["1", "2", "3"]);
        assert!(start.elapsed().as_millis() >= 200, "{words}");
    }
}

#[test]
fn a_count_is_an_end() {
    for words in ["--count 2", "--count 2 -k", "--count 2 --echo -k"] {
        let (_folder, path) = place();
        // A stdin that goes on does not hold it up.
        let listener = ready(unix("listen", &path, words).piped());
        let count = if words.contains("-k") { 2 } else { 1 };
        let clients: Vec<UnixStream> = (0..count).map(|_| client(&path)).collect();
        for (nth, record) in ["", "two"].into_iter().enumerate() {
            let mut client = &clients[nth % count];
            assert_eq!(client.write(record.as_bytes()).unwrap(), record.len());
        }
        let shown = if words.contains("--echo") { "" } else { "two" };
        assert_eq!(listener.finish().expect(0).text(), shown, "{words}");
        if words.contains("--echo") {
            assert_eq!(records(&clients[0], 1), [""]);
            assert_eq!(records(&clients[1], 1), ["two"]);
        }
    }
}

#[test]
fn too_few_are_a_no() {
    let (_folder, path) = place();
    let listener = ready(unix("listen", &path, "--count 3"));
    let mut client = client(&path);
    client.write_all(b"one").unwrap();
    drop(client);
    let finished = listener.finish().expect(1);
    assert_eq!(finished.text(), "one");
    let said = "sockkit: the peer ended after 1 of 3 records";
    assert!(finished.stderr.contains(said), "{}", finished.stderr);
}

#[test]
fn an_empty_one_may_be_the_end() {
    for words in [
        "--eof-on-empty",
        "--eof-on-empty --count 9",
        "--eof-on-empty --sh cat>&2",
    ] {
        let (_folder, path) = place();
        let listener = ready(unix("listen", &path, words).piped());
        let client = client(&path);
        for record in ["one", "", "two"] {
            // It may have ended by then.
            let _ = (&client).write(record.as_bytes());
        }
        let finished = listener.finish().expect(0);
        let heard = match words.contains("--sh") {
            true => finished
                .stderr
                .lines()
                .last()
                .unwrap_or_default()
                .to_owned(),
            false => finished.text(),
        };
        assert_eq!(heard, "one", "{words}");
    }
}

#[test]
fn each_is_shown_with_what_is_known_of_it() {
    let (folder, path) = place();
    let own = folder.path().join("me");
    for words in ["", "-k"] {
        let shown = format!("--count 2 {words} --json");
        let listener = unix("listen", &path, &shown).start();
        listener.line();
        let client = named(&path, &own);
        (&client).write_all(b"hello").unwrap();
        (&client).write_all(&[0xff, 0]).unwrap();
        let events: Vec<Value> = listener.finish().expect(0).events();
        let heard: Vec<&Value> = events
            .iter()
            .filter(|event| event["event"] == "received")
            .collect();
        assert_eq!(heard.len(), 2, "{events:?}");
        for event in &heard {
            assert_eq!(event["conn"], 1);
            assert_eq!(event["peer"], own.to_str().unwrap());
            assert_eq!(event["local"], path.to_str().unwrap());
            assert_eq!(event["truncated"], false);
            // The kernel had it before this was told.
            let (time, ts) = (event["time"].as_str(), event["ts"].as_str());
            assert!(time.unwrap() <= ts.unwrap(), "{event}");
        }
        assert_eq!(
            (&heard[0]["length"], &heard[0]["data"]),
            (&5.into(), &"hello".into())
        );
        assert_eq!(
            (&heard[1]["length"], &heard[1]["hex"]),
            (&2.into(), &"ff00".into())
        );
        fs::remove_file(&own).unwrap();
    }
}

#[test]
fn formats_are_those_of_datagrams() {
    for (format, expected) in [
        ("line", "me > LOCAL, 6 bytes: one\\n\\\\x\n"),
        ("hex", "me > LOCAL, 6 bytes\n00000000  6f 6e 65 0a 5c 78"),
    ] {
        let (folder, path) = place();
        let words = format!("--count 1 --format {format}");
        let listener = ready(unix("listen", &path, &words));
        let client = named(&path, &folder.path().join("me"));
        (&client).write_all(b"one\n\\x").unwrap();
        let text = listener.finish().expect(0).text();
        let (time, rest) = text.split_once(' ').unwrap();
        assert!(time.ends_with('Z'), "{text}");
        let local = path.to_str().unwrap();
        let rest = rest.replace(local, "LOCAL");
        let peer = folder.path().join("me");
        let rest = rest.replace(peer.to_str().unwrap(), "me");
        assert!(rest.starts_with(expected), "{rest}");
    }
    // --format json has nothing but what came.
    let (_folder, path) = place();
    let listener = ready(unix("listen", &path, "--count 1 --format json"));
    client(&path).write_all(b"one").unwrap();
    let events = listener.finish().expect(0).events();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["data"], "one");
}

#[test]
fn words_are_sent_over_and_over() {
    let (_folder, path) = place();
    let listener = ready(unix("listen", &path, "--format line --count 6"));
    let words = ["a", "b", "--count", "5", "--send-empty", "-v"];
    let sent = unix("send", &path, "").args(words).run().expect(0);
    assert!(
        sent.stderr.contains("sent 6 datagrams, 5 bytes"),
        "{}",
        sent.stderr
    );
    let text = listener.finish().expect(0).text();
    let heard: Vec<&str> = text
        .lines()
        .map(|line| line.rsplit_once("bytes: ").unwrap().1)
        .collect();
    assert_eq!(heard, ["a", "b", "a", "b", "a", ""]);
}

#[test]
fn a_rate_spreads_them() {
    let (_folder, path) = place();
    let listener = ready(unix("listen", &path, "--count 3"));
    let start = std::time::Instant::now();
    unix("send", &path, "tick --count 3 --rate 10")
        .run()
        .expect(0);
    assert!(start.elapsed().as_millis() >= 200);
    assert_eq!(listener.finish().expect(0).text(), "tickticktick");
}

#[test]
fn descriptors_and_credentials_that_come_along_are_in_nobodys_way() {
    for words in ["-k", "-k -o SO_PASSCRED=1"] {
        let (_folder, path) = place();
        let listener = ready(unix("listen", &path, words));
        let open = || {
            fs::read_dir(format!("/proc/{}/fd", listener.pid()))
                .unwrap()
                .count()
        };
        let before = open();
        let peer = client(&path);
        for record in ["one\n", "two\n"] {
            let (numbers, part) = ([0, 0, 0], [IoSlice::new(record.as_bytes())]);
            let control = [ControlMessage::ScmRights(&numbers)];
            sendmsg::<()>(peer.as_raw_fd(), &part, &control, MsgFlags::empty(), None).unwrap();
            assert_eq!(format!("{}\n", listener.line()), record, "{words}");
        }
        assert_eq!(open(), before + 1, "the connection alone");
    }
    for words in ["", "-o SO_PASSCRED=1"] {
        let (_folder, path) = place();
        let listener = ready(unix("listen", &path, words));
        unix("send", &path, "one two --send-fd 0").run().expect(0);
        assert_eq!(listener.finish().expect(0).text(), "onetwo", "{words}");
    }
}

#[test]
fn a_long_record_goes_whole_or_not_at_all() {
    for words in ["--whole", "--lines"] {
        let (_folder, path) = place();
        let server = server(&path);
        let words = format!("{words} -o SO_SNDBUF=4M");
        let client = unix("connect", &path, &words).upload("x".repeat(600_000));
        let client = client.start();
        let peer = accepted(&server);
        let mut record = vec![0; 1 << 20];
        let length = (&peer).read(&mut record).unwrap();
        drop(peer);
        let finished = client.finish();
        match length {
            600_000 => assert_eq!(finished.status, 0),
            // This kernel lets no socket have such a buffer.
            _ => assert!(
                length == 0 && finished.stderr.contains("(EMSGSIZE)"),
                "{length}"
            ),
        }
    }
}

#[test]
fn empty_ones_are_no_silence() {
    for words in ["", "-k --count 5"] {
        let (_folder, path) = place();
        let listener = ready(unix("listen", &path, &format!("--idle-timeout 1s {words}")));
        let words = "--lines --delay 400ms --idle-timeout 1s";
        let client = unix("connect", &path, words).upload("\n\n\n\n\n");
        client.run().expect(0);
        listener.finish().expect(0);
    }
}

#[test]
fn a_count_does_not_wait_for_who_takes_nothing() {
    let (_folder, path) = place();
    let server = server(&path);
    let client = unix("connect", &path, "--lines --count 2").upload("x\n".repeat(500_000));
    let client = client.start();
    let peer = accepted(&server);
    for record in ["one", "two"] {
        (&peer).write_all(record.as_bytes()).unwrap();
    }
    assert_eq!(client.finish().expect(0).text(), "onetwo");
    // Many are told, and one of them speaks.
    let (_folder, path) = place();
    let listener =
        ready(unix("listen", &path, "-k --lines --count 1").upload("x\n".repeat(500_000)));
    let peer = self::client(&path);
    (&peer).write_all(b"one").unwrap();
    assert_eq!(listener.finish().expect(0).text(), "one");
}

#[test]
fn what_is_left_out_is_said_once() {
    let (_folder, path) = place();
    let listener = unix("listen", &path, "--lines -k --slow drop --count 1");
    let listener = ready(listener.upload("\n".repeat(3_000_000)));
    let stuck = client(&path);
    let said = listener.stderr_until(|line| line.contains("takes less"));
    assert!(said.contains("something is left out"), "{said}");
    (&stuck).write_all(b"one").unwrap();
    let finished = listener.finish().expect(0);
    assert_eq!(finished.stderr.matches("takes less").count(), 1);
}

#[test]
fn a_record_that_is_too_long_for_one_is_left_out_for_it_alone() {
    let (_folder, path) = place();
    let much = "x".repeat(1_000_000);
    let listener = ready(unix("listen", &path, "-k --lines").piped());
    let peer = client(&path);
    listener.write(format!("one\n{much}\ntwo\n"));
    assert_eq!(records(&peer, 2), ["one", "two"]);
    let said = listener.stderr_until(|line| line.contains("too long"));
    assert!(
        said.contains("a record of 1000000 bytes is too long for 1 "),
        "{said}"
    );
}

#[test]
fn what_came_before_a_reset_is_heard() {
    for _ in 0..20 {
        let (_folder, path) = place();
        let server = server(&path);
        let client = unix("connect", &path, "--format json")
            .upload("hello")
            .start();
        let peer = accepted(&server);
        // It has come, and stays unread.
        let socket = socket2::SockRef::from(&peer);
        socket
            .peek(&mut [std::mem::MaybeUninit::uninit(); 9])
            .unwrap();
        for record in ["1", "2", "3", "4", "5"] {
            (&peer).write_all(record.as_bytes()).unwrap();
        }
        drop(peer);
        let finished = client.finish().expect(1).says("(ECONNRESET)");
        assert_eq!(finished.text().lines().count(), 5);
    }
}

#[test]
fn many_empty_ones_take_little_memory() {
    let (_folder, path) = place();
    let listener =
        ready(unix("listen", &path, "--lines -k --slow block").upload("\n".repeat(3_000_000)));
    let stuck: Vec<UnixStream> = (0..20).map(|_| client(&path)).collect();
    // It is heard behind whatever was read of stdin by then.
    (&stuck[19]).write_all(b"still here\n").unwrap();
    assert_eq!(listener.line(), "still here");
    let status = fs::read_to_string(format!("/proc/{}/status", listener.pid())).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(kib < 100_000, "{line}");
    listener.signal(Signal::SIGTERM);
    listener.finish().expect(143);
}

#[test]
fn a_descriptor_is_of_the_type_that_was_said() {
    for (given, said) in [
        (Type::SEQPACKET, "stream"),
        (Type::STREAM, "seqpacket"),
        (Type::STREAM, "dgram"),
    ] {
        for verb in ["connect", "send"] {
            let (socket, _peer) = Socket::pair(Domain::UNIX, given, None).unwrap();
            let words = ["unix", verb, "--type", said, "fd:0"];
            let run = sockkit(words)
                .stdin(Stdin::Open(socket.into()))
                .run()
                .expect(2);
            assert!(run.stderr.contains("--type says which"), "{}", run.stderr);
        }
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    for words in [
        "unix listen /nowhere/s --count 1",
        "unix connect /nowhere/s --lines",
        "unix send --type stream /nowhere/s x --count 2",
        "unix send --type stream /nowhere/s x --rate 2",
        "unix listen --type seqpacket /nowhere/s --format line --echo",
        "unix listen --type seqpacket /nowhere/s --lines --echo",
        "unix listen --type seqpacket /nowhere/s --lines --chat",
    ] {
        let run = sockkit(words.split_whitespace()).run().expect(2);
        assert!(run.stderr.contains("hint:"), "{words}: {}", run.stderr);
    }
}

#[test]
fn a_receiver_that_takes_nothing_is_no_movement() {
    for kind in ["seqpacket", "stream"] {
        let folder = scratch();
        let path = folder.path().join("s");
        let stuck = match kind {
            "stream" => Socket::new(Domain::UNIX, Type::STREAM, None).unwrap(),
            _ => Socket::new(Domain::UNIX, Type::SEQPACKET, None).unwrap(),
        };
        stuck.bind(&SockAddr::unix(&path).unwrap()).unwrap();
        stuck.listen(9).unwrap();
        let words = [
            "unix",
            "send",
            "--type",
            kind,
            "--lines",
            "--idle-timeout",
            "300ms",
        ];
        let sent = sockkit(words)
            .args([&path])
            .input("some line\n".repeat(500_000));
        sent.run().expect(124);
    }
}
