//! The one door to stderr. A reader who does not read holds nobody up: what it does not take now is kept, up to a bound, and
//! what is beyond that is left out and counted.
//!
//! O_NONBLOCK belongs to the open file description, which stderr shares with other processes: it is never set. A line is
//! written when poll(2) says that there is room.

use std::collections::VecDeque;
use std::fmt::Display;
use std::io;
use std::os::fd::AsFd;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// How many bytes are kept for a slow reader.
const KEPT: usize = 1024 * 1024;
/// How much a pipe takes without waiting once it has room, pipe(7): PIPE_BUF.
const PIECE: usize = 4096;
/// How long a slow reader is waited for in the end.
const PATIENCE: Duration = Duration::from_secs(1);

/// stderr, and what it has not taken yet.
#[derive(Debug, Default)]
pub(super) struct Talk(Mutex<Backlog>);

#[derive(Debug, Default)]
struct Backlog {
    lines: VecDeque<Vec<u8>>,
    kept: usize,
    left_out: u64,
    /// Whether what is passed on has begun and not ended: no line is to fall into it.
    is_passing: bool,
    /// Whether the first line has begun.
    has_begun: bool,
}

impl Talk {
    /// One line, in one write where it is not a very long one: what others say there at the same time does not fall into
    /// it. If nobody can read stderr there is nobody to tell.
    pub(super) fn say(&self, line: impl Display) {
        let mut backlog = self.backlog();
        backlog.add(format!("{line}\n").into_bytes());
        backlog.flush(Duration::ZERO);
    }

    /// Pass on what is no talk, as far as there is room; how much of it was taken. What is said meanwhile does not fall into
    /// it, nor it into what was said.
    pub(super) fn pass(&self, bytes: &[u8]) -> nix::Result<usize> {
        let mut backlog = self.backlog();
        backlog.flush(Duration::ZERO);
        let mut passed = 0;
        while !backlog.has_begun && passed < bytes.len() {
            match write_piece(bytes.get(passed..).unwrap_or_default(), Duration::ZERO)? {
                Some(count) => passed += count,
                None => break,
            }
        }
        backlog.is_passing = match passed {
            0 => backlog.is_passing,
            count => count < bytes.len(),
        };
        backlog.flush(Duration::ZERO);
        Ok(passed)
    }

    /// What is kept is written, to a reader who takes it before long.
    pub(super) fn end(&self) {
        let mut backlog = self.backlog();
        // What was not passed on to its end ends here.
        if std::mem::take(&mut backlog.is_passing) && !backlog.lines.is_empty() {
            backlog.lines.push_front(b"\n".to_vec());
        }
        backlog.flush(PATIENCE);
    }

    fn backlog(&self) -> MutexGuard<'_, Backlog> {
        // A panic elsewhere leaves whole lines behind: they are as good as before.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Backlog {
    fn add(&mut self, line: Vec<u8>) {
        if self.kept + line.len() > KEPT {
            self.left_out += 1;
            return;
        }
        if self.left_out > 0 {
            let count = std::mem::take(&mut self.left_out);
            let note = format!("sockkit: stderr was not read: {count} lines are left out here\n");
            self.keep(note.into_bytes());
        }
        self.keep(line);
    }

    fn keep(&mut self, line: Vec<u8>) {
        self.kept += line.len();
        self.lines.push_back(line);
    }

    /// Write as long as there is room, and wait for it for `patience` in all.
    fn flush(&mut self, patience: Duration) {
        if self.is_passing {
            return;
        }
        let start = (!patience.is_zero()).then(Instant::now);
        while let Some(line) = self.lines.front_mut() {
            let left = start.map_or(Duration::ZERO, |start| {
                patience.saturating_sub(start.elapsed())
            });
            let before = line.len();
            match write_piece(line, left) {
                Ok(Some(count)) => drop(line.drain(..count.min(before))),
                Ok(None) => return,
                Err(_) => line.clear(),
            }
            self.kept = self.kept.saturating_sub(before - line.len());
            self.has_begun = !line.is_empty() && (self.has_begun || line.len() < before);
            if line.is_empty() {
                self.lines.pop_front();
            }
        }
    }
}

/// Write the beginning of a line: how much; `None` where there is no room within `patience`.
fn write_piece(line: &[u8], patience: Duration) -> nix::Result<Option<usize>> {
    let stderr = io::stderr();
    let timeout = PollTimeout::try_from(patience).unwrap_or(PollTimeout::ZERO);
    let mut polled = [PollFd::new(stderr.as_fd(), PollFlags::POLLOUT)];
    match poll(&mut polled, timeout) {
        Ok(0) => return Ok(None),
        Ok(_) => {}
        Err(Errno::EINTR) => return Ok(Some(0)),
        Err(errno) => return Err(errno),
    }
    match nix::unistd::write(stderr.as_fd(), line.get(..PIECE).unwrap_or(line)) {
        Ok(count) => Ok(Some(count)),
        Err(Errno::EINTR) => Ok(Some(0)),
        // Somebody else has made it non-blocking.
        Err(Errno::EAGAIN) => Ok(None),
        Err(errno) => Err(errno),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_has_a_bound_and_the_rest_is_counted() {
        let mut backlog = Backlog::default();
        let line = vec![b'x'; 1000];
        for _ in 0..2000 {
            backlog.add(line.clone());
        }
        assert!(backlog.kept <= KEPT && backlog.kept > KEPT - 1000);
        assert_eq!(backlog.left_out, 2000 - backlog.lines.len() as u64);
        backlog.lines.clear();
        backlog.kept = 0;
        backlog.add(line);
        let note = String::from_utf8(backlog.lines.pop_front().unwrap()).unwrap();
        assert!(note.ends_with("952 lines are left out here\n"), "{note}");
        assert_eq!(backlog.lines.len(), 1);
    }
}
