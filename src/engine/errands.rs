//! Work that may take long, on threads of its own, so much at a time: a loop goes on meanwhile, and is woken when it is done.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use nix::sys::eventfd::{EfdFlags, EventFd};

use crate::net::CallError;

/// How much is under way at a time.
const LIMIT: usize = 32;

type Errand<T> = Box<dyn FnOnce() -> T + Send>;

/// What is to be done, and what has been.
pub(super) struct Errands<T> {
    waiting: VecDeque<Errand<T>>,
    open: usize,
    answer: Sender<T>,
    answered: Receiver<T>,
    wake: Arc<EventFd>,
}

impl<T: Send + 'static> Errands<T> {
    /// Nothing to do.
    pub(super) fn new() -> Result<Self, CallError> {
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        let wake = EventFd::from_value_and_flags(0, flags)
            .map_err(|errno| CallError::new("eventfd", "", errno))?;
        let (answer, answered) = channel();
        Ok(Self {
            waiting: VecDeque::new(),
            open: 0,
            answer,
            answered,
            wake: Arc::new(wake),
        })
    }

    /// Do this, now or when there is room for it.
    pub(super) fn add(&mut self, errand: impl FnOnce() -> T + Send + 'static) {
        self.waiting.push_back(Box::new(errand));
        self.begin();
    }

    /// How much has not been done yet.
    pub(super) fn left(&self) -> usize {
        self.waiting.len() + self.open
    }

    /// The descriptor that is readable once something was done.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }

    /// What has been done; more is begun in its place.
    pub(super) fn take(&mut self) -> Vec<T> {
        // Nothing was written where nothing has come.
        let _ = self.wake.read();
        let done: Vec<T> = self.answered.try_iter().collect();
        self.open = self.open.saturating_sub(done.len());
        self.begin();
        done
    }

    fn begin(&mut self) {
        while self.open < LIMIT {
            let Some(errand) = self.waiting.pop_front() else {
                return;
            };
            self.open += 1;
            let (answer, wake) = (self.answer.clone(), Arc::clone(&self.wake));
            let errand = Arc::new(std::sync::Mutex::new(Some(errand)));
            let taken = Arc::clone(&errand);
            let run = move || {
                let errand = taken.lock().ok().and_then(|mut errand| errand.take());
                if let Some(errand) = errand {
                    // Nobody listens any more to an answer that comes after the end.
                    let _ = answer.send(errand());
                    let _ = wake.write(1);
                }
            };
            // A process that may have no more threads does it here, one after the other.
            if thread::Builder::new().spawn(run).is_err()
                && let Some(errand) = errand.lock().ok().and_then(|mut errand| errand.take())
            {
                let _ = self.answer.send(errand());
                let _ = self.wake.write(1);
            }
        }
    }
}

impl<T> std::fmt::Debug for Errands<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Errands").finish_non_exhaustive()
    }
}
