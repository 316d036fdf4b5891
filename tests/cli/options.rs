//! `options`: list, get and set, on fresh and on inherited sockets, against python3's getsockopt.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixStream};

use serde_json::{Value, json};
use socket2::SockRef;

use crate::kit::{Finished, Stdin, patient, pattern, python, sockkit};

fn run(words: &str) -> Finished {
    sockkit(words.split_whitespace()).run()
}

/// Run with a socket as descriptor 0.
fn on(socket: impl Into<OwnedFd>, words: &str) -> Finished {
    let words = words.split_whitespace().chain(["--fd", "0"]);
    sockkit(words).stdin(Stdin::Open(socket.into())).run()
}

fn connection() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    (patient(client), patient(server))
}

#[test]
fn the_list_is_grouped_by_level() {
    let text = run("options list").expect(0).text();
    let (levels, rows): (Vec<&str>, Vec<&str>) =
        text.lines().partition(|line| !line.starts_with(' '));
    let expected = [
        "SOL_SOCKET",
        "IPPROTO_IP",
        "IPPROTO_IPV6",
        "IPPROTO_TCP",
        "IPPROTO_UDP",
        "IPPROTO_UDPLITE",
        "SOL_PACKET",
        "SOL_MPTCP",
    ];
    assert_eq!(levels, expected);
    assert!(rows.len() >= 150, "{} rows", rows.len());
    assert_eq!(run("options").expect(0).text(), text);
    let column = |row: &&str| {
        row.find(" get ")
            .or_else(|| row.find(" set "))
            .or_else(|| row.find(" take "))
    };
    let first = column(&rows[0]);
    assert!(rows.iter().all(|row| column(row) == first), "{text}");
}

#[test]
fn the_list_is_filtered_by_a_word() {
    let text = run("options list MULTICAST").expect(0).text();
    assert!(text.contains("IP_MULTICAST_TTL") && text.contains("IPV6_ADD_MEMBERSHIP"));
    assert!(!text.contains("SO_RCVBUF"));
    run("options list nosuchword").expect(1).says("nosuchword");
}

#[test]
fn the_list_is_one_event_a_row() {
    let events = run("options list --json").expect(0).events();
    let text = run("options list").expect(0).text();
    let rows = text.lines().filter(|line| line.starts_with(' ')).count();
    assert_eq!(events.len(), rows);
    assert!(events.iter().all(|event| event["event"] == "option"));
    let buffer = events.iter().find(|event| event["name"] == "SO_RCVBUF");
    let mut buffer = buffer.unwrap().clone();
    buffer.as_object_mut().unwrap().remove("ts");
    let expected = json!({
        "event": "option", "level": "SOL_SOCKET", "name": "SO_RCVBUF", "number": 8, "type": "int", "unit": "bytes",
        "get": true, "set": true, "sockets": ["any"], "doc": "Size of the receive buffer",
        "note": "doubled, and capped at twice net.core.rmem_max",
    });
    assert_eq!(buffer, expected);
}

/// Reads `LEVEL NUMBER` pairs of the socket on descriptor 0; `null` for what is refused.
const GETSOCKOPT: &str = "
import json, socket, sys
s = socket.socket(fileno=0)
def get(pair):
    try: return s.getsockopt(*map(int, pair.split(',')))
    except OSError: return None
print(json.dumps({pair: get(pair) for pair in sys.argv[1:]}))
";

/// Every option whose value is an int is what python3 reads from the same socket.
fn assert_as_python_reads(socket: impl Into<OwnedFd>, least: usize) {
    let socket = socket.into();
    let levels = [
        ("SOL_SOCKET", 1),
        ("IPPROTO_IP", 0),
        ("IPPROTO_IPV6", 41),
        ("IPPROTO_TCP", 6),
        ("IPPROTO_UDP", 17),
    ];
    let readings = on(socket.try_clone().unwrap(), "options get --json")
        .expect(0)
        .events();
    let ints: Vec<(String, &Value)> = readings
        .iter()
        .filter(|event| event["value"].is_number() || event["value"].is_boolean())
        // A clock, and a number of 64 bits.
        .filter(|event| event["name"] != "TCP_TIMESTAMP" && event["type"] != "u64")
        .filter(|event| event["type"] != "timeval")
        .map(|event| {
            let level = levels.iter().find(|(name, _)| event["level"] == *name);
            let pair = format!("{},{}", level.unwrap().1, event["number"]);
            (pair, event)
        })
        .collect();
    assert!(ints.len() >= least, "{} ints", ints.len());
    let pairs: Vec<&str> = ints.iter().map(|(pair, _)| pair.as_str()).collect();
    let Some(python) = python(GETSOCKOPT, &pairs) else {
        return;
    };
    let theirs = python.stdin(Stdin::Open(socket)).run().expect(0);
    let theirs: Value = serde_json::from_str(&theirs.text()).unwrap();
    for (pair, event) in &ints {
        let theirs = theirs[pair].as_i64().unwrap_or_else(|| panic!("{event}"));
        let ours = match &event["value"] {
            Value::Bool(on) => i64::from(*on),
            number => number.as_i64().unwrap(),
        };
        // Python knows no unsigned int.
        let same = ours == theirs || ours == theirs & 0xffff_ffff;
        assert!(same, "{event}: python3 reads {theirs}");
    }
}

#[test]
fn values_are_those_that_python_reads() {
    let (client, server) = connection();
    client.set_nodelay(true).unwrap();
    SockRef::from(&client).set_keepalive(true).unwrap();
    SockRef::from(&client).set_recv_buffer_size(50_000).unwrap();
    SockRef::from(&client).set_tos_v4(0x10).unwrap();
    assert_as_python_reads(client, 70);
    assert_as_python_reads(server, 70);
    assert_as_python_reads(TcpListener::bind("[::1]:0").unwrap(), 100);
    assert_as_python_reads(UdpSocket::bind("127.0.0.1:0").unwrap(), 60);
    assert_as_python_reads(UdpSocket::bind("[::1]:0").unwrap(), 90);
    assert_as_python_reads(UnixStream::pair().unwrap().0, 30);
    assert_as_python_reads(UnixDatagram::pair().unwrap().0, 30);
}

#[test]
fn a_fresh_socket_has_the_options() {
    assert_eq!(
        run("options get TCP_NODELAY").expect(0).text(),
        "TCP_NODELAY  off\n"
    );
    assert_eq!(
        run("options get nodelay").expect(0).text(),
        "TCP_NODELAY  off\n"
    );
    for (words, family, kind) in [
        ("", "AF_INET", "SOCK_STREAM"),
        ("--type dgram", "AF_INET", "SOCK_DGRAM"),
        ("--family inet6", "AF_INET6", "SOCK_STREAM"),
        ("--family unix", "AF_UNIX", "SOCK_STREAM"),
        (
            "--family unix --type seqpacket",
            "AF_UNIX",
            "SOCK_SEQPACKET",
        ),
        ("--type seqpacket", "AF_UNIX", "SOCK_SEQPACKET"),
        ("--family inet6 --type dgram", "AF_INET6", "SOCK_DGRAM"),
    ] {
        let text = run(&format!("options get SO_DOMAIN SO_TYPE {words}"))
            .expect(0)
            .text();
        assert_eq!(
            text,
            format!("SO_DOMAIN  {family}\nSO_TYPE    {kind}\n"),
            "{words}"
        );
    }
    // Left open, the socket is one that has the option.
    for (name, kind) in [
        ("UDP_GRO", "SOCK_DGRAM"),
        ("IPV6_V6ONLY", "AF_INET6, SOCK_STREAM"),
        ("SO_PASSCRED", "AF_UNIX"),
    ] {
        run(&format!("options get {name} --explain"))
            .expect(0)
            .says(kind);
    }
}

#[test]
fn the_buffer_is_doubled() {
    let text = run("options set SO_RCVBUF=100000").expect(0).text();
    assert_eq!(text, "SO_RCVBUF  asked 100000  granted 200000 bytes\n");
    let events = run("options set --json SO_RCVBUF=1M nodelay=on SO_LINGER=5 IP_MTU_DISCOVER=do SO_RCVTIMEO=500ms").expect(0).events();
    let asked_granted: Vec<Value> = events
        .iter()
        .map(|event| json!([event["name"], event["asked"], event["granted"]]))
        .collect();
    let five = json!({"on": true, "seconds": 5});
    assert_eq!(
        Value::from(asked_granted),
        json!([
            ["SO_RCVBUF", 1_048_576, 2_097_152],
            ["TCP_NODELAY", true, true],
            ["SO_LINGER", five, five],
            ["IP_MTU_DISCOVER", 2, 2],
            ["SO_RCVTIMEO", 0.5, 0.5],
        ])
    );
}

#[test]
fn what_the_kernel_makes_of_a_value_is_shown() {
    for (setting, shown) in [
        // TCP keeps the bits of ECN.
        ("IP_TOS=0xff", "IP_TOS  asked 255  granted 252"),
        (
            "TCP_DEFER_ACCEPT=5",
            "TCP_DEFER_ACCEPT  asked 5  granted 7 s",
        ),
        ("TCP_KEEPIDLE=2m", "TCP_KEEPIDLE  asked 120  granted 120 s"),
        ("SO_LINGER=off", "SO_LINGER  asked off  granted off"),
        (
            "IP_TOS=lowdelay",
            "IP_TOS  asked lowdelay  granted lowdelay",
        ),
        (
            "IP_ADD_MEMBERSHIP=239.1.2.3@lo",
            "IP_ADD_MEMBERSHIP  asked 239.1.2.3@lo",
        ),
    ] {
        let text = run(&format!("options set {setting}")).expect(0).text();
        assert_eq!(text.trim_end(), shown);
    }
}

#[test]
fn options_by_number() {
    let text = run("options set SOL_SOCKET:8:int:10000 1:13:hex:0100000005000000")
        .expect(0)
        .text();
    let expected = "SO_RCVBUF  asked 10000  granted 20000\n\
                    SO_LINGER  asked 0100000005000000  granted 0100000005000000\n";
    assert_eq!(text, expected);
    let text = run("options get 1:3 6:1:int SOL_SOCKET:3:hex")
        .expect(0)
        .text();
    let expected = "SO_TYPE      SOCK_STREAM\nTCP_NODELAY  0\nSO_TYPE      01000000\n";
    assert_eq!(text, expected);
    run("options get tcp:4711")
        .expect(1)
        .says("getsockopt IPPROTO_TCP:4711: ");
    for words in [
        "options set 1:8:int:many",
        "options set 1:8:hex:5",
        "options set 1:8:float:5",
        "options set 1:8:5",
        "options set x:8:int:5",
        "options set 1:99999999999:int:5",
    ] {
        run(words).expect(2).says("hint: ");
    }
}

#[test]
fn an_inherited_socket_is_read_and_set() {
    let (client, mut server) = connection();
    let text = on(
        client.try_clone().unwrap(),
        "options set keepalive=1 TCP_KEEPIDLE=77",
    )
    .expect(0)
    .text();
    assert_eq!(
        text,
        "SO_KEEPALIVE  asked on  granted on\nTCP_KEEPIDLE  asked 77  granted 77 s\n"
    );
    assert!(SockRef::from(&client).keepalive().unwrap());
    SockRef::from(&client).set_ttl_v4(9).unwrap();
    let script = r#"exec 3<&0 </dev/null; exec "$0" "$@""#;
    let read = sockkit(["options", "get", "IP_TTL", "--fd", "3"])
        .stdin(Stdin::Open(client.try_clone().unwrap().into()))
        .under(script);
    assert_eq!(read.run().expect(0).text(), "IP_TTL  9\n");
    // It is still connected: only our copy of it was closed.
    (&client).write_all(b"x").unwrap();
    server.read_exact(&mut [0]).unwrap();
}

#[test]
fn an_error_that_waits_is_left_to_its_owner() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let gone = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(gone.local_addr().unwrap()).unwrap();
    drop(gone);
    socket.send(b"anybody there?").unwrap();
    let all = on(socket.try_clone().unwrap(), "options get")
        .expect(0)
        .text();
    assert!(
        all.contains("SO_TYPE") && !all.contains("SO_ERROR"),
        "{all}"
    );
    let text = on(socket, "options get SO_ERROR").expect(0).text();
    assert_eq!(text, "SO_ERROR  ECONNREFUSED\n");
}

#[test]
fn the_connection_is_shown_field_by_field() {
    let (client, mut server) = connection();
    let sent = pattern(5000);
    (&client).write_all(&sent).unwrap();
    server.read_exact(&mut vec![0; sent.len()]).unwrap();
    // An answer acknowledges what it answers.
    server.write_all(b"!").unwrap();
    (&client).read_exact(&mut [0]).unwrap();
    let text = on(client.try_clone().unwrap(), "options get TCP_INFO")
        .expect(0)
        .text();
    let field = |name: &str| {
        let line = text
            .lines()
            .find(|line| line.split_whitespace().next() == Some(name));
        let words: Vec<&str> = line
            .unwrap_or_else(|| panic!("{name}: {text}"))
            .split_whitespace()
            .skip(1)
            .collect();
        words.join(" ")
    };
    assert_eq!(text.lines().next(), Some("TCP_INFO"));
    assert_eq!(field("state"), "ESTABLISHED");
    assert_eq!(field("bytes_sent"), "5000 bytes");
    assert_eq!(field("bytes_received"), "1 bytes");
    assert!(field("rtt").ends_with(" us"), "{text}");
    let events = on(client, "options get TCP_INFO IP_MTU --json")
        .expect(0)
        .events();
    let info = &events[0]["value"];
    assert_eq!(info["state"], "ESTABLISHED");
    assert_eq!(info["bytes_sent"], 5000);
    assert_eq!(info["pmtu"], events[1]["value"]);
    assert!(info["rtt_us"].as_u64().unwrap() > 0, "{info}");
    assert!(info["options"].is_array(), "{info}");
}

#[test]
fn an_option_of_another_kind_of_socket_is_a_no() {
    run("options get TCP_NODELAY --type dgram")
        .expect(1)
        .says("(EOPNOTSUPP)")
        .says("hint: TCP_NODELAY is for these sockets: tcp");
    run("options set TCP_NODELAY=1 --family unix")
        .expect(1)
        .says("TCP_NODELAY=1");
    // The others are still read; trouble outweighs a no.
    let both = run("options get TCP_NODELAY SO_TYPE --type dgram").expect(1);
    assert_eq!(both.text(), "SO_TYPE      SOCK_DGRAM\n");
    run("options set UDP_GRO=1 IP_TTL=4711 --type stream")
        .expect(2)
        .says("UDP_GRO")
        .says("IP_TTL=4711");
    let events = run("options get TCP_NODELAY --type dgram --json")
        .expect(1)
        .events();
    assert_eq!(events[0]["event"], "error");
    assert_eq!(events[0]["errno"], "EOPNOTSUPP");
    assert_eq!(events[0]["status"], 1);
}

#[test]
fn what_makes_no_sense_is_refused_before_any_call() {
    for (words, why, hint) in [
        (
            "get SO_RCVBUFF",
            "`SO_RCVBUFF` is no socket option",
            "did you mean SO_RCVBUF?",
        ),
        (
            "set tcp_nodely=1",
            "`tcp_nodely` is no socket option",
            "did you mean TCP_NODELAY?",
        ),
        (
            "set entirely_else=1",
            "`entirely_else` is no socket option",
            "`sockkit options list`",
        ),
        (
            "set cork=1",
            "`cork` may be several socket options",
            "TCP_CORK or UDP_CORK",
        ),
        ("set SO_RCVBUF", "`SO_RCVBUF` gives no value", "SO_RCVBUF=1"),
        (
            "set SO_RCVBUF=",
            "`` is no value of SO_RCVBUF",
            "a number of bytes",
        ),
        (
            "set SO_RCVBUF=9G",
            "`9G` is no value of SO_RCVBUF",
            "a number of bytes",
        ),
        (
            "set nodelay=maybe",
            "`maybe` is no value of TCP_NODELAY",
            "on or off",
        ),
        (
            "set TCP_INFO=1",
            "TCP_INFO can only be read",
            "options get TCP_INFO",
        ),
        (
            "set SO_RCVBUF=1 nodelay=2",
            "`2` is no value of TCP_NODELAY",
            "on or off",
        ),
    ] {
        let run = run(&format!("options {words} --explain"))
            .expect(2)
            .says(why)
            .says(hint);
        assert!(!run.stderr.contains("socket("), "{words}: {}", run.stderr);
    }
    for words in [
        "set",
        "get --fd x",
        "get --fd 0 --type dgram",
        "get --type tcp",
        "nosuch",
    ] {
        run(&format!("options {words}")).expect(2);
    }
}

#[test]
fn a_descriptor_that_is_no_socket_is_trouble() {
    run("options get --fd 0")
        .expect(2)
        .says("inherit fd:0: socket operation on non-socket (ENOTSOCK)");
    run("options get --fd 77")
        .expect(2)
        .says("inherit fd:77: bad file descriptor (EBADF)");
    run("options get --fd -1").expect(2);
    run("options get --family inet --type seqpacket")
        .expect(2)
        .says("(ESOCKTNOSUPPORT)");
    run("options set IP_UNICAST_IF=nosuch0")
        .expect(2)
        .says("(ENODEV)");
    run("options set TCP_CONGESTION=nosuch")
        .expect(2)
        .says("hint: net.ipv4.tcp_available_congestion_control");
}

#[test]
fn calls_are_told_in_the_words_of_the_api() {
    let words =
        "options set --explain SO_LINGER=5 IP_TOS=lowdelay SO_RCVTIMEO=500ms TCP_CONGESTION=reno";
    let run = run(words).expect(0);
    // Behind the descriptor, whichever it was.
    let told: Vec<&str> = run
        .stderr
        .lines()
        .filter(|line| line.starts_with("setsockopt("))
        .filter_map(|line| line.split_once(", "))
        .map(|(_, rest)| rest)
        .collect();
    let expected = [
        "SOL_SOCKET, SO_LINGER, {on=1, linger=5}) = 0",
        "IPPROTO_IP, IP_TOS, IPTOS_LOWDELAY) = 0",
        "SOL_SOCKET, SO_RCVTIMEO, {tv_sec=0, tv_usec=500000}) = 0",
        "IPPROTO_TCP, TCP_CONGESTION, \"reno\") = 0",
    ];
    assert_eq!(told, expected);
}

#[test]
fn raw_sockets_have_options_too() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let text = run("options get IP_HDRINCL IP_NODEFRAG").expect(0).text();
    assert_eq!(text, "IP_HDRINCL   off\nIP_NODEFRAG  off\n");
    let text = run("options get IPV6_CHECKSUM --type raw").expect(0).text();
    assert_eq!(text, "IPV6_CHECKSUM  -1\n");
}
