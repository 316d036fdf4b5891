//! The chunked coding, RFC 9112, section 7.1, read byte by byte and never forgiven anything.

use super::body::{Decoded, at_most};
use super::octet::{is_text, is_token};
use super::status::Status;

/// How many bytes all extensions of a body may have together, and all its trailer fields: they mean nothing here, and a
/// client must not be able to have the server read them for ever (RFC 9112, section 7.1.1).
const ASIDE: u32 = 8 * 1024;
/// How many digits a size may have: sixteen fill the 64 bits.
const DIGITS: u8 = 16;

/// A chunked body on its way.
#[derive(Clone, Debug)]
pub struct Chunked {
    at: At,
    digits: u8,
    size: u64,
    /// How many bytes of content may still come.
    allowed: u64,
    extensions: u32,
    trailers: u32,
}

/// Which byte comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// The first digit of a size.
    Size,
    /// Another digit, or what ends them.
    Digits,
    /// White space that only a semicolon may follow.
    Space,
    /// White space, or the name of an extension.
    ExtensionStart,
    /// More of its name.
    ExtensionName,
    /// White space that only an equals sign or a semicolon may follow.
    ExtensionSpace,
    /// White space, or the value of an extension.
    ValueStart,
    /// More of a value that is a token.
    Token,
    /// More of a value in quotes.
    Quoted,
    /// What is behind a backslash in it.
    Escaped,
    /// What ends a value in quotes, or goes on.
    ValueEnd,
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
    Field,
    /// The LF behind a trailer field.
    FieldEnd,
    /// The LF of the last line.
    End,
    /// Behind the body.
    Done,
}

impl Chunked {
    /// A body whose content has at most `limit` bytes.
    pub(super) fn new(limit: u64) -> Self {
        Self {
            at: At::Size,
            digits: 0,
            size: 0,
            allowed: limit,
            extensions: 0,
            trailers: 0,
        }
    }

    /// Take in bytes up to the next piece of data.
    pub(super) fn take<'a>(&mut self, bytes: &'a [u8]) -> Result<Decoded<'a>, Status> {
        let mut rest = bytes;
        let mut data: &[u8] = &[];
        while data.is_empty() && self.at != At::Done {
            let Some((&byte, behind)) = rest.split_first() else {
                break;
            };
            if self.at == At::Data {
                data = at_most(rest, self.size);
                self.size -= data.len() as u64;
                if self.size == 0 {
                    self.at = At::DataEnd;
                }
                rest = rest.get(data.len()..).unwrap_or_default();
            } else {
                self.at = self.step(byte).ok_or(Status::BAD_REQUEST)?;
                self.keep_within_limits()?;
                rest = behind;
            }
        }
        let consumed = bytes.len() - rest.len();
        Ok(Decoded { data, consumed })
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
                self.digits = 0;
                self.digit(byte)
            }
            (At::Digits, b'\r') => Some(At::SizeEnd),
            (At::Digits | At::Space, b';') => Some(At::ExtensionStart),
            (At::Digits | At::Space, b' ' | b'\t') => Some(At::Space),
            (At::Digits, _) => self.digit(byte),
            (At::SizeEnd, b'\n') if self.size == 0 => Some(At::Trailer),
            (At::SizeEnd, b'\n') => Some(At::Data),
            (At::DataEnd, b'\r') => Some(At::DataLine),
            (At::DataLine, b'\n') => Some(At::Size),
            (At::Trailer, b'\r') => Some(At::End),
            (At::Trailer | At::Name, _) if is_token(byte) => Some(At::Name),
            (At::Name, b':') => Some(At::Field),
            (At::Field, b'\r') => Some(At::FieldEnd),
            (At::Field, _) if is_text(byte) => Some(At::Field),
            (At::FieldEnd, b'\n') => Some(At::Trailer),
            (At::End, b'\n') => Some(At::Done),
            (at, _) => extension(at, byte),
        }
    }

    fn digit(&mut self, byte: u8) -> Option<At> {
        let digit = char::from(byte).to_digit(16)?;
        self.digits += 1;
        // One more must not shift the first one out.
        self.size = self.size.checked_mul(16)? | u64::from(digit);
        (self.digits <= DIGITS).then_some(At::Digits)
    }

    fn keep_within_limits(&mut self) -> Result<(), Status> {
        match self.at {
            At::Data if self.size > self.allowed => return Err(Status::CONTENT_TOO_LARGE),
            At::Data => self.allowed -= self.size,
            At::Name | At::Field | At::FieldEnd => self.trailers += 1,
            At::Size | At::Digits | At::SizeEnd | At::DataEnd | At::DataLine => {}
            At::Trailer | At::End | At::Done => {}
            _ => self.extensions += 1,
        }
        match self {
            Self { trailers, .. } if *trailers > ASIDE => Err(Status::FIELDS_TOO_LARGE),
            Self { extensions, .. } if *extensions > ASIDE => Err(Status::BAD_REQUEST),
            _ => Ok(()),
        }
    }
}

/// One byte of chunk-ext, RFC 9112, section 7.1.1: names, and values that are tokens or quoted strings.
fn extension(at: At, byte: u8) -> Option<At> {
    let is_space = matches!(byte, b' ' | b'\t');
    match (at, byte) {
        (At::ExtensionStart | At::ValueStart, _) if is_space => Some(at),
        (At::ExtensionStart | At::ExtensionName, _) if is_token(byte) => Some(At::ExtensionName),
        (At::ExtensionName | At::ExtensionSpace, b'=') => Some(At::ValueStart),
        (At::ExtensionName | At::ExtensionSpace, _) if is_space => Some(At::ExtensionSpace),
        (At::ValueStart, b'"') => Some(At::Quoted),
        (At::ValueStart | At::Token, _) if is_token(byte) => Some(At::Token),
        (At::Quoted, b'"') => Some(At::ValueEnd),
        (At::Quoted, b'\\') => Some(At::Escaped),
        (At::Quoted | At::Escaped, _) if is_text(byte) => Some(At::Quoted),
        (At::Token | At::ValueEnd, _) if is_space => Some(At::Space),
        (At::ExtensionName | At::ExtensionSpace | At::Token | At::ValueEnd, b';') => {
            Some(At::ExtensionStart)
        }
        (At::ExtensionName | At::Token | At::ValueEnd, b'\r') => Some(At::SizeEnd),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMIT: u64 = 1 << 20;

    /// The content, how many bytes it took, and whether it is done.
    fn read(pieces: &[&[u8]]) -> Result<(Vec<u8>, usize, bool), Status> {
        let mut chunked = Chunked::new(LIMIT);
        let (mut content, mut count) = (Vec::new(), 0);
        for piece in pieces {
            let mut rest = *piece;
            while !rest.is_empty() && !chunked.is_done() {
                let decoded = chunked.take(rest)?;
                assert!(decoded.consumed > 0);
                content.extend_from_slice(decoded.data);
                count += decoded.consumed;
                rest = &rest[decoded.consumed..];
            }
        }
        Ok((content, count, chunked.is_done()))
    }

    #[test]
    fn hostile_bodies_are_refused() {
        for body in [
            "\r\n",
            "\n",
            "g\r\n",
            "-1\r\n",
            "+5\r\n",
            "0x5\r\n",
            "0_0\r\n",
            " 5\r\n",
            "5 \r\n",
            "5\t\r\n",
            "5\n",
            "5\r\r",
            "5\r5",
            ";a\r\n",
            "5;\n",
            "5;\r\n",
            "5; \r\n",
            "5;a\x00\r\n",
            "5;a\n",
            "5;a\rb",
            "5;a=\r\n",
            "5;=b\r\n",
            "5;a=b c\r\n",
            "5;a \r\n",
            "5;a=b \r\n",
            "5;a=\"\r\n",
            "5;a=\"\n\"",
            "5;a=\"\\\r\n",
            "5;a=\"b\"c\r\n",
            "5;a,b\r\n",
            "5;a;;b\r\n",
            "3\r\nabcd",
            "3\r\nabc\n",
            "3\r\nabc\r\r",
            "3\r\nabc3\r\n",
            "0\r\n :x\r\n",
            "0\r\n\tx: y\r\n",
            "0\r\na\r\n",
            "0\r\n: b\r\n",
            "0\r\na b: c\r\n",
            "0\r\na : c\r\n",
            "0\r\na: b\n",
            "0\r\na: b\rc",
            "0\r\na: \x00\r\n",
            "0\r\na: b\r\n c\r\n",
            "0\r\n\n",
            "0\r\n\rx",
            "00000000000000000\r\n",
            "10000000000000000\r\n",
            "ffffffffffffffff0\r\n",
        ] {
            let read = read(&[body.as_bytes()]);
            assert_eq!(read, Err(Status::BAD_REQUEST), "{body:?}");
        }
    }

    #[test]
    fn what_is_too_much_is_refused() {
        let many = "1;a=b\r\nx\r\n".repeat(3000);
        let extension = format!("1;{}", "x".repeat(8193));
        let trailer = format!("0\r\na: {}", "x".repeat(8193));
        let trailers = format!("0\r\n{}", "a:\r\n".repeat(3000));
        let chunks = "80000\r\n".to_owned() + &"x".repeat(0x80000) + "\r\n80001\r\n";
        for (body, status) in [
            ("100001\r\n", Status::CONTENT_TOO_LARGE),
            ("ffffffffffffffff\r\n", Status::CONTENT_TOO_LARGE),
            (&chunks, Status::CONTENT_TOO_LARGE),
            (&extension, Status::BAD_REQUEST),
            (&many, Status::BAD_REQUEST),
            (&trailer, Status::FIELDS_TOO_LARGE),
            (&trailers, Status::FIELDS_TOO_LARGE),
        ] {
            assert_eq!(read(&[body.as_bytes()]), Err(status), "{body:.20}");
        }
    }

    #[test]
    fn proper_bodies_are_decoded() {
        for (body, content) in [
            ("0\r\n\r\n", ""),
            ("0000000000000000\r\n\r\n", ""),
            ("3\r\nabc\r\n0\r\n\r\n", "abc"),
            ("0000000000000003\r\nabc\r\n0\r\n\r\n", "abc"),
            ("1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", "abc"),
            ("A;x=\"y\"\r\n0123456789\r\n0 ;z\r\n\r\n", "0123456789"),
            ("1 ; a ; b = c ;d=\"\\\"; \t\u{e4}\"\r\nx\r\n0\r\n\r\n", "x"),
            ("1\r\n\n\r\n0\r\nA: b\r\nC:\r\n\r\n", "\n"),
            ("5\r\n0\r\n\r\n\r\n0\r\n\r\n", "0\r\n\r\n"),
            // A trailer field is not a field of the head, whatever it says.
            ("0\r\nContent-Length: 3\r\nHost: x\r\n\r\n", ""),
        ] {
            let next = format!("{body}GET");
            let expected = (content.as_bytes().to_vec(), body.len(), true);
            assert_eq!(read(&[next.as_bytes()]), Ok(expected), "{body:?}");
        }
        let most = "100000\r\n".to_owned() + &"x".repeat(1 << 20) + "\r\n0\r\n\r\n";
        assert_eq!(read(&[most.as_bytes()]).map(|read| read.2), Ok(true));
    }

    /// Bodies made of the pieces that break parsers.
    fn body() -> impl Strategy<Value = Vec<u8>> {
        let pieces = [
            "0",
            "1",
            "3",
            "a",
            "\r\n",
            "\r",
            "\n",
            "abc",
            ";",
            "=",
            "\"",
            "\\",
            " ",
            ":",
            "x: y",
            "1\r\na\r\n",
            "3\r\nabc\r\n",
            "0\r\n\r\n",
            "0\r\n",
        ];
        proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..12)
            .prop_map(|pieces| pieces.concat().into_bytes())
    }

    proptest! {
        #[test]
        fn the_cut_does_not_matter(body in body(), cut in 0_usize..30) {
            let (first, second) = body.split_at(cut.min(body.len()));
            prop_assert_eq!(read(&[first, second]), read(&[&body]));
        }

        #[test]
        fn what_is_chunked_is_read_again(chunks in proptest::collection::vec("[\\x00-\\x7f]{1,20}", 0..6)) {
            let framed: String = chunks.iter().map(|chunk| format!("{:x}\r\n{chunk}\r\n", chunk.len())).collect();
            let framed = framed + "0\r\n\r\n";
            let expected = (chunks.concat().into_bytes(), framed.len(), true);
            prop_assert_eq!(read(&[framed.as_bytes()]), Ok(expected));
        }
    }
}
