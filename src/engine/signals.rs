//! The signals that end a run, and which of them the process ignores or has not taken yet, proc_pid_status(5).

use nix::sys::signal::{SigSet, Signal};

use crate::net::CallError;

/// What ends a run, after cleaning up.
pub(super) const ENDING: [Signal; 7] = [
    Signal::SIGINT,
    Signal::SIGTERM,
    Signal::SIGHUP,
    Signal::SIGQUIT,
    Signal::SIGALRM,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
];

/// Those that the process was not started to ignore (nohup, a job in the background of a script).
pub(super) fn heeded() -> impl Iterator<Item = Signal> {
    let ignored = mask("SigIgn:");
    ENDING
        .into_iter()
        .filter(move |signal| ignored & bit(*signal) == 0)
}

/// From here on they wait for the reactor that will take them as events.
pub fn hold_signals() -> Result<(), CallError> {
    let mask: SigSet = heeded().collect();
    mask.thread_block()
        .map_err(|errno| CallError::new("sigprocmask", "", errno))
}

/// One that has come while it was blocked, and waits to be taken; `None` when none has.
pub fn pending_signal() -> Option<Signal> {
    let come = mask("SigPnd:") | mask("ShdPnd:");
    heeded().find(|signal| come & bit(*signal) != 0)
}

fn bit(signal: Signal) -> u64 {
    1 << (signal as u32 - 1)
}

/// A set of signals by the name of its line; empty where it cannot be read.
fn mask(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix(field));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}
