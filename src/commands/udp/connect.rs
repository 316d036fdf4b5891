//! `sockkit udp connect`.

use std::time::{Duration, Instant};

use clap::Args;

use super::transport::TransportArgs;
use crate::args::{AddressArgs, Preparation, SocketArgs, SourceArgs, SpreadArgs, duration};
use crate::commands::Desk;
use crate::commands::datagram::{Conversation, Ears, ExchangeArgs};
use crate::commands::endpoint::{inherited, no_wildcard, resolve, sources};
use crate::commands::privilege::give_up_sockets;
use crate::net::{CallError, Endpoint, HostPort, Kind, Socket};
use crate::output::{Connected, Exit};

/// Exchange datagrams with one peer: stdin is sent, replies go to stdout
///
/// After the end of stdin, replies are waited for until none has come for --linger.
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
        let socket = match self.address.endpoint()? {
            Endpoint::Inherited(descriptor) => inherited(descriptor, &preparation, desk)?,
            Endpoint::Network(network) => self.open(&no_wildcard(network)?, &preparation, desk)?,
        };
        give_up_sockets(desk)?;
        let (peer, local) = (socket.getpeername()?, socket.getsockname()?);
        desk.output.tell(&Connected {
            proto: self.transport.word(),
            peer,
            local: local.clone(),
        })?;
        Conversation {
            desk,
            args: self.exchange,
            start,
        }
        .converse(Ears::of(socket, local), self.linger)
    }

    /// A socket that is connected to the first address that can be reached at all.
    fn open(
        &self,
        network: &HostPort,
        preparation: &Preparation,
        desk: &Desk,
    ) -> anyhow::Result<Socket> {
        let (family, limit) = (self.address.family(), self.exchange.timing.to_connect());
        let sources = sources(&self.source, family, Kind::Dgram, limit, desk)?;
        let ears = Ears {
            notes: self.exchange.wants_notes(desk),
            credentials: false,
            trains: self.exchange.datagrams.count.is_none(),
        };
        let protocol = self.transport.protocol();
        let mut failure = None;
        for to in resolve(network, family, Kind::Dgram, limit, desk)? {
            let mut socket = self.transport.open(to.family(), desk)?;
            ears.prepare(&socket, (to.family(), protocol), preparation)?;
            self.transport.report_refusals(&socket, to.family())?;
            self.transport.apply(&socket)?;
            self.spread.apply(&socket, to.family())?;
            preparation.apply(&socket)?;
            self.source.apply(&mut socket, to.family(), &sources)?;
            match socket.connect(&to) {
                Ok(_) => return Ok(socket),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        let none = || CallError::new("connect", network, nix::errno::Errno::EADDRNOTAVAIL);
        Err(failure.unwrap_or_else(none).into())
    }
}
