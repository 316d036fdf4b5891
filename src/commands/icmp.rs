//! ICMP's errors in the words of ping(8), which scripts look for.

use std::borrow::Cow;
use std::io;
use std::net::Ipv4Addr;

use crate::engine::ping::Trouble;
use crate::net::reason;

/// What is wrong, in words.
pub(in crate::commands) fn words(trouble: &Trouble) -> Cow<'static, str> {
    match trouble {
        Trouble::Icmp {
            is_v6: true,
            kind,
            code,
            mtu,
            info,
            ..
        } => v6(*kind, *code, *mtu, *info),
        Trouble::Icmp {
            kind,
            code,
            mtu,
            info,
            ..
        } => v4(*kind, *code, *mtu, *info),
        Trouble::Local { errno, mtu } => {
            let why = reason(&io::Error::from_raw_os_error(*errno));
            Cow::Owned(match mtu {
                Some(mtu) => format!("{why}, mtu={mtu}"),
                None => why,
            })
        }
    }
}

fn v4(kind: u8, code: u8, mtu: Option<u32>, info: u32) -> Cow<'static, str> {
    Cow::Borrowed(match (kind, code) {
        (3, 0) => "Destination Net Unreachable",
        (3, 1) => "Destination Host Unreachable",
        (3, 2) => "Destination Protocol Unreachable",
        (3, 3) => "Destination Port Unreachable",
        (3, 4) => {
            let mtu = mtu.unwrap_or(0);
            return Cow::Owned(format!("Frag needed and DF set (mtu = {mtu})"));
        }
        (3, 5) => "Source Route Failed",
        (3, 6) => "Destination Net Unknown",
        (3, 7) => "Destination Host Unknown",
        (3, 8) => "Source Host Isolated",
        (3, 9) => "Destination Net Prohibited",
        (3, 10) => "Destination Host Prohibited",
        (3, 11) => "Destination Net Unreachable for Type of Service",
        (3, 12) => "Destination Host Unreachable for Type of Service",
        (3, 13) => "Packet filtered",
        (3, 14) => "Precedence Violation",
        (3, 15) => "Precedence Cutoff",
        (4, _) => "Source Quench",
        (5, 0..=3) => {
            let what = match code {
                0 => "Network",
                1 => "Host",
                2 => "Type of Service and Network",
                _ => "Type of Service and Host",
            };
            let next = Ipv4Addr::from_bits(info);
            return Cow::Owned(format!("Redirect {what}(New nexthop: {next})"));
        }
        (11, 0) => "Time to live exceeded",
        (11, 1) => "Frag reassembly time exceeded",
        (12, _) => return Cow::Owned(format!("Parameter problem: pointer = {info}")),
        _ => return Cow::Owned(format!("ICMP type {kind} code {code}")),
    })
}

fn v6(kind: u8, code: u8, mtu: Option<u32>, info: u32) -> Cow<'static, str> {
    Cow::Borrowed(match (kind, code) {
        (1, 0) => "Destination unreachable: No route",
        (1, 1) => "Destination unreachable: Administratively prohibited",
        (1, 2) => "Destination unreachable: Beyond scope of source address",
        (1, 3) => "Destination unreachable: Address unreachable",
        (1, 4) => "Destination unreachable: Port unreachable",
        (1, 5) => "Destination unreachable: Source address failed ingress/egress policy",
        (1, 6) => "Destination unreachable: Reject route to destination",
        (2, _) => {
            let mtu = mtu.unwrap_or(0);
            return Cow::Owned(format!("Packet too big: mtu={mtu}"));
        }
        (3, 0) => "Time exceeded: Hop limit",
        (3, 1) => "Time exceeded: Defragmentation failure",
        (4, 0..=2) => {
            let what = match code {
                0 => "Wrong header field",
                1 => "Unknown header",
                _ => "Unknown option",
            };
            return Cow::Owned(format!("Parameter problem: {what} at {info}"));
        }
        _ => return Cow::Owned(format!("ICMPv6 type {kind} code {code}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_pings() {
        let next = 0x0a63_0102;
        for (is_v6, kind, code, mtu, expected) in [
            (false, 5, 1, None, "Redirect Host(New nexthop: 10.99.1.2)"),
            (false, 12, 0, None, "Parameter problem: pointer = 174260482"),
            (false, 3, 1, None, "Destination Host Unreachable"),
            (
                false,
                3,
                4,
                Some(1400),
                "Frag needed and DF set (mtu = 1400)",
            ),
            (false, 3, 13, None, "Packet filtered"),
            (false, 255, 255, None, "ICMP type 255 code 255"),
            (true, 3, 0, None, "Time exceeded: Hop limit"),
            (true, 2, 0, Some(1280), "Packet too big: mtu=1280"),
            (true, 9, 9, None, "ICMPv6 type 9 code 9"),
        ] {
            let from = None;
            let trouble = Trouble::Icmp {
                from,
                is_v6,
                kind,
                code,
                mtu,
                info: next,
            };
            assert_eq!(words(&trouble), expected);
        }
        let local = Trouble::Local {
            errno: libc::EMSGSIZE,
            mtu: Some(1400),
        };
        assert_eq!(words(&local), "message too long (EMSGSIZE), mtu=1400");
    }
}
