//! Sets of kinds of sockets: where an option applies.

use std::fmt;

use crate::net::family::{Family, Kind, Protocol};

/// A set of kinds of sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sockets(pub(super) u16);

impl Sockets {
    /// TCP over IPv4.
    pub const TCP4: Self = Self(1);
    /// TCP over IPv6.
    pub const TCP6: Self = Self(1 << 1);
    /// UDP over IPv4.
    pub const UDP4: Self = Self(1 << 2);
    /// UDP over IPv6.
    pub const UDP6: Self = Self(1 << 3);
    /// Raw IPv4.
    pub const RAW4: Self = Self(1 << 4);
    /// Raw IPv6.
    pub const RAW6: Self = Self(1 << 5);
    /// Local streams.
    pub const UNIX_STREAM: Self = Self(1 << 6);
    /// Local datagrams.
    pub const UNIX_DGRAM: Self = Self(1 << 7);
    /// Local records.
    pub const UNIX_SEQPACKET: Self = Self(1 << 8);
    /// UDP-Lite.
    pub const UDPLITE: Self = Self(1 << 9);
    /// Multipath TCP.
    pub const MPTCP: Self = Self(1 << 10);

    /// Packets of the link layer.
    pub const PACKET: Self = Self(1 << 11);

    /// TCP.
    pub const TCP: Self = Self::TCP4.and(Self::TCP6);
    /// UDP.
    pub const UDP: Self = Self::UDP4.and(Self::UDP6);
    /// Raw.
    pub const RAW: Self = Self::RAW4.and(Self::RAW6);
    /// Local sockets, unix(7).
    pub const UNIX: Self = Self::UNIX_STREAM
        .and(Self::UNIX_DGRAM)
        .and(Self::UNIX_SEQPACKET);
    /// IPv4 and IPv6.
    pub const INET: Self = Self::TCP.and(Self::UDP).and(Self::RAW);
    /// Those that take options of IPPROTO_IP: IPv6 sockets do too, for their IPv4 peers, but for raw ones.
    pub const IP: Self = Self::TCP.and(Self::UDP).and(Self::RAW4);
    /// Those of [`Sockets::IP`] that are no streams.
    pub const IP_PACKETS: Self = Self::UDP.and(Self::RAW4);
    /// IPv6.
    pub const IPV6: Self = Self::TCP6.and(Self::IPV6_PACKETS);
    /// IPv6 but for streams.
    pub const IPV6_PACKETS: Self = Self::UDP6.and(Self::RAW6);
    /// Every kind that can be opened by family and type alone.
    pub const ANY: Self = Self::INET.and(Self::UNIX);

    /// What can be opened by family and type, in the order in which a fresh socket is chosen.
    pub const FRESH: [(Self, Family, Kind); 10] = [
        (Self::TCP4, Family::Inet, Kind::Stream),
        (Self::UDP4, Family::Inet, Kind::Dgram),
        (Self::TCP6, Family::Inet6, Kind::Stream),
        (Self::UDP6, Family::Inet6, Kind::Dgram),
        (Self::UNIX_STREAM, Family::Unix, Kind::Stream),
        (Self::UNIX_DGRAM, Family::Unix, Kind::Dgram),
        (Self::UNIX_SEQPACKET, Family::Unix, Kind::SeqPacket),
        (Self::RAW4, Family::Inet, Kind::Raw),
        (Self::RAW6, Family::Inet6, Kind::Raw),
        (Self::PACKET, Family::Packet, Kind::Raw),
    ];

    const WORDS: [(Self, &'static str); 16] = [
        (Self::TCP, "tcp"),
        (Self::TCP4, "tcp4"),
        (Self::TCP6, "tcp6"),
        (Self::UDP, "udp"),
        (Self::UDP4, "udp4"),
        (Self::UDP6, "udp6"),
        (Self::RAW, "raw"),
        (Self::RAW4, "raw4"),
        (Self::RAW6, "raw6"),
        (Self::UNIX, "unix"),
        (Self::UNIX_STREAM, "unix-stream"),
        (Self::UNIX_DGRAM, "unix-dgram"),
        (Self::UNIX_SEQPACKET, "unix-seqpacket"),
        (Self::UDPLITE, "udplite"),
        (Self::MPTCP, "mptcp"),
        (Self::PACKET, "packet"),
    ];

    /// Both sets together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether every kind in `other` is in this set.
    pub const fn holds(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The kind of an open socket; `None` where the table knows nothing of it.
    pub fn of(family: Family, kind: Kind, protocol: Protocol) -> Option<Self> {
        match protocol {
            Protocol::UDPLITE => Some(Self::UDPLITE),
            Protocol::MPTCP => Some(Self::MPTCP),
            Protocol::SCTP | Protocol::DCCP => None,
            _ => Self::FRESH
                .iter()
                .find(|(_, of, like)| *of == family && *like == kind)
                .map(|(set, _, _)| *set),
        }
    }

    /// The set's words: `any` alone, or the shortest list of kinds.
    pub fn words(self) -> Vec<&'static str> {
        if self.holds(Self::ANY) {
            return vec!["any"];
        }
        let mut left = self;
        let mut words = Vec::new();
        for (set, word) in Self::WORDS {
            if left.holds(set) {
                words.push(word);
                left = Self(left.0 & !set.0);
            }
        }
        words
    }
}

impl fmt::Display for Sockets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_the_fewest_words() {
        assert_eq!(Sockets::ANY.to_string(), "any");
        assert_eq!(Sockets::IP.to_string(), "tcp udp raw4");
        assert_eq!(Sockets::IPV6.to_string(), "tcp6 udp6 raw6");
        assert_eq!(Sockets::UNIX.and(Sockets::MPTCP).to_string(), "unix mptcp");
    }

    #[test]
    fn an_open_socket_is_of_one_kind() {
        let of = |protocol| Sockets::of(Family::Inet, Kind::Stream, protocol);
        assert_eq!(of(Protocol::TCP), Some(Sockets::TCP4));
        assert_eq!(of(Protocol::MPTCP), Some(Sockets::MPTCP));
        assert_eq!(of(Protocol::SCTP), None);
    }
}
