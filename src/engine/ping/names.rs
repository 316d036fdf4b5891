//! Hosts' names looked up on threads of their own, so many at a time: one that takes long delays no other.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use nix::sys::eventfd::{EfdFlags, EventFd};

use crate::net::{CallError, Family, HostPort, Kind, NameError, Resolver};

/// How many look-ups are open at a time.
const LIMIT: usize = 32;

/// A host that is to be asked.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Its name or address, and port 0.
    pub host: HostPort,
    /// The family that its address must have; `None` for either.
    pub family: Option<Family>,
}

type Found = Result<SocketAddr, NameError>;

/// The look-ups of a run.
#[derive(Debug)]
pub struct Lookups {
    resolver: Resolver,
    waiting: VecDeque<(usize, Wanted)>,
    open: usize,
    answer: Sender<(usize, Found)>,
    answered: Receiver<(usize, Found)>,
    wake: Arc<EventFd>,
}

impl Lookups {
    /// Look up all of `wanted`; the answers name them by their place.
    pub fn new(resolver: Resolver, wanted: Vec<Wanted>) -> Result<Self, CallError> {
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        let wake = EventFd::from_value_and_flags(0, flags)
            .map_err(|errno| CallError::new("eventfd", "", errno))?;
        let (answer, answered) = channel();
        Ok(Self {
            resolver,
            waiting: wanted.into_iter().enumerate().collect(),
            open: 0,
            answer,
            answered,
            wake: Arc::new(wake),
        })
    }

    /// How many hosts there are that have no answer yet.
    pub(super) fn left(&self) -> usize {
        self.waiting.len() + self.open
    }

    /// The descriptor that is readable once there are answers.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }

    /// The answers that have come; more look-ups are begun in their place. An address is its own answer.
    pub(super) fn take(&mut self) -> Vec<(usize, Found)> {
        // Nothing was written where nothing has come.
        let _ = self.wake.read();
        let mut found: Vec<(usize, Found)> = self.answered.try_iter().collect();
        self.open = self.open.saturating_sub(found.len());
        while let Some((index, wanted)) = self.next() {
            if wanted.host.is_literal() {
                found.push((index, look_up(&self.resolver, &wanted)));
            } else {
                self.begin(index, wanted);
            }
        }
        found
    }

    fn next(&mut self) -> Option<(usize, Wanted)> {
        let (_, wanted) = self.waiting.front()?;
        if self.open >= LIMIT && !wanted.host.is_literal() {
            return None;
        }
        self.waiting.pop_front()
    }

    fn begin(&mut self, index: usize, wanted: Wanted) {
        self.open += 1;
        let (resolver, answer, wake) = (
            self.resolver.clone(),
            self.answer.clone(),
            Arc::clone(&self.wake),
        );
        let asked = wanted.clone();
        let run = move || {
            // Nobody listens any more to an answer that comes after the end.
            let _ = answer.send((index, look_up(&resolver, &asked)));
            let _ = wake.write(1);
        };
        // A process that may have no more threads asks here, one after the other.
        if thread::Builder::new().spawn(run).is_err() {
            let _ = self.answer.send((index, look_up(&self.resolver, &wanted)));
            let _ = self.wake.write(1);
        }
    }
}

fn look_up(resolver: &Resolver, wanted: &Wanted) -> Found {
    let addresses = resolver.addresses(&wanted.host, wanted.family, Kind::Dgram)?;
    addresses.first().copied().ok_or_else(|| NameError {
        name: wanted.host.to_string(),
        symbol: "EAI_NODATA",
        text: "no address associated with hostname",
        trouble: false,
        hint: None,
    })
}
