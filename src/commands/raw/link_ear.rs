//! A socket that hears what links carry, packet(7): of one interface, or of all.

use std::time::Duration;

use super::caught::{Caught, Origin};
use super::open::{open_as, widen};
use crate::args::Preparation;
use crate::commands::Desk;
use crate::net::{
    Address, Batch, CallError, Envelope, Family, Kind, LinkName, PacketRing, Protocol, Socket,
    index_of_interface,
};
use crate::wire::filter::{Filter, Sight};
use crate::wire::pcap::LinkType;

/// The kinds of link that have an Ethernet header, `<linux/if_arp.h>`.
const ETHERNET: u16 = 1;
const LOOPBACK: u16 = 772;

/// A socket of the link layer.
pub(super) struct LinkEar {
    pub(super) socket: Socket,
    /// What it hears: its name is gone once it is removed.
    name: String,
    has_header: bool,
    source: Source,
    /// How many packets were taken out of a ring.
    taken: u64,
    /// How many packets the filter let through and how many of them were dropped: the kernel forgets what it has told.
    counted: (u64, u64),
}

/// Where the packets come from.
enum Source {
    /// Calls that copy a few each: those that are shown are so at once.
    Calls(Batch),
    /// Memory that the kernel shares, which costs a tenth, and hands over late what comes alone.
    Ring(PacketRing),
}

impl LinkEar {
    /// Open it for the interface that was named, or for all. It hears nothing before it is bound, and then only what the
    /// filter lets through. What is only written down may come through a ring, where the kernel has one.
    pub(super) fn open(
        filter: Option<&Filter>,
        is_written: bool,
        preparation: &Preparation,
        desk: &Desk,
    ) -> anyhow::Result<Self> {
        // As tcpdump has it.
        let named = preparation.interface().filter(|name| *name != "any");
        let interface = named.map_or(Ok(0), index)?;
        let name = named.unwrap_or("*").to_owned();
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
        preparation.apply_options(&socket)?;
        // A ring has its own size.
        let is_sized = preparation.sets(libc::SOL_SOCKET, &[libc::SO_RCVBUF, libc::SO_RCVBUFFORCE]);
        let has_ring = is_written && !is_sized;
        let ring = has_ring.then(|| socket.ring().ok()).flatten();
        let source = match ring {
            Some(ring) => Source::Ring(ring),
            None => {
                if !is_sized {
                    widen(&socket)?;
                }
                socket.set_int(libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, 1)?;
                socket.receive_packet_notes()?;
                Source::Calls(Batch::new())
            }
        };
        socket.attach_filter(&Filter::program(filter, sight)?)?;
        at.hears = true;
        socket.bind(&Address::Link(at))?;
        Ok(Self {
            socket,
            name,
            has_header,
            source,
            taken: 0,
            counted: (0, 0),
        })
    }

    /// Take some of what is there, and show it to `take`; whether there may be more.
    pub(super) fn hear(
        &mut self,
        take: &mut dyn FnMut(&Caught<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<bool> {
        let has_header = self.has_header;
        let mut show = |envelope, bytes: &[u8]| take(&caught(envelope, bytes, has_header));
        match &mut self.source {
            Source::Calls(batch) => {
                let received = batch.receive(&self.socket);
                let count = received.map_err(|error| on(error, &self.name))?;
                for number in 0..count {
                    if let Some((envelope, bytes)) = batch.packet(number, has_header) {
                        show(envelope, bytes)?;
                    }
                }
                Ok(count == Batch::LIMIT)
            }
            Source::Ring(ring) => {
                let count = ring.take_block(has_header, &mut show)?;
                self.taken += count;
                Ok(count > 0)
            }
        }
    }

    /// What has become of the link, which a ring does not tell.
    pub(super) fn check(&self) -> Result<(), CallError> {
        match self.socket.int(libc::SOL_SOCKET, libc::SO_ERROR)? {
            0 => Ok(()),
            errno => {
                let cause = std::io::Error::from_raw_os_error(errno);
                Err(CallError::new("listen on", &self.name, cause))
            }
        }
    }

    /// Until when what has come is waited for that the ring has not handed over yet; `None` where there is no such.
    pub(super) fn lag(&mut self) -> Result<Option<Duration>, CallError> {
        if matches!(self.source, Source::Calls(_)) {
            return Ok(None);
        }
        let (received, dropped) = self.counted()?;
        let patience = Duration::from_millis(u64::from(2 * PacketRing::PATIENCE));
        Ok((received - dropped > self.taken).then_some(patience))
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
        self.name.clone()
    }
}

/// The error of a call, about the interface.
fn on(error: CallError, name: &str) -> CallError {
    CallError {
        call: "listen on",
        on: name.to_owned(),
        ..error
    }
}

fn caught(envelope: Envelope, bytes: &[u8], has_header: bool) -> Caught<'_> {
    Caught {
        bytes,
        length: envelope.length,
        at: envelope.at,
        origin: if has_header {
            Origin::Ethernet(envelope)
        } else {
            Origin::Cooked(envelope)
        },
    }
}

fn index(name: &str) -> Result<u32, CallError> {
    let missing = std::io::Error::from_raw_os_error(libc::ENODEV);
    index_of_interface(name).ok_or_else(|| CallError::new("if_nametoindex", name, missing))
}
