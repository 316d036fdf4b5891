//! `sockkit http DIR`: files in other content codings, RFC 9110, section 8.4.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

use flate2::read::GzDecoder;

use crate::kit::{Running, read_end, scratch, sockkit, stream_to};

struct Answer {
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn field(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// Status, coding, Vary, and the content as it reads.
    fn told(&self) -> (&str, &str, &str, String) {
        let coding = self.field("Content-Encoding").unwrap_or("identity");
        let text = match coding {
            "gzip" => {
                let mut text = String::new();
                let mut decoder = GzDecoder::new(self.body.as_slice());
                match decoder.read_to_string(&mut text) {
                    Ok(_) => text,
                    Err(_) => String::from_utf8_lossy(&self.body).into_owned(),
                }
            }
            _ => String::from_utf8_lossy(&self.body).into_owned(),
        };
        let vary = self.field("Vary").unwrap_or_default();
        (&self.head[9..12], coding, vary, text)
    }
}

/// A server, and where it listens.
struct Server(
    #[expect(dead_code, reason = "it ends when it is dropped")] Running,
    u16,
);

fn serve(folder: &Path, more: &[&str]) -> Server {
    let server = sockkit(["http", "--port", "0"]).args([folder]).args(more);
    let server = server.start();
    let port = server.port();
    Server(server, port)
}

fn ask(server: &Server, line: &str, fields: &str) -> Answer {
    let mut client = stream_to(("127.0.0.1", server.1));
    let request = format!("{line} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{fields}\r\n");
    client.write_all(request.as_bytes()).unwrap();
    let answer = read_end(&mut client);
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let (head, body) = answer.split_at(end.unwrap() + 4);
    Answer {
        head: String::from_utf8(head.to_vec()).unwrap(),
        body: body.to_vec(),
    }
}

fn get(server: &Server, path: &str, accepted: &str) -> Answer {
    let line = format!("GET {path}");
    ask(server, &line, &format!("Accept-Encoding: {accepted}\r\n"))
}

#[test]
fn text_is_compressed_for_those_who_want_it() {
    let folder = scratch();
    let text = "All work and no play makes Jack a dull boy.\n".repeat(500);
    for name in ["a.html", "a.bin", "a.json"] {
        fs::write(folder.path().join(name), &text).unwrap();
    }
    fs::write(folder.path().join("small.html"), "small").unwrap();
    let server = serve(folder.path(), &[]);
    // Twice each: what is kept is the same as what is made.
    for _ in 0..2 {
        for (path, accepted, coding, vary) in [
            ("/a.html", "gzip", "gzip", "Accept-Encoding"),
            (
                "/a.html",
                "gzip, deflate, br, zstd",
                "gzip",
                "Accept-Encoding",
            ),
            ("/a.html", "identity", "identity", "Accept-Encoding"),
            ("/a.html", "gzip;q=0, br;q=0", "identity", "Accept-Encoding"),
            (
                "/a.html",
                "gzip;q=0.5, identity",
                "identity",
                "Accept-Encoding",
            ),
            ("/a.json", "*", "gzip", "Accept-Encoding"),
            ("/a.bin", "gzip", "identity", ""),
        ] {
            let answer = get(&server, path, accepted);
            let told = answer.told();
            assert_eq!(told.0, "200", "{path} {accepted}");
            assert_eq!((told.1, told.2), (coding, vary), "{path} {accepted}");
            assert_eq!(told.3, text, "{path} {accepted}");
            let length: usize = answer.field("Content-Length").unwrap().parse().unwrap();
            assert_eq!(length, answer.body.len());
            assert_eq!(length < text.len(), coding == "gzip");
        }
        let small = get(&server, "/small.html", "gzip");
        assert_eq!(small.told().1, "identity");
    }
}

#[test]
fn what_lies_beside_a_file_is_sent_in_its_stead() {
    let folder = scratch();
    let at = |name: &str| folder.path().join(name);
    for (name, content) in [
        ("a.js", "identity"),
        ("a.js.br", "brotli"),
        ("a.js.gz", "gzip"),
        ("b.css", "identity"),
        ("b.css.zst", "zstd"),
        ("old.txt", "identity"),
        ("old.txt.gz", "gzip"),
    ] {
        fs::write(at(name), content).unwrap();
    }
    let file = fs::File::options()
        .append(true)
        .open(at("old.txt"))
        .unwrap();
    let later = SystemTime::now() + Duration::from_secs(60);
    file.set_modified(later).unwrap();
    let server = serve(folder.path(), &[]);
    for _ in 0..3 {
        for (path, accepted, coding, content) in [
            ("/a.js", "gzip, br", "br", "brotli"),
            ("/a.js", "gzip, br;q=0.9", "gzip", "gzip"),
            ("/a.js", "zstd", "identity", "identity"),
            ("/b.css", "zstd, gzip", "zstd", "zstd"),
            ("/b.css", "gzip", "identity", "identity"),
            ("/old.txt", "gzip", "identity", "identity"),
            ("/a.js.br", "br", "identity", "brotli"),
        ] {
            let answer = get(&server, path, accepted);
            let told = answer.told();
            assert_eq!((told.1, &*told.3), (coding, content), "{path} {accepted}");
            if coding != "identity" {
                let kind = answer.field("Content-Type").unwrap();
                let expected = ["text/javascript; charset=utf-8", "text/css; charset=utf-8"];
                assert!(expected.contains(&kind), "{kind}");
            }
        }
    }
    // Each is another representation: another tag, and a range of its own bytes.
    let tag = |accepted| {
        get(&server, "/a.js", accepted)
            .field("ETag")
            .unwrap()
            .to_owned()
    };
    assert_ne!(tag("br"), tag("gzip"));
    assert_ne!(tag("br"), tag("identity"));
    let fields = format!("Accept-Encoding: br\r\nIf-None-Match: {}\r\n", tag("br"));
    assert_eq!(ask(&server, "GET /a.js", &fields).told().0, "304");
    let fields = "Accept-Encoding: br\r\nRange: bytes=1-3\r\n";
    assert_eq!(ask(&server, "GET /a.js", fields).told().3, "rot");
    let head = ask(&server, "HEAD /a.js", "Accept-Encoding: br\r\n");
    assert_eq!(head.field("Content-Encoding"), Some("br"));
    assert_eq!(
        (head.field("Content-Length"), head.body.len()),
        (Some("6"), 0)
    );
}

#[test]
fn changes_are_seen_in_every_coding() {
    let folder = scratch();
    let at = |name: &str| folder.path().join(name);
    let text = |word: &str| format!("{word} ").repeat(1000);
    fs::write(at("a.txt"), text("one")).unwrap();
    let server = serve(folder.path(), &[]);
    let read = || get(&server, "/a.txt", "gzip, br").told().3.clone();
    for word in ["one", "two", "three"] {
        fs::write(at("a.txt"), text(word)).unwrap();
        assert_eq!((read(), read()), (text(word), text(word)));
    }
    fs::write(at("a.txt.br"), "brotli").unwrap();
    assert_eq!((read(), read()), ("brotli".to_owned(), "brotli".to_owned()));
    fs::write(at("a.txt.br"), "another").unwrap();
    assert_eq!(read(), "another");
    fs::remove_file(at("a.txt.br")).unwrap();
    assert_eq!(read(), text("three"));
}

#[test]
fn files_may_be_sent_as_they_are() {
    let folder = scratch();
    fs::write(folder.path().join("a.txt"), "text ".repeat(1000)).unwrap();
    fs::write(folder.path().join("a.txt.gz"), "gzip").unwrap();
    let server = serve(folder.path(), &["--no-compress"]);
    let answer = get(&server, "/a.txt", "gzip");
    assert_eq!((answer.told().1, answer.told().2), ("identity", ""));
}
