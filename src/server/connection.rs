//! A connection: Reading -> Sending -> Lingering -> Closed, and back to Reading as long as it persists.
//!
//! While it reads and nothing is there it holds no buffer. Whole requests are answered from the worker's buffers,
//! pipelined ones together in one send; only what is incomplete, or was not taken, stays here.

use std::mem;
use std::ops::Range;
use std::time::Instant;

use super::outgoing::{Outgoing, Progress};
use super::service::{RECEIVE, Service};
use crate::engine::{Interest, StdoutError};
use crate::http::{BODY_LIMIT, Body, HEAD_LIMIT, LINE_LIMIT, Parsed, Request, Status, parse};
use crate::net::{Address, Recv, Shutdown, Socket};

/// How many bytes of answers are gathered before they are sent.
const ENOUGH: usize = 64 * 1024;
/// How many bytes a lingering close hears before it gives up.
const DRAIN: usize = 16 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// For a request, or more of one.
    Reading,
    /// The socket was full.
    Sending,
    /// Our half is shut; the client's rest is heard out, or its reset would destroy the answer on its way
    /// (RFC 9112, section 9.6).
    Lingering,
    /// To be dropped.
    Closed,
}

/// A client's connection.
#[derive(Debug)]
pub(super) struct Connection {
    socket: Socket,
    peer: Address,
    state: State,
    /// What was heard and not answered: a part of a head, a head whose body is on its way, or requests for later.
    heard: Vec<u8>,
    /// The body behind the head that `heard` begins with.
    body: Option<Body>,
    /// Whether `heard` may hold whole requests.
    is_behind: bool,
    outgoing: Outgoing,
    /// Whether the answer on its way is the last.
    closes: bool,
    /// Whether the client may still be sending when it has its last answer.
    lingers: bool,
    drained: usize,
    until: Instant,
    watched: Interest,
}

impl Connection {
    /// A client that has not said anything, watched for reading.
    pub(super) fn new(socket: Socket, peer: Address, until: Instant) -> Self {
        Self {
            socket,
            peer,
            state: State::Reading,
            heard: Vec::new(),
            body: None,
            is_behind: false,
            outgoing: Outgoing::default(),
            closes: false,
            lingers: false,
            drained: 0,
            until,
            watched: Interest::READ,
        }
    }

    /// The socket, to watch it.
    pub(super) fn socket(&self) -> &Socket {
        &self.socket
    }

    /// When its patience ends.
    pub(super) fn until(&self) -> Instant {
        self.until
    }

    /// Whether it is to be dropped.
    pub(super) fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// What it is to be watched for from now on; `None` when that is what it is watched for.
    pub(super) fn new_interest(&mut self) -> Option<Interest> {
        let interest = match self.state {
            State::Sending => Interest::WRITE,
            _ => Interest::READ,
        };
        (mem::replace(&mut self.watched, interest) != interest).then_some(interest)
    }

    /// Do what can be done without waiting.
    pub(super) fn turn(
        &mut self,
        service: &mut Service<'_>,
        now: Instant,
    ) -> Result<(), StdoutError> {
        match self.state {
            State::Reading => self.hear(service, now)?,
            State::Sending => {
                let progress = self.outgoing.go_on(&self.socket);
                self.after(progress, service, now);
            }
            State::Lingering => self.drain(service),
            State::Closed => {}
        }
        self.catch_up(service, now)
    }

    /// Its patience has ended: a request that is on its way is refused, everything else ends.
    pub(super) fn expire(
        &mut self,
        service: &mut Service<'_>,
        now: Instant,
    ) -> Result<(), StdoutError> {
        if self.state != State::Reading || self.heard.is_empty() {
            self.state = State::Closed;
            return Ok(());
        }
        let heard = mem::take(&mut self.heard);
        self.refuse(Status::REQUEST_TIMEOUT, &heard, service)?;
        self.flush(service, now);
        Ok(())
    }

    /// recv(2) once, into the worker's buffer, or behind what was kept.
    fn hear(&mut self, service: &mut Service<'_>, now: Instant) -> Result<(), StdoutError> {
        let kept = self.heard.len();
        let mut buffer = match kept {
            0 => mem::take(&mut service.inbound),
            _ => mem::take(&mut self.heard),
        };
        buffer.resize(kept + RECEIVE, 0);
        let received = self.socket.recv(buffer.get_mut(kept..).unwrap_or_default());
        let heard = match received {
            Ok(Recv::Bytes(count)) if count > 0 => {
                let bytes = buffer.get(..kept + count).unwrap_or(&buffer);
                let rest = if self.body.is_some() || is_worth_parsing(bytes, kept) {
                    self.answer_all(bytes, service)?
                } else {
                    0..bytes.len()
                };
                bytes.get(rest).unwrap_or_default().to_vec()
            }
            Ok(Recv::Bytes(_)) => {
                self.hear_end(buffer.get(..kept).unwrap_or_default(), service)?;
                Vec::new()
            }
            Ok(Recv::WouldBlock) => buffer.get(..kept).unwrap_or_default().to_vec(),
            Err(_) => {
                self.state = State::Closed;
                Vec::new()
            }
        };
        if kept == 0 {
            service.inbound = buffer;
        }
        let is_new = kept == 0 || !service.outbound.is_empty();
        self.heard = heard;
        if is_new {
            self.be_patient(service, now);
        }
        self.flush(service, now);
        Ok(())
    }

    /// The client's end: nothing more comes, but what it asked for may still be on its way to it.
    fn hear_end(&mut self, heard: &[u8], service: &mut Service<'_>) -> Result<(), StdoutError> {
        self.body = None;
        if heard.is_empty() {
            self.state = State::Closed;
            return Ok(());
        }
        self.refuse(Status::BAD_REQUEST, heard, service)?;
        self.lingers = false;
        Ok(())
    }

    /// Answer every whole request in `bytes`, in order; which part of them is to be kept.
    fn answer_all(
        &mut self,
        bytes: &[u8],
        service: &mut Service<'_>,
    ) -> Result<Range<usize>, StdoutError> {
        let mut at = 0;
        self.is_behind = false;
        while at < bytes.len() && !self.closes {
            if service.outbound.len() >= ENOUGH || !self.outgoing.is_empty() {
                self.is_behind = true;
                break;
            }
            let rest = bytes.get(at..).unwrap_or_default();
            match parse(rest) {
                Parsed::Partial => break,
                Parsed::Refused(status) => self.refuse(status, rest, service)?,
                Parsed::Complete { request, length } => {
                    let (head, behind) = rest.split_at_checked(length).unwrap_or((rest, &[]));
                    match self.answer_one(&request, head, behind, service)? {
                        Some(body) => at += length + body,
                        None => return Ok(at..at + length),
                    }
                }
            }
        }
        if self.closes {
            // Whatever comes behind the last request is not answered.
            self.lingers |= at < bytes.len();
            return Ok(0..0);
        }
        Ok(at..bytes.len())
    }

    /// Answer a request once its body is there; how many bytes `behind` its head that was, `None` when more must come.
    fn answer_one(
        &mut self,
        request: &Request<'_>,
        head: &[u8],
        behind: &[u8],
        service: &mut Service<'_>,
    ) -> Result<Option<usize>, StdoutError> {
        let body = self
            .body
            .take()
            .map_or_else(|| Body::new(request.framing, BODY_LIMIT), Ok);
        let (count, persists) = match body {
            Ok(mut body) if body.is_done() || !request.expects_continue => {
                match body.skip(behind) {
                    Ok(count) if body.is_done() => (count, request.persists),
                    Ok(_) => {
                        self.body = Some(body);
                        return Ok(None);
                    }
                    Err(status) => {
                        self.refuse(status, head, service)?;
                        return Ok(Some(0));
                    }
                }
            }
            // Too long to be heard out, or held back until it is wanted, which it is not.
            _ => {
                self.lingers = true;
                (0, false)
            }
        };
        let answered = service.answer(request, head, persists, &self.peer)?;
        self.closes = !answered.persists;
        self.outgoing.follow_with(answered.transfer);
        Ok(Some(count))
    }

    fn refuse(
        &mut self,
        status: Status,
        heard: &[u8],
        service: &mut Service<'_>,
    ) -> Result<(), StdoutError> {
        self.closes = true;
        self.lingers = true;
        service.refuse(status, heard, &self.peer)
    }

    /// Answer the requests that had to wait for the answers before them.
    fn catch_up(&mut self, service: &mut Service<'_>, now: Instant) -> Result<(), StdoutError> {
        while self.is_behind && self.state == State::Reading {
            let heard = mem::take(&mut self.heard);
            let rest = self.answer_all(&heard, service)?;
            self.heard = heard.get(rest).unwrap_or_default().to_vec();
            self.be_patient(service, now);
            self.flush(service, now);
        }
        Ok(())
    }

    /// Send what was gathered.
    fn flush(&mut self, service: &mut Service<'_>, now: Instant) {
        if service.outbound.is_empty() {
            return;
        }
        let progress = self.outgoing.send(&self.socket, &service.outbound);
        service.outbound.clear();
        self.after(progress, service, now);
    }

    fn after(&mut self, progress: Progress, service: &Service<'_>, now: Instant) {
        match progress {
            Progress::Broken => self.state = State::Closed,
            Progress::Waiting { moved } => {
                if moved || self.state != State::Sending {
                    self.until = now + service.limits.stall;
                }
                self.state = State::Sending;
            }
            Progress::Done if self.closes => self.wind_up(service, now),
            Progress::Done if self.state == State::Sending => {
                self.state = State::Reading;
                self.be_patient(service, now);
            }
            Progress::Done => {}
        }
    }

    /// The last answer is with the kernel.
    fn wind_up(&mut self, service: &Service<'_>, now: Instant) {
        // An answer that took its time may have been overtaken by more requests.
        let may_linger = self.lingers || self.state == State::Sending;
        let can_linger = may_linger && self.socket.shutdown(Shutdown::Write).is_ok();
        self.state = match can_linger {
            true => State::Lingering,
            false => State::Closed,
        };
        self.until = now + service.limits.linger;
    }

    fn drain(&mut self, service: &mut Service<'_>) {
        match self.socket.recv(&mut service.inbound) {
            Ok(Recv::Bytes(count)) if count > 0 && self.drained < DRAIN => self.drained += count,
            Ok(Recv::WouldBlock) => {}
            _ => self.state = State::Closed,
        }
    }

    /// How long the next byte may take, or the rest of a request.
    fn be_patient(&mut self, service: &Service<'_>, now: Instant) {
        self.until = now
            + match self.heard.is_empty() {
                true => service.limits.idle,
                false => service.limits.head,
            };
    }
}

/// Whether the bytes from `known` on can complete a head or spoil it: a client that sends one byte at a time must not
/// have its head read from the start each time.
fn is_worth_parsing(bytes: &[u8], known: usize) -> bool {
    // Two bytes more for an empty line in front.
    let line_is_full = known < LINE_LIMIT + 2 && bytes.len() >= LINE_LIMIT;
    known == 0
        || line_is_full
        || bytes.len() >= HEAD_LIMIT
        || bytes.get(known..).unwrap_or_default().contains(&b'\n')
}
