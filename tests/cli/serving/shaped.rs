//! What shapes a stream shapes each of many: `--preamble`, `--delay`, `--rate`, `--crlf`, `--send-only`, `--linger`,
//! `--on-peer-eof`, `--stats`.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::{client, connect, listen, shell};
use crate::kit::{Running, pattern, read_end, scratch, sockkit};

/// Both are there before stdin speaks.
fn two(listener: &Running) -> [TcpStream; 2] {
    let port = listener.port();
    [(); 2].map(|()| {
        let client = client(port);
        listener.stderr_until(|line| line.contains(" accepted from "));
        client
    })
}

fn end(listener: Running) -> String {
    listener.signal(Signal::SIGTERM);
    listener.finish().expect(143).stderr.clone()
}

/// The next bytes, as many as come at once.
fn some(client: &mut TcpStream) -> Vec<u8> {
    let mut bytes = vec![0; 4096];
    let count = client.read(&mut bytes).unwrap();
    bytes.truncate(count);
    bytes
}

#[test]
fn each_hears_the_preamble_and_line_after_line() {
    let words = "-k -v --crlf --delay 300ms";
    let mut listener = listen(words)
        .args(["--preamble", "hello\\n"])
        .piped()
        .start();
    let start = Instant::now();
    let clients = two(&listener);
    listener.write("one\ntwo\nend");
    listener.end_stdin();
    for mut client in clients {
        // The preamble is a line too, whose end is its own.
        let heard = String::from_utf8(read_end(&mut client)).unwrap();
        assert_eq!(heard, "hello\none\r\ntwo\r\nend");
    }
    assert!(start.elapsed() >= Duration::from_millis(900));
    end(listener);
}

#[test]
fn each_has_a_rate_of_its_own() {
    let folder = scratch();
    let file = folder.path().join("file");
    std::fs::write(&file, pattern(100 << 10)).unwrap();
    let reply = format!("@{}", file.display());
    let words = "-k -v --rate 100k --reply";
    let listener = listen(words).args([reply]).start();
    let start = Instant::now();
    for mut client in two(&listener) {
        assert!(read_end(&mut client) == pattern(100 << 10));
    }
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(900), "{took:?}");
    end(listener);
}

#[test]
fn whoever_is_told_slowly_is_not_slow() {
    // More than a queue holds waits for its time, longer than one that takes nothing is borne with.
    let mut much = b"one\n".to_vec();
    much.extend(vec![b'x'; 3 << 20]);
    let listener = listen("-k -v --delay 2500ms").upload(&much).start();
    let mut client = client(listener.port());
    assert!(read_end(&mut client) == much);
    let said = end(listener);
    assert!(!said.contains("cut off"), "{said}");
}

#[test]
fn one_who_waits_for_its_time_neither_spins_nor_holds_up_the_others() {
    let listener = listen("-k --echo --delay 1h").start();
    let port = listener.port();
    let mut slow = client(port);
    slow.write_all(b"one\ntwo\n").unwrap();
    assert_eq!(some(&mut slow), b"one\n");
    let before = listener.ticks();
    let mut other = client(port);
    other.write_all(b"end").unwrap();
    other.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read_end(&mut other), b"end");
    std::thread::sleep(Duration::from_millis(500));
    assert!(listener.ticks() - before <= 10, "it spins");
    end(listener);
}

#[test]
fn a_preamble_and_line_ends_for_commands_and_services() {
    for (start, heard) in [
        (
            shell("-k --crlf", "echo a; printf 'b\\r\\n'; cat"),
            "hi\r\na\r\nb\r\nq\r\n",
        ),
        (listen("-k --echo"), "hi\r\nq\n"),
        (listen("-k --discard"), "hi\r\n"),
        (listen("-k --crlf").args(["--reply", "a\\n"]), "hi\r\na\r\n"),
        (listen("--echo"), "hi\r\nq\n"),
        (shell("", "cat"), "hi\r\nq\n"),
    ] {
        let listener = start.args(["--preamble", "hi\\r\\n"]).start();
        let client = connect(listener.port()).input("q\n").run().expect(0);
        assert_eq!(client.text(), heard);
        if listener.ends_within(Duration::ZERO) {
            continue;
        }
        listener.signal(Signal::SIGTERM);
    }
}

#[test]
fn records_are_shaped_whole() {
    let path = scratch();
    let socket = path.path().join("socket");
    let words = [
        "unix",
        "listen",
        "--type",
        "seqpacket",
        "-k",
        "--preamble",
        "a\\nb",
    ];
    let listener = sockkit(words)
        .args([&socket])
        .args(["--rate", "1k", "--no-stdin"])
        .start();
    listener.listening();
    let words = ["unix", "connect", "--type", "seqpacket", "--json"];
    let mut client = sockkit(words).args([&socket]).piped().start();
    assert!(client.line().contains("connected"));
    assert!(client.line().contains(r#""data":"a\nb""#));
    client.end_stdin();
    client.finish().expect(0);
    end(listener);
}

#[test]
fn what_many_say_to_one_who_only_sends_is_dropped() {
    let mut listener = listen("-k -v --send-only").piped().start();
    let clients = two(&listener);
    for mut client in &clients {
        client.write_all(b"nobody hears this").unwrap();
    }
    listener.write("news");
    listener.end_stdin();
    for mut client in clients {
        assert_eq!(read_end(&mut client), b"news");
        // It stays, and is left alone all the same.
        listener.stderr_until(|line| line.contains(" closed "));
    }
    listener.signal(Signal::SIGTERM);
    assert_eq!(listener.finish().expect(143).stdout, b"");
}

#[test]
fn whoever_stays_after_the_end_of_stdin_is_cut_off() {
    let folder = scratch();
    for service in [
        vec![],
        vec!["--output-dir", folder.path().to_str().unwrap()],
    ] {
        let mut listener = listen("-k -v --linger 1500ms")
            .args(service)
            .piped()
            .start();
        let [mut stays, mut ends] = two(&listener);
        listener.write("all");
        listener.end_stdin();
        assert_eq!(read_end(&mut ends), b"all");
        drop(ends);
        let mut all = [0; 3];
        stays.read_exact(&mut all).unwrap();
        listener.stderr_until(|line| line.ends_with("no end within 1.5s after the end of stdin"));
        assert_eq!(stays.read(&mut [0]).unwrap_or(0), 0);
        end(listener);
    }
    // The only one is waited for no longer.
    let listener = listen("--linger 200ms --output-dir").args([folder.path()]);
    let listener = listener.input("x").start();
    let _stays = client(listener.port());
    listener.finish().expect(124).says("no end within 200ms");
}

#[test]
fn the_end_of_one_of_many_means_what_was_asked_for() {
    for (policy, said) in [("exit", "one"), ("drain", "onetwo")] {
        let words = format!("-k -v --on-peer-eof {policy}");
        let mut listener = listen(&words).piped().start();
        let mut client = client(listener.port());
        listener.stderr_until(|line| line.contains(" accepted from "));
        listener.write("one");
        let mut one = [0; 3];
        client.read_exact(&mut one).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        if policy == "exit" {
            assert_eq!(read_end(&mut client), b"");
        }
        listener.write("two");
        listener.end_stdin();
        let rest = read_end(&mut client);
        assert_eq!([one.to_vec(), rest].concat(), said.as_bytes(), "{policy}");
        end(listener);
    }
}

#[test]
fn each_has_its_account() {
    let listener = listen("-k -v --echo --stats").start();
    let mut clients = two(&listener);
    for (client, word) in clients.iter_mut().zip(["a", "bcd"]) {
        client.write_all(word.as_bytes()).unwrap();
        client.read_exact(&mut vec![0; word.len()]).unwrap();
    }
    listener.signal(Signal::SIGUSR1);
    listener.stderr_until(|line| line.starts_with("1 ") && line.contains(": sent 1 B ("));
    listener.stderr_until(|line| line.starts_with("2 ") && line.contains(": sent 3 B ("));
    let [first, second] = clients;
    drop(first);
    listener.stderr_until(|line| line.starts_with("1 ") && line.contains("received 1 B ("));
    // The one that stays has its account when we end.
    let said = end(listener);
    assert!(
        said.contains("2 ") && said.contains("received 3 B ("),
        "{said}"
    );
    drop(second);
}

#[test]
fn local_ones_are_counted_too() {
    let folder = scratch();
    let socket = folder.path().join("socket");
    let words = ["unix", "listen", "-k", "--stats", "--json", "--discard"];
    let listener = sockkit(words).args([&socket]).start();
    assert!(listener.line().contains("listening"));
    let mut client = UnixStream::connect(&socket).unwrap();
    client.write_all(b"12345").unwrap();
    drop(client);
    assert!(listener.line().contains("accepted"));
    let stats: serde_json::Value = serde_json::from_str(&listener.line()).unwrap();
    assert_eq!(
        (&stats["event"], &stats["received"]),
        (&"stats".into(), &5.into())
    );
    assert!(stats.get("rtt_ms").is_none());
    listener.signal(Signal::SIGTERM);
    listener.finish().expect(143);
}
