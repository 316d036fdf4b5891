//! The language: a part of pcap-filter(7), with its precedence, where `and` and `or` bind alike, from the left.
//!
//!     filter     = term { ("and" | "or") term }
//!     term       = ("not" | "!") term | "(" filter ")" | primitive
//!     primitive  = [protocol] [side] kind value { "or" value } | protocol | address
//!                | number comparison number
//!                | "vlan" [number] | ("less" | "greater") number | [protocol] ("broadcast" | "multicast")

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::qualifier::{Kind, Qualifier, address, host, masked};
use super::relation::{self, Reader};
use super::words::{self, Names};
use super::{Filter, Side, Test};

/// How deep parentheses and negations may go.
const DEPTH: u32 = 64;

/// A filter that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    /// What is wrong with it.
    pub why: String,
}

struct Parser<'a> {
    words: Vec<&'a str>,
    at: usize,
    /// What a bare value is: as the one before it.
    last: Option<Qualifier<'a>>,
    names: &'a dyn Names,
}

pub(super) fn parse(text: &str, names: &dyn Names) -> Result<Filter, FilterError> {
    let mut parser = Parser {
        names,
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

/// The marks of two characters, which are words too.
const PAIRS: [&str; 8] = ["!=", "==", "&&", "||", "<<", ">>", "<=", ">="];

/// Words are set apart by white space; marks stand for themselves. A colon, a dash and a slash are marks only where numbers
/// are reckoned with: in brackets, and behind them.
pub(super) fn split(text: &str) -> Vec<&str> {
    let (mut words, mut rest, mut depth) = (Vec::new(), text.trim_ascii_start(), 0_u32);
    while let Some(first) = rest.chars().next() {
        let is_number = words
            .last()
            .is_some_and(|word: &&str| matches!(*word, "]" | ")" | "len"));
        let is_mark = |c: char| match c {
            ':' | '/' => depth > 0,
            _ => "()[]!&|<>=+*%^".contains(c),
        };
        let end = match rest.get(..2).filter(|pair| PAIRS.contains(pair)) {
            Some(_) => 2,
            None if is_mark(first) => 1,
            None if "-/".contains(first) && (is_number || depth > 0) => 1,
            None if rest.starts_with("len/") || rest.starts_with("len-") => 3,
            None => {
                let is_digits = first.is_ascii_digit() && depth > 0;
                let is_end =
                    |c: char| c.is_ascii_whitespace() || is_mark(c) || (is_digits && c == '-');
                let length = rest.chars().take(1).map(char::len_utf8).sum();
                let more = rest.get(length..).unwrap_or("");
                length + more.find(is_end).unwrap_or(more.len())
            }
        };
        let (word, behind) = rest.split_at(end);
        match word {
            "[" => depth += 1,
            "]" => depth = depth.saturating_sub(1),
            _ => {}
        }
        words.push(word);
        rest = behind.trim_ascii_start();
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
        if relation::begins(self.words.get(self.at..).unwrap_or_default()) {
            let mut reader = Reader {
                words: &self.words,
                at: self.at,
            };
            let relation = reader.relation()?;
            (self.at, self.last) = (reader.at, None);
            return Ok(Filter::Is(Test::Relation(Box::new(relation))));
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
        let protocol = self
            .peek()
            .filter(|word| *word == "ether" || words::protocol(word).is_some());
        self.at += usize::from(protocol.is_some());
        if let Some(filter) = self.alone(protocol)? {
            self.last = None;
            return Ok(filter);
        }
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
                return words::protocol(word)
                    .ok_or_else(|| refused(word, "is followed by nothing that it has"));
            }
            (None, None, None) => match (self.last, self.peek()) {
                (Some(last), Some(_)) => last,
                // A word alone is an address, and no name: what is mistyped is not looked up.
                (None, Some(word)) => {
                    self.at += 1;
                    return Ok(host(Side::Either, address(word)?));
                }
                (_, None) => return Err(error("it ends where more is expected")),
            },
        };
        let Some(value) = self.next() else {
            let word = self.words.get(self.at.max(start + 1) - 1).unwrap_or(&"");
            return Err(refused(word, "is followed by nothing"));
        };
        let filter = match self.mask(qualifier.kind) {
            Some(mask) => qualifier.of(Filter::Is(masked(qualifier.side, value, mask)?))?,
            None => qualifier.with(value, self.names)?,
        };
        self.last = Some(qualifier);
        Ok(filter)
    }

    /// What has no side and no kind, behind a protocol if there is one.
    fn alone(&mut self, protocol: Option<&str>) -> Result<Option<Filter>, FilterError> {
        let Some(word) = self.peek() else {
            return Ok(None);
        };
        let test = match (word, protocol) {
            ("broadcast", None | Some("ether")) => Test::Mac(Side::Destination, [0xff; 6]),
            ("multicast", None | Some("ether")) => Test::Group,
            // As libpcap has it, what is beyond the groups too.
            ("multicast", Some("ip")) => {
                Test::Net(Side::Destination, Ipv4Addr::new(224, 0, 0, 0).into(), 3)
            }
            ("multicast", Some("ip6")) => Test::Net(
                Side::Destination,
                Ipv6Addr::from_bits(0xff << 120).into(),
                8,
            ),
            ("broadcast" | "multicast", Some(protocol)) => {
                return Err(refused(protocol, &format!("has no {word}")));
            }
            ("vlan" | "less" | "greater", None) => return self.numbered().map(Some),
            _ => return Ok(None),
        };
        self.at += 1;
        let filter = Filter::Is(test);
        Ok(Some(match protocol.and_then(words::protocol) {
            Some(protocol) => protocol.and(filter),
            None => filter,
        }))
    }

    /// `vlan`, `vlan 7`, `less 60`, `greater 500`.
    fn numbered(&mut self) -> Result<Filter, FilterError> {
        let (word, value) = (self.next(), self.peek());
        let number = value.and_then(|value| value.parse::<u32>().ok());
        self.at += usize::from(number.is_some());
        let test = match (word, number) {
            (Some("vlan"), None) => Test::Vlan(None),
            (Some("vlan"), Some(number)) => match u16::try_from(number) {
                Ok(number @ ..=4095) => Test::Vlan(Some(number)),
                _ => {
                    return Err(refused(
                        value.unwrap_or(""),
                        "is no virtual network, 0 to 4095",
                    ));
                }
            },
            (Some("greater"), Some(number)) => Test::Length(number),
            (Some("less"), Some(number)) => {
                let longer = Filter::Is(Test::Length(number.saturating_add(1)));
                return Ok(Filter::Not(Box::new(longer)));
            }
            (word, None) => return Err(refused(word.unwrap_or(""), "is followed by no length")),
            (_, Some(_)) => return Err(error("no number belongs here")),
        };
        Ok(Filter::Is(test))
    }

    /// `src`, `dst`, `src or dst`, or `src and dst`.
    fn side(&mut self) -> Option<Side> {
        let one = |word: Option<&&str>| match word {
            Some(&"src") => Some(Side::Source),
            Some(&"dst") => Some(Side::Destination),
            _ => None,
        };
        let first = one(self.words.get(self.at))?;
        let second = one(self.words.get(self.at + 2)).filter(|side| *side != first);
        let side = match (self.words.get(self.at + 1), second) {
            (Some(&"or" | &"||"), Some(_)) => Side::Either,
            (Some(&"and" | &"&&"), Some(_)) => Side::Both,
            _ => {
                self.at += 1;
                return Some(first);
            }
        };
        self.at += 3;
        Some(side)
    }

    /// What follows a network and `mask`.
    fn mask(&mut self, kind: Kind) -> Option<&'a str> {
        if kind != Kind::Net || self.peek() != Some("mask") {
            return None;
        }
        self.at += 1;
        Some(self.next().unwrap_or(""))
    }
}

pub(super) fn refused(word: &str, why: &str) -> FilterError {
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
    use crate::wire::filter::words::Few;

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (text, why) in [
            ("", "it ends where more is expected"),
            ("tcp port", "`port` is followed by nothing"),
            ("tcp and", "it ends where more is expected"),
            ("tcp[13]", "it ends where a comparison is expected"),
            ("tcp[13] & 2", "it ends where a comparison is expected"),
            ("tcp[13] and udp", "`and` stands where a comparison belongs"),
            ("tcp[13 = 2", "`=` stands where `]` belongs"),
            ("tcp[13:3] = 2", "`3` is no size of a number"),
            ("tcp[x] = 2", "`x` is no number"),
            ("tcp[13] = ", "it ends where a number is expected"),
            ("tcp[13] / 0 = 1", "a division by 0"),
            ("ip[0] << 32 = 1", "a shift is by 0 to 31 bits"),
            ("port[0] = 1", "`port` has no bytes that are known"),
            ("len", "`len` is no address"),
            ("port 65536", "`65536` is no port"),
            ("port htpp", "`htpp` is no port, 0 to 65535, and no service"),
            ("port -80", "`-80` is no port"),
            ("udp port http", "`http` is no port"),
            ("icmp port http", "`icmp` has no ports"),
            (
                "host nowhere",
                "`nowhere` is no address and no host: not known",
            ),
            ("host 10.9", "`10.9` is no address and no host"),
            ("here", "`here` is no address and no word of filters"),
            ("tpc", "`tpc` is no address and no word of filters"),
            ("(tcp", "a `(` without its `)`"),
            ("tcp)", "`)` stands where `and` or `or` belongs"),
            ("tcp udp", "`udp` stands where"),
            ("icmp port 80", "`icmp` has no ports"),
            ("tcp host 127.0.0.1", "`tcp` has no hosts"),
            ("net 10.0.0.1/8", "`10.0.0.1/8` has bits beyond its length"),
            ("net 10.0.0.0/33", "`10.0.0.0/33` is no network"),
            ("portrange 80-", "`80-` is no range"),
            ("net 10.9.0.0.0", "`10.9.0.0.0` is no network"),
            ("net 10.9/8", "`10.9/8` has bits beyond"),
            ("net 10.0.0.0 mask 255.0.255.0", "`255.0.255.0` is no mask"),
            ("net ::1 mask 255.0.0.0", "`::1` is no network of IPv4"),
            ("net 10 mask", "`` is no mask"),
            ("ether", "`ether` is followed by nothing that it has"),
            (
                "ether host 1.2.3.4",
                "`1.2.3.4` is no address of an Ethernet",
            ),
            ("ether net 10", "`ether` has no networks"),
            ("ether proto 6", "`6` is nothing that a link carries"),
            ("ip broadcast", "`ip` has no broadcast"),
            ("vlan 4096", "`4096` is no virtual network"),
            ("less", "`less` is followed by no length"),
            ("ip proto arp", "`arp` is no protocol"),
            ("proto 256", "`256` is no protocol"),
            ("\u{1b}x", "`\\u{1b}x` is no address"),
            ("\u{1b}[31m", "`\\u{1b}` has no bytes"),
        ] {
            let refused = parse(text, &Few).unwrap_err().why;
            assert!(refused.starts_with(why), "{text}: {refused}");
        }
        assert!(parse(&"(".repeat(100_000), &Few).is_err());
        assert!(parse(&"not ".repeat(100_000), &Few).is_err());
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
            ("ip proto \\tcp", "ip proto 6"),
            ("ip6 proto udp", "ip6 proto 17"),
            ("ip6 proto icmp", "ip6 proto 1"),
            ("ether proto \\arp", "arp"),
            ("ether proto 34525", "ip6"),
            ("net 10.9", "net 10.9.0.0/16"),
            ("net 127", "net 127.0.0.0/8"),
            ("net 10.128/9", "net 10.128.0.0/9"),
            ("net 10.9.0.0 mask 255.255.255.0", "net 10.9.0.0/24"),
            (
                "net 10.9.0.0 mask 255.255.255.0 or 11",
                "net 10.9.0.0/24 or net 11",
            ),
            ("portrange 53", "portrange 53-53"),
            ("port domain", "tcp port 53 or udp port 53"),
            ("port http", "tcp port 80"),
            ("udp port syslog or 9", "udp port 514 or udp port 9"),
            ("src port moved", "tcp src port 1 or udp src port 2"),
            ("dst and src port 9", "src and dst port 9"),
            ("src here", "src 127.0.0.1 or src ::1"),
            ("less 59", "not greater 60"),
            ("ether src 2:0:0:0:0:AA", "ether src host 02-00-00-00-00-aa"),
            ("broadcast", "ether dst ff:ff:ff:ff:ff:ff"),
            ("ip multicast", "ip and dst net 224.0.0.0/3"),
        ] {
            assert_eq!(parse(one, &Few), parse(other, &Few), "{one} | {other}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_filter_or_refused(text: String) {
            let _ = parse(&text, &Few);
        }

        #[test]
        fn any_words_are_too(words in prop::collection::vec(prop::sample::select(vec![
            "tcp", "udp", "ip6", "host", "net", "port", "src", "dst", "and", "or", "not", "(", ")", "80", "::1", "10.0.0.0/8",
        ]), 0..20)) {
            let _ = parse(&words.join(" "), &Few);
        }
    }
}
