//! Why a request is not done: its status, and words where that does not say enough.

use super::octet::{is_path, is_token};
use super::plan::{Content, Plan};
use super::status::Status;

/// A refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status.
    pub status: Status,
    /// Why, in words for whoever asked; empty where the status speaks for itself.
    pub why: &'static str,
}

impl Status {
    /// This status, and why.
    pub const fn because(self, why: &'static str) -> Refusal {
        Refusal { status: self, why }
    }
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        status.because("")
    }
}

impl Refusal {
    /// What is said to one whose bytes were no request.
    pub fn of(status: Status, heard: &[u8]) -> Self {
        match status {
            Status::BAD_REQUEST if has_raw_target(heard) => {
                status.because("a character of the target must be percent-encoded")
            }
            _ => status.into(),
        }
    }

    /// The answer: one line.
    pub fn plan(self) -> Plan<'static> {
        let Self { status, why } = self;
        let plan = Plan {
            why,
            ..Plan::status(status)
        };
        if why.is_empty() {
            return plan;
        }
        Plan {
            content: Content::Bytes(format!("{status}: {why}\n").into_bytes()),
            ..plan
        }
    }
}

/// Whether the first thing that is wrong with a request line is a character of its target that stands in no URI, RFC 3986,
/// section 2. What follows it does not count: it may not have been heard.
fn has_raw_target(heard: &[u8]) -> bool {
    let mut words = heard.splitn(2, |byte| *byte == b' ');
    let method = words.next().unwrap_or_default();
    let target = words.next().unwrap_or_default();
    let wrong = target
        .iter()
        .find(|byte| !is_path(**byte) && **byte != b'?');
    method.iter().all(|byte| is_token(*byte))
        && target.starts_with(b"/")
        && matches!(wrong, Some(b'"' | b'<' | b'>' | b'#' | 0x80..))
}

#[cfg(test)]
mod tests {
    use super::super::response::literal;
    use super::*;

    #[test]
    fn a_target_that_is_not_encoded_is_told_so() {
        for (heard, is_told) in [
            ("GET /a?q=\"x\" HTTP/1.1\r\nHost: h\r\n\r\n", true),
            ("GET /a?b\"", true),
            ("GET /a b HTTP/1.1\r\n", false),
            ("GET /a?\\ HTTP/1.1\r\nA\r\n", false),
            ("GET /\u{e4} HTTP/1.0", true),
            ("GET /a#b HTTP/1.1\r\n\r\n", true),
            ("GET /a?b HTTP/1.1\r\n\r\n", false),
            ("GET \"/\" HTTP/1.1\r\n\r\n", false),
            ("G\"T /\" HTTP/1.1\r\n\r\n", false),
            ("\x16\x03\x01", false),
            ("", false),
        ] {
            let refusal = Refusal::of(Status::BAD_REQUEST, heard.as_bytes());
            assert_eq!(!refusal.why.is_empty(), is_told, "{heard}");
        }
        let other = Refusal::of(Status::REQUEST_TIMEOUT, b"GET /\" HTTP/1.1\r\n");
        assert_eq!(other, Status::REQUEST_TIMEOUT.into());
    }

    #[test]
    fn words_stand_behind_the_status() {
        for (refusal, line) in [
            (Status::CONFLICT.into(), "409 Conflict\n"),
            (
                Status::CONFLICT.because("that name is taken"),
                "409 Conflict: that name is taken\n",
            ),
        ] {
            let plan = Refusal::plan(refusal);
            assert_eq!(literal(&plan), line.as_bytes());
            assert_eq!(plan.status, Status::CONFLICT);
        }
    }
}
