//! How long to wait before the next attempt, and which failures are worth one. Chance is an argument: nothing here
//! draws lots, nothing reads a clock.

use std::error::Error;
use std::time::Duration;

use super::chain::ChainError;
use super::connector::ConnectError;
use super::ending::LoopError;
use super::timer::{Expired, Timer};
use super::tls::TlsFailure;
use crate::net::{CallError, NameError};

/// Pauses that double.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    first: Duration,
}

impl Backoff {
    /// No pause is longer, unless the first one is.
    const LONGEST: Duration = Duration::from_secs(10);

    /// Pauses that begin with `first`.
    pub fn new(first: Duration) -> Self {
        Self { first }
    }

    /// The pause after so many failures, counted from 1. `chance`, from 0 to 1, has many who wait for the same thing
    /// not come at once: it takes up to a half away.
    pub fn pause(self, failures: u32, chance: f64) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        let whole = self.first.saturating_mul(1 << doublings);
        let whole = whole.min(Self::LONGEST.max(self.first));
        let share = 1.0 - 0.5 * chance.clamp(0.0, 1.0);
        Duration::try_from_secs_f64(whole.as_secs_f64() * share).unwrap_or(whole)
    }
}

/// Whether the same attempt may end otherwise in a while: nobody there yet, no way there yet, no answer in time, a name
/// server or a proxy in trouble, a handshake that was broken off. What is forbidden, unknown, not to be trusted or makes
/// no sense stays so.
pub fn is_worth_retrying(error: &(dyn Error + 'static)) -> bool {
    let ended = error.downcast_ref::<LoopError>().and_then(LoopError::cause);
    let error = ended.unwrap_or(error);
    if let Some(call) = error.downcast_ref::<CallError>() {
        is_temporary(call)
    } else if let Some(connect) = error.downcast_ref::<ConnectError>() {
        connect.failures().iter().any(is_temporary) || connect.expired().is_some_and(is_an_attempts)
    } else if let Some(chain) = error.downcast_ref::<ChainError>() {
        chain.is_temporary()
    } else if let Some(name) = error.downcast_ref::<NameError>() {
        name.symbol == "EAI_AGAIN"
    } else {
        error.downcast_ref::<Expired>().is_some_and(is_an_attempts)
    }
}

/// Whether the limit was one attempt's, not the run's.
pub(super) fn is_an_attempts(expired: &Expired) -> bool {
    expired.timer == Timer::Answer
}

pub(super) fn is_temporary(error: &CallError) -> bool {
    if let Some(failure) = TlsFailure::of(error) {
        return failure.is_temporary;
    }
    matches!(
        error.errno(),
        libc::ECONNREFUSED
            | libc::ECONNRESET
            | libc::ECONNABORTED
            | libc::EPIPE
            | libc::EHOSTUNREACH
            | libc::EHOSTDOWN
            | libc::ENETUNREACH
            | libc::ENETDOWN
            | libc::ETIMEDOUT
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_ten_seconds() {
        let backoff = Backoff::new(Duration::from_millis(500));
        let pauses = |chance| -> Vec<u128> {
            let failures = [0, 1, 2, 3, 4, 5, 6, 7, 32, 33, u32::MAX];
            failures
                .map(|failures| backoff.pause(failures, chance).as_millis())
                .to_vec()
        };
        let whole = [
            500, 500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000, 10_000, 10_000,
        ];
        assert_eq!(pauses(0.0), whole);
        assert_eq!(pauses(1.0), whole.map(|pause| pause / 2));
        assert_eq!(pauses(f64::NEG_INFINITY), whole);
        let patient = Backoff::new(Duration::from_secs(60));
        assert_eq!(patient.pause(9, 0.0), Duration::from_secs(60));
        let longest = Backoff::new(Duration::MAX);
        assert_eq!(longest.pause(2, 0.0), Duration::MAX);
    }

    #[test]
    fn what_is_worth_another_attempt() {
        let call =
            |errno: i32| CallError::new("connect", "h", std::io::Error::from_raw_os_error(errno));
        for (errno, expected) in [
            (libc::ECONNREFUSED, true),
            (libc::ENETUNREACH, true),
            (libc::ETIMEDOUT, true),
            (libc::EACCES, false),
            (libc::EADDRNOTAVAIL, false),
            (libc::EMFILE, false),
            (libc::EINVAL, false),
        ] {
            assert_eq!(is_worth_retrying(&call(errno)), expected, "{errno}");
        }
        let cut = TlsFailure::bare("it ended in the handshake");
        let untrusted = cut.clone().on("tls", "h");
        assert!(!is_worth_retrying(&LoopError::from(untrusted)));
        let cut = cut.temporary().on("recv", "h");
        assert!(is_worth_retrying(&LoopError::from(cut)));
        let several = ConnectError::Failed(
            "h".to_owned(),
            vec![call(libc::EAFNOSUPPORT), call(libc::ECONNREFUSED)],
        );
        assert!(is_worth_retrying(&several));
        for (timer, expected) in [(Timer::Answer, true), (Timer::Deadline, false)] {
            let expired = Expired {
                timer,
                limit: Duration::ZERO,
                on: String::new(),
            };
            assert_eq!(is_worth_retrying(&expired), expected);
            let expired = ConnectError::Expired(expired, vec![call(libc::EINVAL)]);
            assert_eq!(is_worth_retrying(&expired), expected);
        }
    }
}
