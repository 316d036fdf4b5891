//! What `raw` says: where it listens, what it heard, what it sent.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::net::Protocol;
use crate::output::{Event, Face, HexDump};
use crate::wire::{Frame, Malformed, Packet, Transport};

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
    /// Who sent it; `None` on a link, where that is a layer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) peer: Option<&'a str>,
    /// When the kernel saw it.
    pub(super) time: String,
    /// Where on a link it was; `None` for a raw socket.
    #[serde(flatten)]
    pub(super) place: Option<Place<'a>>,
    /// The length in bytes of what the socket delivers.
    pub(super) length: usize,
    /// How many of them are there, where it is fewer.
    #[serde(rename = "captured", skip_serializing_if = "Option::is_none")]
    pub(super) cut: Option<usize>,
    /// Its layers.
    pub(super) layers: Layers,
    /// Its bytes.
    #[serde(rename = "hex", serialize_with = "hex::serialize")]
    pub(super) bytes: &'a [u8],
    /// Whether people see the bytes too.
    #[serde(skip)]
    pub(super) dump: bool,
    /// The same, where people see it.
    #[serde(skip)]
    pub(super) time_of_day: Option<TimeOfDay>,
}

/// Where a packet was on a link.
#[derive(Serialize)]
pub(super) struct Place<'a> {
    /// The interface.
    pub(super) interface: &'a str,
    /// Which way it went.
    pub(super) direction: Way,
}

/// Which way a packet went: `sll_pkttype` of packet(7).
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Way {
    /// To this host.
    In,
    /// To everybody.
    Broadcast,
    /// To a group.
    Multicast,
    /// To another host: the interface is promiscuous.
    Other,
    /// From this host.
    Out,
}

/// The time of day in UTC, as tcpdump has it.
pub(super) struct TimeOfDay(pub(super) Duration);

/// What a packet's bytes are.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Layers {
    /// A packet.
    Decoded(Box<Packet>),
    /// A frame.
    Framed(Frame),
    /// No packet.
    Refused(Malformed),
}

/// What was heard in all.
#[derive(Serialize)]
pub(super) struct Summary {
    /// How many packets were shown, or written.
    pub(super) captured: u64,
    /// How many the filter let through; `None` for raw sockets, which do not count them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) received: Option<u64>,
    /// How many found no room in the socket's buffer; `None` where the kernel does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) dropped: Option<u64>,
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
    /// What they are, where they were built.
    #[serde(flatten)]
    pub(super) layer: Option<Transport>,
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

impl Event for Summary {
    const NAME: &'static str = "summary";
}

impl Event for Sent {
    const NAME: &'static str = "sent";
    const FACE: Face = Face::Detail;
}

impl fmt::Display for Listening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "listening on raw {} {}", self.proto, self.local)
    }
}

impl fmt::Display for Heard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(time) = &self.time_of_day {
            write!(f, "{time} ")?;
        }
        if let Some(place) = &self.place {
            write!(f, "{} {:<3} ", place.interface, place.direction.word())?;
        }
        match (&self.layers, self.peer) {
            (Layers::Decoded(packet), _) => packet.fmt(f)?,
            (Layers::Framed(frame), _) => frame.fmt(f)?,
            (Layers::Refused(malformed), None) => malformed.fmt(f)?,
            (Layers::Refused(malformed), Some(peer)) => write!(f, "IP from {peer}: {malformed}")?,
        }
        if self.cut.is_some() {
            write!(f, " (cut to {} bytes)", self.bytes.len())?;
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

impl Way {
    /// The way of a packet of this type.
    pub(super) fn of(kind: u8) -> Self {
        match kind {
            0 => Self::In,
            1 => Self::Broadcast,
            2 => Self::Multicast,
            4 => Self::Out,
            _ => Self::Other,
        }
    }

    /// As tcpdump has it.
    fn word(self) -> &'static str {
        match self {
            Self::In => "In",
            Self::Broadcast => "B",
            Self::Multicast => "M",
            Self::Other => "P",
            Self::Out => "Out",
        }
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, micros) = (self.0.as_secs() % 86400, self.0.subsec_micros());
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        write!(f, "{hours:02}:{minutes:02}:{:02}.{micros:06}", seconds % 60)
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let packets = if self.captured == 1 {
            "packet"
        } else {
            "packets"
        };
        write!(f, "{} {packets} captured", self.captured)?;
        if let Some(received) = self.received {
            write!(f, ", {received} received by filter")?;
        }
        match self.dropped {
            Some(dropped) => write!(f, ", {dropped} dropped by kernel"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            proto,
            peer,
            length,
            layer,
        } = self;
        write!(f, "sent {length} bytes of {proto} to {peer}")?;
        match layer {
            Some(layer) => write!(f, ": {layer}"),
            None => Ok(()),
        }
    }
}
