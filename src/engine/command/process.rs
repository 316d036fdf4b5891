//! A process of ours, from its start until it has been waited for.

use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::Pid;

/// A process that leads a group. Its number stays ours until it is reaped, and the group's with it: no signal reaches a
/// stranger.
#[derive(Debug)]
pub struct Process(pub(super) Pid);

impl Process {
    /// Its number, and that of its group.
    pub fn pid(&self) -> Pid {
        self.0
    }

    /// Signal its group, all of which may have ended.
    pub fn signal(&self, signal: Signal) {
        let _ = killpg(self.0, signal);
    }

    /// How it ended, if it has; it is still to be reaped.
    pub fn ending(&self) -> Option<WaitStatus> {
        let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        match waitid(Id::Pid(self.0), flags) {
            Ok(WaitStatus::StillAlive) | Err(Errno::EINTR) => None,
            Ok(status) => Some(status),
            // Nobody else waits for it; if somebody has, it is over all the same.
            Err(_) => Some(WaitStatus::Exited(self.0, 0)),
        }
    }

    /// Leave no zombie, waiting for its end where it has not ended.
    pub fn reap(self) {
        while waitpid(self.0, None) == Err(Errno::EINTR) {}
    }

    /// End it without ado, and all of its group.
    pub fn kill(self) {
        self.signal(Signal::SIGKILL);
        self.reap();
    }
}
