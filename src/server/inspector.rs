//! `--inspect`, the I/O half: each request is put together from what its connection heard, answered and called, kept in
//! the ring, and told to whoever watches.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::mem;
use std::os::fd::{AsFd, AsRawFd};
use std::rc::{Rc, Weak};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use nix::sys::eventfd::{EfdFlags, EventFd};

use super::calls::{Calls, Line};
use super::feed::Feed;
use super::service::{Happening, Observer, called};
use crate::engine::StdoutError;
use crate::http::inspect::{Bytes, Cursor, Kept, Record, Ring, curl, may_look, shown};
use crate::http::{Refusal, Request, Status, Target, Version};
use crate::net::{Address, Explain, Socket};

/// How much is kept of what was no request.
const REFUSED: usize = 4096;

/// The calls that are made, for an [`Inspector`] to sort.
#[derive(Clone, Debug, Default)]
pub struct CallLog(Arc<Mutex<Calls>>);

/// What is known of the requests.
pub struct Inspector {
    ring: Ring,
    calls: CallLog,
    /// Where requests are sent once more: `http://127.0.0.1:8082`.
    origin: String,
    /// The name that was listened on.
    own_name: Option<String>,
    /// The connection whose turn it is.
    current: Line,
    /// The bodies of requests that are being answered.
    bodies: BTreeMap<Line, Kept>,
    /// The requests that were answered in this turn.
    done: Vec<(Line, Record)>,
    watchers: Vec<Weak<EventFd>>,
}

/// An observer who hears of requests after the inspector, with everything that is known of them.
pub(super) struct Inspecting {
    pub(super) inspector: Rc<RefCell<Inspector>>,
    pub(super) observer: Box<dyn Observer>,
}

impl CallLog {
    /// A narrator who tells `before` and this log.
    pub fn beside(&self, before: &Explain) -> Explain {
        let calls = Arc::clone(&self.0);
        before.and_to(move |told| {
            let result = told.result.as_ref().ok().copied();
            let mut calls = calls.lock().unwrap_or_else(PoisonError::into_inner);
            calls.take(told.call, &told.arguments, result, told.to_string());
        })
    }

    fn with<T>(&self, look: impl FnOnce(&mut Calls) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Inspector {
    /// One that has seen nothing yet. `run` tells this run from others.
    pub fn new(run: u64, calls: CallLog, origin: String, own_name: Option<String>) -> Self {
        Self {
            ring: Ring::new(run),
            calls,
            origin,
            own_name,
            current: (-1, 0),
            bodies: BTreeMap::new(),
            done: Vec::new(),
            watchers: Vec::new(),
        }
    }

    /// It is the turn of this connection.
    pub(super) fn turn_of(&mut self, socket: &Socket) {
        let number = socket.as_fd().as_raw_fd();
        self.current = self.calls.with(|calls| calls.line(number));
    }

    /// The body of the request that is answered now.
    pub(super) fn body(&mut self, body: Kept) {
        self.bodies.insert(self.current, body);
    }

    /// Whether a client that says this Host may look.
    pub(super) fn admits(&self, host: Option<&[u8]>) -> bool {
        may_look(host.unwrap_or_default(), self.own_name.as_deref())
    }

    /// The next event for a watcher; `None` when he has seen everything.
    pub(super) fn next(&self, cursor: &mut Cursor) -> Option<Arc<[u8]>> {
        self.ring.next(cursor)
    }

    /// Everything that was ready is done: what was answered can be told.
    fn publish(&mut self) -> Vec<Record> {
        let done = mem::take(&mut self.done);
        let records: Vec<Record> = done
            .into_iter()
            .map(|(line, record)| Record {
                calls: self.calls.with(|calls| calls.of(line)),
                ..record
            })
            .collect();
        self.calls.with(Calls::forget_past);
        for record in &records {
            self.ring.push(record);
        }
        if !records.is_empty() {
            self.watchers.retain(|watcher| match watcher.upgrade() {
                // The counter of an eventfd is never full here.
                Some(wake) => wake.write(1).is_ok(),
                None => false,
            });
        }
        records
    }

    /// A request was answered, or what was none refused; `None` as status where it was dropped.
    fn finish(
        &mut self,
        peer: &Address,
        head: &[u8],
        request: Option<&Request<'_>>,
        status: Option<u16>,
        since: Instant,
    ) {
        let body = self.bodies.remove(&self.current);
        let body = body.filter(|body| body.length() > 0);
        let head = match request {
            Some(_) => head,
            None => head.get(..REFUSED).unwrap_or(head),
        };
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = now.unwrap_or_default().as_micros();
        let record = Record {
            at: u64::try_from(now).unwrap_or(u64::MAX),
            peer: called(peer),
            method: request.map(|request| request.method_word.to_owned()),
            target: request.map(|request| request.target_word.to_owned()),
            version: request.map(|request| match request.version {
                Version::Http10 => "HTTP/1.0",
                Version::Http11 => "HTTP/1.1",
            }),
            head: Bytes(head.to_vec()),
            curl: request.and_then(|request| curl(request, body.as_ref(), &self.origin)),
            body,
            status,
            message: status.filter(|_| request.is_none()).and_then(|status| {
                let why = Refusal::of(Status(status), head).why;
                (!why.is_empty()).then_some(why)
            }),
            micros: u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX),
            calls: Vec::new(),
        };
        self.done.push((self.current, record));
    }
}

/// A watcher who had this event last.
pub(super) fn watch(
    inspector: &Rc<RefCell<Inspector>>,
    last: Option<&[u8]>,
    is_chunked: bool,
) -> nix::Result<Feed> {
    let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
    let wake = Rc::new(EventFd::from_flags(flags)?);
    let mut inside = inspector.borrow_mut();
    inside.watchers.push(Rc::downgrade(&wake));
    let cursor = inside.ring.cursor(last);
    Ok(Feed::new(Rc::clone(inspector), cursor, wake, is_chunked))
}

/// Whether a request is for the page itself.
pub(super) fn is_own(request: &Request<'_>) -> bool {
    match request.target {
        Target::Path { path, .. } => shown(path).is_some(),
        _ => false,
    }
}

impl Observer for Inspecting {
    fn notice(&mut self, happening: &Happening<'_>) -> Result<(), StdoutError> {
        let mut inspector = self.inspector.borrow_mut();
        match *happening {
            Happening::Answered { request, .. } | Happening::Finished { request, .. }
                if request.is_some_and(is_own) =>
            {
                // The page's calls are not the next request's.
                let current = inspector.current;
                inspector.calls.with(|calls| calls.of(current));
                return Ok(());
            }
            Happening::Finished {
                peer,
                head,
                request,
                status,
                since,
                ..
            } => inspector.finish(peer, head, request, Some(status.0), since),
            Happening::Dropped {
                peer,
                head,
                request,
                since,
            } => inspector.finish(peer, head, Some(request), None, since),
            _ => {}
        }
        drop(inspector);
        self.observer.notice(happening)
    }

    fn turn_ends(&mut self) -> Result<bool, StdoutError> {
        let records = self.inspector.borrow_mut().publish();
        for record in &records {
            self.observer.recorded(record)?;
        }
        self.observer.turn_ends()
    }

    fn wakes(&self) -> Option<Instant> {
        self.observer.wakes()
    }

    fn ends(&mut self) -> Result<(), StdoutError> {
        self.observer.ends()
    }
}

impl fmt::Debug for Inspector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inspector")
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}
