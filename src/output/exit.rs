//! How a run ends, as the shell sees it.

use nix::sys::signal::{SigSet, Signal, raise};

use crate::net::restore_sigpipe;

/// The exit statuses of every command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: yes, done.
    Done,
    /// 1: no, the network's answer.
    No,
    /// 2: trouble here.
    Trouble,
    /// 124: a time limit fired.
    TimedOut,
    /// 126: a command to run could not be run.
    NotRun,
    /// 127: a command to run was not found.
    NotFound,
    /// That of a command that was run.
    Command(u8),
    /// 128 + n: ended by this signal, by raising it again once everything is cleaned up.
    Signal(Signal),
}

impl Exit {
    /// The heading of [`Self::STATUSES`] in help and manual.
    pub const HEADING: &str = "Exit status";

    /// The table that help, manual and README share.
    pub const STATUSES: &[(&str, &str)] = &[
        ("0", "yes, done"),
        (
            "1",
            "no: the network's answer: refused, reset, unreachable, name not found, no reply",
        ),
        (
            "2",
            "trouble here: a usage error, address in use, not permitted, out of descriptors, disk full",
        ),
        ("124", "a time limit fired"),
        (
            "126, 127",
            "a command to run could not be run, was not found; of a single --exec, its own status",
        ),
        (
            "128+n",
            "ended by signal n, after cleaning up: 130 for Ctrl-C, 141 when stdout's reader left",
        ),
    ];

    /// The status that a shell shows for it.
    pub fn status(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::No => 1,
            Self::Trouble => 2,
            Self::TimedOut => 124,
            Self::NotRun => 126,
            Self::NotFound => 127,
            Self::Command(status) => status,
            Self::Signal(signal) => u8::try_from(128 + signal as i32).unwrap_or(u8::MAX),
        }
    }

    /// End the process: a signal's end is a signal's end, so that a shell's loop stops too.
    pub fn leave(self) -> u8 {
        if let Self::Signal(signal) = self {
            // Where the signal is ignored, or raising fails, the status says the same.
            let ready = if signal == Signal::SIGPIPE {
                restore_sigpipe()
            } else {
                Ok(())
            };
            let mut mask = SigSet::empty();
            mask.add(signal);
            if ready.is_ok() && raise(signal).is_ok() {
                let _ = mask.thread_unblock();
            }
        }
        self.status()
    }
}
