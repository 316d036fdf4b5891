//! A name with several addresses: connect races them (RFC 8305), listen binds them all.

use std::io::Write;
use std::net::TcpListener;
use std::time::Instant;

use crate::kit::{Names, accept, dead_port, deaf_port, sockkit};

const HOSTS: &str = "\
127.0.0.1 deaf.test
127.0.0.2 deaf.test
127.0.0.1 dual.test
::1       dual.test
";

fn machine() -> Option<Names> {
    Names::new("machine", HOSTS, None)
}

#[test]
fn the_address_that_answers_wins() {
    let Some(names) = machine() else { return };
    let (_v4_alone, port) = dead_port();
    let listener = TcpListener::bind(("::1", port)).unwrap();
    let target = format!("dual.test:{port}");
    let client = names.around(sockkit(["tcp", "connect", &target])).start();
    let mut peer = accept(&listener);
    peer.write_all(b"here").unwrap();
    drop(peer);
    assert_eq!(client.finish().expect(0).text(), "here");
}

#[test]
fn an_address_that_never_answers_costs_a_quarter_of_a_second() {
    let Some(names) = machine() else { return };
    let (_listener, _callers, port) = deaf_port();
    let alive = TcpListener::bind(("127.0.0.2", port)).unwrap();
    let start = Instant::now();
    let target = format!("deaf.test:{port}");
    let words = ["tcp", "connect", &target, "--explain"];
    let client = names.around(sockkit(words)).start();
    drop(accept(&alive));
    let finished = client.finish().expect(0);
    // The kernel alone would have tried the first address for two minutes.
    assert!(start.elapsed().as_secs() < 8);
    let tried: Vec<&str> = finished
        .stderr
        .lines()
        .filter(|line| line.starts_with("connect("))
        .collect();
    assert_eq!(tried.len(), 2, "{}", finished.stderr);
    let waited = |line: &str| {
        let (_, rest) = line.split_once("events=POLLOUT}], 1, ")?;
        let (limit, result) = rest.split_once(") = ")?;
        Some((limit.parse::<u32>().ok()?, result.to_owned()))
    };
    let waits: Vec<(u32, String)> = finished.stderr.lines().filter_map(waited).collect();
    // A busy machine may have used up a part of it before the wait.
    assert!(
        matches!(waits.first(), Some((200..=250, result)) if result.starts_with('0')),
        "{}",
        finished.stderr
    );
}

#[test]
fn every_address_that_failed_is_named() {
    let Some(names) = machine() else { return };
    let (_nobody, port) = dead_port();
    let target = format!("dual.test:{port}");
    let finished = names
        .around(sockkit(["tcp", "connect", &target]))
        .run()
        .expect(1);
    for part in [
        format!("sockkit: connect {target}: every address failed"),
        format!("connect [::1]:{port}: connection refused (ECONNREFUSED)"),
        format!("connect 127.0.0.1:{port}: connection refused (ECONNREFUSED)"),
    ] {
        assert!(
            finished.stderr.contains(&part),
            "{part}: {}",
            finished.stderr
        );
    }
    assert_eq!(finished.stderr.lines().count(), 1, "{}", finished.stderr);
}

#[test]
fn a_limit_names_what_failed_before_it() {
    let Some(names) = machine() else { return };
    let (_listener, _callers, port) = deaf_port();
    let target = format!("deaf.test:{port}");
    let words = ["tcp", "connect", &target, "-t", "600ms"];
    let finished = names.around(sockkit(words)).run().expect(124);
    finished
        .says(&format!("connect {target}: no answer within 600ms"))
        .says(&format!(
            "connect 127.0.0.2:{port}: connection refused (ECONNREFUSED)"
        ));
}

#[test]
fn a_listener_is_bound_to_every_address_with_one_port() {
    let Some(names) = machine() else { return };
    let words = ["tcp", "listen", "dual.test:0", "-k"];
    let listener = names.around(sockkit(words)).start();
    let port = listener.port();
    for host in ["127.0.0.1", "::1"] {
        let mut client = std::net::TcpStream::connect((host, port)).unwrap();
        writeln!(client, "{host}").unwrap();
        assert_eq!(listener.line(), host);
    }
}
