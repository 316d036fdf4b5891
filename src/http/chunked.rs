//! The chunked coding, RFC 9112, section 7.1, read byte by byte and never forgiven anything.

use super::status::Status;

/// How many bytes of a body are dropped before it is refused instead.
pub const LIMIT: u64 = 1 << 20;

/// A chunked body on its way.
#[derive(Clone, Debug, Default)]
pub struct Chunked {
    at: At,
    size: u64,
    taken: u64,
}

/// Which byte comes next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    /// The first digit of a size.
    #[default]
    Size,
    /// Another digit, or what ends them.
    Digits,
    /// White space that only an extension may follow.
    Space,
    /// An extension, which means nothing here.
    Extension,
    /// The LF behind a size.
    SizeEnd,
    /// Data.
    Data,
    /// The CR behind data.
    DataEnd,
    /// The LF behind data.
    DataLine,
    /// The first byte of a trailer field, or the CR of the last line.
    Trailer,
    /// The name of a trailer field.
    Name,
    /// Its value.
    Value,
    /// The LF behind a trailer field.
    ValueEnd,
    /// The LF of the last line.
    End,
    /// Behind the body.
    Done,
}

impl Chunked {
    /// Take in bytes; how many of them were the body's.
    pub(super) fn skip(&mut self, bytes: &[u8]) -> Result<usize, Status> {
        let mut rest = bytes;
        while let Some((&byte, behind)) = rest.split_first() {
            if self.at == At::Done {
                break;
            }
            if self.at == At::Data {
                let count =
                    usize::try_from(self.size).map_or(rest.len(), |size| size.min(rest.len()));
                self.size -= count as u64;
                if self.size == 0 {
                    self.at = At::DataEnd;
                }
                rest = rest.get(count..).unwrap_or_default();
            } else {
                self.at = self.step(byte).ok_or(Status::BAD_REQUEST)?;
                rest = behind;
            }
        }
        let count = bytes.len() - rest.len();
        self.taken += count as u64;
        if self.taken > LIMIT || self.size > LIMIT {
            return Err(Status::CONTENT_TOO_LARGE);
        }
        Ok(count)
    }

    /// Whether all of it is there.
    pub(super) fn is_done(&self) -> bool {
        self.at == At::Done
    }

    /// One byte of framing; `None` when it must not stand there.
    fn step(&mut self, byte: u8) -> Option<At> {
        match (self.at, byte) {
            (At::Size, _) => {
                self.size = 0;
                self.digit(byte)
            }
            (At::Digits | At::Space, b';') => Some(At::Extension),
            (At::Digits | At::Space, b' ' | b'\t') => Some(At::Space),
            (At::Digits | At::Extension, b'\r') => Some(At::SizeEnd),
            (At::Digits, _) => self.digit(byte),
            (At::Extension, _) if is_text(byte) => Some(At::Extension),
            (At::SizeEnd, b'\n') if self.size == 0 => Some(At::Trailer),
            (At::SizeEnd, b'\n') => Some(At::Data),
            (At::DataEnd, b'\r') => Some(At::DataLine),
            (At::DataLine, b'\n') => Some(At::Size),
            (At::Trailer, b'\r') => Some(At::End),
            (At::Trailer | At::Name, _) if is_token(byte) => Some(At::Name),
            (At::Name, b':') => Some(At::Value),
            (At::Value, b'\r') => Some(At::ValueEnd),
            (At::Value, _) if is_text(byte) => Some(At::Value),
            (At::ValueEnd, b'\n') => Some(At::Trailer),
            (At::End, b'\n') => Some(At::Done),
            _ => None,
        }
    }

    fn digit(&mut self, byte: u8) -> Option<At> {
        let digit = char::from(byte).to_digit(16)?;
        // Sixteen digits fill the 64 bits: one more must not shift the first one out.
        self.size = self.size.checked_mul(16)? | u64::from(digit);
        Some(At::Digits)
    }
}

/// field-vchar, SP or HTAB, RFC 9110, section 5.5.
fn is_text(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7f)
}

/// tchar of RFC 9110, section 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(body: &[u8]) -> Result<(usize, bool), Status> {
        let mut chunked = Chunked::default();
        let count = chunked.skip(body)?;
        Ok((count, chunked.is_done()))
    }

    #[test]
    fn hostile_bodies_are_refused() {
        for body in [
            "\r\n",
            "g\r\n",
            "-1\r\n",
            "+5\r\n",
            "0x5\r\n",
            " 5\r\n",
            "5 \r\n",
            "5\n",
            "5\r\r",
            "5;\n",
            "5;a\x00\r\n",
            "3\r\nabcd",
            "3\r\nabc\n",
            "0\r\n :x\r\n",
            "0\r\na\r\n",
            "0\r\na b: c\r\n",
            "0\r\n\n",
            "0\r\n\rx",
            "10000000000000000\r\n",
            "ffffffffffffffff0\r\n",
        ] {
            assert_eq!(read(body.as_bytes()), Err(Status::BAD_REQUEST), "{body:?}");
        }
        assert_eq!(read(b"100001\r\n"), Err(Status::CONTENT_TOO_LARGE));
        assert_eq!(
            read(b"ffffffffffffffff\r\n"),
            Err(Status::CONTENT_TOO_LARGE)
        );
        let extension = [b"1;".as_slice(), &[b'x'; 1 << 20]].concat();
        assert_eq!(read(&extension), Err(Status::CONTENT_TOO_LARGE));
    }

    #[test]
    fn proper_bodies_are_measured() {
        for body in [
            "0\r\n\r\n",
            "000\r\n\r\n",
            "3\r\nabc\r\n0\r\n\r\n",
            "A;x=\"y\"\r\n0123456789\r\n0 ;z\r\n\r\n",
            "1\r\n\n\r\n0\r\nA: b\r\nC:\r\n\r\n",
        ] {
            let next = format!("{body}GET");
            assert_eq!(read(next.as_bytes()), Ok((body.len(), true)), "{body:?}");
        }
    }

    proptest! {
        #[test]
        fn the_cut_does_not_matter(body in "([0-3a];?\r\n|[a ]{1,3}|\r\n|0\r\n\r\n|:){0,8}", cut in 0_usize..20) {
            let body = body.as_bytes();
            let cut = cut.min(body.len());
            let mut chunked = Chunked::default();
            let apart = chunked.skip(&body[..cut]).and_then(|first| {
                let second = if first < cut { 0 } else { chunked.skip(&body[cut..])? };
                Ok((first + second, chunked.is_done()))
            });
            prop_assert_eq!(apart, read(body));
        }
    }
}
