//! Connections that keep records apart (SOCK_SEQPACKET): what is cut into records, heard as records, and counted.

use std::time::SystemTime;

use super::chop::{Chop, Framing};
use super::pump::Typed;

/// What arrived at once.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    /// Its bytes.
    pub bytes: &'a [u8],
    /// How many it had; more than `bytes` where a record did not fit.
    pub length: usize,
    /// When the kernel got it; `None` for a piece of a stream.
    pub at: Option<SystemTime>,
}

/// How records are cut, and how many are heard.
#[derive(Debug)]
pub struct Records {
    chop: Chop,
    sends_empty: bool,
    ends_on_empty: bool,
    wanted: Option<u64>,
    heard: u64,
}

impl Records {
    /// stdin becomes records by `framing`.
    pub fn new(framing: Framing) -> Self {
        Self {
            chop: Chop::new(framing),
            sends_empty: false,
            ends_on_empty: false,
            wanted: None,
            heard: 0,
        }
    }

    /// The same, where an empty one follows the end of stdin, or one that is heard is the end.
    #[must_use]
    pub fn with_empty(self, sends_empty: bool, ends_on_empty: bool) -> Self {
        Self {
            sends_empty,
            ends_on_empty,
            ..self
        }
    }

    /// The same, over once `wanted` were heard.
    #[must_use]
    pub fn counted(self, wanted: Option<u64>) -> Self {
        Self { wanted, ..self }
    }

    /// How many were heard and how many were wanted, where these are more.
    pub fn missing(&self) -> Option<(u64, u64)> {
        let wanted = self.wanted.filter(|_| !self.ends_on_empty)?;
        (self.heard < wanted).then_some((self.heard, wanted))
    }

    /// How many bytes the next read of stdin may bring.
    pub(super) fn room(&self, buffer: usize, is_typed: bool) -> usize {
        self.chop.room(buffer, is_typed)
    }

    /// Whether each read of stdin is a record as it is.
    pub(super) fn are_reads(&self) -> bool {
        self.chop.size().is_some()
    }

    /// The records that are complete by what one read brought, or by the end of stdin (`None`), decoded.
    pub(super) fn cut(
        &mut self,
        read: Option<&[u8]>,
        typed: &mut Option<Typed<'_>>,
    ) -> Result<Vec<Vec<u8>>, String> {
        let mut records = self.chop.take(read, typed)?;
        if read.is_none() {
            records.extend(self.sends_empty.then(Vec::new));
        }
        Ok(records)
    }

    /// One of so many bytes was heard: whether it is the end of its connection.
    pub(super) fn take(&mut self, length: usize) -> bool {
        self.heard += 1;
        self.ends_on_empty && length == 0
    }

    /// Whether as many were heard as were wanted.
    pub(super) fn are_enough(&self) -> bool {
        self.wanted.is_some_and(|wanted| self.heard >= wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stdin_is_cut_to_its_end() {
        let mut lines = Records::new(Framing::Lines).with_empty(true, false);
        let cut = |records: &mut Records, read| records.cut(read, &mut None).unwrap();
        let two = [b"a".to_vec(), Vec::new()];
        assert_eq!(cut(&mut lines, Some(b"a\n\nb")), two);
        assert_eq!(cut(&mut lines, None), [b"b".to_vec(), Vec::new()]);
        let mut reads = Records::new(Framing::Reads(9));
        assert_eq!(cut(&mut reads, Some(b"a\nb")), [b"a\nb".to_vec()]);
        assert!(cut(&mut reads, None).is_empty());
    }

    #[test]
    fn what_is_heard_is_counted() {
        let mut records = Records::new(Framing::Whole).counted(Some(2));
        assert!(!records.take(0));
        assert_eq!(records.missing(), Some((1, 2)));
        assert!(!records.are_enough());
        records.take(5);
        assert!(records.are_enough() && records.missing().is_none());
        let mut records = Records::new(Framing::Whole).with_empty(false, true);
        assert!(!records.take(1) && records.take(0));
    }
}
