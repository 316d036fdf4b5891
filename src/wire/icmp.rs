//! ICMP and ICMPv6 messages: RFC 792 and RFC 4443, neighbour discovery of RFC 4861.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::Serialize;

use super::packet::Packet;

/// An ICMP or ICMPv6 message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Icmp {
    /// The message's type.
    pub r#type: u8,
    /// Its code: the type's reason.
    pub code: u8,
    /// Both in words, as `echo request`.
    pub name: Cow<'static, str>,
    /// The sender's mark; `None` but for echoes and timestamps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<u16>,
    /// The sender's count; `None` but for echoes and timestamps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u16>,
    /// The largest packet that the next link takes, in bytes; `None` but for packets that are too big.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mtu: Option<u32>,
    /// The better router of a redirect, or the neighbour that is looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<IpAddr>,
    /// The packet that an error is about, as far as it is quoted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quoted: Option<Box<Packet>>,
    /// The length of the message in bytes.
    pub length: usize,
}

impl Icmp {
    /// The ICMP message at the start of `bytes`, in all `length` bytes long; `None` when its first 8 are not all there.
    pub(super) fn decode_v4(bytes: &[u8], length: usize, quote: bool) -> Option<Self> {
        let ([kind, code, _, _, rest @ ..], payload) = bytes.split_first_chunk::<8>()?;
        let mut message = Self::new(*kind, *code, name_v4(*kind, *code), length);
        match (kind, code) {
            (0 | 8 | 13 | 14, _) => message.count(*rest),
            // RFC 1191, section 4.
            (3, 4) => message.mtu = Some(u32::from_be_bytes(*rest) & 0xffff),
            (5, _) => message.target = Some(Ipv4Addr::from(*rest).into()),
            _ => {}
        }
        if quote && matches!(kind, 3 | 4 | 5 | 11 | 12) {
            message.quoted = Packet::quoted_v4(payload).map(Box::new);
        }
        Some(message)
    }

    /// The ICMPv6 message at the start of `bytes`, in all `length` bytes long; `None` when its first 8 are not all there.
    pub(super) fn decode_v6(bytes: &[u8], length: usize, quote: bool) -> Option<Self> {
        let ([kind, code, _, _, rest @ ..], payload) = bytes.split_first_chunk::<8>()?;
        let mut message = Self::new(*kind, *code, name_v6(*kind, *code), length);
        match kind {
            128 | 129 => message.count(*rest),
            2 => message.mtu = Some(u32::from_be_bytes(*rest)),
            135..=137 => {
                let target = payload.first_chunk::<16>();
                message.target = target.map(|octets| Ipv6Addr::from(*octets).into());
            }
            _ => {}
        }
        if quote && matches!(kind, 1..=4) {
            message.quoted = Packet::quoted_v6(payload).map(Box::new);
        }
        Some(message)
    }

    fn new(kind: u8, code: u8, name: Option<&'static str>, length: usize) -> Self {
        let unnamed = || Cow::Owned(format!("type {kind} code {code}"));
        Self {
            r#type: kind,
            code,
            name: name.map_or_else(unnamed, Cow::Borrowed),
            id: None,
            seq: None,
            mtu: None,
            target: None,
            quoted: None,
            length,
        }
    }

    fn count(&mut self, [a, b, c, d]: [u8; 4]) {
        self.id = Some(u16::from_be_bytes([a, b]));
        self.seq = Some(u16::from_be_bytes([c, d]));
    }
}

/// The names of the IANA registry "ICMP Parameters".
fn name_v4(kind: u8, code: u8) -> Option<&'static str> {
    Some(match (kind, code) {
        (0, _) => "echo reply",
        (3, 0) => "net unreachable",
        (3, 1) => "host unreachable",
        (3, 2) => "protocol unreachable",
        (3, 3) => "port unreachable",
        (3, 4) => "fragmentation needed",
        (3, 5) => "source route failed",
        (3, 6) => "net unknown",
        (3, 7) => "host unknown",
        (3, 9) => "net prohibited",
        (3, 10) => "host prohibited",
        (3, 13) => "administratively prohibited",
        (3, _) => "destination unreachable",
        (4, _) => "source quench",
        (5, 0) => "redirect for net",
        (5, 1) => "redirect for host",
        (5, _) => "redirect",
        (8, _) => "echo request",
        (9, _) => "router advertisement",
        (10, _) => "router solicitation",
        (11, 0) => "time exceeded in-transit",
        (11, _) => "time exceeded in reassembly",
        (12, _) => "parameter problem",
        (13, _) => "timestamp request",
        (14, _) => "timestamp reply",
        _ => return None,
    })
}

/// The names of the IANA registry "ICMPv6 Parameters".
fn name_v6(kind: u8, code: u8) -> Option<&'static str> {
    Some(match (kind, code) {
        (1, 0) => "no route to destination",
        (1, 1) => "administratively prohibited",
        (1, 2) => "beyond scope of source",
        (1, 3) => "address unreachable",
        (1, 4) => "port unreachable",
        (1, 5) => "source address failed policy",
        (1, 6) => "route rejected",
        (1, _) => "destination unreachable",
        (2, _) => "packet too big",
        (3, 0) => "time exceeded in-transit",
        (3, _) => "time exceeded in reassembly",
        (4, _) => "parameter problem",
        (128, _) => "echo request",
        (129, _) => "echo reply",
        (130, _) => "multicast listener query",
        (131, _) => "multicast listener report",
        (132, _) => "multicast listener done",
        (133, _) => "router solicitation",
        (134, _) => "router advertisement",
        (135, _) => "neighbor solicitation",
        (136, _) => "neighbor advertisement",
        (137, _) => "redirect",
        (143, _) => "multicast listener report v2",
        _ => return None,
    })
}

impl fmt::Display for Icmp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if let Some(id) = self.id {
            write!(f, ", id {id}")?;
        }
        if let Some(seq) = self.seq {
            write!(f, ", seq {seq}")?;
        }
        if let Some(mtu) = self.mtu {
            write!(f, ", mtu {mtu}")?;
        }
        if let Some(target) = self.target {
            write!(f, ", target {target}")?;
        }
        if let Some(quoted) = &self.quoted {
            write!(f, ", about {quoted}")?;
            // The quoted packet's own length would read as this one's.
            return write!(f, "; length {}", self.length);
        }
        write!(f, ", length {}", self.length)
    }
}
