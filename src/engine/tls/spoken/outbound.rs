//! Records on their way out, and the buffers that a worker's connections take turns in.

use rustls::unbuffered::{EncodeError, EncryptError, InsufficientSizeError};

/// How many bytes one recv takes, and so the most that one turn hears.
const RECEIVE: usize = 64 * 1024;
/// How many bytes of plaintext become records at a time: what a connection whose client is slow has to keep.
pub(super) const PIECE: usize = 64 * 1024;
/// Room for the records of a piece: a header, a tag and a nonce each, and tickets before them.
const ROOM: usize = PIECE + 4 * 1024;

/// Buffers that no connection needs for longer than its turn.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// Records as they were heard.
    pub(super) inbound: Vec<u8>,
    /// Records to be sent.
    pub(super) outbound: Outbound,
    /// A piece of a file.
    pub(super) file: Vec<u8>,
}

/// Records, of which some may have been sent.
#[derive(Debug, Default)]
pub(super) struct Outbound {
    bytes: Vec<u8>,
    sent: usize,
    end: usize,
}

impl Scratch {
    /// The buffer for records that come in, made when it is needed first.
    pub(super) fn inbound(&mut self) -> &mut [u8] {
        self.inbound.resize(RECEIVE, 0);
        &mut self.inbound
    }

    /// The buffer for a piece of a file, made when it is needed first.
    pub(super) fn file(&mut self) -> Vec<u8> {
        let mut file = std::mem::take(&mut self.file);
        file.resize(PIECE, 0);
        file
    }
}

impl Outbound {
    /// What is still to be sent.
    pub(super) fn rest(&self) -> &[u8] {
        self.bytes.get(self.sent..self.end).unwrap_or_default()
    }

    /// So many bytes of the rest were sent.
    pub(super) fn advance(&mut self, count: usize) {
        self.sent += count;
    }

    /// Whether everything was sent.
    pub(super) fn is_empty(&self) -> bool {
        self.sent == self.end
    }

    /// The same buffer with nothing in it.
    pub(super) fn emptied(self) -> Self {
        let (sent, end) = (0, 0);
        Self { sent, end, ..self }
    }

    /// A buffer that is no larger than what is left.
    pub(super) fn fitted(&self) -> Self {
        let bytes = self.rest().to_vec();
        let (sent, end) = (0, bytes.len());
        Self { bytes, sent, end }
    }

    /// Bytes as they are.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let end = self.end + bytes.len();
        if let Some(room) = self.room(bytes.len()).get_mut(..bytes.len()) {
            room.copy_from_slice(bytes);
            self.end = end;
        }
    }

    /// Have records written behind the others by `write`, which is called again with more room when that is too little.
    /// `None` when it fails for another reason.
    pub(super) fn write<E: Into<Shortage>>(
        &mut self,
        mut write: impl FnMut(&mut [u8]) -> Result<usize, E>,
    ) -> Option<()> {
        let mut wanted = ROOM.saturating_sub(self.end);
        loop {
            match write(self.room(wanted)).map_err(Into::into) {
                Ok(count) => {
                    self.end += count;
                    return Some(());
                }
                Err(Shortage(Some(size))) if size.required_size > wanted => {
                    wanted = size.required_size;
                }
                Err(_) => return None,
            }
        }
    }

    /// What is behind the end, at least `wanted` bytes.
    fn room(&mut self, wanted: usize) -> &mut [u8] {
        if self.bytes.len() < self.end + wanted {
            self.bytes.resize(self.end + wanted, 0);
        }
        self.bytes.get_mut(self.end..).unwrap_or_default()
    }
}

/// How much room a write wants that has failed; `None` when it was not for want of room.
pub(super) struct Shortage(Option<InsufficientSizeError>);

impl From<EncodeError> for Shortage {
    fn from(error: EncodeError) -> Self {
        Self(match error {
            EncodeError::InsufficientSize(size) => Some(size),
            EncodeError::AlreadyEncoded => None,
        })
    }
}

impl From<EncryptError> for Shortage {
    fn from(error: EncryptError) -> Self {
        Self(match error {
            EncryptError::InsufficientSize(size) => Some(size),
            EncryptError::EncryptExhausted => None,
        })
    }
}
