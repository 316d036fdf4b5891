//! The one door to stdout: payload and events pass through it whole and in order, and a loop never waits at it.
//!
//! O_NONBLOCK belongs to the open file description, which stdout shares with other processes: it is never set. A pipe
//! is opened anew through /proc instead, which gives a description of our own; a socket takes MSG_DONTWAIT.

use std::fmt;
use std::io::{self, IoSlice};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl, open};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{MsgFlags, send};
use nix::sys::stat::{Mode, SFlag, fstat, major, minor};
use nix::sys::uio::writev;
use std::os::fd::AsRawFd;

use super::signals::pending_signal;
use crate::net::{CallError, Recv, Socket, reason, widen_pipe};

/// How much a pipe takes without waiting once it is ready, pipe(7): PIPE_BUF.
const PIPE_BUF: usize = 4096;

/// How many milliseconds pass between two looks for a signal.
const LOOK_UP: u16 = 100;

/// stdout, and what it has not taken yet.
#[derive(Debug)]
pub struct Outlet {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    sink: Sink,
    pending: Vec<u8>,
    taken: usize,
    /// Whether a pipe had no room for what was to be moved into it.
    is_full: bool,
}

#[derive(Debug)]
enum Sink {
    /// A pipe or a terminal, opened anew without blocking.
    Own(OwnedFd, Kind),
    /// A pipe that could not be opened anew.
    Pipe,
    /// A socket.
    Socket,
    /// A file or a device: writes are certain.
    Waiting,
    /// /dev/null.
    Null,
    /// Closed on purpose.
    Closed,
}

/// What was opened anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Pipe,
    Terminal,
}

/// How the kernel can take what a socket holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Drain {
    /// splice(2), into a pipe.
    Splice,
    /// Not at all: stdout is /dev/null.
    Discard,
}

/// What came of moving bytes into stdout.
#[derive(Debug)]
pub(super) enum Moving {
    /// So many were moved; 0 at the peer's end.
    Bytes(usize),
    /// None has come.
    Empty,
    /// stdout is full, as [`Outlet::is_clear`] tells until there is room.
    Full,
    /// This kernel does not move them.
    Refused,
    /// The connection failed.
    Failed(CallError),
}

/// stdout could not be written to; EPIPE when its reader went away.
#[derive(Debug)]
pub struct StdoutError(pub io::Error);

impl Outlet {
    /// The process's stdout.
    pub fn stdout() -> Self {
        let stdout = io::stdout();
        let kind = fstat(stdout.as_fd())
            .map(|stat| SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits()));
        let sink = match kind {
            Ok(SFlag::S_IFIFO) => open_anew().map_or(Sink::Pipe, |fd| Sink::Own(fd, Kind::Pipe)),
            Ok(SFlag::S_IFSOCK) => Sink::Socket,
            // A terminal may be stopped (Ctrl-S), or nobody reads behind it.
            Ok(_) if nix::unistd::isatty(stdout.as_fd()).unwrap_or(false) => {
                open_anew().map_or(Sink::Waiting, |fd| Sink::Own(fd, Kind::Terminal))
            }
            Ok(SFlag::S_IFCHR) if is_null() => Sink::Null,
            _ => Sink::Waiting,
        };
        Self {
            state: Mutex::new(State {
                sink,
                pending: Vec::new(),
                taken: 0,
                is_full: false,
            }),
        }
    }

    /// Write all of `bytes`, waiting for the reader as long as it takes.
    pub fn write(&self, bytes: &[u8]) -> Result<(), StdoutError> {
        let mut state = self.state();
        state.pending.extend_from_slice(bytes);
        state.flush(true).map(drop).map_err(StdoutError)
    }

    /// Write what stdout takes now and keep the rest; whether nothing is left.
    pub fn offer(&self, bytes: &[u8]) -> Result<bool, StdoutError> {
        let mut state = self.state();
        let taken = if state.is_clear() {
            state.sink.write(bytes).map_err(StdoutError)?
        } else {
            0
        };
        state
            .pending
            .extend_from_slice(bytes.get(taken..).unwrap_or_default());
        if taken > 0 && !state.is_clear() {
            return Ok(false);
        }
        state.flush(false).map_err(StdoutError)
    }

    /// Write what stdout takes now of several pieces, in one call where it can, and keep the rest; whether nothing is left.
    pub fn offer_parts(&self, parts: &[IoSlice<'_>]) -> Result<bool, StdoutError> {
        let mut state = self.state();
        let mut taken = match state.is_clear() {
            true => state.sink.write_parts(parts).map_err(StdoutError)?,
            false => 0,
        };
        for part in parts {
            let rest = part.get(taken..).unwrap_or_default();
            taken = taken.saturating_sub(part.len());
            state.pending.extend_from_slice(rest);
        }
        state.flush(false).map_err(StdoutError)
    }

    /// Write more of what is left; whether nothing is left.
    pub fn flush(&self) -> Result<bool, StdoutError> {
        self.state().flush(false).map_err(StdoutError)
    }

    /// Whether stdout has taken everything, and has room as far as is known.
    pub fn is_clear(&self) -> bool {
        let state = self.state();
        state.is_clear() && !state.is_full
    }

    /// How the kernel can take what a socket holds; `None` where it must be written.
    pub(super) fn drain(&self) -> Option<Drain> {
        match &self.state().sink {
            Sink::Own(_, Kind::Pipe) => Some(Drain::Splice),
            Sink::Null => Some(Drain::Discard),
            _ => None,
        }
    }

    /// Have the pipe that stdout is hold much at a time.
    pub(super) fn widen(&self) {
        if let Sink::Own(fd, Kind::Pipe) = &self.state().sink {
            widen_pipe(fd.as_fd());
        }
    }

    /// Move at most `count` bytes from a non-blocking socket into the pipe that stdout is, splice(2), once it has taken
    /// everything else.
    pub(super) fn splice(&self, socket: &Socket, count: usize) -> Result<Moving, StdoutError> {
        let mut state = self.state();
        let Sink::Own(fd, Kind::Pipe) = &state.sink else {
            return Ok(Moving::Refused);
        };
        match socket.splice_to(fd.as_fd(), count) {
            Ok(Recv::Bytes(count)) => Ok(Moving::Bytes(count)),
            Ok(Recv::WouldBlock) if has_room(fd.as_fd()).map_err(StdoutError)? => Ok(Moving::Empty),
            Ok(Recv::WouldBlock) => {
                state.is_full = true;
                Ok(Moving::Full)
            }
            Err(failure) if failure.errno() == libc::EPIPE => Err(StdoutError::reader_gone()),
            Err(failure) if is_refusal(&failure) => Ok(Moving::Refused),
            Err(failure) => Ok(Moving::Failed(failure)),
        }
    }

    /// How many bytes stdout has not taken yet.
    pub fn backlog(&self) -> usize {
        let state = self.state();
        state.pending.len() - state.taken
    }

    /// Have a stdout that was closed at the start take everything: for a log, whose lines are nobody's payload.
    pub fn forgive(&self) -> Result<(), StdoutError> {
        match was_closed() {
            true => self.close(),
            false => Ok(()),
        }
    }

    /// Close stdout, so that its reader sees the end while this process goes on.
    pub fn close(&self) -> Result<(), StdoutError> {
        let mut state = self.state();
        state.flush(true).map_err(StdoutError)?;
        state.sink = Sink::Closed;
        let null = open(
            "/dev/null",
            OFlag::O_WRONLY | OFlag::O_CLOEXEC,
            Mode::empty(),
        );
        null.and_then(nix::unistd::dup2_stdout)
            .map_err(|errno| StdoutError(errno.into()))
    }

    /// Call `watch` with the descriptor that tells when there is room; nothing once stdout is closed.
    pub fn with_fd<T>(&self, watch: impl FnOnce(BorrowedFd<'_>) -> T) -> Option<T> {
        match &self.state().sink {
            Sink::Own(fd, _) => Some(watch(fd.as_fd())),
            Sink::Closed => None,
            _ => Some(watch(io::stdout().as_fd())),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves whole bytes behind: the state is as good as before.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_clear(&self) -> bool {
        self.taken == self.pending.len()
    }

    fn flush(&mut self, wait: bool) -> io::Result<bool> {
        while !self.is_clear() {
            let rest = self.pending.get(self.taken..).unwrap_or_default();
            match self.sink.write(rest)? {
                0 if wait => self.sink.wait()?,
                0 => return Ok(false),
                count => self.taken += count,
            }
        }
        self.pending.clear();
        self.taken = 0;
        if self.is_full && !wait {
            self.is_full = !self.sink.has_room()?;
        }
        Ok(!self.is_full)
    }
}

impl Sink {
    /// How many bytes were taken; 0 when there is no room now.
    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        let written = match self {
            Self::Own(fd, _) => nix::unistd::write(fd, bytes),
            Self::Pipe if !self.has_room()? => Ok(0),
            Self::Pipe => nix::unistd::write(io::stdout(), bytes.get(..PIPE_BUF).unwrap_or(bytes)),
            Self::Socket => {
                let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
                send(io::stdout().as_raw_fd(), bytes, flags)
            }
            Self::Waiting | Self::Null => nix::unistd::write(io::stdout(), bytes),
            Self::Closed => Ok(bytes.len()),
        };
        match written {
            Err(Errno::EAGAIN | Errno::EINTR) => Ok(0),
            written => Ok(written?),
        }
    }

    /// The same for several pieces; 0 where they cannot be written in one call.
    fn write_parts(&self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        let written = match self {
            Self::Own(fd, _) => writev(fd, parts),
            Self::Waiting | Self::Null => writev(io::stdout(), parts),
            Self::Pipe | Self::Socket | Self::Closed => Ok(0),
        };
        match written {
            Err(Errno::EAGAIN | Errno::EINTR) => Ok(0),
            written => Ok(written?),
        }
    }

    fn has_room(&self) -> io::Result<bool> {
        match self {
            Self::Own(fd, _) => has_room(fd.as_fd()),
            _ => has_room(io::stdout().as_fd()),
        }
    }

    fn wait(&self) -> io::Result<()> {
        let stdout = io::stdout();
        let fd = if let Self::Own(fd, _) = self {
            fd.as_fd()
        } else {
            stdout.as_fd()
        };
        loop {
            match poll(&mut [PollFd::new(fd, PollFlags::POLLOUT)], LOOK_UP) {
                // The signals that end a run are blocked here: who waits for ever must look for them.
                Ok(0) if pending_signal().is_some() => return Err(Errno::EINTR.into()),
                Ok(0) | Err(Errno::EINTR) => {}
                Ok(_) => return Ok(()),
                Err(errno) => return Err(errno.into()),
            }
        }
    }
}

/// stdout as a description of our own, which alone is non-blocking.
fn open_anew() -> nix::Result<OwnedFd> {
    let flags = OFlag::O_WRONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    open("/proc/self/fd/1", flags, Mode::empty())
}

/// Whether stdout is the device that takes everything, null(4).
fn is_null() -> bool {
    let device = fstat(io::stdout().as_fd()).map(|stat| (major(stat.st_rdev), minor(stat.st_rdev)));
    device == Ok((1, 3)) && !was_closed()
}

/// Whether stdout was closed at the start: what stands for it is open for reading alone.
fn was_closed() -> bool {
    let flags = fcntl(io::stdout().as_fd(), FcntlArg::F_GETFL).map(OFlag::from_bits_retain);
    flags.is_ok_and(|flags| flags & OFlag::O_ACCMODE == OFlag::O_RDONLY)
}

/// Whether the kernel, or this kind of descriptor, does not know splice(2) and sendfile(2).
pub(super) fn is_refusal(failure: &CallError) -> bool {
    matches!(
        failure.errno(),
        libc::EINVAL | libc::ENOSYS | libc::EOPNOTSUPP | libc::EPERM
    )
}

fn has_room(fd: BorrowedFd<'_>) -> io::Result<bool> {
    let mut polled = [PollFd::new(fd, PollFlags::POLLOUT)];
    match poll(&mut polled, PollTimeout::ZERO) {
        Ok(count) => Ok(count > 0),
        Err(Errno::EINTR) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

impl StdoutError {
    /// stdout's reader went away, as a write would have told: EPIPE.
    pub fn reader_gone() -> Self {
        Self(io::Error::from_raw_os_error(libc::EPIPE))
    }

    /// Whether a signal came while a slow reader was waited for.
    pub fn is_interrupted(&self) -> bool {
        self.0.raw_os_error() == Some(libc::EINTR)
    }

    /// Whether stdout's reader went away, which is no fault: the program ends as by SIGPIPE.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self.0.raw_os_error(), Some(libc::EPIPE | libc::ECONNRESET))
    }
}

impl fmt::Display for StdoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "write stdout: {}", reason(&self.0))
    }
}

impl std::error::Error for StdoutError {}
