//! `sockkit unix`: local sockets of every type (AF_UNIX: socket, bind, listen, accept, connect, send, recv, sendto).

use std::ffi::OsString;
use std::time::{Duration, Instant};

use clap::{Args, Subcommand, ValueEnum, value_parser};

use super::Desk;
use super::datagram::{Conversation, ExchangeArgs, Outgoing};
use super::endpoint::{inherited, inherited_listeners};
use super::stream::{ServeArgs, Stream, StreamArgs};
use crate::args::{FramingArgs, LifetimeArgs, ReadyArgs, SocketArgs, TimingArgs, ViewArgs};
use crate::engine::{BACKLOG, Connection, Expired, Listener, LoopError, Reactor, Timer, deliver};
use crate::net::{
    Address, BoundPath, CallError, Descriptor, Endpoint, Family, Kind, Protocol, Shutdown, Socket,
    UnixName, bind_unix,
};
use crate::output::{Connected, Exit, Listening, Usage};

/// Connect to, listen on, and send to local sockets
#[derive(Args, Debug)]
pub struct Unix {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Connect(Connect),
    Listen(Listen),
    Send(SendTo),
}

/// Connect to a local socket: stdin is sent, what arrives goes to stdout
///
/// The rules of ends are those of `tcp connect`. With --type dgram the socket binds itself to a name, so that it can be
/// answered, and each read of stdin is a datagram.
#[derive(Args, Debug)]
#[command(after_help = CONNECT_EXAMPLES)]
struct Connect {
    #[command(flatten)]
    target: TargetArgs,
    /// The own name, for answers to datagrams; the kernel chooses one if left out
    #[arg(long, value_name = "PATH")]
    bind: Option<OsString>,
    #[command(flatten)]
    talk: TalkArgs,
}

/// Listen on a local socket: what arrives goes to stdout, stdin is sent
///
/// Takes one connection and closes the listener; -k serves many at once. With --type dgram every sender is heard, and
/// stdin answers whoever was heard last. The file has mode 0600 and is removed at the end.
#[derive(Args, Debug)]
#[command(after_help = LISTEN_EXAMPLES)]
struct Listen {
    #[command(flatten)]
    target: TargetArgs,
    /// The file's mode, in octal
    #[arg(long, value_name = "MODE", default_value = "0600", value_parser = mode)]
    mode: u32,
    /// Take the place of a dead socket's file; never of another file, never of a listener
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    serve: ServeArgs,
    #[command(flatten)]
    ready: ReadyArgs,
    #[command(flatten)]
    talk: TalkArgs,
}

/// Send to a local socket and end: each DATA is a datagram or record, or stdin is
#[derive(Args, Debug)]
#[command(name = "send", after_help = SEND_EXAMPLES)]
struct SendTo {
    /// /path, ./path, @name or fd:N
    path: OsString,
    /// What to send; none of it reads stdin
    data: Vec<OsString>,
    /// The socket's type
    #[arg(long = "type", value_enum, value_name = "TYPE", default_value_t = Type::Dgram)]
    kind: Type,
    #[command(flatten)]
    framing: FramingArgs,
    /// Take DATA, or stdin, as hex digits; white space is ignored
    #[arg(long)]
    from_hex: bool,
    #[command(flatten)]
    socket: SocketArgs,
    #[command(flatten)]
    timing: TimingArgs,
}

#[derive(Args, Clone, Debug)]
struct TargetArgs {
    /// /path, ./path, @name (abstract; \0 is a NUL byte) or fd:N
    path: OsString,
    /// The socket's type
    #[arg(long = "type", value_enum, value_name = "TYPE", default_value_t = Type::Stream)]
    kind: Type,
}

/// What a local conversation takes, whether it is a stream's or of datagrams.
#[derive(Args, Clone, Debug)]
struct TalkArgs {
    #[command(flatten)]
    socket: SocketArgs,
    /// End after N datagrams have come
    #[arg(short, long, value_name = "N", value_parser = value_parser!(u64).range(1..))]
    count: Option<u64>,
    #[command(flatten)]
    framing: FramingArgs,
    #[command(flatten)]
    view: ViewArgs,
    #[command(flatten)]
    lifetime: LifetimeArgs,
    #[command(flatten)]
    timing: TimingArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Type {
    /// A byte stream (SOCK_STREAM)
    Stream,
    /// Datagrams (SOCK_DGRAM)
    Dgram,
    /// Records over a connection (SOCK_SEQPACKET)
    Seqpacket,
}

const CONNECT_EXAMPLES: &str = "\
Examples:
  sockkit unix connect ./app.sock
  sockkit unix connect @name              an abstract name
  printf 'GET / HTTP/1.0\\r\\n\\r\\n' | sockkit unix connect ./http.sock";

const LISTEN_EXAMPLES: &str = "\
Examples:
  sockkit unix listen ./app.sock
  sockkit unix listen ./app.sock -k --replace      many; replaces a dead one
  sockkit unix listen @log --type dgram --json     an event per datagram";

const SEND_EXAMPLES: &str = "\
Examples:
  sockkit unix send ./log.sock 'one datagram'
  sockkit unix send @log --lines < file            one datagram per line
  sockkit unix send ./app.sock --type stream < file";

impl Unix {
    /// Connect, listen, or send.
    pub fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        match &self.verb {
            Verb::Connect(connect) => connect.run(desk),
            Verb::Listen(listen) => listen.run(desk),
            Verb::Send(send) => send.run(desk),
        }
    }
}

impl Connect {
    fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        let start = Instant::now();
        self.talk.check(self.target.kind)?;
        let preparation = self.talk.socket.parse()?;
        let own = self.bind.as_deref().map(UnixName::parse).transpose()?;
        let mut bound = None;
        let socket = match self.target.parse()? {
            Target::Inherited(descriptor) => inherited(descriptor, &preparation, desk)?,
            Target::Name(name) => {
                let mut socket = self.target.kind.open(desk)?;
                preparation.apply(&socket)?;
                let own =
                    own.or_else(|| (self.target.kind == Type::Dgram).then_some(UnixName::Unnamed));
                if let Some(own) = own {
                    bound = bind_unix(
                        &mut socket,
                        self.target.kind.kind(),
                        &own,
                        0o600,
                        false,
                        &desk.explain,
                    )?;
                }
                connect(&mut socket, name, self.talk.timing.to_connect())?;
                socket
            }
        };
        let exit = self.talk.converse(self.target.kind, socket, start, desk);
        drop(bound);
        exit
    }
}

impl Listen {
    fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        let start = Instant::now();
        let kind = self.target.kind.kind();
        self.talk.check(self.target.kind)?;
        if kind == Kind::Dgram && self.serve.keep_open() {
            let why = "-k is for connections: datagrams of every sender are heard";
            return Err(Usage::new(why, "leave it out, or --type stream").into());
        }
        let preparation = self.talk.socket.parse()?;
        let mut reactor = Reactor::new()?;
        // From here on a signal is an event, so that the file is removed in every case.
        reactor.catch_signals()?;
        let mut bound: Option<BoundPath> = None;
        let listeners = match self.target.parse()? {
            Target::Inherited(descriptor) => {
                let listeners = inherited_listeners(descriptor, kind, desk)?;
                listeners
                    .iter()
                    .try_for_each(|listener| preparation.apply(&listener.socket))?;
                listeners
            }
            Target::Name(name) => {
                let mut socket = self.target.kind.open(desk)?;
                preparation.apply(&socket)?;
                bound = bind_unix(
                    &mut socket,
                    kind,
                    &name,
                    self.mode,
                    self.replace,
                    &desk.explain,
                )?;
                if kind.has_connections() {
                    socket.listen(BACKLOG)?;
                }
                vec![Listener {
                    socket,
                    local: Address::Unix(name),
                }]
            }
        };
        let exit = if kind == Kind::Dgram {
            self.hear(&mut reactor, listeners, start, desk)
        } else {
            let stream = Stream {
                desk,
                args: self.talk.stream(),
                proto: "unix",
                records: kind == Kind::SeqPacket,
                start,
            };
            stream.serve(reactor, listeners, self.serve, |_| self.ready.announce())
        };
        drop(bound);
        exit
    }

    fn hear(
        &self,
        reactor: &mut Reactor,
        listeners: Vec<Listener>,
        start: Instant,
        desk: &Desk,
    ) -> anyhow::Result<Exit> {
        let Some(local) = listeners.first().map(|listener| listener.local.clone()) else {
            return Ok(Exit::Done);
        };
        self.ready.announce()?;
        desk.output.tell(&Listening {
            proto: "unix",
            local: local.to_string(),
        })?;
        let sockets = listeners
            .into_iter()
            .map(|listener| (listener.socket, false))
            .collect();
        Conversation {
            desk,
            args: self.talk.exchange(),
            start,
        }
        .listen(reactor, sockets, &local)
    }
}

impl SendTo {
    fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        let start = Instant::now();
        let target = TargetArgs {
            path: self.path.clone(),
            kind: self.kind,
        };
        let limit = self.timing.to_connect();
        let preparation = self.socket.parse()?;
        let socket = match target.parse()? {
            Target::Inherited(descriptor) => inherited(descriptor, &preparation, desk)?,
            Target::Name(name) => {
                let mut socket = self.kind.open(desk)?;
                preparation.apply(&socket)?;
                // Connected even for datagrams: only then does poll tell when the receiver has room, unix(7).
                connect(&mut socket, name, limit)?;
                socket
            }
        };
        let view = ViewArgs {
            hex: false,
            from_hex: self.from_hex,
        };
        let outgoing = Outgoing {
            words: &self.data,
            framing: self.framing,
            view,
            timing: self.timing,
            start,
        };
        outgoing.each(&mut |bytes| send_all(&socket, bytes, limit, desk))?;
        if self.kind != Type::Dgram {
            socket.shutdown(Shutdown::Write)?;
        }
        Ok(Exit::Done)
    }
}

/// A stream may take a part at a time; a datagram or record goes whole, the empty one too.
fn send_all(
    socket: &Socket,
    bytes: &[u8],
    limit: Option<Duration>,
    desk: &Desk,
) -> Result<(), LoopError> {
    let mut rest = bytes;
    loop {
        let count = deliver(socket, &desk.explain, limit, |socket| socket.send(rest))?;
        rest = rest.get(count..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(());
        }
    }
}

/// What was typed for a local socket.
enum Target {
    Name(UnixName),
    Inherited(Descriptor),
}

impl TargetArgs {
    fn parse(&self) -> anyhow::Result<Target> {
        match self
            .path
            .to_str()
            .filter(|word| word.starts_with("fd:"))
            .map(Endpoint::parse)
        {
            Some(Ok(Endpoint::Inherited(descriptor))) => Ok(Target::Inherited(descriptor)),
            Some(Err(error)) => Err(error.into()),
            _ => Ok(Target::Name(UnixName::parse(&self.path)?)),
        }
    }
}

impl TalkArgs {
    /// What cuts datagrams has nothing to cut in a stream.
    fn check(&self, kind: Type) -> Result<(), Usage> {
        if kind == Type::Dgram || !(self.count.is_some() || self.framing.is_given()) {
            return Ok(());
        }
        let why = "--count, --lines, --whole and --size are for datagrams";
        Err(Usage::new(why, "--type dgram"))
    }

    fn converse(
        &self,
        kind: Type,
        socket: Socket,
        start: Instant,
        desk: &Desk,
    ) -> anyhow::Result<Exit> {
        let (peer, local) = (socket.getpeername()?, socket.getsockname()?);
        if kind != Type::Dgram {
            let stream = Stream {
                desk,
                args: self.stream(),
                proto: "unix",
                records: kind == Type::Seqpacket,
                start,
            };
            return stream.converse(Connection {
                socket,
                peer,
                local,
                reset: None,
            });
        }
        desk.output.tell(&Connected {
            proto: "unix",
            peer: peer.to_string(),
            local: local.to_string(),
        })?;
        Conversation {
            desk,
            args: self.exchange(),
            start,
        }
        .converse(socket, self.lifetime.linger, &local)
    }

    fn stream(&self) -> StreamArgs {
        StreamArgs {
            view: self.view,
            lifetime: self.lifetime,
            timing: self.timing,
        }
    }

    fn exchange(&self) -> ExchangeArgs {
        ExchangeArgs {
            count: self.count,
            framing: self.framing,
            view: self.view,
            timing: self.timing,
        }
    }
}

impl Type {
    fn kind(self) -> Kind {
        match self {
            Self::Stream => Kind::Stream,
            Self::Dgram => Kind::Dgram,
            Self::Seqpacket => Kind::SeqPacket,
        }
    }

    fn open(self, desk: &Desk) -> Result<Socket, CallError> {
        Socket::open(Family::Unix, self.kind(), Protocol::DEFAULT, &desk.explain)
    }
}

/// connect(2) that waits for room in the listener's queue, for `limit` at most: SO_SNDTIMEO bounds it, socket(7).
fn connect(socket: &mut Socket, name: UnixName, limit: Option<Duration>) -> anyhow::Result<()> {
    let address = Address::Unix(name);
    if let Some(limit) = limit {
        socket.set_send_timeout(limit)?;
    }
    match (socket.connect(&address), limit) {
        (Err(error), Some(limit)) if error.errno() == libc::EAGAIN => Err(Expired {
            timer: Timer::Answer,
            limit,
            on: format!("connect {address}"),
        }
        .into()),
        (connected, _) => Ok(connected.map(drop)?),
    }
}

fn mode(word: &str) -> Result<u32, String> {
    let mode = u32::from_str_radix(word, 8)
        .ok()
        .filter(|mode| *mode <= 0o777);
    mode.ok_or_else(|| "a mode is an octal number up to 0777".to_owned())
}
