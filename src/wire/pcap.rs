//! Capture files in the form of libpcap: draft-ietf-opsawg-pcap, pcap-linktype(7). A header of 24 bytes, then packets with
//! one of 16 each; times are in nanoseconds.

use std::time::Duration;

/// The largest packet that is kept: what a card has still to cut into segments is 64 kB long.
pub const SNAPLEN: u32 = 262_144;
/// Nanoseconds, by the byte order that it is read in.
const MAGIC: u32 = 0xa1b2_3c4d;

/// What the packets of a file begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkType {
    /// An Ethernet header: LINKTYPE_ETHERNET.
    Ethernet,
    /// An IP header: LINKTYPE_RAW.
    Raw,
    /// A [`Cooked`] header: LINKTYPE_LINUX_SLL2.
    Cooked,
}

/// What stands in place of a link's header where packets come from links of any kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cooked {
    /// What is inside, as Ethernet counts it.
    pub ethertype: u16,
    /// The index of the interface.
    pub interface: u32,
    /// The kind of link, as `ARPHRD_ETHER`.
    pub hardware: u16,
    /// Whom it was for, as `PACKET_HOST`.
    pub kind: u8,
    /// The sender's address on the link; its length, and room for eight bytes.
    pub address: (u8, [u8; 8]),
}

impl LinkType {
    /// The number that stands in the file.
    fn number(self) -> u32 {
        match self {
            Self::Ethernet => 1,
            Self::Raw => 101,
            Self::Cooked => 276,
        }
    }

    /// The header of the file.
    pub fn file_header(self) -> [u8; 24] {
        let mut header = [0; 24];
        let version = (4_u32 << 16) | 2;
        put(&mut header, 0, MAGIC);
        put(&mut header, 4, version);
        put(&mut header, 16, SNAPLEN);
        put(&mut header, 20, self.number());
        header
    }
}

/// The header of a packet that came at `at` since 1970: how many of its bytes follow, and how many it had.
pub fn record_header(at: Duration, captured: usize, length: usize) -> [u8; 16] {
    let number = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let mut header = [0; 16];
    // Until 2106.
    put(
        &mut header,
        0,
        u32::try_from(at.as_secs()).unwrap_or(u32::MAX),
    );
    put(&mut header, 4, at.subsec_nanos());
    put(&mut header, 8, number(captured));
    put(&mut header, 12, number(length));
    header
}

fn put(header: &mut [u8], at: usize, number: u32) {
    if let Some(place) = header.get_mut(at..at + 4) {
        place.copy_from_slice(&number.to_le_bytes());
    }
}

impl Cooked {
    /// The header, in the order of the network.
    pub fn encode(&self) -> [u8; 20] {
        let [a, b] = self.ethertype.to_be_bytes();
        let [c, d, e, f] = self.interface.to_be_bytes();
        let [g, h] = self.hardware.to_be_bytes();
        let (length, address) = self.address;
        let mut header = [0; 20];
        let head = [a, b, 0, 0, c, d, e, f, g, h, self.kind, length];
        for (place, byte) in header.iter_mut().zip(head.into_iter().chain(address)) {
            *place = byte;
        }
        header
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_as_the_draft_draws_them() {
        assert_eq!(
            hex::encode(LinkType::Ethernet.file_header()),
            "4d3cb2a1020004000000000000000000".to_owned() + "0000040001000000"
        );
        assert_eq!(LinkType::Cooked.file_header()[20..], [0x14, 1, 0, 0]);
        let at = Duration::new(1, 2);
        assert_eq!(
            hex::encode(record_header(at, 3, 4)),
            "01000000020000000300000004000000"
        );
        let cooked = Cooked {
            ethertype: 0x0800,
            interface: 2,
            hardware: 1,
            kind: 4,
            address: (6, [2, 0, 0, 0, 0, 1, 0, 0]),
        };
        assert_eq!(
            hex::encode(cooked.encode()),
            "0800000000000002000104060200000000010000"
        );
    }
}
