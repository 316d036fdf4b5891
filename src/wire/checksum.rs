//! The Internet checksum, RFC 1071, alone and with the pseudo-header that TCP, UDP and ICMPv6 put before it.

use std::net::IpAddr;

/// The complement of the sum of 16-bit words in ones' complement arithmetic.
pub(super) fn checksum(bytes: &[u8]) -> u16 {
    fold(sum(bytes))
}

/// The checksum of a whole TCP segment, UDP datagram or ICMPv6 message between these two, RFC 9293 and RFC 8200: 0 where the
/// one that it carries is right, and the one to put in where that is 0.
pub fn checksum_between(source: IpAddr, destination: IpAddr, protocol: u8, bytes: &[u8]) -> u16 {
    let address = |address: IpAddr| match address {
        IpAddr::V4(v4) => sum(&v4.octets()),
        IpAddr::V6(v6) => sum(&v6.octets()),
    };
    let header = address(source) + address(destination) + u64::from(protocol);
    fold(header + bytes.len() as u64 + sum(bytes))
}

fn sum(bytes: &[u8]) -> u64 {
    let (words, odd) = bytes.as_chunks::<2>();
    let words = words
        .iter()
        .map(|word| u64::from(u16::from_be_bytes(*word)));
    // An odd byte counts as the upper half of a word.
    let odd = odd.first().map_or(0, |last| u64::from(*last) << 8);
    words.sum::<u64>() + odd
}

fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use etherparse::{PacketBuilder, TcpHeaderSlice, UdpHeaderSlice};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_odd_byte_is_half_a_word() {
        assert_eq!(checksum(&[0xff]), 0x00ff);
        assert_eq!(checksum(&[]), 0xffff);
    }

    proptest! {
        #[test]
        fn it_is_the_one_that_etherparse_computes(from: [u8; 4], to: [u8; 4], ports: (u16, u16), payload: Vec<u8>) {
            let mut bytes = Vec::new();
            let packet = PacketBuilder::ipv4(from, to, 9).udp(ports.0, ports.1);
            packet.write(&mut bytes, &payload).unwrap();
            prop_assert!(UdpHeaderSlice::from_slice(&bytes[20..]).is_ok());
            prop_assert_eq!(checksum(&bytes[..20]), 0);
            prop_assert_eq!(checksum_between(from.into(), to.into(), 17, &bytes[20..]), 0);
        }

        #[test]
        fn it_is_so_over_ipv6(from: [u8; 16], to: [u8; 16], ports: (u16, u16), payload: Vec<u8>) {
            let mut bytes = Vec::new();
            let packet = PacketBuilder::ipv6(from, to, 9).tcp(ports.0, ports.1, 1, 2);
            packet.write(&mut bytes, &payload).unwrap();
            prop_assert!(TcpHeaderSlice::from_slice(&bytes[40..]).is_ok());
            prop_assert_eq!(checksum_between(from.into(), to.into(), 6, &bytes[40..]), 0);
        }
    }
}
