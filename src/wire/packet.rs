//! A packet: its IP header and what is inside, in one line as tcpdump has it, and as JSON layers.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use serde::Serialize;

use super::checksum::{checksum, checksum_between};
use super::extension;
use super::ip::{Ipv4, Ipv6, Malformed};
use super::transport::Transport;

/// A packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Packet {
    /// The IP header.
    #[serde(flatten)]
    pub network: Network,
    /// What is inside.
    #[serde(flatten)]
    pub transport: Transport,
    /// How many bytes of the payload are there, where it is fewer than the header claims.
    #[serde(rename = "captured", skip_serializing_if = "Option::is_none")]
    pub truncated: Option<usize>,
    /// The layers whose checksum is wrong, as `tcp`; none where checksums are not looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bad_checksums: Vec<&'static str>,
}

/// The layer that carries a packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Network {
    /// IPv4.
    Ip(Ipv4),
    /// IPv6.
    Ip6(Ipv6),
}

/// How closely a packet is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    /// Not into what an error quotes.
    Shallow,
    /// Into everything.
    Deep,
    /// At checksums too.
    Strict,
}

impl Packet {
    /// What a raw IPv4 socket delivers: header and payload.
    pub fn ipv4(bytes: &[u8]) -> Result<Self, Malformed> {
        Self::decode_v4(bytes, Look::Deep)
    }

    /// What a raw IPv6 socket delivers: what follows the header, whose addresses the kernel tells apart from it.
    pub fn ipv6_payload(
        protocol: u8,
        source: Ipv6Addr,
        destination: Ipv6Addr,
        payload: &[u8],
    ) -> Self {
        let header = Ipv6 {
            source,
            destination,
            protocol,
            hop_limit: None,
            length: payload.len(),
            extensions: Vec::new(),
        };
        Self::decode_v6(header, payload, Look::Deep)
    }

    /// What a link delivers; `check` is whether checksums are to be right already.
    pub(super) fn whole_v4(bytes: &[u8], check: bool) -> Result<Self, Malformed> {
        Self::decode_v4(bytes, if check { Look::Strict } else { Look::Deep })
    }

    /// What a link delivers; `check` is whether checksums are to be right already.
    pub(super) fn whole_v6(bytes: &[u8], check: bool) -> Result<Self, Malformed> {
        let (header, payload) = Ipv6::split(bytes)?;
        let look = if check { Look::Strict } else { Look::Deep };
        Ok(Self::decode_v6(header, payload, look))
    }

    /// The packet that an ICMP error is about; an error about an error is not followed further.
    pub(super) fn quoted_v4(bytes: &[u8]) -> Option<Self> {
        Self::decode_v4(bytes, Look::Shallow).ok()
    }

    /// The packet that an ICMPv6 error is about; an error about an error is not followed further.
    pub(super) fn quoted_v6(bytes: &[u8]) -> Option<Self> {
        let (header, payload) = Ipv6::split(bytes).ok()?;
        Some(Self::decode_v6(header, payload, Look::Shallow))
    }

    fn decode_v4(bytes: &[u8], look: Look) -> Result<Self, Malformed> {
        let (header, payload) = Ipv4::split(bytes)?;
        let captured = bytes.len().min(header.length);
        let claimed = payload.len() + (header.length - captured);
        let protocol = header.protocol;
        let transport = if header.offset > 0 {
            Transport::Fragment {
                protocol,
                offset: header.offset,
                length: claimed,
            }
        } else {
            Transport::decode(protocol, payload, claimed, look != Look::Shallow)
        };
        let is_whole = !header.more_fragments && header.offset == 0;
        let mut packet = Self {
            network: Network::Ip(header),
            transport,
            truncated: cut(payload, claimed, look),
            bad_checksums: Vec::new(),
        };
        if look == Look::Strict {
            let start = captured.saturating_sub(payload.len());
            if checksum(bytes.get(..start).unwrap_or_default()) != 0 {
                packet.bad_checksums.push("ip");
            }
            packet.check(protocol, payload, is_whole);
        }
        Ok(packet)
    }

    fn decode_v6(mut header: Ipv6, payload: &[u8], look: Look) -> Self {
        let truncated = cut(payload, header.length, look);
        let missing = header.length.saturating_sub(payload.len());
        let chain = extension::follow(header.protocol, payload);
        let (protocol, length) = (chain.protocol, chain.rest.len() + missing);
        let transport = match chain.fragment {
            Some((offset @ 1.., _)) => Transport::Fragment {
                protocol,
                offset,
                length,
            },
            _ => Transport::decode(protocol, chain.rest, length, look != Look::Shallow),
        };
        header.protocol = protocol;
        header.extensions = chain.words;
        let mut packet = Self {
            transport,
            network: Network::Ip6(header),
            truncated,
            bad_checksums: Vec::new(),
        };
        if look == Look::Strict {
            packet.check(protocol, chain.rest, chain.fragment.is_none());
        }
        packet
    }

    /// Look at the transport's checksum, where all that it is about is here.
    fn check(&mut self, protocol: u8, payload: &[u8], is_whole: bool) {
        let (source, destination) = self.network.addresses();
        if !is_whole || self.truncated.is_some() || self.network.is_routed() {
            return;
        }
        let between = |bytes| checksum_between(source, destination, protocol, bytes);
        let (name, sum) = match &self.transport {
            Transport::Tcp(_) => ("tcp", between(payload)),
            // Over IPv4 a sender may leave it out, RFC 768.
            Transport::Udp(_) if payload.get(6..8) == Some(&[0, 0]) && source.is_ipv4() => return,
            Transport::Udp(datagram) => match payload.get(..datagram.length + 8) {
                Some(bytes) => ("udp", between(bytes)),
                None => return,
            },
            Transport::Icmp(_) => ("icmp", checksum(payload)),
            Transport::Icmp6(_) => ("icmp6", between(payload)),
            _ => return,
        };
        if sum != 0 {
            self.bad_checksums.push(name);
        }
    }
}

/// How much of the payload is there, where it is less than is claimed. An error quotes 8 bytes as a rule, RFC 792.
fn cut(payload: &[u8], claimed: usize, look: Look) -> Option<usize> {
    let is_quoted = look == Look::Shallow && payload.len() >= 8;
    (payload.len() < claimed && !is_quoted).then_some(payload.len())
}

impl Network {
    /// The sender and the receiver.
    fn addresses(&self) -> (IpAddr, IpAddr) {
        match self {
            Self::Ip(header) => (header.source.into(), header.destination.into()),
            Self::Ip6(header) => (header.source.into(), header.destination.into()),
        }
    }

    /// Whether the receiver may not be the one that the checksum is about, RFC 8200 section 8.1.
    fn is_routed(&self) -> bool {
        match self {
            Self::Ip(_) => false,
            Self::Ip6(header) => header.extensions.contains(&"RT"),
        }
    }
}

impl fmt::Display for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.network {
            Network::Ip(_) => "IP",
            Network::Ip6(_) => "IP6",
        };
        let (source, destination) = self.network.addresses();
        match self.transport.ports() {
            Some((from, to)) => write!(f, "{word} {source}.{from} > {destination}.{to}")?,
            None => write!(f, "{word} {source} > {destination}")?,
        }
        f.write_str(": ")?;
        if let Network::Ip6(header) = &self.network {
            for word in &header.extensions {
                write!(f, "{word} ")?;
            }
        }
        self.transport.fmt(f)?;
        for layer in &self.bad_checksums {
            write!(f, " (bad {layer} checksum)")?;
        }
        match self.truncated {
            Some(captured) => write!(f, " (truncated, {captured} bytes of payload are there)"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An IPv4 packet from 127.0.0.1 to 127.0.0.2 around `payload`, given in hex.
    fn packet(protocol: u8, payload: &str) -> Vec<u8> {
        let payload = hex::decode(payload).unwrap();
        let length = u16::try_from(20 + payload.len()).unwrap().to_be_bytes();
        let mut bytes = vec![0x45, 0, length[0], length[1], 0x12, 0x34, 0x40, 0];
        bytes.extend([64, protocol, 0, 0, 127, 0, 0, 1, 127, 0, 0, 2]);
        bytes.extend(payload);
        bytes
    }

    fn shown(bytes: &[u8]) -> String {
        match Packet::ipv4(bytes) {
            Ok(packet) => packet.to_string(),
            Err(malformed) => malformed.to_string(),
        }
    }

    fn shown_v6(protocol: u8, payload: &str) -> String {
        let local = Ipv6Addr::LOCALHOST;
        let payload = hex::decode(payload).unwrap();
        Packet::ipv6_payload(protocol, local, local, &payload).to_string()
    }

    #[test]
    fn a_line_reads_as_tcpdump_has_it() {
        let udp = packet(17, "9c4000090009000078");
        let unreachable = format!("0303000000000000{}", hex::encode(&udp));
        let too_big = format!("03040000000005dc{}", hex::encode(&udp[..28]));
        for (protocol, payload, line) in [
            (
                1,
                "0800f7fd00010001",
                "ICMP echo request, id 1, seq 1, length 8",
            ),
            (
                1,
                "0000fffd00010001ff",
                "ICMP echo reply, id 1, seq 1, length 9",
            ),
            (
                1,
                &unreachable,
                "ICMP port unreachable, about IP 127.0.0.1.40000 > 127.0.0.2.9: UDP, length 1; length 37",
            ),
            (
                1,
                &too_big,
                "ICMP fragmentation needed, mtu 1500, about IP 127.0.0.1.40000 > 127.0.0.2.9: UDP, length 1; length 36",
            ),
            (
                1,
                "05010000c0000201",
                "ICMP redirect for host, target 192.0.2.1, length 8",
            ),
            (1, "ff07000000000000", "ICMP type 255 code 7, length 8"),
            (1, "08", "ICMP header incomplete, 1 bytes"),
            (1, "", "ICMP header incomplete, 0 bytes"),
            (253, "01020304", "protocol 253, length 4"),
            (47, "00000800", "GRE, length 4"),
            (17, "9c40", "UDP header incomplete, 2 bytes"),
        ] {
            let line = format!("IP 127.0.0.1 > 127.0.0.2: {line}");
            assert_eq!(shown(&packet(protocol, payload)), line);
        }
    }

    #[test]
    fn ports_stand_behind_the_addresses() {
        let syn = "9c40005000000001000000006002ffff00000000020405b4";
        let push = "9c400050000000010000000250180200000000006869";
        for (protocol, payload, line) in [
            (
                6,
                syn,
                "Flags [S], seq 1, win 65535, options [mss 1460], length 0",
            ),
            (6, push, "Flags [P.], seq 1:3, ack 2, win 512, length 2"),
            (6, &push[..8], "TCP header incomplete, 4 bytes"),
            (17, "9c40005000080000", "UDP, length 0"),
            (17, "9c40005000000000", "UDP, length 0"),
        ] {
            let line = format!("IP 127.0.0.1.40000 > 127.0.0.2.80: {line}");
            assert_eq!(shown(&packet(protocol, payload)), line);
        }
    }

    #[test]
    fn ipv6_comes_without_its_header() {
        let neighbor = format!("8700000000000000{}", "20010db8".repeat(4));
        for (protocol, payload, line) in [
            (
                58,
                "8000f7fd00010001",
                "ICMP6, echo request, id 1, seq 1, length 8",
            ),
            (
                58,
                "0200000000000500",
                "ICMP6, packet too big, mtu 1280, length 8",
            ),
            (
                58,
                &neighbor,
                "ICMP6, neighbor solicitation, target 2001:db8:2001:db8:2001:db8:2001:db8, length 24",
            ),
            (58, "", "IPv6-ICMP header incomplete, 0 bytes"),
        ] {
            assert_eq!(
                shown_v6(protocol, payload),
                format!("IP6 ::1 > ::1: {line}")
            );
        }
    }

    #[test]
    fn what_is_missing_is_said() {
        let mut cut = packet(1, "0800f7fd00010001");
        cut[3] = 84;
        assert_eq!(
            shown(&cut),
            "IP 127.0.0.1 > 127.0.0.2: ICMP echo request, id 1, seq 1, length 64 \
             (truncated, 8 bytes of payload are there)"
        );
        let mut fragment = packet(17, "00112233");
        fragment[6..8].copy_from_slice(&[0, 185]);
        assert_eq!(
            shown(&fragment),
            "IP 127.0.0.1 > 127.0.0.2: UDP fragment at 1480, length 4"
        );
        assert_eq!(
            shown(&cut[..12]),
            "malformed packet: IPv4 header truncated, 12 of 20 bytes"
        );
    }

    #[test]
    fn a_tunnel_is_looked_into_once() {
        let inner = hex::encode(packet(17, "9c40005000080000"));
        let inside = "IP 127.0.0.1.40000 > 127.0.0.2.80: UDP, length 0";
        for (protocol, payload, line) in [
            (4, inner.clone(), inside.to_owned()),
            (
                47,
                format!("00000800{inner}"),
                format!("GREv0, length 32: {inside}"),
            ),
            (
                47,
                format!("b0000800{}{inner}", "00".repeat(12)),
                format!("GREv0, length 44: {inside}"),
            ),
            (47, format!("0001880b{inner}"), "GRE, length 32".to_owned()),
            (4, "4500".to_owned(), "IPv4, length 2".to_owned()),
            (
                4,
                hex::encode(packet(4, &inner)),
                "IP 127.0.0.1 > 127.0.0.2: IPv4, length 28".to_owned(),
            ),
        ] {
            let line = format!("IP 127.0.0.1 > 127.0.0.2: {line}");
            assert_eq!(shown(&packet(protocol, &payload)), line);
        }
    }

    #[test]
    fn eight_bytes_of_tcp_are_what_an_error_quotes() {
        let mut quoted = packet(6, "9c40005000000007");
        quoted[3] = 60;
        let exceeded = format!("0b00000000000000{}", hex::encode(&quoted));
        assert_eq!(
            shown(&packet(1, &exceeded)),
            "IP 127.0.0.1 > 127.0.0.2: ICMP time exceeded in-transit, about \
             IP 127.0.0.1.40000 > 127.0.0.2.80: TCP, seq 7; length 36"
        );
    }

    #[test]
    fn layers_are_named_in_json() {
        let unreachable = format!(
            "0303000000000000{}",
            hex::encode(packet(17, "9c4000090008"))
        );
        let json = serde_json::to_value(Packet::ipv4(&packet(1, &unreachable)).unwrap()).unwrap();
        assert_eq!(json["ip"]["source"], "127.0.0.1");
        assert_eq!(json["ip"]["ttl"], 64);
        assert_eq!(json["icmp"]["type"], 3);
        assert_eq!(json["icmp"]["quoted"]["incomplete"]["ports"][1], 9);
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_packet_or_malformed(bytes: Vec<u8>) {
            let _ = shown(&bytes);
        }

        #[test]
        fn any_payload_is_shown(protocol: u8, options in 5_u8..=15, bytes in prop::collection::vec(any::<u8>(), 16..200)) {
            let mut framed = packet(protocol, &hex::encode(&bytes));
            framed[0] = 0x40 | options;
            let line = shown(&framed);
            prop_assert!(!line.is_empty() && !line.contains('\n'));
            let decoded = Packet::ipv6_payload(protocol, Ipv6Addr::LOCALHOST, Ipv6Addr::LOCALHOST, &bytes);
            prop_assert!(serde_json::to_string(&decoded).is_ok());
        }

        #[test]
        fn errors_about_anything_are_shown(kind in 0_u8..14, code: u8, inner: Vec<u8>) {
            let message = [&[kind, code, 0, 0, 0, 0, 0, 0][..], &inner].concat();
            prop_assert!(shown(&packet(1, &hex::encode(&message))).contains("ICMP"));
            prop_assert!(shown_v6(58, &hex::encode(&message)).contains("ICMP6"));
        }
    }
}
