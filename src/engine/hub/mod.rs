//! Many connections at once: what they say is put to some service, and what is said to them waits in bounded queues.
//!
//! All state is the connection's own: one that leaves, resets or never reads ends nobody else's. A turn of the loop
//! costs what is ready, however many are connected.

mod alarm;
mod client;
mod crowd;
mod entrance;
mod event;
mod hearing;
mod job;
mod parting;
mod runner;
mod service;
mod serving;
mod telling;

use std::time::Duration;

use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;

use self::serving::Serving;
use super::ending::LoopError;
use super::flow::OnPeerEof;
use super::gate::Gate;
use super::inlet::Inlet;
use super::listener::Listener;
use super::outlet::{Outlet, StdoutError};
use super::pace::Pace;
use super::pump::Typed;
use super::reactor::Reactor;
use super::records::Records;
use super::tap::Tap;
use super::timer::Timers;
use super::tls::Acceptor;

pub use self::event::HubEvent;
pub(super) use self::job::{Job, end_all};
pub use self::runner::Runner;
pub use self::service::{Audience, Keeper, Moderator, Say, Service};

/// A listener that serves many, or one.
pub struct Hub<'a> {
    /// Readiness, and the signals that end the run.
    pub reactor: &'a mut Reactor,
    /// Where connections come from; they do not block.
    pub listeners: Vec<Listener>,
    /// Who may come.
    pub gate: &'a Gate,
    /// Makes TLS of their connections; `None` leaves them plain.
    pub acceptor: Option<&'a Acceptor>,
    /// What is done with what they say.
    pub service: Service<'a>,
    /// What every connection is told, where the service is one that says it.
    pub inlet: &'a Inlet,
    /// Where `report` puts what happens.
    pub outlet: &'a Outlet,
    /// Whether anything may go there: otherwise it is not watched, and may be closed.
    pub speaks: bool,
    /// The run's limits; the arrival timer waits for the first connection.
    pub timers: Timers,
    /// How much is served.
    pub limits: HubLimits,
    /// What every connection is told before everything else.
    pub preamble: &'a [u8],
    /// What slows down what each is told; `None` tells it as fast as it is taken.
    pub pace: Option<Pace>,
    /// Whether an account is given of each that ends, and of all when the signal asks that the reactor was to set aside.
    pub accounts: bool,
    /// Decodes what is typed; `None` sends it as it is.
    pub typed: Option<Typed<'a>>,
    /// Who sees what passes.
    pub tap: Tap,
    /// How records are cut and heard, where connections keep them apart (SOCK_SEQPACKET).
    pub records: Option<Records>,
    /// Hears what happens.
    pub report: Report<'a>,
}

/// Hears what happens, and puts it to the outlet in whatever form.
type Report<'a> = &'a mut dyn FnMut(&HubEvent<'_>) -> Result<(), StdoutError>;

/// How much a hub serves.
#[derive(Clone, Copy, Debug)]
pub struct HubLimits {
    /// How many connections at once; others wait in the kernel's queue.
    pub connections: usize,
    /// Whether the first connection is the only one: the listeners are closed, and its end is the run's.
    pub once: bool,
    /// How long a connection may be silent; `None` is without limit.
    pub idle: Option<Duration>,
    /// How long nobody may be connected before the run ends; `None` is without limit.
    pub arrival: Option<Duration>,
    /// How long a handshake may take; `None` is without limit.
    pub greeting: Option<Duration>,
    /// How long a command may go on after its client has said all, or a client after stdin has; `None` is without limit.
    pub linger: Option<Duration>,
    /// What the end of one means while stdin is open.
    pub on_peer_eof: OnPeerEof,
    /// Whether what they say is dropped, and each is done with once it has been told all.
    pub send_only: bool,
    /// What becomes of one that takes less than it is told.
    pub slow: Slow,
}

/// What becomes of a connection that takes less than it is told, once its queue is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Slow {
    /// The others wait for it; if it takes nothing for a while it is disconnected.
    #[default]
    Disconnect,
    /// Nobody waits for it: what does not fit is left out, and that is told.
    Drop,
    /// The others wait for it, however long that takes.
    Block,
}

/// How a hub's run ended without an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HubEnding {
    /// The only connection has ended.
    Done,
    /// So has its command, of itself.
    Command(WaitStatus),
    /// A signal asked for the end.
    Signal(Signal),
}

impl Hub<'_> {
    /// Serve until a signal comes, a limit fires, or the only connection has ended. No command outlives the run.
    pub fn run(&mut self) -> Result<HubEnding, LoopError> {
        let mut serving = Serving::new(self);
        let ending = serving.turn_until_over();
        serving.give_last_accounts();
        serving.end_jobs();
        ending
    }
}
