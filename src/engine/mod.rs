//! Loops over sockets: readiness, pumping, datagrams, connecting. No command line and no format here: what happens is
//! reported to closures.

mod attempt;
mod backoff;
mod buffer;
mod chain;
mod chop;
mod command;
mod connector;
mod crlf;
mod datagrams;
mod ending;
mod errands;
mod flow;
mod gate;
mod handover;
mod hub;
mod inlet;
mod ledger;
mod listener;
mod lookup;
mod outlet;
mod pace;
pub mod ping;
mod prober;
mod pump;
mod reactor;
mod records;
mod signals;
mod starttls;
mod tap;
mod timer;
mod tls;
pub mod trace;
mod transport;
mod watch;

pub use attempt::{Connection, Open};
pub use backoff::{Backoff, is_worth_retrying};
pub use chain::{Chain, ChainError, Hop};
pub use chop::{Chop, Framing};
pub use command::{
    CannotRun, Child, ChildStreams, Fed, GRACE, Input, Process, Program, signal_group,
};
pub use connector::{ConnectError, Connector};
pub use crlf::Crlf;
pub use datagrams::{
    Answer, Answering, Batch, Delivery, Detour, Ear, Exchange, Heard, Hearing, Remark, Tally,
    Train, deliver,
};
pub use ending::{Ending, LoopError, Moved};
pub use flow::{Flow, OnPeerEof, Role};
pub use gate::Gate;
pub use handover::take_descriptors;
pub use hub::{
    Audience, Hub, HubEnding, HubEvent, HubLimits, Keeper, Moderator, Runner, Say, Service, Slow,
};
pub use inlet::{Inlet, Source};
pub use ledger::{Ledger, OnFailure, Writer, write_now};
pub use listener::{BACKLOG, Binding, Listener, PAUSE, accept_first, is_gone, is_shortage};
pub use lookup::lookup;
pub use outlet::{Outlet, StdoutError};
pub use pace::Pace;
pub use prober::{PortState, Probed, Prober};
pub use pump::{Account, CHUNK, Pump, Show, Ticker, Typed};
pub use reactor::{Interest, Reactor, Ready};
pub use records::{Piece, Records};
pub use signals::{hold_signals, pending_signal};
pub use starttls::begin_tls;
pub use tap::Tap;
pub use timer::{Expired, Timer, Timers};
pub use tls::{
    Acceptor, ClientTerms, ClientTls, Curiosity, Fingerprint, ServerTerms, ServerTls, TlsError,
    TlsFailure, TlsSession, TlsStream, TlsVersion, Trust,
};
pub use transport::{Line, Transport, greet};
