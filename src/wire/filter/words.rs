//! The words for protocols that a filter knows, and the numbers behind them.

use super::{Filter, Test};

pub(super) const ICMP: u8 = 1;
pub(super) const TCP: u8 = 6;
pub(super) const UDP: u8 = 17;
pub(super) const ICMPV6: u8 = 58;
pub(super) const SCTP: u8 = 132;
pub(super) const IPV4: u16 = 0x0800;
pub(super) const ARP: u16 = 0x0806;
pub(super) const IPV6: u16 = 0x86dd;

/// What a word says alone; `None` when it is none for a protocol.
pub(super) fn protocol(word: &str) -> Option<Filter> {
    Some(match word {
        "ip" => Filter::Is(Test::EtherType(IPV4)),
        "ip6" => Filter::Is(Test::EtherType(IPV6)),
        "arp" => Filter::Is(Test::EtherType(ARP)),
        "tcp" => Filter::protocol(TCP),
        "udp" => Filter::protocol(UDP),
        "sctp" => Filter::protocol(SCTP),
        "icmp" => Filter::protocol(ICMP),
        "icmp6" => Filter::protocol(ICMPV6),
        "igmp" => Filter::Is(Test::Inside(Some(2), None)),
        "esp" => Filter::protocol(50),
        "ah" => Filter::protocol(51),
        _ => return None,
    })
}

/// The number of a protocol that has ports.
pub(super) fn ported(word: &str) -> Option<u8> {
    match word {
        "tcp" => Some(TCP),
        "udp" => Some(UDP),
        "sctp" => Some(SCTP),
        _ => None,
    }
}
