//! Connecting to a name with several addresses: they race, 250 ms apart, the first to answer wins (RFC 8305).

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::time::{Duration, Instant};

use super::timer::{Expired, Timer};
use crate::net::{Address, CallError, Explain, Family, Socket, poll_writable};

/// How long an attempt runs alone, RFC 8305, section 5: Connection Attempt Delay.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Connects sockets that `open` makes.
pub struct Connector<'a> {
    /// What the targets were resolved from, for errors.
    pub on: String,
    /// Opens and prepares a non-blocking socket for an address.
    pub open: &'a dyn Fn(&Address) -> Result<Socket, CallError>,
    /// How long all of it may take; `None` leaves it to the kernel.
    pub limit: Option<Duration>,
    /// To whom poll(2) is told.
    pub explain: &'a Explain,
}

/// A connection that stands.
#[derive(Debug)]
pub struct Connection {
    /// The socket.
    pub socket: Socket,
    /// Its own address.
    pub local: Address,
    /// The peer's.
    pub peer: Address,
    /// The reset that has come in already; what the peer said before it is still to be read.
    pub reset: Option<CallError>,
}

/// Why no address could be connected to.
#[derive(Debug)]
pub enum ConnectError {
    /// Each address failed; there is at least one.
    Failed(String, Vec<CallError>),
    /// Nobody answered in time; some may have failed before.
    Expired(Expired, Vec<CallError>),
}

struct Attempt {
    socket: Socket,
    to: Address,
}

impl Connector<'_> {
    /// Connect to the first of `targets` that answers; the losers are closed.
    pub fn connect(
        &self,
        targets: Vec<Address>,
        start: Instant,
    ) -> Result<Connection, ConnectError> {
        let deadline = self.limit.and_then(|limit| start.checked_add(limit));
        let mut waiting = interleave(targets);
        let mut racing: Vec<Attempt> = Vec::new();
        let mut failures = Vec::new();
        let mut next_start = start;
        loop {
            let now = Instant::now();
            if let Some((limit, _)) = self.limit.zip(deadline).filter(|(_, at)| *at <= now) {
                let expired = Expired {
                    timer: Timer::Answer,
                    limit,
                    on: format!("connect {}", self.on),
                };
                return Err(ConnectError::Expired(expired, failures));
            }
            if racing.is_empty() || now >= next_start {
                if let Some(to) = waiting.pop_front() {
                    next_start = now + ATTEMPT_DELAY;
                    match self.attempt(to) {
                        Ok((attempt, true)) => match self.arrived(attempt) {
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
            let until = [deadline, (!waiting.is_empty()).then_some(next_start)]
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
                match self.judge(racing.swap_remove(index)) {
                    Ok(connected) => return Ok(connected),
                    Err(failure) => failures.push(failure),
                }
                // RFC 8305, section 5: a failure starts the next attempt at once.
                next_start = now;
            }
        }
    }

    fn attempt(&self, to: Address) -> Result<(Attempt, bool), CallError> {
        let mut socket = (self.open)(&to)?;
        let connected = socket.connect(&to)?;
        Ok((Attempt { socket, to }, connected))
    }

    /// A socket that became writable is connected, or has an error waiting: connect(2), EINPROGRESS.
    fn judge(&self, attempt: Attempt) -> Result<Connection, CallError> {
        match attempt.socket.take_error()? {
            None => self.arrived(attempt),
            // A connection that is refused was never there; one that is reset was.
            Some(cause) if matches!(cause.raw_os_error(), Some(libc::ECONNRESET | libc::EPIPE)) => {
                let reset = CallError::new("recv", &attempt.to, cause);
                let connection = self.arrived(attempt)?;
                Ok(Connection {
                    reset: Some(reset),
                    ..connection
                })
            }
            Some(cause) => Err(CallError::new("connect", &attempt.to, cause)),
        }
    }

    /// On the own host a connect to a port that nobody listens on can meet itself (simultaneous open): that is a no.
    fn arrived(&self, attempt: Attempt) -> Result<Connection, CallError> {
        let Attempt { socket, to: peer } = attempt;
        let local = socket.getsockname()?;
        if local.inet().is_some() && local == peer {
            return Err(CallError::new(
                "connect",
                &peer,
                nix::errno::Errno::ECONNREFUSED,
            ));
        }
        Ok(Connection {
            socket,
            local,
            peer,
            reset: None,
        })
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
