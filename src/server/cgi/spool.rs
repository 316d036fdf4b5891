//! Output that nobody takes yet. A client hears nothing before its own body is through: what a command says until then
//! has to be put somewhere, or the two would wait for each other.

use std::collections::VecDeque;
use std::env;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};

/// How much is kept in memory.
const MEMORY: usize = 256 * 1024;

/// How much behind that on the disk: a command that never stops must not fill it.
const DISK: u64 = 256 << 20;

/// A queue of bytes: in memory, and behind that in a file without a name.
#[derive(Debug, Default)]
pub(super) struct Spool {
    memory: VecDeque<u8>,
    file: Option<Overflow>,
}

#[derive(Debug)]
struct Overflow {
    file: File,
    written: u64,
    read: u64,
}

impl Spool {
    /// Whether nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.memory.is_empty()
    }

    /// Whether more would go to the disk.
    pub(super) fn is_full(&self) -> bool {
        self.file.is_some() || self.memory.len() >= MEMORY
    }

    /// Put bytes at the end.
    pub(super) fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        if !self.is_full() {
            self.memory.extend(bytes);
            return Ok(());
        }
        let overflow = match &mut self.file {
            Some(overflow) => overflow,
            file => file.insert(Overflow {
                file: nameless()?,
                written: 0,
                read: 0,
            }),
        };
        if overflow.written - overflow.read > DISK {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        overflow.file.write_all(bytes)?;
        overflow.written += bytes.len() as u64;
        Ok(())
    }

    /// The first bytes; none when it is empty.
    pub(super) fn front(&self) -> &[u8] {
        self.memory.as_slices().0
    }

    /// Drop so many of the first bytes, and fetch some back from the disk.
    pub(super) fn consume(&mut self, count: usize) -> io::Result<()> {
        drop(self.memory.drain(..count.min(self.memory.len())));
        let Some(overflow) = &mut self.file else {
            return Ok(());
        };
        if self.memory.is_empty() {
            let mut buffer = vec![0; MEMORY];
            let count = overflow.file.read_at(&mut buffer, overflow.read)?;
            overflow.read += count as u64;
            self.memory.extend(buffer.get(..count).unwrap_or_default());
            if overflow.read == overflow.written {
                self.file = None;
            }
        }
        Ok(())
    }
}

/// O_TMPFILE: it was never there for anybody else, and goes with its descriptor.
fn nameless() -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .mode(0o600)
        .custom_flags(libc::O_TMPFILE | libc::O_CLOEXEC)
        .open(env::temp_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_out_as_they_went_in() {
        let mut spool = Spool::default();
        let piece: Vec<u8> = (0..=250).collect();
        let mut expected = Vec::new();
        let mut found = Vec::new();
        for round in 0..5000 {
            spool.push(&piece).unwrap();
            expected.extend_from_slice(&piece);
            if round % 3 == 0 {
                let front = spool.front();
                let count = front.len().min(100);
                found.extend_from_slice(&front[..count]);
                spool.consume(count).unwrap();
            }
            assert!(spool.memory.len() <= MEMORY + piece.len());
        }
        assert!(spool.is_full());
        while !spool.is_empty() {
            let count = spool.front().len();
            found.extend_from_slice(spool.front());
            spool.consume(count).unwrap();
        }
        assert!(found == expected);
        assert!(!spool.is_full());
    }
}
