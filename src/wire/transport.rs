//! What is inside IP: the headers that are read, and what is said of those that are not.

use std::fmt;

use etherparse::IpNumber;
use serde::Serialize;

use super::icmp::Icmp;
use super::packet::Packet;
use super::tcp::Tcp;
use super::tunnel;
use super::udp::Udp;

pub(super) const ICMP: u8 = IpNumber::ICMP.0;
pub(super) const TCP: u8 = IpNumber::TCP.0;
pub(super) const UDP: u8 = IpNumber::UDP.0;
pub(super) const ICMPV6: u8 = IpNumber::IPV6_ICMP.0;

/// The layer inside IP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// ICMP.
    Icmp(Icmp),
    /// ICMPv6.
    Icmp6(Icmp),
    /// TCP.
    Tcp(Tcp),
    /// UDP.
    Udp(Udp),
    /// A protocol whose header is not read.
    Other {
        /// Its number.
        protocol: u8,
        /// The length in bytes.
        length: usize,
    },
    /// The first bytes of a TCP segment, as ICMP quotes them, RFC 792.
    #[serde(rename = "tcp")]
    Start(TcpStart),
    /// A packet inside: 4in4, 6in4 and their kin, or GRE.
    Tunnel {
        /// The number of the protocol that carries it.
        protocol: u8,
        /// The length in bytes of what it carries, its own header included.
        length: usize,
        /// The packet, whose own tunnels are not followed.
        inside: Box<Packet>,
    },
    /// A later fragment of a datagram: it has no header inside.
    Fragment {
        /// The protocol's number.
        protocol: u8,
        /// Where it begins in the datagram, in bytes.
        offset: u16,
        /// The length in bytes.
        length: usize,
    },
    /// A header that is not all there, or claims to be shorter than it must be.
    Incomplete {
        /// The protocol's number.
        protocol: u8,
        /// The ports, where they are there.
        #[serde(skip_serializing_if = "Option::is_none")]
        ports: Option<(u16, u16)>,
        /// How many bytes are there.
        captured: usize,
    },
}

/// The first eight bytes of a TCP header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TcpStart {
    /// The sender's port.
    pub source_port: u16,
    /// The receiver's port.
    pub destination_port: u16,
    /// The sequence number.
    pub seq: u32,
}

impl TcpStart {
    /// The bytes, where there are so many.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let [a, b, c, d, seq @ ..] = bytes.first_chunk::<8>()?;
        Some(Self {
            source_port: u16::from_be_bytes([*a, *b]),
            destination_port: u16::from_be_bytes([*c, *d]),
            seq: u32::from_be_bytes(*seq),
        })
    }
}

impl Transport {
    /// The header at the start of `bytes`, which are the first of `length`.
    pub(super) fn decode(protocol: u8, bytes: &[u8], length: usize, quote: bool) -> Self {
        if let (true, Some(inside)) = (quote, tunnel::inside(protocol, bytes)) {
            return Self::Tunnel {
                protocol,
                length,
                inside: Box::new(inside),
            };
        }
        let decoded = match protocol {
            ICMP => Icmp::decode_v4(bytes, length, quote).map(Self::Icmp),
            ICMPV6 => Icmp::decode_v6(bytes, length, quote).map(Self::Icmp6),
            TCP if quote => Tcp::decode(bytes, length).map(Self::Tcp),
            TCP => {
                let whole = Tcp::decode(bytes, length).map(Self::Tcp);
                whole.or_else(|| TcpStart::decode(bytes).map(Self::Start))
            }
            UDP => Udp::decode(bytes).map(Self::Udp),
            _ => Some(Self::Other { protocol, length }),
        };
        decoded.unwrap_or_else(|| Self::incomplete(protocol, bytes))
    }

    fn incomplete(protocol: u8, bytes: &[u8]) -> Self {
        let ports = match (protocol, bytes) {
            (TCP | UDP, [a, b, c, d, ..]) => {
                Some((u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d])))
            }
            _ => None,
        };
        Self::Incomplete {
            protocol,
            ports,
            captured: bytes.len(),
        }
    }

    /// The sender's and the receiver's port, where there are any.
    pub(super) fn ports(&self) -> Option<(u16, u16)> {
        match self {
            Self::Tcp(tcp) => Some((tcp.source_port, tcp.destination_port)),
            Self::Udp(udp) => Some((udp.source_port, udp.destination_port)),
            Self::Start(tcp) => Some((tcp.source_port, tcp.destination_port)),
            Self::Incomplete { ports, .. } => *ports,
            _ => None,
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Icmp(message) => write!(f, "ICMP {message}"),
            Self::Icmp6(message) => write!(f, "ICMP6, {message}"),
            Self::Tcp(segment) => segment.fmt(f),
            Self::Udp(datagram) => datagram.fmt(f),
            Self::Other { protocol, length } => {
                write!(f, "{}, length {length}", Keyword(*protocol))
            }
            Self::Start(tcp) => write!(f, "TCP, seq {}", tcp.seq),
            Self::Tunnel {
                protocol: tunnel::GRE,
                length,
                inside,
            } => write!(f, "GREv0, length {length}: {inside}"),
            Self::Tunnel { inside, .. } => inside.fmt(f),
            Self::Fragment {
                protocol,
                offset,
                length,
            } => write!(
                f,
                "{} fragment at {offset}, length {length}",
                Keyword(*protocol)
            ),
            Self::Incomplete {
                protocol, captured, ..
            } => {
                write!(
                    f,
                    "{} header incomplete, {captured} bytes",
                    Keyword(*protocol)
                )
            }
        }
    }
}

/// A protocol number by its IANA keyword, as `GRE`, or as `protocol 253`.
struct Keyword(u8);

impl fmt::Display for Keyword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match IpNumber(self.0).keyword_str() {
            Some(word) => f.write_str(word),
            None => write!(f, "protocol {}", self.0),
        }
    }
}
