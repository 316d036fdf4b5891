//! httplint, a foreign judge of responses: it finds nothing bad in any kind of them, and warns of nothing.

use std::io::Write;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use serde_json::json;

use crate::client::asked;
use crate::kit::{peer, program, scratch, sockkit};
use crate::tree::Tree;

/// Reads exchanges, a JSON object a line, and prints what it thinks of them.
const LINTER: &str = include_str!("lint.py");

#[test]
fn httplint_finds_nothing() {
    let Some(python) = linter() else { return };
    let tree = Tree::new();
    let (_server, port) = tree.serve(sockkit(["http", "-q", "--port", "0"]));
    let tag = asked(port, "GET", "/ten", "");
    let tag = format!("If-None-Match: {}\r\n", tag.field("etag").unwrap());
    let folder = scratch();
    let path = folder.path().join("exchanges");
    let mut exchanges = std::fs::File::create(&path).unwrap();
    for (method, path, fields) in [
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
        ("GET", "/fifo", ""),
        ("GET", "/list/", ""),
        ("GET", "/list/", "Accept: application/json\r\n"),
        ("GET", "/far", ""),
        ("GET", "/before-1970", ""),
        ("POST", "/ten", ""),
        ("BREW", "/ten", ""),
        ("OPTIONS", "/ten", ""),
        ("GET", "/%zz", ""),
    ] {
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
        writeln!(exchanges, "{exchange}").unwrap();
    }
    let words = ["-c", LINTER, path.to_str().unwrap()];
    let found = program(&python, words).deadline(crate::kit::LONG).run();
    assert_eq!(found.text(), "29 exchanges\n", "{}", found.stderr);
}

/// The python that httplint was installed for, by its side.
fn linter() -> Option<PathBuf> {
    let script = peer("httplint")?.canonicalize().unwrap();
    Some(script.with_file_name("python3"))
}
