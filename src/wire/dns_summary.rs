//! A DNS message in one line, as tcpdump has it: RFC 1035, multicast DNS of RFC 6762. What is in it comes from outside, and
//! is shown without any character that a terminal would heed.

use std::borrow::Cow;
use std::fmt::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr};

use serde::Serialize;

/// How many answers are shown.
const SHOWN: usize = 16;
/// How many labels and pointers a name may have: 255 bytes hold no more labels.
const STEPS: usize = 128;
/// The bit of a class that asks for an answer by unicast, or has older records forgotten, RFC 6762 section 18.12.
const TOP: u16 = 0x8000;

/// A DNS message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dns {
    /// The mark by which an answer is known.
    pub id: u16,
    /// Whether it answers.
    pub response: bool,
    /// What is asked for, 0 for an ordinary query.
    pub opcode: u8,
    /// What came of it, 0 for no error.
    pub rcode: u8,
    /// The flags that are set, as `rd`.
    pub flags: Vec<&'static str>,
    /// The first question; `None` where there is none, or it is not all there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<Question>,
    /// How many questions, answers, authorities and additional records it claims to have.
    pub counts: [u16; 4],
    /// The first answers, as `A 192.0.2.1`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<String>,
    /// The length in bytes.
    pub length: usize,
    /// Whether it is multicast DNS.
    #[serde(skip)]
    multicast: bool,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Question {
    /// The name, with a dot at its end.
    pub name: String,
    /// The type, as `AAAA`.
    pub r#type: Cow<'static, str>,
    /// Whether the answer may come by unicast; only multicast DNS knows it.
    #[serde(skip)]
    unicast: bool,
}

/// The bytes of a message, and how far they are read.
struct Reader<'a> {
    message: &'a [u8],
    at: usize,
}

impl Dns {
    /// The message that `bytes` are, or begin; `None` when not even its header is there.
    pub fn decode(bytes: &[u8], multicast: bool) -> Option<Self> {
        let mut reader = Reader {
            message: bytes,
            at: 0,
        };
        let (id, word) = (reader.u16()?, reader.u16()?);
        let counts = [reader.u16()?, reader.u16()?, reader.u16()?, reader.u16()?];
        let [high, low] = word.to_be_bytes();
        let mut message = Self {
            id,
            response: high & 0x80 != 0,
            opcode: (high >> 3) & 15,
            rcode: low & 15,
            flags: flags(word),
            question: None,
            counts,
            answers: Vec::new(),
            length: bytes.len(),
            multicast,
        };
        // What is cut short, or makes no sense, ends what is said of it.
        let _ = message.read(&mut reader);
        Some(message)
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Option<()> {
        let [questions, answers, ..] = self.counts;
        for number in 0..questions {
            let question = reader.question(self.multicast)?;
            if number == 0 {
                self.question = Some(question);
            }
        }
        for _ in 0..usize::from(answers).min(SHOWN) {
            let answer = reader.record(self.multicast)?;
            self.answers.push(answer);
        }
        Some(())
    }
}

fn flags(word: u16) -> Vec<&'static str> {
    let all = [
        (0x0400, "aa"),
        (0x0200, "tc"),
        (0x0100, "rd"),
        (0x0080, "ra"),
        (0x0020, "ad"),
        (0x0010, "cd"),
    ];
    let set = all.iter().filter(|(bit, _)| word & bit != 0);
    set.map(|(_, name)| *name).collect()
}

impl<'a> Reader<'a> {
    fn u8(&mut self) -> Option<u8> {
        let byte = self.message.get(self.at)?;
        self.at += 1;
        Some(*byte)
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes([self.u8()?, self.u8()?]))
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let bytes = self.message.get(self.at..)?.get(..count)?;
        self.at += count;
        Some(bytes)
    }

    fn question(&mut self, multicast: bool) -> Option<Question> {
        let name = self.name()?;
        let (kind, class) = (self.u16()?, self.u16()?);
        Some(Question {
            name,
            r#type: type_name(kind),
            unicast: multicast && class & TOP != 0,
        })
    }

    /// A record: its type, and what it says where that is a matter of words.
    fn record(&mut self, multicast: bool) -> Option<String> {
        self.name()?;
        let (kind, class) = (self.u16()?, self.u16()?);
        self.take(4)?;
        let length = usize::from(self.u16()?);
        let data = self.take(length)?;
        // Names in it may point back to anywhere.
        let inside = Reader {
            message: self.message,
            at: self.at - length,
        };
        let flush = if multicast && class & TOP != 0 {
            "(Cache flush) "
        } else {
            ""
        };
        let mut said = format!("{flush}{}", type_name(kind));
        let _ = inside.data(kind, class, data, &mut said);
        Some(said)
    }

    fn data(mut self, kind: u16, class: u16, data: &[u8], said: &mut String) -> Option<()> {
        let written = match kind {
            1 => write!(said, " {}", Ipv4Addr::from(*data.first_chunk::<4>()?)),
            28 => write!(said, " {}", Ipv6Addr::from(*data.first_chunk::<16>()?)),
            2 | 5 | 12 | 39 => write!(said, " {}", self.name()?),
            15 => {
                let preference = self.u16()?;
                write!(said, " {} {preference}", self.name()?)
            }
            33 => {
                let (priority, weight, port) = (self.u16()?, self.u16()?, self.u16()?);
                write!(said, " {}:{port} {priority} {weight}", self.name()?)
            }
            16 => strings(data, said),
            41 => write!(said, " UDPsize={class}"),
            _ => Ok(()),
        };
        written.ok()
    }

    /// A name, RFC 1035 section 4.1.4, with `\DDD` and `\.` for what is no plain character of a label.
    fn name(&mut self) -> Option<String> {
        let (mut name, mut back) = (String::new(), None);
        for _ in 0..STEPS {
            let length = self.u8()?;
            match length {
                0 => {
                    self.at = back.unwrap_or(self.at);
                    return Some(if name.is_empty() {
                        ".".to_owned()
                    } else {
                        name
                    });
                }
                1..=63 => {
                    label(self.take(usize::from(length))?, &mut name);
                    name.push('.');
                }
                // A pointer: what follows it comes after the first one.
                192.. => {
                    let low = self.u8()?;
                    back = back.or(Some(self.at));
                    self.at = usize::from(u16::from_be_bytes([length & 0x3f, low]));
                }
                _ => return None,
            }
        }
        None
    }
}

fn label(bytes: &[u8], name: &mut String) {
    for byte in bytes {
        match byte {
            b'.' | b'\\' => name.extend(['\\', char::from(*byte)]),
            b'!'..=b'~' => name.push(char::from(*byte)),
            // Writing to a string does not fail.
            _ => drop(write!(name, "\\{byte:03}")),
        }
    }
}

fn strings(mut data: &[u8], said: &mut String) -> fmt::Result {
    while let Some((length, rest)) = data.split_first() {
        let text = rest.get(..usize::from(*length)).unwrap_or(rest);
        write!(said, " \"{}\"", text.escape_ascii())?;
        data = rest.get(text.len()..).unwrap_or_default();
    }
    Ok(())
}

/// The names of the IANA registry "DNS Parameters", as far as they are in use.
fn type_name(kind: u16) -> Cow<'static, str> {
    Cow::Borrowed(match kind {
        1 => "A",
        2 => "NS",
        5 => "CNAME",
        6 => "SOA",
        12 => "PTR",
        13 => "HINFO",
        15 => "MX",
        16 => "TXT",
        28 => "AAAA",
        33 => "SRV",
        35 => "NAPTR",
        39 => "DNAME",
        41 => "OPT",
        43 => "DS",
        44 => "SSHFP",
        46 => "RRSIG",
        47 => "NSEC",
        48 => "DNSKEY",
        50 => "NSEC3",
        52 => "TLSA",
        64 => "SVCB",
        65 => "HTTPS",
        251 => "IXFR",
        252 => "AXFR",
        255 => "ANY",
        256 => "URI",
        257 => "CAA",
        other => return Cow::Owned(format!("Type{other}")),
    })
}

/// RFC 1035 section 4.1.1, RFC 2136; empty for those that need no word.
fn opcode_name(opcode: u8) -> &'static str {
    match opcode {
        0 => "",
        1 => " inv_q",
        2 => " stat",
        4 => " notify",
        5 => " update",
        6 => " stateful",
        _ => " opcode?",
    }
}

fn rcode_name(rcode: u8) -> &'static str {
    match rcode {
        0 => "",
        1 => " FormErr",
        2 => " ServFail",
        3 => " NXDomain",
        4 => " NotImp",
        5 => " Refused",
        6 => " YXDomain",
        7 => " YXRRSet",
        8 => " NXRRSet",
        9 => " NotAuth",
        10 => " NotZone",
        _ => " rcode?",
    }
}

impl Dns {
    fn has(&self, flag: &str) -> bool {
        self.flags.contains(&flag)
    }

    fn write_query(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [questions, answers, authorities, additional] = self.counts;
        f.write_str(if self.has("rd") { "+" } else { "" })?;
        f.write_str(if self.has("cd") { "%" } else { "" })?;
        for (count, usual, letter) in [
            (answers, 0, "a"),
            (questions, 1, "q"),
            (authorities, 0, "n"),
            (additional, 0, "au"),
        ] {
            if count != usual {
                write!(f, " [{count}{letter}]")?;
            }
        }
        let Some(question) = &self.question else {
            return Ok(());
        };
        let ask = match (self.multicast, question.unicast) {
            (false, _) => "?",
            (true, false) => " (QM)?",
            (true, true) => " (QU)?",
        };
        write!(f, " {}{ask} {}", question.r#type, question.name)
    }

    fn write_response(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [questions, answers, authorities, additional] = self.counts;
        f.write_str(rcode_name(self.rcode))?;
        for (shown, mark) in [
            (self.has("aa"), "*"),
            (!self.has("ra"), "-"),
            (self.has("tc"), "|"),
            (self.has("ad"), "$"),
        ] {
            f.write_str(if shown { mark } else { "" })?;
        }
        if questions != 1 {
            write!(f, " [{questions}q]")?;
        }
        write!(f, " {answers}/{authorities}/{additional}")?;
        if !self.answers.is_empty() {
            write!(f, " {}", self.answers.join(", "))?;
        }
        Ok(())
    }
}

impl fmt::Display for Dns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.id, opcode_name(self.opcode))?;
        if self.response {
            self.write_response(f)?;
        } else {
            self.write_query(f)?;
        }
        write!(f, " ({})", self.length)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(hex: &str) -> String {
        let bytes = hex::decode(hex.replace(' ', "")).unwrap();
        Dns::decode(&bytes, false).map_or_else(|| "none".to_owned(), |message| message.to_string())
    }

    const ASKED: &str = "07 6578616d706c65 03 636f6d 00 0001 0001";

    #[test]
    fn questions_and_answers_read_as_tcpdump_has_them() {
        for (hex, line) in [
            (
                format!("3039 0100 0001 0000 0000 0000 {ASKED}"),
                "12345+ A? example.com. (29)",
            ),
            (
                format!("3039 0130 0001 0000 0000 0001 {ASKED} 00 0029 04d0 00000000 0000"),
                "12345+% [1au] A? example.com. (40)",
            ),
            (
                format!(
                    "3039 8180 0001 0001 0000 0000 {ASKED} c00c 0001 0001 00000e10 0004 c0000201"
                ),
                "12345 1/0/0 A 192.0.2.1 (45)",
            ),
            (
                format!("3039 8583 0001 0000 0001 0000 {ASKED}"),
                "12345 NXDomain* 0/1/0 (29)",
            ),
            (
                format!(
                    "0001 8180 0001 0002 0000 0000 {ASKED} c00c 000f 0001 00000e10 0004 000a c00c \
                         c00c 0010 0001 00000e10 0004 03 1b5b6d"
                ),
                "1 2/0/0 MX example.com. 10, TXT \"\\x1b[m\" (61)",
            ),
            (
                "0001 0000 0001 0000 0000 0000 00 0002 0001".to_owned(),
                "1 NS? . (17)",
            ),
        ] {
            assert_eq!(shown(&hex), line, "{hex}");
        }
    }

    #[test]
    fn hostile_messages_are_said_as_far_as_they_go() {
        for (hex, line) in [
            ("", "none"),
            ("0001 0000 0001 0000 0000 00", "none"),
            // No question where one is claimed.
            ("0001 0000 0001 0000 0000 0000", "1 (12)"),
            // A name that points to itself, and two that point to each other.
            ("0001 0000 0001 0000 0000 0000 c00c 0001 0001", "1 (18)"),
            (
                "0001 0000 0001 0000 0000 0000 c00e c00c 0001 0001",
                "1 (20)",
            ),
            // A pointer beyond the end; a label that is longer than the message; a length that is neither.
            ("0001 0000 0001 0000 0000 0000 ffff 0001 0001", "1 (18)"),
            ("0001 0000 0001 0000 0000 0000 3f61 0001 0001", "1 (18)"),
            ("0001 0000 0001 0000 0000 0000 8061 0001 0001", "1 (18)"),
            // What a terminal would heed.
            (
                "0001 0000 0001 0000 0000 0000 06 1b5b6d 2e 5c ff 00 0001 0001",
                "1 A? \\027[m\\.\\\\\\255. (24)",
            ),
            // More answers than there are.
            ("0001 8000 0000 ffff 0000 0000", "1- [0q] 65535/0/0 (12)"),
        ] {
            assert_eq!(shown(hex), line, "{hex}");
        }
    }

    #[test]
    fn multicast_has_its_bit() {
        let bytes = hex::decode("000000000001000000000000016100000c8001").unwrap();
        let message = Dns::decode(&bytes, true).unwrap();
        assert_eq!(message.to_string(), "0 PTR (QU)? a. (19)");
    }

    proptest! {
        #[test]
        fn any_bytes_are_shown_without_what_a_terminal_heeds(bytes: Vec<u8>, multicast: bool) {
            if let Some(message) = Dns::decode(&bytes, multicast) {
                let line = message.to_string();
                prop_assert!(line.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{}", line);
                prop_assert!(serde_json::to_string(&message).is_ok());
            }
        }

        #[test]
        fn any_records_are_shown_too(records in prop::collection::vec(any::<u8>(), 0..300)) {
            let bytes = [&[0, 1, 0x80, 0, 0, 1, 0, 9, 0, 0, 0, 0][..], &records].concat();
            let message = Dns::decode(&bytes, false).unwrap();
            prop_assert!(message.to_string().bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        }
    }
}
