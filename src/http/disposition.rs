//! What a part of a form says about itself, RFC 7578, section 4: and of a file name the name alone, wherever the
//! client says that it lay.

use percent_encoding::percent_decode;

use super::parameter::Parameters;
use super::status::Status;

/// How many fields the head of a part may have.
const FIELDS: usize = 16;

/// A part of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The file's name without any folder; `None` for a field that is no file, or a file that was not chosen.
    pub file_name: Option<Vec<u8>>,
}

/// The part that a head (with its empty line) begins. One that would have to be decoded is refused.
pub(super) fn part(head: &[u8]) -> Result<Part, Status> {
    let lines = head.iter().filter(|byte| **byte == b'\n').count();
    let returns = head.iter().filter(|byte| **byte == b'\r').count();
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let fields = match httparse::parse_headers(head, &mut fields) {
        Ok(httparse::Status::Complete((_, fields))) if lines == returns => fields,
        Err(httparse::Error::TooManyHeaders) => return Err(Status::FIELDS_TOO_LARGE),
        _ => return Err(Status::BAD_REQUEST),
    };
    let mut disposition = None;
    for field in fields {
        if field.name.eq_ignore_ascii_case("content-disposition") {
            if disposition.replace(field.value).is_some() {
                return Err(Status::BAD_REQUEST);
            }
        } else if field.name.eq_ignore_ascii_case("content-transfer-encoding")
            && !is_identity(field.value)
        {
            return Err(Status::UNSUPPORTED_MEDIA_TYPE);
        }
    }
    let words = Parameters::parse(disposition.ok_or(Status::BAD_REQUEST)?)?;
    match words.first().eq_ignore_ascii_case(b"form-data") {
        true => Ok(Part {
            file_name: file_name(&words)?,
        }),
        false => Err(Status::BAD_REQUEST),
    }
}

fn is_identity(coding: &[u8]) -> bool {
    ["7bit", "8bit", "binary"]
        .iter()
        .any(|known| coding.eq_ignore_ascii_case(known.as_bytes()))
}

/// `filename*` where it is there (RFC 6266, section 4.3), `filename` otherwise.
fn file_name(words: &Parameters<'_>) -> Result<Option<Vec<u8>>, Status> {
    let name = match words.value("filename*") {
        Some(extended) => extended_value(extended).ok_or(Status::BAD_REQUEST)?,
        None => match words.value("filename") {
            Some(name) => unescaped(name),
            None => return Ok(None),
        },
    };
    if name.is_empty() {
        // A form's file that nobody chose.
        return Ok(None);
    }
    let base = name.rsplit(|byte| matches!(byte, b'/' | b'\\')).next();
    let base = base.unwrap_or_default();
    let is_name = !matches!(base, b"" | b"." | b"..") && !base.iter().any(u8::is_ascii_control);
    match is_name {
        true => Ok(Some(base.to_vec())),
        false => Err(Status::BAD_REQUEST),
    }
}

/// ext-value of RFC 8187: `UTF-8''a%20b`.
fn extended_value(value: &[u8]) -> Option<Vec<u8>> {
    let mut pieces = value.splitn(3, |byte| *byte == b'\'');
    let is_utf8 = pieces.next()?.eq_ignore_ascii_case(b"utf-8");
    pieces.next()?;
    let name: Vec<u8> = percent_decode(pieces.next()?).collect();
    (is_utf8 && std::str::from_utf8(&name).is_ok()).then_some(name)
}

/// Browsers escape three bytes of a name by percent, and leave the percent alone (HTML, section 4.10.22.8).
fn unescaped(name: &[u8]) -> Vec<u8> {
    let (mut plain, mut rest) = (Vec::with_capacity(name.len()), name);
    while let Some((byte, behind)) = rest.split_first() {
        let escaped = rest.get(..3).and_then(|three| match three {
            b"%22" => Some(b'"'),
            b"%0D" | b"%0d" => Some(b'\r'),
            b"%0A" | b"%0a" => Some(b'\n'),
            _ => None,
        });
        plain.push(escaped.unwrap_or(*byte));
        rest = match escaped {
            Some(_) => rest.get(3..).unwrap_or_default(),
            None => behind,
        };
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(parameters: &str) -> Result<Option<String>, u16> {
        let head = format!("Content-Disposition: form-data; name=\"f\"{parameters}\r\n\r\n");
        let part = part(head.as_bytes()).map_err(|status| status.0)?;
        Ok(part.file_name.map(|name| name.escape_ascii().to_string()))
    }

    #[test]
    fn hostile_names_lose_their_folder_or_are_refused() {
        for (parameters, name) in [
            ("; filename=\"../../etc/passwd\"", Some("passwd")),
            ("; filename=\"/etc/passwd\"", Some("passwd")),
            ("; filename=\"C:\\\\Users\\\\a\\\\b.txt\"", Some("b.txt")),
            ("; filename=\"C:\\Users\\a\\b.txt\"", Some("b.txt")),
            ("; filename=\"..\\\\..\\\\b.txt\"", Some("b.txt")),
            ("; filename*=UTF-8''..%2f..%2fb", Some("b")),
            ("; filename*=UTF-8''..%5c..%5cb", Some("b")),
            ("; filename=\"\"", None),
            ("; filename=", None),
            ("", None),
        ] {
            assert_eq!(
                named(parameters),
                Ok(name.map(str::to_owned)),
                "{parameters}"
            );
        }
        for parameters in [
            "; filename=\"a/\"",
            "; filename=\"/\"",
            "; filename=\".\"",
            "; filename=\"..\"",
            "; filename=\"a/..\"",
            "; filename=\"a\\\\\"",
            "; filename*=UTF-8''a%00b",
            "; filename*=UTF-8''%2e%2e",
            "; filename*=UTF-8''a%0d%0aX:y",
            "; filename*=UTF-8''%ff",
            "; filename*=ISO-8859-1''%e4",
            "; filename*=a",
            "; filename=\"a%0Ab\"",
            "; filename=\"a\tb\"",
            "; filename=\"a",
            "; filename=\"a\"b",
            "; filename=a b",
            "; filename=\"a\"; filename=\"b\"",
        ] {
            assert_eq!(named(parameters), Err(400), "{parameters}");
        }
    }

    #[test]
    fn names() {
        for (parameters, name) in [
            ("; filename=\"a b.txt\"", "a b.txt"),
            ("; filename=a.txt", "a.txt"),
            ("; FileName=a.txt", "a.txt"),
            ("; filename=\"a;b=c.txt\"", "a;b=c.txt"),
            ("; filename=\"say \\\"hi\\\".txt\"", "say \\\"hi\\\".txt"),
            ("; filename=\"say %22hi%22.txt\"", "say \\\"hi\\\".txt"),
            ("; filename=\"100%.txt\"", "100%.txt"),
            ("; filename=\"a%20b\"", "a%20b"),
            ("; filename=\"\u{e4}\"", "\\xc3\\xa4"),
            (
                "; filename=\"x\"; filename*=utf-8'de'%c3%a4%20b",
                "\\xc3\\xa4 b",
            ),
            ("; filename=\".profile\"", ".profile"),
        ] {
            assert_eq!(named(parameters), Ok(Some(name.to_owned())), "{parameters}");
        }
    }

    #[test]
    fn hostile_heads_are_refused() {
        for (head, status) in [
            ("\r\n", 400),
            ("Content-Type: text/plain\r\n\r\n", 400),
            ("Content-Disposition: attachment; filename=a\r\n\r\n", 400),
            ("Content-Disposition: form-data; filename=a\n\n", 400),
            (
                "Content-Disposition: form-data;\r\n filename=a\r\n\r\n",
                400,
            ),
            ("Content-Disposition : form-data; filename=a\r\n\r\n", 400),
            (
                "Content-Disposition: form-data\r\nContent-Disposition: form-data\r\n\r\n",
                400,
            ),
            (
                "Content-Disposition: form-data\r\nContent-Transfer-Encoding: base64\r\n\r\n",
                415,
            ),
        ] {
            let refused = part(head.as_bytes()).map_err(|status| status.0);
            assert_eq!(refused, Err(status), "{head:?}");
        }
        let many = "A: b\r\n".repeat(17) + "\r\n";
        assert_eq!(part(many.as_bytes()), Err(Status::FIELDS_TOO_LARGE));
    }
}
