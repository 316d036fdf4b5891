//! Content of unknown length, written by another thread or process into a pipe and sent on as it comes.

use std::fmt::Debug;
use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use nix::errno::Errno;

use super::handed::Stream;
use super::outgoing::{End, offer};
use crate::net::CallError;

/// How many bytes one read takes.
const READ: usize = 64 * 1024;
/// The longest line in front of a chunk: the digits of READ, CR and LF.
const SIZE_LINE: usize = 8;

/// How the content is framed, RFC 9112, section 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framed {
    /// In chunks, section 7.1.
    Chunked,
    /// It ends with the connection (HTTP/1.0).
    UntilClose,
}

/// Who writes into the pipe; dropping it is the end of its work.
pub(super) trait Writer: Debug {
    /// Whether the end of the pipe is the end of the content; otherwise the connection is cut, so that the client knows.
    fn is_whole(&mut self) -> bool;

    /// How long it may have nothing to say; `None` for as long as a client may.
    fn patience(&self) -> Option<Duration> {
        None
    }
}

/// The reading end of a pipe.
#[derive(Debug)]
pub(super) struct Pipe {
    fd: OwnedFd,
    framed: Framed,
    writer: Box<dyn Writer>,
    /// What was read and is to be sent, framed.
    bytes: Vec<u8>,
    sent: usize,
    has_ended: bool,
}

impl Pipe {
    /// Send on what comes out of `fd`, which must not block.
    pub(super) fn new(fd: OwnedFd, framed: Framed, writer: Box<dyn Writer>) -> Self {
        Self {
            fd,
            framed,
            writer,
            bytes: Vec::new(),
            sent: 0,
            has_ended: false,
        }
    }

    /// How long nothing may come out of it; `None` for as long as a client may be silent.
    pub(super) fn patience(&self) -> Option<Duration> {
        self.writer.patience()
    }

    /// Whether nothing but the end of the connection tells where the content ends.
    pub(super) fn is_open_ended(&self) -> bool {
        self.framed == Framed::UntilClose
    }

    /// The descriptor, to watch it.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// Send what there is, once through the buffer; how many bytes.
    pub(super) fn send(&mut self, stream: &mut Stream) -> Result<(u64, End), CallError> {
        if self.sent == self.bytes.len() {
            match self.fill() {
                Ok(()) => {}
                Err(Errno::EAGAIN | Errno::EINTR) => {
                    // Nobody may need this buffer for long.
                    (self.bytes, self.sent) = (Vec::new(), 0);
                    return Ok((0, End::Empty));
                }
                Err(_) => return Ok((0, End::Cut)),
            }
            if self.has_ended && !self.writer.is_whole() {
                return Ok((0, End::Cut));
            }
        }
        let unsent = self.bytes.get(self.sent..).unwrap_or_default();
        let count = match unsent.len() {
            0 => 0,
            _ => offer(stream, unsent, false)?,
        };
        let is_all = count == unsent.len();
        self.sent += count;
        let end = match self.has_ended && is_all {
            true => End::Whole,
            false => End::Full,
        };
        Ok((count as u64, end))
    }

    /// read(2) once.
    fn fill(&mut self) -> Result<(), Errno> {
        self.bytes.resize(SIZE_LINE + READ + 2, 0);
        let room = self.bytes.get_mut(SIZE_LINE..SIZE_LINE + READ);
        let count = nix::unistd::read(&self.fd, room.unwrap_or_default())?;
        self.has_ended = count == 0;
        self.bytes.truncate(SIZE_LINE + count);
        self.sent = SIZE_LINE;
        if self.framed == Framed::Chunked {
            self.frame(count);
        }
        Ok(())
    }

    /// Make a chunk of what was read; nothing read is the last one, which ends the body.
    fn frame(&mut self, count: usize) {
        let mut line = [0; SIZE_LINE];
        let mut rest = line.as_mut_slice();
        // It fits.
        let _ = write!(rest, "{count:x}\r\n");
        let length = SIZE_LINE - rest.len();
        self.sent = SIZE_LINE - length;
        if let (Some(room), Some(line)) =
            (self.bytes.get_mut(self.sent..SIZE_LINE), line.get(..length))
        {
            room.copy_from_slice(line);
        }
        self.bytes.extend_from_slice(b"\r\n");
    }
}
