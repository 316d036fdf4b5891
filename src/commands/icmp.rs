//! ICMP's errors in the words of ping(8), which scripts look for.

use std::borrow::Cow;
use std::io;

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
            ..
        } => v6(*kind, *code, *mtu),
        Trouble::Icmp {
            kind, code, mtu, ..
        } => v4(*kind, *code, *mtu),
        Trouble::Local { errno, mtu } => {
            let why = reason(&io::Error::from_raw_os_error(*errno));
            Cow::Owned(match mtu {
                Some(mtu) => format!("{why}, mtu={mtu}"),
                None => why,
            })
        }
    }
}

fn v4(kind: u8, code: u8, mtu: Option<u32>) -> Cow<'static, str> {
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
        (11, 0) => "Time to live exceeded",
        (11, 1) => "Frag reassembly time exceeded",
        (12, _) => "Parameter problem",
        _ => return Cow::Owned(format!("ICMP type {kind} code {code}")),
    })
}

fn v6(kind: u8, code: u8, mtu: Option<u32>) -> Cow<'static, str> {
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
        (4, 0) => "Parameter problem: Wrong header field",
        (4, 1) => "Parameter problem: Unknown header",
        (4, 2) => "Parameter problem: Unknown option",
        _ => return Cow::Owned(format!("ICMPv6 type {kind} code {code}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_pings() {
        for (is_v6, kind, code, mtu, expected) in [
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
