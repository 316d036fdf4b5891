//! Datagrams with peers: what iperf3, nc, ncat, socat and python send is heard whole, and what answers them comes home.

use nix::sys::signal::Signal;

use crate::kit::{LONG, Running, Start, peer, program, python, sockkit};

fn listen(words: &str) -> Start {
    let head = ["udp", "listen", "127.0.0.1:0"];
    sockkit(head.into_iter().chain(words.split_whitespace()))
}

fn port(listener: &Running) -> String {
    listener.port().to_string()
}

/// One line to an echoing listener and back.
fn comes_home(client: Start) {
    let client = client.piped().start();
    client.write("there and back\n");
    assert_eq!(client.line(), "there and back");
}

#[test]
fn netcats_and_socat_hear_an_echo() {
    let listener = listen("--echo").start();
    let port = port(&listener);
    let address = format!("UDP:127.0.0.1:{port}");
    for words in [
        ["nc", "-u", "127.0.0.1", &port].as_slice(),
        &["ncat", "-u", "127.0.0.1", &port],
        &["socat", "-", &address],
    ] {
        if peer(words[0]).is_some() {
            comes_home(program(words[0], &words[1..]));
        }
    }
}

#[test]
fn each_netcat_has_a_command_of_its_own() {
    if peer("nc").is_none() {
        return;
    }
    let script = "n=0; while read -r word; do n=$((n+1)); echo $n $word; done";
    let listener = listen("").args(["--sh", script]).start();
    let port = port(&listener);
    let start = || program("nc", ["-u", "127.0.0.1", &port]).piped().start();
    let clients = [start(), start()];
    for turn in 1..=3 {
        for client in &clients {
            client.write("line\n");
            assert_eq!(client.line(), format!("{turn} line"));
        }
    }
}

#[test]
fn what_python_sends_is_told() {
    let script = "
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, 0x20)
s.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 7)
for size in 0, 1, 1400, 1472, 1473, 9000, 65507:
    s.sendto(b'x' * size, ('127.0.0.1', int(sys.argv[1])))
";
    let listener = listen("--format json --count 7").start();
    let Some(sender) = python(script, &[&port(&listener)]) else {
        return;
    };
    sender.run().expect(0);
    let events = listener.finish().expect(0).events();
    let told: Vec<_> = events
        .iter()
        .map(|event| {
            (
                event["length"].as_u64(),
                event["ttl"].as_u64(),
                event["tos"].as_u64(),
            )
        })
        .collect();
    let sizes = [0, 1, 1400, 1472, 1473, 9000, 65_507];
    let expected = sizes.map(|size| (Some(size), Some(7), Some(0x20)));
    assert_eq!(told, expected);
}

/// The server's half of iperf3's control connection: datagrams are somebody else's affair. Prints how many its client sent.
const IPERF: &str = r#"
import json, socket, struct, sys
server = socket.create_server(('127.0.0.1', int(sys.argv[1])))
print('ready', flush=True)
control = server.accept()[0]
control.settimeout(20)
def take(count):
    whole = b''
    while len(whole) < count:
        piece = control.recv(count - len(whole))
        assert piece, 'the client left'
        whole += piece
    return whole
def message():
    return json.loads(take(struct.unpack('!I', take(4))[0]))
def say(state):
    control.sendall(bytes([state]))
take(37)                # its cookie
say(9)                  # PARAM_EXCHANGE
message()
say(10)                 # CREATE_STREAMS
say(1)                  # TEST_START
say(2)                  # TEST_RUNNING
assert take(1) == bytes([4])    # TEST_END
say(13)                 # EXCHANGE_RESULTS
sent = message()
stream = dict(id=1, bytes=0, retransmits=-1, jitter=0, errors=0, packets=0, start_time=0, end_time=1)
results = dict(cpu_util_total=0, cpu_util_user=0, cpu_util_system=0, sender_has_retransmits=0, streams=[stream])
text = json.dumps(results).encode()
control.sendall(struct.pack('!I', len(text)) + text)
say(14)                 # DISPLAY_RESULTS
take(1)
print(sent['streams'][0]['packets'], flush=True)
"#;

#[test]
fn iperf3s_traffic_is_heard_without_error() {
    if peer("iperf3").is_none() {
        return;
    }
    // The first datagram asks for this answer.
    let listener = listen("--reply 6789 --format json").start();
    let port = port(&listener);
    let Some(control) = python(IPERF, &[&port]) else {
        return;
    };
    let control = control.deadline(LONG).start();
    assert_eq!(control.line(), "ready");
    let words = [
        "-u",
        "-c",
        "127.0.0.1",
        "-p",
        &port,
        "-l",
        "1400",
        "-b",
        "20M",
        "-k",
        "500",
    ];
    let client = program("iperf3", words).deadline(LONG).start();
    let sent: u64 = control.line().parse().unwrap();
    client.finish();
    assert!(sent >= 500, "{sent} sent");
    // The one that asks, and those that are numbered from 1.
    let events = (0..=sent).map(|_| serde_json::from_str(&listener.line()).unwrap());
    let events: Vec<serde_json::Value> = events.collect();
    assert_eq!(events[0]["length"], 4);
    for (number, event) in (1..).zip(&events[1..]) {
        assert_eq!(event["length"], 1400);
        let digits = event["hex"]
            .as_str()
            .map(|digits| hex::decode(digits).unwrap());
        let bytes = digits.unwrap_or_else(|| event["data"].as_str().unwrap().into());
        let counted: [u8; 4] = bytes[8..12].try_into().unwrap();
        assert_eq!(u32::from_be_bytes(counted), number);
    }
    listener.signal(Signal::SIGTERM);
    let finished = listener.finish().expect(143);
    assert!(!finished.stderr.contains("dropped"), "{}", finished.stderr);
}
