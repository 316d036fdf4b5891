//! Work that may take long, on threads of its own, so much at a time: a loop goes on meanwhile, and is woken when it is done.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use nix::sys::eventfd::{EfdFlags, EventFd};

use crate::net::CallError;

/// How much is under way at a time.
const LIMIT: usize = 32;

/// What is to be done, and what has been.
#[derive(Debug)]
pub(super) struct Errands<T> {
    threads: Threads,
    /// What was added and not yet taken.
    left: usize,
    answer: Sender<T>,
    answered: Receiver<T>,
}

/// What is to be done, whatever comes of it: the same code for all.
struct Threads {
    waiting: VecDeque<Errand>,
    open: Arc<AtomicUsize>,
    wake: Arc<EventFd>,
}

type Errand = Box<dyn FnOnce() + Send>;

impl<T: Send + 'static> Errands<T> {
    /// Nothing to do.
    pub(super) fn new() -> Result<Self, CallError> {
        let (answer, answered) = channel();
        Ok(Self {
            threads: Threads::new()?,
            left: 0,
            answer,
            answered,
        })
    }

    /// Do this, now or when there is room for it.
    pub(super) fn add(&mut self, errand: impl FnOnce() -> T + Send + 'static) {
        self.left += 1;
        let answer = self.answer.clone();
        // Nobody listens any more to an answer that comes after the end.
        self.threads
            .add(Box::new(move || drop(answer.send(errand()))));
    }

    /// How much has not been taken yet.
    pub(super) fn left(&self) -> usize {
        self.left
    }

    /// The descriptor that is readable once something was done.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.threads.wake.as_fd()
    }

    /// What has been done; more is begun in its place.
    pub(super) fn take(&mut self) -> Vec<T> {
        // Nothing was written where nothing has come.
        let _ = self.threads.wake.read();
        self.threads.begin();
        let done: Vec<T> = self.answered.try_iter().collect();
        self.left = self.left.saturating_sub(done.len());
        done
    }
}

impl Threads {
    fn new() -> Result<Self, CallError> {
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        let wake = EventFd::from_value_and_flags(0, flags)
            .map_err(|errno| CallError::new("eventfd", "", errno))?;
        Ok(Self {
            waiting: VecDeque::new(),
            open: Arc::default(),
            wake: Arc::new(wake),
        })
    }

    fn add(&mut self, errand: Errand) {
        self.waiting.push_back(errand);
        self.begin();
    }

    fn begin(&mut self) {
        while self.open.load(Ordering::Acquire) < LIMIT {
            let Some(errand) = self.waiting.pop_front() else {
                return;
            };
            self.open.fetch_add(1, Ordering::AcqRel);
            let (open, wake) = (Arc::clone(&self.open), Arc::clone(&self.wake));
            let errand = Arc::new(Mutex::new(Some(errand)));
            let taken = Arc::clone(&errand);
            let run = move || {
                let errand = taken.lock().unwrap_or_else(PoisonError::into_inner).take();
                if let Some(errand) = errand {
                    errand();
                    open.fetch_sub(1, Ordering::AcqRel);
                    let _ = wake.write(1);
                }
            };
            // A process that may have no more threads does it here, one after the other.
            if let Err(_refused) = thread::Builder::new().spawn(run) {
                let errand = errand.lock().unwrap_or_else(PoisonError::into_inner).take();
                if let Some(errand) = errand {
                    errand();
                }
                self.open.fetch_sub(1, Ordering::AcqRel);
                let _ = self.wake.write(1);
            }
        }
    }
}

impl std::fmt::Debug for Threads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Threads").finish_non_exhaustive()
    }
}
