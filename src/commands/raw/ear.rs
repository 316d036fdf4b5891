//! A raw socket that hears, raw(7).

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use super::caught::{Caught, Origin};
use super::event::word;
use super::open::{open, widen, without_port};
use crate::args::Preparation;
use crate::commands::Desk;
use crate::net::sockopt::Shown;
use crate::net::{Address, CallError, Family, Protocol, Socket};
use crate::wire::filter::{Filter, Sight};

/// How many packets of the time before bind(2) are thrown away at most.
const DRAINED: usize = 4096;
/// Longer than any packet.
const BUFFER: usize = 65536;
/// Where SO_MEMINFO counts what was dropped: SK_MEMINFO_DROPS of `<linux/sock_diag.h>`.
const DROPS: usize = 8;

/// A socket that hears.
pub(super) struct Ear {
    pub(super) socket: Socket,
    protocol: Protocol,
    local: SocketAddr,
    buffer: Vec<u8>,
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
        let ear = Self {
            socket,
            protocol,
            local,
            buffer: vec![0; BUFFER],
        };
        // Until it was bound the socket took packets to any address, and of any kind; a flood does not hold this up for ever.
        for _ in 0..DRAINED {
            if ear.socket.recvfrom(&mut [0; 1])?.is_none() {
                break;
            }
        }
        Ok(ear)
    }

    /// The next packet, if one is there.
    pub(super) fn receive(&mut self) -> Result<Option<Caught<'_>>, CallError> {
        let received = if self.local.is_ipv4() {
            self.socket.recvfrom(&mut self.buffer)
        } else {
            self.socket.recvmsg(&mut self.buffer)
        };
        let received = received.map_err(|error| without_port(error, self.local))?;
        Ok(received.map(|arrival| Caught {
            bytes: self.buffer.get(..arrival.length).unwrap_or(&self.buffer),
            length: arrival.length,
            at: None,
            origin: self.origin(arrival.from, arrival.to),
        }))
    }

    /// What a packet's bytes are: IPv4 comes with its header, IPv6 without.
    fn origin(&self, from: Option<Address>, to: Option<IpAddr>) -> Origin {
        let peer = from.as_ref().map(Address::host).unwrap_or_default();
        match from.as_ref().and_then(Address::inet).map(|from| from.ip()) {
            Some(IpAddr::V6(source)) => Origin::Ipv6 {
                peer,
                protocol: u8::try_from(self.protocol.0).unwrap_or(0),
                source,
                destination: match to {
                    Some(IpAddr::V6(to)) => to,
                    _ => Ipv6Addr::UNSPECIFIED,
                },
            },
            _ => Origin::Ipv4 { peer },
        }
    }

    /// How many packets found no room.
    pub(super) fn dropped(&self) -> Result<u64, CallError> {
        let mut value = [0; 4 * (DROPS + 1)];
        let (level, name) = (libc::SOL_SOCKET, libc::SO_MEMINFO);
        self.socket.getsockopt(level, name, &mut value, |bytes| {
            Shown(level, name, bytes).to_string()
        })?;
        let (words, _) = value.as_chunks::<4>();
        let dropped = words.get(DROPS).copied().map_or(0, u32::from_ne_bytes);
        Ok(dropped.into())
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
