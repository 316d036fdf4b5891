//! `sockkit tcp listen`: socket, bind, listen, accept, send, recv, shutdown.

use std::time::Instant;

use clap::Args;

use super::TransportArgs;
use crate::args::{AddressArgs, AlpnArgs, PortArgs, ServerTlsArgs, SocketArgs};
use crate::commands::endpoint::listeners;
use crate::commands::secure::Secure;
use crate::commands::serve::{AccessArgs, CommandArgs, ServeArgs};
use crate::commands::sight::Sight;
use crate::commands::stream::{Stream, StreamArgs};
use crate::commands::{Desk, certificate};
use crate::engine::{Acceptor, Reactor};
use crate::net::{Endpoint, Family, Host, Socket};
use crate::output::Exit;

/// Listen on a TCP port: what arrives goes to stdout, stdin is sent
///
/// Takes one connection and closes the listener; -k serves many at once. Instead of stdin and stdout a connection may
/// have a command of its own, or a small service.
///
/// A command's stdin ends when its client has said all: the client may only have half-closed and wait for the answer. One
/// that is gone is found out when the command says something, or after about a minute, and the command is ended then
/// (HUP, TERM, KILL, a second apart). --linger bounds how long a command may go on.
///
/// With --tls a client has --timeout for its handshake, 10 s unless that is said.
#[derive(Args, Debug)]
#[command(after_help = LISTEN_EXAMPLES)]
pub(super) struct Listen {
    #[command(flatten)]
    address: AddressArgs,
    #[command(flatten)]
    socket: SocketArgs,
    #[command(flatten)]
    transport: TransportArgs,
    /// Let other sockets listen on the same port; the kernel shares connections out (SO_REUSEPORT)
    #[arg(long)]
    reuseport: bool,
    #[command(flatten)]
    tls: ServerTlsArgs,
    #[command(flatten)]
    alpn: AlpnArgs,
    #[command(flatten)]
    serve: ServeArgs,
    #[command(flatten)]
    access: AccessArgs,
    #[command(flatten)]
    ready: PortArgs,
    #[command(flatten)]
    stream: StreamArgs,
    #[command(flatten)]
    command: CommandArgs,
}

const LISTEN_EXAMPLES: &str = "\
Examples:
  sockkit tcp listen                     on 127.0.0.1:8082, one connection
  sockkit tcp listen '*:9000' > file     on every interface, IPv4 and IPv6
  sockkit tcp listen 9000 | tar x        ends when the client has
  sockkit tcp listen -k 0 --json         many clients, a free port, events
  sockkit tcp listen -k --exec -- wc -c  a command for each of them
  sockkit tcp listen -k --sh 'date; cat' --max-conns 10 --allow 10.0.0.0/8
  sockkit tcp listen '*:9000' --chat     people talk, and you with them";

impl Listen {
    pub(super) fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        let start = Instant::now();
        let endpoint = self.address.endpoint()?;
        let plan = self
            .serve
            .plan(&self.command.command, self.access.gate(desk)?, &self.stream)?;
        let host = match &endpoint {
            Endpoint::Network(network) => &network.host,
            Endpoint::Inherited(_) => &Host::Any,
        };
        let tls = certificate::open(&self.tls, self.alpn.names(), host, desk)?;
        let secure = tls.map(|tls| Secure::Accept(Acceptor::new(&tls)));
        let stream = Stream {
            desk,
            args: &self.stream,
            proto: self.transport.word(),
            records: None,
            widens: false,
            start,
            welcome: None,
            sight: Sight::open(&self.stream, start, &desk.output)?,
            secure: secure.as_ref(),
        };
        let mut reactor = Reactor::new()?;
        let preparation = self.socket.parse()?;
        let prepare = |socket: &Socket, _: Family| {
            if self.reuseport {
                socket.set_int(libc::SOL_SOCKET, libc::SO_REUSEPORT, 1)?;
            }
            preparation.apply(socket)
        };
        let listeners = listeners(
            endpoint,
            self.address.family(),
            self.transport.socket(),
            self.serve.backlog(),
            &prepare,
            self.stream.timing.to_connect(),
            desk,
        )?;
        reactor.catch_signals()?;
        stream.serve(reactor, listeners, plan, |port| self.ready.announce(port))
    }
}
