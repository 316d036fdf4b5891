//! A block of addresses in one word, RFC 4632 section 3.1: `192.0.2.0/24` is every host of it, as fping(8) has it with -g.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::output::Usage;

/// How many addresses a word may stand for.
const MOST: u32 = 1 << 16;

/// The hosts of the block that a word stands for; `None` where it is no block.
pub(super) fn hosts(word: &str) -> Option<Result<Vec<IpAddr>, Usage>> {
    let (address, length) = word.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    Some(expand(address, length))
}

fn expand(address: IpAddr, length: &str) -> Result<Vec<IpAddr>, Usage> {
    let width: u32 = if address.is_ipv6() { 128 } else { 32 };
    let typed = length.parse::<u32>().ok();
    let Some(free) = typed.and_then(|length| width.checked_sub(length)) else {
        let why = format!("`/{length}` is no length of a prefix");
        return Err(Usage::new(why, format!("{address}/{}", width - 2)));
    };
    let count = 1_u32.checked_shl(free).filter(|count| *count <= MOST);
    let Some(count) = count else {
        let why = format!("{address}/{length} has more than {MOST} addresses");
        let longest = width - MOST.ilog2();
        return Err(Usage::new(
            why,
            format!("a part of it: {address}/{longest}"),
        ));
    };
    let last = count - 1;
    let all = 0..=last;
    Ok(match address {
        IpAddr::V4(address) => {
            let network = address.to_bits() & !last;
            // The first address is the network's own and the last one is everybody's, but for RFC 3021.
            let hosts = if count > 2 { 1..=last - 1 } else { all };
            let host = |host| Ipv4Addr::from_bits(network | host).into();
            hosts.map(host).collect()
        }
        IpAddr::V6(address) => {
            let network = address.to_bits() & !u128::from(last);
            let host = |host: u32| Ipv6Addr::from_bits(network | u128::from(host)).into();
            all.map(host).collect()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_its_hosts() {
        for (word, expected) in [
            ("192.0.2.0/30", "192.0.2.1 192.0.2.2"),
            ("192.0.2.3/30", "192.0.2.1 192.0.2.2"),
            ("192.0.2.3/31", "192.0.2.2 192.0.2.3"),
            ("192.0.2.3/32", "192.0.2.3"),
            ("255.255.255.255/30", "255.255.255.253 255.255.255.254"),
            ("2001:db8::5/127", "2001:db8::4 2001:db8::5"),
            ("::/128", "::"),
        ] {
            let found = hosts(word).unwrap().unwrap();
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            assert_eq!(found.join(" "), expected, "{word}");
        }
        for (word, count) in [("10.1.2.3/16", 65534), ("fd00::/112", 65536)] {
            assert_eq!(hosts(word).unwrap().unwrap().len(), count, "{word}");
        }
    }

    #[test]
    fn what_is_no_block_or_too_large() {
        for word in ["192.0.2.1", "host/24", "/24", "/tmp/x", "192.0.2/24", ""] {
            assert!(hosts(word).is_none(), "{word}");
        }
        for word in [
            "192.0.2.0/33",
            "192.0.2.0/",
            "192.0.2.0/-1",
            "192.0.2.0/x",
            "192.0.2.0/4294967297",
            "192.0.2.0/24/24",
            "192.0.2.0/15",
            "0.0.0.0/0",
            "::/129",
            "::/111",
            "::/0",
        ] {
            assert!(hosts(word).unwrap().is_err(), "{word}");
        }
    }
}
