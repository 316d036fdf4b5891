//! How fast things are sent: so many bytes a second, a pause between lines. Time is an argument: nothing here reads a
//! clock.

use std::num::NonZeroU64;
use std::time::{Duration, Instant};

/// How much time one send makes up for: a rate is kept in pieces of this length, and a late turn is caught up with.
const PIECE: Duration = Duration::from_millis(50);

/// What slows a sender down, and until when.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    rate: Option<NonZeroU64>,
    delay: Option<Duration>,
    /// Whether each send is a line, without its line feed.
    by_send: bool,
    /// When the rate lets go of the next byte.
    due: Instant,
    /// When the next line may begin.
    line: Instant,
}

impl Pace {
    /// At most `rate` bytes a second, and `delay` between the end of a line and the next; `None` where neither is wanted.
    pub fn new(rate: Option<NonZeroU64>, delay: Option<Duration>, now: Instant) -> Option<Self> {
        (rate.is_some() || delay.is_some()).then_some(Self {
            rate,
            delay,
            by_send: false,
            due: now,
            line: now,
        })
    }

    /// The same, where each send is a line without its line feed.
    #[must_use]
    pub fn of_lines(self, by_send: bool) -> Self {
        Self { by_send, ..self }
    }

    /// How much of `rest` may be sent at `now`; `None` until [`Self::next`].
    pub fn allows(&self, rest: &[u8], now: Instant) -> Option<usize> {
        if now < self.next() {
            return None;
        }
        let to_line = self.delay.and_then(|_| {
            let line = rest.iter().position(|byte| *byte == b'\n');
            line.map(|at| at + 1)
        });
        let piece = self.rate.map(|rate| {
            let bytes = u128::from(rate.get()) * PIECE.as_millis() / 1000;
            usize::try_from(bytes).unwrap_or(usize::MAX).max(1)
        });
        [Some(rest.len()), to_line, piece]
            .into_iter()
            .flatten()
            .min()
    }

    /// These were sent at `now`.
    pub fn sent(&mut self, bytes: &[u8], now: Instant) {
        if let Some(rate) = self.rate {
            let start = now.checked_sub(PIECE).unwrap_or(now).max(self.due);
            self.due = later(
                start,
                bytes.len() as u128 * 1_000_000_000 / u128::from(rate.get()),
            );
        }
        if let Some(delay) = self
            .delay
            .filter(|_| self.by_send || bytes.ends_with(b"\n"))
        {
            self.line = later(now, delay.as_nanos());
        }
    }

    /// When the next byte may be sent.
    pub fn next(&self) -> Instant {
        self.due.max(self.line)
    }
}

fn later(start: Instant, nanoseconds: u128) -> Instant {
    let wait = Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX));
    start.checked_add(wait).unwrap_or(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(rate: u64, delay: u64) -> (Pace, Instant) {
        let now = Instant::now();
        let delay = (delay > 0).then(|| Duration::from_millis(delay));
        (Pace::new(NonZeroU64::new(rate), delay, now).unwrap(), now)
    }

    #[test]
    fn nobody_is_slowed_down_unasked() {
        assert!(Pace::new(None, None, Instant::now()).is_none());
    }

    #[test]
    fn a_rate_is_kept_however_late_the_turns_are() {
        for turn in [1, 7, 49, 50] {
            let (mut pace, start) = pace(10_000, 0);
            let (mut sent, mut now) = (0, start);
            while now < start + Duration::from_secs(10) {
                let count = pace.allows(&[0; 4096], now).unwrap_or(0);
                pace.sent(&vec![0; count], now);
                sent += count;
                now += Duration::from_millis(turn);
            }
            assert!((99_000..=101_000).contains(&sent), "{sent} by {turn}");
        }
    }

    #[test]
    fn a_rate_of_one_byte_a_second_sends_one() {
        let (mut pace, now) = pace(1, 0);
        assert_eq!(pace.allows(b"abc", now), Some(1));
        pace.sent(b"a", now);
        assert_eq!(pace.allows(b"bc", now + Duration::from_millis(900)), None);
        assert_eq!(
            pace.allows(b"bc", now + Duration::from_millis(1000)),
            Some(1)
        );
    }

    #[test]
    fn nothing_is_saved_up_for_later() {
        let (mut pace, now) = pace(1000, 0);
        let later = now + Duration::from_secs(3600);
        let count = pace.allows(&[0; 9999], later);
        assert_eq!(count, Some(50));
        pace.sent(&[0; 50], later);
        pace.sent(&[0; 50], later);
        assert!(pace.next() > later);
    }

    #[test]
    fn lines_are_kept_apart() {
        let (mut pace, now) = pace(0, 100);
        assert_eq!(pace.allows(b"one\ntwo\n", now), Some(4));
        pace.sent(b"one\n", now);
        assert_eq!(pace.allows(b"two\n", now), None);
        let then = now + Duration::from_millis(100);
        assert_eq!(pace.next(), then);
        // The beginning of a line may come in pieces.
        assert_eq!(pace.allows(b"tw", then), Some(2));
        pace.sent(b"tw", then);
        assert_eq!(pace.allows(b"o\n", then), Some(2));
    }

    #[test]
    fn no_rate_overflows() {
        let (mut pace, now) = pace(u64::MAX, 0);
        assert_eq!(pace.allows(&[0; 100], now), Some(100));
        pace.sent(&[0; 100], now);
    }
}
