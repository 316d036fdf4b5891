//! What the connections of a worker share: what is served, the limits, and the buffers that none of them needs for long.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, SystemTime};

use super::files::Root;
use crate::engine::StdoutError;
use crate::http::{Boundary, DateLine, Request, Site, Status};
use crate::net::{Address, CallError};

/// How many bytes one recv takes.
pub(super) const RECEIVE: usize = 64 * 1024;

/// How long a client may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From the first byte of a request to its last.
    pub head: Duration,
    /// Between two requests of a connection.
    pub idle: Duration,
    /// Without taking a byte of the answer.
    pub stall: Duration,
    /// To hear the end of an answer that closes the connection.
    pub linger: Duration,
}

/// Something that the one who serves may want to know.
#[derive(Debug)]
pub enum Happening<'a> {
    /// A request was answered, or what was no request refused.
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
    /// No descriptor is left for a new connection; it is tried again in a while.
    Exhausted(&'a CallError),
}

/// To whom it is told; what fails there ends the server.
pub type Report<'a> = dyn FnMut(&Happening<'_>) -> Result<(), StdoutError> + 'a;

/// What the connections share.
pub struct Service<'a> {
    pub(super) site: Site,
    pub(super) root: Option<Root>,
    pub(super) limits: Limits,
    pub(super) report: &'a mut Report<'a>,
    pub(super) date: DateLine,
    pub(super) now: SystemTime,
    pub(super) inbound: Vec<u8>,
    pub(super) outbound: Vec<u8>,
    pub(super) path: Vec<u8>,
    seed: RandomState,
    boundaries: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(30),
            idle: Duration::from_secs(60),
            stall: Duration::from_secs(30),
            linger: Duration::from_secs(5),
        }
    }
}

impl<'a> Service<'a> {
    /// Serve a text to every path.
    pub fn text(text: String, limits: Limits, report: &'a mut Report<'a>) -> Self {
        let site = Site {
            text: Some(text),
            ..Site::default()
        };
        Self::new(site, None, limits, report)
    }

    /// Serve the files of a directory.
    pub fn files(root: Root, limits: Limits, report: &'a mut Report<'a>) -> Self {
        Self::new(Site::default(), Some(root), limits, report)
    }

    /// A boundary that nobody could know.
    pub(super) fn boundary(&mut self) -> Boundary {
        self.boundaries += 1;
        Boundary(self.seed.hash_one(self.boundaries))
    }

    fn new(site: Site, root: Option<Root>, limits: Limits, report: &'a mut Report<'a>) -> Self {
        Self {
            site,
            root,
            limits,
            report,
            date: DateLine::default(),
            now: SystemTime::UNIX_EPOCH,
            inbound: vec![0; RECEIVE],
            outbound: Vec::new(),
            path: Vec::new(),
            seed: RandomState::new(),
            boundaries: 0,
        }
    }
}
