//! `udp listen` with many peers: echoed, answered, given a command each, told what stdin says; and what each datagram tells.

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use socket2::{Domain, Socket, Type};

use crate::kit::{LONG, Record, Running, Start, patient, pattern, scratch, sockkit};

fn listen(words: &str) -> Start {
    sockkit(
        ["udp", "listen", "127.0.0.1:0"]
            .into_iter()
            .chain(words.split_whitespace()),
    )
}

fn client() -> UdpSocket {
    patient(UdpSocket::bind("127.0.0.1:0").unwrap())
}

/// A client that has said something to a listener.
fn saying(listener: SocketAddr, bytes: &[u8]) -> UdpSocket {
    let client = client();
    client.connect(listener).unwrap();
    client.send(bytes).unwrap();
    client
}

fn address(listener: &Running) -> SocketAddr {
    listener.listening().parse().unwrap()
}

#[test]
fn two_hundred_interleaved_senders_are_each_answered() {
    let listener = listen("--echo").start();
    let to = address(&listener);
    let clients: Vec<UdpSocket> = (0..200).map(|_| client()).collect();
    for turn in 0..3 {
        for (number, client) in clients.iter().enumerate() {
            let said = format!("{number} says {turn}");
            client.send_to(said.as_bytes(), to).unwrap();
        }
        for (number, client) in clients.iter().enumerate() {
            assert_eq!(client.record(), format!("{number} says {turn}").as_bytes());
        }
    }
    listener.signal(Signal::SIGTERM);
    assert!(listener.finish().expect(143).stdout.is_empty());
}

#[test]
fn every_size_goes_back_whole_and_in_order() {
    let listener = listen("--echo").start();
    let client = client();
    client.connect(address(&listener)).unwrap();
    for size in [0, 1, 1400, 1472, 1473, 9000, 65_507] {
        client.send(&pattern(size)).unwrap();
        let mut buffer = vec![0; 70_000];
        let count = client.recv(&mut buffer).unwrap();
        assert!(buffer[..count] == pattern(size), "{size} bytes");
    }
}

#[test]
fn a_reply_is_the_same_for_all() {
    let listener = listen("--reply a\\x00\\n").start();
    let to = address(&listener);
    for _ in 0..3 {
        assert_eq!(saying(to, b"what?").record(), b"a\0\n");
    }
    let folder = scratch();
    let file = folder.path().join("reply");
    std::fs::write(&file, "from a file").unwrap();
    let listener = listen("")
        .args(["--reply", &format!("@{}", file.display())])
        .start();
    assert_eq!(saying(address(&listener), b"").record(), b"from a file");
}

#[test]
fn what_is_discarded_is_told_where_it_is_asked_for() {
    let listener = listen("--discard --format line --count 1").start();
    saying(address(&listener), b"gone");
    assert!(listener.line().ends_with(": gone"));
    listener.finish().expect(0);
}

#[test]
fn each_peer_has_a_command_of_its_own() {
    let script = "read word; echo $SOCKKIT_PROTO $SOCKKIT_PEER_PORT $word; read word; echo $word";
    let listener = listen("").args(["--sh", script]).start();
    let to = address(&listener);
    let clients = [saying(to, b"first\n"), saying(to, b"second\n")];
    for (client, word) in clients.iter().zip(["first", "second"]) {
        let port = client.local_addr().unwrap().port();
        assert_eq!(client.record(), format!("udp {port} {word}\n").as_bytes());
    }
    for client in clients {
        client.send(b"more\n").unwrap();
        assert_eq!(client.record(), b"more\n");
    }
    listener.signal(Signal::SIGTERM);
    listener.finish().expect(143);
}

#[test]
fn each_write_of_a_command_is_a_datagram() {
    let listener = listen("-v")
        .args(["--sh", "printf one; printf two; printf three"])
        .start();
    let client = saying(address(&listener), b"?");
    for word in ["one", "two", "three"] {
        assert_eq!(client.record(), word.as_bytes());
    }
    // Once it has ended, the next datagram begins another one.
    listener.stderr_until(|line| line.starts_with("1 ") && line.contains("status 0"));
    client.send(b"?").unwrap();
    for word in ["one", "two", "three"] {
        assert_eq!(client.record(), word.as_bytes());
    }
}

#[test]
fn a_command_learns_that_its_peer_has_expired() {
    let listener = listen("--expire 200ms -v")
        .args(["--sh", "cat; echo over"])
        .start();
    let client = saying(address(&listener), b"hello");
    assert_eq!(client.record(), b"hello");
    assert_eq!(client.record(), b"over\n");
    listener.stderr_until(|line| line.contains("ran") || line.contains("ended"));
    assert!(listener.children().is_empty());
}

#[test]
fn a_command_that_says_no_end_ends_once_its_peer_has_expired() {
    let script = "trap '' HUP TERM; while :; do echo more; done";
    let listener = listen("--expire 100ms -v").args(["--sh", script]).start();
    let client = saying(address(&listener), b"?");
    assert_eq!(client.record(), b"more\n");
    listener.stderr_until(|line| line.ends_with("status 137"));
    assert!(listener.children().is_empty());
}

#[test]
fn one_that_goes_on_is_heard_no_more_once_its_peer_has_another() {
    let script = "trap '' HUP TERM; while :; do echo $$; sleep 0.02; done";
    let listener = listen("--expire 100ms -v").args(["--sh", script]).start();
    let to = address(&listener);
    let peer = saying(to, b"x");
    let first = peer.record();
    let until = Instant::now() + Duration::from_millis(300);
    while Instant::now() < until {
        assert_eq!(peer.record(), first);
    }
    peer.send_to(b"x", to).unwrap();
    let second = loop {
        let said = peer.record();
        if said != first {
            break said;
        }
    };
    listener.stderr_until(|line| line.starts_with("1 ") && line.ends_with("status 137"));
    let until = Instant::now() + Duration::from_millis(300);
    while Instant::now() < until {
        assert_eq!(peer.record(), second);
    }
}

#[test]
fn a_command_that_does_not_read_is_said_once_and_then_counted() {
    let listener = listen("").args(["--sh", "exec sleep 1000"]).start();
    let client = saying(address(&listener), b"");
    let send = || {
        for _ in 0..50 {
            client.send(&[0; 60_000]).unwrap();
        }
    };
    while !listener.stderr_so_far().contains("takes less") {
        send();
    }
    send();
    listener.stderr_until(|line| line.contains(" datagrams left out, "));
    let said = listener.stderr_so_far();
    assert_eq!(said.matches("takes less").count(), 1, "{said}");
}

#[test]
fn nothing_answers_itself() {
    let to = "0.0.0.0:0";
    let words = ["udp", "listen", to, "--echo", "-o", "SO_REUSEADDR=1"];
    let listener = sockkit(words).start();
    let port = listener.port();
    // Whoever has the listener's port speaks for it.
    let itself = Socket::new(Domain::IPV4, Type::DGRAM, None).unwrap();
    itself.set_reuse_address(true).unwrap();
    let own: SocketAddr = ([127, 0, 0, 2], port).into();
    itself.bind(&own.into()).unwrap();
    let itself = UdpSocket::from(itself);
    itself.send_to(b"me?", ("127.0.0.1", port)).unwrap();
    let other = client();
    other.send_to(b"you?", ("127.0.0.1", port)).unwrap();
    assert_eq!(other.record(), b"you?");
    itself.set_nonblocking(true).unwrap();
    assert!(itself.recv(&mut [0; 9]).is_err());
}

#[test]
fn a_reply_that_no_datagram_holds_is_refused_at_once() {
    let folder = scratch();
    let file = folder.path().join("reply");
    let reply = format!("@{}", file.display());
    std::fs::write(&file, [b'x'; 65_508]).unwrap();
    let refused = listen("").args(["--reply", &reply]).run().expect(2);
    refused.says("a reply of 65508 bytes is too long");
    std::fs::write(&file, [b'x'; 65_507]).unwrap();
    listen("-t 100ms")
        .args(["--reply", &reply])
        .run()
        .expect(124);
}

#[test]
fn a_line_tells_each_byte() {
    let listener = listen("--format line").start();
    let to = address(&listener);
    for (bytes, shown) in [
        (b"a\nb".as_slice(), "a\\nb"),
        (b"a\\nb", "a\\\\nb"),
        (b"\t\r\x00\x1b\x7f\xff", "\\t\\r\\x00\\x1b\\x7f\\xff"),
        ("\u{e9}\u{202e}".as_bytes(), "\u{e9}\\u{202e}"),
    ] {
        saying(to, bytes);
        let line = listener.line();
        assert!(line.ends_with(&format!(": {shown}")), "{line}");
    }
}

#[test]
fn more_peers_have_commands_than_a_command_may_have_descriptors() {
    let listener = listen("")
        .args(["--sh", "ulimit -Sn; cat"])
        .under(r#"ulimit -Sn 24; exec "$0" "$@""#)
        .start();
    let to = address(&listener);
    let peers: Vec<UdpSocket> = (0..20).map(|_| saying(to, b"x")).collect();
    for peer in &peers {
        assert_eq!(peer.record(), b"24\n");
    }
}

#[test]
fn a_count_lets_the_last_command_answer() {
    let script = "read word; echo got $word";
    let listener = listen("--count 1").args(["--sh", script]).start();
    let client = saying(address(&listener), b"it\n");
    assert_eq!(client.record(), b"got it\n");
    listener.finish().expect(0);
}

#[test]
fn a_command_that_cannot_be_found_is_trouble_here() {
    listen("--exec -- /no/such/command").run().expect(127);
}

#[test]
fn no_command_outlives_its_listener() {
    let listener = listen("")
        .args(["--sh", "trap '' HUP; echo $$; exec sleep 1000"])
        .start();
    let client = saying(address(&listener), b"?");
    let pid: i32 = String::from_utf8(client.record())
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    listener.signal(Signal::SIGINT);
    listener.finish().expect(130);
    let gone = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), None);
    assert_eq!(gone, Err(nix::errno::Errno::ESRCH));
}

#[test]
fn stdin_may_speak_to_all() {
    let listener = listen("--lines --to all").piped().start();
    let to = address(&listener);
    let clients: Vec<UdpSocket> = (0..5).map(|_| saying(to, b"here\n")).collect();
    for _ in &clients {
        assert_eq!(listener.line(), "here");
    }
    listener.write("to all\n");
    for client in &clients {
        assert_eq!(client.record(), b"to all");
    }
}

#[test]
fn the_forms_tell_what_there_is_to_tell() {
    let told = |form: &str| {
        let listener = listen(&format!("--format {form} --count 1")).start();
        let to = address(&listener);
        let client = client();
        client.set_ttl(9).unwrap();
        client.send_to(b"Hi\r\n\x1b", to).unwrap();
        let from = client.local_addr().unwrap();
        (listener.finish().expect(0).text(), from, to)
    };
    let (line, from, to) = told("line");
    let head = format!(" {from} > {to}, 5 bytes, ttl 9, tos 0");
    assert!(
        line.ends_with(&format!("{head}: Hi\\r\\n\\x1b\n")),
        "{line}"
    );
    let (time, _) = line.split_once(' ').unwrap();
    assert!(time.ends_with('Z') && time.len() == 27, "{time}");

    let (hex, from, to) = told("hex");
    assert!(
        hex.contains(&format!(" {from} > {to}, 5 bytes, ttl 9, tos 0\n")),
        "{hex}"
    );
    assert!(hex.contains("00000000  48 69 0d 0a 1b "), "{hex}");

    let (json, from, to) = told("json");
    let event: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(event["event"], "datagram");
    assert_eq!(event["peer"], from.to_string());
    assert_eq!(event["local"], to.to_string());
    assert_eq!(
        (&event["length"], &event["truncated"]),
        (&5.into(), &false.into())
    );
    assert_eq!((&event["ttl"], &event["tos"]), (&9.into(), &0.into()));
    assert_eq!(event["data"], "Hi\r\n\u{1b}");
    assert!(event["time"].is_string());

    let (raw, ..) = told("raw");
    assert_eq!(raw, "Hi\r\n\x1b");
}

#[test]
fn an_empty_datagram_is_the_end_where_that_is_wanted() {
    let listener = listen("--eof-on-empty").start();
    let to = listener.listening();
    let words = ["udp", "send", &to, "--send-empty", "--", "all", "of it"];
    sockkit(words).run().expect(0);
    assert_eq!(listener.finish().expect(0).text(), "allof it");
    // Nothing to send is an empty datagram then.
    let listener = listen("--eof-on-empty").start();
    sockkit(["udp", "send", &listener.listening(), "--send-empty"])
        .run()
        .expect(0);
    listener.finish().expect(0);
}

#[test]
fn words_are_sent_over_and_over_and_in_time() {
    let receiver = client();
    let to = receiver.local_addr().unwrap().to_string();
    let words = [
        "udp", "send", &to, "--count", "5", "--rate", "1000", "--", "a", "b",
    ];
    sockkit(words).run().expect(0);
    for word in ["a", "b", "a", "b", "a"] {
        assert_eq!(receiver.record(), word.as_bytes());
    }
    let lines = ["udp", "send", &to, "--lines", "--count", "2"];
    sockkit(lines).input("1\n2\n3\n").run().expect(0);
    sockkit(["udp", "send", &to, "--", "end"]).run().expect(0);
    for word in ["1", "2", "end"] {
        assert_eq!(receiver.record(), word.as_bytes());
    }
    let endless = [
        "udp",
        "send",
        &to,
        "--rate",
        "2",
        "--count",
        "1000",
        "--deadline",
        "300ms",
    ];
    sockkit(endless).args(["--", "x"]).run().expect(124);
}

#[test]
fn many_of_one_size_keep_their_boundaries() {
    let receiver = client();
    let to = receiver.local_addr().unwrap().to_string();
    let bytes = pattern(1000 * 70 + 17);
    sockkit(["udp", "send", &to, "--size", "1000"])
        .upload(&bytes)
        .run()
        .expect(0);
    for piece in bytes.chunks(1000) {
        assert!(receiver.record() == piece);
    }
}

#[test]
fn what_a_read_of_a_pipe_cuts_in_two_is_one() {
    let receiver = client();
    let to = receiver.local_addr().unwrap().to_string();
    let bytes = pattern(100 * 1400);
    // Those of the first read take a while: by then there is more to read.
    let sender = sockkit(["udp", "send", &to, "--size", "1400", "--rate", "200"])
        .input(&bytes)
        .start();
    for piece in bytes.chunks(1400) {
        assert!(receiver.record() == piece);
    }
    sender.finish().expect(0);
}

#[test]
fn what_comes_as_one_is_told_apart() {
    let listener = listen("--format json").deadline(LONG).start();
    let bytes = pattern(1000 * 70 + 17);
    let to = listener.listening();
    sockkit(["udp", "send", &to, "--size", "1000"])
        .upload(&bytes)
        .run()
        .expect(0);
    let mut whole = Vec::new();
    for size in std::iter::repeat_n(1000, 70).chain([17]) {
        let event: serde_json::Value = serde_json::from_str(&listener.line()).unwrap();
        assert_eq!(event["length"], size);
        let bytes = match event["hex"].as_str() {
            Some(digits) => hex::decode(digits).unwrap(),
            None => event["data"].as_str().unwrap().as_bytes().to_vec(),
        };
        whole.extend(bytes);
    }
    assert!(whole == bytes);
}

#[test]
fn what_the_kernel_drops_is_said() {
    // One that is dropped may be several that came as one, unless they are taken one by one.
    for (counts, may_be_more) in [("", true), ("--count 1000", false)] {
        let words = format!("-o SO_RCVBUF=4096 -t 10s --reply x {counts}");
        let listener = listen(&words).start();
        let to = address(&listener);
        listener.signal(Signal::SIGSTOP);
        let client = client();
        for _ in 0..100 {
            client.send_to(&[0; 1000], to).unwrap();
        }
        listener.signal(Signal::SIGCONT);
        client.record();
        listener.signal(Signal::SIGTERM);
        let finished = listener.finish().expect(143);
        let finished = finished.says("datagrams dropped by the kernel");
        let says = finished.stderr.contains("\nat least ");
        assert_eq!(says, may_be_more, "{}", finished.stderr);
    }
}

#[test]
fn a_burst_is_passed_on_whole_and_in_order() {
    let listener = listen("").start();
    let to = address(&listener);
    let client = client();
    for turn in 0..100_u8 {
        client.send_to(&[turn; 1400], to).unwrap();
    }
    let heard = listener.read(140_000);
    for (turn, piece) in (0_u8..).zip(heard.chunks(1400)) {
        assert!(piece.iter().all(|byte| *byte == turn), "{turn}");
    }
}

#[test]
fn a_part_of_udplite_may_go_uncovered() {
    let words = "--udplite --coverage 20 --count 1 --explain";
    let listener = listen(words).start();
    let to = listener.listening();
    let sender = [
        "udp",
        "send",
        &to,
        "--udplite",
        "--coverage",
        "20",
        "--explain",
        "--",
        "light",
    ];
    let sent = sockkit(sender).run().expect(0);
    sent.says("IPPROTO_UDPLITE, UDPLITE_SEND_CSCOV, 20) = 0");
    assert_eq!(listener.finish().expect(0).text(), "light");
    let alone = ["udp", "send", &to, "--coverage", "20", "--", "x"];
    sockkit(alone).run().expect(2);
}

#[test]
fn the_receive_buffer_is_raised_unless_somebody_says_how_much() {
    let raised = listen("--explain -t 100ms").run().expect(124);
    assert!(
        raised.stderr.contains("SO_RCVBUFFORCE, 16777216)")
            || raised.stderr.contains("SO_RCVBUF, 16777216)"),
        "{}",
        raised.stderr
    );
    let said = listen("--explain -t 100ms -o SO_RCVBUF=64k")
        .run()
        .expect(124);
    assert!(!said.stderr.contains("16777216"), "{}", said.stderr);
}

#[test]
fn a_command_knows_its_peer_by_the_address_that_people_write() {
    let words = [
        "udp",
        "listen",
        "*:0",
        "--sh",
        "cat; echo $SOCKKIT_PEER_ADDR",
    ];
    let listener = sockkit(words).args(["--expire", "1ms"]).start();
    let client = client();
    client
        .send_to(b"hi", ("127.0.0.1", listener.port()))
        .unwrap();
    assert_eq!(client.record(), b"hi");
    assert_eq!(client.record(), b"127.0.0.1\n");
}
