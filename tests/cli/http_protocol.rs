//! `http`, the protocol over a socket: ranges, conditions, methods and heads, as RFC 9110 and 9112 have them.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use crate::kit::{Running, pattern, read_end, scratch, sockkit, stream_to};

/// A connection that asks one thing after the other: an answer that is too long or too short spoils the next.
struct Client(TcpStream);

struct Answer {
    status: u16,
    fields: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Client {
    fn of(server: &Running) -> Self {
        Self(stream_to(("127.0.0.1", server.port())))
    }

    /// Ask; `|` is a line's end.
    fn ask(&mut self, line: &str, fields: &str) -> Answer {
        let fields = fields.replace('|', "\r\n");
        let request = format!("{line} HTTP/1.1\r\nHost: h\r\n{fields}\r\n");
        self.0.write_all(request.as_bytes()).unwrap();
        self.answer(!line.starts_with("HEAD"))
    }

    fn answer(&mut self, has_body: bool) -> Answer {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.0.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        let mut answer = Answer::of_head(&String::from_utf8(head).unwrap());
        let length = answer.field("content-length");
        if let (true, Some(length)) = (has_body, length) {
            answer.body = vec![0; length.parse().unwrap()];
            self.0.read_exact(&mut answer.body).unwrap();
        }
        answer
    }
}

impl Answer {
    fn of_head(head: &str) -> Self {
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().unwrap();
        let status = status.strip_prefix("HTTP/1.1 ").unwrap();
        let fields = lines.map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_ascii_lowercase(), value.to_owned())
        });
        Self {
            status: status[..3].parse().unwrap(),
            fields: fields.collect(),
            body: Vec::new(),
        }
    }

    fn field(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

fn serve(folder: &Path) -> Running {
    sockkit(["http", "--port", "0"]).args([folder]).start()
}

/// The parts of a multipart/byteranges, each with its Content-Range.
fn parts(answer: &Answer) -> Vec<(String, Vec<u8>)> {
    let kind = answer.field("content-type").unwrap();
    let boundary = kind.strip_prefix("multipart/byteranges; boundary=");
    let boundary = boundary.unwrap_or_else(|| panic!("{kind}"));
    let mut rest = [b"\r\n", answer.body.as_slice()].concat();
    let mut parts = Vec::new();
    let delimiter = format!("\r\n--{boundary}");
    loop {
        assert!(rest.starts_with(delimiter.as_bytes()));
        rest.drain(..delimiter.len());
        if rest == b"--\r\n" {
            return parts;
        }
        let end = rest.windows(4).position(|four| four == b"\r\n\r\n");
        let head: Vec<u8> = rest.drain(..end.unwrap() + 4).collect();
        let head = String::from_utf8(head).unwrap();
        let range = head.split("Content-Range: ").nth(1).unwrap();
        let end = rest
            .windows(delimiter.len())
            .position(|bytes| bytes == delimiter.as_bytes());
        let body = rest.drain(..end.unwrap()).collect();
        parts.push((range.trim_end().to_owned(), body));
    }
}

#[test]
fn a_range_of_a_file() {
    let folder = scratch();
    let large = pattern(300_000);
    fs::write(folder.path().join("large"), &large).unwrap();
    fs::write(folder.path().join("small"), &large[..100]).unwrap();
    let server = serve(folder.path());
    let mut client = Client::of(&server);
    // Twice, for what was asked for may be kept from then on.
    for (name, total) in [("small", 100), ("large", 300_000)].repeat(2) {
        for (range, first, end) in [
            ("0-0", 0, 1),
            ("7-50", 7, 51),
            ("7-", 7, total),
            ("-3", total - 3, total),
            ("-999999", 0, total),
            ("0-999999", 0, total),
            ("50-60,55-70", 50, 71),
        ] {
            let answer = client.ask(&format!("GET /{name}"), &format!("Range: bytes={range}|"));
            assert_eq!(answer.status, 206, "{name} {range}");
            let expected = format!("bytes {first}-{}/{total}", end - 1);
            assert_eq!(answer.field("content-range"), Some(expected.as_str()));
            assert!(answer.body == large[first..end], "{name} {range}");
            assert!(answer.field("etag").is_some() && answer.field("last-modified").is_some());
        }
        let answer = client.ask(&format!("GET /{name}"), "Range: bytes=999999-|");
        assert_eq!(answer.status, 416);
        let expected = format!("bytes */{total}");
        assert_eq!(answer.field("content-range"), Some(expected.as_str()));
        assert_eq!(answer.body, b"416 Range Not Satisfiable\n");
        let answer = client.ask(&format!("GET /{name}"), "");
        assert_eq!((answer.status, answer.body.len()), (200, total));
        assert_eq!(answer.field("accept-ranges"), Some("bytes"));
    }
}

#[test]
fn several_ranges_of_a_file() {
    let folder = scratch();
    let large = pattern(300_000);
    fs::write(folder.path().join("large"), &large).unwrap();
    // With what parts them, its parts are more than what is sent at once; by themselves they are not.
    fs::write(folder.path().join("middle"), &large[..63_000]).unwrap();
    let server = serve(folder.path());
    let mut client = Client::of(&server);
    let many: Vec<_> = (0..60).map(|at| (at * 1050, at * 1050 + 1040)).collect();
    let sets = [
        ("large", 300_000, vec![(5, 7)]),
        ("large", 300_000, vec![(200_000, 290_000), (0, 100_000)]),
        ("large", 300_000, vec![(299_990, 299_999), (3, 3), (10, 20)]),
        ("middle", 63_000, vec![(0, 0), (2, 2)]),
        ("middle", 63_000, many),
    ];
    // Twice, for what was asked for may be kept from then on.
    for (name, total, wanted) in sets.iter().chain(&sets) {
        // One more that is not there, so that there are always several.
        let ranges: String = wanted
            .iter()
            .map(|(first, last)| format!("{first}-{last},"))
            .collect();
        let fields = format!("Range: bytes={ranges}300000-|");
        let answer = client.ask(&format!("GET /{name}"), &fields);
        assert_eq!(answer.status, 206, "{fields}");
        if let [(first, last)] = wanted[..] {
            assert!(answer.body == large[first..=last]);
            continue;
        }
        assert_eq!(answer.field("content-range"), None);
        let expected = wanted.iter().map(|(first, last)| {
            let range = format!("bytes {first}-{last}/{total}");
            (range, large[*first..=*last].to_vec())
        });
        assert!(parts(&answer) == expected.collect::<Vec<_>>(), "{fields}");
    }
}

#[test]
fn silly_sets_of_ranges_are_answered_with_the_whole() {
    let folder = scratch();
    fs::write(folder.path().join("a"), pattern(100_000)).unwrap();
    let server = serve(folder.path());
    let mut client = Client::of(&server);
    let tiny: String = (0..1000)
        .map(|at| format!("{}-{},", 2 * at, 2 * at))
        .collect();
    for range in [
        format!("bytes={tiny}"),
        "bytes=9-0".to_owned(),
        "bytes=a-b".to_owned(),
        "lines=0-1".to_owned(),
    ] {
        let answer = client.ask("GET /a", &format!("Range: {range}|"));
        assert_eq!((answer.status, answer.body.len()), (200, 100_000));
    }
    let killer = "0-,".repeat(60);
    let answer = client.ask("GET /a", &format!("Range: bytes={killer}|"));
    assert_eq!((answer.status, answer.body.len()), (206, 100_000));
}

#[test]
fn a_download_is_never_glued_from_two_versions() {
    let folder = scratch();
    let path = folder.path().join("a");
    fs::write(&path, "first version").unwrap();
    let old = UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    fs::File::open(&path).unwrap().set_modified(old).unwrap();
    let server = serve(folder.path());
    let mut client = Client::of(&server);
    let first = client.ask("GET /a", "Range: bytes=0-4|");
    assert_eq!(first.body, b"first");
    let tag = first.field("etag").unwrap().to_owned();
    let date = first.field("last-modified").unwrap().to_owned();
    assert_eq!(date, "Sun, 09 Sep 2001 01:46:40 GMT");
    let rest = |client: &mut Client, validator: &str| {
        let fields = format!("Range: bytes=5-|If-Range: {validator}|");
        let answer = client.ask("GET /a", &fields);
        (answer.status, String::from_utf8(answer.body).unwrap())
    };
    let part = (206, " version".to_owned());
    assert_eq!(rest(&mut client, &tag), part);
    assert_eq!(rest(&mut client, &date), part);
    let whole = (200, "first version".to_owned());
    assert_eq!(rest(&mut client, &format!("W/{tag}")), whole);
    assert_eq!(rest(&mut client, "Sun, 09 Sep 2001 01:46:41 GMT"), whole);

    let new = folder.path().join("new");
    fs::write(&new, "other version").unwrap();
    // The same length and the same time to the nanosecond.
    fs::File::open(&new).unwrap().set_modified(old).unwrap();
    fs::rename(&new, &path).unwrap();
    assert_eq!(rest(&mut client, &tag), (200, "other version".to_owned()));
}

#[test]
fn conditions_hold_back_what_is_known() {
    let folder = scratch();
    fs::write(folder.path().join("a"), "abc").unwrap();
    let server = serve(folder.path());
    let mut client = Client::of(&server);
    let first = client.ask("GET /a", "");
    let tag = first.field("etag").unwrap().to_owned();
    let date = first.field("last-modified").unwrap().to_owned();
    for (fields, status) in [
        ("If-None-Match: TAG|", 304),
        ("If-None-Match: \"x\"|If-None-Match: W/TAG|", 304),
        ("If-None-Match: *|", 304),
        ("If-None-Match: \"x\"|", 200),
        ("If-Modified-Since: DATE|", 304),
        ("If-Modified-Since: DATE|If-None-Match: \"x\"|", 200),
        ("If-Match: TAG|", 200),
        ("If-Match: \"x\"|", 412),
        ("If-Match: W/TAG|", 412),
        ("If-Unmodified-Since: DATE|", 200),
        ("If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT|", 412),
        ("If-None-Match: TAG|Range: bytes=0-0|", 304),
        ("If-Match: \"x\"|Range: bytes=9-|", 412),
    ] {
        let sent = fields.replace("TAG", &tag).replace("DATE", &date);
        for line in ["GET /a", "HEAD /a"] {
            let answer = client.ask(line, &sent);
            assert_eq!(answer.status, status, "{line} {fields}");
            if status == 304 {
                assert_eq!(answer.field("etag"), Some(tag.as_str()));
                assert_eq!(answer.field("content-length"), None);
                assert!(answer.field("date").is_some());
            }
        }
    }
    // What is not there is not there, whatever was known of it.
    assert_eq!(client.ask("GET /b", "If-Match: \"x\"|").status, 404);
    assert_eq!(client.ask("GET /b", "If-None-Match: *|").status, 404);
}

#[test]
fn head_is_get_without_the_content() {
    let folder = scratch();
    fs::write(folder.path().join("a.html"), "abc").unwrap();
    fs::write(folder.path().join("large"), pattern(300_000)).unwrap();
    fs::create_dir(folder.path().join("b")).unwrap();
    let server = serve(folder.path());
    let mut client = Client::of(&server);
    for (path, fields) in [
        ("/a.html", ""),
        ("/large", ""),
        ("/none", ""),
        ("/b", ""),
        ("/%", ""),
        ("/a.html", "If-Match: \"x\"|"),
        ("/a.html", "Expect: tea|"),
    ] {
        let get = client.ask(&format!("GET {path}"), fields);
        let head = client.ask(&format!("HEAD {path}"), fields);
        assert_eq!(get.status, head.status, "{path}");
        let without_date = |answer: &Answer| {
            let mut fields = answer.fields.clone();
            fields.retain(|(name, _)| name != "date");
            fields
        };
        assert_eq!(without_date(&get), without_date(&head), "{path}");
        assert!(!get.body.is_empty());
    }
}

#[test]
fn a_head_that_is_refused_has_no_content_either() {
    let server = sockkit(["http", "--port", "0"]).start();
    let port = server.port();
    for (request, status) in [
        ("HEAD / HTTP/1.1\r\n\r\n", 400),
        ("HEAD / HTTP/9.9\r\nHost: h\r\n\r\n", 505),
        ("HEAD /# HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("\r\nHEAD / HTTP/1.1\nHost: h\r\n\r\n", 400),
    ] {
        let mut client = Client(stream_to(("127.0.0.1", port)));
        client.0.write_all(request.as_bytes()).unwrap();
        let answer = client.answer(false);
        assert_eq!(answer.status, status, "{request:?}");
        assert_eq!(answer.field("connection"), Some("close"));
        assert_eq!(read_end(&mut client.0), b"", "{request:?}");
    }
}

#[test]
fn methods_and_what_is_allowed() {
    let folder = scratch();
    let server = serve(folder.path());
    let mut client = Client::of(&server);
    let allowed = Some("GET, HEAD, OPTIONS");
    for (line, status, allow) in [
        ("OPTIONS *", 200, allowed),
        ("OPTIONS /none", 200, allowed),
        ("OPTIONS http://other", 200, allowed),
        ("POST /", 405, allowed),
        ("PUT /a", 405, allowed),
        ("DELETE /", 405, allowed),
        ("PATCH /", 405, allowed),
        ("TRACE /", 405, allowed),
        ("PROPFIND /", 501, None),
        ("get /", 501, None),
    ] {
        let answer = client.ask(line, "Secret: 1|");
        assert_eq!(answer.status, status, "{line}");
        assert_eq!(answer.field("allow"), allow, "{line}");
        if status == 200 {
            assert_eq!(answer.field("content-length"), Some("0"));
            assert_eq!(answer.field("content-type"), None);
        } else {
            assert_eq!(answer.field("x-content-type-options"), Some("nosniff"));
            assert!(!String::from_utf8_lossy(&answer.body).contains("Secret"));
        }
    }
    let answer = client.ask("CONNECT h:80", "");
    assert_eq!(
        (answer.status, answer.field("connection")),
        (405, Some("close"))
    );
    assert_eq!(read_end(&mut client.0), b"");
}

#[test]
fn expectations() {
    let server = sockkit(["http", "--port", "0"]).start();
    let mut client = Client::of(&server);
    let fields = "Host: h\r\nExpect: tea\r\nContent-Length: 3\r\n";
    let request = format!("POST / HTTP/1.1\r\n{fields}\r\nabc");
    client.0.write_all(request.as_bytes()).unwrap();
    assert_eq!(client.answer(true).status, 417);
    assert_eq!(client.ask("GET /", "Expect: tea|").status, 417);
    assert_eq!(client.ask("GET /", "Expect: 100-continue|").status, 200);
}
