//! The hearing half of a connection: heads and bodies come in, whole requests are answered in order.

use std::mem;
use std::time::Instant;

use super::super::exchange::{Asking, Outcome, Reply};
use super::super::guard::Admission;
use super::super::handed::News;
use super::super::incoming::{Incoming, Taken};
use super::super::service::{Happening, Service};
use super::{Connection, State};
use crate::engine::StdoutError;
use crate::http::{Framing, HEAD_LIMIT, LINE_LIMIT, Method, Parsed, Request, Status, parse};
use crate::net::Recv;

/// How many bytes of answers are gathered before they are sent.
const ENOUGH: usize = 64 * 1024;

impl Connection {
    /// recv once, into the worker's buffer.
    pub(super) fn hear(&mut self, service: &mut Service, now: Instant) -> Result<(), StdoutError> {
        let mut buffer = mem::take(&mut service.inbound);
        let received = self.stream.recv(&mut buffer);
        let news = self.hear_news(service);
        let heard = match received {
            Ok(Recv::Bytes(0)) => self.hear_end(service, now),
            Ok(Recv::Bytes(count)) => {
                self.take_in(buffer.get(..count).unwrap_or(&buffer), service, now)
            }
            Ok(Recv::WouldBlock) => Ok(()),
            Err(_) => self.break_off(service),
        };
        service.inbound = buffer;
        news?;
        heard?;
        self.flush(service, now)
    }

    /// Take up what was learnt of the client before it said anything.
    fn hear_news(&mut self, service: &mut Service) -> Result<(), StdoutError> {
        match self.stream.line_mut().take_news() {
            None => Ok(()),
            Some(News::Client(client)) => {
                self.peer = client;
                Ok(())
            }
            Some(News::Refused(why)) => {
                let (peer, why) = (&self.peer, why.as_str());
                service
                    .observer
                    .notice(&Happening::TurnedAway { peer, why })
            }
        }
    }

    /// Answer what is whole, keep the rest.
    fn take_in(
        &mut self,
        bytes: &[u8],
        service: &mut Service,
        now: Instant,
    ) -> Result<(), StdoutError> {
        let known = self.heard.len();
        if known == 0 {
            // A body that goes on does not begin anew: its window stays.
            let had_body = self.incoming.is_some();
            let used = self.answer_all(bytes, service, now)?;
            self.heard
                .extend_from_slice(bytes.get(used..).unwrap_or_default());
            if !had_body || self.incoming.is_none() {
                self.be_patient(service, now);
            }
            return Ok(());
        }
        self.heard.extend_from_slice(bytes);
        match is_worth_parsing(&self.heard, known) {
            true => self.answer_heard(service, now),
            false => Ok(()),
        }
    }

    /// The client's end: nothing more comes, but what it asked for may still be on its way to it.
    fn hear_end(&mut self, service: &mut Service, now: Instant) -> Result<(), StdoutError> {
        let head = match self.incoming.take() {
            Some(incoming) => incoming.into_head(),
            None => mem::take(&mut self.heard),
        };
        if head.is_empty() {
            self.stream.say_end();
            self.state = State::Closed;
            return Ok(());
        }
        self.refuse(Status::BAD_REQUEST, &head, service, now)?;
        self.lingers = false;
        Ok(())
    }

    /// Answer the whole requests that were kept.
    pub(super) fn answer_heard(
        &mut self,
        service: &mut Service,
        now: Instant,
    ) -> Result<(), StdoutError> {
        let mut heard = mem::take(&mut self.heard);
        let used = self.answer_all(&heard, service, now)?;
        if used > 0 {
            drop(heard.drain(..used.min(heard.len())));
            self.be_patient(service, now);
        }
        self.heard = match heard.is_empty() {
            true => Vec::new(),
            false => heard,
        };
        Ok(())
    }

    /// Answer every whole request in `bytes`, in order; how many bytes that used.
    fn answer_all(
        &mut self,
        bytes: &[u8],
        service: &mut Service,
        now: Instant,
    ) -> Result<usize, StdoutError> {
        let mut at = 0;
        self.is_behind = false;
        while !self.closes {
            let rest = bytes.get(at..).unwrap_or_default();
            if rest.is_empty() && !self.has_due_body() {
                break;
            }
            if service.outbound.len() >= ENOUGH || !self.outgoing.is_empty() {
                self.is_behind = true;
                break;
            }
            let used = match self.incoming.take() {
                Some(incoming) => self.take_body(incoming, rest, service)?,
                None => match parse(rest) {
                    Parsed::Partial => break,
                    Parsed::Refused(status) => {
                        self.refuse(status, rest, service, now)?;
                        0
                    }
                    Parsed::Complete { request, length } => {
                        let head = rest.get(..length).unwrap_or(rest);
                        self.begin(&request, head, service, now)?
                    }
                },
            };
            at += used;
            if self.wait.is_some() {
                self.is_behind = true;
                break;
            }
        }
        if self.closes {
            // Whatever comes behind the last request is not answered.
            self.lingers |= at < bytes.len();
            at = bytes.len();
        }
        Ok(at)
    }

    /// Answer a request, or take up its body first; how many bytes of it are done with.
    fn begin(
        &mut self,
        request: &Request<'_>,
        head: &[u8],
        service: &mut Service,
        now: Instant,
    ) -> Result<usize, StdoutError> {
        self.has_asked = true;
        if let Some(used) = self.admit(request, head, service, now)? {
            return Ok(used);
        }
        let mut asking = Asking {
            request,
            head,
            persists: request.persists,
            peer: &self.peer,
            since: now,
        };
        match Incoming::begin(&asking, service) {
            None => {}
            Some(Ok(incoming)) => {
                self.incoming = Some(Box::new(incoming));
                return Ok(head.len());
            }
            // It is not wanted, and so it is not heard.
            Some(Err(refused)) => {
                self.lingers = true;
                asking.persists = false;
                if let Some(status) = refused {
                    let reply = service.respond_with(status, &asking)?;
                    self.follow(reply);
                    return Ok(head.len());
                }
            }
        }
        // Who wants a tunnel may have begun to use it.
        self.lingers |= request.method == Method::Connect;
        match service.answer(&asking)? {
            Outcome::Reply(reply) => self.follow(reply),
            Outcome::Wait(wait) => {
                self.wait = Some(Box::new(wait));
                return Ok(0);
            }
            Outcome::Drop => self.closes = true,
        }
        Ok(head.len())
    }

    /// Let a request in (`None`), or turn it away without hearing its body, or have it wait; how many bytes of it are
    /// done with then.
    fn admit(
        &mut self,
        request: &Request<'_>,
        head: &[u8],
        service: &mut Service,
        now: Instant,
    ) -> Result<Option<usize>, StdoutError> {
        let has_body = request.framing != Framing::None;
        let asking = Asking {
            request,
            head,
            persists: request.persists && !has_body,
            peer: &self.peer,
            since: now,
        };
        match service.admit(&asking)? {
            Admission::Welcome => Ok(None),
            Admission::Wait(wait) => {
                self.wait = Some(Box::new(wait));
                Ok(Some(0))
            }
            Admission::Refused(reply) => {
                self.lingers |= has_body;
                self.follow(reply);
                Ok(Some(head.len()))
            }
        }
    }

    /// Take in more of a body, and answer its request once it is whole; how many bytes were its.
    fn take_body(
        &mut self,
        mut incoming: Box<Incoming>,
        bytes: &[u8],
        service: &mut Service,
    ) -> Result<usize, StdoutError> {
        let (count, taken) = incoming.take(bytes, &self.peer, service)?;
        match taken {
            Taken::More => self.incoming = Some(incoming),
            Taken::Wait(wait) => {
                self.incoming = Some(incoming);
                self.wait = Some(Box::new(wait));
            }
            Taken::Answered(reply) => self.follow(reply),
            Taken::Dropped => self.closes = true,
            Taken::Refused(reply) => {
                self.lingers = true;
                self.follow(reply);
            }
        }
        Ok(count)
    }

    /// Whether a body goes on although no more of it is there.
    fn has_due_body(&self) -> bool {
        let incoming = self.incoming.as_ref();
        incoming.is_some_and(|incoming| incoming.is_due())
    }

    /// A reply is in the worker's buffer, or begins there.
    fn follow(&mut self, mut reply: Reply) {
        self.closes |= !reply.persists;
        if !reply.parts.is_empty() {
            self.outgoing.follow_with(mem::take(&mut reply.parts));
            self.reply = Some(Box::new(reply));
        }
    }

    pub(super) fn refuse(
        &mut self,
        status: Status,
        heard: &[u8],
        service: &mut Service,
        now: Instant,
    ) -> Result<(), StdoutError> {
        self.closes = true;
        self.lingers = true;
        service.refuse(status, heard, &self.peer, now)
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
