//! `raw send` of packets that are built from flags: what the kernel, Python and tshark make of them.

use std::net::UdpSocket;

use super::raw::{listen, permitted, raw};
use crate::kit::{peer, program, python, scratch};

/// A listener's one line for what is sent with these words.
fn heard(listener: &str, sent: &[&str]) -> String {
    let listener = listen(&format!("{listener} --count 1"));
    crate::kit::sockkit(["raw", "send"].iter().chain(sent))
        .run()
        .expect(0);
    listener.finish().expect(0).text()
}

#[test]
fn what_is_built_is_heard() {
    if !permitted() {
        return;
    }
    for (listener, sent, line) in [
        (
            "127.82.1.1",
            "127.82.1.1 --icmp echo --id 7 --seq 3 --payload hello",
            "IP 127.0.0.1 > 127.82.1.1: ICMP echo request, id 7, seq 3, length 13\n",
        ),
        (
            "127.82.1.2 --proto udp",
            "127.82.1.2 --udp --sport 5309 --dport 9 --from-hex 00ff",
            "IP 127.0.0.1.5309 > 127.82.1.2.9: UDP, length 2\n",
        ),
        (
            "127.82.1.4 --proto udp",
            "127.82.1.4 --udp --sport 5309 --dport 9 --payload 00ff --from-hex",
            "IP 127.0.0.1.5309 > 127.82.1.4.9: UDP, length 2\n",
        ),
        (
            "127.82.1.3 --proto tcp --filter dst port 9",
            "127.82.1.3 --tcp SYN,ece,cwr --sport 5309 --dport 9 --seq 1 --window 5",
            "IP 127.0.0.1.5309 > 127.82.1.3.9: Flags [SEW], seq 1, win 5, length 0\n",
        ),
        (
            "127.82.1.7 --proto tcp --filter dst port 9",
            "127.82.1.7 --tcp psh,urg --sport 5309 --dport 9 --seq 1 --urgent 2 --tcp-options 34,nop,nop --payload hi",
            "IP 127.0.0.1.5309 > 127.82.1.7.9: Flags [PU], seq 1:3, win 64240, urg 2, options [tfo cookiereq,nop,nop], length 2\n",
        ),
        (
            "127.82.1.5 --proto udp",
            "127.82.1.5 --udp --sport 5309 --dport domain --bind 127.82.1.6 --from-hex 00",
            "IP 127.82.1.6.5309 > 127.82.1.5.53: UDP, length 1\n",
        ),
        (
            "::1 --proto udp --filter dst host ::1 and port 5309",
            "::1 --udp --sport 5309 --dport 53 --from-hex 30390100000100000000000007657861 --ttl 9",
            "IP6 ::1.5309 > ::1.53: 12345+ (16)\n",
        ),
    ] {
        let sent: Vec<&str> = sent.split(' ').collect();
        assert_eq!(heard(listener, &sent), line);
    }
}

#[test]
fn the_checksum_is_the_one_that_the_kernel_wants() {
    if !permitted() {
        return;
    }
    for at in ["127.82.2.1", "::1"] {
        let socket = UdpSocket::bind((at, 0)).unwrap();
        let port = socket.local_addr().unwrap().port().to_string();
        for words in [
            &["--payload", "wrong", "--bad-checksum"][..],
            &["--payload", "right"],
        ] {
            let head = ["raw", "send", at, "--udp", "--dport", &port];
            crate::kit::sockkit(head.iter().chain(words))
                .run()
                .expect(0);
        }
        let mut buffer = [0; 9];
        let count = socket.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..count], b"right", "{at}");
    }
}

#[test]
fn python_sees_the_time_to_live() {
    let script = "
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
s.bind((sys.argv[1], 0))
print('ready')
packet = s.recvfrom(65535)[0]
print(packet[8], packet[28:].decode())
";
    let Some(python) = python(script, &["127.82.3.1"]).filter(|_| permitted()) else {
        return;
    };
    let python = python.start();
    assert_eq!(python.line(), "ready");
    raw("send 127.82.3.1 --udp --ttl 7 --payload hello")
        .run()
        .expect(0);
    assert_eq!(python.line(), "7 hello");
}

#[test]
fn tshark_reads_what_is_built() {
    let Some(tshark) = peer("tshark").filter(|_| permitted()) else {
        return;
    };
    let folder = scratch();
    let file = folder.path().join("built.pcap");
    let file = file.to_str().unwrap();
    let filter = "--filter dst host 127.82.4.1 and src host 127.0.0.1";
    let listener = listen(&format!(
        "--link --interface lo --count 5 {filter} --pcap {file}"
    ));
    for words in [
        "--tcp syn,ack --sport 1 --dport 2 --seq 3 --ack 4",
        "--tcp syn --seq 3 --urgent 5 --tcp-options mss=1460,sackok,ts=1:2,nop,wscale=7 --payload x",
        "--udp --sport 5 --dport 6 --payload hello",
        "--udp --sport 5 --dport 6 --payload hello --bad-checksum",
        "--icmp echo --id 7 --seq 8 --payload x",
    ] {
        raw(&format!("send 127.82.4.1 {words}")).run().expect(0);
    }
    listener
        .finish()
        .expect(0)
        .says("5 packets captured, 5 received by filter, 0 dropped by kernel");
    let checks = ["tcp", "udp"].map(|layer| format!("-o{layer}.check_checksum:TRUE"));
    let fields = [
        "tcp.flags.str",
        "tcp.seq_raw",
        "tcp.ack_raw",
        "tcp.checksum.status",
        "tcp.hdr_len",
        "tcp.options",
        "tcp.options.mss_val",
        "tcp.options.timestamp.tsval",
        "tcp.options.timestamp.tsecr",
        "tcp.options.wscale.shift",
        "udp.srcport",
        "udp.length",
        "udp.checksum.status",
        "icmp.ident",
        "icmp.seq",
        "icmp.checksum.status",
    ];
    let fields = fields.into_iter().flat_map(|field| ["-e", field]);
    let shown = program(&tshark, ["-r", file, "-T", "fields", "-E", "separator=,"])
        .args(checks)
        .args(fields)
        .run()
        .expect(0)
        .text();
    let lines: Vec<&str> = shown.lines().collect();
    assert!(lines[0].ends_with("A··S·,3,4,1,20,,,,,,,,,,,"), "{shown}");
    let options = "020405b40402080a000000010000000201030307,1460,1,2,7";
    let end = format!("S·,3,0,1,40,{options},,,,,,");
    assert!(lines[1].ends_with(&end), "{shown}");
    assert_eq!(
        lines[2..],
        [
            ",,,,,,,,,,5,13,1,,,",
            ",,,,,,,,,,5,13,0,,,",
            ",,,,,,,,,,,,,7,8,1"
        ],
        "{shown}"
    );
}

#[test]
fn what_makes_no_sense_is_refused() {
    for (words, sentence) in [
        ("--icmp echo --udp", "cannot be used with"),
        ("--icmp nosuch", "a type is echo, reply, TYPE or TYPE:CODE"),
        ("--icmp 256", "a type is echo"),
        ("--icmp echo --seq 65536", "goes up to 65535"),
        ("--icmp echo --dport 1", "cannot be used with"),
        ("--icmp echo --proto tcp", "cannot be used with"),
        ("--tcp syn+ack", "with commas, or none"),
        ("--tcp syn --dport 70000", "port 70000 is out of range"),
        ("--tcp syn --dport 80x", "`80x` is no port"),
        ("--icmp echo --bind here", "an address is meant"),
        ("--bind 127.0.0.1 --header", "cannot be used with"),
        ("--udp --header", "cannot be used with"),
        ("--udp --seq 1", "cannot be used with"),
        (
            "--host ::1 --udp --payload x 00",
            "DATA is there, and --file or --payload",
        ),
        ("--udp --ttl 0", "--ttl"),
        ("--udp --tcp-options nop", "cannot be used with"),
        ("--udp --id 1", "cannot be used with"),
        ("--icmp echo --ack 1", "cannot be used with"),
        ("--window 1", "not provided"),
        (
            "--tcp syn --tcp-options mss",
            "options are mss=N, wscale=N,",
        ),
        ("--payload x", "not provided"),
        ("::1 --bad-checksum 00", "not provided"),
        (
            "-6 --icmp echo --bad-checksum",
            "computes the checksum of every ICMPv6",
        ),
    ] {
        raw(&format!("send {words}")).run().expect(2).says(sentence);
    }
}

#[test]
fn what_was_built_is_said() {
    if !permitted() {
        return;
    }
    let words = "send 127.82.5.1 --tcp syn --sport 5309 --dport 80 --seq 1 -v";
    assert_eq!(
        raw(words).run().expect(0).stderr,
        "sent 20 bytes of tcp to 127.82.5.1: Flags [S], seq 1, win 64240, length 0\n"
    );
    let events = raw("send 127.82.5.1 --udp --dport 9 --json")
        .run()
        .expect(0)
        .events();
    assert_eq!(events[0]["event"], "sent");
    assert_eq!(events[0]["udp"]["destination_port"], 9);
}
