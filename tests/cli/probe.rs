//! `--probe`: which ports are open, and nothing said to them.

use std::net::TcpListener;

use crate::kit::{accept, dead_port, deaf_port, listener, read_end, sockkit};

/// The first two words of each line: the address and what it is.
fn states(text: &str) -> Vec<String> {
    let line = |line: &str| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    text.lines().map(line).collect()
}

#[test]
fn a_line_for_each_port_in_the_order_typed() {
    let ((first, open), (_second, other)) = (listener(), listener());
    let (_nobody, dead) = dead_port();
    let (_listener, _callers, deaf) = deaf_port();
    let ports = format!("{deaf},{open},{dead},{other},{open}");
    let finished = sockkit([
        "tcp",
        "connect",
        "--probe",
        "127.0.0.1",
        &ports,
        "-t",
        "500ms",
    ])
    .input("nobody hears this")
    .run()
    .expect(1);
    let expected = [
        format!("127.0.0.1:{deaf} filtered"),
        format!("127.0.0.1:{open} open"),
        format!("127.0.0.1:{dead} closed"),
        format!("127.0.0.1:{other} open"),
    ];
    assert_eq!(states(&finished.text()), expected);
    assert_eq!(finished.stderr, "");
    assert_eq!(read_end(&mut accept(&first)), b"");
}

#[test]
fn the_status_is_0_when_all_are_open() {
    let ((_first, one), (_second, two)) = (listener(), listener());
    let (_nobody, dead) = dead_port();
    for (word, status) in [
        (format!("{one}"), 0),
        (format!("127.0.0.1:{one}"), 0),
        (format!("localhost:{one},{two}"), 0),
        (format!("{one}-{one},{two}"), 0),
        (format!("{dead}"), 1),
        (format!("{one},{dead}"), 1),
    ] {
        let finished = sockkit(["tcp", "connect", "--probe", &word]).run();
        assert_eq!(finished.status, status, "{word}");
    }
    let v6 = TcpListener::bind("[::1]:0").unwrap();
    let address = v6.local_addr().unwrap().to_string();
    let finished = sockkit(["tcp", "connect", "--probe", &address])
        .run()
        .expect(0);
    assert_eq!(states(&finished.text()), [format!("{address} open")]);
}

#[test]
fn services_have_names_and_reasons_are_told_when_asked_for() {
    let finished = sockkit(["tcp", "connect", "--probe", "127.0.0.9:ssh", "-v"])
        .run()
        .expect(1);
    let line = finished.text();
    assert!(line.starts_with("127.0.0.9:22 closed ssh "), "{line}");
    assert!(
        line.ends_with("ms connect 127.0.0.9:22: connection refused (ECONNREFUSED)\n"),
        "{line}"
    );
    let finished = sockkit(["tcp", "connect", "--probe", "127.0.0.9:ssh", "--json"])
        .run()
        .expect(1);
    let event = &finished.events()[0];
    for (field, value) in [
        ("event", "port"),
        ("peer", "127.0.0.9:22"),
        ("state", "closed"),
        ("service", "ssh"),
        (
            "reason",
            "connect 127.0.0.9:22: connection refused (ECONNREFUSED)",
        ),
    ] {
        assert_eq!(event[field], value, "{event}");
    }
    assert_eq!(event["port"], 22);
    assert!(event["took_ms"].is_f64(), "{event}");
}

#[test]
fn many_ports_with_few_descriptors() {
    let (_listener, open) = listener();
    let ports = format!("1-1000,{open}");
    let finished = sockkit(["tcp", "connect", "--probe", "127.0.0.1", &ports])
        .under(r#"ulimit -n 24; exec "$0" "$@""#)
        .run()
        .expect(1);
    let states = states(&finished.text());
    assert_eq!(states.len(), 1001);
    assert_eq!(states[0], "127.0.0.1:1 closed");
    assert_eq!(states[1000], format!("127.0.0.1:{open} open"));
}

#[test]
fn a_port_is_waited_for() {
    let (socket, port) = dead_port();
    let port = port.to_string();
    let words = [
        "tcp", "connect", "--probe", &port, "-v", "--retry", "forever",
    ];
    let probe = sockkit(words).args(["--retry-delay", "20ms"]).start();
    probe.stderr_until(|line| line.starts_with("attempt 1 failed, again in "));
    socket.listen(1).unwrap();
    let finished = probe.finish().expect(0);
    assert_eq!(states(&finished.text()), [format!("127.0.0.1:{port} open")]);
}

#[test]
fn waiting_has_an_end() {
    let (_nobody, port) = dead_port();
    let (_listener, open) = listener();
    let ports = format!("{open},{port}");
    let words = ["tcp", "connect", "--probe", &ports, "--retry", "forever"];
    let finished = sockkit(words)
        .args(["--deadline", "300ms"])
        .run()
        .expect(124);
    let expected = [
        format!("127.0.0.1:{open} open"),
        format!("127.0.0.1:{port} closed"),
    ];
    assert_eq!(states(&finished.text()), expected);
    finished
        .says("connection refused (ECONNREFUSED); ")
        .says("not done within 300ms");
    let words = [
        "tcp",
        "connect",
        "--probe",
        &ports,
        "--retry",
        "2",
        "--retry-delay",
        "10ms",
    ];
    let finished = sockkit(words).run().expect(1);
    assert_eq!(states(&finished.text()), expected);
}

#[test]
fn several_ports_are_for_probes() {
    for words in [
        ["127.0.0.1:20-30"].as_slice(),
        &["20,30"],
        &["127.0.0.1", "20-30"],
    ] {
        let finished = sockkit(["tcp", "connect"]).args(words).run().expect(2);
        finished.says("tcp connect --probe HOST:22,80,8000-8010");
    }
    for word in [
        "fd:0",
        ":22",
        "127.0.0.1:0",
        "127.0.0.1:9-8",
        "127.0.0.1:65536",
    ] {
        sockkit(["tcp", "connect", "--probe", word]).run().expect(2);
    }
    let words = [
        "tcp",
        "connect",
        "--probe",
        "1",
        "--proxy",
        "http://127.0.0.1",
    ];
    sockkit(words).run().expect(2);
}
