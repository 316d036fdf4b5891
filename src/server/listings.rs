//! Folders that hold a lot: each is read and written out on a thread of its own, while the loop serves others.

use std::sync::Arc;
use std::time::Duration;

use super::connection::Wait;
use super::directory::{SHOWN, read_while};
use super::errand::Errand;
use super::exchange::Asking;
use super::files::Root;
use crate::http::{Listing, Parsed, Plan, Status, parse, show};
use crate::net::Address;

/// How many are listed at once for the clients of one worker; further ones wait.
const AT_ONCE: usize = 4;
/// After what time one who waits for his turn asks again.
const AGAIN: Duration = Duration::from_millis(20);
/// How long a listing is waited for.
const KEPT: Duration = Duration::from_secs(600);

/// The listings that are being made.
#[derive(Debug, Default)]
pub(super) struct Listings {
    making: Vec<Making>,
    /// Each thread holds on to it.
    places: Arc<()>,
}

/// A listing, and who is waiting for it.
#[derive(Debug)]
struct Making {
    peer: Address,
    head: Vec<u8>,
    /// `None` comes of one that nobody waited for any more.
    errand: Errand<Option<Plan<'static>>>,
}

impl Listings {
    /// What came of the listing that this client waits for; `None` where there is none, or it is not done. Those who have
    /// the same address, as all of a local socket have, and ask alike, may take each other's: whoever finds his own taken
    /// asks again.
    pub(super) fn outcome(&mut self, asking: &Asking<'_>) -> Option<Plan<'static>> {
        self.making.retain(|making| !making.errand.is_abandoned());
        let is_his = |making: &Making| making.peer == *asking.peer && making.head == asking.head;
        let all = self.making.iter().enumerate();
        let mut his = all.filter(|(_, making)| is_his(making));
        let (at, plan) = his.find_map(|(at, making)| Some((at, making.errand.outcome()?)))?;
        self.making.swap_remove(at);
        plan
    }

    /// Have a folder listed; what the client waits for.
    pub(super) fn begin(&mut self, asking: &Asking<'_>, folder: Folder) -> Wait {
        // One is ours.
        if Arc::strong_count(&self.places) > AT_ONCE {
            return Wait::Time(AGAIN);
        }
        let (place, head) = (Arc::clone(&self.places), asking.head.to_vec());
        let work = move |is_awaited: &dyn Fn() -> bool| {
            let plan = folder.list(&head, is_awaited);
            drop(place);
            plan
        };
        // Where there is no thread or no descriptor now, there will be one.
        let Ok((errand, done)) = Errand::start_asking(work) else {
            return Wait::Time(AGAIN);
        };
        self.making.push(Making {
            peer: asking.peer.clone(),
            head: asking.head.to_vec(),
            errand,
        });
        Wait::Within(done, KEPT)
    }
}

/// What is to be listed.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) root: Arc<Root>,
    /// The folder, with all that is told of it but what it holds.
    pub(super) listing: Listing,
    pub(super) hidden: bool,
}

impl Folder {
    /// Nothing comes of it once nobody is waiting for it any more.
    fn list(self, head: &[u8], is_awaited: &dyn Fn() -> bool) -> Option<Plan<'static>> {
        let Self {
            root,
            listing,
            hidden,
        } = self;
        // It was a request, and the folder was there a moment ago.
        let Parsed::Complete { request, .. } = parse(head) else {
            return Some(Plan::status(Status::BAD_REQUEST));
        };
        Some(
            match read_while(&root, &listing.path, hidden, SHOWN, is_awaited) {
                Ok(_) if !is_awaited() => return None,
                Err(_) => Plan::status(Status::NOT_FOUND),
                Ok(contents) => show(
                    &request,
                    &Listing {
                        entries: contents.entries,
                        is_cut: contents.is_cut,
                        ..listing
                    },
                ),
            },
        )
    }
}
