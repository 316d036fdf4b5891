//! `sockkit tcp connect`: socket, connect, send, recv, shutdown.

use std::time::Instant;

use clap::Args;

use super::{TransportArgs, peer_certificate};
use crate::args::{AddressArgs, ClientTlsArgs, SocketArgs, SourceArgs};
use crate::commands::Desk;
use crate::commands::endpoint::{inherited, no_wildcard, resolve, sources};
use crate::commands::pass::PassArgs;
use crate::commands::secure::Secure;
use crate::commands::stream::{Stream, StreamArgs};
use crate::engine::{Connection, Connector};
use crate::net::{Address, Endpoint, Kind, Socket};
use crate::output::Exit;

/// Connect to a TCP port: stdin is sent, what arrives goes to stdout
///
/// The end of stdin half-closes the connection (SHUT_WR); the peer's end ends the run. A name with several addresses
/// is connected to by racing them (RFC 8305).
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
    #[command(flatten)]
    tls: ClientTlsArgs,
    #[command(flatten)]
    pass: PassArgs,
    #[command(flatten)]
    stream: StreamArgs,
}

const CONNECT_EXAMPLES: &str = "\
Examples:
  sockkit tcp connect                            to 127.0.0.1:8082
  sockkit tcp connect example.org:80 < request   send a file, read the answer
  sockkit tcp connect --deadline 3s example.org ssh < /dev/null
                                 read a banner, for three seconds at most
  sockkit tcp connect example.org:22 --pass-fd   as ssh's ProxyCommand
  sockkit tcp connect 9000 --explain             show every socket call";

impl Connect {
    pub(super) fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        let start = Instant::now();
        let endpoint = self.address.endpoint()?;
        let secure = Secure::to(&self.tls, &endpoint, desk)?;
        let stream = Stream {
            desk,
            args: &self.stream,
            proto: self.transport.word(),
            records: false,
            start,
            welcome: None,
            secure: secure.as_ref(),
        };
        let preparation = self.socket.parse()?;
        let door = self.pass.door(desk)?;
        let finish = |connection: Connection| match &door {
            Some(door) => door.pass(&connection, stream.proto, stream.args.timing.timeout, desk),
            None if self.tls.shows_certificate() => peer_certificate::show(&stream, connection),
            None => stream.converse(connection),
        };
        let network = match endpoint {
            Endpoint::Inherited(descriptor) => {
                let socket = inherited(descriptor, &preparation, desk)?;
                let (peer, local) = (socket.getpeername()?, socket.getsockname()?);
                return finish(Connection {
                    socket,
                    peer,
                    local,
                    reset: None,
                });
            }
            Endpoint::Network(network) => no_wildcard(network)?,
        };
        let limit = self.stream.timing.to_connect();
        let targets = resolve(&network, self.address.family(), Kind::Stream, limit, desk)?;
        let sources = sources(
            &self.source,
            self.address.family(),
            Kind::Stream,
            limit,
            desk,
        )?;
        let (kind, protocol) = self.transport.socket();
        let open = |to: &Address| {
            let mut socket = Socket::open_nonblocking(to.family(), kind, protocol, &desk.explain)?;
            preparation.apply(&socket)?;
            self.source.apply(&mut socket, to.family(), &sources)?;
            Ok(socket)
        };
        let connector = Connector {
            on: network.to_string(),
            open: &open,
            limit,
            explain: &desk.explain,
        };
        finish(connector.connect(targets, start)?)
    }
}
