//! One request at a command: the worker's side of it.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::unistd::pipe2;

use super::super::pipe::Writer;
use super::command::Gateway;
use super::mark::Mark;
use super::supervisor::Supervisor;
use crate::engine::{Child, ChildStreams, Fed, Input};
use crate::http::Status;

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
    stdin: Input,
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
        let mark = Mark::new().map_err(failed)?;
        let variables: Vec<_> = variables.into_iter().chain([mark.variable()]).collect();
        // The thread first: where there is none, no command has to be ended again.
        let (supervise, supervisors) = sync_channel::<Supervisor>(1);
        let started = self.running.start(self.limits.count, &mark, || {
            let thread = thread::Builder::new().name("exec".to_owned());
            let supervise = move || supervisors.into_iter().for_each(Supervisor::run);
            thread.spawn(supervise).map_err(|_| Errno::EAGAIN)?;
            Child::start(&self.program, self.descriptors, &variables, streams)
        });
        let child = match started {
            None => return Err(Status::UNAVAILABLE),
            Some(Err(errno @ (Errno::EAGAIN | Errno::ENOMEM | Errno::EMFILE | Errno::ENFILE))) => {
                return Err(failed(errno));
            }
            Some(Err(errno)) => {
                failed(errno);
                return Err(Status(502));
            }
            Some(Ok(child)) => child,
        };
        let shared = Arc::new(Shared::default());
        let supervisor = Supervisor {
            process: Some(child.process),
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
        supervise
            .send(supervisor)
            .map_err(|_| Status::INTERNAL_ERROR)?;
        Ok(Work {
            stdin: child.stdin,
            answer,
            shared,
            patience: self.limits.time + AFTERWARDS,
        })
    }
}

impl Work {
    /// More of the body. A command that has stopped reading does not get it.
    pub(in super::super) fn take(&mut self, bytes: &[u8]) {
        self.stdin.push(bytes);
        if self.stdin.write() == Fed::Refused {
            self.stdin.end();
        }
    }

    /// What can be written to once the command takes more; `None` when it has taken everything.
    pub(in super::super) fn waits_for(&self) -> Option<BorrowedFd<'_>> {
        let is_waiting = self.stdin.waiting() > 0;
        self.stdin.fd().filter(|_| is_waiting).map(AsFd::as_fd)
    }

    /// The body is through.
    pub(in super::super) fn end_body(&mut self) {
        self.shared.is_heard.store(true, Ordering::Relaxed);
        self.stdin.end();
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
