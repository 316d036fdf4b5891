//! Durations as people write them.

use std::time::Duration;

/// A hundred years. A clock that is asked for much more has no answer, and panics.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// `500ms`, `2s`, `1m`, `1m30s`; a bare number is seconds, with a fraction if need be.
pub fn duration(word: &str) -> Result<Duration, String> {
    let duration = match word.parse::<f64>() {
        Ok(seconds) if seconds >= 0.0 => Duration::try_from_secs_f64(seconds).ok(),
        Ok(_) => return Err("a duration is not negative".to_owned()),
        Err(_) => Some(
            humantime::parse_duration(word)
                .map_err(|_| "a duration is 500ms, 2s or 1m".to_owned())?,
        ),
    };
    duration
        .filter(|duration| *duration <= LONGEST)
        .ok_or_else(|| "a duration is at most 100 years".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        for (word, milliseconds) in [
            ("500ms", 500),
            ("2s", 2000),
            ("1m", 60_000),
            ("3", 3000),
            ("0.5", 500),
        ] {
            assert_eq!(
                duration(word),
                Ok(Duration::from_millis(milliseconds)),
                "{word}"
            );
        }
        for word in ["", "-1", "2x", "nan", "inf", "1e300", "1e10", "101y", "s"] {
            assert!(duration(word).is_err(), "{word}");
        }
    }
}
