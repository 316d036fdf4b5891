//! Content-Disposition of what is to be kept as a file, RFC 6266.

use std::fmt::{self, Display};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

/// What is not attr-char of RFC 8187, section 3.2.1.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// `attachment; filename="a.tar"`, and `filename*` behind it where the name has more than a quoted string can be trusted
/// with: a program that knows it takes that one (section 4.3).
pub struct Attachment<'a> {
    /// The name without its extension, any bytes.
    pub name: &'a [u8],
    /// The extension, without a dot.
    pub extension: &'a str,
}

impl Display for Attachment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = String::from_utf8_lossy(self.name);
        let plain: String = text.chars().map(plain).collect();
        write!(f, "attachment; filename=\"{plain}.{}\"", self.extension)?;
        if plain != text {
            let encoded = percent_encode(text.as_bytes(), ENCODED);
            write!(f, "; filename*=UTF-8''{encoded}.{}", self.extension)?;
        }
        Ok(())
    }
}

/// Programs differ over escapes in quoted strings, and some decode percent signs (section 4.1, appendix D).
fn plain(char: char) -> char {
    match char {
        '"' | '\\' | '%' | '/' => '_',
        ' '..='~' => char,
        _ => '_',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names() {
        for (name, said) in [
            (
                &b"photos 2026"[..],
                "attachment; filename=\"photos 2026.tar\"",
            ),
            (b"", "attachment; filename=\".tar\""),
            (
                "Füße".as_bytes(),
                "attachment; filename=\"F__e.tar\"; filename*=UTF-8''F%C3%BC%C3%9Fe.tar",
            ),
            (
                b"a\"; filename=\"b\\",
                "attachment; filename=\"a_; filename=_b_.tar\"; filename*=UTF-8''a%22%3B%20filename%3D%22b%5C.tar",
            ),
            (
                b"a\r\nX: y",
                "attachment; filename=\"a__X: y.tar\"; filename*=UTF-8''a%0D%0AX%3A%20y.tar",
            ),
            (
                b"50%'*\xff",
                "attachment; filename=\"50_'*_.tar\"; filename*=UTF-8''50%25%27%2A%EF%BF%BD.tar",
            ),
        ] {
            let attachment = Attachment {
                name,
                extension: "tar",
            };
            assert_eq!(attachment.to_string(), said);
            assert!(said.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        }
    }
}
