//! A reply of a length that is known before it is read.

use super::Wanted;

/// Bytes that are gathered until there are enough of them.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    bytes: Vec<u8>,
    needed: usize,
}

impl Reply {
    /// A reply of `needed` bytes.
    pub(super) fn of(needed: usize) -> Self {
        Self {
            bytes: Vec::new(),
            needed,
        }
    }

    /// What is missing.
    pub(super) fn wants(&self) -> Wanted {
        Wanted::Exactly(self.needed.saturating_sub(self.bytes.len()))
    }

    /// Take what belongs to it; how much that was.
    pub(super) fn take(&mut self, bytes: &[u8]) -> usize {
        let missing = self.needed.saturating_sub(self.bytes.len());
        let own = bytes.get(..missing).unwrap_or(bytes);
        self.bytes.extend_from_slice(own);
        own.len()
    }

    /// Wait for more than was thought at first.
    pub(super) fn extend_to(&mut self, needed: usize) {
        self.needed = needed;
    }

    /// The byte at a place; `None` while it has not come.
    pub(super) fn byte(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    /// Whether it is all there.
    pub(super) fn is_whole(&self) -> bool {
        self.bytes.len() >= self.needed
    }
}
