//! What the listeners of `tcp` and `unix` share: one connection joined to stdin and stdout, or many.

use std::time::Instant;

use clap::Args;
use nix::sys::signal::Signal;

use super::stream::{Stream, View, closed, exit};
use crate::engine::{
    Connection, Hub, HubEvent, Listener, LoopError, Reactor, Role, StdoutError, Timer, Timers,
    Typed, accept_first,
};
use crate::net::CallError;
use crate::output::{Accepted, Exit, Listening, Warning};

/// Flags of a stream's listener.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct ServeArgs {
    /// Serve many connections at once, until a signal: what they say goes to stdout, stdin goes to all that are connected
    #[arg(short, long, conflicts_with_all = ["on_peer_eof", "linger", "delay", "rate", "preamble", "send_only"])]
    keep_open: bool,
}

impl ServeArgs {
    /// Whether many are to be served.
    pub(super) fn keep_open(self) -> bool {
        self.keep_open
    }
}

impl Stream<'_> {
    /// Announce listeners, then take one connection, or many.
    pub(super) fn serve(
        &self,
        mut reactor: Reactor,
        listeners: Vec<Listener>,
        serve: ServeArgs,
        ready: impl FnOnce(Option<u16>) -> Result<(), CallError>,
    ) -> anyhow::Result<Exit> {
        self.announce(&listeners, ready)?;
        if serve.keep_open {
            return self.serve_many(&mut reactor, listeners);
        }
        match self.take_one(&mut reactor, listeners)? {
            Ok(connection) => self.pump(&mut reactor, connection, Role::Listener),
            Err(signal) => Ok(Exit::Signal(signal)),
        }
    }

    /// Say that clients can come.
    pub(super) fn announce(
        &self,
        listeners: &[Listener],
        ready: impl FnOnce(Option<u16>) -> Result<(), CallError>,
    ) -> anyhow::Result<()> {
        let first = listeners.first().and_then(|listener| listener.local.inet());
        ready(first.map(|address| address.port()))?;
        for listener in listeners {
            self.desk.output.tell(&Listening {
                proto: self.proto,
                local: listener.local.to_string(),
            })?;
        }
        Ok(())
    }

    fn arrival_timers(&self) -> Timers {
        let mut timers = self.args.timing.timers(self.start);
        timers.start(Timer::Arrival, self.args.timing.timeout, Instant::now());
        timers
    }

    /// Take the first connection, and close the listeners; or the signal that came before it.
    pub(super) fn take_one(
        &self,
        reactor: &mut Reactor,
        listeners: Vec<Listener>,
    ) -> anyhow::Result<Result<Connection, Signal>> {
        let warn = |error: &CallError| {
            self.desk.output.offer(&Warning {
                message: error.to_string(),
            })
        };
        let (socket, peer, local) = match accept_first(
            reactor,
            listeners,
            &self.arrival_timers(),
            self.desk.output.outlet(),
            &warn,
        )? {
            Ok(accepted) => accepted,
            Err(signal) => return Ok(Err(signal)),
        };
        let accepted = Accepted {
            conn: 1,
            peer: peer.to_string(),
            local: local.to_string(),
        };
        self.desk.output.tell(&accepted)?;
        self.welcome(1, &socket)?;
        Ok(Ok(Connection {
            socket,
            peer,
            local,
            reset: None,
        }))
    }

    fn serve_many(&self, reactor: &mut Reactor, listeners: Vec<Listener>) -> anyhow::Result<Exit> {
        let mut timers = self.arrival_timers();
        timers.stop(Timer::Idle);
        let shape = &self.args.shape;
        let inlet = shape.inlet();
        let output = &self.desk.output;
        let mut typing = shape.typing(self.args.view);
        let mut decode = typing
            .as_mut()
            .map(|typing| |piece: Option<&[u8]>| typing.take(piece));
        let mut view = View::new(output, self.args.view.hex);
        let idle = self.args.timing.idle_timeout;
        let mut hub = Hub {
            reactor,
            listeners,
            inlet: &inlet,
            outlet: output.outlet(),
            timers,
            idle,
            typed: decode.as_mut().map(|decode| decode as Typed<'_>),
            records: self.records,
            report: &mut |event| {
                view.report(event)?;
                self.welcome_one_of_many(event)
            },
        };
        exit(hub.run())
    }

    /// One of many who cannot be welcomed ends nobody else's connection.
    fn welcome_one_of_many(&self, event: &HubEvent<'_>) -> Result<(), StdoutError> {
        let HubEvent::Accepted { conn, socket, .. } = event else {
            return Ok(());
        };
        match self.welcome(*conn, socket) {
            Err(LoopError::Stdout(error)) => Err(error),
            Err(error) => self.desk.output.offer(&Warning {
                message: error.to_string(),
            }),
            Ok(()) => Ok(()),
        }
    }
}

impl View<'_> {
    fn report(&mut self, event: &HubEvent<'_>) -> Result<(), StdoutError> {
        match event {
            HubEvent::Accepted {
                conn, peer, local, ..
            } => self.output.offer(&Accepted {
                conn: *conn,
                peer: peer.to_string(),
                local: local.to_string(),
            }),
            HubEvent::Received {
                conn,
                peer,
                bytes,
                length,
            } => self.show(*conn, &peer.to_string(), bytes, *length),
            HubEvent::Closed {
                conn,
                peer,
                moved,
                failure,
            } => {
                self.offsets.remove(conn);
                let reason = failure.map(ToString::to_string);
                self.output
                    .offer(&closed(*conn, peer.to_string(), *moved, reason))
            }
            HubEvent::Refused(error) => self.output.offer(&Warning {
                message: error.to_string(),
            }),
        }
    }
}
