//! What one descriptor is watched for, so that the kernel is told only of changes.

use std::os::fd::AsFd;

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
