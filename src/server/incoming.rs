//! A request whose body is on its way: into a sink that wants it, or heard and dropped.

use std::fmt::Debug;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use super::connection::Wait;
use super::exchange::{Asking, Outcome, Reply};
use super::service::Service;
use crate::engine::StdoutError;
use crate::http::{BODY_LIMIT, Body, Parsed, Refusal, Status, Version, parse};
use crate::net::Address;

/// What a client waits for that said `Expect: 100-continue`, RFC 9110, section 15.2.1.
pub(super) const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// Where a body goes to. Dropping it before its end undoes what it did.
pub(super) trait Sink: Debug {
    /// How many bytes the body may have.
    fn limit(&self) -> u64;

    /// What is said to a client whose body has more.
    fn too_large(&self) -> Refusal {
        Status::CONTENT_TOO_LARGE.into()
    }

    /// Take in bytes; none of them when it may go on after a wait.
    fn take(&mut self, bytes: &[u8]) -> Result<(), Refusal>;

    /// What can be written to once it takes more; `None` when it takes more now. That does not change by asking.
    fn waits_for(&mut self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// How long it may have to wait; `None` for as long as a client may.
    fn patience(&self) -> Option<Duration> {
        None
    }

    /// The body is whole: answer. It is asked again after a wait.
    fn finish(
        &mut self,
        asking: &Asking<'_>,
        service: &mut Service,
    ) -> Result<Outcome, StdoutError>;
}

/// The request, and how far its body is.
#[derive(Debug)]
pub(super) struct Incoming {
    head: Vec<u8>,
    body: Body,
    sink: Option<Box<dyn Sink>>,
    /// Whether the sink has to wait before it takes more.
    waits: bool,
    /// Whether it is a request of HTTP/1.0.
    is_old: bool,
    since: Instant,
}

/// What became of the bytes that were taken.
#[derive(Debug)]
pub(super) enum Taken {
    /// More must come.
    More,
    /// It goes on after a wait.
    Wait(Wait),
    /// It was whole, and is answered.
    Answered(Reply),
    /// It is not answered at all.
    Dropped,
    /// It cannot be taken: answered, and not heard any further.
    Refused(Reply),
}

impl Incoming {
    /// Take up the body of a request; `None` when there is none to take up. It may be refused with a status, or not be
    /// worth hearing (no status): the client holds it back, or it is long.
    pub(super) fn begin(
        asking: &Asking<'_>,
        service: &mut Service,
    ) -> Option<Result<Self, Option<Refusal>>> {
        let request = asking.request;
        // What is expected beyond 100-continue is nothing that a sink could fulfil.
        let wanted = match request.expects_more {
            true => Ok(None),
            false => service.sink(asking),
        };
        let sink = match wanted {
            Ok(sink) => sink,
            Err(refused) => return Some(Err(Some(refused))),
        };
        let limit = sink.as_ref().map_or(BODY_LIMIT, |sink| sink.limit());
        let body = match Body::new(request.framing, limit) {
            Ok(body) if body.is_done() && sink.is_none() => return None,
            Ok(body) => body,
            Err(status) => return Some(Err(sink.map(|sink| refusal(&*sink, status)))),
        };
        if request.expects_continue && !body.is_done() {
            if sink.is_none() {
                return Some(Err(None));
            }
            service.outbound.extend_from_slice(CONTINUE);
        }
        Some(Ok(Self {
            head: asking.head.to_vec(),
            body,
            sink,
            waits: false,
            is_old: request.version == Version::Http10,
            since: asking.since,
        }))
    }

    /// The head of the request, for a refusal.
    pub(super) fn into_head(self) -> Vec<u8> {
        self.head
    }

    /// Whether it is a request of HTTP/1.0, which no interim response may answer.
    pub(super) fn is_old(&self) -> bool {
        self.is_old
    }

    /// Whether it goes on although no more bytes are there.
    pub(super) fn is_due(&self) -> bool {
        self.body.is_done() || self.waits
    }

    /// How long the sink may have to wait; `None` for as long as a client may.
    pub(super) fn patience(&self) -> Option<Duration> {
        self.sink.as_ref()?.patience()
    }

    /// What can be written to once the sink takes more.
    pub(super) fn sink_fd(&mut self) -> Option<BorrowedFd<'_>> {
        self.sink.as_mut()?.waits_for()
    }

    /// Take in bytes; how many of them were the body's.
    pub(super) fn take(
        &mut self,
        bytes: &[u8],
        peer: &Address,
        service: &mut Service,
    ) -> Result<(usize, Taken), StdoutError> {
        let (count, refused) = match self.pass_on(bytes) {
            Ok(count) => (count, None),
            Err(refused) => (0, Some(refused)),
        };
        self.waits = self.sink_fd().is_some();
        if self.waits && refused.is_none() {
            return Ok((count, Taken::Wait(Wait::Sink)));
        }
        if refused.is_none() && !self.body.is_done() {
            return Ok((count, Taken::More));
        }
        let Parsed::Complete { request, .. } = parse(&self.head) else {
            // It was complete when it came.
            return Ok((count, Taken::More));
        };
        let asking = Asking {
            request: &request,
            head: &self.head,
            persists: request.persists && refused.is_none(),
            peer,
            since: self.since,
        };
        if let Some(refused) = refused {
            let reply = service.respond_with(refused, &asking)?;
            return Ok((count, Taken::Refused(reply)));
        }
        let outcome = match &mut self.sink {
            Some(sink) => sink.finish(&asking, service)?,
            None => service.answer(&asking)?,
        };
        Ok(match outcome {
            Outcome::Reply(reply) => (count, Taken::Answered(reply)),
            Outcome::Wait(wait) => (count, Taken::Wait(wait)),
            Outcome::Drop => (count, Taken::Dropped),
        })
    }

    /// Hand the content on, unless the sink is still at what it has.
    fn pass_on(&mut self, bytes: &[u8]) -> Result<usize, Refusal> {
        if let (true, Some(sink)) = (self.waits, &mut self.sink) {
            // It gets rid of what it has, or is waited for once more.
            sink.take(&[])?;
            if sink.waits_for().is_some() {
                return Ok(0);
            }
        }
        let mut rest = bytes;
        while !rest.is_empty() && !self.body.is_done() {
            let sink = self.sink.as_deref();
            let decoded = self.body.take(rest).map_err(|status| match sink {
                Some(sink) => refusal(sink, status),
                None => status.into(),
            })?;
            if let Some(sink) = &mut self.sink {
                sink.take(decoded.data)?;
            }
            rest = rest.get(decoded.consumed..).unwrap_or_default();
        }
        Ok(bytes.len() - rest.len())
    }
}

/// What is wrong with a body, as the sink says it that it was meant for.
fn refusal(sink: &dyn Sink, status: Status) -> Refusal {
    match status {
        Status::CONTENT_TOO_LARGE => sink.too_large(),
        status => status.into(),
    }
}
