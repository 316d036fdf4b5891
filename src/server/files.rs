//! What lies beneath the root: opened so that no name leads out of it and no file makes the server wait.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, OpenHow, ResolveFlag, open, openat2};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat};
use nix::unistd::{AccessFlags, faccessat};

use super::deputy::Deputy;
use super::steps::open_by_steps;
use super::stored::Stored;
use crate::http::{Coding, Facts, Found, media_type};
use crate::net::CallError;

/// How often a look-up is repeated that a rename beneath the root made uncertain (EAGAIN, openat2(2)).
const RETRIES: usize = 8;

/// To read. O_NONBLOCK: a FIFO without a writer, or a device, must not hold up everyone else.
const CONTENT: OFlag = OFlag::O_RDONLY
    .union(OFlag::O_NONBLOCK)
    .union(OFlag::O_NOCTTY);
/// To be looked at.
const PLACE: OFlag = OFlag::O_PATH;
/// Through no link.
const STRAIGHT: ResolveFlag = ResolveFlag::RESOLVE_NO_SYMLINKS;

/// The directory whose files are served.
#[derive(Debug)]
pub(super) struct Root {
    directory: Arc<OwnedFd>,
    identity: Identity,
    /// Where a name may lead.
    reach: ResolveFlag,
    /// Who may open what lies in it.
    deputy: Deputy,
    /// Whether there is no openat2(2).
    steps: bool,
}

/// Which directory it is, as long as it is open: its device and its number there, stat(2).
pub(super) type Identity = (u64, u64);

impl Root {
    /// Open a directory; it stays the root when it is renamed.
    pub(super) fn open(path: &Path) -> Result<Self, CallError> {
        let refused = |call, errno| CallError::new(call, path.display(), errno);
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let directory = open(path, flags, Mode::empty()).map_err(|errno| refused("open", errno))?;
        let stat = fstat(&directory).map_err(|errno| refused("fstat", errno))?;
        let mut root = Self {
            directory: Arc::new(directory),
            identity: identity(&stat),
            reach: ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_MAGICLINKS,
            deputy: Deputy::default(),
            steps: false,
        };
        // ENOSYS: a kernel before 5.6. EPERM, EACCES: what confines this process does not know the call.
        if let Err(Errno::ENOSYS | Errno::EPERM | Errno::EACCES) = root.open_directory(b"") {
            root.steps = true;
        }
        root.open_directory(b"")
            .map_err(|errno| refused("open", errno))?;
        Ok(root)
    }

    /// Whether names are opened step by step, for want of openat2(2).
    pub(super) fn goes_by_steps(&self) -> bool {
        self.steps
    }

    /// The same directory, where somebody else has to open what lies in it.
    #[must_use]
    pub(super) fn reached_by(self, deputy: Deputy) -> Self {
        Self { deputy, ..self }
    }

    /// Which directory it is.
    pub(super) fn identity(&self) -> Identity {
        self.identity
    }

    /// Who may make files in it.
    pub(super) fn deputy(&self) -> &Deputy {
        &self.deputy
    }

    /// Whether it is the sandbox that keeps it closed: by its permissions it is open.
    pub(super) fn is_out_of_reach(&self) -> bool {
        let flags = AtFlags::AT_EACCESS;
        faccessat(&*self.directory, ".", AccessFlags::R_OK, flags).is_ok()
            && matches!(self.open_folder(b""), Err(Errno::EACCES))
    }

    /// Whether this process, with the privileges that it has now, can look for files in it: EACCES where it cannot.
    pub(super) fn check(&self) -> Result<(), CallError> {
        faccessat(
            &*self.directory,
            ".",
            AccessFlags::X_OK,
            AtFlags::AT_EACCESS,
        )
        .map_err(|errno| CallError::new("access", "the directory", errno))
    }

    /// The same directory, out of which links may lead. A path still cannot: it has no dots.
    #[must_use]
    pub(super) fn following_links(self) -> Self {
        Self {
            reach: ResolveFlag::RESOLVE_NO_MAGICLINKS,
            ..self
        }
    }

    /// A directory beneath as a root of its own, which is another world: no link leads from one to the other.
    pub(super) fn enclosed(&self, name: &str) -> nix::Result<Self> {
        let flags = PLACE | OFlag::O_DIRECTORY;
        let directory = self.open_beneath(name.as_bytes(), flags, ResolveFlag::empty())?;
        Ok(Self {
            identity: identity(&fstat(&directory)?),
            directory: Arc::new(directory),
            reach: self.reach,
            deputy: self.deputy.clone(),
            steps: self.steps,
        })
    }

    /// What lies at a path that [`crate::http::ask`] wrote; the file itself comes along where there is one, and `path`
    /// then leads to it: a directory has become the first `index` that is there.
    pub(super) fn find(&self, path: &mut Vec<u8>, index: &[String]) -> (Found, Option<File>) {
        if !path.is_empty() && !path.ends_with(b"/") {
            return self.look(path).unwrap_or_else(nothing);
        }
        let asked = path.len();
        for name in index {
            path.extend_from_slice(name.as_bytes());
            match self.look(path).unwrap_or_else(nothing) {
                // The index of a directory is a file or nothing.
                (Found::Missing | Found::Directory, _) => path.truncate(asked),
                (found, None) => {
                    path.truncate(asked);
                    return (found, None);
                }
                found => return found,
            }
        }
        (Found::Missing, None)
    }

    /// A directory that files are put into: the root for an empty path.
    pub(super) fn open_folder(&self, path: &[u8]) -> nix::Result<OwnedFd> {
        let path = if path.is_empty() { b"." } else { path };
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY;
        self.open_beneath(path, flags, ResolveFlag::empty())
    }

    fn look(&self, path: &[u8]) -> nix::Result<(Found, Option<File>)> {
        // A FIFO that is opened is felt at its other end: what it is comes first.
        let stat = fstatat(&*self.directory, path, AtFlags::AT_SYMLINK_NOFOLLOW)?;
        match kind(&stat) {
            SFlag::S_IFREG | SFlag::S_IFLNK => {}
            // A link on the way may lead outside: what is there is nobody's business.
            other => {
                drop(self.open_beneath(path, PLACE, ResolveFlag::empty())?);
                let found = match other {
                    SFlag::S_IFDIR => Found::Directory,
                    _ => Found::Forbidden,
                };
                return Ok((found, None));
            }
        }
        let file = File::from(self.open_beneath(path, CONTENT, ResolveFlag::empty())?);
        Ok(match facts(&fstat(&file)?, path) {
            Some(facts) => (Found::File(facts), Some(file)),
            None => (Found::Forbidden, None),
        })
    }

    /// What is known of the file at a path, no link to one; `None` where there is none.
    pub(super) fn facts(&self, path: &[u8]) -> Option<Facts> {
        facts_of(&*self.directory, path)
    }

    /// A directory on the way to a file, to be watched; the way leads through no link.
    pub(super) fn open_directory(&self, path: &[u8]) -> nix::Result<OwnedFd> {
        let path = if path.is_empty() { b"." } else { path };
        self.open_beneath(path, PLACE | OFlag::O_DIRECTORY, STRAIGHT)
    }

    /// Whether a path leads to this very file, through no link.
    pub(super) fn leads_straight_to(&self, path: &[u8], file: &File) -> bool {
        let place = self.open_beneath(path, PLACE, STRAIGHT);
        match (place.and_then(fstat), fstat(file)) {
            (Ok(there), Ok(here)) => (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino),
            _ => false,
        }
    }

    /// Whether a path leads to nothing, not even to a link.
    pub(super) fn leads_straight_to_nothing(&self, path: &[u8]) -> bool {
        matches!(self.open_beneath(path, PLACE, STRAIGHT), Err(Errno::ENOENT))
    }

    /// openat2(2), by whoever may.
    pub(super) fn open_beneath(
        &self,
        path: &[u8],
        flags: OFlag,
        more: ResolveFlag,
    ) -> nix::Result<OwnedFd> {
        let flags = flags | OFlag::O_CLOEXEC;
        let resolve = self.reach | more;
        let opens = if self.steps {
            open_by_steps
        } else {
            open_at_once
        };
        if self.deputy.is_here() {
            return settled(|| opens(&self.directory, path, flags, resolve));
        }
        let (directory, path) = (Arc::clone(&self.directory), path.to_vec());
        self.deputy
            .run(move || settled(|| opens(&directory, &path, flags, resolve)))?
    }
}

/// What is known of an open file, and what it holds; `None` when it is none that can be served.
pub(super) fn take_up(file: &Rc<File>, path: &[u8]) -> Option<(Facts, Stored)> {
    let facts = facts(&fstat(file).ok()?, path)?;
    Some((facts, Stored::of(file, facts.length)?))
}

/// What is known of the file `name` of a directory, no link to one; `None` where there is none.
pub(super) fn facts_of(folder: impl AsFd, name: &[u8]) -> Option<Facts> {
    let stat = fstatat(folder, name, AtFlags::AT_SYMLINK_NOFOLLOW).ok()?;
    facts(&stat, name)
}

/// What is known of a regular file.
fn facts(stat: &FileStat, path: &[u8]) -> Option<Facts> {
    (kind(stat) == SFlag::S_IFREG).then(|| Facts {
        length: u64::try_from(stat.st_size).unwrap_or(0),
        modified: modified(stat),
        inode: stat.st_ino,
        media_type: media_type(path),
        coding: Coding::Identity,
        varies: false,
    })
}

/// openat2(2).
fn open_at_once(
    directory: &OwnedFd,
    path: &[u8],
    flags: OFlag,
    resolve: ResolveFlag,
) -> nix::Result<OwnedFd> {
    openat2(
        directory,
        path,
        OpenHow::new().flags(flags).resolve(resolve),
    )
}

/// Open, again while a rename beneath the root makes it uncertain.
fn settled(open: impl Fn() -> nix::Result<OwnedFd>) -> nix::Result<OwnedFd> {
    let mut opened = open();
    for _ in 0..RETRIES {
        if !matches!(opened, Err(Errno::EAGAIN | Errno::EINTR)) {
            break;
        }
        opened = open();
    }
    opened
}

/// Which directory a stat(2) is about.
pub(super) fn identity(stat: &FileStat) -> Identity {
    (stat.st_dev, stat.st_ino)
}

fn kind(stat: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits())
}

fn modified(stat: &FileStat) -> Option<SystemTime> {
    let since = Duration::from_secs(stat.st_mtime.unsigned_abs());
    let seconds = if stat.st_mtime < 0 {
        UNIX_EPOCH.checked_sub(since)
    } else {
        UNIX_EPOCH.checked_add(since)
    };
    // Nanoseconds count forward, before 1970 too.
    let nanoseconds = u64::try_from(stat.st_mtime_nsec).ok()?;
    seconds?.checked_add(Duration::from_nanos(nanoseconds))
}

fn nothing(errno: Errno) -> (Found, Option<File>) {
    (meaning(errno), None)
}

/// What an error says about a path.
pub(super) fn meaning(errno: Errno) -> Found {
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
        mkfifo(&outside.path().join("pipe"), Mode::S_IRWXU).unwrap();

        let index = ["none.html".to_owned(), "index.html".to_owned()];
        let look = |root: &Root, path: &str| {
            let mut path = path.as_bytes().to_vec();
            match root.find(&mut path, &index) {
                (Found::File(facts), Some(_)) => format!("{} {}", facts.length, facts.media_type),
                (found, _) => format!("{found:?}"),
            }
        };
        // Without openat2(2) the same is found.
        let root = Root::open(&inside).unwrap();
        let by_steps = Root {
            steps: true,
            ..Root::open(&inside).unwrap()
        };
        let found = |path: &str| {
            let found = look(&root, path);
            assert_eq!(look(&by_steps, path), found, "{path} by steps");
            found
        };
        for (path, meant) in [
            ("up/root", "Missing"),
            ("up/pipe", "Missing"),
            ("a", "3 application/octet-stream"),
            ("link", "3 application/octet-stream"),
            ("sub/", "5 text/html; charset=utf-8"),
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

        let ways = [
            "a",
            "./a",
            "sub/../a",
            "sub/..",
            "..",
            "../root/a",
            "sub/../../root/a",
            "a/",
            "a/.",
            "a/..",
            "link",
            "link/",
            "out",
            "up",
            "up/",
            "up/secret",
            "up/root/a",
            "loop",
            "magic",
            ".",
            "sub/",
            "fifo",
            "/",
            "",
            "sub//./a",
            "sub/empty/../index.html",
        ];
        for more in [ResolveFlag::empty(), STRAIGHT] {
            for flags in [
                PLACE,
                PLACE | OFlag::O_DIRECTORY,
                PLACE | OFlag::O_NOFOLLOW,
                CONTENT,
            ] {
                for path in ways
                    .into_iter()
                    .filter(|path| *path != "fifo" || flags != CONTENT)
                {
                    let opened = |root: &Root| {
                        let fd = root.open_beneath(path.as_bytes(), flags, more)?;
                        fstat(fd).map(|stat| identity(&stat))
                    };
                    assert_eq!(
                        opened(&by_steps),
                        opened(&root),
                        "{path} {flags:?} {more:?}"
                    );
                }
            }
        }

        let following = root.following_links();
        let following_by_steps = by_steps.following_links();
        for (path, meant) in [
            ("out", "1 application/octet-stream"),
            ("up/secret", "1 application/octet-stream"),
            ("up/root", "Directory"),
            ("magic", "Missing"),
        ] {
            assert_eq!(look(&following, path), meant, "{path}");
            assert_eq!(look(&following_by_steps, path), meant, "{path}");
        }
    }

    #[test]
    fn a_directory_can_be_a_world_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        for host in ["a.example", "b.example"] {
            fs::create_dir(folder.path().join(host)).unwrap();
            fs::write(folder.path().join(host).join("name"), host).unwrap();
        }
        symlink("../b.example/name", folder.path().join("a.example/other")).unwrap();
        let root = Root::open(folder.path()).unwrap();
        let world = root.enclosed("a.example").unwrap();
        let found = |path: &[u8]| world.find(&mut path.to_vec(), &[]).0;
        assert!(matches!(found(b"name"), Found::File(_)));
        assert_eq!(found(b"other"), Found::Missing);
        assert!(root.enclosed("c.example").is_err() && root.enclosed("..").is_err());
        assert!(root.enclosed("a.example/name").is_err());
    }
}
