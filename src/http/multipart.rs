//! Several ranges in one response: multipart/byteranges, RFC 9110, section 14.6.

use std::io::Write;

use super::media_type::MediaType;
use super::range::Span;

/// What parts the parts: it must not occur in the file, and so it is a number that nobody could know when the file was
/// written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Boundary(pub u64);

/// A piece of content, to be sent in turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// These bytes.
    Bytes(Vec<u8>),
    /// These of the file.
    File(Span),
}

/// The content of a response with several ranges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// What to send, in order.
    pub pieces: Vec<Piece>,
    /// How many bytes that is.
    pub length: u64,
    /// What parts them.
    pub boundary: Boundary,
}

impl Parts {
    /// These ranges of a file of `total` bytes.
    pub(super) fn new(spans: &[Span], total: u64, media_type: MediaType, by: Boundary) -> Self {
        let mut pieces = Vec::with_capacity(spans.len() * 2 + 1);
        for (index, span) in spans.iter().enumerate() {
            let mut head = Vec::with_capacity(160);
            // Writing to memory does not fail.
            let _ = write!(
                head,
                "{}--{by}\r\nContent-Type: {media_type}\r\nContent-Range: {}\r\n\r\n",
                if index == 0 { "" } else { "\r\n" },
                span.of(total),
            );
            pieces.push(Piece::Bytes(head));
            pieces.push(Piece::File(*span));
        }
        pieces.push(Piece::Bytes(format!("\r\n--{by}--\r\n").into_bytes()));
        let length = pieces.iter().map(Piece::length).sum();
        Self {
            pieces,
            length,
            boundary: by,
        }
    }
}

impl Piece {
    /// How many bytes.
    pub fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(span) => span.length,
        }
    }
}

impl std::fmt::Display for Boundary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}
