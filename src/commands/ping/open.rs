//! The sockets of a run of pings, prepared and bound, and the privilege given up behind them.

use super::Ping;
use super::event::Chosen;
use super::hosts::Hosts;
use crate::args::Preparation;
use crate::commands::Desk;
use crate::commands::probing::{Settings, bind, mark, source};
use crate::engine::ping::{Carrier, EchoCarrier, EchoSocket, Knock, KnockCarrier, open_echo};
use crate::net::{
    Address, CallError, Family, Kind, Protocol, Socket, drop_privileges, raise_descriptor_limit,
};
use crate::wire::Mark;

/// From how many hosts on the replies are given more room than a socket begins with.
const MANY: usize = 64;
/// How much room, in bytes; the kernel gives what is allowed, net.core.rmem_max.
const ROOM: i32 = 4 << 20;

impl Ping {
    /// What the requests travel by.
    pub(super) fn open(
        &self,
        hosts: &Hosts,
        knock: Option<Knock>,
        preparation: Preparation,
        desk: &Desk,
    ) -> anyhow::Result<Carrier> {
        let settings = Settings {
            preparation,
            is_stream: matches!(knock, Some(Knock::Tcp(_))),
            ttl: self.ttl,
            discover: self.df.then_some(libc::IP_PMTUDISC_DO),
        };
        let family = self.family.family();
        let from = source(self.bind.as_deref(), family, self.deadline, desk)?;
        let mark = mark();
        if let Some(knock) = knock {
            // Each request has a socket that is opened then, and an option may take a privilege: SO_MARK, socket(7).
            return Ok(self.knocking(knock, mark, settings, from, desk));
        }
        let carrier = self.echoing(hosts, mark, &settings, &from, desk)?;
        // That it stays is no reason to stop, and no news to anybody who pings.
        let _ = drop_privileges();
        Ok(Carrier::Echo(carrier))
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
            if kind == Kind::Dgram {
                socket.set_int(libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, 1)?;
            }
            bind(&mut socket, family, &from)?;
            Ok(socket)
        };
        Carrier::Knock(KnockCarrier::new(knock, mark, usize::from(self.size), open))
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
