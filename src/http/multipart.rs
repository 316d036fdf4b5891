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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_and_what_parts_them() {
        let spans = [(0, 2), (90, 10)].map(|(first, length)| Span { first, length });
        let parts = Parts::new(&spans, 100, MediaType::TEXT, Boundary(0x2a));
        let shown: String = parts
            .pieces
            .iter()
            .map(|piece| match piece {
                Piece::Bytes(bytes) => String::from_utf8(bytes.clone()).unwrap(),
                Piece::File(span) => "x".repeat(usize::try_from(span.length).unwrap()),
            })
            .collect();
        assert_eq!(
            shown,
            "--000000000000002a\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Content-Range: bytes 0-1/100\r\n\r\nxx\r\n\
             --000000000000002a\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Content-Range: bytes 90-99/100\r\n\r\nxxxxxxxxxx\r\n\
             --000000000000002a--\r\n"
        );
        assert_eq!(parts.length, shown.len() as u64);
    }
}
