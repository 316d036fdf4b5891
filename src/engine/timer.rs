//! The time limits of a run, and the first of them to fire. Time is an argument: nothing here reads a clock.

use std::fmt;
use std::time::{Duration, Instant};

/// A limit that people set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// `--timeout`: connected, or answered.
    Answer,
    /// `--timeout` of a listener: the first client, datagram or packet.
    Arrival,
    /// `--idle-timeout`: nothing moved in either direction.
    Idle,
    /// `--linger`: after the end of stdin.
    Linger,
    /// `--deadline`: the whole run.
    Deadline,
}

/// A limit that fired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expired {
    /// Which one.
    pub timer: Timer,
    /// How long it was.
    pub limit: Duration,
    /// What was waited for, as `connect 192.0.2.1:80`; empty for the run as a whole.
    pub on: String,
}

/// The limits that are running.
#[derive(Clone, Debug, Default)]
pub struct Timers {
    running: Vec<(Timer, Duration, Instant)>,
}

impl Timers {
    /// Start or restart a timer at `now`; `None` means without limit.
    pub fn start(&mut self, timer: Timer, limit: Option<Duration>, now: Instant) {
        self.stop(timer);
        if let Some((limit, at)) = limit.and_then(|limit| Some((limit, now.checked_add(limit)?))) {
            self.running.push((timer, limit, at));
        }
    }

    /// Put a running timer back to its full length.
    pub fn restart(&mut self, timer: Timer, now: Instant) {
        for (running, limit, at) in &mut self.running {
            if *running == timer {
                *at = now + *limit;
            }
        }
    }

    /// Stop a timer.
    pub fn stop(&mut self, timer: Timer) {
        self.running.retain(|(running, _, _)| *running != timer);
    }

    /// Whether a timer is running.
    pub fn is_running(&self, timer: Timer) -> bool {
        self.running.iter().any(|(running, _, _)| *running == timer)
    }

    /// When the first one fires; `None` when none is running.
    pub fn next(&self) -> Option<Instant> {
        self.running.iter().map(|(_, _, at)| *at).min()
    }

    /// The first one that has fired by `now`.
    pub fn expired(&self, now: Instant) -> Option<Expired> {
        let fired = self
            .running
            .iter()
            .filter(|(_, _, at)| *at <= now)
            .min_by_key(|(_, _, at)| *at);
        fired.map(|(timer, limit, _)| Expired {
            timer: *timer,
            limit: *limit,
            on: String::new(),
        })
    }
}

impl Expired {
    /// The same, with what was waited for.
    #[must_use]
    pub fn on(self, on: impl fmt::Display) -> Self {
        Self {
            on: on.to_string(),
            ..self
        }
    }
}

impl fmt::Display for Expired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.on.is_empty() {
            write!(f, "{}: ", self.on)?;
        }
        let (before, after) = match self.timer {
            Timer::Answer => ("no answer within", ""),
            Timer::Arrival => ("nobody came within", ""),
            Timer::Idle => ("nothing moved for", ""),
            Timer::Linger => ("no end within", " after the end of stdin"),
            Timer::Deadline => ("not done within", ""),
        };
        match self.limit {
            Duration::ZERO => write!(f, "{before} 0s{after}"),
            limit => write!(f, "{before} {limit:?}{after}"),
        }
    }
}

impl std::error::Error for Expired {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_to_fire_wins() {
        let now = Instant::now();
        let mut timers = Timers::default();
        timers.start(Timer::Idle, Some(Duration::from_secs(2)), now);
        timers.start(Timer::Deadline, Some(Duration::from_secs(3)), now);
        timers.start(Timer::Linger, None, now);
        assert_eq!(timers.next(), Some(now + Duration::from_secs(2)));
        assert_eq!(timers.expired(now + Duration::from_secs(1)), None);
        timers.restart(Timer::Idle, now + Duration::from_secs(2));
        let fired = timers.expired(now + Duration::from_secs(3)).unwrap();
        assert_eq!(fired.to_string(), "not done within 3s");
        timers.start(Timer::Answer, Some(Duration::ZERO), now);
        let fired = timers.expired(now).unwrap();
        assert_eq!(fired.on("a").to_string(), "a: no answer within 0s");
    }
}
