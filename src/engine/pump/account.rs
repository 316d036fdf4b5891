//! What is told of a transfer while it goes on.

use std::time::{Duration, Instant};

use super::super::ending::Moved;
use crate::net::Socket;

/// Told how much has moved, now and then.
pub struct Ticker<'a> {
    /// When it is told first.
    pub next: Instant,
    /// How long after that it is told again.
    pub every: Duration,
    /// Whether what the peer says ends it: told as `None` before that is shown.
    pub ends_when_heard: bool,
    /// Who is told, and the time.
    pub tell: &'a mut dyn FnMut(Option<Moved>, Instant),
}

/// Told how much has moved when SIGUSR1 asks.
pub type Account<'a> = &'a mut dyn FnMut(Moved, &Socket);

impl Ticker<'_> {
    /// Tell it if it is time.
    pub(super) fn tick(&mut self, moved: Moved, now: Instant) {
        if now >= self.next {
            (self.tell)(Some(moved), now);
            self.next = now + self.every;
        }
    }
}
