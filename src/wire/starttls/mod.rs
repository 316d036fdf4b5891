//! From plain text to TLS inside a protocol: what is said until the peer gives the go-ahead. Bytes in, bytes out.
//!
//! What comes glued to the go-ahead was said by whoever is on the way, not by the peer under TLS: it is an error
//! (CVE-2011-0411).

mod ldap;
mod postgres;
mod reply;
#[cfg(test)]
mod tests;
mod text;

use std::fmt;

use ldap::Ldap;
use postgres::Postgres;
use text::{Text, Words};

/// How much is heard out before the go-ahead: greetings are long, but not so long.
const LIMIT: usize = 64 * 1024;

/// Protocols that begin in plain text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StarttlsProtocol {
    /// RFC 3207
    Smtp,
    /// RFC 9051, section 6.2.1
    Imap,
    /// RFC 2595, section 4
    Pop3,
    /// RFC 4217
    Ftp,
    /// PostgreSQL's SSLRequest
    Postgres,
    /// RFC 4511, section 4.14
    Ldap,
}

/// One side of the talk, until TLS begins.
#[derive(Clone, Debug)]
pub struct Starttls {
    talk: Talk,
    heard: Vec<u8>,
}

#[derive(Clone, Debug)]
enum Talk {
    Text(Text),
    Postgres(Postgres),
    Ldap(Ldap),
}

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Hear more.
    Hear,
    /// Say this, then hear more.
    Say(Vec<u8>),
    /// Begin with TLS.
    Go,
}

/// Why TLS does not begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoStarttls {
    /// The peer says no, in these words.
    Refused(String),
    /// The peer does not offer it.
    NotOffered,
    /// What the peer says is not the protocol; this is how it begins.
    Garbled(String),
    /// The peer says more than anybody has to say.
    TooLong,
    /// Something came along with the go-ahead that nobody can vouch for.
    Injected,
    /// The peer ended.
    Ended,
}

/// What a part of the talk makes of the bytes so far.
enum Step {
    /// They are not enough.
    Partial,
    /// So many of them were a reply, which has this answer.
    Say(usize, Vec<u8>),
    /// So many of them were the go-ahead.
    Go(usize),
}

impl Starttls {
    /// The talk of a protocol, and what it is opened with; nothing where the server speaks first.
    pub fn new(protocol: StarttlsProtocol) -> (Self, Vec<u8>) {
        let (talk, opening) = match protocol {
            StarttlsProtocol::Smtp => (Talk::Text(Text::new(Words::Smtp)), Vec::new()),
            StarttlsProtocol::Imap => (Talk::Text(Text::new(Words::Imap)), Vec::new()),
            StarttlsProtocol::Pop3 => (Talk::Text(Text::new(Words::Pop3)), Vec::new()),
            StarttlsProtocol::Ftp => (Talk::Text(Text::new(Words::Ftp)), Vec::new()),
            StarttlsProtocol::Postgres => (Talk::Postgres(Postgres), postgres::REQUEST.to_vec()),
            StarttlsProtocol::Ldap => (Talk::Ldap(Ldap), ldap::REQUEST.to_vec()),
        };
        let heard = Vec::new();
        (Self { talk, heard }, opening)
    }

    /// Take up what the peer said; no bytes are its end.
    pub fn hear(&mut self, bytes: &[u8]) -> Result<Turn, NoStarttls> {
        if bytes.is_empty() {
            return Err(NoStarttls::Ended);
        }
        self.heard.extend_from_slice(bytes);
        let mut said = Vec::new();
        loop {
            let step = match &mut self.talk {
                Talk::Text(text) => text.step(&self.heard)?,
                Talk::Postgres(postgres) => postgres.step(&self.heard)?,
                Talk::Ldap(ldap) => ldap.step(&self.heard)?,
            };
            match step {
                Step::Partial if self.heard.len() > LIMIT => return Err(NoStarttls::TooLong),
                Step::Partial if said.is_empty() => return Ok(Turn::Hear),
                Step::Partial => return Ok(Turn::Say(said)),
                Step::Say(count, answer) => {
                    self.heard.drain(..count.min(self.heard.len()));
                    said.extend(answer);
                }
                // An answer to what was not asked yet is no answer.
                Step::Go(count) if count < self.heard.len() || !said.is_empty() => {
                    return Err(NoStarttls::Injected);
                }
                Step::Go(_) => return Ok(Turn::Go),
            }
        }
    }
}

impl NoStarttls {
    fn refused(words: &[u8]) -> Self {
        Self::Refused(shown(words))
    }

    fn garbled(bytes: &[u8]) -> Self {
        Self::Garbled(shown(bytes))
    }
}

/// The beginning of what a peer said, for people.
fn shown(bytes: &[u8]) -> String {
    let end = bytes.trim_ascii_end().len().min(80);
    bytes
        .get(..end)
        .unwrap_or_default()
        .escape_ascii()
        .to_string()
}

impl fmt::Display for NoStarttls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(words) if words.is_empty() => {
                f.write_str("the server will not begin with TLS")
            }
            Self::Refused(words) => write!(f, "the server will not begin with TLS: {words}"),
            Self::NotOffered => f.write_str("the server does not offer TLS"),
            Self::Garbled(begin) => write!(f, "the server speaks another protocol: \"{begin}\""),
            Self::TooLong => f.write_str("the server says too much before TLS"),
            Self::Injected => f.write_str("something came before TLS that nobody can vouch for"),
            Self::Ended => f.write_str("it ended before TLS began"),
        }
    }
}
