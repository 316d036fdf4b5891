//! The sealing half: plaintext becomes records, and these go to the kernel.

use std::io;
use std::mem;
use std::os::fd::BorrowedFd;
use std::rc::Rc;

use super::super::outbound::{Outbound, PIECE, Scratch};
use super::super::records::{Say, Step};
use super::TlsStream;
use crate::engine::tls::TlsFailure;
use crate::engine::transport::Line;
use crate::net::{CallError, Send, Shutdown};
use nix::errno::Errno;
use nix::sys::uio::pread;

impl<L: Line> TlsStream<L> {
    /// Seal bytes and send(2) them; how many were taken. They may be kept until what follows (`more`).
    pub fn send(&mut self, bytes: &[u8], more: bool) -> Result<Send, CallError> {
        if self.is_greeting() || !self.is_corked && !self.flush()? {
            return Ok(Send::WouldBlock);
        }
        let piece = bytes.get(..PIECE).unwrap_or(bytes);
        let scratch = Rc::clone(&self.scratch);
        let scratch = &mut *scratch.borrow_mut();
        let mut out = self.take_outbound(scratch);
        self.seal(Say::Bytes(piece), &mut out)?;
        self.is_corked = more && piece.len() == bytes.len() && out.rest().len() < PIECE;
        if self.is_corked {
            self.unsent = out;
        } else {
            self.offer(out, scratch)?;
        }
        Ok(Send::Bytes(piece.len()))
    }

    /// Read a piece of `file`, seal it and send(2) it; how many of its bytes were taken, 0 when it ends before `offset`.
    pub fn sendfile(
        &mut self,
        file: BorrowedFd<'_>,
        offset: u64,
        count: usize,
    ) -> Result<Send, CallError> {
        if self.is_greeting() || !self.is_corked && !self.flush()? {
            return Ok(Send::WouldBlock);
        }
        let mut room = self.scratch.borrow_mut().file();
        let piece = room.get_mut(..count.min(PIECE)).unwrap_or_default();
        let read = read_at(file, offset, piece)
            .map_err(|cause| CallError::new("pread", self.line.socket().about(), cause));
        let sent = read.and_then(|length| match piece.get(..length) {
            Some(bytes) if length > 0 => self.send(bytes, false),
            _ => Ok(Send::Bytes(0)),
        });
        self.scratch.borrow_mut().file = room;
        sent
    }

    /// Send what is left; `true` when all is with the kernel.
    pub fn flush(&mut self) -> Result<bool, CallError> {
        if let Some(lost) = self.lost.take() {
            return Err(lost);
        }
        self.is_corked = false;
        while !self.unsent.is_empty() {
            match self.line.socket().send(self.unsent.rest()) {
                Ok(Send::Bytes(count)) => {
                    self.unsent.advance(count);
                    self.has_moved = true;
                }
                Ok(Send::WouldBlock) => return Ok(false),
                Err(error) => {
                    // Whoever takes nothing now never will.
                    self.unsent = Outbound::default();
                    return Err(error);
                }
            }
        }
        self.unsent = Outbound::default();
        if mem::take(&mut self.is_ending) {
            self.line.socket().shutdown(Shutdown::Write)?;
        }
        Ok(true)
    }

    /// Say our end (close_notify) behind all that was sent. Where one direction follows the other, our half of the socket
    /// is shut behind it; a peer that still speaks is left its socket, since some take a FIN for a departure.
    pub fn shutdown(&mut self) -> Result<(), CallError> {
        self.is_ending = !L::IS_DUPLEX;
        match self.can_send() {
            true => self.seal_end(),
            false => self.flush().map(drop),
        }
    }

    /// Say our end before the socket is closed, where there is room for that.
    pub fn say_end(&mut self) {
        if self.can_send() {
            // A client that has gone need not be told.
            let _ = self.seal_end();
        }
    }

    fn seal_end(&mut self) -> Result<(), CallError> {
        if mem::replace(&mut self.has_said_end, true) {
            return Ok(());
        }
        let scratch = Rc::clone(&self.scratch);
        let scratch = &mut *scratch.borrow_mut();
        let mut out = self.take_outbound(scratch);
        self.seal(Say::End, &mut out)?;
        self.offer(out, scratch)
    }

    /// Seal what is to be said into records, behind those that the engine has to write.
    fn seal(&mut self, say: Say<'_>, out: &mut Outbound) -> Result<(), CallError> {
        loop {
            let (discard, step) = self.records.step(&mut self.heard, &mut [], out, say);
            self.heard.drain(..discard.min(self.heard.len()));
            match step {
                Step::MayWrite { said: true } => return Ok(()),
                Step::Written => {}
                Step::Failed(error) => {
                    let why = self.scene(None).describe(&error);
                    return Err(self.failed("send", why));
                }
                Step::MayWrite { said: false }
                | Step::Waits
                | Step::Plain(_)
                | Step::PeerClosed => {
                    let why = TlsFailure::bare("no data can be sent any more");
                    return Err(self.failed("send", why));
                }
            }
        }
    }

    /// A buffer to write records to, behind those that wait.
    pub(super) fn take_outbound(&mut self, scratch: &mut Scratch) -> Outbound {
        match self.unsent.is_empty() {
            true => mem::take(&mut scratch.outbound),
            false => mem::take(&mut self.unsent),
        }
    }

    /// send(2) once, keep what is left, and give the buffer back.
    pub(super) fn offer(
        &mut self,
        mut out: Outbound,
        scratch: &mut Scratch,
    ) -> Result<(), CallError> {
        let mut sent = Ok(());
        if !out.is_empty() {
            match self.line.socket().send(out.rest()) {
                Ok(Send::Bytes(count)) => out.advance(count),
                Ok(Send::WouldBlock) => {}
                Err(error) => sent = Err(error),
            }
            if !out.is_empty() {
                self.unsent = out.fitted();
            }
        }
        scratch.outbound = out.emptied();
        sent?;
        if self.is_ending && self.unsent.is_empty() {
            self.flush()?;
        }
        Ok(())
    }
}

/// pread(2) until the piece is full or the file ends.
fn read_at(file: BorrowedFd<'_>, offset: u64, piece: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < piece.len() {
        let at = i64::try_from(offset + length as u64)
            .map_err(|_| io::Error::from_raw_os_error(libc::EOVERFLOW))?;
        let room = piece.get_mut(length..).unwrap_or_default();
        match pread(file, room, at) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(length)
}
