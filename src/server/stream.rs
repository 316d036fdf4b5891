//! The way to a client: the socket itself, or what wraps it.

use std::os::fd::BorrowedFd;

use super::handed::{Handed, News};
use super::tls::TlsStream;
use crate::net::{CallError, Recv, Send, Shutdown, Socket};

/// A byte stream to a client that never waits.
#[derive(Debug)]
pub(super) enum Stream {
    /// Bytes as they are.
    Plain(Handed),
    /// Records of TLS.
    Tls(Box<TlsStream>),
}

impl Stream {
    /// The socket, to watch it.
    pub(super) fn socket(&self) -> &Socket {
        match self {
            Self::Plain(line) => line.socket(),
            Self::Tls(stream) => stream.socket(),
        }
    }

    /// Whether it takes less than it is given only where the socket is full.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self, Self::Plain(_))
    }

    /// What was learnt of the client since this was last asked for, before it said anything.
    pub(super) fn take_news(&mut self) -> Option<News> {
        match self {
            Self::Plain(line) => line.take_news(),
            Self::Tls(stream) => stream.line().take_news(),
        }
    }

    /// Whether it must be written to before anything can be heard: a handshake, or what was left of an answer.
    pub(super) fn wants_write(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Tls(stream) => stream.wants_write(),
        }
    }

    /// Whether the client's end was heard along with what came before it.
    pub(super) fn has_ended(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Tls(stream) => stream.has_ended(),
        }
    }

    /// Whether something has left since this was last asked for that no send has counted.
    pub(super) fn take_moved(&mut self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Tls(stream) => stream.take_moved(),
        }
    }

    /// What the client said; 0 bytes at its end. `buffer` has room for 17 KiB at least.
    pub(super) fn recv(&mut self, buffer: &mut [u8]) -> Result<Recv, CallError> {
        match self {
            Self::Plain(line) => line.recv(buffer),
            Self::Tls(stream) => stream.recv(buffer),
        }
    }

    /// Send bytes; with `more` they share a segment with what follows at once.
    pub(super) fn send(&mut self, bytes: &[u8], more: bool) -> Result<Send, CallError> {
        match self {
            Self::Plain(line) if more => line.socket().send_more(bytes),
            Self::Plain(line) => line.socket().send(bytes),
            Self::Tls(stream) => stream.send(bytes, more),
        }
    }

    /// Send at most `count` bytes of a file from `offset` on; 0 bytes where it ends before that.
    pub(super) fn sendfile(
        &mut self,
        file: BorrowedFd<'_>,
        offset: u64,
        count: usize,
    ) -> Result<Send, CallError> {
        match self {
            Self::Plain(line) => line.socket().sendfile(file, offset, count),
            Self::Tls(stream) => stream.sendfile(file, offset, count),
        }
    }

    /// Send what was taken and has not left; whether all is with the kernel.
    pub(super) fn flush(&mut self) -> Result<bool, CallError> {
        match self {
            Self::Plain(_) => Ok(true),
            Self::Tls(stream) => stream.flush(),
        }
    }

    /// End our half.
    pub(super) fn shutdown(&mut self) -> Result<(), CallError> {
        match self {
            Self::Plain(line) => line.socket().shutdown(Shutdown::Write),
            Self::Tls(stream) => stream.shutdown(),
        }
    }

    /// Say that nothing more comes, before the socket is closed, where a close alone would look like a cut.
    pub(super) fn say_end(&mut self) {
        if let Self::Tls(stream) = self {
            stream.say_end();
        }
    }
}
