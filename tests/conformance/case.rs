//! Cases as they stand in tables/*.txt: what is sent, what must come back, and which rule says so.
//!
//! ```text
//! $ --flag value                    flags of the server for all cases of the file; {tree} is the fixture's folder
//! # name: RFC 9112 3 MUST           a case and its source
//! > GET / HTTP/1.1                  a line that is sent, with a CRLF behind it unless it ends in `\`
//! < 200|206 open                    the status of an answer; the last one says what becomes of the connection:
//!                                   open (the next request is answered), close (it is not, though the client sends
//!                                   on), end (the same, and the client asked for it), either (as the answer says), fin
//!                                   (the client half-closes behind its bytes); `head` where the answer is one to HEAD
//! < Field: value                    exactly so; `~part` contains, `!part` does not contain, `*` anything
//! < !Field                          is not there
//! = body                            exactly so; `=~ part` contains, `=! part` does not contain
//! =@ file 3-7                       the bytes of a file of the fixture; without numbers all of them
//! =parts file 0-1 3-4               multipart/byteranges of these ranges of a file
//! ```
//!
//! `\r \n \t \0 \s \\ \xHH` are bytes, `{text*N}` is N times a text, `{etag}` the entity tag of /ten, quotes included,
//! `{cut}` a digit that is another one each time that the case is sent.

use std::fmt;

/// The cases of a file and the server that they are for.
pub(crate) struct Table {
    /// Flags of `sockkit http`.
    pub(crate) flags: Vec<String>,
    /// What is sent to it, and what must come back.
    pub(crate) cases: Vec<Case>,
}

/// Bytes, and what must come back for them.
#[derive(Debug)]
pub(crate) struct Case {
    /// What it is called.
    pub(crate) name: String,
    /// Which rule or catalogue it is from.
    pub(crate) source: String,
    /// What is sent.
    pub(crate) bytes: Vec<u8>,
    /// What must come back, in order.
    pub(crate) answers: Vec<Expected>,
    /// What becomes of the connection.
    pub(crate) ending: Ending,
}

/// What a response must be.
#[derive(Debug)]
pub(crate) struct Expected {
    /// One of these.
    pub(crate) statuses: Vec<u16>,
    /// Whether it answers HEAD.
    pub(crate) is_head: bool,
    /// What it must have.
    pub(crate) checks: Vec<Check>,
}

/// What a response must have.
#[derive(Debug)]
pub(crate) enum Check {
    /// A field, and what of it.
    Field(String, Wanted),
    /// A body, and what of it.
    Body(Wanted),
    /// So many bytes of a file from there on; all of it without.
    File(String, Option<(usize, usize)>),
    /// These ranges of a file as multipart/byteranges.
    Parts(String, Vec<(usize, usize)>),
}

/// What a value must be.
pub(crate) enum Wanted {
    /// Exactly this.
    Is(Vec<u8>),
    /// This, somewhere.
    Has(Vec<u8>),
    /// This nowhere.
    Lacks(Vec<u8>),
    /// Anything.
    Present,
    /// Not there.
    Absent,
}

impl fmt::Debug for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(value) => write!(f, "`{}`", value.escape_ascii()),
            Self::Has(part) => write!(f, "with `{}`", part.escape_ascii()),
            Self::Lacks(part) => write!(f, "without `{}`", part.escape_ascii()),
            Self::Present => f.write_str("there"),
            Self::Absent => f.write_str("absent"),
        }
    }
}

/// What becomes of the connection behind the last answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It goes on.
    Open,
    /// The server closes it, and hears out who still sends.
    Close,
    /// The server closes it, as the client asked it to.
    End,
    /// What the last answer says.
    Either,
    /// The client ends its half, and then the server ends its own.
    Fin,
}

impl Table {
    /// Read a table; `etag` is what `{etag}` stands for.
    pub(crate) fn parse(text: &str, etag: &str) -> Self {
        let mut table = Self {
            flags: Vec::new(),
            cases: Vec::new(),
        };
        for (number, line) in text.lines().enumerate() {
            let line = line.replace("{etag}", etag);
            let read = table.line(&line);
            read.unwrap_or_else(|| panic!("line {}: {line}", number + 1));
        }
        for case in &table.cases {
            assert!(!case.answers.is_empty(), "{}: no answer", case.name);
        }
        table
    }

    fn line(&mut self, line: &str) -> Option<()> {
        let (sign, rest) = line.split_at_checked(1).unwrap_or_default();
        let rest = rest.strip_prefix(' ').unwrap_or(rest);
        match sign {
            "" | ";" => return Some(()),
            "$" => {
                let words = rest.split(' ').map(unescape);
                self.flags = words.map(|word| String::from_utf8(word).unwrap()).collect();
            }
            "#" => self.cases.push(Case::titled(rest)?),
            ">" => self.cases.last_mut()?.sends(rest),
            "<" if rest.starts_with(|first: char| first.is_ascii_digit()) => {
                let case = self.cases.last_mut()?;
                case.ending = ending(rest)?;
                case.answers.push(Expected::parse(rest)?);
            }
            "<" => self.check(field(rest)?)?,
            "=" => self.check(content(line.strip_prefix('=')?)?)?,
            _ => return None,
        }
        Some(())
    }

    fn check(&mut self, check: Check) -> Option<()> {
        self.cases
            .last_mut()?
            .answers
            .last_mut()?
            .checks
            .push(check);
        Some(())
    }
}

impl Case {
    fn titled(title: &str) -> Option<Self> {
        let (name, source) = title.split_once(": ")?;
        Some(Self {
            name: name.to_owned(),
            source: source.to_owned(),
            bytes: Vec::new(),
            answers: Vec::new(),
            ending: Ending::Open,
        })
    }

    fn sends(&mut self, line: &str) {
        let is_open = line.ends_with('\\') && !line.ends_with("\\\\");
        let line = line.strip_suffix('\\').filter(|_| is_open).unwrap_or(line);
        self.bytes.extend(unescape(line));
        if !is_open {
            self.bytes.extend(b"\r\n");
        }
    }
}

impl Expected {
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let statuses = words.next()?.split('|').map(|code| code.parse().ok());
        Some(Self {
            statuses: statuses.collect::<Option<_>>()?,
            is_head: words.any(|word| word == "head"),
            checks: Vec::new(),
        })
    }
}

fn ending(line: &str) -> Option<Ending> {
    let words = line.split(' ').skip(1).filter(|word| *word != "head");
    match words.collect::<Vec<_>>().as_slice() {
        [] | ["open"] => Some(Ending::Open),
        ["close"] => Some(Ending::Close),
        ["end"] => Some(Ending::End),
        ["either"] => Some(Ending::Either),
        ["fin"] => Some(Ending::Fin),
        _ => None,
    }
}

fn field(line: &str) -> Option<Check> {
    if let Some(name) = line.strip_prefix('!') {
        return Some(Check::Field(name.to_owned(), Wanted::Absent));
    }
    let (name, value) = line.split_once(": ")?;
    let wanted = match value.split_at_checked(1)? {
        ("~", part) => Wanted::Has(unescape(part)),
        ("!", part) => Wanted::Lacks(unescape(part)),
        ("*", "") => Wanted::Present,
        _ => Wanted::Is(unescape(value)),
    };
    Some(Check::Field(name.to_owned(), wanted))
}

fn content(line: &str) -> Option<Check> {
    let (sign, rest) = line.split_once(' ').unwrap_or((line, ""));
    let mut words = rest.split(' ');
    Some(match sign {
        "" => Check::Body(Wanted::Is(unescape(rest))),
        "~" => Check::Body(Wanted::Has(unescape(rest))),
        "!" => Check::Body(Wanted::Lacks(unescape(rest))),
        "@" => {
            let file = words.next()?.to_owned();
            Check::File(file, words.next().and_then(range))
        }
        "parts" => Check::Parts(words.next()?.to_owned(), words.filter_map(range).collect()),
        _ => return None,
    })
}

fn range(word: &str) -> Option<(usize, usize)> {
    let (first, last) = word.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?))
}

/// The bytes that a word of a table stands for.
fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (taken, meant) = match first {
            '\\' => escape(&rest[1..]),
            '{' => repetition(rest),
            _ => (first.len_utf8(), rest[..first.len_utf8()].into()),
        };
        bytes.extend(meant);
        rest = &rest[taken..];
    }
    bytes
}

fn escape(text: &str) -> (usize, Vec<u8>) {
    let byte = match text.as_bytes().first() {
        Some(b'r') => b'\r',
        Some(b'n') => b'\n',
        Some(b't') => b'\t',
        Some(b's') => b' ',
        Some(b'0') => 0,
        Some(b'x') => {
            let hex = u8::from_str_radix(&text[1..3], 16);
            return (4, vec![hex.unwrap()]);
        }
        other => *other.unwrap_or_else(|| panic!("escape {text:?}")),
    };
    (2, vec![byte])
}

/// `{text*N}`; any other brace stands for itself.
fn repetition(text: &str) -> (usize, Vec<u8>) {
    let inside = text[1..].split_once('}').map(|(inside, _)| inside);
    let parts = inside.and_then(|inside| inside.rsplit_once('*'));
    let count = parts.and_then(|(_, count)| count.parse().ok());
    match (inside, parts, count) {
        (Some(inside), Some((part, _)), Some(count)) => {
            (inside.len() + 2, unescape(part).repeat(count))
        }
        _ => (1, b"{".to_vec()),
    }
}

#[test]
fn words_are_bytes() {
    assert_eq!(unescape("a\\r\\n\\x00\\\\{bc*2}{d"), b"a\r\n\0\\bcbc{d");
    let table = "$ --a b\n# n: RFC\n> GET /\n> x\\\n< 200|206 head close\n< !A\n< B: ~c\n= d";
    let table = Table::parse(table, "");
    let case = &table.cases[0];
    assert_eq!(table.flags, ["--a", "b"]);
    assert_eq!(case.bytes, b"GET /\r\nx");
    assert_eq!((case.ending, case.source.as_str()), (Ending::Close, "RFC"));
    assert_eq!(case.answers[0].statuses, [200, 206]);
    assert!(case.answers[0].is_head && case.answers[0].checks.len() == 3);
}
