//! The body of a request, which this server measures and drops: what follows it is the next request.

use super::chunked::Chunked;
use super::status::Status;

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

impl Body {
    /// The body that a request announces; one that is longer than the limit from the start is refused.
    pub fn new(framing: Framing, limit: u64) -> Result<Self, Status> {
        match framing {
            Framing::None => Ok(Self::Length(0)),
            Framing::Length(length) if length > limit => Err(Status::CONTENT_TOO_LARGE),
            Framing::Length(length) => Ok(Self::Length(length)),
            Framing::Chunked => Ok(Self::Chunked(Chunked::default())),
        }
    }

    /// Take in bytes; how many of them were the body's.
    pub fn skip(&mut self, bytes: &[u8]) -> Result<usize, Status> {
        match self {
            Self::Length(left) => {
                let count =
                    usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
                *left -= count as u64;
                Ok(count)
            }
            Self::Chunked(chunked) => chunked.skip(bytes),
        }
    }

    /// Whether all of it is there.
    pub fn is_done(&self) -> bool {
        match self {
            Self::Length(left) => *left == 0,
            Self::Chunked(chunked) => chunked.is_done(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::chunked::LIMIT;
    use super::*;

    #[test]
    fn a_length_is_kept() {
        let mut body = Body::new(Framing::Length(5), LIMIT).unwrap();
        assert_eq!(body.skip(b"abc"), Ok(3));
        assert!(!body.is_done());
        assert_eq!(body.skip(b"deGET"), Ok(2));
        assert!(body.is_done());
        assert!(Body::new(Framing::Length(LIMIT + 1), LIMIT).is_err());
        assert!(Body::new(Framing::None, LIMIT).unwrap().is_done());
    }
}
