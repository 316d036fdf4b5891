//! One attempt after the other, with pauses that grow, until one succeeds or nothing is left to hope for.

use std::thread;
use std::time::Instant;

use super::event::Failed;
use crate::args::{RetryArgs, TimingArgs};
use crate::commands::Desk;
use crate::engine::{Timer, Timers, is_worth_retrying};

/// The attempts of one run.
pub(super) struct Attempts<'a> {
    pub(super) retry: &'a RetryArgs,
    pub(super) timing: &'a TimingArgs,
    /// When the run began; the deadline counts from here.
    pub(super) start: Instant,
    pub(super) desk: &'a Desk,
}

impl Attempts<'_> {
    /// Make attempts, each with its limits, as long as they are allowed, worth it and in time; the last one's error is
    /// the run's.
    pub(super) fn make<T>(
        &self,
        mut attempt: impl FnMut(&Timers) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let mut failures = 0;
        loop {
            let error = match attempt(&self.timing.attempt(self.start, Instant::now())) {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            failures += 1;
            if !error.chain().any(is_worth_retrying) || !self.retry.allows(failures) {
                return Err(error);
            }
            self.pause(failures, &format!("{error:#}"))?;
        }
    }

    /// Say what failed, and wait; the deadline does not wait for the end of a pause.
    pub(super) fn pause(&self, failures: u32, reason: &str) -> anyhow::Result<()> {
        let backoff = self.retry.backoff();
        let pause = backoff.pause(failures, fastrand::f64());
        self.desk.output.tell(&Failed {
            attempt: failures,
            pause,
            reason: reason.to_owned(),
        })?;
        let mut run = Timers::default();
        run.start(Timer::Deadline, self.timing.deadline, self.start);
        let rest = run.next();
        let rest = rest.map(|until| until.saturating_duration_since(Instant::now()));
        thread::sleep(rest.map_or(pause, |rest| rest.min(pause)));
        match run.expired(Instant::now()) {
            Some(expired) => {
                let attempts = if failures == 1 { "attempt" } else { "attempts" };
                Err(expired
                    .on(format_args!("{reason}; {failures} {attempts}"))
                    .into())
            }
            None => Ok(()),
        }
    }
}
