//! A file on its way into a folder: nobody sees it before it is whole and safe on the disk, and nothing of it stays
//! when it never is.

use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, RenameFlags, openat, renameat, renameat2};
use nix::sys::stat::{Mode, SFlag, fstatat};
use nix::unistd::{UnlinkatFlags, fsync, linkat, unlinkat};

/// How often a temporary name is tried that somebody else had.
const TRIES: usize = 8;

/// A file without its name.
#[derive(Debug)]
pub(super) struct Draft {
    folder: Arc<OwnedFd>,
    name: Vec<u8>,
    file: File,
    /// The name that it has meanwhile; `None` where the file system can do without.
    temporary: Option<String>,
    length: u64,
}

/// How a file got its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Placed {
    /// There was none of that name.
    Created,
    /// In place of another.
    Replaced,
}

impl Draft {
    /// Begin the file `name` of `folder`, one name without a slash. What may not be replaced is refused at once
    /// (EEXIST): the client need not send what will not be taken.
    pub(super) fn begin(
        folder: &Arc<OwnedFd>,
        name: &[u8],
        overwrite: bool,
    ) -> Result<Self, Errno> {
        check_place(folder, name, overwrite)?;
        let (file, temporary) = match nameless(folder) {
            Ok(file) => (file, None),
            // EISDIR: a kernel before 3.11.
            Err(Errno::EOPNOTSUPP | Errno::EISDIR) => {
                let (file, name) = hidden(folder)?;
                (file, Some(name))
            }
            Err(errno) => return Err(errno),
        };
        Ok(Self {
            folder: Arc::clone(folder),
            name: name.to_vec(),
            file: File::from(file),
            temporary,
            length: 0,
        })
    }

    /// The name that it will have.
    pub(super) fn name(&self) -> &[u8] {
        &self.name
    }

    /// How many bytes were written.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// write(2) all of `bytes`, into the page cache mostly: that is as quick as the memory is.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Errno> {
        let written = self.file.write_all(bytes);
        self.length += bytes.len() as u64;
        written.map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)))
    }

    /// Have the disk keep it, then give it its name, then have the disk keep that. EEXIST where the name is taken and
    /// is not to be replaced: of two at once exactly one wins.
    pub(super) fn commit(mut self, overwrite: bool) -> Result<Placed, Errno> {
        fsync(&self.file)?;
        let placed = match self.place() {
            Err(Errno::EEXIST) if overwrite => {
                check_place(&self.folder, &self.name, overwrite)?;
                self.replace().map(|()| Placed::Replaced)
            }
            placed => placed.map(|()| Placed::Created),
        }?;
        fsync(&self.folder)?;
        Ok(placed)
    }

    /// Give it its name, if nobody has it.
    fn place(&mut self) -> Result<(), Errno> {
        let (folder, name) = (&self.folder, self.name.as_slice());
        let Some(temporary) = &self.temporary else {
            return self.link(&self.name);
        };
        match renameat2(
            folder,
            temporary.as_str(),
            folder,
            name,
            RenameFlags::RENAME_NOREPLACE,
        ) {
            // A file system without the flag: a second name, and then the first one goes.
            Err(Errno::EINVAL) => {
                linkat(folder, temporary.as_str(), folder, name, AtFlags::empty())
            }
            Ok(()) => {
                self.temporary = None;
                Ok(())
            }
            refused => refused,
        }
    }

    /// Take the name of another: with a temporary one first, for only rename(2) replaces.
    fn replace(&mut self) -> Result<(), Errno> {
        let temporary = match self.temporary.take() {
            Some(temporary) => temporary,
            None => self.link_hidden()?,
        };
        let folder = &self.folder;
        let renamed = renameat(folder, temporary.as_str(), folder, self.name.as_slice());
        if renamed.is_err() {
            self.temporary = Some(temporary);
        }
        renamed
    }

    fn link_hidden(&self) -> Result<String, Errno> {
        let mut linked = Err(Errno::EEXIST);
        for _ in 0..TRIES {
            let name = temporary_name()?;
            linked = self.link(name.as_bytes()).map(|()| name);
            if linked != Err(Errno::EEXIST) {
                break;
            }
        }
        linked
    }

    /// Name a nameless file, open(2) on O_TMPFILE: by its descriptor, which takes no privilege this way.
    fn link(&self, name: &[u8]) -> Result<(), Errno> {
        let path = format!("/proc/self/fd/{}", self.file.as_raw_fd());
        let flags = AtFlags::AT_SYMLINK_FOLLOW;
        linkat(AT_FDCWD, path.as_str(), &self.folder, name, flags)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            // Whoever removed it before did no harm.
            let _ = unlinkat(&self.folder, temporary.as_str(), UnlinkatFlags::NoRemoveDir);
        }
    }
}

/// EEXIST for a name that may not be taken: only a regular file is ever replaced, not even a link to one.
fn check_place(folder: &Arc<OwnedFd>, name: &[u8], overwrite: bool) -> Result<(), Errno> {
    match fstatat(folder, name, AtFlags::AT_SYMLINK_NOFOLLOW) {
        Ok(stat)
            if overwrite
                && SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits())
                    == SFlag::S_IFREG =>
        {
            Ok(())
        }
        Ok(_) => Err(Errno::EEXIST),
        Err(Errno::ENOENT) => Ok(()),
        Err(errno) => Err(errno),
    }
}

/// A file without any name: it is gone with its descriptor, whatever happens to this process.
fn nameless(folder: &Arc<OwnedFd>) -> Result<OwnedFd, Errno> {
    // It is named through there.
    if !Path::new("/proc/self/fd").exists() {
        return Err(Errno::EOPNOTSUPP);
    }
    let flags = OFlag::O_TMPFILE | OFlag::O_WRONLY | OFlag::O_CLOEXEC;
    openat(folder.as_fd(), ".", flags, mode())
}

/// A file with a name that is not shown.
fn hidden(folder: &Arc<OwnedFd>) -> Result<(OwnedFd, String), Errno> {
    let flags = OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_WRONLY | OFlag::O_CLOEXEC;
    let mut opened = Err(Errno::EEXIST);
    for _ in 0..TRIES {
        let name = temporary_name()?;
        opened = openat(folder.as_fd(), name.as_str(), flags, mode()).map(|fd| (fd, name));
        if !matches!(opened, Err(Errno::EEXIST)) {
            break;
        }
    }
    opened
}

fn temporary_name() -> Result<String, Errno> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|_| Errno::EAGAIN)?;
    Ok(format!(".sockkit-{}.part", hex::encode(random)))
}

/// As any program's files: the umask takes its share.
fn mode() -> Mode {
    Mode::from_bits_truncate(0o666)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::thread;

    use nix::fcntl::open;

    use super::*;

    fn opened(path: &Path) -> Arc<OwnedFd> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        Arc::new(open(path, flags, Mode::empty()).unwrap())
    }

    fn names(path: &Path) -> Vec<String> {
        let entries = fs::read_dir(path).unwrap();
        let name = |entry: std::io::Result<fs::DirEntry>| {
            entry.unwrap().file_name().into_string().unwrap()
        };
        let mut names: Vec<String> = entries.map(name).collect();
        names.sort();
        names
    }

    /// The same draft with a name meanwhile, as on a file system that cannot do without.
    fn named(folder: &Arc<OwnedFd>, name: &str, overwrite: bool) -> Result<Draft, Errno> {
        let draft = Draft::begin(folder, name.as_bytes(), overwrite)?;
        let (file, temporary) = hidden(folder)?;
        Ok(Draft {
            file: File::from(file),
            temporary: Some(temporary),
            folder: Arc::clone(&draft.folder),
            name: draft.name.clone(),
            length: 0,
        })
    }

    fn nameless_one(folder: &Arc<OwnedFd>, name: &str, overwrite: bool) -> Result<Draft, Errno> {
        Draft::begin(folder, name.as_bytes(), overwrite)
    }

    type Begin = fn(&Arc<OwnedFd>, &str, bool) -> Result<Draft, Errno>;
    const WAYS: [Begin; 2] = [nameless_one, named];

    #[test]
    fn nothing_stays_of_what_is_not_committed() {
        for begin in WAYS {
            let scratch = tempfile::tempdir().unwrap();
            let folder = opened(scratch.path());
            let mut draft = begin(&folder, "a", false).unwrap();
            draft.write(b"half").unwrap();
            assert!(
                names(scratch.path())
                    .iter()
                    .all(|name| name.starts_with(".sockkit-"))
            );
            drop(draft);
            assert_eq!(names(scratch.path()), [""; 0]);
        }
    }

    #[test]
    fn a_file_appears_whole() {
        for begin in WAYS {
            let scratch = tempfile::tempdir().unwrap();
            let folder = opened(scratch.path());
            let mut draft = begin(&folder, "a", false).unwrap();
            draft.write(b"wh").unwrap();
            draft.write(b"ole").unwrap();
            assert_eq!(draft.length(), 5);
            assert_eq!(draft.commit(false), Ok(Placed::Created));
            assert_eq!(names(scratch.path()), ["a"]);
            assert_eq!(fs::read(scratch.path().join("a")).unwrap(), b"whole");

            assert_eq!(begin(&folder, "a", false).err(), Some(Errno::EEXIST));
            let mut draft = begin(&folder, "a", true).unwrap();
            draft.write(b"new").unwrap();
            assert_eq!(draft.commit(true), Ok(Placed::Replaced));
            assert_eq!(names(scratch.path()), ["a"]);
            assert_eq!(fs::read(scratch.path().join("a")).unwrap(), b"new");
        }
    }

    #[test]
    fn what_is_no_file_is_never_replaced() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), "s").unwrap();
        let inside = outside.path().join("root");
        fs::create_dir_all(inside.join("sub")).unwrap();
        symlink("../secret", inside.join("out")).unwrap();
        symlink("nowhere", inside.join("dangling")).unwrap();
        let folder = opened(&inside);
        for name in ["sub", "out", "dangling", ".", ".."] {
            for overwrite in [false, true] {
                let begun = Draft::begin(&folder, name.as_bytes(), overwrite);
                assert_eq!(begun.err(), Some(Errno::EEXIST), "{name}");
            }
        }
        // One that came in between.
        let draft = Draft::begin(&folder, b"late", true).unwrap();
        symlink("../secret", inside.join("late")).unwrap();
        assert_eq!(draft.commit(true), Err(Errno::EEXIST));
        assert_eq!(names(&inside), ["dangling", "late", "out", "sub"]);
        assert_eq!(fs::read(outside.path().join("secret")).unwrap(), b"s");
    }

    #[test]
    fn of_two_at_once_exactly_one_wins() {
        for begin in WAYS {
            let scratch = tempfile::tempdir().unwrap();
            let folder = opened(scratch.path());
            let drafts: Vec<Draft> = (0..8)
                .map(|number: u8| {
                    let mut draft = begin(&folder, "a", false).unwrap();
                    draft.write(&[number; 100]).unwrap();
                    draft
                })
                .collect();
            let threads: Vec<_> = drafts
                .into_iter()
                .map(|draft| thread::spawn(move || draft.commit(false)))
                .collect();
            let placed: Vec<_> = threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect();
            let winner = placed
                .iter()
                .position(|placed| *placed == Ok(Placed::Created))
                .unwrap();
            let losers = placed
                .iter()
                .filter(|placed| **placed == Err(Errno::EEXIST));
            assert_eq!(losers.count(), 7, "{placed:?}");
            assert_eq!(names(scratch.path()), ["a"]);
            let content = fs::read(scratch.path().join("a")).unwrap();
            assert_eq!(content, [u8::try_from(winner).unwrap(); 100]);
        }
    }

    #[test]
    fn a_folder_that_is_gone() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = opened(scratch.path());
        let draft = Draft::begin(&folder, b"a", false).unwrap();
        fs::remove_dir(scratch.path()).unwrap();
        assert_eq!(draft.commit(false), Err(Errno::ENOENT));
        assert!(Draft::begin(&folder, b"a", false).is_err());
    }
}
