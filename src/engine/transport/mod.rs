//! The way to a peer: the socket itself, or TLS over it.

mod greeting;
mod line;

use std::os::fd::BorrowedFd;

pub use greeting::greet;
pub use line::Line;

use super::reactor::Interest;
use super::tls::{TlsSession, TlsStream};
use crate::net::{CallError, Recv, Send, Shutdown, Socket};

/// A byte stream to a peer that never waits.
#[derive(Debug)]
pub enum Transport<L: Line = Socket> {
    /// Bytes as they are.
    Plain(L),
    /// Records of TLS.
    Tls(Box<TlsStream<L>>),
}

impl<L: Line> Transport<L> {
    /// The socket, to watch it.
    pub fn socket(&self) -> &Socket {
        match self {
            Self::Plain(line) => line.socket(),
            Self::Tls(stream) => stream.line().socket(),
        }
    }

    /// The socket, and what came in front of its bytes.
    pub fn line_mut(&mut self) -> &mut L {
        match self {
            Self::Plain(line) => line,
            Self::Tls(stream) => stream.line_mut(),
        }
    }

    /// Whether what is sent is what the socket takes: then the kernel may move it by itself (sendfile, splice), and
    /// less is taken than was given only where the socket is full.
    pub fn is_plain(&self) -> bool {
        matches!(self, Self::Plain(_))
    }

    /// Whether the handshake is still going on: nothing can be sent before its end, [`Self::greet`] and
    /// [`Self::recv`] get there.
    pub fn is_greeting(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Tls(stream) => stream.is_greeting(),
        }
    }

    /// recv(2) once for the handshake.
    pub fn greet(&mut self) -> Result<(), CallError> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Tls(stream) => stream.greet(),
        }
    }

    /// What was agreed on; `None` without TLS.
    pub fn session(&self) -> Option<TlsSession> {
        match self {
            Self::Plain(_) => None,
            Self::Tls(stream) => Some(stream.session()),
        }
    }

    /// Whether the socket must be written to, whoever wants to send: a handshake, or what was taken and has not left.
    pub fn wants_write(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Tls(stream) => stream.wants_write(),
        }
    }

    /// Whether a recv brings something though the socket stays silent: what was heard along with what came before it.
    pub fn is_ready(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Tls(stream) => stream.is_ready(),
        }
    }

    /// What the socket is to be watched for by one who wants to `read` and to `write`.
    pub fn interest(&self, read: bool, write: bool) -> Interest {
        Interest {
            read,
            write: (write && !self.is_greeting()) || self.wants_write(),
        }
    }

    /// Whether something has left since this was last asked for that no send has counted.
    pub fn take_moved(&mut self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Tls(stream) => stream.take_moved(),
        }
    }

    /// What the peer said; 0 bytes at its end. Under TLS `buffer` must have room for 17 KiB at least.
    pub fn recv(&mut self, buffer: &mut [u8]) -> Result<Recv, CallError> {
        match self {
            Self::Plain(line) => line.recv(buffer),
            Self::Tls(stream) => stream.recv(buffer),
        }
    }

    /// Send bytes; with `more` they share a segment with what follows at once. Under TLS what is taken may still have
    /// to leave: [`Self::wants_write`] tells, [`Self::flush`] goes on.
    pub fn send(&mut self, bytes: &[u8], more: bool) -> Result<Send, CallError> {
        match self {
            Self::Plain(line) if more => line.socket().send_more(bytes),
            Self::Plain(line) => line.socket().send(bytes),
            Self::Tls(stream) => stream.send(bytes, more),
        }
    }

    /// Send at most `count` bytes of a file from `offset` on; 0 bytes where it ends before that.
    pub fn sendfile(
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
    pub fn flush(&mut self) -> Result<bool, CallError> {
        match self {
            Self::Plain(_) => Ok(true),
            Self::Tls(stream) => stream.flush(),
        }
    }

    /// End our half, behind all that was taken: SHUT_WR, or close_notify.
    pub fn shutdown(&mut self) -> Result<(), CallError> {
        match self {
            Self::Plain(line) => line.socket().shutdown(Shutdown::Write),
            Self::Tls(stream) => stream.shutdown(),
        }
    }

    /// Say that nothing more comes, before the socket is closed, where a close alone would look like a cut.
    pub fn say_end(&mut self) {
        if let Self::Tls(stream) = self {
            stream.say_end();
        }
    }
}
