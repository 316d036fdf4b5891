//! What descriptors are watched for, so that the kernel is told only of changes.

use std::os::fd::AsFd;
use std::time::Instant;

use super::inlet::Inlet;
use super::outlet::Outlet;
use super::reactor::{Interest, Reactor};
use crate::net::CallError;

/// One descriptor's registration.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watch {
    token: usize,
    current: Option<Interest>,
    pollable: bool,
}

impl Watch {
    /// A descriptor that is not watched yet.
    pub(super) fn new(token: usize) -> Self {
        Self {
            token,
            current: None,
            pollable: true,
        }
    }

    /// Watch `fd` for `wanted` from now on; `None` watches for nothing at all, not even a hang-up.
    /// Whether it is one that is always ready and cannot be watched.
    pub(super) fn set(
        &mut self,
        reactor: &Reactor,
        fd: impl AsFd,
        wanted: Option<Interest>,
    ) -> Result<bool, CallError> {
        if self.pollable && wanted != self.current {
            match (self.current, wanted) {
                (None, Some(interest)) => {
                    self.pollable = reactor.watch(fd, self.token, interest)?
                }
                (Some(_), Some(interest)) => reactor.change(fd, self.token, interest)?,
                (Some(_), None) => reactor.forget(fd)?,
                (None, None) => {}
            }
            self.current = wanted;
        }
        Ok(!self.pollable)
    }
}

/// The registrations of stdin and stdout, the same in every loop.
#[derive(Debug)]
pub(super) struct StdioWatch {
    stdin: Watch,
    stdout: Watch,
}

/// Which of them is wanted and ready without ever being told of: a regular file, /dev/null.
#[derive(Clone, Copy, Debug)]
pub(super) struct AtOnce {
    pub(super) stdin: bool,
    pub(super) stdout: bool,
}

impl StdioWatch {
    /// Streams that are not watched yet, and their tokens.
    pub(super) fn new(stdin: usize, stdout: usize) -> Self {
        Self {
            stdin: Watch::new(stdin),
            stdout: Watch::new(stdout),
        }
    }

    /// Watch stdin if it is to be read, and stdout for room as long as something is left for it, or for its reader's
    /// leaving.
    pub(super) fn set(
        &mut self,
        reactor: &Reactor,
        inlet: &Inlet,
        outlet: &Outlet,
        hears_stdin: bool,
    ) -> Result<AtOnce, CallError> {
        let read = hears_stdin.then_some(Interest::READ);
        let always_there = inlet.with_fd(|fd| self.stdin.set(reactor, fd, read))?;
        let clear = outlet.is_clear();
        let write = if clear {
            Interest::NONE
        } else {
            Interest::WRITE
        };
        let always_room = outlet.with_fd(|fd| self.stdout.set(reactor, fd, Some(write)));
        Ok(AtOnce {
            stdin: (always_there || inlet.is_exhausted()) && hears_stdin,
            stdout: always_room.transpose()?.unwrap_or(true) && !clear,
        })
    }
}

impl AtOnce {
    /// Until when the loop may wait: not at all, or until its next timer.
    pub(super) fn or_until(self, next: Option<Instant>) -> Option<Instant> {
        if self.stdin || self.stdout {
            Some(Instant::now())
        } else {
            next
        }
    }
}
