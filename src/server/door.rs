//! stdout while a server runs: its reader's leaving is noticed at once, and what it is slow to take is sent when it can.

use crate::engine::{Interest, Outlet, Reactor, Ready, StdoutError};
use crate::net::CallError;

/// stdout, watched.
#[derive(Debug)]
pub(super) struct Door<'a> {
    outlet: &'a Outlet,
    token: usize,
    interest: Interest,
}

impl<'a> Door<'a> {
    /// Watch stdout under `token`; `None` for a file or a device, which takes everything and whose reader never leaves.
    pub(super) fn open(
        outlet: &'a Outlet,
        token: usize,
        reactor: &Reactor,
    ) -> Result<Option<Self>, CallError> {
        let interest = Interest::NONE;
        let watched = outlet.with_fd(|fd| reactor.watch(fd, token, interest));
        Ok(watched.transpose()?.unwrap_or(false).then_some(Self {
            outlet,
            token,
            interest,
        }))
    }

    /// Take up what became of it.
    pub(super) fn turn(&self, ready: Ready) -> Result<(), StdoutError> {
        if ready.gone {
            return Err(StdoutError::reader_gone());
        }
        self.outlet.flush().map(drop)
    }

    /// Wait for room as long as something is left.
    pub(super) fn settle(&mut self, reactor: &Reactor) -> Result<(), CallError> {
        let interest = match self.outlet.is_clear() {
            true => Interest::NONE,
            false => Interest::WRITE,
        };
        if interest == self.interest {
            return Ok(());
        }
        self.interest = interest;
        let changed = self
            .outlet
            .with_fd(|fd| reactor.change(fd, self.token, interest));
        changed.unwrap_or(Ok(()))
    }
}
