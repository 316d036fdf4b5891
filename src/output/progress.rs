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
    moved: u64,
    rate: Option<f64>,
    is_shown: bool,
}

impl Progress {
    /// Nothing has moved yet, at `now`.
    pub fn new(whole: Option<u64>, now: Instant) -> Self {
        Self {
            whole,
            last: now,
            moved: 0,
            rate: None,
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

    /// The line.
    fn line(&mut self, sent: u64, received: u64, now: Instant) -> String {
        self.measure(sent + received, now);
        let speed = self.rate.unwrap_or(0.0);
        let mut parts = Vec::new();
        if sent > 0 || received == 0 {
            parts.push(match self.whole.filter(|whole| *whole > 0) {
                Some(whole) => {
                    let percent = u128::from(sent.min(whole)) * 100 / u128::from(whole);
                    format!("sent {} of {}, {percent} %", Size(sent), Size(whole))
                }
                None => format!("sent {}", Size(sent)),
            });
        }
        if received > 0 {
            parts.push(format!("received {}", Size(received)));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rate is not negative, and a float becomes the nearest number that there is"
        )]
        let whole_rate = speed as u64;
        parts.push(format!("{}/s", Size(whole_rate)));
        let left = self.whole.map(|whole| whole.saturating_sub(sent));
        if let Some(left) = left.filter(|left| *left > 0 && received == 0 && whole_rate > 0) {
            parts.push(format!("{} left", clock(left / whole_rate)));
        }
        parts.join(", ")
    }

    fn measure(&mut self, moved: u64, now: Instant) {
        let time = now.saturating_duration_since(self.last);
        if time < Duration::from_millis(1) {
            return;
        }
        #[expect(clippy::cast_precision_loss, reason = "what is shown has two digits")]
        let newest = rate(moved.saturating_sub(self.moved), time) as f64;
        self.rate = Some(match self.rate {
            Some(before) => before + WEIGHT * (newest - before),
            None => newest,
        });
        (self.last, self.moved) = (now, moved);
    }
}

impl Drop for Progress {
    /// What is said next stands on a line of its own.
    fn drop(&mut self) {
        if self.is_shown {
            let _ = io::stderr().write_all(CLEAR.as_bytes());
        }
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
    fn nobody_knows_the_end_of_a_pipe() {
        let now = Instant::now();
        let mut progress = Progress::new(None, now);
        let then = now + Duration::from_secs(1);
        assert_eq!(progress.line(0, 2048, then), "received 2.0 KiB, 2.0 KiB/s");
        let both = progress.line(1, 2048, then);
        assert_eq!(both, "sent 1 B, received 2.0 KiB, 2.0 KiB/s");
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
