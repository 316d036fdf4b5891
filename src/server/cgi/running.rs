//! The commands that are running: counted, and ended together with the server. A number is in here exactly as long as
//! it is ours: a process that was waited for may have given its number to another one.

use std::collections::BTreeSet;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::Pid;

/// How long a command may take to end when it is asked to.
const GRACE: Duration = Duration::from_secs(1);

/// The process groups of commands, each by the number of its leader.
#[derive(Debug, Default)]
pub(super) struct Running {
    groups: Mutex<BTreeSet<Pid>>,
    changed: Condvar,
}

impl Running {
    /// Start one unless there are `limit` of them already; `None` when there are.
    pub(super) fn start<E>(
        &self,
        limit: usize,
        start: impl FnOnce() -> Result<Pid, E>,
    ) -> Option<Result<Pid, E>> {
        let mut groups = self.groups();
        if groups.len() >= limit {
            return None;
        }
        let started = start();
        if let Ok(pid) = started {
            groups.insert(pid);
        }
        Some(started)
    }

    /// Signal a group that has not been waited for.
    pub(super) fn signal(&self, group: Pid, signal: Signal) {
        if self.groups().contains(&group) {
            // All of it may have ended.
            let _ = killpg(group, signal);
        }
    }

    /// How one ended, if it has; it is gone then.
    pub(super) fn reap(&self, group: Pid) -> Option<WaitStatus> {
        let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        if waitid(Id::Pid(group), flags) == Ok(WaitStatus::StillAlive) {
            return None;
        }
        let mut groups = self.groups();
        let ended = waitpid(group, Some(WaitPidFlag::WNOHANG));
        groups.remove(&group);
        self.changed.notify_all();
        Some(ended.unwrap_or(WaitStatus::Exited(group, 0)))
    }

    /// End them all: those who wait for them do the rest.
    pub(super) fn end(&self) {
        let mut groups = self.groups();
        for signal in [Signal::SIGTERM, Signal::SIGKILL] {
            for group in groups.iter() {
                let _ = killpg(*group, signal);
            }
            let waited = self
                .changed
                .wait_timeout_while(groups, GRACE, |groups| !groups.is_empty());
            groups = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn groups(&self) -> MutexGuard<'_, BTreeSet<Pid>> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
