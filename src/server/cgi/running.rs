//! The commands that are running: counted, and ended together with the server. A number is in here exactly as long as
//! it is ours: a process that was waited for may have given its number to another one.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use nix::sys::signal::Signal;
use nix::unistd::Pid;

use super::mark::Mark;
use crate::engine::{Child, GRACE, Process, signal_group};

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
        start: impl FnOnce() -> Result<Child, E>,
    ) -> Option<Result<Child, E>> {
        let mut groups = self.groups();
        if groups.led.len() >= limit {
            return None;
        }
        let started = start();
        if let Ok(child) = &started {
            groups.led.insert(child.process.pid(), mark.clone());
        }
        Some(started)
    }

    /// One has ended: it is gone now. Where it was cut short the rest of its group goes with it, and the end of the search
    /// for those who have left that has to be said.
    pub(super) fn reap(&self, process: Process, is_cut: bool) {
        let mut groups = self.groups();
        groups.led.remove(&process.pid());
        groups.searched += usize::from(is_cut);
        match is_cut {
            true => process.kill(),
            false => process.reap(),
        }
        self.changed.notify_all();
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
                signal_group(*group, signal);
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
