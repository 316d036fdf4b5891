//! Whether the peer has taken all that was sent: nobody tells, so that it is asked from time to time.

use std::time::{Duration, Instant};

use super::super::transport::Transport;

/// After how long it is asked again the first time; then twice as long, and so on.
const SOON: Duration = Duration::from_millis(5);
const LATE: Duration = Duration::from_millis(500);

/// When it is asked next.
#[derive(Debug, Default)]
pub(super) struct Settling {
    pub(super) at: Option<Instant>,
    pause: Duration,
}

impl Settling {
    /// Whether everything is taken, as far as is known at `now`. What a local socket has sent is with its peer.
    pub(super) fn look(&mut self, transport: &Transport, now: Instant) -> bool {
        if self.at.is_some_and(|at| now < at) {
            return false;
        }
        if transport.socket().unacknowledged() == 0 {
            return true;
        }
        self.pause = (self.pause * 2).clamp(SOON, LATE);
        self.at = Some(now + self.pause);
        false
    }
}
