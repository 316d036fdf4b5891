//! One request, answered into the worker's buffer: ask, look, plan, render, report.

use std::fs::File;
use std::rc::Rc;
use std::time::Instant;

use super::connection::Wait;
use super::files::append;
use super::outgoing::{Part, Slice};
use super::service::{Happening, Service};
use crate::engine::StdoutError;
use crate::http::{Answer, Asked, Content, Found, Method, Parsed, Plan, Request, Status, Version};
use crate::http::{ask, parse, plan, render};
use crate::net::Address;

/// Files up to this many bytes leave with their head in one send; larger ones are sent by the kernel.
const SMALL: u64 = 64 * 1024;

/// A request that is to be answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asking<'a> {
    pub(super) request: &'a Request<'a>,
    /// Its head as it came, with its blank line.
    pub(super) head: &'a [u8],
    /// Whether the connection may go on.
    pub(super) persists: bool,
    /// Who asks.
    pub(super) peer: &'a Address,
    /// When its head was there.
    pub(super) since: Instant,
}

/// What comes of asking.
#[expect(dead_code, reason = "the features that come next use it")]
#[derive(Debug)]
pub(super) enum Outcome {
    /// An answer.
    Reply(Reply),
    /// It has to be asked again after a wait.
    Wait(Wait),
}

/// An answer: its head is in the worker's buffer, and perhaps all of it.
#[derive(Debug)]
pub(super) struct Reply {
    /// Whether the connection goes on.
    pub(super) persists: bool,
    /// What follows the bytes in the buffer.
    pub(super) parts: Vec<Part>,
    status: Status,
    since: Instant,
    /// The head of its request, where parts follow; it is told once they are sent.
    head: Vec<u8>,
}

impl Service {
    /// Answer a request.
    pub(super) fn answer(&mut self, asking: &Asking<'_>) -> Result<Outcome, StdoutError> {
        let request = asking.request;
        let site = Rc::clone(&self.site);
        let mut file = None;
        let plan = match ask(request, &site, &mut self.path) {
            Asked::Answer(plan) => plan,
            Asked::Path => {
                let found;
                (found, file) = match &self.root {
                    Some(root) => root.find(&mut self.path),
                    None => (Found::Missing, None),
                };
                plan(request, &self.path, found, self.now)
            }
        };
        self.respond(&plan, file.map(Rc::new), asking)
            .map(Outcome::Reply)
    }

    /// Answer with a status that speaks for itself.
    pub(super) fn respond_with(
        &mut self,
        status: Status,
        asking: &Asking<'_>,
    ) -> Result<Reply, StdoutError> {
        self.respond(&Plan::status(status), None, asking)
    }

    /// Answer as planned, from the file that was found.
    pub(super) fn respond(
        &mut self,
        plan: &Plan<'_>,
        file: Option<Rc<File>>,
        asking: &Asking<'_>,
    ) -> Result<Reply, StdoutError> {
        let answer = Answer {
            is_head: asking.request.method == Method::Head,
            persists: asking.persists && !self.is_ending,
            says_keep_alive: asking.request.version == Version::Http10,
        };
        render(plan, answer, self.date.at(self.now), &mut self.outbound);
        let mut reply = Reply {
            persists: answer.persists,
            parts: Vec::new(),
            status: plan.status,
            since: asking.since,
            head: Vec::new(),
        };
        let mut sent = 0;
        if let (false, Content::File(length), Some(file)) = (answer.is_head, plan.content, file) {
            sent = length;
            self.append_file(file, length, &mut reply);
        }
        self.report_answer(&mut reply, sent, asking)?;
        Ok(reply)
    }

    /// Answer what is no request, or came too late; the connection is to be closed.
    pub(super) fn refuse(
        &mut self,
        status: Status,
        head: &[u8],
        peer: &Address,
        since: Instant,
    ) -> Result<(), StdoutError> {
        let answer = Answer {
            is_head: false,
            persists: false,
            says_keep_alive: false,
        };
        let plan = Plan::status(status);
        render(&plan, answer, self.date.at(self.now), &mut self.outbound);
        self.observer.notice(&Happening::Answered {
            peer,
            head,
            request: None,
            status,
        })?;
        self.observer.notice(&Happening::Finished {
            peer,
            head,
            request: None,
            status,
            sent: status.line().len() as u64,
            since,
        })
    }

    /// An answer whose parts were on their way is through, or was broken off after `sent` bytes of content.
    pub(super) fn finish(
        &mut self,
        reply: &Reply,
        sent: u64,
        peer: &Address,
    ) -> Result<(), StdoutError> {
        let parsed = parse(&reply.head);
        let request = match &parsed {
            Parsed::Complete { request, .. } => Some(request),
            _ => None,
        };
        self.observer.notice(&Happening::Finished {
            peer,
            head: &reply.head,
            request,
            status: reply.status,
            sent,
            since: reply.since,
        })
    }

    /// The content of a file: a small one at once. One that is shorter than its head says can only be cut off.
    fn append_file(&mut self, file: Rc<File>, length: u64, reply: &mut Reply) {
        match usize::try_from(length) {
            Ok(size) if length <= SMALL => {
                reply.persists &= append(&file, size, &mut self.outbound);
            }
            _ => reply.parts.push(Part::File(Slice {
                file,
                offset: 0,
                left: length,
            })),
        }
    }

    fn report_answer(
        &mut self,
        reply: &mut Reply,
        sent: u64,
        asking: &Asking<'_>,
    ) -> Result<(), StdoutError> {
        let Asking {
            request,
            head,
            peer,
            since,
            ..
        } = *asking;
        let (request, status) = (Some(request), reply.status);
        self.observer.notice(&Happening::Answered {
            peer,
            head,
            request,
            status,
        })?;
        if !reply.parts.is_empty() {
            reply.head = head.to_vec();
            return Ok(());
        }
        self.observer.notice(&Happening::Finished {
            peer,
            head,
            request,
            status,
            sent,
            since,
        })
    }
}
