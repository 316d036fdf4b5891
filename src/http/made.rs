//! An answer that was made for its request and not found on a disk: an echo, a command's output, the page of requests.

use std::io::Write;

use super::response::Answer;
use super::status::Status;

/// Such an answer; its content follows the head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made<'a> {
    /// The status.
    pub status: Status,
    /// The fields that tell what it is, Content-Type among them; no value has a line end.
    pub fields: Vec<(&'a str, &'a [u8])>,
    /// How long it is.
    pub length: Length,
}

/// How long an answer is, RFC 9112, section 6.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// So many bytes.
    Known(u64),
    /// As long as it comes, in chunks.
    Chunked,
    /// As long as it comes, up to the end of the connection.
    UntilClose,
}

/// Append the head of an answer to `into`; `date` may be empty.
pub fn render_made(made: &Made<'_>, answer: Answer, date: &str, into: &mut Vec<u8>) {
    // Writing to memory does not fail.
    let _ = write_head(made, answer, date, into);
}

fn write_head(
    made: &Made<'_>,
    answer: Answer,
    date: &str,
    into: &mut Vec<u8>,
) -> std::io::Result<()> {
    write!(into, "HTTP/1.1 {}\r\n", made.status)?;
    if !date.is_empty() {
        write!(into, "Date: {date}\r\n")?;
    }
    for (name, value) in &made.fields {
        write!(into, "{name}: ")?;
        into.extend_from_slice(value);
        into.extend_from_slice(b"\r\n");
    }
    match made.length {
        // RFC 9110, section 8.6: neither of them has a length.
        _ if matches!(made.status.0, 204 | 304) => {}
        Length::Known(length) => write!(into, "Content-Length: {length}\r\n")?,
        Length::Chunked => into.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
        Length::UntilClose => {}
    }
    if !answer.persists {
        into.extend_from_slice(b"Connection: close\r\n");
    } else if answer.says_keep_alive {
        into.extend_from_slice(b"Connection: keep-alive\r\n");
    }
    into.extend_from_slice(b"\r\n");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads() {
        let answer = Answer {
            is_head: false,
            persists: true,
            says_keep_alive: false,
        };
        for (code, length, expected) in [
            (200, Length::Known(3), "Content-Length: 3\r\n\r\n"),
            (404, Length::Chunked, "Transfer-Encoding: chunked\r\n\r\n"),
            (200, Length::UntilClose, "A: b\r\n\r\n"),
            (204, Length::Known(0), "A: b\r\n\r\n"),
            (304, Length::Chunked, "A: b\r\n\r\n"),
        ] {
            let made = Made {
                status: Status(code),
                fields: vec![("A", b"b")],
                length,
            };
            let mut into = Vec::new();
            render_made(&made, answer, "D", &mut into);
            let text = String::from_utf8(into).unwrap();
            assert!(text.starts_with(&format!("HTTP/1.1 {code} ")), "{text}");
            assert!(text.contains("\r\nDate: D\r\nA: b\r\n"), "{text}");
            assert!(text.ends_with(expected), "{text}");
        }
    }
}
