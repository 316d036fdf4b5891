//! What `tcp` and `unix` share: a connection joined to stdin and stdout, or a listener's many.

use std::collections::HashMap;
use std::io::{self, IsTerminal};
use std::time::Instant;

use clap::Args;
use nix::sys::signal::Signal;

use super::Desk;
use super::account;
use super::datagram::{DatagramArgs, Shower};
use super::privilege::give_up_sockets;
use super::secure::Secure;
use super::sight::Sight;
use crate::args::{LifetimeArgs, ShapeArgs, SightArgs, TimingArgs, ViewArgs};
use crate::engine::{
    Account, Connection, Ending, Flow, Heard, LoopError, Moved, Pace, Piece, Pump, Reactor,
    Records, Role, Show, StdoutError, Ticker, Transport, Typed,
};
use crate::net::{Address, CallError, Notes, Socket};
use crate::output::{
    Bytes, Closed, Connected, Exit, HexDump, NoAnswer, Output, Received, Usage, Warning,
};

/// Flags of every stream.
#[derive(Args, Clone, Debug)]
pub(super) struct StreamArgs {
    #[command(flatten)]
    pub(super) shape: ShapeArgs,
    #[command(flatten)]
    pub(super) sight: SightArgs,
    #[command(flatten)]
    pub(super) view: ViewArgs,
    #[command(flatten)]
    pub(super) lifetime: LifetimeArgs,
    #[command(flatten)]
    pub(super) timing: TimingArgs,
}

impl StreamArgs {
    /// Datagrams have no stream to shape.
    pub(super) fn check_datagrams(&self) -> Result<(), Usage> {
        match self.shape.is_given() || self.sight.is_given() {
            true => {
                let why = "--crlf, --rate, --dump and their like are for streams";
                Err(Usage::new(why, "--type stream"))
            }
            false => Ok(()),
        }
    }
}

/// One stream command's run.
pub(super) struct Stream<'a> {
    pub(super) desk: &'a Desk,
    pub(super) args: &'a StreamArgs,
    /// The word for the protocol in events.
    pub(super) proto: &'a str,
    /// How records are cut and heard, where it keeps them apart (SOCK_SEQPACKET).
    pub(super) records: Option<DatagramArgs>,
    /// Whether the kernel is to hold more of a bulk on its way than it does by default; TCP sees to that by itself.
    pub(super) widens: bool,
    /// When the run began; the deadline counts from here.
    pub(super) start: Instant,
    /// What is done with each connection, which has a number, before anything is said; `None` is nothing.
    pub(super) welcome: Option<Welcome<'a>>,
    /// Who sees what passes; opened before anything else is.
    pub(super) sight: Sight,
    /// How connections become TLS; `None` leaves them plain.
    pub(super) secure: Option<&'a Secure>,
}

/// Done with a connection as soon as it stands.
pub(super) type Welcome<'a> = &'a dyn Fn(u64, &Socket) -> Result<(), LoopError>;

/// A connection through its handshake, where it has one, and what is to be joined to it.
pub(super) struct Opened {
    pub(super) transport: Transport,
    pub(super) peer: Address,
    pub(super) reset: Option<CallError>,
}

impl Stream<'_> {
    /// Join a connection that this side asked for.
    pub(super) fn converse(&self, connection: Connection) -> anyhow::Result<Exit> {
        match self.begin(connection)? {
            Ok((mut reactor, opened)) => self.pump(&mut reactor, opened, Role::Connector),
            Err(signal) => Ok(Exit::Signal(signal)),
        }
    }

    /// Tell that a connection stands, which this side asked for, and go through its handshake; or the signal that came
    /// before its end. After a failure signals do again what they do by themselves.
    pub(super) fn begin(
        &self,
        connection: Connection,
    ) -> anyhow::Result<Result<(Reactor, Opened), Signal>> {
        self.connected(&connection)?;
        let mut reactor = Reactor::new()?;
        reactor.catch_signals()?;
        match self.open(&mut reactor, connection) {
            Ok(opened) => Ok(opened.map(|opened| (reactor, opened))),
            Err(error) => {
                reactor.release_signals()?;
                Err(error)
            }
        }
    }

    /// Tell that a connection stands, and welcome it.
    pub(super) fn connected(&self, connection: &Connection) -> anyhow::Result<()> {
        self.desk.output.tell(&Connected {
            proto: self.proto,
            peer: connection.peer.clone(),
            local: connection.local.clone(),
        })?;
        Ok(self.welcome(1, &connection.socket)?)
    }

    pub(super) fn welcome(&self, conn: u64, socket: &Socket) -> Result<(), LoopError> {
        if self.records.is_some() {
            socket.stamp_records()?;
        }
        self.welcome.map_or(Ok(()), |welcome| welcome(conn, socket))
    }

    /// What slows sending down.
    pub(super) fn pace(&self) -> Option<Pace> {
        let by_send = self.records.is_some_and(|records| records.are_lines());
        let pace = self.args.shape.pace(Instant::now());
        pace.map(|pace| pace.of_lines(by_send))
    }

    /// Have SIGUSR1 ask for an account, not for the end.
    pub(super) fn set_aside(&self, reactor: &mut Reactor) {
        if self.args.sight.stats {
            reactor.set_aside(Signal::SIGUSR1);
        }
    }

    pub(super) fn pump(
        &self,
        reactor: &mut Reactor,
        opened: Opened,
        role: Role,
    ) -> anyhow::Result<Exit> {
        give_up_sockets(self.desk)?;
        let Opened {
            mut transport,
            peer,
            reset,
        } = opened;
        let StreamArgs {
            shape, lifetime, ..
        } = self.args;
        let sight = &self.sight;
        let inlet = shape.inlet();
        let output = &self.desk.output;
        let mut typing = shape.typing(self.args.view);
        let mut decode = typing
            .as_mut()
            .map(|typing| |piece: Option<&[u8]>| typing.take(piece));
        let mut view = View::new(self);
        if self.records.is_some() {
            view.came(1, transport.socket().getsockname()?);
        }
        let mut show = |piece: &Piece<'_>| view.show(1, &peer, piece);
        let as_it_is = self.records.is_none() && !self.args.view.hex && !output.style().json;
        let start = Instant::now();
        let mut give = |moved: Moved, socket: &Socket| {
            let stats = account::stats(1, &peer, moved, socket, start);
            // Whoever does not take the events learns of it by the next of them.
            drop(output.offer(&stats));
        };
        let asks = self.args.sight.stats;
        self.set_aside(reactor);
        let mut progress = account::progress(self.desk, self.args, &inlet, start);
        let mut tell = progress.as_mut().map(|progress| {
            |moved: Option<Moved>, now: Instant| match moved {
                Some(moved) => progress.show(moved.sent, moved.received, now),
                None => progress.wipe(),
            }
        });
        let mut pump = Pump {
            reactor,
            inlet: &inlet,
            outlet: output.outlet(),
            transport: &mut transport,
            reset,
            flow: Flow::new(role, inlet.source(), lifetime.on_peer_eof())
                .keeping_open(shape.leaves_stdin() || lifetime.no_shutdown),
            timers: self.args.timing.timers(self.start),
            linger: lifetime.linger,
            close_stdout: role == Role::Listener && !output.style().json,
            typed: decode.as_mut().map(|decode| decode as Typed<'_>),
            preamble: shape.preamble(),
            pace: self.pace(),
            send_only: shape.send_only,
            tap: sight.tap.clone(),
            account: asks.then_some(&mut give as Account<'_>),
            ticker: tell.as_mut().map(|tell| Ticker {
                next: start + account::LONG,
                every: account::REFRESH,
                ends_when_heard: io::stdout().is_terminal(),
                tell,
            }),
            records: self.records.map(|records| records.records()),
            widens: self.widens,
            show: (!as_it_is).then_some(&mut show as Show<'_>),
        };
        let (moved, ending) = pump.run();
        let missing = pump.records.as_ref().and_then(Records::missing);
        drop(progress);
        if asks {
            give(moved, transport.socket());
        }
        let reason = ending.as_ref().err().map(ToString::to_string);
        let closed = closed(1, peer.clone(), moved, reason);
        match &ending {
            Err(LoopError::Stdout(_)) => {}
            // What ends a run in any case does not wait for a reader who may never come.
            Ok(Ending::Signal(_)) | Err(LoopError::Expired(_)) => output.offer(&closed)?,
            _ => output.tell(&closed)?,
        }
        let exit = sight.ends(exit(ending)?, view.has_lost);
        enough(exit, missing)
    }
}

/// A peer that ended before as many records came as were wanted is a no.
pub(super) fn enough(exit: Exit, missing: Option<(u64, u64)>) -> anyhow::Result<Exit> {
    match missing.filter(|_| exit == Exit::Done) {
        Some((heard, wanted)) => {
            let why = format!("the peer ended after {heard} of {wanted} records");
            Err(NoAnswer { why, hint: None }.into())
        }
        None => Ok(exit),
    }
}

pub(super) fn exit(ending: Result<Ending, LoopError>) -> anyhow::Result<Exit> {
    match ending? {
        Ending::Done => Ok(Exit::Done),
        Ending::Signal(signal) => Ok(Exit::Signal(signal)),
    }
}

pub(super) fn closed(conn: u64, peer: Address, moved: Moved, reason: Option<String>) -> Closed {
    Closed {
        conn,
        peer,
        received: moved.received,
        sent: moved.sent,
        reason,
    }
}

/// What arrives, in the form that was asked for: as it is, as hex, or as events.
pub(super) struct View<'a> {
    pub(super) output: &'a Output,
    hex: bool,
    offsets: HashMap<u64, u64>,
    last: u64,
    /// How records are shown; `None` for streams.
    shower: Option<Shower<'a>>,
    /// The addresses that connections with records were made to.
    locals: HashMap<u64, Address>,
    /// Whether a record was cut: what is lost is no success.
    pub(super) has_lost: bool,
}

impl<'a> View<'a> {
    pub(super) fn new(stream: &Stream<'a>) -> Self {
        let (output, hex) = (&stream.desk.output, stream.args.view.hex);
        Self {
            output,
            hex,
            offsets: HashMap::new(),
            last: 1,
            shower: stream.records.map(|records| records.shower(output, hex)),
            locals: HashMap::new(),
            has_lost: false,
        }
    }

    /// Connection `conn` came to `local`.
    pub(super) fn came(&mut self, conn: u64, local: Address) {
        if self.shower.is_some() {
            self.locals.insert(conn, local);
        }
    }

    /// Connection `conn` has ended.
    pub(super) fn ended(&mut self, conn: u64) {
        self.offsets.remove(&conn);
        self.locals.remove(&conn);
    }

    /// A record of `length` bytes was too long to be heard whole.
    pub(super) fn cut(
        &mut self,
        peer: &Address,
        heard: usize,
        length: usize,
    ) -> Result<(), StdoutError> {
        self.has_lost = true;
        let message = format!("a record of {length} bytes from {peer} was truncated to {heard}");
        self.output.offer(&Warning { message })
    }

    pub(super) fn show(
        &mut self,
        conn: u64,
        peer: &Address,
        piece: &Piece<'_>,
    ) -> Result<(), StdoutError> {
        let (bytes, length) = (piece.bytes, piece.length);
        if length > bytes.len() {
            self.cut(peer, bytes.len(), length)?;
        }
        if let Some(shower) = self.shower.as_ref().filter(|shower| shower.speaks())
            && !self.hex
        {
            let text = self.record(shower, conn, peer, piece);
            if !shower.is_raw() {
                return self.output.outlet().offer(&text).map(drop);
            }
        }
        if self.output.style().json {
            return self.output.offer(&Received {
                conn,
                bytes: Bytes(bytes),
            });
        }
        if !self.hex {
            return self.output.outlet().offer(bytes).map(drop);
        }
        let heading = if self.last == conn {
            String::new()
        } else {
            format!("# {conn} {peer}\n")
        };
        self.last = conn;
        let offset = self.offsets.entry(conn).or_default();
        let dump = format!(
            "{heading}{}",
            HexDump {
                offset: *offset,
                bytes
            }
        );
        *offset += bytes.len() as u64;
        self.output.outlet().offer(dump.as_bytes()).map(drop)
    }

    /// A record, put into words.
    fn record(&self, shower: &Shower<'_>, conn: u64, peer: &Address, piece: &Piece<'_>) -> Vec<u8> {
        let notes = Notes {
            at: piece.at,
            ..Notes::default()
        };
        let heard = Heard {
            from: Some(peer).filter(|peer| !peer.is_unnamed()),
            local: self.locals.get(&conn).unwrap_or(peer),
            notes: &notes,
            length: piece.length,
            bytes: piece.bytes,
        };
        let mut text = Vec::new();
        shower.show_record(conn, &heard, &mut text);
        text
    }
}
