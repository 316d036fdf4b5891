//! What is done with what connections say.

use std::rc::Rc;

use super::super::outlet::StdoutError;
use super::runner::Runner;
use crate::net::{Address, CallError};

/// What a hub does for its connections.
pub enum Service<'a> {
    /// What they say is reported; what stdin says is told to each.
    Join,
    /// What they say is kept for each on its own; what stdin says is told to each.
    Keep(Box<dyn Keeper + 'a>),
    /// Each hears what it says itself.
    Echo,
    /// What they say is dropped.
    Discard,
    /// Each is told the same; what it says is dropped.
    Reply(Rc<[u8]>),
    /// What one says is for the others.
    Moderate(Box<dyn Moderator + 'a>),
    /// A command answers each.
    Run(Runner),
}

/// Keeps what connections say.
pub trait Keeper {
    /// A connection came.
    fn opened(&mut self, conn: u64, peer: &Address) -> Result<(), CallError>;
    /// It said something.
    fn heard(&mut self, conn: u64, bytes: &[u8]) -> Result<(), CallError>;
    /// It has ended.
    fn closed(&mut self, conn: u64);
}

/// Decides who hears what of what others say.
pub trait Moderator {
    /// A connection came.
    fn joined(&mut self, conn: u64, peer: &Address, say: Say<'_>) -> Result<(), StdoutError>;
    /// It said something.
    fn said(&mut self, conn: u64, bytes: &[u8], say: Say<'_>) -> Result<(), StdoutError>;
    /// It has ended.
    fn left(&mut self, conn: u64, say: Say<'_>) -> Result<(), StdoutError>;
    /// stdin said something.
    fn typed(&mut self, bytes: &[u8], say: Say<'_>) -> Result<(), StdoutError>;
    /// stdin has ended.
    fn stdin_ended(&mut self, _: Say<'_>) -> Result<(), StdoutError> {
        Ok(())
    }
}

/// Says something to some of those who are connected.
pub type Say<'a> = &'a mut dyn FnMut(Audience, &[u8]);

/// Who is to hear something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Whoever it is about.
    One,
    /// All but the one that it is about.
    Others,
    /// All.
    All,
}

impl Service<'_> {
    /// Whether stdin has something to say.
    pub(super) fn hears_stdin(&self) -> bool {
        matches!(self, Self::Join | Self::Keep(_) | Self::Moderate(_))
    }

    /// Whether one that takes no more may still have said something that is worth hearing.
    pub(super) fn hears_on(&self) -> bool {
        matches!(self, Self::Join | Self::Keep(_) | Self::Moderate(_))
    }
}
