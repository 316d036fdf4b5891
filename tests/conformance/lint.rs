//! httplint, a foreign judge of responses: it finds nothing bad in any kind of them, and warns of nothing.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde_json::json;

use crate::client::asked;
use crate::kit::{Sign, peer, program, scratch, sockkit};
use crate::tree::Tree;

/// Reads exchanges, a JSON object a line, and prints what it thinks of them.
const LINTER: &str = include_str!("lint.py");

/// A method, a path, and field lines.
type Asked<'a> = (&'a str, &'a str, &'a str);

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
            let response = asked(port, method, path, fields);
            let at = UNIX_EPOCH.elapsed().unwrap().as_secs();
            let requested: Vec<(&str, &str)> = fields
                .lines()
                .filter_map(|line| line.split_once(": "))
                .collect();
            let exchange = json!({
                "method": method, "path": path, "request": requested, "status": response.status,
                "response": response.fields, "content": hex::encode(&response.body), "at": at,
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
    let tag = asked(port, "GET", "/ten", "");
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
            ],
        ),
        (
            &["--cache", "0"],
            &[("GET", "/ten", ""), ("GET", "/none", "")],
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
            ],
        ),
        (
            &["--upload", "--overwrite"],
            &[("PUT", "/ten", "Content-Length: 0\r\n")],
        ),
        (
            &["--inspect"],
            &[("GET", "/ten", ""), ("GET", "/.sockkit/", "")],
        ),
    ] {
        let tree = Tree::new();
        let server = sockkit(["http", "-q", "--port", "0"]).args(words);
        let (_server, port) = tree.serve(server);
        exchanges.ask(port, asked_for);
    }
    assert_eq!(exchanges.judged(&python), [""; 0]);
}

/// Nobody need guess how long a text may be kept, or a command's output.
#[test]
fn httplint_finds_nothing_where_answers_are_made() {
    let Some(python) = linter() else { return };
    let mut exchanges = Exchanges::default();
    for words in [
        &["--text", "ok"][..],
        &["--status", "503"],
        &["--echo"],
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
        let asked_for = [("GET", "/", ""), ("HEAD", "/", "")];
        exchanges.ask(port, &asked_for);
    }
    assert_eq!(exchanges.judged(&python), [""; 0]);
}

/// The python that httplint was installed for, by its side.
fn linter() -> Option<PathBuf> {
    let script = peer("httplint")?.canonicalize().unwrap();
    Some(script.with_file_name("python3"))
}
