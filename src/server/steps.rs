//! What openat2(2) does, for kernels before 5.6 and for what limits this process without knowing it: a name is opened
//! step by step, links are read and not followed, and the way up leads no further than it led down.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{OFlag, ResolveFlag, open, openat, readlinkat};
use nix::sys::stat::{Mode, SFlag, fstat};
use nix::sys::statfs::{PROC_SUPER_MAGIC, fstatfs};

/// How many links a way may lead through, as the kernel has it: path_resolution(7).
const LINKS: usize = 40;

/// To stand on, or to look at: nothing is opened that could wait or be felt.
const STEP: OFlag = OFlag::O_PATH
    .union(OFlag::O_NOFOLLOW)
    .union(OFlag::O_CLOEXEC);

/// Open a path as openat2(2) does with these flags. Links of /proc are never followed: some of them lead elsewhere than
/// they say.
pub(super) fn open_by_steps(
    directory: &OwnedFd,
    path: &[u8],
    flags: OFlag,
    resolve: ResolveFlag,
) -> nix::Result<OwnedFd> {
    let mut way = Way {
        base: directory.as_fd(),
        down: Vec::new(),
        is_enclosed: resolve.contains(ResolveFlag::RESOLVE_BENEATH),
        links: match resolve.contains(ResolveFlag::RESOLVE_NO_SYMLINKS) {
            true => 0,
            false => LINKS,
        },
        ahead: Vec::new(),
    };
    way.lay(path)?;
    way.follow(flags)
}

/// A way through directories.
struct Way<'a> {
    base: BorrowedFd<'a>,
    /// The directories that it led down, or out, to where it stands.
    down: Vec<OwnedFd>,
    /// Whether it may not lead out of the base.
    is_enclosed: bool,
    /// How many links it may still lead through.
    links: usize,
    /// The names ahead, the next one last.
    ahead: Vec<Vec<u8>>,
}

impl Way<'_> {
    /// Have it lead through a path next.
    fn lay(&mut self, path: &[u8]) -> nix::Result<()> {
        if path.is_empty() {
            return Err(Errno::ENOENT);
        } else if path.len() >= PATH_MAX {
            return Err(Errno::ENAMETOOLONG);
        }
        if path.starts_with(b"/") {
            if self.is_enclosed {
                return Err(Errno::EXDEV);
            }
            let root = open("/", STEP | OFlag::O_DIRECTORY, Mode::empty())?;
            self.down.push(root);
        }
        let names = path
            .split(|byte| *byte == b'/')
            .filter(|name| !name.is_empty());
        let mut names: Vec<Vec<u8>> = names.map(<[u8]>::to_vec).collect();
        if path.ends_with(b"/") {
            // What has a slash behind it is a directory.
            names.push(b".".to_vec());
        }
        self.ahead.extend(names.into_iter().rev());
        Ok(())
    }

    fn follow(mut self, flags: OFlag) -> nix::Result<OwnedFd> {
        while let Some(name) = self.ahead.pop() {
            let is_last = self.ahead.is_empty();
            match name.as_slice() {
                b"." if is_last => return openat(self.here(), ".", flags, Mode::empty()),
                b"." => {}
                b".." => {
                    self.climb()?;
                    if is_last {
                        return openat(self.here(), ".", flags, Mode::empty());
                    }
                }
                name => {
                    if let Some(opened) = self.step(name, flags)? {
                        return Ok(opened);
                    }
                }
            }
        }
        // A link to `/` has no name in it.
        openat(self.here(), ".", flags, Mode::empty())
    }

    /// One name further; what it leads to where it is the last one.
    fn step(&mut self, name: &[u8], flags: OFlag) -> nix::Result<Option<OwnedFd>> {
        let place = openat(self.here(), name, STEP, Mode::empty())?;
        let is_last = self.ahead.is_empty();
        match SFlag::from_bits_truncate(fstat(&place)?.st_mode & SFlag::S_IFMT.bits()) {
            SFlag::S_IFLNK if is_last && flags.contains(OFlag::O_NOFOLLOW) => {
                openat(self.here(), name, flags, Mode::empty()).map(Some)
            }
            SFlag::S_IFLNK => self.enter_link(&place).map(|()| None),
            _ if is_last => {
                // Should it have become a link since, that is refused and asked again.
                let opened = openat(self.here(), name, flags | OFlag::O_NOFOLLOW, Mode::empty());
                match opened {
                    Err(Errno::ELOOP) => Err(Errno::EAGAIN),
                    opened => opened.map(Some),
                }
            }
            SFlag::S_IFDIR => {
                self.down.push(place);
                Ok(None)
            }
            _ => Err(Errno::ENOTDIR),
        }
    }

    fn enter_link(&mut self, link: &OwnedFd) -> nix::Result<()> {
        let left = self.links.checked_sub(1).ok_or(Errno::ELOOP)?;
        self.links = left;
        if fstatfs(link)?.filesystem_type() == PROC_SUPER_MAGIC {
            return Err(Errno::ELOOP);
        }
        let target = readlinkat(link, "")?;
        self.lay(target.as_encoded_bytes())
    }

    /// One directory up: the one that it came from, which is asked of nobody.
    fn climb(&mut self) -> nix::Result<()> {
        if self.down.pop().is_some() {
            return Ok(());
        } else if self.is_enclosed {
            return Err(Errno::EXDEV);
        }
        let above = openat(self.here(), "..", STEP | OFlag::O_DIRECTORY, Mode::empty())?;
        self.down.push(above);
        Ok(())
    }

    fn here(&self) -> BorrowedFd<'_> {
        self.down.last().map_or(self.base, AsFd::as_fd)
    }
}

/// How long a path may be with its NUL, <linux/limits.h>.
const PATH_MAX: usize = 4096;
