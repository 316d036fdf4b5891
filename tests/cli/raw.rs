//! `raw send` and `raw listen` against ping, Python's raw sockets and the kernel itself.
//!
//! Every test has addresses of 127.0.0.0/8 for itself: raw sockets hear whatever is sent to theirs.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::sys::signal::Signal;
use socket2::{Domain, Protocol, Type};

use crate::kit::{Names, Running, Sign, Start, peer, program, python, scratch, sockkit};

pub(crate) fn raw(words: &str) -> Start {
    sockkit(["raw"].into_iter().chain(words.split_whitespace()))
}

/// A listener that is ready.
pub(crate) fn listen(words: &str) -> Running {
    let listener = raw(&format!("listen {words}")).start();
    listener.stderr_until(|line| line.starts_with("listening on raw "));
    listener
}

/// Whether raw sockets are permitted. Where not a test is skipped with a line at a desk, and fails where `CI` is set.
pub(crate) fn permitted() -> bool {
    let opened = socket2::Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::ICMPV4));
    if let Err(error) = &opened {
        assert!(env::var_os("CI").is_none(), "raw socket: {error}");
        let _ = writeln!(io::stderr(), "skipped: raw socket: {error}");
    }
    opened.is_ok()
}

/// The next line with these words; others are passed over.
fn line_with(listener: &Running, words: &str) -> String {
    loop {
        let line = listener.line();
        if line.contains(words) {
            return line;
        }
    }
}

#[test]
fn ping_is_heard() {
    let Some(ping) = peer("ping").filter(|_| permitted()) else {
        return;
    };
    let listener = listen("127.81.0.1 --count 2");
    program(&ping, ["-c2", "-i0.2", "-I127.81.0.2", "127.81.0.1"])
        .run()
        .expect(0);
    let heard = listener.finish().expect(0).text();
    for (seq, line) in heard.lines().enumerate() {
        let start = "IP 127.81.0.2 > 127.81.0.1: ICMP echo request, id ";
        let end = format!(", seq {}, length 64", seq + 1);
        assert!(line.starts_with(start) && line.ends_with(&end), "{line}");
    }
    assert_eq!(heard.lines().count(), 2);
}

#[test]
fn the_kernel_answers_an_echo_request() {
    if !permitted() {
        return;
    }
    // Type, code, checksum, id 0x5309, seq 1; the kernel fills in the checksum of ICMPv6.
    for (listen_at, to, hex, line) in [
        (
            "127.0.0.1",
            "127.81.1.1",
            "0800 a4f5 5309 0001",
            "IP 127.81.1.1 > 127.0.0.1: ICMP echo reply, id 21257, seq 1, length 8",
        ),
        (
            "::1",
            "::1",
            "8000 0000 5309 0001",
            "IP6 ::1 > ::1: ICMP6, echo reply, id 21257, seq 1, length 8",
        ),
    ] {
        let listener = listen(listen_at);
        let sent = sockkit(["raw", "send", to, "--from-hex", hex, "-v"])
            .run()
            .expect(0);
        assert!(
            sent.stderr.starts_with("sent 8 bytes of icmp"),
            "{}",
            sent.stderr
        );
        assert_eq!(line_with(&listener, "echo reply, id 21257"), line);
    }
}

#[test]
fn python_hears_what_is_sent() {
    let script = "
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 253)
s.bind((sys.argv[1], 0))
print('ready')
print(s.recvfrom(65535)[0].hex())
";
    let folder = scratch();
    let file = folder.path().join("packet");
    std::fs::write(&file, "00 ff\n10\n").unwrap();
    let file = file.to_str().unwrap();
    // The total length, the id and the checksum are the kernel's to fill in.
    let header = "4500 0000 0000 0000 2afd 0000 7f51 0209 7f51 0203 00ff10";
    for (at, words, input, source) in [
        (
            "127.81.2.1",
            vec!["--from-hex", "00", "ff10"],
            &b""[..],
            "7f000001",
        ),
        (
            "127.81.2.2",
            vec!["--from-hex", "--file", file],
            b"",
            "7f000001",
        ),
        (
            "127.81.2.3",
            vec!["--header", "--from-hex", header],
            b"",
            "7f510209",
        ),
        ("127.81.2.4", vec![], b"\x00\xff\x10", "7f000001"),
        ("127.81.2.6", vec!["--from-hex"], b"00\nff 10", "7f000001"),
        (
            "127.81.2.5",
            vec!["--file", "-"],
            b"\x00\xff\x10",
            "7f000001",
        ),
    ] {
        let Some(python) = python(script, &[at]).filter(|_| permitted()) else {
            return;
        };
        let python = python.start();
        assert_eq!(python.line(), "ready");
        let words = ["raw", "send", at, "--proto", "253"]
            .into_iter()
            .chain(words);
        sockkit(words).input(input).run().expect(0);
        let packet = python.line();
        assert_eq!(&packet[24..32], source, "{packet}");
        assert_eq!(&packet[40..], "00ff10", "{packet}");
    }
}

#[test]
fn a_header_of_ones_own_goes_over_ipv6_too() {
    let script = "
import socket
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, 254)
s.bind(('::1', 0))
print('ready')
data, peer = s.recvfrom(65535)
print(peer[0], data.hex())
";
    let Some(python) = python(script, &[]).filter(|_| permitted()) else {
        return;
    };
    let python = python.start();
    assert_eq!(python.line(), "ready");
    let local = format!("{:032x}", 1);
    let header = format!("60000000 0003 fe 40 {local} {local} 00ff10");
    sockkit(["raw", "send", "::1", "--header", "--from-hex", &header])
        .run()
        .expect(0);
    assert_eq!(python.line(), "::1 00ff10");
}

#[test]
fn what_python_sends_is_heard() {
    let script = "
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 253)
s.sendto(b'hello', ('127.81.3.1', 0))
";
    let Some(python) = python(script, &[]).filter(|_| permitted()) else {
        return;
    };
    let listener = raw("listen 127.81.3.1 --proto 253 --count 1 --json").start();
    let ready = listener.line();
    assert!(ready.contains(r#""local":"127.81.3.1""#), "{ready}");
    python.run().expect(0);
    let events = listener.finish().expect(0).events();
    assert_eq!(events[0]["event"], "listening");
    let packet = &events[1];
    assert_eq!(packet["event"], "packet");
    assert_eq!(packet["length"], 25);
    assert_eq!(packet["layers"]["ip"]["destination"], "127.81.3.1");
    assert_eq!(packet["layers"]["other"]["length"], 5);
    assert!(packet["hex"].as_str().unwrap().ends_with("68656c6c6f"));
}

#[test]
fn datagrams_segments_and_errors_are_decoded() {
    if !permitted() {
        return;
    }
    let datagrams = listen("127.81.4.1 --proto udp --count 1 --hex");
    let errors = listen("127.81.4.2 --count 1");
    let segments = listen("127.81.4.1 --proto tcp --count 1");
    let sender = UdpSocket::bind("127.81.4.2:0").unwrap();
    sender.send_to(b"hi", "127.81.4.1:9").unwrap();
    let _ = TcpStream::connect_timeout(&"127.81.4.1:9".parse().unwrap(), Duration::from_secs(5));
    let port = sender.local_addr().unwrap().port();
    let datagram = format!("IP 127.81.4.2.{port} > 127.81.4.1.9: UDP, length 2");
    let heard = datagrams.finish().expect(0).text();
    assert_eq!(heard.lines().next(), Some(datagram.as_str()));
    assert_eq!(heard.lines().count(), 3);
    let dump = heard.lines().last().unwrap();
    assert!(
        dump.starts_with("00000010  ") && dump.ends_with("hi|"),
        "{heard}"
    );
    assert_eq!(
        errors.finish().expect(0).text(),
        format!("IP 127.81.4.1 > 127.81.4.2: ICMP port unreachable, about {datagram}; length 38\n")
    );
    let segment = segments.finish().expect(0).text();
    assert!(
        segment.contains(" > 127.81.4.1.9: Flags [S], seq "),
        "{segment}"
    );
    assert!(segment.contains(", options [mss "), "{segment}");
}

#[test]
fn the_time_is_when_the_kernel_saw_it() {
    if !permitted() {
        return;
    }
    let folder = scratch();
    let file = folder.path().join("heard.pcap");
    let shown = raw("listen * --proto udp --filter dst port 5317 --count 2 --json").start();
    for _ in 0..2 {
        assert!(shown.line().contains("listening"));
    }
    let words = format!(
        "127.81.14.1 --proto udp --count 1 --pcap {}",
        file.display()
    );
    let written = listen(&words);
    for listener in [&shown, &written] {
        listener.signal(Signal::SIGSTOP);
    }
    let before = SystemTime::now();
    for (from, to) in [
        ("127.81.14.2:0", "127.81.14.1:5317"),
        ("[::1]:0", "[::1]:5317"),
    ] {
        UdpSocket::bind(from).unwrap().send_to(b"x", to).unwrap();
    }
    let after = SystemTime::now();
    for listener in [&shown, &written] {
        listener.signal(Signal::SIGCONT);
    }
    // Microseconds are told, so that the first may seem to be before.
    let when = before - Duration::from_micros(1)..=after;
    let events = shown.finish().expect(0).events();
    for packet in &events[2..4] {
        let told = |name: &str| humantime::parse_rfc3339(packet[name].as_str().unwrap()).unwrap();
        assert!(when.contains(&told("time")), "{packet}");
        assert!(told("ts") > after - Duration::from_micros(1), "{packet}");
    }
    written.finish().expect(0);
    let capture = std::fs::read(file).unwrap();
    let number = |at: usize| u32::from_ne_bytes(capture[at..at + 4].try_into().unwrap());
    let (seconds, nanos) = (number(24), number(28));
    assert_eq!(number(0), 0xa1b2_3c4d, "nanoseconds are written");
    assert!(when.contains(&(UNIX_EPOCH + Duration::new(seconds.into(), nanos))));
}

#[test]
fn what_found_no_room_is_counted() {
    if !permitted() {
        return;
    }
    let words = "listen 127.81.15.1 --proto udp --filter dst port 9 -o SO_RCVBUF=4096 --json";
    let listener = raw(words).start();
    assert!(listener.line().contains("listening"));
    listener.signal(Signal::SIGSTOP);
    let sender = UdpSocket::bind("127.81.15.2:0").unwrap();
    // Once there is no room, new kernels count before they filter.
    for port in [7, 9] {
        for _ in 0..50 {
            let to = ("127.81.15.1", port);
            sender.send_to(&[b'x'; 600], to).unwrap();
        }
    }
    listener.signal(Signal::SIGTERM);
    listener.signal(Signal::SIGCONT);
    let events = listener.finish().expect(143).events();
    let summary = events.last().unwrap();
    let [captured, dropped] = ["captured", "dropped"].map(|count| summary[count].as_u64().unwrap());
    assert!(captured > 0 && dropped > 0, "{summary}");
    assert_eq!(captured + dropped, 50, "{summary}");
}

#[test]
fn only_the_address_that_was_asked_for_is_heard() {
    if !permitted() {
        return;
    }
    let listener = listen("127.81.5.1 --proto udp --interface lo --count 1");
    let sender = UdpSocket::bind("127.81.5.9:0").unwrap();
    for to in ["127.81.5.2:9", "127.81.5.3:9", "127.81.5.1:9"] {
        sender.send_to(b"x", to).unwrap();
    }
    let heard = listener.finish().expect(0).text();
    assert!(heard.contains(" > 127.81.5.1.9: "), "{heard}");
}

#[test]
fn everything_is_both_families() {
    if !permitted() {
        return;
    }
    let listener = raw("listen * --proto udp").start();
    for _ in 0..2 {
        let line = listener.stderr_until(|line| line.starts_with("listening"));
        assert_eq!(line, "listening on raw udp *");
    }
    for (from, to) in [("127.81.6.1:0", "127.81.6.2:9"), ("[::1]:0", "[::1]:9")] {
        let sender = UdpSocket::bind(from).unwrap();
        sender.send_to(b"x", to).unwrap();
        let port = sender.local_addr().unwrap().port();
        assert!(line_with(&listener, &format!(".{port} > ")).ends_with(".9: UDP, length 1"));
    }
}

#[test]
fn without_the_privilege_there_is_a_hint() {
    let root = nix::unistd::geteuid().is_root();
    for words in [
        "listen",
        "send --from-hex -- 0800f7ff00000000",
        "listen ::1",
        "listen --link",
    ] {
        let drop = r#"exec setpriv --inh-caps=-all --bounding-set=-all "$0" "$@""#;
        let run = if root {
            raw(words).under(drop)
        } else {
            raw(words)
        };
        let run = run.run().expect(2);
        assert_eq!(
            run.stderr,
            "sockkit: raw socket: operation not permitted (EPERM)\n  \
             hint: needs CAP_NET_RAW: run as root, or: sudo setcap cap_net_raw+ep $(command -v sockkit)\n"
        );
        assert_eq!(run.text(), "");
    }
}

#[test]
fn the_privilege_is_given_up_once_it_is_open() {
    if !permitted() {
        return;
    }
    for words in ["127.81.7.1", "--link --interface lo --filter port 9"] {
        let listener = listen(words);
        let status = std::fs::read_to_string(format!("/proc/{}/status", listener.pid())).unwrap();
        for set in ["CapEff", "CapPrm", "CapInh"] {
            assert!(
                status.contains(&format!("{set}:\t0000000000000000")),
                "{status}"
            );
        }
    }
}

#[test]
fn limits_end_it() {
    if !permitted() {
        return;
    }
    for (words, sentence) in [
        (
            "-t 100ms 127.81.8.1",
            "listen on raw icmp 127.81.8.1: nobody came within 100ms",
        ),
        (
            "--deadline 100ms 127.81.8.2",
            "listen on raw icmp 127.81.8.2: not done within 100ms",
        ),
        (
            "--proto 252 -t 0.1 -6",
            "listen on raw 252 ::1: nobody came within 100ms",
        ),
    ] {
        raw(&format!("listen {words}"))
            .run()
            .expect(124)
            .says(sentence);
    }
    let listener = listen("127.81.8.3 --proto udp --idle-timeout 100ms -t 10");
    UdpSocket::bind("127.81.8.9:0")
        .unwrap()
        .send_to(b"x", "127.81.8.3:9")
        .unwrap();
    listener
        .finish()
        .expect(124)
        .says("nothing moved for 100ms");
}

#[test]
fn limits_end_sending() {
    for (words, sentence) in [
        ("--deadline 100ms", "not done within 100ms"),
        (
            "--idle-timeout 0.1 --from-hex --file -",
            "nothing moved for 100ms",
        ),
    ] {
        let sent = raw(&format!("send {words}")).piped().start().finish();
        assert_eq!(
            sent.expect(124).stderr,
            format!("sockkit: read stdin: {sentence}\n")
        );
    }
    // A named pipe that nobody writes to, or not to its end.
    let folder = scratch();
    let pipe = folder.path().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let named = pipe.to_str().unwrap();
    let words = format!("send --udp --deadline 200ms --file {named}");
    let late = format!("sockkit: read {named}: not done within 200ms\n");
    assert_eq!(raw(&words).run().expect(124).stderr, late);
    let _writer = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(&pipe)
        .unwrap();
    assert_eq!(raw(&words).run().expect(124).stderr, late);
    // Port 53 is root's, and so is the machine that asks there.
    let Ok(_silent) = UdpSocket::bind("127.81.16.1:53") else {
        return;
    };
    let Some(machine) = Names::new(
        "ein.zwei.test",
        "127.0.0.1 localhost\n",
        Some("127.81.16.1"),
    ) else {
        return;
    };
    for words in [
        "send silent.invalid -t 300ms 00",
        "send silent.invalid --deadline 0.3 --udp",
        "listen silent.invalid -t 0.3",
    ] {
        let late = machine.around(raw(words)).run().expect(124);
        assert_eq!(
            late.stderr,
            "sockkit: resolve silent.invalid: no answer within 300ms\n"
        );
    }
}

#[test]
fn the_sign_is_given_when_it_hears() {
    if !permitted() {
        return;
    }
    let mut sign = Sign::new();
    let words = [
        "raw",
        "listen",
        "127.81.12.1",
        "--proto",
        "252",
        "--count",
        "1",
        "-q",
    ];
    let [flag, number, ..] = sign.flags();
    let words = words.into_iter().map(OsString::from).chain([flag, number]);
    let listener = sockkit(words).under(&sign.script("")).start();
    sign.wait();
    raw("send 127.81.12.1 --proto 252 --from-hex 01")
        .run()
        .expect(0);
    let heard = listener.finish().expect(0);
    assert_eq!(
        heard.text(),
        "IP 127.0.0.1 > 127.81.12.1: protocol 252, length 1\n"
    );
    assert_eq!(heard.stderr, "");
}

#[test]
fn signals_end_it() {
    if !permitted() {
        return;
    }
    for (signal, status) in [
        (Signal::SIGINT, 130),
        (Signal::SIGTERM, 143),
        (Signal::SIGHUP, 129),
    ] {
        let listener = listen("127.81.9.1");
        listener.signal(signal);
        let ended = listener.finish().expect(status);
        let said: Vec<&str> = ended.stderr.lines().skip(1).collect();
        assert_eq!(said, ["0 packets captured, 0 dropped by kernel"]);
    }
}

#[test]
fn a_reader_that_is_slow_or_gone_ends_nothing_but_its_own() {
    if !permitted() {
        return;
    }
    // Gone before anything came: noticed at once.
    let (reader, writer) = io::pipe().unwrap();
    let listener = raw("listen 127.81.10.1").stdout(writer).start();
    listener.stderr_until(|line| line.starts_with("listening"));
    drop(reader);
    assert_eq!(listener.finish().expect(141).stderr.lines().count(), 1);
    // Gone after a byte.
    let (mut reader, writer) = io::pipe().unwrap();
    let listener = raw("listen 127.81.10.2 --proto udp --json")
        .stdout(writer)
        .start();
    reader.read_exact(&mut [0]).unwrap();
    drop(reader);
    listener.finish().expect(141);
    // Slow: more than a pipe holds, and a signal is heard nevertheless.
    let (reader, writer) = io::pipe().unwrap();
    let listener = raw("listen 127.81.10.3 --proto udp --hex")
        .stdout(writer)
        .start();
    listener.stderr_until(|line| line.starts_with("listening"));
    let sender = UdpSocket::bind("127.81.10.9:0").unwrap();
    for _ in 0..300 {
        sender.send_to(&[b'x'; 1000], "127.81.10.3:9").unwrap();
    }
    listener.signal(Signal::SIGTERM);
    listener.finish().expect(143);
    drop(reader);
}

#[test]
fn what_makes_no_sense_is_refused() {
    for (words, sentence) in [
        ("", "sockkit: "),
        (
            "listen 127.0.0.1:80",
            "has a port, and there are no ports here",
        ),
        ("listen 8082", "is a number, and there are no ports here"),
        ("listen --count 0", "--count"),
        ("listen --proto nosuch", "a number from 0 to 255"),
        ("listen --proto 256", "a number from 0 to 255"),
        ("listen --proto raw", "only sends"),
        ("listen --proto icmp6 127.0.0.1", "icmp6 goes over IPv6"),
        ("listen -4 --proto icmp6", "icmp6 goes over IPv6"),
        ("listen -4 ::1 --proto udp", "leave out -4"),
        ("listen --interface an-interface-name", "1 to 15 bytes"),
        ("listen --filter tpc", "`tpc` is no address and no word"),
        (
            "listen --filter vlan",
            "a link's header, which --link shows",
        ),
        ("listen --filter host no..host", "is no address and no host"),
        (
            "listen --filter tcp[13] & 2 !=",
            "it ends where a number is expected",
        ),
        ("listen --filter arp", "a raw socket hears IP alone"),
        (
            "listen --filter tcp and not (ip or not arp)",
            "a raw socket hears IP alone",
        ),
        (
            "listen --link --filter tcp port",
            "`port` is followed by nothing",
        ),
        ("listen --pcap - --json", "do not both go to stdout"),
        ("listen --pcap x --hex", "cannot be used with"),
        ("listen -6 --pcap x", "a raw socket delivers no IPv6 header"),
        ("send * --from-hex 00", "is no destination"),
        (
            "send --proto 255 --from-hex -- 4500",
            "an IPv4 header has at least 20 bytes",
        ),
        ("send --from-hex -- 0", "an odd number of hex digits"),
        ("send --from-hex -- 0g", "'g' is no hex digit"),
        (
            "send --from-hex -- 08",
            "an ICMP message has at least 2 bytes",
        ),
        (
            "send ::1 --from-hex 0800",
            "an ICMPv6 message has at least 4 bytes",
        ),
        (
            "send --header --from-hex -- 45",
            "an IPv4 header has at least 20 bytes",
        ),
        (
            "send --header -6 --from-hex -- 60",
            "an IPv6 header has at least 40 bytes",
        ),
        ("send --host ::1 00 --file x", "DATA is there, and --file"),
        ("send --file /nosuch/file", "(ENOENT)"),
    ] {
        let run = raw(words).run();
        assert!(run.status == 2 || words.contains("/nosuch"), "{words}");
        run.says(sentence);
    }
}

#[test]
fn options_shape_what_is_sent() {
    if !permitted() {
        return;
    }
    let listener = raw("listen 127.81.13.1 --proto 252 --count 1 --json").start();
    listener.line();
    raw("send 127.81.13.1 --proto 252 --from-hex 01 -o IP_TTL=5 -o IP_TOS=16")
        .run()
        .expect(0);
    let events = listener.finish().expect(0).events();
    assert_eq!(events[1]["layers"]["ip"]["ttl"], 5);
    assert_eq!(events[1]["layers"]["ip"]["tos"], 16);
    raw("send -o NOSUCH=1 --from-hex -- 0000")
        .run()
        .expect(2)
        .says("NOSUCH");
}

#[test]
fn the_kernels_refusals_are_named() {
    if !permitted() {
        return;
    }
    for (words, status, sentence) in [
        (
            "listen 192.0.2.7",
            2,
            "bind 192.0.2.7: cannot assign requested address (EADDRNOTAVAIL)",
        ),
        ("listen --interface nosuch0", 2, "no such device (ENODEV)"),
        (
            "listen --link --interface nosuch0",
            2,
            "if_nametoindex nosuch0: no such device (ENODEV)",
        ),
        (
            "listen --pcap /nosuch/file",
            2,
            "open /nosuch/file: no such file or directory (ENOENT)",
        ),
        (
            "listen --proto 0",
            2,
            "protocol not supported (EPROTONOSUPPORT)",
        ),
        ("listen nosuch.invalid", 1, "resolve nosuch.invalid: "),
        (
            "send 255.255.255.255 --from-hex 0000",
            2,
            "sendto 255.255.255.255: permission denied (EACCES)",
        ),
    ] {
        raw(words).run().expect(status).says(sentence);
    }
    let long = raw("send --proto 253").input(vec![0; 65530]);
    long.run()
        .expect(2)
        .says("sendto 127.0.0.1: message too long (EMSGSIZE)");
    let longer = raw("send --proto 253").input(vec![0; 1 << 17]);
    longer
        .run()
        .expect(2)
        .says("a packet has at most 65535 bytes");
}

#[test]
fn each_call_is_explained() {
    if !permitted() {
        return;
    }
    let listener = listen("127.81.11.1 --proto 253 --count 1 --explain --interface lo");
    let sent = raw("send 127.81.11.1 --proto 253 --from-hex 01 --explain")
        .run()
        .expect(0);
    let fd = sent
        .stderr
        .lines()
        .next()
        .and_then(|line| line.rsplit(' ').next())
        .unwrap();
    assert_eq!(
        sent.stderr,
        format!(
            "socket(AF_INET, SOCK_RAW, 253) = {fd}\nsendto({fd}, 1, 127.81.11.1:0) = 1\nclose({fd}) = 0\n"
        )
    );
    let heard = &listener.finish().expect(0).stderr;
    for call in [
        "socket(",
        "setsockopt(",
        "SO_TIMESTAMPNS",
        "bind(",
        "recvmmsg(",
        "close(",
    ] {
        assert!(heard.contains(call), "{call} in {heard}");
    }
    let filter = "--filter proto 253 and host 127.81.11.2";
    let listener = listen(&format!(
        "--link --interface lo --count 1 --explain {filter}"
    ));
    raw("send 127.81.11.2 --proto 253 --from-hex 01")
        .run()
        .expect(0);
    let heard = &listener.finish().expect(0).stderr;
    let mut rest = heard.as_str();
    for call in [
        "socket(AF_PACKET, SOCK_RAW, 0) = ",
        ", SOL_SOCKET, SO_TIMESTAMPNS, 1) = 0",
        ", SOL_PACKET, PACKET_AUXDATA, 1) = 0",
        ", SOL_SOCKET, SO_ATTACH_FILTER, {len=",
        ", lo) = 0",
        ", 32) = 1\n",
        ", SOL_PACKET, PACKET_STATISTICS) = 0  [1 packets, 0 drops]",
        "close(",
    ] {
        let (_, after) = rest
            .split_once(call)
            .unwrap_or_else(|| panic!("{call} in {heard}"));
        rest = after;
    }
}
