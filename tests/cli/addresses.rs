//! Every form of ADDR, for every command, and what is said to those that are none.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use crate::kit::{
    Running, Start, Stdin, accept, dead_port, deaf_port, listener, patient, peer, python, read_end,
    scratch, sockkit, stream_to,
};

/// Serve one client of `listener` with a banner.
fn banner_at(listening: &Running, to: SocketAddr) {
    let mut client = stream_to(to);
    client.write_all(b"hello").unwrap();
    drop(client);
    assert_eq!(listening.read(5), b"hello");
}

fn on(ip: &str, port: u16) -> SocketAddr {
    SocketAddr::new(ip.parse().unwrap(), port)
}

#[test]
fn every_form_reaches_the_same_place() {
    let (listener, port) = listener();
    let port = port.to_string();
    let joined = |host: &str| format!("{host}:{port}");
    for words in [
        vec![joined("127.0.0.1")],
        vec![port.clone()],
        vec!["127.0.0.1".to_owned(), port.clone()],
        vec![
            "--host".to_owned(),
            "127.0.0.1".to_owned(),
            "--port".to_owned(),
            port.clone(),
        ],
        vec!["--port".to_owned(), port.clone()],
        vec!["127.0.0.1".to_owned(), "--port".to_owned(), port.clone()],
        vec![port.clone(), "--host".to_owned(), "127.0.0.1".to_owned()],
        vec![joined("localhost"), "-4".to_owned()],
        vec!["-4".to_owned(), "localhost".to_owned(), port.clone()],
    ] {
        let client = sockkit(["tcp", "connect"]).args(&words).start();
        let mut peer = accept(&listener);
        peer.write_all(b"here").unwrap();
        drop(peer);
        let finished = client.finish().expect(0);
        assert_eq!(finished.text(), "here", "{words:?}");
    }
}

#[test]
fn ipv6_is_written_in_brackets_or_apart() {
    let listener = std::net::TcpListener::bind("[::1]:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    for words in [
        vec![format!("[::1]:{port}")],
        vec!["::1".to_owned(), port.clone()],
        vec!["[::1]".to_owned(), port.clone()],
        vec![
            "--host".to_owned(),
            "::1".to_owned(),
            "--port".to_owned(),
            port.clone(),
        ],
        vec!["-6".to_owned(), port.clone()],
        vec![format!("[::1%lo]:{port}")],
    ] {
        let client = sockkit(["tcp", "connect"]).args(&words).start();
        let mut peer = accept(&listener);
        peer.write_all(b"here").unwrap();
        drop(peer);
        assert_eq!(client.finish().expect(0).text(), "here", "{words:?}");
    }
}

#[test]
fn forms_that_are_none_are_usage_errors_with_a_hint() {
    for (word, hint) in [
        ("::1:80", "[::1]:80"),
        ("fe80::1%eth0:80", "[fe80::1%eth0]:80"),
        ("127.0.0.1:65536", "65535"),
        ("65536", "65535"),
        ("99999", "65535"),
        ("127.0.0.1:80x", "65535"),
        ("80x", "65535"),
        ("127.0.0.1:", "65535"),
        ("[::1]:", "65535"),
        ("[::1", "[::1]:80"),
        ("[::1]80", "[::1]:80"),
        ("[127.0.0.1]:80", "[::1]:80"),
        ("127.0.0.1:22-", "65535"),
        ("127.0.0.1:-1", "65535"),
        ("127.0.0.1:0x50", "65535"),
        ("127.0.0.1: 80", "65535"),
        ("a:b:c", "HOST:PORT"),
        ("http://localhost:80/", "HOST:PORT"),
        ("fd:x", "fd:3"),
        ("fd:-1", "fd:3"),
        ("fd:", "fd:3"),
        ("127.0.0.1%lo:80", "fe80::1%eth0"),
        ("two words:80", "127.0.0.1"),
        ("\u{1b}[31m:80", "127.0.0.1"),
    ] {
        for command in [
            ["tcp", "connect"],
            ["tcp", "listen"],
            ["udp", "connect"],
            ["udp", "listen"],
        ] {
            // --explain shows that nothing was attempted.
            let run = sockkit(command).args(["--explain", word]).run().expect(2);
            let lines: Vec<&str> = run.stderr.lines().collect();
            assert_eq!(lines.len(), 2, "{command:?} {word}: {}", run.stderr);
            assert!(lines[0].starts_with("sockkit: "), "{word}: {}", lines[0]);
            assert!(lines[1].starts_with("  hint: "), "{word}: {}", lines[1]);
            assert!(lines[1].contains(hint), "{word}: {}", lines[1]);
            assert!(!run.stderr.contains('\u{1b}'), "{word}");
        }
    }
}

#[test]
fn an_address_is_not_given_twice() {
    for words in [
        "127.0.0.1:80 81",
        "127.0.0.1:80 --port 81",
        "127.0.0.1 80 --port 81",
        "127.0.0.1 --host 127.0.0.2",
        "80 81 82",
        "-4 -6 80",
    ] {
        let run = sockkit(["tcp", "connect"]).args(words.split(' ')).run();
        assert_eq!(run.status, 2, "{words}: {}", run.stderr);
    }
}

#[test]
fn a_family_that_does_not_fit_is_said() {
    for words in [["-6", "127.0.0.1:1"], ["-4", "[::1]:1"]] {
        let run = sockkit(["tcp", "connect"]).args(words).run().expect(2);
        assert!(run.stderr.contains("hint: "), "{}", run.stderr);
    }
}

#[test]
fn everywhere_is_nowhere_to_connect_to() {
    for word in ["*:80", ":80"] {
        for command in [["tcp", "connect"], ["udp", "connect"], ["udp", "send"]] {
            sockkit(command).args([word]).run().expect(2).says("hint: ");
        }
    }
}

#[test]
fn services_are_ports() {
    let services = std::fs::read_to_string("/etc/services").unwrap_or_default();
    if !services.contains("tcpmux") {
        return;
    }
    // Port 1 of a loopback address of our own: nobody listens there.
    let refused = sockkit(["tcp", "connect", "127.99.99.99:tcpmux"])
        .run()
        .expect(1);
    assert_eq!(
        refused.stderr.lines().next(),
        Some("sockkit: connect 127.99.99.99:1: connection refused (ECONNREFUSED)")
    );
    let unknown = sockkit(["tcp", "connect", "127.0.0.1:nosuchservice"])
        .run()
        .expect(2);
    assert!(
        unknown.stderr.contains("nosuchservice"),
        "{}",
        unknown.stderr
    );
}

#[test]
fn a_zone_that_is_no_interface_is_said() {
    let run = sockkit(["tcp", "connect", "[fe80::1%nosuch0]:80"])
        .run()
        .expect(2);
    assert!(
        run.stderr.contains("nosuch0") && run.stderr.contains("hint: "),
        "{}",
        run.stderr
    );
}

#[test]
fn a_link_local_address_without_a_zone_gets_a_hint() {
    let run = sockkit(["tcp", "connect", "[fe80::1]:80"]).run();
    assert!(run.stderr.contains("%eth0"), "{}", run.stderr);
}

/// Run under a network namespace of its own, with loopback up; the port 8082 is nobody's there.
fn alone(start: Start) -> Option<Start> {
    peer("unshare").filter(|_| nix::unistd::geteuid().is_root())?;
    peer("ip")?;
    Some(start.under(r#"exec unshare -n sh -c 'ip link set lo up; exec "$0" "$@"' "$0" "$@""#))
}

#[test]
fn no_address_is_the_tutorials() {
    for (command, word) in [("tcp", "connect"), ("udp", "connect")] {
        let Some(start) = alone(
            sockkit([command, word])
                .args(["--linger", "5s"])
                .input("x\n"),
        ) else {
            return;
        };
        start
            .run()
            .expect(1)
            .says("127.0.0.1:8082: connection refused");
    }
    let Some(start) = alone(sockkit(["udp", "send", "--", "hello"])) else {
        return;
    };
    start
        .run()
        .expect(1)
        .says("127.0.0.1:8082: connection refused");
    for protocol in ["tcp", "udp"] {
        let Some(start) = alone(sockkit([protocol, "listen"])) else {
            return;
        };
        assert_eq!(start.start().listening(), "127.0.0.1:8082");
    }
    for (word, meant) in [("127.0.0.7", "127.0.0.7:8082"), ("[::1]", "[::1]:8082")] {
        let Some(start) = alone(sockkit(["tcp", "listen", word])) else {
            return;
        };
        assert_eq!(start.start().listening(), meant);
    }
}

#[test]
fn a_star_hears_both_families() {
    for word in ["*:0", ":0"] {
        let listening = sockkit(["tcp", "listen", "-k", word]).start();
        let port = listening.port();
        banner_at(&listening, on("127.0.0.1", port));
        banner_at(&listening, on("127.0.0.2", port));
        banner_at(&listening, on("::1", port));

        let listening = sockkit(["udp", "listen", word]).start();
        let port = listening.port();
        for from in ["127.0.0.1:0", "[::1]:0"] {
            let sender = patient(UdpSocket::bind(from).unwrap());
            sender
                .send_to(
                    b"hello",
                    on(
                        from.rsplit_once(':').unwrap().0.trim_matches(['[', ']']),
                        port,
                    ),
                )
                .unwrap();
            assert_eq!(listening.read(5), b"hello");
        }
    }
}

#[test]
fn a_star_is_both_families_whatever_the_sysctl() {
    let run = sockkit(["tcp", "listen", "-k", "*:0"]).args(["--deadline", "20s"]);
    if peer("unshare").is_none() || !nix::unistd::geteuid().is_root() {
        return;
    }
    let folder = scratch();
    let port_file = folder.path().join("port");
    // Both run in the namespace: the listener, and clients that say the family they came by.
    let script = format!(
        r#"exec unshare -n sh -c 'ip link set lo up
echo 1 > /proc/sys/net/ipv6/bindv6only
mkfifo {fifo} {heard}
head -n 2 {heard} & reader=$!
"$0" "$@" --port-file {port} --ready-fd 3 3>{fifo} >{heard} & listener=$!
head -c 1 {fifo} > /dev/null
port=$(cat {port})
echo four | "$0" tcp connect 127.0.0.1:$port
echo six | "$0" tcp connect "[::1]:$port"
wait $reader; kill $listener; wait $listener' "$0" "$@""#,
        heard = folder.path().join("heard").display(),
        fifo = folder.path().join("fifo").display(),
        port = port_file.display(),
    );
    let finished = run.under(&script).run();
    let text = finished.text();
    let mut heard: Vec<&str> = text.lines().collect();
    heard.sort_unstable();
    assert_eq!(heard, ["four", "six"]);
}

/// People read whether IPv4 clients come as well; a script gets an address that it can connect to.
#[test]
fn everywhere_is_told_apart_from_every_address_of_ipv6() {
    for family in ["tcp", "udp"] {
        for (word, host) in [("*:0", "*"), (":0", "*"), ("[::]:0", "[::]")] {
            let listening = sockkit([family, "listen", word]).start();
            let address = listening.listening();
            let (shown, port) = address.rsplit_once(':').unwrap();
            assert_eq!(shown, host, "{family} {word}");
            assert_ne!(port, "0");
            let listening = sockkit([family, "listen", word, "--json"]).start();
            let ready: serde_json::Value = serde_json::from_str(&listening.line()).unwrap();
            let local = ready["local"].as_str().unwrap();
            assert!(local.starts_with("[::]:"), "{family} {word}: {local}");
        }
    }
}

#[test]
fn one_familys_everything_is_that_family_alone() {
    for (bound, spoken, refused) in [
        ("0.0.0.0:0", "127.0.0.1", "::1"),
        ("[::]:0", "::1", "127.0.0.1"),
        ("127.0.0.1:0", "127.0.0.1", "127.0.0.2"),
    ] {
        let listening = sockkit(["tcp", "listen", "-k", bound]).start();
        let port = listening.port();
        banner_at(&listening, on(spoken, port));
        assert!(
            TcpStream::connect(on(refused, port)).is_err(),
            "{bound} hears {refused}"
        );
    }
    for (family, spoken, refused) in [("-4", "127.0.0.1", "::1"), ("-6", "::1", "127.0.0.1")] {
        let listening = sockkit(["tcp", "listen", "-k", "*:0", family]).start();
        let port = listening.port();
        banner_at(&listening, on(spoken, port));
        assert!(
            TcpStream::connect(on(refused, port)).is_err(),
            "{family} hears {refused}"
        );
    }
}

#[test]
fn a_mapped_address_is_shown_as_what_it_is() {
    let listening = sockkit(["tcp", "listen", "*:0", "--json"]).start();
    let ready: serde_json::Value = serde_json::from_str(&listening.line()).unwrap();
    let port = ready["local"]
        .as_str()
        .unwrap()
        .rsplit(':')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let client = stream_to(on("127.0.0.1", port));
    let accepted: serde_json::Value = serde_json::from_str(&listening.line()).unwrap();
    assert_eq!(accepted["peer"], client.local_addr().unwrap().to_string());
    assert_eq!(accepted["local"], format!("127.0.0.1:{port}"));
}

/// A private /etc/hosts for what is started; `None` where that needs privileges we lack.
fn with_hosts(start: Start, lines: &str) -> Option<(Start, tempfile::TempDir)> {
    peer("unshare").filter(|_| nix::unistd::geteuid().is_root())?;
    let folder = scratch();
    let hosts = folder.path().join("hosts");
    std::fs::write(&hosts, lines).unwrap();
    let script = format!(
        r#"exec unshare -m sh -c 'mount --bind {} /etc/hosts && exec "$0" "$@"' "$0" "$@""#,
        hosts.display()
    );
    Some((start.under(&script), folder))
}

#[test]
fn a_name_with_a_dead_address_connects_to_the_live_one() {
    let (listener, port) = listener();
    let word = format!("two.test:{port}");
    for lines in [
        "::1 two.test\n127.0.0.1 two.test\n",
        "127.0.0.9 two.test\n127.0.0.1 two.test\n",
    ] {
        let Some((client, _hosts)) = with_hosts(sockkit(["tcp", "connect", &word]), lines) else {
            return;
        };
        let client = client.start();
        drop(accept(&listener));
        let finished = client.finish().expect(0);
        assert_eq!(finished.stderr, "", "{lines}");
    }
}

#[test]
fn an_address_that_is_silent_does_not_hold_up_the_next() {
    let (_listener, _callers, port) = deaf_port();
    let live = std::net::TcpListener::bind(("127.0.0.2", port)).unwrap();
    let lines = "127.0.0.1 two.test\n127.0.0.2 two.test\n";
    let start = sockkit(["tcp", "connect", "--explain", &format!("two.test:{port}")]);
    let Some((client, _hosts)) = with_hosts(start, lines) else {
        return;
    };
    let started = Instant::now();
    let client = client.start();
    drop(accept(&live));
    let taken = started.elapsed();
    assert!(taken < Duration::from_secs(3), "{taken:?}");
    let finished = client.finish().expect(0);
    // The resolver may put either first; where the silent one was tried, it was closed.
    let said = |call: &str| finished.stderr.matches(call).count();
    assert_eq!(said("socket("), said("close("), "{}", finished.stderr);
}

#[test]
fn every_address_that_failed_is_named() {
    let (_bound, port) = dead_port();
    let lines = "127.0.0.1 three.test\n127.0.0.2 three.test\n::1 three.test\n";
    let start = sockkit(["tcp", "connect", &format!("three.test:{port}")]);
    let Some((client, _hosts)) = with_hosts(start, lines) else {
        return;
    };
    let refused = client.run().expect(1);
    for address in ["127.0.0.1", "127.0.0.2", "[::1]"] {
        let named = format!("{address}:{port}: connection refused (ECONNREFUSED)");
        assert!(
            refused.stderr.contains(&named),
            "{named}: {}",
            refused.stderr
        );
    }
    assert_eq!(refused.stderr.lines().count(), 1, "{}", refused.stderr);
}

#[test]
fn a_listener_binds_every_address_of_a_name() {
    let lines = "127.0.0.1 two.test\n127.0.0.2 two.test\n";
    let start = sockkit(["tcp", "listen", "-k", "two.test:0"]);
    let Some((start, _hosts)) = with_hosts(start, lines) else {
        return;
    };
    let listening = start.start();
    for _ in 0..2 {
        let address: SocketAddr = listening.listening().parse().unwrap();
        banner_at(&listening, address);
    }
}

/// Hands sockets to sockkit as descriptors, as a service manager does.
const INHERIT: &str = r#"
import os, socket, sys
how, program, *words = sys.argv[1:]
kind = socket.SOCK_DGRAM if "udp" in words else socket.SOCK_STREAM
sockets = [socket.socket(socket.AF_INET, kind) for _ in range(2 if how == "systemd" else 1)]
for s in sockets:
    s.bind(("127.0.0.1", 0))
    if kind == socket.SOCK_STREAM: s.listen()
for number, s in enumerate(sockets, 3):
    print(s.getsockname()[1], flush=True)
held = [os.dup2(s.detach(), 10 + n) for n, s in enumerate(sockets)]
for n, fd in enumerate(held):
    os.dup2(fd, 3 + n, inheritable=True)
if how == "systemd":
    os.environ["LISTEN_PID"], os.environ["LISTEN_FDS"] = str(os.getpid()), "2"
os.execv(program, [program] + words)
"#;

const SOCKKIT: &str = env!("CARGO_BIN_EXE_sockkit");

#[test]
fn a_listening_descriptor_is_taken_over() {
    let words = ["number", SOCKKIT, "tcp", "listen", "fd:3"];
    let Some(start) = python(INHERIT, &words) else {
        return;
    };
    let listening = start.start();
    let port: u16 = listening.line().parse().unwrap();
    assert_eq!(listening.port(), port, "the ready line");
    drop(listening_client(port));
    assert_eq!(
        listening.finish().expect(0).text(),
        format!("{port}\nhello")
    );
}

fn listening_client(port: u16) -> TcpStream {
    let mut client = stream_to(("127.0.0.1", port));
    client.write_all(b"hello").unwrap();
    client
}

#[test]
fn a_datagram_descriptor_is_taken_over() {
    let words = ["number", SOCKKIT, "udp", "listen", "fd:3", "--count", "1"];
    let Some(start) = python(INHERIT, &words) else {
        return;
    };
    let listening = start.start();
    let port: u16 = listening.line().parse().unwrap();
    listening.listening();
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    sender.send_to(b"hello", ("127.0.0.1", port)).unwrap();
    assert_eq!(
        listening.finish().expect(0).text(),
        format!("{port}\nhello")
    );
}

#[test]
fn a_service_managers_sockets_are_all_served() {
    let words = ["systemd", SOCKKIT, "tcp", "listen", "-k", "fd:systemd"];
    let Some(start) = python(INHERIT, &words) else {
        return;
    };
    let listening = start.start();
    let ports: Vec<u16> = (0..2).map(|_| listening.line().parse().unwrap()).collect();
    for port in ports {
        assert_eq!(listening.port(), port);
        drop(listening_client(port));
        assert_eq!(listening.read(5), b"hello");
    }
}

#[test]
fn a_connected_descriptor_is_spoken_through() {
    const CONNECTED: &str = r#"
import os, socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
os.dup2(s.fileno(), 7, inheritable=True)
os.execv(sys.argv[2], sys.argv[2:])
"#;
    let (listener, port) = listener();
    let words = [&port.to_string(), SOCKKIT, "tcp", "connect", "fd:7"];
    let Some(start) = python(CONNECTED, &words) else {
        return;
    };
    let client = start.input("hello").start();
    let mut peer = accept(&listener);
    assert_eq!(read_end(&mut peer), b"hello");
    peer.write_all(b"world").unwrap();
    drop(peer);
    assert_eq!(client.finish().expect(0).text(), "world");
}

#[test]
fn descriptors_that_cannot_serve_are_trouble() {
    for words in [
        "tcp listen fd:77",
        "tcp listen fd:0",
        "tcp connect fd:77",
        "udp listen fd:77",
        "tcp listen fd:systemd",
        "tcp listen fd:99999999999",
    ] {
        let run = sockkit(words.split(' ')).run().expect(2);
        assert!(
            run.stderr.starts_with("sockkit: "),
            "{words}: {}",
            run.stderr
        );
    }
    // The wrong process's descriptors, and none at all.
    for (process, count) in [("1", "1"), ("x", "1"), ("", "")] {
        sockkit(["tcp", "listen", "fd:systemd"])
            .env("LISTEN_PID", process)
            .env("LISTEN_FDS", count)
            .run()
            .expect(2)
            .says("hint: ");
    }
}

#[test]
fn a_descriptor_of_another_kind_is_refused() {
    for words in [
        ["number", SOCKKIT, "udp", "listen", "fd:3"],
        ["number", SOCKKIT, "tcp", "listen", "fd:3"],
    ] {
        // The script makes a datagram socket where it finds the word udp; hand it the other one.
        let script = INHERIT.replace(r#""udp" in words"#, r#""tcp" in words"#);
        let script = script.replace("if kind == socket.SOCK_STREAM: s.listen()", "pass");
        let Some(start) = python(&script, &words) else {
            return;
        };
        start.run().expect(2).says("sockkit: ");
    }
}

#[test]
fn a_bound_interface_still_hears_loopback() {
    let listening = sockkit(["tcp", "listen", "0", "--interface", "lo"]).start();
    let mut client = stream_to(("127.0.0.1", listening.port()));
    client.write_all(b"x").unwrap();
    drop(client);
    listening.finish().expect(0);
    sockkit(["tcp", "listen", "0", "--interface", "nosuch0"])
        .run()
        .expect(2)
        .says("(ENODEV)");
}

#[test]
fn options_are_set_by_name() {
    let (listener, port) = listener();
    let words = [
        "-o",
        "SO_KEEPALIVE=1",
        "-o",
        "TCP_NODELAY=1",
        "-o",
        "IP_TTL=5",
        "--explain",
    ];
    let client = sockkit(["tcp", "connect", &port.to_string()])
        .args(words)
        .start();
    let mut peer = accept(&listener);
    peer.read_exact(&mut []).unwrap();
    drop(peer);
    let finished = client.finish().expect(0);
    for set in [
        "SOL_SOCKET, SO_KEEPALIVE, 1) = 0",
        "IPPROTO_TCP, TCP_NODELAY, 1) = 0",
        "IPPROTO_IP, IP_TTL, 5) = 0",
    ] {
        assert!(finished.stderr.contains(set), "{set}: {}", finished.stderr);
    }
    let at = |call: &str| {
        finished
            .stderr
            .find(call)
            .unwrap_or_else(|| panic!("{call}"))
    };
    assert!(at("IP_TTL") < at("connect("), "before it is needed");
}

#[test]
fn an_option_that_is_none_suggests_one() {
    for (word, hint) in [
        ("SO_RCVBUFF=1", "SO_RCVBUF"),
        ("TCP_NODELAI=1", "TCP_NODELAY"),
    ] {
        let run = sockkit(["tcp", "connect", "1", "-o", word]).run().expect(2);
        assert!(run.stderr.contains(hint), "{word}: {}", run.stderr);
    }
    for word in [
        "TCP_NODELAY=maybe",
        "SO_RCVBUF=",
        "IP_TTL=99999999999",
        "=1",
        "SO_RCVBUF",
    ] {
        sockkit(["tcp", "connect", "1", "-o", word]).run().expect(2);
    }
}

#[test]
fn a_listener_may_be_the_standard_input() {
    let (theirs, port) = listener();
    let ours = sockkit(["tcp", "listen", "fd:0"]);
    let ours = ours.stdin(Stdin::Open(theirs.into())).start();
    assert_eq!(ours.port(), port);
    let mut client = stream_to(("127.0.0.1", port));
    client.write_all(b"heard").unwrap();
    drop(client);
    assert_eq!(ours.finish().expect(0).text(), "heard");
}
