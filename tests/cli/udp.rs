//! `udp send`, `udp connect`, `udp listen`: datagrams whole and in both directions.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::kit::{Names, Record, Running, Start, Stdin, patient, pattern, scratch, sockkit};

/// A socket that the kernel gave a port on 127.0.0.1.
fn socket() -> (UdpSocket, u16) {
    let socket = patient(UdpSocket::bind("127.0.0.1:0").unwrap());
    let port = socket.local_addr().unwrap().port();
    (socket, port)
}

/// A port that nobody has: it was, a moment ago, ours.
fn dead() -> u16 {
    socket().1
}

fn send(port: u16, words: &str) -> Start {
    udp("send", port, words)
}

fn udp(verb: &str, port: u16, words: &str) -> Start {
    let address = format!("127.0.0.1:{port}");
    sockkit(
        ["udp", verb, address.as_str()]
            .into_iter()
            .chain(words.split_whitespace()),
    )
}

fn listen(words: &str) -> Start {
    udp("listen", 0, words)
}

/// A socket that speaks to a listener.
fn towards(listener: &Running) -> UdpSocket {
    let (socket, _) = socket();
    socket.connect(("127.0.0.1", listener.port())).unwrap();
    socket
}

fn from_with_text(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut buffer = [0; 2048];
    let (count, from) = socket.recv_from(&mut buffer).unwrap();
    (buffer[..count].to_vec(), from)
}

#[test]
fn each_argument_is_a_datagram() {
    let (receiver, port) = socket();
    let sent = send(port, "-- one two")
        .args(["", "with a space\n"])
        .run()
        .expect(0);
    assert!(sent.stdout.is_empty() && sent.stderr.is_empty());
    for expected in ["one", "two", "", "with a space\n"] {
        assert_eq!(receiver.record(), expected.as_bytes());
    }
}

#[test]
fn what_was_sent_is_said() {
    let (_receiver, port) = socket();
    let peer = format!("127.0.0.1:{port}");
    let sent = send(port, "-v -- one two").run().expect(0);
    let line = format!("sent 2 datagrams, 6 bytes to udp {peer}");
    assert!(sent.stderr.contains(&line), "{sent:?}");
    let sent = send(port, "--json --size 4")
        .input("123456")
        .run()
        .expect(0);
    let [event] = &sent.events()[..] else {
        panic!("{sent:?}");
    };
    assert_eq!(event["event"], "sent");
    assert_eq!(event["peer"], peer);
    assert_eq!(
        (&event["datagrams"], &event["sent"]),
        (&2.into(), &6.into())
    );
}

#[test]
fn arguments_leave_stdin_alone() {
    let (receiver, port) = socket();
    send(port, "hello").piped().start().finish().expect(0);
    assert_eq!(receiver.record(), b"hello");
}

#[test]
fn lines_are_datagrams_without_their_line_feed() {
    let (receiver, port) = socket();
    send(port, "--lines")
        .input("one\n\ntwo\r\nlast")
        .run()
        .expect(0);
    for expected in ["one", "", "two\r", "last"] {
        assert_eq!(receiver.record(), expected.as_bytes());
    }
}

#[test]
fn all_of_stdin_may_be_one_datagram() {
    let (receiver, port) = socket();
    let mut sender = send(port, "--whole").piped().start();
    sender.write("in ");
    // Two writes that come apart.
    thread::sleep(Duration::from_millis(50));
    sender.write("pieces");
    sender.end_stdin();
    sender.finish().expect(0);
    assert_eq!(receiver.record(), b"in pieces");
}

#[test]
fn an_empty_whole_is_an_empty_datagram() {
    let (receiver, port) = socket();
    send(port, "--whole").run().expect(0);
    assert_eq!(receiver.record(), b"");
}

#[test]
fn an_empty_stdin_read_by_read_is_none() {
    let (receiver, port) = socket();
    send(port, "").run().expect(0);
    send(port, "-- end").run().expect(0);
    assert_eq!(receiver.record(), b"end");
}

#[test]
fn size_is_the_most_that_one_read_brings() {
    let folder = scratch();
    let file = folder.path().join("file");
    std::fs::write(&file, "0123456789").unwrap();
    let (receiver, port) = socket();
    send(port, "--size 4")
        .stdin(Stdin::File(file))
        .run()
        .expect(0);
    for expected in ["0123", "4567", "89"] {
        assert_eq!(receiver.record(), expected.as_bytes());
    }
}

#[test]
fn every_size_that_fits_arrives_whole() {
    for size in [0, 1, 1400, 9000, 65_507] {
        let (receiver, port) = socket();
        send(port, "--whole").input(pattern(size)).run().expect(0);
        assert!(receiver.record() == pattern(size), "{size} bytes sent");

        let listener = listen("--count 1").start();
        towards(&listener).send(&pattern(size)).unwrap();
        assert!(
            listener.finish().expect(0).stdout == pattern(size),
            "{size} bytes heard"
        );
    }
}

#[test]
fn a_byte_more_is_an_error_and_no_split() {
    let (receiver, port) = socket();
    let refused = send(port, "--whole").input(pattern(65_508)).run();
    refused.expect(2).says("(EMSGSIZE)");
    let refused = udp("connect", port, "--whole").input(pattern(65_508)).run();
    refused.expect(2).says("(EMSGSIZE)");
    let folder = scratch();
    let file = folder.path().join("file");
    std::fs::write(&file, pattern(65_508)).unwrap();
    let refused = send(port, "--size 70000").stdin(Stdin::File(file)).run();
    refused.expect(2).says("(EMSGSIZE)");
    send(port, "-- nothing-before").run().expect(0);
    assert_eq!(receiver.record(), b"nothing-before");
}

#[test]
fn hex_is_typed_and_shown() {
    let (receiver, port) = socket();
    send(port, "--from-hex --whole")
        .input("00 ff 4142")
        .run()
        .expect(0);
    assert_eq!(receiver.record(), b"\x00\xffAB");
    let listener = listen("--hex --count 1").start();
    towards(&listener).send(b"Hi\r\n").unwrap();
    assert_eq!(
        listener.finish().expect(0).text(),
        "00000000  48 69 0d 0a                                       |Hi..|\n"
    );
}

#[test]
fn a_sender_hears_that_nobody_is_there() {
    let port = dead();
    let refused = udp("connect", port, "--lines").input("x\n").run().expect(1);
    assert!(
        refused.stderr.starts_with("sockkit: "),
        "{}",
        refused.stderr
    );
    assert!(
        refused.stderr.contains(&format!("127.0.0.1:{port}")),
        "{}",
        refused.stderr
    );
    assert!(
        refused.stderr.contains("(ECONNREFUSED)"),
        "{}",
        refused.stderr
    );
}

#[test]
fn send_hears_that_nobody_is_there() {
    let refused = send(dead(), "-- one two three").run();
    refused.expect(1).says("(ECONNREFUSED)");
}

#[test]
fn a_connected_client_speaks_and_hears() {
    let (server, port) = socket();
    let client = udp("connect", port, "--lines").piped().start();
    client.write("question\n");
    let (question, from) = from_with_text(&server);
    assert_eq!(question, b"question");
    server.send_to(b"answer\n", from).unwrap();
    assert_eq!(client.line(), "answer");
    // A zero-length answer is data, not the end.
    server.send_to(b"", from).unwrap();
    server.send_to(b"more\n", from).unwrap();
    assert_eq!(client.line(), "more");
    client.signal(Signal::SIGTERM);
    client.finish().expect(143);
}

#[test]
fn a_connected_client_hears_its_peer_alone() {
    let (server, port) = socket();
    let client = udp("connect", port, "--lines").piped().start();
    client.write("question\n");
    let (_, from) = from_with_text(&server);
    socket().0.send_to(b"stranger\n", from).unwrap();
    server.send_to(b"answer\n", from).unwrap();
    assert_eq!(client.line(), "answer");
}

#[test]
fn an_answer_after_stdins_end_is_heard() {
    let (server, port) = socket();
    let client = udp("connect", port, "--linger 5s")
        .input("question")
        .start();
    let (_, from) = from_with_text(&server);
    // The delay is what is tested: the end of stdin is not the end.
    thread::sleep(Duration::from_millis(500));
    server.send_to(b"answer\n", from).unwrap();
    assert_eq!(client.line(), "answer");
}

#[test]
fn a_client_ends_when_answers_cease() {
    let (server, port) = socket();
    let client = udp("connect", port, "--linger 300ms")
        .input("question")
        .start();
    let (_, from) = from_with_text(&server);
    server.send_to(b"answer", from).unwrap();
    assert_eq!(client.finish().expect(0).text(), "answer");
    // No reply is the network's no.
    udp("connect", port, "--linger 300ms")
        .input("question")
        .run()
        .expect(1);
    let words = "--linger 300ms --count 1";
    udp("connect", port, words)
        .input("question")
        .run()
        .expect(1);
}

#[test]
fn an_address_in_two_words_and_data() {
    let (receiver, port) = socket();
    let port = port.to_string();
    for words in [
        ["127.0.0.1", &port, "--", "x"].as_slice(),
        &["127.0.0.1", &port, "x"],
        &["--host", "127.0.0.1", "--port", &port, "--", "x"],
        &[&port, "x"],
        &[&port, "--", "x"],
    ] {
        sockkit(["udp", "send"]).args(words).run().expect(0);
        assert_eq!(receiver.record(), b"x", "{words:?}");
    }
}

#[test]
fn an_answer_may_be_awaited_and_counted() {
    let (server, port) = socket();
    let client = udp("connect", port, "--count 1").input("question").start();
    let (_, from) = from_with_text(&server);
    server.send_to(b"answer", from).unwrap();
    assert_eq!(client.finish().expect(0).text(), "answer");
}

#[test]
fn no_answer_in_time_is_a_time_limit() {
    let (_server, port) = socket();
    udp("connect", port, "-t 300ms")
        .input("question")
        .run()
        .expect(124);
    listen("-t 300ms").run().expect(124);
    listen("--idle-timeout 300ms").run().expect(124);
}

#[test]
fn a_listener_counts_empty_datagrams_too() {
    let listener = listen("--count 3").start();
    let sender = towards(&listener);
    for datagram in ["A", "", "B"] {
        sender.send(datagram.as_bytes()).unwrap();
    }
    assert_eq!(listener.finish().expect(0).text(), "AB");
}

#[test]
fn the_ready_line_has_the_real_port() {
    let listener = listen("").start();
    let line = listener.stderr_until(|_| true);
    let port = line
        .strip_prefix("listening on udp 127.0.0.1:")
        .expect(&line);
    assert_ne!(port.parse::<u16>().unwrap(), 0);
}

#[test]
fn two_interleaved_senders_are_both_heard() {
    let listener = listen("").start();
    let port = listener.port();
    let (first, second) = (socket().0, socket().0);
    for turn in 0..10 {
        for (name, sender) in [("first", &first), ("second", &second)] {
            let line = format!("{name} {turn}");
            sender
                .send_to(format!("{line}\n").as_bytes(), ("127.0.0.1", port))
                .unwrap();
            assert_eq!(listener.line(), line);
        }
    }
    listener.signal(Signal::SIGINT);
    listener.finish().expect(130);
}

#[test]
fn stdin_answers_whoever_spoke_last() {
    let listener = listen("--lines").piped().start();
    let port = listener.port();
    // Said before anybody is there: it waits for the first.
    listener.write("early\n");
    let (first, second) = (socket().0, socket().0);
    first.send_to(b"1\n", ("127.0.0.1", port)).unwrap();
    assert_eq!(listener.line(), "1");
    assert_eq!(first.record(), b"early");
    listener.write("to the first\n");
    assert_eq!(first.record(), b"to the first");
    second.send_to(b"2\n", ("127.0.0.1", port)).unwrap();
    assert_eq!(listener.line(), "2");
    listener.write("to the second\n");
    assert_eq!(second.record(), b"to the second");
    first.send_to(b"1 again\n", ("127.0.0.1", port)).unwrap();
    assert_eq!(listener.line(), "1 again");
    listener.write("to the first again\n");
    assert_eq!(first.record(), b"to the first again");
}

#[test]
fn the_answer_comes_from_the_address_that_was_spoken_to() {
    for bound in ["0.0.0.0:0", "*:0"] {
        let listener = sockkit(["udp", "listen", bound, "--lines"]).piped().start();
        let port = listener.port();
        for spoken_to in ["127.0.0.2", "127.0.0.3", "127.0.0.1"] {
            let (client, _) = socket();
            let to = SocketAddr::new(spoken_to.parse().unwrap(), port);
            client.send_to(b"question\n", to).unwrap();
            assert_eq!(listener.line(), "question");
            listener.write("answer\n");
            assert_eq!(from_with_text(&client), (b"answer".to_vec(), to), "{bound}");
        }
    }
}

#[test]
fn the_answer_over_ipv6_comes_from_there_too() {
    for bound in ["[::]:0", "*:0"] {
        let listener = sockkit(["udp", "listen", bound, "--lines"]).piped().start();
        let to = SocketAddr::new("::1".parse::<IpAddr>().unwrap(), listener.port());
        let client = patient(UdpSocket::bind("[::1]:0").unwrap());
        client.send_to(b"question\n", to).unwrap();
        assert_eq!(listener.line(), "question");
        listener.write("answer\n");
        assert_eq!(from_with_text(&client), (b"answer".to_vec(), to), "{bound}");
    }
}

#[test]
fn a_peer_that_is_gone_does_not_end_a_listener() {
    let listener = listen("--lines --explain").piped().start();
    let port = listener.port();
    let gone = socket().0;
    gone.send_to(b"hello\n", ("127.0.0.1", port)).unwrap();
    assert_eq!(listener.line(), "hello");
    drop(gone);
    // Each of these provokes an ICMP error.
    for word in ["are\n", "you\n", "there\n"] {
        listener.write(word);
        listener.stderr_until(|line| line.starts_with("send"));
    }
    let (client, _) = socket();
    client
        .send_to(b"still here?\n", ("127.0.0.1", port))
        .unwrap();
    assert_eq!(listener.line(), "still here?");
    listener.write("yes\n");
    // Lines that were not read when the client came are for it.
    while client.record() != b"yes" {}
}

#[test]
fn json_tells_each_datagram_and_its_sender() {
    let listener = listen("--json --count 3").start();
    let ready: serde_json::Value = serde_json::from_str(&listener.line()).unwrap();
    assert_eq!(ready["event"], "listening");
    assert_eq!(ready["proto"], "udp");
    let to = ready["local"].as_str().unwrap().to_owned();
    let (first, second) = (socket().0, socket().0);
    first.send_to(b"text", &to).unwrap();
    second.send_to(b"\xff\x00", &to).unwrap();
    first.send_to(b"", &to).unwrap();
    let events = listener.finish().expect(0).events();
    let datagrams: Vec<_> = events
        .iter()
        .filter(|event| event["event"] == "datagram")
        .collect();
    assert_eq!(datagrams.len(), 3, "{events:?}");
    assert_eq!(datagrams[0]["data"], "text");
    assert_eq!(datagrams[1]["hex"], "ff00");
    assert_eq!(datagrams[2]["data"], "");
    let senders: BTreeSet<String> = datagrams
        .iter()
        .map(|event| {
            event["peer"]
                .as_str()
                .unwrap_or_else(|| panic!("{event}"))
                .to_owned()
        })
        .collect();
    let expected = [&first, &second].map(|socket| socket.local_addr().unwrap().to_string());
    assert_eq!(senders, BTreeSet::from(expected));
}

#[test]
fn udplite_is_a_protocol() {
    let listener = listen("--udplite --count 1").start();
    let sender = sockkit([
        "udp",
        "send",
        "--udplite",
        &format!("127.0.0.1:{}", listener.port()),
    ]);
    sender.args(["--", "light"]).run().expect(0);
    assert_eq!(listener.finish().expect(0).text(), "light");
}

#[test]
fn a_source_address_may_be_chosen() {
    let (receiver, port) = socket();
    send(port, "--bind 127.0.0.9 -- x").run().expect(0);
    let (_, from) = from_with_text(&receiver);
    assert_eq!(from.ip().to_string(), "127.0.0.9");
    send(port, "--bind 192.0.2.1 -- x")
        .run()
        .expect(2)
        .says("(EADDRNOTAVAIL)");
}

#[test]
fn a_name_goes_to_its_address() {
    let (receiver, port) = socket();
    let words = [
        "udp",
        "send",
        "-4",
        &format!("localhost:{port}"),
        "--",
        "hello",
    ];
    sockkit(words).run().expect(0);
    assert_eq!(receiver.record(), b"hello");
    let words = ["udp", "send", "nosuch.invalid:1", "--", "hello"];
    sockkit(words).run().expect(1);
}

#[test]
fn a_port_in_use_is_trouble() {
    let (_taken, port) = socket();
    udp("listen", port, "").run().expect(2).says("(EADDRINUSE)");
}

#[test]
fn a_thousand_datagrams_are_all_heard_in_order() {
    let listener = listen("--count 1000").start();
    let sender = towards(&listener);
    for number in 0..1000 {
        sender.send(format!("{number}\n").as_bytes()).unwrap();
        // In step: a socket's buffer is no place for a thousand.
        if number % 50 == 49 {
            while listener.line() != number.to_string() {}
        }
    }
    let expected: String = (0..1000).map(|number| format!("{number}\n")).collect();
    assert_eq!(listener.finish().expect(0).text(), expected);
}

#[test]
fn a_bad_value_is_told_in_words_and_with_the_page_that_helps() {
    for (words, why, page) in [
        (
            "udp send 9 x --count 0",
            "a count is a number, from 1 on",
            "udp send",
        ),
        (
            "udp send 9 x --count -1",
            "a count is a number, from 1 on",
            "udp send",
        ),
        ("udp send 9 x --rate 0", "a rate is 10, or 0.5", "udp send"),
        ("udp send 9 x --rate 1k", "a rate is 10, or 0.5", "udp send"),
        ("udp send 9 x --rate -1", "a rate is 10, or 0.5", "udp send"),
        (
            "udp send 9 --size 0",
            "a size is 1 to 262144 bytes",
            "udp send",
        ),
        (
            "udp listen --count x",
            "a count is a number, from 1 on",
            "udp listen",
        ),
        ("udp listen --join x", "`x` is no address", "udp listen"),
        ("tcp connect -t x", "a duration is 500ms", "tcp connect"),
        (
            "--json tcp connect -t x",
            "a duration is 500ms",
            "tcp connect",
        ),
    ] {
        let refused = sockkit(words.split(' ')).run().expect(2);
        let said = match words.starts_with("--json") {
            true => refused.text(),
            false => refused.stderr.clone(),
        };
        assert!(said.contains(why), "{words}: {said}");
        assert!(
            said.contains(&format!("`sockkit {page} --help`")),
            "{words}: {said}"
        );
    }
}

#[test]
fn one_in_two_seconds_and_a_size_with_a_unit() {
    let (receiver, port) = socket();
    send(port, "x --rate 0.5").run().expect(0);
    assert_eq!(receiver.record(), b"x");
    let bytes = pattern(2100);
    send(port, "--size 1k").upload(&bytes).run().expect(0);
    for piece in bytes.chunks(1024) {
        assert!(receiver.record() == piece);
    }
}

#[test]
fn an_address_that_is_none_is_blamed_before_the_data() {
    for (address, why) in [
        ("99999", "99999"),
        ("80x", "80x"),
        ("::1:80", "more than one colon"),
    ] {
        let refused = sockkit(["udp", "send", address, "x"]).run().expect(2);
        assert!(!refused.stderr.contains("`x`"), "{}", refused.stderr);
        refused.says(why);
    }
}

#[test]
fn a_group_of_the_other_family_is_not_heard() {
    let join = |address: &str| {
        let words = [
            "udp",
            "listen",
            address,
            "--join",
            "239.1.1.1%lo",
            "-t",
            "100ms",
        ];
        sockkit(words).run()
    };
    join("[::]:0")
        .expect(2)
        .says("nothing that listens here can hear 239.1.1.1");
    join("*:0").expect(124);
    join("0.0.0.0:0").expect(124);
}

#[test]
fn a_group_is_sent_to_from_the_address_of_the_interface() {
    let words = "udp listen *:0 --join 239.1.1.1%lo --format json --count 3";
    let listener = sockkit(words.split(' ')).start();
    let address = listener.listening();
    let to = address.replace('*', "239.1.1.1");
    for (verb, flag) in [
        ("send", "--multicast-interface"),
        ("send", "--interface"),
        ("connect", "--interface"),
    ] {
        // Nobody answers the one that connects.
        let status = i32::from(verb == "connect");
        let sent = sockkit(["udp", verb, &to, flag, "lo"]).input("x").run();
        sent.expect(status);
        let event: serde_json::Value = serde_json::from_str(&listener.line()).unwrap();
        let peer = event["peer"].as_str().unwrap();
        assert!(peer.starts_with("127.0.0.1:"), "{verb} {flag}: {peer}");
    }
}

#[test]
fn a_group_is_joined_on_the_interface_that_was_named() {
    for words in ["239.1.1.2:0", "*:0 --join 239.1.1.2"] {
        let words = format!("udp listen {words} --interface lo --count 1");
        let listener = sockkit(words.split(' ')).start();
        let address = listener.listening();
        let to = address.replace('*', "239.1.1.2");
        let words = ["udp", "send", &to, "--interface", "lo", "--", "x"];
        sockkit(words).run().expect(0);
        assert_eq!(listener.finish().expect(0).text(), "x", "{address}");
    }
}

#[test]
fn hex_is_cut_as_it_was_typed() {
    for (flag, count) in [("--lines", 2), ("--size=2", 3)] {
        let words = format!("udp listen 0 --format line --count {count}");
        let listener = sockkit(words.split_whitespace()).start();
        let address = listener.listening();
        let words = ["udp", "send", &address, "--from-hex", flag];
        sockkit(words).input("6869 0a\n6a6b\n").run().expect(0);
        let text = listener.finish().expect(0).text();
        let heard: Vec<&str> = text
            .lines()
            .map(|line| line.rsplit_once(": ").unwrap().1)
            .collect();
        let expected = match count {
            2 => vec!["hi\\n", "jk"],
            _ => vec!["hi", "\\nj", "k"],
        };
        assert_eq!(heard, expected);
    }
}

#[test]
fn nobody_is_at_port_0() {
    for words in [
        "udp send :0 -- x",
        "udp connect localhost:0",
        "tcp connect 0",
    ] {
        sockkit(words.split(' '))
            .run()
            .expect(2)
            .says("nobody can be reached at port 0")
            .says("hint: a port from 1 to 65535");
    }
}

#[test]
fn a_refusal_is_told_in_words_that_people_know() {
    let port = dead();
    let refused = udp("connect", port, "--explain").input("x").run().expect(1);
    let last = refused.stderr.lines().last().unwrap();
    let words = format!("sockkit: recv 127.0.0.1:{port}: connection refused (ECONNREFUSED)");
    assert_eq!(last, words);
    refused.says("recvmmsg(");
}

#[test]
fn every_address_is_told_as_it_was_typed() {
    let late = sockkit(["udp", "listen", "*:0", "-t", "50ms"]).run();
    late.expect(124).says("listen on *:");
}

#[test]
fn on_or_off_is_what_loop_takes() {
    let help = sockkit(["udp", "send", "--help"]).run().expect(0).text();
    assert!(!help.contains("possible values: true"), "{help}");
    let (_receiver, port) = socket();
    send(port, "--loop off -- x").run().expect(0);
}

/// What was sent and refused goes to the next address, and the last address's word counts.
#[test]
fn a_talk_moves_on_to_the_address_that_answers() {
    let Some(names) = Names::new("machine", "127.0.0.1 two\n127.0.0.2 two\n", None) else {
        return;
    };
    let server = patient(UdpSocket::bind("127.0.0.2:0").unwrap());
    let port = server.local_addr().unwrap().port();
    let talk = |words: &str, said: &str| {
        let client = sockkit(["udp", "connect", &format!("two:{port}")]);
        let client = client.args(words.split_whitespace());
        names.around(client).input(said).start()
    };
    let client = talk("--lines --count 3", "a\nb\nc\n");
    for expected in ["a", "b", "c"] {
        let mut heard = [0; 9];
        let (length, from) = server.recv_from(&mut heard).unwrap();
        assert_eq!(&heard[..length], expected.as_bytes());
        server.send_to(&heard[..length], from).unwrap();
    }
    assert_eq!(client.finish().expect(0).text(), "abc");

    let client = talk("--json", "hi");
    let (_, from) = server.recv_from(&mut [0; 9]).unwrap();
    server.send_to(b"ho", from).unwrap();
    let events = client.finish().expect(0).events();
    let told = |event: &str| {
        let of = |line: &&serde_json::Value| line["event"] == event;
        let peer = |line: &serde_json::Value| line["peer"].as_str().unwrap().to_owned();
        events.iter().filter(of).map(peer).collect::<Vec<_>>()
    };
    let (first, second) = (format!("127.0.0.1:{port}"), format!("127.0.0.2:{port}"));
    assert_eq!(told("connected"), [first, second.clone()]);
    assert_eq!(told("datagram"), std::slice::from_ref(&second));

    drop(server);
    drop(talk("", "hi").finish().expect(1).says(&second));
}
