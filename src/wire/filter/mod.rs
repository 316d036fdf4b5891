//! Which packets are wanted, in a few words of pcap-filter(7), and as a program that the kernel runs on every packet before
//! it is copied: `tcp and port 80`, `not host 192.0.2.1`, `icmp or arp`.

mod arithmetic;
mod assembler;
mod compile;
mod link;
mod parse;
mod qualifier;
mod relation;
mod words;

pub use assembler::{Instruction, PROGRAM_LIMIT};
pub use compile::Sight;
pub use parse::FilterError;
pub use relation::Relation;
pub use words::Names;

use std::net::IpAddr;

/// A condition on packets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Both.
    And(Box<Self>, Box<Self>),
    /// Either.
    Or(Box<Self>, Box<Self>),
    /// The opposite.
    Not(Box<Self>),
    /// One property of a packet.
    Is(Test),
}

/// One property of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// The type of what the link carries, as `arp`.
    EtherType(u16),
    /// The protocol inside IPv4, and that inside IPv6; `None` where that family has none such.
    Inside(Option<u8>, Option<u8>),
    /// An address, as far as its first bits go.
    Net(Side, IpAddr, u8),
    /// A range of ports, of the protocol with this number; `None` for TCP, UDP and SCTP.
    Ports(Side, u16, u16, Option<u8>),
    /// A length of at least so many bytes, the link's header included where it is seen.
    Length(u32),
    /// A virtual network, that of this number or any.
    Vlan(Option<u16>),
    /// An address of an Ethernet.
    Mac(Side, [u8; 6]),
    /// Sent to a group of an Ethernet: to many, or to all.
    Group,
    /// Numbers of the packet, and how they are to each other.
    Relation(Box<Relation>),
}

/// Which end of a packet's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Where it comes from.
    Source,
    /// Where it goes to.
    Destination,
    /// Either.
    Either,
    /// Both: from there to there.
    Both,
}

impl Filter {
    /// Read it, as people write it; `names` looks up the services and hosts that it names.
    pub fn parse(text: &str, names: &dyn Names) -> Result<Self, FilterError> {
        parse::parse(text, names)
    }

    /// The packets of a link that may be of a family: ARP resolves IPv4's addresses.
    pub fn family(is_ipv6: bool) -> Self {
        let of = |ethertype| Self::Is(Test::EtherType(ethertype));
        if is_ipv6 {
            return of(words::IPV6);
        }
        of(words::IPV4).or(of(words::ARP)).or(of(words::RARP))
    }

    /// The packets that one of these addresses sends, gets, or either; `None` without any.
    pub fn hosts(side: Side, addresses: impl IntoIterator<Item = IpAddr>) -> Option<Self> {
        let host = |address: IpAddr| {
            let bits = if address.is_ipv4() { 32 } else { 128 };
            Self::Is(Test::Net(side, address, bits))
        };
        addresses.into_iter().map(host).reduce(Self::or)
    }

    /// The packets of a protocol, by its number in IP; those of ICMP and ICMPv6 only where they belong.
    pub fn protocol(number: u8) -> Self {
        Self::Is(match number {
            words::ICMP | words::IGMP => Test::Inside(Some(number), None),
            words::ICMPV6 => Test::Inside(None, Some(number)),
            _ => Test::Inside(Some(number), Some(number)),
        })
    }

    /// Whether it takes nothing, or everything, of what is IP; `None` where that depends.
    pub fn of_ip(&self) -> Option<bool> {
        match self {
            Self::Is(Test::EtherType(words::IPV4 | words::IPV6)) => None,
            Self::Is(Test::EtherType(_)) => Some(false),
            Self::Is(_) => None,
            Self::Not(inner) => inner.of_ip().map(|is| !is),
            Self::And(first, second) => match (first.of_ip(), second.of_ip()) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (first, second) => first.and(second),
            },
            Self::Or(first, second) => match (first.of_ip(), second.of_ip()) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (first, second) => first.and(second),
            },
        }
    }

    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::And(Box::new(self), Box::new(other))
    }

    /// Either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::Or(Box::new(self), Box::new(other))
    }

    /// The program for packets as a socket sees them: how many bytes of a packet are kept, 0 where it is not wanted.
    /// `None` is every packet. The error is that it is too long for the kernel.
    pub fn program(wanted: Option<&Self>, sight: Sight) -> Result<Vec<Instruction>, FilterError> {
        compile::program(wanted, sight)
    }
}
