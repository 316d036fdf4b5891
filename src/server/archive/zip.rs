//! ZIP as a stream: sizes and checksums follow the content, and ZIP64 where 32 bits do not hold them.
//!
//! Everything is deflated, if only for form where it is compressed already: programs that read a ZIP from its front find
//! the end of such content alone.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::DeflateEncoder;
use rawzip::time::UtcDateTime;
use rawzip::{CompressionMethod, ZipArchiveWriter};

use super::NOTE;
use super::member::{Content, Exactly, Member};
use super::walk::Walk;
use crate::http::{Density, media_type};

/// Write what is found; what was written to comes back.
pub(super) fn write<W: Write>(mut walk: Walk<'_>, into: W) -> io::Result<W> {
    let mut archive = ZipArchiveWriter::new(into);
    while let Some(member) = walk.next() {
        append(&mut archive, member)?;
    }
    if let Some(note) = walk.note() {
        let about = About {
            name: NOTE.to_owned(),
            mode: 0o644,
            modified: 0,
        };
        add(&mut archive, &about, Compression::fast(), note.as_bytes())?;
    }
    archive.finish().map_err(io::Error::other)
}

struct About {
    name: String,
    mode: u32,
    modified: i64,
}

fn append<W: Write>(archive: &mut ZipArchiveWriter<W>, member: Member) -> io::Result<()> {
    let about = About {
        name: name(&member.path),
        mode: member.mode(),
        modified: member.modified,
    };
    match member.content {
        Content::Folder => {
            let path = format!("{}/", about.name);
            let folder = archive.new_dir(path.as_str());
            let folder = folder.unix_permissions(0o040_000 | about.mode);
            let folder = folder.last_modified(UtcDateTime::from_unix(about.modified));
            folder.create().map(drop).map_err(io::Error::other)
        }
        Content::File { file, length, .. } => {
            let effort = match media_type(&member.path).density() == Density::Packed {
                true => Compression::none(),
                false => Compression::fast(),
            };
            add(archive, &about, effort, Exactly::new(file, length))
        }
    }
}

fn add<W: Write>(
    archive: &mut ZipArchiveWriter<W>,
    about: &About,
    effort: Compression,
    mut content: impl io::Read,
) -> io::Result<()> {
    let file = archive.new_file(about.name.as_str());
    let file = file.compression_method(CompressionMethod::DEFLATE);
    let file = file.unix_permissions(0o100_000 | about.mode);
    let file = file.last_modified(UtcDateTime::from_unix(about.modified));
    let (mut entry, config) = file.start().map_err(io::Error::other)?;
    let mut writer = config.wrap(DeflateEncoder::new(&mut entry, effort));
    io::copy(&mut content, &mut writer)?;
    let (encoder, descriptor) = writer.finish().map_err(io::Error::other)?;
    encoder.finish()?;
    entry.finish(descriptor).map(drop).map_err(io::Error::other)
}

/// A path as ZIP has it: UTF-8, and neither a backslash, which some programs take for a slash, nor a colon, which some
/// take for a drive. What cannot be said is percent-encoded.
fn name(path: &[u8]) -> String {
    let mut name = String::with_capacity(path.len());
    for chunk in path.utf8_chunks() {
        for char in chunk.valid().chars() {
            match char {
                '\\' => name.push_str("%5C"),
                ':' => name.push_str("%3A"),
                char => name.push(char),
            }
        }
        for byte in chunk.invalid() {
            name.push_str(&format!("%{byte:02X}"));
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (path, said) in [
            (&b"a/b c"[..], "a/b c"),
            ("ä/…".as_bytes(), "ä/…"),
            (b"..\\..\\evil", "..%5C..%5Cevil"),
            (b"C:/x", "C%3A/x"),
            (b"\xff\xc3/a", "%FF%C3/a"),
        ] {
            assert_eq!(name(path), said);
        }
    }
}
