//! A frame of the link layer: its header, tags of virtual LANs, and the packet inside.

use std::fmt;

use serde::Serialize;

use super::arp::Arp;
use super::ethernet::{Ethernet, Vlan};
use super::ip::Malformed;
use super::packet::Packet;

const IPV4: u16 = 0x0800;
const ARP: u16 = 0x0806;
const IPV6: u16 = 0x86dd;
/// Below this a type is a length, IEEE 802.3 section 3.2.6.
const FIRST_TYPE: u16 = 0x0600;
/// A frame with more tags than this is not looked into further.
const TAGS: usize = 4;

/// A frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Frame {
    /// The header; `None` where the link has none of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ethernet: Option<Ethernet>,
    /// The tags of virtual LANs, the outermost first.
    #[serde(rename = "vlan", skip_serializing_if = "Vec::is_empty")]
    pub vlans: Vec<Vlan>,
    /// What is inside.
    #[serde(flatten)]
    pub inside: Inside,
}

/// What is inside a frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Inside {
    /// An IP packet.
    Packet(Box<Packet>),
    /// ARP.
    Arp {
        /// The message.
        arp: Arp,
    },
    /// Something that is not looked into.
    Other {
        /// What it is; a length, where it is below 1536.
        ethertype: u16,
        /// Its length in bytes.
        length: usize,
    },
    /// No packet.
    Malformed(Malformed),
}

impl Frame {
    /// The Ethernet frame that `bytes` are; `check` is whether its checksums are to be right already.
    pub fn ethernet(bytes: &[u8], check: bool) -> Self {
        match Ethernet::split(bytes) {
            Some((header, rest)) => {
                let ethertype = header.ethertype;
                Self {
                    ethernet: Some(header),
                    ..Self::cooked(ethertype, rest, check)
                }
            }
            None => Self {
                ethernet: None,
                vlans: Vec::new(),
                inside: Inside::Malformed(Malformed::new(format!(
                    "Ethernet header truncated, {} of 14 bytes",
                    bytes.len()
                ))),
            },
        }
    }

    /// What follows the header of a link, whose type is known; `check` is whether its checksums are to be right already.
    pub fn cooked(ethertype: u16, bytes: &[u8], check: bool) -> Self {
        let (mut ethertype, mut rest, mut vlans) = (ethertype, bytes, Vec::new());
        while Vlan::follows(ethertype)
            && vlans.len() < TAGS
            && let Some((tag, next, after)) = Vlan::split(rest)
        {
            vlans.push(tag);
            (ethertype, rest) = (next, after);
        }
        Self {
            ethernet: None,
            vlans,
            inside: Inside::decode(ethertype, rest, check),
        }
    }

    /// The packet inside, if it is one of IP.
    pub fn packet(&self) -> Option<&Packet> {
        match &self.inside {
            Inside::Packet(packet) => Some(packet),
            _ => None,
        }
    }
}

impl Inside {
    fn decode(ethertype: u16, bytes: &[u8], check: bool) -> Self {
        let packet = match ethertype {
            IPV4 => Packet::whole_v4(bytes, check),
            IPV6 => Packet::whole_v6(bytes, check),
            _ => {
                let length = bytes.len();
                let arp = Arp::decode(bytes).filter(|_| ethertype == ARP);
                return match arp {
                    Some(arp) => Self::Arp { arp },
                    None => Self::Other { ethertype, length },
                };
            }
        };
        packet.map_or_else(Self::Malformed, |packet| Self::Packet(Box::new(packet)))
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Who speaks is said by what is inside, where it is known.
        if let (Some(header), Inside::Other { .. }) = (&self.ethernet, &self.inside) {
            write!(f, "{} > {}, ", header.source, header.destination)?;
        }
        for tag in &self.vlans {
            write!(f, "{tag}, ")?;
        }
        match &self.inside {
            Inside::Packet(packet) => packet.fmt(f),
            Inside::Arp { arp } => arp.fmt(f),
            Inside::Other { ethertype, length } if *ethertype < FIRST_TYPE => {
                write!(f, "802.3, length {length}")
            }
            Inside::Other { ethertype, length } => {
                write!(f, "ethertype 0x{ethertype:04x}, length {length}")
            }
            Inside::Malformed(malformed) => malformed.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use etherparse::{PacketBuilder, SlicedPacket, TransportSlice};
    use proptest::prelude::*;

    use super::*;

    /// A frame from 02:..:01 to 02:..:02 around what is given in hex: its type, and what follows.
    fn shown(hex: &str) -> String {
        let head = hex::decode("020000000002020000000001").unwrap();
        let rest = hex::decode(hex.replace(' ', "")).unwrap();
        Frame::ethernet(&[head, rest].concat(), true).to_string()
    }

    const UDP: &str = "4500001d00004000401100007f0000017f000002 9c40 0009 0009 0000 78";

    #[test]
    fn frames_read_as_tcpdump_has_them() {
        let asks = "0806 0001 0800 06 04 0001 020000000001 0a630101 000000000000 0a630102";
        let answers = "0806 0001 0800 06 04 0002 020000000001 0a630102 020000000002 0a630101";
        for (hex, line) in [
            (
                asks,
                "ARP, Request who-has 10.99.1.2 tell 10.99.1.1, length 28",
            ),
            (
                answers,
                "ARP, Reply 10.99.1.2 is-at 02:00:00:00:00:01, length 28",
            ),
            (
                &format!("8100 e007 0800 {UDP}"),
                "vlan 7, p 7, IP 127.0.0.1.40000 > 127.0.0.2.9: UDP, length 1 (bad ip checksum)",
            ),
            (
                "88b5 0102",
                "02:00:00:00:00:01 > 02:00:00:00:00:02, ethertype 0x88b5, length 2",
            ),
            (
                "0003 424203",
                "02:00:00:00:00:01 > 02:00:00:00:00:02, 802.3, length 3",
            ),
            (
                "86dd 60000000 0018 00 01 fe800000000000000000000000000001 ff020000000000000000000000000016 \
                 3a00050200000000 8f00 0000 00000000 0000000000000000",
                "IP6 fe80::1 > ff02::16: HBH ICMP6, multicast listener report v2, length 16 (bad icmp6 checksum)",
            ),
            (
                "86dd 60000000 000c 2c 40 00000000000000000000000000000001 00000000000000000000000000000001 \
                 1100000100000001 9c40 0009",
                "IP6 ::1 > ::1: frag UDP header incomplete, 4 bytes",
            ),
            (
                "86dd 60000000 000c 2c 40 00000000000000000000000000000001 00000000000000000000000000000001 \
                 1100005900000001 01020304",
                "IP6 ::1 > ::1: frag UDP fragment at 88, length 4",
            ),
        ] {
            let ported = line.replace(
                "::1 > ::1: frag UDP header",
                "::1.40000 > ::1.9: frag UDP header",
            );
            assert_eq!(shown(hex), ported, "{hex}");
        }
    }

    #[test]
    fn hostile_frames_are_named() {
        for (hex, line) in [
            (
                "0800",
                "malformed packet: IPv4 header truncated, 0 of 20 bytes",
            ),
            (
                "86dd 60",
                "malformed packet: IPv6 header truncated, 1 of 40 bytes",
            ),
            (
                "0800 65",
                "malformed packet: IPv4 header truncated, 1 of 20 bytes",
            ),
            (
                "0806 0001",
                "02:00:00:00:00:01 > 02:00:00:00:00:02, ethertype 0x0806, length 2",
            ),
            (
                "8100 00",
                "02:00:00:00:00:01 > 02:00:00:00:00:02, ethertype 0x8100, length 1",
            ),
        ] {
            assert_eq!(shown(hex), line, "{hex}");
        }
        for length in 0..14 {
            let line = Frame::ethernet(&vec![0; length], true).to_string();
            assert!(line.ends_with(&format!("{length} of 14 bytes")), "{line}");
        }
    }

    #[test]
    fn a_card_that_has_still_to_sum_is_believed() {
        let bytes = hex::decode(format!("{}0800{UDP}", "02".repeat(12)).replace(' ', "")).unwrap();
        assert!(
            Frame::ethernet(&bytes, true)
                .packet()
                .unwrap()
                .bad_checksums
                == ["ip"]
        );
        assert!(
            Frame::ethernet(&bytes, false)
                .packet()
                .unwrap()
                .bad_checksums
                .is_empty()
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_frame(mut bytes: Vec<u8>, ethertype in prop::sample::select(vec![0x0800_u16, 0x0806, 0x86dd, 0x8100])) {
            let line = Frame::ethernet(&bytes, true).to_string();
            prop_assert!(!line.is_empty() && !line.contains('\n'));
            if let Some(place) = bytes.get_mut(12..14) {
                place.copy_from_slice(&ethertype.to_be_bytes());
            }
            let frame = Frame::ethernet(&bytes, true);
            prop_assert!(frame.to_string().bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            prop_assert!(serde_json::to_string(&frame).is_ok());
        }

        #[test]
        fn etherparse_agrees(from: [u8; 16], to: [u8; 16], ports: (u16, u16), seq: u32, vlan in 0_u16..4096, payload: Vec<u8>) {
            let vlan = vlan.try_into().unwrap();
            let mut bytes = Vec::new();
            let builder = PacketBuilder::ethernet2([2; 6], [4; 6]).single_vlan(vlan).ipv6(from, to, 64);
            builder.tcp(ports.0, ports.1, seq, 512).psh().ack(7).write(&mut bytes, &payload).unwrap();
            let sliced = SlicedPacket::from_ethernet(&bytes).unwrap();
            let Some(TransportSlice::Tcp(oracle)) = sliced.transport else { panic!("no TCP") };
            let frame = Frame::ethernet(&bytes, true);
            let packet = frame.packet().unwrap();
            let super::super::Transport::Tcp(tcp) = &packet.transport else { panic!("no TCP: {frame}") };
            prop_assert_eq!(tcp.seq, oracle.sequence_number());
            prop_assert_eq!(tcp.length, payload.len());
            prop_assert_eq!((tcp.source_port, tcp.destination_port), ports);
            prop_assert_eq!(frame.vlans[0].id, vlan.value());
            prop_assert_eq!(&packet.bad_checksums, &Vec::<&str>::new());
            // One bit that is wrong is found.
            let (mut flipped, last) = (bytes.clone(), bytes.len() - 1);
            flipped[last] ^= 1;
            let frame = Frame::ethernet(&flipped, true);
            prop_assert_eq!(&frame.packet().unwrap().bad_checksums, &["tcp"]);
        }
    }
}
