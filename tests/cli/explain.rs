//! `--explain` tells the truth: each subcommand under strace(1), the calls told are the calls made, in order.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, UdpSocket};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};

use socket2::{Domain, Protocol, Type};

use crate::kit::{
    Running, accept, dead_port, deaf_port, listener, patient, python, read_end, scratch, sockkit,
    stream_to,
};
#[cfg(feature = "tls")]
use crate::kit::{peer, program};
use crate::strace::{Traced, told};

/// Ends a run whatever happens.
const END: [&str; 2] = ["--deadline", "20s"];

/// Run to the end and compare.
fn check(traced: &Traced, running: Running, status: i32) {
    let finished = running.finish().expect(status);
    traced.compare(&finished);
}

/// The words, the end, and a strace to run them under.
fn trace(words: &[&str]) -> Option<(Traced, crate::kit::Start)> {
    let traced = Traced::new()?;
    let (command, rest) = words.split_at(2);
    let start = traced.sockkit(&[command, &END, rest].concat());
    Some((traced, start))
}

/// A connection as its client tells it: said and heard in pieces.
fn converse(words: &[&str], listener: &TcpListener) {
    let Some((traced, start)) = trace(words) else {
        return;
    };
    let client = start.input("question\n").start();
    let mut peer = accept(listener);
    assert_eq!(read_end(&mut peer), b"question\n");
    peer.write_all(b"first ").unwrap();
    peer.write_all(b"second\n").unwrap();
    drop(peer);
    check(&traced, client, 0);
}

#[test]
fn tcp_connect() {
    let (listener, port) = listener();
    let port = port.to_string();
    converse(&["tcp", "connect", &port], &listener);
    converse(&["tcp", "connect", &port, "--bind", "127.0.0.2"], &listener);
    converse(&["tcp", "connect", &port, "--mptcp"], &listener);
    converse(
        &[
            "tcp",
            "connect",
            &port,
            "-o",
            "TCP_NODELAY=1",
            "-o",
            "SO_KEEPALIVE=1",
            "-o",
            "IP_TTL=9",
        ],
        &listener,
    );
    let v6 = TcpListener::bind("[::1]:0").unwrap();
    converse(
        &["tcp", "connect", &v6.local_addr().unwrap().to_string()],
        &v6,
    );
}

#[test]
fn tcp_connect_with_what_a_socket_begins_with() {
    let (listener, port) = listener();
    for flag in [
        "--keepalive",
        "--keepalive=60,10,5",
        "--fastopen",
        "--interface=lo",
    ] {
        converse(&["tcp", "connect", &port.to_string(), flag], &listener);
    }
}

#[test]
fn tcp_connect_through_proxies() {
    let (listener, port) = listener();
    let urls = [
        format!("http://127.0.0.1:{port}"),
        "socks5h://next.test".to_owned(),
    ];
    let words = [
        "tcp",
        "connect",
        "target.test:1",
        "--proxy",
        &urls[0],
        "--proxy",
        &urls[1],
    ];
    let Some((traced, start)) = trace(&words) else {
        return;
    };
    let client = start.start();
    let mut peer = accept(&listener);
    for (count, reply) in [
        (57, b"HTTP/1.1 200 OK\r\n\r\n".as_slice()),
        (3, b"\x05\0"),
        (18, b"\x05\0\0\x01\x7f\0\0\x01\0\x50glued"),
    ] {
        peer.read_exact(&mut vec![0; count]).unwrap();
        peer.write_all(reply).unwrap();
    }
    drop(peer);
    check(&traced, client, 0);
}

#[test]
fn tcp_connect_that_tries_again() {
    let (_bound, port) = dead_port();
    let words = ["tcp", "connect", &port.to_string(), "--retry", "2"];
    let Some((traced, start)) = trace(&words) else {
        return;
    };
    check(&traced, start.args(["--retry-delay", "10ms"]).start(), 1);
}

#[test]
fn tcp_connect_that_only_probes() {
    let (_listener, port) = listener();
    let (_bound, dead) = dead_port();
    let ports = format!("{port},{dead}");
    let Some((traced, start)) = trace(&["tcp", "connect", "--probe", &ports]) else {
        return;
    };
    check(&traced, start.start(), 1);
}

#[test]
fn tcp_connect_with_much_to_say() {
    let (listener, port) = listener();
    let Some((traced, start)) = trace(&["tcp", "connect", &port.to_string()]) else {
        return;
    };
    // More than a send buffer: short sends and refusals (EAGAIN) are told as they are.
    let client = start.input(vec![b'x'; 8 << 20]).start();
    let mut peer = accept(&listener);
    assert_eq!(read_end(&mut peer).len(), 8 << 20);
    drop(peer);
    check(&traced, client, 0);
}

#[test]
fn tcp_connect_that_fails() {
    let (_bound, port) = dead_port();
    let (_listener, _callers, deaf) = deaf_port();
    let (port, deaf) = (port.to_string(), deaf.to_string());
    for (words, status) in [
        (["tcp", "connect", &port].as_slice(), 1),
        (&["tcp", "connect", &port, "--bind", "192.0.2.1"], 2),
        (&["tcp", "connect", &deaf, "-t", "100ms"], 124),
        (&["tcp", "connect", &port, "--interface", "nosuch0"], 2),
    ] {
        let Some((traced, start)) = trace(words) else {
            return;
        };
        check(&traced, start.start(), status);
    }
}

#[test]
fn a_protocol_that_the_kernel_lacks() {
    for flag in ["--sctp", "--dccp"] {
        let Some((traced, start)) = trace(&["tcp", "connect", "127.0.0.1:1", flag]) else {
            return;
        };
        let finished = start.run();
        assert_ne!(finished.status, 0);
        traced.compare(&finished);
    }
}

#[test]
fn a_reset() {
    let (listener, port) = listener();
    let Some((traced, start)) = trace(&["tcp", "connect", &port.to_string()]) else {
        return;
    };
    let client = start.piped().start();
    let mut peer = accept(&listener);
    peer.write_all(b"before").unwrap();
    client.read(6);
    crate::kit::reset(peer);
    check(&traced, client, 1);
}

#[test]
fn tcp_listen() {
    for (address, to) in [
        ("127.0.0.1:0", "127.0.0.1"),
        ("[::1]:0", "::1"),
        ("*:0", "127.0.0.1"),
    ] {
        let Some((traced, start)) = trace(&["tcp", "listen", address]) else {
            return;
        };
        let listening = start.upload("hello\n").start();
        let mut client = stream_to((to, listening.port()));
        client.write_all(b"world\n").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(read_end(&mut client), b"hello\n");
        check(&traced, listening, 0);
    }
}

#[test]
fn tcp_listen_to_many() {
    let Some(traced) = Traced::new() else {
        return;
    };
    let words = ["tcp", "listen", "-k", "0", "--deadline", "2s"];
    let listening = traced.sockkit(&words).start();
    let port = listening.port();
    for number in 0..5 {
        let mut client = stream_to(("127.0.0.1", port));
        client
            .write_all(format!("client {number}\n").as_bytes())
            .unwrap();
        assert_eq!(listening.line(), format!("client {number}"));
    }
    check(&traced, listening, 124);
}

#[test]
fn tcp_listen_where_somebody_does() {
    let (_listener, port) = listener();
    let Some((traced, start)) = trace(&["tcp", "listen", &port.to_string()]) else {
        return;
    };
    check(&traced, start.start(), 2);
}

#[test]
fn an_inherited_socket() {
    const HAND_OVER: &str = r#"
import os, socket, sys
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
print(s.getsockname()[1], flush=True)
os.dup2(s.fileno(), 7, inheritable=True)
s.close()
os.execvp(sys.argv[1], sys.argv[1:])
"#;
    let Some(traced) = Traced::new() else {
        return;
    };
    let command = traced.sockkit(&["tcp", "listen", "fd:7", "--deadline", "20s"]);
    let words = command.words();
    let words: Vec<&str> = words.iter().map(|word| word.to_str().unwrap()).collect();
    let Some(start) = python(HAND_OVER, &words) else {
        return;
    };
    let listening = start.start();
    let port: u16 = listening.line().parse().unwrap();
    listening.listening();
    drop(stream_to(("127.0.0.1", port)));
    check(&traced, listening, 0);
}

#[test]
fn unix_connect_and_listen() {
    for kind in ["stream", "seqpacket"] {
        let folder = scratch();
        let path = folder.path().join("s");
        let name = path.to_str().unwrap();
        let Some((traced, start)) = trace(&["unix", "listen", name, "--type", kind]) else {
            return;
        };
        let listening = start.upload("hello\n").start();
        listening.listening();
        let Some((traced_too, start)) = trace(&["unix", "connect", name, "--type", kind]) else {
            return;
        };
        let client = start.upload("world\n").start();
        check(&traced_too, client, 0);
        check(&traced, listening, 0);
    }
}

#[test]
fn unix_abstract_names() {
    let name = format!("@sockkit-explain-{}", std::process::id());
    let Some((traced, start)) = trace(&["unix", "listen", &name]) else {
        return;
    };
    let listening = start.start();
    listening.listening();
    let Some((traced_too, start)) = trace(&["unix", "connect", &name]) else {
        return;
    };
    check(&traced_too, start.start(), 0);
    check(&traced, listening, 0);
}

#[test]
fn unix_datagrams() {
    let folder = scratch();
    let path = folder.path().join("s");
    let name = path.to_str().unwrap();
    let words = [
        "unix", "listen", name, "--type", "dgram", "--lines", "--count", "2",
    ];
    let Some((traced, start)) = trace(&words) else {
        return;
    };
    let listening = start.piped().start();
    listening.listening();
    let client = patient(UnixDatagram::bind(folder.path().join("c")).unwrap());
    client.send_to(b"question\n", &path).unwrap();
    assert_eq!(listening.line(), "question");
    listening.write("answer\n");
    client.recv(&mut [0; 100]).unwrap();
    let Some((traced_too, start)) = trace(&["unix", "send", name, "--type", "dgram", "--", "end"])
    else {
        return;
    };
    check(&traced_too, start.start(), 0);
    check(&traced, listening, 0);
}

#[test]
fn unix_paths_that_are_taken() {
    let folder = scratch();
    let live = folder.path().join("live");
    let dead = folder.path().join("dead");
    let _live = UnixListener::bind(&live).unwrap();
    drop(UnixListener::bind(&dead).unwrap());
    for path in [&live, &dead] {
        let words = ["unix", "listen", path.to_str().unwrap()];
        let Some((traced, start)) = trace(&words) else {
            return;
        };
        check(&traced, start.start(), 2);
    }
    let Some((traced, start)) = trace(&["unix", "listen", live.to_str().unwrap(), "--replace"])
    else {
        return;
    };
    check(&traced, start.start(), 2);
    let Some((traced, start)) = trace(&["unix", "listen", dead.to_str().unwrap(), "--replace"])
    else {
        return;
    };
    let listening = start.start();
    listening.listening();
    drop(UnixStream::connect(&dead).unwrap());
    check(&traced, listening, 0);
}

#[test]
fn udp_send() {
    let receiver = patient(UdpSocket::bind("127.0.0.1:0").unwrap());
    let to = receiver.local_addr().unwrap().to_string();
    let light = socket2::Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDPLITE)).unwrap();
    light.bind(&receiver.local_addr().unwrap().into()).unwrap();
    for words in [
        ["udp", "send", &to, "--", "one", "two", ""].as_slice(),
        &["udp", "send", &to, "--bind", "127.0.0.2", "--", "one"],
        &["udp", "send", &to, "--udplite", "--", "one"],
    ] {
        let Some(traced) = Traced::new() else {
            return;
        };
        traced.compare(&traced.sockkit(words).run().expect(0));
    }
}

#[test]
fn udp_connect() {
    let server = patient(UdpSocket::bind("127.0.0.1:0").unwrap());
    let to = server.local_addr().unwrap().to_string();
    let Some((traced, start)) = trace(&["udp", "connect", &to, "--count", "2"]) else {
        return;
    };
    let client = start.input("question").start();
    let (_, from) = server.recv_from(&mut [0; 100]).unwrap();
    server.send_to(b"", from).unwrap();
    server.send_to(b"answer", from).unwrap();
    check(&traced, client, 0);

    drop(server);
    let Some((traced, start)) = trace(&["udp", "connect", &to]) else {
        return;
    };
    check(&traced, start.input("question").start(), 1);
}

#[test]
fn udp_listen() {
    for (bound, spoken_to) in [
        ("127.0.0.1:0", "127.0.0.1"),
        ("0.0.0.0:0", "127.0.0.2"),
        ("*:0", "127.0.0.3"),
    ] {
        let Some((traced, start)) = trace(&["udp", "listen", bound, "--lines", "--count", "2"])
        else {
            return;
        };
        let listening = start.piped().start();
        let port = listening.port();
        let client = patient(UdpSocket::bind("127.0.0.1:0").unwrap());
        client.send_to(b"question\n", (spoken_to, port)).unwrap();
        assert_eq!(listening.line(), "question");
        listening.write("answer\n");
        client.recv(&mut [0; 100]).unwrap();
        client.send_to(b"end\n", (spoken_to, port)).unwrap();
        check(&traced, listening, 0);
    }
}

#[test]
fn http() {
    let folder = scratch();
    std::fs::write(folder.path().join("index.html"), "<p>hello</p>").unwrap();
    let name = folder.path().to_str().unwrap();
    for words in [
        ["http", "--port", "0"].as_slice(),
        &["http", "--port", "0", name],
    ] {
        let Some(traced) = Traced::new() else {
            return;
        };
        let served = traced.sockkit(words).start();
        let mut client = stream_to(("127.0.0.1", served.port()));
        client
            .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            .unwrap();
        let answer = read_end(&mut client);
        assert!(
            answer.starts_with(b"HTTP/1.1 200 "),
            "{}",
            answer.escape_ascii()
        );
        traced.end(&served);
        let finished = served.finish();
        traced.compare(&finished);
    }
}

#[cfg(feature = "tls")]
#[test]
fn http_over_tls() {
    let folder = scratch();
    std::fs::write(folder.path().join("file"), "x".repeat(200_000)).unwrap();
    let name = folder.path().to_str().unwrap();
    let (Some(traced), Some(_)) = (Traced::new(), peer("curl")) else {
        return;
    };
    let words = ["http", "--port", "0", "--tls", name];
    let served = traced.sockkit(&words).start();
    let url = format!("https://127.0.0.1:{}/file", served.port());
    let words = ["-sSk", "--noproxy", "*", "--max-time", "10", &url, &url];
    let client = program("curl", words).run().expect(0);
    assert_eq!(client.stdout.len(), 400_000);
    traced.end(&served);
    let finished = served.finish();
    traced.compare(&finished);
}

#[test]
fn options() {
    for words in [
        ["options", "get", "SO_RCVBUF", "TCP_NODELAY"].as_slice(),
        &["options", "set", "SO_RCVBUF=65536"],
    ] {
        let Some(traced) = Traced::new() else {
            return;
        };
        let finished = traced.sockkit(words).run().expect(0);
        traced.compare(&finished);
    }
}

#[test]
fn raw_send() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let header = "45000000 00000000 40fd0000 7f000001 7f000009 00ff";
    for words in [
        ["127.0.0.1", "--proto", "253", "--from-hex", "00ff"].as_slice(),
        &[
            "::1",
            "--proto",
            "253",
            "--from-hex",
            "00ff",
            "-o",
            "SO_PRIORITY=1",
        ],
        &[
            "127.0.0.9",
            "--header",
            "--from-hex",
            header,
            "--interface",
            "lo",
        ],
        &["255.255.255.255", "--proto", "253", "--from-hex", "00ff"],
        &["127.0.0.9", "--tcp", "syn", "--ttl", "3"],
        &["::1", "--udp", "--dport", "9", "--payload", "x"],
    ] {
        let Some(traced) = Traced::new() else {
            return;
        };
        let words = [&["raw", "send"], words].concat();
        traced.compare(&traced.sockkit(&words).run());
    }
}

#[test]
fn raw_listen() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    for (at, proto) in [("127.0.0.9", "253"), ("::1", "251"), ("*", "250")] {
        let words = ["raw", "listen", at, "--proto", proto, "--count", "1"];
        let Some((traced, start)) = trace(&words) else {
            return;
        };
        let listening = start.start();
        for _ in 0..if at == "*" { 2 } else { 1 } {
            listening.stderr_until(|line| line.starts_with("listening on "));
        }
        let to = if at == "*" { "127.0.0.1" } else { at };
        let sent = sockkit(["raw", "send", to, "--proto", proto, "--from-hex", "00ff"]);
        sent.run().expect(0);
        check(&traced, listening, 0);
    }
}

#[test]
fn raw_listen_on_a_link() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let folder = scratch();
    let capture = folder.path().join("lo.pcap");
    let capture = ["--pcap", capture.to_str().unwrap()];
    let filter = ["--filter", "dst 127.0.0.77"];
    for more in [&["--interface", "lo"][..], &[], &capture] {
        let words = ["raw", "listen", "--link", "--count", "1"];
        let words = [&words[..], more, &filter].concat();
        let Some((traced, start)) = trace(&words) else {
            return;
        };
        let listening = start.start();
        listening.stderr_until(|line| line.starts_with("listening on "));
        let sent = sockkit([
            "raw",
            "send",
            "127.0.0.77",
            "--proto",
            "253",
            "--from-hex",
            "00ff",
        ]);
        sent.run().expect(0);
        check(&traced, listening, 0);
    }
}

#[test]
fn ping() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let (_held, dead) = dead_port();
    let dead = dead.to_string();
    for words in [
        ["127.0.0.9", "-c2", "-i10ms"].as_slice(),
        &["::1", "-c1", "--ttl", "9", "--df", "-s0"],
        &[
            "127.0.0.9",
            "-c1",
            "--bind",
            "127.0.0.8",
            "--interface",
            "lo",
        ],
        &["127.0.0.9", "::1", "127.0.0.8", "-c1"],
        &["127.0.0.9", "-c1", "--tcp", &dead],
        &["::1", "-c1", "--udp", &dead],
    ] {
        let Some(traced) = Traced::new() else {
            return;
        };
        let words = [["ping"].as_slice(), words].concat();
        let finished = traced.sockkit(&words).run().expect(0);
        traced.compare(&finished);
    }
}

#[test]
fn a_path() {
    let (_held, dead) = dead_port();
    let dead = dead.to_string();
    let mut runs = vec![
        vec![
            "-n",
            "127.0.0.9",
            "-p",
            &dead,
            "--tos",
            "8",
            "--interface",
            "lo",
        ],
        vec!["-n", "::1", "-p", &dead, "--mtu"],
        vec!["-n", "127.0.0.9", "--tcp", &dead, "--bind", "127.0.0.8"],
        vec!["-n", "::1", "--tcp", &dead, "--report", "-c2", "-i10ms"],
    ];
    if nix::unistd::geteuid().is_root() {
        runs.push(vec!["-n", "127.0.0.9", "--icmp"]);
        runs.push(vec!["-n", "::1", "--icmp", "--flows", "2"]);
    }
    for words in runs {
        let Some(traced) = Traced::new() else {
            return;
        };
        let words = [["trace"].as_slice(), &words].concat();
        let finished = traced.sockkit(&words).run().expect(0);
        traced.compare(&finished);
    }
}

#[test]
fn calls_of_the_library_are_told_with_their_answers() {
    let resolved = sockkit(["resolve", "--explain", "localhost"])
        .run()
        .expect(0);
    assert!(
        resolved.stderr.contains("getaddrinfo(\"localhost\""),
        "{}",
        resolved.stderr
    );
    assert!(resolved.stderr.contains("127.0.0.1"), "{}", resolved.stderr);
    let unknown = sockkit(["resolve", "--explain", "nosuch.invalid"])
        .run()
        .expect(1);
    assert!(unknown.stderr.contains("EAI_"), "{}", unknown.stderr);
    let named = sockkit(["fqdn", "--explain", "localhost"]).run().expect(0);
    assert!(
        named.stderr.contains("getaddrinfo(\"localhost\""),
        "{}",
        named.stderr
    );
    assert!(named.stderr.contains("gethostbyaddr("), "{}", named.stderr);
    let own = sockkit(["fqdn", "--explain"]).run().expect(0);
    assert!(own.stderr.contains("gethostname()"), "{}", own.stderr);
}

#[test]
fn the_lines_are_those_of_the_contract() {
    let (_bound, port) = dead_port();
    let refused = sockkit(["tcp", "connect", "--explain", &port.to_string()])
        .run()
        .expect(1);
    let first = refused.stderr.lines().next().unwrap();
    assert!(
        first.starts_with("socket(AF_INET, SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = "),
        "{first}"
    );
    let names: Vec<String> = refused
        .stderr
        .lines()
        .filter_map(told)
        .map(|call| call.name().to_owned())
        .collect();
    assert!(names.contains(&"connect".to_owned()), "{names:?}");
    assert!(
        names.last().is_some_and(|last| last == "close"),
        "{names:?}"
    );

    let listening = sockkit(["tcp", "listen", "--explain", "0"]).start();
    let port = listening.port();
    let mut client = stream_to(("127.0.0.1", port));
    client.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    let peer = client.local_addr().unwrap();
    drop(client);
    let finished = listening.finish().expect(0);
    for line in [
        "setsockopt(".to_owned(),
        ", SOL_SOCKET, SO_REUSEADDR, 1) = 0".to_owned(),
        ", 127.0.0.1:0) = 0".to_owned(),
        "listen(".to_owned(),
        format!("  [{peer}]"),
        r#" = 16  "GET / HTTP/1.1\r\n""#.to_owned(),
    ] {
        assert!(
            finished.stderr.contains(&line),
            "{line}: {}",
            finished.stderr
        );
    }
}
