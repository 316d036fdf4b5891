//! Signals in every state that a stream can be in, and peers that are killed in the midst of it.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::kit::{Running, Stdin, accept, listener, sockkit, stream_to};

const SIGNALS: [Signal; 3] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP];

fn ended_by(signal: Signal, running: Running) {
    running.signal(signal);
    running.finish().expect(128 + signal as i32);
}

#[test]
fn a_signal_ends_every_state_of_a_client() {
    // What it has said is what tells that it is there; the peer never answers.
    for (words, stdin, said) in [
        ("--tls --insecure", "", "\u{16}"),
        ("--tls --insecure --retry forever", "", "\u{16}"),
        ("--starttls postgres --insecure", "", "\0"),
        ("--starttls smtp --insecure", "", ""),
        ("--proxy http://PEER", "", "CONNECT "),
        ("--proxy socks5h://PEER", "", "\u{5}"),
        ("--proxy socks5h://PEER --tls", "", "\u{5}"),
        ("--linger 1h", "all", "all"),
        ("--send-only", "all", "all"),
        ("--delay 1h", "one\ntwo\n", "one\n"),
        ("--rate 1", "slowly", "s"),
        ("--dump hex --stats", "x", "x"),
        ("--idle-timeout 1h --deadline 1h", "x", "x"),
    ] {
        for signal in SIGNALS {
            let (listener, port) = listener();
            let at = format!("127.0.0.1:{port}");
            let words = words.replace("PEER", &at);
            let start = sockkit(["tcp", "connect", &at]).args(words.split_whitespace());
            let client = start.input(stdin).start();
            let mut peer = accept(&listener);
            let mut heard = vec![0; said.len()];
            peer.read_exact(&mut heard).unwrap();
            assert_eq!(heard, said.as_bytes(), "{words}");
            ended_by(signal, client);
        }
    }
}

#[test]
fn a_signal_ends_every_state_of_a_listener() {
    // What its client says, and what it hears then.
    for (words, says, hears) in [
        ("--tls", "\u{16}\u{3}\u{1}", ""),
        ("-k --tls", "\u{16}\u{3}\u{1}", ""),
        ("-k --echo --delay 1h", "one\ntwo\n", "one\n"),
        ("-k --reply x", "", "x"),
        ("-k --send-only --preamble x", "", "x"),
        ("-k --stats --preamble x", "", "x"),
        ("--broker", "", ""),
        ("--chat", "", ""),
        ("-k --sh cat", "x", "x"),
        ("--sh cat", "x", "x"),
        ("--pty --sh cat", "x\n", "x\r\n"),
        (
            "-k --sh read${IFS}x;trap${IFS}''${IFS}HUP${IFS}TERM;echo${IFS}y;sleep${IFS}1000",
            "x\n",
            "y\n",
        ),
    ] {
        for signal in SIGNALS {
            let start = sockkit(["tcp", "listen", "0", "-v"]).args(words.split_whitespace());
            let listening = start.piped().start();
            let mut client = stream_to(("127.0.0.1", listening.port()));
            listening.stderr_until(|line| line.contains(" accepted from "));
            client.write_all(says.as_bytes()).unwrap();
            let mut heard = vec![0; hears.len()];
            client.read_exact(&mut heard).unwrap();
            assert_eq!(heard, hears.as_bytes(), "{words}");
            let children = listening.children();
            ended_by(signal, listening);
            for child in children {
                assert!(
                    kill(Pid::from_raw(child), None).is_err(),
                    "{words}: {child} lives on"
                );
            }
        }
    }
}

/// Ends a process as nothing else can, once so much of it has come to pass.
fn killed(running: Running) {
    let pid = Pid::from_raw(i32::try_from(running.pid()).unwrap());
    kill(pid, Signal::SIGKILL).unwrap();
    running.finish().expect(137);
}

#[test]
fn a_peer_that_is_killed_in_the_midst_of_a_transfer_is_a_no() {
    for words in [
        [].as_slice(),
        &["--rate", "1G"],
        &["--dump", "text", "--dump-to", "/dev/null"],
    ] {
        let deaf = sockkit(["tcp", "listen", "0", "-k", "--json"]).start();
        let listening: serde_json::Value = serde_json::from_str(&deaf.line()).unwrap();
        let at = listening["local"].as_str().unwrap().to_owned();
        let zeros = Stdin::File("/dev/zero".into());
        let client = sockkit(["tcp", "connect", &at])
            .args(words)
            .stdin(zeros)
            .start();
        // It has received something, and is never done.
        assert!(deaf.line().contains("accepted"));
        let _ = deaf.line();
        killed(deaf);
        let finished = client.finish().expect(1);
        let is_reset = ["(ECONNRESET)", "(EPIPE)"]
            .iter()
            .any(|why| finished.stderr.contains(why));
        assert!(is_reset, "{}", finished.stderr);
    }
}

#[test]
fn one_that_is_killed_under_tls_has_not_ended() {
    let zeros = || Stdin::File("/dev/zero".into());
    let null = || File::options().write(true).open("/dev/null").unwrap();
    // The one that listens is killed, and then the one that connects.
    for is_client in [false, true] {
        let listening = sockkit(["tcp", "listen", "0", "--tls", "-v"])
            .stdin(zeros())
            .stdout(null())
            .start();
        let at = format!("127.0.0.1:{}", listening.port());
        let words = ["tcp", "connect", &at, "--tls", "--insecure", "-v"];
        let client = sockkit(words).stdin(zeros()).stdout(null()).start();
        client.stderr_until(|line| line.starts_with("TLS"));
        listening.stderr_until(|line| line.starts_with("TLS"));
        let (victim, other) = if is_client {
            (client, listening)
        } else {
            (listening, client)
        };
        killed(victim);
        let finished = other.finish().expect(1);
        assert!(finished.stderr.contains("sockkit: "), "{}", finished.stderr);
    }
}

#[test]
fn many_that_are_killed_leave_the_others_alone() {
    let server = sockkit(["tcp", "listen", "0", "-k", "--echo"]).start();
    let port = server.port();
    let at = format!("127.0.0.1:{port}");
    let mut stays: TcpStream = stream_to(("127.0.0.1", port));
    for _ in 0..10 {
        let client = sockkit(["tcp", "connect", &at]).stdin(Stdin::File("/dev/zero".into()));
        let client = client.start();
        let _ = client.read(1 << 20);
        killed(client);
    }
    stays.write_all(b"still here").unwrap();
    let mut heard = [0; 10];
    stays.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"still here");
    ended_by(Signal::SIGTERM, server);
}
