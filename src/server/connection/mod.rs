//! A connection: Reading -> Sending -> Lingering -> Closed, and back to Reading as long as it persists.
//!
//! While it reads and nothing is there it holds no buffer. Whole requests are answered from the worker's buffers,
//! pipelined ones together in one send; only what is incomplete, or was not taken, stays here.

mod hearing;
mod sending;

use std::mem;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use super::admission::Pass;
use super::exchange::Reply;
use super::handed::Stream;
use super::incoming::{CONTINUE, Incoming};
use super::outgoing::Outgoing;
use super::pace::keeps_up;
use super::service::Service;
use super::stopping::ON_ITS_WAY;
use crate::engine::{Interest, StdoutError};
use crate::http::{HEAD_LIMIT, Parsed, Status, Version, parse};
use crate::net::{Address, Recv, Socket};

/// How many bytes a lingering close hears before it gives up.
const DRAIN: usize = 16 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// For a request, or more of one.
    Reading,
    /// For something that an answer needs, or that a body goes to; the request is kept.
    Waiting,
    /// The socket was full.
    Sending,
    /// What is to be sent has not come out of its pipe yet.
    Starved,
    /// Our half is shut; the client's rest is heard out, or its reset would destroy the answer on its way
    /// (RFC 9112, section 9.6).
    Lingering,
    /// To be dropped.
    Closed,
}

/// What a request waits for before it is answered.
#[derive(Debug)]
pub(super) enum Wait {
    /// A descriptor that can be read once it is time to ask again.
    For(OwnedFd),
    /// The same, within another time than a client has.
    Within(OwnedFd, Duration),
    /// So much time.
    Time(Duration),
    /// The sink of its body, until it takes more.
    Sink,
}

/// A client's connection.
#[derive(Debug)]
pub(super) struct Connection {
    stream: Stream,
    peer: Address,
    state: State,
    /// What was heard and not answered: a part of a head, or requests for later.
    heard: Vec<u8>,
    /// The request whose body is on its way.
    incoming: Option<Box<Incoming>>,
    wait: Option<Box<Wait>>,
    /// Whether `heard` may hold whole requests.
    is_behind: bool,
    outgoing: Outgoing,
    /// The answer that is on its way in parts, to be told when it is through.
    reply: Option<Box<Reply>>,
    /// What it gives back when it leaves.
    pass: Pass,
    /// Whether it has asked for anything.
    has_asked: bool,
    /// How many bytes the client had taken, or given, when the window began in which it has to do more.
    moved: u64,
    /// Whether the answer on its way is the last.
    closes: bool,
    /// Whether the client may still be sending when it has its last answer.
    lingers: bool,
    /// Whether the client's end was heard while it waited.
    has_hung_up: bool,
    drained: usize,
    until: Instant,
    watched: Interest,
}

impl Connection {
    /// A client that has not said anything, watched for reading.
    pub(super) fn new(stream: Stream, peer: Address, pass: Pass, until: Instant) -> Self {
        Self {
            stream,
            outgoing: Outgoing::to(&peer),
            peer,
            state: State::Reading,
            heard: Vec::new(),
            incoming: None,
            wait: None,
            is_behind: false,
            reply: None,
            pass,
            has_asked: false,
            moved: 0,
            closes: false,
            lingers: false,
            has_hung_up: false,
            drained: 0,
            until,
            watched: Interest::READ,
        }
    }

    /// The socket, to watch it.
    pub(super) fn socket(&self) -> &Socket {
        self.stream.socket()
    }

    /// When its patience ends.
    pub(super) fn until(&self) -> Instant {
        self.until
    }

    /// Whether it is to be dropped.
    pub(super) fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// What it gives back when it leaves.
    pub(super) fn pass(&self) -> Pass {
        self.pass
    }

    /// Whether it is kept for a next request, and nothing of one is there.
    pub(super) fn is_idle(&self) -> bool {
        self.has_asked && self.is_quiet()
    }

    /// Have it end; it is idle.
    pub(super) fn close(&mut self) {
        self.stream.say_end();
        self.state = State::Closed;
    }

    /// The server stops: one that asks nothing has until `quiet` to ask.
    pub(super) fn hurry(&mut self, quiet: Instant) {
        if self.is_quiet() {
            self.until = self.until.min(quiet);
        }
    }

    fn is_quiet(&self) -> bool {
        self.state == State::Reading && self.heard.is_empty() && self.incoming.is_none()
    }

    /// Whether its answer is ready, and comes at its time.
    pub(super) fn is_delayed(&self) -> bool {
        self.state == State::Waiting && matches!(self.wait.as_deref(), Some(Wait::Time(_)))
    }

    /// What it is to be watched for from now on; `None` when that is what it is watched for.
    pub(super) fn new_interest(&mut self) -> Option<Interest> {
        let interest = match self.state {
            State::Sending => Interest::WRITE,
            State::Waiting if self.overhears() => Interest::READ,
            State::Waiting | State::Starved => Interest::NONE,
            _ if self.stream.wants_write() => Interest::WRITE,
            _ => Interest::READ,
        };
        (mem::replace(&mut self.watched, interest) != interest).then_some(interest)
    }

    /// The descriptor besides the socket that it waits for, once.
    pub(super) fn beside(&mut self) -> Option<(BorrowedFd<'_>, Interest)> {
        match self.state {
            State::Starved => Some((self.outgoing.source()?, Interest::READ)),
            State::Waiting => match self.wait.as_deref()? {
                Wait::For(fd) | Wait::Within(fd, _) => Some((fd.as_fd(), Interest::READ)),
                Wait::Sink => Some((self.incoming.as_mut()?.sink_fd()?, Interest::WRITE)),
                Wait::Time(_) => None,
            },
            _ => None,
        }
    }

    /// Do what can be done without waiting; `gone` when the socket reports its end whatever it is watched for.
    pub(super) fn turn(
        &mut self,
        gone: bool,
        service: &mut Service,
        now: Instant,
    ) -> Result<(), StdoutError> {
        match self.state {
            State::Reading => self.hear(service, now)?,
            State::Sending => self.send_on(service, now)?,
            State::Waiting | State::Starved if gone => self.break_off(service)?,
            State::Waiting if self.overhears() => self.overhear(service)?,
            State::Waiting | State::Starved | State::Closed => {}
            State::Lingering => self.drain(service),
        }
        self.catch_up(service, now)
    }

    /// The descriptor besides the socket is ready.
    pub(super) fn turn_beside(
        &mut self,
        service: &mut Service,
        now: Instant,
    ) -> Result<(), StdoutError> {
        // What is waited for is nobody's any more once its descriptor is closed: not before it was asked for.
        let _waited = match self.state {
            State::Waiting => self.wait.take(),
            _ => None,
        };
        match self.state {
            State::Starved => self.send_on(service, now)?,
            State::Waiting => self.resume(),
            _ => {}
        }
        self.catch_up(service, now)
    }

    /// Its patience has ended: a request that is on its way is refused, everything else ends.
    pub(super) fn expire(
        &mut self,
        service: &mut Service,
        now: Instant,
    ) -> Result<(), StdoutError> {
        if self.is_delayed() {
            self.resume();
            return self.catch_up(service, now);
        }
        if let Some(window) = self.window(service)
            && self.keeps_up(window)
        {
            self.until = now + window;
            return Ok(());
        }
        if let (State::Starved, Some(feed)) = (self.state, self.outgoing.feed()) {
            feed.beat();
            self.send_on(service, now)?;
            self.until = self.until.max(now + service.limits.stall);
            return Ok(());
        }
        let head = match self.incoming.take() {
            Some(incoming) => incoming.into_head(),
            None => mem::take(&mut self.heard),
        };
        if self.state == State::Reading && head.is_empty() {
            self.stream.say_end();
        }
        if self.state != State::Reading || head.is_empty() {
            return self.break_off(service);
        }
        self.refuse(Status::REQUEST_TIMEOUT, &head, service, now)?;
        self.flush(service, now)
    }

    /// Answer the requests that had to wait for the answers before them.
    fn catch_up(&mut self, service: &mut Service, now: Instant) -> Result<(), StdoutError> {
        while self.is_behind && self.state == State::Reading {
            self.answer_heard(service, now)?;
            self.flush(service, now)?;
        }
        // Nothing will wake it for an end that came with the last request.
        if self.state == State::Reading && self.stream.is_ready() {
            self.hear(service, now)?;
        }
        Ok(())
    }

    /// Whether the client is listened to while it waits for what may take long: one that has left is waited for by a
    /// command in vain.
    fn overhears(&self) -> bool {
        let is_long = matches!(self.wait.as_deref(), Some(Wait::Within(..)));
        is_long && !self.has_hung_up && self.heard.len() < HEAD_LIMIT
    }

    /// Hear what comes too early, or the end. Whether a client that has ended its half still listens is told only by
    /// sending something: an interim response means nothing to it (RFC 9110, section 15.2) and is refused by the kernel of
    /// one that is gone.
    fn overhear(&mut self, service: &mut Service) -> Result<(), StdoutError> {
        match self.stream.recv(&mut service.inbound) {
            Ok(Recv::Bytes(0)) => {
                self.has_hung_up = true;
                let may_be_told = match &self.incoming {
                    Some(incoming) => !incoming.is_old(),
                    None => is_new(&self.heard),
                };
                match may_be_told && self.stream.send(CONTINUE, false).is_err() {
                    true => self.break_off(service),
                    false => Ok(()),
                }
            }
            Ok(Recv::Bytes(count)) => {
                let bytes = service.inbound.get(..count).unwrap_or_default();
                self.heard.extend_from_slice(bytes);
                Ok(())
            }
            Ok(Recv::WouldBlock) => Ok(()),
            Err(_) => self.break_off(service),
        }
    }

    /// What was waited for is there: ask again.
    fn resume(&mut self) {
        self.wait = None;
        self.is_behind = true;
        self.state = State::Reading;
    }

    fn drain(&mut self, service: &mut Service) {
        match self.stream.recv(&mut service.inbound) {
            Ok(Recv::Bytes(count)) if count > 0 && self.drained < DRAIN => self.drained += count,
            Ok(Recv::WouldBlock) => {}
            _ => self.state = State::Closed,
        }
    }

    /// The window in which a client has to move its share of what is on its way; `None` where nothing is.
    fn window(&self, service: &Service) -> Option<Duration> {
        match self.state {
            State::Sending => Some(service.limits.stall),
            State::Reading if self.incoming.is_some() => Some(service.limits.body),
            _ => None,
        }
    }

    /// Whether the client has moved its share since the last window. What counts is what it has really taken: the kernel
    /// takes megabytes for it. A local socket does not tell, and has to go on at once.
    fn keeps_up(&mut self, window: Duration) -> bool {
        let Some(moved) = self.stream.socket().moved() else {
            return false;
        };
        let moved = match self.state {
            State::Sending => moved.taken,
            _ => moved.given,
        };
        let share = moved.saturating_sub(mem::replace(&mut self.moved, moved));
        keeps_up(share, window)
    }

    /// How long the next byte may take, or the rest of a request.
    fn be_patient(&mut self, service: &Service, now: Instant) {
        let limits = &service.limits;
        self.until = now
            + match (&self.incoming, self.heard.is_empty()) {
                (Some(_), _) => limits.body,
                (None, false) => limits.head,
                (None, true) if service.is_ending => limits.idle.min(ON_ITS_WAY),
                (None, true) => limits.idle,
            };
    }
}

/// Whether the request that is waiting was made by a client of HTTP/1.1.
fn is_new(heard: &[u8]) -> bool {
    matches!(parse(heard), Parsed::Complete { request, .. } if request.version == Version::Http11)
}
