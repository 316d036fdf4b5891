//! What `raw` says: where it listens, what it heard, what it sent.

use std::fmt;

use serde::Serialize;

use crate::net::Protocol;
use crate::output::{Event, Face, HexDump};
use crate::wire::{Malformed, Packet};

/// A socket is open and hears.
#[derive(Serialize)]
pub(super) struct Listening {
    /// The protocol's word or number.
    pub(super) proto: String,
    /// The address, `*` for all.
    pub(super) local: String,
}

/// A packet came.
#[derive(Serialize)]
pub(super) struct Heard<'a> {
    /// Who sent it.
    pub(super) peer: String,
    /// The length in bytes of what the socket delivers.
    pub(super) length: usize,
    /// Its layers.
    pub(super) layers: Layers,
    /// Its bytes.
    #[serde(rename = "hex", serialize_with = "hex::serialize")]
    pub(super) bytes: &'a [u8],
    /// Whether people see the bytes too.
    #[serde(skip)]
    pub(super) dump: bool,
}

/// What a packet's bytes are.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Layers {
    /// A packet.
    Decoded(Packet),
    /// No packet.
    Refused(Malformed),
}

/// A packet was handed to the kernel.
#[derive(Serialize)]
pub(super) struct Sent {
    /// The protocol's word or number.
    pub(super) proto: String,
    /// Where to.
    pub(super) peer: String,
    /// How many bytes.
    pub(super) length: usize,
}

/// The privilege that opened the socket could not be given up.
#[derive(Serialize)]
pub(super) struct PrivilegeKept {
    /// Why.
    pub(super) why: String,
}

/// A protocol as people write it.
pub(super) fn word(protocol: Protocol) -> String {
    protocol
        .word()
        .map_or_else(|| protocol.0.to_string(), str::to_owned)
}

impl Event for Listening {
    const NAME: &'static str = "listening";
}

impl Event for Heard<'_> {
    const NAME: &'static str = "packet";
    const FACE: Face = Face::Data;
}

impl Event for Sent {
    const NAME: &'static str = "sent";
    const FACE: Face = Face::Detail;
}

impl Event for PrivilegeKept {
    const NAME: &'static str = "privilege_kept";
    const FACE: Face = Face::Detail;
}

impl fmt::Display for Listening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "listening on raw {} {}", self.proto, self.local)
    }
}

impl fmt::Display for Heard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.layers {
            Layers::Decoded(packet) => packet.fmt(f)?,
            Layers::Refused(malformed) => write!(f, "IP from {}: {malformed}", self.peer)?,
        }
        if self.dump && !self.bytes.is_empty() {
            let dump = HexDump {
                offset: 0,
                bytes: self.bytes,
            };
            // Events end their own lines.
            write!(f, "\n{}", dump.to_string().trim_end_matches('\n'))?;
        }
        Ok(())
    }
}

impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            proto,
            peer,
            length,
        } = self;
        write!(f, "sent {length} bytes of {proto} to {peer}")
    }
}

impl fmt::Display for PrivilegeKept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "capabilities are kept: {}", self.why)
    }
}
