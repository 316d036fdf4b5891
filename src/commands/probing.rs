//! What the sockets of ping and trace have in common: how they are prepared, where they speak from, and what nobody else
//! sends.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::errno::Errno;

use crate::args::{Preparation, parse_host};
use crate::commands::Desk;
use crate::engine::lookup;
use crate::engine::ping::recv_errors;
use crate::net::{Address, CallError, Family, Host, HostPort, Kind, Port, Resolver, Socket};
use crate::output::Usage;
use crate::wire::Mark;

/// What is done to each socket.
#[derive(Clone)]
pub(super) struct Settings {
    /// The options that were typed.
    pub(super) preparation: Preparation,
    /// Whether the sockets are streams, which know of no groups.
    pub(super) is_stream: bool,
    /// How many routers may pass a packet on; `None` leaves that to the system.
    pub(super) ttl: Option<u8>,
    /// IP_MTU_DISCOVER; `None` leaves it to the system.
    pub(super) discover: Option<i32>,
}

impl Settings {
    /// setsockopt(2) for all of it, and for ICMP's errors with their senders.
    pub(super) fn apply(&self, socket: &Socket, family: Family) -> Result<(), CallError> {
        self.preparation.apply(socket)?;
        let (level, hops, group_hops, discover) = match family {
            Family::Inet6 => (
                libc::IPPROTO_IPV6,
                libc::IPV6_UNICAST_HOPS,
                libc::IPV6_MULTICAST_HOPS,
                libc::IPV6_MTU_DISCOVER,
            ),
            _ => (
                libc::IPPROTO_IP,
                libc::IP_TTL,
                libc::IP_MULTICAST_TTL,
                libc::IP_MTU_DISCOVER,
            ),
        };
        if let Some(ttl) = self.ttl {
            socket.set_int(level, hops, ttl.into())?;
            if !self.is_stream {
                socket.set_int(level, group_hops, ttl.into())?;
            }
        }
        if let Some(how) = self.discover {
            // IP_PMTUDISC_DO and IPV6_PMTUDISC_DO are the same number, and so are the others.
            socket.set_int(level, discover, how)?;
        }
        recv_errors(socket, family)
    }
}

/// Bind a socket of this family to that one of the addresses that is of its family too.
pub(super) fn bind(socket: &mut Socket, family: Family, from: &[Address]) -> Result<(), CallError> {
    let own = from.iter().find(|from| from.family() == family);
    match (own, from.first()) {
        (Some(own), _) => socket.bind(own).map_err(without_port),
        (None, None) => Ok(()),
        // An address of the other family never reaches the host: the kernel's word for it.
        (None, Some(other)) => Err(without_port(CallError::new(
            "bind",
            other,
            Errno::EAFNOSUPPORT,
        ))),
    }
}

/// A host that can be spoken to.
pub(super) fn destination(word: &str, has_interface: bool) -> anyhow::Result<Host> {
    let host = parse_host(word)?;
    match &host {
        Host::Any => Err(Usage::new("`*` is no destination", "127.0.0.1").into()),
        Host::Literal(std::net::IpAddr::V6(ip), None)
            if ip.is_unicast_link_local() && !has_interface =>
        {
            let why = format!("{ip} is link-local, and on which link is not said");
            Err(Usage::new(why, format!("{ip}%eth0, or --interface eth0")).into())
        }
        // What an IPv6 socket would send is IPv4, RFC 4291 section 2.5.5.2: no ICMPv6 comes back.
        Host::Literal(ip, None) => Ok(Host::Literal(ip.to_canonical(), None)),
        _ => Ok(host),
    }
}

/// The addresses to speak from; none where the kernel is to choose.
pub(super) fn source(
    word: Option<&str>,
    family: Option<Family>,
    limit: Option<Duration>,
    desk: &Desk,
) -> anyhow::Result<Vec<Address>> {
    let Some(word) = word else {
        return Ok(Vec::new());
    };
    let endpoint = HostPort {
        host: parse_host(word)?,
        port: Some(Port::Number(0)),
    };
    let resolver = Resolver::new(&desk.explain);
    let found = lookup(&resolver, &endpoint, family, Kind::Dgram, limit)??;
    Ok(found.into_iter().map(Address::from).collect())
}

/// What nobody else sends: chance, or where there is none the time and this process.
pub(super) fn mark() -> Mark {
    let mut bytes = [0; 8];
    if getrandom::fill(&mut bytes).is_err() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let nanos = now.map_or(0, |now| u64::from(now.subsec_nanos()));
        bytes = (nanos << 32 | u64::from(std::process::id())).to_be_bytes();
    }
    Mark(bytes)
}

/// An address has no port here, not even 0.
fn without_port(error: CallError) -> CallError {
    let bare = error.on.strip_suffix(":0").unwrap_or(&error.on).to_owned();
    CallError { on: bare, ..error }
}
