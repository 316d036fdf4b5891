//! What a connection has still to send: bytes that the socket did not take at once, and then a file.

use std::fs::File;
use std::os::fd::AsFd;

use crate::net::{CallError, Send, Socket};

/// How many bytes of a file leave in one turn, so that one fast client does not starve the others.
const TURN: u64 = 1 << 20;

/// What is still to be sent.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    bytes: Vec<u8>,
    sent: usize,
    file: Option<Transfer>,
}

/// A part of a file.
#[derive(Debug)]
pub(super) struct Transfer {
    pub(super) file: File,
    pub(super) offset: u64,
    pub(super) left: u64,
}

/// How far it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Everything is with the kernel.
    Done,
    /// The socket is full, or it is the others' turn; whether anything was sent.
    Waiting { moved: bool },
    /// The client is gone, or the file has become shorter: nothing more can be sent rightly.
    Broken,
}

impl Outgoing {
    /// Whether there is nothing to send.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.file.is_none()
    }

    /// Send a file behind whatever comes before it.
    pub(super) fn follow_with(&mut self, file: Option<Transfer>) {
        self.file = file;
    }

    /// Send `bytes`, and the file behind them. What does not fit is kept; nothing may be left from before.
    pub(super) fn send(&mut self, socket: &Socket, bytes: &[u8]) -> Progress {
        if bytes.is_empty() {
            return self.go_on(socket);
        }
        let count = match self.offer(socket, bytes) {
            Ok(count) => count,
            Err(_) => return Progress::Broken,
        };
        match bytes.get(count..) {
            Some(rest) if !rest.is_empty() => {
                self.bytes = rest.to_vec();
                self.sent = 0;
                Progress::Waiting { moved: count > 0 }
            }
            _ => self.go_on(socket),
        }
    }

    /// Send more.
    pub(super) fn go_on(&mut self, socket: &Socket) -> Progress {
        let rest = self.bytes.get(self.sent..).unwrap_or_default();
        if !rest.is_empty() {
            let (length, count) = (rest.len(), self.offer(socket, rest));
            match count {
                Ok(count) if count == length => self.bytes = Vec::new(),
                Ok(count) => {
                    self.sent += count;
                    return Progress::Waiting { moved: count > 0 };
                }
                Err(_) => return Progress::Broken,
            }
        }
        match &mut self.file {
            None => Progress::Done,
            Some(transfer) => match transfer.send(socket) {
                Ok(Progress::Done) => {
                    self.file = None;
                    Progress::Done
                }
                Ok(progress) => progress,
                Err(_) => Progress::Broken,
            },
        }
    }

    /// How many bytes the socket took. A file behind them shares their last segment.
    fn offer(&self, socket: &Socket, bytes: &[u8]) -> Result<usize, CallError> {
        let sent = match self.file {
            Some(_) => socket.send_more(bytes)?,
            None => socket.send(bytes)?,
        };
        Ok(match sent {
            Send::Bytes(count) => count,
            Send::WouldBlock => 0,
        })
    }
}

impl Transfer {
    /// Send more of the file, within the limit of a turn.
    fn send(&mut self, socket: &Socket) -> Result<Progress, CallError> {
        let mut turn = self.left.min(TURN);
        while turn > 0 {
            let count = usize::try_from(turn).unwrap_or(usize::MAX);
            match socket.sendfile(self.file.as_fd(), self.offset, count)? {
                Send::Bytes(0) => return Ok(Progress::Broken),
                Send::Bytes(count) => {
                    self.offset += count as u64;
                    self.left -= count as u64;
                    turn -= count as u64;
                }
                Send::WouldBlock => {
                    let moved = turn < self.left.min(TURN);
                    return Ok(Progress::Waiting { moved });
                }
            }
        }
        Ok(match self.left {
            0 => Progress::Done,
            _ => Progress::Waiting { moved: true },
        })
    }
}
