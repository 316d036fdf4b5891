//! Loops over sockets: readiness, pumping, datagrams, connecting. No command line and no format here: what happens is
//! reported to closures.

mod inlet;
mod outlet;
mod reactor;
mod timer;

pub use inlet::{Inlet, Source};
pub use outlet::{Outlet, StdoutError};
pub use reactor::{Interest, Reactor, Ready};
pub use timer::{Expired, Timer, Timers};
