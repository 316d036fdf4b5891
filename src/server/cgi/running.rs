//! The commands that are running: counted, and ended together with the server. A number is in here exactly as long as
//! it is ours: a process that was waited for may have given its number to another one.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::Pid;

use super::mark::Mark;

/// How long a command may take to end when it is asked to.
const GRACE: Duration = Duration::from_secs(1);

/// The commands that are running.
#[derive(Debug, Default)]
pub(super) struct Running {
    groups: Mutex<Groups>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Groups {
    /// Process groups, each by the number of its leader.
    led: BTreeMap<Pid, Mark>,
    /// How many have lost their leader, and are being searched for those who have gone their own way.
    searched: usize,
}

impl Running {
    /// Start one unless there are `limit` of them already; `None` when there are.
    pub(super) fn start<E>(
        &self,
        limit: usize,
        mark: &Mark,
        start: impl FnOnce() -> Result<Pid, E>,
    ) -> Option<Result<Pid, E>> {
        let mut groups = self.groups();
        if groups.led.len() >= limit {
            return None;
        }
        let started = start();
        if let Ok(pid) = started {
            groups.led.insert(pid, mark.clone());
        }
        Some(started)
    }

    /// Signal a group that has not been waited for.
    pub(super) fn signal(&self, group: Pid, signal: Signal) {
        if self.groups().led.contains_key(&group) {
            // All of it may have ended.
            let _ = killpg(group, signal);
        }
    }

    /// How one ended, if it has; it is gone then. Where it `is_searched`, the end of that has to be said.
    pub(super) fn reap(&self, group: Pid, is_searched: bool) -> Option<WaitStatus> {
        let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        if waitid(Id::Pid(group), flags) == Ok(WaitStatus::StillAlive) {
            return None;
        }
        let mut groups = self.groups();
        let ended = waitpid(group, Some(WaitPidFlag::WNOHANG));
        groups.led.remove(&group);
        groups.searched += usize::from(is_searched);
        self.changed.notify_all();
        Some(ended.unwrap_or(WaitStatus::Exited(group, 0)))
    }

    /// Nobody of one of them is left.
    pub(super) fn is_searched(&self) {
        let mut groups = self.groups();
        groups.searched = groups.searched.saturating_sub(1);
        self.changed.notify_all();
    }

    /// End them all: those who wait for them do the rest.
    pub(super) fn end(&self) {
        let mut groups = self.groups();
        let marks: Vec<Mark> = groups.led.values().cloned().collect();
        for signal in [Signal::SIGTERM, Signal::SIGKILL] {
            for (group, mark) in &groups.led {
                let _ = killpg(*group, signal);
                mark.signal(signal);
            }
            let waited = self.changed.wait_timeout_while(groups, GRACE, |groups| {
                !groups.led.is_empty() || groups.searched > 0
            });
            groups = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        marks.iter().for_each(Mark::end);
    }

    fn groups(&self) -> MutexGuard<'_, Groups> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
