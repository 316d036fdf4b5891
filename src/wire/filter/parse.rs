//! The language: a part of pcap-filter(7), with its precedence, where `and` and `or` bind alike, from the left.
//!
//!     filter     = term { ("and" | "or") term }
//!     term       = ("not" | "!") term | "(" filter ")" | primitive
//!     primitive  = [protocol] [side] kind value { "or" value } | protocol | address

use std::fmt;
use std::net::IpAddr;

use super::words::{self, ported};
use super::{Filter, Side, Test};

/// How deep parentheses and negations may go.
const DEPTH: u32 = 64;

/// A filter that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    /// What is wrong with it.
    pub why: String,
}

/// What a value is, and whose: `tcp src port`.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Qualifier<'a> {
    protocol: Option<&'a str>,
    side: Side,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Host,
    Net,
    Port,
    PortRange,
    Proto,
}

struct Parser<'a> {
    words: Vec<&'a str>,
    at: usize,
    /// What a bare value is: as the one before it.
    last: Option<Qualifier<'a>>,
}

pub(super) fn parse(text: &str) -> Result<Filter, FilterError> {
    let mut parser = Parser {
        words: split(text),
        at: 0,
        last: None,
    };
    let filter = parser.filter(0)?;
    match parser.next() {
        None => Ok(filter),
        Some(word) => Err(refused(word, "stands where `and` or `or` belongs")),
    }
}

/// Words are set apart by white space; parentheses and `!` stand for themselves.
fn split(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for mut word in text.split_ascii_whitespace() {
        while let Some(at) = word.find(['(', ')', '!']) {
            let (before, rest) = word.split_at(at);
            let (mark, after) = rest.split_at(1);
            words.extend([before, mark].iter().filter(|part| !part.is_empty()));
            word = after;
        }
        words.extend(Some(word).filter(|word| !word.is_empty()));
    }
    words
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.words.get(self.at).copied()
    }

    fn next(&mut self) -> Option<&'a str> {
        let word = self.peek();
        self.at += usize::from(word.is_some());
        word
    }

    fn filter(&mut self, depth: u32) -> Result<Filter, FilterError> {
        let mut filter = self.term(depth)?;
        loop {
            filter = match self.peek() {
                Some("and" | "&&") => {
                    self.at += 1;
                    filter.and(self.term(depth)?)
                }
                Some("or" | "||") => {
                    self.at += 1;
                    filter.or(self.term(depth)?)
                }
                _ => return Ok(filter),
            };
        }
    }

    fn term(&mut self, depth: u32) -> Result<Filter, FilterError> {
        if depth > DEPTH {
            return Err(error(format!("a filter is at most {DEPTH} levels deep")));
        }
        match self.peek() {
            Some("not" | "!") => {
                self.at += 1;
                Ok(Filter::Not(Box::new(self.term(depth + 1)?)))
            }
            Some("(") => {
                self.at += 1;
                let filter = self.filter(depth + 1)?;
                match self.next() {
                    Some(")") => Ok(filter),
                    _ => Err(error("a `(` without its `)`")),
                }
            }
            _ => self.primitive(),
        }
    }

    fn primitive(&mut self) -> Result<Filter, FilterError> {
        let start = self.at;
        let protocol = self.peek().filter(|word| words::protocol(word).is_some());
        self.at += usize::from(protocol.is_some());
        let side = self.side();
        let kind = match self.peek() {
            Some("host") => Some(Kind::Host),
            Some("net") => Some(Kind::Net),
            Some("port") => Some(Kind::Port),
            Some("portrange") => Some(Kind::PortRange),
            Some("proto") => Some(Kind::Proto),
            _ => None,
        };
        self.at += usize::from(kind.is_some());
        let qualifier = match (kind, side, protocol) {
            (Some(kind), side, protocol) => Qualifier {
                protocol,
                side: side.unwrap_or(Side::Either),
                kind,
            },
            // `src 192.0.2.1` is about a host.
            (None, Some(side), protocol) => Qualifier {
                protocol,
                side,
                kind: Kind::Host,
            },
            (None, None, Some(word)) => {
                self.last = None;
                return words::protocol(word).ok_or_else(|| error("no protocol"));
            }
            (None, None, None) => match (self.last, self.peek()) {
                (Some(last), Some(_)) => last,
                (None, Some(_)) => Qualifier {
                    protocol: None,
                    side: Side::Either,
                    kind: Kind::Host,
                },
                (_, None) => return Err(error("it ends where more is expected")),
            },
        };
        let Some(value) = self.next() else {
            let word = self.words.get(self.at.max(start + 1) - 1).unwrap_or(&"");
            return Err(refused(word, "is followed by nothing"));
        };
        let filter = qualifier.with(value)?;
        self.last = Some(qualifier);
        Ok(filter)
    }

    /// `src`, `dst`, or `src or dst`.
    fn side(&mut self) -> Option<Side> {
        let one = |word: Option<&&str>| match word {
            Some(&"src") => Some(Side::Source),
            Some(&"dst") => Some(Side::Destination),
            _ => None,
        };
        let first = one(self.words.get(self.at))?;
        let second = one(self.words.get(self.at + 2));
        let both =
            self.words.get(self.at + 1) == Some(&"or") && second.is_some_and(|side| side != first);
        self.at += if both { 3 } else { 1 };
        Some(if both { Side::Either } else { first })
    }
}

impl Qualifier<'_> {
    fn with(self, value: &str) -> Result<Filter, FilterError> {
        let test = match self.kind {
            Kind::Host => {
                let address = address(value)?;
                Test::Net(self.side, address, bits(address))
            }
            Kind::Net => net(self.side, value)?,
            Kind::Port => {
                let port = port(value)?;
                return self.ports(port, port);
            }
            Kind::PortRange => {
                let Some((first, last)) = value.split_once('-') else {
                    return Err(refused(value, "is no range of ports, as 8000-8010"));
                };
                let (first, last) = (port(first)?, port(last)?);
                return self.ports(first.min(last), first.max(last));
            }
            Kind::Proto => return self.proto(value),
        };
        let filter = Filter::Is(test);
        match self.protocol {
            None => Ok(filter),
            Some(word @ ("ip" | "ip6" | "arp")) => match words::protocol(word) {
                Some(protocol) => Ok(protocol.and(filter)),
                None => Ok(filter),
            },
            Some(word) => Err(refused(word, "has no hosts: `tcp and host 192.0.2.1`")),
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
        Ok(Filter::Is(Test::Ports(self.side, first, last, protocol)))
    }

    fn proto(self, value: &str) -> Result<Filter, FilterError> {
        let number = match value.parse::<u8>() {
            Ok(number) => number,
            Err(_) => {
                let named = words::protocol(value.trim_start_matches('\\'));
                return named.ok_or_else(|| refused(value, "is no protocol, 0 to 255"));
            }
        };
        let inside = match self.protocol {
            None => (Some(number), Some(number)),
            Some("ip") => (Some(number), None),
            Some("ip6") => (None, Some(number)),
            Some(word) => return Err(refused(word, "has no protocols inside")),
        };
        Ok(Filter::Is(Test::Inside(inside.0, inside.1)))
    }
}

fn address(word: &str) -> Result<IpAddr, FilterError> {
    word.parse().map_err(|_| {
        let why = "is no address and no word of filters: tcp udp icmp icmp6 arp ip ip6 host net port portrange proto src dst and or not";
        refused(word, why)
    })
}

fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn net(side: Side, word: &str) -> Result<Test, FilterError> {
    let Some((start, length)) = word.split_once('/') else {
        let address = address(word)?;
        return Ok(Test::Net(side, address, bits(address)));
    };
    let start = address(start)?;
    let length = length.parse::<u8>().ok();
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

fn port(word: &str) -> Result<u16, FilterError> {
    word.parse()
        .map_err(|_| refused(word, "is no port, 0 to 65535"))
}

fn refused(word: &str, why: &str) -> FilterError {
    error(format!("`{}` {why}", word.escape_debug()))
}

pub(super) fn error(why: impl Into<String>) -> FilterError {
    FilterError { why: why.into() }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "filter: {}", self.why)
    }
}

impl std::error::Error for FilterError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (text, why) in [
            ("", "it ends where more is expected"),
            ("tcp port", "`port` is followed by nothing"),
            ("tcp and", "it ends where more is expected"),
            ("port 65536", "`65536` is no port"),
            ("port http", "`http` is no port"),
            ("host example.com", "`example.com` is no address"),
            ("tpc", "`tpc` is no address and no word of filters"),
            ("(tcp", "a `(` without its `)`"),
            ("tcp)", "`)` stands where `and` or `or` belongs"),
            ("tcp udp", "`udp` stands where"),
            ("icmp port 80", "`icmp` has no ports"),
            ("tcp host 127.0.0.1", "`tcp` has no hosts"),
            ("net 10.0.0.1/8", "`10.0.0.1/8` has bits beyond its length"),
            ("net 10.0.0.0/33", "`10.0.0.0/33` is no network"),
            ("portrange 80", "`80` is no range"),
            ("proto 256", "`256` is no protocol"),
            ("\u{1b}[31m", "`\\u{1b}[31m` is no address"),
        ] {
            let refused = parse(text).unwrap_err().why;
            assert!(refused.starts_with(why), "{text}: {refused}");
        }
        assert!(parse(&"(".repeat(100_000)).is_err());
        assert!(parse(&"not ".repeat(100_000)).is_err());
    }

    #[test]
    fn words_mean_what_tcpdump_has_them_mean() {
        for (one, other) in [
            ("port 80 or 443", "port 80 or port 443"),
            ("not tcp", "! tcp"),
            ("!(tcp)", "not ( tcp )"),
            ("tcp && udp || arp", "(tcp and udp) or arp"),
            ("tcp or udp and arp", "(tcp or udp) and arp"),
            ("src 127.0.0.1", "src host 127.0.0.1"),
            ("127.0.0.1", "host 127.0.0.1"),
            ("src or dst port 9", "port 9"),
            ("portrange 9-7", "portrange 7-9"),
            ("net ::1", "host ::1"),
            ("ip proto 1", "icmp"),
            ("proto udp", "udp"),
        ] {
            assert_eq!(parse(one), parse(other), "{one} | {other}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_filter_or_refused(text: String) {
            let _ = parse(&text);
        }

        #[test]
        fn any_words_are_too(words in prop::collection::vec(prop::sample::select(vec![
            "tcp", "udp", "ip6", "host", "net", "port", "src", "dst", "and", "or", "not", "(", ")", "80", "::1", "10.0.0.0/8",
        ]), 0..20)) {
            let _ = parse(&words.join(" "));
        }
    }
}
