//! httplint, a foreign judge of responses: it finds nothing bad in any kind of them, and warns of nothing.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde_json::json;

use crate::client::{Cut, End, exchange, fetch};
use crate::judge;
use crate::kit::{Sign, peer, program, scratch, sockkit};
use crate::reader::{Response, response};
use crate::tree::Tree;

/// Reads exchanges, a JSON object a line, and prints what it thinks of them.
const LINTER: &str = include_str!("lint.py");

/// A method, a path, and field lines with their ends; what stands behind an empty one is the content.
type Asked<'a> = (&'a str, &'a str, &'a str);

/// A file that another site's page would leave, a piece of one, and forms that leave one.
const FOREIGN: &str = "Content-Length: 0\r\nOrigin: https://a.example\r\n";
const PIECE: &str = "Content-Length: 1\r\nContent-Range: bytes 0-0/5\r\n\r\nx";
const LEFT: &str = "Content-Length: 78\r\nContent-Type: multipart/form-data; boundary=x\r\n\r\n\
                    --x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\n\r\nhi\r\n--x--\r\n";
const LEFT_BY_PAGE: &str = "Content-Length: 78\r\nContent-Type: multipart/form-data; boundary=x\r\nAccept: text/html\r\n\r\n\
                            --x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"b.txt\"\r\n\r\nhi\r\n--x--\r\n";
/// Two bytes of JSON.
const POSTED: &str = "Content-Length: 2\r\nContent-Type: application/json\r\n\r\n{}";

/// What was asked and answered, an object a line.
#[derive(Default)]
struct Exchanges {
    lines: String,
    count: usize,
}

impl Exchanges {
    /// Ask for all of this.
    fn ask(&mut self, port: u16, asked_for: &[Asked<'_>]) {
        for (method, path, fields) in asked_for {
            let (fields, content) = fields.split_once("\r\n\r\n").unwrap_or((fields, ""));
            let fields = fields.trim_end();
            let host = if fields.contains("Host: ") {
                ""
            } else {
                "Host: h\r\n"
            };
            let end = if fields.is_empty() { "" } else { "\r\n" };
            let head =
                format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n{host}{fields}{end}");
            self.send(port, format!("{head}\r\n{content}").as_bytes());
        }
    }

    /// Send one request, which may be none.
    fn send(&mut self, port: u16, request: &[u8]) {
        let (heard, end) = exchange(port, request, false, Cut::Whole);
        let shown = request[..request.len().min(200)].escape_ascii();
        assert_eq!(end, End::Closed, "{shown}");
        let (response, rest) = response(&heard, request.starts_with(b"HEAD "))
            .unwrap_or_else(|why| panic!("{why}: {shown}: {}", heard.escape_ascii()));
        assert!(rest.is_empty(), "{shown}: {}", rest.escape_ascii());
        self.hear(request, &[response]);
    }

    /// What was sent and answered: where that is one request of the usual form, the answer is judged as the one to it.
    fn hear(&mut self, sent: &[u8], responses: &[Response]) {
        let at = UNIX_EPOCH.elapsed().unwrap().as_secs();
        let asked = requested(sent).filter(|_| responses.len() == 1);
        let (method, path, fields) = asked.unwrap_or_default();
        let finals = responses.iter().filter(|response| response.status >= 200);
        for response in finals {
            let exchange = json!({
                "method": Some(method).filter(|method| !method.is_empty()), "path": path, "request": fields,
                "status": response.status, "is_head": response.is_head, "response": response.fields,
                "content": hex::encode(&response.body), "at": at,
            });
            writeln!(self.lines, "{exchange}").unwrap();
            self.count += 1;
        }
    }

    /// Have every answer judged; what is found, a line each.
    fn judged(self, python: &Path) -> Vec<String> {
        let folder = scratch();
        let path = folder.path().join("exchanges");
        fs::write(&path, self.lines).unwrap();
        let words = ["-c", LINTER, path.to_str().unwrap()];
        let found = program(python, words).deadline(crate::kit::LONG).run();
        let text = found.text();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let last = lines.pop();
        let count = format!("{} exchanges", self.count);
        assert_eq!(last, Some(count), "{}", found.stderr);
        lines
    }
}

#[test]
fn httplint_finds_nothing() {
    let Some(python) = linter() else { return };
    let tree = Tree::new();
    let (_server, port) = tree.serve(sockkit(["http", "-q", "--port", "0"]));
    let tag = fetch(port, "/ten", "");
    let tag = format!("If-None-Match: {}\r\n", tag.field("etag").unwrap());
    let mut exchanges = Exchanges::default();
    exchanges.ask(
        port,
        &[
            ("GET", "/", ""),
            ("GET", "/sub/file.txt", ""),
            ("GET", "/ten", ""),
            ("GET", "/large.bin", ""),
            ("GET", "/empty", ""),
            ("GET", "/kind.svg", ""),
            ("GET", "/kind.json", ""),
            ("GET", "/style.css", ""),
            ("GET", "/only.js", "Accept-Encoding: gzip\r\n"),
            ("GET", "/long.html", "Accept-Encoding: gzip\r\n"),
            ("HEAD", "/ten", ""),
            ("HEAD", "/large.bin", ""),
            ("GET", "/ten", tag.as_str()),
            ("HEAD", "/ten", tag.as_str()),
            ("GET", "/ten", "Range: bytes=2-5\r\n"),
            ("GET", "/ten", "Range: bytes=0-1,4-5\r\n"),
            ("GET", "/ten", "Range: bytes=20-\r\n"),
            ("GET", "/ten", "If-Match: \"x\"\r\n"),
            ("GET", "/sub", ""),
            ("GET", "/none", ""),
            ("GET", "/none", "Accept: text/html\r\n"),
            ("HEAD", "/none", "Accept: text/html\r\n"),
            ("GET", "/fifo", ""),
            ("GET", "/list/", ""),
            ("GET", "/list/", "Accept: application/json\r\n"),
            ("GET", "/far", ""),
            ("GET", "/before-1970", ""),
            ("POST", "/ten", ""),
            ("BREW", "/ten", ""),
            ("OPTIONS", "/ten", ""),
            ("GET", "/%zz", ""),
            ("GET", "/link-out", ""),
            ("POST", "/ten", "Content-Length: 9999999999999999\r\n"),
            ("POST", "/ten", "Transfer-Encoding: gzip, chunked\r\n"),
            ("GET", "/ten", "Expect: wonders\r\n"),
        ],
    );
    assert_eq!(exchanges.judged(&python), [""; 0]);
}

/// What the flags add: fields of other origins, passwords, lifetimes, archives, what clients leave.
#[test]
fn httplint_finds_nothing_whatever_is_asked_for() {
    let Some(python) = linter() else { return };
    let origin = "Origin: https://a.example\r\n";
    let preflight = "Origin: https://a.example\r\nAccess-Control-Request-Method: PUT\r\n";
    let login = "Authorization: Basic eDp5\r\n";
    let mut exchanges = Exchanges::default();
    let form = "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 0\r\n";
    for (words, asked_for) in [
        (
            &["--cors"][..],
            &[
                ("GET", "/ten", origin),
                ("OPTIONS", "/ten", preflight),
                ("GET", "/none", origin),
                ("GET", "/list/", origin),
                (
                    "GET",
                    "/ten",
                    "Origin: https://a.example\r\nRange: bytes=0-1,4-5\r\n",
                ),
                (
                    "GET",
                    "/long.html",
                    "Origin: https://a.example\r\nAccept-Encoding: gzip\r\n",
                ),
                (
                    "GET",
                    "/ten",
                    "Origin: https://a.example\r\nIf-None-Match: *\r\n",
                ),
            ][..],
        ),
        (
            &["--cors=https://a.example"],
            &[
                ("GET", "/ten", origin),
                ("GET", "/ten", ""),
                ("OPTIONS", "/ten", preflight),
            ],
        ),
        (
            &["--auth", "x:y"],
            &[
                ("GET", "/ten", ""),
                ("GET", "/ten", login),
                ("HEAD", "/none", login),
            ],
        ),
        (
            &["--cache", "1h", "--header", "X-Frame-Options: DENY"],
            &[
                ("GET", "/ten", ""),
                ("GET", "/sub", ""),
                ("GET", "/none", ""),
                ("GET", "/list/", ""),
                ("GET", "/list/", "Accept: application/json\r\n"),
                ("GET", "/ten", "If-None-Match: *\r\n"),
                ("GET", "/ten", "Range: bytes=2-5\r\n"),
                ("GET", "/long.html", "Accept-Encoding: gzip\r\n"),
            ],
        ),
        (
            &["--cache", "0"],
            &[("GET", "/ten", ""), ("GET", "/none", "")],
        ),
        (
            &["--no-listing", "--spa=about.html"],
            &[("GET", "/list/", ""), ("GET", "/none", "")],
        ),
        (
            &["--archive"],
            &[
                ("GET", "/list/?archive=tar", ""),
                ("GET", "/list/?archive=zip", ""),
                ("HEAD", "/list/?archive=zip", ""),
                ("GET", "/list/?archive=rar", ""),
            ],
        ),
        (
            &["--upload"],
            &[
                ("PUT", "/new", "Content-Length: 0\r\n"),
                ("PUT", "/new", "Content-Length: 0\r\n"),
                ("PUT", "/none/new", "Content-Length: 0\r\n"),
                ("PUT", "/x", ""),
                ("POST", "/", form),
                ("POST", "/", "Content-Length: 0\r\n"),
                ("PUT", "/.dotted", "Content-Length: 0\r\n"),
                ("PUT", "/sub", "Content-Length: 0\r\n"),
                ("PUT", "/foreign", FOREIGN),
                ("PUT", "/piece", PIECE),
                ("POST", "/list/", LEFT),
                ("POST", "/list/", LEFT_BY_PAGE),
                ("OPTIONS", "/list/", ""),
                ("GET", "/list/", ""),
                ("DELETE", "/new", ""),
            ],
        ),
        (
            &["--upload", "--overwrite", "--upload-limit", "10"],
            &[
                ("PUT", "/ten", "Content-Length: 0\r\n"),
                ("PUT", "/ten", "Content-Length: 0\r\nIf-None-Match: *\r\n"),
                ("PUT", "/ten", "Content-Length: 11\r\n\r\n01234567890"),
            ],
        ),
        (
            &["--inspect"],
            &[
                ("GET", "/ten", ""),
                ("GET", "/.sockkit/", ""),
                ("GET", "/.sockkit/", "Host: localhost\r\n"),
                ("HEAD", "/.sockkit/", "Host: localhost\r\n"),
                ("POST", "/.sockkit/", "Host: localhost\r\n"),
                ("GET", "/.sockkit/none", "Host: localhost\r\n"),
                ("GET", "/.sockkit/page.css", "Host: localhost\r\n"),
                ("GET", "/.sockkit/page.js", "Host: localhost\r\n"),
                ("GET", "/.sockkit/icon.svg", "Host: localhost\r\n"),
                ("GET", "/.sockkit", "Host: localhost\r\n"),
            ],
        ),
    ] {
        let tree = Tree::new();
        let server = sockkit(["http", "-q", "--port", "0"]).args(words);
        let (_server, port) = tree.serve(server);
        exchanges.ask(port, asked_for);
    }
    assert_eq!(exchanges.judged(&python), [""; 0]);
}

/// Whatever the tables ask for: hundreds of requests, most of them odd.
#[test]
fn httplint_finds_nothing_in_any_table() {
    let Some(python) = linter() else { return };
    let mut exchanges = Exchanges::default();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/tables");
    for table in fs::read_dir(folder).unwrap() {
        let table = fs::read_to_string(table.unwrap().path()).unwrap();
        judge::heard(&table, |sent, responses| exchanges.hear(sent, responses));
    }
    assert!(exchanges.count > 1000, "{}", exchanges.count);
    assert_eq!(exchanges.judged(&python), [""; 0]);
}

/// Nobody need guess how long a text may be kept, or a command's output.
#[test]
fn httplint_finds_nothing_where_answers_are_made() {
    let Some(python) = linter() else { return };
    let mut exchanges = Exchanges::default();
    for words in [
        &["--text", "ok"][..],
        &["--status", "204"],
        &["--status", "205"],
        &["--status", "404"],
        &["--status", "410"],
        &["--status", "429"],
        &["--status", "500"],
        &["--status", "503"],
        &["--echo"],
        &["--exec", "--", "false"],
        &["--exec", "--cgi", "--", "echo", "no head"],
        &["--exec", "--", "echo", "hello"],
        &[
            "--exec",
            "--cgi",
            "--",
            "printf",
            "Content-Type: text/html\\n\\n<p>",
        ],
    ] {
        let mut sign = Sign::new();
        let flags = sign.flags();
        let server = sockkit(["http", "-q", "--port", "0"])
            .args(flags)
            .args(words);
        let _server = server.under(&sign.script("")).start();
        let port = sign.port();
        let asked_for = [
            ("GET", "/", ""),
            ("HEAD", "/", ""),
            ("OPTIONS", "/", ""),
            ("BREW", "/", ""),
            ("POST", "/", POSTED),
        ];
        exchanges.ask(port, &asked_for);
    }
    assert_eq!(exchanges.judged(&python), [""; 0]);
}

/// A method, a path, and fields.
type Requested<'a> = (&'a str, &'a str, Vec<(&'a str, &'a str)>);

/// The method, the path and the fields of a request whose head any reader understands.
fn requested(sent: &[u8]) -> Option<Requested<'_>> {
    let end = sent.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = str::from_utf8(&sent[..end])
        .ok()
        .filter(|head| head.is_ascii())?;
    let (line, rest) = head.split_once("\r\n")?;
    let mut words = line.strip_suffix(" HTTP/1.1")?.split(' ');
    let (method, path) = (words.next()?, words.next()?);
    let fields = rest.split("\r\n").map(|line| line.split_once(": "));
    let fields = fields.collect::<Option<Vec<_>>>()?;
    let is_usual = ["/", "*", "http:"]
        .iter()
        .any(|start| path.starts_with(start))
        && words.next().is_none();
    let fields = fields.into_iter().filter(|(name, _)| *name != "Host");
    is_usual.then(|| (method, path, fields.collect()))
}

/// The python that httplint was installed for, by its side.
fn linter() -> Option<PathBuf> {
    let script = peer("httplint")?.canonicalize().unwrap();
    Some(script.with_file_name("python3"))
}
