//! How a server stops: it goes on until what is in flight is answered, for so long at most, and at a second signal not
//! at all. Pure: signals and time come in, what is to be done goes out.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

/// How long a connection that asks nothing is kept while the server stops: a request that is on its way would be lost to
/// a close, and a client repeats only what is safe to repeat (RFC 9112, section 9.3.1). It is a long way round the world.
pub(super) const ON_ITS_WAY: Duration = Duration::from_millis(250);

/// Whether the server serves, or stops.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stopping {
    /// It serves.
    #[default]
    No,
    /// No new client is let in, and each answer is the last of its connection.
    Finishing {
        /// What asked for it.
        signal: Signal,
        /// When it is over, whatever is in flight.
        until: Instant,
    },
    /// It is over.
    Now(Signal),
}

impl Stopping {
    /// A signal has come: the first of a polite kind begins the end, any other is the end.
    pub(super) fn signal(&mut self, signal: Signal, now: Instant, grace: Duration) {
        let is_polite = matches!(signal, Signal::SIGTERM | Signal::SIGINT | Signal::SIGHUP);
        *self = match *self {
            Self::No if is_polite => Self::Finishing {
                signal,
                until: now + grace,
            },
            Self::No | Self::Finishing { .. } => Self::Now(signal),
            Self::Now(first) => Self::Now(first),
        };
    }

    /// Time has passed, and so many connections are open.
    pub(super) fn pass(&mut self, now: Instant, open: usize) {
        if let Self::Finishing { signal, until } = *self
            && (open == 0 || now >= until)
        {
            *self = Self::Now(signal);
        }
    }

    /// With which signal it is over; `None` while it is not.
    pub(super) fn over(&self) -> Option<Signal> {
        match self {
            Self::Now(signal) => Some(*signal),
            _ => None,
        }
    }

    /// Whether it has begun to stop.
    pub(super) fn has_begun(&self) -> bool {
        *self != Self::No
    }

    /// When it is over at the latest; `None` while it serves.
    pub(super) fn until(&self) -> Option<Instant> {
        match *self {
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
        stopping.pass(now, 1);
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
            let (stopping, _) = told(signals);
            assert_eq!(stopping.over(), over, "{signals:?}");
            assert_eq!(stopping.has_begun(), !signals.is_empty());
        }
    }

    #[test]
    fn it_ends_with_the_last_connection_or_with_the_grace() {
        let (mut serving, now) = told(&[]);
        serving.pass(now + GRACE, 0);
        assert_eq!((serving.over(), serving.until()), (None, None));

        let (mut done, now) = told(&[Signal::SIGTERM]);
        assert_eq!(done.until(), Some(now + GRACE));
        done.pass(now, 0);
        assert_eq!(done.over(), Some(Signal::SIGTERM));

        let (mut busy, now) = told(&[Signal::SIGINT]);
        busy.pass(now + GRACE / 2, 1);
        assert_eq!(busy.over(), None);
        busy.pass(now + GRACE, 1);
        assert_eq!(busy.over(), Some(Signal::SIGINT));
        busy.signal(Signal::SIGTERM, now, GRACE);
        assert_eq!(busy.over(), Some(Signal::SIGINT), "the first one told");
    }

    #[test]
    fn without_grace_it_ends_at_once() {
        let (mut hasty, now) = (Stopping::default(), Instant::now());
        hasty.signal(Signal::SIGTERM, now, Duration::ZERO);
        hasty.pass(now, 1);
        assert_eq!(hasty.over(), Some(Signal::SIGTERM));
    }
}
