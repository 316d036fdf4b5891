//! Ethernet headers and the tags of virtual LANs: IEEE 802.3 and 802.1Q.

use std::fmt;

use serde::{Serialize, Serializer};

/// The shortest that it may be: two addresses and a type.
pub const ETHERNET_HEADER: usize = 14;

/// An address of the link layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mac(pub [u8; 6]);

/// An Ethernet header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ethernet {
    /// The sender.
    pub source: Mac,
    /// The receiver.
    pub destination: Mac,
    /// What is inside; a length, where it is below 1536 (802.3).
    pub ethertype: u16,
}

/// A tag of a virtual LAN.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Vlan {
    /// Which one, 0 to 4095.
    pub id: u16,
    /// How urgent, 0 to 7.
    pub priority: u8,
    /// Whether it may be dropped first.
    pub drop_eligible: bool,
}

impl Ethernet {
    /// The header at the start of `bytes`, and what follows; `None` when it is not all there.
    pub(super) fn split(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (destination, rest) = bytes.split_first_chunk::<6>()?;
        let (source, rest) = rest.split_first_chunk::<6>()?;
        let (ethertype, rest) = rest.split_first_chunk::<2>()?;
        let header = Self {
            source: Mac(*source),
            destination: Mac(*destination),
            ethertype: u16::from_be_bytes(*ethertype),
        };
        Some((header, rest))
    }
}

impl Vlan {
    /// Whether a tag follows this type: 802.1Q, 802.1ad, and what came before that.
    pub(super) fn follows(ethertype: u16) -> bool {
        matches!(ethertype, 0x8100 | 0x88a8 | 0x9100)
    }

    /// The tag at the start of `bytes`, the type behind it, and what follows; `None` when they are not all there.
    pub(super) fn split(bytes: &[u8]) -> Option<(Self, u16, &[u8])> {
        let (tag, rest) = bytes.split_first_chunk::<2>()?;
        let (ethertype, rest) = rest.split_first_chunk::<2>()?;
        let [high, low] = *tag;
        let tag = Self {
            id: u16::from_be_bytes([high & 0x0f, low]),
            priority: high >> 5,
            drop_eligible: high & 0x10 != 0,
        };
        Some((tag, u16::from_be_bytes(*ethertype), rest))
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, last] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{last:02x}")
    }
}

impl Serialize for Mac {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Vlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "vlan {}, p {}", self.id, self.priority)?;
        f.write_str(if self.drop_eligible { ", DEI" } else { "" })
    }
}
