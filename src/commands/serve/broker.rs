//! What one says is for all the others, and what stdin says for all.

use crate::engine::{Audience, Moderator, Say, StdoutError};
use crate::net::Address;
use crate::output::{Bytes, Output, Received};

/// Passes on bytes as they are.
pub(super) struct Broker<'a> {
    output: &'a Output,
}

impl<'a> Broker<'a> {
    pub(super) fn new(output: &'a Output) -> Self {
        Self { output }
    }
}

impl Moderator for Broker<'_> {
    fn joined(&mut self, _: u64, _: &Address, _: Say<'_>) -> Result<(), StdoutError> {
        Ok(())
    }

    fn said(&mut self, conn: u64, bytes: &[u8], say: Say<'_>) -> Result<(), StdoutError> {
        say(Audience::Others, bytes);
        let bytes = Bytes(bytes);
        self.output.offer(&Received { conn, bytes })
    }

    fn left(&mut self, _: u64, _: Say<'_>) -> Result<(), StdoutError> {
        Ok(())
    }

    fn typed(&mut self, bytes: &[u8], say: Say<'_>) -> Result<(), StdoutError> {
        say(Audience::All, bytes);
        Ok(())
    }
}
