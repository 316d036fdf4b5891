//! A filter as a program of classic BPF, for packets as a socket sees them: behind a link's header, without one, and on a
//! raw socket, where an IPv6 packet begins with what follows its header.

use std::net::IpAddr;

use super::assembler::{Assembler, Condition, Instruction, Label, Load};
use super::parse::FilterError;
use super::words::{ARP, IPV4, IPV6, SCTP, TCP, UDP};
use super::{Filter, Side, Test};
use crate::wire::pcap::SNAPLEN;

/// What the kernel knows of a packet besides its bytes: SKF_AD_OFF of `<linux/filter.h>`.
const KNOWN: u32 = 0xffff_f000;
const ETHERTYPE: u32 = KNOWN;
const PACKET_TYPE: u32 = KNOWN + 4;
const HARDWARE_TYPE: u32 = KNOWN + 28;
/// Offsets from here on begin at the network's header: SKF_NET_OFF.
const NETWORK: u32 = 0xfff0_0000;

/// PACKET_OUTGOING and ARPHRD_LOOPBACK.
const OUTGOING: u32 = 4;
const LOOPBACK: u32 = 772;
/// The header that tells fragments of IPv6, and the bits that tell those of IPv4 which are not the first.
const FRAGMENT: u32 = 44;
const OFFSET: u32 = 0x1fff;

/// Where a socket's packets begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// With an Ethernet header.
    Ethernet,
    /// Behind the link's header.
    Cooked,
    /// With an IPv4 header, of whatever protocol.
    Ipv4,
    /// Behind an IPv6 header and its extensions, of this protocol.
    Ipv6(u8),
}

struct Compiler {
    assembler: Assembler,
    sight: Sight,
}

pub(super) fn program(
    wanted: Option<&Filter>,
    sight: Sight,
) -> Result<Vec<Instruction>, FilterError> {
    let mut assembler = Assembler::default();
    let (yes, no) = (assembler.label(), assembler.label());
    let mut compiler = Compiler { assembler, sight };
    if matches!(sight, Sight::Ethernet | Sight::Cooked) {
        compiler.hear_loopback_once(no);
    }
    if let Some(wanted) = wanted {
        compiler.filter(wanted, yes, no);
    }
    let mut assembler = compiler.assembler;
    assembler.place(yes);
    assembler.finish(SNAPLEN);
    assembler.place(no);
    assembler.finish(0);
    assembler.program()
}

impl Compiler {
    /// A packet passes the loopback interface twice, on its way out and in: the way in is the one that is shown.
    fn hear_loopback_once(&mut self, no: Label) {
        let (leaves, wanted) = (self.assembler.label(), self.assembler.label());
        self.is(Load::Word, PACKET_TYPE, OUTGOING, leaves, wanted);
        self.assembler.place(leaves);
        self.is(Load::Word, HARDWARE_TYPE, LOOPBACK, no, wanted);
        self.assembler.place(wanted);
    }

    fn filter(&mut self, filter: &Filter, yes: Label, no: Label) {
        match filter {
            Filter::And(first, second) => {
                let next = self.assembler.label();
                self.filter(first, next, no);
                self.assembler.place(next);
                self.filter(second, yes, no);
            }
            Filter::Or(first, second) => {
                let next = self.assembler.label();
                self.filter(first, yes, next);
                self.assembler.place(next);
                self.filter(second, yes, no);
            }
            Filter::Not(inner) => self.filter(inner, no, yes),
            Filter::Is(test) => self.test(test, yes, no),
        }
    }

    fn test(&mut self, test: &Test, yes: Label, no: Label) {
        match *test {
            Test::EtherType(ethertype) => self.carries(ethertype, yes, no),
            Test::Inside(v4, v6) => {
                self.either(IPV4, |this, no| this.inside_v4(v4, yes, no));
                self.last(IPV6, no, |this| this.inside_v6(v6, yes, no));
            }
            Test::Net(side, IpAddr::V4(address), bits) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
                let words = [(address.to_bits() & mask, mask)];
                self.either(IPV4, |this, no| this.ends(side, (12, 16), &words, yes, no));
                self.last(ARP, no, |this| this.ends(side, (14, 24), &words, yes, no));
            }
            Test::Net(side, IpAddr::V6(address), bits) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
                let words = quarters(address.to_bits() & mask).zip(quarters(mask));
                let words: Vec<(u32, u32)> = words.collect();
                self.last(IPV6, no, |this| this.ends(side, (8, 24), &words, yes, no));
            }
            Test::Ports(side, first, last, protocol) => {
                let range = (u32::from(first), u32::from(last));
                self.either(IPV4, |this, no| {
                    this.ports_v4(side, range, protocol, yes, no)
                });
                self.last(IPV6, no, |this| {
                    this.ports_v6(side, range, protocol, yes, no)
                });
            }
        }
    }

    /// Where it is of this type, what `body` says, and on to what follows where that is no.
    fn either(&mut self, ethertype: u16, body: impl FnOnce(&mut Self, Label)) {
        let (here, next) = (self.assembler.label(), self.assembler.label());
        self.carries(ethertype, here, next);
        self.assembler.place(here);
        body(self, next);
        self.assembler.place(next);
    }

    /// Where it is of this type, what `body` says.
    fn last(&mut self, ethertype: u16, no: Label, body: impl FnOnce(&mut Self)) {
        let here = self.assembler.label();
        self.carries(ethertype, here, no);
        self.assembler.place(here);
        body(self);
    }

    /// Whether the link carries this type.
    fn carries(&mut self, ethertype: u16, yes: Label, no: Label) {
        match self.sight {
            Sight::Ethernet => self.is(Load::Half, 12, ethertype.into(), yes, no),
            Sight::Cooked => self.is(Load::Word, ETHERTYPE, ethertype.into(), yes, no),
            Sight::Ipv4 => self.always(ethertype == IPV4, yes, no),
            Sight::Ipv6(_) => self.always(ethertype == IPV6, yes, no),
        }
    }

    fn inside_v4(&mut self, protocol: Option<u8>, yes: Label, no: Label) {
        match protocol {
            Some(protocol) => self.is(Load::Byte, self.network() + 9, protocol.into(), yes, no),
            None => self.always(false, yes, no),
        }
    }

    /// The protocol right behind the header, or behind that of a fragment, as libpcap has it.
    fn inside_v6(&mut self, protocol: Option<u8>, yes: Label, no: Label) {
        let Some(protocol) = protocol else {
            return self.always(false, yes, no);
        };
        if let Sight::Ipv6(known) = self.sight {
            return self.always(known == protocol, yes, no);
        }
        let (other, fragment) = (self.assembler.label(), self.assembler.label());
        self.is(Load::Byte, self.network() + 6, protocol.into(), yes, other);
        self.assembler.place(other);
        self.assembler
            .jump(Condition::Equal, FRAGMENT, fragment, no);
        self.assembler.place(fragment);
        self.is(Load::Byte, self.network() + 40, protocol.into(), yes, no);
    }

    /// Whether the address at the source's or the destination's offset is this one.
    fn ends(&mut self, side: Side, at: (u32, u32), words: &[(u32, u32)], yes: Label, no: Label) {
        match side {
            Side::Source => self.address(at.0, words, yes, no),
            Side::Destination => self.address(at.1, words, yes, no),
            Side::Either => {
                let next = self.assembler.label();
                self.address(at.0, words, yes, next);
                self.assembler.place(next);
                self.address(at.1, words, yes, no);
            }
        }
    }

    fn address(&mut self, at: u32, words: &[(u32, u32)], yes: Label, no: Label) {
        let offsets = (at..).step_by(4);
        for ((word, mask), at) in words
            .iter()
            .zip(offsets)
            .filter(|((_, mask), _)| *mask != 0)
        {
            self.assembler
                .load(Load::Word, self.network().wrapping_add(at));
            if *mask != u32::MAX {
                self.assembler.load(Load::Mask, *mask);
            }
            let next = self.assembler.label();
            self.assembler.jump(Condition::Equal, *word, next, no);
            self.assembler.place(next);
        }
        self.always(true, yes, no);
    }

    fn ports_v4(
        &mut self,
        side: Side,
        range: (u32, u32),
        protocol: Option<u8>,
        yes: Label,
        no: Label,
    ) {
        let (ported, first) = (self.assembler.label(), self.assembler.label());
        self.assembler.load(Load::Byte, self.network() + 9);
        self.has_ports(protocol, ported, no);
        self.assembler.place(ported);
        self.assembler.load(Load::Half, self.network() + 6);
        self.assembler.jump(Condition::AnyBit, OFFSET, no, first);
        self.assembler.place(first);
        self.assembler.load(Load::HeaderLength, self.network());
        let load = |this: &mut Self, at| this.assembler.load(Load::HalfBeyond, this.network() + at);
        self.in_range(side, range, load, yes, no);
    }

    fn ports_v6(
        &mut self,
        side: Side,
        range: (u32, u32),
        protocol: Option<u8>,
        yes: Label,
        no: Label,
    ) {
        let ported = self.assembler.label();
        let start = match self.sight {
            Sight::Ipv6(known) => {
                let is =
                    protocol.map_or(matches!(known, TCP | UDP | SCTP), |wanted| wanted == known);
                self.always(is, ported, no);
                0
            }
            _ => {
                self.assembler.load(Load::Byte, self.network() + 6);
                self.has_ports(protocol, ported, no);
                self.network() + 40
            }
        };
        self.assembler.place(ported);
        let load = |this: &mut Self, at| this.assembler.load(Load::Half, start + at);
        self.in_range(side, range, load, yes, no);
    }

    /// Whether the protocol that is loaded is the one, or one that has ports.
    fn has_ports(&mut self, protocol: Option<u8>, yes: Label, no: Label) {
        let all = [TCP, UDP, SCTP];
        let wanted = protocol.as_ref().map_or(&all[..], std::slice::from_ref);
        for number in wanted {
            let next = self.assembler.label();
            self.assembler
                .jump(Condition::Equal, u32::from(*number), yes, next);
            self.assembler.place(next);
        }
        self.always(false, yes, no);
    }

    fn in_range(
        &mut self,
        side: Side,
        (first, last): (u32, u32),
        load: impl Fn(&mut Self, u32),
        yes: Label,
        no: Label,
    ) {
        let ends: &[u32] = match side {
            Side::Source => &[0],
            Side::Destination => &[2],
            Side::Either => &[0, 2],
        };
        for at in ends {
            let (high, next) = (self.assembler.label(), self.assembler.label());
            load(self, *at);
            self.assembler.jump(Condition::AtLeast, first, high, next);
            self.assembler.place(high);
            self.assembler.jump(Condition::Greater, last, next, yes);
            self.assembler.place(next);
        }
        self.always(false, yes, no);
    }

    fn is(&mut self, load: Load, at: u32, value: u32, yes: Label, no: Label) {
        self.assembler.load(load, at);
        self.assembler.jump(Condition::Equal, value, yes, no);
    }

    /// Go on at once: no packet has fewer bytes than none.
    fn always(&mut self, is: bool, yes: Label, no: Label) {
        let to = if is { yes } else { no };
        self.assembler.jump(Condition::AtLeast, 0, to, to);
    }

    fn network(&self) -> u32 {
        match self.sight {
            Sight::Ethernet => 14,
            Sight::Cooked | Sight::Ipv4 => 0,
            Sight::Ipv6(_) => NETWORK,
        }
    }
}

fn quarters(address: u128) -> impl Iterator<Item = u32> {
    let [a, b, c, d] = [96, 64, 32, 0].map(|shift| (address >> shift) & 0xffff_ffff);
    [a, b, c, d]
        .into_iter()
        .map(|word| u32::try_from(word).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use etherparse::PacketBuilder;
    use proptest::prelude::*;

    use super::*;

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
            at => {
                let (data, at) = match at.checked_sub(NETWORK) {
                    Some(at) => (&packet[14..], at as usize),
                    None => (data, at as usize),
                };
                let bytes = data.get(at..at + size)?;
                Some(
                    bytes
                        .iter()
                        .fold(0, |sum, byte| sum << 8 | u32::from(*byte)),
                )
            }
        };
        let (mut a, mut x, mut at) = (0_u32, 0_u32, 0_usize);
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
                0x48 => bytes(x + k, 2),
                0xb1 => {
                    let Some(byte) = bytes(k, 1) else { return 0 };
                    x = (byte & 15) * 4;
                    Some(a)
                }
                0x54 => Some(a & k),
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
                        _ => panic!("no instruction: {code:x}"),
                    };
                    at += usize::from(if holds { then } else { otherwise });
                    Some(a)
                }
            };
            // The kernel refuses a packet that is too short.
            let Some(loaded) = loaded else { return 0 };
            a = loaded;
        }
    }

    fn takes(text: &str, packet: &[u8], sight: Sight) -> bool {
        let filter = Filter::parse(text).unwrap();
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
        let filter = Filter::parse(&text).unwrap();
        let why = program(Some(&filter), Sight::Ethernet).unwrap_err().why;
        assert!(why.ends_with("the kernel takes 4096"), "{why}");
    }

    proptest! {
        #[test]
        fn any_packet_ends_a_program(packet in prop::collection::vec(any::<u8>(), 54..120), words in prop::sample::select(vec![
            "tcp port 80", "host ::1 or not arp", "net 10.0.0.0/8 and not udp", "ip6 proto 58",
        ])) {
            let filter = Filter::parse(words).unwrap();
            for sight in [Sight::Ethernet, Sight::Cooked, Sight::Ipv4, Sight::Ipv6(6)] {
                let program = program(Some(&filter), sight).unwrap();
                let kept = run(&program, &packet, (0, 1), sight);
                prop_assert!(kept == 0 || kept == SNAPLEN);
            }
        }
    }
}
