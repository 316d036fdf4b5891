//! Relations between numbers of a packet, as `tcp[tcpflags] & (tcp-syn|tcp-ack) = tcp-syn`: what pcap-filter(7) calls
//! `expr1 relop expr2`. They bind as in C, but for the relation, which binds least.

use super::assembler::Operator;
use super::parse::{FilterError, error, refused};

/// How deep a number may be made of others: the kernel keeps sixteen at most.
const DEPTH: u32 = 14;

/// Two numbers of a packet, and how they are to be to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    pub(super) left: Number,
    pub(super) comparison: Comparison,
    /// Whether it is the opposite that is wanted: `!=`, `<` and `<=`.
    pub(super) opposite: bool,
    pub(super) right: Number,
}

/// How two numbers compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Greater,
    AtLeast,
}

/// A number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Number {
    /// As it is written.
    Plain(u32),
    /// How many bytes the packet has.
    Length,
    /// So many bytes of a packet, at an offset in the header that a protocol has.
    Bytes(Header, Box<Self>, u32),
    /// Made of two.
    Of(Operator, Box<Self>, Box<Self>),
}

/// A header that a packet may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Header {
    /// The link's.
    Link,
    /// The network's, of this type.
    Network(u16),
    /// What is inside IPv4, of this protocol, in a first fragment.
    Inside4(u8),
    /// What is right behind the header of IPv6.
    Inside6(u8),
}

/// The words that a relation is made of, and how far they are read.
pub(super) struct Reader<'w, 'a> {
    pub(super) words: &'w [&'a str],
    pub(super) at: usize,
}

/// Whether a relation begins with these words: a header's bytes, or what an operator follows.
pub(super) fn begins(words: &[&str]) -> bool {
    let (first, second) = (words.first().copied().unwrap_or(""), words.get(1).copied());
    match first {
        "(" => {
            let mut depth = 0_u32;
            let mut closed = words.iter().enumerate().filter_map(|(at, word)| {
                match *word {
                    "(" => depth += 1,
                    ")" => depth = depth.saturating_sub(1),
                    _ => {}
                }
                (depth == 0).then_some(at)
            });
            let behind = closed.next().and_then(|at| words.get(at + 1));
            behind.is_some_and(|word| is_operator(word))
        }
        _ if second == Some("[") => true,
        "len" => second.is_some_and(is_operator),
        _ => plain(first).is_some() && second.is_some_and(is_operator),
    }
}

fn is_operator(word: &str) -> bool {
    comparison(word).is_some() || (0..5).any(|level| operator(word, level).is_some())
}

impl<'a> Reader<'_, 'a> {
    pub(super) fn relation(&mut self) -> Result<Relation, FilterError> {
        let left = self.number(0, 0)?;
        let word = self.next();
        let Some((comparison, opposite)) = comparison(word) else {
            return Err(match word {
                "" => error("it ends where a comparison is expected, as `!= 0`"),
                word => refused(word, "stands where a comparison belongs, as `!= 0`"),
            });
        };
        let right = self.number(0, 0)?;
        // `a < b` is the opposite of `a >= b`.
        Ok(Relation {
            left,
            comparison,
            opposite,
            right,
        })
    }

    fn peek(&self) -> &'a str {
        self.words.get(self.at).copied().unwrap_or("")
    }

    fn next(&mut self) -> &'a str {
        let word = self.peek();
        self.at += usize::from(!word.is_empty());
        word
    }

    /// What operators of this level and closer ones make of numbers, from the left.
    fn number(&mut self, level: u8, depth: u32) -> Result<Number, FilterError> {
        if depth > DEPTH {
            return Err(error("a number is made of too many others"));
        }
        if level > 4 {
            return self.one(depth);
        }
        let mut number = self.number(level + 1, depth)?;
        while let Some(operator) = operator(self.peek(), level) {
            self.at += 1;
            number = made(operator, number, self.number(level + 1, depth + 1)?)?;
        }
        Ok(number)
    }

    fn one(&mut self, depth: u32) -> Result<Number, FilterError> {
        let word = self.next();
        match word {
            "(" => {
                let number = self.number(0, depth + 1)?;
                self.close(")")?;
                Ok(number)
            }
            "len" => Ok(Number::Length),
            "" => Err(error("it ends where a number is expected")),
            word => match (plain(word), self.peek()) {
                (_, "[") => self.bytes(word, depth),
                (Some(number), _) => Ok(Number::Plain(number)),
                (None, _) => Err(refused(
                    word,
                    "is no number, and no bytes of a header, as tcp[13]",
                )),
            },
        }
    }

    fn bytes(&mut self, word: &str, depth: u32) -> Result<Number, FilterError> {
        let header = header(word).ok_or_else(|| refused(word, "has no bytes that are known"))?;
        self.close("[")?;
        let at = self.number(0, depth + 1)?;
        let mut size = 1;
        if self.peek() == ":" {
            self.at += 1;
            let word = self.next();
            size = word.parse().unwrap_or(0);
            if !matches!(size, 1 | 2 | 4) {
                return Err(refused(word, "is no size of a number: 1, 2 or 4 bytes"));
            }
        }
        self.close("]")?;
        Ok(Number::Bytes(header, Box::new(at), size))
    }

    fn close(&mut self, mark: &str) -> Result<(), FilterError> {
        match self.next() {
            word if word == mark => Ok(()),
            "" => Err(error(format!("it ends where `{mark}` is expected"))),
            word => Err(refused(word, &format!("stands where `{mark}` belongs"))),
        }
    }
}

/// The number that two make; known where both are.
fn made(operator: Operator, left: Number, right: Number) -> Result<Number, FilterError> {
    if let Number::Plain(right) = right
        && let Some(why) = operator.refuses(right)
    {
        return Err(error(why));
    }
    Ok(match (left, right) {
        (Number::Plain(left), Number::Plain(right)) => Number::Plain(operator.of(left, right)),
        (left, right) => Number::Of(operator, Box::new(left), Box::new(right)),
    })
}

fn comparison(word: &str) -> Option<(Comparison, bool)> {
    Some(match word {
        "=" | "==" => (Comparison::Equal, false),
        "!=" => (Comparison::Equal, true),
        ">" => (Comparison::Greater, false),
        "<=" => (Comparison::Greater, true),
        ">=" => (Comparison::AtLeast, false),
        "<" => (Comparison::AtLeast, true),
        _ => return None,
    })
}

/// The operator, where it is of this level: the higher, the closer it binds.
fn operator(word: &str, level: u8) -> Option<Operator> {
    Some(match (level, word) {
        (0, "|") => Operator::Or,
        (0, "^") => Operator::Xor,
        (1, "&") => Operator::And,
        (2, "<<") => Operator::Left,
        (2, ">>") => Operator::Right,
        (3, "+") => Operator::Add,
        (3, "-") => Operator::Subtract,
        (4, "*") => Operator::Multiply,
        (4, "/") => Operator::Divide,
        (4, "%") => Operator::Modulo,
        _ => return None,
    })
}

fn header(word: &str) -> Option<Header> {
    use super::words::{ICMPV6, ethertype, number};
    match (word, ethertype(word), number(word)) {
        ("ether" | "link", ..) => Some(Header::Link),
        (_, Some(ethertype), _) => Some(Header::Network(ethertype)),
        (_, _, Some(ICMPV6)) => Some(Header::Inside6(ICMPV6)),
        (_, _, Some(number)) => Some(Header::Inside4(number)),
        _ => None,
    }
}

/// A number in decimal, octal or hex, or by its name in pcap-filter(7).
fn plain(word: &str) -> Option<u32> {
    if let Some(digits) = word.strip_prefix("0x") {
        return u32::from_str_radix(digits, 16).ok();
    } else if let Some(digits) = word.strip_prefix('0').filter(|digits| !digits.is_empty()) {
        return u32::from_str_radix(digits, 8).ok();
    }
    let named = NAMES.iter().find(|(name, _)| *name == word);
    named
        .map(|(_, number)| u32::from(*number))
        .or_else(|| word.parse().ok())
}

const NAMES: &[(&str, u8)] = &[
    ("tcpflags", 13),
    ("tcp-fin", 1),
    ("tcp-syn", 2),
    ("tcp-rst", 4),
    ("tcp-push", 8),
    ("tcp-ack", 16),
    ("tcp-urg", 32),
    ("tcp-ece", 64),
    ("tcp-cwr", 128),
    ("icmptype", 0),
    ("icmpcode", 1),
    ("icmp-echoreply", 0),
    ("icmp-unreach", 3),
    ("icmp-sourcequench", 4),
    ("icmp-redirect", 5),
    ("icmp-echo", 8),
    ("icmp-routeradvert", 9),
    ("icmp-routersolicit", 10),
    ("icmp-timxceed", 11),
    ("icmp-paramprob", 12),
    ("icmp-tstamp", 13),
    ("icmp-tstampreply", 14),
    ("icmp6type", 0),
    ("icmp6code", 1),
    ("icmp6-destinationrunreach", 1),
    ("icmp6-packettoobig", 2),
    ("icmp6-timeexceeded", 3),
    ("icmp6-parameterproblem", 4),
    ("icmp6-echo", 128),
    ("icmp6-echoreply", 129),
    ("icmp6-routersolicit", 133),
    ("icmp6-routeradvert", 134),
    ("icmp6-neighborsolicit", 135),
    ("icmp6-neighboradvert", 136),
    ("icmp6-redirect", 137),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::filter::parse::split;

    #[test]
    fn operators_bind_as_in_c() {
        for (text, number) in [
            ("1 + 2 * 3 = 0", 7),
            ("(1+2)*3 = 0", 9),
            ("10 - 2 - 3 = 0", 5),
            ("1 | 6 & 3 = 0", 3),
            ("1 << 4 + 1 = 0", 32),
            ("0x10 + 010 = 0", 24),
            ("tcp-syn|tcp-ack = 0", 18),
            ("7 % 4 ^ 1 = 0", 2),
            ("0 - 1 = 0", u32::MAX),
        ] {
            let words = split(text);
            assert!(begins(&words), "{text}");
            let mut reader = Reader {
                words: &words,
                at: 0,
            };
            let relation = reader.relation().unwrap();
            assert_eq!(relation.left, Number::Plain(number), "{text}");
        }
    }
}
