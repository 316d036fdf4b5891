//! Asking hosts whether they are there, many at once: what is due and what a reply means is pure, the rest is a loop over
//! a few sockets.

mod echo;
mod knock;
mod names;
mod opening;
mod pinging;
mod report;
mod rounds;
mod tally;
mod target;

pub use echo::EchoCarrier;
pub(in crate::engine) use echo::trouble;
pub use knock::{Knock, KnockCarrier, recv_errors};
pub use names::{Lookups, Wanted};
pub use opening::{EchoSocket, open_echo};
pub use pinging::{Carrier, Pinging, Stop};
pub use report::{Answer, Clock, Flaw, News, Reply, Trouble, Unreachable};
pub(in crate::engine) use rounds::{Came, trip};
pub use rounds::{Rounds, Rules};
pub use tally::{Statistics, Tally};
pub use target::is_many;
