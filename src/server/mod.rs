//! HTTP over sockets, the I/O half: a worker turns one reactor over many connections, each of them a few state words,
//! and what they answer is decided by [`crate::http`].
//!
//! No command line and no format here: what happens is reported to a closure.

mod cache;
mod calls;
mod cgi;
mod changes;
mod connection;
mod crew;
mod door;
mod exchange;
mod feed;
mod files;
mod incoming;
mod inspector;
mod outgoing;
mod page;
mod pipe;
mod service;
mod shape;
mod stream;
mod worker;

pub use cgi::{CannotRun, Gateway, GatewayLimits};
pub use crew::Crew;
pub use files::Root;
pub use inspector::{CallLog, Inspector};
pub use service::{Happening, Limits, Observer, Service};
pub use shape::{Dice, Says, Shape};
