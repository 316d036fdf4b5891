//! A filter as a program of classic BPF, for packets as a socket sees them: behind a link's header, without one, and on a
//! raw socket, where an IPv6 packet begins with what follows its header.

use std::net::IpAddr;

use super::assembler::{Assembler, Condition, Instruction, Label, Load};
use super::link::LINK;
use super::parse::{FilterError, error};
use super::words::{ARP, IPV4, IPV6, RARP, SCTP, TCP, UDP};
use super::{Filter, Side, Test};
use crate::wire::pcap::SNAPLEN;

/// What the kernel knows of a packet besides its bytes: SKF_AD_OFF of `<linux/filter.h>`.
pub(super) const KNOWN: u32 = 0xffff_f000;
pub(super) const ETHERTYPE: u32 = KNOWN;
const PACKET_TYPE: u32 = KNOWN + 4;
pub(super) const HARDWARE_TYPE: u32 = KNOWN + 28;
/// Offsets from here on begin at the network's header: SKF_NET_OFF.
const NETWORK: u32 = 0xfff0_0000;

/// PACKET_OUTGOING and ARPHRD_LOOPBACK.
const OUTGOING: u32 = 4;
pub(super) const LOOPBACK: u32 = 772;
/// The bytes of an Ethernet header: no frame is shorter.
const HEADER: u32 = 14;
/// An IPv4 header has fewer bytes.
const BEYOND_HEADER: u32 = 64;
/// The header that tells fragments of IPv6, and the bits that tell those of IPv4 which are not the first.
const FRAGMENT: u32 = 44;
pub(super) const OFFSET: u32 = 0x1fff;

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

/// A program that is being written, and for whom.
pub(super) struct Compiler {
    pub(super) assembler: Assembler,
    pub(super) sight: Sight,
    /// Where a packet goes that is too short to tell: out, whether what it does not tell was wanted or not.
    pub(super) short: Label,
    /// Whether a link's header is asked for that is not there.
    pub(super) blind: bool,
}

pub(super) fn program(
    wanted: Option<&Filter>,
    sight: Sight,
) -> Result<Vec<Instruction>, FilterError> {
    let mut assembler = Assembler::default();
    let (yes, no) = (assembler.label(), assembler.label());
    let mut compiler = Compiler {
        assembler,
        sight,
        short: no,
        blind: false,
    };
    if matches!(sight, Sight::Ethernet | Sight::Cooked) {
        compiler.hear_loopback_once(no);
    }
    if let Some(wanted) = wanted {
        compiler.filter(wanted, yes, no, false);
    }
    if compiler.blind {
        let why = "`ether`, `vlan`, `broadcast` and `multicast` are about a link's header, which --link shows";
        return Err(error(why));
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

    /// A packet that is too short for one part may have what the other wants; below a `not` it has what is not wanted.
    fn filter(&mut self, filter: &Filter, yes: Label, no: Label, negated: bool) {
        match filter {
            Filter::And(first, second) => {
                let next = self.assembler.label();
                self.filter(first, next, no, negated);
                self.assembler.place(next);
                self.filter(second, yes, no, negated);
            }
            Filter::Or(first, second) => {
                let next = self.assembler.label();
                self.filter(first, yes, next, negated);
                self.assembler.place(next);
                self.filter(second, yes, no, negated);
            }
            Filter::Not(inner) => self.filter(inner, no, yes, !negated),
            Filter::Is(test) if negated => {
                // Far away, as a rule: one jump for all of the test.
                let short = self.assembler.label();
                self.short = short;
                self.test(test, yes, no);
                self.assembler.place(short);
                self.always(true, yes, no);
            }
            Filter::Is(test) => {
                self.short = no;
                self.test(test, yes, no);
            }
        }
    }

    fn test(&mut self, test: &Test, yes: Label, no: Label) {
        match *test {
            Test::Relation(ref relation) => self.relation(relation, yes, no),
            Test::EtherType(ethertype) => self.carries(ethertype, yes, no),
            Test::Inside(v4, v6) => {
                self.either(IPV4, |this, no| this.inside_v4(v4, yes, no));
                self.last(IPV6, no, |this| this.inside_v6(v6, yes, no));
            }
            Test::Net(side, IpAddr::V4(address), bits) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
                let words = [(address.to_bits() & mask, mask)];
                let one = |this: &mut Self, at, yes, no| this.address(at, &words, yes, no);
                self.either(IPV4, |this, no| this.ends(side, (12, 16), &one, (yes, no)));
                let (resolves, reverse) = (self.assembler.label(), self.assembler.label());
                self.carries(ARP, resolves, reverse);
                self.assembler.place(reverse);
                self.carries(RARP, resolves, no);
                self.assembler.place(resolves);
                self.ends(side, (14, 24), &one, (yes, no));
            }
            Test::Net(side, IpAddr::V6(address), bits) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
                let words = quarters(address.to_bits() & mask).zip(quarters(mask));
                let words: Vec<(u32, u32)> = words.collect();
                let one = |this: &mut Self, at, yes, no| this.address(at, &words, yes, no);
                self.last(IPV6, no, |this| this.ends(side, (8, 24), &one, (yes, no)));
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
            Test::Length(least) => {
                self.assembler.load(Load::Length, 0);
                self.assembler.jump(Condition::AtLeast, least, yes, no);
            }
            Test::Vlan(name) => self.tagged(name, yes, no),
            Test::Mac(side, octets) => {
                let link = self.link(no);
                let one = |this: &mut Self, at, yes, no| this.mac(at, octets, yes, no);
                self.ends(side, (link + 6, link), &one, (yes, no));
            }
            Test::Group => {
                let link = self.link(no);
                self.load(Load::Byte, link);
                self.assembler.jump(Condition::AnyBit, 1, yes, no);
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
    pub(super) fn last(&mut self, ethertype: u16, no: Label, body: impl FnOnce(&mut Self)) {
        let here = self.assembler.label();
        self.carries(ethertype, here, no);
        self.assembler.place(here);
        body(self);
    }

    /// Whether the link carries this type.
    pub(super) fn carries(&mut self, ethertype: u16, yes: Label, no: Label) {
        match self.sight {
            Sight::Ethernet => self.is(Load::Half, 12, ethertype.into(), yes, no),
            Sight::Cooked => self.is(Load::Word, ETHERTYPE, ethertype.into(), yes, no),
            Sight::Ipv4 => self.always(ethertype == IPV4, yes, no),
            Sight::Ipv6(_) => self.always(ethertype == IPV6, yes, no),
        }
    }

    pub(super) fn inside_v4(&mut self, protocol: Option<u8>, yes: Label, no: Label) {
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

    /// Whether what is at the source's offset, or at the destination's, is what `one` says.
    fn ends(
        &mut self,
        side: Side,
        at: (u32, u32),
        one: &dyn Fn(&mut Self, u32, Label, Label),
        (yes, no): (Label, Label),
    ) {
        let next = self.assembler.label();
        match side {
            Side::Source => return one(self, at.0, yes, no),
            Side::Destination => return one(self, at.1, yes, no),
            Side::Either => one(self, at.0, yes, next),
            Side::Both => one(self, at.0, next, no),
        }
        self.assembler.place(next);
        one(self, at.1, yes, no);
    }

    fn address(&mut self, at: u32, words: &[(u32, u32)], yes: Label, no: Label) {
        let length = words.iter().rposition(|(_, mask)| *mask != 0);
        let length = length.map_or(0, |last| (4..).step_by(4).nth(last).unwrap_or(0));
        self.reaches(self.network().wrapping_add(at), length);
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
        self.load(Load::Byte, self.network() + 9);
        self.has_ports(protocol, ported, no);
        self.assembler.place(ported);
        self.assembler.load(Load::Half, self.network() + 6);
        self.assembler.jump(Condition::AnyBit, OFFSET, no, first);
        self.assembler.place(first);
        self.assembler.load(Load::HeaderLength, self.network());
        let load = |this: &mut Self, at: u32| {
            let (at, enough) = (this.network() + at, this.assembler.label());
            this.assembler.load(Load::Length, 0);
            this.assembler.load(Load::Add, BEYOND_HEADER);
            this.assembler.load(Load::LessIndex, 0);
            let least = BEYOND_HEADER + at + 2;
            let short = this.short;
            this.assembler
                .jump(Condition::AtLeast, least, enough, short);
            this.assembler.place(enough);
            this.assembler.load(Load::HalfBeyond, at);
        };
        self.in_range(side, range, &load, (yes, no));
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
                self.load(Load::Byte, self.network() + 6);
                self.has_ports(protocol, ported, no);
                self.network() + 40
            }
        };
        self.assembler.place(ported);
        let load = |this: &mut Self, at: u32| this.load(Load::Half, start + at);
        self.in_range(side, range, &load, (yes, no));
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
        load: &dyn Fn(&mut Self, u32),
        ends: (Label, Label),
    ) {
        let one = |this: &mut Self, at, yes, no| {
            let high = this.assembler.label();
            load(this, at);
            this.assembler.jump(Condition::AtLeast, first, high, no);
            this.assembler.place(high);
            this.assembler.jump(Condition::Greater, last, no, yes);
        };
        self.ends(side, (0, 2), &one, ends);
    }

    pub(super) fn is(&mut self, load: Load, at: u32, value: u32, yes: Label, no: Label) {
        self.load(load, at);
        self.assembler.jump(Condition::Equal, value, yes, no);
    }

    /// Load, where the packet is long enough.
    pub(super) fn load(&mut self, load: Load, at: u32) {
        self.reaches(at, load.size());
        self.assembler.load(load, at);
    }

    /// Go on where the packet is so long beyond an offset. A load beyond its end would be its end, whatever is asked next.
    fn reaches(&mut self, at: u32, length: u32) {
        let is_known = at >= LINK;
        let is_there = self.sight == Sight::Ethernet && at + length <= HEADER;
        if length == 0 || is_known || is_there {
            return;
        }
        let (enough, short) = (self.assembler.label(), self.short);
        self.assembler.load(Load::Length, 0);
        self.assembler
            .jump(Condition::AtLeast, at + length, enough, short);
        self.assembler.place(enough);
    }

    /// Go on at once: no packet has fewer bytes than none.
    pub(super) fn always(&mut self, is: bool, yes: Label, no: Label) {
        let to = if is { yes } else { no };
        self.assembler.jump(Condition::AtLeast, 0, to, to);
    }

    pub(super) fn network(&self) -> u32 {
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
}
