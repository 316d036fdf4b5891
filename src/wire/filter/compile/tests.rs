//! What is compiled keeps what it should, and the kernel takes it.

use etherparse::PacketBuilder;
use proptest::prelude::*;

use super::*;
use crate::wire::filter::link::IS_TAGGED;
use crate::wire::filter::words::Few;

/// What the kernel does with a program: how many bytes are kept. What it knows besides is the packet's type, and that
/// of the link.
fn run(program: &[Instruction], packet: &[u8], known: (u32, u32), sight: Sight) -> u32 {
    // A raw socket for IPv6 delivers what follows the header, which the program may look at nevertheless.
    let data = match sight {
        Sight::Ethernet => packet,
        Sight::Cooked | Sight::Ipv4 => &packet[14..],
        Sight::Ipv6(_) => &packet[54..],
    };
    let ethertype = u32::from(u16::from_be_bytes([packet[12], packet[13]]));
    let bytes = |at: u32, size: usize| match at {
        ETHERTYPE => Some(ethertype),
        PACKET_TYPE => Some(known.0),
        HARDWARE_TYPE => Some(known.1),
        IS_TAGGED => Some(0),
        at => {
            let (data, at) = match (at.checked_sub(NETWORK), at.checked_sub(LINK)) {
                (Some(at), _) => (&packet[14..], at as usize),
                (None, Some(at)) => (packet, at as usize),
                _ => (data, at as usize),
            };
            let bytes = data.get(at..at + size)?;
            Some(
                bytes
                    .iter()
                    .fold(0, |sum, byte| sum << 8 | u32::from(*byte)),
            )
        }
    };
    let (mut a, mut x, mut at, mut kept) = (0_u32, 0_u32, 0_usize, [0_u32; 16]);
    loop {
        let Instruction {
            code,
            then,
            otherwise,
            k,
        } = program[at];
        at += 1;
        let loaded = match code {
            0x20 => bytes(k, 4),
            0x28 => bytes(k, 2),
            0x30 => bytes(k, 1),
            0x40 => bytes(x + k, 4),
            0x48 => bytes(x + k, 2),
            0x50 => bytes(x + k, 1),
            0x00 => Some(k),
            0x02 => {
                kept[k as usize] = a;
                Some(a)
            }
            0x07 => {
                x = a;
                Some(a)
            }
            0x61 => {
                x = kept[k as usize];
                Some(a)
            }
            0x0c => Some(a.wrapping_add(x)),
            0x14 => Some(a.wrapping_sub(k)),
            0x24 => Some(a.wrapping_mul(k)),
            0x34 => Some(a / k),
            0x44 => Some(a | k),
            0x64 => Some(a << k),
            0x74 => Some(a >> k),
            0x94 => Some(a % k),
            0xa4 => Some(a ^ k),
            0x5c => Some(a & x),
            0xb1 => {
                let byte = bytes(k, 1).unwrap();
                x = (byte & 15) * 4;
                Some(a)
            }
            0x54 => Some(a & k),
            0x80 => Some(u32::try_from(data.len()).unwrap()),
            0x04 => Some(a.wrapping_add(k)),
            0x1c => Some(a.wrapping_sub(x)),
            0x06 => return k,
            0x05 => {
                at += k as usize;
                Some(a)
            }
            _ => {
                let holds = match code {
                    0x15 => a == k,
                    0x25 => a > k,
                    0x35 => a >= k,
                    0x45 => a & k != 0,
                    0x1d => a == x,
                    0x2d => a > x,
                    0x3d => a >= x,
                    _ => panic!("no instruction: {code:x}"),
                };
                at += usize::from(if holds { then } else { otherwise });
                Some(a)
            }
        };
        // The kernel would end the program, whatever is asked next.
        a = loaded.expect("a load beyond the packet");
    }
}

fn takes(text: &str, packet: &[u8], sight: Sight) -> bool {
    let filter = Filter::parse(text, &Few).unwrap();
    let program = program(Some(&filter), sight).unwrap();
    run(&program, packet, (0, 1), sight) == SNAPLEN
}

fn tcp4() -> Vec<u8> {
    let (mut bytes, macs) = (Vec::new(), [2; 6]);
    let packet = PacketBuilder::ethernet2(macs, macs).ipv4([192, 0, 2, 1], [192, 0, 2, 2], 9);
    packet.tcp(40000, 80, 1, 2).write(&mut bytes, b"x").unwrap();
    bytes
}

fn udp6() -> Vec<u8> {
    let (mut bytes, macs) = (Vec::new(), [2; 6]);
    let (from, to) = ("fd99::1", "fd99:1::2");
    let octets = |text: &str| text.parse::<std::net::Ipv6Addr>().unwrap().octets();
    let packet = PacketBuilder::ethernet2(macs, macs).ipv6(octets(from), octets(to), 9);
    packet.udp(53, 5353).write(&mut bytes, b"x").unwrap();
    bytes
}

#[test]
fn programs_take_what_the_words_say() {
    let (four, six) = (tcp4(), udp6());
    for (text, of_four, of_six) in [
        ("ip", true, false),
        ("ip6", false, true),
        ("arp", false, false),
        ("tcp", true, false),
        ("udp", false, true),
        ("icmp or icmp6", false, false),
        ("not tcp", false, true),
        ("not (tcp or udp)", false, false),
        ("host 192.0.2.1", true, false),
        ("dst 192.0.2.1", false, false),
        ("src 192.0.2.1 and dst 192.0.2.2", true, false),
        ("net 192.0.2.0/30", true, false),
        ("net 192.0.2.4/30", false, false),
        ("net 0.0.0.0/0", true, false),
        ("net ::/0", false, true),
        ("host fd99:1::2", false, true),
        ("src host fd99:1::2", false, false),
        ("net fd99::/16", false, true),
        ("net fd99:1::/48", false, true),
        ("port 80", true, false),
        ("tcp port 80 or 53", true, false),
        ("udp src port 53", false, true),
        ("dst port 53", false, false),
        ("portrange 5000-6000", false, true),
        ("tcp and ip6", false, false),
        ("proto 17", false, true),
        ("arp or ip6 and port 5353", false, true),
        ("ip proto \\tcp or ip6 proto icmp", true, false),
        ("ip6 proto tcp or ip proto udp", false, false),
        ("src and dst net 192.0.2", true, false),
        ("src and dst port 80 or 53", false, false),
        ("ip multicast or ip6 multicast", false, false),
        ("tcp[tcpflags] & (tcp-syn|tcp-ack) = 0", true, false),
        ("tcp[13] = 0", true, false),
        ("not tcp[13] = 0", false, true),
        ("tcp[2:2] = 80 and ip[8] < 10", true, false),
        ("(tcp[2:2] & 0xfff0) = 80", true, false),
        (
            "(ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2) = 1",
            true,
            false,
        ),
        ("tcp[((tcp[12:1] & 0xf0) >> 2):1] = 0x78", true, false),
        ("tcp[0:4] != tcp[4:4] && ip[12:4] < ip[16:4]", true, false),
        ("tcp[1000] = 0 or ip6", false, true),
        ("tcp[ip[16]:4] = 0 or ip6", false, true),
        ("tcp[0-1] = 0 or ip6", false, true),
        ("udp[0:2] = 53", false, false),
        ("ip6[6] = 17 and ip6[7] == 9", false, true),
        ("icmp[icmptype] != icmp-echo", false, false),
        ("icmp6[icmp6type] = icmp6-echo or 6 * 9 = 0x36", true, true),
        ("less 100 and not greater 100", true, true),
    ] {
        for (packet, taken, raw) in [
            (&four, of_four, Sight::Ipv4),
            (&six, of_six, Sight::Ipv6(17)),
        ] {
            for sight in [Sight::Ethernet, Sight::Cooked, raw] {
                assert_eq!(takes(text, packet, sight), taken, "{text} {sight:?}");
            }
        }
    }
}

#[test]
fn later_fragments_have_no_ports() {
    let mut packet = tcp4();
    packet[21] = 1;
    assert!(takes("tcp", &packet, Sight::Ethernet));
    assert!(!takes("port 80", &packet, Sight::Ethernet));
}

#[test]
fn a_packet_that_is_too_short_for_one_part_is_taken_by_another() {
    let four = tcp4();
    for (text, length, taken) in [
        ("host 10.0.0.1 or ip", 14, true),
        ("ip or host 10.0.0.1", 14, true),
        ("tcp or ip", 23, true),
        ("port 80 or ip", 16, true),
        ("port 80 or src port 40000", 36, true),
        ("port 80 or ip", 37, true),
        ("host 10.0.0.1", 28, false),
        // What is not there is neither wanted nor unwanted.
        ("not host 10.0.0.1", 28, false),
        ("not not host 10.0.0.1", 28, false),
        ("not host 10.0.0.1 or ip", 28, true),
        ("not (host 10.0.0.1 or arp)", 28, false),
        ("not (host 10.0.0.1 and arp)", 28, true),
        ("not port 80", 36, false),
        ("not port 80", 38, false),
        ("not port 81", 38, true),
    ] {
        let packet = &four[..length];
        for sight in [Sight::Ethernet, Sight::Cooked, Sight::Ipv4] {
            assert_eq!(takes(text, packet, sight), taken, "{text} {sight:?}");
        }
    }
}

#[test]
fn a_links_header_is_looked_at_where_there_is_one() {
    let mut packet = tcp4();
    packet[..6].copy_from_slice(&[3, 2, 2, 2, 2, 9]);
    for (text, taken) in [
        ("ether host 03:02:02:02:02:09", true),
        ("ether src 03:02:02:02:02:09", false),
        ("ether src 2:2:2:2:2:2", true),
        ("ether src and dst 2:2:2:2:2:2", false),
        ("broadcast", false),
        ("multicast", true),
        ("vlan or vlan 7", false),
        ("ether[0] & 1 = 1 and ether[6:4] = 0x02020202", true),
    ] {
        for sight in [Sight::Ethernet, Sight::Cooked] {
            assert_eq!(takes(text, &packet, sight), taken, "{text} {sight:?}");
        }
        let filter = Filter::parse(text, &Few).unwrap();
        let refused = program(Some(&filter), Sight::Ipv4).unwrap_err();
        assert!(refused.why.contains("a link's header"), "{refused}");
    }
    // A link of another kind has no such addresses.
    let filter = Filter::parse("multicast", &Few).unwrap();
    let program = program(Some(&filter), Sight::Cooked).unwrap();
    assert_eq!(run(&program, &packet, (0, 65534), Sight::Cooked), 0);
}

#[test]
fn a_tag_that_is_left_in_a_frame_is_seen() {
    let mut packet = tcp4();
    packet.splice(12..12, [0x81, 0, 0x20, 7]);
    for (text, taken) in [
        ("vlan", true),
        ("vlan 7", true),
        ("vlan 8", false),
        ("not vlan", false),
    ] {
        for sight in [Sight::Ethernet, Sight::Cooked] {
            assert_eq!(takes(text, &packet, sight), taken, "{text} {sight:?}");
        }
    }
}

#[test]
fn loopback_is_heard_once() {
    let program = program(None, Sight::Cooked).unwrap();
    for (known, kept) in [((0, 772), SNAPLEN), ((4, 772), 0), ((4, 1), SNAPLEN)] {
        assert_eq!(run(&program, &tcp4(), known, Sight::Cooked), kept);
    }
}

#[test]
fn a_long_filter_jumps_far() {
    let hosts: Vec<String> = (0..100).map(|last| format!("host 10.0.0.{last}")).collect();
    let text = format!("not ({}) and port 80", hosts.join(" or "));
    assert!(takes(&text, &tcp4(), Sight::Ethernet));
    let text = format!("{} or port 80", hosts.join(" or "));
    assert!(takes(&text, &tcp4(), Sight::Ethernet));
    let text = vec!["host ::1"; 1000].join(" or ");
    let filter = Filter::parse(&text, &Few).unwrap();
    let why = program(Some(&filter), Sight::Ethernet).unwrap_err().why;
    assert!(why.ends_with("the kernel takes 4096"), "{why}");
}

proptest! {
    #[test]
    fn any_packet_ends_a_program(packet in prop::collection::vec(any::<u8>(), 14..120), words in prop::sample::select(vec![
        "tcp port 80", "host ::1 or not arp", "net 10.0.0.0/8 and not udp", "ip6 proto 58", "not port 7 or less 60",
        "tcp[ip[0]:4] = 7 or ip6[tcp[13] * 4096] > 1", "not udp[4:2] > ip[2:2] - 20 or len & 3 = 1",
    ])) {
        let filter = Filter::parse(words, &Few).unwrap();
        for sight in [Sight::Ethernet, Sight::Cooked, Sight::Ipv4, Sight::Ipv6(6)] {
            // The kernel has looked at the header that a raw socket does not deliver.
            if packet.len() < 54 && sight == Sight::Ipv6(6) {
                continue;
            }
            let program = program(Some(&filter), sight).unwrap();
            let kept = run(&program, &packet, (0, 1), sight);
            prop_assert!(kept == 0 || kept == SNAPLEN);
        }
    }
}
