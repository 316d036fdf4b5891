//! A minimum rate: who moves a byte now and then, just before its time is up, would hold a connection for ever.
//!
//! No clock and no socket here. A worker looks once a window, when the time is up, and not at every byte.

use std::time::{Duration, Instant};

/// How many bytes a second a client must take, or give, on average over a window. It is a tenth of what the slowest
/// line of today moves, and too much for one who wants to move as little as possible.
const RATE: u64 = 100;

/// A transfer within its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    until: Instant,
    /// How many bytes had been moved when the window began.
    moved: u64,
}

impl Pace {
    /// A transfer that begins at `now`, and has moved `moved` bytes.
    pub fn new(now: Instant, window: Duration, moved: u64) -> Self {
        Self {
            until: now + window,
            moved,
        }
    }

    /// When it is to be looked at.
    pub fn until(&self) -> Instant {
        self.until
    }

    /// The window is over and `moved` bytes have been moved in all: whether the transfer may go on for another one.
    pub fn go_on(&mut self, now: Instant, window: Duration, moved: u64) -> bool {
        let enough = moved.saturating_sub(self.moved) >= least(window);
        if enough {
            *self = Self::new(now, window, moved);
        }
        enough
    }
}

/// How many bytes a window is to move; a short one still wants more than a drip.
fn least(window: Duration) -> u64 {
    let bytes = window.as_millis().saturating_mul(RATE.into()) / 1000;
    u64::try_from(bytes).unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(30);

    /// How many windows a client holds out that moves `bytes` every `interval`.
    fn windows(bytes: u64, interval: Duration, most: u32) -> u32 {
        let start = Instant::now();
        let mut pace = Pace::new(start, WINDOW, 1 << 20);
        for window in 1..=most {
            let now = start + WINDOW * window;
            assert_eq!(pace.until(), now);
            let times = (now - start).as_millis() / interval.as_millis();
            let moved = (1 << 20) + bytes * u64::try_from(times).unwrap();
            if !pace.go_on(now, WINDOW, moved) {
                return window;
            }
        }
        most + 1
    }

    #[test]
    fn a_drip_is_cut_and_a_slow_line_is_not() {
        for (bytes, interval, held) in [
            (0, 1, 1),
            (1, 29, 1),
            (1, 1, 1),
            (99, 1, 1),
            (100, 1, 101),
            (3000, 29, 101),
            (1 << 20, 25, 101),
        ] {
            let interval = Duration::from_secs(interval);
            assert_eq!(
                windows(bytes, interval, 100),
                held,
                "{bytes} a {interval:?}"
            );
        }
    }

    #[test]
    fn any_window_wants_a_byte() {
        let now = Instant::now();
        for window in [Duration::ZERO, Duration::from_millis(1)] {
            assert!(!Pace::new(now, window, 5).go_on(now, window, 5));
            assert!(Pace::new(now, window, 5).go_on(now, window, 6));
        }
        let forever = Duration::from_secs(100 * 365 * 24 * 60 * 60);
        assert!(!Pace::new(now, forever, 0).go_on(now, forever, 1 << 30));
    }
}
