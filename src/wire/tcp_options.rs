//! TCP's options, in tcpdump's words: RFC 9293 section 3.1, RFC 7323, RFC 2018, and those that IANA lists besides.

use std::fmt::Write;

/// How many bytes of options a header has room for, whose length counts in words of four to 15.
const MOST: usize = 40;
const FORMS: &str =
    "options are mss=N, wscale=N, sackok, ts=VAL[:ECR], nop, eol or KIND=HEX with commas";

/// The options in the rest of a TCP header, as `mss 1460`; what is cut short or lies about its length ends them.
pub(super) fn words(bytes: &[u8]) -> Vec<String> {
    let (mut rest, mut words) = (bytes, Vec::new());
    while let [kind, after @ ..] = rest {
        match kind {
            0 => {
                words.push("eol".to_owned());
                break;
            }
            1 => {
                words.push("nop".to_owned());
                rest = after;
                continue;
            }
            _ => {}
        }
        let length = after.first().map_or(0, |length| usize::from(*length));
        let Some(value) = rest.get(2..length) else {
            words.push("[bad opt]".to_owned());
            break;
        };
        words.push(word(*kind, value));
        rest = rest.get(length..).unwrap_or_default();
    }
    words
}

/// Options from words, as `mss=1460,sackok,ts=1:0,nop,wscale=7`, filled up with zeros to whole words of the header. The error
/// says what they may be.
pub fn tcp_options(words: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    for word in words.to_ascii_lowercase().split(',') {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word, None),
        };
        bytes.extend(encoded(name, value).ok_or(FORMS)?);
    }
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    if bytes.len() > MOST {
        return Err(format!(
            "TCP's options have at most {MOST} bytes, these have {}",
            bytes.len()
        ));
    }
    Ok(bytes)
}

fn encoded(name: &str, value: Option<&str>) -> Option<Vec<u8>> {
    let (kind, value) = match (name, value) {
        ("eol", None) => return Some(vec![0]),
        ("nop", None) => return Some(vec![1]),
        ("mss", Some(size)) => (2, size.parse::<u16>().ok()?.to_be_bytes().to_vec()),
        ("wscale", Some(shift)) => (3, vec![shift.parse().ok()?]),
        ("sackok", None) => (4, Vec::new()),
        ("ts", Some(times)) => {
            let (sent, echoed) = times.split_once(':').unwrap_or((times, "0"));
            let (sent, echoed) = (sent.parse::<u32>().ok()?, echoed.parse::<u32>().ok()?);
            (8, [sent.to_be_bytes(), echoed.to_be_bytes()].concat())
        }
        (kind, value) => (kind.parse().ok()?, hex::decode(value.unwrap_or("")).ok()?),
    };
    let length = u8::try_from(value.len() + 2).ok()?;
    Some([&[kind, length], value.as_slice()].concat())
}

fn word(kind: u8, value: &[u8]) -> String {
    match (kind, value) {
        (2, [a, b]) => format!("mss {}", u16::from_be_bytes([*a, *b])),
        (3, [shift]) => format!("wscale {shift}"),
        (4, []) => "sackOK".to_owned(),
        (5, blocks) if !blocks.is_empty() && blocks.len() % 8 == 0 => sack(blocks),
        (8, [a, b, c, d, e, f, g, h]) => {
            let sent = u32::from_be_bytes([*a, *b, *c, *d]);
            let echoed = u32::from_be_bytes([*e, *f, *g, *h]);
            format!("TS val {sent} ecr {echoed}")
        }
        (19, digest) if digest.len() == 16 => format!("md5 {}", hex::encode(digest)),
        (28, [a, b]) => format!("uto 0x{a:02x}{b:02x}"),
        (29, _) => valued("tcp-ao", value),
        (30, [subtype, ..]) => format!("mptcp {} {}", value.len() + 2, mptcp(subtype >> 4)),
        (34, []) => "tfo cookiereq".to_owned(),
        (34, cookie) => format!("tfo cookie {}", hex::encode(cookie)),
        (253 | 254, [a, b, rest @ ..]) => valued(&format!("exp-{a:02x}{b:02x}"), rest),
        _ => valued(&format!("unknown-{kind}"), value),
    }
}

fn sack(bytes: &[u8]) -> String {
    let (blocks, _) = bytes.as_chunks::<8>();
    let mut word = format!("sack {} ", blocks.len());
    for [a, b, c, d, e, f, g, h] in blocks {
        let left = u32::from_be_bytes([*a, *b, *c, *d]);
        let right = u32::from_be_bytes([*e, *f, *g, *h]);
        // Writing to a string does not fail.
        let _ = write!(word, "{{{left}:{right}}}");
    }
    word
}

fn valued(word: &str, value: &[u8]) -> String {
    match value {
        [] => word.to_owned(),
        value => format!("{word} 0x{}", hex::encode(value)),
    }
}

/// RFC 8684, section 8.
fn mptcp(subtype: u8) -> &'static str {
    const NAMES: [&str; 9] = [
        "capable",
        "join",
        "dss",
        "add-addr",
        "rem-addr",
        "prio",
        "fail",
        "fast-close",
        "rst",
    ];
    NAMES
        .get(usize::from(subtype))
        .copied()
        .unwrap_or("unknown")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn options_read_as_tcpdump_has_them() {
        for (hex, shown) in [
            ("", ""),
            ("020405b4", "mss 1460"),
            ("0101", "nop,nop"),
            ("00020405b4", "eol"),
            ("0402080a0000000100000002", "sackOK,TS val 1 ecr 2"),
            ("030307", "wscale 7"),
            ("050a0000000100000002", "sack 1 {1:2}"),
            ("22021e0201f0", "tfo cookiereq,unknown-30,nop,[bad opt]"),
            ("2206a1b2c3d4", "tfo cookie a1b2c3d4"),
            ("1e040181", "mptcp 4 capable"),
            ("fe04f989", "exp-f989"),
            ("4803ff", "unknown-72 0xff"),
            // Too short for their kind: shown, not believed.
            ("02020101", "unknown-2,nop,nop"),
            ("0503ff", "unknown-5 0xff"),
            // Lengths that lie.
            ("0200", "[bad opt]"),
            ("0201", "[bad opt]"),
            ("0205aabb", "[bad opt]"),
            ("08", "[bad opt]"),
        ] {
            let bytes = hex::decode(hex).unwrap();
            assert_eq!(words(&bytes).join(","), shown, "{hex}");
        }
    }

    #[test]
    fn options_are_what_they_are_read_as() {
        for (typed, hex) in [
            ("mss=1460", "020405b4"),
            (
                "MSS=1460,SACKOK,ts=1:2,nop,wscale=7",
                "020405b40402080a000000010000000201030307",
            ),
            ("ts=5", "080a00000005000000000000"),
            ("nop,eol", "01000000"),
            ("34,254=F989", "2202fe04f9890000"),
            (
                "254=0000000000000000000000000000000000000000000000000000000000000000000000000000",
                &format!("fe28{}", "00".repeat(38)),
            ),
        ] {
            assert_eq!(
                tcp_options(typed).map(hex::encode).as_deref(),
                Ok(hex),
                "{typed}"
            );
        }
        for refused in [
            "",
            "mss",
            "mss=65536",
            "wscale=256",
            "sackok=1",
            "ts=1:x",
            "nop=1",
            "nop,",
            "256=00",
            "5=0",
            "x=00",
        ] {
            assert_eq!(tcp_options(refused).unwrap_err(), FORMS, "{refused}");
        }
        let long = format!("nop,254={}", "00".repeat(38));
        assert!(
            tcp_options(&long)
                .unwrap_err()
                .ends_with("at most 40 bytes, these have 44")
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_options(bytes: Vec<u8>) {
            prop_assert!(words(&bytes).len() <= bytes.len());
        }
    }
}
