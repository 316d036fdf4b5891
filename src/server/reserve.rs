//! A descriptor in reserve: where none is left, it is given up for the time that it takes to tell a client so.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use crate::engine::is_shortage;
use crate::net::{Address, CallError, Recv, Shutdown, Socket};

/// A descriptor that stands for nothing.
#[derive(Debug)]
pub(super) struct Reserve {
    held: Option<OwnedFd>,
}

impl Default for Reserve {
    fn default() -> Self {
        Self { held: take() }
    }
}

impl Reserve {
    /// Let the first client of the line in, tell it `answer` and let it go; who it was, and `None` where nobody could be
    /// let in. Another thread may have taken the descriptor meanwhile: then the line has to wait.
    pub(super) fn turn_away(
        &mut self,
        listener: &Socket,
        answer: &[u8],
    ) -> Result<Option<Address>, CallError> {
        drop(self.held.take());
        let accepted = match listener.accept() {
            Err(error) if is_shortage(&error) => Ok(None),
            accepted => accepted,
        };
        let told = accepted.map(|accepted| {
            accepted.map(|(socket, peer)| {
                tell(&socket, answer);
                peer
            })
        });
        self.held = take();
        told
    }
}

/// A second number for stdin, which is open whatever it is: nothing need be opened for that, which a sandbox would forbid.
fn take() -> Option<OwnedFd> {
    io::stdin().as_fd().try_clone_to_owned().ok()
}

/// Say one thing to a client and hear no more of it. What it has said already is heard: a close that leaves bytes behind
/// is a reset, which would destroy the answer on its way (RFC 9112, section 9.6).
pub(super) fn tell(socket: &Socket, answer: &[u8]) {
    let mut unheard = [0; 4096];
    for _ in 0..4 {
        if !matches!(socket.recv(&mut unheard), Ok(Recv::Bytes(count)) if count > 0) {
            break;
        }
    }
    // Whoever has left is not told.
    if !answer.is_empty() {
        let _ = socket.send(answer);
    }
    let _ = socket.shutdown(Shutdown::Write);
}
