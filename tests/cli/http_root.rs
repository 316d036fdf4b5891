//! `http DIR` while DIR is removed and made anew, renamed, or a link that leads elsewhere: what stands at its name is served.

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Instant;

use super::http::{get, last, response, said, status};
use super::http_site::{Answer, asked};
use crate::kit::{DEADLINE, Running, scratch, sockkit, stream_to};

fn serve(root: &Path, words: &[&str]) -> (Running, u16) {
    let server = sockkit(["http", "--port", "0"]).args([root]).args(words);
    let server = server.start();
    let port = server.port();
    (server, port)
}

fn make(root: &Path, content: &str) {
    fs::create_dir(root).unwrap();
    fs::write(root.join("f"), content).unwrap();
    fs::create_dir(root.join("sub")).unwrap();
    fs::write(root.join("sub/g"), content).unwrap();
}

/// Ask until the answer is this one: a change is seen within a millisecond.
fn until(mut ask: impl FnMut() -> Answer, is_expected: impl Fn(&Answer) -> bool) -> Answer {
    let since = Instant::now();
    loop {
        let answer = ask();
        if is_expected(&answer) {
            return answer;
        }
        assert!(since.elapsed() < DEADLINE, "{}", answer.head);
    }
}

fn file(port: u16, path: &str) -> Answer {
    asked(port, &format!("GET {path}"), "")
}

fn until_text(port: u16, path: &str, text: &str) {
    until(|| file(port, path), |answer| answer.body == text.as_bytes());
}

/// What is asked on a connection that stays.
fn kept(client: &mut TcpStream, path: &str) -> (u16, Vec<u8>) {
    client.write_all(get(path).as_bytes()).unwrap();
    let (head, body) = response(client);
    (status(head.as_bytes()), body)
}

const WAYS: [&[&str]; 3] = [&[], &["--no-sandbox"], &["--follow-links"]];

#[test]
fn a_directory_that_is_removed_and_made_anew_is_served_again() {
    for words in WAYS {
        let folder = scratch();
        let root = folder.path().join("root");
        make(&root, "one");
        let (server, port) = serve(&root, words);
        let mut client = stream_to(("127.0.0.1", port));
        for _ in 0..3 {
            assert_eq!(kept(&mut client, "/f"), (200, b"one".into()));
        }
        fs::remove_dir_all(&root).unwrap();
        until(|| file(port, "/f"), |answer| answer.status == 404);
        server
            .stderr_until(|line| line.ends_with("root is gone: what stands there next is served"));
        for content in ["two", "three"] {
            make(&root, content);
            until_text(port, "/f", content);
            until_text(port, "/sub/g", content);
            server.stderr_until(|line| {
                line.ends_with("is another directory now: that one is served")
            });
            for _ in 0..3 {
                assert_eq!(kept(&mut client, "/f"), (200, content.into()));
            }
            let listed = asked(port, "GET /sub/", "Accept: application/json\r\n");
            assert!(listed.text().contains("\"g\""), "{}", listed.text());
            fs::remove_dir_all(&root).unwrap();
        }
        let said = server.stderr_so_far();
        assert_eq!(
            said.matches("is another directory now").count(),
            2,
            "{said}"
        );
    }
}

#[test]
fn a_directory_that_is_swapped_is_served_without_a_gap() {
    let folder = scratch();
    let [root, next, old] = ["root", "next", "old"].map(|name| folder.path().join(name));
    make(&root, "one");
    let (_server, port) = serve(&root, &[]);
    until_text(port, "/f", "one");
    make(&next, "two");
    fs::rename(&root, &old).unwrap();
    // What was moved away is served until something takes its place.
    assert_eq!(file(port, "/f").body, b"one");
    fs::rename(&next, &root).unwrap();
    until_text(port, "/f", "two");
}

#[test]
fn a_link_to_another_release_is_followed_to_it() {
    let folder = scratch();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("releases")).unwrap();
    let (one, two) = (at("releases/1"), at("releases/2"));
    make(&one, "one");
    make(&two, "two");
    let (link, next) = (at("current"), at("next"));
    symlink(&one, &link).unwrap();
    let (_server, port) = serve(&link, &[]);
    for _ in 0..3 {
        until_text(port, "/f", "one");
    }
    symlink(&two, &next).unwrap();
    fs::rename(&next, &link).unwrap();
    until_text(port, "/f", "two");
}

#[test]
fn what_the_sandbox_does_not_reach_is_said() {
    let (folder, elsewhere) = (scratch(), scratch());
    let link = folder.path().join("current");
    let (one, two) = (folder.path().join("one"), elsewhere.path().join("two"));
    make(&one, "one");
    make(&two, "two");
    symlink(&one, &link).unwrap();
    let (server, port) = serve(&link, &["-v"]);
    let landlock = server.stderr_until(|line| line.starts_with("sandbox: landlock: "));
    until_text(port, "/f", "one");
    fs::remove_file(&link).unwrap();
    symlink(&two, &link).unwrap();
    if landlock.contains("landlock: none") {
        return until_text(port, "/f", "two");
    }
    let told = || {
        assert_eq!(file(port, "/f").body, b"one");
        server
            .stderr_so_far()
            .contains("start the server anew, or with --no-sandbox")
    };
    let since = Instant::now();
    while !told() {
        assert!(since.elapsed() < DEADLINE);
    }
    assert!(told());
    let said = server.stderr_so_far();
    assert_eq!(
        said.matches("out of the sandbox's reach").count(),
        1,
        "{said}"
    );
}

#[test]
fn uploads_arrive_in_what_took_its_place() {
    for words in [
        &["--upload"][..],
        &["--upload=sub"],
        &["--upload", "--no-sandbox"],
    ] {
        let folder = scratch();
        let root = folder.path().join("root");
        make(&root, "one");
        let (_server, port) = serve(&root, words);
        until_text(port, "/f", "one");
        fs::remove_dir_all(&root).unwrap();
        make(&root, "two");
        until_text(port, "/f", "two");
        let put =
            "PUT /sub/new HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc";
        assert_eq!(status(&said(port, put)), 201, "{words:?}");
        assert_eq!(fs::read(root.join("sub/new")).unwrap(), b"abc");
        until_text(port, "/sub/new", "abc");
        // Nothing else is there.
        assert_eq!(fs::read_dir(root.join("sub")).unwrap().count(), 2);
    }
}

#[test]
fn hosts_and_archives_are_those_of_what_took_its_place() {
    let folder = scratch();
    let root = folder.path().join("root");
    let make = |content: &str| {
        fs::create_dir(&root).unwrap();
        make(&root.join("h"), content);
    };
    make("one");
    let (_server, port) = serve(&root, &["--vhost", "--archive"]);
    until_text(port, "/f", "one");
    fs::remove_dir_all(&root).unwrap();
    make("two");
    until_text(port, "/f", "two");
    let packed = asked(port, "GET /?archive=tar", "");
    let holds = |text: &str| {
        packed
            .body
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    };
    assert!(holds("sub/g") && holds("two"), "{}", packed.head);
}

#[test]
fn a_directory_by_a_relative_name_is_found_again() {
    let folder = scratch();
    let root = folder.path().join("root");
    make(&root, "one");
    for (dir, here) in [("root", folder.path().to_owned()), (".", root.clone())] {
        let server = sockkit(["http", dir, "0"]).directory(&here).start();
        let port = server.port();
        let content = fs::read(root.join("f")).unwrap();
        assert!(said(port, last("/f")).ends_with(&content));
        fs::remove_dir_all(&root).unwrap();
        make(&root, dir);
        until_text(port, "/f", dir);
    }
}

#[test]
fn a_build_may_make_the_folders_above_anew_too() {
    let folder = scratch();
    let (build, root) = (
        folder.path().join("build"),
        folder.path().join("build/site"),
    );
    let lay = |content: &str| {
        fs::create_dir(&build).unwrap();
        make(&root, content);
    };
    lay("one");
    for (words, content) in [(&[][..], "two"), (&["--upload"], "three")] {
        let server = sockkit(["http", "build/site", "0"]).args(words);
        let server = server.directory(folder.path()).start();
        let port = server.port();
        assert!(said(port, last("/f")).ends_with(&fs::read(root.join("f")).unwrap()));
        fs::remove_dir_all(&build).unwrap();
        lay(content);
        until_text(port, "/f", content);
        until_text(port, "/sub/g", content);
    }
}

/// It can be read still, as an empty one, by whoever has it open.
#[test]
fn a_directory_that_is_removed_has_no_listing() {
    let folder = scratch();
    let root = folder.path().join("site");
    make(&root, "one");
    let (_server, port) = serve(&root, &[]);
    until_status(port, "/", 200);
    fs::remove_dir_all(&root).unwrap();
    until_status(port, "/", 404);
}

fn until_status(port: u16, path: &str, expected: u16) {
    let is_expected = |answer: &Answer| status(answer.head.as_bytes()) == expected;
    until(|| file(port, path), is_expected);
}
