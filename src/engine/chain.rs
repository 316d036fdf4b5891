//! A connection through proxies, one behind the other: each is asked for the next, the last for the target.
//!
//! Only the replies are read. What the other end says behind them is still the kernel's when the connection is handed
//! on, for whoever reads next.

use std::error::Error;
use std::fmt;

use super::attempt::Connection;
use super::backoff::{is_an_attempts, is_temporary};
use super::connector::ConnectError;
use super::timer::{Expired, Timers};
use crate::net::{CallError, Explain, Recv, Send, Socket, poll_readable, poll_writable};
use crate::wire::proxy::{
    Answer, Challenge, Credentials, Handshake, Refusal, Speech, Target, Wanted,
};

/// One proxy on the way.
#[derive(Clone, Debug)]
pub struct Hop {
    /// What events and errors call it, without its password.
    pub name: String,
    /// How it is spoken to.
    pub speech: Speech,
    /// Who asks it; `None` for nobody in particular.
    pub credentials: Option<Credentials>,
    /// What it is asked for: the next address where it cannot have the one before.
    pub targets: Vec<Target>,
}

/// Asks one proxy after the other.
pub struct Chain<'a> {
    /// The proxies, the nearest first.
    pub hops: &'a [Hop],
    /// How long all of it may take.
    pub timers: &'a Timers,
    /// To whom poll(2) is told.
    pub explain: &'a Explain,
    /// New chance for each answer to a challenge.
    pub chance: &'a dyn Fn() -> [u8; 16],
}

/// Why a connection through proxies failed: at which, asked for what, and why.
#[derive(Debug)]
pub struct ChainError {
    place: String,
    cause: Cause,
}

#[derive(Debug)]
enum Cause {
    /// The first proxy is out of reach.
    Connect(ConnectError),
    Call(CallError),
    Expired(Expired),
    Ended,
    Refused(Refusal),
}

/// What was learned of a hop by asking it.
#[derive(Clone, Debug, Default)]
struct Learned {
    target: usize,
    answer: Option<Answer>,
    answers: u8,
}

impl Chain<'_> {
    /// Connect to the first proxy, by `connect`, and have each ask for what is behind it. A proxy that asks who comes,
    /// or cannot have an address, is asked again over a new connection. `report` hears of each that did as asked.
    pub fn lead(
        &self,
        mut connect: impl FnMut() -> Result<Connection, ConnectError>,
        mut report: impl FnMut(usize, &Hop, &Target),
    ) -> Result<Connection, ChainError> {
        let mut learned = vec![Learned::default(); self.hops.len()];
        loop {
            let mut connection = connect().map_err(|error| self.out_of_reach(error))?;
            let failed = match connection.reset.take() {
                Some(reset) => Err((0, Cause::Call(reset))),
                None => self.pass(&connection.socket, &learned),
            };
            let Err((index, cause)) = failed else {
                for (index, (hop, learned)) in self.hops.iter().zip(&learned).enumerate() {
                    let asked = hop.targets.get(learned.target);
                    asked
                        .into_iter()
                        .for_each(|asked| report(index, hop, asked));
                }
                return Ok(connection);
            };
            self.learn(index, cause, &mut learned)?;
        }
    }

    /// Every handshake, in order; the hop that failed, and why.
    fn pass(&self, socket: &Socket, learned: &[Learned]) -> Result<(), (usize, Cause)> {
        for (index, (hop, learned)) in self.hops.iter().zip(learned).enumerate() {
            self.ask(socket, hop, learned)
                .map_err(|cause| (index, cause))?;
        }
        Ok(())
    }

    fn ask(&self, socket: &Socket, hop: &Hop, learned: &Learned) -> Result<(), Cause> {
        let unspeakable = |why| Cause::Refused(Refusal::Nonsense(why));
        let target = hop.targets.get(learned.target).ok_or(Cause::Ended)?;
        let credentials = hop.credentials.as_ref();
        let answer = learned.answer.as_ref();
        let mut handshake =
            Handshake::new(hop.speech, target, credentials, answer).map_err(unspeakable)?;
        let mut buffer = [0; 2048];
        loop {
            self.say(socket, &handshake.to_send())?;
            let (most, is_look) = match handshake.wants() {
                Wanted::Nothing => return Ok(()),
                Wanted::Exactly(count) => (count, false),
                Wanted::UpTo(count) => (count, true),
            };
            let window = most.min(buffer.len());
            let window = buffer.get_mut(..window).unwrap_or_default();
            let heard = self.hear(socket, window, is_look)?;
            let taken = handshake.take(heard).map_err(Cause::Refused)?;
            if is_look {
                let taken = heard.len().min(taken);
                self.hear(socket, window.get_mut(..taken).unwrap_or_default(), false)?;
            }
        }
    }

    fn say(&self, socket: &Socket, mut bytes: &[u8]) -> Result<(), Cause> {
        while !bytes.is_empty() {
            match socket.send(bytes)? {
                Send::Bytes(count) => bytes = bytes.get(count..).unwrap_or_default(),
                Send::WouldBlock => {
                    poll_writable(&[socket], self.rest()?, self.explain)?;
                }
            }
        }
        Ok(())
    }

    /// What the proxy says: at least a byte, and no more than there is room for.
    fn hear<'b>(
        &self,
        socket: &Socket,
        window: &'b mut [u8],
        is_look: bool,
    ) -> Result<&'b [u8], Cause> {
        loop {
            let heard = match is_look {
                true => socket.peek(window)?,
                false => socket.recv(window)?,
            };
            match heard {
                Recv::Bytes(0) => return Err(Cause::Ended),
                Recv::Bytes(count) => return Ok(window.get(..count).unwrap_or_default()),
                Recv::WouldBlock => {
                    poll_readable(socket, self.rest()?, self.explain)?;
                }
            }
        }
    }

    /// How long may still be waited; `None` without limit.
    fn rest(&self) -> Result<Option<std::time::Duration>, Cause> {
        let now = std::time::Instant::now();
        match self.timers.expired(now) {
            Some(expired) => Err(Cause::Expired(expired)),
            None => Ok(self
                .timers
                .next()
                .map(|until| until.saturating_duration_since(now))),
        }
    }

    /// What to do otherwise next time, where that can be told from a failure.
    fn learn(&self, index: usize, cause: Cause, learned: &mut [Learned]) -> Result<(), ChainError> {
        let (Some(hop), Some(known)) = (self.hops.get(index), learned.get_mut(index)) else {
            return Err(self.failed(index, None, cause));
        };
        let asked = hop.targets.get(known.target);
        match cause {
            // Once, and once more for a nonce that was too old.
            Cause::Refused(Refusal::Challenged(challenges)) if known.answers < 2 => {
                known.answers += 1;
                known.answer = Answer::to(&challenges, (self.chance)());
                match known.answer {
                    Some(_) => Ok(()),
                    None => Err(self.failed(index, asked, unanswerable(&challenges))),
                }
            }
            Cause::Refused(Refusal::Said { .. }) if known.target + 1 < hop.targets.len() => {
                known.target += 1;
                Ok(())
            }
            cause => Err(self.failed(index, asked, cause)),
        }
    }

    fn failed(&self, index: usize, asked: Option<&Target>, cause: Cause) -> ChainError {
        let asked = asked.map(|target| format!("connect {target}"));
        ChainError {
            place: format!("{}: {}", self.place(index), asked.unwrap_or_default()),
            cause,
        }
    }

    fn out_of_reach(&self, error: ConnectError) -> ChainError {
        ChainError {
            place: self.place(0),
            cause: Cause::Connect(error),
        }
    }

    fn place(&self, index: usize) -> String {
        let name = self.hops.get(index).map_or("", |hop| &hop.name);
        match self.hops.len() {
            0 | 1 => format!("proxy {name}"),
            count => format!("proxy {} of {count}, {name}", index + 1),
        }
    }
}

/// No scheme that the proxy takes is known.
fn unanswerable(challenges: &[Challenge]) -> Cause {
    let schemes: Vec<&str> = challenges.iter().map(|one| one.scheme.as_str()).collect();
    let words = match schemes.as_slice() {
        [] => "it asks who comes, and does not say how it is to be told".to_owned(),
        schemes => format!(
            "it asks who comes by schemes that are not spoken here: {}",
            schemes.join(", ")
        ),
    };
    Cause::Refused(Refusal::Said {
        words,
        is_temporary: false,
    })
}

impl ChainError {
    /// The failure to reach the first proxy, if that is what it is.
    pub fn connect(&self) -> Option<&ConnectError> {
        match &self.cause {
            Cause::Connect(error) => Some(error),
            _ => None,
        }
    }

    /// The call that failed at a proxy's door, if that is what it is.
    pub fn call(&self) -> Option<&CallError> {
        match &self.cause {
            Cause::Call(error) => Some(error),
            _ => None,
        }
    }

    /// Whether a time limit fired.
    pub fn is_expired(&self) -> bool {
        matches!(self.cause, Cause::Expired(_))
    }

    /// Whether a proxy wants to know who asks, or did not believe it.
    pub fn is_unknown(&self) -> bool {
        matches!(self.cause, Cause::Refused(Refusal::Unknown(_)))
    }

    /// Whether another attempt may end otherwise.
    pub(super) fn is_temporary(&self) -> bool {
        match &self.cause {
            Cause::Connect(error) => super::backoff::is_worth_retrying(error),
            Cause::Call(error) => is_temporary(error),
            Cause::Expired(expired) => is_an_attempts(expired),
            Cause::Ended => true,
            Cause::Refused(refusal) => refusal.is_temporary(),
        }
    }
}

impl From<CallError> for Cause {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl fmt::Display for ChainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        match &self.cause {
            Cause::Connect(error) => error.fmt(f),
            Cause::Call(error) => error.fmt(f),
            Cause::Expired(error) => error.fmt(f),
            Cause::Ended => f.write_str("it ended the connection before it had answered"),
            Cause::Refused(refusal) => refusal.fmt(f),
        }
    }
}

impl Error for ChainError {}
