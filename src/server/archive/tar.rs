//! tar, as GNU writes it: long names and large files are extensions of theirs that every program reads.

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use tar::{Builder, EntryType, Header};

use super::NOTE;
use super::member::{Content, Exactly, Member};
use super::walk::Walk;

/// Write what is found; what was written to comes back.
pub(super) fn write<W: Write>(mut walk: Walk<'_>, into: W) -> io::Result<W> {
    let mut archive = Builder::new(into);
    while let Some(member) = walk.next() {
        append(&mut archive, member)?;
    }
    if let Some(note) = walk.note() {
        let header = header(EntryType::Regular, note.len() as u64, 0o644, 0);
        add(&mut archive, header, NOTE.as_bytes(), note.as_bytes())?;
    }
    archive.into_inner()
}

fn append<W: Write>(archive: &mut Builder<W>, member: Member) -> io::Result<()> {
    let (mode, modified) = (member.mode(), member.modified);
    match member.content {
        Content::Folder => {
            let path = [member.path.as_slice(), b"/"].concat();
            let header = header(EntryType::Directory, 0, mode, modified);
            add(archive, header, &path, io::empty())
        }
        Content::File { file, length, .. } => {
            let header = header(EntryType::Regular, length, mode, modified);
            add(archive, header, &member.path, Exactly::new(file, length))
        }
    }
}

fn header(kind: EntryType, size: u64, mode: u32, modified: i64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(mode);
    // The format has no time before 1970 that everyone reads.
    header.set_mtime(u64::try_from(modified).unwrap_or(0));
    header.set_uid(0);
    header.set_gid(0);
    header
}

fn add<W: Write>(
    archive: &mut Builder<W>,
    mut header: Header,
    path: &[u8],
    content: impl Read,
) -> io::Result<()> {
    archive.append_data(&mut header, Path::new(OsStr::from_bytes(path)), content)
}
