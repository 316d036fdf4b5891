//! What passes through connections, shown in plain text to whoever asked for it.

use std::fmt;
use std::rc::Rc;

use super::ledger::Ledger;
use super::reactor::{Interest, Reactor};
use super::watch::Watch;
use crate::net::CallError;

/// Sees bytes of a connection, which has a number.
type Seer = Rc<dyn Fn(u64, &[u8])>;

/// Who sees what passes; clones show it to the same ones. By default nobody does, and the kernel may move it unseen.
#[derive(Clone, Default)]
pub struct Tap {
    /// Sees what arrives.
    pub received: Option<Seer>,
    /// Sees what was sent.
    pub sent: Option<Seer>,
    /// Where those who see write it down.
    pub ledgers: Vec<Rc<Ledger>>,
}

impl Tap {
    /// These arrived on connection `conn`.
    pub fn received(&self, conn: u64, bytes: &[u8]) {
        if let Some(see) = &self.received {
            see(conn, bytes);
        }
    }

    /// These were sent on connection `conn`.
    pub fn sent(&self, conn: u64, bytes: &[u8]) {
        if let Some(see) = &self.sent {
            see(conn, bytes);
        }
    }

    /// Whether connection `conn` is to be moved no further, until more of what passed is written down.
    pub(super) fn is_behind(&self, conn: u64) -> bool {
        self.ledgers.iter().any(|ledger| ledger.is_behind(conn))
    }

    /// Whether everything that passed is written down.
    pub(super) fn is_clear(&self) -> bool {
        self.ledgers.iter().all(|ledger| ledger.is_clear())
    }

    /// How many bytes wait to be written down.
    pub(super) fn kept(&self) -> usize {
        self.ledgers.iter().map(|ledger| ledger.kept()).sum()
    }

    /// Write down more of it.
    pub(super) fn flush(&self) {
        self.ledgers.iter().for_each(|ledger| ledger.flush());
    }
}

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tap")
            .field("received", &self.received.is_some())
            .field("sent", &self.sent.is_some())
            .finish_non_exhaustive()
    }
}

/// The token of every ledger: whichever has room, all are written to.
pub(super) const LEDGER: usize = usize::MAX - 2;

/// The registrations of the ledgers.
#[derive(Debug)]
pub(super) struct TapWatch(Vec<Watch>);

impl TapWatch {
    /// Ledgers that are not watched yet.
    pub(super) fn new(tap: &Tap) -> Self {
        Self(tap.ledgers.iter().map(|_| Watch::new(LEDGER)).collect())
    }

    /// Watch those for room that have not taken everything.
    pub(super) fn set(&mut self, reactor: &Reactor, tap: &Tap) -> Result<(), CallError> {
        for (ledger, watch) in tap.ledgers.iter().zip(&mut self.0) {
            let wanted = (!ledger.is_clear()).then_some(Interest::WRITE);
            watch.set(reactor, &**ledger, wanted)?;
        }
        Ok(())
    }
}
