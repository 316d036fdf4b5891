//! The stream of requests to one watcher of the page: from his place in the ring, as fast as he reads.

use std::cell::RefCell;
use std::os::fd::{AsFd, BorrowedFd};
use std::rc::Rc;

use nix::sys::eventfd::EventFd;

use super::handed::Stream;
use super::inspector::Inspector;
use super::outgoing::{End, offer};
use crate::http::inspect::{Cursor, Ring};
use crate::net::CallError;

/// A watcher.
#[derive(Debug)]
pub(super) struct Feed {
    inspector: Rc<RefCell<Inspector>>,
    cursor: Cursor,
    /// Readable once there is more than he has seen.
    wake: Rc<EventFd>,
    /// Whether it is sent in chunks, RFC 9112, section 7.1.
    is_chunked: bool,
    /// What is being sent.
    bytes: Vec<u8>,
    sent: usize,
}

impl Feed {
    /// One who goes on behind what he had last, or from the beginning.
    pub(super) fn new(
        inspector: Rc<RefCell<Inspector>>,
        cursor: Cursor,
        wake: Rc<EventFd>,
        is_chunked: bool,
    ) -> Self {
        let mut feed = Self {
            inspector,
            cursor,
            wake,
            is_chunked,
            bytes: Vec::new(),
            sent: 0,
        };
        feed.take(Ring::OPENING);
        feed
    }

    /// What is readable once there is more.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }

    /// Say that the stream goes on, where nothing else is to be said: a watcher who has gone is found out that way.
    pub(super) fn beat(&mut self) {
        if self.sent == self.bytes.len() {
            self.take(Ring::HEARTBEAT);
        }
    }

    /// Send what he has not seen.
    pub(super) fn send(&mut self, stream: &mut Stream) -> Result<(u64, End), CallError> {
        let mut moved = 0;
        loop {
            let unsent = self.bytes.get(self.sent..).unwrap_or_default();
            if unsent.is_empty() {
                let next = self.inspector.borrow().next(&mut self.cursor);
                match next {
                    Some(frame) => self.take(&frame),
                    None => break,
                }
                continue;
            }
            let count = offer(stream, unsent, false)?;
            self.sent += count;
            moved += count as u64;
            if self.sent < self.bytes.len() {
                return Ok((moved, End::Full));
            }
        }
        (self.bytes, self.sent) = (Vec::new(), 0);
        // Back to zero: it is readable again with the next request.
        let _ = self.wake.read();
        Ok((moved, End::Empty))
    }

    fn take(&mut self, frame: &[u8]) {
        self.bytes = match self.is_chunked {
            true => [format!("{:x}\r\n", frame.len()).as_bytes(), frame, b"\r\n"].concat(),
            false => frame.to_vec(),
        };
        self.sent = 0;
    }
}
