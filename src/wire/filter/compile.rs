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
mod tests;
