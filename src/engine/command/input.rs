//! What a command's stdin has not taken yet.

use std::os::fd::OwnedFd;

use nix::errno::Errno;
use nix::unistd::write;

/// A command's stdin, and what waits for it. What one that reads no more is given is dropped: that is its own affair.
#[derive(Debug)]
pub struct Input {
    /// `None` once it has ended.
    stdin: Option<OwnedFd>,
    rest: Vec<u8>,
    written: usize,
}

/// What came of writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fed {
    /// All of it was taken.
    Whole,
    /// Some of it waits for room.
    Waiting,
    /// It reads no more.
    Refused,
}

impl Input {
    /// What is written to this descriptor, which must not block.
    pub fn new(stdin: Option<OwnedFd>) -> Self {
        Self {
            stdin,
            rest: Vec::new(),
            written: 0,
        }
    }

    /// Where it is written to; `None` once that has ended.
    pub fn fd(&self) -> Option<&OwnedFd> {
        self.stdin.as_ref()
    }

    /// How many bytes wait.
    pub fn waiting(&self) -> usize {
        self.rest.len() - self.written
    }

    /// Let more bytes wait.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.stdin.is_some() {
            self.rest.extend_from_slice(bytes);
        }
    }

    /// write(2) as long as it is taken.
    pub fn write(&mut self) -> Fed {
        let fed = self.offer();
        if fed != Fed::Waiting {
            self.rest.clear();
            self.written = 0;
        }
        fed
    }

    fn offer(&mut self) -> Fed {
        let Some(stdin) = &self.stdin else {
            return Fed::Refused;
        };
        while let Some(unwritten) = self
            .rest
            .get(self.written..)
            .filter(|rest| !rest.is_empty())
        {
            match write(stdin, unwritten) {
                Ok(count) => self.written += count,
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return Fed::Waiting,
                Err(_) => return Fed::Refused,
            }
        }
        Fed::Whole
    }

    /// No more comes: the descriptor, for whoever watches it.
    pub fn end(&mut self) -> Option<OwnedFd> {
        self.rest = Vec::new();
        self.written = 0;
        self.stdin.take()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use nix::fcntl::OFlag;
    use nix::unistd::pipe2;

    use super::*;

    #[test]
    fn what_is_not_taken_waits_and_comes_in_order() {
        let (reader, writer) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK).unwrap();
        let (mut reader, mut input) = (std::fs::File::from(reader), Input::new(Some(writer)));
        let bytes: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
        input.push(&bytes);
        let (mut heard, mut buffer) = (Vec::new(), [0; 4096]);
        while input.write() == Fed::Waiting {
            assert!(input.waiting() > 0);
            let count = reader.read(&mut buffer).unwrap();
            heard.extend_from_slice(&buffer[..count]);
        }
        assert_eq!((input.waiting(), input.write()), (0, Fed::Whole));
        drop(input.end());
        reader.read_to_end(&mut heard).unwrap();
        assert!(heard == bytes);
        input.push(b"more");
        assert_eq!((input.waiting(), input.write()), (0, Fed::Refused));
    }

    #[test]
    fn what_nobody_reads_is_dropped() {
        let (reader, writer) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK).unwrap();
        let mut input = Input::new(Some(writer));
        drop(reader);
        input.push(b"bytes");
        assert_eq!((input.write(), input.waiting()), (Fed::Refused, 0));
    }
}
