//! `ping` among hosts of its own: a router's errors, filters, lying responders; beside ping(8) and fping(8).

use crate::kit::{among_hosts, peer, python_here};

/// With a datagram socket where this stands before a script, else with a raw one.
const DGRAM: &str = "at s sysctl -qw net.ipv4.ping_group_range='0 2147483647'\n";

/// The lines that name an error's sender.
fn froms(text: &str) -> Vec<&str> {
    text.lines()
        .filter(|line| line.starts_with("From "))
        .collect()
}

#[test]
fn errors_have_their_sender_and_pings_words() {
    let script = r#"
ip -n r route add prohibit 10.99.51.0/24
ip -n r route add unreachable 10.99.52.0/24
ip -n r -6 route add unreachable fd99:52::/64
for a in 3 4; do ip -n d addr add 10.99.2.$a/24 dev e0; done
at r nft -f - <<END
table ip filter {
    chain forward {
        type filter hook forward priority 0;
        ip daddr 10.99.2.3 reject with icmp type admin-prohibited
        ip daddr 10.99.2.4 reject with icmp type port-unreachable
    }
}
END
for to in 10.99.51.1 10.99.52.1 10.99.2.3 10.99.2.4 fd99:52::1; do
    at s $PING -c2 $INTERVAL 0.2 $to
done
at s $PING -c1 $TTL 1 10.99.2.2
at s $PING -c1 $TTL 1 fd99:2::2
at s $PING -c1 $DF -s 1400 10.99.2.2
at s $PING -c1 $DF -s 1400 fd99:2::2
"#;
    let ours = "PING=\"$SOCKKIT ping -t 5\" INTERVAL=-i TTL=--ttl DF=--df\n";
    let theirs = "PING='ping -n' INTERVAL=-i TTL=-t DF='-M do'\n";
    let Some(theirs) = among_hosts(&format!("{theirs}{script}")) else {
        return;
    };
    let text = theirs.text();
    // They send again where they were refused, and number the answers with spaces at will.
    let expected: Vec<String> = froms(&text)
        .iter()
        .map(|line| line.replace("  ", " "))
        .collect();
    assert_eq!(expected.len(), 14, "{text}");
    for kind in ["", DGRAM] {
        let ours = among_hosts(&format!("{kind}{ours}{script}")).unwrap();
        assert_eq!(froms(&ours.text()), expected);
        assert!(!ours.text().contains("no reply"), "{}", ours.text());
    }
}

#[test]
fn knocks_go_as_far_as_they_may() {
    let script = r#"
for to in 10.99.2.2 fd99:2::2; do
    for how in --tcp --udp; do
        at s $SOCKKIT ping -c1 -t 5 --ttl 1 $how 9 $to
        at s $SOCKKIT ping -c1 -t 5 -o SO_MARK=1 --ttl 2 $how 9 $to
    done
done
"#;
    let Some(run) = among_hosts(script) else {
        return;
    };
    let text = run.text();
    let v4 = "From 10.99.1.2 seq=1 Time to live exceeded";
    let v6 = "From fd99:1::2 seq=1 Time exceeded: Hop limit";
    assert_eq!(froms(&text), [v4, v4, v6, v6], "{}", run.stderr);
    for to in ["10.99.2.2", "fd99:2::2"] {
        for answer in ["closed", "port-unreachable"] {
            let line = format!("{answer} from {to}: seq=1 time=");
            assert!(text.contains(&line), "{text}{}", run.stderr);
        }
    }
}

#[test]
fn loss_is_measured() {
    let script = r#"
at d nft -f - <<END
table ip filter {
    chain output {
        type filter hook output priority 0;
        icmp type echo-reply numgen inc mod 4 == 0 drop
    }
}
END
at s $SOCKKIT ping -q --json -c 40 -i 10ms -t 2 10.99.2.2
"#;
    for kind in ["", DGRAM] {
        let Some(run) = among_hosts(&format!("{kind}{script}")) else {
            return;
        };
        let events = run.expect(0).events();
        let summary = events.last().unwrap();
        assert_eq!(
            (&summary["sent"], &summary["received"]),
            (&40.into(), &30.into())
        );
        assert_eq!(summary["loss_pct"], 25.0);
    }
}

#[test]
fn what_is_lost_is_shown_in_its_place() {
    if peer("script").is_none() {
        return;
    }
    // Each is judged only after the last one was sent.
    let script = r#"
at d nft -f - <<END
table ip filter {
    chain output {
        type filter hook output priority 0;
        icmp type echo-reply numgen inc mod 10 3-5 drop
    }
}
END
at s script -qec "$SOCKKIT ping -q -c 10 -i 10ms -t 1 10.99.2.2" /dev/null
"#;
    let Some(run) = among_hosts(script) else {
        return;
    };
    let text = run.expect(0).text();
    let picture = text.lines().last().unwrap();
    let lost = picture.chars().map(|bar| bar == '×');
    let lost: Vec<usize> = lost
        .enumerate()
        .filter(|one| one.1)
        .map(|one| one.0)
        .collect();
    assert_eq!(lost, [3, 4, 5], "{text}");
}

#[test]
fn what_is_dropped_is_lost() {
    let script = r#"
at r nft 'table ip filter { chain f { type filter hook forward priority 0; drop; }; }'
at s $SOCKKIT ping --json -c 2 -i 10ms -t 300ms 10.99.2.2
"#;
    let Some(run) = among_hosts(script) else {
        return;
    };
    let events = run.expect(1).events();
    let lost: Vec<_> = events
        .iter()
        .filter(|event| event["event"] == "lost")
        .collect();
    assert_eq!(lost.len(), 2);
    assert_eq!(lost[1]["seq"], 2);
    assert_eq!(lost[1]["timeout_ms"], 300.0);
}

/// Answers by the sequence number: right, twice, late, never, with a byte turned, with another's id, with a wrong checksum.
const LIAR: &str = r#"
import socket, struct, threading
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
def checksum(b):
    t = sum(struct.unpack('!%dH' % (len(b) // 2), b))
    while t >> 16: t = (t & 0xffff) + (t >> 16)
    return ~t & 0xffff
open('/run/ready', 'w').close()
while True:
    packet, peer = s.recvfrom(65535)
    kind, code, _, id, seq = struct.unpack('!BBHHH', packet[20:28])
    if kind != 8: continue
    payload = bytearray(packet[28:])
    if seq == 5: payload[20] ^= 0xff
    if seq == 6: id ^= 1
    def build(c): return struct.pack('!BBHHH', 0, 0, c, id, seq) + payload
    reply = build(checksum(build(0)) ^ (0x1111 if seq == 7 else 0))
    send = lambda reply=reply, peer=peer: s.sendto(reply, peer)
    if seq == 3: threading.Timer(0.5, send).start()
    elif seq != 4: send()
    if seq == 2: send()
"#;

#[test]
fn lies_are_told_apart() {
    if python_here().is_none() {
        return;
    }
    for (kind, is_raw) in [("", true), (DGRAM, false)] {
        let script = format!(
            "{kind}at d sysctl -qw net.ipv4.icmp_echo_ignore_all=1\nat d python3 -c \"{LIAR}\" &\n\
             while [ ! -e /run/ready ]; do sleep 0.05; done\n\
             at s $SOCKKIT ping --json -c 8 -i 200ms -t 300ms 10.99.2.2\n"
        );
        let Some(run) = among_hosts(&script) else {
            return;
        };
        let events = run.expect(0).events();
        let seqs = |wanted: &dyn Fn(&serde_json::Value) -> bool| -> Vec<u64> {
            let found = events.iter().filter(|event| wanted(event));
            found.map(|event| event["seq"].as_u64().unwrap()).collect()
        };
        assert_eq!(seqs(&|event| event["dup"] == true), [2]);
        assert_eq!(seqs(&|event| event["late"] == true), [3]);
        assert_eq!(seqs(&|event| event["corrupt"] == "payload"), [5]);
        assert_eq!(seqs(&|event| event["corrupt_at"] == 20), [5]);
        // The kernel keeps a wrong checksum from a datagram socket.
        let unsound: &[u64] = if is_raw { &[7] } else { &[] };
        assert_eq!(seqs(&|event| event["corrupt"] == "checksum"), unsound);
        assert_eq!(seqs(&|event| event["event"] == "lost"), [3, 4, 5, 6, 7]);
        let summary = events.last().unwrap();
        for (key, count) in [("sent", 8), ("received", 4), ("duplicates", 1), ("late", 1)] {
            assert_eq!(summary[key], count, "{key}: {summary}");
        }
        assert_eq!(summary["corrupt"], 1 + u64::from(is_raw));
    }
}

/// Errors before each answer, by the sequence number: a redirect, a source quench, and one about a request to another host.
/// The answers have a code of their own.
const ADVISER: &str = r#"
import socket, struct, threading
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
def message(kind, code, rest):
    b = struct.pack('!BBH', kind, code, 0) + rest
    t = sum(struct.unpack('!%dH' % (len(b) // 2), b))
    while t >> 16: t = (t & 0xffff) + (t >> 16)
    return struct.pack('!BBH', kind, code, ~t & 0xffff) + rest
open('/run/ready', 'w').close()
while True:
    packet, peer = s.recvfrom(65535)
    if packet[20] != 8: continue
    quoted = bytearray(packet[:28])
    seq = packet[27]
    if seq == 3: quoted[19] ^= 1
    kind, code, about = [(5, 1, bytes([10, 99, 1, 2])), (4, 0, bytes(4)), (3, 1, bytes(4))][seq - 1]
    s.sendto(message(kind, code, about + quoted), peer)
    reply = message(0, 7, packet[24:])
    threading.Timer(0.1, lambda reply=reply, peer=peer: s.sendto(reply, peer)).start()
"#;

#[test]
fn advice_and_others_errors_are_no_answers() {
    if python_here().is_none() {
        return;
    }
    for kind in ["", DGRAM] {
        let script = format!(
            "{kind}at d sysctl -qw net.ipv4.icmp_echo_ignore_all=1\nat d python3 -c \"{ADVISER}\" &\n\
             while [ ! -e /run/ready ]; do sleep 0.05; done\n\
             at s $SOCKKIT ping --json -c 3 -i 200ms -t 5 10.99.2.2\n"
        );
        let Some(run) = among_hosts(&script) else {
            return;
        };
        let events = run.expect(0).events();
        let names: Vec<_> = events.iter().map(|event| &event["event"]).collect();
        let expected = [
            "socket",
            "ping",
            "icmp_advice",
            "reply",
            "icmp_advice",
            "reply",
            "reply",
            "summary",
        ];
        assert_eq!(names, expected);
        let (redirect, quench) = (&events[2], &events[4]);
        assert_eq!(redirect["message"], "Redirect Host(New nexthop: 10.99.1.2)");
        assert_eq!(redirect["next_hop"], "10.99.1.2");
        assert_eq!(
            (&redirect["addr"], &redirect["host"]),
            (&"10.99.2.2".into(), &"10.99.2.2".into())
        );
        assert_eq!(quench["message"], "Source Quench");
        let summary = events.last().unwrap();
        assert_eq!(
            (&summary["received"], &summary["errors"]),
            (&3.into(), &0.into())
        );
    }
}

#[test]
fn members_of_a_group_are_told_from_duplicates() {
    let script = r#"
at r sysctl -qw net.ipv4.icmp_echo_ignore_broadcasts=0
at s $SOCKKIT ping --json -n -c2 -i 300ms ff02::1%e1
at s $SOCKKIT ping --json -n -c2 -i 300ms -o SO_BROADCAST=1 10.99.1.255
at s $SOCKKIT ping -c1 -o SO_BROADCAST=1 10.99.1.255
"#;
    for kind in ["", DGRAM] {
        let Some(run) = among_hosts(&format!(
            "{kind}at s sysctl -qw net.ipv4.icmp_echo_ignore_broadcasts=0\n{script}"
        )) else {
            return;
        };
        let text = run.expect(0).text();
        let summaries = text.lines().filter(|line| line.contains("\"summary\""));
        let summaries: Vec<serde_json::Value> = summaries
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(summaries.len(), 2, "{text}");
        for summary in summaries {
            assert_eq!(summary["received"], 2, "{text}");
            assert_eq!(summary["duplicates"], 0, "{text}");
            assert!(summary["others"].as_u64().unwrap() >= 1, "{text}");
        }
        assert!(!text.contains("DIFFERENT ADDRESS"), "{text}");
    }
}

#[test]
fn what_is_not_sent_is_not_lost() {
    let script = r#"
at s $SOCKKIT ping -c1 10.99.1.255
ip -n s route del default
at s $SOCKKIT ping -c2 -i 10ms 10.99.77.1; echo status $?
at s $SOCKKIT ping -q -c2 -i 10ms 10.99.77.1 127.0.0.1
at s $SOCKKIT ping --json -q -c2 -i 10ms 10.99.77.1
"#;
    let Some(run) = among_hosts(script) else {
        return;
    };
    let text = run.text();
    let hint = "(EACCES): to all of a link it takes -o SO_BROADCAST=1\n";
    assert!(text.contains(hint), "{text}");
    let block = "0 packets transmitted, 0 received, +2 not sent, time ";
    assert!(text.contains(block), "{text}");
    assert!(text.contains("\nstatus 1\n"), "{text}");
    assert!(
        text.contains("10.99.77.1 : xmt/rcv/%loss = 0/0/-, +2 not sent\n"),
        "{text}"
    );
    assert!(text.contains(r#""sent":0,"not_sent":2,"#), "{text}");
    assert!(!text.contains("loss_pct"), "{text}");
}

#[test]
fn where_this_host_lets_nothing_out_there_is_trouble_here() {
    let script = r#"
tried() { at s $SOCKKIT ping -q -c1 -t 5 "$@" > /dev/null; echo $?; }
tried 10.99.1.255
tried 10.99.1.255 10.99.1.2
at s nft 'table ip filter { chain o { type filter hook output priority 0; ip daddr 10.99.2.2 drop; }; }'
tried 10.99.2.2
tried 10.99.2.2 nosuch.invalid
tried --udp 9 10.99.2.2
tried 10.99.2.2 10.99.1.2
tried --df -s 1500 10.99.1.2
ip -n s route del default
tried 10.99.77.1
"#;
    let Some(run) = among_hosts(script) else {
        return;
    };
    // The network's own answers stay a no: others were sent, it is too large for the link, there is no way.
    assert_eq!(run.text(), "2\n1\n2\n2\n2\n1\n1\n1\n", "{}", run.stderr);
}

#[test]
fn an_answer_from_another_address_is_told() {
    // The host translates what it sends, not knowing that it is an answer.
    let script = r#"
at d ip addr add 10.99.2.77/24 dev e0
at d nft -f - <<END
table ip raw {
    chain output {
        type filter hook output priority 0;
        icmp type echo-reply ip saddr set 10.99.2.77
    }
}
END
at s $SOCKKIT ping -c1 -t 5 10.99.2.2
"#;
    for kind in ["", DGRAM] {
        let Some(run) = among_hosts(&format!("{kind}{script}")) else {
            return;
        };
        let text = run.expect(0).text();
        let line = text.lines().nth(1).unwrap();
        assert!(line.starts_with("64 bytes from 10.99.2.77: "), "{text}");
        assert!(line.ends_with(" (DIFFERENT ADDRESS!)"), "{text}");
    }
}

#[test]
fn a_name_that_is_still_looked_up_is_told_in_the_end() {
    let script = r#"
printf 'hosts: files dns\n' > /run/nsswitch.conf
printf 'nameserver 10.99.1.2\n' > /run/resolv.conf
for file in nsswitch.conf resolv.conf; do mount --bind /run/$file /etc/$file; done
at r nft 'table ip filter { chain i { type filter hook input priority 0; udp dport 53 drop; }; }'
at s $SOCKKIT ping -c1 -w 1 10.99.2.2 a.example
echo status $?
"#;
    let Some(run) = among_hosts(script) else {
        return;
    };
    let text = run.text();
    assert!(text.ends_with("status 1\n"), "{text}");
    let line = "\na.example : not asked: no answer so far\n";
    assert!(text.contains(line), "{text}");
    let told = "sockkit: resolve a.example: no answer so far\n";
    assert!(run.stderr.contains(told), "{}", run.stderr);
}

#[test]
fn links_have_zones() {
    let script = r#"
at s $SOCKKIT ping -c1 fe80::99%e1 -i 1
at s $SOCKKIT ping -c1 fe80::99 --interface e1
at s $SOCKKIT ping -c1 fd99:2::2 --bind fd99:1::1
"#;
    for kind in ["", DGRAM] {
        let Some(run) = among_hosts(&format!("{kind}{script}")) else {
            return;
        };
        let text = run.expect(0).text();
        let line = "64 bytes from fe80::99%e1: icmp_seq=1 ttl=64 time=";
        assert!(text.contains(line), "{text}");
        assert_eq!(
            text.matches(" 1 received, 0% packet loss").count(),
            3,
            "{text}"
        );
        assert!(
            text.contains("64 bytes from fd99:2::2: icmp_seq=1 ttl=63 time="),
            "{text}"
        );
    }
}

#[test]
fn the_socket_is_what_is_allowed() {
    let script = r#"
as() { at s setpriv --reuid=65534 --regid=$1 --clear-groups --inh-caps=-all --bounding-set=-all $SOCKKIT ping -v -c1 10.99.2.2; }
at s $SOCKKIT ping -q -v -c1 127.0.0.1
at s $SOCKKIT ping -v -c1 127.0.0.1 > /dev/null
at s sysctl -qw net.ipv4.ping_group_range='100 100'
as 100
as 101
echo status $?
"#;
    let Some(run) = among_hosts(script) else {
        return;
    };
    let text = run.text();
    assert!(
        text.contains("64 bytes from 10.99.2.2: icmp_seq=1 ttl=63"),
        "{text}"
    );
    assert!(text.ends_with("status 2\n"), "{text}");
    let said = "IPv4: a raw socket, as a datagram socket is refused: permission denied (EACCES)";
    assert_eq!(run.stderr.matches(said).count(), 1, "{}", run.stderr);
    for said in [
        "IPv4: a datagram socket, which net.ipv4.ping_group_range allows",
        "sockkit: icmp socket: operation not permitted (EPERM)\n  hint: needs CAP_NET_RAW: ",
    ] {
        assert!(run.stderr.contains(said), "{}", run.stderr);
    }
}

#[test]
fn fping_agrees() {
    if peer("fping").is_none() {
        return;
    }
    let script = r#"
ip -n r route add unreachable 10.99.52.0/24
hosts="10.99.1.2 10.99.2.2 10.99.52.1 10.99.2.99 fd99:2::2"
at s $SOCKKIT ping -q -c2 -i 0.2 -t 0.5 $hosts
at s fping -q -c2 -p 200 -t 500 $hosts 2>&1
"#;
    let Some(run) = among_hosts(script) else {
        return;
    };
    let text = run.text();
    // Errors are told by ours alone.
    assert!(
        text.contains("10.99.52.1 : xmt/rcv/%loss = 2/0/100%, +2 errors\n"),
        "{text}"
    );
    let counted = |line: &str| line.split(", ").next().unwrap().trim().to_owned();
    let lines: Vec<String> = text.lines().map(counted).collect();
    let lines: Vec<&String> = lines
        .iter()
        .filter(|line| line.contains(" : xmt"))
        .collect();
    assert_eq!(lines.len(), 10, "{text}");
    assert_eq!(lines[..5], lines[5..]);
}
