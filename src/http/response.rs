//! The head of a response, and its content where that is text or bytes.

use std::io::Write;

use super::coding::Coding;
use super::multipart::Piece;
use super::plan::{Content, Plan, Vary};
use super::range::Span;
use super::status::Status;

/// How a response is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whether the content is left out (HEAD).
    pub is_head: bool,
    /// Whether the connection goes on.
    pub persists: bool,
    /// Whether the request is one of HTTP/1.0: going on has to be said, and there are no chunks.
    pub is_old: bool,
}

/// Append a response to `into`: all of it but what [`follow`] names. `date` may be empty.
pub fn render(plan: &Plan<'_>, answer: Answer, date: &str, into: &mut Vec<u8>) {
    // Writing to memory does not fail.
    let _ = write_head(plan, answer, date, into);
    if !answer.is_head {
        into.extend_from_slice(literal(plan));
    }
}

/// What is to be sent behind what was rendered, in order; a stream is not among it.
pub fn follow(content: Content<'_>, answer: Answer) -> Vec<Piece> {
    let one = |first, length| vec![Piece::File(Span { first, length })];
    match content {
        _ if answer.is_head => Vec::new(),
        Content::File(length) if length > 0 => one(0, length),
        Content::Range { span, .. } => one(span.first, span.length),
        Content::Parts(parts) => parts.pieces,
        _ => Vec::new(),
    }
}

fn write_head(
    plan: &Plan<'_>,
    answer: Answer,
    date: &str,
    into: &mut Vec<u8>,
) -> std::io::Result<()> {
    match plan.status.line().strip_suffix('\n') {
        Some(known) => append(into, &["HTTP/1.1 ", known, "\r\n"]),
        None => write!(into, "HTTP/1.1 {}\r\n", plan.status)?,
    }
    field(into, "Date", date);
    write_content(plan, answer, into)?;
    if let Some(etag) = &plan.etag {
        into.extend_from_slice(b"ETag: ");
        into.extend_from_slice(etag.as_bytes());
        into.extend_from_slice(b"\r\n");
    }
    if let Some(modified) = plan.last_modified {
        write!(into, "Last-Modified: {modified}\r\n")?;
    }
    field(into, "Vary", plan.vary.value());
    field(
        into,
        "Location",
        plan.location.as_deref().unwrap_or_default(),
    );
    field(into, "Allow", plan.allow.unwrap_or_default());
    into.extend_from_slice(plan.fields.as_bytes());
    for (name, value) in &plan.extra {
        field(into, name, value);
    }
    write_connection(plan, answer, into);
    into.extend_from_slice(b"\r\n");
    Ok(())
}

/// What the content is and how long.
fn write_content(plan: &Plan<'_>, answer: Answer, into: &mut Vec<u8>) -> std::io::Result<()> {
    let length = match &plan.content {
        Content::None => return Ok(()),
        Content::Empty => {
            field(into, "Content-Length", "0");
            return Ok(());
        }
        Content::Text(_) | Content::Bytes(_) | Content::Beyond(_) => {
            Some(literal(plan).len() as u64)
        }
        Content::File(length) => Some(*length),
        Content::Range { span, .. } => Some(span.length),
        Content::Parts(parts) => Some(parts.length),
        Content::Stream => None,
    };
    match &plan.content {
        Content::Parts(parts) => {
            let boundary = parts.boundary;
            write!(
                into,
                "Content-Type: multipart/byteranges; boundary={boundary}\r\n"
            )?;
        }
        _ => match plan.named_type {
            Some(name) => field(into, "Content-Type", name),
            None => {
                let [essence, parameter] = plan.media_type.halves();
                append(into, &["Content-Type: ", essence, parameter, "\r\n"]);
            }
        },
    }
    field(into, "X-Content-Type-Options", "nosniff");
    if plan.coding != Coding::Identity {
        field(into, "Content-Encoding", plan.coding.name());
    }
    match length {
        Some(length) => field(into, "Content-Length", itoa::Buffer::new().format(length)),
        None if answer.is_old => {}
        None => field(into, "Transfer-Encoding", "chunked"),
    }
    write_range(plan, into)
}

/// What of the whole it is, RFC 9110, section 14.4, and that parts of it can be had.
fn write_range(plan: &Plan<'_>, into: &mut Vec<u8>) -> std::io::Result<()> {
    match plan.content {
        Content::Range { span, total } => write!(into, "Content-Range: {}\r\n", span.of(total))?,
        Content::Beyond(total) => write!(into, "Content-Range: bytes */{total}\r\n")?,
        Content::File(_) if plan.status != Status::OK => return Ok(()),
        Content::File(_) | Content::Parts(_) => {}
        _ => return Ok(()),
    }
    field(into, "Accept-Ranges", "bytes");
    Ok(())
}

fn write_connection(plan: &Plan<'_>, answer: Answer, into: &mut Vec<u8>) {
    // A stream that is not in chunks ends with the connection.
    let is_cut = plan.content == Content::Stream && answer.is_old;
    if !answer.persists || is_cut {
        field(into, "Connection", "close");
    } else if answer.is_old {
        field(into, "Connection", "keep-alive");
    }
}

/// A field; without a value there is none.
fn field(into: &mut Vec<u8>, name: &str, value: &str) {
    if value.is_empty() {
        return;
    }
    append(into, &[name, ": ", value, "\r\n"]);
}

fn append(into: &mut Vec<u8>, pieces: &[&str]) {
    for piece in pieces {
        into.extend_from_slice(piece.as_bytes());
    }
}

/// The content that is rendered with its head.
pub fn literal<'a>(plan: &'a Plan<'_>) -> &'a [u8] {
    match &plan.content {
        Content::Text(text) => text.as_bytes(),
        Content::Bytes(bytes) => bytes,
        Content::Beyond(_) => plan.status.line().as_bytes(),
        _ => &[],
    }
}

impl Vary {
    fn value(self) -> &'static str {
        match (self.accept, self.accept_encoding, self.origin) {
            (false, false, false) => "",
            (true, false, false) => "Accept",
            (false, true, false) => "Accept-Encoding",
            (true, true, false) => "Accept, Accept-Encoding",
            (false, false, true) => "Origin",
            (true, false, true) => "Accept, Origin",
            (false, true, true) => "Accept-Encoding, Origin",
            (true, true, true) => "Accept, Accept-Encoding, Origin",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::media_type::MediaType;
    use super::super::multipart::{Boundary, Parts};
    use super::super::status::Status;
    use super::*;

    const GOES_ON: Answer = Answer {
        is_head: false,
        persists: true,
        is_old: false,
    };

    fn rendered(plan: &Plan<'_>, answer: Answer) -> String {
        let mut into = Vec::new();
        render(plan, answer, "Thu, 01 Jan 1970 00:00:00 GMT", &mut into);
        String::from_utf8(into).unwrap()
    }

    #[test]
    fn the_tutorials_answer() {
        let plan = Plan {
            content: Content::Text("Hello world!"),
            ..Plan::status(Status::OK)
        };
        let head = "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\
                    Content-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n\
                    Content-Length: 12\r\n";
        assert_eq!(rendered(&plan, GOES_ON), format!("{head}\r\nHello world!"));
        let head_only = Answer {
            is_head: true,
            persists: false,
            ..GOES_ON
        };
        assert_eq!(
            rendered(&plan, head_only),
            format!("{head}Connection: close\r\n\r\n")
        );
        let old = Answer {
            is_old: true,
            ..GOES_ON
        };
        assert!(rendered(&plan, old).contains("\r\nConnection: keep-alive\r\n\r\n"));
    }

    #[test]
    fn what_a_status_needs() {
        let unchanged = Plan::status(Status::NOT_MODIFIED);
        assert!(!rendered(&unchanged, GOES_ON).contains("Content-"));
    }

    /// The fields of a response without Date, and what follows its head.
    fn shown(plan: Plan<'_>, answer: Answer) -> String {
        let text = rendered(&plan, answer);
        let (_, text) = text.split_once("GMT\r\n").unwrap();
        let pieces = follow(plan.content, answer);
        let pieces = pieces.iter().map(|piece| match piece {
            Piece::Bytes(bytes) => format!("<{}>", bytes.len()),
            Piece::File(span) => format!("<{}+{}>", span.first, span.length),
        });
        text.replace("\r\n", "|") + &pieces.collect::<String>()
    }

    #[test]
    fn each_kind_of_content() {
        let of = |content| Plan {
            content,
            ..Plan::status(Status::OK)
        };
        let html = "Content-Type: text/plain; charset=utf-8|X-Content-Type-Options: nosniff|";
        let span = Span {
            first: 5,
            length: 3,
        };
        let two = [
            span,
            Span {
                first: 9,
                length: 1,
            },
        ];
        let parts = || Parts::new(&two, 10, MediaType::TEXT, Boundary(1));
        let length = parts().length;
        for (content, expected) in [
            (Content::None, "|".to_owned()),
            (Content::Empty, "Content-Length: 0||".to_owned()),
            (
                Content::Bytes(vec![b'x']),
                format!("{html}Content-Length: 1||x"),
            ),
            (
                Content::File(0),
                format!("{html}Content-Length: 0|Accept-Ranges: bytes||"),
            ),
            (
                Content::File(7),
                format!("{html}Content-Length: 7|Accept-Ranges: bytes||<0+7>"),
            ),
            (
                Content::Range { span, total: 10 },
                format!(
                    "{html}Content-Length: 3|Content-Range: bytes 5-7/10|Accept-Ranges: bytes||<5+3>"
                ),
            ),
            (
                Content::Parts(parts()),
                format!(
                    "Content-Type: multipart/byteranges; boundary=0000000000000001|\
                     X-Content-Type-Options: nosniff|Content-Length: {length}|\
                     Accept-Ranges: bytes||<92><5+3><94><9+1><24>"
                ),
            ),
            (
                Content::Stream,
                format!("{html}Transfer-Encoding: chunked||"),
            ),
        ] {
            assert_eq!(shown(of(content), GOES_ON), expected);
        }
        let beyond = Plan {
            content: Content::Beyond(10),
            ..Plan::status(Status::RANGE_NOT_SATISFIABLE)
        };
        let text = "Content-Length: 26|Content-Range: bytes */10|Accept-Ranges: bytes|";
        let body = "416 Range Not Satisfiable|".replace('|', "\n");
        assert_eq!(shown(beyond, GOES_ON), format!("{html}{text}|{body}"));
    }

    #[test]
    fn a_stream_of_old_ends_with_its_connection() {
        let plan = Plan {
            content: Content::Stream,
            ..Plan::status(Status::OK)
        };
        let old = Answer {
            is_old: true,
            ..GOES_ON
        };
        let text = rendered(&plan, old);
        assert!(text.contains("\r\nConnection: close\r\n") && !text.contains("chunked"));
    }

    #[test]
    fn fields_of_all_kinds() {
        let plan = Plan {
            coding: Coding::Brotli,
            vary: Vary {
                accept_encoding: true,
                ..Vary::default()
            },
            location: Some("/a/".to_owned()),
            allow: Some("GET"),
            fields: "A: b\r\nC: d\r\n",
            extra: vec![("E", "f".to_owned())],
            content: Content::File(1),
            ..Plan::status(Status::OK)
        };
        let head = Answer {
            is_head: true,
            ..GOES_ON
        };
        assert_eq!(
            shown(plan, head),
            "Content-Type: text/plain; charset=utf-8|X-Content-Type-Options: nosniff|\
             Content-Encoding: br|Content-Length: 1|Accept-Ranges: bytes|\
             Vary: Accept-Encoding|Location: /a/|Allow: GET|A: b|C: d|E: f||"
        );
    }

    #[test]
    fn every_content_has_a_head_of_its_own_length() {
        for code in 200..600 {
            let plan = Plan::status(Status(code));
            let text = rendered(&plan, GOES_ON);
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            let says = head.contains(&format!("\r\nContent-Length: {}", body.len()));
            let has_none = Status(code).has_no_content();
            assert_eq!(says, !has_none, "{text}");
            assert_eq!(head.contains("nosniff"), !has_none, "{text}");
        }
    }
}
