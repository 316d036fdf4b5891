//! A request's body as far as it is kept to be shown.

/// How many bytes of a body are kept.
const LIMIT: usize = 64 * 1024;

/// The beginning of a body, and how long all of it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    bytes: Vec<u8>,
    length: u64,
}

impl Kept {
    /// More of the body.
    pub fn take(&mut self, bytes: &[u8]) {
        let room = LIMIT - self.bytes.len().min(LIMIT);
        self.bytes
            .extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        self.length += bytes.len() as u64;
    }

    /// How long the whole body was, in bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Whether there was more than is kept.
    pub fn is_cut(&self) -> bool {
        self.length > self.bytes.len() as u64
    }

    /// What is kept. A character that the cut went through is left out: text stays text.
    pub fn bytes(&self) -> &[u8] {
        match std::str::from_utf8(&self.bytes) {
            Err(error) if self.is_cut() && error.error_len().is_none() => {
                self.bytes.get(..error.valid_up_to()).unwrap_or(&self.bytes)
            }
            _ => &self.bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded() {
        let mut kept = Kept::default();
        for _ in 0..1000 {
            kept.take(&[b'x'; 1000]);
        }
        assert_eq!(kept.bytes().len(), LIMIT);
        assert_eq!((kept.length(), kept.is_cut()), (1_000_000, true));
        assert!(kept.bytes.capacity() <= 2 * LIMIT);
    }

    #[test]
    fn a_cut_leaves_whole_characters() {
        let mut kept = Kept::default();
        kept.take("x".as_bytes());
        kept.take("\u{e4}".repeat(LIMIT).as_bytes());
        assert_eq!(kept.bytes().len(), LIMIT - 1);
        // What is no text is not touched, nor is a whole body that ends within a character.
        let mut whole = Kept::default();
        whole.take(b"a\xc3");
        assert_eq!(whole.bytes(), b"a\xc3");
        let mut bytes = Kept::default();
        bytes.take(&[0xff; LIMIT + 1]);
        assert_eq!(bytes.bytes().len(), LIMIT);
    }
}
