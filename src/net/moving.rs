//! Bytes that the kernel moves between a socket and a file or pipe by itself, never copied into this process and back:
//! splice(2) and sendfile(2), and recv(2) of what nobody wants.
//!
//! Neither call takes MSG_DONTWAIT: the socket must be non-blocking, which [`Socket::is_nonblocking`] tells.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use nix::fcntl::{FcntlArg, OFlag, SpliceFFlags, fcntl, splice};
use nix::sys::sendfile::sendfile64;
use nix::sys::socket::MsgFlags;

use super::error::CallError;
use super::socket::{Recv, Send, Socket, would_block};

/// How many bytes a pipe of ours, or of somebody who is in a hurry, holds, and a local socket.
const PIPE: i32 = 1 << 20;

impl Socket {
    /// Whether no call on it waits: O_NONBLOCK, fcntl(2) F_GETFL.
    pub fn is_nonblocking(&self) -> bool {
        fcntl(self, FcntlArg::F_GETFL)
            .is_ok_and(|flags| OFlag::from_bits_retain(flags).contains(OFlag::O_NONBLOCK))
    }

    /// sendfile(2) of at most `count` bytes of `file` from where it stands, and it moves on; 0 bytes at its end.
    pub fn sendfile_on(&self, file: BorrowedFd<'_>, count: usize) -> Result<Send, CallError> {
        let arguments = format_args!("{}, {}, NULL, {count}", self.number(), file.as_raw_fd());
        let call = || Ok(sendfile64(self, file, None, count)?);
        self.sent("sendfile", self.explain.call("sendfile", arguments, call))
    }

    /// splice(2) of at most `count` bytes out of a pipe; 0 bytes at its end. It would block where the pipe is empty, and
    /// where the socket is full.
    pub fn splice_from(&self, pipe: BorrowedFd<'_>, count: usize) -> Result<Send, CallError> {
        let call = Splice(pipe, self.as_fd(), count);
        self.sent(
            "splice",
            self.explain.call("splice", &call, || call.splice()),
        )
    }

    /// splice(2) of at most `count` bytes into a pipe; 0 bytes at the peer's end. It would block where nothing has come,
    /// and where the pipe is full; EPIPE where nobody reads it.
    pub fn splice_to(&self, pipe: BorrowedFd<'_>, count: usize) -> Result<Recv, CallError> {
        let call = Splice(self.as_fd(), pipe, count);
        let moved = self.explain.call("splice", &call, || call.splice());
        self.received("splice", moved)
    }

    /// recv(2) with MSG_TRUNC, never waiting, of bytes that nobody wants: TCP drops them where they are, tcp(7). No more
    /// than `room` has place for; what is left in it means nothing.
    pub fn recv_to_discard(&self, room: &mut [u8]) -> Result<Recv, CallError> {
        let arguments = format_args!("{}, {}, MSG_TRUNC", self.number(), room.len());
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_TRUNC;
        let received = self.explain.call("recv", arguments, || {
            Ok(nix::sys::socket::recv(self.number(), room, flags)?)
        });
        self.received("recv", received)
    }

    /// Have a local socket hold a mebibyte on its way, setsockopt(2) SO_SNDBUF: with the kernel's default its two ends wait
    /// for each other half the time, unix(7). Where this is not granted it stays as it is.
    pub fn widen_sending(&self) {
        let _ = self.set_int(libc::SOL_SOCKET, libc::SO_SNDBUF, PIPE);
    }

    fn received(&self, call: &'static str, moved: io::Result<usize>) -> Result<Recv, CallError> {
        match moved {
            Ok(count) => Ok(Recv::Bytes(count)),
            Err(cause) if would_block(&cause) => Ok(Recv::WouldBlock),
            Err(cause) => Err(self.refused(call, cause)),
        }
    }
}

/// Have a pipe hold a mebibyte, fcntl(2) F_SETPIPE_SZ: one that is full of pages moves as fast as memory. Where this is
/// not granted it stays as it is.
pub fn widen_pipe(pipe: BorrowedFd<'_>) {
    let holds = fcntl(pipe, FcntlArg::F_GETPIPE_SZ);
    if holds.is_ok_and(|holds| holds < PIPE) {
        let _ = fcntl(pipe, FcntlArg::F_SETPIPE_SZ(PIPE));
    }
}

/// From where, to where, and how much at most.
struct Splice<'a>(BorrowedFd<'a>, BorrowedFd<'a>, usize);

impl Splice<'_> {
    fn splice(&self) -> io::Result<usize> {
        let flags = SpliceFFlags::SPLICE_F_MOVE | SpliceFFlags::SPLICE_F_NONBLOCK;
        Ok(splice(self.0, None, self.1, None, self.2, flags)?)
    }
}

impl fmt::Display for Splice<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = (self.0.as_raw_fd(), self.1.as_raw_fd());
        let count = self.2;
        write!(
            f,
            "{from}, NULL, {to}, NULL, {count}, SPLICE_F_MOVE|SPLICE_F_NONBLOCK"
        )
    }
}
