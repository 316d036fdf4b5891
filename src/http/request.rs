//! A request head, parsed as strictly as RFC 9112 allows: what another server could read differently is refused, and so
//! nothing can be smuggled past it.

use std::mem::MaybeUninit;

use httparse::{Error, ParserConfig};

use super::body::Framing;
use super::field::{FieldLines, Fields};
use super::method::Method;
use super::name::Name;
use super::status::Status;
use super::target::{Target, host_of};

/// How many bytes a head may have.
pub const HEAD_LIMIT: usize = 64 * 1024;
/// How many bytes the request line may have; RFC 9112, section 3, wants 8000 at least.
pub const LINE_LIMIT: usize = 16 * 1024;
/// How many fields a head may have.
const FIELDS: usize = 128;

/// What became of the bytes so far.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "it is taken apart where it is made, and a box would cost an allocation"
)]
pub enum Parsed<'a> {
    /// A whole head, and how many bytes it took.
    Complete {
        /// What it asks for.
        request: Request<'a>,
        /// From the first byte to the blank line's end.
        length: usize,
    },
    /// Nothing wrong so far; more bytes are needed.
    Partial,
    /// No request, whatever may follow: to be answered with this status, and the connection closed.
    Refused(Status),
}

/// What a request asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Request<'a> {
    /// The method.
    pub method: Method,
    /// The method's word.
    pub method_word: &'a str,
    /// The target.
    pub target: Target<'a>,
    /// The target as it was sent.
    pub target_word: &'a str,
    /// The version.
    pub version: Version,
    /// Whether the client wants the connection to go on.
    pub persists: bool,
    /// How the body is measured.
    pub framing: Framing,
    /// Whether the client waits for `100 Continue` before it sends the body.
    pub expects_continue: bool,
    /// Whether it expects something else, which nobody here can fulfil (417).
    pub expects_more: bool,
    fields: Fields<'a>,
}

/// A version of HTTP that this server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.0
    Http10,
    /// HTTP/1.1
    Http11,
}

impl<'a> Request<'a> {
    /// The host that is asked, with its port where one is said: the target's, or else Host's.
    pub fn host(&self) -> Option<&'a str> {
        let field = || std::str::from_utf8(self.value(Name::Host)?).ok();
        host_of(self.target_word).or_else(field)
    }

    /// The value of a field; `None` when it is missing, and when there are several of it and they may contradict.
    pub fn value(&self, name: Name) -> Option<&'a [u8]> {
        self.fields.value(name)
    }

    /// The values of a field whose lines are one list together (RFC 9110, section 5.3), line by line.
    pub fn values(&self, name: Name) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.fields.values(name)
    }

    /// Whether it asks for all of what it names, whatever the client has of it.
    pub fn is_unconditional(&self) -> bool {
        const CONDITIONS: u32 = Name::IfMatch.bit()
            | Name::IfModifiedSince.bit()
            | Name::IfNoneMatch.bit()
            | Name::IfUnmodifiedSince.bit()
            | Name::Range.bit();
        !self.expects_more && !self.fields.has_any(CONDITIONS)
    }

    /// The value of the first field of any name, as it was sent; `None` when there is none.
    pub fn field(&self, name: &str) -> Option<&'a [u8]> {
        let mut lines = self.fields();
        let found = lines.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
    }

    /// All fields, in the order in which they came, as name and value.
    pub fn fields(&self) -> FieldLines<'a> {
        self.fields.iter()
    }
}

/// Parse the head at the beginning of `bytes`. The answer depends on the bytes alone and not on how they were cut: what
/// is complete or refused stays so, whatever follows.
pub fn parse(bytes: &[u8]) -> Parsed<'_> {
    // One empty line in front is forgiven (RFC 9112, section 2.2), httparse would forgive any number.
    let head = bytes.strip_prefix(b"\r\n").unwrap_or(bytes);
    let skipped = bytes.len() - head.len();
    match head.first() {
        None => return Parsed::Partial,
        Some(b'\r') if skipped == 0 && head.len() == 1 => return Parsed::Partial,
        Some(b'\r' | b'\n') => return Parsed::Refused(Status::BAD_REQUEST),
        _ => {}
    }
    let (seen, excess) = within_limits(head);
    let mut fields = [const { MaybeUninit::uninit() }; FIELDS];
    let mut raw = httparse::Request::new(&mut []);
    let config = ParserConfig::default();
    let outcome = config.parse_request_with_uninit_headers(&mut raw, seen, &mut fields);
    let refused = match outcome {
        Ok(httparse::Status::Complete(length)) => {
            match complete(&raw, seen.get(..length).unwrap_or(seen)) {
                Ok(request) => {
                    let length = skipped + length;
                    return Parsed::Complete { request, length };
                }
                Err(status) => Some(status),
            }
        }
        Ok(httparse::Status::Partial) => excess,
        Err(Error::TooManyHeaders) => Some(Status::FIELDS_TOO_LARGE),
        Err(Error::Version) => of_version(seen, excess),
        Err(_) => Some(Status::BAD_REQUEST),
    };
    refused.map_or(Parsed::Partial, Parsed::Refused)
}

/// As much of the head as may be parsed, and the status if that turns out not to be all of it.
fn within_limits(head: &[u8]) -> (&[u8], Option<Status>) {
    if let Some(line) = head.get(..LINE_LIMIT)
        && !line.contains(&b'\n')
    {
        // RFC 9112, section 3: which of the two is too long.
        let excess = match line.contains(&b' ') {
            true => Status::URI_TOO_LONG,
            false => Status::NOT_IMPLEMENTED,
        };
        return (line, Some(excess));
    }
    match head.get(..HEAD_LIMIT) {
        Some(head) => (head, Some(Status::FIELDS_TOO_LARGE)),
        None => (head, None),
    }
}

fn complete<'a>(raw: &httparse::Request<'_, 'a>, head: &'a [u8]) -> Result<Request<'a>, Status> {
    let (Some(method_word), Some(target_word), Some(version)) = (raw.method, raw.path, raw.version)
    else {
        return Err(Status::BAD_REQUEST);
    };
    let version = if version == 0 {
        Version::Http10
    } else {
        Version::Http11
    };
    if !has_whole_line_ends(raw, head) {
        return Err(Status::BAD_REQUEST);
    }
    let method = Method::of(method_word);
    let target = Target::parse(target_word, method)?;
    // Two spaces, the version and a line's end; a line's end behind the fields.
    let line = method_word.len() + target_word.len() + 12;
    let mut fields = Fields::new(head.get(line..head.len() - 2).unwrap_or_default());
    for field in raw.headers.iter() {
        fields.take(field.name, field.value)?;
    }
    fields.check_host(version, target_word)?;
    let is_new = version == Version::Http11;
    Ok(Request {
        method,
        method_word,
        target,
        target_word,
        version,
        // What comes behind CONNECT may be meant for someone else.
        persists: fields.persists(version) && method != Method::Connect,
        framing: fields.framing(version)?,
        // RFC 9110, section 10.1.1: an expectation in a request of 1.0 is ignored.
        expects_continue: fields.expects_continue && is_new,
        expects_more: fields.expects_more && is_new,
        fields,
    })
}

/// httparse takes a bare LF for a line's end, but nothing else: there must be a CR in front of each.
fn has_whole_line_ends(raw: &httparse::Request<'_, '_>, head: &[u8]) -> bool {
    let is_behind_one = |field: &httparse::Header<'_>| {
        let start = field.name.as_ptr().addr() - head.as_ptr().addr();
        let before = start.checked_sub(2).and_then(|end| head.get(end..start));
        before == Some(b"\r\n")
    };
    head.ends_with(b"\r\n\r\n") && raw.headers.iter().all(is_behind_one)
}

/// Why a version was not taken: it is another one than ours, or no version at all. `None` while its line is open.
fn of_version(seen: &[u8], excess: Option<Status>) -> Option<Status> {
    let Some(end) = seen.iter().position(|byte| *byte == b'\n') else {
        return excess.map(|_| Status::BAD_REQUEST);
    };
    let line = seen.get(..end).and_then(|line| line.strip_suffix(b"\r"));
    let word = line.and_then(|line| line.splitn(3, |byte| *byte == b' ').nth(2));
    match word {
        Some([b'H', b'T', b'T', b'P', b'/', major, b'.', minor])
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            Some(Status::VERSION_NOT_SUPPORTED)
        }
        _ => Some(Status::BAD_REQUEST),
    }
}

/// A request with these lines of fields, for tests.
#[cfg(test)]
pub(super) fn with_request<T>(
    line: &str,
    fields: &str,
    check: impl FnOnce(&Request<'_>) -> T,
) -> T {
    let head = format!("{line} HTTP/1.1\r\nHost: h\r\n{fields}\r\n");
    match parse(head.as_bytes()) {
        Parsed::Complete { request, .. } => check(&request),
        other => panic!("{head}: {other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn status(head: &str) -> u16 {
        match parse(head.as_bytes()) {
            Parsed::Complete { .. } => 200,
            Parsed::Partial => 100,
            Parsed::Refused(status) => status.0,
        }
    }

    #[test]
    fn hostile_heads_are_refused() {
        for (head, refused) in [
            ("\x16\x03\x01", 400),
            ("\n", 400),
            ("\r\n\r\n", 400),
            ("\r\n\n", 400),
            (" GET / HTTP/1.1\r\n", 400),
            ("GET  / HTTP/1.1\r\n", 400),
            ("GET\t/ HTTP/1.1\r\n", 400),
            ("GET / HTTP/1.1 \r\n", 400),
            ("GET /\r\n", 400),
            ("GET / http/1.1\r\n", 400),
            ("GET / HTTP/1.10\r\n", 400),
            ("GET / HTTP/11\r\n", 400),
            ("GET / HTTP/2.0\r\n", 505),
            ("GET / HTTP/1.2\r\n", 505),
            ("GET / HTTP/0.9\r\n", 505),
            ("PRI * HTTP/2.0\r\n", 505),
            ("GET / HTTP/1.1\nHost: h\n\n", 400),
            ("GET / HTTP/1.1\r\nHost: h\r\n\n", 400),
            ("GET / HTTP/1.1\r\nHost: h\r\nA: b\rc\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: h\r\nA: b\n\r\n", 400),
            ("GET / HTTP/1.1\nHost: h\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: h\n\r\n", 400),
            ("GET / HTTP/1.1\r\r\nHost: h\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: h\r\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: h\r\nA\0: b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: h\r\nA\u{e4}: b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: h\r\nA\tB: b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: h\r\n\tA: b\r\n\r\n", 400),
            ("GET  HTTP/1.1\r\nHost: h\r\n\r\n", 400),
            ("GET / / HTTP/1.1\r\nHost: h\r\n\r\n", 400),
            ("G@T / HTTP/1.1\r\nHost: h\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nhost: h\r\nHOST: h\r\n\r\n", 400),
            ("GET http://a/ HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
            ("OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n", 400),
            ("GET http://a/ HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
            ("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("HEAD * HTTP/1.1\r\nHost: h\r\n\r\n", 400),
            ("OPTIONS ** HTTP/1.1\r\nHost: h\r\n\r\n", 400),
            ("CONNECT / HTTP/1.1\r\nHost: h\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\n Host: h\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: h\r\n: b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: h\r\nA\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: h\r\nA: \0\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: h\r\nA: \x7f\r\n\r\n", 400),
            ("GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n", 400),
            ("GET /\u{e4} HTTP/1.1\r\nHost: h\r\n\r\n", 400),
            ("GET /#a HTTP/1.1\r\nHost: h\r\n\r\n", 400),
            ("GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\n\r\n", 400),
            ("GET http://h/ HTTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
            (
                "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: +5\r\n\r\n",
                400,
            ),
            ("GET / HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n\r\n", 400),
            (
                "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
                400,
            ),
            (
                "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\ncontent-length: 0\r\n\r\n",
                400,
            ),
            (
                "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5, 5\r\n\r\n",
                400,
            ),
            (
                "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n",
                400,
            ),
            (
                "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: \r\n\r\n",
                400,
            ),
            (
                "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
                400,
            ),
            (
                "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding : chunked\r\n\r\n",
                400,
            ),
            (
                "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: a\r\nAuthorization: a\r\n\r\n",
                400,
            ),
            (
                "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
                400,
            ),
            (
                "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
                400,
            ),
            (
                "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
                501,
            ),
            ("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ] {
            assert_eq!(status(head), refused, "{head:?}");
        }
    }

    #[test]
    fn proper_heads_are_taken() {
        for (head, version, persists, framing) in [
            (
                "GET / HTTP/1.0\r\n\r\n",
                Version::Http10,
                false,
                Framing::None,
            ),
            (
                "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
                Version::Http10,
                true,
                Framing::None,
            ),
            (
                "\r\nGET / HTTP/1.1\r\nHost:h\r\n\r\n",
                Version::Http11,
                true,
                Framing::None,
            ),
            (
                "GET http://h HTTP/1.1\r\nHost:\r\n\r\n",
                Version::Http11,
                true,
                Framing::None,
            ),
            (
                "HEAD /a HTTP/1.1\r\nhost: h \r\nConnection: x , CLOSE\r\n\r\n",
                Version::Http11,
                false,
                Framing::None,
            ),
            (
                "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 05\r\n\r\n",
                Version::Http11,
                true,
                Framing::Length(5),
            ),
            (
                "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n",
                Version::Http11,
                true,
                Framing::Chunked,
            ),
        ] {
            let Parsed::Complete { request, length } = parse(head.as_bytes()) else {
                panic!("{head:?}: {:?}", parse(head.as_bytes()));
            };
            assert_eq!(length, head.len());
            assert_eq!(
                (request.version, request.persists, request.framing),
                (version, persists, framing),
                "{head:?}"
            );
        }
    }

    #[test]
    fn the_host_that_is_asked() {
        for (line, host) in [
            ("GET /", "h"),
            ("GET http://other:80/a", "other:80"),
            ("GET HTTPS://[::1]", "[::1]"),
            ("OPTIONS *", "h"),
        ] {
            with_request(line, "", |request| assert_eq!(request.host(), Some(host)));
        }
        let Parsed::Complete { request, .. } = parse(b"GET / HTTP/1.0\r\n\r\n") else {
            panic!();
        };
        assert_eq!(request.host(), None);
    }

    #[test]
    fn fields_at_hand() {
        let fields =
            "X:\r\naccept: a \r\nAccept-Encoding:\tgzip\r\nRange: 1\r\nACCEPT: b,c\r\nrange: 1\r\n";
        with_request("GET /?q", fields, |request| {
            assert_eq!(
                request.value(Name::AcceptEncoding),
                Some(b"gzip".as_slice())
            );
            assert_eq!(request.value(Name::Range), None, "it stands there twice");
            assert_eq!(request.value(Name::Origin), None);
            let accept: Vec<_> = request.values(Name::Accept).collect();
            assert_eq!(accept, [b"a".as_slice(), b"b,c"]);
            assert_eq!(request.values(Name::Origin).count(), 0);
            let all = request
                .fields()
                .map(|(name, value)| format!("{name}={}", value.escape_ascii()));
            assert_eq!(
                all.collect::<Vec<_>>().join(" "),
                "Host=h X= accept=a Accept-Encoding=gzip Range=1 ACCEPT=b,c range=1"
            );
        });
    }

    #[test]
    fn expectations() {
        for (fields, expected) in [
            ("", (false, false)),
            ("Expect:\r\n", (false, false)),
            ("Expect: 100-Continue\r\n", (true, false)),
            ("Expect: 100-continue, 100-continue\r\n", (true, false)),
            ("Expect: 100-continue;a=b\r\n", (false, true)),
            ("Expect: tea\r\n", (false, true)),
            ("Expect: 100-continue\r\nExpect: tea\r\n", (true, true)),
        ] {
            with_request("GET /", fields, |request| {
                let found = (request.expects_continue, request.expects_more);
                assert_eq!(found, expected, "{fields}");
            });
        }
        let old = b"GET / HTTP/1.0\r\nExpect: tea, 100-continue\r\n\r\n";
        let Parsed::Complete { request, .. } = parse(old) else {
            panic!();
        };
        assert!(!request.expects_continue && !request.expects_more);
    }

    #[test]
    fn what_is_too_long_is_refused() {
        let field = |size| format!("GET / HTTP/1.1\r\nHost: h\r\nA: {}", "x".repeat(size));
        assert_eq!(status(&field(HEAD_LIMIT - 40)), 100);
        assert_eq!(status(&field(HEAD_LIMIT)), 431);
        assert_eq!(status(&field(1 << 20)), 431);
        assert_eq!(status(&format!("GET /{}", "x".repeat(LINE_LIMIT - 6))), 100);
        assert_eq!(status(&format!("GET /{}", "x".repeat(LINE_LIMIT - 5))), 414);
        assert_eq!(status(&"X".repeat(LINE_LIMIT)), 501);
        assert_eq!(status(&"@".repeat(LINE_LIMIT)), 400);
        let many = "A: b\r\n".repeat(FIELDS + 1);
        assert_eq!(status(&format!("GET / HTTP/1.1\r\n{many}")), 431);
    }

    /// Heads made of the pieces that break parsers.
    fn head() -> impl Strategy<Value = Vec<u8>> {
        let pieces = [
            "GET",
            "HEAD",
            "POST",
            " ",
            "/",
            "/a?b",
            "*",
            "http://h",
            " HTTP/1.1",
            " HTTP/2.0",
            "\r\n",
            "\r\n\r\n",
            "\n",
            "\r",
            "\t",
            ":",
            "Host: h",
            "Host",
            "A: b",
            "Content-Length: 5",
            "Transfer-Encoding: chunked",
            "Connection: close",
            "\0",
            "\u{e4}",
            "GET / HTTP/1.1\r\nHost: h\r\n",
        ];
        proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..14)
            .prop_map(|pieces| pieces.concat().into_bytes())
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken_or_refused(bytes: Vec<u8>) {
            let _ = parse(&bytes);
        }

        #[test]
        fn the_cut_does_not_matter(bytes in head()) {
            let whole = parse(&bytes);
            for end in 0..bytes.len() {
                let cut = parse(&bytes[..end]);
                prop_assert!(cut == Parsed::Partial || cut == whole, "{:?} and {:?}", cut, whole);
            }
        }

        #[test]
        fn fields_come_back_as_they_were_sent(
            sent in proptest::collection::vec(("[a-zA-Z!~-]{1,20}", "([!-~]([ -~]{0,20}[!-~])?)?"), 0..8)
        ) {
            let lines: String = sent.iter().map(|(name, value)| format!("X{name}:{value}\r\n")).collect();
            let back = with_request("GET /", &lines, |request| {
                request.fields().skip(1).map(|(name, value)| (name.to_owned(), value.to_vec())).collect::<Vec<_>>()
            });
            let sent: Vec<_> = sent.into_iter().map(|(name, value)| (format!("X{name}"), value.into_bytes())).collect();
            prop_assert_eq!(back, sent);
        }

        #[test]
        fn no_line_end_is_bare(bytes in head()) {
            if let Parsed::Complete { length, .. } = parse(&bytes) {
                let head = std::str::from_utf8(&bytes[..length]).unwrap();
                prop_assert!(!head.replace("\r\n", "").contains(['\r', '\n']));
            }
        }
    }
}
