//! The thread beside a command: hears its stdout, hands it on as fast as the client takes it, and sees to its end.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;
use nix::unistd::{read, write};

use super::command::Log;
use super::mark::Mark;
use super::running::Running;
use super::spool::Spool;
use super::work::{Shared, Verdict};
use crate::engine::{GRACE, Process};
use crate::http::Status;
use crate::http::cgi::{OUTPUT_HEAD_LIMIT, Output, output};

/// How much one read takes.
const READ: usize = 64 * 1024;
/// How long a command that has closed its stdout may take to end before that is taken for the end of its answer.
const LINGER: Duration = Duration::from_millis(200);
/// How long one may take to end that is killed: nothing but the kernel is waited for.
const CERTAIN: Duration = Duration::from_secs(24 * 60 * 60);
/// How many bytes of output are dropped that nobody wants.
const DROPPED: usize = 1 << 20;

pub(super) struct Supervisor {
    /// `None` once it was reaped.
    pub(super) process: Option<Process>,
    /// What those bear whom it starts.
    pub(super) mark: Mark,
    pub(super) stdout: OwnedFd,
    /// Where the answer goes to; the worker reads it. `None` once it is complete.
    pub(super) answer: Option<OwnedFd>,
    pub(super) shared: Arc<Shared>,
    pub(super) has_head: bool,
    /// Whether only the head of the answer is wanted.
    pub(super) discards: bool,
    /// How many bytes were dropped.
    pub(super) discarded: usize,
    pub(super) until: Instant,
    pub(super) time: Duration,
    pub(super) running: Arc<Running>,
    pub(super) log: Arc<Log>,
    pub(super) is_decided: bool,
    /// Whether it is ended before its end: one that came to that itself may have left something to go on.
    pub(super) is_cut: bool,
    /// How it ended.
    pub(super) status: Option<WaitStatus>,
}

/// Why hearing ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// stdout did.
    Whole,
    /// The client does not wait any more.
    Left,
    /// The time is up.
    Late,
    /// It wrote what is no head.
    Refused,
    /// What it wrote could not be kept.
    Lost(Errno),
}

impl Supervisor {
    pub(super) fn run(mut self) {
        let mut heard = Vec::new();
        let ended = match self.hear_head(&mut heard) {
            Ended::Whole => {
                self.let_go();
                self.pass_on(&heard)
            }
            ended => ended,
        };
        if ended == Ended::Whole {
            self.wait_for_end(self.until.min(Instant::now() + LINGER));
        }
        self.conclude(ended);
    }

    /// A client that gets no content has its answer now, however long the command goes on.
    fn let_go(&mut self) {
        if self.discards {
            self.shared.is_whole.store(true, Ordering::Release);
            self.answer = None;
        }
    }

    /// Read until it is known what the answer is; what is behind its head stays in `heard`.
    fn hear_head(&mut self, heard: &mut Vec<u8>) -> Ended {
        let mut buffer = vec![0; READ];
        loop {
            if let Some(ended) = self.wait(true, false) {
                return ended;
            }
            let count = match read(&self.stdout, &mut buffer) {
                Ok(count) => count,
                Err(Errno::EINTR | Errno::EAGAIN) => continue,
                Err(_) => 0,
            };
            heard.extend_from_slice(buffer.get(..count).unwrap_or_default());
            let is_all = count == 0;
            if is_all && heard.is_empty() {
                return self.judge_silence();
            }
            if !self.has_head {
                self.decide(Ok((Status::OK, Vec::new())));
                return Ended::Whole;
            }
            match output(heard, is_all) {
                Output::Partial if heard.len() <= OUTPUT_HEAD_LIMIT => {}
                Output::Complete { head, length } => {
                    drop(heard.drain(..length.min(heard.len())));
                    self.discards |= matches!(head.status.0, 204 | 304);
                    self.decide(Ok((head.status, head.fields)));
                    return Ended::Whole;
                }
                _ => return Ended::Refused,
            }
        }
    }

    /// It has closed stdout without a word: its exit status tells what that means.
    fn judge_silence(&mut self) -> Ended {
        match self.wait_for_end(self.until) {
            None => Ended::Late,
            Some(WaitStatus::Exited(_, 0)) if !self.has_head => {
                self.decide(Ok((Status::OK, Vec::new())));
                Ended::Whole
            }
            Some(WaitStatus::Exited(_, 0)) => Ended::Refused,
            Some(_) => {
                self.decide(Err(Status::INTERNAL_ERROR));
                Ended::Whole
            }
        }
    }

    /// Hand on what it says up to its end.
    fn pass_on(&mut self, heard: &[u8]) -> Ended {
        let mut spool = Spool::default();
        let mut buffer = vec![0; READ];
        let mut is_all = false;
        let mut kept = self.keep(&mut spool, heard);
        while !(is_all && spool.is_empty()) {
            if let Err(errno) = kept {
                return Ended::Lost(errno);
            }
            if self.discarded > DROPPED {
                return Ended::Left;
            }
            // As long as the client speaks itself it cannot be waited for.
            let may_wait = self.shared.is_heard.load(Ordering::Relaxed) && spool.is_full();
            let reads = !is_all && !may_wait;
            if let Some(ended) = self.wait(reads, !spool.is_empty()) {
                return ended;
            }
            kept = self.send(&mut spool);
            if reads && kept.is_ok() && is_readable(&self.stdout) {
                match read(&self.stdout, &mut buffer) {
                    Ok(0) => is_all = true,
                    Ok(count) => {
                        kept = self.keep(&mut spool, buffer.get(..count).unwrap_or_default());
                    }
                    Err(Errno::EINTR | Errno::EAGAIN) => {}
                    Err(_) => is_all = true,
                }
            }
        }
        Ended::Whole
    }

    fn keep(&mut self, spool: &mut Spool, bytes: &[u8]) -> Result<(), Errno> {
        if self.discards {
            self.discarded += bytes.len();
            return Ok(());
        }
        spool.push(bytes).map_err(to_errno)
    }

    /// Write what the worker takes now.
    fn send(&self, spool: &mut Spool) -> Result<(), Errno> {
        let Some(answer) = &self.answer else {
            return Ok(());
        };
        while !spool.is_empty() {
            match write(answer, spool.front()) {
                Ok(count) => spool.consume(count).map_err(to_errno)?,
                Err(Errno::EINTR) => {}
                // A reader that has gone is noticed where it is waited for.
                Err(_) => return Ok(()),
            }
        }
        Ok(())
    }

    /// Wait for something to read or room to write, whichever is wanted; `Some` when there is nothing more to wait for.
    fn wait(&self, reads: bool, writes: bool) -> Option<Ended> {
        let flags = |wanted, flag| match wanted {
            true => flag,
            false => PollFlags::empty(),
        };
        loop {
            let left = self.until.checked_duration_since(Instant::now());
            let Some(left) = left.filter(|left| !left.is_zero()) else {
                return Some(Ended::Late);
            };
            let mut polled = Vec::with_capacity(2);
            if let Some(answer) = &self.answer {
                polled.push(PollFd::new(
                    answer.as_fd(),
                    flags(writes, PollFlags::POLLOUT),
                ));
            }
            if reads {
                polled.push(PollFd::new(self.stdout.as_fd(), PollFlags::POLLIN));
            }
            // Rounded up: a wait that ends just before its time would be followed by many short ones.
            let timeout = PollTimeout::try_from(left + Duration::from_millis(1));
            match poll(&mut polled, timeout.unwrap_or(PollTimeout::MAX)) {
                Ok(0) | Err(Errno::EINTR) => continue,
                Ok(_) => {}
                Err(errno) => return Some(Ended::Lost(errno)),
            }
            let is_gone = polled.iter().any(|fd| {
                let found = fd.revents().unwrap_or_else(PollFlags::empty);
                found.contains(PollFlags::POLLERR)
            });
            return is_gone.then_some(Ended::Left);
        }
    }

    fn decide(&mut self, verdict: Verdict) {
        if std::mem::replace(&mut self.is_decided, true) {
            return;
        }
        let verdicts = self.shared.verdict.lock();
        *verdicts.unwrap_or_else(PoisonError::into_inner) = Some(verdict);
    }

    /// Have the worker know, end what still runs, and leave no zombie.
    fn conclude(mut self, ended: Ended) {
        let failure = match ended {
            Ended::Whole | Ended::Left => None,
            Ended::Late => {
                let time = self.time;
                Some((Status(504), format!("not done within {time:?}")))
            }
            Ended::Refused => Some((Status(502), "its output has no CGI head".to_owned())),
            Ended::Lost(errno) => {
                let why = crate::net::reason(&errno.into());
                Some((Status::INTERNAL_ERROR, format!("its output is lost: {why}")))
            }
        };
        if let Some((status, why)) = failure {
            (self.log)(&format!("exec: {why}"));
            self.decide(Err(status));
        }
        let was_ended = matches!(self.status, Some(WaitStatus::Signaled(..)));
        let is_whole = ended == Ended::Whole && !was_ended;
        self.shared.is_whole.store(is_whole, Ordering::Release);
        // The worker hears the end now.
        self.answer = None;
        if ended == Ended::Whole {
            self.wait_for_end(self.until);
        }
        // It is ended on purpose: that is no news.
        self.log = Arc::new(|_| {});
        self.is_cut = self.status.is_none();
        for (signal, grace) in [(Signal::SIGTERM, GRACE), (Signal::SIGKILL, CERTAIN)] {
            if let Some(process) = &self.process {
                process.signal(signal);
                self.mark.signal(signal);
                self.wait_for_end(Instant::now() + grace);
            }
        }
        if self.is_cut {
            self.mark.end();
            self.running.is_searched();
        }
    }

    /// How it ended, if it does so until then; it is gone then.
    fn wait_for_end(&mut self, until: Instant) -> Option<WaitStatus> {
        let ended = self
            .process
            .as_ref()
            .and_then(|process| process.wait(until));
        if let Some(status) = ended
            && let Some(process) = self.process.take()
        {
            self.running.reap(process, self.is_cut);
            self.tell_status(status);
            self.status = ended;
        }
        self.status
    }

    fn tell_status(&self, status: WaitStatus) {
        match status {
            WaitStatus::Exited(_, code) if code != 0 => {
                (self.log)(&format!("exec: the command ended with status {code}"));
            }
            WaitStatus::Signaled(_, signal, _) => {
                (self.log)(&format!("exec: the command was ended by {signal}"));
            }
            _ => {}
        }
    }
}

fn is_readable(fd: &OwnedFd) -> bool {
    let mut polled = [PollFd::new(fd.as_fd(), PollFlags::POLLIN)];
    poll(&mut polled, PollTimeout::ZERO).is_ok_and(|count| count > 0)
}

fn to_errno(error: std::io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO))
}
