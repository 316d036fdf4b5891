//! `--inspect`, and the flags that shape the answer: for webhooks, for testing clients, for seeing what HTTP is.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, SystemTime};

use clap::Args;
use serde::Serialize;

use super::log::{LeftOut, UNREAD};
use super::printer::Printer;
use crate::args::duration;
use crate::commands::Desk;
use crate::engine::StdoutError;
use crate::http::Status;
use crate::http::cgi::Ends;
use crate::http::inspect::{Kept, PREFIX, Record, millis};
use crate::net::Address;
use crate::output::{Bytes, Event, Face, HexDump, Output, harmless};
use crate::server::{CallLog, Dice, Happening, Inspector, Observer, Says, Service, Shape};

/// Which requests are seen, and how they are answered.
#[derive(Args, Debug)]
#[command(next_help_heading = "Inspecting requests, and shaping the answers")]
pub(super) struct InspectArgs {
    /// Answer every request, and show all of it: here, and live on a page at /.sockkit/
    #[arg(long)]
    pub(super) inspect: bool,
    /// With --inspect, show heads and bodies as offset, hex and ASCII
    #[arg(long, requires = "inspect")]
    hex: bool,
    /// Answer every request with this status, 200 to 599
    #[arg(long, value_name = "CODE", value_parser = status, conflicts_with = "single")]
    status: Option<Status>,
    /// Answer with the body of the request, or with its head where it has none
    #[arg(long, conflicts_with_all = ["single", "text"])]
    echo: bool,
    /// Answer D after the request
    #[arg(long, value_name = "D", value_parser = duration)]
    delay: Option<Duration>,
    /// Close the connection instead of answering, at this RATE: 0.1 or 10%
    #[arg(long, value_name = "RATE", value_parser = rate)]
    drop: Option<f64>,
    /// With --drop, drop the same requests in every run
    #[arg(long, value_name = "N", requires = "drop")]
    seed: Option<u64>,
}

impl InspectArgs {
    /// Whether answers are made of nothing but what is said here.
    pub(super) fn answers(&self) -> bool {
        self.status.is_some() || self.echo
    }

    /// What answers say, whatever is asked; `None` where that is left to the site.
    pub(super) fn says(&self, text: Option<&str>) -> Option<Says> {
        let status = self.status.unwrap_or(Status::OK);
        if self.echo {
            return Some(Says::Echo(status));
        }
        let line = self
            .status
            .map(Status::line)
            .filter(|line| !line.is_empty());
        let text = text.or(line).unwrap_or(super::GREETING);
        let is_shaped = self.inspect || self.status.is_some();
        is_shaped.then(|| Says::Text(status, text.to_owned()))
    }

    /// Have the answers say this, late, or never, as it was asked for.
    pub(super) fn shape(&self, service: Service, says: Option<Says>) -> Service {
        let shape = Shape {
            says,
            delay: self.delay,
            dice: self.drop.map(|rate| Dice::new(rate, self.seed)),
        };
        match shape.is_any() || self.inspect {
            true => service.shaped(shape),
            false => service,
        }
    }

    /// An inspector of the requests to these addresses.
    pub(super) fn inspector(calls: CallLog, ends: Ends, name: Option<&str>) -> Inspector {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let run = u64::try_from(now.unwrap_or_default().as_micros()).unwrap_or_default();
        let name = name.map(ToOwned::to_owned);
        Inspector::new(run, calls, origin(ends.local, ends.is_tls), name)
    }

    /// Say where the page is.
    pub(super) fn announce(
        &self,
        locals: &[Address],
        is_tls: bool,
        desk: &Desk,
    ) -> Result<(), StdoutError> {
        match locals.iter().find_map(Address::inet) {
            Some(local) if self.inspect => desk.output.tell(&Showing {
                url: format!("{}{PREFIX}/", origin(Some(local), is_tls)),
            }),
            _ => Ok(()),
        }
    }

    /// The printer of requests with all that is known of them.
    pub(super) fn printer(&self, output: Output, is_on: bool) -> FullPrinter {
        FullPrinter {
            is_on,
            others: Printer::new(output.clone(), is_on, false),
            output,
            hex: self.hex,
            left_out: LeftOut::default(),
        }
    }
}

/// Where requests are sent to from this machine itself.
fn origin(local: Option<SocketAddr>, is_tls: bool) -> String {
    let scheme = if is_tls { "https" } else { "http" };
    let Some(mut address) = local else {
        return format!("{scheme}://localhost");
    };
    if address.ip().is_unspecified() {
        address.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    format!("{scheme}://{address}")
}

fn status(word: &str) -> Result<Status, String> {
    match word.parse() {
        Ok(code @ 200..=599) => Ok(Status(code)),
        _ => Err("a final status is a number from 200 to 599".to_owned()),
    }
}

fn rate(word: &str) -> Result<f64, String> {
    let (number, whole) = match word.strip_suffix('%') {
        Some(number) => (number, 100.0),
        None => (word, 1.0),
    };
    let rate = number.parse::<f64>().ok().map(|number| number / whole);
    rate.filter(|rate| (0.0..=1.0).contains(rate))
        .ok_or_else(|| "a rate is from 0 to 1, or from 0% to 100%".to_owned())
}

/// Requests with their bodies, as they are printed.
pub(super) struct FullPrinter {
    output: Output,
    /// For what is no request.
    others: Printer,
    is_on: bool,
    hex: bool,
    left_out: LeftOut,
}

impl Observer for FullPrinter {
    fn notice(&mut self, happening: &Happening<'_>) -> Result<(), StdoutError> {
        match happening {
            // They are printed when they are complete.
            Happening::Answered { .. } | Happening::Finished { .. } | Happening::Dropped { .. } => {
                Ok(())
            }
            other => self.others.notice(other),
        }
    }

    fn turn_ends(&mut self) -> Result<bool, StdoutError> {
        self.others.turn_ends()
    }

    fn ends(&mut self) -> Result<(), StdoutError> {
        self.left_out.end(&self.output)
    }

    fn recorded(&mut self, record: &Record) -> Result<(), StdoutError> {
        if !self.is_on {
            return Ok(());
        }
        if self.output.outlet().backlog() > UNREAD {
            return self.left_out.take(1, &self.output);
        }
        self.left_out.end(&self.output)?;
        self.output.offer(&Seen {
            record,
            hex: self.hex,
        })
    }
}

/// Where the page is.
#[derive(Serialize)]
struct Showing {
    url: String,
}

/// A request with all that is known of it.
struct Seen<'a> {
    record: &'a Record,
    hex: bool,
}

#[derive(Serialize)]
struct SeenLine<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(rename = "duration_ms", serialize_with = "millis")]
    micros: u64,
    #[serde(flatten)]
    head: Bytes<'a>,
    body: Option<SeenBody<'a>>,
    calls: &'a [String],
}

#[derive(Serialize)]
struct SeenBody<'a> {
    #[serde(flatten)]
    bytes: Bytes<'a>,
    length: u64,
    cut: bool,
}

impl Serialize for Seen<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let record = self.record;
        let body = record.body.as_ref().map(|body| SeenBody {
            bytes: Bytes(body.bytes()),
            length: body.length(),
            cut: body.is_cut(),
        });
        let line = SeenLine {
            peer: record.peer.as_deref(),
            method: record.method.as_deref(),
            target: record.target.as_deref(),
            version: record.version,
            status: record.status,
            message: record.message,
            micros: record.micros,
            head: Bytes(&record.head.0),
            body,
            calls: &record.calls,
        };
        line.serialize(serializer)
    }
}

impl Event for Showing {
    const NAME: &'static str = "inspecting";
}

impl fmt::Display for Showing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "requests are shown at {}", self.url)
    }
}

impl Event for Seen<'_> {
    const NAME: &'static str = "request";
    const FACE: Face = Face::Data;
}

/// Head, body, and what came of it, with blank lines between them; binary bodies as hex.
impl fmt::Display for Seen<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = &self.record.head.0;
        match self.hex {
            true => dump(f, head)?,
            false => lines(f, head.trim_ascii_end())?,
        }
        if let Some(body) = &self.record.body {
            self.body(body, f)?;
        }
        writeln!(f)?;
        self.outcome(f)
    }
}

impl Seen<'_> {
    fn body(&self, body: &Kept, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f)?;
        match self.hex || !is_text(body) {
            true => dump(f, body.bytes())?,
            false => lines(f, body.bytes())?,
        }
        match body.is_cut() {
            true => writeln!(f, "... {} bytes in all", body.length()),
            false => Ok(()),
        }
    }

    /// What was answered and after what time, and the socket calls made for it: indented, to stand out.
    fn outcome(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let after = Duration::from_micros(self.record.micros);
        match self.record.status.map(Status) {
            Some(status) => write!(f, "  {} after {after:?}", status.to_string().trim_end())?,
            None => write!(f, "  dropped after {after:?}")?,
        }
        match self.record.message {
            Some(message) => writeln!(f, ": {message}")?,
            None => writeln!(f)?,
        }
        for call in &self.record.calls {
            writeln!(f, "  {}", harmless(call.as_bytes()))?;
        }
        Ok(())
    }
}

fn is_text(body: &Kept) -> bool {
    let is_shown = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    std::str::from_utf8(body.bytes()).is_ok_and(|text| text.chars().all(is_shown))
}

fn dump(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    write!(f, "{}", HexDump { offset: 0, bytes })
}

fn lines(f: &mut fmt::Formatter<'_>, text: &[u8]) -> fmt::Result {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    for line in text.split(|byte| *byte == b'\n') {
        writeln!(f, "{}", harmless(line.strip_suffix(b"\r").unwrap_or(line)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_statuses() {
        for (word, expected) in [
            ("0", 0.0),
            ("0.1", 0.1),
            ("10%", 0.1),
            ("1", 1.0),
            ("100%", 1.0),
        ] {
            assert_eq!(rate(word), Ok(expected), "{word}");
        }
        for word in ["", "%", "-0.1", "1.1", "101%", "nan", "inf", "x", "10%%"] {
            assert!(rate(word).is_err(), "{word}");
        }
        assert_eq!(status("418"), Ok(Status(418)));
        for word in ["", "100", "199", "600", "2000", "-200", "OK", "99999999"] {
            assert!(status(word).is_err(), "{word}");
        }
    }

    #[test]
    fn a_request_as_it_is_printed() {
        let printed = |head: &[u8], body: &[u8], hex| {
            let mut kept = Kept::default();
            kept.take(body);
            let record = Record {
                head: crate::http::inspect::Bytes(head.to_vec()),
                body: (!body.is_empty()).then_some(kept),
                status: Some(404),
                micros: 1500,
                calls: vec![
                    "accept(3) = 4".to_owned(),
                    "send(4, 9) = 9  \x1b".to_owned(),
                ],
                ..Record::default()
            };
            Seen {
                record: &record,
                hex,
            }
            .to_string()
        };
        let head = b"PUT / HTTP/1.1\r\nA: \x1b\r\n\r\n";
        let outcome = "\n  404 Not Found after 1.5ms\n  accept(3) = 4\n  send(4, 9) = 9  \\u{1b}\n";
        let expect = |head, body, shown: &str| {
            assert_eq!(printed(head, body, false), format!("{shown}{outcome}"));
        };
        expect(head, b"", "PUT / HTTP/1.1\nA: \\u{1b}\n");
        let shown = "PUT / HTTP/1.1\nA: \\u{1b}\n\na\n\nb\n";
        expect(head, b"a\r\n\r\nb\n", shown);
        let binary = printed(head, b"\x1b[2J", false);
        assert!(binary.contains("|.[2J|\n\n  404"), "{binary}");
        assert!(printed(head, b"x", true).starts_with("00000000  50 55 54 "));
        let long = printed(b"", &[b'x'; 100_000], false);
        assert!(long.contains("x\n... 100000 bytes in all\n\n  404"));
        let dropped = Seen {
            record: &Record::default(),
            hex: false,
        };
        assert_eq!(dropped.to_string(), "\n\n  dropped after 0ns\n");
    }

    #[test]
    fn where_requests_are_sent_once_more() {
        for (local, expected) in [
            ("127.0.0.1:80", "http://127.0.0.1:80"),
            ("[::]:80", "http://127.0.0.1:80"),
            ("0.0.0.0:80", "http://127.0.0.1:80"),
            ("[::1]:80", "http://[::1]:80"),
        ] {
            assert_eq!(origin(local.parse().ok(), false), expected);
        }
        assert_eq!(origin(None, true), "https://localhost");
    }
}
