//! Fields that somebody adds to every answer: what would break the framing, or the server says itself, is refused.

use std::fmt;

use super::octet::is_token;

/// What the server says itself.
const OURS: &[&str] = &[
    "accept-ranges",
    "allow",
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "date",
    "etag",
    "keep-alive",
    "last-modified",
    "location",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "www-authenticate",
];

/// Why a word is no field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoField {
    /// There is no colon.
    NoColon,
    /// The name is not a token, RFC 9110, section 5.6.2.
    Name,
    /// A control character in the value.
    Value,
    /// The server says this itself.
    Ours,
}

/// The line of a field that is written `Name: value`, with its CR LF.
pub fn field_line(word: &str) -> Result<String, NoField> {
    let (name, value) = word.split_once(':').ok_or(NoField::NoColon)?;
    if name.is_empty() || !name.bytes().all(is_token) {
        return Err(NoField::Name);
    }
    let value = value.trim_matches([' ', '\t']);
    if value
        .bytes()
        .any(|byte| byte.is_ascii_control() && byte != b'\t')
    {
        return Err(NoField::Value);
    }
    match OURS.iter().any(|known| name.eq_ignore_ascii_case(known)) {
        true => Err(NoField::Ours),
        false => Ok(format!("{name}: {value}\r\n")),
    }
}

impl fmt::Display for NoField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoColon => "a field is written 'Name: value'",
            Self::Name => "a field's name has letters, digits and hyphens",
            Self::Value => "a field's value has no control characters",
            Self::Ours => "this field is the server's own",
        })
    }
}

impl std::error::Error for NoField {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_fields_are_refused() {
        for (word, why) in [
            ("", NoField::NoColon),
            ("X-A", NoField::NoColon),
            (": b", NoField::Name),
            ("X A: b", NoField::Name),
            ("X-A : b", NoField::Name),
            ("X\r\nY: b", NoField::Name),
            ("\u{e4}: b", NoField::Name),
            ("X-A: b\r\nY: c", NoField::Value),
            ("X-A: b\nY: c", NoField::Value),
            ("X-A: b\0", NoField::Value),
            ("X-A: \u{1b}[2J", NoField::Value),
            ("Content-Length: 5", NoField::Ours),
            ("transfer-encoding: chunked", NoField::Ours),
            ("CONNECTION: close", NoField::Ours),
        ] {
            assert_eq!(field_line(word), Err(why), "{word:?}");
        }
    }

    #[test]
    fn fields() {
        for (word, line) in [
            ("X-A: b", "X-A: b\r\n"),
            ("X-A:b", "X-A: b\r\n"),
            ("X-A:\t b c \t", "X-A: b c\r\n"),
            ("X-A:", "X-A: \r\n"),
            (
                "Link: <https://a>; rel=\"b\"",
                "Link: <https://a>; rel=\"b\"\r\n",
            ),
        ] {
            assert_eq!(field_line(word).as_deref(), Ok(line), "{word}");
        }
    }
}
