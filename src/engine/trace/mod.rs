//! The path to a host, hop by hop: probes that meet so many routers and no more, and the errors that those tell. What is due
//! and what an answer means is pure; the rest is a loop over a few sockets, none of which needs a privilege.

mod connects;
mod errors;
mod hop;
mod names;
mod packets;
mod path;
mod report;
mod rules;
mod size;
mod survey;
#[cfg(test)]
mod tests;
mod tracing;
mod way;
mod word;

pub use connects::{ConnectCarrier, leave_nothing, recv_everything};
pub use hop::Hop;
pub use names::HopNames;
pub use packets::{IDENTITY, PacketCarrier, Speech, headers};
pub use report::{Answer, AnswerKind, Meaning, News, Outcome};
pub use rules::Rules;
pub use survey::Survey;
pub use tracing::{Carrier, Report, Stop, Tracing};
