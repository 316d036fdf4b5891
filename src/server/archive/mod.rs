//! A folder as one file: a thread walks it and writes tar or ZIP into a pipe, from which the worker sends it on.
//!
//! What the client gets is whole or visibly broken off: a file that shrinks while it is packed cuts the connection. What
//! cannot be packed at all is left out, and the last member says so.

mod member;
mod tar;
mod walk;
mod zip;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::SigSet;
use nix::unistd::pipe2;

use super::files::Root;
use super::pipe::Writer;
use crate::http::Format;
use walk::Walk;

/// How many archives are written at once: each is a thread and keeps a disk busy.
const AT_ONCE: usize = 8;
/// How much is gathered before it is written: a pipe holds as much.
const BUFFER: usize = 64 * 1024;

/// The member that says what was left out.
const NOTE: &str = "LEFT-OUT.txt";

/// What keeps count of the archives that are being written; the workers share it.
#[derive(Clone, Debug, Default)]
pub struct Archives {
    running: Arc<AtomicUsize>,
}

/// Which folder, and how.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) root: Arc<Root>,
    /// The folder, as [`crate::http::ask`] wrote it.
    pub(super) path: Vec<u8>,
    pub(super) format: Format,
    /// Whether names that begin with a dot are packed too.
    pub(super) hidden: bool,
}

/// An archive on its way. Dropping it closes nothing: the thread ends when nobody reads its pipe any more.
#[derive(Debug)]
pub(super) struct Packing {
    is_whole: Arc<AtomicBool>,
}

impl Archives {
    /// Start to pack a folder; the reading end of the pipe, which does not block. `None` when too many are being packed.
    pub(super) fn start(&self, order: Order) -> io::Result<Option<(OwnedFd, Packing)>> {
        let Some(place) = self.take_place() else {
            return Ok(None);
        };
        let (reader, writer) = pipe2(OFlag::O_CLOEXEC)?;
        // The thread may wait, the worker may not.
        fcntl(&reader, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        let is_whole = Arc::new(AtomicBool::new(false));
        let packing = Packing {
            is_whole: Arc::clone(&is_whole),
        };
        let work = move || {
            // Signals are the workers' business, and a client that leaves is an error here and no SIGPIPE.
            let masked = SigSet::all().thread_block();
            let writer = File::from(writer);
            if masked.is_ok() && pack(&order, &writer).is_ok() {
                // Before the pipe ends: the worker asks when it has seen the end.
                is_whole.store(true, Ordering::Release);
            }
            drop((writer, place));
        };
        thread::Builder::new().name("archive".into()).spawn(work)?;
        Ok(Some((reader, packing)))
    }

    fn take_place(&self) -> Option<Place> {
        let taken = self
            .running
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |running| {
                (running < AT_ONCE).then_some(running + 1)
            });
        taken.ok().map(|_| Place(Arc::clone(&self.running)))
    }
}

impl Writer for Packing {
    fn is_whole(&mut self) -> bool {
        self.is_whole.load(Ordering::Acquire)
    }
}

/// One of the archives that may be written at once; dropping it makes room.
#[derive(Debug)]
struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Write the whole archive.
fn pack(order: &Order, into: impl Write) -> io::Result<()> {
    let into = BufWriter::with_capacity(BUFFER, into);
    let walk = Walk::new(&order.root, &order.path, order.hidden);
    match order.format {
        Format::Tar => tar::write(walk, into)?.flush(),
        Format::Zip => zip::write(walk, into)?.flush(),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::fs;
    use std::io::Read;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::Path;

    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;
    use std::os::fd::AsFd;

    use super::*;

    /// A folder with what may lie in one, in a root with more.
    fn tree() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let sub = root.path().join("sub");
        let deep = sub.join("x".repeat(120)).join("y".repeat(120));
        fs::create_dir_all(&deep).unwrap();
        fs::create_dir(sub.join("empty")).unwrap();
        fs::write(root.path().join("above"), "from above").unwrap();
        fs::write(deep.join("long"), "long").unwrap();
        fs::write(sub.join(".hidden"), "hidden").unwrap();
        fs::write(sub.join(OsStr::from_bytes(b"\xff\n'\"")), "odd").unwrap();
        fs::write(sub.join("a\\b"), "back").unwrap();
        fs::write(sub.join("run"), "x".repeat(100_000)).unwrap();
        fs::set_permissions(sub.join("run"), fs::Permissions::from_mode(0o4755)).unwrap();
        mkfifo(&sub.join("fifo"), Mode::S_IRWXU).unwrap();
        for (target, link) in [
            ("../above", "to-file"),
            ("..", "to-folder"),
            ("/etc/passwd", "outside"),
        ] {
            symlink(target, sub.join(link)).unwrap();
        }
        root
    }

    fn order(root: &Path, path: &str, format: Format, hidden: bool) -> Order {
        Order {
            root: Arc::new(Root::open(root).unwrap()),
            path: path.as_bytes().to_vec(),
            format,
            hidden,
        }
    }

    fn packed(format: Format, hidden: bool) -> Vec<u8> {
        let root = tree();
        let mut bytes = Vec::new();
        pack(&order(root.path(), "sub/", format, hidden), &mut bytes).unwrap();
        bytes
    }

    /// `path mode length` of each member, and the note.
    fn members(bytes: &[u8]) -> (Vec<String>, String) {
        let (mut members, mut note) = (Vec::new(), String::new());
        let mut archive = ::tar::Archive::new(bytes);
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let path = entry.path_bytes().escape_ascii().to_string();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            let mode = entry.header().mode().unwrap();
            if path == NOTE {
                note = String::from_utf8(content).unwrap();
            } else {
                members.push(format!("{path} {mode:o} {}", content.len()));
            }
        }
        (members, note)
    }

    #[test]
    fn tar_has_what_can_be_packed_and_says_what_not() {
        let (members, note) = members(&packed(Format::Tar, false));
        let (x, y) = ("x".repeat(120), "y".repeat(120));
        assert_eq!(
            members,
            [
                "a\\\\b 644 4".to_owned(),
                "empty/ 755 0".to_owned(),
                "run 755 100000".to_owned(),
                "to-file 644 10".to_owned(),
                format!("{x}/ 755 0"),
                format!("{x}/{y}/ 755 0"),
                format!("{x}/{y}/long 644 4"),
                "\\xff\\n\\'\\\" 644 3".to_owned(),
            ]
        );
        let lines: Vec<&str> = note.lines().skip(2).collect();
        assert_eq!(
            lines,
            [
                "fifo: neither a file nor a folder",
                "outside: a link that leads nowhere, or out of the folder that is served",
                "to-folder: a link to a folder",
            ]
        );
    }

    #[test]
    fn hidden_names_only_where_they_are_asked_for() {
        let (members, _) = members(&packed(Format::Tar, true));
        assert_eq!(members[0], ".hidden 644 6");
    }

    #[test]
    fn zip_has_the_same() {
        let bytes = packed(Format::Zip, false);
        let archive = rawzip::ZipArchive::from_slice(&bytes).unwrap();
        let mut names = Vec::new();
        for entry in archive.entries() {
            let entry = entry.unwrap();
            let name = String::from_utf8(entry.file_path().as_bytes().to_vec()).unwrap();
            names.push(format!("{name} {}", entry.uncompressed_size_hint()));
        }
        let (x, y) = ("x".repeat(120), "y".repeat(120));
        assert_eq!(
            names[..8],
            [
                "a%5Cb 4".to_owned(),
                "empty/ 0".to_owned(),
                "run 100000".to_owned(),
                "to-file 10".to_owned(),
                format!("{x}/ 0"),
                format!("{x}/{y}/ 0"),
                format!("{x}/{y}/long 4"),
                "%FF\n'\" 3".to_owned(),
            ]
        );
        assert!(names[8].starts_with(NOTE));
        assert_eq!(names.len(), 9);
        // What repeats itself is deflated.
        assert!(bytes.len() < 10_000);
    }

    #[test]
    fn the_end_says_whether_it_is_whole_and_the_number_is_limited() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("large"), vec![7; 1_000_000]).unwrap();
        let archives = Archives::default();
        let start = || {
            let order = order(root.path(), "", Format::Tar, false);
            archives.start(order).unwrap()
        };
        let mut started: Vec<(OwnedFd, Packing)> = Vec::new();
        for _ in 0..AT_ONCE {
            started.push(start().unwrap());
        }
        assert!(start().is_none());
        let (reader, mut packing) = started.pop().unwrap();
        assert!(!packing.is_whole());
        let mut bytes = Vec::new();
        let mut reader = File::from(reader);
        loop {
            let mut waiting = [PollFd::new(reader.as_fd(), PollFlags::POLLIN)];
            poll(&mut waiting, PollTimeout::NONE).unwrap();
            let mut room = vec![0; BUFFER];
            match reader.read(&mut room).unwrap() {
                0 => break,
                count => bytes.extend_from_slice(&room[..count]),
            }
        }
        assert!(packing.is_whole());
        assert_eq!(members(&bytes).0, ["large 644 1000000"]);
        // Whoever leaves frees a thread, and none of this ends the process.
        drop(started);
        while archives.running.load(Ordering::Acquire) > 0 {
            thread::yield_now();
        }
        assert!(start().is_some());
    }
}
