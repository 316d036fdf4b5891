//! `ping` over loopback.

use std::env;
use std::io::{self, Read, Write};
use std::net::UdpSocket;
use std::thread::JoinHandle;

use nix::sys::signal::Signal;
use socket2::{Domain, Protocol, Type};

use crate::kit::{Start, Terminal, dead_port, listener, peer, program, sockkit};

fn ping(words: &str) -> Start {
    sockkit(["ping"].into_iter().chain(words.split_whitespace()))
}

/// Whether there is a socket for echo requests. Where not a test is skipped with a line at a desk, and fails where `CI` is
/// set.
fn permitted() -> bool {
    let open = |kind| socket2::Socket::new(Domain::IPV4, kind, Some(Protocol::ICMPV4));
    let opened = open(Type::DGRAM).or_else(|_| open(Type::RAW));
    if let Err(error) = &opened {
        assert!(env::var_os("CI").is_none(), "icmp socket: {error}");
        let _ = writeln!(io::stderr(), "skipped: icmp socket: {error}");
    }
    opened.is_ok()
}

/// The text with every number that has a point as `N`, and what follows `time ` gone: what two runs have in common.
fn shape(text: &str) -> Vec<String> {
    let shape = |line: &str| {
        let mut shape = String::new();
        let line = line.split(", time ").next().unwrap();
        for word in line.split_inclusive(['=', '/', ' ']) {
            let bare = word.trim_end_matches(['=', '/', ' ']);
            match bare.contains('.') && bare.parse::<f64>().is_ok() {
                true => shape.push_str(&word.replace(bare, "N")),
                false => shape.push_str(word),
            }
        }
        shape
    };
    text.lines().map(shape).collect()
}

#[test]
fn it_reads_as_ping_does() {
    let Some(foreign) = peer("ping").filter(|_| permitted()) else {
        return;
    };
    for words in [
        "-c2 -i0.2 127.0.0.1",
        "-c1 -s 0 127.0.0.1",
        "-c1 -s 1400 127.83.0.1",
        "-4 -n -c1 localhost",
    ] {
        let theirs = program(&foreign, words.split(' ')).run().expect(0).text();
        let ours = ping(words).run().expect(0).text();
        let mut ours = shape(&ours);
        let percentiles = ours
            .iter()
            .position(|line| line.starts_with("rtt p50/p90/p99"));
        ours.remove(percentiles.expect("they are there"));
        let mut theirs = shape(&theirs);
        if words.contains("-s 0") {
            // No time fits into their packet, and they know of none.
            ours.retain(|line| !line.starts_with("rtt"));
            for line in &mut ours {
                *line = line.replace(" time=N ms", "");
            }
            theirs.retain(|line| !line.starts_with("rtt"));
            theirs.pop_if(|line| line.is_empty());
        }
        assert_eq!(ours, theirs);
    }
}

#[test]
fn both_families_and_names() {
    if !permitted() {
        return;
    }
    let run = ping("-c1 ::1 localhost 127.83.1.1").run().expect(0);
    let text = run.text();
    assert!(
        text.contains("64 bytes from ::1: icmp_seq=1 ttl=64 time="),
        "{text}"
    );
    assert!(text.contains("64 bytes from localhost ("), "{text}");
    let last: Vec<&str> = text.lines().rev().take(3).collect();
    for (line, host) in last.iter().zip(["127.83.1.1", "localhost ", "::1       "]) {
        let start = format!("{host} : xmt/rcv/%loss = 1/1/0%, min/avg/max = ");
        assert!(line.starts_with(&start), "{line}");
    }
    ping("-4 -c1 localhost")
        .run()
        .expect(0)
        .text()
        .contains("(127.0.0.1)");
}

#[test]
fn a_mapped_address_is_ipv4() {
    if !permitted() {
        return;
    }
    let text = ping("-c1 -t 5s ::ffff:127.83.7.1").run().expect(0).text();
    let line = "64 bytes from ::ffff:127.83.7.1 (127.83.7.1): icmp_seq=1 ";
    assert!(text.contains(line), "{text}");
}

#[test]
fn a_block_is_every_host_of_it() {
    if !permitted() {
        return;
    }
    let run = ping("-q -c1 -t 5s 127.85.0.0/29 - --json").input("127.86.0.1/31\n");
    let events = run.run().expect(0).events();
    let hosts: Vec<&str> = events[1..]
        .iter()
        .map(|event| event["host"].as_str().unwrap())
        .collect();
    let mut expected: Vec<String> = (1..=6).map(|host| format!("127.85.0.{host}")).collect();
    expected.extend(["127.86.0.0", "127.86.0.1"].map(str::to_owned));
    assert_eq!(hosts, expected);
}

#[test]
fn a_thousand_hosts_at_once() {
    if !permitted() {
        return;
    }
    let hosts: Vec<String> = (1..=1022)
        .map(|host| format!("127.84.{}.{}", host / 256, host % 256))
        .collect();
    let list = hosts.join("\n") + "\n# not a host\n\n";
    let run = ping("-q -c1 -t 5s - --json").input(list).run().expect(0);
    let events = run.events();
    assert_eq!(
        events.len(),
        hosts.len() + 1,
        "a summary each, and the socket"
    );
    for (event, host) in events[1..].iter().zip(&hosts) {
        assert_eq!(event["event"], "summary");
        assert_eq!(
            (&event["host"], &event["addr"]),
            (&(**host).into(), &(**host).into())
        );
        assert_eq!((&event["sent"], &event["received"]), (&1.into(), &1.into()));
        assert!(event["rtt_ms"]["p99"].as_f64().unwrap() > 0.0);
    }
}

#[test]
fn requests_are_apart_and_none_is_left_out() {
    if !permitted() {
        return;
    }
    for words in ["", "--gap 0", "--gap 20ms"] {
        let words = format!("-q -c2 -i 10ms {words} 127.83.6.1 127.83.6.2 127.83.6.3");
        let text = ping(&words).run().expect(0).text();
        assert_eq!(text.matches(" = 2/2/0%, ").count(), 3, "{text}");
    }
}

#[test]
fn json_has_an_event_per_reply() {
    if !permitted() {
        return;
    }
    let events = ping("-c3 -i 10ms 127.83.2.1 --json")
        .run()
        .expect(0)
        .events();
    let names: Vec<&str> = events
        .iter()
        .map(|event| event["event"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        ["socket", "ping", "reply", "reply", "reply", "summary"]
    );
    for (seq, reply) in events[2..5].iter().enumerate() {
        assert_eq!(reply["seq"], seq + 1);
        assert_eq!((&reply["length"], &reply["ttl"]), (&64.into(), &64.into()));
        assert_eq!(
            (&reply["dup"], &reply["late"]),
            (&false.into(), &false.into())
        );
        assert_eq!(reply["addr"], "127.83.2.1");
        assert!(reply["rtt_ms"].is_f64());
    }
    assert_eq!(events[5]["loss_pct"], 0.0);
}

#[test]
fn sockets_of_other_kinds_knock() {
    let (listener, open) = listener();
    let (_held, closed) = dead_port();
    let echo = UdpSocket::bind("127.0.0.1:0").unwrap();
    let udp = echo.local_addr().unwrap().port();
    let answering = std::thread::spawn(move || {
        let mut buffer = [0; 100];
        let (count, peer) = echo.recv_from(&mut buffer).unwrap();
        echo.send_to(&buffer[..count], peer).unwrap();
    });
    for (words, start) in [
        (format!("--tcp {open}"), "open from 127.0.0.1: seq=1 time="),
        (
            format!("--tcp {closed}"),
            "closed from 127.0.0.1: seq=1 time=",
        ),
        (
            format!("--udp {udp} -s 9"),
            "9 bytes from 127.0.0.1: seq=1 time=",
        ),
        (
            format!("--udp {closed}"),
            "port-unreachable from 127.0.0.1: seq=1 time=",
        ),
    ] {
        let text = ping(&format!("-c1 {words} 127.0.0.1"))
            .run()
            .expect(0)
            .text();
        let line = text.lines().nth(1).unwrap();
        assert!(line.starts_with(start), "{line}");
    }
    answering.join().unwrap();
    drop(listener);
    // Nobody answers: a socket that nobody reads from.
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let lost = ping(&format!("-c1 -t 100ms --udp {port} 127.0.0.1"))
        .run()
        .expect(1);
    assert!(
        lost.text()
            .contains("no reply from 127.0.0.1: seq=1 within 100ms")
    );
}

#[test]
fn no_address_is_this_host_and_no_time_is_all_of_it() {
    if !permitted() {
        return;
    }
    for (any, one) in [("0.0.0.0", "127.0.0.1"), ("::", "::1")] {
        let text = ping(&format!("-c1 -W 0 {any}")).run().expect(0).text();
        let start = format!("PING {any} ({one}) 56");
        assert!(text.starts_with(&start), "{text}");
        assert!(text.contains(" 1 received, 0% packet loss"), "{text}");
    }
}

#[test]
fn services_and_hosts_are_taken_as_everywhere() {
    for (words, head) in [
        ("--tcp ssh --host 127.83.8.1", "tcp port 22"),
        ("--udp domain 127.83.8.1", "udp port 53"),
    ] {
        let run = ping(&format!("-c1 -t 100ms {words}")).run();
        let text = run.text();
        let first = text.lines().next().unwrap();
        assert_eq!(first, format!("PING 127.83.8.1 (127.83.8.1) {head}"));
    }
}

/// Answers so many datagrams, each twice.
fn answers_twice(requests: usize) -> (u16, JoinHandle<()>) {
    let echo = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = echo.local_addr().unwrap().port();
    let answering = std::thread::spawn(move || {
        let mut buffer = [0; 100];
        for _ in 0..requests {
            let (count, peer) = echo.recv_from(&mut buffer).unwrap();
            for _ in 0..2 {
                echo.send_to(&buffer[..count], peer).unwrap();
            }
        }
    });
    (port, answering)
}

#[test]
fn many_hosts_have_their_duplicates_told_too() {
    let (port, answering) = answers_twice(6);
    let words = format!("-q -c3 -i 200ms -t 5 --udp {port} 127.0.0.1 ::ffff:127.0.0.1");
    let text = ping(&words).run().expect(0).text();
    answering.join().unwrap();
    for line in text.lines() {
        let (figures, besides) = line.rsplit_once(", +").unwrap();
        assert!(figures.contains(" = 3/3/0%, min/avg/max = "), "{line}");
        // The last one may come when all is said.
        assert!(
            ["3 duplicates", "2 duplicates"].contains(&besides),
            "{line}"
        );
    }
    assert_eq!(text.lines().count(), 2, "{text}");
}

#[test]
fn a_second_datagram_is_a_duplicate() {
    let (port, answering) = answers_twice(2);
    let words = format!("--json -c2 -i 200ms --udp {port} 127.0.0.1");
    let events = ping(&words).run().expect(0).events();
    answering.join().unwrap();
    let replies = events.iter().filter(|event| event["event"] == "reply");
    let first: Vec<_> = replies
        .filter(|reply| reply["seq"] == 1)
        .map(|reply| (&reply["dup"], &reply["clock"]))
        .collect();
    let kernel = "kernel".into();
    assert_eq!(first, [(&false.into(), &kernel), (&true.into(), &kernel)]);
    assert_eq!(events.last().unwrap()["received"], 2);
}

#[test]
fn the_kernel_measures_how_long_a_connect_took() {
    let (_listener, open) = listener();
    let words = format!("--json -c1 --tcp {open} 127.0.0.1");
    let events = ping(&words).run().expect(0).events();
    let reply = events.iter().find(|event| event["event"] == "reply");
    assert_eq!(reply.unwrap()["clock"], "kernel");
}

#[test]
fn what_has_no_time_to_be_answered_is_not_sent() {
    if !permitted() {
        return;
    }
    let events = ping("--json -w 1 -i 0.5 127.83.7.1")
        .run()
        .expect(0)
        .events();
    let summary = events.last().unwrap();
    assert_eq!(summary["sent"], summary["received"], "{summary}");
    assert_eq!(summary["loss_pct"], 0.0);
}

#[test]
fn signals_sum_up() {
    if !permitted() {
        return;
    }
    for (signal, status) in [(Signal::SIGINT, 0), (Signal::SIGTERM, 143)] {
        let running = ping("-i 10ms 127.83.3.1").start();
        for _ in 0..3 {
            running.line();
        }
        running.signal(Signal::SIGUSR1);
        running.stderr_until(|line| line.contains(" packets, 0% loss, min/avg/ewma/max = "));
        running.signal(Signal::SIGQUIT);
        running.stderr_until(|line| line.contains(" packets, "));
        running.signal(signal);
        let text = running.finish().expect(status).text();
        assert!(
            text.contains("--- 127.83.3.1 ping statistics ---"),
            "{text}"
        );
    }
}

#[test]
fn how_things_stand_is_shown_in_spite_of_q() {
    if !permitted() {
        return;
    }
    for (words, line) in [
        ("127.83.3.3", "% loss, min/avg/ewma/max = "),
        ("127.83.3.2 127.83.3.3", "127.83.3.3 : xmt/rcv/%loss = "),
    ] {
        let running = ping(&format!("-q --explain -i 10ms {words}")).start();
        for signal in [Signal::SIGQUIT, Signal::SIGUSR1] {
            running.stderr_until(|line| line.ends_with("[127.83.3.3]"));
            running.signal(signal);
            running.stderr_until(|said| said.contains(line));
        }
        running.signal(Signal::SIGINT);
        running.finish().expect(0);
    }
}

#[test]
fn the_summary_does_not_go_on_where_the_terminal_shows_what_was_typed() {
    if !permitted() {
        return;
    }
    for (words, start) in [
        (
            "-q 127.83.3.4",
            "\r\n--- 127.83.3.4 ping statistics ---\r\n",
        ),
        (
            "-q 127.83.3.4 127.83.3.4",
            "\r\n127.83.3.4 : xmt/rcv/%loss = ",
        ),
    ] {
        let terminal = Terminal::new();
        let running = ping(&format!("--explain -i 10ms {words}")).stdout(terminal.program);
        let running = running.start();
        for _ in 0..2 {
            running.stderr_until(|line| line.ends_with("[127.83.3.4]"));
        }
        running.signal(Signal::SIGINT);
        running.finish().expect(0);
        let mut shown = Vec::new();
        // The end of a terminal is an error (EIO).
        let _ = { terminal.person }.read_to_end(&mut shown);
        let shown = String::from_utf8(shown).unwrap();
        assert!(shown.starts_with(start), "{shown}");
    }
}

#[test]
fn the_deadline_ends_it() {
    if !permitted() {
        return;
    }
    let text = ping("-i 10ms -w 200ms 127.83.4.1").run().expect(0).text();
    assert!(
        text.contains("--- 127.83.4.1 ping statistics ---"),
        "{text}"
    );
}

#[test]
fn names_that_are_not_known_delay_nobody() {
    if !permitted() {
        return;
    }
    let run = ping("-c1 nosuch.invalid 127.83.5.1").run().expect(1);
    assert!(run.text().contains("64 bytes from 127.83.5.1"));
    assert!(
        run.stderr.contains("resolve nosuch.invalid: "),
        "{}",
        run.stderr
    );
    let quiet = ping("-q -c1 nosuch.invalid").run().expect(1);
    assert_eq!((quiet.text().as_str(), quiet.stderr.as_str()), ("", ""));
    // Among many the summary has a line for each.
    let quiet = ping("-q -c1 nosuch.invalid 127.83.5.1").run().expect(1);
    let text = quiet.text();
    let (first, second) = text.split_once('\n').unwrap();
    assert!(first.starts_with("nosuch.invalid : not asked: "), "{text}");
    assert!(
        second.starts_with("127.83.5.1     : xmt/rcv/%loss = 1/1/0%, "),
        "{text}"
    );
    assert_eq!(quiet.stderr, "");
    let events = ping("-q -c1 nosuch.invalid 127.83.5.1 --json")
        .run()
        .expect(1)
        .events();
    let event = events
        .iter()
        .find(|event| event["event"] == "not_asked")
        .unwrap();
    assert_eq!(event["host"], "nosuch.invalid");
    assert!(
        first.ends_with(event["message"].as_str().unwrap()),
        "{event}"
    );
}

#[test]
fn what_makes_no_sense_is_refused() {
    for (words, sentence) in [
        ("", "HOST"),
        ("-c 0 ::1", "--count"),
        ("-s 65508 ::1", "--size"),
        ("--ttl 0 ::1", "--ttl"),
        ("--tcp 1 --udp 1 ::1", "--udp"),
        ("127.0.0.1:80", "has a port"),
        ("*", "is no destination"),
        ("-I lo ::1", "ping's -I is --interface IF"),
        ("-M do ::1", "-M is --df"),
        ("-g 127.0.0.0/30", "fping's -g is what happens anyway"),
        ("--tcp ::1", "the port is always said"),
        ("127.0.0.0/33", "is no length of a prefix"),
        ("127.0.0.0/8", "has more than 65536 addresses"),
        ("localhost/24", "is no host name"),
        ("fe80::1", "is link-local"),
        ("-", "no host came from stdin"),
        ("-c x ::1", "a count is a number"),
        ("--ttl x ::1", "it is a number from 1 to 255"),
        ("--tcp 80x ::1", "`80x` is no port"),
        ("--tcp nosuch ::1", "resolve service nosuch: "),
        ("--host ::1 ::1", "--host"),
        // The flag that people bring along is no reason to say nothing.
        ("-q -M do ::1", "-M is --df"),
        ("-q 127.0.0.1:80", "has a port"),
    ] {
        ping(words).run().expect(2).says(sentence);
    }
    ping("-c1 -4 ::1").run().expect(2).says("leave out -4");
}

#[test]
fn a_misspelt_line_keeps_nobody_from_asking_the_others() {
    let ping = sockkit(["ping", "-c", "1", "-q", "-"])
        .input("127.0.0.1\n\n# bad!one\nbad/host\n127.0.0.2\n")
        .run()
        .expect(2)
        .says("sockkit: stdin line 4: `bad/host` is no host name");
    for host in ["127.0.0.1 ", "127.0.0.2 "] {
        assert!(ping.text().contains(host), "{host}");
    }
    let alone = sockkit(["ping", "-"]).input("\n10.0.0.0/8").run();
    alone
        .expect(2)
        .says("stdin line 2: 10.0.0.0/8 has more than 65536 addresses");
}

#[test]
fn lists_are_read_as_hosts_files_are() {
    if !permitted() {
        return;
    }
    let list = "# all\n127.0.0.1\tlocalhost\n\n  127.87.0.2 b # the other\n \t\n127.87.0.3 # c\n #127.87.0.4\n127.87.0.5/32 d\r\n";
    let run = ping("-q -c1 -t 5s --json -").input(list).run().expect(0);
    let events = run.events();
    let hosts = events.iter().filter(|event| event["event"] == "summary");
    let hosts: Vec<&str> = hosts.map(|event| event["host"].as_str().unwrap()).collect();
    assert_eq!(
        hosts,
        ["127.0.0.1", "127.87.0.2", "127.87.0.3", "127.87.0.5"]
    );
}
