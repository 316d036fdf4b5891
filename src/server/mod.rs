//! HTTP over sockets, the I/O half: a worker turns one reactor over many connections, each of them a few state words,
//! and what they answer is decided by [`crate::http`].
//!
//! No command line and no format here: what happens is reported to a closure.

mod admission;
mod connection;
mod door;
mod exchange;
mod files;
mod outgoing;
mod pace;
mod reserve;
mod sandbox;
mod service;
mod stopping;
mod worker;

pub use admission::{Admission, Crowded, Places};
pub use files::Root;
pub use pace::Pace;
pub use reserve::{Reserve, tell};
pub use sandbox::{Grant, Measure, Sandbox, SandboxError};
pub use service::{Happening, Limits, Report, Service};
pub use stopping::Stopping;
pub use worker::Worker;
