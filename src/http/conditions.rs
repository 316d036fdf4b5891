//! Conditional requests, RFC 9110, section 13: whether what the client knows still holds.

use std::time::SystemTime;

use httpdate::HttpDate;

use super::date::parse_date;
use super::etag::{ETag, Tags};
use super::method::Method;
use super::name::Name;
use super::request::Request;

/// What tells a version of a file from others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Validators {
    /// ETag.
    pub etag: Option<ETag>,
    /// Last-Modified.
    pub last_modified: Option<HttpDate>,
}

/// What became of the conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The method is to be performed.
    Perform,
    /// The client has it already (304).
    NotModified,
    /// The method must not be performed (412).
    Failed,
}

/// Weigh the conditions of a request, in the order of RFC 9110, section 13.2.2; `None` is a target without a
/// representation, which a PUT may be about to make.
pub fn weigh(request: &Request<'_>, current: Option<&Validators>) -> Verdict {
    let is_read = matches!(request.method, Method::Get | Method::Head);
    let if_match = matches(request, Name::IfMatch, current, |sent, tag| {
        sent.is_strongly(tag)
    });
    let may_act = if_match.unwrap_or_else(|| is_unmodified(request, current).unwrap_or(true));
    if !may_act {
        return Verdict::Failed;
    }
    let if_none_match = matches(request, Name::IfNoneMatch, current, |sent, tag| {
        sent.is_weakly(tag)
    });
    let is_known = match if_none_match {
        Some(is_known) => is_known,
        None => is_read && is_unchanged(request, current),
    };
    match (is_known, is_read) {
        (false, _) => Verdict::Perform,
        (true, true) => Verdict::NotModified,
        (true, false) => Verdict::Failed,
    }
}

/// Whether ranges may be cut from this version: there is no If-Range, or it names this very version (section 13.1.5).
pub(super) fn if_range(request: &Request<'_>, current: &Validators) -> bool {
    let mut values = request.values(Name::IfRange);
    let Some(value) = values.next() else {
        return true;
    };
    if values.next().is_some() {
        return false;
    }
    // A date is at most as good as a second, and so it must be the very same one.
    if let (Some(date), Some(modified)) = (parse_date(value), current.last_modified) {
        return date == SystemTime::from(modified);
    }
    let mut tags = Tags::of(value);
    let is_same = tags
        .next()
        .zip(current.etag.as_ref())
        .is_some_and(|(sent, tag)| sent.is_strongly(tag));
    is_same && tags.next().is_none()
}

/// Whether one of a list of tags is the current one, and `*` any; `None` without the field.
fn matches(
    request: &Request<'_>,
    name: Name,
    current: Option<&Validators>,
    is_same: impl Fn(super::etag::Sent<'_>, &ETag) -> bool,
) -> Option<bool> {
    let mut lines = request.values(name).peekable();
    lines.peek()?;
    if request.value(name) == Some(b"*") {
        return Some(current.is_some());
    }
    let tag = current.and_then(|current| current.etag);
    let mut tags = lines.flat_map(Tags::of);
    Some(tag.is_some_and(|tag| tags.any(|sent| is_same(sent, &tag))))
}

/// If-Unmodified-Since, section 13.1.4; `None` where it is missing, or no date, or there is no date to compare.
fn is_unmodified(request: &Request<'_>, current: Option<&Validators>) -> Option<bool> {
    let since = request
        .value(Name::IfUnmodifiedSince)
        .and_then(parse_date)?;
    let modified = current?.last_modified?;
    Some(SystemTime::from(modified) <= since)
}

/// If-Modified-Since, section 13.1.3.
fn is_unchanged(request: &Request<'_>, current: Option<&Validators>) -> bool {
    let since = request.value(Name::IfModifiedSince).and_then(parse_date);
    let modified = current.and_then(|current| current.last_modified);
    since
        .zip(modified)
        .is_some_and(|(since, modified)| SystemTime::from(modified) <= since)
}
