//! What passes through connections, for the eyes of people and the lines of programs.

use std::collections::HashMap;
use std::fmt::Write;
use std::time::SystemTime;

use serde::Serialize;

use super::bytes::Bytes;
use super::harmless::harmless;
use super::hexdump::HexDump;

/// How bytes are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DumpForm {
    /// A heading, and text with escaped control characters.
    Text,
    /// A heading, and lines of offset, hex and ASCII.
    Hex,
    /// A JSON object in one line.
    Json,
}

/// Which way bytes went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the peer.
    Received,
    /// To the peer.
    Sent,
}

/// Shows what passes, and counts how much has passed each way.
#[derive(Debug)]
pub struct Dump {
    form: DumpForm,
    passed: HashMap<(u64, Direction), u64>,
}

impl Dump {
    /// Nothing has passed yet.
    pub fn new(form: DumpForm) -> Self {
        Self {
            form,
            passed: HashMap::new(),
        }
    }

    /// These bytes passed on connection `conn` at `at`; the lines that show it.
    pub fn show(
        &mut self,
        at: SystemTime,
        conn: u64,
        direction: Direction,
        bytes: &[u8],
    ) -> String {
        let passed = self.passed.entry((conn, direction)).or_default();
        let offset = *passed;
        *passed += bytes.len() as u64;
        let ts = humantime::format_rfc3339_micros(at).to_string();
        let event = direction.word();
        if self.form == DumpForm::Json {
            let line = serde_json::to_string(&Passed {
                event,
                ts,
                conn,
                offset,
                bytes: Bytes(bytes),
            });
            // Strings and numbers: serde_json cannot refuse them.
            return line.unwrap_or_default() + "\n";
        }
        let count = bytes.len();
        let mut shown = format!("# {ts} {conn} {event} {count} bytes at {offset}\n");
        let written = match self.form {
            DumpForm::Hex => write!(shown, "{}", HexDump { offset, bytes }),
            _ => write!(shown, "{}", harmless(bytes)),
        };
        // A string takes everything.
        let _ = written;
        if !shown.ends_with('\n') {
            shown.push('\n');
        }
        shown
    }
}

impl Direction {
    fn word(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Sent => "sent",
        }
    }
}

#[derive(Serialize)]
struct Passed<'a> {
    event: &'static str,
    ts: String,
    conn: u64,
    offset: u64,
    #[serde(flatten)]
    bytes: Bytes<'a>,
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    fn show(dump: &mut Dump, direction: Direction, bytes: &[u8]) -> String {
        dump.show(UNIX_EPOCH, 7, direction, bytes)
    }

    #[test]
    fn text_is_harmless_and_each_piece_has_a_heading() {
        let mut dump = Dump::new(DumpForm::Text);
        assert_eq!(
            show(&mut dump, Direction::Sent, b"a\r\n\x1b[31mb"),
            "# 1970-01-01T00:00:00.000000Z 7 sent 9 bytes at 0\na\\r\n\\u{1b}[31mb\n"
        );
        assert_eq!(
            show(&mut dump, Direction::Received, b"\xff\n"),
            "# 1970-01-01T00:00:00.000000Z 7 received 2 bytes at 0\n\\xff\n"
        );
        let again = show(&mut dump, Direction::Sent, b"c");
        assert!(again.starts_with("# 1970-01-01T00:00:00.000000Z 7 sent 1 bytes at 9\n"));
    }

    #[test]
    fn hex_has_offsets_that_go_on() {
        let mut dump = Dump::new(DumpForm::Hex);
        show(&mut dump, Direction::Sent, b"x");
        let shown = show(&mut dump, Direction::Sent, b"y");
        assert!(shown.contains("\n00000001  79 "), "{shown}");
    }

    #[test]
    fn json_is_one_object_a_line() {
        let mut dump = Dump::new(DumpForm::Json);
        assert_eq!(
            show(&mut dump, Direction::Received, b"a\n"),
            "{\"event\":\"received\",\"ts\":\"1970-01-01T00:00:00.000000Z\",\"conn\":7,\"offset\":0,\"data\":\"a\\n\"}\n"
        );
        assert!(
            show(&mut dump, Direction::Received, b"\xff").contains("\"offset\":2,\"hex\":\"ff\"")
        );
    }
}
