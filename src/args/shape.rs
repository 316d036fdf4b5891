//! What becomes of stdin before it is sent, and which of the two directions there are.

use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use clap::Args;

use super::duration::duration;
use super::size::size;
use super::view::{FromHex, ViewArgs};
use crate::engine::{Crlf, Inlet, Pace};

const HEADING: &str = "What is sent";

/// Shapers of what is sent.
#[derive(Args, Clone, Debug, Default)]
pub struct ShapeArgs {
    /// Send the ends of lines as CR LF, those of a command's too; one that is CR LF already stays
    #[arg(long, help_heading = HEADING)]
    pub crlf: bool,
    /// Wait for D between two lines
    #[arg(long, value_name = "D", value_parser = duration, help_heading = HEADING)]
    delay: Option<Duration>,
    /// Send N bytes a second at most, to each of many: 500, 64k, 10M
    #[arg(long, value_name = "N", value_parser = rate, help_heading = HEADING)]
    rate: Option<NonZeroU64>,
    /// Send N bytes of stdin at most, and take that for its end
    #[arg(long, value_name = "N", value_parser = size, help_heading = HEADING)]
    max_bytes: Option<u64>,
    /// Send TEXT first, to each of many; \n \r \t \e \0 \\ and \xHH stand for bytes
    #[arg(long, value_name = "TEXT", value_parser = escaped, help_heading = HEADING)]
    preamble: Option<Escaped>,
    /// Only send: what arrives is dropped; ends when stdin has ended and the peer has taken everything
    #[arg(long, help_heading = HEADING, conflicts_with_all = ["recv_only", "no_stdin"])]
    pub send_only: bool,
    /// Only receive: nothing is sent, and stdin is left alone
    #[arg(long, help_heading = HEADING, conflicts_with_all = ["crlf", "delay", "rate", "max_bytes", "preamble"])]
    pub recv_only: bool,
    /// Leave stdin alone, and the connection open for the peer to end
    #[arg(long, help_heading = HEADING, conflicts_with_all = ["crlf", "delay", "max_bytes"])]
    no_stdin: bool,
}

/// Bytes that were typed with escapes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Escaped(pub Vec<u8>);

/// What becomes of stdin, piece by piece.
#[derive(Debug, Default)]
pub struct Typing {
    from_hex: Option<FromHex>,
    crlf: Option<Crlf>,
}

impl ShapeArgs {
    /// stdin, as far as it is wanted.
    pub fn inlet(&self) -> Inlet {
        match self.leaves_stdin() {
            true => Inlet::none(),
            false => Inlet::stdin().limited(self.max_bytes),
        }
    }

    /// Whether stdin is none of our business: then it has no end that the peer should be told of.
    pub fn leaves_stdin(&self) -> bool {
        self.recv_only || self.no_stdin
    }

    /// Whether so many bytes of stdin were asked for.
    pub fn measures_stdin(&self) -> bool {
        self.max_bytes.is_some()
    }

    /// What is sent before everything else.
    pub fn preamble(&self) -> &[u8] {
        self.preamble
            .as_ref()
            .map_or(&[], |Escaped(bytes)| bytes.as_slice())
    }

    /// What slows sending down, from `now` on.
    pub fn pace(&self, now: Instant) -> Option<Pace> {
        Pace::new(self.rate, self.delay, now)
    }

    /// What becomes of stdin; `None` where it is sent as it is.
    pub fn typing(&self, view: ViewArgs) -> Option<Typing> {
        let typing = Typing {
            from_hex: view.decoder(),
            crlf: self.crlf.then(Crlf::default),
        };
        (view.from_hex || self.crlf).then_some(typing)
    }

    /// Whether anything was asked for.
    pub fn is_given(&self) -> bool {
        self.crlf
            || self.send_only
            || self.leaves_stdin()
            || self.delay.is_some()
            || self.rate.is_some()
            || self.max_bytes.is_some()
            || self.preamble.is_some()
    }
}

impl Typing {
    /// What a piece of stdin, or its end (`None`), becomes.
    pub fn take(&mut self, piece: Option<&[u8]>) -> Result<Vec<u8>, String> {
        let decoded = match &mut self.from_hex {
            Some(from_hex) => from_hex.decode(piece)?,
            None => piece.unwrap_or_default().to_vec(),
        };
        Ok(match &mut self.crlf {
            Some(crlf) => crlf.end_lines(&decoded),
            None => decoded,
        })
    }
}

fn rate(word: &str) -> Result<NonZeroU64, String> {
    NonZeroU64::new(size(word)?).ok_or_else(|| "a rate is at least 1".to_owned())
}

/// Text with escapes, as bytes; the error says which escapes there are.
pub fn escaped(text: &str) -> Result<Escaped, String> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((plain, tail)) = rest.split_once('\\') {
        bytes.extend_from_slice(plain.as_bytes());
        let (byte, length) = escape(tail)
            .ok_or_else(|| "an escape is \\n \\r \\t \\e \\0 \\\\ or \\xHH".to_owned())?;
        bytes.push(byte);
        rest = tail.get(length..).unwrap_or_default();
    }
    bytes.extend_from_slice(rest.as_bytes());
    Ok(Escaped(bytes))
}

/// The byte that an escape stands for, and how long it is behind its backslash.
fn escape(tail: &str) -> Option<(u8, usize)> {
    Some(match tail.bytes().next()? {
        b'n' => (b'\n', 1),
        b'r' => (b'\r', 1),
        b't' => (b'\t', 1),
        b'e' => (0x1b, 1),
        b'0' => (0, 1),
        b'\\' => (b'\\', 1),
        b'x' => {
            let digits = tail.get(1..3)?;
            let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            (u8::from_str_radix(digits, 16).ok().filter(|_| is_hex)?, 3)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_stand_for_bytes() {
        for (text, bytes) in [
            ("", b"" as &[u8]),
            ("plain \u{e9}", "plain \u{e9}".as_bytes()),
            (r"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.0\r\n\r\n"),
            (r"\t\e\0\\\xff\x0a", b"\t\x1b\0\\\xff\n"),
            (r"\\n", b"\\n"),
            (r"\x41B", b"AB"),
        ] {
            assert_eq!(escaped(text).unwrap().0, bytes, "{text}");
        }
        for text in [
            r"\",
            r"\q",
            r"\x",
            r"\x4",
            r"\xg0",
            r"\x+1",
            "\\x\u{e9}",
            "\\\u{e9}",
        ] {
            assert!(escaped(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_rate_is_never_nothing() {
        assert_eq!(rate("64k").map(NonZeroU64::get), Ok(65536));
        assert!(rate("0").is_err() && rate("fast").is_err());
    }
}
