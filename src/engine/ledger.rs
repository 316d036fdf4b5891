//! A record of what passes through connections, whose reader may be slower than they are.
//!
//! Nothing is left out, and nobody waits but the one whose bytes they are: what is not taken is kept, and a connection of
//! which much is kept is moved no further until its bytes are taken.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;

/// How much of one connection may be kept before it is moved no further, and how much of all together.
const OF_ONE: usize = 1024 * 1024;
const OF_ALL: usize = 64 * 1024 * 1024;
/// From which size on a piece is kept by itself: small ones, of which there may be millions, are kept together.
const PIECE: usize = 64 * 1024;

/// Writes what is taken of some bytes now; 0 where there is no room.
pub type Writer = Box<dyn Fn(BorrowedFd<'_>, &[u8]) -> io::Result<usize>>;

/// Hears why no more can be written, once.
pub type OnFailure = Box<dyn Fn(io::Error)>;

/// Where it is written, and what has not been taken yet.
pub struct Ledger {
    fd: OwnedFd,
    write: Writer,
    on_failure: OnFailure,
    state: RefCell<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What is kept, and of which connection, the oldest first.
    entries: VecDeque<(u64, Vec<u8>)>,
    /// How much of the oldest was written.
    written: usize,
    /// How much is kept of each.
    kept: HashMap<u64, usize>,
    /// How much is kept of all.
    all: usize,
    has_failed: bool,
}

impl Ledger {
    /// Nothing is written yet; `fd` tells when there is room, and `write` must not wait for any.
    pub fn new(fd: OwnedFd, write: Writer, on_failure: OnFailure) -> Self {
        Self {
            fd,
            write,
            on_failure,
            state: RefCell::default(),
        }
    }

    /// Write these bytes of connection `conn`, and keep what is not taken now.
    pub fn record(&self, conn: u64, bytes: &[u8]) {
        let is_clear = self.is_clear();
        let taken = match is_clear {
            true => self.take(bytes),
            false => Some(0),
        };
        // Nothing any more once that has failed.
        let Some(taken) = taken else { return };
        let rest = bytes.get(taken..).unwrap_or_default();
        if rest.is_empty() || self.state.borrow().has_failed {
            return;
        }
        let mut state = self.state.borrow_mut();
        state.all += rest.len();
        *state.kept.entry(conn).or_default() += rest.len();
        match state.entries.back_mut() {
            Some((of, kept)) if *of == conn && kept.len() < PIECE => kept.extend_from_slice(rest),
            _ => state.entries.push_back((conn, rest.to_vec())),
        }
    }

    /// Write more of what is kept.
    pub(super) fn flush(&self) {
        loop {
            let taken = {
                let state = self.state.borrow();
                let Some((_, bytes)) = state.entries.front() else {
                    return;
                };
                let rest = bytes.get(state.written..).unwrap_or_default();
                (self.write)(self.fd.as_fd(), rest)
            };
            match taken {
                Ok(0) => return,
                Ok(count) => self.state.borrow_mut().took(count),
                Err(error) => return self.fail(error),
            }
        }
    }

    /// Whether everything is written.
    pub(super) fn is_clear(&self) -> bool {
        self.state.borrow().entries.is_empty()
    }

    /// How many bytes are kept.
    pub(super) fn kept(&self) -> usize {
        self.state.borrow().all
    }

    /// Whether so much of connection `conn` is kept, or of all, that it is to be moved no further.
    pub(super) fn is_behind(&self, conn: u64) -> bool {
        let state = self.state.borrow();
        let of_this = || state.kept.get(&conn).copied().unwrap_or(0);
        state.all > 0 && (state.all >= OF_ALL || of_this() >= OF_ONE)
    }

    /// As much as is taken without waiting; `None` where it fails, or has failed.
    fn take(&self, bytes: &[u8]) -> Option<usize> {
        if self.state.borrow().has_failed {
            return None;
        }
        let mut taken = 0;
        while taken < bytes.len() {
            match (self.write)(self.fd.as_fd(), bytes.get(taken..).unwrap_or_default()) {
                Ok(0) => break,
                Ok(count) => taken += count,
                Err(error) => {
                    self.fail(error);
                    return None;
                }
            }
        }
        Some(taken)
    }

    fn fail(&self, error: io::Error) {
        *self.state.borrow_mut() = State {
            has_failed: true,
            ..State::default()
        };
        (self.on_failure)(error);
    }
}

impl State {
    /// So much of the oldest was written.
    fn took(&mut self, count: usize) {
        self.written += count;
        self.all = self.all.saturating_sub(count);
        let Some((conn, bytes)) = self.entries.front() else {
            return;
        };
        let is_whole = self.written >= bytes.len();
        if let Some(kept) = self.kept.get_mut(conn) {
            *kept = kept.saturating_sub(count);
            if *kept == 0 {
                self.kept.remove(conn);
            }
        }
        if is_whole {
            self.entries.pop_front();
            self.written = 0;
        }
    }
}

/// Write to a descriptor that is non-blocking, or never blocks.
pub fn write_now(fd: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
    match nix::unistd::write(fd, bytes) {
        Ok(0) if !bytes.is_empty() => Err(Errno::EIO.into()),
        Err(Errno::EAGAIN) => Ok(0),
        Err(Errno::EINTR) => write_now(fd, bytes),
        written => Ok(written?),
    }
}

impl AsFd for Ledger {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").field("fd", &self.fd).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use super::*;

    /// A ledger whose reader takes only so much, and what it took.
    fn ledger(room: &Rc<Cell<usize>>, took: &Rc<RefCell<Vec<u8>>>) -> Ledger {
        let (room, took) = (Rc::clone(room), Rc::clone(took));
        let null = std::fs::File::open("/dev/null").unwrap();
        let write = move |_: BorrowedFd<'_>, bytes: &[u8]| {
            let count = bytes.len().min(room.get());
            room.set(room.get() - count);
            took.borrow_mut().extend_from_slice(&bytes[..count]);
            Ok(count)
        };
        Ledger::new(null.into(), Box::new(write), Box::new(|_| {}))
    }

    #[test]
    fn what_is_not_taken_is_kept_in_order_and_holds_up_its_own_connection_alone() {
        let (room, took) = (Rc::new(Cell::new(3)), Rc::default());
        let ledger = ledger(&room, &took);
        ledger.record(1, b"abcd");
        ledger.record(2, b"ef");
        assert!(!ledger.is_clear() && !ledger.is_behind(1));
        ledger.record(1, &vec![b'x'; OF_ONE]);
        assert!(ledger.is_behind(1) && !ledger.is_behind(2));
        room.set(4);
        ledger.flush();
        assert_eq!(*took.borrow(), b"abcdefx");
        room.set(OF_ONE);
        ledger.flush();
        assert!(ledger.is_clear() && !ledger.is_behind(1));
        assert_eq!(took.borrow().len(), 6 + OF_ONE);
    }

    #[test]
    fn all_together_have_a_bound() {
        let ledger = ledger(&Rc::default(), &Rc::default());
        for conn in 0..(OF_ALL / OF_ONE) as u64 {
            assert!(!ledger.is_behind(1_000_000), "{conn}");
            ledger.record(conn, &vec![b'x'; OF_ONE]);
        }
        assert!(ledger.is_behind(1_000_000));
    }

    #[test]
    fn a_failure_is_told_once_and_holds_nobody_up() {
        let told = Rc::new(Cell::new(0));
        let count = Rc::clone(&told);
        let full = |_: BorrowedFd<'_>, _: &[u8]| Err(Errno::ENOSPC.into());
        let null = std::fs::File::open("/dev/null").unwrap();
        let tell = Box::new(move |_| count.set(count.get() + 1));
        let ledger = Ledger::new(null.into(), Box::new(full), tell);
        ledger.record(1, b"a");
        ledger.record(1, b"b");
        assert!(ledger.is_clear());
        assert_eq!(told.get(), 1);
    }
}
