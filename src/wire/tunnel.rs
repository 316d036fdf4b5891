//! Packets inside packets: IP in IP, RFC 2003 and RFC 4213, and GRE, RFC 2784 and RFC 2890.

use etherparse::IpNumber;

use super::packet::Packet;

/// Generic Routing Encapsulation.
pub(super) const GRE: u8 = IpNumber::GRE.0;
const IPV4: u8 = IpNumber::IPV4.0;
const IPV6: u8 = IpNumber::IPV6.0;

/// The packet that these bytes carry, where the protocol is a tunnel's; `None` where it carries something else.
pub(super) fn inside(protocol: u8, bytes: &[u8]) -> Option<Packet> {
    match protocol {
        IPV4 => Packet::quoted_v4(bytes),
        IPV6 => Packet::quoted_v6(bytes),
        GRE => in_gre(bytes),
        _ => None,
    }
}

/// A checksum, a key and a sequence number may stand in between, and no version but the first.
fn in_gre(bytes: &[u8]) -> Option<Packet> {
    let [a, b, c, d] = *bytes.first_chunk()?;
    let flags = u16::from_be_bytes([a, b]);
    if flags & 0x4fff != 0 {
        return None;
    }
    let options = [0x8000, 0x2000, 0x1000].map(|flag| usize::from(flags & flag != 0));
    let start = 4 + 4 * options.iter().sum::<usize>();
    let packet = bytes.get(start..)?;
    match u16::from_be_bytes([c, d]) {
        0x0800 => Packet::quoted_v4(packet),
        0x86dd => Packet::quoted_v6(packet),
        _ => None,
    }
}
