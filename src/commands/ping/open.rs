//! The sockets of a run of pings, prepared and bound, and the privilege given up behind them.

use std::time::{SystemTime, UNIX_EPOCH};

use nix::errno::Errno;

use super::Ping;
use super::event::Chosen;
use super::hosts::Hosts;
use crate::args::{Preparation, parse_host};
use crate::commands::Desk;
use crate::engine::lookup;
use crate::engine::ping::{
    Carrier, EchoCarrier, EchoSocket, Knock, KnockCarrier, open_echo, recv_errors,
};
use crate::net::{
    Address, CallError, Family, HostPort, Kind, Port, Protocol, Resolver, Socket, drop_privileges,
    raise_descriptor_limit,
};
use crate::wire::Mark;

/// From how many hosts on the replies are given more room than a socket begins with.
const MANY: usize = 64;
/// How much room, in bytes; the kernel gives what is allowed, net.core.rmem_max.
const ROOM: i32 = 4 << 20;

/// What is done to each socket.
#[derive(Clone)]
struct Settings {
    preparation: Preparation,
    ttl: Option<u8>,
    df: bool,
}

impl Ping {
    /// What the requests travel by.
    pub(super) fn open(&self, hosts: &Hosts, desk: &Desk) -> anyhow::Result<Carrier> {
        let settings = Settings {
            preparation: self.socket.parse()?,
            ttl: self.ttl,
            df: self.df,
        };
        let from = self.source(desk)?;
        let mark = mark();
        let udp = self.udp.map(Knock::Udp);
        let knock = self.tcp.map(Knock::Tcp).or(udp);
        let carrier = match knock {
            Some(knock) => self.knocking(knock, mark, settings, from, desk),
            None => Carrier::Echo(self.echoing(hosts, mark, &settings, &from, desk)?),
        };
        // That it stays is no reason to stop, and no news to anybody who pings.
        let _ = drop_privileges();
        Ok(carrier)
    }

    /// The addresses to speak from; none where the kernel is to choose.
    fn source(&self, desk: &Desk) -> anyhow::Result<Vec<Address>> {
        let Some(word) = &self.bind else {
            return Ok(Vec::new());
        };
        let endpoint = HostPort {
            host: parse_host(word)?,
            port: Some(Port::Number(0)),
        };
        let resolver = Resolver::new(&desk.explain);
        let family = self.family.family();
        let found = lookup(&resolver, &endpoint, family, Kind::Dgram, self.deadline)??;
        Ok(found.into_iter().map(Address::from).collect())
    }

    fn echoing(
        &self,
        hosts: &Hosts,
        mark: Mark,
        settings: &Settings,
        from: &[Address],
        desk: &Desk,
    ) -> anyhow::Result<EchoCarrier> {
        let mut opened = Vec::new();
        let mut refused = None;
        for family in hosts.families() {
            let mut echo = match open_echo(family, &desk.explain) {
                Ok(echo) => echo,
                Err(error) => {
                    refused.get_or_insert(error);
                    continue;
                }
            };
            settings.apply(&echo.socket, family)?;
            note_arrivals(&echo, family)?;
            if hosts.names.len() > MANY {
                let (level, name) = (libc::SOL_SOCKET, libc::SO_RCVBUF);
                echo.socket.set_int(level, name, ROOM)?;
            }
            bind(&mut echo.socket, family, from)?;
            desk.output.tell(&Chosen::new(family, &echo))?;
            opened.push((family, echo));
        }
        match refused {
            Some(error) if opened.is_empty() => Err(error.into()),
            _ => {
                let id = u16::from_be_bytes([mark.0[0], mark.0[1]]);
                Ok(EchoCarrier::new(opened, id, mark, usize::from(self.size)))
            }
        }
    }

    fn knocking(
        &self,
        knock: Knock,
        mark: Mark,
        settings: Settings,
        from: Vec<Address>,
        desk: &Desk,
    ) -> Carrier {
        raise_descriptor_limit();
        let (kind, protocol) = match knock {
            Knock::Tcp(_) => (Kind::Stream, Protocol::TCP),
            Knock::Udp(_) => (Kind::Dgram, Protocol::UDP),
        };
        let explain = desk.explain.clone();
        let open = move |family: Family| {
            let mut socket = Socket::open_nonblocking(family, kind, protocol, &explain)?;
            settings.apply(&socket, family)?;
            bind(&mut socket, family, &from)?;
            Ok(socket)
        };
        Carrier::Knock(KnockCarrier::new(knock, mark, usize::from(self.size), open))
    }
}

impl Settings {
    fn apply(&self, socket: &Socket, family: Family) -> Result<(), CallError> {
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
            socket.set_int(level, group_hops, ttl.into())?;
        }
        if self.df {
            // IP_PMTUDISC_DO and IPV6_PMTUDISC_DO are the same number.
            socket.set_int(level, discover, libc::IP_PMTUDISC_DO)?;
        }
        recv_errors(socket, family)
    }
}

/// Bind a socket of this family to that one of the addresses that is of its family too.
fn bind(socket: &mut Socket, family: Family, from: &[Address]) -> Result<(), CallError> {
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

/// Have the kernel note when packets came, and how far they had still to go; a raw IPv4 socket sees that in the header.
fn note_arrivals(echo: &EchoSocket, family: Family) -> Result<(), CallError> {
    let socket = &echo.socket;
    socket.set_int(libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, 1)?;
    match family {
        Family::Inet6 => socket.set_int(libc::IPPROTO_IPV6, libc::IPV6_RECVHOPLIMIT, 1),
        _ if echo.raw_because.is_none() => socket.set_int(libc::IPPROTO_IP, libc::IP_RECVTTL, 1),
        _ => Ok(()),
    }
}

/// What nobody else sends: chance, or where there is none the time and this process.
fn mark() -> Mark {
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
