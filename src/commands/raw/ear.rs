//! A raw socket that hears, raw(7).

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::UNIX_EPOCH;

use super::caught::{Caught, Origin};
use super::event::word;
use super::open::{open, widen, without_port};
use crate::args::Preparation;
use crate::commands::Desk;
use crate::net::{Address, BATCH, Family, Inbox, Protocol, Slot, Socket};
use crate::wire::filter::{Filter, Sight};

/// How many batches of packets of the time before bind(2) are thrown away at most.
const DRAINED: usize = 64;
/// Longer than any packet.
const ROOM: usize = 65536;

/// A socket that hears.
pub(super) struct Ear {
    pub(super) socket: Socket,
    protocol: Protocol,
    local: SocketAddr,
    inbox: Inbox,
}

impl Ear {
    /// Open it for packets to `local`; an unspecified address is every one of its family.
    pub(super) fn open(
        local: SocketAddr,
        protocol: Protocol,
        filter: Option<&Filter>,
        preparation: &Preparation,
        desk: &Desk,
    ) -> anyhow::Result<Self> {
        let family = Address::Inet(local).family();
        let mut socket = open(family, protocol, &desk.explain)?;
        widen(&socket)?;
        preparation.apply(&socket)?;
        socket.set_int(libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, 1)?;
        if family == Family::Inet6 {
            // Packets come without the header that says whom they were sent to.
            socket.set_int(libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO, 1)?;
        }
        if let Some(filter) = filter {
            let sight = match family {
                Family::Inet6 => Sight::Ipv6(u8::try_from(protocol.0).unwrap_or(0)),
                _ => Sight::Ipv4,
            };
            socket.attach_filter(&Filter::program(Some(filter), sight)?)?;
        }
        if !local.ip().is_unspecified() {
            let bound = socket.bind(&Address::Inet(local));
            bound.map_err(|error| without_port(error, local))?;
        }
        let mut ear = Self {
            socket,
            protocol,
            local,
            inbox: Inbox::new(BATCH, ROOM),
        };
        // Until it was bound the socket took packets to any address, and of any kind; a flood does not hold this up for ever.
        for _ in 0..DRAINED {
            if !ear.socket.recvmmsg(&mut ear.inbox, BATCH)? {
                break;
            }
        }
        Ok(ear)
    }

    /// Take some of what is there, and show it to `take`; whether there may be more.
    pub(super) fn hear(
        &mut self,
        take: &mut dyn FnMut(&Caught<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<bool> {
        let heard = self.socket.recvmmsg(&mut self.inbox, BATCH);
        if !heard.map_err(|error| without_port(error, self.local))? {
            return Ok(false);
        }
        for slot in self.inbox.slots() {
            take(&self.caught(slot))?;
        }
        Ok(self.inbox.is_full())
    }

    /// A packet: IPv4 comes with its header, IPv6 without.
    fn caught<'a>(&self, slot: Slot<'a>) -> Caught<'a> {
        let (from, notes) = (slot.from(), slot.notes());
        let peer = from.as_ref().map(Address::host).unwrap_or_default();
        let origin = match from.as_ref().and_then(Address::inet).map(|from| from.ip()) {
            Some(IpAddr::V6(source)) => Origin::Ipv6 {
                peer,
                protocol: u8::try_from(self.protocol.0).unwrap_or(0),
                source,
                destination: match notes.spoken_to {
                    Some(IpAddr::V6(to)) => to,
                    _ => Ipv6Addr::UNSPECIFIED,
                },
            },
            _ => Origin::Ipv4 { peer },
        };
        let since = notes.at.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        Caught {
            bytes: slot.bytes,
            length: slot.length(),
            at: since,
            origin,
        }
    }

    /// The protocol's word or number.
    pub(super) fn proto(&self) -> String {
        word(self.protocol)
    }

    /// The address, `*` for all.
    pub(super) fn local(&self) -> String {
        if self.local.ip().is_unspecified() {
            "*".to_owned()
        } else {
            Address::Inet(self.local).host()
        }
    }
}
