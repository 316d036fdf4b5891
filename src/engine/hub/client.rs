//! One of the hub's connections, and what waits to be sent to it.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Instant;

use super::super::ending::Moved;
use super::super::watch::Watch;
use crate::net::{Address, CallError, Send, Socket};

/// A connection.
pub(super) struct Client {
    pub(super) conn: u64,
    pub(super) socket: Socket,
    pub(super) peer: Address,
    pub(super) queue: VecDeque<Rc<[u8]>>,
    pub(super) sent_of_first: usize,
    pub(super) queued: usize,
    pub(super) moved: Moved,
    pub(super) active: Instant,
    pub(super) half_closed: bool,
    /// Whether it has said all that it had to say.
    pub(super) ended: bool,
    /// Why it takes no more; what it said before is still heard.
    pub(super) failure: Option<CallError>,
    pub(super) watch: Watch,
}

impl Client {
    pub(super) fn new(conn: u64, socket: Socket, peer: Address) -> Self {
        Self {
            conn,
            socket,
            peer,
            queue: VecDeque::new(),
            sent_of_first: 0,
            queued: 0,
            moved: Moved::default(),
            active: Instant::now(),
            half_closed: false,
            ended: false,
            failure: None,
            watch: Watch::new(usize::MAX),
        }
    }

    pub(super) fn enqueue(&mut self, chunk: &Rc<[u8]>) {
        if chunk.is_empty() || self.failure.is_some() {
            return;
        }
        self.queued += chunk.len();
        self.queue.push_back(Rc::clone(chunk));
        self.send();
    }

    /// Send what is queued as far as the kernel takes it; what a peer does not take any more is dropped.
    pub(super) fn send(&mut self) {
        if let Err(failure) = self.send_queued() {
            self.queue.clear();
            self.queued = 0;
            self.failure = Some(failure);
        }
    }

    fn send_queued(&mut self) -> Result<(), CallError> {
        while let Some(first) = self.queue.front() {
            let rest = first.get(self.sent_of_first..).unwrap_or_default();
            match self.socket.send(rest)? {
                Send::WouldBlock => return Ok(()),
                Send::Bytes(count) => {
                    self.active = Instant::now();
                    self.moved.sent += count as u64;
                    self.queued -= count;
                    self.sent_of_first += count;
                    if self.sent_of_first == first.len() {
                        self.queue.pop_front();
                        self.sent_of_first = 0;
                    }
                }
            }
        }
        Ok(())
    }
}
