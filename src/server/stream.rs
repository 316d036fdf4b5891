//! The way to a client: the socket itself, or what wraps it.

use std::os::fd::BorrowedFd;

use crate::net::{CallError, Recv, Send, Shutdown, Socket};

/// A byte stream to a client that never waits.
#[derive(Debug)]
pub(super) enum Stream {
    /// Bytes as they are.
    Plain(Socket),
}

impl Stream {
    /// The socket, to watch it.
    pub(super) fn socket(&self) -> &Socket {
        match self {
            Self::Plain(socket) => socket,
        }
    }

    /// What the client said; 0 bytes at its end.
    pub(super) fn recv(&mut self, buffer: &mut [u8]) -> Result<Recv, CallError> {
        match self {
            Self::Plain(socket) => socket.recv(buffer),
        }
    }

    /// Send bytes; with `more` they share a segment with what follows at once.
    pub(super) fn send(&mut self, bytes: &[u8], more: bool) -> Result<Send, CallError> {
        match self {
            Self::Plain(socket) if more => socket.send_more(bytes),
            Self::Plain(socket) => socket.send(bytes),
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
            Self::Plain(socket) => socket.sendfile(file, offset, count),
        }
    }

    /// End our half.
    pub(super) fn shutdown(&mut self) -> Result<(), CallError> {
        match self {
            Self::Plain(socket) => socket.shutdown(Shutdown::Write),
        }
    }
}
