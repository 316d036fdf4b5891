//! Networks by address and prefix length (CIDR, RFC 4632): who belongs to one.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A network, or a single address where all of its bits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    ip: IpAddr,
    prefix: u8,
}

impl Network {
    /// `192.0.2.0/24`, `2001:db8::/32`, or an address alone; `None` for anything else. An IPv4-mapped one is the IPv4
    /// network that it stands for.
    pub fn parse(word: &str) -> Option<Self> {
        let (address, prefix) = match word.split_once('/') {
            Some((address, prefix)) => (address, Some(digits(prefix)?)),
            None => (word, None),
        };
        let ip: IpAddr = address.parse().ok()?;
        let whole = bits(ip);
        let prefix = prefix.unwrap_or(whole);
        if prefix > whole {
            return None;
        }
        Some(Self { ip, prefix }.unmapped())
    }

    /// Whether an address belongs to it. An IPv4-mapped one (`::ffff:192.0.2.1`) is an IPv4 address.
    pub fn contains(&self, ip: IpAddr) -> bool {
        match (self.ip, ip.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(ip)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix));
                (own.to_bits() ^ ip.to_bits()) & mask.unwrap_or(0) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(ip)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix));
                (own.to_bits() ^ ip.to_bits()) & mask.unwrap_or(0) == 0
            }
            _ => false,
        }
    }

    fn unmapped(self) -> Self {
        match self.ip {
            IpAddr::V6(v6) if self.prefix >= MAPPED => match v6.to_ipv4_mapped() {
                Some(v4) => Self {
                    ip: IpAddr::V4(v4),
                    prefix: self.prefix - MAPPED,
                },
                None => self,
            },
            _ => self,
        }
    }
}

/// How many bits of an IPv4-mapped address stand before the IPv4 address, RFC 4291, section 2.5.5.2.
const MAPPED: u8 = 96;

impl From<IpAddr> for Network {
    fn from(ip: IpAddr) -> Self {
        let ip = ip.to_canonical();
        Self {
            ip,
            prefix: bits(ip),
        }
    }
}

fn bits(ip: IpAddr) -> u8 {
    match ip {
        IpAddr::V4(_) => u8::try_from(Ipv4Addr::BITS).unwrap_or(u8::MAX),
        IpAddr::V6(_) => u8::try_from(Ipv6Addr::BITS).unwrap_or(u8::MAX),
    }
}

/// A number without a sign.
fn digits(word: &str) -> Option<u8> {
    word.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| word.parse().ok())?
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.ip, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_network() {
        for word in [
            "",
            "/",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "10.0.0.0/-1",
            "10.0.0.0/8/8",
            "10.0.0",
            "::/129",
            "::/999",
            "localhost",
            "[::1]",
            "10.0.0.0/255.0.0.0",
            " 10.0.0.1",
        ] {
            assert_eq!(Network::parse(word), None, "{word:?}");
        }
    }

    #[test]
    fn who_belongs_to_it() {
        for (network, ip, belongs) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.9.9.9/8", "10.0.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.0/8", "::ffff:10.1.2.3", true),
            ("::ffff:10.0.0.0/104", "10.1.2.3", true),
            ("0.0.0.0/0", "255.255.255.255", true),
            ("0.0.0.0/0", "::1", false),
            ("::/0", "::1", true),
            ("::/0", "10.0.0.1", false),
            ("::/0", "::ffff:10.0.0.1", false),
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("192.0.2.1/32", "192.0.2.1", true),
            ("192.0.2.2/31", "192.0.2.3", true),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/33", "2001:db8:8000::1", false),
            ("2001:db8::1", "2001:db8::1", true),
        ] {
            let parsed = Network::parse(network).unwrap();
            let ip = ip.parse().unwrap();
            assert_eq!(parsed.contains(ip), belongs, "{network} {ip}");
        }
    }
}
