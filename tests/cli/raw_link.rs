//! `raw listen --link` among hosts of a test's own, held against tcpdump and tshark: what is captured, which packets a filter
//! takes, and what is said of them.

use crate::kit::{Finished, among_hosts, peer};

const FRAMES: &str = include_str!("frames.py");

/// In the router, or `$host`: `hear NAME WORDS` starts a listener and waits until it hears, `frames HOW_MANY KIND` has `s` send frames,
/// `end` ends what still hears, each once all that has come is written.
const TOOLS: &str = r#"
cd "$(mktemp -d)" || exit
listeners=
hear() {
    name=$1
    shift
    mkfifo "$name.ready"
    ip netns exec ${host:-r} "$SOCKKIT" raw listen --link "$@" --ready-fd 9 9>"$name.ready" >"$name.out" 2>"$name.err" &
    last=$!
    listeners="$listeners $last"
    read -r _ <"$name.ready"
}
# Nothing but what a test sends is on the link, or on another one.
silence() {
    ip -n r link set e1 down
    for end in "s e1" "r e0"; do
        set -- $end
        at $1 sysctl -qw net.ipv6.conf.$2.disable_ipv6=1
        ip -n $1 addr flush dev $2
    done
}
frames() {
    at s python3 frames.py e1 "$@" >sent
}
end() {
    kill -TERM $listeners 2>/dev/null
    wait
}
show() { tcpdump -nn -t -S -r "$@" 2>/dev/null; }
"#;

/// Run a script in which these tools are; `None` where a peer is missing, or namespaces are not permitted.
fn run(peers: &[&str], script: &str) -> Option<Finished> {
    for tool in peers {
        peer(tool)?;
    }
    let frames = format!("cat >frames.py <<'PYTHON'\n{FRAMES}\nPYTHON\n");
    among_hosts(&format!("{TOOLS}\n{frames}\n{script}"))
}

/// Which of `$kind`'s frames each of `$expressions` takes, here and with tcpdump: `same` or what differs, how many, and the expression.
/// Behind the link's header a filter takes the same, lengths aside.
const COMPARE: &str = r#"
lines() {
    IFS='
'
    set -f
}
words() { IFS=' '; }
silence
hear all --interface e0 --count 300 --pcap all.pcap
all=$last
number=0
lines
for expression in $expressions; do
    words
    number=$((number + 1))
    hear e$number --interface e0 --pcap e$number.pcap --filter $expression
    hear c$number --pcap c$number.pcap --filter "$expression"
    lines
done
words
frames 100 mixed
wait $all
end
ours="ether src 02:00:00:00:00:$kind"
number=0
lines
for expression in $expressions; do
    words
    number=$((number + 1))
    show all.pcap "$ours and ($expression)" >theirs
    show e$number.pcap "$ours" >mine
    cmp -s theirs mine && same=same || same=different
    case $expression in
    less* | greater* | *len*) ;;
    *) [ "$(show e$number.pcap | wc -l)" = "$(show c$number.pcap | wc -l)" ] || same=$same,cooked ;;
    esac
    printf '%s\n' "$same $(wc -l <mine) $expression"
    lines
done
"#;

/// Every expression takes some of the 100 frames of a kind, and not all, as tcpdump's does.
fn takes_what_tcpdumps_takes(kind: &str, expressions: &str) {
    let script = format!("kind={kind}\nexpressions='{expressions}'\n{COMPARE}");
    let Some(ran) = run(&["tcpdump", "python3"], &script) else {
        return;
    };
    let text = ran.expect(0).text();
    assert_eq!(text.lines().count(), expressions.lines().count(), "{text}");
    for line in text.lines() {
        let mut words = line.split(' ');
        assert_eq!(words.next(), Some("same"), "{text}");
        let count: usize = words.next().unwrap().parse().unwrap();
        assert!(count > 0 && count < 100, "{line} of {text}");
    }
}

#[test]
fn a_filter_takes_what_tcpdumps_takes() {
    takes_what_tcpdumps_takes(
        "aa",
        r"tcp
udp
icmp
icmp6
arp
ip6 and not icmp6
host 10.0.0.1
src host 10.0.0.1
dst net 10.0.0.0/8
net fd00::/32
src fd00::1
host ::1 or port 80
tcp port 80 or 443
udp src port 53
portrange 8000-8005
not port 53 and not arp
not (tcp or udp) and ip
tcp and dst port 443 or arp
ip proto 47
arp host 192.0.2.7
not ip and not ip6",
    );
}

#[test]
fn it_has_tcpdumps_names_and_short_forms() {
    takes_what_tcpdumps_takes(
        "aa",
        r"ip proto \tcp
ip6 proto \udp
ip6 proto \icmp or ip proto \tcp
proto \icmp or ether proto \arp
ether proto \ip
host 192.0.2.7
rarp
rarp host 10.0.0.1
rarp or arp dst 10.1.0.1
port domain
port http
udp port domain or 443
port https or syslog
src and dst portrange 80-8005
src and dst net 10
host localhost
src localhost or port 53
net 10.1
net 192.0.2
net 10.0/16
net 10.0.0.0 mask 255.255.0.0
dst net 10.0.0.0 mask 255.255.255.254
portrange 53
less 60
greater 60
less 80 and greater 60
broadcast
multicast
ether multicast and not broadcast
ip multicast
ip6 multicast or arp
ether host ff:ff:ff:ff:ff:ff
ether dst 02:00:00:00:00:01 and ip
not (ether dst host 02:0:0:0:0:1)",
    );
}

#[test]
fn it_reckons_with_a_packets_bytes_as_tcpdump_does() {
    takes_what_tcpdumps_takes(
        "aa",
        r"tcp[tcpflags] & (tcp-syn|tcp-fin) != 0
tcp[13] & 2 != 0 and ip[9] = 6
not tcp[13] & 2 = 0
ip[0] & 0xf = 5
ip[8]>64 or arp
tcp and (ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2) > 0
ip[2:2] >= ip[4:2]
udp[0:2] = udp[2:2] or udp[0:2]=53
ip6[6] = 17 or ip6[40:2]*2 >= 0x100
icmp[icmptype] = icmp-echo or icmp6[icmp6type]!=icmp6-echo
ether[0] & 1 = 1 && ether[12:2] != 0x0800
tcp[((tcp[12:1] & 0xf0) >> 2):1] != 0 or arp[6:2]=1
len > 60 and len%2=0
(len/2) & 1 == 0 or (udp and (port 53 or port 80))",
    );
}

#[test]
fn what_is_cut_short_is_taken_by_what_it_still_has() {
    takes_what_tcpdumps_takes(
        "cc",
        r"arp
host 10.0.0.1 or arp
host 10.0.0.1 or arp or rarp
not host 10.0.0.1
port 53 or 80
src port 80 or ip6
tcp or ip6
ip proto 17 or ip
net fd00::/16 or arp",
    );
}

#[test]
fn a_virtual_network_is_named_by_its_tag() {
    takes_what_tcpdumps_takes(
        "bb",
        r"vlan and arp
vlan and host 10.0.0.1
vlan and not ip
vlan and tcp port 80",
    );
}

#[test]
fn what_is_sent_is_captured_byte_for_byte() {
    let script = r#"
silence
hear all --interface e0 --count 150 --pcap all.pcap
all=$last
hear cooked --interface any --count 150 --pcap cooked.pcap
cooked=$last
hear piped --interface e0 --count 150 --pcap -
piped=$last
frames 50 all
wait $all $cooked $piped
mv piped.out piped.pcap
cat all.err
tshark -r all.pcap -w - -F nsecpcap 2>/dev/null | cmp all.pcap - && echo tshark
for file in all piped; do
    tshark -r $file.pcap -T json -x 2>/dev/null | python3 -c '
import json, sys
for packet in json.load(sys.stdin):
    print(packet["_source"]["layers"]["frame_raw"][0])' | cmp sent - && echo $file
done
tshark -r cooked.pcap -T fields -e sll.pkttype -e sll.src.eth 2>/dev/null | sort | uniq -c
tcpdump -r cooked.pcap 2>&1 >/dev/null | grep -o 'link-type LINUX_SLL2'
"#;
    let Some(ran) = run(&["tshark", "tcpdump", "python3"], script) else {
        return;
    };
    let ran = ran.expect(0);
    let text = ran.text();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    assert_eq!(
        lines,
        [
            "listening on raw link e0",
            "150 packets captured, 150 received by filter, 0 dropped by kernel",
            "tshark",
            "all",
            "piped",
            "50 3\t02:00:00:00:00:aa",
            "50 3\t02:00:00:00:00:bb",
            "50 3\t02:00:00:00:00:cc",
            "link-type LINUX_SLL2",
        ],
        "{text}"
    );
}

#[test]
fn lines_read_as_tcpdumps_do() {
    let script = r#"
silence
hear lines --interface e0 --count 200
lines=$last
hear file --interface e0 --count 200 --pcap file.pcap
file=$last
frames 200 plain
wait $lines $file
# A time, the interface and the direction come first.
grep -cvE '^[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]{6} e0 P   ' lines.out
cut -c24- lines.out >mine
show file.pcap | sed -E 's/(, length [0-9]+): .*/\1/' >theirs
diff theirs mine && wc -l <mine
cut -d' ' -f1 mine | sort | uniq -c
"#;
    let Some(ran) = run(&["tcpdump", "python3"], script) else {
        return;
    };
    let text = ran.expect(0).text();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    assert_eq!(lines[..2], ["0", "200"], "{text}");
    assert_eq!(lines.len(), 5, "{text}");
}

#[test]
fn each_direction_is_shown_and_loopback_once() {
    let script = r#"
host=s
hear both --count 4 --json --filter 'icmp and (host 10.99.1.2 or host 127.0.0.9)'
at s ping -c1 -W5 127.0.0.9 >/dev/null
at s ping -c1 -W5 10.99.1.2 >/dev/null
wait $last
cat both.out
"#;
    let Some(ran) = run(&["ping"], script) else {
        return;
    };
    let events = ran.expect(0).events();
    let packets: Vec<_> = events
        .iter()
        .filter(|event| event["event"] == "packet")
        .collect();
    let told: Vec<_> = packets
        .iter()
        .map(|packet| {
            let icmp = packet["layers"]["icmp"]["name"].as_str().unwrap();
            let interface = packet["interface"].as_str().unwrap();
            (interface, packet["direction"].as_str().unwrap(), icmp)
        })
        .collect();
    assert_eq!(
        told,
        [
            ("lo", "in", "echo request"),
            ("lo", "in", "echo reply"),
            ("e1", "out", "echo request"),
            ("e1", "in", "echo reply"),
        ]
    );
    for packet in packets {
        assert!(packet["layers"].get("bad_checksums").is_none(), "{packet}");
    }
    let summary = events.last().unwrap();
    assert_eq!(summary["event"], "summary");
    assert_eq!(summary["captured"], 4);
    assert_eq!(summary["dropped"], 0);
}

#[test]
fn checksums_of_what_the_host_sends_are_not_called_wrong() {
    let script = r#"
hear udp --interface e0 --count 2 --filter 'udp dst port 9'
udp=$last
at s "$SOCKKIT" udp send 10.99.1.2:9 -- hello || :
at s "$SOCKKIT" raw send 10.99.1.2 --udp --sport 5309 --dport 9 --payload hello --bad-checksum
wait $udp
cut -d' ' -f9- udp.out
"#;
    let Some(ran) = run(&["ip"], script) else {
        return;
    };
    let text = ran.expect(0).text();
    assert_eq!(text, "UDP, length 5\nUDP, length 5 (bad udp checksum)\n");
}

#[test]
fn what_found_no_room_is_counted() {
    let script = r#"
hear room --interface e0 --filter 'udp port 9' --json -o SO_RCVBUF=4096 --pcap room.pcap
kill -STOP $last
at s python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(b"x" * 600, ("10.99.1.2", 9))
for _ in range(99):
    try: s.sendto(b"x" * 600, ("10.99.1.2", 9))
    except ConnectionRefusedError: pass
'
kill -CONT $last
end
tail -n 1 room.out
show room.pcap | wc -l
"#;
    let Some(ran) = run(&["python3", "tcpdump"], script) else {
        return;
    };
    let text = ran.expect(0).text();
    let (summary, written) = text.trim_end().split_once('\n').unwrap();
    let summary: serde_json::Value = serde_json::from_str(summary).unwrap();
    let [captured, received, dropped] =
        ["captured", "received", "dropped"].map(|count| summary[count].as_u64().unwrap());
    assert!(dropped > 0 && captured > 0, "{summary}");
    assert_eq!(captured + dropped, received, "{summary}");
    assert_eq!(written.parse(), Ok(captured));
}

#[test]
fn an_interface_that_goes_down_ends_it_with_all_that_came() {
    let script = r#"
hear down --interface e0 --filter icmp --pcap down.pcap
at s ping -c1 -W5 10.99.1.2 >/dev/null
ip -n r link set e0 down
wait $last
echo $?
sed 's/sockkit: //' down.err
show down.pcap | wc -l
"#;
    let Some(ran) = run(&["tcpdump", "ping"], script) else {
        return;
    };
    assert_eq!(
        ran.expect(0).text(),
        "1\nlistening on raw link e0\n\
         2 packets captured, 2 received by filter, 0 dropped by kernel\n\
         listen on e0: network is down (ENETDOWN)\n2\n"
    );
}
