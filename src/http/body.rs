//! The body of a request as it comes: measured, so that what follows it is the next request, and handed out in pieces.

use super::chunked::Chunked;
use super::status::Status;

/// How many bytes of a body that nobody wants are heard before it is refused instead.
pub const BODY_LIMIT: u64 = 1 << 20;

/// How the body of a request is measured, RFC 9112, section 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// There is none.
    None,
    /// So many bytes.
    Length(u64),
    /// In chunks, RFC 9112, section 7.1.
    Chunked,
}

/// A body on its way.
#[derive(Clone, Debug)]
pub enum Body {
    /// So many bytes are left.
    Length(u64),
    /// Chunks.
    Chunked(Chunked),
}

/// A step of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// What it brought of the content; it may be nothing.
    pub data: &'a [u8],
    /// How many of the bytes it used. None only where there are none, or the body is done.
    pub consumed: usize,
}

impl Body {
    /// The body that a request announces. One of more than `limit` bytes is refused: at once where it says so, or as
    /// soon as a chunk does.
    pub fn new(framing: Framing, limit: u64) -> Result<Self, Status> {
        match framing {
            Framing::None => Ok(Self::Length(0)),
            Framing::Length(length) if length > limit => Err(Status::CONTENT_TOO_LARGE),
            Framing::Length(length) => Ok(Self::Length(length)),
            Framing::Chunked => Ok(Self::Chunked(Chunked::new(limit))),
        }
    }

    /// Take in bytes up to the next piece of content; to be repeated behind what was consumed until the body is done or
    /// the bytes are.
    pub fn take<'a>(&mut self, bytes: &'a [u8]) -> Result<Decoded<'a>, Status> {
        match self {
            Self::Length(left) => {
                let data = at_most(bytes, *left);
                *left -= data.len() as u64;
                let consumed = data.len();
                Ok(Decoded { data, consumed })
            }
            Self::Chunked(chunked) => chunked.take(bytes),
        }
    }

    /// Take in bytes and drop them; how many of them were the body's.
    pub fn skip(&mut self, bytes: &[u8]) -> Result<usize, Status> {
        let mut rest = bytes;
        while !rest.is_empty() && !self.is_done() {
            let decoded = self.take(rest)?;
            rest = rest.get(decoded.consumed..).unwrap_or_default();
        }
        Ok(bytes.len() - rest.len())
    }

    /// Whether all of it is there.
    pub fn is_done(&self) -> bool {
        match self {
            Self::Length(left) => *left == 0,
            Self::Chunked(chunked) => chunked.is_done(),
        }
    }
}

/// The first `count` bytes, or all when there are fewer.
pub(super) fn at_most(bytes: &[u8], count: u64) -> &[u8] {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    bytes.get(..count).unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_kept() {
        let mut body = Body::new(Framing::Length(5), 5).unwrap();
        assert_eq!(body.skip(b"abc"), Ok(3));
        assert!(!body.is_done());
        let rest = body.take(b"deGET").unwrap();
        assert_eq!((rest.data, rest.consumed), (b"de".as_slice(), 2));
        assert!(body.is_done());
        assert_eq!(body.take(b"GET").unwrap().consumed, 0);
        assert!(Body::new(Framing::Length(6), 5).is_err());
        assert!(Body::new(Framing::Length(u64::MAX), u64::MAX).is_ok());
        assert!(Body::new(Framing::None, 0).unwrap().is_done());
    }
}
