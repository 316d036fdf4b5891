//! Much at a time, and shaped: nc, ncat and socat at the other end, in both roles.

use crate::kit::{Running, Start, pattern, peer, program, sockkit};

/// Enough for the kernel to move it by itself, and for every buffer to be full.
const MUCH: usize = (20 << 20) + 17;

/// The tools' senders to a port.
const SENDERS: [&str; 3] = [
    "nc -N 127.0.0.1 PORT",
    "ncat --send-only 127.0.0.1 PORT",
    "socat -u - TCP:127.0.0.1:PORT",
];

/// The tools' listeners on a port of the kernel's choice, which they say; they do not speak.
const RECEIVERS: [&str; 2] = [
    "nc -lnv 127.0.0.1 0",
    "socat -d -d -u TCP-LISTEN:0,bind=127.0.0.1 -",
];

/// A command line of a tool, or `None` where it is missing.
fn tool(line: &str, port: u16) -> Option<Start> {
    let line = line.replace("PORT", &port.to_string());
    let mut words = line.split(' ');
    let name = words.next()?;
    peer(name)?;
    Some(program(name, words))
}

/// What a tool's listener hears of our client with these flags.
fn heard_by(
    receiver: &str,
    flags: &[&str],
    prepare: impl FnOnce(Start) -> Start,
) -> Option<Vec<u8>> {
    let server = tool(receiver, 0)?.start();
    let port = server.foreign_port().to_string();
    let client = prepare(sockkit(["tcp", "connect", &port]).args(flags)).start();
    let heard = server.finish().stdout.clone();
    ended(client);
    Some(heard)
}

/// Whoever has said all ends well.
fn ended(client: Running) {
    client.finish().expect(0);
}

#[test]
fn what_tools_send_arrives_whole() {
    let much = pattern(MUCH);
    for sender in SENDERS {
        let listener = sockkit(["tcp", "listen", "0"]).start();
        let Some(client) = tool(sender, listener.port()) else {
            continue;
        };
        let client = client.upload(&much).start();
        assert!(listener.finish().expect(0).stdout == much, "{sender}");
        client.finish();
    }
}

#[test]
fn tools_hear_all_that_is_sent() {
    let much = pattern(MUCH);
    for receiver in RECEIVERS {
        for flags in [[].as_slice(), &["--send-only"]] {
            let from_file = heard_by(receiver, flags, |client| client.upload(&much));
            let from_pipe = heard_by(receiver, flags, |client| client.input(&much));
            for heard in [from_file, from_pipe].into_iter().flatten() {
                assert!(heard == much, "{receiver} {flags:?}");
            }
        }
    }
}

#[test]
fn tools_hear_what_stdin_became() {
    for receiver in RECEIVERS {
        let flags = [
            "--crlf",
            "--preamble",
            r"first\n",
            "--delay",
            "50ms",
            "--max-bytes",
            "6",
        ];
        let Some(heard) = heard_by(receiver, &flags, |client| client.input("a\nb\nc\nd\n")) else {
            continue;
        };
        assert_eq!(heard, b"first\na\r\nb\r\nc\r\n", "{receiver}");
    }
}

#[test]
fn a_tool_at_its_own_pace_and_ours() {
    let listener = sockkit(["tcp", "listen", "0", "--rate", "400k", "--stats"])
        .upload(pattern(200 << 10))
        .start();
    let Some(client) = tool("nc -N 127.0.0.1 PORT", listener.port()) else {
        return;
    };
    assert!(client.upload("short").run().stdout == pattern(200 << 10));
    let finished = listener.finish().expect(0);
    assert_eq!(finished.stdout, b"short");
    assert!(
        finished.stderr.contains("sent 200 KiB ("),
        "{}",
        finished.stderr
    );
}
