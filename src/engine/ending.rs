//! How a loop ends.

use std::error::Error;
use std::fmt;
use std::io;

use nix::sys::signal::Signal;

use super::command::CannotRun;
use super::outlet::StdoutError;
use super::timer::Expired;
use crate::net::{CallError, reason};

/// How a loop ended without an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Everything was said and heard.
    Done,
    /// A signal asked for the end.
    Signal(Signal),
}

/// How many bytes went each way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// From the peer.
    pub received: u64,
    /// To the peer.
    pub sent: u64,
}

/// Why a loop ended.
#[derive(Debug)]
pub enum LoopError {
    /// A call on a socket failed.
    Call(CallError),
    /// stdout could not be written to.
    Stdout(StdoutError),
    /// stdin could not be read.
    Stdin(io::Error),
    /// What was typed cannot be decoded; nothing of that chunk was sent.
    Typed(String),
    /// A time limit fired.
    Expired(Expired),
    /// The command that was to answer the only connection could not be run.
    CannotRun(CannotRun),
}

impl LoopError {
    /// The error itself, where it is one that stands alone.
    pub fn cause(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Call(error) => Some(error),
            Self::Stdout(error) => Some(error),
            Self::Expired(error) => Some(error),
            Self::CannotRun(error) => Some(error),
            Self::Stdin(_) | Self::Typed(_) => None,
        }
    }
}

impl fmt::Display for LoopError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(error) => error.fmt(f),
            Self::Stdout(error) => error.fmt(f),
            Self::Stdin(error) => write!(f, "read stdin: {}", reason(error)),
            Self::Typed(why) => write!(f, "stdin: {why}"),
            Self::Expired(error) => error.fmt(f),
            Self::CannotRun(error) => error.fmt(f),
        }
    }
}

impl Error for LoopError {}

impl From<CallError> for LoopError {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl From<StdoutError> for LoopError {
    fn from(error: StdoutError) -> Self {
        Self::Stdout(error)
    }
}

impl From<CannotRun> for LoopError {
    fn from(error: CannotRun) -> Self {
        Self::CannotRun(error)
    }
}

impl From<Expired> for LoopError {
    fn from(error: Expired) -> Self {
        Self::Expired(error)
    }
}
