//! Datagrams between stdin, stdout and one peer or many; boundaries are kept, an empty one is data.
//!
//! Many are taken from the kernel at once, and some of those as one (UDP_GRO): they come apart again here. What goes to
//! stdout as bytes goes there from where the kernel put it, in one write.

mod answers;
mod batch;
mod crowd;
mod delivery;
mod detour;
mod hearing;
mod left_out;
mod post;
mod sessions;
mod spare;
mod turn;

use std::rc::Rc;
use std::time::Duration;

use nix::sys::wait::WaitStatus;

use super::chop::Chop;
use super::command::CannotRun;
use super::hub::Runner;
use super::inlet::Inlet;
use super::outlet::{Outlet, StdoutError};
use super::pump::Typed;
use super::reactor::Reactor;
use super::timer::Timers;
use crate::net::{Address, CallError, Notes, Socket};

pub use self::batch::{Batch, Train};
pub use self::delivery::{Delivery, deliver};
pub use self::detour::Detour;

/// Whom stdin's datagrams go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answering {
    /// To the peer that the socket is connected to, or to the group that it is there for.
    Connected,
    /// To whoever was heard last, from the address that was spoken to; stdin is not read before.
    LastHeard,
    /// To all who were heard and have not been silent for long; stdin is not read before there is one.
    AllHeard,
}

/// What is done with datagrams besides hearing them.
pub enum Answer {
    /// Nothing: stdin answers.
    Stdin,
    /// They go back.
    Echo,
    /// Nothing: they are dropped, and stdin is left alone.
    Discard,
    /// Each is answered with this.
    Reply(Rc<[u8]>),
    /// Each peer has a command of its own, which is fed what it sends and whose writes are sent to it.
    Run(Runner),
}

/// A socket that hears.
#[derive(Debug)]
pub struct Ear {
    /// The socket.
    pub socket: Socket,
    /// Its address.
    pub local: Address,
    /// How many bytes a datagram may have, or several that came as one.
    pub room: usize,
    /// Whom stdin speaks to from here, where that is a group or all of a link: a socket that were connected to it would hear
    /// none of those who answer.
    pub to: Option<Address>,
}

/// A datagram that was heard.
#[derive(Clone, Copy, Debug)]
pub struct Heard<'a> {
    /// Who sent it; `None` for an unbound local socket.
    pub from: Option<&'a Address>,
    /// The socket's own address.
    pub local: &'a Address,
    /// What the kernel noted on it.
    pub notes: &'a Notes,
    /// How many bytes it had; more than `bytes` where it was truncated.
    pub length: usize,
    /// Its bytes.
    pub bytes: &'a [u8],
}

impl Heard<'_> {
    /// The address that it was sent to, as far as the kernel told.
    pub fn spoken_to(&self) -> Address {
        answers::spoken_to(self.local, self.notes)
    }
}

/// Puts a datagram into words, which it adds to those that go to stdout next.
pub type Hearing<'a> = &'a mut dyn FnMut(&Heard<'_>, &mut Vec<u8>);

/// Something that is to be said, besides what is heard.
#[derive(Debug)]
pub enum Remark<'a> {
    /// A datagram had more bytes than fitted.
    Truncated {
        /// Who sent it.
        from: Option<&'a Address>,
        /// How many bytes it had.
        length: usize,
        /// How many of them are here.
        kept: usize,
    },
    /// The kernel has dropped so many since the last remark, for want of room.
    Dropped {
        /// How many.
        count: u64,
        /// How many in all.
        total: u64,
        /// Whether they may be more, as several that came as one count as one.
        at_least: bool,
    },
    /// An answer could not be sent, or not at once: said once of each peer.
    NotSent {
        /// Whom to.
        to: &'a Address,
        /// Why; `None` where too many wait already.
        error: Option<&'a CallError>,
    },
    /// What local peers do not read fills the send buffer: said once.
    Full,
    /// So many were left out since the last remark, besides those that it was said of.
    LeftOut {
        /// How many.
        count: u64,
        /// How many in all.
        total: u64,
    },
    /// A peer has a command from here on.
    Began {
        /// Which one, counted from 1.
        conn: u64,
        /// Who.
        peer: &'a Address,
        /// The address that it spoke to.
        local: &'a Address,
    },
    /// A peer's command could not be run.
    NotRun {
        /// Which one.
        conn: u64,
        /// Why.
        error: &'a CannotRun,
    },
    /// A peer's command ended.
    Ran {
        /// Which one.
        conn: u64,
        /// How.
        status: WaitStatus,
    },
}

/// Sockets joined to stdin and stdout, or to commands.
pub struct Exchange<'a> {
    /// Readiness, and the signals that end the run.
    pub reactor: &'a mut Reactor,
    /// The sockets.
    pub ears: Vec<Ear>,
    /// Whom stdin answers.
    pub answering: Answering,
    /// What else answers.
    pub answer: Answer,
    /// Where the only peer's name has further addresses.
    pub detour: Option<Detour<'a>>,
    /// What is sent.
    pub inlet: &'a Inlet,
    /// Cuts it into datagrams.
    pub chop: Chop,
    /// Decodes what is typed; `None` sends it as it is.
    pub typed: Option<Typed<'a>>,
    /// Whether an empty datagram follows stdin's last.
    pub sends_empty: bool,
    /// Whether an empty datagram ends the run.
    pub ends_on_empty: bool,
    /// Where what arrives is put.
    pub outlet: &'a Outlet,
    /// Whether what arrives goes there as bytes.
    pub passes_on: bool,
    /// Puts it into words instead, or besides.
    pub hear: Option<Hearing<'a>>,
    /// Says what else there is to say.
    pub remark: &'a mut dyn FnMut(&Remark<'_>) -> Result<(), StdoutError>,
    /// The run's limits; the answer timer waits for the first datagram.
    pub timers: Timers,
    /// How long to wait for more after stdin's end; `None` is without limit.
    pub linger: Option<Duration>,
    /// How long a peer is remembered, and its command kept, that says nothing.
    pub expire: Duration,
    /// End after so many datagrams; `None` is without limit.
    pub count: Option<u64>,
}

/// How many datagrams went each way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// From peers.
    pub heard: u64,
    /// To peers.
    pub sent: u64,
    /// Dropped by the kernel for want of room.
    pub dropped: u64,
}
