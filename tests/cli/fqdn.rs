//! `fqdn` says what Python's `socket.getfqdn` says, on a machine with names of its own.

use crate::kit::{Names, python, sockkit};

const HOSTS: &str = "\
127.0.0.1   localhost
127.0.1.1   myhost.example.org myhost
::1         ip6-localhost ip6-loopback
10.0.0.1    short short.example.org
10.0.0.2    nodot alias other
10.0.0.3    last one two.example.org three.example.org
10.0.0.4    twice.example.org
10.0.0.5    twice.example.org second.example.org
fd00::6     dual six.example.org
10.0.0.6    dual four.example.org
fd00::7     onlysix
10.0.0.8    UPPER.example.org upper
10.0.0.9    xn--mnchen-3ya.example.org
8.0.0.1     octal.example.org
255.255.255.255 broadcast.example.org
";

/// Python refuses to encode some names; ours has an answer for every name, the name itself.
const PYTHON: &str = "
import socket, sys
for name in sys.argv[1:]:
    try: print(socket.getfqdn(name))
    except UnicodeError: print(name)
";

const NAMES: [&str; 41] = [
    "",
    " ",
    "0.0.0.0",
    "::",
    " 0.0.0.0\n",
    "localhost",
    "myhost",
    "myhost.example.org",
    "short",
    "\tshort\r\n",
    "\u{1c}short\u{1f}",
    "\u{a0}\u{3000}short\u{85}\u{2028}",
    "nodot",
    "alias",
    "last",
    "one",
    "two.example.org",
    "twice.example.org",
    "second.example.org",
    "dual",
    "six.example.org",
    "four.example.org",
    "onlysix",
    "upper",
    "Short",
    "UPPER.EXAMPLE.ORG",
    "127.0.0.1",
    "127.1",
    "010.0.0.1",
    "0x7f.0.0.1",
    "::1",
    "::ffff:10.0.0.1",
    "fe80::1%lo",
    "10.0.0.9",
    "192.0.2.77",
    "<broadcast>",
    "255.255.255.255",
    "nosuch.invalid",
    "nosuch",
    "two words",
    "-x",
];

fn compare(host: &str) {
    let Some(python) = python(PYTHON, &NAMES) else {
        return;
    };
    let Some(names) = Names::new(host, HOSTS, None) else {
        return;
    };
    let theirs = names.around(python).run().expect(0).text();
    let theirs: Vec<&str> = theirs.split_terminator('\n').collect();
    for (name, theirs) in NAMES.iter().zip(theirs) {
        let ours = names.around(sockkit(["fqdn", "--", name])).run().expect(0);
        assert_eq!(ours.text().trim_end_matches('\n'), theirs, "{name:?}");
    }
}

#[test]
fn it_is_pythons_where_the_host_has_a_full_name() {
    compare("myhost");
}

#[test]
fn it_is_pythons_where_nobody_knows_the_host() {
    compare("lonely");
}

#[test]
fn names_too_long_for_any_host_are_their_own() {
    for length in [64, 253, 300, 5000] {
        let name = "a".repeat(length);
        let ours = sockkit(["fqdn", &name]).run().expect(0);
        assert_eq!(ours.text(), format!("{name}\n"));
    }
}

#[test]
fn what_it_calls_is_explained() {
    let run = sockkit(["fqdn", "127.0.0.1", "--explain"]).run().expect(0);
    run.says("gethostbyaddr(127.0.0.1) = 0");
}
