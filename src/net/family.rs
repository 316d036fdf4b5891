//! What `socket(family, type, protocol)` takes, under the names of `<sys/socket.h>`.

use std::fmt;

use libc::c_int;

/// An address family, as `AF_INET`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// IPv4, ip(7).
    Inet,
    /// IPv6, ipv6(7).
    Inet6,
    /// Local sockets, unix(7).
    Unix,
    /// The link layer, packet(7).
    Packet,
}

/// A socket type, as `SOCK_STREAM`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A byte stream.
    Stream,
    /// Datagrams: boundaries kept, connectionless.
    Dgram,
    /// Records over a connection.
    SeqPacket,
    /// Packets of a protocol number, raw(7).
    Raw,
    /// DCCP's own type.
    Dccp,
}

/// A protocol number of `<netinet/in.h>`, as `IPPROTO_TCP`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Protocol(pub c_int);

impl Family {
    /// The number of `<sys/socket.h>`.
    pub const fn number(self) -> c_int {
        match self {
            Self::Inet => libc::AF_INET,
            Self::Inet6 => libc::AF_INET6,
            Self::Unix => libc::AF_UNIX,
            Self::Packet => libc::AF_PACKET,
        }
    }

    /// The family with this number, if it is one that this program speaks.
    pub const fn from_number(number: c_int) -> Option<Self> {
        match number {
            libc::AF_INET => Some(Self::Inet),
            libc::AF_INET6 => Some(Self::Inet6),
            libc::AF_UNIX => Some(Self::Unix),
            libc::AF_PACKET => Some(Self::Packet),
            _ => None,
        }
    }
}

impl Kind {
    /// The number of `<sys/socket.h>`.
    pub const fn number(self) -> c_int {
        match self {
            Self::Stream => libc::SOCK_STREAM,
            Self::Dgram => libc::SOCK_DGRAM,
            Self::SeqPacket => libc::SOCK_SEQPACKET,
            Self::Raw => libc::SOCK_RAW,
            Self::Dccp => libc::SOCK_DCCP,
        }
    }

    /// Whether its sockets listen(2) and accept(2), rather than hear whoever sends.
    pub const fn has_connections(self) -> bool {
        matches!(self, Self::Stream | Self::SeqPacket | Self::Dccp)
    }

    /// The type with this number, if it is one that this program speaks.
    pub const fn from_number(number: c_int) -> Option<Self> {
        match number {
            libc::SOCK_STREAM => Some(Self::Stream),
            libc::SOCK_DGRAM => Some(Self::Dgram),
            libc::SOCK_SEQPACKET => Some(Self::SeqPacket),
            libc::SOCK_RAW => Some(Self::Raw),
            libc::SOCK_DCCP => Some(Self::Dccp),
            _ => None,
        }
    }
}

impl Protocol {
    /// The family's default protocol for a type: 0.
    pub const DEFAULT: Self = Self(0);
    /// ICMP for IPv4, RFC 792.
    pub const ICMP: Self = Self(libc::IPPROTO_ICMP);
    /// TCP, RFC 9293.
    pub const TCP: Self = Self(libc::IPPROTO_TCP);
    /// UDP, RFC 768.
    pub const UDP: Self = Self(libc::IPPROTO_UDP);
    /// DCCP, RFC 4340.
    pub const DCCP: Self = Self(libc::IPPROTO_DCCP);
    /// ICMPv6, RFC 4443.
    pub const ICMPV6: Self = Self(libc::IPPROTO_ICMPV6);
    /// SCTP, RFC 9260.
    pub const SCTP: Self = Self(libc::IPPROTO_SCTP);
    /// UDP-Lite, RFC 3828.
    pub const UDPLITE: Self = Self(libc::IPPROTO_UDPLITE);
    /// Any protocol, header included, raw(7).
    pub const RAW: Self = Self(libc::IPPROTO_RAW);
    /// Multipath TCP, RFC 8684.
    pub const MPTCP: Self = Self(libc::IPPROTO_MPTCP);

    const NAMED: [(Self, &'static str, &'static str); 9] = [
        (Self::ICMP, "IPPROTO_ICMP", "icmp"),
        (Self::TCP, "IPPROTO_TCP", "tcp"),
        (Self::UDP, "IPPROTO_UDP", "udp"),
        (Self::DCCP, "IPPROTO_DCCP", "dccp"),
        (Self::ICMPV6, "IPPROTO_ICMPV6", "icmp6"),
        (Self::SCTP, "IPPROTO_SCTP", "sctp"),
        (Self::UDPLITE, "IPPROTO_UDPLITE", "udplite"),
        (Self::RAW, "IPPROTO_RAW", "raw"),
        (Self::MPTCP, "IPPROTO_MPTCP", "mptcp"),
    ];

    /// The word that people use: `tcp`, `icmp6`; `None` for a number without one.
    pub fn word(self) -> Option<&'static str> {
        Self::NAMED
            .iter()
            .find(|(known, _, _)| *known == self)
            .map(|(_, _, word)| *word)
    }

    /// The protocol of a word (`icmp`) or a number (0 to 255).
    pub fn parse(word: &str) -> Option<Self> {
        let lower = match word.to_ascii_lowercase().as_str() {
            "icmpv6" => "icmp6".to_owned(),
            lower => lower.to_owned(),
        };
        let named = Self::NAMED.iter().find(|(_, _, known)| *known == lower);
        named
            .map(|(protocol, _, _)| *protocol)
            .or_else(|| word.parse::<u8>().ok().map(|number| Self(number.into())))
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Inet => "AF_INET",
            Self::Inet6 => "AF_INET6",
            Self::Unix => "AF_UNIX",
            Self::Packet => "AF_PACKET",
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stream => "SOCK_STREAM",
            Self::Dgram => "SOCK_DGRAM",
            Self::SeqPacket => "SOCK_SEQPACKET",
            Self::Raw => "SOCK_RAW",
            Self::Dccp => "SOCK_DCCP",
        })
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::NAMED.iter().find(|(known, _, _)| known == self) {
            Some((_, constant, _)) => f.write_str(constant),
            None => self.0.fmt(f),
        }
    }
}
