//! What an archive is made of, whatever its format.

use std::fs::File;
use std::io::{self, Read};

/// One member.
#[derive(Debug)]
pub(super) struct Member {
    /// Beneath the folder that is packed, without a slash at its end: `a/b`.
    pub(super) path: Vec<u8>,
    /// When it was changed, in seconds since 1970.
    pub(super) modified: i64,
    pub(super) content: Content,
}

/// What a member holds.
#[derive(Debug)]
pub(super) enum Content {
    /// A folder; its members follow.
    Folder,
    /// A file, or the file that a link leads to.
    File {
        file: File,
        length: u64,
        is_executable: bool,
    },
}

impl Member {
    /// Permissions: what a folder or file has for whoever unpacks it, and nothing of what it has here but whether it runs.
    pub(super) fn mode(&self) -> u32 {
        match self.content {
            Content::Folder => 0o755,
            Content::File { is_executable, .. } if is_executable => 0o755,
            Content::File { .. } => 0o644,
        }
    }
}

/// As many bytes as were announced: a file that has grown since is cut there, and one that has shrunk is an error.
#[derive(Debug)]
pub(super) struct Exactly<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Exactly<R> {
    pub(super) fn new(inner: R, length: u64) -> Self {
        Self {
            inner,
            left: length,
        }
    }
}

impl<R: Read> Read for Exactly<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let limit = usize::try_from(self.left).map_or(room.len(), |left| left.min(room.len()));
        let Some(room) = room.get_mut(..limit).filter(|room| !room.is_empty()) else {
            return Ok(0);
        };
        let count = self.inner.read(room)?;
        self.left -= count as u64;
        match count {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            count => Ok(count),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_more_nor_less() {
        for (held, length, read) in [
            (&b"abc"[..], 3, Some(&b"abc"[..])),
            (b"abcdef", 3, Some(b"abc")),
            (b"", 0, Some(b"")),
            (b"ab", 3, None),
            (b"", 1, None),
        ] {
            let mut bytes = Vec::new();
            let result = Exactly::new(held, length).read_to_end(&mut bytes);
            assert_eq!(result.ok().map(|_| bytes.as_slice()), read);
        }
    }
}
