//! One request, answered into the worker's buffer: ask, look, plan, render, report.

use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::time::Instant;

use super::cache::{Kept, Ready};
use super::connection::Wait;
use super::feed::Feed;
use super::outgoing::{Part, Slice};
use super::pipe::{Framed, Pipe, Writer};
use super::service::{Happening, Service};
use super::stored::{SMALL, Stored};
use crate::engine::StdoutError;
use crate::http::{
    Answer, Asked, Boundary, Content, ERROR_PAGE_POLICY, Found, MediaType, Method, Parsed, Piece,
    Plan, Refusal, Request, Role, Status, Target, Version,
};
use crate::http::{
    ask, asks_head, error_page, follow, is_bare_refusal, is_view, literal, parse, plan,
    plan_missing, plan_move, render,
};
use crate::net::Address;

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
#[derive(Debug)]
pub(super) enum Outcome {
    /// An answer.
    Reply(Reply),
    /// It has to be asked again after a wait.
    Wait(Wait),
    /// There is no answer: the connection is to be closed.
    Drop,
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
    /// The head of its request, where parts follow and it is to be told when they are sent.
    head: Vec<u8>,
}

impl Service {
    /// Answer a request.
    pub(super) fn answer(&mut self, asking: &Asking<'_>) -> Result<Outcome, StdoutError> {
        if let Some(reply) = self.show(asking)? {
            return Ok(Outcome::Reply(reply));
        }
        let archive = self.archive_asked(asking);
        if archive.is_none()
            && let Some(reply) = self.answer_again(asking)?
        {
            return Ok(Outcome::Reply(reply));
        }
        let request = asking.request;
        let site = Rc::clone(&self.site);
        self.enter(asking);
        let reply = match ask(request, &site, &mut self.path) {
            Asked::Answer(plan) => self.respond(plan, None, asking)?,
            asked => {
                let folder = self.folder_asked(&asked);
                if let (Some(format), Some(folder)) = (archive, &folder)
                    && let Some(reply) = self.archive(format, folder, asking)?
                {
                    return Ok(Outcome::Reply(reply));
                }
                let located = match asked {
                    Asked::Path => self.locate(asking),
                    _ => self.locate_nothing(),
                };
                if let Some(folder) = folder
                    && located.is_missing()
                    && let Some(outcome) = self.list(&folder, asking)?
                {
                    return Ok(outcome);
                }
                let located = self.encode(located, asking);
                let boundary = match request.is_unconditional() {
                    true => Boundary(0),
                    false => self.boundary(),
                };
                let mut plan = match (&located.found, located.role, &located.moved) {
                    (_, _, Some(name)) => plan_move(request, name),
                    (Found::File(facts), Role::NotFound, _) => plan_missing(facts),
                    (found, ..) => plan(request, &self.path, found, &site, self.now, boundary),
                };
                plan.vary.accept |= site.layout.varies(located.role, &located.found);
                let is_nothing = located.found == Found::Missing && located.moved.is_none();
                let start = self.outbound.len();
                let reply = self.respond(plan, located.content, asking)?;
                if let Some(kept) = located.kept {
                    self.make_ready(&kept, start, &reply, asking);
                } else if is_nothing {
                    self.keep_absent(start, &reply, asking);
                }
                reply
            }
        };
        Ok(Outcome::Reply(reply))
    }

    /// The answer that the last one had who asked for the same.
    fn answer_again(&mut self, asking: &Asking<'_>) -> Result<Option<Reply>, StdoutError> {
        let Some(path) = self.plain_path(asking) else {
            return Ok(None);
        };
        if let Some(absent) = self.cache.find_absent(path, asking.since)
            // A person is shown a page.
            && !is_view(asking.request)
        {
            let sent = absent.sent;
            absent.answer.append(self.date.text(), &mut self.outbound);
            let mut reply = Reply::new(Status::NOT_FOUND, asking.persists, asking.since);
            self.report_answer(&mut reply, sent, asking)?;
            return Ok(Some(reply));
        }
        let kept = self.cache.find(path, asking.since);
        let Some(kept) = kept.and_then(|kept| kept.fit_for(asking.request)) else {
            return Ok(None);
        };
        let Some(ready) = kept.ready() else {
            return Ok(None);
        };
        ready.append(self.date.text(), &mut self.outbound);
        let mut reply = Reply::new(Status::OK, asking.persists, asking.since);
        reply.parts.extend(self.cache.part(&kept));
        self.report_answer(&mut reply, kept.facts.length, asking)?;
        Ok(Some(reply))
    }

    /// The path of a request that asks for all of a file and nothing else.
    fn plain_path<'a>(&self, asking: &Asking<'a>) -> Option<&'a [u8]> {
        let is_plain = asking.persists
            && !self.is_ending
            && asking.request.method == Method::Get
            && asking.request.version == Version::Http11
            && asking.request.is_unconditional()
            && !self.site.varies();
        match asking.request.target {
            Target::Path { path, .. } if is_plain => Some(path.as_bytes()),
            _ => None,
        }
    }

    /// Keep the answer that begins at `start` of the buffer for those who ask for the same.
    fn make_ready(&mut self, kept: &Kept, start: usize, reply: &Reply, asking: &Asking<'_>) {
        let is_known = reply.parts.is_empty() || kept.has_part();
        let is_whole = reply.status == Status::OK && is_known && reply.persists;
        if is_whole && self.plain_path(asking).is_some() {
            let answer = self.outbound.get(start..).unwrap_or_default();
            kept.make_ready(answer, self.date.text());
        }
    }

    /// Keep the answer that begins at `start` of the buffer, where there is nothing, for those who ask for the same: a
    /// path that stands for nothing but itself.
    fn keep_absent(&mut self, start: usize, reply: &Reply, asking: &Asking<'_>) {
        let is_name = !self.path.is_empty() && !self.path.ends_with(b"/");
        let is_known = reply.status == Status::NOT_FOUND && reply.persists;
        let is_known = is_known && self.is_there && !is_view(asking.request);
        if !is_name || !is_known || self.site.layout.has_more() {
            return;
        }
        let (Some(asked), Some(root)) = (self.plain_path(asking), &self.root) else {
            return;
        };
        let answer = self.outbound.get(start..).unwrap_or_default();
        if self.cache.is_wanted(asked)
            && let Some(answer) = Ready::new(answer, self.date.text())
        {
            let sent = Status::NOT_FOUND.line().len() as u64;
            self.cache
                .keep_absent(asked, root, &self.path, answer, sent, asking.since);
        }
    }

    /// Answer with a status that speaks for itself, or with words.
    pub(super) fn respond_with(
        &mut self,
        refused: impl Into<Refusal>,
        asking: &Asking<'_>,
    ) -> Result<Reply, StdoutError> {
        self.respond(refused.into().plan(), None, asking)
    }

    /// Answer as planned, with the content of the file that was found.
    pub(super) fn respond(
        &mut self,
        plan: Plan<'_>,
        content: Option<Stored>,
        asking: &Asking<'_>,
    ) -> Result<Reply, StdoutError> {
        let site = Rc::clone(&self.site);
        let mut plan = plan;
        if !self.is_page(asking.request) {
            site.dress(asking.request, &mut plan);
        }
        let page = self.page_for(&mut plan, asking.request);
        if let Some(page) = &page {
            plan.content = Content::Text(page);
            plan.media_type = MediaType::HTML;
            plan.extra
                .push(("Content-Security-Policy", ERROR_PAGE_POLICY.to_owned()));
        }
        let answer = self.framing(asking);
        render(&plan, answer, self.date.text(), &mut self.outbound);
        let mut reply = Reply::new(plan.status, answer.persists, asking.since);
        let text = match answer.is_head {
            true => 0,
            false => literal(&plan).len() as u64,
        };
        let pieces = follow(plan.content, answer);
        let sent = pieces.iter().map(Piece::length).sum();
        if let Some(content) = content {
            self.append(&content, pieces, sent, &mut reply);
        }
        self.report_answer(&mut reply, text + sent, asking)?;
        Ok(reply)
    }

    /// What a person is shown instead of a line; `None` for everyone else. A page is written once for each status.
    fn page_for(&mut self, plan: &mut Plan<'_>, request: &Request<'_>) -> Option<Rc<str>> {
        // A server of one text says the same to everyone.
        if self.site.text.is_some() || !is_bare_refusal(plan) {
            return None;
        }
        plan.vary.accept = true;
        if !is_view(request) {
            return None;
        }
        let write = || Rc::from(error_page(plan.status, plan.why));
        let page = self.pages.entry(plan.status);
        match plan.why {
            "" => Some(Rc::clone(page.or_insert_with(write))),
            _ => Some(write()),
        }
    }

    /// Answer as planned, with what comes out of a pipe, which must not block.
    pub(super) fn respond_from(
        &mut self,
        plan: Plan<'_>,
        fd: OwnedFd,
        writer: Box<dyn Writer>,
        asking: &Asking<'_>,
    ) -> Result<Reply, StdoutError> {
        let site = Rc::clone(&self.site);
        let mut plan = plan;
        if !self.is_page(asking.request) {
            site.dress(asking.request, &mut plan);
        }
        let answer = self.framing(asking);
        render(&plan, answer, self.date.text(), &mut self.outbound);
        let framed = match answer.is_old {
            true => Framed::UntilClose,
            false => Framed::Chunked,
        };
        let mut reply = Reply::new(plan.status, answer.persists && !answer.is_old, asking.since);
        let pipe = Pipe::new(fd, framed, writer);
        reply.parts.push(Part::Pipe(Box::new(pipe)));
        self.report_answer(&mut reply, 0, asking)?;
        Ok(reply)
    }

    /// Answer as planned, with the stream of requests.
    pub(super) fn respond_feeding(
        &mut self,
        plan: Plan<'_>,
        feed: Feed,
        asking: &Asking<'_>,
    ) -> Result<Reply, StdoutError> {
        let answer = self.framing(asking);
        render(&plan, answer, self.date.text(), &mut self.outbound);
        let mut reply = Reply::new(plan.status, answer.persists && !answer.is_old, asking.since);
        reply.parts.push(Part::Feed(Box::new(feed)));
        self.report_answer(&mut reply, 0, asking)?;
        Ok(reply)
    }

    /// Do not answer a request at all: its connection is closed.
    pub(super) fn drop_request(&mut self, asking: &Asking<'_>) -> Result<Outcome, StdoutError> {
        self.observer.notice(&Happening::Dropped {
            peer: asking.peer,
            head: asking.head,
            request: asking.request,
            since: asking.since,
        })?;
        Ok(Outcome::Drop)
    }

    fn framing(&self, asking: &Asking<'_>) -> Answer {
        Answer {
            is_head: asking.request.method == Method::Head,
            persists: asking.persists && !self.is_ending,
            is_old: asking.request.version == Version::Http10,
        }
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
            is_head: asks_head(head),
            persists: false,
            is_old: false,
        };
        let plan = Refusal::of(status, head).plan();
        render(&plan, answer, self.date.text(), &mut self.outbound);
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
            sent: literal(&plan).len() as u64,
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
        if reply.head.is_empty() {
            return Ok(());
        }
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

    /// The pieces of a file: few bytes at once. One that is shorter than its head says can only be cut off.
    fn append(&mut self, content: &Stored, pieces: Vec<Piece>, length: u64, reply: &mut Reply) {
        // Once one piece waits for its turn, so do all behind it.
        let is_long = length > SMALL && matches!(content, Stored::File(_));
        for piece in pieces {
            match (piece, content) {
                (Piece::File(span), Stored::File(file)) if is_long => {
                    reply.parts.push(Part::File(Slice {
                        file: Rc::clone(file),
                        offset: span.first,
                        left: span.length,
                        held: None,
                    }));
                }
                (Piece::File(span), content) => {
                    reply.persists &= content.append(span, &mut self.outbound);
                }
                (Piece::Bytes(bytes), _) if is_long => {
                    reply.parts.push(Part::Bytes(bytes));
                }
                (Piece::Bytes(bytes), _) => self.outbound.extend_from_slice(&bytes),
            }
        }
    }

    fn report_answer(
        &mut self,
        reply: &mut Reply,
        sent: u64,
        asking: &Asking<'_>,
    ) -> Result<(), StdoutError> {
        if !self.hears_requests {
            return Ok(());
        }
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
            if self.observer.hears_ends() {
                reply.head = head.to_vec();
            }
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

impl Reply {
    fn new(status: Status, persists: bool, since: Instant) -> Self {
        Self {
            persists,
            parts: Vec::new(),
            status,
            since,
            head: Vec::new(),
        }
    }
}
