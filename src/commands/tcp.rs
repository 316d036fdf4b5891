//! `sockkit tcp`: a TCP connection joined to stdin and stdout (socket, connect, listen, accept, send, recv, shutdown).

use std::time::Instant;

use clap::{Args, Subcommand};

use super::Desk;
use super::endpoint::{inherited, listeners, no_wildcard, resolve, sources};
use super::stream::{ServeArgs, Stream, StreamArgs};
use crate::args::{AddressArgs, PortArgs, SocketArgs, SourceArgs};
use crate::engine::{Connection, Connector, Reactor};
use crate::net::{Address, Endpoint, Family, Kind, Protocol, Socket};
use crate::output::Exit;

/// Connect to, or listen on, a TCP port
#[derive(Args, Debug)]
pub struct Tcp {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Connect(Connect),
    Listen(Listen),
}

/// Connect to a TCP port: stdin is sent, what arrives goes to stdout
///
/// The end of stdin half-closes the connection (SHUT_WR); the peer's end ends the run. A name with several addresses
/// is connected to by racing them (RFC 8305).
#[derive(Args, Debug)]
#[command(after_help = CONNECT_EXAMPLES)]
struct Connect {
    #[command(flatten)]
    address: AddressArgs,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    socket: SocketArgs,
    #[command(flatten)]
    transport: TransportArgs,
    #[command(flatten)]
    stream: StreamArgs,
}

/// Listen on a TCP port: what arrives goes to stdout, stdin is sent
///
/// Takes one connection and closes the listener; -k serves many at once.
#[derive(Args, Debug)]
#[command(after_help = LISTEN_EXAMPLES)]
struct Listen {
    #[command(flatten)]
    address: AddressArgs,
    #[command(flatten)]
    socket: SocketArgs,
    #[command(flatten)]
    transport: TransportArgs,
    #[command(flatten)]
    serve: ServeArgs,
    #[command(flatten)]
    ready: PortArgs,
    #[command(flatten)]
    stream: StreamArgs,
}

/// Transports that are used like TCP.
#[derive(Args, Clone, Copy, Debug)]
struct TransportArgs {
    /// Multipath TCP (IPPROTO_MPTCP)
    #[arg(long)]
    mptcp: bool,
    /// SCTP in its one-to-one style (IPPROTO_SCTP)
    #[arg(long, conflicts_with = "mptcp")]
    sctp: bool,
    /// DCCP (SOCK_DCCP, IPPROTO_DCCP)
    #[arg(long, conflicts_with_all = ["mptcp", "sctp"])]
    dccp: bool,
}

const CONNECT_EXAMPLES: &str = "\
Examples:
  sockkit tcp connect                            to 127.0.0.1:8082
  sockkit tcp connect example.org:80 < request   send a file, read the answer
  sockkit tcp connect --deadline 3s example.org ssh < /dev/null
                                 read a banner, for three seconds at most
  sockkit tcp connect 9000 --explain             show every socket call";

const LISTEN_EXAMPLES: &str = "\
Examples:
  sockkit tcp listen                     on 127.0.0.1:8082, one connection
  sockkit tcp listen '*:9000' > file     on every interface, IPv4 and IPv6
  sockkit tcp listen 9000 | tar x        ends when the client has
  sockkit tcp listen -k 0 --json         many clients, a free port, events";

impl Tcp {
    /// Connect, or listen.
    pub fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        match &self.verb {
            Verb::Connect(connect) => connect.run(desk),
            Verb::Listen(listen) => listen.run(desk),
        }
    }
}

impl Connect {
    fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        let start = Instant::now();
        let stream = Stream {
            desk,
            args: self.stream,
            proto: self.transport.word(),
            records: false,
            start,
        };
        let preparation = self.socket.parse()?;
        let network = match self.address.endpoint()? {
            Endpoint::Inherited(descriptor) => {
                let socket = inherited(descriptor, &preparation, desk)?;
                let (peer, local) = (socket.getpeername()?, socket.getsockname()?);
                return stream.converse(Connection {
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
        let sources = sources(&self.source, self.address.family(), Kind::Stream, desk)?;
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
        stream.converse(connector.connect(targets, start)?)
    }
}

impl Listen {
    fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        let stream = Stream {
            desk,
            args: self.stream,
            proto: self.transport.word(),
            records: false,
            start: Instant::now(),
        };
        let mut reactor = Reactor::new()?;
        let preparation = self.socket.parse()?;
        let prepare = |socket: &Socket, _: Family| preparation.apply(socket);
        let listeners = listeners(
            self.address.endpoint()?,
            self.address.family(),
            self.transport.socket(),
            &prepare,
            desk,
        )?;
        reactor.catch_signals()?;
        stream.serve(reactor, listeners, self.serve, |port| {
            self.ready.announce(port)
        })
    }
}

impl TransportArgs {
    fn socket(self) -> (Kind, Protocol) {
        match self {
            Self { mptcp: true, .. } => (Kind::Stream, Protocol::MPTCP),
            Self { sctp: true, .. } => (Kind::Stream, Protocol::SCTP),
            Self { dccp: true, .. } => (Kind::Dccp, Protocol::DCCP),
            _ => (Kind::Stream, Protocol::TCP),
        }
    }

    fn word(self) -> &'static str {
        self.socket().1.word().unwrap_or("tcp")
    }
}
