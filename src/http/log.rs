//! The lines of the access log: Common and Combined Log Format as Apache has them, or JSON.
//!
//! Facts in, bytes out, into one buffer that is handed on as a whole. A line costs no allocation, the date is rendered
//! once a second, and no byte of a client's reaches the log as a control character.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::log_escape::{push_json, push_quoted, push_word};

/// How a request is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// `CLIENT - USER [DATE] "LINE" STATUS BYTES SECONDS`
    Common,
    /// Common, with `"REFERER" "USER-AGENT"` before the seconds.
    Combined,
    /// An object a line.
    Json,
}

/// A request that was answered, or what was refused.
#[derive(Clone, Copy, Debug)]
pub struct LogEntry<'a> {
    /// Who asked, with the port where there is one; `None` for a local socket without a name.
    pub peer: Option<&'a str>,
    /// Who asked, without it.
    pub client: &'a str,
    /// As whom; `None` where nobody was asked for a name.
    pub user: Option<&'a [u8]>,
    /// What was asked for.
    pub line: LogLine<'a>,
    /// The answer's status.
    pub status: u16,
    /// How many bytes of its content were sent.
    pub sent: u64,
    /// From the whole head to the end of the answer.
    pub duration: Duration,
    /// `Host`; `None` without the field, as in the next two.
    pub host: Option<&'a [u8]>,
    /// `Referer`
    pub referer: Option<&'a [u8]>,
    /// `User-Agent`
    pub user_agent: Option<&'a [u8]>,
}

/// The request line of an entry.
#[derive(Clone, Copy, Debug)]
pub enum LogLine<'a> {
    /// Of a request.
    Asked {
        /// The method's word.
        method: &'a str,
        /// The target as it was sent.
        target: &'a str,
        /// `HTTP/1.1`
        version: &'static str,
    },
    /// The bytes that were refused; only their first line is written down.
    Refused(&'a [u8]),
}

/// The lines since they were last taken.
#[derive(Debug)]
pub struct Log {
    format: LogFormat,
    stamp: Stamp,
    lines: Vec<u8>,
}

/// How many bytes of what was refused are written down.
const REFUSED: usize = 1024;

impl Log {
    /// A log without a line.
    pub fn new(format: LogFormat) -> Self {
        Self {
            format,
            stamp: Stamp::default(),
            lines: Vec::new(),
        }
    }

    /// Write down a request that was answered at `now`.
    pub fn add(&mut self, entry: &LogEntry<'_>, now: SystemTime) {
        self.stamp.set(now);
        match self.format {
            LogFormat::Common => self.common(entry),
            LogFormat::Combined => {
                self.common(entry);
                for field in [entry.referer, entry.user_agent] {
                    self.lines.extend_from_slice(b" \"");
                    push_quoted(field.unwrap_or(b"-"), &mut self.lines);
                    self.lines.push(b'"');
                }
            }
            LogFormat::Json => return self.json(entry),
        }
        self.lines.push(b' ');
        push_seconds(entry.duration, &mut self.lines);
        self.lines.push(b'\n');
    }

    /// The lines, each with its end.
    pub fn lines(&self) -> &[u8] {
        &self.lines
    }

    /// Begin anew, in the same memory.
    pub fn clear(&mut self) {
        self.lines.clear();
    }

    fn common(&mut self, entry: &LogEntry<'_>) {
        let lines = &mut self.lines;
        push_word(entry.client.as_bytes(), lines);
        lines.extend_from_slice(b" - ");
        push_word(entry.user.unwrap_or(b"-"), lines);
        lines.extend_from_slice(b" [");
        lines.extend_from_slice(self.stamp.common.as_bytes());
        lines.extend_from_slice(b"] \"");
        match entry.line {
            LogLine::Asked {
                method,
                target,
                version,
            } => {
                push_quoted(method.as_bytes(), lines);
                lines.push(b' ');
                push_quoted(target.as_bytes(), lines);
                lines.push(b' ');
                lines.extend_from_slice(version.as_bytes());
            }
            LogLine::Refused(bytes) => push_quoted(first_line(bytes), lines),
        }
        lines.extend_from_slice(b"\" ");
        push_number(entry.status.into(), lines);
        lines.push(b' ');
        match entry.sent {
            0 => lines.push(b'-'),
            sent => push_number(sent, lines),
        }
    }

    fn json(&mut self, entry: &LogEntry<'_>) {
        let lines = &mut self.lines;
        lines.extend_from_slice(b"{\"event\":\"request\",\"ts\":\"");
        lines.extend_from_slice(self.stamp.rfc3339.as_bytes());
        lines.push(b'.');
        push_micros(self.stamp.micros, lines);
        lines.extend_from_slice(b"Z\"");
        let mut text = |name: &[u8], value: &[u8]| {
            lines.extend_from_slice(name);
            push_json(value, lines);
            lines.push(b'"');
        };
        if let Some(peer) = entry.peer {
            text(b",\"peer\":\"", peer.as_bytes());
        }
        match entry.line {
            LogLine::Asked {
                method,
                target,
                version,
            } => {
                text(b",\"method\":\"", method.as_bytes());
                text(b",\"target\":\"", target.as_bytes());
                text(b",\"version\":\"", version.as_bytes());
            }
            LogLine::Refused(bytes) => text(b",\"refused\":\"", first_line(bytes)),
        }
        let optional: [(&[u8], _); 4] = [
            (b",\"host\":\"", entry.host),
            (b",\"referer\":\"", entry.referer),
            (b",\"user_agent\":\"", entry.user_agent),
            (b",\"user\":\"", entry.user),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                text(name, value);
            }
        }
        lines.extend_from_slice(b",\"status\":");
        push_number(entry.status.into(), lines);
        lines.extend_from_slice(b",\"sent\":");
        push_number(entry.sent, lines);
        lines.extend_from_slice(b",\"duration_ms\":");
        push_millis(entry.duration, lines);
        lines.extend_from_slice(b"}\n");
    }
}

/// A time in both forms, rendered once a second. UTC: a local time is ambiguous for an hour of each year.
#[derive(Debug, Default)]
struct Stamp {
    second: Option<u64>,
    micros: u32,
    /// `22/Nov/2026:23:45:01 +0000`
    common: String,
    /// `2026-11-22T23:45:01`
    rfc3339: String,
}

/// The last second of the year 9999, behind which neither form has room.
const LAST: u64 = 253_402_300_799;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

impl Stamp {
    fn set(&mut self, now: SystemTime) {
        // A clock before 1970 is out of its mind: what it says is as good as any other time.
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        self.micros = since.subsec_micros();
        let second = since.as_secs().min(LAST);
        if self.second != Some(second) {
            self.second = Some(second);
            self.render(UNIX_EPOCH + Duration::from_secs(second));
        }
    }

    fn render(&mut self, at: SystemTime) {
        let text = humantime::format_rfc3339_seconds(at).to_string();
        self.rfc3339 = text.trim_end_matches('Z').to_owned();
        let part = |range| text.get(range).unwrap_or_default();
        let month = part(5..7).parse::<usize>().unwrap_or_default();
        let month = MONTHS.get(month.wrapping_sub(1)).copied();
        self.common = [
            part(8..10),
            "/",
            month.unwrap_or_default(),
            "/",
            part(0..4),
            ":",
            part(11..19),
            " +0000",
        ]
        .concat();
    }
}

fn first_line(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.get(..REFUSED).unwrap_or(bytes);
    let end = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
    // An empty line in front of a request line is no line of it.
    match end {
        Some(0) => bytes,
        end => end.and_then(|end| bytes.get(..end)).unwrap_or(bytes),
    }
}

fn push_number(number: u64, into: &mut Vec<u8>) {
    into.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Seconds to the microsecond, as `0.000412`.
fn push_seconds(duration: Duration, into: &mut Vec<u8>) {
    push_number(duration.as_secs(), into);
    into.push(b'.');
    push_micros(duration.subsec_micros(), into);
}

/// Milliseconds to the microsecond, as `0.412`.
fn push_millis(duration: Duration, into: &mut Vec<u8>) {
    let whole = duration.as_secs().saturating_mul(1000);
    push_number(whole + u64::from(duration.subsec_millis()), into);
    into.push(b'.');
    push_digits::<1000>(duration.subsec_micros() % 1000, into);
}

/// Six digits.
fn push_micros(micros: u32, into: &mut Vec<u8>) {
    push_digits::<1_000_000>(micros, into);
}

/// As many digits as `PLACE` has noughts.
fn push_digits<const PLACE: u32>(number: u32, into: &mut Vec<u8>) {
    // The one in front holds the place of the noughts, and is left out.
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(PLACE + number).as_bytes();
    into.extend_from_slice(digits.get(1..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const AT: Duration = Duration::from_micros(1_795_391_101_000_042);

    fn line(format: LogFormat, entry: &LogEntry<'_>) -> String {
        let mut log = Log::new(format);
        log.add(entry, UNIX_EPOCH + AT);
        String::from_utf8(log.lines().to_vec()).unwrap()
    }

    fn asked(target: &str) -> LogEntry<'_> {
        LogEntry {
            peer: Some("192.0.2.1:4711"),
            client: "192.0.2.1",
            user: None,
            line: LogLine::Asked {
                method: "GET",
                target,
                version: "HTTP/1.1",
            },
            status: 200,
            sent: 2326,
            duration: Duration::from_micros(412),
            host: Some(b"example.org"),
            referer: None,
            user_agent: Some(b"curl/8.0"),
        }
    }

    #[test]
    fn hostile_bytes_are_escaped() {
        let hostile = b"\x16\x03\x01\"\\\x1b[2J\x7f\xff\t rest\r\nGET /";
        let mut entry = asked("/a\"b");
        entry.line = LogLine::Refused(hostile);
        entry.user = Some(b"a b\n");
        entry.user_agent = Some(b"x\" 200 1 \"\x80");
        assert_eq!(
            line(LogFormat::Combined, &entry),
            "192.0.2.1 - a\\x20b\\n [22/Nov/2026:23:45:01 +0000] \
             \"\\x16\\x03\\x01\\\"\\\\\\x1b[2J\\x7f\\xff\\t rest\" 200 2326 \"-\" \"x\\\" 200 1 \\\"\\x80\" 0.000412\n"
        );
        let json: serde_json::Value = serde_json::from_str(&line(LogFormat::Json, &entry)).unwrap();
        assert_eq!(
            json["refused"],
            "\u{16}\u{3}\u{1}\"\\\u{1b}[2J\u{7f}\u{fffd}\t rest"
        );
        assert_eq!(json["user"], "a b\n");
        assert_eq!(json.get("method"), None);
    }

    #[test]
    fn the_formats() {
        let mut entry = asked("/apache_pb.gif?x=1");
        assert_eq!(
            line(LogFormat::Common, &entry),
            "192.0.2.1 - - [22/Nov/2026:23:45:01 +0000] \"GET /apache_pb.gif?x=1 HTTP/1.1\" 200 2326 0.000412\n"
        );
        assert_eq!(
            line(LogFormat::Json, &entry),
            "{\"event\":\"request\",\"ts\":\"2026-11-22T23:45:01.000042Z\",\"peer\":\"192.0.2.1:4711\",\
             \"method\":\"GET\",\"target\":\"/apache_pb.gif?x=1\",\"version\":\"HTTP/1.1\",\"host\":\"example.org\",\
             \"user_agent\":\"curl/8.0\",\"status\":200,\"sent\":2326,\"duration_ms\":0.412}\n"
        );
        (entry.user, entry.referer) = (Some(&b"frank"[..]), Some(&b"http://example.org/"[..]));
        (entry.sent, entry.duration) = (0, Duration::from_millis(61_500));
        assert_eq!(
            line(LogFormat::Combined, &entry),
            "192.0.2.1 - frank [22/Nov/2026:23:45:01 +0000] \"GET /apache_pb.gif?x=1 HTTP/1.1\" 200 - \
             \"http://example.org/\" \"curl/8.0\" 61.500000\n"
        );
    }

    #[test]
    fn the_stamp_follows_the_clock_wherever_it_goes() {
        let mut stamp = Stamp::default();
        let second = Duration::from_secs(1);
        for (at, common, rfc3339) in [
            (
                UNIX_EPOCH + AT,
                "22/Nov/2026:23:45:01 +0000",
                "2026-11-22T23:45:01",
            ),
            (
                UNIX_EPOCH + AT + second,
                "22/Nov/2026:23:45:02 +0000",
                "2026-11-22T23:45:02",
            ),
            (
                UNIX_EPOCH - second,
                "01/Jan/1970:00:00:00 +0000",
                "1970-01-01T00:00:00",
            ),
            (
                UNIX_EPOCH + Duration::from_secs(1 << 40),
                "31/Dec/9999:23:59:59 +0000",
                "9999-12-31T23:59:59",
            ),
        ] {
            stamp.set(at);
            assert_eq!((&*stamp.common, &*stamp.rfc3339), (common, rfc3339));
        }
    }

    proptest! {
        #[test]
        fn a_line_is_one_line_whatever_is_in_it(bytes: Vec<u8>, user: Vec<u8>, agent: Vec<u8>, status: u16) {
            let mut entry = asked("/");
            entry.line = LogLine::Refused(&bytes);
            (entry.user, entry.user_agent, entry.status) = (Some(&*user), Some(&*agent), status);
            for format in [LogFormat::Common, LogFormat::Combined, LogFormat::Json] {
                let line = line(format, &entry);
                let one = line.strip_suffix('\n').unwrap();
                prop_assert!(!one.chars().any(char::is_control), "{one}");
                if format == LogFormat::Json {
                    let read: serde_json::Value = serde_json::from_str(one).unwrap();
                    prop_assert_eq!(read["user"].as_str(), Some(&*String::from_utf8_lossy(&user)));
                } else {
                    prop_assert!(one.is_ascii());
                }
            }
        }
    }
}
