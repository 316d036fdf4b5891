//! One request at a command: the worker's side of it.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::signal::Signal;
use nix::unistd::{pipe2, write};

use super::super::pipe::Writer;
use super::command::Gateway;
use super::mark::Mark;
use super::supervisor::Supervisor;
use crate::engine::{Child, ChildStreams};
use crate::http::Status;
use crate::net::with_descriptor_limit;

/// What the worker and the command's supervisor tell each other.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// What the command makes of its request; it is there before the first byte of its answer.
    pub(super) verdict: Mutex<Option<Verdict>>,
    /// Whether the request's body is through: from here on the client hears, and may be waited for.
    pub(super) is_heard: AtomicBool,
    /// Whether the answer has come to its end.
    pub(super) is_whole: AtomicBool,
}

/// The head of an answer, or the status of a failure.
pub(in super::super) type Verdict = Result<(Status, Vec<(String, String)>), Status>;

/// A command at work.
#[derive(Debug)]
pub(in super::super) struct Work {
    stdin: Option<OwnedFd>,
    /// What stdin has not taken yet.
    rest: Vec<u8>,
    answer: OwnedFd,
    shared: Arc<Shared>,
    patience: Duration,
}

/// How much later than the command's time is up that must be known here.
const AFTERWARDS: Duration = Duration::from_secs(5);

impl Gateway {
    /// Start the command for a request; 503 when too many are running, 502 when it cannot be started.
    pub(in super::super) fn start(
        &self,
        variables: Vec<(String, Vec<u8>)>,
        is_fed: bool,
        discards: bool,
    ) -> Result<Work, Status> {
        let failed = |errno: Errno| {
            (self.log)(&format!("exec: {}", crate::net::reason(&errno.into())));
            Status::UNAVAILABLE
        };
        let streams = match is_fed {
            true => ChildStreams::Pipes,
            false => ChildStreams::Heard,
        };
        let (answer, into) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK).map_err(failed)?;
        let mut child = None;
        let mark = Mark::new().map_err(failed)?;
        let variables: Vec<_> = variables.into_iter().chain([mark.variable()]).collect();
        let start = || Child::start(&self.program, &variables, streams);
        let started = self.running.start(self.limits.count, &mark, || {
            let started = match self.descriptors {
                Some(limit) => with_descriptor_limit(limit, start),
                None => start(),
            };
            Ok(child.insert(started?).process.pid())
        });
        match started {
            None => return Err(Status::UNAVAILABLE),
            Some(Err(errno @ (Errno::EAGAIN | Errno::ENOMEM | Errno::EMFILE | Errno::ENFILE))) => {
                return Err(failed(errno));
            }
            Some(Err(errno)) => {
                failed(errno);
                return Err(Status(502));
            }
            Some(Ok(_)) => {}
        }
        let child = child.ok_or(Status::INTERNAL_ERROR)?;
        let shared = Arc::new(Shared::default());
        let pid = child.process.pid();
        let supervisor = Supervisor {
            pid,
            mark,
            stdout: child.stdout,
            answer: Some(into),
            shared: Arc::clone(&shared),
            has_head: self.has_head,
            discards,
            discarded: 0,
            until: Instant::now() + self.limits.time,
            time: self.limits.time,
            running: Arc::clone(&self.running),
            log: Arc::clone(&self.log),
            is_decided: false,
            is_cut: false,
            status: None,
        };
        let thread = thread::Builder::new().name("exec".to_owned());
        if thread.spawn(move || supervisor.run()).is_err() {
            self.running.signal(pid, Signal::SIGKILL);
            while self.running.reap(pid, false).is_none() {
                thread::yield_now();
            }
            return Err(Status::UNAVAILABLE);
        }
        Ok(Work {
            stdin: child.stdin,
            rest: Vec::new(),
            answer,
            shared,
            patience: self.limits.time + AFTERWARDS,
        })
    }
}

impl Work {
    /// More of the body. A command that has stopped reading does not get it.
    pub(in super::super) fn take(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
        self.feed();
    }

    /// What can be written to once the command takes more; `None` when it has taken everything.
    pub(in super::super) fn waits_for(&self) -> Option<BorrowedFd<'_>> {
        match self.rest.is_empty() {
            true => None,
            false => self.stdin.as_ref().map(AsFd::as_fd),
        }
    }

    /// The body is through.
    pub(in super::super) fn end_body(&mut self) {
        self.shared.is_heard.store(true, Ordering::Relaxed);
        self.stdin = None;
    }

    /// What the command makes of its request; `None` while it does not say.
    pub(in super::super) fn verdict(&self) -> Option<Verdict> {
        let verdict = self.shared.verdict.lock();
        verdict.unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Readable once there is a verdict.
    pub(in super::super) fn ready(&self) -> Option<OwnedFd> {
        self.answer.try_clone().ok()
    }

    /// How long may pass without a sign of it.
    pub(in super::super) fn patience(&self) -> Duration {
        self.patience
    }

    /// What it answers, as it comes.
    pub(in super::super) fn into_answer(self) -> (OwnedFd, Box<dyn Writer>) {
        (self.answer, Box::new(Told(self.shared, self.patience)))
    }

    /// write(2) as long as it is taken.
    fn feed(&mut self) {
        while let (Some(stdin), false) = (&self.stdin, self.rest.is_empty()) {
            match write(stdin, &self.rest) {
                Ok(count) => drop(self.rest.drain(..count.min(self.rest.len()))),
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return,
                // It does not read any more, which is its own affair.
                Err(_) => self.stdin = None,
            }
        }
        self.rest = Vec::new();
    }
}

/// Whether the end of the pipe is the end of the answer.
#[derive(Debug)]
struct Told(Arc<Shared>, Duration);

impl Writer for Told {
    fn is_whole(&mut self) -> bool {
        self.0.is_whole.load(Ordering::Acquire)
    }

    fn patience(&self) -> Option<Duration> {
        Some(self.1)
    }
}
