//! How a datagram is shown, and what else there is to say.

use std::collections::HashSet;
use std::io::Write;

use clap::ValueEnum;

use crate::commands::serve::status_of;
use crate::engine::{Heard, Remark, StdoutError};
use crate::net::Address;
use crate::output::{
    Accepted, Bytes, Datagram, Dropped, Event, FirstHeard, Harmless, HexDump, LeftOut, Output, Ran,
    Record, Sender, Warning,
};

/// How what arrives is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    #[default]
    /// As it is, one behind the other
    Raw,
    /// A line each, with control characters escaped
    Line,
    /// A line each, then offset, hex and ASCII
    Hex,
    /// A JSON object each, as --json tells them, but nothing else
    Json,
}

/// How many senders are remembered: each process that is started is another one.
const MOST: usize = 4096;

/// Shows datagrams, and records.
pub(in super::super) struct Shower<'a> {
    pub(super) output: &'a Output,
    pub(super) format: Format,
    /// Offset, hex and ASCII alone.
    pub(super) dumps: bool,
    /// Whether it is to be said who sends; they are noted on the datagrams.
    pub(super) names_senders: bool,
    /// Of whom that was said.
    pub(super) named: HashSet<Sender>,
}

impl Shower<'_> {
    /// Whether stdout gets the bytes.
    pub(in super::super) fn is_raw(&self) -> bool {
        self.format == Format::Raw && !self.dumps && !self.output.style().json
    }

    /// Whether anything is said of each.
    pub(in super::super) fn speaks(&self) -> bool {
        let style = self.output.style();
        !self.is_raw() || ((style.verbose || self.names_senders) && !style.quiet)
    }

    pub(super) fn show(&mut self, heard: &Heard<'_>, text: &mut Vec<u8>) {
        let event = event(heard);
        let style = self.output.style();
        if !style.json
            && !style.verbose
            && self.format == Format::Raw
            && let Some(sender) = event.sender
            && self.is_new(sender)
        {
            let peer = event.peer.clone();
            self.output.gather(&FirstHeard { peer, sender }, text);
        }
        self.put(&event, &event, text);
    }

    /// A record of connection `conn`.
    pub(in super::super) fn show_record(&self, conn: u64, heard: &Heard<'_>, text: &mut Vec<u8>) {
        let record = event(heard);
        let event = Record { conn, record };
        self.put(&event.record, &event, text);
    }

    fn put(&self, datagram: &Datagram<'_>, event: &impl Event, text: &mut Vec<u8>) {
        let style = self.output.style();
        if style.json || (self.format == Format::Raw && style.verbose) {
            self.output.gather(event, text);
        }
        let bytes = datagram.bytes.0;
        // Writing to memory does not fail.
        let _ = match self.format {
            _ if style.json => Ok(()),
            Format::Raw if self.dumps => write!(text, "{}", HexDump { offset: 0, bytes }),
            Format::Raw => Ok(()),
            Format::Line => writeln!(text, "{}: {}", head(datagram), line(bytes)),
            Format::Hex => {
                let dump = HexDump { offset: 0, bytes };
                write!(text, "{}\n{dump}", head(datagram))
            }
            Format::Json => {
                self.output.gather_json(event, text);
                Ok(())
            }
        };
    }

    fn is_new(&mut self, sender: Sender) -> bool {
        if self.named.len() >= MOST {
            self.named.clear();
        }
        self.named.insert(sender)
    }
}

/// `TIME PEER > LOCAL, N bytes, ttl N, tos N`.
fn head(event: &Datagram<'_>) -> String {
    let time = event.time.as_deref().unwrap_or("-");
    let peer = event.peer.as_deref().unwrap_or("(unnamed)");
    let local = event.local.as_deref().unwrap_or("(unnamed)");
    let length = event.length;
    let mut head = format!("{time} {peer} > {local}, {length} bytes");
    if event.truncated {
        head.push_str(", truncated");
    }
    for (name, value) in [("ttl", event.ttl), ("tos", event.tos)] {
        if let Some(value) = value {
            head.push_str(&format!(", {name} {value}"));
        }
    }
    if let Some(sender) = event.sender {
        head.push_str(&format!(", {sender}"));
    }
    head
}

/// Bytes in one line, so that each line stands for one datagram only: a backslash is escaped like what it escapes.
fn line(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\\' | '\n' | '\r' | '\t' => text.extend(c.escape_default()),
                _ if c.is_ascii_control() => text.push_str(&format!("\\x{:02x}", u32::from(c))),
                _ => text.push_str(&Harmless(c.encode_utf8(&mut [0; 4])).to_string()),
            }
        }
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

fn event<'a>(heard: &Heard<'a>) -> Datagram<'a> {
    let notes = heard.notes;
    let time = notes.at.map(humantime::format_rfc3339_micros);
    Datagram {
        peer: heard.from.map(name),
        local: Some(heard.spoken_to().unmapped())
            .filter(|local| !local.is_unnamed())
            .map(|local| local.to_string()),
        length: heard.length,
        truncated: heard.length > heard.bytes.len(),
        time: time.map(|time| time.to_string()),
        ttl: notes.ttl,
        tos: notes.tos,
        sender: notes.credentials.map(|sender| Sender {
            pid: sender.pid,
            uid: sender.uid,
            gid: sender.gid,
        }),
        bytes: Bytes(heard.bytes),
    }
}

fn name(address: &Address) -> String {
    address.clone().unmapped().to_string()
}

/// Say what else there is to say.
pub(super) fn remark(output: &Output, remark: &Remark<'_>) -> Result<(), StdoutError> {
    let message = match remark {
        // The event of the datagram tells it.
        Remark::Truncated { .. } if output.style().json => return Ok(()),
        Remark::Truncated { from, length, kept } => {
            let from = from.map_or_else(|| "(unnamed)".to_owned(), name);
            format!("a datagram of {length} bytes from {from} was truncated to {kept}")
        }
        Remark::Dropped {
            count,
            total,
            at_least,
        } => {
            return output.offer(&Dropped {
                count: *count,
                total: *total,
                at_least: *at_least,
            });
        }
        Remark::LeftOut { count, total } => {
            let (count, total) = (*count, *total);
            return output.offer(&LeftOut { count, total });
        }
        Remark::Full => "the send buffer is full of what peers do not read: others are answered from sockets without a \
                         name, as far as they take that"
            .to_owned(),
        Remark::NotSent { to, error } => match error {
            Some(error) => error.to_string(),
            None => format!(
                "{} takes less than it is sent: some of it is left out",
                name(to)
            ),
        },
        Remark::Began { conn, peer, local } => {
            return output.offer(&Accepted {
                conn: *conn,
                peer: (*peer).clone().unmapped(),
                local: (*local).clone().unmapped(),
            });
        }
        Remark::NotRun { conn, error } => format!("{conn} {error}"),
        Remark::Ran { conn, status } => {
            let status = status_of(*status);
            return output.offer(&Ran {
                conn: *conn,
                status,
            });
        }
    };
    output.offer(&Warning { message })
}
