//! How a server stops: it goes on until what is in flight is answered, for so long at most, and at a second signal not
//! at all. Pure: signals and time come in, what is to be done goes out.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

/// How long a connection that asks nothing is kept, so that a request which is on its way is not lost: a reset would
/// meet it (RFC 9112, section 9.3.1, has clients repeat only what is safe to repeat). As long as a long way round.
const ON_ITS_WAY: Duration = Duration::from_millis(250);

/// Whether the server serves, or stops.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stopping {
    /// It serves.
    #[default]
    No,
    /// No new client is let in, and each answer is the last of its connection.
    Finishing {
        /// What asked for it.
        signal: Signal,
        /// Until when connections that ask nothing are kept.
        quiet: Instant,
        /// When it is over, whatever is in flight.
        until: Instant,
    },
    /// It is over.
    Now(Signal),
}

impl Stopping {
    /// A signal has come: the first of a polite kind begins the end, any other is the end.
    pub fn signal(&mut self, signal: Signal, now: Instant, grace: Duration) {
        let is_polite = matches!(signal, Signal::SIGTERM | Signal::SIGINT | Signal::SIGHUP);
        *self = match *self {
            Self::No if is_polite && !grace.is_zero() => Self::Finishing {
                signal,
                quiet: now + ON_ITS_WAY.min(grace),
                until: now + grace,
            },
            Self::No | Self::Finishing { .. } => Self::Now(signal),
            Self::Now(first) => Self::Now(first),
        };
    }

    /// Time has passed, and `busy` connections are in the middle of something.
    pub fn pass(&mut self, now: Instant, busy: usize) {
        if let Self::Finishing {
            signal,
            quiet,
            until,
        } = *self
            && (now >= until || (now >= quiet && busy == 0))
        {
            *self = Self::Now(signal);
        }
    }

    /// With which signal it is over; `None` while it is not.
    pub fn over(&self) -> Option<Signal> {
        match self {
            Self::Now(signal) => Some(*signal),
            _ => None,
        }
    }

    /// Whether each answer is the last of its connection.
    pub fn is_finishing(&self) -> bool {
        *self != Self::No
    }

    /// When to look again; `None` while nothing depends on the time.
    pub fn next(&self, now: Instant) -> Option<Instant> {
        match *self {
            Self::Finishing { quiet, .. } if now < quiet => Some(quiet),
            Self::Finishing { until, .. } => Some(until),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Duration = Duration::from_secs(10);

    fn told(signals: &[Signal]) -> (Stopping, Instant) {
        let (mut stopping, now) = (Stopping::default(), Instant::now());
        for signal in signals {
            stopping.signal(*signal, now, GRACE);
        }
        (stopping, now)
    }

    #[test]
    fn a_second_signal_stops_at_once() {
        for (signals, over) in [
            (&[][..], None),
            (&[Signal::SIGTERM], None),
            (&[Signal::SIGINT], None),
            (&[Signal::SIGINT, Signal::SIGINT], Some(Signal::SIGINT)),
            (&[Signal::SIGTERM, Signal::SIGINT], Some(Signal::SIGINT)),
            (&[Signal::SIGQUIT], Some(Signal::SIGQUIT)),
            (&[Signal::SIGUSR1, Signal::SIGTERM], Some(Signal::SIGUSR1)),
        ] {
            assert_eq!(told(signals).0.over(), over, "{signals:?}");
        }
        let mut hasty = Stopping::default();
        hasty.signal(Signal::SIGTERM, Instant::now(), Duration::ZERO);
        assert_eq!(hasty.over(), Some(Signal::SIGTERM));
    }

    #[test]
    fn it_ends_with_the_last_answer_or_with_the_grace() {
        let (serving, now) = told(&[]);
        assert!(!serving.is_finishing());
        assert_eq!(serving.next(now), None);

        let (mut idle, now) = told(&[Signal::SIGTERM]);
        assert!(idle.is_finishing());
        idle.pass(now, 0);
        assert_eq!(
            (idle.over(), idle.next(now)),
            (None, Some(now + ON_ITS_WAY))
        );
        idle.pass(now + ON_ITS_WAY, 0);
        assert_eq!(idle.over(), Some(Signal::SIGTERM));

        let (mut busy, now) = told(&[Signal::SIGINT]);
        let later = now + ON_ITS_WAY;
        busy.pass(later, 1);
        assert_eq!((busy.over(), busy.next(later)), (None, Some(now + GRACE)));
        busy.pass(now + GRACE, 1);
        assert_eq!(busy.over(), Some(Signal::SIGINT));
        busy.signal(Signal::SIGTERM, now, GRACE);
        assert_eq!(busy.over(), Some(Signal::SIGINT), "the first one told");
    }
}
