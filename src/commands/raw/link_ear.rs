//! A socket that hears what links carry, packet(7): of one interface, or of all.

use super::caught::{Caught, Origin};
use super::open::{open_as, widen};
use crate::args::Preparation;
use crate::commands::Desk;
use crate::net::{
    Address, Batch, CallError, Family, Kind, LinkName, Protocol, Socket, index_of_interface,
};
use crate::wire::filter::{Filter, Sight};
use crate::wire::pcap::LinkType;

/// The kinds of link that have an Ethernet header, `<linux/if_arp.h>`.
const ETHERNET: u16 = 1;
const LOOPBACK: u16 = 772;

/// A socket of the link layer.
pub(super) struct LinkEar {
    pub(super) socket: Socket,
    at: LinkName,
    has_header: bool,
    batch: Batch,
    /// How many packets the filter let through and how many of them were dropped: the kernel forgets what it has told.
    counted: (u64, u64),
}

impl LinkEar {
    /// Open it for the interface that was named, or for all. It hears nothing before it is bound, and then only what the
    /// filter lets through.
    pub(super) fn open(
        filter: Option<&Filter>,
        preparation: &Preparation,
        desk: &Desk,
    ) -> anyhow::Result<Self> {
        let interface = preparation.interface().map_or(Ok(0), index)?;
        let mut at = LinkName {
            interface,
            hears: false,
        };
        let mut kind = if interface == 0 {
            Kind::Dgram
        } else {
            Kind::Raw
        };
        let mut socket = open_as(Family::Packet, kind, Protocol::DEFAULT, &desk.explain)?;
        if kind == Kind::Raw {
            socket.bind(&Address::Link(at))?;
            if !matches!(socket.hardware()?, ETHERNET | LOOPBACK) {
                socket.close()?;
                kind = Kind::Dgram;
                socket = open_as(Family::Packet, kind, Protocol::DEFAULT, &desk.explain)?;
            }
        }
        let has_header = kind == Kind::Raw;
        let sight = if has_header {
            Sight::Ethernet
        } else {
            Sight::Cooked
        };
        widen(&socket)?;
        preparation.apply_options(&socket)?;
        socket.set_int(libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, 1)?;
        socket.receive_packet_notes()?;
        socket.attach_filter(&Filter::program(filter, sight)?)?;
        at.hears = true;
        socket.bind(&Address::Link(at))?;
        Ok(Self {
            socket,
            at,
            has_header,
            batch: Batch::new(),
            counted: (0, 0),
        })
    }

    /// Take what is there: how many packets.
    pub(super) fn receive(&mut self) -> Result<usize, CallError> {
        self.batch.receive(&self.socket)
    }

    /// One of the packets that were taken.
    pub(super) fn packet(&mut self, number: usize) -> Option<Caught<'_>> {
        let (envelope, bytes) = self.batch.packet(number, self.has_header)?;
        Some(Caught {
            bytes,
            length: envelope.length,
            at: envelope.at,
            origin: if self.has_header {
                Origin::Ethernet(envelope)
            } else {
                Origin::Cooked(envelope)
            },
        })
    }

    /// What a capture file's packets begin with.
    pub(super) fn link_type(&self) -> LinkType {
        if self.has_header {
            LinkType::Ethernet
        } else {
            LinkType::Cooked
        }
    }

    /// How many packets the filter let through, and how many of them found no room.
    pub(super) fn counted(&mut self) -> Result<(u64, u64), CallError> {
        let (packets, dropped) = self.socket.packet_statistics()?;
        self.counted.0 += packets;
        self.counted.1 += dropped;
        Ok(self.counted)
    }

    /// The interface, `*` for all.
    pub(super) fn local(&self) -> String {
        match self.at.interface {
            0 => "*".to_owned(),
            _ => self.at.to_string(),
        }
    }
}

fn index(name: &str) -> Result<u32, CallError> {
    let missing = std::io::Error::from_raw_os_error(libc::ENODEV);
    index_of_interface(name).ok_or_else(|| CallError::new("if_nametoindex", name, missing))
}
