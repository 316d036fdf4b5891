//! What to answer: a request and what was found for it, made into a plan. Facts come in, never a handle.

use std::time::SystemTime;

use httpdate::HttpDate;

use super::date::{http_date, parse_date};
use super::media_type::{MediaType, media_type};
use super::method::Method;
use super::request::Request;
use super::status::Status;
use super::target::{Target, encode, locate};

/// What a server offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Site {
    /// The same text for every path, as the tutorial's server.
    Text(String),
    /// The files beneath a directory.
    Files,
}

/// What lies at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// A regular file of so many bytes; `None` where its time cannot be read.
    File {
        /// In bytes.
        length: u64,
        /// When it was changed.
        modified: Option<SystemTime>,
        /// Whether it is the index of the directory that was asked for.
        is_index: bool,
    },
    /// A directory that was asked for without its slash.
    Directory,
    /// Nothing, or nothing that is shown.
    Missing,
    /// Something that must not be read, or is no file.
    Forbidden,
    /// Whatever it is, no descriptor is free to look.
    Busy,
    /// It could not be read.
    Broken,
}

/// How a request goes on.
#[derive(Debug, PartialEq)]
pub enum Asked<'a> {
    /// With this plan: nothing has to be found.
    Answer(Plan<'a>),
    /// By looking for the path that was written.
    Path,
}

/// What to send.
#[derive(Debug, PartialEq)]
pub struct Plan<'a> {
    /// The status.
    pub status: Status,
    /// The content; HEAD is told its length and gets none of it.
    pub content: Content<'a>,
    /// Content-Type.
    pub media_type: MediaType,
    /// Last-Modified.
    pub last_modified: Option<HttpDate>,
    /// Location.
    pub location: Option<String>,
}

/// What a response holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content<'a> {
    /// Text.
    Text(&'a str),
    /// The file that was found, so many bytes of it.
    File(u64),
    /// There is none, nor a length (304).
    None,
}

/// How a response is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whether the content is left out (HEAD).
    pub is_head: bool,
    /// Whether the connection goes on.
    pub persists: bool,
    /// Whether going on has to be said (HTTP/1.0).
    pub says_keep_alive: bool,
}

impl Plan<'_> {
    /// A status that speaks for itself.
    pub fn status(status: Status) -> Self {
        Self {
            status,
            content: Content::Text(status.line()),
            media_type: MediaType::TEXT,
            last_modified: None,
            location: None,
        }
    }
}

/// What a request needs: a plan at once, or a look at the path that is written into `path`.
pub fn ask<'a>(request: &Request<'_>, site: &'a Site, path: &mut Vec<u8>) -> Asked<'a> {
    let refused = match (request.method, site, request.target) {
        (Method::Unknown, _, _) => Status::NOT_IMPLEMENTED,
        (Method::Get | Method::Head, Site::Text(text), Target::Path { .. }) => {
            return Asked::Answer(Plan {
                content: Content::Text(text),
                ..Plan::status(Status::OK)
            });
        }
        (Method::Get | Method::Head, Site::Files, Target::Path { path: target, .. }) => {
            match locate(target, path) {
                Ok(()) if is_hidden(path) => Status::NOT_FOUND,
                Ok(()) => return Asked::Path,
                Err(status) => status,
            }
        }
        _ => Status::METHOD_NOT_ALLOWED,
    };
    Asked::Answer(Plan::status(refused))
}

/// The answer to a request for a path, once it is known what lies there.
pub fn plan(request: &Request<'_>, path: &[u8], found: Found, now: SystemTime) -> Plan<'static> {
    let status = match found {
        Found::File {
            length,
            modified,
            is_index,
        } => {
            // RFC 9110, section 8.8.2.1: nothing was changed after it was sent.
            let last_modified = modified.and_then(|modified| http_date(modified.min(now)));
            let plan = Plan {
                content: Content::File(length),
                media_type: media_type(if is_index { b"index.html" } else { path }),
                last_modified,
                ..Plan::status(Status::OK)
            };
            return if is_unchanged(request, last_modified) {
                Plan {
                    status: Status::NOT_MODIFIED,
                    content: Content::None,
                    ..plan
                }
            } else {
                plan
            };
        }
        Found::Directory => {
            return Plan {
                location: Some(with_slash(path, request.target)),
                ..Plan::status(Status::MOVED_PERMANENTLY)
            };
        }
        Found::Missing => Status::NOT_FOUND,
        Found::Forbidden => Status::FORBIDDEN,
        Found::Busy => Status::UNAVAILABLE,
        Found::Broken => Status::INTERNAL_ERROR,
    };
    Plan::status(status)
}

/// RFC 9110, section 13.1.3: If-Modified-Since counts where there is no If-None-Match.
fn is_unchanged(request: &Request<'_>, last_modified: Option<HttpDate>) -> bool {
    let since = request
        .if_modified_since
        .filter(|_| request.if_none_match.is_none())
        .and_then(parse_date);
    match (since, last_modified) {
        (Some(since), Some(modified)) => SystemTime::from(modified) <= since,
        _ => false,
    }
}

/// Names that begin with a dot are not shown.
fn is_hidden(path: &[u8]) -> bool {
    path.split(|byte| *byte == b'/')
        .any(|name| name.starts_with(b"."))
}

fn with_slash(path: &[u8], target: Target<'_>) -> String {
    let location = encode(path) + "/";
    match target {
        Target::Path {
            query: Some(query), ..
        } => location + "?" + query,
        _ => location,
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::super::request::{Parsed, parse};
    use super::*;

    fn with_request<T>(line: &str, fields: &str, check: impl FnOnce(&Request<'_>) -> T) -> T {
        let head = format!("{line} HTTP/1.1\r\nHost: h\r\n{fields}\r\n");
        match parse(head.as_bytes()) {
            Parsed::Complete { request, .. } => check(&request),
            other => panic!("{line}: {other:?}"),
        }
    }

    fn asked(line: &str) -> (u16, String) {
        let mut path = Vec::new();
        let status = with_request(line, "", |request| {
            match ask(request, &Site::Files, &mut path) {
                Asked::Answer(plan) => plan.status.0,
                Asked::Path => 0,
            }
        });
        (status, String::from_utf8(path).unwrap())
    }

    #[test]
    fn what_is_asked() {
        for (line, status) in [
            ("GET /../etc/passwd", 400),
            ("GET /%", 400),
            ("GET /a%2fb", 404),
            ("GET /.git/config", 404),
            ("GET /a/%2ehtaccess", 404),
            ("POST /", 405),
            ("OPTIONS *", 405),
            ("CONNECT h:80", 405),
            ("get /", 501),
            ("BREW /", 501),
            ("GET /a", 0),
            ("HEAD /a", 0),
        ] {
            assert_eq!(asked(line).0, status, "{line}");
        }
        assert_eq!(asked("GET /a/b%20c/?q").1, "a/b c/");
    }

    #[test]
    fn the_text_is_at_every_path() {
        let site = Site::Text("Hello world!".to_owned());
        for line in ["GET /", "GET /%zz", "HEAD /../x", "GET http://h/y"] {
            let status = with_request(line, "", |request| {
                match ask(request, &site, &mut Vec::new()) {
                    Asked::Answer(plan) => (plan.status, plan.content),
                    Asked::Path => panic!("{line}"),
                }
            });
            assert_eq!(status, (Status::OK, Content::Text("Hello world!")));
        }
    }

    #[test]
    fn a_redirect_stays_here() {
        for (line, path, location) in [
            ("GET //evil.example", "evil.example", "/evil.example/"),
            ("GET /a?b=c", "a", "/a/?b=c"),
            ("GET /%5cevil", "\\evil", "/%5Cevil/"),
        ] {
            let plan = with_request(line, "", |request| {
                plan(request, path.as_bytes(), Found::Directory, UNIX_EPOCH)
            });
            assert_eq!(plan.location.as_deref(), Some(location), "{line}");
        }
    }

    #[test]
    fn conditions() {
        let day = Duration::from_secs(86_400);
        let found = |modified| Found::File {
            length: 3,
            modified: Some(modified),
            is_index: false,
        };
        let now = UNIX_EPOCH + 10 * day;
        for (fields, modified, status) in [
            ("", UNIX_EPOCH, 200),
            (
                "If-Modified-Since: Fri, 02 Jan 1970 00:00:00 GMT\r\n",
                UNIX_EPOCH + day,
                304,
            ),
            (
                "If-Modified-Since: Fri, 02 Jan 1970 00:00:00 GMT\r\n",
                UNIX_EPOCH + 2 * day,
                200,
            ),
            (
                "If-Modified-Since: Fri, 02 Jan 1970 00:00:00 GMT\r\n",
                UNIX_EPOCH - day,
                200,
            ),
            (
                "If-Modified-Since: Sun, 11 Jan 1970 00:00:00 GMT\r\n",
                now + day,
                304,
            ),
            ("If-Modified-Since: nonsense\r\n", UNIX_EPOCH, 200),
            (
                "If-None-Match: \"x\"\r\nIf-Modified-Since: Fri, 02 Jan 1970 00:00:00 GMT\r\n",
                UNIX_EPOCH,
                200,
            ),
        ] {
            let plan = with_request("GET /a", fields, |request| {
                plan(request, b"a", found(modified), now)
            });
            assert_eq!(plan.status.0, status, "{fields} {modified:?}");
        }
    }
}
