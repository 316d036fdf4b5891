//! What lies beneath the root: opened so that no name leads out of it and no file makes the server wait.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, open, openat2};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat};

use crate::http::Found;
use crate::net::CallError;

/// The page of a directory.
const INDEX: &[u8] = b"index.html";
/// How often a look-up is repeated that a rename beneath the root made uncertain (EAGAIN, openat2(2)).
const RETRIES: usize = 8;

/// To read. O_NONBLOCK: a FIFO without a writer, or a device, must not hold up everyone else.
const READ: OFlag = OFlag::O_RDONLY
    .union(OFlag::O_NONBLOCK)
    .union(OFlag::O_NOCTTY);

/// The directory whose files are served.
#[derive(Debug)]
pub struct Root {
    directory: OwnedFd,
}

impl Root {
    /// Open a directory; it stays the root when it is renamed.
    pub fn open(path: &Path) -> Result<Self, CallError> {
        let refused = |call, errno| CallError::new(call, path.display(), errno);
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let directory = open(path, flags, Mode::empty()).map_err(|errno| refused("open", errno))?;
        let root = Self { directory };
        // A kernel before 5.6 is better found out now than at the first request.
        root.open_beneath(b".", READ)
            .map_err(|errno| refused("openat2", errno))?;
        Ok(root)
    }

    /// What lies at a path that [`crate::http::ask`] wrote; the file itself comes along where there is one. `path` is
    /// scratch space behind its own bytes.
    pub fn find(&self, path: &mut Vec<u8>) -> (Found, Option<File>) {
        let asked = path.len();
        let is_directory = path.is_empty() || path.ends_with(b"/");
        if is_directory {
            path.extend_from_slice(INDEX);
        }
        let found = self.look(path, is_directory);
        path.truncate(asked);
        match found {
            // The index of a directory is a file or nothing.
            Ok((Found::Directory, _)) if is_directory => (Found::Missing, None),
            Ok(found) => found,
            Err(errno) => (meaning(errno), None),
        }
    }

    fn look(&self, path: &[u8], is_index: bool) -> nix::Result<(Found, Option<File>)> {
        let file = File::from(self.open_beneath(path, READ)?);
        let stat = fstat(&file)?;
        Ok(match kind(&stat) {
            SFlag::S_IFREG => {
                let found = Found::File {
                    length: u64::try_from(stat.st_size).unwrap_or(0),
                    modified: modified(&stat),
                    is_index,
                };
                (found, Some(file))
            }
            SFlag::S_IFDIR => (Found::Directory, None),
            _ => (Found::Forbidden, None),
        })
    }

    /// openat2(2), with O_CLOEXEC.
    pub(super) fn open_beneath(&self, path: &[u8], flags: OFlag) -> nix::Result<OwnedFd> {
        let how = OpenHow::new()
            .flags(flags | OFlag::O_CLOEXEC)
            .resolve(ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_MAGICLINKS);
        let mut opened = openat2(&self.directory, path, how);
        for _ in 0..RETRIES {
            if !matches!(opened, Err(Errno::EAGAIN | Errno::EINTR)) {
                break;
            }
            opened = openat2(&self.directory, path, how);
        }
        opened
    }
}

/// Append the first `length` bytes of a file to `into`; `false` when it has become shorter than that.
pub(super) fn append(file: &File, length: usize, into: &mut Vec<u8>) -> bool {
    let start = into.len();
    into.resize(start + length, 0);
    let whole = into
        .get_mut(start..)
        .is_some_and(|room| file.read_exact_at(room, 0).is_ok());
    if !whole {
        into.truncate(start);
    }
    whole
}

fn kind(stat: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits())
}

fn modified(stat: &FileStat) -> Option<SystemTime> {
    let since = Duration::from_secs(stat.st_mtime.unsigned_abs());
    if stat.st_mtime < 0 {
        UNIX_EPOCH.checked_sub(since)
    } else {
        UNIX_EPOCH.checked_add(since)
    }
}

fn meaning(errno: Errno) -> Found {
    match errno {
        // EXDEV: a link that leads out of the root. Whether there is anything is nobody's business.
        Errno::ENOENT | Errno::ENOTDIR | Errno::ENAMETOOLONG | Errno::ELOOP | Errno::EXDEV => {
            Found::Missing
        }
        // ENXIO, ENODEV: a socket, or a device without a driver.
        Errno::EACCES | Errno::EPERM | Errno::ENXIO | Errno::ENODEV => Found::Forbidden,
        Errno::EMFILE | Errno::ENFILE | Errno::ENOMEM | Errno::EAGAIN | Errno::EINTR => Found::Busy,
        _ => Found::Broken,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use nix::unistd::mkfifo;

    use super::*;

    #[test]
    fn only_files_beneath_the_root_are_found() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), "s").unwrap();
        let inside = outside.path().join("root");
        fs::create_dir_all(inside.join("sub/empty/index.html")).unwrap();
        fs::write(inside.join("sub/index.html"), "index").unwrap();
        fs::write(inside.join("a"), "abc").unwrap();
        symlink("a", inside.join("link")).unwrap();
        symlink("../secret", inside.join("out")).unwrap();
        symlink(outside.path(), inside.join("up")).unwrap();
        symlink("/proc/self/root/etc/passwd", inside.join("magic")).unwrap();
        symlink("loop", inside.join("loop")).unwrap();
        mkfifo(&inside.join("fifo"), Mode::S_IRWXU).unwrap();

        let root = Root::open(&inside).unwrap();
        let found = |path: &str| {
            let mut path = path.as_bytes().to_vec();
            match root.find(&mut path) {
                (
                    Found::File {
                        length, is_index, ..
                    },
                    Some(_),
                ) => format!("{length} {is_index}"),
                (found, _) => format!("{found:?}"),
            }
        };
        for (path, meant) in [
            ("a", "3 false"),
            ("link", "3 false"),
            ("sub/", "5 true"),
            ("sub", "Directory"),
            ("sub/empty/", "Missing"),
            ("", "Missing"),
            ("a/", "Missing"),
            ("a/b", "Missing"),
            ("none", "Missing"),
            ("out", "Missing"),
            ("up/secret", "Missing"),
            ("magic", "Missing"),
            ("loop", "Missing"),
            ("../secret", "Missing"),
            ("/etc/passwd", "Missing"),
            ("fifo", "Forbidden"),
        ] {
            assert_eq!(found(path), meant, "{path}");
        }
        assert_eq!(found(&"x".repeat(300)), "Missing");
        assert_eq!(found(&"x/".repeat(5000)), "Missing");
        assert!(Root::open(&inside.join("a")).is_err());
    }
}
