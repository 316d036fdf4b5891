//! What a value is and whose, and the values that may stand there: addresses, networks, ports, protocols.

use std::net::{IpAddr, Ipv4Addr};

use super::parse::{FilterError, refused};
use super::words::{self, Names, TCP, UDP, ported};
use super::{Filter, Side, Test};

/// A number below is no type of what a link carries, but a length: IEEE 802.3.
const LEAST_ETHERTYPE: u16 = 1536;

/// What a value is, and whose: `tcp src port`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Qualifier<'a> {
    pub(super) protocol: Option<&'a str>,
    pub(super) side: Side,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Host,
    Net,
    Port,
    PortRange,
    Proto,
}

impl Qualifier<'_> {
    /// A filter for this value.
    pub(super) fn with(self, value: &str, names: &dyn Names) -> Result<Filter, FilterError> {
        let filter = match self.kind {
            Kind::Host if self.protocol == Some("ether") => {
                let octets = mac(value)?;
                return Ok(Filter::Is(Test::Mac(self.side, octets)));
            }
            Kind::Host => hosts(self.side, value, names)?,
            Kind::Net => Filter::Is(net(self.side, value)?),
            Kind::Port => return self.port(value, names),
            Kind::PortRange => {
                let (first, last) = value.split_once('-').unwrap_or((value, value));
                let (Ok(first), Ok(last)) = (first.parse(), last.parse()) else {
                    return Err(refused(value, "is no range of ports, as 8000-8010"));
                };
                return self.ports(first, last);
            }
            Kind::Proto => return self.proto(value),
        };
        self.of(filter)
    }

    /// A filter for addresses, of a protocol that has them.
    pub(super) fn of(self, filter: Filter) -> Result<Filter, FilterError> {
        let Some(word) = self.protocol else {
            return Ok(filter);
        };
        match words::ethertype(word) {
            Some(ethertype) => Ok(Filter::Is(Test::EtherType(ethertype)).and(filter)),
            None if word == "ether" => Err(refused(word, "has no networks")),
            None => Err(refused(word, "has no hosts: `tcp and host 192.0.2.1`")),
        }
    }

    /// A number, or a service: of TCP where it is one of TCP alone.
    fn port(self, value: &str, names: &dyn Names) -> Result<Filter, FilterError> {
        if let Ok(port) = value.parse::<u16>() {
            return self.ports(port, port);
        }
        let unknown = || refused(value, "is no port, 0 to 65535, and no service");
        // The C library takes any number for a service.
        if !value.contains(|c: char| c.is_ascii_alphabetic()) {
            return Err(unknown());
        }
        let of = |word, protocol| {
            let asked = self.protocol.is_none_or(|asked| asked == word);
            let port = asked.then(|| names.port(value, protocol)).flatten();
            port.map(|port| Filter::Is(Test::Ports(self.side, port, port, Some(protocol))))
        };
        self.ports(0, 0)?;
        match (of("tcp", TCP), of("udp", UDP)) {
            (Some(tcp), Some(udp)) => Ok(tcp.or(udp)),
            (one, other) => one.or(other).ok_or_else(unknown),
        }
    }

    fn ports(self, first: u16, last: u16) -> Result<Filter, FilterError> {
        let protocol = match self.protocol {
            None => None,
            Some(word) => match ported(word) {
                Some(number) => Some(number),
                None => return Err(refused(word, "has no ports")),
            },
        };
        let test = Test::Ports(self.side, first.min(last), first.max(last), protocol);
        Ok(Filter::Is(test))
    }

    fn proto(self, value: &str) -> Result<Filter, FilterError> {
        let name = value.trim_start_matches('\\');
        if self.protocol == Some("ether") {
            let number = value
                .parse()
                .ok()
                .filter(|number| *number >= LEAST_ETHERTYPE);
            let known = number.or_else(|| words::ethertype(name));
            let known = known.map(|ethertype| Filter::Is(Test::EtherType(ethertype)));
            return known.ok_or_else(|| refused(value, "is nothing that a link carries, as arp"));
        }
        let number = value.parse().ok().or_else(|| words::number(name));
        let number = number.ok_or_else(|| refused(value, "is no protocol, 0 to 255"))?;
        let inside = match self.protocol {
            None => (Some(number), Some(number)),
            Some("ip") => (Some(number), None),
            Some("ip6") => (None, Some(number)),
            Some(word) => return Err(refused(word, "has no protocols inside")),
        };
        Ok(Filter::Is(Test::Inside(inside.0, inside.1)))
    }
}

/// The packets of one address.
pub(super) fn host(side: Side, address: IpAddr) -> Filter {
    Filter::Is(Test::Net(side, address, bits(address)))
}

/// An address, or a name and all the addresses that it has.
fn hosts(side: Side, word: &str, names: &dyn Names) -> Result<Filter, FilterError> {
    if let Ok(address) = word.parse() {
        return Ok(host(side, address));
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !word.contains(|c: char| c.is_ascii_alphabetic()) || !word.chars().all(is_name) {
        return Err(refused(word, "is no address and no host"));
    }
    let found = names.addresses(word);
    let found = found.map_err(|why| refused(word, &format!("is no address and no host: {why}")))?;
    Filter::hosts(side, found).ok_or_else(|| refused(word, "has no address"))
}

/// An address, and no name.
pub(super) fn address(word: &str) -> Result<IpAddr, FilterError> {
    word.parse().map_err(|_| {
        let why = "is no address and no word of filters: tcp udp sctp icmp icmp6 igmp esp ah arp rarp ip ip6 ether vlan host net mask port portrange proto broadcast multicast less greater src dst and or not";
        refused(word, why)
    })
}

fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// `192.0.2.0/24`, `fd00::/8`, an address, or as many of an IPv4 address's numbers as the network has.
fn net(side: Side, word: &str) -> Result<Test, FilterError> {
    let (start, length) = match word.split_once('/') {
        Some((start, length)) => (start, Some(length)),
        None => (word, None),
    };
    let (start, whole) = match start.parse() {
        Ok(address) => (address, bits(address)),
        Err(_) => begun(start).ok_or_else(|| refused(word, "is no network, as 192.0.2.0/24"))?,
    };
    let length = length.map_or(Some(whole), |length| length.parse::<u8>().ok());
    let length = length.filter(|length| *length <= bits(start));
    let Some(length) = length else {
        return Err(refused(word, "is no network, as 192.0.2.0/24"));
    };
    let beyond = match start {
        IpAddr::V4(v4) => u128::from(v4.to_bits()) << 96,
        IpAddr::V6(v6) => v6.to_bits(),
    };
    if beyond.checked_shl(length.into()).unwrap_or(0) != 0 {
        return Err(refused(word, "has bits beyond its length"));
    }
    Ok(Test::Net(side, start, length))
}

/// `10.9` is 10.9.0.0, and 16 bits of it are told.
fn begun(word: &str) -> Option<(IpAddr, u8)> {
    let (mut octets, mut length) = ([0; 4], 0);
    for (at, part) in word.split('.').enumerate() {
        *octets.get_mut(at)? = part.parse().ok()?;
        length += 8;
    }
    Some((octets.into(), length))
}

/// A network by its address and the bits that count.
pub(super) fn masked(side: Side, word: &str, mask: &str) -> Result<Test, FilterError> {
    let bits = mask.parse().map(Ipv4Addr::to_bits).ok();
    let bits = bits.filter(|bits| bits.leading_ones() + bits.trailing_zeros() >= 32);
    match bits {
        Some(bits) => {
            let start = begun(word)
                .ok_or_else(|| refused(word, "is no network of IPv4"))?
                .0;
            net(side, &format!("{start}/{}", bits.leading_ones()))
        }
        None => Err(refused(mask, "is no mask of a network, as 255.255.255.0")),
    }
}

fn mac(word: &str) -> Result<[u8; 6], FilterError> {
    let (mut octets, mut parts) = ([0; 6], word.split([':', '-']));
    for octet in &mut octets {
        let part = parts.next().filter(|part| (1..=2).contains(&part.len()));
        let part = part.and_then(|part| u8::from_str_radix(part, 16).ok());
        *octet = part.ok_or_else(|| refused(word, "is no address of an Ethernet"))?;
    }
    match parts.next() {
        None => Ok(octets),
        Some(_) => Err(refused(word, "is no address of an Ethernet")),
    }
}
