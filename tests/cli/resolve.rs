//! `resolve` against getent and Python's functions, on a machine with names of its own.

use std::net::UdpSocket;
use std::time::Duration;

use crate::kit::{Finished, Names, Start, peer, program, python, sockkit};

const HOSTS: &str = "\
127.0.0.1   localhost
::1         localhost ip6-localhost
10.1.0.1    one.test one
10.1.0.2    two.test
10.1.0.3    many.test
10.1.0.1    many.test
fd00::3     many.test
10.1.0.2    many.test
2001:db8::9 many.test
fd00::4     six.test
10.1.0.5    real.test alias.test other.test
192.0.2.7   many.test
";

/// A machine with these names and no others.
fn machine() -> Option<Names> {
    Names::new("machine", HOSTS, None)
}

fn resolve(words: &str) -> Start {
    sockkit(["resolve"].into_iter().chain(words.split_whitespace()))
}

fn column(text: &str, number: usize) -> Vec<&str> {
    let column = |line: &'_ str| line.split_whitespace().nth(number).map(str::len);
    let cut = |line| column(line).and_then(|_| str::split_whitespace(line).nth(number));
    text.lines().filter_map(cut).collect()
}

#[test]
fn the_order_is_getaddrinfos() {
    let script = "
import socket, sys
family = {'-4': socket.AF_INET, '-6': socket.AF_INET6, '0': 0}[sys.argv[2]]
found = socket.getaddrinfo(sys.argv[1], None, family, socket.SOCK_STREAM)
for address in dict.fromkeys(one[4][0] for one in found): print(address)
";
    let Some(names) = machine() else { return };
    for name in ["many.test", "localhost", "one", "127.1", "010.0.0.1"] {
        for family in ["0", "-4", "-6"] {
            let Some(python) = python(script, &[name, family]) else {
                return;
            };
            let theirs = names.around(python).run();
            let flag = if family == "0" { "" } else { family };
            let ours = names.around(resolve(&format!("{flag} {name}"))).run();
            assert_eq!(ours.status == 0, theirs.status == 0, "{name} {family}");
            assert_eq!(ours.text(), theirs.text(), "{name} {family}");
        }
    }
}

#[test]
fn several_names_look_as_getent_has_them() {
    let (Some(names), Some(getent)) = (machine(), peer("getent")) else {
        return;
    };
    let words = "two.test real.test six.test";
    let theirs = program(&getent, ["hosts"].into_iter().chain(words.split(' ')));
    let ours = names
        .around(resolve(&format!("{words} --canonical")))
        .run()
        .expect(0);
    let theirs = names.around(theirs).run().expect(0).text();
    assert_eq!(column(&ours.text(), 0), column(&theirs, 0));
    assert_eq!(column(&ours.text(), 2), column(&theirs, 1));
    let ours = names.around(resolve("two.test six.test")).run().expect(0);
    assert_eq!(
        ours.text(),
        "10.1.0.2        two.test\nfd00::4         six.test\n"
    );
}

#[test]
fn one_name_gives_bare_addresses() {
    let Some(names) = machine() else { return };
    for (words, expected) in [
        ("two.test", "10.1.0.2\n"),
        ("-1 real.test", "10.1.0.5\n"),
        ("-6 six.test", "fd00::4\n"),
        ("--service http two.test", "10.1.0.2:80\n"),
        ("--service 65535 six.test", "[fd00::4]:65535\n"),
        ("--service tftp two.test", "10.1.0.2:69\n"),
        ("--canonical alias.test", "10.1.0.5        real.test\n"),
        ("10.1.0.5", "real.test\n"),
        ("--service 80 10.1.0.5", "real.test:http\n"),
        ("fd00::4", "six.test\n"),
        ("--gethostbyname alias.test", "10.1.0.5\n"),
        ("--gethostbyname 0177.1", "127.0.0.1\n"),
    ] {
        let run = names.around(resolve(words)).run().expect(0);
        assert_eq!(
            (run.text().as_str(), run.stderr.as_str()),
            (expected, ""),
            "{words}"
        );
    }
}

#[test]
fn what_is_not_found_stops_nothing() {
    let Some(names) = machine() else { return };
    let run = names
        .around(resolve("one.test nosuch.invalid two.test 192.0.2.99"))
        .run();
    let run = run.expect(1);
    assert_eq!(
        run.text(),
        "10.1.0.1        one.test\n10.1.0.2        two.test\n"
    );
    assert_eq!(
        run.stderr,
        "sockkit: resolve nosuch.invalid: name or service not known (EAI_NONAME)\n\
         sockkit: resolve 192.0.2.99: name or service not known (EAI_NONAME)\n"
    );
}

#[test]
fn many_names_come_in_the_order_asked() {
    let name = |number| format!("host{number}.test");
    let hosts: String = (0..200)
        .map(|number| format!("10.2.0.{number} {}\n", name(number)))
        .collect();
    let Some(names) = Names::new("machine", &hosts, None) else {
        return;
    };
    let asked: Vec<String> = (0..200).rev().map(name).collect();
    let run = names.around(resolve(&asked.join(" "))).run().expect(0);
    assert_eq!(column(&run.text(), 1), asked);
}

#[test]
fn gethostbyname_is_the_function() {
    let script = "
import socket, sys
try: print('\\n'.join(dict.fromkeys(socket.gethostbyname_ex(sys.argv[1])[2])))
except OSError: sys.exit(1)
";
    let Some(names) = machine() else { return };
    for name in [
        "many.test",
        "localhost",
        "010.0.0.1",
        "127.1",
        "six.test",
        "::1",
        "nosuch",
        "1.2.3.256",
    ] {
        let Some(python) = python(script, &[name]) else {
            return;
        };
        let theirs = names.around(python).run();
        let ours = names
            .around(sockkit(["resolve", "--gethostbyname", name]))
            .run();
        assert_eq!(
            (ours.status, ours.text()),
            (theirs.status, theirs.text()),
            "{name}"
        );
    }
}

#[test]
fn events_name_what_was_asked_and_found() {
    let Some(names) = machine() else { return };
    let run = names
        .around(resolve(
            "--json --canonical --service 80 alias.test six.test 10.1.0.5 nosuch",
        ))
        .run();
    let events = run.expect(1).events();
    let field = |at: usize, name: &str| events[at][name].clone();
    assert_eq!(field(0, "event"), "address");
    assert_eq!(field(0, "name"), "alias.test");
    assert_eq!(field(0, "family"), "AF_INET");
    assert_eq!(field(0, "addr"), "10.1.0.5");
    assert_eq!(field(0, "port"), 80);
    assert_eq!(field(0, "canonical"), "real.test");
    assert_eq!(field(1, "family"), "AF_INET6");
    assert_eq!(field(2, "event"), "name");
    assert_eq!(field(2, "addr"), "10.1.0.5");
    assert_eq!(field(2, "name"), "real.test");
    assert_eq!(field(2, "service"), "http");
    assert_eq!(field(3, "event"), "error");
    assert_eq!(field(3, "errno"), "EAI_NONAME");
    assert_eq!(field(3, "status"), 1);
    let aliases = names
        .around(resolve("--json --gethostbyname alias.test"))
        .run()
        .events();
    assert_eq!(
        aliases[0]["aliases"],
        serde_json::json!(["alias.test", "other.test"])
    );
}

#[test]
fn hostile_names_are_not_found_and_no_more() {
    let Some(names) = machine() else { return };
    let long = "a".repeat(300);
    let longer = "a.".repeat(40_000);
    for (name, shown) in [
        ("", "the empty name"),
        (long.as_str(), long.as_str()),
        (longer.as_str(), ""),
        ("two words", "two words"),
        ("\u{1b}[31mred", "\\u{1b}[31mred"),
        ("line\nend", "line\\nend"),
        ("*", "*"),
        ("%", "%"),
        ("::1::1", "::1::1"),
        ("127.0.0.1%lo", "127.0.0.1%lo"),
        ("a..b", "a..b"),
    ] {
        let run = names.around(sockkit(["resolve", "--", name])).run();
        let sentence = format!("sockkit: resolve {shown}");
        assert!(run.stderr.starts_with(&sentence), "{}", run.stderr);
        assert_eq!(
            (run.stderr.lines().count(), run.text()),
            (1, String::new()),
            "{name:?}"
        );
        assert!([1, 2].contains(&run.status), "{name:?}");
    }
    let zone = names.around(resolve("fe80::1%nosuch0")).run().expect(2);
    zone.says("no such interface").says("`ip link` lists them");
}

#[test]
fn a_listener_and_a_source_are_looked_up_within_the_limit() {
    // A part of the loopback network that no other test uses.
    let Ok(_silent) = UdpSocket::bind("127.86.83.2:53") else {
        return;
    };
    let Some(names) = Names::new("machine", HOSTS, Some("127.86.83.2")) else {
        return;
    };
    for words in [
        "tcp listen -t 300ms silent.invalid:0",
        "udp listen -t 300ms silent.invalid:0",
        "tcp connect -t 300ms --bind silent.invalid 127.0.0.1:1",
        "udp send --deadline 300ms --bind silent.invalid 127.0.0.1:1 x",
    ] {
        let start = sockkit(words.split(' '));
        let run = names.around(start).run().expect(124);
        let expected = "resolve silent.invalid";
        assert!(run.stderr.contains(expected), "{words}: {}", run.stderr);
    }
}

#[test]
fn a_server_that_is_silent_is_not_waited_for() {
    // Port 53 is root's, and so is the machine that asks there.
    let Ok(_silent) = UdpSocket::bind("127.86.83.1:53") else {
        return;
    };
    let Some(names) = Names::new("machine", HOSTS, Some("127.86.83.1")) else {
        return;
    };
    let run = names
        .around(resolve("-t 300ms silent.invalid one.test"))
        .start();
    let run: Finished = run.finish_within(Duration::from_secs(4)).expect(124);
    assert_eq!(run.text(), "10.1.0.1        one.test\n");
    assert_eq!(
        run.stderr,
        "sockkit: resolve silent.invalid: no answer within 300ms\n"
    );
}

#[test]
fn what_makes_no_sense_is_refused() {
    for words in [
        "",
        "-4 -6 localhost",
        "--gethostbyname -6 localhost",
        "--gethostbyname --service 80 localhost",
        "--service 65536 localhost",
        "--service 80x localhost",
        "-t never localhost",
    ] {
        let run = resolve(words).run().expect(2);
        assert!(
            run.stderr.starts_with("sockkit: "),
            "{words}: {}",
            run.stderr
        );
    }
    resolve("-4 ::1").run().expect(2).says("leave out -4");
    resolve("--service nosuch 127.1")
        .run()
        .expect(2)
        .says("services(5)");
}

#[test]
fn the_readers_end_is_quiet() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let run = resolve("127.1 127.2").stdout(writer).run().expect(141);
    assert_eq!(run.stderr, "");
}
