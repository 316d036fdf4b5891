//! Messages built from their parts, with their checksums: ICMP, TCP and UDP. What is built is decoded to the same again.

use std::net::IpAddr;

use super::checksum::{checksum, checksum_between};
use super::transport::{ICMP, ICMPV6, TCP, Transport, UDP};

/// What is to be built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Crafted {
    /// A message of ICMP, or ICMPv6 over IPv6.
    Icmp {
        /// Its type.
        kind: u8,
        /// Its code.
        code: u8,
        /// What fills the first half of its second word: the mark of an echo.
        id: u16,
        /// What fills the other half: the count of an echo.
        seq: u16,
    },
    /// A TCP segment.
    Tcp {
        /// The sender's port.
        source_port: u16,
        /// The receiver's port.
        destination_port: u16,
        /// The number of the first byte.
        seq: u32,
        /// The number of the byte that is expected next; it says something with the flag ACK.
        ack: u32,
        /// The flags, as [`tcp_flag`] has them, together.
        flags: u8,
        /// How many bytes may come.
        window: u16,
        /// Where urgent data end; it says something with the flag URG.
        urgent: u16,
        /// Its options, as [`tcp_options`](super::tcp_options()) makes them: 40 bytes at most, in whole words.
        options: Vec<u8>,
    },
    /// A UDP datagram.
    Udp {
        /// The sender's port.
        source_port: u16,
        /// The receiver's port.
        destination_port: u16,
    },
}

/// The bit of a flag of TCP, by its name in RFC 9293; `None` for what is none.
pub fn tcp_flag(name: &str) -> Option<u8> {
    const NAMES: [&str; 8] = ["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"];
    let at = NAMES.iter().position(|known| *known == name)?;
    Some(1 << at)
}

impl Crafted {
    /// The number in the IP header; ICMP's is that of the family.
    pub fn protocol(&self, is_ipv6: bool) -> u8 {
        match self {
            Self::Icmp { .. } if is_ipv6 => ICMPV6,
            Self::Icmp { .. } => ICMP,
            Self::Tcp { .. } => TCP,
            Self::Udp { .. } => UDP,
        }
    }

    /// The message as it goes between these two; `spoil` has its checksum be wrong.
    pub fn encode(
        &self,
        source: IpAddr,
        destination: IpAddr,
        payload: &[u8],
        spoil: bool,
    ) -> Vec<u8> {
        let mut bytes = self.header(payload.len());
        bytes.extend_from_slice(payload);
        let protocol = self.protocol(destination.is_ipv6());
        let mut sum = match protocol {
            ICMP => checksum(&bytes),
            protocol => checksum_between(source, destination, protocol, &bytes),
        };
        // Zero says that there is none, RFC 768; it is the same sum.
        if protocol == UDP && sum == 0 {
            sum = 0xffff;
        }
        if spoil {
            sum = (sum ^ 0x0101).max(1);
        }
        let at = match protocol {
            TCP => 16,
            UDP => 6,
            _ => 2,
        };
        if let Some(place) = bytes.get_mut(at..at + 2) {
            place.copy_from_slice(&sum.to_be_bytes());
        }
        bytes
    }

    /// The header, its checksum zero.
    fn header(&self, payload: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(60 + payload);
        match self {
            Self::Icmp {
                kind,
                code,
                id,
                seq,
            } => {
                bytes.extend([*kind, *code, 0, 0]);
                bytes.extend(id.to_be_bytes());
                bytes.extend(seq.to_be_bytes());
            }
            Self::Tcp {
                source_port,
                destination_port,
                seq,
                ack,
                flags,
                window,
                urgent,
                options,
            } => {
                let words = u8::try_from(5 + options.len() / 4).unwrap_or(15);
                bytes.extend(source_port.to_be_bytes());
                bytes.extend(destination_port.to_be_bytes());
                bytes.extend(seq.to_be_bytes());
                bytes.extend(ack.to_be_bytes());
                bytes.extend([words << 4, *flags]);
                bytes.extend(window.to_be_bytes());
                bytes.extend([0; 2]);
                bytes.extend(urgent.to_be_bytes());
                bytes.extend(options);
            }
            Self::Udp {
                source_port,
                destination_port,
            } => {
                let length = u16::try_from(8 + payload).unwrap_or(0);
                bytes.extend(source_port.to_be_bytes());
                bytes.extend(destination_port.to_be_bytes());
                bytes.extend(length.to_be_bytes());
                bytes.extend([0; 2]);
            }
        }
        bytes
    }

    /// What a message is that was built, as a packet's layer.
    pub fn layer(&self, is_ipv6: bool, message: &[u8]) -> Transport {
        Transport::decode(self.protocol(is_ipv6), message, message.len(), true)
    }
}

#[cfg(test)]
mod tests {
    use etherparse::{TcpHeaderSlice, UdpHeaderSlice};
    use proptest::prelude::*;

    use super::*;
    use crate::wire::{Frame, Packet};

    const FOUR: [IpAddr; 2] = [
        IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)),
        IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2)),
    ];
    const SIX: [IpAddr; 2] = [IpAddr::V6(std::net::Ipv6Addr::LOCALHOST); 2];

    /// The frame around a message, as a link carries it.
    fn framed([source, destination]: [IpAddr; 2], protocol: u8, message: &[u8]) -> Packet {
        let length = u16::try_from(message.len()).unwrap();
        let (mut bytes, ethertype) = match (source, destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                let header = etherparse::Ipv4Header::new(
                    length,
                    64,
                    protocol.into(),
                    source.octets(),
                    destination.octets(),
                );
                (header.unwrap().to_bytes().to_vec(), 0x0800)
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                let header = etherparse::Ipv6Header {
                    payload_length: length,
                    next_header: protocol.into(),
                    source: source.octets(),
                    destination: destination.octets(),
                    ..Default::default()
                };
                (header.to_bytes().to_vec(), 0x86dd)
            }
            _ => panic!("two families"),
        };
        if ethertype == 0x0800 {
            let sum = checksum(&[&bytes[..10], &[0, 0], &bytes[12..]].concat());
            bytes[10..12].copy_from_slice(&sum.to_be_bytes());
        }
        bytes.extend_from_slice(message);
        Frame::cooked(ethertype, &bytes, true)
            .packet()
            .unwrap()
            .clone()
    }

    proptest! {
        #[test]
        fn what_is_built_is_decoded_again(
            ports: (u16, u16), numbers: (u32, u32), flags: u8, window: (u16, u16), kind: u8, code: u8, is_ipv6: bool,
            options in prop::collection::vec(any::<[u8; 4]>(), 0..11),
            payload in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let ends = if is_ipv6 { SIX } else { FOUR };
            let [source, destination] = ends;
            let tcp = Crafted::Tcp {
                source_port: ports.0, destination_port: ports.1, seq: numbers.0, ack: numbers.1, flags,
                window: window.0, urgent: window.1, options: options.concat(),
            };
            let udp = Crafted::Udp { source_port: ports.0, destination_port: ports.1 };
            let icmp = Crafted::Icmp { kind, code, id: ports.0, seq: ports.1 };
            for crafted in [&tcp, &udp, &icmp] {
                let message = crafted.encode(source, destination, &payload, false);
                let protocol = crafted.protocol(is_ipv6);
                let packet = framed(ends, protocol, &message);
                prop_assert_eq!(&packet.bad_checksums, &Vec::<&str>::new());
                prop_assert_eq!(&packet.transport, &crafted.layer(is_ipv6, &message));
                let spoilt = framed(ends, protocol, &crafted.encode(source, destination, &payload, true));
                prop_assert_eq!(spoilt.bad_checksums.len(), 1, "{}", spoilt);
            }
            let message = tcp.encode(source, destination, &payload, false);
            let oracle = TcpHeaderSlice::from_slice(&message).unwrap();
            prop_assert_eq!((oracle.source_port(), oracle.destination_port()), ports);
            prop_assert_eq!((oracle.sequence_number(), oracle.acknowledgment_number()), numbers);
            prop_assert_eq!((oracle.window_size(), oracle.urgent_pointer()), window);
            prop_assert_eq!(oracle.options(), options.concat());
            let message = udp.encode(source, destination, &payload, false);
            let oracle = UdpHeaderSlice::from_slice(&message).unwrap();
            prop_assert_eq!(usize::from(oracle.length()), message.len());
            prop_assert!(oracle.checksum() != 0);
        }
    }

    #[test]
    fn flags_have_their_bits() {
        let bits: Vec<u8> = ["fin", "syn", "ack", "cwr"]
            .into_iter()
            .filter_map(tcp_flag)
            .collect();
        assert_eq!(bits, [1, 2, 16, 128]);
        assert_eq!(tcp_flag("SYN"), None);
    }
}
