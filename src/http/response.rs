//! The head of a response, and its content where that is text, as bytes.

use std::io::Write;

use super::plan::{Answer, Content, Plan};
use super::status::Status;

/// Append a response to `into`; the content of a file is left to the caller. `date` may be empty.
pub fn render(plan: &Plan<'_>, answer: Answer, date: &str, into: &mut Vec<u8>) {
    // Writing to memory does not fail.
    let _ = write_head(plan, answer, date, into);
    if let (Content::Text(text), false) = (plan.content, answer.is_head) {
        into.extend_from_slice(text.as_bytes());
    }
}

fn write_head(
    plan: &Plan<'_>,
    answer: Answer,
    date: &str,
    into: &mut Vec<u8>,
) -> std::io::Result<()> {
    write!(into, "HTTP/1.1 {}\r\n", plan.status)?;
    if !date.is_empty() {
        write!(into, "Date: {date}\r\n")?;
    }
    let length = match plan.content {
        Content::Text(text) => Some(text.len() as u64),
        Content::File(length) => Some(length),
        Content::None => None,
    };
    if let Some(length) = length {
        write!(into, "Content-Type: {}\r\n", plan.media_type)?;
        write!(into, "Content-Length: {length}\r\n")?;
    }
    if let Some(modified) = plan.last_modified {
        write!(into, "Last-Modified: {modified}\r\n")?;
    }
    if let Some(location) = &plan.location {
        write!(into, "Location: {location}\r\n")?;
    }
    if plan.status == Status::METHOD_NOT_ALLOWED {
        into.extend_from_slice(b"Allow: GET, HEAD\r\n");
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

    const GOES_ON: Answer = Answer {
        is_head: false,
        persists: true,
        says_keep_alive: false,
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
                    Content-Type: text/plain; charset=utf-8\r\nContent-Length: 12\r\n";
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
            says_keep_alive: true,
            ..GOES_ON
        };
        assert!(rendered(&plan, old).contains("\r\nConnection: keep-alive\r\n\r\n"));
    }

    #[test]
    fn what_a_status_needs() {
        let refused = rendered(&Plan::status(Status::METHOD_NOT_ALLOWED), GOES_ON);
        assert!(refused.contains("\r\nAllow: GET, HEAD\r\n"));
        let unchanged = Plan {
            content: Content::None,
            ..Plan::status(Status::NOT_MODIFIED)
        };
        assert!(!rendered(&unchanged, GOES_ON).contains("Content-"));
    }
}
