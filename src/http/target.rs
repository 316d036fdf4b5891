//! The request target, RFC 9112, section 3.2: its four forms, and the path beneath a directory that it names.

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_encode, utf8_percent_encode};

use super::field::is_host;
use super::method::Method;
use super::octet::is_path;
use super::status::Status;

/// What a path keeps as it is in a `Location`: unreserved characters (RFC 3986, section 2.3) and the slash.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');
/// What browsers leave alone in a query although it is not in there (RFC 3986, section 3.4); no URI may have it.
const NOT_IN_QUERY: &AsciiSet = &CONTROLS
    .add(b'\\')
    .add(b'[')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// Origin form (`/a?b`) or absolute form (`http://host/a?b`).
    Path {
        /// From the first slash on, still encoded; empty when an absolute form has none.
        path: &'a str,
        /// Behind the question mark; `None` when there is none.
        query: Option<&'a str>,
    },
    /// `*`, for OPTIONS, or an absolute form without a path (RFC 9112, section 3.2.4).
    Asterisk,
    /// `host:port`, for CONNECT.
    Authority,
}

impl<'a> Target<'a> {
    /// Tell the form of a target; anything that RFC 3986 does not allow, and browsers do not send, is refused.
    pub fn parse(word: &'a str, method: Method) -> Result<Self, Status> {
        if method == Method::Connect {
            return is_authority(word)
                .then_some(Self::Authority)
                .ok_or(Status::BAD_REQUEST);
        }
        if word == "*" && method == Method::Options {
            return Ok(Self::Asterisk);
        }
        let rest = match word.starts_with('/') {
            true => word,
            false => absolute(word).ok_or(Status::BAD_REQUEST)?.1,
        };
        if rest.is_empty() && method == Method::Options {
            return Ok(Self::Asterisk);
        }
        let Some(end) = rest.bytes().position(|byte| !is_path(byte)) else {
            return Ok(Self::Path {
                path: rest,
                query: None,
            });
        };
        let (path, query) = rest.split_at_checked(end).unwrap_or((rest, ""));
        match query.strip_prefix('?') {
            Some(query) if query.bytes().all(is_query) => Ok(Self::Path {
                path,
                query: Some(query),
            }),
            _ => Err(Status::BAD_REQUEST),
        }
    }
}

/// What may stand in a query: more than in a path, and what browsers leave alone in it.
fn is_query(byte: u8) -> bool {
    is_path(byte) || matches!(byte, b'?' | b'\\')
}

/// Write the decoded path, relative and without dot segments, into `into`: `a/b` for a file, `a/b/` when it was asked
/// for as a directory, nothing for the root. It never leaves the root: a `..` too many is refused, as is a NUL.
pub(super) fn locate(path: &str, into: &mut Vec<u8>) -> Result<(), Status> {
    into.clear();
    if let Some(relative) = plain(path) {
        into.extend_from_slice(relative.as_bytes());
        return Ok(());
    }
    let mut is_directory = true;
    for segment in path.split('/') {
        let start = into.len();
        decode(segment, into)?;
        let decoded = into.get(start..).unwrap_or_default();
        is_directory = matches!(decoded, b"" | b"." | b"..");
        match decoded {
            b".." => {
                into.truncate(start);
                leave(into)?;
            }
            b"" | b"." => into.truncate(start),
            // A slash in a name is no separator, and no file has one.
            name if name.contains(&b'/') => return Err(Status::NOT_FOUND),
            _ => into.push(b'/'),
        }
    }
    if !is_directory {
        into.pop();
    }
    Ok(())
}

/// A path without its first slash, where nothing in it stands for anything else: no encoded byte, no empty segment and
/// none that begins with a dot.
fn plain(path: &str) -> Option<&str> {
    let relative = path.strip_prefix('/')?;
    let mut before = b'/';
    for byte in relative.bytes() {
        if byte == b'%' || (before == b'/' && matches!(byte, b'/' | b'.')) {
            return None;
        }
        before = byte;
    }
    Some(relative)
}

/// A path that `locate` wrote, as a target again: with one slash in front, so that it never names another host.
pub fn encode(path: &[u8]) -> String {
    format!("/{}", percent_encode(path, ENCODED))
}

/// A query as it was sent, made what a URI may have.
pub(super) fn encode_query(query: &str) -> String {
    utf8_percent_encode(query, NOT_IN_QUERY).to_string()
}

/// The host that an absolute form names, which counts instead of Host (RFC 9112, section 3.2.2).
pub(super) fn host_of(word: &str) -> Option<&str> {
    match word.starts_with('/') {
        true => None,
        false => absolute(word).map(|(host, _)| host),
    }
}

/// The host of an absolute form, which must not be empty (RFC 9110, section 4.2.1), and what is behind it.
fn absolute(word: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = word.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    (!host.is_empty() && is_host(host.as_bytes())).then_some((host, path))
}

/// uri-host ":" port, RFC 9112, section 3.2.3.
fn is_authority(word: &str) -> bool {
    let port = word.rsplit_once(':').map(|(_, port)| port);
    let has_port = port.is_some_and(|port| !port.is_empty() && !port.ends_with(']'));
    has_port && is_host(word.as_bytes())
}

/// Decode one segment behind what `into` holds.
fn decode(segment: &str, into: &mut Vec<u8>) -> Result<(), Status> {
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        let decoded = match byte {
            b'%' => digit(bytes.next())? << 4 | digit(bytes.next())?,
            byte => byte,
        };
        if decoded == 0 {
            return Err(Status::BAD_REQUEST);
        }
        into.push(decoded);
    }
    Ok(())
}

fn digit(byte: Option<u8>) -> Result<u8, Status> {
    let digit = byte.and_then(|byte| char::from(byte).to_digit(16));
    digit
        .and_then(|digit| u8::try_from(digit).ok())
        .ok_or(Status::BAD_REQUEST)
}

/// Drop the last name of `a/b/`; the root has none to drop.
fn leave(path: &mut Vec<u8>) -> Result<(), Status> {
    if path.pop().is_none() {
        return Err(Status::BAD_REQUEST);
    }
    let end = path.iter().rposition(|byte| *byte == b'/');
    path.truncate(end.map_or(0, |slash| slash + 1));
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn located(path: &str) -> Result<String, Status> {
        let mut into = b"left over".to_vec();
        locate(path, &mut into).map(|()| into.escape_ascii().to_string())
    }

    #[test]
    fn nothing_escapes() {
        for path in [
            "/..",
            "/../etc/passwd",
            "/a/../../etc/passwd",
            "/%2e%2e/etc/passwd",
            "/.%2E/etc/passwd",
            "/%2e%2e%2fetc/passwd",
            "/..%2fetc/passwd",
            "/a/%2e%2e/%2e%2e/x",
            "/a%00.html",
            "/%",
            "/%2",
            "/%zz",
            "/%%32%65%%32%65/x",
            "/%+1",
        ] {
            assert!(located(path).is_err(), "{path}: {:?}", located(path));
        }
    }

    #[test]
    fn paths() {
        for (path, meant) in [
            ("/", ""),
            ("", ""),
            ("/a", "a"),
            ("/a/", "a/"),
            ("/a/b.html", "a/b.html"),
            ("//a///b", "a/b"),
            ("/./a/./b", "a/b"),
            ("/a/../b", "b"),
            ("/a/b/..", "a/"),
            ("/a/.", "a/"),
            ("/a/..", ""),
            ("/%61%20b", "a b"),
            ("/%252e%252e/x", "%2e%2e/x"),
            ("/...", "..."),
            ("/%c3%a4", "\\xc3\\xa4"),
            ("/%c0%af..", "\\xc0\\xaf.."),
            ("//evil.example/%2e%2e", ""),
        ] {
            assert_eq!(located(path), Ok(meant.to_owned()), "{path}");
        }
    }

    #[test]
    fn forms() {
        let path = |path, query| Ok(Target::Path { path, query });
        let get = |word| Target::parse(word, Method::Get);
        assert_eq!(get("/a?b?c"), path("/a", Some("b?c")));
        assert_eq!(get("http://h/a"), path("/a", None));
        assert_eq!(get("HTTP://h:80?q"), path("", Some("q")));
        assert_eq!(get("/a?x={y}|[z]"), path("/a", Some("x={y}|[z]")));
        assert_eq!(Target::parse("*", Method::Options), Ok(Target::Asterisk));
        let connect = Target::parse("h:80", Method::Connect);
        assert_eq!(connect, Ok(Target::Authority));
        for word in ["h", "h:", ":80", "[::1]", "http://h:80", "/", "u@h:80", ""] {
            let connect = Target::parse(word, Method::Connect);
            assert_eq!(connect, Err(Status::BAD_REQUEST), "{word}");
        }
        let options = |word| Target::parse(word, Method::Options);
        assert_eq!(options("http://h:80"), Ok(Target::Asterisk));
        assert_eq!(options("http://h?q"), path("", Some("q")));
        assert_eq!(options("http://h/"), path("/", None));
        for word in [
            "",
            "*",
            "a",
            "a/b",
            "h:80",
            "ftp://h/",
            "http://",
            "http:///a",
            "http://:80/a",
            "http://[::1/a",
            "http:/a",
            "http//h/a",
            "http://u@h/",
            "/a#b",
            "/a b",
            "/\"",
            "/<",
            "/a\\b",
            "/\u{e4}",
            "/a\u{7f}",
            "?q",
        ] {
            assert_eq!(get(word), Err(Status::BAD_REQUEST), "{word}");
        }
    }

    #[test]
    fn the_host_of_an_absolute_form() {
        assert_eq!(host_of("http://h:80/a"), Some("h:80"));
        assert_eq!(host_of("HTTPS://[::1]?q"), Some("[::1]"));
        assert_eq!(host_of("/http://h/a"), None);
        assert_eq!(host_of("*"), None);
    }

    #[test]
    fn a_location_names_no_other_host() {
        assert_eq!(encode(b"evil.example/"), "/evil.example/");
        assert_eq!(encode(b"\\evil\r\nX: y/"), "/%5Cevil%0D%0AX%3A%20y/");
        assert_eq!(encode_query("a=%20&b|{c}\\"), "a=%20&b%7C%7Bc%7D%5C");
    }

    #[test]
    fn plain_paths_are_themselves() {
        for path in ["/", "/a", "/a/b.html", "/a/b/", "/a/..b"] {
            let slow = |path: &str| located(&format!("/.{path}"));
            assert_eq!(located(path), slow(path), "{path}");
        }
        for path in ["", "/%61", "//a", "/.", "/a//b", "/a/..", "/.a", "a"] {
            assert_eq!(plain(path), None, "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_path_stays_inside(path in "(/(\\.|%2[eE]|%2[fF]|%5c|%00|[a-z]|\\.\\.){0,4}){0,8}") {
            let mut into = Vec::new();
            if locate(&path, &mut into).is_ok() {
                prop_assert!(!into.starts_with(b"/"));
                prop_assert!(!into.contains(&0));
                let names = into.split(|byte| *byte == b'/');
                prop_assert!(names.into_iter().all(|name| name != b".." && name != b"."));
                prop_assert!(!into.windows(2).any(|pair| pair == b"//"));
            }
        }

        #[test]
        fn what_is_encoded_is_found_again(path in "([^/.\\x00][^/\\x00]{0,5}/){0,4}") {
            let mut into = Vec::new();
            prop_assert_eq!(locate(&encode(path.as_bytes()), &mut into), Ok(()));
            prop_assert_eq!(into, path.into_bytes());
        }
    }
}
