//! `trace` and routers that answer in ways of their own: with labels, with next to nothing, twice.

use crate::kit::{CHAIN, Finished, among_hosts, python_here};

/// In `r`: answers a probe that goes no farther, in one of these ways. The kernel's own answer is not let out.
const ROUTER: &str = r#"
import socket, struct, sys, threading, time
how = sys.argv[1]
ETH_P_IP = 0x800
heard = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
heard.bind(('e0', ETH_P_IP))
out = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
out.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, 7)
def checksum(b):
    if len(b) % 2: b += b'\0'
    t = sum(struct.unpack('!%dH' % (len(b) // 2), b))
    while t >> 16: t = (t & 0xffff) + (t >> 16)
    return ~t & 0xffff
def extension():
    body = struct.pack('!BBHHBB', 0x20, 0, 0, 12, 1, 1) + bytes.fromhex('05dc1001') + bytes.fromhex('00010540')
    return body[:2] + struct.pack('!H', checksum(body)) + body[4:]
open('/run/ready', 'w').close()
while True:
    packet, peer = heard.recvfrom(65535)
    if peer[2] == socket.PACKET_OUTGOING or packet[8] != 1 or packet[16:20] != bytes([10, 99, 4, 2]): continue
    length = 0
    quoted = packet[:576]
    if how == 'mute': quoted = packet[:28]
    if how == 'liar': quoted = packet[:16] + bytes([10, 99, 4, 99]) + packet[20:60]
    if how in ('labels', 'old'):
        quoted = packet[:128].ljust(128, b'\0') + extension()
        if how == 'labels': length = 32
    def build(c): return struct.pack('!BBHBBH', 11, 0, c, 0, length, 0) + quoted
    reply = build(checksum(build(0)))
    for _ in range(2 if how == 'twice' else 1):
        out.sendto(reply, ('10.99.1.1', 0))
"#;

fn among(how: &str, script: &str) -> Option<Finished> {
    python_here()?;
    let script = format!(
        "{CHAIN}at r nft 'table ip f {{ chain o {{ type filter hook output priority 0; \
         icmp type time-exceeded meta mark != 7 drop; }}; }}'\n\
         at r python3 -c \"$ROUTER\" {how} &\n\
         while [ ! -e /run/ready ]; do sleep 0.05; done\n{script}"
    );
    among_hosts(&format!("ROUTER=$(cat <<'END'{ROUTER}END\n)\n{script}"))
}

#[test]
fn labels_are_shown() {
    let script = "
at s $SOCKKIT trace -n 10.99.4.2
at s $SOCKKIT trace -n --tcp 80 10.99.4.2
at s $SOCKKIT trace -n -I 10.99.4.2
at s $SOCKKIT trace -n --json --probes 1 10.99.4.2
at s $SOCKKIT trace -n --report -c 1 10.99.4.2
";
    for how in ["labels", "old"] {
        let Some(run) = among(how, script) else {
            return;
        };
        let text = run.expect(0).text();
        let shown = " 1  10.99.1.2 <MPLS:L=24001,E=0,S=0,T=1/L=16,E=2,S=1,T=64>  ";
        assert_eq!(text.matches(shown).count(), 3, "{text}");
        let json = r#""mpls":[{"label":24001,"class":0,"bottom":false,"ttl":1},{"label":16,"class":2,"bottom":true,"ttl":64}]"#;
        assert_eq!(text.matches(json).count(), 1, "{text}");
        let rows =
            "\n       [MPLS: Lbl 24001 TC 0 S 0 TTL 1]\n       [MPLS: Lbl 16 TC 2 S 1 TTL 64]\n";
        assert_eq!(text.matches(rows).count(), 1, "{text}");
    }
}

#[test]
fn eight_bytes_of_a_probe_are_enough() {
    let script = "at s $SOCKKIT trace -n --json $BY 10.99.4.2\n";
    for by in ["", "BY=-I\n", "BY='--tcp 80'\n", "BY='--flows 3'\n"] {
        let Some(run) = among("mute", &format!("{by}{script}")) else {
            return;
        };
        let events = run.expect(0).events();
        let hops = events.iter().filter(|event| event["event"] == "hop");
        let hops: Vec<(&str, u64, u64)> = hops
            .map(|hop| {
                let addr = hop["addrs"][0]["addr"].as_str().unwrap();
                let count = |key: &str| hop[key].as_u64().unwrap();
                assert_eq!(hop["addrs"].as_array().unwrap().len(), 1);
                (addr, count("sent"), count("received"))
            })
            .collect();
        let expected = ["10.99.1.2", "10.99.2.2", "10.99.3.2", "10.99.4.2"];
        assert_eq!(hops, expected.map(|addr| (addr, 3, 3)), "{by}");
    }
}

#[test]
fn a_quoted_probe_to_somebody_else_is_not_ours() {
    let script = "
at s $SOCKKIT trace -n -t 300ms 10.99.4.2
at s $SOCKKIT trace -n -t 300ms -I 10.99.4.2
at s sysctl -qw net.ipv4.ping_group_range='1 0'
at s $SOCKKIT trace -n -t 300ms -I 10.99.4.2
";
    let Some(run) = among("liar", script) else {
        return;
    };
    let text = run.expect(0).text();
    assert_eq!(text.matches(" 1  * * *\n").count(), 3, "{text}");
    assert_eq!(text.matches(" 4  10.99.4.2  ").count(), 3, "{text}");
}

#[test]
fn who_answers_twice_is_one_hop() {
    let script = "
at s $SOCKKIT trace -n --json 10.99.4.2
at s $SOCKKIT trace -n --json -I 10.99.4.2
";
    let Some(run) = among("twice", script) else {
        return;
    };
    let events = run.expect(0).events();
    for summary in events.iter().filter(|event| event["event"] == "summary") {
        // The last second answer may come when all is told.
        assert!(summary["duplicates"].as_u64().unwrap() >= 2, "{summary}");
        assert_eq!((&summary["late"], &summary["hops"]), (&0.into(), &4.into()));
    }
    let first = events
        .iter()
        .filter(|event| event["event"] == "hop" && event["ttl"] == 1);
    for hop in first {
        assert_eq!((&hop["sent"], &hop["received"]), (&3.into(), &3.into()));
    }
}
