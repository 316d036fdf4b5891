//! What a command leaves behind that has gone its own way, setsid(2): known by a variable in its environment, which
//! children inherit. Only what empties its environment is not found.

use std::fs;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getpid};

/// The variable.
const NAME: &str = "SOCKKIT_RUN";
/// How often it is looked for those who were started meanwhile.
const ROUNDS: usize = 10;

/// The mark of one run.
#[derive(Clone, Debug)]
pub(super) struct Mark(String);

impl Mark {
    /// One that no other run has.
    pub(super) fn new() -> Result<Self, Errno> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|_| Errno::EAGAIN)?;
        Ok(Self(hex::encode(random)))
    }

    /// The variable that the command gets.
    pub(super) fn variable(&self) -> (String, Vec<u8>) {
        (NAME.to_owned(), self.0.clone().into_bytes())
    }

    /// Signal everyone who bears it.
    pub(super) fn signal(&self, signal: Signal) {
        for process in self.bearers() {
            // It may have ended.
            let _ = kill(process, signal);
        }
    }

    /// End everyone who bears it, and whom they start meanwhile.
    pub(super) fn end(&self) {
        for _ in 0..ROUNDS {
            let bearers = self.bearers();
            if bearers.is_empty() {
                return;
            }
            for process in bearers {
                let _ = kill(process, Signal::SIGKILL);
            }
        }
    }

    /// Those who bear it, proc_pid_environ(5); one that has ended has no environment any more.
    fn bearers(&self) -> Vec<Pid> {
        let mark = format!("{NAME}={}", self.0);
        let bears = |pid: &Pid| {
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            let mut variables = environment.split(|byte| *byte == 0);
            variables.any(|variable| variable == mark.as_bytes())
        };
        let Ok(listed) = fs::read_dir("/proc") else {
            return Vec::new();
        };
        let numbers = listed.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        numbers
            .map(Pid::from_raw)
            .filter(|pid| *pid != getpid() && bears(pid))
            .collect()
    }
}
