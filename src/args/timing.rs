//! Time limits, the same words in every command.

use std::time::{Duration, Instant};

use clap::Args;

use super::duration::duration;
use crate::engine::{Timer, Timers};

/// How long things may take; durations are 500ms, 2s, 1m, a bare number is seconds.
#[derive(Args, Clone, Copy, Debug, Default)]
#[command(next_help_heading = "Time limits (exit status 124)")]
pub struct TimingArgs {
    /// Connected, or answered, within D
    #[arg(short, long, value_name = "D", value_parser = duration)]
    pub timeout: Option<Duration>,
    /// End when nothing has moved for D
    #[arg(long, value_name = "D", value_parser = duration)]
    pub idle_timeout: Option<Duration>,
    /// End after D, whatever happens
    #[arg(long, value_name = "D", value_parser = duration)]
    pub deadline: Option<Duration>,
}

impl TimingArgs {
    /// The limits of a run that begins at `now`; the idle timer starts with it.
    pub fn timers(&self, now: Instant) -> Timers {
        let mut timers = Timers::default();
        timers.start(Timer::Deadline, self.deadline, now);
        timers.start(Timer::Idle, self.idle_timeout, now);
        timers
    }

    /// How long connecting may take: the shorter of its own limit and the run's.
    pub fn to_connect(&self) -> Option<Duration> {
        self.timeout.into_iter().chain(self.deadline).min()
    }
}
