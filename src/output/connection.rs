//! The events of connections, the same in every command.

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

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sockkit: {}", self.message)
    }
}

/// An address in one word, as it is typed.
pub(super) fn word<S: Serializer>(address: &Address, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(address)
}
