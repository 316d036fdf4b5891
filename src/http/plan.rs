//! What to answer: a request and what was found for it, made into a plan. Facts come in, never a handle.

use std::time::SystemTime;

use httpdate::HttpDate;

use super::coding::Coding;
use super::conditions::{Validators, Verdict, if_range, weigh};
use super::date::http_date;
use super::etag::ETag;
use super::media_type::MediaType;
use super::method::Method;
use super::multipart::{Boundary, Parts};
use super::name::Name;
use super::range::{Ranges, Span};
use super::request::Request;
use super::site::Site;
use super::status::Status;
use super::target::{Target, encode, encode_query, locate};

/// A regular file, or another one that holds it in a coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// In bytes.
    pub length: u64,
    /// When it was changed, to the nanosecond; `None` where that cannot be read.
    pub modified: Option<SystemTime>,
    /// Its number in its file system.
    pub inode: u64,
    /// What it holds, without its coding.
    pub media_type: MediaType,
    /// Its coding.
    pub coding: Coding,
    /// Whether another request for the same path may get it in another coding.
    pub varies: bool,
}

/// What lies at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// A file.
    File(Facts),
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
#[expect(
    clippy::large_enum_variant,
    reason = "it is taken apart where it is made, and a box would cost an allocation"
)]
pub enum Asked<'a> {
    /// With this plan: nothing has to be found.
    Answer(Plan<'a>),
    /// By looking for the path that was written.
    Path,
    /// By looking for what is shown where there is nothing.
    Nothing,
}

/// What to send.
#[derive(Debug, PartialEq)]
pub struct Plan<'a> {
    /// The status.
    pub status: Status,
    /// The content; HEAD is told its length and gets none of it.
    pub content: Content<'a>,
    /// Content-Type, of the parts where there are several.
    pub media_type: MediaType,
    /// Content-Type where it is one that others have named; it has no line end.
    pub named_type: Option<&'a str>,
    /// Content-Encoding.
    pub coding: Coding,
    /// ETag.
    pub etag: Option<ETag>,
    /// Last-Modified.
    pub last_modified: Option<HttpDate>,
    /// Vary.
    pub vary: Vary,
    /// Location.
    pub location: Option<String>,
    /// Allow.
    pub allow: Option<&'static str>,
    /// Why it is refused, in words; empty where the status speaks for itself.
    pub why: &'static str,
    /// Field lines of the site, each with its CRLF.
    pub fields: &'a str,
    /// More fields, whose values have no line ends.
    pub extra: Vec<(&'static str, String)>,
}

/// What a response holds.
#[derive(Debug, PartialEq)]
pub enum Content<'a> {
    /// Text.
    Text(&'a str),
    /// These bytes.
    Bytes(Vec<u8>),
    /// The file that was found, so many bytes of it.
    File(u64),
    /// A part of it.
    Range {
        /// Which.
        span: Span,
        /// How many bytes the whole has.
        total: u64,
    },
    /// Several parts of it.
    Parts(Parts),
    /// None of it: it has so many bytes, and none of them were asked for (416).
    Beyond(u64),
    /// What is made while it is sent: in chunks, or up to the end of the connection where it is one of HTTP/1.0.
    Stream,
    /// None, and its length is said.
    Empty,
    /// None, nor a length (204, 304).
    None,
}

/// The fields of a request that another answer may depend on, RFC 9110, section 12.5.5.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vary {
    /// Accept
    pub accept: bool,
    /// Accept-Encoding
    pub accept_encoding: bool,
    /// Origin
    pub origin: bool,
}

impl Facts {
    /// What tells this version of the file from others.
    pub fn validators(&self, now: SystemTime) -> Validators {
        let etag = ETag::new(self.length, self.modified, self.inode, self.coding);
        Validators {
            etag: Some(etag),
            // RFC 9110, section 8.8.2.1: nothing was changed after it was sent.
            last_modified: self.modified.and_then(|at| http_date(at.min(now))),
        }
    }
}

impl Plan<'_> {
    /// A status that speaks for itself.
    pub fn status(status: Status) -> Self {
        Self {
            status,
            content: match status.has_no_content() {
                true => Content::None,
                false => Content::Text(status.line()),
            },
            media_type: MediaType::TEXT,
            named_type: None,
            coding: Coding::Identity,
            etag: None,
            last_modified: None,
            vary: Vary::default(),
            location: None,
            allow: None,
            why: "",
            fields: "",
            extra: Vec::new(),
        }
    }
}

/// What a request needs: a plan at once, or a look at the path that is written into `path`.
pub fn ask<'a>(request: &Request<'_>, site: &'a Site, path: &mut Vec<u8>) -> Asked<'a> {
    let plan = match request.method {
        Method::Unknown => Plan::status(Status::NOT_IMPLEMENTED),
        _ if request.expects_more => Plan::status(Status::EXPECTATION_FAILED),
        Method::Get | Method::Head => match (&site.text, request.target) {
            (Some(text), _) => said(request, text),
            (None, Target::Path { path: target, .. }) => match locate(target, path) {
                Ok(()) if site.layout.enter(path) => return Asked::Path,
                Ok(()) => return Asked::Nothing,
                Err(status) => Plan::status(status),
            },
            (None, _) => Plan::status(Status::BAD_REQUEST),
        },
        Method::Options if site.is_preflight(request) => site.preflight(request),
        Method::Options => Plan {
            content: Content::Empty,
            allow: Some(site.allow()),
            ..Plan::status(Status::OK)
        },
        _ => Plan {
            allow: Some(site.allow()),
            ..Plan::status(Status::METHOD_NOT_ALLOWED)
        },
    };
    Asked::Answer(Plan {
        fields: &site.fields,
        ..plan
    })
}

/// The answer to a request for a path, once it is known what lies there. `boundary` is a number that nobody can know
/// beforehand.
pub fn plan<'a>(
    request: &Request<'_>,
    path: &[u8],
    found: &Found,
    site: &'a Site,
    now: SystemTime,
    boundary: Boundary,
) -> Plan<'a> {
    let plan = match found {
        Found::File(facts) => file(request, facts, now, boundary),
        Found::Directory => Plan {
            location: Some(with_slash(path, request.target)),
            ..Plan::status(Status::MOVED_PERMANENTLY)
        },
        Found::Missing => Plan::status(Status::NOT_FOUND),
        Found::Forbidden => Plan::status(Status::FORBIDDEN),
        Found::Busy => Plan::status(Status::UNAVAILABLE),
        Found::Broken => Plan::status(Status::INTERNAL_ERROR),
    };
    Plan {
        fields: &site.fields,
        ..plan
    }
}

fn said<'a>(request: &Request<'_>, text: &'a str) -> Plan<'a> {
    unversioned(request).unwrap_or_else(|| Plan {
        content: Content::Text(text),
        ..Plan::status(Status::OK)
    })
}

/// What the conditions of a request come to for a text, a listing, an archive, which have no version that could be told
/// from others, but exist: `*` means them. `None` where they are to be sent.
pub fn unversioned(request: &Request<'_>) -> Option<Plan<'static>> {
    match weigh(request, Some(&Validators::default())) {
        Verdict::NotModified => Some(Plan::status(Status::NOT_MODIFIED)),
        Verdict::Failed => Some(Plan::status(Status::PRECONDITION_FAILED)),
        Verdict::Perform => None,
    }
}

/// The answer to a request for a page that has another name. For the time being: it is for whoever serves to say how
/// pages are named, and browsers do not forget what was moved for good.
pub fn plan_move(request: &Request<'_>, name: &[u8]) -> Plan<'static> {
    Plan {
        location: Some(with_query(encode(name), request.target)),
        ..Plan::status(Status::FOUND)
    }
}

/// The answer to a request for what is not there, where a page says so. It is a version of nothing: there is no tag, and
/// no part of it to be had.
pub fn plan_missing(facts: &Facts) -> Plan<'static> {
    Plan {
        content: Content::File(facts.length),
        media_type: facts.media_type,
        coding: facts.coding,
        vary: Vary {
            accept_encoding: facts.varies,
            ..Vary::default()
        },
        ..Plan::status(Status::NOT_FOUND)
    }
}

/// The conditions first, then the ranges (RFC 9110, section 13.2.2).
fn file(
    request: &Request<'_>,
    facts: &Facts,
    now: SystemTime,
    boundary: Boundary,
) -> Plan<'static> {
    let current = facts.validators(now);
    let (status, content) = match weigh(request, Some(&current)) {
        Verdict::NotModified => (Status::NOT_MODIFIED, Content::None),
        Verdict::Failed => return Plan::status(Status::PRECONDITION_FAILED),
        Verdict::Perform => cut(request, facts, &current, now, boundary),
    };
    let plan = match content {
        Content::Beyond(_) => Plan::status(status),
        _ => Plan {
            media_type: facts.media_type,
            coding: facts.coding,
            ..Plan::status(status)
        },
    };
    Plan {
        content,
        etag: current.etag,
        last_modified: current.last_modified.filter(|_| says_date(request, status)),
        vary: Vary {
            accept_encoding: facts.varies,
            ..Vary::default()
        },
        ..plan
    }
}

/// The file, or what of it is asked for.
fn cut(
    request: &Request<'_>,
    facts: &Facts,
    current: &Validators,
    now: SystemTime,
    boundary: Boundary,
) -> (Status, Content<'static>) {
    let total = facts.length;
    // Ranges are a part of GET alone (RFC 9110, section 14.2).
    let range = match request.method {
        Method::Get => request.value(Name::Range),
        _ => None,
    };
    let ranges = match range.filter(|_| if_range(request, current, now)) {
        Some(range) => Ranges::of(range, total),
        None => Ranges::Ignored,
    };
    match ranges {
        Ranges::One(span) => (Status::PARTIAL_CONTENT, Content::Range { span, total }),
        // In a coding, it would be the parts' together with what parts them.
        Ranges::Several(spans) if facts.coding == Coding::Identity => {
            let parts = Parts::new(&spans, total, facts.media_type, boundary);
            (Status::PARTIAL_CONTENT, Content::Parts(parts))
        }
        Ranges::Unsatisfiable => (Status::RANGE_NOT_SATISFIABLE, Content::Beyond(total)),
        Ranges::Several(_) | Ranges::Ignored => (Status::OK, Content::File(total)),
    }
}

/// Whoever has the tag does not need the date with it again (RFC 9110, sections 15.3.7 and 15.4.5).
fn says_date(request: &Request<'_>, status: Status) -> bool {
    let has_file = status == Status::PARTIAL_CONTENT && request.value(Name::IfRange).is_some();
    matches!(status, Status::OK | Status::PARTIAL_CONTENT) && !has_file
}

fn with_slash(path: &[u8], target: Target<'_>) -> String {
    with_query(encode(path) + "/", target)
}

fn with_query(location: String, target: Target<'_>) -> String {
    match target {
        Target::Path {
            query: Some(query), ..
        } => location + "?" + &encode_query(query),
        _ => location,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;
    use std::time::{Duration, UNIX_EPOCH};

    use super::super::request::with_request;
    use super::super::upload::Uploads;
    use super::*;

    fn planned(request: &Request<'_>, path: &str, found: &Found) -> Plan<'static> {
        static SITE: LazyLock<Site> = LazyLock::new(Site::default);
        let (path, boundary) = (path.as_bytes(), Boundary(7));
        plan(request, path, found, &SITE, UNIX_EPOCH, boundary)
    }

    fn asked(line: &str) -> (u16, String) {
        let mut path = Vec::new();
        let status = with_request(line, "", |request| {
            match ask(request, &Site::default(), &mut path) {
                Asked::Answer(plan) => plan.status.0,
                Asked::Path => 0,
                Asked::Nothing => 404,
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
            ("OPTIONS *", 200),
            ("OPTIONS /a", 200),
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
        let site = Site {
            text: Some("Hello world!".to_owned()),
            ..Site::default()
        };
        for line in ["GET /", "GET /%zz", "HEAD /../x", "GET http://h/y"] {
            let status = with_request(line, "", |request| {
                match ask(request, &site, &mut Vec::new()) {
                    Asked::Answer(plan) => {
                        (plan.status, plan.content == Content::Text("Hello world!"))
                    }
                    other => panic!("{line}: {other:?}"),
                }
            });
            assert_eq!(status, (Status::OK, true));
        }
    }

    #[test]
    fn the_text_exists_and_has_no_version() {
        let site = Site {
            text: Some("x".to_owned()),
            ..Site::default()
        };
        for (fields, status) in [
            ("If-Match: *", 200),
            ("If-Match: \"x\"", 412),
            ("If-None-Match: *", 304),
            ("If-None-Match: \"x\"", 200),
            ("If-Modified-Since: Fri, 02 Jan 1970 00:00:00 GMT", 200),
            ("If-Unmodified-Since: Fri, 02 Jan 1970 00:00:00 GMT", 200),
            ("Range: bytes=0-0", 200),
            ("Range: bytes=9-", 200),
        ] {
            with_request("GET /", &format!("{fields}\r\n"), |request| {
                let asked = ask(request, &site, &mut Vec::new());
                assert!(
                    matches!(&asked, Asked::Answer(plan) if plan.status.0 == status),
                    "{fields}: {asked:?}"
                );
            });
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
                planned(request, path, &Found::Directory)
            });
            assert_eq!(plan.location.as_deref(), Some(location), "{line}");
        }
    }

    fn facts() -> Facts {
        Facts {
            length: 100,
            modified: Some(UNIX_EPOCH),
            inode: 1,
            media_type: MediaType::TEXT,
            coding: Coding::Identity,
            varies: false,
        }
    }

    /// The answer to a request for a file of 100 bytes that is from 1970; `TAG` is its own.
    fn answered(method: &str, fields: &str, facts: Facts) -> Plan<'static> {
        let etag = ETag::new(facts.length, facts.modified, facts.inode, facts.coding);
        let fields = fields
            .replace('|', "\r\n")
            .replace("TAG", &etag.to_string());
        let found = Found::File(facts);
        with_request(&format!("{method} /a"), &fields, |request| {
            planned(request, "a", &found)
        })
    }

    #[test]
    fn conditions_come_before_ranges() {
        for (method, fields, status) in [
            ("GET", "", 200),
            ("GET", "Range: bytes=0-9|", 206),
            ("GET", "Range: bytes=0-9,20-29|", 206),
            ("GET", "Range: bytes=100-|", 416),
            ("GET", "Range: bytes=9-0|", 200),
            ("GET", "Range: lines=0-9|", 200),
            ("GET", "Range: bytes=0-9|Range: bytes=0-9|", 200),
            ("HEAD", "Range: bytes=0-9|", 200),
            ("HEAD", "Range: bytes=100-|", 200),
            ("GET", "Range: bytes=0-9|If-Range: TAG|", 206),
            ("GET", "Range: bytes=100-|If-Range: TAG|", 416),
            ("GET", "Range: bytes=0-9|If-Range: \"x\"|", 200),
            ("GET", "Range: bytes=100-|If-Range: \"x\"|", 200),
            ("GET", "If-Range: \"x\"|", 200),
            ("GET", "Range: bytes=0-9|If-None-Match: TAG|", 304),
            ("GET", "Range: bytes=100-|If-None-Match: TAG|", 304),
            ("GET", "Range: bytes=0-9|If-Match: \"x\"|", 412),
            ("GET", "Range: bytes=0-9|If-Match: TAG|", 206),
            ("GET", "Range: bytes=100-|If-Match: \"x\"|", 412),
            ("HEAD", "If-None-Match: TAG|", 304),
            ("HEAD", "If-Match: \"x\"|", 412),
        ] {
            let plan = answered(method, fields, facts());
            assert_eq!(plan.status.0, status, "{method} {fields}");
        }
    }

    #[test]
    fn validators_and_types() {
        let none = Vary::default();
        let whole = answered("GET", "", facts());
        assert!(whole.etag.is_some() && whole.last_modified.is_some() && whole.vary == none);
        let unchanged = answered("GET", "If-None-Match: TAG|", facts());
        assert!(unchanged.etag.is_some() && unchanged.last_modified.is_none());
        let part = answered("GET", "Range: bytes=0-0|", facts());
        assert!(part.etag.is_some() && part.last_modified.is_some());
        let rest = answered("GET", "Range: bytes=1-|If-Range: TAG|", facts());
        assert!(rest.etag.is_some() && rest.last_modified.is_none());
        let changed = answered("GET", "If-Match: \"x\"|", facts());
        assert!(changed.etag.is_none() && changed.media_type == MediaType::TEXT);
    }

    #[test]
    fn a_coding_is_another_representation() {
        let gzip = Facts {
            coding: Coding::Gzip,
            varies: true,
            ..facts()
        };
        let plan = answered("GET", "", gzip);
        assert_eq!(plan.coding, Coding::Gzip);
        assert!(plan.vary.accept_encoding && plan.etag != answered("GET", "", facts()).etag);
        assert_eq!(
            answered("GET", "Range: bytes=0-0|", gzip).coding,
            Coding::Gzip
        );
        // One coding of many parts cannot be told from many parts of one coding.
        assert_eq!(
            answered("GET", "Range: bytes=0-0,9-9|", gzip).status,
            Status::OK
        );
        let beyond = answered("GET", "Range: bytes=100-|", gzip);
        assert_eq!(beyond.coding, Coding::Identity);
        assert!(beyond.vary.accept_encoding);
        assert!(
            answered("GET", "If-None-Match: TAG|", gzip)
                .vary
                .accept_encoding
        );
    }

    #[test]
    fn no_time_is_in_the_future() {
        let future = Facts {
            modified: Some(UNIX_EPOCH + Duration::from_secs(1)),
            ..facts()
        };
        let shown = answered("GET", "", future)
            .last_modified
            .map(|date| date.to_string());
        assert_eq!(shown.as_deref(), Some("Thu, 01 Jan 1970 00:00:00 GMT"));
        let unknown = Facts {
            modified: None,
            ..facts()
        };
        assert_eq!(answered("GET", "", unknown).last_modified, None);
    }

    #[test]
    fn what_a_site_says_of_itself() {
        let site = Site {
            uploads: Some(Uploads {
                folder: String::new(),
                limit: 1,
                overwrite: false,
            }),
            fields: "A: b\r\n".to_owned(),
            ..Site::default()
        };
        for (line, fields, status, allow) in [
            ("OPTIONS *", "", 200, true),
            ("OPTIONS /a", "", 200, true),
            ("TRACE /", "", 405, true),
            ("CONNECT h:80", "", 405, true),
            ("DELETE /", "", 405, true),
            ("GET /../a", "", 400, false),
            ("GET /", "Expect: tea\r\n", 417, false),
            ("PROPFIND /", "", 501, false),
        ] {
            with_request(line, fields, |request| {
                let Asked::Answer(plan) = ask(request, &site, &mut Vec::new()) else {
                    panic!("{line}");
                };
                assert_eq!((plan.status.0, plan.fields), (status, "A: b\r\n"), "{line}");
                let expected = allow.then_some("GET, HEAD, OPTIONS, POST, PUT");
                assert_eq!(plan.allow, expected, "{line}");
            });
        }
    }
}
