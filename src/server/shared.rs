//! What the workers of a server share: the sockets that listen, who may come in, and the signs that they give each other.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use anyhow::Context;
use nix::sys::eventfd::{EfdFlags, EventFd};

use super::admission::{Admission, Crowded, Pass, Places};
use crate::net::{Address, Socket};

/// On which terms clients are served.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// How many of them.
    pub places: Places,
    /// How long what is in flight may take once a signal has come.
    pub grace: Duration,
    /// Whether the listening sockets were handed over: others listen on them too, and go on with it.
    pub is_handed: bool,
    /// Whether it was started at a terminal, whose hanging up ends it.
    pub is_at_terminal: bool,
}

/// Descriptors that can be read once something is to be seen to.
#[derive(Debug)]
pub(super) struct Signs {
    /// For the first worker: stdout, a failure, or the end.
    pub(super) first: EventFd,
    /// For the others: the server stops.
    pub(super) stops: EventFd,
    /// For the others: it is over.
    pub(super) over: EventFd,
}

/// What the workers share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) listeners: Vec<Socket>,
    pub(super) terms: Terms,
    /// How the workers wake each other; a single one needs nothing of the kind.
    signs: OnceLock<Signs>,
    admission: Mutex<Admission>,
    failure: Mutex<Option<anyhow::Error>>,
}

impl Shared {
    /// Nobody is there yet. The listeners wait for nobody from here on: another worker may have been first.
    pub(super) fn new(listeners: Vec<Socket>, terms: Terms) -> anyhow::Result<Self> {
        for listener in &listeners {
            listener.set_nonblocking()?;
        }
        Ok(Self {
            listeners,
            terms,
            signs: OnceLock::new(),
            admission: Mutex::new(Admission::new(terms.places)),
            failure: Mutex::new(None),
        })
    }

    /// Several workers follow.
    pub(super) fn connect(&self) -> anyhow::Result<()> {
        let signs = Signs {
            first: sign()?,
            stops: sign()?,
            over: sign()?,
        };
        self.signs.get_or_init(|| signs);
        Ok(())
    }

    /// How the workers wake each other; `None` for a single one.
    pub(super) fn signs(&self) -> Option<&Signs> {
        self.signs.get()
    }

    /// Let a client in.
    pub(super) fn enter(&self, peer: &Address) -> Result<Pass, Crowded> {
        lock(&self.admission).enter(peer)
    }

    /// A client has left.
    pub(super) fn leave(&self, pass: Pass) {
        lock(&self.admission).leave(pass);
    }

    /// How many clients are there.
    pub(super) fn open(&self) -> usize {
        lock(&self.admission).taken()
    }

    /// A worker has failed: all of them end.
    pub(super) fn fail(&self, error: anyhow::Error) {
        *lock(&self.failure) = Some(error);
        self.wake_first();
    }

    /// Why a worker failed; `None` where none did.
    pub(super) fn failure(&self) -> Option<anyhow::Error> {
        lock(&self.failure).take()
    }

    /// Whether a worker has failed.
    pub(super) fn has_failed(&self) -> bool {
        lock(&self.failure).is_some()
    }

    /// Have the first worker look around.
    pub(super) fn wake_first(&self) {
        self.wake(|signs| &signs.first);
    }

    /// Tell the other workers that the server stops.
    pub(super) fn tell_stop(&self) {
        self.wake(|signs| &signs.stops);
    }

    /// Tell the other workers that it is over.
    pub(super) fn tell_end(&self) {
        self.wake(|signs| &signs.over);
    }

    fn wake(&self, sign: impl Fn(&Signs) -> &EventFd) {
        if let Some(signs) = self.signs() {
            // The counter of an eventfd is never full here.
            let _ = sign(signs).write(1);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere leaves numbers behind that are as good as before.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn sign() -> anyhow::Result<EventFd> {
    let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
    EventFd::from_flags(flags).context("eventfd")
}
