//! `sockkit udp connect`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, Instant};
use std::vec;

use clap::Args;

use super::transport::TransportArgs;
use crate::args::{
    AddressArgs, Preparation, SocketArgs, SourceArgs, SpreadArgs, duration, interface_to,
};
use crate::commands::Desk;
use crate::commands::datagram::{Conversation, Ears, ExchangeArgs};
use crate::commands::endpoint::{inherited, no_wildcard, resolve, sources};
use crate::commands::privilege::give_up_sockets;
use crate::engine::{Detour, Ear};
use crate::net::{Address, CallError, Endpoint, Family, HostPort, Kind, Socket};
use crate::output::{Connected, Exit};

/// Exchange datagrams with one peer: stdin is sent, replies go to stdout
///
/// After the end of stdin, replies are waited for until none has come for --linger. Of a group, and with --broadcast,
/// everybody's reply is heard.
#[derive(Args, Debug)]
#[command(after_help = CONNECT_EXAMPLES)]
pub(super) struct Connect {
    #[command(flatten)]
    address: AddressArgs,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    socket: SocketArgs,
    #[command(flatten)]
    transport: TransportArgs,
    /// After the end of stdin, end when no reply has come for D [default: 1s]
    #[arg(long, value_name = "D", value_parser = duration)]
    linger: Option<Duration>,
    #[command(flatten)]
    exchange: ExchangeArgs,
    #[command(flatten)]
    spread: SpreadArgs,
}

const CONNECT_EXAMPLES: &str = "\
Examples:
  sockkit udp connect 9000                    talk, line by line
  echo ping | sockkit udp connect 9000 --count 1 -t 2s
                                              one reply, within two seconds
  sockkit udp connect 9000 --format line      each reply with its time and ttl";

impl Connect {
    pub(super) fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        let start = Instant::now();
        let preparation = self.socket.parse()?;
        let conversation = Conversation {
            desk,
            args: self.exchange,
            start,
        };
        let network = match self.address.endpoint()? {
            Endpoint::Network(network) => no_wildcard(network)?,
            Endpoint::Inherited(descriptor) => {
                let socket = inherited(descriptor, &preparation, desk)?;
                give_up_sockets(desk)?;
                let ear = self.ear((socket, None), desk)?;
                return conversation.converse(ear, None, self.linger);
            }
        };
        let (family, limit) = (self.address.family(), self.exchange.timing.to_connect());
        let mut way = Way {
            network: &network,
            preparation: &preparation,
            sources: sources(&self.source, family, Kind::Dgram, limit, desk)?,
            addresses: resolve(&network, family, Kind::Dgram, limit, desk)?.into_iter(),
        };
        let opened = self.open(&mut way, desk)?;
        give_up_sockets(desk)?;
        let ear = self.ear(opened, desk)?;
        let is_last = way.addresses.as_slice().is_empty();
        let next = || self.ear(self.open(&mut way, desk).ok()?, desk).ok();
        let detour = (!is_last).then(|| Detour::new(next));
        conversation.converse(ear, detour, self.linger)
    }

    /// It is connected, or has its group.
    fn ear(&self, (socket, group): (Socket, Option<Address>), desk: &Desk) -> anyhow::Result<Ear> {
        let peer = group.clone().map_or_else(|| socket.getpeername(), Ok)?;
        let local = socket.getsockname()?;
        desk.output.tell(&Connected {
            proto: self.transport.word(),
            peer,
            local: local.clone(),
        })?;
        Ok(Ear {
            to: group,
            ..Ears::of(socket, local)
        })
    }

    /// A socket that is connected to the first address from here on that can be reached at all; for many who answer each
    /// from an own address it is only bound, and those are told with it.
    fn open(&self, way: &mut Way<'_>, desk: &Desk) -> anyhow::Result<(Socket, Option<Address>)> {
        let ears = Ears {
            notes: self.exchange.datagrams.wants_notes(desk),
            credentials: false,
            trains: self.exchange.datagrams.count.is_none(),
        };
        let protocol = self.transport.protocol();
        let mut failure = None;
        for to in way.addresses.by_ref() {
            let mut socket = self.transport.open(to.family(), desk)?;
            ears.prepare(&socket, (to.family(), protocol), way.preparation)?;
            self.transport.report_refusals(&socket, to.family())?;
            self.transport.apply(&socket)?;
            let interface = interface_to(&to, way.preparation.interface());
            self.spread.apply(&socket, to.family(), interface)?;
            way.preparation.apply(&socket)?;
            self.source.apply(&mut socket, to.family(), &way.sources)?;
            if self.spread.allows_broadcast() || to.inet().is_some_and(|to| to.ip().is_multicast())
            {
                if way.sources.is_empty() {
                    let any: IpAddr = match to.family() {
                        Family::Inet6 => Ipv6Addr::UNSPECIFIED.into(),
                        _ => Ipv4Addr::UNSPECIFIED.into(),
                    };
                    socket.bind(&Address::Inet((any, 0).into()))?;
                }
                return Ok((socket, Some(to)));
            }
            match socket.connect(&to) {
                Ok(_) => return Ok((socket, None)),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        let none = || CallError::new("connect", way.network, nix::errno::Errno::EADDRNOTAVAIL);
        Err(failure.unwrap_or_else(none).into())
    }
}

/// What leads to the peer: its name's addresses that have not been tried, and from where.
struct Way<'a> {
    network: &'a HostPort,
    preparation: &'a Preparation,
    sources: Vec<Address>,
    addresses: vec::IntoIter<Address>,
}
