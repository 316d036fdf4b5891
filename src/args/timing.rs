//! Time limits, the same words in every command.

use std::time::{Duration, Instant};

use clap::Args;

use super::duration::duration;
use crate::engine::{Timer, Timers};

const HEADING: &str = "Time limits (exit status 124)";

/// How long things may take; durations are 500ms, 2s, 1m, a bare number is seconds.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct TimingArgs {
    /// Connect, or hear the first client or reply, within D: 500ms, 2s, 1m, or seconds
    #[arg(short, long, value_name = "D", value_parser = duration, help_heading = HEADING)]
    pub timeout: Option<Duration>,
    /// End when nothing has moved for D
    #[arg(long, value_name = "D", value_parser = duration, help_heading = HEADING)]
    pub idle_timeout: Option<Duration>,
    /// End after D, whatever happens
    #[arg(long, value_name = "D", value_parser = duration, help_heading = HEADING)]
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

    /// The limits of an attempt to connect that begins at `now`, in a run that began at `start`.
    pub fn attempt(&self, start: Instant, now: Instant) -> Timers {
        let mut timers = Timers::default();
        timers.start(Timer::Deadline, self.deadline, start);
        timers.start(Timer::Answer, self.timeout, now);
        timers
    }

    /// How long a send may wait for room: no longer than it is idle either.
    pub fn to_send(&self) -> Option<Duration> {
        let limits = self.to_connect().into_iter();
        limits.chain(self.idle_timeout).min()
    }

    /// How long connecting may take: the shorter of its own limit and the run's.
    pub fn to_connect(&self) -> Option<Duration> {
        self.timeout.into_iter().chain(self.deadline).min()
    }
}
