//! Sockets besides the one that hears, for when its send buffer is full of what local peers do not read.
//!
//! What waits at a local receiver is charged to the socket that sent it until it is read, unix(7): those who do not read
//! take the room of all. The others are then answered from a socket each, which has no name, and whose own account tells
//! whether its last answer was read. A peer that is connected to the one that hears takes nothing from another, connect(2).

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::crowd::Way;
use super::post::Parcel;
use crate::net::{Family, Kind, Protocol, Send, Socket, descriptor_limit};

/// How many there are at most, and of how many that the process may have open they are one.
const MOST: u64 = 1024;
const SHARE: u64 = 2;
/// How often at most it is looked which of them are needed no more.
const PAUSE: Duration = Duration::from_millis(64);

/// All of them, by whom they speak to.
#[derive(Default)]
pub(super) struct Spares {
    all: HashMap<Way, Socket>,
    cleared: Option<Instant>,
}

impl Spares {
    /// Whether what the full socket `from` could not send went out. One that has not read the last has to wait.
    pub(super) fn send(&mut self, from: &Socket, parcel: &Parcel, now: Instant) -> bool {
        let Some(way) = &parcel.way else {
            return false;
        };
        if !self.all.contains_key(way) && !self.open(from, way, now) {
            return false;
        }
        let Some(spare) = self.all.get(way) else {
            return false;
        };
        let level = libc::SOL_SOCKET;
        let size = i32::try_from(parcel.bytes.len()).unwrap_or(i32::MAX);
        is_read(spare)
            && spare.set_int(level, libc::SO_SNDBUF, size).is_ok()
            && matches!(spare.sendto(&parcel.bytes, &way.to), Ok(Send::Bytes(_)))
    }

    fn open(&mut self, from: &Socket, way: &Way, now: Instant) -> bool {
        let most = descriptor_limit().map_or(MOST, |limit| MOST.min(limit / SHARE));
        if self.all.len() as u64 >= most && self.cleared.is_none_or(|at| now >= at + PAUSE) {
            self.cleared = Some(now);
            self.all.retain(|_, spare| !is_read(spare));
        }
        // What one has sent stays with its receiver, whose queue is bounded; only its account is closed.
        if self.all.len() as u64 >= most
            && let Some(way) = self.all.keys().next().cloned()
        {
            self.all.remove(&way);
        }
        let opened = from.open_beside(Family::Unix, Kind::Dgram, Protocol::DEFAULT);
        opened.is_ok_and(|spare| self.all.insert(way.clone(), spare).is_none())
    }
}

/// Whether nothing of what it sent waits.
fn is_read(spare: &Socket) -> bool {
    spare.memory().is_some_and(|memory| memory.unsent == 0)
}
