//! What a directory beneath the root holds: names and facts, read without ever leaving the root and without waiting.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, ResolveFlag};
use nix::sys::stat::{FileStat, SFlag, fstat, fstatat};

use super::files::Root;
use crate::http::{Entry, Kind};

/// How many names are read of a directory to be shown: a page of more is of no use to anyone.
pub(super) const SHOWN: usize = 100_000;

/// After how many names it is asked whether anybody is still waiting for them.
const ASKED: usize = 256;

/// What a directory holds.
#[derive(Debug)]
pub(super) struct Contents {
    /// In the order of the disk.
    pub(super) entries: Vec<Entry>,
    /// Whether there are more than were asked for.
    pub(super) is_cut: bool,
}

/// Read a directory at a path that [`crate::http::ask`] wrote: `limit` entries at most, and those whose names begin with a
/// dot only where `hidden` says so. A name that vanishes meanwhile is left out.
pub(super) fn read(root: &Root, path: &[u8], hidden: bool, limit: usize) -> nix::Result<Contents> {
    read_while(root, path, hidden, limit, &|| true)
}

/// The same, as long as `is_awaited` says that it is of use to anybody; ECANCELED after that.
pub(super) fn read_while(
    root: &Root,
    path: &[u8],
    hidden: bool,
    limit: usize,
    is_awaited: &dyn Fn() -> bool,
) -> nix::Result<Contents> {
    let directory = root.open_folder(path)?;
    // One that was removed can be read still, as an empty one.
    if fstat(&directory)?.st_nlink == 0 {
        return Err(Errno::ENOENT);
    }
    let names = names(directory.try_clone().map_err(of)?, hidden, limit)?;
    let is_cut = names.len() > limit;
    let place = Place {
        root,
        directory: directory.as_fd(),
        path,
    };
    let mut entries = Vec::new();
    for (index, name) in names.into_iter().take(limit).enumerate() {
        if index % ASKED == 0 && !is_awaited() {
            return Err(Errno::ECANCELED);
        }
        entries.extend(place.entry(name));
    }
    Ok(Contents { entries, is_cut })
}

/// readdir(3); one name more than the limit tells that there are more.
fn names(directory: OwnedFd, hidden: bool, limit: usize) -> nix::Result<Vec<Vec<u8>>> {
    let mut names = Vec::new();
    for entry in Dir::from_fd(directory)?.iter() {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        let is_shown = match name {
            b"." | b".." => false,
            [b'.', ..] => hidden,
            _ => true,
        };
        if is_shown {
            names.push(name.to_vec());
        }
        if names.len() > limit {
            break;
        }
    }
    Ok(names)
}

/// A directory whose names are looked up.
struct Place<'a> {
    root: &'a Root,
    directory: BorrowedFd<'a>,
    path: &'a [u8],
}

impl Place<'_> {
    /// What a name stands for, and what the thing behind it is like where it is a link; `None` when it is gone.
    fn entry(&self, name: Vec<u8>) -> Option<Entry> {
        let flags = AtFlags::AT_SYMLINK_NOFOLLOW;
        let stat = fstatat(self.directory, name.as_slice(), flags).ok()?;
        if kind(&stat) != SFlag::S_IFLNK {
            return Some(entry(name, &stat));
        }
        let target = self.behind(&name);
        let broken = Entry {
            kind: Kind::Broken,
            ..entry(Vec::new(), &stat)
        };
        let shown = target.map_or(broken, |target| entry(Vec::new(), &target));
        Some(Entry { name, ..shown })
    }

    /// Where a link leads, as long as it stays beneath the root. O_PATH: nothing is opened that could wait.
    fn behind(&self, name: &[u8]) -> nix::Result<FileStat> {
        let path = [self.path, name].concat();
        let place = (self.root).open_beneath(&path, OFlag::O_PATH, ResolveFlag::empty())?;
        fstat(place)
    }
}

fn entry(name: Vec<u8>, stat: &FileStat) -> Entry {
    let kind = match kind(stat) {
        SFlag::S_IFDIR => Kind::Directory,
        SFlag::S_IFREG => Kind::File,
        _ => Kind::Special,
    };
    Entry {
        name,
        kind,
        size: u64::try_from(stat.st_size).unwrap_or(0),
        modified: Some(stat.st_mtime),
    }
}

fn kind(stat: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits())
}

fn of(error: std::io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::ffi::OsStr;
    use std::fs;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;

    use super::*;

    fn said(contents: &Contents) -> Vec<String> {
        let line = |entry: &Entry| {
            let size = if entry.kind == Kind::File {
                entry.size
            } else {
                0
            };
            format!("{} {:?} {size}", entry.name.escape_ascii(), entry.kind)
        };
        let mut lines: Vec<String> = contents.entries.iter().map(line).collect();
        lines.sort();
        lines
    }

    #[test]
    fn every_kind_of_name() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), "secret").unwrap();
        let inside = outside.path().join("root");
        let sub = inside.join("sub");
        fs::create_dir_all(sub.join("folder")).unwrap();
        fs::write(inside.join("above"), "four").unwrap();
        fs::write(sub.join("file"), "abc").unwrap();
        fs::write(sub.join(".hidden"), "").unwrap();
        fs::write(sub.join("..."), "").unwrap();
        fs::write(sub.join(OsStr::from_bytes(b"\xff\n")), "12").unwrap();
        mkfifo(&sub.join("fifo"), Mode::S_IRWXU).unwrap();
        for (target, link) in [
            ("file", "to-file"),
            ("folder", "to-folder"),
            ("../above", "to-above"),
            ("fifo", "to-fifo"),
            ("nothing", "dangling"),
            ("loop", "loop"),
            ("../../secret", "outside"),
            ("/etc", "absolute"),
        ] {
            symlink(target, sub.join(link)).unwrap();
        }

        let root = Root::open(&inside).unwrap();
        let contents = read(&root, b"sub/", false, SHOWN).unwrap();
        assert!(!contents.is_cut);
        assert_eq!(
            said(&contents),
            [
                "\\xff\\n File 2",
                "absolute Broken 0",
                "dangling Broken 0",
                "fifo Special 0",
                "file File 3",
                "folder Directory 0",
                "loop Broken 0",
                "outside Broken 0",
                "to-above File 4",
                "to-fifo Special 0",
                "to-file File 3",
                "to-folder Directory 0",
            ]
        );
        let all = read(&root, b"sub/", true, SHOWN).unwrap();
        assert_eq!(all.entries.len(), contents.entries.len() + 2);
        assert_eq!(said(&read(&root, b"", false, SHOWN).unwrap()).len(), 2);
    }

    #[test]
    fn there_is_a_limit() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..5 {
            fs::write(folder.path().join(number.to_string()), "").unwrap();
        }
        let root = Root::open(folder.path()).unwrap();
        for (limit, shown, is_cut) in [(4, 4, true), (5, 5, false), (6, 5, false)] {
            let contents = read(&root, b"", false, limit).unwrap();
            assert_eq!((contents.entries.len(), contents.is_cut), (shown, is_cut));
        }
    }

    #[test]
    fn nothing_is_read_for_nobody() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..600 {
            fs::write(folder.path().join(number.to_string()), "").unwrap();
        }
        let root = Root::open(folder.path()).unwrap();
        let asked = Cell::new(0);
        let is_awaited = || asked.replace(asked.get() + 1) == 0;
        let found = read_while(&root, b"", false, SHOWN, &is_awaited);
        assert_eq!((found.unwrap_err(), asked.get()), (Errno::ECANCELED, 2));
    }

    #[test]
    fn what_is_no_directory() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        symlink("/etc", folder.path().join("out")).unwrap();
        let root = Root::open(folder.path()).unwrap();
        for (path, errno) in [
            (&b"file/"[..], Errno::ENOTDIR),
            (b"none/", Errno::ENOENT),
            (b"out/", Errno::EXDEV),
            (b"../", Errno::EXDEV),
        ] {
            let found = read(&root, path, false, SHOWN);
            assert_eq!(found.unwrap_err(), errno, "{}", path.escape_ascii());
        }
    }
}
