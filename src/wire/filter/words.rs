//! The words for protocols that a filter knows, and the numbers behind them.

use std::net::IpAddr;

use super::{Filter, Test};

/// Who knows the names that are no words of the language.
pub trait Names {
    /// The port of a service, for the protocol with this number in IP; `None` where it has none.
    fn port(&self, service: &str, protocol: u8) -> Option<u16>;

    /// The addresses of a host; the error says why there are none.
    fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, String>;
}

pub(super) const ICMP: u8 = 1;
pub(super) const IGMP: u8 = 2;
pub(super) const TCP: u8 = 6;
pub(super) const UDP: u8 = 17;
pub(super) const ICMPV6: u8 = 58;
pub(super) const SCTP: u8 = 132;
pub(super) const IPV4: u16 = 0x0800;
pub(super) const ARP: u16 = 0x0806;
pub(super) const RARP: u16 = 0x8035;
pub(super) const IPV6: u16 = 0x86dd;

/// What a word says alone; `None` when it is none for a protocol.
pub(super) fn protocol(word: &str) -> Option<Filter> {
    match ethertype(word) {
        Some(ethertype) => Some(Filter::Is(Test::EtherType(ethertype))),
        None => number(word).map(Filter::protocol),
    }
}

/// What a link says that it carries.
pub(super) fn ethertype(word: &str) -> Option<u16> {
    Some(match word {
        "ip" => IPV4,
        "ip6" => IPV6,
        "arp" => ARP,
        "rarp" => RARP,
        _ => return None,
    })
}

/// The number of a protocol inside IP.
pub(super) fn number(word: &str) -> Option<u8> {
    Some(match word {
        "icmp" => ICMP,
        "igmp" => IGMP,
        "tcp" => TCP,
        "udp" => UDP,
        "esp" => 50,
        "ah" => 51,
        "icmp6" => ICMPV6,
        "sctp" => SCTP,
        _ => return None,
    })
}

/// The number of a protocol that has ports.
pub(super) fn ported(word: &str) -> Option<u8> {
    number(word).filter(|number| matches!(*number, TCP | UDP | SCTP))
}

/// Knows a few services and one host.
#[cfg(test)]
pub(super) struct Few;

#[cfg(test)]
impl Names for Few {
    fn port(&self, service: &str, protocol: u8) -> Option<u16> {
        match (service, protocol) {
            ("domain", TCP | UDP) => Some(53),
            ("http", TCP) => Some(80),
            ("shell", TCP) | ("syslog", UDP) => Some(514),
            ("moved", TCP) => Some(1),
            ("moved", UDP) => Some(2),
            _ => None,
        }
    }

    fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, String> {
        match host {
            "here" => Ok(vec![
                [127, 0, 0, 1].into(),
                std::net::Ipv6Addr::LOCALHOST.into(),
            ]),
            _ => Err("not known".to_owned()),
        }
    }
}
