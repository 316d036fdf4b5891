//! `sockkit udp`: datagrams (sendto, recvfrom, and connect on SOCK_DGRAM).

use std::ffi::{OsStr, OsString};
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};

use super::Desk;
use super::datagram::{Conversation, ExchangeArgs, Outgoing};
use super::endpoint::{inherited, listeners, no_wildcard, resolve, sources};
use crate::args::{
    AddressArgs, FamilyArgs, FramingArgs, PortArgs, Preparation, SocketArgs, SourceArgs,
    TimingArgs, ViewArgs, combine, duration,
};
use crate::engine::{LoopError, Reactor, deliver};
use crate::net::{
    Address, CallError, Endpoint, Family, HostPort, Kind, Port, Protocol, Resolver, Socket,
};
use crate::output::{Connected, Exit, Listening, Usage};

/// Send, hear and exchange UDP datagrams
#[derive(Args, Debug)]
pub struct Udp {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Send(SendTo),
    Connect(Connect),
    Listen(Listen),
}

/// Send datagrams: each DATA is one, or stdin is cut into them
///
/// The words are ADDR, or HOST PORT, then DATA. Data that could be taken for a port goes after --; with nothing before
/// it, 127.0.0.1:8082 is sent to.
#[derive(Args, Debug)]
#[command(name = "send", after_help = SEND_EXAMPLES)]
struct SendTo {
    /// ADDR, or HOST PORT, then DATA: each a datagram; none of it reads stdin
    #[arg(value_name = "ADDR|DATA")]
    words: Vec<OsString>,
    /// More DATA, whatever it looks like
    #[arg(last = true, value_name = "DATA")]
    data: Vec<OsString>,
    /// The host, instead of ADDR
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// The port, instead of ADDR
    #[arg(long, value_name = "PORT")]
    port: Option<String>,
    #[command(flatten)]
    family: FamilyArgs,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    socket: SocketArgs,
    #[command(flatten)]
    transport: TransportArgs,
    #[command(flatten)]
    framing: FramingArgs,
    /// Take DATA, or stdin, as hex digits; white space is ignored
    #[arg(long)]
    from_hex: bool,
    #[command(flatten)]
    timing: TimingArgs,
}

/// Exchange datagrams with one peer: stdin is sent, replies go to stdout
///
/// After the end of stdin, replies are waited for until none has come for --linger.
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
    /// After the end of stdin, end when no reply has come for D [default: 1s]
    #[arg(long, value_name = "D", value_parser = duration)]
    linger: Option<Duration>,
    #[command(flatten)]
    exchange: ExchangeArgs,
}

/// Hear datagrams from every peer: payload goes to stdout, stdin answers whoever was heard last
///
/// Runs until --count, a time limit or a signal. An answer leaves from the address that was spoken to.
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
    ready: PortArgs,
    #[command(flatten)]
    exchange: ExchangeArgs,
}

#[derive(Args, Clone, Copy, Debug)]
struct TransportArgs {
    /// UDP-Lite (IPPROTO_UDPLITE)
    #[arg(long)]
    udplite: bool,
}

const SEND_EXAMPLES: &str = "\
Examples:
  sockkit udp send -- hello                   to 127.0.0.1:8082
  sockkit udp send 127.0.0.1:514 '<13>hello'  one datagram
  sockkit udp send 9000 a b c                 three datagrams
  sockkit udp send 9000 --lines < file        one per line";

const CONNECT_EXAMPLES: &str = "\
Examples:
  sockkit udp connect 9000                    talk, line by line
  echo ping | sockkit udp connect 9000 --count 1 -t 2s
                                              one reply, within two seconds";

const LISTEN_EXAMPLES: &str = "\
Examples:
  sockkit udp listen                     on 127.0.0.1:8082
  sockkit udp listen '*:514' --json      an event per datagram, with its sender
  sockkit udp listen 9000 --count 1      the first one";

impl Udp {
    /// Send, exchange, or hear.
    pub fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        match &self.verb {
            Verb::Send(send) => send.run(desk),
            Verb::Connect(connect) => connect.run(desk),
            Verb::Listen(listen) => listen.run(desk),
        }
    }
}

impl SendTo {
    fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        let start = Instant::now();
        let preparation = self.socket.parse()?;
        let (endpoint, words) = self.address_and_data(desk)?;
        let view = ViewArgs {
            hex: false,
            from_hex: self.from_hex,
        };
        let limit = self.timing.to_connect();
        let outgoing = Outgoing {
            words: &words,
            framing: self.framing,
            view,
            timing: self.timing,
            start,
        };
        let network = match endpoint {
            Endpoint::Inherited(descriptor) => {
                let socket = inherited(descriptor, &preparation, desk)?;
                outgoing.each(&mut |bytes| {
                    deliver(&socket, &desk.explain, limit, |socket| socket.send(bytes)).map(drop)
                })?;
                return Ok(Exit::Done);
            }
            Endpoint::Network(network) => no_wildcard(network)?,
        };
        let mut targets = resolve(&network, self.family.family(), Kind::Dgram, limit, desk)?;
        let sources = sources(&self.source, self.family.family(), Kind::Dgram, limit, desk)?;
        let open = |to: &Address| {
            let mut socket = self.transport.open(to.family(), desk)?;
            report_refusals(&socket, to.family())?;
            preparation.apply(&socket)?;
            self.source.apply(&mut socket, to.family(), &sources)?;
            Ok(socket)
        };
        targets.reverse();
        let Some(to) = targets.pop() else {
            return Ok(Exit::Done);
        };
        let mut sender = Sender {
            socket: open(&to)?,
            to,
            others: targets,
            settled: false,
        };
        outgoing.each(&mut |bytes| sender.send(bytes, limit, desk, &open))?;
        match sender.socket.take_error()? {
            Some(cause) => Err(CallError::new("sendto", &sender.to, cause).into()),
            None => Ok(Exit::Done),
        }
    }

    /// The words taken apart. A port is a number or a service that services(5) knows.
    fn address_and_data(&self, desk: &Desk) -> anyhow::Result<(Endpoint, Vec<OsString>)> {
        let flags = (self.host.as_deref(), self.port.as_deref());
        let mut words = self.words.as_slice();
        let endpoint = match (flags, words) {
            ((None, None), [first, rest @ ..]) => {
                words = rest;
                let first = first.to_str().ok_or_else(|| no_address(first))?;
                match rest
                    .split_first()
                    .filter(|(second, _)| lacks_port(first) && is_port(second, desk))
                {
                    Some((second, rest)) => {
                        words = rest;
                        combine(Some(first), second.to_str(), None, None)?
                    }
                    // A mistyped service would otherwise go out as data, and to another port.
                    None if lacks_port(first) && !rest.is_empty() => {
                        return Err(no_port(first, rest).into());
                    }
                    None => Endpoint::parse(first)?,
                }
            }
            ((host, port), _) => combine(None, None, host, port)?,
        };
        Ok((endpoint, words.iter().chain(&self.data).cloned().collect()))
    }
}

/// A socket and whom it speaks to; a name's further addresses are for the first datagram, if that is refused.
struct Sender {
    socket: Socket,
    to: Address,
    others: Vec<Address>,
    settled: bool,
}

impl Sender {
    fn send(
        &mut self,
        bytes: &[u8],
        limit: Option<Duration>,
        desk: &Desk,
        open: &dyn Fn(&Address) -> Result<Socket, CallError>,
    ) -> Result<(), LoopError> {
        loop {
            deliver(&self.socket, &desk.explain, limit, |socket| {
                socket.sendto(bytes, &self.to)
            })?;
            if self.settled {
                return Ok(());
            }
            match (self.socket.take_error()?, self.others.pop()) {
                (None, _) => self.settled = true,
                (Some(cause), None) => return Err(CallError::new("sendto", &self.to, cause).into()),
                (Some(_), Some(next)) => {
                    self.socket = open(&next)?;
                    self.to = next;
                    continue;
                }
            }
            return Ok(());
        }
    }
}

impl Connect {
    fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        let start = Instant::now();
        let preparation = self.socket.parse()?;
        let socket = match self.address.endpoint()? {
            Endpoint::Inherited(descriptor) => inherited(descriptor, &preparation, desk)?,
            Endpoint::Network(network) => self.open(&no_wildcard(network)?, &preparation, desk)?,
        };
        let (peer, local) = (socket.getpeername()?.to_string(), socket.getsockname()?);
        let proto = self.transport.protocol().word().unwrap_or("udp");
        desk.output.tell(&Connected {
            proto,
            peer,
            local: local.to_string(),
        })?;
        Conversation {
            desk,
            args: self.exchange,
            start,
        }
        .converse(socket, self.linger, &local)
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
        let mut failure = None;
        for to in resolve(network, family, Kind::Dgram, limit, desk)? {
            let mut socket = self.transport.open(to.family(), desk)?;
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

impl Listen {
    fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        let start = Instant::now();
        let mut reactor = Reactor::new()?;
        let preparation = self.socket.parse()?;
        let protocol = self.transport.protocol();
        let prepare = |socket: &Socket, family: Family| {
            preparation.apply(socket)?;
            ask_for_destination(socket, family)
        };
        let listeners = listeners(
            self.address.endpoint()?,
            self.address.family(),
            (Kind::Dgram, protocol),
            0,
            &prepare,
            self.exchange.timing.to_connect(),
            desk,
        )?;
        reactor.catch_signals()?;
        let proto = protocol.word().unwrap_or("udp");
        let Some(local) = listeners.first().map(|listener| listener.local.clone()) else {
            return Ok(Exit::Done);
        };
        self.ready
            .announce(local.inet().map(|address| address.port()))?;
        for listener in &listeners {
            desk.output.tell(&Listening {
                proto,
                local: listener.local.to_string(),
            })?;
        }
        let sockets = listeners
            .into_iter()
            .map(|listener| (listener.socket, true))
            .collect();
        Conversation {
            desk,
            args: self.exchange,
            start,
        }
        .listen(&mut reactor, sockets, &local)
    }
}

impl TransportArgs {
    fn protocol(self) -> Protocol {
        if self.udplite {
            Protocol::UDPLITE
        } else {
            Protocol::UDP
        }
    }

    fn open(self, family: Family, desk: &Desk) -> Result<Socket, CallError> {
        Socket::open(family, Kind::Dgram, self.protocol(), &desk.explain)
    }
}

/// Have ICMP's refusals reported on an unconnected socket too, ip(7).
fn report_refusals(socket: &Socket, family: Family) -> Result<(), CallError> {
    match family {
        Family::Inet6 => socket.set_int(libc::IPPROTO_IPV6, libc::IPV6_RECVERR, 1),
        _ => socket.set_int(libc::IPPROTO_IP, libc::IP_RECVERR, 1),
    }
}

/// Have the kernel say which address a datagram was sent to; before bind, so that the first one says it too.
fn ask_for_destination(socket: &Socket, family: Family) -> Result<(), CallError> {
    match family {
        Family::Inet6 => socket.set_int(libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO, 1),
        _ => socket.set_int(libc::IPPROTO_IP, libc::IP_PKTINFO, 1),
    }
}

/// Whether a word is a host alone: one without a port, or an IPv6 address without brackets.
fn lacks_port(word: &str) -> bool {
    match Endpoint::parse(word) {
        Ok(endpoint) => matches!(endpoint, Endpoint::Network(HostPort { port: None, .. })),
        Err(_) => Endpoint::parse_apart(Some(word), None).is_ok(),
    }
}

fn is_port(word: &OsStr, desk: &Desk) -> bool {
    let Some(word) = word.to_str() else {
        return false;
    };
    match Endpoint::parse_apart(None, Some(word)) {
        Ok(Endpoint::Network(HostPort {
            port: Some(Port::Service(service)),
            ..
        })) => Resolver::new(&desk.explain)
            .port_of(&service, Kind::Dgram)
            .is_ok(),
        Ok(_) => true,
        Err(_) => false,
    }
}

fn no_port(host: &str, words: &[OsString]) -> Usage {
    let first = words
        .first()
        .map(|word| word.to_string_lossy())
        .unwrap_or_default();
    let why = format!("`{}` after {host} is no port", first.escape_debug());
    Usage::new(why, format!("{host}:PORT before data, or `{host} -- DATA`"))
}

fn no_address(word: &OsStr) -> Usage {
    Usage::new(format!("{word:?} is no address"), "data goes after --")
}
