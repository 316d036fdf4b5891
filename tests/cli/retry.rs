//! `--retry`: what is tried again, how often, and what ends it.

use std::io::Write;

use crate::kit::{Names, accept, dead_port, deaf_port, read_end, sockkit};

/// Lines of `-v` that tell of an attempt.
fn attempts(stderr: &str) -> usize {
    let lines = stderr.lines();
    lines.filter(|line| line.starts_with("attempt ")).count()
}

#[test]
fn a_server_that_comes_late_is_met() {
    let (socket, port) = dead_port();
    let port = port.to_string();
    let words = ["tcp", "connect", &port, "-v", "--retry", "forever"];
    let client = sockkit(words)
        .args(["--retry-delay", "20ms"])
        .input("question")
        .start();
    client.stderr_until(|line| line.starts_with("attempt 2 failed, again in "));
    socket.listen(1).unwrap();
    let listener = std::net::TcpListener::from(socket);
    let mut peer = accept(&listener);
    assert_eq!(read_end(&mut peer), b"question");
    peer.write_all(b"answer").unwrap();
    drop(peer);
    assert_eq!(client.finish().expect(0).text(), "answer");
}

#[test]
fn so_many_attempts_and_the_last_error() {
    let (_nobody, port) = dead_port();
    let refused = format!("connect 127.0.0.1:{port}: connection refused (ECONNREFUSED)");
    for (count, made) in [(0, 0), (1, 1), (3, 3)] {
        let (count, port) = (count.to_string(), port.to_string());
        let words = ["tcp", "connect", &port, "-v", "--retry", &count];
        let finished = sockkit(words)
            .args(["--retry-delay", "10ms"])
            .run()
            .expect(1)
            .says(&format!("sockkit: {refused}"));
        assert_eq!(attempts(&finished.stderr), made, "{}", finished.stderr);
        assert_eq!(finished.stderr.matches(&refused).count(), made + 1);
    }
}

#[test]
fn without_v_only_the_last_error_is_said() {
    let (_nobody, port) = dead_port();
    let port = port.to_string();
    let words = [
        "tcp",
        "connect",
        &port,
        "--retry",
        "2",
        "--retry-delay",
        "10ms",
    ];
    let finished = sockkit(words).run().expect(1);
    assert_eq!(finished.stderr.lines().count(), 1, "{}", finished.stderr);
}

#[test]
fn programs_hear_of_each_attempt() {
    let (_nobody, port) = dead_port();
    let port = port.to_string();
    let words = ["tcp", "connect", &port, "--json", "--retry", "2"];
    let finished = sockkit(words)
        .args(["--retry-delay", "20ms"])
        .run()
        .expect(1);
    let events = finished.events();
    let names: Vec<&str> = events
        .iter()
        .filter_map(|event| event["event"].as_str())
        .collect();
    assert_eq!(names, ["retry", "retry", "error"]);
    for (event, (attempt, longest)) in events.iter().zip([(1, 0.02), (2, 0.04)]) {
        assert_eq!(event["attempt"], attempt, "{event}");
        let pause = event["pause_ms"].as_f64().unwrap() / 1000.0;
        assert!(longest / 2.0 <= pause && pause <= longest, "{event}");
        let reason = event["reason"].as_str().unwrap();
        assert!(reason.ends_with("(ECONNREFUSED)"), "{event}");
    }
}

#[test]
fn the_deadline_ends_it_with_the_last_error() {
    let (_nobody, port) = dead_port();
    let port = port.to_string();
    let words = [
        "tcp",
        "connect",
        &port,
        "-v",
        "--retry",
        "forever",
        "--deadline",
        "500ms",
    ];
    let finished = sockkit(words)
        .args(["--retry-delay", "100ms"])
        .run()
        .expect(124)
        .says("connection refused (ECONNREFUSED); ")
        .says("not done within 500ms");
    // Pauses that double: it does not spin.
    assert!(
        (1..=5).contains(&attempts(&finished.stderr)),
        "{}",
        finished.stderr
    );
}

#[test]
fn each_attempt_has_its_own_time() {
    let (_listener, _callers, port) = deaf_port();
    let port = port.to_string();
    let words = ["tcp", "connect", &port, "-v", "-t", "100ms", "--retry", "2"];
    let finished = sockkit(words)
        .args(["--retry-delay", "10ms"])
        .run()
        .expect(124)
        .says("no answer within 100ms");
    assert_eq!(attempts(&finished.stderr), 2, "{}", finished.stderr);
}

#[test]
fn what_stays_as_it_is_is_not_tried_again() {
    let Some(names) = Names::new("machine", "127.0.0.1 localhost\n", None) else {
        return;
    };
    let (_nobody, port) = dead_port();
    let port = port.to_string();
    for (words, status) in [
        (["nosuch.test", "80"].as_slice(), 1),
        (&[&port, "--bind", "192.0.2.1"], 2),
        (&[&port, "--interface", "nosuch0"], 2),
        (&[&port, "-6", "--host", "127.0.0.1"], 2),
    ] {
        let start = sockkit(["tcp", "connect", "-v", "--retry", "forever"]).args(words);
        let finished = names.around(start).run().expect(status);
        assert_eq!(attempts(&finished.stderr), 0, "{}", finished.stderr);
    }
}

#[test]
fn a_name_server_in_trouble_is_asked_again() {
    let Some(names) = Names::new("machine", "", Some("127.0.0.1")) else {
        return;
    };
    // Nobody is at port 53 of this network, or it knows no such name: only the first is worth another attempt.
    let words = ["tcp", "connect", "nosuch.invalid:80", "-v", "--retry", "1"];
    let finished = names
        .around(sockkit(words).args(["--retry-delay", "10ms"]))
        .run()
        .expect(1);
    let is_temporary = finished.stderr.contains("(EAI_AGAIN)");
    assert_eq!(attempts(&finished.stderr), usize::from(is_temporary));
}

#[test]
fn what_makes_no_sense_is_a_usage_error() {
    for words in [
        ["--retry", ""].as_slice(),
        &["--retry", "often"],
        &["--retry", "-1"],
        &["--retry-delay", "1s"],
        &["--retry", "1", "--retry-delay", "0"],
        &["--retry", "1", "--retry-delay", "9ms"],
    ] {
        sockkit(["tcp", "connect", "1"]).args(words).run().expect(2);
    }
    let words = ["tcp", "connect", "fd:0", "--retry", "1"];
    sockkit(words)
        .run()
        .expect(2)
        .says("fd:0 is connected already");
}
