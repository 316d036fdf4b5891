//! `unix listen --type dgram` with many peers, some of whom do not read what they are told.

use std::fs;
use std::io::IoSlice;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;
use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
use tempfile::TempDir;

use crate::kit::{Record, Running, Start, patient, scratch, sockkit};

/// How many more than its queue holds a peer is told: more than is kept for it.
const MORE: usize = 200;

fn start(path: &Path, words: &[&str]) -> Start {
    sockkit(["unix", "listen"])
        .args([path])
        .args(["--type", "dgram"])
        .args(words)
}

/// A listener that listens, and where.
fn listen(words: &[&str]) -> (TempDir, PathBuf, Running) {
    listen_as(words, |start| start)
}

fn listen_as(words: &[&str], prepare: impl FnOnce(Start) -> Start) -> (TempDir, PathBuf, Running) {
    let folder = scratch();
    let path = folder.path().join("s");
    let listener = prepare(start(&path, words)).start();
    listener.listening();
    (folder, path, listener)
}

fn named(folder: &TempDir, name: &str) -> UnixDatagram {
    patient(UnixDatagram::bind(folder.path().join(name)).unwrap())
}

/// How many datagrams wait in a queue, and one.
fn queue() -> usize {
    let length = fs::read_to_string("/proc/sys/net/unix/max_dgram_qlen").unwrap();
    length.trim().parse::<usize>().unwrap() + 1
}

#[test]
fn a_peer_that_does_not_read_stops_nobody() {
    for words in [["--echo"].as_slice(), &["--reply", "x"], &["--sh", "cat"]] {
        let (folder, path, listener) = listen(words);
        let stuck = named(&folder, "stuck");
        for _ in 0..queue() + MORE {
            stuck.send_to(b"x", &path).unwrap();
        }
        let good = named(&folder, "good");
        for _ in 0..3 {
            good.send_to(b"x", &path).unwrap();
            assert_eq!(good.record(), b"x", "{words:?}");
        }
        // What was kept for it comes once it reads.
        assert_eq!(stuck.record().first(), Some(&b'x'), "{words:?}");
        listener.signal(Signal::SIGTERM);
        let finished = listener.finish().expect(143);
        if words != ["--sh", "cat"] {
            let named = finished.stderr.matches("takes less than it is sent");
            assert_eq!(named.count(), 1, "{}", finished.stderr);
            finished.says("datagrams left out, ");
        }
    }
}

#[test]
fn nor_does_one_that_was_told_much() {
    let words = ["--echo", "--explain"];
    let (folder, path, listener) = listen(&words);
    let stuck = named(&folder, "stuck");
    // It is charged to the listener, whose send buffer has to have room for others.
    for _ in 0..queue() {
        stuck.send_to(&[b'x'; 30_000], &path).unwrap();
    }
    let good = named(&folder, "good");
    good.send_to(b"x", &path).unwrap();
    if listener
        .stderr_so_far()
        .contains("SO_SNDBUFFORCE, 16777216) = 0")
    {
        assert_eq!(good.record(), b"x");
    } else {
        listener.stderr_until(|line| line.contains("SO_SNDBUF, 16777216) = 0"));
    }
}

#[test]
fn those_who_do_not_read_take_no_more_than_the_send_buffer() {
    take_no_more(|start| start);
    // Nor more descriptors than there are.
    take_no_more(|start| start.under(r#"ulimit -n 24; exec "$0" "$@""#));
}

fn take_no_more(prepare: impl FnOnce(Start) -> Start) {
    // Few fill what a user may have.
    let words = ["--echo", "-o", "SO_SNDBUF=100000"];
    let (folder, path, listener) = listen_as(&words, prepare);
    let bytes = [b'x'; 60_000];
    let stuck: Vec<UnixDatagram> = (0..20)
        .map(|number| named(&folder, &number.to_string()))
        .collect();
    let ask_all = || {
        for peer in &stuck {
            peer.send_to(&bytes, &path).unwrap();
        }
    };
    ask_all();
    ask_all();
    let good = named(&folder, "good");
    for _ in 0..3 {
        ask_all();
        good.send_to(&bytes, &path).unwrap();
        assert_eq!(good.record(), bytes);
    }
    let stderr = listener.stderr_so_far();
    assert_eq!(
        stderr.matches("the send buffer is full").count(),
        1,
        "{stderr}"
    );
    // Those who read at last are told all of it, and by whom.
    for peer in &stuck {
        (0..5).for_each(|_| assert_eq!(peer.record(), bytes));
    }
    good.send_to(b"again", &path).unwrap();
    let mut buffer = [0; 8];
    let (count, from) = good.recv_from(&mut buffer).unwrap();
    assert_eq!((count, from.as_pathname()), (5, Some(path.as_path())));
}

#[test]
fn what_a_peer_has_no_room_for_reaches_it_in_order() {
    let (folder, path, _listener) = listen(&["--echo"]);
    let peer = named(&folder, "peer");
    let count = queue() + 40;
    for number in 0..count {
        peer.send_to(number.to_string().as_bytes(), &path).unwrap();
    }
    for number in 0..count {
        assert_eq!(peer.record(), number.to_string().as_bytes());
    }
}

#[test]
fn what_stdin_says_waits_for_the_one_it_is_for() {
    let (folder, path, listener) = listen_as(&["--lines"], Start::piped);
    let stuck = named(&folder, "stuck");
    stuck.send_to(b"here\n", &path).unwrap();
    assert_eq!(listener.line(), "here");
    let count = queue() + MORE;
    listener.write("for the first\n".repeat(count));
    // Before the second speaks all of that has its receiver.
    for _ in 0..queue() {
        assert_eq!(stuck.record(), b"for the first");
    }
    let good = named(&folder, "good");
    good.send_to(b"here too\n", &path).unwrap();
    assert_eq!(listener.line(), "here too");
    listener.write("for the second\n");
    let mut to_good = 0;
    while good.record() != b"for the second" {
        to_good += 1;
    }
    for _ in to_good + queue()..count {
        assert_eq!(stuck.record(), b"for the first");
    }
}

#[test]
fn an_end_does_not_wait_for_a_peer_that_does_not_read() {
    let count = (queue() + 20).to_string();
    let (folder, path, listener) = listen(&["--echo", "--count", &count]);
    let stuck = named(&folder, "stuck");
    for _ in 0..queue() + 20 {
        stuck.send_to(b"x", &path).unwrap();
    }
    listener.finish().expect(0).says("some of it is left out");
}

#[test]
fn stdin_may_speak_to_all() {
    let (folder, path, listener) = listen_as(&["--lines", "--to", "all"], Start::piped);
    let peers = ["one", "two", "three"].map(|name| named(&folder, name));
    for peer in &peers {
        peer.send_to(b"here\n", &path).unwrap();
        assert_eq!(listener.line(), "here");
    }
    listener.write("to all\n");
    for peer in &peers {
        assert_eq!(peer.record(), b"to all");
    }
}

#[test]
fn a_silent_peer_expires() {
    let words = ["--expire", "200ms", "-v", "--sh", "cat; echo over"];
    let (folder, path, listener) = listen(&words);
    let peer = named(&folder, "peer");
    peer.send_to(b"hello", &path).unwrap();
    assert_eq!(peer.record(), b"hello");
    assert_eq!(peer.record(), b"over\n");
    listener.stderr_until(|line| line.starts_with("1 ") && line.contains("status 0"));
}

#[test]
fn what_is_for_datagrams_is_for_nothing_else() {
    let folder = scratch();
    let path = folder.path().join("s");
    let stream = |words: &[&str]| sockkit(["unix", "listen"]).args([&path]).args(words).run();
    for words in [["--to", "all"], ["--expire", "1s"]] {
        stream(&words)
            .expect(2)
            .says("--to and --expire are for datagrams");
    }
    start(&path, &["--to", "all", "--echo"]).run().expect(2);
    assert!(!path.exists());
}

#[test]
fn a_client_is_not_told_of_a_flag_that_it_lacks() {
    let (folder, path, _listener) = listen(&["--echo"]);
    let own = folder.path().join("own");
    drop(UnixDatagram::bind(&own).unwrap());
    sockkit(["unix", "connect", "--type", "dgram"])
        .args([&path])
        .args(["--bind".as_ref(), own.as_os_str()])
        .run()
        .expect(2)
        .says("a listener takes the place of a dead socket with --replace");
}

#[test]
fn descriptors_that_come_along_are_not_kept() {
    for words in [["--echo"].as_slice(), &["--echo", "--show-cred"]] {
        let (folder, path, listener) = listen(words);
        let open = || {
            fs::read_dir(format!("/proc/{}/fd", listener.pid()))
                .unwrap()
                .count()
        };
        let sender = named(&folder, "me");
        sender.connect(&path).unwrap();
        sender.send(b"x\n").unwrap();
        assert_eq!(sender.record(), b"x\n");
        let before = open();
        let (numbers, part) = ([0; 60], [IoSlice::new(b"x\n")]);
        let control = [ControlMessage::ScmRights(&numbers)];
        for _ in 0..50 {
            sendmsg::<()>(sender.as_raw_fd(), &part, &control, MsgFlags::empty(), None).unwrap();
            assert_eq!(sender.record(), b"x\n");
        }
        assert_eq!(open(), before, "{words:?}");
        listener.signal(Signal::SIGTERM);
        listener.finish().expect(143);
    }
}

#[test]
fn one_that_connects_is_told_when_answers_came() {
    let (folder, path, _listener) = listen(&["--reply", "x"]);
    let own = folder.path().join("me");
    let words = [
        "unix", "connect", "--type", "dgram", "--format", "json", "--count", "1",
    ];
    let client = sockkit(words).args(["--bind".as_ref(), own.as_os_str(), path.as_os_str()]);
    let events = client.input("hello").run().expect(0).events();
    assert!(
        events[0]["time"].is_string() && events[0]["data"] == "x",
        "{events:?}"
    );
}
