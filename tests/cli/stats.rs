//! How much moved and how fast: `--stats` at the end and on SIGUSR1, and progress on a terminal.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixListener;

use nix::sys::signal::Signal;

use crate::kit::{
    Start, Stdin, Terminal, accept, listener, pattern, read_end, scratch, sockkit, stream_to,
};

fn connect(port: u16, words: &[&str]) -> Start {
    sockkit(["tcp", "connect", &port.to_string()]).args(words)
}

#[test]
fn the_end_has_an_account() {
    let (listener, port) = listener();
    let client = connect(port, &["--stats"]).input(pattern(2 << 20)).start();
    let mut peer = accept(&listener);
    read_end(&mut peer);
    peer.write_all(b"answer").unwrap();
    drop(peer);
    let finished = client.finish().expect(0);
    let head = format!("1 127.0.0.1:{port}: sent 2.0 MiB (");
    assert!(finished.stderr.starts_with(&head), "{}", finished.stderr);
    for part in [
        "), received 6 B (",
        " s, rtt ",
        " ms, ",
        " segments sent again\n",
    ] {
        assert!(
            finished.stderr.contains(part),
            "{part}: {}",
            finished.stderr
        );
    }
    assert_eq!(finished.stderr.lines().count(), 1);
}

#[test]
fn programs_get_an_object() {
    let (listener, port) = listener();
    let client = connect(port, &["--stats", "--json"])
        .input("question")
        .start();
    let mut peer = accept(&listener);
    read_end(&mut peer);
    drop(peer);
    let finished = client.finish().expect(0);
    let events = finished.events();
    let stats = events
        .iter()
        .find(|event| event["event"] == "stats")
        .unwrap();
    assert_eq!(
        (&stats["conn"], &stats["sent"], &stats["received"]),
        (&1.into(), &8.into(), &0.into())
    );
    assert!(stats["duration_ms"].as_f64().unwrap() > 0.0);
    assert!(stats["rtt_ms"].as_f64().is_some() && stats["retransmits"].as_u64().is_some());
    assert_eq!(finished.stderr, "");
}

#[test]
fn a_local_socket_has_no_way() {
    let folder = scratch();
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let client = sockkit(["unix", "connect", "--stats"])
        .args([&path])
        .input("x")
        .start();
    drop(listener.accept().unwrap());
    let finished = client.finish();
    assert!(
        finished.stderr.contains("received 0 B (0 B/s) in "),
        "{}",
        finished.stderr
    );
    assert!(!finished.stderr.contains("rtt"), "{}", finished.stderr);
}

#[test]
fn an_account_is_given_in_the_middle() {
    for flags in [["--stats"].as_slice(), &["--stats", "--explain"]] {
        let (listener, port) = listener();
        let mut client = connect(port, flags).piped().start();
        let mut peer = accept(&listener);
        client.write("half");
        let mut half = [0; 4];
        peer.read_exact(&mut half).unwrap();
        peer.write_all(b"heard").unwrap();
        assert_eq!(client.read(5), b"heard");
        client.signal(Signal::SIGUSR1);
        client
            .stderr_until(|line| line.contains(": sent 4 B (") && line.contains("received 5 B ("));
        client.signal(Signal::SIGUSR1);
        client.stderr_until(|line| line.contains(": sent 4 B ("));
        client.write("rest");
        client.end_stdin();
        assert_eq!(read_end(&mut peer), b"rest");
        drop(peer);
        let finished = client.finish().expect(0);
        assert!(
            finished.stderr.contains(": sent 8 B ("),
            "{}",
            finished.stderr
        );
    }
}

#[test]
fn a_listener_that_waits_is_not_ended_by_the_question() {
    let listener = sockkit(["tcp", "listen", "0", "--stats"]).start();
    let port = listener.port();
    listener.signal(Signal::SIGUSR1);
    let mut client = stream_to(("127.0.0.1", port));
    client.write_all(b"all the same").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read_end(&mut client), b"");
    let finished = listener.finish().expect(0);
    assert!(
        finished.stderr.contains("received 12 B ("),
        "{}",
        finished.stderr
    );
}

#[test]
fn nobody_who_did_not_ask_outlives_the_signal() {
    let (listener, port) = listener();
    let mut client = connect(port, &[]).piped().start();
    let mut peer = accept(&listener);
    peer.write_all(b"x").unwrap();
    client.read(1);
    assert!(client.is_running());
    client.signal(Signal::SIGUSR1);
    client.finish().expect(128 + 10);
}

#[test]
fn an_account_is_given_of_what_fails_too() {
    let (listener, port) = listener();
    let client = connect(port, &["--stats"]).piped().start();
    let peer = accept(&listener);
    crate::kit::reset(peer);
    let finished = client.finish().expect(1);
    let lines: Vec<&str> = finished.stderr.lines().collect();
    assert!(lines[0].contains(": sent 0 B (") && lines[1].contains("(ECONNRESET)"));
}

/// stdin is a file and stderr a terminal, which was handed over as stdin.
const WATCHED: &str = r#"exec "$0" "$@" 2>&0 < file"#;

/// All that a terminal was written.
fn screen(mut person: File) -> String {
    let mut shown = Vec::new();
    // The end of a terminal is an error (EIO).
    let _ = person.read_to_end(&mut shown);
    String::from_utf8(shown).unwrap()
}

#[test]
fn a_person_sees_how_a_long_transfer_gets_on() {
    let folder = scratch();
    fs::write(folder.path().join("file"), pattern(60)).unwrap();
    for (flags, is_shown) in [
        (["--rate", "20"].as_slice(), true),
        (&["--rate", "20", "-q"], false),
    ] {
        let terminal = Terminal::new();
        let (listener, port) = listener();
        let client = connect(port, flags)
            .stdin(Stdin::Open(terminal.program))
            .under(WATCHED)
            .directory(folder.path())
            .start();
        let mut peer = accept(&listener);
        assert!(read_end(&mut peer) == pattern(60));
        drop(peer);
        client.finish().expect(0);
        let screen = screen(terminal.person);
        let says = |what: &str| screen.contains(what);
        if is_shown {
            assert!(
                says("\r\x1b[Ksent 4") && says(" B of 60 B, ") && says(" left"),
                "{screen}"
            );
            assert!(screen.ends_with("\r\x1b[K"), "it is wiped away: {screen}");
        } else {
            assert_eq!(screen, "");
        }
    }
}

#[test]
fn an_answer_on_the_same_terminal_wipes_progress_away() {
    let folder = scratch();
    fs::write(folder.path().join("file"), pattern(60)).unwrap();
    let terminal = Terminal::new();
    let (listener, port) = listener();
    let client = connect(port, &["--rate", "20"])
        .stdin(Stdin::Open(terminal.program))
        .under(r#"exec "$0" "$@" >&0 2>&0 < file"#)
        .directory(folder.path())
        .start();
    let mut peer = accept(&listener);
    assert!(read_end(&mut peer) == pattern(60));
    peer.write_all(b"answer").unwrap();
    drop(peer);
    client.finish().expect(0);
    let screen = screen(terminal.person);
    assert!(screen.contains("\r\x1b[Ksent 4"), "{screen}");
    assert!(screen.ends_with("\r\x1b[Kanswer"), "{screen}");
}

#[test]
fn a_short_transfer_shows_nothing() {
    let folder = scratch();
    fs::write(folder.path().join("file"), "short").unwrap();
    let terminal = Terminal::new();
    let (listener, port) = listener();
    let client = connect(port, &[])
        .stdin(Stdin::Open(terminal.program))
        .under(WATCHED)
        .directory(folder.path())
        .start();
    let mut peer = accept(&listener);
    assert_eq!(read_end(&mut peer), b"short");
    drop(peer);
    client.finish().expect(0);
    assert_eq!(screen(terminal.person), "");
}
