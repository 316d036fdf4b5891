//! Datagrams on their way out: one behind the other, but for those to a local peer that does not read, which wait by
//! themselves.
//!
//! A socket without a connection is writable whatever the queue of one receiver is like, and nothing tells when that has
//! room again: it is tried from time to time.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use super::crowd::Way;
use crate::net::{Address, Control};

/// How many wait at most for sockets that have no room, and as many again for peers that have none.
const MOST: usize = 4096;
/// How many wait at most for one peer that has no room, and how many bytes they have.
const MOST_FOR_ONE: usize = 64;
const BYTES_FOR_ONE: usize = 1024 * 1024;
/// How long a peer is left alone before it is tried again; each time twice as long, up to a bound.
const PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(64);
/// How long a peer may take nothing: from then on stdin does not wait for it, nor does the end of the run.
const GRACE: Duration = Duration::from_secs(1);

/// A datagram on its way out.
pub(super) struct Parcel {
    /// The way to its receiver; `None` is the peer that the one socket is connected to.
    pub(super) way: Option<Way>,
    pub(super) control: Control,
    pub(super) bytes: Vec<u8>,
    /// Whether the run depends on it: what stdin said, rather than an answer to somebody.
    pub(super) is_ours: bool,
}

/// What waits for a peer that has no room.
struct Held {
    parcels: VecDeque<Parcel>,
    bytes: usize,
    /// When it last took something.
    since: Instant,
    retry: Instant,
    pause: Duration,
}

/// All that waits.
#[derive(Default)]
pub(super) struct Post {
    pub(super) queue: VecDeque<Parcel>,
    held: HashMap<Way, Held>,
    held_count: usize,
}

impl Parcel {
    pub(super) fn ear(&self) -> usize {
        self.way.as_ref().map_or(0, |way| way.ear)
    }

    pub(super) fn to(&self) -> Option<&Address> {
        self.way.as_ref().map(|way| &way.to)
    }
}

impl Held {
    fn has_room(&self) -> bool {
        self.parcels.len() < MOST_FOR_ONE && self.bytes < BYTES_FOR_ONE
    }

    fn push(&mut self, parcel: Parcel) {
        self.bytes += parcel.bytes.len();
        self.parcels.push_back(parcel);
    }
}

impl Post {
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.held.is_empty()
    }

    /// Whether the sockets keep up.
    pub(super) fn has_room(&self) -> bool {
        self.queue.len() < MOST
    }

    /// Whether a peer takes what it is sent, as far as is known.
    pub(super) fn is_taken_by(&self, way: &Way) -> bool {
        !self.held.contains_key(way)
    }

    /// Whether no peer is behind that has taken something lately: one that has not may never do.
    pub(super) fn is_abreast(&self, now: Instant) -> bool {
        let is_stuck = |held: &Held| now.saturating_duration_since(held.since) >= GRACE;
        self.held.values().all(is_stuck)
    }

    /// Whether more for a peer can wait.
    pub(super) fn has_room_for(&self, way: &Way) -> bool {
        let has_room = |held: &Held| held.has_room() && self.held_count < MOST;
        self.held.get(way).is_none_or(has_room)
    }

    /// Whether it was taken in; what a peer without room has enough of is not.
    pub(super) fn add(&mut self, way: Option<Way>, bytes: &[u8], is_ours: bool) -> bool {
        let control = way.as_ref().map_or(Control::NONE, Way::control);
        let parcel = Parcel {
            way,
            control,
            bytes: bytes.to_vec(),
            is_ours,
        };
        let held = parcel.way.as_ref().and_then(|way| self.held.get_mut(way));
        match held {
            None => self.queue.push_back(parcel),
            Some(held) if held.has_room() && self.held_count < MOST => {
                self.held_count += 1;
                held.push(parcel);
            }
            Some(_) => return false,
        }
        true
    }

    /// The receiver of the first has no room: what is for it waits apart from now on, and how many cannot.
    pub(super) fn hold_first(&mut self, now: Instant) -> Option<(Way, u64)> {
        let way = self.queue.front()?.way.clone()?;
        let mut held = Held {
            parcels: VecDeque::new(),
            bytes: 0,
            since: now,
            retry: now + PAUSE,
            pause: PAUSE,
        };
        let mut left_out = 0;
        for parcel in std::mem::take(&mut self.queue) {
            if parcel.way.as_ref() != Some(&way) {
                self.queue.push_back(parcel);
            } else if parcel.is_ours || (held.has_room() && self.held_count < MOST) {
                // Of stdin that is what one read brought: no more is read then.
                self.held_count += 1;
                held.push(parcel);
            } else {
                left_out += 1;
            }
        }
        // One that nothing can wait for is not waited for either.
        if !held.parcels.is_empty() {
            self.held.insert(way.clone(), held);
        }
        Some((way, left_out))
    }

    /// When one of those without room is to be tried again.
    pub(super) fn next(&self) -> Option<Instant> {
        self.held.values().map(|held| held.retry).min()
    }

    /// Those that are to be tried now.
    pub(super) fn due(&self, now: Instant) -> Vec<Way> {
        let due = self.held.iter().filter(|(_, held)| held.retry <= now);
        due.map(|(way, _)| way.clone()).collect()
    }

    /// What is first in line for one of them.
    pub(super) fn first_for(&self, way: &Way) -> Option<&Parcel> {
        self.held.get(way)?.parcels.front()
    }

    /// It has gone out, or never will.
    pub(super) fn take_first_for(&mut self, way: &Way, now: Instant) -> Option<Parcel> {
        let held = self.held.get_mut(way)?;
        let parcel = held.parcels.pop_front()?;
        held.bytes -= parcel.bytes.len();
        (held.since, held.pause) = (now, PAUSE);
        self.held_count -= 1;
        if held.parcels.is_empty() {
            self.held.remove(way);
        }
        Some(parcel)
    }

    /// It still has no room.
    pub(super) fn hold_on(&mut self, way: &Way, now: Instant) {
        if let Some(held) = self.held.get_mut(way) {
            held.retry = now + held.pause;
            held.pause = (held.pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// The run is over: answers that a peer has not taken for long are left out, and how many they are. What stdin said
    /// goes on waiting.
    pub(super) fn abandon(&mut self, now: Instant) -> Vec<(Way, u64)> {
        let mut all = Vec::new();
        self.held.retain(|way, held| {
            let is_hopeless = now.saturating_duration_since(held.since) >= GRACE
                && !held.parcels.iter().any(|parcel| parcel.is_ours);
            if is_hopeless {
                self.held_count -= held.parcels.len();
                all.push((way.clone(), held.parcels.len() as u64));
            }
            !is_hopeless
        });
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{Notes, UnixName};

    fn way(name: &str) -> Way {
        let to = Address::Unix(UnixName::Abstract(name.into()));
        Way::back(0, to, &Notes::default()).unwrap()
    }

    #[test]
    fn a_peer_without_room_waits_alone_and_has_a_bound() {
        let now = Instant::now();
        let mut post = Post::default();
        for _ in 0..MOST_FOR_ONE {
            assert!(post.add(Some(way("full")), b"x", false));
            assert!(post.add(Some(way("other")), b"x", false));
        }
        assert!(post.add(Some(way("full")), b"x", false));
        assert_eq!(post.hold_first(now), Some((way("full"), 1)));
        assert_eq!(post.queue.len(), MOST_FOR_ONE);
        assert!(!post.has_room_for(&way("full")) && post.has_room_for(&way("other")));
        assert!(!post.add(Some(way("full")), b"x", false));
        assert!(post.due(now).is_empty() && post.next() == Some(now + PAUSE));
        let later = now + PAUSE;
        assert_eq!(post.due(later), [way("full")]);
        post.hold_on(&way("full"), later);
        post.hold_on(&way("full"), later);
        assert_eq!(post.next(), Some(later + PAUSE * 2));
        assert!(post.take_first_for(&way("full"), later).is_some());
        assert!(post.add(Some(way("full")), b"x", false));
        while post.take_first_for(&way("full"), later).is_some() {}
        assert!(post.is_taken_by(&way("full")) && post.held_count == 0);
    }

    #[test]
    fn at_the_end_only_what_stdin_said_is_waited_for() {
        let now = Instant::now();
        let mut post = Post::default();
        for (name, is_ours) in [("answered", false), ("told", true)] {
            post.add(Some(way(name)), b"x", is_ours);
            post.hold_first(now);
        }
        assert!(post.abandon(now).is_empty() && !post.is_abreast(now));
        assert!(post.is_abreast(now + GRACE));
        assert_eq!(post.abandon(now + GRACE), [(way("answered"), 1)]);
        assert!(!post.is_empty() && post.held_count == 1);
    }
}
