//! A host's account: how many, how long. No clock and no format.

use std::collections::VecDeque;
use std::time::Duration;

/// How many times are kept for the percentiles; of more every second is let go.
const KEPT: usize = 10_000;
/// How many of the last outcomes are kept for the picture.
const RECENT: usize = 40;

/// What became of the requests to one host.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Requests sent.
    pub sent: u64,
    /// Requests that this host did not send.
    pub not_sent: u64,
    /// Requests answered, late ones included.
    pub received: u64,
    /// Answers to requests that had been answered.
    pub duplicates: u64,
    /// Answers of further members of a group, to requests that one of them had answered.
    pub others: u64,
    /// Answers to requests that had been given up.
    pub late: u64,
    /// Answers that were no answers: another payload, a wrong checksum.
    pub corrupt: u64,
    /// Requests of which an error was told.
    pub errors: u64,
    recent: VecDeque<Option<Duration>>,
    times: Times,
}

/// The times in figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Statistics {
    /// The shortest.
    pub min: Duration,
    /// The mean.
    pub avg: Duration,
    /// The longest.
    pub max: Duration,
    /// The standard deviation, as ping(8) has it: the root of the mean square less the square of the mean.
    pub mdev: Duration,
    /// The mean in which the last ones weigh most, an eighth each.
    pub ewma: Duration,
    /// The times that 50, 90 and 99 of 100 answers did not exceed.
    pub percentiles: [Duration; 3],
}

#[derive(Clone, Debug, Default)]
struct Times {
    count: u64,
    sum: f64,
    squares: f64,
    ewma: f64,
    min: Duration,
    max: Duration,
    kept: Vec<Duration>,
    /// One in so many is kept; 0 stands for each.
    stride: u64,
}

impl Tally {
    /// How many requests there were, sent or not.
    pub(super) fn asked(&self) -> u64 {
        self.sent + self.not_sent
    }

    /// How long an answer takes, by the last ones; nothing while there is none.
    pub(super) fn usual(&self) -> Duration {
        Duration::from_secs_f64(self.times.ewma)
    }

    /// A request was sent. Until it is answered it counts as one that is not.
    pub(super) fn ask(&mut self) {
        self.sent += 1;
        self.show(None);
    }

    /// The answer to the request with this number took so long: it is shown in the request's place, whenever it comes.
    pub(super) fn answered_to(&mut self, seq: u64, rtt: Duration) {
        self.received += 1;
        self.times.note(rtt);
        let from_end = self
            .asked()
            .checked_sub(seq)
            .and_then(|since| usize::try_from(since).ok());
        let place = from_end.and_then(|since| self.recent.iter_mut().rev().nth(since));
        if let Some(place) = place {
            *place = Some(rtt);
        }
    }

    /// An answer took so long; it is shown after those that came before it.
    pub(in crate::engine) fn answered(&mut self, rtt: Duration) {
        self.received += 1;
        self.times.note(rtt);
        self.show(Some(rtt));
    }

    /// No answer came.
    pub(in crate::engine) fn missed(&mut self) {
        self.show(None);
    }

    fn show(&mut self, outcome: Option<Duration>) {
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(outcome);
    }

    /// The last outcomes, oldest first; `None` is a request without an answer so far.
    pub fn recent(&self) -> impl Iterator<Item = Option<Duration>> {
        self.recent.iter().copied()
    }

    /// How many of a hundred requests were not answered; `None` where none was sent.
    pub fn loss(&self) -> Option<f64> {
        self.loss_without(0)
    }

    /// The same, where the last so many are still under way.
    pub fn loss_without(&self, under_way: u64) -> Option<f64> {
        match self.sent.saturating_sub(under_way) {
            0 => None,
            sent => Some(100.0 * to_f64(sent.saturating_sub(self.received)) / to_f64(sent)),
        }
    }

    /// The figures; `None` while there is no answer.
    pub fn statistics(&self) -> Option<Statistics> {
        let times = &self.times;
        if times.count == 0 {
            return None;
        }
        let count = to_f64(times.count);
        let mean = times.sum / count;
        let mut sorted = times.kept.clone();
        sorted.sort_unstable();
        let at = |percent: usize| {
            let index = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
            sorted.get(index).copied().unwrap_or(times.max)
        };
        Some(Statistics {
            min: times.min,
            avg: Duration::from_secs_f64(mean),
            max: times.max,
            mdev: Duration::from_secs_f64((times.squares / count - mean * mean).max(0.0).sqrt()),
            ewma: Duration::from_secs_f64(times.ewma),
            percentiles: [at(50), at(90), at(99)],
        })
    }
}

impl Times {
    fn note(&mut self, rtt: Duration) {
        let seconds = rtt.as_secs_f64();
        self.min = if self.count == 0 {
            rtt
        } else {
            self.min.min(rtt)
        };
        self.max = self.max.max(rtt);
        self.ewma = match self.count {
            0 => seconds,
            _ => self.ewma + (seconds - self.ewma) / 8.0,
        };
        self.sum += seconds;
        self.squares += seconds * seconds;
        if self.count.is_multiple_of(self.stride.max(1)) {
            self.kept.push(rtt);
        }
        self.count += 1;
        if self.kept.len() >= KEPT {
            let mut index = 0_u64;
            self.kept.retain(|_| {
                index += 1;
                !index.is_multiple_of(2)
            });
            self.stride = self.stride.max(1) * 2;
        }
    }
}

/// Exact up to 2^53, which nobody counts to.
#[expect(
    clippy::cast_precision_loss,
    reason = "of counts far below 2^53 nothing is lost"
)]
fn to_f64(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(milliseconds: impl IntoIterator<Item = u64>) -> Tally {
        let mut tally = Tally::default();
        for one in milliseconds {
            tally.ask();
            tally.answered_to(tally.sent, Duration::from_millis(one));
        }
        tally
    }

    #[test]
    fn nothing_has_no_figures() {
        assert_eq!(tally([]).statistics(), None);
        assert_eq!(tally([]).loss(), None);
        let sent = Tally {
            sent: 3,
            ..Tally::default()
        };
        assert_eq!(sent.loss(), Some(100.0));
    }

    #[test]
    fn figures_are_pings() {
        let millis = Duration::from_millis;
        let one = tally([2]).statistics().unwrap();
        assert_eq!(
            (one.min, one.avg, one.max),
            (millis(2), millis(2), millis(2))
        );
        assert_eq!(one.mdev, Duration::ZERO);
        let figures = tally([1, 3]).statistics().unwrap();
        assert_eq!(
            (figures.min, figures.avg, figures.max),
            (millis(1), millis(2), millis(3))
        );
        assert_eq!(figures.mdev.as_micros(), 1000);
        assert_eq!(figures.ewma.as_micros(), 1250);
        let hundred = tally(1..=100).statistics().unwrap();
        assert_eq!(hundred.percentiles, [50, 90, 99].map(millis));
    }

    #[test]
    fn no_run_is_too_long() {
        let long = tally((0..100_000).map(|one| one % 1000 + 1));
        assert!(long.times.kept.len() < KEPT);
        let [median, ninety, _] = long.statistics().unwrap().percentiles;
        assert!((450..=550).contains(&median.as_millis()), "{median:?}");
        assert!((850..=950).contains(&ninety.as_millis()), "{ninety:?}");
        assert_eq!(long.recent().count(), RECENT);
    }

    #[test]
    fn answers_are_shown_where_they_were_asked_for() {
        let mut tally = tally([1, 2]);
        for _ in 0..4 {
            tally.ask();
        }
        let millis = Duration::from_millis;
        for (seq, rtt) in [(6, 6), (4, 40)] {
            tally.answered_to(seq, millis(rtt));
        }
        let shown = |times: &[u64]| -> Vec<Option<Duration>> {
            let shown = times.iter().map(|time| Some(millis(*time)));
            shown
                .map(|time| time.filter(|time| !time.is_zero()))
                .collect()
        };
        let recent = |tally: &Tally| tally.recent().collect::<Vec<_>>();
        assert_eq!(recent(&tally), shown(&[1, 2, 0, 40, 0, 6]));
        // One that could not be sent has its place too.
        tally.sent -= 1;
        tally.not_sent += 1;
        tally.answered_to(5, millis(5));
        assert_eq!(recent(&tally), shown(&[1, 2, 0, 40, 5, 6]));
        for _ in 0..RECENT - 1 {
            tally.ask();
        }
        // What is no more to be seen is counted all the same.
        tally.answered_to(3, millis(3));
        assert_eq!(tally.received, 6);
        let mut left = vec![0; RECENT];
        left[0] = 6;
        assert_eq!(recent(&tally), shown(&left));
    }
}
