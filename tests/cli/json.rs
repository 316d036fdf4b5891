//! `--json`: one object a line on stdout, the same envelope everywhere.

use std::io::{Read, Write};
use std::net::Shutdown;

use serde_json::Value;

use crate::kit::{accept, dead_port, linger_zero, listener, read_end, sockkit, stream_to};

/// Whether it is `2026-01-31T23:59:59.123456Z`: RFC 3339, UTC, microseconds.
fn is_timestamp(text: &str) -> bool {
    let shape: String = text
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    shape == "0000-00-00T00:00:00.000000Z"
}

fn check(events: &[Value]) {
    for event in events {
        assert!(event["event"].is_string(), "{event}");
        let ts = event["ts"]
            .as_str()
            .unwrap_or_else(|| panic!("no ts: {event}"));
        assert!(is_timestamp(ts), "{event}");
    }
    let times: Vec<&str> = events
        .iter()
        .filter_map(|event| event["ts"].as_str())
        .collect();
    assert!(times.is_sorted(), "{times:?}");
}

fn names(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .filter_map(|event| event["event"].as_str())
        .collect()
}

/// All payload of the events, in order.
fn payload(events: &[Value]) -> Vec<u8> {
    let bytes = |event: &Value| match (event["data"].as_str(), event["hex"].as_str()) {
        (Some(text), None) => text.as_bytes().to_vec(),
        (None, Some(digits)) => hex::decode(digits).unwrap(),
        _ => Vec::new(),
    };
    events.iter().flat_map(bytes).collect()
}

#[test]
fn a_clients_life_is_told() {
    let (listener, port) = listener();
    let client = sockkit(["tcp", "connect", "--json", &port.to_string()])
        .input("question")
        .start();
    let mut peer = accept(&listener);
    let local = peer.peer_addr().unwrap().to_string();
    assert_eq!(read_end(&mut peer), b"question");
    peer.write_all("antwört\n".as_bytes()).unwrap();
    drop(peer);
    let events = client.finish().expect(0).events();
    check(&events);
    assert_eq!(names(&events), ["connected", "received", "closed"]);
    assert_eq!(events[0]["proto"], "tcp");
    assert_eq!(events[0]["peer"], format!("127.0.0.1:{port}"));
    assert_eq!(events[0]["local"], local);
    assert_eq!(events[1]["data"], "antwört\n");
    assert_eq!(events[2]["received"], 9);
    assert_eq!(events[2]["sent"], 8);
}

#[test]
fn a_listeners_life_is_told() {
    let listening = sockkit(["--json", "tcp", "listen", "0"]).start();
    let ready: Value = serde_json::from_str(&listening.line()).unwrap();
    assert_eq!(ready["event"], "listening");
    assert_eq!(ready["proto"], "tcp");
    let address = ready["local"].as_str().unwrap();
    let mut client = stream_to(address);
    client.write_all(b"\x00\xff").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read_end(&mut client), b"");
    let finished = listening.finish().expect(0);
    let events = finished.events();
    check(&events);
    assert_eq!(
        names(&events),
        ["listening", "accepted", "received", "closed"]
    );
    assert_eq!(events[1]["peer"], client.local_addr().unwrap().to_string());
    assert_eq!(payload(&events), b"\x00\xff");
}

#[test]
fn many_clients_are_told_apart() {
    let listening = sockkit(["--json", "tcp", "listen", "-k", "0"]).start();
    let ready: Value = serde_json::from_str(&listening.line()).unwrap();
    let address = ready["local"].as_str().unwrap().to_owned();
    for number in 0..3 {
        let mut client = stream_to(&address);
        client
            .write_all(format!("client {number}").as_bytes())
            .unwrap();
        drop(client);
        let mut mine = Vec::new();
        while mine
            .last()
            .is_none_or(|event: &Value| event["event"] != "closed")
        {
            mine.push(serde_json::from_str(&listening.line()).unwrap());
        }
        assert_eq!(names(&mine), ["accepted", "received", "closed"]);
        assert_eq!(payload(&mine), format!("client {number}").into_bytes());
        assert!(
            mine.iter().all(|event| event["conn"] == mine[0]["conn"]),
            "{mine:?}"
        );
    }
}

#[test]
fn every_payload_can_be_had_back() {
    let every: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let (listener, port) = listener();
    let client = sockkit(["tcp", "connect", "--json", &port.to_string()]).start();
    let mut peer = accept(&listener);
    peer.write_all(&every).unwrap();
    drop(peer);
    let events = client.finish().expect(0).events();
    check(&events);
    assert_eq!(payload(&events), every);
}

#[test]
fn an_error_is_an_event_and_a_line() {
    let (_bound, port) = dead_port();
    let finished = sockkit(["tcp", "connect", "--json", &port.to_string()])
        .run()
        .expect(1);
    let events = finished.events();
    check(&events);
    assert_eq!(names(&events), ["error"]);
    assert_eq!(events[0]["errno"], "ECONNREFUSED");
    assert_eq!(events[0]["status"], 1);
    let message = events[0]["message"].as_str().unwrap();
    assert!(message.contains(&format!("127.0.0.1:{port}")), "{message}");
    assert!(
        finished.stderr.contains("(ECONNREFUSED)"),
        "{}",
        finished.stderr
    );
}

#[test]
fn a_reset_is_told_after_what_came_before() {
    let (listener, port) = listener();
    let client = sockkit(["tcp", "connect", "--json", &port.to_string()])
        .piped()
        .start();
    let mut peer = accept(&listener);
    client.write("here");
    peer.read_exact(&mut [0; 4]).unwrap();
    linger_zero(&peer);
    peer.write_all(b"before").unwrap();
    drop(peer);
    let events = client.finish().expect(1).events();
    check(&events);
    assert_eq!(payload(&events), b"before");
    let last = events.last().unwrap();
    assert_eq!(last["event"], "error");
    assert_eq!(last["errno"], "ECONNRESET");
}

#[test]
fn a_usage_error_is_an_event_too_once_json_is_known() {
    let finished = sockkit(["tcp", "connect", "--json", "::1:80"])
        .run()
        .expect(2);
    let events = finished.events();
    check(&events);
    assert_eq!(names(&events), ["error"]);
    assert_eq!(events[0]["hint"], "[::1]:80");
}

#[test]
fn explain_is_told_as_events() {
    let (_bound, port) = dead_port();
    let words = ["tcp", "connect", "--json", "--explain", &port.to_string()];
    let events = sockkit(words).run().expect(1).events();
    check(&events);
    let call = |name: &str| {
        let found = events
            .iter()
            .find(|event| event["event"] == "call" && event["call"] == name);
        found.unwrap_or_else(|| panic!("no {name}: {events:?}"))
    };
    assert_eq!(
        call("socket")["result"],
        3.max(call("socket")["result"].as_i64().unwrap())
    );
    assert!(
        call("connect")["arguments"]
            .as_str()
            .unwrap()
            .contains("127.0.0.1:")
    );
}

#[test]
fn unix_sockets_are_told() {
    let folder = crate::kit::scratch();
    let path = folder.path().join("s");
    let listening = sockkit(["--json", "unix", "listen"]).args([&path]).start();
    let ready: Value = serde_json::from_str(&listening.line()).unwrap();
    assert_eq!(ready["event"], "listening");
    assert_eq!(ready["proto"], "unix");
    assert_eq!(ready["local"], path.to_str().unwrap());
    let client = sockkit(["--json", "unix", "connect"])
        .args([&path])
        .input("hello")
        .run();
    let events = client.expect(0).events();
    check(&events);
    assert_eq!(names(&events), ["connected", "closed"]);
    let events = listening.finish().expect(0).events();
    check(&events);
    assert_eq!(payload(&events), b"hello");
}

#[test]
fn a_line_that_makes_no_sense_is_told() {
    let run = sockkit(["tcp", "connect", "--nosuch", "--json"])
        .run()
        .expect(2);
    let events = run.events();
    check(&events);
    assert_eq!(names(&events), ["error"]);
    assert_eq!(events[0]["status"], 2);
    let run = sockkit(["-q", "tcp", "connect", "--nosuch"])
        .run()
        .expect(2);
    assert_eq!((run.stdout.len(), &*run.stderr), (0, ""));
    // Behind -- it is data.
    let run = sockkit(["udp", "send", "--nosuch", "--", "--json", "-q"]);
    run.run().expect(2).says("sockkit: unexpected argument");
}
