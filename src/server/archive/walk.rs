//! The members of a folder, found one after the other: a folder before what it holds, names in order.
//!
//! A link to a file is packed as that file; a link to a folder is not entered, or two of them could be a tree without end.
//! Every path is opened from the root anew, and so nothing that is moved meanwhile leads out of it.

use std::fmt::Write;
use std::fs::File;
use std::os::fd::OwnedFd;

use nix::errno::Errno;
use nix::fcntl::{OFlag, ResolveFlag};
use nix::sys::stat::{FileStat, SFlag, fstat};

use super::super::directory::read;
use super::super::files::Root;
use super::member::{Content, Member};
use crate::http::{Entry, Kind};

/// How much of what is left out is told by name.
const TOLD: usize = 1000;

/// Folders and files that are still to come.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    root: &'a Root,
    /// The folder that is packed, `a/b/`.
    base: Vec<u8>,
    hidden: bool,
    /// What is next is last.
    waiting: Vec<Step>,
    /// What had to be left out, and why.
    left_out: Vec<(Vec<u8>, &'static str)>,
    /// How much more was left out than is told.
    untold: u64,
}

#[derive(Debug)]
struct Step {
    /// Beneath the folder that is packed.
    path: Vec<u8>,
    kind: Kind,
    modified: i64,
}

impl<'a> Walk<'a> {
    /// Walk a folder at a path as [`crate::http::ask`] writes it.
    pub(super) fn new(root: &'a Root, base: &[u8], hidden: bool) -> Self {
        let mut walk = Self {
            root,
            base: base.to_vec(),
            hidden,
            waiting: Vec::new(),
            left_out: Vec::new(),
            untold: 0,
        };
        walk.enter(b"");
        walk
    }

    /// The next member; `None` when there is none left.
    pub(super) fn next(&mut self) -> Option<Member> {
        while let Some(step) = self.waiting.pop() {
            let Step {
                path,
                kind,
                modified,
            } = step;
            let content = match kind {
                Kind::Directory if self.enter(&path) => Ok(Content::Folder),
                Kind::Directory => continue,
                Kind::File => self.open(&path),
                Kind::Broken => {
                    Err("a link that leads nowhere, or out of the folder that is served")
                }
                Kind::Special => Err("neither a file nor a folder"),
            };
            match content {
                Ok(content) => {
                    return Some(Member {
                        path,
                        modified,
                        content,
                    });
                }
                Err(why) => self.leave_out(&path, why),
            }
        }
        None
    }

    /// A text that says what was left out; `None` when nothing was.
    pub(super) fn note(&self) -> Option<String> {
        if self.left_out.is_empty() {
            return None;
        }
        let mut note = "These could not be packed:\n\n".to_owned();
        for (path, why) in &self.left_out {
            // Writing to memory does not fail.
            let _ = writeln!(
                note,
                "{}: {why}",
                String::from_utf8_lossy(path).escape_debug()
            );
        }
        if self.untold > 0 {
            let _ = writeln!(note, "and {} more", self.untold);
        }
        Some(note)
    }

    fn leave_out(&mut self, path: &[u8], why: &'static str) {
        match self.left_out.len() < TOLD {
            true => self.left_out.push((path.to_vec(), why)),
            false => self.untold += 1,
        }
    }

    /// Have what a folder holds come next; `false` when it cannot be read, or is a link.
    fn enter(&mut self, path: &[u8]) -> bool {
        if !path.is_empty() && self.is_link(path) {
            self.leave_out(path, "a link to a folder");
            return false;
        }
        let mut from = self.beneath(path);
        if !path.is_empty() {
            from.push(b'/');
        }
        let contents = match read(self.root, &from, self.hidden, usize::MAX) {
            Ok(contents) => contents,
            Err(errno) => {
                self.leave_out(path, why(errno));
                return false;
            }
        };
        let mut entries = contents.entries;
        entries.sort_unstable_by(|one, other| other.name.cmp(&one.name));
        let steps = entries.into_iter().map(|entry| step(path, entry));
        self.waiting.extend(steps);
        true
    }

    fn is_link(&self, path: &[u8]) -> bool {
        let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW;
        self.look_up(path, flags)
            .and_then(fstat)
            .is_ok_and(|stat| is_kind(&stat, SFlag::S_IFLNK))
    }

    fn open(&self, path: &[u8]) -> Result<Content, &'static str> {
        let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
        let file = File::from(self.look_up(path, flags).map_err(why)?);
        let stat = fstat(&file).map_err(why)?;
        // It may have become something else since it was listed.
        if !is_kind(&stat, SFlag::S_IFREG) {
            return Err("neither a file nor a folder");
        }
        Ok(Content::File {
            length: u64::try_from(stat.st_size).unwrap_or(0),
            is_executable: stat.st_mode & 0o100 != 0,
            file,
        })
    }

    fn look_up(&self, path: &[u8], flags: OFlag) -> nix::Result<OwnedFd> {
        let path = self.beneath(path);
        self.root.open_beneath(&path, flags, ResolveFlag::empty())
    }

    fn beneath(&self, path: &[u8]) -> Vec<u8> {
        [self.base.as_slice(), path].concat()
    }
}

fn step(folder: &[u8], entry: Entry) -> Step {
    let path = match folder {
        b"" => entry.name,
        folder => [folder, b"/", &entry.name].concat(),
    };
    Step {
        path,
        kind: entry.kind,
        modified: entry.modified.unwrap_or(0),
    }
}

fn is_kind(stat: &FileStat, kind: SFlag) -> bool {
    stat.st_mode & SFlag::S_IFMT.bits() == kind.bits()
}

fn why(errno: Errno) -> &'static str {
    errno.desc()
}
