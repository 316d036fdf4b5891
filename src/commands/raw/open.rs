//! How a raw socket comes to be: which family and protocol, and with which privilege.

use std::net::SocketAddr;
use std::time::Duration;

use crate::commands::Desk;
use crate::engine::lookup;
use crate::net::{
    Address, CallError, Explain, Family, Host, HostPort, Kind, Port, Protocol, Resolver, Socket,
    raise_net_raw,
};
use crate::output::Usage;

/// How many bytes of packets wait to be heard at most, the kernel's own memory for them included.
const RECEIVE_BUFFER: i32 = 1 << 25;

/// What was asked for: a protocol somewhere.
pub(super) struct Wish {
    /// The host; without a port, as raw packets have none.
    pub(super) host: Host,
    /// The family; `None` for either.
    pub(super) family: Option<Family>,
    /// The protocol; `None` for the family's ICMP.
    pub(super) protocol: Option<Protocol>,
}

impl Wish {
    /// The addresses that the host stands for, within `limit`; `*` is one of each family that the protocol may have.
    pub(super) fn addresses(
        &self,
        limit: Option<Duration>,
        desk: &Desk,
    ) -> anyhow::Result<Vec<SocketAddr>> {
        let family = self.agreed()?;
        let families = match (&self.host, family) {
            (Host::Any, None) => vec![Some(Family::Inet), Some(Family::Inet6)],
            _ => vec![family],
        };
        let resolver = Resolver::new(&desk.explain);
        let endpoint = HostPort {
            host: self.host.clone(),
            port: Some(Port::Number(0)),
        };
        let mut addresses = Vec::new();
        for family in families {
            addresses.extend(lookup(&resolver, &endpoint, family, Kind::Dgram, limit)??);
        }
        Ok(addresses)
    }

    /// The protocol for a socket of this family.
    pub(super) fn protocol(&self, family: Family) -> Protocol {
        self.protocol.unwrap_or(match family {
            Family::Inet6 => Protocol::ICMPV6,
            _ => Protocol::ICMP,
        })
    }

    /// The family that the flag, the protocol and the address agree on; `None` when all leave it open.
    fn agreed(&self) -> Result<Option<Family>, Usage> {
        let (family, word) = match self.protocol {
            Some(Protocol::ICMP) => (Family::Inet, "icmp goes over IPv4"),
            Some(Protocol::ICMPV6) => (Family::Inet6, "icmp6 goes over IPv6"),
            _ => return Ok(self.family),
        };
        let spoken = match &self.host {
            Host::Literal(ip, _) if ip.is_ipv4() => Some(Family::Inet),
            Host::Literal(..) => Some(Family::Inet6),
            _ => None,
        };
        if [self.family, spoken]
            .iter()
            .flatten()
            .all(|other| *other == family)
        {
            return Ok(Some(family));
        }
        let other = if family == Family::Inet {
            "icmp6"
        } else {
            "icmp"
        };
        Err(Usage::new(word, format!("--proto {other}")))
    }
}

/// Open a raw socket.
pub(super) fn open(
    family: Family,
    protocol: Protocol,
    explain: &Explain,
) -> Result<Socket, CallError> {
    open_as(family, Kind::Raw, protocol, explain)
}

/// Open a raw socket, or one of the link layer that leaves out the link's header (SOCK_DGRAM).
pub(super) fn open_as(
    family: Family,
    kind: Kind,
    protocol: Protocol,
    explain: &Explain,
) -> Result<Socket, CallError> {
    raise_net_raw();
    Socket::open(family, kind, protocol, explain).map_err(not_permitted)
}

/// Have the kernel keep much that is not heard yet: beyond net.core.rmem_max where that is permitted.
pub(super) fn widen(socket: &Socket) -> Result<(), CallError> {
    let level = libc::SOL_SOCKET;
    match socket.set_int(level, libc::SO_RCVBUFFORCE, RECEIVE_BUFFER) {
        Err(error) if error.errno() == libc::EPERM => {
            socket.set_int(level, libc::SO_RCVBUF, RECEIVE_BUFFER)
        }
        result => result,
    }
}

/// Without the privilege it is the kind of socket that is refused, not its arguments.
fn not_permitted(error: CallError) -> CallError {
    match error.errno() {
        libc::EPERM | libc::EACCES => CallError::new("raw socket", "", error.cause),
        _ => error,
    }
}

/// The error of a call on an address, without the port 0 that a raw address has.
pub(super) fn without_port(error: CallError, address: SocketAddr) -> CallError {
    CallError {
        on: Address::Inet(address).host(),
        ..error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocol_address_and_flag_agree_or_are_refused() {
        let four = Host::Literal([127, 0, 0, 1].into(), None);
        let six = Host::Literal("::1".parse().unwrap(), None);
        let (v4, v6) = (Some(Family::Inet), Some(Family::Inet6));
        let (icmp, icmp6) = (Some(Protocol::ICMP), Some(Protocol::ICMPV6));
        for (host, family, protocol, agreed) in [
            (&Host::Default, None, None, Some(None)),
            (&Host::Default, None, icmp6, Some(v6)),
            (&Host::Any, v6, icmp6, Some(v6)),
            (&Host::Any, None, icmp, Some(v4)),
            (&four, None, icmp, Some(v4)),
            (&four, None, icmp6, None),
            (&six, None, icmp, None),
            (&Host::Default, v4, icmp6, None),
            (&six, v4, Some(Protocol::TCP), Some(v4)),
        ] {
            let wish = Wish {
                host: host.clone(),
                family,
                protocol,
            };
            assert_eq!(
                wish.agreed().ok(),
                agreed,
                "{host:?} {family:?} {protocol:?}"
            );
        }
    }
}
