//! Times and shares as ping(8) writes them, and their picture.

use std::fmt;
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::engine::ping::Statistics;

/// A round trip with about three digits, as `0.045`, `1.23`, `12.3`, `123`; in milliseconds.
pub(in crate::commands) struct Trip(pub(super) Duration);

/// Milliseconds to the microsecond, as `0.045`.
pub(in crate::commands) struct Millis(pub(super) Duration);

/// A share of a hundred with six digits at most, as `0`, `33.3333`.
pub(in crate::commands) struct Percent(pub(super) f64);

/// Round trips in figures.
#[derive(Debug, Serialize)]
pub(in crate::commands) struct Times {
    /// The shortest.
    #[serde(serialize_with = "to_millis")]
    pub(in crate::commands) min: Duration,
    /// The mean.
    #[serde(serialize_with = "to_millis")]
    pub(in crate::commands) avg: Duration,
    /// The longest.
    #[serde(serialize_with = "to_millis")]
    pub(in crate::commands) max: Duration,
    /// The standard deviation.
    #[serde(serialize_with = "to_millis")]
    pub(in crate::commands) mdev: Duration,
    /// The mean in which the last ones weigh most.
    #[serde(serialize_with = "to_millis")]
    pub(in crate::commands) ewma: Duration,
    /// What half of them did not exceed.
    #[serde(serialize_with = "to_millis")]
    pub(in crate::commands) p50: Duration,
    /// What 90 of 100 did not exceed.
    #[serde(serialize_with = "to_millis")]
    pub(in crate::commands) p90: Duration,
    /// What 99 of 100 did not exceed.
    #[serde(serialize_with = "to_millis")]
    pub(in crate::commands) p99: Duration,
}

/// As a number of milliseconds.
pub(in crate::commands) fn to_millis<S: Serializer>(
    time: &Duration,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    millis(*time).serialize(serializer)
}

pub(super) fn millis(time: Duration) -> f64 {
    // To the nanosecond, without the digits that a binary fraction adds.
    (time.as_secs_f64() * 1e9).round() / 1e6
}

/// A row of bars, the highest for the longest time; `×` stands for no answer.
pub(in crate::commands) fn picture(times: impl Iterator<Item = Option<Duration>>) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let times: Vec<_> = times.collect();
    let longest = times.iter().flatten().max().copied().unwrap_or_default();
    let bar = |time: &Option<Duration>| {
        let Some(time) = time else {
            return '×';
        };
        let steps = (time.as_nanos() * 7).checked_div(longest.as_nanos());
        let index = usize::try_from(steps.unwrap_or(0)).unwrap_or(0);
        BARS.get(index).copied().unwrap_or('█')
    };
    times.iter().map(bar).collect()
}

impl From<Statistics> for Times {
    fn from(figures: Statistics) -> Self {
        let [p50, p90, p99] = figures.percentiles;
        Self {
            min: figures.min,
            avg: figures.avg,
            max: figures.max,
            mdev: figures.mdev,
            ewma: figures.ewma,
            p50,
            p90,
            p99,
        }
    }
}

impl fmt::Display for Trip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_secs_f64() * 1000.0;
        let digits = match millis {
            _ if millis >= 99.95 => 0,
            _ if millis >= 9.995 => 1,
            _ if millis >= 0.9995 => 2,
            _ => 3,
        };
        write!(f, "{millis:.digits$}")
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.0.as_secs_f64() * 1000.0)
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = match self.0 {
            share if share >= 100.0 => 3,
            share if share >= 10.0 => 4,
            share if share >= 1.0 => 5,
            _ => 6,
        };
        let text = format!("{:.digits$}", self.0);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_pings() {
        for (micros, shown) in [
            (0, "0.000"),
            (45, "0.045"),
            (999, "0.999"),
            (1_234, "1.23"),
            (12_345, "12.3"),
            (99_960, "100"),
            (123_456, "123"),
        ] {
            assert_eq!(Trip(Duration::from_micros(micros)).to_string(), shown);
        }
        for (share, shown) in [
            (0.0, "0"),
            (100.0, "100"),
            (100.0 / 3.0, "33.3333"),
            (20.0, "20"),
            (1.5, "1.5"),
            (0.05, "0.05"),
        ] {
            assert_eq!(Percent(share).to_string(), shown);
        }
    }

    #[test]
    fn the_longest_is_the_highest() {
        let millis = |count| Some(Duration::from_millis(count));
        let times = [millis(0), millis(1), None, millis(8), millis(4)];
        assert_eq!(picture(times.into_iter()), "▁▁×█▄");
        assert_eq!(picture([millis(0)].into_iter()), "▁");
        assert_eq!(picture([].into_iter()), "");
    }
}
