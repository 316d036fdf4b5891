//! A minimum rate: who moves a byte now and then, just before its time is up, would hold a connection for ever.
//!
//! No clock and no socket here. A worker looks once a window, when the time is up, and not at every byte.

use std::time::Duration;

/// How many bytes a second a client must take, or give, on average over a window. It is a tenth of what the slowest
/// line of today moves, and too much for one who wants to move as little as possible.
const RATE: u128 = 100;

/// Whether a transfer that moved so many bytes in a window may go on for another one. A short window still wants more
/// than nothing.
pub(super) fn keeps_up(moved: u64, window: Duration) -> bool {
    let least = window.as_millis().saturating_mul(RATE) / 1000;
    u128::from(moved) >= least.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drip_is_cut_and_a_slow_line_is_not() {
        let window = Duration::from_secs(30);
        for (moved, goes_on) in [
            (0, false),
            (1, false),
            (30, false),
            (2999, false),
            (3000, true),
            (u64::MAX, true),
        ] {
            assert_eq!(keeps_up(moved, window), goes_on, "{moved} bytes");
        }
    }

    #[test]
    fn any_window_wants_a_byte() {
        for window in [Duration::ZERO, Duration::from_millis(1)] {
            assert!(!keeps_up(0, window));
            assert!(keeps_up(1, window));
        }
        assert!(!keeps_up(1 << 30, Duration::MAX));
    }
}
