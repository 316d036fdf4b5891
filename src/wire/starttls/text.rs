//! Protocols of lines: SMTP, FTP, POP3, IMAP.

use super::reply::Reply;
use super::{NoStarttls, Step};

/// The tag of the one command that IMAP is given.
const TAG: &str = "a1";

/// Whose words are spoken.
#[derive(Clone, Copy, Debug)]
pub(super) enum Words {
    Smtp,
    Imap,
    Pop3,
    Ftp,
}

/// How far the two have come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text {
    words: Words,
    stage: Stage,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    /// The server greets.
    Greeting,
    /// It says what it offers.
    Offers,
    /// It gives the go-ahead.
    GoAhead,
}

impl Text {
    pub(super) fn new(words: Words) -> Self {
        let stage = Stage::Greeting;
        Self { words, stage }
    }

    pub(super) fn step(&mut self, heard: &[u8]) -> Result<Step, NoStarttls> {
        match self.words {
            Words::Smtp => self.smtp(heard),
            Words::Ftp => self.ftp(heard),
            Words::Pop3 => self.pop3(heard),
            Words::Imap => self.imap(heard),
        }
    }

    fn smtp(&mut self, heard: &[u8]) -> Result<Step, NoStarttls> {
        let Some(reply) = Reply::first(heard)? else {
            return Ok(Step::Partial);
        };
        let count = reply.text.len();
        match (self.stage, reply.code) {
            (Stage::Greeting, 220) => Ok(self.say(count, Stage::Offers, "EHLO localhost\r\n")),
            (Stage::Offers, 250) if reply.says("STARTTLS") => {
                Ok(self.say(count, Stage::GoAhead, "STARTTLS\r\n"))
            }
            (Stage::Offers, 250) => Err(NoStarttls::NotOffered),
            (Stage::GoAhead, 220) => Ok(Step::Go(count)),
            _ => Err(NoStarttls::refused(reply.last_line())),
        }
    }

    fn ftp(&mut self, heard: &[u8]) -> Result<Step, NoStarttls> {
        let Some(reply) = Reply::first(heard)? else {
            return Ok(Step::Partial);
        };
        let count = reply.text.len();
        match (self.stage, reply.code) {
            // It will be ready in a while.
            (Stage::Greeting, 120) => Ok(Step::Say(count, Vec::new())),
            (Stage::Greeting, 220) => Ok(self.say(count, Stage::GoAhead, "AUTH TLS\r\n")),
            (Stage::GoAhead, 234) => Ok(Step::Go(count)),
            _ => Err(NoStarttls::refused(reply.last_line())),
        }
    }

    fn pop3(&mut self, heard: &[u8]) -> Result<Step, NoStarttls> {
        let Some(line) = first_line(heard) else {
            return Ok(Step::Partial);
        };
        match self.stage {
            _ if line.starts_with(b"-ERR") => Err(NoStarttls::refused(line)),
            _ if !line.starts_with(b"+OK") => Err(NoStarttls::garbled(line)),
            Stage::Greeting => Ok(self.say(line.len(), Stage::GoAhead, "STLS\r\n")),
            Stage::Offers | Stage::GoAhead => Ok(Step::Go(line.len())),
        }
    }

    fn imap(&mut self, heard: &[u8]) -> Result<Step, NoStarttls> {
        let Some(line) = first_line(heard) else {
            return Ok(Step::Partial);
        };
        let mut words = line.split(|byte| byte.is_ascii_whitespace());
        let (first, second) = (
            words.next().unwrap_or_default(),
            words.next().unwrap_or_default(),
        );
        let is = |word: &str| second.eq_ignore_ascii_case(word.as_bytes());
        match (self.stage, first) {
            (Stage::Greeting, b"*") if is("OK") => {
                Ok(self.say(line.len(), Stage::GoAhead, &format!("{TAG} STARTTLS\r\n")))
            }
            // BYE, or PREAUTH: it believes to know us already, and TLS cannot begin any more.
            (Stage::Greeting, b"*") => Err(NoStarttls::refused(line)),
            (Stage::GoAhead, b"*") if is("BYE") => Err(NoStarttls::refused(line)),
            (Stage::GoAhead, b"*") => Ok(Step::Say(line.len(), Vec::new())),
            (Stage::GoAhead, tag) if tag == TAG.as_bytes() => match is("OK") {
                true => Ok(Step::Go(line.len())),
                false => Err(NoStarttls::refused(line)),
            },
            _ => Err(NoStarttls::garbled(line)),
        }
    }

    fn say(&mut self, count: usize, next: Stage, words: &str) -> Step {
        self.stage = next;
        Step::Say(count, words.as_bytes().to_vec())
    }
}

/// The first line with its end; `None` until that is there.
fn first_line(heard: &[u8]) -> Option<&[u8]> {
    let end = heard.iter().position(|byte| *byte == b'\n')?;
    heard.get(..=end)
}
