//! Connecting to a name with several addresses: they race, 250 ms apart, the first to answer wins (RFC 8305).

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::time::{Duration, Instant};

use super::attempt::{Attempt, Connection, Open};
use super::timer::{Expired, Timers};
use crate::net::{Address, CallError, Explain, Family, Socket, poll_writable};

/// How long an attempt runs alone, RFC 8305, section 5: Connection Attempt Delay.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Connects sockets that `open` makes.
pub struct Connector<'a> {
    /// What the targets were resolved from, for errors.
    pub on: String,
    /// Opens and prepares a non-blocking socket for an address.
    pub open: Open<'a>,
    /// How long all of it may take; without any it is the kernel's to say.
    pub timers: &'a Timers,
    /// To whom poll(2) is told.
    pub explain: &'a Explain,
}

/// Why no address could be connected to.
#[derive(Debug)]
pub enum ConnectError {
    /// Each address failed; there is at least one.
    Failed(String, Vec<CallError>),
    /// Nobody answered in time; some may have failed before.
    Expired(Expired, Vec<CallError>),
}

impl Connector<'_> {
    /// Connect to the first of `targets` that answers; the losers are closed.
    pub fn connect(&self, targets: Vec<Address>) -> Result<Connection, ConnectError> {
        let mut waiting = interleave(targets);
        let mut racing: Vec<Attempt> = Vec::new();
        let mut failures = Vec::new();
        let mut next_start = Instant::now();
        loop {
            let now = Instant::now();
            if let Some(expired) = self.timers.expired(now) {
                let expired = expired.on(format_args!("connect {}", self.on));
                return Err(ConnectError::Expired(expired, failures));
            }
            if racing.is_empty() || now >= next_start {
                if let Some(to) = waiting.pop_front() {
                    next_start = now + ATTEMPT_DELAY;
                    match Attempt::start(self.open, to) {
                        Ok((attempt, true)) => match attempt.arrived() {
                            Ok(connected) => return Ok(connected),
                            Err(failure) => failures.push(failure),
                        },
                        Ok((attempt, false)) => racing.push(attempt),
                        Err(failure) => failures.push(failure),
                    }
                    continue;
                } else if racing.is_empty() {
                    return Err(ConnectError::Failed(self.on.clone(), failures));
                }
            }
            let until = [
                self.timers.next(),
                (!waiting.is_empty()).then_some(next_start),
            ]
            .into_iter()
            .flatten()
            .min();
            let sockets: Vec<&Socket> = racing.iter().map(|attempt| &attempt.socket).collect();
            let ready = poll_writable(
                &sockets,
                until.map(|until| until.saturating_duration_since(now)),
                self.explain,
            );
            let ready = match ready {
                Ok(ready) => ready,
                Err(error) => return Err(ConnectError::Failed(self.on.clone(), vec![error])),
            };
            for index in ready.into_iter().rev() {
                match racing.swap_remove(index).judge() {
                    Ok(connected) => return Ok(connected),
                    Err(failure) => failures.push(failure),
                }
                // RFC 8305, section 5: a failure starts the next attempt at once.
                next_start = now;
            }
        }
    }
}

/// Alternate the families, beginning with the resolver's first choice, RFC 8305, section 4.
fn interleave(targets: Vec<Address>) -> VecDeque<Address> {
    let first: Option<Family> = targets.first().map(Address::family);
    let (preferred, other): (Vec<Address>, Vec<Address>) = targets
        .into_iter()
        .partition(|address| Some(address.family()) == first);
    let (mut preferred, mut other) = (preferred.into_iter(), other.into_iter());
    let mut order = VecDeque::new();
    loop {
        let pair = [preferred.next(), other.next()];
        if pair.iter().all(Option::is_none) {
            return order;
        }
        order.extend(pair.into_iter().flatten());
    }
}

impl ConnectError {
    /// The addresses that failed, each with its reason.
    pub fn failures(&self) -> &[CallError] {
        match self {
            Self::Failed(_, failures) | Self::Expired(_, failures) => failures,
        }
    }

    /// The time limit that fired, if one did.
    pub fn expired(&self) -> Option<&Expired> {
        match self {
            Self::Failed(..) => None,
            Self::Expired(expired, _) => Some(expired),
        }
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (on, failures) = match self {
            Self::Failed(_, failures) if failures.len() == 1 => (String::new(), failures),
            Self::Failed(on, failures) => (format!("connect {on}: every address failed"), failures),
            Self::Expired(expired, failures) => (expired.to_string(), failures),
        };
        f.write_str(&on)?;
        let mut separator = if on.is_empty() { "" } else { "; " };
        for failure in failures {
            write!(f, "{separator}{failure}")?;
            separator = "; ";
        }
        Ok(())
    }
}

impl Error for ConnectError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_alternate() {
        let inet = |text: &str| Address::Inet(text.parse().unwrap());
        let order = interleave(
            ["[::1]:1", "[::2]:1", "[::3]:1", "127.0.0.1:1"]
                .map(inet)
                .to_vec(),
        );
        assert_eq!(
            order,
            ["[::1]:1", "127.0.0.1:1", "[::2]:1", "[::3]:1"].map(inet)
        );
    }
}
