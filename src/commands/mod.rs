//! One story each: what a subcommand takes, what it does, and the examples that its help, its man page and the README
//! share. A command opens sockets through the floors below and reports through [`Desk::output`].

mod account;
mod certificate;
mod datagram;
mod endpoint;
mod icmp;
mod pass;
mod privilege;
mod probing;
mod secure;
mod serve;
mod sight;
mod stream;
mod trip;

pub mod completions;
pub mod fqdn;
pub mod http;
pub mod man;
pub mod options;
pub mod ping;
pub mod raw;
pub mod resolve;
pub mod tcp;
pub mod trace;
pub mod udp;
pub mod unix;

use crate::net::Explain;
use crate::output::Output;

/// What every command is handed.
#[derive(Clone, Debug)]
pub struct Desk {
    /// Where events go.
    pub output: Output,
    /// To whom calls are told.
    pub explain: Explain,
    /// The definitions of the whole command line, which manual and completions are made from.
    pub definitions: fn() -> clap::Command,
}
