//! Requests as the tutorial prints them: the head of each, as it comes.

use std::fmt;

use serde::{Serialize, Serializer};

use super::log::{LeftOut, UNREAD, warn};
use crate::engine::StdoutError;
use crate::http::{Request, Status, Version};
use crate::output::{Bytes, Event, Face, Output, harmless};
use crate::server::{Happening, Observer, called};

/// How much of a request that was refused is shown.
const SHOWN: usize = 4096;
/// Requests as they are printed, without ever waiting for whoever reads them.
pub(super) struct Printer {
    output: Output,
    is_on: bool,
    is_discreet: bool,
    /// Whether anything is ever written on stdout.
    has_lines: bool,
    left_out: LeftOut,
}

impl Observer for Printer {
    fn notice(&mut self, happening: &Happening<'_>) -> Result<(), StdoutError> {
        match happening {
            Happening::Answered {
                peer,
                head,
                request,
                status,
            } if self.is_on => self.print(Printed {
                peer: called(peer),
                request: request.map(Line::from),
                status: Some(*status),
                head: Bytes(shown(head)),
            }),
            Happening::Dropped {
                peer,
                head,
                request,
                ..
            } if self.is_on => self.print(Printed {
                peer: called(peer),
                request: Some(Line::from(*request)),
                status: None,
                head: Bytes(shown(head)),
            }),
            other => warn(other, &self.output),
        }
    }

    fn ends(&mut self) -> Result<(), StdoutError> {
        self.left_out.end(&self.output)
    }

    fn hears_requests(&self) -> bool {
        self.is_on
    }

    fn hears_ends(&self) -> bool {
        false
    }

    fn turn_ends(&mut self) -> Result<bool, StdoutError> {
        Ok(!self.has_lines || self.output.outlet().is_clear())
    }
}

impl Printer {
    /// A printer; one that is not on prints only what goes wrong. One that is discreet keeps passwords to itself.
    pub(super) fn new(output: Output, is_on: bool, is_discreet: bool) -> Self {
        Self {
            is_on,
            is_discreet,
            has_lines: is_on || output.style().json,
            output,
            left_out: LeftOut::default(),
        }
    }

    /// A reader that has stopped reading costs it some requests, but neither the server its memory nor clients their answers.
    fn print(&mut self, printed: Printed<'_>) -> Result<(), StdoutError> {
        if self.output.outlet().backlog() > UNREAD {
            return self.left_out.take(1, &self.output);
        }
        self.left_out.end(&self.output)?;
        if !self.is_discreet {
            return self.output.offer(&printed);
        }
        let head = without_credentials(printed.head.0);
        self.output.offer(&Printed {
            head: Bytes(&head),
            ..printed
        })
    }
}

/// A head without what Authorization says after its scheme.
fn without_credentials(head: &[u8]) -> Vec<u8> {
    let mut discreet = Vec::with_capacity(head.len());
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        let colon = line.iter().position(|byte| *byte == b':');
        let name = colon
            .and_then(|colon| line.get(..colon))
            .unwrap_or_default();
        if name.eq_ignore_ascii_case(b"authorization") {
            discreet.extend_from_slice(name);
            discreet.extend_from_slice(b": ***\r\n");
        } else {
            discreet.extend_from_slice(line);
        }
    }
    discreet
}

/// What there is to see of a head: up to its blank line, or as much of it as is worth seeing.
fn shown(head: &[u8]) -> &[u8] {
    let crlf = head.windows(4).position(|four| four == b"\r\n\r\n");
    // A blank line of bare line feeds would have the rest look like another request.
    let bare = head.windows(2).position(|two| two == b"\n\n");
    let ends = crlf
        .map(|end| end + 4)
        .into_iter()
        .chain(bare.map(|end| end + 2));
    head.get(..ends.min().unwrap_or(SHOWN)).unwrap_or(head)
}

/// A request and its answer's status.
#[derive(Serialize)]
struct Printed<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<String>,
    #[serde(flatten)]
    request: Option<Line<'a>>,
    /// `None` where the connection was closed instead.
    #[serde(serialize_with = "as_number")]
    status: Option<Status>,
    #[serde(flatten)]
    head: Bytes<'a>,
}

#[derive(Serialize)]
struct Line<'a> {
    method: &'a str,
    target: &'a str,
    version: &'static str,
}

impl<'a> From<&'a Request<'a>> for Line<'a> {
    fn from(request: &'a Request<'a>) -> Self {
        Self {
            method: request.method_word,
            target: request.target_word,
            version: match request.version {
                Version::Http10 => "HTTP/1.0",
                Version::Http11 => "HTTP/1.1",
            },
        }
    }
}

fn as_number<S: Serializer>(status: &Option<Status>, serializer: S) -> Result<S::Ok, S::Error> {
    status.map(|status| status.0).serialize(serializer)
}

impl Event for Printed<'_> {
    const NAME: &'static str = "request";
    const FACE: Face = Face::Data;
}

/// A client that is not served.
#[derive(Serialize)]
pub(super) struct TurnedAway<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) peer: Option<String>,
    pub(super) reason: &'a str,
}

impl Event for TurnedAway<'_> {
    const NAME: &'static str = "turned_away";
    const FACE: Face = Face::Detail;
}

impl fmt::Display for TurnedAway<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let peer = self.peer.as_deref().unwrap_or("a client");
        write!(f, "turned {peer} away: {}", self.reason)
    }
}

/// The head as the tutorial prints it, with its blank line.
impl fmt::Display for Printed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.head.0.trim_ascii_end().split(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            writeln!(f, "{}", harmless(line))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_kept() {
        for (head, shown) in [
            (
                "GET / HTTP/1.1\r\nAuthorization: Basic YQ==\r\nA: b\r\n\r\n",
                "GET / HTTP/1.1\r\nAuthorization: ***\r\nA: b\r\n\r\n",
            ),
            ("authorization:x\r\n", "authorization: ***\r\n"),
            ("AUTHORIZATION: Basic YQ", "AUTHORIZATION: ***\r\n"),
            ("A: Authorization: b\r\n", "A: Authorization: b\r\n"),
        ] {
            let discreet = without_credentials(head.as_bytes());
            assert_eq!(String::from_utf8(discreet).unwrap(), shown);
        }
    }

    #[test]
    fn a_head_is_printed_with_its_blank_line() {
        let printed = |head: &'static [u8]| {
            let printed = Printed {
                peer: None,
                request: None,
                status: Some(Status::OK),
                head: Bytes(shown(head)),
            };
            format!("{printed}\n")
        };
        assert_eq!(
            printed(b"GET / HTTP/1.1\r\nHost: h\r\n\r\nrest"),
            "GET / HTTP/1.1\nHost: h\n\n"
        );
        assert_eq!(printed(b"\x16\x1b[2J\xff"), "\\u{16}\\u{1b}[2J\\xff\n\n");
        assert_eq!(printed(b"a\rb\\r\n"), "a\\rb\\r\n\n");
    }
}
