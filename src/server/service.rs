//! What the connections of a worker share: what is served, the limits, and the buffers that none of them needs for long.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::admission::Crowded;
use super::archive::Archives;
use super::cache::Cache;
use super::deputy::Keeper;
use super::exchange::Asking;
use super::files::Root;
use super::gate::{Gate, reload};
use super::guard::Guard;
use super::home::Home;
use super::incoming::Sink;
use super::inspector::Inspector;
use super::listings::Listings;
use super::shape::Shape;
use crate::engine::StdoutError;
use crate::http::inspect::Record;
use crate::http::{Boundary, DateLine, Method, Refusal, Request, Site, Status, folder_of_host};
use crate::net::{Address, CallError, UnixName};

/// How long what is served is taken for what stands at its name.
const SEEN: Duration = Duration::from_millis(1);

/// How many bytes one recv takes.
const RECEIVE: usize = 64 * 1024;

/// How long a client may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From the first byte of a head to its last.
    pub head: Duration,
    /// A window in which a client must give its share of a body, at the minimum rate.
    pub body: Duration,
    /// Between two requests of a connection.
    pub idle: Duration,
    /// A window in which a client must take its share of an answer, at the minimum rate.
    pub stall: Duration,
    /// To hear the end of an answer that closes the connection.
    pub linger: Duration,
}

/// Something that the one who serves may want to know.
#[derive(Debug)]
pub enum Happening<'a> {
    /// A request is being answered, or what was no request refused.
    Answered {
        /// Who asked.
        peer: &'a Address,
        /// The head as it came, with its blank line; what there was of it when it was refused.
        head: &'a [u8],
        /// What it asks for; `None` when it was refused.
        request: Option<&'a Request<'a>>,
        /// With which status.
        status: Status,
    },
    /// The answer is with the kernel, or was broken off.
    Finished {
        /// Who asked.
        peer: &'a Address,
        /// The head as it came, with its blank line; what there was of it when it was refused.
        head: &'a [u8],
        /// What it asks for; `None` when it was refused.
        request: Option<&'a Request<'a>>,
        /// With which status.
        status: Status,
        /// How many bytes of content were sent.
        sent: u64,
        /// When the request was there.
        since: Instant,
    },
    /// A request was not answered, on purpose: its connection is closed.
    Dropped {
        /// Who asked.
        peer: &'a Address,
        /// The head as it came, with its blank line.
        head: &'a [u8],
        /// What it asks for.
        request: &'a Request<'a>,
        /// When it was there.
        since: Instant,
    },
    /// A client is not served: it speaks no TLS, or comes without a proxy's header.
    TurnedAway {
        /// Who it is.
        peer: &'a Address,
        /// Why.
        why: &'a str,
    },
    /// Something that is not about one client, in words: a certificate was read again, a directory replaced.
    News(&'a str),
    /// The same, for those who want to know everything.
    Detail(&'a str),
    /// No descriptor is left for new connections.
    Exhausted(&'a CallError),
    /// There is no place for a client.
    Crowded(Crowded),
}

/// Whether a client has an address: a local socket has none unless it was bound.
pub fn has_name(peer: &Address) -> bool {
    !matches!(peer, Address::Unix(UnixName::Unnamed))
}

/// A client's address in one word, as it would be typed; `None` for one that has none.
pub fn called(peer: &Address) -> Option<String> {
    has_name(peer).then(|| peer.clone().unmapped().to_string())
}

/// Who is told what happens; what fails there ends the server. Each worker has one of its own.
pub trait Observer {
    /// Something happened.
    fn notice(&mut self, happening: &Happening<'_>) -> Result<(), StdoutError>;

    /// Whether it wants to hear of requests: [`Happening::Answered`], [`Happening::Finished`], [`Happening::Dropped`].
    fn hears_requests(&self) -> bool {
        true
    }

    /// Whether it wants to hear of [`Happening::Finished`] where that comes later than [`Happening::Answered`].
    fn hears_ends(&self) -> bool {
        true
    }

    /// A request was put together with everything that is known of it, where that was asked for.
    fn recorded(&mut self, _: &Record) -> Result<(), StdoutError> {
        Ok(())
    }

    /// Everything that was ready is done; `false` while something is left that stdout has not taken.
    fn turn_ends(&mut self) -> Result<bool, StdoutError> {
        Ok(true)
    }

    /// When it wants the end of a turn, though nothing may be ready; `None` when it wants none.
    fn wakes(&self) -> Option<Instant> {
        None
    }

    /// It is over: what was kept back is to leave now.
    fn ends(&mut self) -> Result<(), StdoutError> {
        Ok(())
    }
}

/// What the connections of a worker share.
pub struct Service {
    pub(super) site: Rc<Site>,
    /// Where the files of a request are; of its host, where each has a folder of its own.
    pub(super) root: Option<Arc<Root>>,
    /// Where the folders of the hosts are.
    hosts: Option<Arc<Root>>,
    /// The name of the one or the other.
    home: Option<Arc<Home>>,
    /// When it was last looked what stands there.
    looked: Option<Instant>,
    /// Whether its name leads to what is served: what is not there then may be there the next moment.
    pub(super) is_there: bool,
    /// Who lets clients in; `None` for everyone.
    pub(super) guard: Option<Arc<Guard>>,
    /// Who reads files again that the workers may not; `None` where they may.
    keeper: Option<Arc<Keeper>>,
    pub(super) limits: Limits,
    pub(super) gate: Gate,
    pub(super) observer: Box<dyn Observer>,
    /// What [`Observer::hears_requests`] says of it.
    pub(super) hears_requests: bool,
    /// What is being listed.
    pub(super) listings: Listings,
    /// What is being packed, here and elsewhere.
    pub(super) archives: Archives,
    /// Whether every answer is to be the last of its connection.
    pub(super) is_ending: bool,
    pub(super) date: DateLine,
    pub(super) now: SystemTime,
    pub(super) inbound: Vec<u8>,
    pub(super) outbound: Vec<u8>,
    pub(super) path: Vec<u8>,
    pub(super) cache: Cache,
    /// How answers are shaped; `None` where they are the site's.
    pub(super) shape: Option<RefCell<Shape>>,
    /// Who shows what is asked; `None` where nobody wants to see it.
    pub(super) inspector: Option<Rc<RefCell<Inspector>>>,
    /// What people are shown with a status, once it was asked for.
    pub(super) pages: HashMap<Status, Rc<str>>,
    seed: RandomState,
    boundaries: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(30),
            body: Duration::from_secs(30),
            idle: Duration::from_secs(60),
            stall: Duration::from_secs(30),
            linger: Duration::from_secs(5),
        }
    }
}

impl Service {
    /// Serve a site, with the files of `home` where it has any.
    pub fn new(
        site: Site,
        home: Option<Arc<Home>>,
        limits: Limits,
        observer: Box<dyn Observer>,
    ) -> Self {
        let has_hosts = site.layout.vhosts;
        let root = home.as_ref().map(|home| home.root());
        Self {
            site: Rc::new(site),
            cache: Cache::new(root.is_some()),
            shape: None,
            inspector: None,
            hosts: root.clone().filter(|_| has_hosts),
            root: root.filter(|_| !has_hosts),
            home,
            looked: None,
            is_there: true,
            guard: None,
            keeper: None,
            limits,
            gate: Gate::default(),
            hears_requests: observer.hears_requests(),
            observer,
            listings: Listings::default(),
            archives: Archives::default(),
            is_ending: false,
            date: DateLine::default(),
            now: SystemTime::UNIX_EPOCH,
            inbound: vec![0; RECEIVE],
            outbound: Vec::new(),
            path: Vec::new(),
            pages: HashMap::new(),
            seed: RandomState::new(),
            boundaries: 0,
        }
    }

    /// Have clients come through a gate.
    #[must_use]
    pub fn behind(self, gate: Gate) -> Self {
        Self { gate, ..self }
    }

    /// Let in only those whom `guard` knows.
    #[must_use]
    pub fn guarded(self, guard: Option<Arc<Guard>>) -> Self {
        Self { guard, ..self }
    }

    /// Have `keeper` read what the workers may not.
    #[must_use]
    pub fn kept_by(self, keeper: Option<Arc<Keeper>>) -> Self {
        Self { keeper, ..self }
    }

    /// One of so many workers answers with it.
    pub(super) fn among(mut self, workers: usize) -> Self {
        self.cache.share(workers);
        self
    }

    /// Read certificate and users again, for all workers; what came of it, nothing where neither is from a file.
    pub(super) fn reload(&self) -> Vec<String> {
        let (tls, guard) = (self.gate.tls(), self.guard.clone());
        let read = move || {
            let certificate = tls.as_ref().and_then(reload);
            let users = guard.and_then(|guard| guard.reload());
            certificate.into_iter().chain(users).collect()
        };
        match &self.keeper {
            None => read(),
            Some(keeper) => keeper.run(read).unwrap_or_default(),
        }
    }

    /// Go to the files that are asked for: those that stand there now, and those of the host that is asked where each
    /// has a folder of its own.
    pub(super) fn enter(&mut self, asking: &Asking<'_>) {
        self.look(asking.since);
        let request = asking.request;
        if let Some(hosts) = &self.hosts {
            let host = request.host().unwrap_or_default();
            let folder = folder_of_host(host.as_bytes());
            let root = folder.and_then(|folder| hosts.enclosed(&folder).ok());
            self.root = root.map(Arc::new);
        }
    }

    /// See, once in a while, whether the directory was replaced.
    fn look(&mut self, now: Instant) {
        let held = self.hosts.as_ref().or(self.root.as_ref());
        let (Some(home), Some(held)) = (&self.home, held) else {
            return;
        };
        if self.looked.is_some_and(|looked| now < looked + SEEN) {
            return;
        }
        self.looked = Some(now);
        let look = home.look(held);
        self.is_there = look.is_there;
        if let Some(root) = look.root {
            self.cache.clear();
            match self.hosts {
                Some(_) => self.hosts = Some(root),
                None => self.root = Some(root),
            }
        }
        if let Some(news) = look.news {
            // Nobody can be told that the telling failed; the server meets the same error with its next event.
            let _ = self.observer.notice(&Happening::News(&news));
        }
    }

    /// So late it is `at` the turn that begins `now`, for everything that is answered until the second is over: dates
    /// have no smaller part. When that is.
    pub(super) fn second_begins(&mut self, at: SystemTime, now: Instant) -> Instant {
        self.now = at;
        self.date.set(at);
        let since = at.duration_since(SystemTime::UNIX_EPOCH);
        let past = since.map_or(0, |since| since.subsec_nanos());
        now + (Duration::from_secs(1) - Duration::from_nanos(past.into()))
    }

    /// A boundary that nobody could know.
    pub(super) fn boundary(&mut self) -> Boundary {
        self.boundaries += 1;
        Boundary(self.seed.hash_one(self.boundaries))
    }

    /// Count the archives that are being packed together with others.
    pub fn packing_with(self, archives: Archives) -> Self {
        Self { archives, ..self }
    }

    /// Where the body of a request is to go; `None` where nobody wants it.
    pub(super) fn sink(&mut self, asking: &Asking<'_>) -> Result<Option<Box<dyn Sink>>, Refusal> {
        if self.is_page(asking.request) {
            return Ok(None);
        }
        if let Some(upload) = self.receive(asking)? {
            return Ok(Some(Box::new(upload)));
        }
        match &self.shape {
            Some(shape) if asking.request.method != Method::Connect => {
                Ok(Some(shape.borrow_mut().sink(asking)?))
            }
            _ => Ok(None),
        }
    }
}
