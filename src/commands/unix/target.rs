//! What the verbs of `sockkit unix` share: the name, the type, and the conversation that follows.

use std::ffi::OsString;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::args::{Preparation, SocketArgs};
use crate::commands::Desk;
use crate::commands::datagram::{Conversation, DatagramArgs, Ears, ExchangeArgs};
use crate::commands::endpoint::inherited;
use crate::commands::stream::{Stream, StreamArgs};
use crate::engine::{Connection, Expired, Timer};
use crate::net::{
    Address, CallError, Descriptor, Endpoint, Family, Kind, Protocol, Socket, UnixName,
};
use crate::output::{Exit, Usage};

#[derive(Args, Clone, Debug)]
pub(super) struct TargetArgs {
    /// /path, ./path, @name (abstract; \0 is a NUL byte) or fd:N
    pub(super) path: OsString,
    /// The socket's type
    #[arg(long = "type", value_enum, value_name = "TYPE", default_value_t = Type::Stream)]
    pub(super) kind: Type,
}

/// What a local conversation takes, whether it is a stream's or of datagrams.
#[derive(Args, Clone, Debug)]
pub(super) struct TalkArgs {
    #[command(flatten)]
    pub(super) socket: SocketArgs,
    #[command(flatten)]
    pub(super) datagrams: DatagramArgs,
    #[command(flatten)]
    pub(super) stream: StreamArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Type {
    /// A byte stream (SOCK_STREAM)
    Stream,
    /// Datagrams (SOCK_DGRAM)
    Dgram,
    /// Records over a connection (SOCK_SEQPACKET)
    Seqpacket,
}

/// What was typed for a local socket.
pub(super) enum Target {
    Name(UnixName),
    Inherited(Descriptor),
}

impl TargetArgs {
    pub(super) fn parse(&self) -> anyhow::Result<Target> {
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

impl Type {
    /// The one socket behind a descriptor, which must be of this type.
    pub(super) fn inherit(
        self,
        descriptor: Descriptor,
        preparation: &Preparation,
        desk: &Desk,
    ) -> anyhow::Result<Socket> {
        let socket = inherited(descriptor, preparation, desk)?;
        match socket.kind()? {
            Some(kind) if kind != self.kind() => {
                let why = format!(
                    "fd:{} is a {kind} socket, not {}",
                    socket.number(),
                    self.kind()
                );
                Err(Usage::new(why, "--type says which").into())
            }
            _ => Ok(socket),
        }
    }
}

impl TalkArgs {
    /// What cuts datagrams and records has nothing to cut in a stream, and what shapes a stream nothing to shape in datagrams.
    pub(super) fn check(&self, kind: Type) -> Result<(), Usage> {
        let of_datagrams = self.datagrams.is_given();
        match kind {
            Type::Dgram => self.stream.check_datagrams(),
            Type::Stream if of_datagrams => {
                let why = "--count, --lines, --format and their like are for datagrams and records";
                Err(Usage::new(why, "--type dgram, or --type seqpacket"))
            }
            Type::Stream | Type::Seqpacket => Ok(()),
        }
    }

    /// How records are cut and heard, where the type has any.
    pub(super) fn records(&self, kind: Type) -> Option<DatagramArgs> {
        (kind == Type::Seqpacket).then_some(self.datagrams)
    }

    /// Speak through a connection, or with the peer of connected datagrams.
    pub(super) fn converse(
        &self,
        kind: Type,
        connection: Connection,
        stream: &Stream<'_>,
    ) -> anyhow::Result<Exit> {
        if kind != Type::Dgram {
            return stream.converse(connection);
        }
        stream.connected(&connection)?;
        Conversation {
            desk: stream.desk,
            args: self.exchange(),
            start: stream.start,
        }
        .converse(
            Ears::of(connection.socket, connection.local),
            None,
            self.stream.lifetime.linger,
        )
    }

    pub(super) fn exchange(&self) -> ExchangeArgs {
        ExchangeArgs {
            datagrams: self.datagrams,
            view: self.stream.view,
            timing: self.stream.timing,
        }
    }
}

impl Type {
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Stream => Kind::Stream,
            Self::Dgram => Kind::Dgram,
            Self::Seqpacket => Kind::SeqPacket,
        }
    }

    pub(super) fn open(self, desk: &Desk) -> Result<Socket, CallError> {
        Socket::open(Family::Unix, self.kind(), Protocol::DEFAULT, &desk.explain)
    }
}

/// connect(2) that waits for room in the listener's queue, for `limit` at most: SO_SNDTIMEO bounds it, socket(7).
pub(super) fn connect(
    socket: &mut Socket,
    name: UnixName,
    limit: Option<Duration>,
) -> anyhow::Result<()> {
    let address = Address::Unix(name);
    if let Some(limit) = limit {
        socket.set_send_timeout(limit)?;
    }
    let mut connected = socket.connect(&address);
    // A stop and a continue end the wait, though nobody asked for that.
    while matches!(&connected, Err(error) if error.errno() == libc::EINTR) {
        connected = socket.connect(&address);
    }
    match (connected, limit) {
        (Err(error), Some(limit)) if error.errno() == libc::EAGAIN => Err(Expired {
            timer: Timer::Answer,
            limit,
            on: format!("connect {address}"),
        }
        .into()),
        (connected, _) => {
            connected?;
            // From here on nothing waits.
            Ok(socket.set_nonblocking()?)
        }
    }
}
