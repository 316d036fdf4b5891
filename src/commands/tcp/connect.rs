//! `sockkit tcp connect`: socket, connect, send, recv, shutdown.

use std::time::Instant;

use clap::Args;

use super::dial::{Dial, Opening};
use super::probe::{self, ProbeArgs};
use super::retry::Attempts;
use super::{TransportArgs, peer_certificate};
use crate::args::{
    AddressArgs, ClientTlsArgs, KeepaliveArgs, PROXY_AUTH, ProxyArgs, RetryArgs, SocketArgs,
    SourceArgs,
};
use crate::commands::Desk;
use crate::commands::endpoint::{inherited, no_wildcard, sources};
use crate::commands::pass::PassArgs;
use crate::commands::secure::Secure;
use crate::commands::sight::Sight;
use crate::commands::stream::{Stream, StreamArgs};
use crate::engine::{Connection, Role, Timers};
use crate::net::{CallError, Descriptor, Endpoint, Kind};
use crate::output::{Exit, Usage};

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
    keepalive: KeepaliveArgs,
    /// Send the first bytes with the SYN where the server knows us (TCP_FASTOPEN_CONNECT); a refusal is heard when it is too late to try again
    #[arg(long, conflicts_with = "probe")]
    fastopen: bool,
    #[command(flatten)]
    transport: TransportArgs,
    #[command(flatten)]
    retry: RetryArgs,
    #[command(flatten)]
    proxy: ProxyArgs,
    #[command(flatten)]
    probe: ProbeArgs,
    #[command(flatten)]
    tls: ClientTlsArgs,
    #[command(flatten)]
    pass: PassArgs,
    #[command(flatten)]
    stream: StreamArgs,
}

/// Makes a connection, within the limits of one attempt.
type Connecting<'a> = Box<dyn Fn(&Timers) -> anyhow::Result<Connection> + 'a>;

const CONNECT_EXAMPLES: &str = "\
Examples:
  sockkit tcp connect                            to 127.0.0.1:8082
  sockkit tcp connect example.org:80 < request   send a file, read the answer
  sockkit tcp connect --deadline 3s example.org ssh < /dev/null
                                 read a banner, for three seconds at most
  sockkit tcp connect --proxy socks5h://127.0.0.1 example.org:22
  sockkit tcp connect --probe example.org:22,80,8000-8010
                                 which ports are open?
  sockkit tcp connect --probe --retry forever --deadline 1m db:5432
                                 wait for a server
  sockkit tcp connect example.org:22 --pass-fd   as ssh's ProxyCommand
  sockkit tcp connect 9000 --explain             show every socket call";

impl Connect {
    pub(super) fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        let start = Instant::now();
        let attempts = Attempts {
            retry: &self.retry,
            timing: &self.stream.timing,
            start,
            desk,
        };
        if self.probe.is_asked_for() {
            return probe::run(self.address.ports()?, &self.opening(desk)?, &attempts);
        }
        let endpoint = self.address.endpoint()?;
        let secure = Secure::to(&self.tls, &endpoint, desk)?;
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
        let door = self.pass.door(desk)?;
        let connect: Connecting<'_> = match endpoint {
            Endpoint::Inherited(descriptor) => Box::new(move |_| self.take_over(descriptor, desk)),
            Endpoint::Network(network) => {
                let dial = Dial {
                    network: no_wildcard(network)?,
                    proxies: self.proxy.parse(environment()?)?,
                    opening: self.opening(desk)?,
                    desk,
                };
                Box::new(move |timers| dial.connect(timers))
            }
        };
        if let Some(door) = door {
            let connection = attempts.make(connect)?;
            return door.pass(&connection, stream.proto, attempts.timing.timeout, desk);
        }
        let begun = attempts.make(|timers| {
            let connection = connect(timers)?;
            self.speak_or_listen(&connection)?;
            stream.begin(connection)
        })?;
        match begun {
            Err(signal) => Ok(Exit::Signal(signal)),
            Ok((_, opened)) if self.tls.shows_certificate() => {
                peer_certificate::show(&stream, opened)
            }
            Ok((mut reactor, opened)) => stream.pump(&mut reactor, opened, Role::Connector),
        }
    }

    /// A fast open connects with the first bytes. Where none are at hand it does so without: the peer may be the one
    /// that speaks first.
    fn speak_or_listen(&self, connection: &Connection) -> Result<(), CallError> {
        let shape = &self.stream.shape;
        let says_hello = self.tls.is_on() && self.tls.starttls().is_none();
        let has_spoken = !self.fastopen || !self.proxy.is_empty() || says_hello;
        if has_spoken || !shape.preamble().is_empty() || shape.inlet().has_bytes() {
            return Ok(());
        }
        match connection.socket.send(&[]) {
            Err(error) if error.errno() != libc::EINPROGRESS => Err(error),
            _ => Ok(()),
        }
    }

    /// A socket that was connected by whoever started this.
    fn take_over(&self, descriptor: Descriptor, desk: &Desk) -> anyhow::Result<Connection> {
        let endpoint = Endpoint::Inherited(descriptor);
        if !self.proxy.is_empty() || self.retry.is_asked_for() || self.fastopen {
            let why = format!("{endpoint} is connected already");
            let hint = "--proxy, --retry and --fastopen are for connecting: HOST:PORT";
            return Err(Usage::new(why, hint).into());
        }
        let socket = inherited(descriptor, &self.socket.parse()?, desk)?;
        self.keepalive.apply(&socket)?;
        Ok(Connection {
            peer: socket.getpeername()?,
            local: socket.getsockname()?,
            socket,
            reset: None,
        })
    }

    /// What every socket of the run begins with.
    fn opening<'a>(&'a self, desk: &'a Desk) -> anyhow::Result<Opening<'a>> {
        let family = self.address.family();
        let limit = self.stream.timing.to_connect();
        Ok(Opening {
            transport: self.transport.socket(),
            preparation: self.socket.parse()?,
            keepalive: self.keepalive,
            fastopen: self.fastopen,
            source: &self.source,
            sources: sources(&self.source, family, Kind::Stream, limit, desk)?,
            family,
            explain: &desk.explain,
        })
    }
}

/// Who asks proxies, unless that is typed.
fn environment() -> Result<Option<String>, Usage> {
    let word = std::env::var_os(PROXY_AUTH).map(std::ffi::OsString::into_string);
    word.transpose().map_err(|_| {
        let why = format!("{PROXY_AUTH}: not UTF-8");
        Usage::new(why, "USER:PASSWORD, or @FILE")
    })
}
