//! `sockkit udp listen`.

use std::time::Instant;

use clap::Args;

use super::transport::TransportArgs;
use crate::args::{AddressArgs, JoinArgs, PortArgs, Preparation, SocketArgs, SpreadArgs};
use crate::commands::Desk;
use crate::commands::datagram::{AnswerArgs, Conversation, Ears, ExchangeArgs};
use crate::commands::endpoint::listeners;
use crate::commands::privilege::give_up_sockets;
use crate::engine::{Listener, Reactor};
use crate::net::{CallError, Endpoint, Family, Host, Kind, Membership, Socket, index_of_interface};
use crate::output::{Exit, Listening, Usage};

/// Hear datagrams from every peer: payload goes to stdout, stdin answers whoever was heard last
///
/// Runs until --count, a time limit or a signal. An answer leaves from the address that was spoken to. The receive buffer
/// is as large as is allowed, unless -o SO_RCVBUF says otherwise; what the kernel has to drop is counted and said: at
/// least so many, as those of one sender and size may come as one (UDP_GRO) and count as one there; --count N takes them one
/// by one.
#[derive(Args, Debug)]
#[command(after_help = LISTEN_EXAMPLES)]
pub(super) struct Listen {
    #[command(flatten)]
    address: AddressArgs,
    #[command(flatten)]
    socket: SocketArgs,
    #[command(flatten)]
    transport: TransportArgs,
    #[command(flatten)]
    ready: PortArgs,
    #[command(flatten)]
    exchange: ExchangeArgs,
    #[command(flatten)]
    join: JoinArgs,
    #[command(flatten)]
    spread: SpreadArgs,
    #[command(flatten)]
    answer: AnswerArgs,
}

const LISTEN_EXAMPLES: &str = "\
Examples:
  sockkit udp listen                     on 127.0.0.1:8082
  sockkit udp listen '*:514' --json      an event per datagram, with its sender
  sockkit udp listen '*:514' --format line
                                         a line per datagram
  sockkit udp listen 9000 --count 1      the first one
  sockkit udp listen 9000 --echo         each goes back
  sockkit udp listen 9000 --exec -- bc   a command for each peer
  sockkit udp listen '*:5353' --join 224.0.0.251%lo
                                         what is said to a multicast group";

impl Listen {
    pub(super) fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        let start = Instant::now();
        let mut reactor = Reactor::new()?;
        let preparation = self.socket.parse()?;
        let service = self.answer.service(self.transport.word())?;
        service.check_size()?;
        let endpoint = self.address.endpoint()?;
        let own_group = group_of(&endpoint);
        let zone = own_group.as_ref().and_then(Option::as_deref);
        let named = zone.or_else(|| preparation.interface());
        let interface = named.and_then(index_of_interface);
        let group = (own_group.is_some(), interface);
        let prepare = |socket: &Socket, family: Family| {
            self.prepare(socket, family, group, &preparation, desk)
        };
        let listeners = listeners(
            endpoint,
            self.address.family(),
            (Kind::Dgram, self.transport.protocol()),
            0,
            &prepare,
            self.exchange.timing.to_connect(),
            desk,
        )?;
        self.join(&listeners, interface)?;
        give_up_sockets(desk)?;
        reactor.catch_signals()?;
        let Some(local) = listeners.first().map(|listener| listener.local.clone()) else {
            return Ok(Exit::Done);
        };
        self.ready
            .announce(local.inet().map(|address| address.port()))?;
        for listener in &listeners {
            desk.output.tell(&Listening {
                proto: self.transport.word(),
                local: listener.local.to_string(),
                everywhere: listener.everywhere,
            })?;
        }
        Conversation {
            desk,
            args: self.exchange,
            start,
        }
        .listen(
            &mut reactor,
            listeners.into_iter().map(Ears::ear).collect(),
            service,
        )
    }

    /// What is to hold for the first datagram too.
    fn prepare(
        &self,
        socket: &Socket,
        family: Family,
        (own_group, interface): (bool, Option<u32>),
        preparation: &Preparation,
        desk: &Desk,
    ) -> Result<(), CallError> {
        let ears = Ears {
            notes: self.exchange.datagrams.wants_notes(desk),
            credentials: false,
            trains: self.exchange.datagrams.count.is_none(),
        };
        let protocol = self.transport.protocol();
        ears.prepare(socket, (family, protocol), preparation)?;
        ask_for_destination(socket, family)?;
        if own_group || !self.join.join.is_empty() {
            // Several on one host may hear a group, udp(7).
            socket.set_int(libc::SOL_SOCKET, libc::SO_REUSEADDR, 1)?;
        }
        self.transport.apply(socket)?;
        self.spread.apply(socket, family, interface)?;
        preparation.apply(socket)
    }

    /// Join the groups, each on the sockets that can hear it, and on their `interface` where no other is named.
    fn join(&self, listeners: &[Listener], interface: Option<u32>) -> anyhow::Result<()> {
        let or_own = |named: u32| match named {
            0 => interface.unwrap_or(0),
            named => named,
        };
        let mut heard = vec![false; self.join.join.len()];
        for Listener { socket, local, .. } in listeners {
            let Some(bound) = local.inet() else { continue };
            let own = Membership {
                group: bound.ip(),
                source: None,
                interface: or_own(match bound {
                    std::net::SocketAddr::V6(v6) => v6.scope_id(),
                    std::net::SocketAddr::V4(_) => 0,
                }),
            };
            let joins = &self.join.join;
            let is_own =
                bound.ip().is_multicast() && !joins.iter().any(|join| join.group == own.group);
            if is_own {
                socket.join(&own)?;
            }
            let mut joins_any = is_own;
            for (join, is_heard) in joins.iter().zip(&mut heard) {
                if !hears(socket, bound.ip(), join)? {
                    continue;
                }
                socket.join(&Membership {
                    interface: or_own(join.interface),
                    ..*join
                })?;
                (joins_any, *is_heard) = (true, true);
            }
            if joins_any {
                socket.hear_own_groups(local.family())?;
            }
        }
        let unheard = heard.iter().position(|is_heard| !is_heard);
        match unheard.and_then(|index| self.join.join.get(index)) {
            Some(join) => {
                let why = format!("nothing that listens here can hear {}", join.group);
                let hint = format!("listen on '*:PORT', or on {}", join.group);
                Err(Usage::new(why, hint).into())
            }
            None => Ok(()),
        }
    }
}

/// Whether a socket with this address hears what is sent to a group: one of every address does, or of the group's own. The
/// IPv6 one of `*` hears IPv4 too, that of `[::]` does not.
fn hears(socket: &Socket, bound: std::net::IpAddr, join: &Membership) -> Result<bool, CallError> {
    if !bound.is_unspecified() || bound.is_ipv4() == join.group.is_ipv4() {
        return Ok(bound.is_unspecified() || bound == join.group);
    }
    Ok(bound.is_ipv6() && socket.int(libc::IPPROTO_IPV6, libc::IPV6_V6ONLY)? == 0)
}

/// The group whose address was typed to listen on, as the zone behind it.
fn group_of(endpoint: &Endpoint) -> Option<Option<String>> {
    match endpoint {
        Endpoint::Network(network) => match &network.host {
            Host::Literal(ip, zone) if ip.is_multicast() => Some(zone.clone()),
            _ => None,
        },
        Endpoint::Inherited(_) => None,
    }
}

/// Have the kernel say which address a datagram was sent to; before bind, so that the first one says it too.
fn ask_for_destination(socket: &Socket, family: Family) -> Result<(), CallError> {
    if family == Family::Inet6 {
        socket.set_int(libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO, 1)?;
    }
    // It may hear IPv4 too, of which this tells more: the address to answer from where a group was spoken to.
    socket.set_int(libc::IPPROTO_IP, libc::IP_PKTINFO, 1)
}
