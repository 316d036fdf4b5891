//! Conditional requests, RFC 9110, section 13: whether what the client knows still holds.

use std::time::{Duration, SystemTime};

use httpdate::HttpDate;

use super::date::parse_date;
use super::etag::{ETag, Sent, Tags};
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
pub(super) fn if_range(request: &Request<'_>, current: &Validators, now: SystemTime) -> bool {
    let mut values = request.values(Name::IfRange);
    let Some(value) = values.next() else {
        return true;
    };
    if values.next().is_some() {
        return false;
    }
    // A date is at most as good as a second, and so it must be the very same one, and that second must be over (section
    // 8.8.2.2): what was written twice in it has the same date.
    if let (Some(date), Some(modified)) = (parse_date(value), current.last_modified) {
        let is_over = now.duration_since(modified.into());
        let is_over = is_over.is_ok_and(|since| since >= Duration::from_secs(1));
        return is_over && date == SystemTime::from(modified);
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
    is_same: impl Fn(Sent<'_>, &ETag) -> bool,
) -> Option<bool> {
    let mut lines = request.values(name).peekable();
    lines.peek()?;
    if request.values(name).any(|line| line == b"*") {
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

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use proptest::prelude::*;

    use super::super::coding::Coding;
    use super::super::date::http_date;
    use super::super::request::with_request;
    use super::*;

    const DAY_1: &str = "Fri, 02 Jan 1970 00:00:00 GMT";
    const DAY_2: &str = "Sat, 03 Jan 1970 00:00:00 GMT";
    const DAY_3: &str = "Sun, 04 Jan 1970 00:00:00 GMT";

    /// A version of the second day, and its tag.
    fn current() -> (Validators, String) {
        let modified = UNIX_EPOCH + Duration::from_secs(2 * 86_400);
        let etag = ETag::new(3, Some(modified), 1, Coding::Identity);
        let validators = Validators {
            etag: Some(etag),
            last_modified: http_date(modified),
        };
        (validators, etag.to_string())
    }

    fn weighed(method: &str, fields: &str, exists: bool) -> Verdict {
        let (validators, tag) = current();
        let fields = fields.replace('|', "\r\n").replace("TAG", &tag);
        let fields = ["1", "2", "3"]
            .iter()
            .zip([DAY_1, DAY_2, DAY_3])
            .fold(fields, |fields, (day, date)| {
                fields.replace(&format!("DAY{day}"), date)
            });
        with_request(&format!("{method} /a"), &fields, |request| {
            weigh(request, exists.then_some(&validators))
        })
    }

    #[test]
    fn each_condition_by_itself() {
        use Verdict::{Failed, NotModified, Perform};
        for (fields, get, put) in [
            ("", Perform, Perform),
            ("If-Match: TAG|", Perform, Perform),
            ("If-Match: \"x\", TAG|", Perform, Perform),
            ("If-Match: \"x\"|If-Match: TAG|", Perform, Perform),
            ("If-Match: *|", Perform, Perform),
            ("If-Match: W/TAG|", Failed, Failed),
            ("If-Match: \"x\"|", Failed, Failed),
            ("If-Match: |", Failed, Failed),
            ("If-Match: x, TAG|", Failed, Failed),
            ("If-Match: *, \"x\"|", Failed, Failed),
            ("If-Match: \"*\"|", Failed, Failed),
            ("If-None-Match: TAG|", NotModified, Failed),
            ("If-None-Match: W/TAG|", NotModified, Failed),
            ("If-None-Match: \"x\" , W/TAG|", NotModified, Failed),
            (
                "If-None-Match: \"x\"|If-None-Match: TAG|",
                NotModified,
                Failed,
            ),
            ("If-None-Match: *|", NotModified, Failed),
            (
                "If-None-Match: *|If-None-Match: \"x\"|",
                NotModified,
                Failed,
            ),
            ("If-None-Match: \"x\"|", Perform, Perform),
            ("If-None-Match: x|", Perform, Perform),
            ("If-None-Match: \"*\"|", Perform, Perform),
            ("If-None-Match: |", Perform, Perform),
            ("If-Modified-Since: DAY1|", Perform, Perform),
            ("If-Modified-Since: DAY2|", NotModified, Perform),
            ("If-Modified-Since: DAY3|", NotModified, Perform),
            ("If-Modified-Since: yesterday|", Perform, Perform),
            (
                "If-Modified-Since: Sat Jan  3 00:00:00 1970|",
                NotModified,
                Perform,
            ),
            // More than one member is not one date, section 13.1.3.
            (
                "If-Modified-Since: DAY2|If-Modified-Since: DAY2|",
                Perform,
                Perform,
            ),
            ("If-Modified-Since: DAY2, DAY2|", Perform, Perform),
            ("If-Unmodified-Since: DAY1|", Failed, Failed),
            ("If-Unmodified-Since: DAY2|", Perform, Perform),
            ("If-Unmodified-Since: DAY3|", Perform, Perform),
            ("If-Unmodified-Since: x|", Perform, Perform),
        ] {
            assert_eq!(weighed("GET", fields, true), get, "{fields}");
            assert_eq!(weighed("HEAD", fields, true), get, "{fields}");
            assert_eq!(weighed("PUT", fields, true), put, "{fields}");
        }
    }

    #[test]
    fn the_order_counts() {
        use Verdict::{Failed, NotModified, Perform};
        for (fields, verdict) in [
            // If-Unmodified-Since is ignored beside If-Match, If-Modified-Since beside If-None-Match.
            ("If-Match: TAG|If-Unmodified-Since: DAY1|", Perform),
            ("If-Match: \"x\"|If-Unmodified-Since: DAY3|", Failed),
            ("If-None-Match: \"x\"|If-Modified-Since: DAY3|", Perform),
            ("If-None-Match: TAG|If-Modified-Since: DAY1|", NotModified),
            ("If-None-Match: x|If-Modified-Since: DAY3|", Perform),
            ("If-Match: \"x\"|If-None-Match: TAG|", Failed),
            ("If-Match: TAG|If-None-Match: TAG|", NotModified),
            ("If-Match: TAG|If-Modified-Since: DAY2|", NotModified),
            ("If-Unmodified-Since: DAY1|If-None-Match: TAG|", Failed),
            (
                "If-Unmodified-Since: DAY2|If-Modified-Since: DAY2|",
                NotModified,
            ),
        ] {
            assert_eq!(weighed("GET", fields, true), verdict, "{fields}");
        }
    }

    #[test]
    fn where_there_is_nothing_yet() {
        use Verdict::{Failed, Perform};
        for (fields, verdict) in [
            ("", Perform),
            ("If-None-Match: *|", Perform),
            ("If-None-Match: TAG|", Perform),
            ("If-Match: *|", Failed),
            ("If-Match: TAG|", Failed),
            ("If-Modified-Since: DAY3|", Perform),
            ("If-Unmodified-Since: DAY1|", Perform),
        ] {
            assert_eq!(weighed("PUT", fields, false), verdict, "{fields}");
        }
    }

    #[test]
    fn ranges_are_cut_from_the_very_same_version() {
        let (validators, tag) = current();
        for (fields, expected) in [
            ("".to_owned(), true),
            (format!("If-Range: {tag}|"), true),
            (format!("If-Range: {DAY_2}|"), true),
            (format!("If-Range: W/{tag}|"), false),
            ("If-Range: \"x\"|".to_owned(), false),
            ("If-Range: *|".to_owned(), false),
            ("If-Range: |".to_owned(), false),
            (format!("If-Range: \"x\", {tag}|"), false),
            (format!("If-Range: {tag}, \"x\"|"), false),
            (format!("If-Range: {tag}|If-Range: {tag}|"), false),
            (format!("If-Range: {DAY_1}|"), false),
            (format!("If-Range: {DAY_3}|"), false),
        ] {
            let lines = fields.replace('|', "\r\n");
            let applies = with_request("GET /a", &lines, |request| {
                if_range(request, &validators, SystemTime::now())
            });
            assert_eq!(applies, expected, "{fields}");
        }
    }

    #[test]
    fn a_date_tells_nothing_while_its_second_lasts() {
        let (validators, _) = current();
        let modified = SystemTime::from(validators.last_modified.unwrap());
        for (millis, expected) in [(0, false), (999, false), (1000, true)] {
            let now = modified + Duration::from_millis(millis);
            let fields = format!("If-Range: {DAY_2}\r\n");
            let applies = with_request("GET /a", &fields, |request| {
                if_range(request, &validators, now)
            });
            assert_eq!(applies, expected, "{millis}");
        }
    }

    proptest! {
        #[test]
        fn what_is_not_there_is_never_not_modified(
            method in "GET|HEAD|PUT",
            fields in "((If-Match|If-None-Match): (\\*|\"x\"|x|W/\"x\")\r\n){0,4}",
        ) {
            let verdict = with_request(&format!("{method} /a"), &fields, |request| weigh(request, None));
            prop_assert_eq!(verdict == Verdict::Failed, fields.contains("If-Match"));
            prop_assert!(verdict != Verdict::NotModified || fields.contains("If-None-Match: *"));
        }
    }
}
