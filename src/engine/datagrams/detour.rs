//! From an address that refuses to the next of the same name, with what the first was sent.

use super::super::timer::Timer;
use super::Ear;
use super::post::Parcel;
use super::turn::Turning;
use crate::net::CallError;

/// How many bytes are kept to be sent again: whoever was sent more keeps to its address.
const MOST: usize = 64 * 1024;

/// The further addresses of a peer's name, for as long as it has not answered.
pub struct Detour<'a> {
    next: Box<dyn FnMut() -> Option<Ear> + 'a>,
    sent: Vec<Parcel>,
}

impl<'a> Detour<'a> {
    /// `next` gives a socket that is connected to the next address; `None` where none is left.
    pub fn new(next: impl FnMut() -> Option<Ear> + 'a) -> Self {
        Self {
            next: Box::new(next),
            sent: Vec::new(),
        }
    }
}

impl Turning<'_, '_> {
    /// These went out.
    pub(super) fn went_out(&mut self, count: usize) {
        let queue = &mut self.post.queue;
        let parcels = queue.drain(..count.min(queue.len()));
        if let Some(detour) = &mut self.exchange.detour {
            detour.sent.extend(parcels);
        }
        let is_much = |detour: &mut Detour<'_>| {
            let bytes = detour.sent.iter().map(|parcel| parcel.bytes.len());
            bytes.sum::<usize>() > MOST
        };
        self.exchange.detour.take_if(is_much);
    }

    /// Whether another address takes the place of one that has refused everything so far.
    pub(super) fn moves_on(&mut self, error: &CallError) -> bool {
        let detour = self.exchange.detour.as_mut();
        let Some(detour) = detour.filter(|_| error.errno() == libc::ECONNREFUSED) else {
            return false;
        };
        let Some(ear) = (detour.next)() else {
            return false;
        };
        self.tally.sent = self.tally.sent.saturating_sub(detour.sent.len() as u64);
        for parcel in detour.sent.drain(..).rev() {
            self.post.queue.push_front(parcel);
        }
        self.exchange.ears = vec![ear];
        self.is_elsewhere = true;
        self.drops = vec![0];
        self.blocked = None;
        if self.exchange.timers.is_running(Timer::Linger) {
            let timers = &mut self.exchange.timers;
            timers.start(Timer::Linger, self.exchange.linger, self.now);
        }
        true
    }
}
