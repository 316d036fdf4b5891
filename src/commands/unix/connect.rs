//! `sockkit unix connect`.

use std::ffi::OsString;
use std::time::Instant;

use clap::Args;

use super::rights::{Rights, RightsArgs};
use super::target::{TalkArgs, Target, TargetArgs, Type, connect};
use crate::commands::Desk;
use crate::commands::datagram::Ears;
use crate::commands::pass::PassArgs;
use crate::commands::sight::Sight;
use crate::commands::stream::Stream;
use crate::engine::{Connection, Reactor};
use crate::net::{Family, Protocol, Socket, SocketFile, UnixName, bind_unix};
use crate::output::{Exit, Usage};

/// Connect to a local socket: stdin is sent, what arrives goes to stdout
///
/// The rules of ends are those of `tcp connect`. With --type dgram the socket binds itself to a name, so that it can be
/// answered, and each read of stdin is a datagram. With --type seqpacket what is said of datagrams holds for records.
#[derive(Args, Debug)]
#[command(after_help = CONNECT_EXAMPLES)]
pub(super) struct Connect {
    #[command(flatten)]
    target: TargetArgs,
    /// The own name, for answers to datagrams; the kernel chooses one if left out
    #[arg(long, value_name = "PATH")]
    bind: Option<OsString>,
    #[command(flatten)]
    rights: RightsArgs,
    #[command(flatten)]
    pass: PassArgs,
    #[command(flatten)]
    talk: TalkArgs,
}

const CONNECT_EXAMPLES: &str = "\
Examples:
  sockkit unix connect ./app.sock
  sockkit unix connect @name              an abstract name
  sockkit unix connect ./app.sock --show-cred     whose process listens?
  sockkit unix connect ./app.sock --send-fd 3 3<file
                                          hand an open file over
  printf 'GET / HTTP/1.0\\r\\n\\r\\n' | sockkit unix connect ./http.sock";

impl Connect {
    pub(super) fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        let start = Instant::now();
        self.talk.check(self.target.kind)?;
        let preparation = self.talk.socket.parse_local()?;
        let door = self.pass.door(desk)?;
        let rights = self.rights.parse(self.target.kind)?;
        if self.target.kind == Type::Dgram && self.rights.shows() {
            let why = "--show-cred is for connections, and for listeners of datagrams";
            return Err(Usage::new(why, "--type stream or seqpacket").into());
        }
        let own = self.bind.as_deref().map(UnixName::parse).transpose()?;
        let sight = Sight::open(&self.talk.stream, start, &desk.output)?;
        let mut bound = None;
        let socket = match self.target.parse()? {
            Target::Inherited(descriptor) => {
                self.target.kind.inherit(descriptor, &preparation, desk)?
            }
            Target::Name(name) => {
                let mut socket = self.target.kind.open(desk)?;
                if self.target.kind == Type::Dgram {
                    let ears = Ears {
                        notes: self.talk.datagrams.wants_notes(desk),
                        credentials: false,
                        trains: false,
                    };
                    ears.prepare(&socket, (Family::Unix, Protocol::DEFAULT), &preparation)?;
                }
                preparation.apply(&socket)?;
                let own =
                    own.or_else(|| (self.target.kind == Type::Dgram).then_some(UnixName::Unnamed));
                if let Some(own) = own {
                    bound = bind_unix(&mut socket, &own, SocketFile::PRIVATE, &desk.explain)?;
                }
                connect(&mut socket, name, self.talk.stream.timing.to_connect())?;
                socket
            }
        };
        let connection = Connection {
            peer: socket.getpeername()?,
            local: socket.getsockname()?,
            socket,
            reset: None,
        };
        if let Some(door) = door {
            return door.pass(&connection, "unix", self.talk.stream.timing.timeout, desk);
        }
        let widens = preparation.leaves_sending();
        let exit = self.converse(connection, &rights, widens, sight, start, desk);
        drop(bound);
        exit
    }

    fn converse(
        &self,
        connection: Connection,
        rights: &Rights,
        widens: bool,
        sight: Sight,
        start: Instant,
        desk: &Desk,
    ) -> anyhow::Result<Exit> {
        let timing = self.talk.stream.timing;
        let welcome = |conn, socket: &Socket| rights.welcome(conn, socket, timing.timeout, desk);
        let stream = Stream {
            desk,
            args: &self.talk.stream,
            proto: "unix",
            records: self.talk.records(self.target.kind),
            widens,
            start,
            welcome: rights.is_any().then_some(&welcome),
            sight,
            secure: None,
        };
        if !self.rights.receives() {
            return self.talk.converse(self.target.kind, connection, &stream);
        }
        stream.connected(&connection)?;
        let mut reactor = Reactor::new()?;
        reactor.catch_signals()?;
        self.rights.go_on(&mut reactor, connection, timing, &stream)
    }
}
