//! What happens in a hub.

use std::time::Instant;

use nix::sys::wait::WaitStatus;

use super::super::command::CannotRun;
use super::super::ending::{LoopError, Moved};
use super::super::records::Piece;
use crate::net::{Address, CallError, Socket};

/// Something that happened to a connection; `conn` counts them from 1.
pub enum HubEvent<'a> {
    /// It came.
    Accepted {
        /// Which one.
        conn: u64,
        /// Its socket, on which nothing was said yet.
        socket: &'a Socket,
        /// Who.
        peer: &'a Address,
        /// To which address.
        local: &'a Address,
    },
    /// Somebody came who may not, and was sent away.
    Denied {
        /// Who.
        peer: &'a Address,
    },
    /// A record that it said was too long to be heard whole; of one that is reported the length tells.
    Cut {
        /// Who.
        peer: &'a Address,
        /// How many bytes of it were heard.
        heard: usize,
        /// How many it had.
        length: usize,
    },
    /// It said something, and the service has it reported.
    Received {
        /// Which one.
        conn: u64,
        /// Who.
        peer: &'a Address,
        /// What.
        piece: Piece<'a>,
    },
    /// It takes less than it is told: from here on something is left out for it.
    Dropping {
        /// Which one.
        conn: u64,
        /// Who.
        peer: &'a Address,
    },
    /// Its socket does not take a record of this length, which is left out for it.
    TooLong {
        /// Which one.
        conn: u64,
        /// Who.
        peer: &'a Address,
        /// How many bytes.
        length: usize,
    },
    /// It has taken nothing for a while, and is disconnected.
    Stalled {
        /// Which one.
        conn: u64,
        /// Who.
        peer: &'a Address,
    },
    /// How much went each way so far: it ends, or somebody has asked.
    Account {
        /// Which one.
        conn: u64,
        /// Who.
        peer: &'a Address,
        /// Its socket, to be asked about.
        socket: &'a Socket,
        /// How much.
        moved: Moved,
        /// When it came.
        since: Instant,
    },
    /// It ended.
    Closed {
        /// Which one.
        conn: u64,
        /// Who.
        peer: &'a Address,
        /// How much went each way.
        moved: Moved,
        /// How many bytes were left out for it.
        dropped: u64,
        /// Why, where it was not a plain end.
        failure: Option<&'a LoopError>,
    },
    /// Its command could not be started.
    NotRun {
        /// Which one.
        conn: u64,
        /// Why.
        error: &'a CannotRun,
    },
    /// Its command ended.
    Ran {
        /// Which one.
        conn: u64,
        /// How.
        status: WaitStatus,
    },
    /// What it says cannot be kept.
    NotKept {
        /// Which one.
        conn: u64,
        /// Why.
        error: &'a CallError,
    },
    /// Accepting fails for now and is tried again.
    Refused(&'a CallError),
}
