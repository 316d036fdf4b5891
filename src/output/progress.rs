//! How a long transfer gets on, in one line that is written over again and again: for a person at a terminal.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use super::transfer::rate;
use crate::http::Size;

/// How much the newest rate weighs against those before it.
const WEIGHT: f64 = 0.3;

/// Back to the beginning of the line, and away with what it said.
const CLEAR: &str = "\r\x1b[K";

/// A transfer that goes on.
#[derive(Debug)]
pub struct Progress {
    /// How much there is to send; `None` where nobody knows.
    whole: Option<u64>,
    last: Instant,
    sent: Meter,
    received: Meter,
    is_shown: bool,
}

/// How fast one direction is.
#[derive(Debug, Default)]
struct Meter {
    moved: u64,
    rate: Option<f64>,
}

impl Progress {
    /// Nothing has moved yet, at `now`.
    pub fn new(whole: Option<u64>, now: Instant) -> Self {
        Self {
            whole,
            last: now,
            sent: Meter::default(),
            received: Meter::default(),
            is_shown: false,
        }
    }

    /// Show on stderr that so much was sent and received by `now`.
    pub fn show(&mut self, sent: u64, received: u64, now: Instant) {
        let line = self.line(sent, received, now);
        self.is_shown = true;
        // A terminal that has gone shows nothing.
        let _ = io::stderr().write_all(format!("{CLEAR}{line}").as_bytes());
    }

    /// Take it off the screen, where something else is about to be written.
    pub fn wipe(&mut self) {
        if self.is_shown {
            let _ = io::stderr().write_all(CLEAR.as_bytes());
        }
        self.is_shown = false;
    }

    /// The line.
    fn line(&mut self, sent: u64, received: u64, now: Instant) -> String {
        let time = now.saturating_duration_since(self.last);
        if time >= Duration::from_millis(1) {
            self.sent.measure(sent, time);
            self.received.measure(received, time);
            self.last = now;
        }
        let mut parts = Vec::new();
        if sent > 0 || received == 0 {
            let speed = self.sent.per_second();
            match self.whole.filter(|whole| *whole > 0) {
                Some(whole) => {
                    let percent = u128::from(sent.min(whole)) * 100 / u128::from(whole);
                    parts.push(format!("sent {} of {}", Size(sent), Size(whole)));
                    parts.push(format!("{percent} %"));
                }
                None => parts.push(format!("sent {}", Size(sent))),
            }
            parts.push(format!("{}/s", Size(speed)));
            let left = self.whole.map(|whole| whole.saturating_sub(sent));
            if let Some(left) = left.filter(|left| *left > 0 && speed > 0) {
                parts.push(format!("{} left", clock(left / speed)));
            }
        }
        if received > 0 {
            parts.push(format!("received {}", Size(received)));
            parts.push(format!("{}/s", Size(self.received.per_second())));
        }
        parts.join(", ")
    }
}

impl Meter {
    fn measure(&mut self, moved: u64, time: Duration) {
        #[expect(clippy::cast_precision_loss, reason = "what is shown has two digits")]
        let newest = rate(moved.saturating_sub(self.moved), time) as f64;
        self.rate = Some(match self.rate {
            Some(before) => before + WEIGHT * (newest - before),
            None => newest,
        });
        self.moved = moved;
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate is not negative, and a float becomes the nearest number that there is"
    )]
    fn per_second(&self) -> u64 {
        self.rate.unwrap_or(0.0) as u64
    }
}

impl Drop for Progress {
    /// What is said next stands on a line of its own.
    fn drop(&mut self) {
        self.wipe();
    }
}

/// Seconds as people read them: `0:07`, `12:34`, `1:02:03`.
fn clock(seconds: u64) -> String {
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes}:{seconds:02}"),
        (hours, minutes) => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_much_how_fast_and_how_long_still() {
        let now = Instant::now();
        let mut progress = Progress::new(Some(100 << 20), now);
        let then = now + Duration::from_secs(2);
        assert_eq!(
            progress.line(20 << 20, 0, then),
            "sent 20 MiB of 100 MiB, 20 %, 10 MiB/s, 0:08 left"
        );
        // It stands still: the rate sinks.
        let line = progress.line(20 << 20, 0, then + Duration::from_secs(1));
        assert!(line.contains("7.0 MiB/s"), "{line}");
        let line = progress.line(100 << 20, 0, then + Duration::from_secs(2));
        assert!(!line.contains("left"), "{line}");
    }

    #[test]
    fn each_direction_has_a_rate_of_its_own() {
        let now = Instant::now();
        let mut progress = Progress::new(Some(64 << 20), now);
        assert_eq!(
            progress.line(20 << 20, 40 << 20, now + Duration::from_secs(2)),
            "sent 20 MiB of 64 MiB, 31 %, 10 MiB/s, 0:04 left, received 40 MiB, 20 MiB/s"
        );
    }

    #[test]
    fn nobody_knows_the_end_of_a_pipe() {
        let now = Instant::now();
        let mut progress = Progress::new(None, now);
        let then = now + Duration::from_secs(1);
        assert_eq!(progress.line(0, 2048, then), "received 2.0 KiB, 2.0 KiB/s");
        let both = progress.line(1, 2048, then);
        assert_eq!(both, "sent 1 B, 0 B/s, received 2.0 KiB, 2.0 KiB/s");
        assert_eq!(
            Progress::new(Some(0), now).line(0, 0, now),
            "sent 0 B, 0 B/s"
        );
    }

    #[test]
    fn times() {
        for (seconds, shown) in [(0, "0:00"), (7, "0:07"), (754, "12:34"), (3723, "1:02:03")] {
            assert_eq!(clock(seconds), shown);
        }
    }
}
