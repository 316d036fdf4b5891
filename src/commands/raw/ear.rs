//! A raw socket that hears, raw(7).

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use super::event::{Layers, word};
use super::open::{open, without_port};
use crate::args::Preparation;
use crate::commands::Desk;
use crate::net::{Address, Arrival, CallError, Family, Protocol, Socket};
use crate::wire::Packet;

/// How many packets of the time before bind(2) are thrown away at most.
const DRAINED: usize = 4096;

/// A socket that hears.
pub(super) struct Ear {
    pub(super) socket: Socket,
    protocol: Protocol,
    local: SocketAddr,
}

impl Ear {
    /// Open it for packets to `local`; an unspecified address is every one of its family.
    pub(super) fn open(
        local: SocketAddr,
        protocol: Protocol,
        preparation: &Preparation,
        desk: &Desk,
    ) -> Result<Self, CallError> {
        let family = Address::Inet(local).family();
        let mut socket = open(family, protocol, preparation, &desk.explain)?;
        if family == Family::Inet6 {
            // Packets come without the header that says whom they were sent to.
            socket.set_int(libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO, 1)?;
        }
        if !local.ip().is_unspecified() {
            let bound = socket.bind(&Address::Inet(local));
            bound.map_err(|error| without_port(error, local))?;
        }
        let ear = Self {
            socket,
            protocol,
            local,
        };
        // Until it was bound the socket took packets to any address; a flood does not hold this up for ever.
        for _ in 0..DRAINED {
            if ear.socket.recvfrom(&mut [0; 1])?.is_none() {
                break;
            }
        }
        Ok(ear)
    }

    /// The next packet, if one is there.
    pub(super) fn receive(&self, buffer: &mut [u8]) -> Result<Option<Arrival>, CallError> {
        let received = if self.local.is_ipv4() {
            self.socket.recvfrom(buffer)
        } else {
            self.socket.recvmsg(buffer)
        };
        received.map_err(|error| without_port(error, self.local))
    }

    /// What a packet's bytes are: IPv4 comes with its header, IPv6 without.
    pub(super) fn layers(&self, arrival: &Arrival, bytes: &[u8]) -> Layers {
        let from = arrival.from.as_ref().and_then(Address::inet);
        if let (Some(IpAddr::V6(source)), Ok(protocol)) =
            (from.map(|from| from.ip()), u8::try_from(self.protocol.0))
        {
            let to = match arrival.to {
                Some(IpAddr::V6(to)) => to,
                _ => Ipv6Addr::UNSPECIFIED,
            };
            return Layers::Decoded(Packet::ipv6_payload(protocol, source, to, bytes));
        }
        Packet::ipv4(bytes).map_or_else(Layers::Refused, Layers::Decoded)
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
