//! The content of a file that is being served: in memory, or where it can be read.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::rc::Rc;

use crate::http::Span;

/// Files up to this many bytes leave with their head in one send; larger ones are sent by the kernel.
pub(super) const SMALL: u64 = 64 * 1024;

/// The content of a file.
#[derive(Clone, Debug)]
pub(super) enum Stored {
    /// All of it.
    Small(Rc<[u8]>),
    /// Where it can be read.
    File(Rc<File>),
}

impl Stored {
    /// The content of an open file: all of it where that is little; `None` when it has become shorter.
    pub(super) fn of(file: &Rc<File>, length: u64) -> Option<Self> {
        match usize::try_from(length) {
            Ok(size) if length <= SMALL => {
                let mut bytes = Vec::new();
                append(file, 0, size, &mut bytes).then(|| Self::Small(bytes.into()))
            }
            _ => Some(Self::File(Rc::clone(file))),
        }
    }

    /// How many files it keeps open, and how many bytes it takes.
    pub(super) fn size(&self) -> (usize, usize) {
        match self {
            Self::Small(bytes) => (0, bytes.len()),
            Self::File(_) => (1, 0),
        }
    }

    /// Append a part of it to `into`; `false` when it has become shorter than that.
    pub(super) fn append(&self, span: Span, into: &mut Vec<u8>) -> bool {
        let size = usize::try_from(span.length).unwrap_or(usize::MAX);
        match self {
            Self::File(file) => append(file, span.first, size, into),
            Self::Small(bytes) => {
                let rest = usize::try_from(span.first)
                    .ok()
                    .and_then(|first| bytes.get(first..));
                match rest.and_then(|rest| rest.get(..size)) {
                    Some(part) => into.extend_from_slice(part),
                    None => return false,
                }
                true
            }
        }
    }
}

/// Append `length` bytes of a file from `first` on to `into`; `false` when it has become shorter than that.
fn append(file: &File, first: u64, length: usize, into: &mut Vec<u8>) -> bool {
    let start = into.len();
    into.resize(start + length, 0);
    let whole = into
        .get_mut(start..)
        .is_some_and(|room| file.read_exact_at(room, first).is_ok());
    if !whole {
        into.truncate(start);
    }
    whole
}
