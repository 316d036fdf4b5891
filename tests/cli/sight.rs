//! What passes, seen: `--dump`, `--dump-to`, `--tee-in`, `--tee-out`.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use serde_json::Value;

use crate::kit::{
    Finished, Start, accept, dead_port, free_port, listener, pattern, read_end, scratch, sockkit,
    stream_to,
};

/// How long something may take on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_secs(30);

/// A client that says a question and hears an answer.
fn converse(prepare: impl FnOnce(Start) -> Start, question: &[u8], answer: &[u8]) -> Finished {
    let (listener, port) = listener();
    let start = sockkit(["tcp", "connect", &port.to_string()]).input(question);
    let client = prepare(start).start();
    let mut peer = accept(&listener);
    assert!(read_end(&mut peer) == question, "the question is another");
    peer.write_all(answer).unwrap();
    drop(peer);
    let finished = client.finish();
    assert!(finished.stdout == answer, "the answer is another");
    finished
}

#[test]
fn text_shows_both_ways_with_time_connection_and_offset() {
    let finished = converse(
        |start| start.args(["--dump", "text"]),
        b"GET /\r\n",
        b"\x1b[31mno",
    )
    .expect(0);
    let lines: Vec<&str> = finished.stderr.lines().collect();
    assert!(lines[0].starts_with("# 20") && lines[0].ends_with("Z 1 sent 7 bytes at 0"));
    assert_eq!(lines[1], r"GET /\r");
    assert!(lines[2].ends_with("Z 1 received 7 bytes at 0"));
    // Nothing from outside reaches the terminal as it is.
    assert_eq!(lines[3..], [r"\u{1b}[31mno"]);
}

#[test]
fn hex_is_written_to_a_file() {
    let folder = scratch();
    let path = folder.path().join("dump");
    fs::write(&path, "old").unwrap();
    let words = |start: Start| start.args(["--dump", "hex", "--dump-to"]).args([&path]);
    let finished = converse(words, b"a", b"\x00\xff").expect(0);
    assert_eq!(finished.stderr, "");
    let dump = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = dump.lines().collect();
    assert!(lines[0].ends_with("1 sent 1 bytes at 0"), "{dump}");
    assert!(
        lines[1].starts_with("00000000  61 ") && lines[1].ends_with("|a|"),
        "{dump}"
    );
    assert!(
        lines[3].starts_with("00000000  00 ff ") && lines[3].ends_with("|..|"),
        "{dump}"
    );
}

#[test]
fn json_has_an_object_for_each_piece() {
    let much = pattern(200 << 10);
    let finished = converse(|start| start.args(["--dump", "json"]), &much, b"answer\n").expect(0);
    let mut sent = Vec::new();
    let mut received = String::new();
    for line in finished.stderr.lines() {
        let piece: Value = serde_json::from_str(line).unwrap();
        assert_eq!(piece["conn"], 1);
        if piece["event"] == "sent" {
            assert_eq!(piece["offset"].as_u64().unwrap(), sent.len() as u64);
            sent.extend(hex::decode(piece["hex"].as_str().unwrap()).unwrap());
        } else {
            received.push_str(piece["data"].as_str().unwrap());
        }
    }
    assert!(sent == much, "all that was sent is shown");
    assert_eq!(received, "answer\n");
}

#[test]
fn tees_have_the_bytes_as_they_went() {
    let folder = scratch();
    let (coming, going) = (folder.path().join("in"), folder.path().join("out"));
    fs::write(&coming, pattern(9 << 20)).unwrap();
    let (question, answer) = (pattern(8 << 20), pattern((8 << 20) + 1));
    let words = |start: Start| {
        start
            .args(["--tee-in"])
            .args([&coming])
            .args(["--tee-out"])
            .args([&going])
    };
    converse(words, &question, &answer).expect(0);
    assert!(fs::read(&coming).unwrap() == answer, "what arrived");
    assert!(fs::read(&going).unwrap() == question, "what was sent");
}

#[test]
fn what_was_sent_is_what_stdin_became() {
    let folder = scratch();
    let path = folder.path().join("both");
    let (listener, port) = listener();
    let client = sockkit([
        "tcp",
        "connect",
        &port.to_string(),
        "--crlf",
        "--preamble",
        ">",
    ])
    .args(["--tee-in"])
    .args([&path])
    .args(["--tee-out"])
    .args([&path])
    .input("a\n")
    .start();
    let mut peer = accept(&listener);
    assert_eq!(read_end(&mut peer), b">a\r\n");
    peer.write_all(b"answer").unwrap();
    drop(peer);
    client.finish().expect(0);
    // Both in one file: neither overwrites the other.
    assert_eq!(fs::read(&path).unwrap(), b">a\r\nanswer");
}

#[test]
fn what_is_dropped_is_seen_all_the_same() {
    let folder = scratch();
    let path = folder.path().join("in");
    let (listener, port) = listener();
    let client = sockkit([
        "tcp",
        "connect",
        &port.to_string(),
        "--send-only",
        "--tee-in",
    ])
    .args([&path])
    .piped()
    .start();
    let mut peer = accept(&listener);
    peer.write_all(b"dropped").unwrap();
    drop(peer);
    assert_eq!(client.finish().expect(0).stdout, b"");
    assert_eq!(fs::read(&path).unwrap(), b"dropped");
}

#[test]
fn a_full_disk_of_a_tee_is_told_and_stops_nothing() {
    let much = pattern(4 << 20);
    for flag in ["--tee-in", "--tee-out"] {
        let finished = converse(|start| start.args([flag, "/dev/full"]), &much, &much).expect(2);
        let said = "sockkit: write /dev/full: no space left on device (ENOSPC)\n";
        assert_eq!(finished.stderr, said, "once, and at the end by the status");
    }
}

/// A named pipe, and its only reader, who reads only what a test has it read.
struct Slow {
    _folder: tempfile::TempDir,
    path: PathBuf,
    reader: fs::File,
}

impl Slow {
    fn new() -> Self {
        let folder = scratch();
        let path = folder.path().join("pipe");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let options = fs::OpenOptions::new().read(true).write(true).open(&path);
        Self {
            _folder: folder,
            path,
            reader: options.unwrap(),
        }
    }

    /// Wait until the pipe is full.
    fn wait(&self) {
        let start = Instant::now();
        loop {
            let mut polled = [PollFd::new(self.reader.as_fd(), PollFlags::POLLOUT)];
            if poll(&mut polled, PollTimeout::ZERO).unwrap() == 0 {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "the pipe is not filled");
            thread::yield_now();
        }
    }

    /// Read this much.
    fn read(&self, count: usize) -> Vec<u8> {
        let mut read = vec![0; count];
        (&self.reader).read_exact(&mut read).unwrap();
        read
    }
}

const RECORDS: [&[&str]; 3] = [
    &["--tee-in"],
    &["--tee-out"],
    &["--dump", "json", "--dump-to"],
];

#[test]
fn a_reader_that_does_not_read_holds_up_one_connection_and_no_other() {
    let much = pattern(8 << 20);
    for flags in RECORDS {
        let slow = Slow::new();
        let start = sockkit(["tcp", "listen", "0", "-k", "--echo"]).args(flags);
        let server = start.args([&slow.path]).start();
        let port = server.port();
        let mut writer = stream_to(("127.0.0.1", port));
        let mut reader = writer.try_clone().unwrap();
        let sent = much.clone();
        let writing = thread::spawn(move || {
            writer.write_all(&sent).unwrap();
            writer.shutdown(Shutdown::Write).unwrap();
        });
        let reading = thread::spawn(move || read_end(&mut reader));
        slow.wait();
        let mut other = stream_to(("127.0.0.1", port));
        other.write_all(b"other").unwrap();
        other.shutdown(Shutdown::Write).unwrap();
        assert_eq!(read_end(&mut other), b"other", "{flags:?}");
        // Once it reads, nothing was lost.
        let (mut sent, mut others): (Vec<u8>, Vec<u8>) = Default::default();
        if flags.len() > 1 {
            let mut lines = BufReader::new(&slow.reader).lines();
            let mut echoed = 0;
            while echoed < much.len() + b"other".len() {
                let piece: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
                let bytes = match piece["data"].as_str() {
                    Some(text) => text.as_bytes().to_vec(),
                    None => hex::decode(piece["hex"].as_str().unwrap()).unwrap(),
                };
                match (piece["event"].as_str(), piece["conn"].as_u64()) {
                    (Some("sent"), _) => echoed += bytes.len(),
                    (_, Some(1)) => sent.extend(bytes),
                    _ => others.extend(bytes),
                }
            }
            assert!(sent == much && others == b"other", "what was dumped");
        } else {
            let read = slow.read(much.len() + b"other".len());
            let at = read.windows(5).position(|piece| piece == b"other");
            let (before, after) = read.split_at(at.unwrap());
            assert!([before, &after[5..]].concat() == much, "{flags:?}");
        }
        writing.join().unwrap();
        assert!(reading.join().unwrap() == much, "{flags:?}");
    }
}

#[test]
fn a_reader_that_does_not_read_keeps_neither_a_limit_nor_a_signal_from_ending_it() {
    for flags in RECORDS {
        for (limit, words, status) in [
            ("--deadline", ["--echo"].as_slice(), 124),
            ("--idle-timeout", &["--echo"], 124),
            ("--idle-timeout", &["--no-stdin"], 124),
            ("", &["--echo"], 143),
            ("", &["--no-stdin"], 143),
        ] {
            if words == ["--no-stdin"] && flags == ["--tee-out"] {
                // It sends nothing.
                continue;
            }
            let slow = Slow::new();
            let mut start = sockkit(["tcp", "listen", "0"]).args(words).args(flags);
            start = start.args([&slow.path]);
            if !limit.is_empty() {
                start = start.args([limit, "1s"]);
            }
            let server = start.start();
            let mut client = stream_to(("127.0.0.1", server.port()));
            let flooding = thread::spawn(move || {
                // It is cut off in the end.
                let _ = client.write_all(&pattern(8 << 20));
            });
            if limit.is_empty() {
                slow.wait();
                server.signal(nix::sys::signal::Signal::SIGTERM);
            }
            server.finish().expect(status);
            flooding.join().unwrap();
        }
    }
}

#[test]
fn a_stderr_that_nobody_reads_holds_up_one_connection_and_no_other() {
    let slow = Slow::new();
    let port = free_port();
    let to = format!("127.0.0.1:{port}");
    let words = ["tcp", "listen", &to, "-k", "-q", "--echo", "--dump", "hex"];
    let script = format!("exec \"$0\" \"$@\" 2>{}", slow.path.display());
    let server = sockkit(words).under(&script).start();
    let probe = [
        "tcp",
        "connect",
        "--probe",
        "--retry",
        "forever",
        "--deadline",
        "8s",
    ];
    sockkit(probe).args([&to]).run().expect(0);
    let mut flood = stream_to(("127.0.0.1", port));
    flood.write_all(&pattern(200_000)).unwrap();
    slow.wait();
    let mut other = stream_to(("127.0.0.1", port));
    other.write_all(b"other").unwrap();
    other.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read_end(&mut other), b"other");
    server.signal(nix::sys::signal::Signal::SIGTERM);
    server.finish().expect(143);
}

#[test]
fn a_named_pipe_is_waited_for_until_somebody_reads_it() {
    let folder = scratch();
    let path = folder.path().join("pipe");
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let nobody = sockkit(["tcp", "connect", "1", "--deadline", "300ms", "--tee-in"]);
    let late = nobody.args([&path]).run().expect(124);
    let said = format!("sockkit: open {}: not done within 300ms\n", path.display());
    assert_eq!(late.stderr, said);
    let reader = thread::spawn({
        let path = path.clone();
        move || fs::read(path).unwrap()
    });
    let words = |start: Start| start.args(["--tee-in"]).args([&path]);
    converse(words, b"question", b"answer").expect(0);
    assert_eq!(reader.join().unwrap(), b"answer");
}

#[test]
fn a_file_that_cannot_be_opened_is_trouble_before_anything_is_tried() {
    let (_nobody, port) = dead_port();
    let port = port.to_string();
    let folder = scratch();
    let socket = folder.path().join("socket").display().to_string();
    for flags in [
        ["--tee-in", "/nowhere/file"].as_slice(),
        &["--dump", "hex", "--dump-to", "/nowhere/file"],
    ] {
        for words in [
            ["tcp", "connect", &port, "--retry", "forever"].as_slice(),
            &["tcp", "listen", "0"],
            &["unix", "connect", &socket],
            &["unix", "listen", &socket],
        ] {
            let refused = sockkit(words).args(flags).run().expect(2);
            let said = "sockkit: open /nowhere/file: no such file or directory (ENOENT)\n";
            assert_eq!(refused.stderr, said, "{words:?}");
        }
    }
    assert!(!folder.path().join("socket").exists());
}

#[test]
fn what_makes_no_sense_is_a_usage_error() {
    for words in [
        "tcp connect 1 --dump",
        "tcp connect 1 --dump xml",
        "tcp connect 1 --dump-to file",
        "unix connect ./no --type dgram --dump hex",
    ] {
        sockkit(words.split(' ')).run().expect(2);
    }
}

#[test]
fn many_are_seen_each_by_its_number() {
    let folder = scratch();
    let path = folder.path().join("dump");
    let listener = sockkit(["tcp", "listen", "0", "-k", "--echo", "--dump", "text"])
        .args(["--dump-to"])
        .args([&path])
        .start();
    let port = listener.port();
    for word in ["one", "two"] {
        let mut client = stream_to(("127.0.0.1", port));
        client.write_all(word.as_bytes()).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(read_end(&mut client), word.as_bytes());
    }
    let dump = fs::read_to_string(&path).unwrap();
    for seen in [
        "Z 1 received 3 bytes at 0\none\n",
        "Z 1 sent 3 bytes at 0\none\n",
        "Z 2 received 3 bytes at 0\ntwo\n",
        "Z 2 sent 3 bytes at 0\ntwo\n",
    ] {
        assert!(dump.contains(seen), "{seen} in {dump}");
    }
}

#[test]
fn what_many_say_is_written_twice() {
    let folder = scratch();
    let path = folder.path().join("in");
    let listener = sockkit(["tcp", "listen", "0", "-k", "--tee-in"])
        .args([&path])
        .start();
    let mut client = stream_to(("127.0.0.1", listener.port()));
    client.write_all(b"twice").unwrap();
    assert_eq!(listener.read(5), b"twice");
    assert_eq!(fs::read(&path).unwrap(), b"twice");
}

/// The mebibyte that is kept for the reader takes it longer than the limit, and each piece of it not nearly as long.
#[test]
fn what_a_slow_reader_takes_is_no_silence() {
    let much = pattern(3 << 20);
    let drive = |flags: &[&str]| {
        let slow = Slow::new();
        let start = sockkit(["tcp", "listen", "0", "--idle-timeout", "2s"]).args(flags);
        let server = start.args([&slow.path]).start();
        let port = server.port();
        let sent = much.clone();
        let client = thread::spawn(move || {
            let mut client = stream_to(("127.0.0.1", port));
            client.write_all(&sent)?;
            client.shutdown(Shutdown::Write)?;
            client.read_to_end(&mut Vec::new())
        });
        slow.wait();
        let mut read = Vec::new();
        for _ in 0..24 {
            read.extend(slow.read(64 << 10));
            thread::sleep(Duration::from_millis(300));
        }
        read.extend(slow.read(much.len() - read.len()));
        assert!(read == much, "{flags:?}: the record is another");
        assert_eq!(client.join().unwrap().unwrap(), 0, "{flags:?}");
        server
    };
    thread::scope(|scope| {
        scope.spawn(|| drive(&["-k", "--discard", "--tee-in"]));
        drive(&["--tee-in"]).finish().expect(0);
    });
}

#[test]
fn a_dump_that_stderr_does_not_take_is_trouble() {
    let (listener, port) = listener();
    let client = sockkit(["tcp", "connect", &port.to_string(), "--dump", "hex"])
        .under(r#"exec "$0" "$@" 2>/dev/full"#)
        .start();
    accept(&listener).write_all(b"lost").unwrap();
    let finished = client.finish().expect(2);
    assert_eq!(finished.stdout, b"lost");
}
