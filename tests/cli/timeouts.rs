//! Time limits: each fires alone, with status 124.

use std::io::Write;
use std::net::UdpSocket;
use std::thread;
use std::time::{Duration, Instant};

use crate::kit::{accept, deaf_port, listener, read_end, sockkit, stream_to};

#[test]
fn a_connect_that_nobody_answers_ends() {
    let (_listener, _callers, port) = deaf_port();
    let address = format!("127.0.0.1:{port}");
    for limit in ["300ms", "0.3", "300ms"] {
        let start = Instant::now();
        let finished = sockkit(["tcp", "connect", &address, "-t", limit])
            .run()
            .expect(124);
        assert!(start.elapsed() >= Duration::from_millis(300));
        assert!(
            finished.stderr.starts_with("sockkit: connect 127.0.0.1:"),
            "{}",
            finished.stderr
        );
        assert_eq!(finished.stderr.lines().count(), 1, "{}", finished.stderr);
    }
}

#[test]
fn the_timeout_for_connecting_is_none_for_the_connection() {
    let (listener, port) = listener();
    let address = format!("127.0.0.1:{port}");
    let client = sockkit(["tcp", "connect", &address, "-t", "200ms"]).start();
    let mut peer = accept(&listener);
    assert_eq!(read_end(&mut peer), b"");
    assert!(
        !client.ends_within(Duration::from_millis(500)),
        "it waits for the answer"
    );
    peer.write_all(b"slow").unwrap();
    drop(peer);
    assert_eq!(client.finish().expect(0).text(), "slow");
}

#[test]
fn linger_bounds_the_wait_after_stdins_end() {
    let (listener, port) = listener();
    let address = format!("127.0.0.1:{port}");
    let client = sockkit(["tcp", "connect", &address, "--linger", "300ms"])
        .input("question")
        .start();
    let mut peer = accept(&listener);
    assert_eq!(read_end(&mut peer), b"question");
    peer.write_all(b"part of the answer").unwrap();
    let finished = client.finish().expect(124);
    assert_eq!(finished.text(), "part of the answer");
    assert_eq!(finished.stderr.lines().count(), 1, "{}", finished.stderr);
}

#[test]
fn linger_does_not_run_while_stdin_is_open() {
    let (listener, port) = listener();
    let address = format!("127.0.0.1:{port}");
    let mut client = sockkit(["tcp", "connect", &address, "--linger", "100ms"])
        .piped()
        .start();
    let peer = accept(&listener);
    assert!(
        !client.ends_within(Duration::from_millis(400)),
        "stdin is open"
    );
    client.end_stdin();
    client.finish().expect(124);
    drop(peer);
}

#[test]
fn an_idle_connection_ends() {
    let (listener, port) = listener();
    let address = format!("127.0.0.1:{port}");
    let client = sockkit(["tcp", "connect", &address, "--idle-timeout", "300ms"])
        .piped()
        .start();
    let _peer = accept(&listener);
    client.finish().expect(124);

    let listener = sockkit(["tcp", "listen", "0", "--idle-timeout", "300ms"]).start();
    let mut client = stream_to(("127.0.0.1", listener.port()));
    client.write_all(b"then nothing").unwrap();
    assert_eq!(listener.finish().expect(124).text(), "then nothing");
}

#[test]
fn a_sender_does_not_wait_for_a_silent_stdin_for_ever() {
    let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = receiver.local_addr().unwrap().port().to_string();
    for limit in ["--deadline", "--idle-timeout"] {
        let sender = sockkit(["udp", "send", &port, limit, "300ms"])
            .piped()
            .start();
        sender.write("spoken");
        let mut datagram = [0; 16];
        assert_eq!(receiver.recv(&mut datagram).unwrap(), 6);
        sender.finish().expect(124).says("sockkit: read stdin: ");
    }
}

#[test]
fn traffic_in_either_direction_is_not_idle() {
    let (listener, port) = listener();
    let address = format!("127.0.0.1:{port}");
    let client = sockkit(["tcp", "connect", &address, "--idle-timeout", "1s"])
        .piped()
        .start();
    let mut peer = accept(&listener);
    // A trickle, longer in all than the limit and each pause well below it.
    for _ in 0..4 {
        thread::sleep(Duration::from_millis(200));
        peer.write_all(b"x").unwrap();
        thread::sleep(Duration::from_millis(200));
        client.write("y");
    }
    drop(peer);
    let finished = client.finish();
    assert_ne!(finished.status, 124, "{}", finished.stderr);
    assert_eq!(finished.text(), "xxxx");
}

#[test]
fn a_trickle_puts_off_no_limit_but_that_of_idleness() {
    let hello = b"\x16\x03\x01\x40\x00";
    // Who listens, who trickles into it, and which limit fires all the same.
    for (words, fired) in [
        (
            "connect PEER --deadline 1s --idle-timeout 5s",
            "connection with 127.0.0.1:PORT: not done within 1s",
        ),
        (
            "connect PEER --linger 1s --idle-timeout 5s",
            "no end within 1s after the end of stdin",
        ),
        (
            "connect PEER --tls --insecure -t 1s --idle-timeout 5s",
            "no answer within 1s",
        ),
        ("listen 0 --deadline 1s", "not done within 1s"),
        ("listen 0 -k --deadline 1s --echo", "not done within 1s"),
        ("listen 0 --tls -t 1s", "no answer within 1s"),
        (
            "listen 0 --sh cat>/dev/null;sleep${IFS}1000 --linger 1s",
            "",
        ),
    ] {
        let (server, port) = listener();
        let words = words.replace("PEER", &format!("127.0.0.1:{port}"));
        let fired = fired.replace("PORT", &port.to_string());
        let start = sockkit(["tcp"]).args(words.split_whitespace());
        let is_client = words.starts_with("connect");
        let running = match is_client {
            true => start.input("x").start(),
            false => start.piped().start(),
        };
        let mut peer = match is_client {
            true => accept(&server),
            false => stream_to(("127.0.0.1", running.port())),
        };
        if fired.is_empty() {
            // Its client has said all, and is only waited for.
            peer.shutdown(std::net::Shutdown::Write).unwrap();
            running.finish().expect(124).says("no end within 1s");
            continue;
        }
        // A byte now and then, as of a record that is never whole, until it has had enough.
        for byte in hello.iter().chain(std::iter::repeat_n(&0, 90)) {
            if running.ends_within(Duration::from_millis(100)) {
                break;
            }
            let _ = peer.write_all(&[*byte]);
        }
        running.finish().expect(124).says(&fired);
    }
}

#[test]
fn the_deadline_of_a_listener_that_has_closed_names_its_client() {
    let words = ["tcp", "listen", "0", "--deadline", "1s", "--sh"];
    let listener = sockkit(words).args(["echo here; sleep 30"]).start();
    let mut client = stream_to(("127.0.0.1", listener.port()));
    std::io::Read::read_exact(&mut client, &mut [0; 5]).unwrap();
    let with = client.local_addr().unwrap();
    let said = format!("sockkit: connection with {with}: not done within 1s\n");
    listener.finish().expect(124).says(&said);
}

#[test]
fn the_deadline_is_for_the_whole_run() {
    let (listener, port) = listener();
    let address = format!("127.0.0.1:{port}");
    let client = sockkit(["tcp", "connect", &address, "--deadline", "300ms"])
        .piped()
        .start();
    let _peer = accept(&listener);
    client.finish().expect(124);

    let start = Instant::now();
    let words = ["tcp", "listen", "0", "--deadline", "300ms"];
    sockkit(words).run().expect(124);
    let words = ["udp", "listen", "0", "--deadline", "300ms"];
    sockkit(words).run().expect(124);
    assert!(start.elapsed() >= Duration::from_millis(600));
}

#[test]
fn what_is_no_duration_is_a_usage_error() {
    for word in ["", "-1", "2x", "nan", "inf", "1e300", "s", "5 parsecs"] {
        let flag = format!("--timeout={word}");
        let finished = sockkit(["tcp", "connect", "127.0.0.1:1", &flag]).run();
        assert_eq!(finished.status, 2, "{word}");
    }
}

#[test]
fn a_listener_that_nobody_calls_ends() {
    for words in ["tcp listen 0 -t 200ms", "tcp listen -k 0 -t 200ms"] {
        sockkit(words.split(' ')).run().expect(124);
    }
}

#[test]
fn a_limit_fires_while_stdout_is_stuck() {
    let (listener, port) = listener();
    for flags in [[].as_slice(), &["--json"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        let words = ["tcp", "connect", &port.to_string(), "--deadline", "1s"];
        let client = sockkit(words).args(flags).stdout(writer).piped().start();
        let peer = accept(&listener);
        fill(peer);
        client.finish().expect(124);
        drop(reader);
    }
}

/// Send until nobody takes more.
fn fill(mut peer: std::net::TcpStream) {
    let pause = Duration::from_millis(200);
    peer.set_write_timeout(Some(pause)).unwrap();
    while peer.write_all(&[b'x'; 1 << 16]).is_ok() {}
}

#[test]
fn a_listener_that_is_late_names_the_real_port() {
    for proto in ["tcp", "udp"] {
        let late = sockkit([proto, "listen", "0", "-t", "200ms"])
            .run()
            .expect(124);
        let ready = format!("listening on {proto} ");
        let address = late
            .stderr
            .lines()
            .next()
            .unwrap()
            .strip_prefix(&ready)
            .unwrap();
        let said = format!("sockkit: listen on {address}: nobody came within 200ms");
        assert!(late.stderr.contains(&said), "{}", late.stderr);
    }
}

#[test]
fn a_listener_of_many_that_nobody_calls_ends() {
    sockkit(["tcp", "listen", "-k", "0", "-t", "200ms"])
        .run()
        .expect(124)
        .says("sockkit: listen on 127.0.0.1:");
}
