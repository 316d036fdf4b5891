//! Probes that are connects: a TCP socket for each, closed once it has its answer. Those of a flow have one source port,
//! and go one after the other.

use std::net::SocketAddr;
use std::time::{Instant, SystemTime};

use super::errors::take_errors;
use super::packets::{Sent, set_ttl};
use super::report::AnswerKind;
use super::survey::{Due, Survey};
use super::word::{Which, Word};
use crate::engine::listener::is_shortage;
use crate::engine::ping::Trouble;
use crate::engine::reactor::{Interest, Reactor, Ready};
use crate::net::{Address, CallError, Family, RoundTrip, Socket};

/// As much of a probe as is looked at.
const BUFFER: usize = 2048;

/// Opens and prepares a non-blocking socket, bound to this address where there is one.
type Open = Box<dyn Fn(Option<SocketAddr>) -> Result<Socket, CallError>>;

/// Sends them, and hears what comes back.
pub struct ConnectCarrier {
    target: SocketAddr,
    open: Open,
    /// The address that each flow speaks from, once that is known.
    flows: Vec<Option<SocketAddr>>,
    under_way: Vec<(usize, Socket)>,
    buffer: Vec<u8>,
}

impl ConnectCarrier {
    /// To `target`, by so many flows.
    pub fn new(
        target: SocketAddr,
        flows: usize,
        open: impl Fn(Option<SocketAddr>) -> Result<Socket, CallError> + 'static,
    ) -> Self {
        Self {
            target,
            open: Box::new(open),
            flows: vec![None; flows],
            under_way: Vec::new(),
            buffer: vec![0; BUFFER],
        }
    }

    /// Connect once.
    pub(super) fn send(
        &mut self,
        due: &Due,
        reactor: &Reactor,
        words: &mut Vec<Word>,
    ) -> Result<Sent, CallError> {
        let Some(from) = self.flows.get_mut(due.flow) else {
            return Ok(Sent::Full);
        };
        let to = Address::Inet(self.target);
        let mut socket = match (self.open)(*from) {
            Ok(socket) => socket,
            Err(error) if is_taken(&error) && from.is_some() => {
                *from = None;
                return Ok(Sent::Full);
            }
            Err(error) if is_shortage(&error) => return Ok(Sent::Full),
            Err(error) => return Err(error),
        };
        set_ttl(&socket, to.family(), due.ttl)?;
        let (at, wall) = (Instant::now(), SystemTime::now());
        let token = usize::try_from(due.number).unwrap_or(0);
        match socket.connect(&to) {
            Ok(_) => {
                if from.is_none() {
                    *from = socket.getsockname()?.inet();
                }
                reactor.watch(&socket, token, Interest::WRITE)?;
                self.under_way.push((token, socket));
            }
            Err(error) if error.errno() == libc::ECONNREFUSED => {
                let seen = Some(Instant::now());
                let word = self.word(token, AnswerKind::Closed);
                words.push(Word { seen, ..word });
            }
            Err(error) if is_taken(&error) && from.is_some() => {
                *from = None;
                return Ok(Sent::Full);
            }
            Err(error) => return Err(error),
        }
        Ok(Sent::Away(at, wall))
    }

    /// A socket has something to say, which was there at `seen`: whatever it is, it is the last.
    pub(super) fn hear(
        &mut self,
        ready: Ready,
        seen: Instant,
        words: &mut Vec<Word>,
    ) -> Result<(), CallError> {
        let is_it = |(token, _): &(usize, Socket)| *token == ready.token;
        let Some(place) = self.under_way.iter().position(is_it) else {
            return Ok(());
        };
        let (_, socket) = self.under_way.swap_remove(place);
        let kind = match socket.take_error()? {
            // On the own host a connect can meet itself, where nobody listens.
            None if socket.getsockname()?.inet() == Some(self.target) => AnswerKind::Closed,
            None => AnswerKind::Open,
            Some(cause) if cause.raw_os_error() == Some(libc::ECONNRESET) => AnswerKind::Open,
            Some(cause) => {
                let before = words.len();
                self.errors(&socket, ready.token, words)?;
                if words.len() > before {
                    words.truncate(before + 1);
                    return Ok(());
                }
                match cause.raw_os_error().unwrap_or(0) {
                    libc::ECONNREFUSED => AnswerKind::Closed,
                    errno => AnswerKind::Error(Trouble::Local { errno, mtu: None }),
                }
            }
        };
        let measured = match kind {
            AnswerKind::Open => socket.round_trip().and_then(RoundTrip::measured),
            _ => None,
        };
        words.push(Word {
            seen: Some(seen),
            measured,
            ..self.word(ready.token, kind)
        });
        Ok(())
    }

    /// Close those that nobody waits for any more.
    pub(super) fn tidy(&mut self, survey: &Survey) {
        let waits = |token: usize| survey.waits_for(u64::try_from(token).unwrap_or(0));
        self.under_way.retain(|(token, _)| waits(*token));
    }

    fn errors(
        &mut self,
        socket: &Socket,
        token: usize,
        words: &mut Vec<Word>,
    ) -> Result<(), CallError> {
        let target = self.target;
        let number = u64::try_from(token).unwrap_or(0);
        let which = |_: &[u8]| Some(Which::Number(number));
        take_errors(socket, target, 0, &mut self.buffer, &which, words).map(drop)
    }

    fn word(&self, token: usize, kind: AnswerKind) -> Word {
        let is_targets = !matches!(kind, AnswerKind::Error(_));
        let mut target = self.target;
        target.set_port(0);
        Word {
            which: Which::Number(u64::try_from(token).unwrap_or(0)),
            from: is_targets.then_some(target),
            at: None,
            seen: None,
            measured: None,
            ttl: None,
            labels: Vec::new(),
            kind,
        }
    }
}

/// Whether the source port is another's by now.
fn is_taken(error: &CallError) -> bool {
    matches!(error.errno(), libc::EADDRINUSE | libc::EADDRNOTAVAIL)
}

/// setsockopt(2) for a connect that leaves nothing behind: SO_REUSEADDR, and SO_LINGER of no time, so that it is closed by a
/// reset.
pub fn leave_nothing(socket: &Socket) -> Result<(), CallError> {
    socket.set_int(libc::SOL_SOCKET, libc::SO_REUSEADDR, 1)?;
    let value = [1_i32.to_ne_bytes(), 0_i32.to_ne_bytes()].concat();
    socket.setsockopt(libc::SOL_SOCKET, libc::SO_LINGER, &value, "0 s")
}

/// setsockopt(2): ICMP's errors with what routers add to them, their time of arrival, and how far they had still to go.
pub fn recv_everything(socket: &Socket, family: Family) -> Result<(), CallError> {
    socket.set_int(libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, 1)?;
    let (level, extensions, hops) = match family {
        Family::Inet6 => (
            libc::IPPROTO_IPV6,
            IPV6_RECVERR_RFC4884,
            libc::IPV6_RECVHOPLIMIT,
        ),
        _ => (libc::IPPROTO_IP, IP_RECVERR_RFC4884, libc::IP_RECVTTL),
    };
    socket.set_int(level, hops, 1)?;
    match socket.set_int(level, extensions, 1) {
        // A kernel older than 5.9 does not say where they begin.
        Err(error) if error.errno() == libc::ENOPROTOOPT => Ok(()),
        set => set,
    }
}

/// Of `<linux/in.h>` and `<linux/in6.h>`.
const IP_RECVERR_RFC4884: i32 = 26;
const IPV6_RECVERR_RFC4884: i32 = 31;

impl std::fmt::Debug for ConnectCarrier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConnectCarrier")
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}
