//! stdin, read without ever setting O_NONBLOCK on a description that others share.

use std::cell::Cell;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::Instant;

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::{Mode, SFlag, fstat, major, minor};
use nix::unistd::{Whence, lseek64};

use crate::net::{milliseconds, widen_pipe};

/// What stdin is: it decides when a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// /dev/null, closed at the start, or a terminal that belongs to another job.
    Null,
    /// A person.
    Terminal,
    /// A file or a device: its end is certain.
    File,
    /// A pipe or a socket: its end may never come.
    Pipe,
}

/// How the kernel can move what stdin holds into a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Conduit {
    /// sendfile(2), from a regular file.
    Sendfile,
    /// splice(2), from a pipe.
    Splice,
}

/// stdin.
#[derive(Debug)]
pub struct Inlet {
    own: Option<OwnedFd>,
    source: Source,
    conduit: Option<Conduit>,
    /// How many bytes are wanted still; `None` is all.
    left: Cell<Option<u64>>,
}

impl Inlet {
    /// The process's stdin.
    pub fn stdin() -> Self {
        let stdin = io::stdin();
        let stat = fstat(stdin.as_fd()).ok();
        let kind = stat.map(|stat| SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits()));
        let device = stat.map(|stat| (major(stat.st_rdev), minor(stat.st_rdev)));
        let source = match (kind, device) {
            (None, _) | (Some(SFlag::S_IFCHR), Some((1, 3))) => Source::Null,
            (Some(SFlag::S_IFIFO | SFlag::S_IFSOCK), _) => Source::Pipe,
            _ if is_others_terminal() => return Self::none(),
            _ if nix::unistd::isatty(stdin.as_fd()).unwrap_or(false) => Source::Terminal,
            _ => Source::File,
        };
        let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let own = match kind {
            Some(SFlag::S_IFIFO) => open("/proc/self/fd/0", flags, Mode::empty()).ok(),
            _ => None,
        };
        let conduit = match kind {
            Some(SFlag::S_IFIFO) => Some(Conduit::Splice),
            Some(SFlag::S_IFREG) => Some(Conduit::Sendfile),
            _ => None,
        };
        Self {
            own,
            source,
            conduit,
            left: Cell::new(None),
        }
    }

    /// What is in a file, or comes through a named pipe, whose writer is waited for.
    pub fn file(path: &Path) -> io::Result<Self> {
        let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        Ok(Self {
            own: Some(open(path, flags, Mode::empty())?),
            source: Source::File,
            conduit: None,
            left: Cell::new(None),
        })
    }

    /// Nothing to read, whatever stdin is.
    pub fn none() -> Self {
        let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
        let own = open("/dev/null", flags, Mode::empty()).ok();
        Self {
            own,
            source: Source::Null,
            conduit: None,
            left: Cell::new(None),
        }
    }

    /// The same, that ends after `count` bytes; `None` is without limit.
    #[must_use]
    pub fn limited(self, count: Option<u64>) -> Self {
        self.left.set(count);
        self
    }

    /// Whether all that is wanted of it has been taken: a read gives the end, whether or not anything comes.
    pub(super) fn is_exhausted(&self) -> bool {
        self.left.get() == Some(0)
    }

    /// How many bytes are left of it; `None` where nobody knows, as of a pipe.
    pub fn size(&self) -> Option<u64> {
        if self.conduit != Some(Conduit::Sendfile) {
            return self.left.get();
        }
        let (length, at) = self.with_fd(|fd| {
            let stat = fstat(fd).ok()?;
            let at = lseek64(fd, 0, Whence::SeekCur).ok()?;
            Some((stat.st_size, at))
        })?;
        let rest = u64::try_from(length.saturating_sub(at)).unwrap_or(0);
        Some(self.left.get().map_or(rest, |left| left.min(rest)))
    }

    /// How much of `count` bytes may be taken.
    pub(super) fn allows(&self, count: usize) -> usize {
        let left = self.left.get().map(usize::try_from);
        left.map_or(count, |left| left.map_or(count, |left| left.min(count)))
    }

    /// So many were taken.
    pub(super) fn took(&self, count: usize) {
        let left = self.left.get();
        self.left
            .set(left.map(|left| left.saturating_sub(count as u64)));
    }

    /// What it is.
    pub fn source(&self) -> Source {
        self.source
    }

    /// How the kernel can move it into a socket; `None` where it must be read.
    pub(super) fn conduit(&self) -> Option<Conduit> {
        self.conduit
    }

    /// Have the pipe that it is hold much at a time.
    pub(super) fn widen(&self) {
        if self.conduit == Some(Conduit::Splice) {
            self.with_fd(widen_pipe);
        }
    }

    /// Read once, after it was found ready; `None` when nothing is there yet, 0 at the end.
    pub fn read(&self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        let wanted = self.allows(buffer.len());
        let buffer = buffer.get_mut(..wanted).unwrap_or_default();
        if self.is_exhausted() {
            return Ok(Some(0));
        }
        let read = match &self.own {
            Some(fd) => nix::unistd::read(fd, buffer),
            None => nix::unistd::read(io::stdin(), buffer),
        };
        match read {
            Ok(count) => {
                self.took(count);
                Ok(Some(count))
            }
            Err(Errno::EAGAIN | Errno::EINTR) => Ok(None),
            // A terminal that hung up, or a job that lost it.
            Err(Errno::EIO) if self.source == Source::Terminal => Ok(Some(0)),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Whether a read comes back at once, whatever is there: of a file, and of a pipe of which there is a description of our
    /// own.
    pub fn never_waits(&self) -> bool {
        self.own.is_some() || self.conduit == Some(Conduit::Sendfile)
    }

    /// Wait until a read would bring something, or `until` is there (`None`: without limit); whether it would.
    pub fn wait(&self, until: Option<Instant>) -> io::Result<bool> {
        let timeout = until.map(|until| until.saturating_duration_since(Instant::now()));
        let timeout = PollTimeout::try_from(milliseconds(timeout)).unwrap_or(PollTimeout::NONE);
        self.with_fd(
            |fd| match poll(&mut [PollFd::new(fd, PollFlags::POLLIN)], timeout) {
                Ok(count) => Ok(count > 0),
                Err(Errno::EINTR) => Ok(false),
                Err(errno) => Err(errno.into()),
            },
        )
    }

    /// Whether a read would bring something now.
    pub fn is_ready(&self) -> bool {
        self.is_exhausted() || self.wait(Some(Instant::now())).unwrap_or(false)
    }

    /// Whether a read would bring bytes now, and not the end.
    pub fn has_bytes(&self) -> bool {
        let answers = |fd: BorrowedFd<'_>| {
            let mut polled = [PollFd::new(fd, PollFlags::POLLIN)];
            // A pipe that has ended hangs up, and has nothing to read.
            let has_bytes = |fd: &PollFd<'_>| {
                fd.revents()
                    .is_some_and(|found| found.contains(PollFlags::POLLIN))
            };
            poll(&mut polled, PollTimeout::ZERO).is_ok() && polled.iter().all(has_bytes)
        };
        let length = || self.with_fd(|fd| fstat(fd).map_or(0, |stat| stat.st_size));
        match (self.source, self.conduit) {
            (Source::Null, _) => false,
            (Source::File, Some(Conduit::Sendfile)) => length() > 0,
            _ => self.with_fd(answers),
        }
    }

    /// Call `watch` with the descriptor that tells when there is something to read.
    pub fn with_fd<T>(&self, watch: impl FnOnce(BorrowedFd<'_>) -> T) -> T {
        match &self.own {
            Some(fd) => watch(fd.as_fd()),
            None => watch(io::stdin().as_fd()),
        }
    }
}

/// Whether stdin is a terminal at which somebody types for another job: a read would stop this one with SIGTTIN, so a
/// job in the background of a shell leaves it alone.
fn is_others_terminal() -> bool {
    let foreground = nix::unistd::tcgetpgrp(io::stdin());
    foreground.is_ok_and(|group| group != nix::unistd::getpgrp())
}
