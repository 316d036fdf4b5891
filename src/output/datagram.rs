//! The events of datagrams and records, the same in every command.

use std::fmt;

use serde::Serialize;

use super::bytes::Bytes;
use super::event::{Event, Face};

/// A record came in on a connection that keeps them apart.
#[derive(Debug, Serialize)]
pub struct Record<'a> {
    /// Which one, counted from 1.
    pub conn: u64,
    /// What a datagram would have.
    #[serde(flatten)]
    pub record: Datagram<'a>,
}

/// A datagram came in.
#[derive(Debug, Serialize)]
pub struct Datagram<'a> {
    /// Who sent it; missing for an unbound local socket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// The address that it was sent to; missing where a local socket has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local: Option<String>,
    /// How many bytes it had.
    pub length: usize,
    /// Whether only a part of it fitted.
    pub truncated: bool,
    /// When the kernel got it, RFC 3339; missing where it was not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// How many routers might still have passed it on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl: Option<u8>,
    /// The type of service, or traffic class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tos: Option<u8>,
    /// The process, the user and the group that sent it, where they were asked for.
    #[serde(flatten)]
    pub sender: Option<Sender>,
    /// The payload.
    #[serde(flatten)]
    pub bytes: Bytes<'a>,
}

/// A process was heard for the first time, where its datagrams are not told of themselves.
#[derive(Debug, Serialize)]
pub struct FirstHeard {
    /// Its name; missing for an unbound socket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// Which one.
    #[serde(flatten)]
    pub sender: Sender,
}

/// Who sent a local datagram, by the kernel's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Sender {
    /// The process; 0 where it is out of sight.
    pub pid: u32,
    /// The user's number.
    pub uid: u32,
    /// The group's number.
    pub gid: u32,
}

/// What was sent, in all.
#[derive(Debug, Default, Serialize)]
pub struct Sent {
    /// `udp`, `udplite` or `unix`.
    pub proto: &'static str,
    /// Whom to; missing where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// How many datagrams or records; missing for a stream, which has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datagrams: Option<u64>,
    /// How many bytes.
    pub sent: u64,
}

/// Datagrams that the kernel had no room for.
#[derive(Debug, Serialize)]
pub struct Dropped {
    /// How many since this was last told.
    pub count: u64,
    /// How many in all.
    pub total: u64,
    /// Whether there may be more: the kernel counts several that came as one (UDP_GRO) as one.
    pub at_least: bool,
}

/// Datagrams that were not sent, or not passed on, because their receivers took too little.
#[derive(Debug, Serialize)]
pub struct LeftOut {
    /// How many since this was last told, besides those that a warning told of.
    pub count: u64,
    /// How many in all.
    pub total: u64,
}

impl Event for Record<'_> {
    const NAME: &'static str = "received";
    const FACE: Face = Face::Detail;
}

impl Event for Datagram<'_> {
    const NAME: &'static str = "datagram";
    const FACE: Face = Face::Detail;
}

impl Event for FirstHeard {
    const NAME: &'static str = "credentials";
}

impl Event for Sent {
    const NAME: &'static str = "sent";
    const FACE: Face = Face::Detail;
}

impl Event for Dropped {
    const NAME: &'static str = "dropped";
}

impl Event for LeftOut {
    const NAME: &'static str = "left_out";
}

impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sent ")?;
        if let Some(datagrams) = self.datagrams {
            let word = if datagrams == 1 {
                "datagram"
            } else {
                "datagrams"
            };
            write!(f, "{datagrams} {word}, ")?;
        }
        write!(f, "{} bytes", self.sent)?;
        match &self.peer {
            Some(peer) => write!(f, " to {} {peer}", self.proto),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} received {} bytes", self.conn, self.record.length)
    }
}

impl fmt::Display for Datagram<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let peer = self.peer.as_deref().unwrap_or("(unnamed)");
        write!(
            f,
            "datagram from {peer} to {}, {} bytes",
            self.local.as_deref().unwrap_or("(unnamed)"),
            self.length
        )?;
        f.write_str(if self.truncated { ", truncated" } else { "" })?;
        if let Some(ttl) = self.ttl {
            write!(f, ", ttl {ttl}")?;
        }
        if let Some(tos) = self.tos {
            write!(f, ", tos {tos}")?;
        }
        match self.sender {
            Some(sender) => write!(f, ", {sender}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for FirstHeard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let peer = self.peer.as_deref().unwrap_or("(unnamed)");
        write!(f, "{peer} is {}", self.sender)
    }
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pid, uid, gid } = self;
        write!(f, "process {pid}, uid {uid}, gid {gid}")
    }
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            count,
            total,
            at_least,
        } = self;
        f.write_str(if *at_least { "at least " } else { "" })?;
        let word = if *count == 1 { "datagram" } else { "datagrams" };
        write!(f, "{count} {word} dropped by the kernel")?;
        if total != count {
            write!(f, ", {total} in all")?;
        }
        f.write_str(": its receive buffer was full, or a checksum wrong")
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, total } = self;
        write!(
            f,
            "{count} datagrams left out, {total} in all: more than is taken"
        )
    }
}
