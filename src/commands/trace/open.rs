//! The sockets of a trace, prepared and bound.

use std::net::SocketAddr;

use super::Trace;
use crate::args::Preparation;
use crate::commands::Desk;
use crate::commands::probing::{Settings, bind, mark, source};
use crate::engine::ping::{EchoSocket, open_echo};
use crate::engine::trace::{
    Carrier, ConnectCarrier, PacketCarrier, Speech, leave_nothing, recv_everything,
};
use crate::net::{Address, CallError, Explain, Family, Kind, Protocol, Socket, drop_privileges};

/// What is done to each socket.
#[derive(Clone)]
struct Preparing {
    settings: Settings,
    tos: Option<u8>,
    family: Family,
    from: Vec<Address>,
    explain: Explain,
}

impl Trace {
    /// What the probes travel by.
    pub(super) fn open(&self, target: SocketAddr, desk: &Desk) -> anyhow::Result<Carrier> {
        let family = Address::Inet(target).family();
        let preparation = self.socket.parse()?;
        let settings = Settings {
            discover: self.discover(family, &preparation),
            preparation,
            is_stream: self.tcp.is_some(),
            ttl: None,
        };
        let preparing = Preparing {
            settings,
            tos: self.tos,
            family,
            from: source(self.bind.as_deref(), Some(family), self.deadline, desk)?,
            explain: desk.explain.clone(),
        };
        let flows = self.flow_count();
        if self.tcp.is_some() {
            let open = move |from| preparing.connecting(from);
            return Ok(Carrier::Connects(ConnectCarrier::new(target, flows, open)));
        }
        let (speech, mark) = match self.icmp {
            true => (Speech::Echo, mark()),
            false => (Speech::Datagram, mark()),
        };
        let open = move || match speech {
            Speech::Echo => preparing.echoing(),
            Speech::Datagram => preparing.sending(),
        };
        let carrier = PacketCarrier::new(speech, target, mark, flows, open)?;
        if self.icmp {
            // That it stays is no reason to stop, and no news to anybody who traces.
            let _ = drop_privileges();
        }
        Ok(Carrier::Packets(carrier))
    }

    /// Whether routers may fragment a packet; `None` leaves that to the system.
    fn discover(&self, family: Family, typed: &Preparation) -> Option<i32> {
        let is_typed = typed.sets(libc::IPPROTO_IP, &[libc::IP_MTU_DISCOVER]);
        match family {
            // What the kernel has learnt of the path does not count: it is to be seen.
            _ if self.df || self.mtu => Some(libc::IP_PMTUDISC_PROBE),
            // The system would forbid it, and a router with a smaller link be the end of a path that goes on.
            Family::Inet if self.tcp.is_none() && !is_typed => Some(libc::IP_PMTUDISC_DONT),
            // No router fragments IPv6, and a connect is as small as any.
            _ => None,
        }
    }
}

impl Preparing {
    fn sending(&self) -> Result<EchoSocket, CallError> {
        let socket = Socket::open(self.family, Kind::Dgram, Protocol::UDP, &self.explain)?;
        let mut opened = EchoSocket {
            socket,
            raw_because: None,
        };
        self.prepare(&mut opened.socket, None)?;
        Ok(opened)
    }

    fn echoing(&self) -> Result<EchoSocket, CallError> {
        let mut opened = open_echo(self.family, &self.explain)?;
        self.prepare(&mut opened.socket, None)?;
        Ok(opened)
    }

    fn connecting(&self, from: Option<SocketAddr>) -> Result<Socket, CallError> {
        let (kind, protocol) = (Kind::Stream, Protocol::TCP);
        let mut socket = Socket::open_nonblocking(self.family, kind, protocol, &self.explain)?;
        leave_nothing(&socket)?;
        self.prepare(&mut socket, from)?;
        Ok(socket)
    }

    fn prepare(&self, socket: &mut Socket, from: Option<SocketAddr>) -> Result<(), CallError> {
        self.settings.apply(socket, self.family)?;
        recv_everything(socket, self.family)?;
        if let Some(tos) = self.tos {
            let (level, name) = match self.family {
                Family::Inet6 => (libc::IPPROTO_IPV6, libc::IPV6_TCLASS),
                _ => (libc::IPPROTO_IP, libc::IP_TOS),
            };
            socket.set_int(level, name, tos.into())?;
        }
        match from {
            Some(from) => socket.bind(&Address::Inet(from)),
            None => bind(socket, self.family, &self.from),
        }
    }
}
