//! HTTP over sockets, the I/O half: a worker turns one reactor over many connections, each of them a few state words,
//! and what they answer is decided by [`crate::http`].
//!
//! No command line and no format here: what happens is reported to a closure.

mod admission;
mod archive;
mod cache;
mod calls;
mod cgi;
mod changes;
mod coded;
mod connection;
mod crew;
mod deputy;
mod directory;
mod door;
mod draft;
mod errand;
mod exchange;
mod feed;
mod files;
mod folder;
mod gate;
mod guard;
mod handed;
mod held;
mod home;
mod incoming;
mod inspector;
mod listings;
mod locate;
mod outgoing;
mod pace;
mod page;
mod pipe;
mod plain_http;
mod reserve;
mod sandbox;
mod service;
mod shape;
mod shared;
mod steps;
mod stopping;
mod stored;
mod turns;
mod upload;
mod worker;

pub use admission::{Crowded, Places};
pub use archive::Archives;
pub use cgi::{Gateway, GatewayLimits};
pub use crew::Crew;
pub use deputy::{Files, Keeper};
pub use gate::Gate;
pub use guard::{Guard, UserSource};
pub use home::Home;
pub use inspector::{CallLog, Inspector};
pub use sandbox::{Entered, Grant, Later, Measure, Sandbox, SandboxError};
pub use service::{Happening, Limits, Observer, Service, called, has_name};
pub use shape::{Dice, Says, Shape};
pub use shared::Terms;
