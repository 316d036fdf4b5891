//! The events of connections and datagrams, the same in every command.

use std::fmt;

use serde::{Serialize, Serializer};

use super::bytes::Bytes;
use super::event::{Event, Face};
use crate::net::Address;

/// A socket listens, or is bound and hears datagrams.
#[derive(Debug, Serialize)]
pub struct Listening<'a> {
    /// `tcp`, `udp`, `unix`...
    pub proto: &'a str,
    /// The real address.
    pub local: String,
    /// Whether IPv4 comes to this `[::]` too, as it was asked for with `*`: people are told so.
    #[serde(skip)]
    pub everywhere: bool,
}

/// A connection stands that this side asked for.
#[derive(Debug, Serialize)]
pub struct Connected<'a> {
    /// `tcp`, `udp`, `unix`...
    pub proto: &'a str,
    /// Whom it leads to.
    #[serde(serialize_with = "word", skip_serializing_if = "Address::is_unnamed")]
    pub peer: Address,
    /// This side's address.
    #[serde(serialize_with = "word", skip_serializing_if = "Address::is_unnamed")]
    pub local: Address,
}

/// A connection came in.
#[derive(Debug, Serialize)]
pub struct Accepted {
    /// Which one, counted from 1.
    pub conn: u64,
    /// Who.
    #[serde(serialize_with = "word", skip_serializing_if = "Address::is_unnamed")]
    pub peer: Address,
    /// To which address.
    #[serde(serialize_with = "word", skip_serializing_if = "Address::is_unnamed")]
    pub local: Address,
}

/// Who is at the other end of a local connection, by the kernel's word.
#[derive(Debug, Serialize)]
pub struct PeerCredentials {
    /// Which connection, counted from 1.
    pub conn: u64,
    /// The process when it connected, or began to listen; 0 where it is out of sight.
    pub pid: u32,
    /// The user's number.
    pub uid: u32,
    /// The user's name; missing where nobody has the number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The group's number.
    pub gid: u32,
    /// The group's name; missing where none has the number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

/// A descriptor came in on a local connection.
#[derive(Debug, Serialize)]
pub struct HandedOver<'a> {
    /// Which connection, counted from 1.
    pub conn: u64,
    /// Its number here.
    pub fd: i32,
    /// `socket`, `file`, `pipe`, `directory`, `device`.
    pub kind: &'a str,
    /// What came along with it.
    #[serde(flatten)]
    pub bytes: Bytes<'a>,
}

/// Bytes came in on a connection.
#[derive(Debug, Serialize)]
pub struct Received<'a> {
    /// Which one, counted from 1.
    pub conn: u64,
    /// The payload.
    #[serde(flatten)]
    pub bytes: Bytes<'a>,
}

/// A connection ended.
#[derive(Debug, Serialize)]
pub struct Closed {
    /// Which one, counted from 1.
    pub conn: u64,
    /// Who.
    #[serde(serialize_with = "word", skip_serializing_if = "Address::is_unnamed")]
    pub peer: Address,
    /// Bytes that came from there.
    pub received: u64,
    /// Bytes that went there.
    pub sent: u64,
    /// Why, where it was not a plain end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A datagram came in.
#[derive(Debug, Serialize)]
pub struct Datagram<'a> {
    /// Who sent it; missing for an unbound local socket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// The address that it was sent to.
    pub local: String,
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

/// Something that goes wrong and is tried again.
#[derive(Debug, Serialize)]
pub struct Warning {
    /// What, and why.
    pub message: String,
}

impl Event for Listening<'_> {
    const NAME: &'static str = "listening";
}

impl Event for Connected<'_> {
    const NAME: &'static str = "connected";
    const FACE: Face = Face::Detail;
}

impl Event for Accepted {
    const NAME: &'static str = "accepted";
    const FACE: Face = Face::Detail;
}

impl Event for PeerCredentials {
    const NAME: &'static str = "credentials";
}

impl Event for HandedOver<'_> {
    const NAME: &'static str = "descriptor";
    const FACE: Face = Face::Detail;
}

impl Event for Received<'_> {
    const NAME: &'static str = "received";
    const FACE: Face = Face::Unseen;
}

impl Event for Closed {
    const NAME: &'static str = "closed";
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

impl Event for Warning {
    const NAME: &'static str = "warning";
}

impl fmt::Display for Listening<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let local = match self.everywhere {
            true => self.local.strip_prefix("[::]").map(|port| ("*", port)),
            false => None,
        };
        let (host, port) = local.unwrap_or(("", &self.local));
        write!(f, "listening on {} {host}{port}", self.proto)
    }
}

impl fmt::Display for Connected<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "connected to {} {} from {}",
            self.proto, self.peer, self.local
        )
    }
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

impl fmt::Display for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} accepted from {} on {}",
            self.conn, self.peer, self.local
        )
    }
}

impl fmt::Display for PeerCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            conn,
            pid,
            uid,
            gid,
            ..
        } = self;
        let named = |name: &Option<String>| {
            let name = name.as_ref().map(|name| format!(" ({name})"));
            name.unwrap_or_default()
        };
        let (user, group) = (named(&self.user), named(&self.group));
        write!(
            f,
            "{conn} is process {pid}, uid {uid}{user}, gid {gid}{group}"
        )
    }
}

impl fmt::Display for HandedOver<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { conn, fd, kind, .. } = self;
        write!(f, "{conn} handed over descriptor {fd}, a {kind}")
    }
}

impl fmt::Display for Received<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} received {} bytes", self.conn, self.bytes.0.len())
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            conn,
            peer,
            received,
            sent,
            ..
        } = self;
        write!(
            f,
            "{conn} closed {peer}, {received} bytes received, {sent} sent"
        )?;
        self.reason
            .as_ref()
            .map_or(Ok(()), |reason| write!(f, ": {reason}"))
    }
}

impl fmt::Display for Datagram<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let peer = self.peer.as_deref().unwrap_or("(unnamed)");
        write!(
            f,
            "datagram from {peer} to {}, {} bytes",
            self.local, self.length
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
        write!(f, "{count} datagrams dropped by the kernel")?;
        if total != count {
            write!(f, ", {total} in all")?;
        }
        f.write_str(": its receive buffer was full")
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

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sockkit: {}", self.message)
    }
}

/// An address in one word, as it is typed.
pub(super) fn word<S: Serializer>(address: &Address, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(address)
}
