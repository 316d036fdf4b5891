//! `trace` where there is no network but this host.

use std::io::Read;

use crate::kit::{Start, Terminal, dead_port, listener, sockkit};

fn trace(words: &str) -> Start {
    sockkit(["trace"].into_iter().chain(words.split_whitespace()))
}

#[test]
fn this_host_is_one_hop_away() {
    let (_listener, open) = listener();
    let (_held, closed) = dead_port();
    for (words, answer) in [
        (format!("-n --json -p {closed} 127.0.0.1"), "error"),
        (format!("-n --json -p {closed} 0.0.0.0"), "error"),
        (format!("-n --json --tcp {open} 127.0.0.1"), "open"),
        (format!("-n --json --tcp {closed} 127.0.0.1"), "closed"),
    ] {
        let events = trace(&words).run().expect(0).events();
        let names: Vec<&str> = events
            .iter()
            .map(|event| event["event"].as_str().unwrap())
            .collect();
        assert_eq!(
            names,
            ["trace", "probe", "probe", "probe", "hop", "summary"],
            "{words}"
        );
        for probe in &events[1..4] {
            assert_eq!(
                (&probe["status"], &probe["addr"]),
                (&"reached".into(), &"127.0.0.1".into())
            );
            assert_eq!(probe["answer"], answer);
            let clock = if answer == "closed" { "user" } else { "kernel" };
            assert_eq!(probe["clock"], clock, "{words}");
        }
        assert_eq!(
            (&events[4]["sent"], &events[4]["received"]),
            (&3.into(), &3.into())
        );
        assert_eq!(
            (&events[5]["reached"], &events[5]["hops"]),
            (&true.into(), &1.into())
        );
    }
}

#[test]
fn services_and_hosts_are_taken_as_everywhere() {
    for (words, port) in [("--tcp http", 80), ("-p domain", 53)] {
        let words = format!("--json -n -m 1 -t 100ms {words} --host 127.0.0.1");
        let events = trace(&words).run().events();
        assert_eq!(
            (&events[0]["port"], &events[0]["host"]),
            (&port.into(), &"127.0.0.1".into())
        );
    }
}

#[test]
fn a_line_reads_as_traceroutes() {
    let (_held, closed) = dead_port();
    let text = trace(&format!("-p {closed} ::1")).run().expect(0).text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0],
        "traceroute to ::1 (::1), 30 hops max, 80 byte packets"
    );
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[1].starts_with(" 1  "), "{text}");
    assert!(lines[1].contains(" (::1)  "), "{text}");
    assert_eq!(lines[1].matches(" ms").count(), 3, "{text}");
}

#[test]
fn a_report_is_seen_to_grow_on_a_terminal() {
    let (_held, closed) = dead_port();
    let Terminal {
        mut person,
        program,
        ..
    } = Terminal::new();
    let words = format!("-n --report -c 3 -i 200ms -p {closed} 127.0.0.1");
    let running = trace(&words).env("TERM", "xterm").stdout(program).start();
    let mut text = String::new();
    let mut buffer = [0; 4096];
    // The terminal is hung up with the last program that has it.
    while let Ok(count) = person.read(&mut buffer) {
        if count == 0 {
            break;
        }
        text.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
    running.finish().expect(0);
    let (live, last) = text.split_once("\x1b[?1049l").expect("the screen is left");
    assert!(live.starts_with("\x1b[?1049h"), "{live:?}");
    assert!(live.contains("  1.|-- 127.0.0.1 "), "{live:?}");
    assert!(
        !live.contains(".3%") && !live.contains("100.0%"),
        "{live:?}"
    );
    for text in [live, last] {
        assert!(
            text.contains("traceroute to 127.0.0.1 (127.0.0.1), "),
            "{text:?}"
        );
    }
    let row = last.lines().nth(2).expect("a row");
    assert!(row.starts_with("  1.|-- 127.0.0.1 "), "{last:?}");
    assert!(row.contains(" 0.0%     3 "), "{last:?}");
    assert!(row.contains(['\u{2588}', '\u{2587}']), "{last:?}");
}

#[test]
fn nothing_is_drawn_on_a_terminal_that_cannot() {
    let (_held, closed) = dead_port();
    let Terminal {
        mut person,
        program,
        ..
    } = Terminal::new();
    let words = format!("-n --report -c 2 -i 10ms -p {closed} 127.0.0.1");
    let running = trace(&words).env("TERM", "dumb").stdout(program).start();
    let mut text = Vec::new();
    let _ = person.read_to_end(&mut text);
    running.finish().expect(0);
    let text = String::from_utf8_lossy(&text);
    assert!(!text.contains('\x1b'), "{text:?}");
    assert!(text.contains("  1.|-- 127.0.0.1 "), "{text:?}");
}

#[test]
fn a_report_that_grows_does_not_scroll() {
    let (_held, closed) = dead_port();
    let Terminal {
        mut person,
        program,
        ..
    } = Terminal::new();
    let words = format!("-n --report -c 3 -i 200ms -p {closed} 127.0.0.1");
    let short = trace(&words).env("TERM", "xterm").stdout(program);
    let running = short
        .under(r#"stty rows 2 cols 80 <&1; exec "$0" "$@""#)
        .start();
    let mut text = Vec::new();
    // The terminal is hung up with the last program that has it.
    let _ = person.read_to_end(&mut text);
    running.finish().expect(0);
    let text = String::from_utf8_lossy(&text);
    let (live, last) = text.split_once("\x1b[?1049l").expect("the screen is left");
    let screens: Vec<&str> = live.split("\x1b[H").skip(1).collect();
    assert!(!screens.is_empty(), "{live:?}");
    for screen in screens {
        assert!(screen.matches('\n').count() < 2, "{live:?}");
    }
    assert!(live.contains("... and 3 lines more"), "{live:?}");
    assert!(last.contains("  1.|-- 127.0.0.1 "), "{last:?}");
}

#[test]
fn what_makes_no_sense_is_refused() {
    for (words, sentence) in [
        ("", "HOST"),
        ("-m 0 ::1", "--max-hops"),
        ("-f 3 -m 2 ::1", "the first hop is behind the last one"),
        ("-s 43 127.0.0.1", "a probe of 43 bytes is not known again"),
        ("-s 63 ::1", "a probe of 63 bytes is not known again"),
        ("-s 65536 ::1", "--size"),
        ("--tcp 80 -s 100 ::1", "a connect has no size of its own"),
        ("--tcp 80 --icmp ::1", "--icmp"),
        ("--mtu --tcp 80 ::1", "--tcp"),
        ("-c 3 ::1", "--report"),
        ("--flows 65 ::1", "--flows"),
        ("127.0.0.1:80", "has a port"),
        ("*", "is no destination"),
        ("-T -p 80 ::1", "-T is --tcp 80"),
        ("-U ::1", "traceroute's -U is -p 53"),
        ("--tcp ::1", "the port is always said"),
        ("--tcp 65536 ::1", "`sockkit trace --help`"),
        ("-i lo ::1", "traceroute's -i is --interface IF"),
        ("-s ::1 ::1", "traceroute's -s is --bind ADDR"),
        ("127.0.0.0/30", "is a block of addresses"),
        ("--probes x ::1", "it is a number from 1 to 100"),
        ("-q 1 ::1", "traceroute's -q is --probes N"),
        ("-q1 ::1", "traceroute's -q is --probes N"),
        ("-rw ::1", "mtr's -w is --report"),
        ("-z ::1", "mtr's -z"),
        ("fe80::1", "is link-local"),
    ] {
        trace(words).run().expect(2).says(sentence);
    }
    trace("-4 ::1").run().expect(2).says("leave out -4");
    trace("nosuch.invalid")
        .run()
        .expect(1)
        .says("resolve nosuch.invalid: ");
}
