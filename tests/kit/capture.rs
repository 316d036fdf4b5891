//! What a child writes to one of its streams, gathered as it comes and read with a deadline.

use std::io::Read;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

/// A stream of a child. Clones are the same stream.
#[derive(Clone, Default)]
pub(crate) struct Capture(Arc<(Mutex<State>, Condvar)>);

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    taken: usize,
    ended: bool,
}

impl Capture {
    /// Gather `stream` to its end.
    pub(crate) fn of(mut stream: impl Read + Send + 'static) -> Self {
        let capture = Self::default();
        let filled = capture.clone();
        thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            loop {
                let count = stream.read(&mut buffer).unwrap_or(0);
                let mut state = filled.state();
                state.bytes.extend_from_slice(&buffer[..count]);
                state.ended = count == 0;
                filled.0.1.notify_all();
                if count == 0 {
                    return;
                }
            }
        });
        capture
    }

    /// A stream that nobody gathers.
    pub(crate) fn none() -> Self {
        let capture = Self::default();
        capture.state().ended = true;
        capture
    }

    /// Take the next line, without its end; `None` when the stream ended or `limit` passed without one.
    pub(crate) fn line(&self, limit: Duration) -> Option<String> {
        let line = self.take(limit, |rest| {
            rest.iter().position(|byte| *byte == b'\n').map(|at| at + 1)
        })?;
        Some(String::from_utf8_lossy(&line[..line.len() - 1]).into_owned())
    }

    /// Take exactly `count` bytes; `None` when the stream ended or `limit` passed before.
    pub(crate) fn exactly(&self, count: usize, limit: Duration) -> Option<Vec<u8>> {
        self.take(limit, |rest| (rest.len() >= count).then_some(count))
    }

    /// Whether the stream ends within `limit`.
    pub(crate) fn ends(&self, limit: Duration) -> bool {
        let until = Instant::now() + limit;
        let mut state = self.state();
        while !state.ended {
            let Some(left) = until.checked_duration_since(Instant::now()) else {
                return false;
            };
            state = self.0.1.wait_timeout(state, left).unwrap().0;
        }
        true
    }

    /// Everything so far, taken or not.
    pub(crate) fn all(&self) -> Vec<u8> {
        self.state().bytes.clone()
    }

    fn take(&self, limit: Duration, enough: impl Fn(&[u8]) -> Option<usize>) -> Option<Vec<u8>> {
        let until = Instant::now() + limit;
        let mut state = self.state();
        loop {
            let rest = &state.bytes[state.taken..];
            if let Some(count) = enough(rest) {
                let taken = rest[..count].to_vec();
                state.taken += count;
                return Some(taken);
            }
            let left = until.checked_duration_since(Instant::now())?;
            if state.ended {
                return None;
            }
            state = self.0.1.wait_timeout(state, left).unwrap().0;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap()
    }
}
