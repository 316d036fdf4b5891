//! A packet as a socket delivered it, before anybody looks into it: a capture file wants its bytes alone.

use std::net::Ipv6Addr;
use std::time::Duration;

use super::event::Layers;
use crate::net::Envelope;
use crate::wire::pcap::Cooked;
use crate::wire::{Frame, Packet};

/// A packet.
pub(super) struct Caught<'a> {
    /// Its bytes, as far as they are there.
    pub(super) bytes: &'a [u8],
    /// How many it had.
    pub(super) length: usize,
    /// When it came, since 1970, where the kernel tells it.
    pub(super) at: Option<Duration>,
    /// Where it comes from, and so what its bytes are.
    pub(super) origin: Origin,
}

/// Where a packet comes from.
pub(super) enum Origin {
    /// A raw socket: with its header.
    Ipv4 {
        /// Who sent it.
        peer: String,
    },
    /// A raw socket: without its header.
    Ipv6 {
        /// Who sent it.
        peer: String,
        /// The protocol inside.
        protocol: u8,
        /// The sender.
        source: Ipv6Addr,
        /// The receiver.
        destination: Ipv6Addr,
    },
    /// A link: with an Ethernet header.
    Ethernet(Envelope),
    /// A link: behind its header.
    Cooked(Envelope),
}

impl Caught<'_> {
    /// Its layers.
    pub(super) fn layers(&self) -> Layers {
        match &self.origin {
            Origin::Ipv4 { .. } => {
                let decoded = |packet| Layers::Decoded(Box::new(packet));
                Packet::ipv4(self.bytes).map_or_else(Layers::Refused, decoded)
            }
            Origin::Ipv6 {
                protocol,
                source,
                destination,
                ..
            } => {
                let packet = Packet::ipv6_payload(*protocol, *source, *destination, self.bytes);
                Layers::Decoded(Box::new(packet))
            }
            Origin::Ethernet(envelope) => {
                Layers::Framed(Frame::ethernet(self.bytes, self.is_checked(envelope)))
            }
            Origin::Cooked(envelope) => Layers::Framed(Frame::cooked(
                envelope.ethertype,
                self.bytes,
                self.is_checked(envelope),
            )),
        }
    }

    /// Whether its checksums are to be right: the card has still to compute those of what this host sends.
    fn is_checked(&self, envelope: &Envelope) -> bool {
        !envelope.partial && self.bytes.len() == self.length
    }

    /// The envelope of a packet that a link delivered.
    pub(super) fn envelope(&self) -> Option<&Envelope> {
        match &self.origin {
            Origin::Ethernet(envelope) | Origin::Cooked(envelope) => Some(envelope),
            _ => None,
        }
    }

    /// What stands in place of the link's header in a capture file.
    pub(super) fn cooked(&self) -> Option<Cooked> {
        match &self.origin {
            Origin::Cooked(envelope) => Some(Cooked {
                ethertype: envelope.ethertype,
                interface: envelope.interface,
                hardware: envelope.hardware,
                kind: envelope.kind,
                address: envelope.address,
            }),
            _ => None,
        }
    }
}
