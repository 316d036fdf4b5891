//! What holds for every response, whatever was asked: RFC 9110 as this server must obey it.

use std::time::{Duration, SystemTime};

use crate::reader::{Framing, Response};

/// Fields of which there is one at most.
const SINGLE: &[&str] = &[
    "accept-ranges",
    "age",
    "connection",
    "content-disposition",
    "content-length",
    "content-range",
    "content-type",
    "date",
    "etag",
    "expires",
    "last-modified",
    "location",
    "retry-after",
    "server",
    "transfer-encoding",
    "x-content-type-options",
];
/// How far the clocks of a test and of its server may be apart.
const SKEW: Duration = Duration::from_secs(100);

/// The rules that a response breaks, a sentence for each.
pub(crate) fn broken(response: &Response) -> Vec<String> {
    let mut broken = Vec::new();
    let mut must = |holds: bool, rule: &str| {
        if !holds {
            broken.push(format!("{}: {rule}", response.status));
        }
    };
    let has = |name: &str| response.field(name).is_some();
    let status = response.status;

    for name in SINGLE {
        must(response.all(name).count() < 2, &format!("two of {name}"));
    }
    if status < 200 || status == 204 {
        // RFC 9110, section 8.6, and RFC 9112, section 6.1.
        must(!has("content-length"), "a length without content");
        must(!has("transfer-encoding"), "a coding without content");
    }
    if status < 200 {
        return broken;
    }
    // RFC 9110, section 6.6.1.
    must(
        response.field("date").is_some_and(is_now),
        "no Date of now in the preferred form",
    );
    if let Some(modified) = response.field("last-modified") {
        // RFC 9110, section 8.8.2.1.
        let at = preferred(modified);
        must(at.is_some(), "a Last-Modified in another form");
        let at = at.unwrap_or(SystemTime::UNIX_EPOCH);
        must(at <= SystemTime::now() + SKEW, "modified in the future");
    }
    if let Some(tag) = response.field("etag") {
        must(is_etag(tag), "an ETag that is none");
    }
    if let Some(place) = response.field("location") {
        must(place.bytes().all(is_uri), "a Location that is no URI");
        must(!place.starts_with("//"), "a Location with another host");
    }
    let required = match status {
        206 if !is_multipart(response) => "content-range",
        301 | 302 | 303 | 307 | 308 => "location",
        401 => "www-authenticate",
        405 => "allow",
        416 => "content-range",
        _ => "date",
    };
    must(has(required), &format!("no {required}"));
    must(
        has("content-range") <= matches!(status, 206 | 416),
        "a stray Content-Range",
    );
    if status == 206 && !is_multipart(response) {
        must(
            range_fits(response),
            "Content-Range and Content-Length differ",
        );
    }
    if matches!(status, 204 | 304) {
        // RFC 9110, section 15.4.5: SHOULD NOT.
        must(!has("content-type"), "a Content-Type without content");
        return broken;
    }
    // RFC 9110, section 8.3; sniffing is what this server never asks for.
    let empty = response.field("content-length") == Some("0");
    must(has("content-type") || empty, "content without a type");
    if let Some(kind) = response.field("content-type") {
        must(is_media_type(kind), "a Content-Type that is none");
        let is_text = kind.starts_with("text/");
        must(
            !is_text || kind.contains("; charset="),
            "text without a charset",
        );
        let option = response.field("x-content-type-options");
        must(option == Some("nosniff"), "no nosniff");
    }
    let framed = response.framing != Framing::Close || response.says_close();
    must(framed, "nothing tells where the body ends");
    broken
}

/// The time of a date in the preferred form, RFC 9110, section 5.6.7; `None` for any other.
pub(crate) fn preferred(date: &str) -> Option<SystemTime> {
    let at = httpdate::parse_http_date(date).ok()?;
    (httpdate::fmt_http_date(at) == date).then_some(at)
}

/// Whether a value is the date of now, or of a moment ago.
pub(crate) fn is_now(date: &str) -> bool {
    let now = SystemTime::now();
    preferred(date).is_some_and(|at| now - SKEW < at && at < now + SKEW)
}

/// `entity-tag` of RFC 9110, section 8.8.3.
fn is_etag(tag: &str) -> bool {
    let opaque = tag.strip_prefix("W/").unwrap_or(tag);
    let inside = opaque
        .strip_prefix('"')
        .and_then(|tag| tag.strip_suffix('"'));
    inside.is_some_and(|tag| {
        tag.bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'"')
    })
}

/// The characters of a URI reference, RFC 3986, section 2, without a fragment.
fn is_uri(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?[]@!$&'()*+,;=%".contains(&byte)
}

/// `type/subtype` and parameters, RFC 9110, section 8.3.1.
fn is_media_type(kind: &str) -> bool {
    let essence = kind.split(';').next().unwrap_or_default();
    let is_token = |word: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
        !word.is_empty() && word.bytes().all(fits)
    };
    let halves = essence.split_once('/');
    halves.is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype))
}

fn is_multipart(response: &Response) -> bool {
    let kind = response.field("content-type").unwrap_or_default();
    kind.starts_with("multipart/byteranges;")
}

/// `bytes FIRST-LAST/COMPLETE` and as many bytes.
fn range_fits(response: &Response) -> bool {
    let range = response.field("content-range").unwrap_or_default();
    let numbers = range.strip_prefix("bytes ").and_then(|range| {
        let (range, complete) = range.split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let number = |text: &str| text.parse::<u64>().ok();
        Some((number(first)?, number(last)?, number(complete)?))
    });
    let length = response
        .field("content-length")
        .and_then(|text| text.parse().ok());
    numbers.is_some_and(|(first, last, complete)| {
        first <= last && last < complete && length == Some(last - first + 1)
    })
}
