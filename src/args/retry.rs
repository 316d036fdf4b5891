//! How often something is tried, and how long is waited in between.

use std::time::Duration;

use clap::Args;

use super::duration::duration;
use crate::engine::Backoff;

/// Attempts in a shorter time are a loop that does nothing else.
const SHORTEST: Duration = Duration::from_millis(10);

/// Trying again.
#[derive(Args, Clone, Copy, Debug)]
pub struct RetryArgs {
    /// Try N times more, or forever, where the connection is refused, the way or an answer in time is missing, a name server or proxy is in trouble, or TLS's handshake is broken off
    #[arg(long, value_name = "N|forever", value_parser = retries)]
    retry: Option<Retries>,
    /// Wait D before the second attempt, and up to twice as long before each further one, 10s at most
    #[arg(long, value_name = "D", default_value = "500ms", value_parser = delay, requires = "retry")]
    retry_delay: Duration,
}

/// How many attempts follow the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Retries {
    /// So many.
    Count(u32),
    /// As many as it takes.
    Forever,
}

impl RetryArgs {
    /// Whether one more attempt may follow so many failures.
    pub fn allows(&self, failures: u32) -> bool {
        match self.retry {
            None => false,
            Some(Retries::Count(count)) => failures <= count,
            Some(Retries::Forever) => true,
        }
    }

    /// Whether there may be a second attempt at all.
    pub fn is_asked_for(&self) -> bool {
        self.allows(1)
    }

    /// The pauses between attempts.
    pub fn backoff(&self) -> Backoff {
        Backoff::new(self.retry_delay)
    }
}

fn retries(word: &str) -> Result<Retries, String> {
    if word == "forever" {
        return Ok(Retries::Forever);
    }
    let is_plain = word.bytes().all(|byte| byte.is_ascii_digit());
    let count = word.parse().ok().filter(|_| is_plain).map(Retries::Count);
    count.ok_or_else(|| "how often is a number, or forever".to_owned())
}

fn delay(word: &str) -> Result<Duration, String> {
    let delay = duration(word)?;
    match delay >= SHORTEST {
        true => Ok(delay),
        false => Err("a delay is 10ms at least".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_often() {
        for (word, read) in [
            ("0", Some(Retries::Count(0))),
            ("3", Some(Retries::Count(3))),
            ("forever", Some(Retries::Forever)),
            ("", None),
            ("-1", None),
            ("+1", None),
            ("ever", None),
            ("4294967296", None),
        ] {
            assert_eq!(retries(word).ok(), read, "{word}");
        }
        assert!(delay("0").is_err());
        assert!(delay("9ms").is_err());
        assert!(delay("10ms").is_ok());
        let allowed = |retry| RetryArgs {
            retry,
            retry_delay: SHORTEST,
        };
        assert!(!allowed(None).allows(1));
        assert!(!allowed(Some(Retries::Count(0))).allows(1));
        assert!(allowed(Some(Retries::Count(1))).allows(1));
        assert!(!allowed(Some(Retries::Count(1))).allows(2));
        assert!(allowed(Some(Retries::Forever)).allows(u32::MAX));
    }
}
