//! A process of ours, from its start until it has been waited for.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::Pid;

use crate::net::open_process;

/// How long one that is asked to end may take.
pub const GRACE: Duration = Duration::from_secs(1);

/// A process that leads a group. Its number stays ours until it is reaped, and the group's with it: no signal reaches a
/// stranger.
#[derive(Debug)]
pub struct Process {
    pid: Pid,
    /// Readable once it has ended.
    watched: OwnedFd,
}

impl Process {
    /// One that was just started. Where its end could not be watched it is ended.
    pub(super) fn new(pid: Pid) -> Result<Self, Errno> {
        open_process(pid.as_raw())
            .map(|watched| Self { pid, watched })
            .map_err(|error| {
                signal_group(pid, Signal::SIGKILL);
                wait_for(pid);
                Errno::from_raw(error.raw_os_error().unwrap_or(libc::EMFILE))
            })
    }

    /// Its number, and that of its group.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Readable once it has ended.
    pub fn watched(&self) -> BorrowedFd<'_> {
        self.watched.as_fd()
    }

    /// Signal its group.
    pub fn signal(&self, signal: Signal) {
        signal_group(self.pid, signal);
    }

    /// How it ended, if it has; it is still to be reaped.
    pub fn ending(&self) -> Option<WaitStatus> {
        let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        match waitid(Id::Pid(self.pid), flags) {
            Ok(WaitStatus::StillAlive) | Err(Errno::EINTR) => None,
            Ok(status) => Some(status),
            // Nobody else waits for it; if somebody has, it is over all the same.
            Err(_) => Some(WaitStatus::Exited(self.pid, 0)),
        }
    }

    /// Wait for its end until then; `None` where it goes on.
    pub fn wait(&self, until: Instant) -> Option<WaitStatus> {
        loop {
            let ending = self.ending();
            if ending.is_some() || !wait_for_any(&[self], until) {
                return ending;
            }
        }
    }

    /// Leave no zombie, waiting for its end where it has not ended.
    pub fn reap(self) {
        wait_for(self.pid);
    }

    /// End it without ado, and all of its group.
    pub fn kill(self) {
        self.signal(Signal::SIGKILL);
        self.reap();
    }
}

/// Signal a group whose leader is ours and has not been reaped; all of it may have ended. What is stopped takes a signal
/// only once it goes on.
pub fn signal_group(leader: Pid, signal: Signal) {
    let _ = killpg(leader, signal);
    let _ = killpg(leader, Signal::SIGCONT);
}

/// Wait until one of them has ended, or the time is up; whether there was time left.
pub(in crate::engine) fn wait_for_any(processes: &[&Process], until: Instant) -> bool {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return false;
    }
    let mut polled: Vec<PollFd<'_>> = processes
        .iter()
        .map(|process| PollFd::new(process.watched(), PollFlags::POLLIN))
        .collect();
    // Rounded up: a wait that ends just before its time would be followed by many short ones.
    let timeout = PollTimeout::try_from(left + Duration::from_millis(1));
    // Whatever comes of it, they are looked at again.
    let _ = poll(&mut polled, timeout.unwrap_or(PollTimeout::MAX));
    true
}

fn wait_for(pid: Pid) {
    while waitpid(pid, None) == Err(Errno::EINTR) {}
}
