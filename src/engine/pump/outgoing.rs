//! From stdin to the connection.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::Instant;

use super::super::buffer::Buffer;
use super::super::ending::LoopError;
use super::super::inlet::Conduit;
use super::super::outlet::is_refusal;
use super::super::transport::Transport;
use super::{BULK, CHUNK, CONN, Pump, RECORD, TURN, Transfer, room};
use crate::net::{CallError, Send};

/// What there is to send.
enum Chunk {
    /// What was read, from the beginning of the buffer on.
    Read,
    /// What became of it, or comes before it.
    Made(Vec<u8>),
}

/// What was read and has not been sent.
pub(super) struct Outgoing {
    chunk: Chunk,
    /// What of it was not sent: a record may have no bytes, and `None` is nothing.
    unsent: Option<Range<usize>>,
    /// The records behind it.
    behind: VecDeque<Vec<u8>>,
    buffer: Buffer,
    /// Whether the connection had no room for what the kernel was to move into it.
    is_full: bool,
    /// How the kernel can move what stdin holds; `None` where it must be read.
    conduit: Option<Conduit>,
    is_bulk: bool,
    /// Whether what was read waits for its time.
    is_paced: bool,
}

impl Outgoing {
    pub(super) fn new(pump: &Pump<'_>) -> Self {
        let as_it_is = pump.typed.is_none()
            && pump.pace.is_none()
            && pump.tap.sent.is_none()
            && pump.records.is_none()
            && pump.transport.is_plain();
        Self {
            chunk: Chunk::Made(pump.preamble.to_vec()),
            buffer: Buffer::new(room(pump.records.is_some())),
            unsent: some(pump.preamble.len()),
            behind: VecDeque::new(),
            is_full: false,
            is_bulk: false,
            is_paced: false,
            conduit: pump
                .inlet
                .conduit()
                .filter(|_| as_it_is && pump.transport.socket().is_nonblocking()),
        }
    }

    /// Whether the connection must take something before stdin is read again.
    pub(super) fn is_blocked(&self) -> bool {
        self.has_chunk() || self.is_full
    }

    /// Whether there being room would help.
    pub(super) fn wants_room(&self) -> bool {
        self.is_blocked() && !self.is_paced
    }

    /// Whether what was read waits for its time.
    pub(super) fn is_paced(&self) -> bool {
        self.is_paced
    }

    fn has_chunk(&self) -> bool {
        self.unsent.is_some()
    }

    fn rest(&self) -> &[u8] {
        let bytes = match &self.chunk {
            Chunk::Read => self.buffer.bytes(),
            Chunk::Made(bytes) => bytes,
        };
        let unsent = self.unsent.clone().unwrap_or_default();
        bytes.get(unsent).unwrap_or_default()
    }

    /// So many bytes of it were sent.
    fn sent(&mut self, count: usize) {
        let rest = self.unsent.take();
        self.unsent = rest.and_then(|rest| {
            let rest = rest.start + count..rest.end;
            (!rest.is_empty()).then_some(rest)
        });
        if self.unsent.is_none() {
            self.go_on();
        }
    }

    /// Take up the next record.
    fn go_on(&mut self) {
        if let Some(record) = self.behind.pop_front() {
            self.unsent = Some(0..record.len());
            self.chunk = Chunk::Made(record);
        }
    }

    /// Nobody will take it any more.
    pub(super) fn drop_unsent(&mut self) {
        self.unsent = None;
        self.behind.clear();
        self.is_full = false;
        self.is_paced = false;
    }
}

impl Pump<'_> {
    /// stdin has something, or its end, and nothing waits to be sent.
    pub(super) fn take_stdin(&mut self, transfer: &mut Transfer) -> Result<(), LoopError> {
        match transfer.outgoing.conduit {
            Some(conduit) if transfer.moved.sent >= BULK && !self.inlet.is_exhausted() => {
                if !std::mem::replace(&mut transfer.outgoing.is_bulk, true) {
                    self.inlet.widen();
                    if self.widens {
                        self.transport.socket().widen_sending();
                    }
                }
                self.move_stdin(transfer, conduit)
            }
            _ => self.read_stdin(transfer),
        }
    }

    fn read_stdin(&mut self, transfer: &mut Transfer) -> Result<(), LoopError> {
        let outgoing = &mut transfer.outgoing;
        let room = match &self.records {
            Some(records) => records.room(CHUNK, self.typed.is_some()),
            None if outgoing.conduit.is_some() => RECORD,
            None => CHUNK,
        };
        let window = outgoing.buffer.bytes_mut().get_mut(..room);
        let read = self.inlet.read(window.unwrap_or_default());
        let Some(count) = read.map_err(LoopError::Stdin)? else {
            return Ok(());
        };
        match count {
            0 => self.flow.stdin_ended(),
            _ => self.flow.stdin_spoke(),
        }
        outgoing.chunk = Chunk::Read;
        outgoing.unsent = some(count);
        let read = (count > 0).then(|| outgoing.rest());
        match (&mut self.records, &mut self.typed) {
            (Some(records), None) if records.are_reads() && count > 0 => {}
            (Some(records), typed) => {
                let cut = records.cut(read, typed).map_err(LoopError::Typed)?;
                outgoing.behind = cut.into();
                outgoing.unsent = None;
                outgoing.go_on();
            }
            (None, Some(typed)) => {
                let made = typed(read).map_err(LoopError::Typed)?;
                outgoing.unsent = some(made.len());
                outgoing.chunk = Chunk::Made(made);
            }
            (None, None) => {}
        }
        self.send(transfer);
        Ok(())
    }

    /// Have the kernel move what stdin holds, as far as the connection takes it.
    fn move_stdin(&mut self, transfer: &mut Transfer, conduit: Conduit) -> Result<(), LoopError> {
        let mut left = self.inlet.allows(TURN);
        while left > 0 && self.flow.may_send() {
            let Transport::Plain(socket) = &*self.transport else {
                return Ok(());
            };
            let moved = self.inlet.with_fd(|fd| match conduit {
                Conduit::Sendfile => socket.sendfile_on(fd, left),
                Conduit::Splice => socket.splice_from(fd, left),
            });
            match moved {
                Ok(Send::Bytes(0)) => {
                    // Some files have more than their size says: a read tells whether this is the end.
                    transfer.outgoing.conduit = None;
                    return self.read_stdin(transfer);
                }
                Ok(Send::Bytes(count)) => {
                    transfer.moved.sent += count as u64;
                    self.inlet.took(count);
                    left = left.saturating_sub(count);
                }
                Ok(Send::WouldBlock) => {
                    // An empty pipe and a full socket answer alike.
                    transfer.outgoing.is_full =
                        conduit == Conduit::Sendfile || self.inlet.is_ready();
                    return Ok(());
                }
                Err(failure) if is_refusal(&failure) => {
                    transfer.outgoing.conduit = None;
                    return self.read_stdin(transfer);
                }
                Err(failure) => self.sending_failed(transfer, failure),
            }
        }
        Ok(())
    }

    /// There may be room in the connection: for what waits, and where that was stdin's own, for more of it.
    pub(super) fn go_on_sending(&mut self, transfer: &mut Transfer) -> Result<(), LoopError> {
        if let Err(failure) = self.transport.flush() {
            self.sending_failed(transfer, failure);
        }
        if std::mem::take(&mut transfer.outgoing.is_full) && self.flow.hears_stdin() {
            return self.take_stdin(transfer);
        }
        self.send(transfer);
        Ok(())
    }

    /// Send what is left of the chunk as far as the connection takes it.
    pub(super) fn send(&mut self, transfer: &mut Transfer) {
        transfer.outgoing.is_paced = false;
        while transfer.outgoing.has_chunk() && self.flow.may_send() && !self.tap.is_behind(CONN) {
            let rest = transfer.outgoing.rest();
            let Some(piece) = self.due(rest) else {
                transfer.outgoing.is_paced = true;
                return;
            };
            match self.transport.send(piece, false) {
                Ok(Send::Bytes(count)) => {
                    let sent = piece.get(..count).unwrap_or(piece);
                    self.tap.sent(CONN, sent);
                    if let Some(pace) = &mut self.pace {
                        pace.sent(sent, Instant::now());
                    }
                    transfer.outgoing.sent(count);
                    transfer.has_moved = true;
                    transfer.moved.sent += count as u64;
                }
                Ok(Send::WouldBlock) => return,
                Err(failure) => self.sending_failed(transfer, failure),
            }
        }
    }

    /// How much of `rest` may be sent now; `None` where it waits for its time. A record goes whole, though another may
    /// have to wait for it.
    fn due<'a>(&self, rest: &'a [u8]) -> Option<&'a [u8]> {
        let Some(pace) = &self.pace else {
            return Some(rest);
        };
        match pace.allows(rest, Instant::now())? {
            _ if self.records.is_some() => Some(rest),
            count => rest.get(..count),
        }
    }

    fn sending_failed(&mut self, transfer: &mut Transfer, failure: CallError) {
        if !is_departure(&failure) {
            // Nothing that the peer may still say can mend this.
            self.flow.peer_ended();
        }
        self.give_up_sending(transfer, failure);
    }
}

/// So many bytes from the beginning on; none are nothing.
fn some(count: usize) -> Option<Range<usize>> {
    (count > 0).then_some(0..count)
}

/// Whether a send failed because the peer takes no more, as against for a fault of ours.
fn is_departure(failure: &CallError) -> bool {
    matches!(failure.errno(), libc::EPIPE | libc::ECONNRESET)
}
