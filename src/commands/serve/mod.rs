//! What the listeners of `tcp` and `unix` share: one connection joined to stdin and stdout, or many, or a service for each.

mod access;
mod broker;
mod chat;
mod folder;
mod report;
mod service;

use std::ffi::OsString;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum, value_parser};
use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;

pub(super) use self::access::AccessArgs;
use self::report::Report;
pub(super) use self::report::status_of;
pub(super) use self::service::{CommandArgs, Reply, reply};
use self::service::{ServiceArgs, Wish};
use super::datagram::DatagramArgs;
use super::privilege::give_up_sockets;
use super::secure::Secure;
use super::stream::{Stream, StreamArgs, View, enough};
use crate::args::{count, duration};
use crate::engine::{
    Answer, BACKLOG, Connection, Gate, Hub, HubEnding, HubLimits, Listener, Reactor, Records, Role,
    Slow, Timer, Timers, Typed, accept_first,
};
use crate::net::{Address, CallError, descriptor_limit, raise_descriptor_limit};
use crate::output::{Accepted, Denied, Exit, Listening, Usage, Warning};

/// How many commands run at once, unless it is said.
const COMMANDS: usize = 1024;

/// How long a handshake may take, unless it is said: whoever stays silent has a place that others wait for.
pub(super) const GREETING: Duration = Duration::from_secs(10);

/// Flags of a stream's listener.
#[derive(Args, Clone, Debug)]
pub(super) struct ServeArgs {
    /// Serve many connections at once, until a signal: what they say goes to stdout, stdin goes to all that are connected
    #[arg(short, long)]
    keep_open: bool,
    /// With many: at most N connections at once, others wait [default: as many as `ulimit -Hn` allows; 1024 commands]
    #[arg(long, value_name = "N", value_parser = count)]
    max_conns: Option<u64>,
    /// With many: what becomes of one that takes less than it is told, once 1 MiB waits for it [default: disconnect]
    #[arg(long, value_name = "WHAT", value_enum)]
    slow: Option<SlowArg>,
    /// End when nobody is connected and nobody has come for D (exit status 124)
    #[arg(long, value_name = "D", value_parser = duration, conflicts_with = "timeout")]
    accept_timeout: Option<Duration>,
    /// Let N connections wait to be accepted; the kernel caps it at net.core.somaxconn [default: 4096]
    #[arg(long, value_name = "N", value_parser = value_parser!(i32).range(0..))]
    backlog: Option<i32>,
    #[command(flatten)]
    service: ServiceArgs,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum SlowArg {
    #[default]
    /// The others wait for it; after 2 s in which it has taken nothing it is cut off, and that is said
    Disconnect,
    /// Nobody waits: what does not fit is left out for it, and that is said
    Drop,
    /// The others wait for it, however long that takes
    Block,
}

/// What was typed, looked up: nothing is left that may turn out to make no sense once the listener listens.
pub(super) struct Plan {
    wish: Wish,
    gate: Gate,
    limits: HubLimits,
    arrival: Option<Duration>,
}

impl ServeArgs {
    /// Whether many are to be served.
    pub(super) fn keep_open(&self) -> bool {
        self.keep_open || self.service.is_for_many()
    }

    /// Whether anything but one connection joined to stdin and stdout was asked for.
    pub(super) fn is_special(&self) -> bool {
        self.keep_open() || self.service.is_given()
    }

    /// What is said of records makes no sense where a service takes the place of stdin and stdout.
    pub(super) fn check_records(&self, records: &DatagramArgs) -> Result<(), Usage> {
        self.service.check_records(records)
    }

    /// What answers datagrams, which know no connections.
    pub(super) fn answer(&self, command: &[OsString]) -> anyhow::Result<Answer> {
        if self.keep_open {
            let why = "-k is not for datagrams: every sender is heard";
            return Err(Usage::new(why, "leave it out, or --type stream").into());
        }
        Ok(self.service.parse(command, false)?.answer("unix")?)
    }

    /// How many connections may wait to be accepted.
    pub(super) fn backlog(&self) -> i32 {
        self.backlog.unwrap_or(BACKLOG)
    }

    /// Look everything up. `command` is what stands behind --; who may come is `gate`.
    pub(super) fn plan(
        &self,
        command: &[OsString],
        gate: Gate,
        args: &StreamArgs,
    ) -> anyhow::Result<Plan> {
        let StreamArgs {
            shape,
            lifetime,
            timing,
            ..
        } = args;
        self.service.check(args)?;
        if self.max_conns.is_some() && !self.keep_open() {
            let why = "--max-conns is for many, and one connection is all that is taken";
            return Err(Usage::new(why, "-k").into());
        }
        if lifetime.no_shutdown && self.is_special() {
            let why = "--no-shutdown is for one connection that stdin is sent to";
            return Err(Usage::new(why, "leave it out, or the service and -k").into());
        }
        if self.slow.is_some() && !self.keep_open() {
            let why = "--slow is for many: nobody waits for the only one";
            return Err(Usage::new(why, "-k").into());
        }
        let wish = self.service.parse(command, shape.crlf)?;
        let connections = match wish {
            Wish::Run { .. } => COMMANDS,
            _ => usize::MAX,
        };
        let limits = HubLimits {
            connections: self.max_conns.map_or(connections, |most| {
                usize::try_from(most).unwrap_or(usize::MAX)
            }),
            once: !self.keep_open(),
            idle: timing.idle_timeout,
            arrival: self.accept_timeout,
            greeting: Some(timing.timeout.unwrap_or(GREETING)),
            linger: lifetime.linger,
            on_peer_eof: lifetime.on_peer_eof(),
            send_only: shape.send_only,
            slow: match self.slow.unwrap_or_default() {
                SlowArg::Disconnect => Slow::Disconnect,
                SlowArg::Drop => Slow::Drop,
                SlowArg::Block => Slow::Block,
            },
        };
        Ok(Plan {
            wish,
            gate,
            limits,
            arrival: self.accept_timeout,
        })
    }
}

impl Stream<'_> {
    /// Announce listeners, then take one connection, or many.
    pub(super) fn serve(
        &self,
        mut reactor: Reactor,
        listeners: Vec<Listener>,
        plan: Plan,
        ready: impl FnOnce(Option<u16>) -> Result<(), CallError>,
    ) -> anyhow::Result<Exit> {
        self.announce(&listeners, ready)?;
        if !plan.limits.once || !matches!(plan.wish, Wish::Join) {
            return self.serve_with(&mut reactor, listeners, plan);
        }
        self.set_aside(&mut reactor);
        match self.take_one(&mut reactor, listeners, &plan)? {
            Ok(connection) => match self.open(&mut reactor, connection)? {
                Ok(opened) => self.pump(&mut reactor, opened, Role::Listener),
                Err(signal) => Ok(Exit::Signal(signal)),
            },
            Err(signal) => Ok(Exit::Signal(signal)),
        }
    }

    /// Say that clients can come.
    pub(super) fn announce(
        &self,
        listeners: &[Listener],
        ready: impl FnOnce(Option<u16>) -> Result<(), CallError>,
    ) -> anyhow::Result<()> {
        give_up_sockets(self.desk)?;
        let first = listeners.first().and_then(|listener| listener.local.inet());
        ready(first.map(|address| address.port()))?;
        for listener in listeners {
            self.desk.output.tell(&Listening {
                proto: self.proto,
                local: listener.local.to_string(),
                everywhere: listener.everywhere,
            })?;
        }
        Ok(())
    }

    fn arrival_timers(&self, plan: &Plan) -> Timers {
        let mut timers = self.args.timing.timers(self.start);
        let arrival = plan.arrival.or(self.args.timing.timeout);
        timers.start(Timer::Arrival, arrival, Instant::now());
        timers
    }

    /// Take the first connection, and close the listeners; or the signal that came before it.
    pub(super) fn take_one(
        &self,
        reactor: &mut Reactor,
        listeners: Vec<Listener>,
        plan: &Plan,
    ) -> anyhow::Result<Result<Connection, Signal>> {
        let output = &self.desk.output;
        let warn = |error: &CallError| {
            output.offer(&Warning {
                message: error.to_string(),
            })
        };
        let admits = |peer: &Address| {
            let is_admitted = plan.gate.admits(peer);
            if !is_admitted {
                let peer = peer.to_string();
                output.offer(&Denied { peer })?;
            }
            Ok(is_admitted)
        };
        let (socket, peer, local) = match accept_first(
            reactor,
            listeners,
            &admits,
            &self.arrival_timers(plan),
            output.outlet(),
            &warn,
        )? {
            Ok(accepted) => accepted,
            Err(signal) => return Ok(Err(signal)),
        };
        let accepted = Accepted {
            conn: 1,
            peer: peer.clone(),
            local: local.clone(),
        };
        output.tell(&accepted)?;
        self.welcome(1, &socket)?;
        Ok(Ok(Connection {
            socket,
            peer,
            local,
            reset: None,
        }))
    }

    fn serve_with(
        &self,
        reactor: &mut Reactor,
        listeners: Vec<Listener>,
        plan: Plan,
    ) -> anyhow::Result<Exit> {
        // A client may have left between its connect and our accept, and nobody waits here for the next one.
        listeners
            .iter()
            .try_for_each(|listener| listener.socket.set_nonblocking())?;
        let mut timers = self.arrival_timers(&plan);
        timers.stop(Timer::Idle);
        self.set_aside(reactor);
        let inherited = descriptor_limit();
        let mut limits = plan.limits;
        let fits = plan.wish.fits(raise_descriptor_limit());
        limits.connections = limits.connections.min(fits);
        let sight = &self.sight;
        let shape = &self.args.shape;
        let inlet = shape.inlet();
        let output = &self.desk.output;
        let mut typing = shape.typing(self.args.view);
        let mut decode = typing
            .as_mut()
            .map(|typing| |piece: Option<&[u8]>| typing.take(piece));
        let mut report = Report {
            stream: self,
            view: View::new(self),
        };
        let speaks = output.style().json || plan.wish.speaks();
        let mut hub = Hub {
            reactor,
            listeners,
            gate: &plan.gate,
            acceptor: self.secure.and_then(Secure::acceptor),
            service: plan.wish.make(self, inherited),
            inlet: &inlet,
            outlet: output.outlet(),
            speaks,
            timers,
            limits,
            preamble: shape.preamble(),
            pace: self.pace(),
            accounts: self.args.sight.stats,
            typed: decode.as_mut().map(|decode| decode as Typed<'_>),
            tap: sight.tap.clone(),
            records: self.records.map(|records| records.records()),
            report: &mut |event| report.hear(event),
        };
        let ending = hub.run();
        let missing = hub.records.as_ref().and_then(Records::missing);
        drop(hub);
        let exit = match ending? {
            HubEnding::Done | HubEnding::Command(WaitStatus::Exited(_, 0)) => Exit::Done,
            HubEnding::Command(status) => Exit::Command(report::status_of(status)),
            HubEnding::Signal(signal) => Exit::Signal(signal),
        };
        enough(sight.ends(exit, report.view.has_lost), missing)
    }
}
