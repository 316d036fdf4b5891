//! What happens to files that are kept, inotify(7): told before the next request can ask for them.
//!
//! Not everything is told (a write through a mapping, another host's on a network file system): what is kept is looked
//! at again after a while all the same.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use nix::errno::Errno;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

/// How many files and directories are watched before it begins anew.
const WATCHES: usize = 4096;

/// A file: what it holds, what is known of it, and whether its name still leads to it.
const OF_FILE: AddWatchFlags = AddWatchFlags::IN_MODIFY
    .union(AddWatchFlags::IN_ATTRIB)
    .union(AddWatchFlags::IN_MOVE_SELF)
    .union(AddWatchFlags::IN_DELETE_SELF);

/// A directory: which names there are in it, and where it is.
const OF_DIRECTORY: AddWatchFlags = AddWatchFlags::IN_CREATE
    .union(AddWatchFlags::IN_DELETE)
    .union(AddWatchFlags::IN_MOVED_FROM)
    .union(AddWatchFlags::IN_MOVED_TO)
    .union(AddWatchFlags::IN_ATTRIB)
    .union(AddWatchFlags::IN_MOVE_SELF)
    .union(AddWatchFlags::IN_DELETE_SELF);

/// A watch over files and directories.
#[derive(Debug)]
pub(super) struct Changes {
    inotify: Inotify,
    watches: usize,
}

impl Changes {
    /// A watch over nothing; `None` where the kernel has none to give.
    pub(super) fn new() -> Option<Self> {
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK).ok()?;
        let watches = 0;
        Some(Self { inotify, watches })
    }

    /// The descriptor that can be read once something happened.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }

    /// Whether it is to be begun anew.
    pub(super) fn is_full(&self) -> bool {
        self.watches >= WATCHES
    }

    /// Watch an open file; `false` when it cannot be.
    pub(super) fn watch_file(&mut self, file: impl AsFd) -> bool {
        self.watch(file.as_fd(), OF_FILE)
    }

    /// Watch an open directory; `false` when it cannot be.
    pub(super) fn watch_directory(&mut self, directory: impl AsFd) -> bool {
        self.watch(directory.as_fd(), OF_DIRECTORY)
    }

    /// Whether anything has happened since it was last asked.
    pub(super) fn have_come(&self) -> bool {
        let mut any = false;
        loop {
            match self.inotify.read_events() {
                Ok(events) if !events.is_empty() => any = true,
                Err(Errno::EAGAIN) | Ok(_) => return any,
                // Whatever it is, nothing that is kept can be trusted.
                Err(_) => return true,
            }
        }
    }

    fn watch(&mut self, fd: BorrowedFd<'_>, what: AddWatchFlags) -> bool {
        self.watches += 1;
        // The descriptor's own name leads to it wherever it has been moved to.
        let name = format!("/proc/self/fd/{}", fd.as_raw_fd());
        self.inotify.add_watch(name.as_str(), what).is_ok()
    }
}
