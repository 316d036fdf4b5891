//! The README's translations of nc, ncat and socat: each row is run, the tool's side and ours, in the same scene, and the
//! same bytes arrive.

mod scene;

use std::collections::BTreeSet;

use self::scene::{Place, Scene};
use crate::kit::peer;

const README: &str = include_str!("../../README.md");

/// What happens around each command line; the first word is the tool that has it.
const ROWS: &[(&str, Scene)] = &[
    ("nc HOST 80", Scene::Client),
    ("nc -4 HOST 80", Scene::Client),
    ("nc -6 ::1 80", Scene::Client),
    ("nc -w 5 HOST 80", Scene::Client),
    ("nc -s 127.0.0.2 HOST 80", Scene::Client),
    ("nc -p 4000 HOST 80", Scene::Client),
    ("nc -M 5 HOST 80", Scene::Client),
    ("nc -zv HOST 22", Scene::Probe),
    ("nc -zv HOST 20-30", Scene::Probe),
    ("until nc -z HOST 5432; do sleep 1; done", Scene::Probe),
    ("nc -X 5 -x PROXY:1080 HOST 22", Scene::Socks),
    ("nc -X connect -x PROXY:3128 HOST 80", Scene::Proxied),
    ("nc -C HOST 25", Scene::Client),
    ("nc -d HOST 22", Scene::Banner),
    ("nc HOST 22 < /dev/null", Scene::Banner),
    ("nc -N HOST 9000 < FILE", Scene::Upload),
    ("tar c DIR | nc -N HOST 9000", Scene::Archive),
    ("nc -l 9000", Scene::Listener),
    ("nc -l 127.0.0.1 9000", Scene::Listener),
    ("nc -l 9000 > FILE", Scene::Listener),
    ("nc -N -l 9000 < FILE", Scene::Download),
    ("nc -l 9000 | tar x", Scene::Unpack),
    ("nc -u HOST 53", Scene::Asking),
    ("echo hello | nc -u -w 1 HOST 514", Scene::Telling),
    ("nc -u -w 1 HOST 514 < FILE", Scene::Telling),
    ("nc -u -l 514", Scene::Hearing),
    ("nc -U /run/x.sock", Scene::LocalClient),
    ("nc -l -U /run/x.sock", Scene::LocalListener),
    ("nc -U @name", Scene::LocalClient),
    ("nc -u -U /run/log", Scene::LocalTelling),
    ("ncat HOST 80", Scene::Client),
    ("ncat -w 5s HOST 80", Scene::Client),
    ("ncat -C HOST 25", Scene::Client),
    ("ncat --recv-only HOST 22", Scene::Banner),
    ("ncat --send-only HOST 9000 < FILE", Scene::Upload),
    ("ncat --recv-only -l 9000 > FILE", Scene::Listener),
    ("ncat --send-only -l 9000 < FILE", Scene::Download),
    ("ncat -l 9000", Scene::Listener),
    ("ncat -l -k 9000", Scene::Many),
    ("ncat -l -k -m 3 9000", Scene::Many),
    ("ncat -l -k --allow 127.0.0.0/8 9000", Scene::Many),
    ("ncat -l -k -e /bin/cat 9000", Scene::Served),
    ("ncat -l -k -c 'echo hello' 9000", Scene::Served),
    ("ncat -l --broker 9000", Scene::Broker),
    (
        "ncat --proxy-type http --proxy PROXY:3128 HOST 80",
        Scene::Proxied,
    ),
    (
        "ncat --proxy PROXY:3128 --proxy-auth USER:PASS HOST 80",
        Scene::Proxied,
    ),
    ("ncat -u HOST 53", Scene::Asking),
    ("ncat -u -l 514", Scene::Hearing),
    ("ncat -U /run/x.sock", Scene::LocalClient),
    ("ncat -l -U /run/x.sock", Scene::LocalListener),
    ("socat - TCP:HOST:80", Scene::Client),
    ("socat - TCP6:[::1]:80", Scene::Client),
    ("socat - TCP:HOST:80,connect-timeout=5", Scene::Client),
    ("socat - TCP:HOST:80,bind=127.0.0.2", Scene::Client),
    ("socat - TCP:HOST:80,nodelay,rcvbuf=1048576", Scene::Client),
    ("socat -u TCP:HOST:80 CREATE:FILE", Scene::Banner),
    ("socat - TCP:HOST:25,crnl", Scene::Client),
    ("socat -u OPEN:FILE TCP:HOST:9000", Scene::Upload),
    ("socat - TCP-LISTEN:9000,reuseaddr", Scene::Listener),
    (
        "socat -u TCP-LISTEN:9000,reuseaddr CREATE:FILE",
        Scene::Listener,
    ),
    ("socat - SOCKS4A:PROXY:HOST:80,socksport=1080", Scene::Socks),
    ("socat - TCP:HOST:80,keepalive,keepidle=60", Scene::Client),
    ("socat - TCP:HOST:80,retry=5,interval=1", Scene::Client),
    ("socat TCP-LISTEN:9000,reuseaddr,fork PIPE", Scene::Served),
    (
        "socat TCP-LISTEN:9000,reuseaddr,fork EXEC:/bin/cat",
        Scene::Served,
    ),
    (
        "socat TCP-LISTEN:9000,reuseaddr,fork SYSTEM:'echo hello'",
        Scene::Served,
    ),
    ("socat - UDP:HOST:53", Scene::Asking),
    ("echo hello | socat - UDP-SENDTO:HOST:514", Scene::Telling),
    ("socat -u UDP-RECV:514 -", Scene::Hearing),
    ("socat -T 1 UDP-LISTEN:514,fork PIPE", Scene::Answered),
    (
        "socat -T 1 UDP-LISTEN:514,fork EXEC:/bin/cat",
        Scene::Answered,
    ),
    (
        "socat -u -b 1400 OPEN:FILE UDP-SENDTO:HOST:514",
        Scene::Telling,
    ),
    ("socat - UNIX-CONNECT:/run/x.sock", Scene::LocalClient),
    (
        "socat - UNIX-LISTEN:/run/x.sock,mode=600",
        Scene::LocalListener,
    ),
    ("socat - ABSTRACT-CONNECT:name", Scene::LocalClient),
    ("socat - UNIX-CONNECT:/run/x.sock,type=5", Scene::Records),
    ("socat -u - UNIX-SENDTO:/run/log", Scene::LocalTelling),
    ("socat -u UNIX-RECV:/run/log -", Scene::LocalHearing),
    ("ncat --ssl-verify HOST 443", Scene::SecureClient),
    ("ncat --ssl HOST 443", Scene::SecureClient),
    ("ncat --ssl -l 9000", Scene::SecureListener),
    (
        "ncat --ssl --ssl-cert CERT --ssl-key KEY -l -k -e /bin/cat 9000",
        Scene::SecureListener,
    ),
    ("socat - OPENSSL:HOST:443", Scene::SecureClient),
    (
        "socat - OPENSSL:HOST:443,cafile=CA,cert=CERT,key=KEY",
        Scene::SecureClient,
    ),
    (
        "socat - OPENSSL-LISTEN:9000,cert=CERT,key=KEY,cafile=CA",
        Scene::SecureListener,
    ),
];

/// A row that is not played: nc asks for the password at the terminal.
const NOT_PLAYED: &[&str] = &["nc -X connect -x PROXY:3128 -P USER HOST 443"];

/// The rows of the table that are of these tools: theirs, ours.
fn table() -> Vec<(String, String)> {
    let rows = README.lines().filter(|line| line.starts_with("| `"));
    let pairs = rows.filter_map(|row| {
        let mut spans = row.split('`').skip(1).step_by(2);
        let theirs = spans.next()?.replace("\\|", "|");
        let ours = spans.next()?.replace("\\|", "|");
        Some((theirs, ours))
    });
    pairs
        .filter(|(theirs, _)| tool_of(theirs).is_some())
        .collect()
}

fn tool_of(line: &str) -> Option<&'static str> {
    let words: Vec<&str> = line.split(' ').collect();
    let is_said = |tool: &&str| {
        let behind = ["| ", "until "].map(|word| format!("{word}{tool} "));
        words.first() == Some(tool) || behind.iter().any(|behind| line.contains(behind))
    };
    ["nc", "ncat", "socat"].into_iter().find(is_said)
}

#[test]
fn every_row_is_played() {
    let written: BTreeSet<String> = table().into_iter().map(|(theirs, _)| theirs).collect();
    let played = ROWS.iter().map(|(line, _)| line).chain(NOT_PLAYED);
    let played: BTreeSet<String> = played.map(|line| (*line).to_owned()).collect();
    let only = |one: &BTreeSet<String>, other| {
        let only: Vec<String> = one.difference(other).cloned().collect();
        only.join("\n")
    };
    assert_eq!(only(&written, &played), "", "in the README alone");
    assert_eq!(only(&played, &written), "", "not in the README");
    assert!(written.len() >= 40, "{} translations", written.len());
}

/// Play the rows of one tool, or skip them where it is not installed.
fn play(tool: &str) {
    if ["bash", "openssl", "python3", tool]
        .iter()
        .any(|tool| peer(tool).is_none())
    {
        return;
    }
    let table = table();
    for (line, scene) in ROWS {
        let is_secure = matches!(scene, Scene::SecureClient | Scene::SecureListener);
        if tool_of(line) != Some(tool) || (is_secure && !cfg!(feature = "tls")) {
            continue;
        }
        let (theirs, ours) = table.iter().find(|(theirs, _)| theirs == line).unwrap();
        let [before, after] = [theirs, ours].map(|line| scene.play(&Place::new(), line));
        assert_eq!(before, after, "{theirs}\n{ours}");
        before.check(line);
    }
}

#[test]
fn what_nc_does() {
    play("nc");
}

#[test]
fn what_ncat_does() {
    play("ncat");
}

#[test]
fn what_socat_does() {
    play("socat");
}
