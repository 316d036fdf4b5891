//! `http --upload`: files arrive whole or not at all, under the name that they may have, and nowhere else.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::Instant;

use crate::http_site::{Answer, asked, said, serve};
use crate::kit::{
    DEADLINE, LONG, Running, pattern, peer, program, python, read_end, reset, scratch, sockkit,
    stream_to,
};

fn put(port: u16, path: &str, fields: &str, content: &[u8]) -> Answer {
    let length = content.len();
    let head = format!(
        "PUT {path} HTTP/1.1\r\nHost: h\r\n{fields}Content-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    said(port, [head.as_bytes(), content].concat())
}

/// A form with these parts, each a disposition behind `form-data` and its content.
fn form(parts: &[(&str, &str)]) -> String {
    let part = |(disposition, content): &(&str, &str)| {
        format!("--xYz\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{content}\r\n")
    };
    let parts: String = parts.iter().map(part).collect();
    format!("{parts}--xYz--\r\n")
}

fn form_head(path: &str, fields: &str, length: usize) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: h\r\n{fields}Content-Type: multipart/form-data; boundary=xYz\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n"
    )
}

fn post(port: u16, path: &str, fields: &str, form: &str) -> Answer {
    said(port, form_head(path, fields, form.len()) + form)
}

/// All names in a folder, temporary ones too.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<String> = entries.map(name).collect();
    names.sort();
    names
}

fn descriptors(server: &Running) -> usize {
    let listed = fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap();
    listed.count()
}

#[test]
fn nothing_is_taken_without_the_flag() {
    let folder = scratch();
    let (_server, port) = serve(folder.path(), &[]);
    let refused = put(port, "/a", "", b"x");
    assert_eq!(
        (refused.status, refused.field("allow")),
        (405, Some("GET, HEAD, OPTIONS"))
    );
    assert_eq!(
        post(port, "/", "", &form(&[("filename=a", "x")])).status,
        405
    );
    assert_eq!(names(folder.path()), [""; 0]);
}

#[test]
fn a_file_is_put_under_its_name() {
    let folder = scratch();
    fs::create_dir(folder.path().join("d")).unwrap();
    let (_server, port) = serve(folder.path(), &["--upload"]);
    for (path, name) in [
        ("/a", "a"),
        ("/d/b%20c%C3%A4%22", "d/b c\u{e4}\""),
        ("/d/../e?x=1", "e"),
        ("/100%25", "100%"),
    ] {
        let answer = put(port, path, "", b"content");
        assert_eq!(
            (answer.status, answer.text()),
            (201, "201 Created\n"),
            "{path}"
        );
        assert_eq!(
            fs::read(folder.path().join(name)).unwrap(),
            b"content",
            "{path}"
        );
        let location = answer.field("location").unwrap().to_owned();
        assert_eq!(
            asked(port, &format!("GET {location}"), "").text(),
            "content",
            "{path}"
        );
    }
    assert_eq!(put(port, "/empty", "", b"").status, 201);
    assert_eq!(fs::read(folder.path().join("empty")).unwrap(), b"");
    let mode = fs::metadata(folder.path().join("a"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o111, 0, "nobody is to run it");
    // What is kept of a file is not served any more once another one takes its place.
    let (_server, port) = serve(folder.path(), &["--upload", "--overwrite"]);
    for content in ["one", "two", "three"] {
        let answer = put(port, "/a", "", content.as_bytes());
        assert_eq!((answer.status, answer.body.len()), (204, 0));
        for _ in 0..3 {
            assert_eq!(asked(port, "GET /a", "").text(), content);
        }
    }
    assert_eq!(names(folder.path()), ["100%", "a", "d", "e", "empty"]);
}

#[test]
fn hostile_targets_are_refused() {
    let outside = scratch();
    let root = outside.path().join("root");
    fs::create_dir_all(root.join("d")).unwrap();
    fs::create_dir(outside.path().join("out")).unwrap();
    fs::write(outside.path().join("secret"), "secret").unwrap();
    fs::write(root.join("file"), "file").unwrap();
    symlink("../out", root.join("far")).unwrap();
    symlink(outside.path(), root.join("up")).unwrap();
    symlink("../secret", root.join("link")).unwrap();
    symlink("../new", root.join("dangling")).unwrap();
    symlink("d", root.join("near")).unwrap();
    for words in [&["--upload"] as &[&str], &["--upload", "--overwrite"]] {
        let (_server, port) = serve(&root, words);
        for (path, status) in [
            ("/..", 400),
            ("/../a", 400),
            ("/%2e%2e/a", 400),
            ("/..%2fa", 404),
            ("/a%00", 400),
            ("/a%0a", 400),
            ("/%1b[2J", 400),
            ("/", 409),
            ("/d", 409),
            ("/d/", 409),
            ("/d/.", 409),
            ("/.profile", 403),
            ("/.ssh/authorized_keys", 403),
            ("/none/a", 404),
            ("/file/a", 409),
            ("/far/a", 404),
            ("/up/a", 404),
            ("/up/secret", 404),
            ("/link", 409),
            ("/dangling", 409),
        ] {
            let answer = put(port, path, "", b"evil");
            assert_eq!(answer.status, status, "{path}: {}", answer.head);
        }
        let long = format!("/{}", "x".repeat(300));
        assert_eq!(put(port, &long, "", b"x").status, 400);
        assert_eq!(
            put(port, "/p", "Content-Range: bytes 0-0/2\r\n", b"x").status,
            400
        );
        assert_eq!(
            put(port, "/p", "Content-Encoding: gzip\r\n", b"x").status,
            415
        );
        assert_eq!(asked(port, "PUT *", "").status, 400);
        assert_eq!(asked(port, "PUT /p", "").status, 411);
    }
    assert_eq!(
        names(&root),
        ["d", "dangling", "far", "file", "link", "near", "up"]
    );
    assert_eq!(names(outside.path()), ["out", "root", "secret"]);
    assert_eq!(names(&outside.path().join("out")), [""; 0]);
    assert_eq!(fs::read(outside.path().join("secret")).unwrap(), b"secret");
    let (_server, port) = serve(&root, &["--upload", "--hidden"]);
    assert_eq!(put(port, "/near/.profile", "", b"x").status, 201);
    assert_eq!(names(&root.join("d")), [".profile"]);
}

#[test]
fn files_are_taken_below_one_folder_only() {
    let folder = scratch();
    fs::create_dir_all(folder.path().join("in/deep")).unwrap();
    fs::create_dir(folder.path().join("inner")).unwrap();
    let (_server, port) = serve(folder.path(), &["--upload=./in/"]);
    for (path, status) in [
        ("/a", 403),
        ("/inner/a", 403),
        ("/in/../a", 403),
        ("/in/a", 201),
        ("/in/deep/a", 201),
    ] {
        assert_eq!(put(port, path, "", b"x").status, status, "{path}");
    }
    let one = form(&[("name=f; filename=b", "x")]);
    assert_eq!(post(port, "/", "", &one).status, 403);
    assert_eq!(post(port, "/in", "", &one).status, 201);
    assert_eq!(names(&folder.path().join("in")), ["a", "b", "deep"]);
}

#[test]
fn a_form_brings_files() {
    let folder = scratch();
    fs::create_dir(folder.path().join("d")).unwrap();
    let (_server, port) = serve(folder.path(), &["--upload"]);
    let two = form(&[
        ("name=comment", "no file"),
        ("name=f; filename=\"a b.txt\"", "one"),
        ("name=f; filename=\"\"", ""),
        ("name=more", " --xYz--"),
        ("name=f; filename=\"C:\\dir\\b.txt\"", "\r\n--xY"),
    ]);
    let answer = post(port, "/d/", "", &two);
    assert_eq!(answer.status, 201, "{}", answer.head);
    let told: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    let files = serde_json::json!({"files": [
        {"name": "a b.txt", "size": 3, "replaced": false},
        {"name": "b.txt", "size": 6, "replaced": false},
    ]});
    assert_eq!(told, files);
    assert_eq!(names(&folder.path().join("d")), ["a b.txt", "b.txt"]);
    assert_eq!(
        fs::read(folder.path().join("d/b.txt")).unwrap(),
        b"\r\n--xY"
    );

    let page = "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n";
    let answer = post(port, "/d/", page, &form(&[("name=f; filename=c", "x")]));
    assert_eq!(
        (answer.status, answer.field("location")),
        (303, Some("/d/"))
    );
    let answer = post(port, "/d", "", &form(&[("name=f; filename=../e", "x")]));
    assert_eq!(
        (answer.status, answer.field("location")),
        (201, Some("/d/e"))
    );
}

#[test]
fn hostile_forms_leave_nothing() {
    let folder = scratch();
    fs::write(folder.path().join("there"), "there").unwrap();
    let (_server, port) = serve(folder.path(), &["--upload"]);
    let first = ("name=f; filename=new", "x");
    let many: Vec<(String, &str)> = (0..70)
        .map(|number| (format!("filename={number}"), "x"))
        .collect();
    let many: Vec<(&str, &str)> = many
        .iter()
        .map(|(name, content)| (name.as_str(), *content))
        .collect();
    for (form, status) in [
        (form(&[]), 400),
        (form(&[("name=f", "no file")]), 400),
        (form(&[first, ("name=f; filename=there", "y")]), 409),
        (form(&[first, ("name=f; filename=new", "y")]), 409),
        (form(&[first, ("name=f; filename=.profile", "y")]), 403),
        (form(&[first, ("name=f; filename=..", "y")]), 400),
        (form(&[first, ("name=f; filename*=UTF-8''%00", "y")]), 400),
        (form(&[first]).replace("xYz--\r\n", "xYz\r\n"), 400),
        (form(&[first]).replace("--xYz--\r\n", ""), 400),
        (form(&[first]).replace("\r\n\r\nx", "\n\nx"), 400),
        (form(&many), 413),
        (String::new(), 400),
    ] {
        let answer = post(port, "/", "", &form);
        assert_eq!(answer.status, status, "{form}");
        assert_eq!(names(folder.path()), ["there"], "{form}");
    }
    assert_eq!(post(port, "/none/", "", &form(&[first])).status, 404);
    assert_eq!(post(port, "/there", "", &form(&[first])).status, 409);
    let answer = said(
        port,
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx",
    );
    assert_eq!(answer.status, 415);
    assert_eq!(fs::read(folder.path().join("there")).unwrap(), b"there");
}

#[test]
fn a_page_of_another_origin_leaves_nothing() {
    let folder = scratch();
    let (_server, port) = serve(folder.path(), &["--upload"]);
    let one = form(&[("name=f; filename=a", "x")]);
    for fields in [
        "Origin: http://evil.example\r\n",
        "Origin: null\r\n",
        "Sec-Fetch-Site: cross-site\r\n",
    ] {
        assert_eq!(post(port, "/", fields, &one).status, 403, "{fields}");
        assert_eq!(put(port, "/a", fields, b"x").status, 403, "{fields}");
    }
    assert_eq!(names(folder.path()), [""; 0]);
    assert_eq!(post(port, "/", "Origin: http://h\r\n", &one).status, 201);
}

#[test]
fn conditions_are_kept() {
    let folder = scratch();
    let (_server, port) = serve(folder.path(), &["--upload", "--overwrite"]);
    assert_eq!(put(port, "/a", "If-Match: *\r\n", b"0").status, 412);
    assert_eq!(put(port, "/a", "If-None-Match: *\r\n", b"1").status, 201);
    assert_eq!(put(port, "/a", "If-None-Match: *\r\n", b"2").status, 412);
    let tag = asked(port, "GET /a", "").field("etag").unwrap().to_owned();
    assert_eq!(put(port, "/a", "If-Match: \"other\"\r\n", b"3").status, 412);
    assert_eq!(
        put(port, "/a", &format!("If-Match: {tag}\r\n"), b"4").status,
        204
    );
    assert_eq!(
        put(port, "/a", &format!("If-Match: {tag}\r\n"), b"5").status,
        412
    );
    assert_eq!(fs::read(folder.path().join("a")).unwrap(), b"4");
    assert_eq!(names(folder.path()), ["a"]);
}

#[test]
fn a_refusal_says_why() {
    let folder = scratch();
    fs::create_dir_all(folder.path().join("in/sub")).unwrap();
    fs::write(folder.path().join("in/there"), "there").unwrap();
    symlink("/tmp", folder.path().join("in/out")).unwrap();
    let words = ["--upload=in", "--upload-limit", "1k"];
    let (_server, port) = serve(folder.path(), &words);
    let long = format!("/in/{}", "x".repeat(256));
    for (path, fields, why) in [
        (
            "/in/there",
            "",
            "409 Conflict: that name is taken, and is not replaced",
        ),
        (
            "/in/sub",
            "",
            "409 Conflict: that name is taken, and is not replaced",
        ),
        (
            "/in/there/a",
            "",
            "409 Conflict: a file is where a folder would have to be",
        ),
        (
            "/in/",
            "",
            "409 Conflict: the address has to end with the name of the file",
        ),
        (
            "/in/none/a",
            "",
            "404 Not Found: there is no such folder to put it into",
        ),
        (
            "/in/out/a",
            "",
            "404 Not Found: there is no such folder to put it into",
        ),
        (
            "/a",
            "",
            "403 Forbidden: nothing may be left in this folder",
        ),
        (
            "/in/.a",
            "",
            "403 Forbidden: names that begin with a dot are not taken",
        ),
        (
            "/in/a",
            "Origin: http://e\r\n",
            "403 Forbidden: a page of another site may not leave files here",
        ),
        (
            "/in/a",
            "Content-Range: bytes 0-0/2\r\n",
            "400 Bad Request: a part of a file is not taken: all of it",
        ),
        (
            "/in/a",
            "Content-Encoding: gzip\r\n",
            "415 Unsupported Media Type: files are taken as they are, without Content-Encoding",
        ),
        (
            "/in/a%01",
            "",
            "400 Bad Request: a name has no control characters",
        ),
        (&long, "", "400 Bad Request: the name is too long"),
        (
            "/in/there",
            "If-None-Match: *\r\n",
            "412 Precondition Failed: what is there is not what If-Match or If-None-Match names",
        ),
    ] {
        let answer = put(port, path, fields, b"x");
        assert_eq!(answer.text(), format!("{why}\n"), "{path} {fields}");
        assert_eq!(
            answer.field("content-type"),
            Some("text/plain; charset=utf-8")
        );
    }
    let large = put(port, "/in/a", "", &[b'x'; 1025]);
    assert_eq!(
        large.text(),
        "413 Content Too Large: larger than this server takes\n"
    );
    // A person reads it on a page.
    let shown = put(port, "/in/there", "Accept: text/html\r\n", b"x");
    assert!(
        shown
            .text()
            .contains("<p>that name is taken, and is not replaced</p>")
    );
    let twice = form(&[("name=f; filename=a", "1"), ("name=f; filename=a", "2")]);
    let answer = post(port, "/in", "", &twice);
    assert_eq!(
        answer.text(),
        "409 Conflict: two files of the form have the same name\n"
    );
    assert_eq!(names(&folder.path().join("in")), ["out", "sub", "there"]);
}

#[test]
fn a_limit_holds_from_the_start_and_on_the_way() {
    let folder = scratch();
    let words = ["--upload", "--upload-limit", "10k"];
    let (_server, port) = serve(folder.path(), &words);
    assert_eq!(put(port, "/fits", "", &pattern(10 << 10)).status, 201);
    assert_eq!(put(port, "/long", "", &pattern((10 << 10) + 1)).status, 413);
    // It is said at once: nothing of the body is waited for.
    let head = "PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 99999\r\n";
    for expect in ["", "Expect: 100-continue\r\n"] {
        let answer = said_once(port, format!("{head}{expect}\r\n").as_bytes());
        assert_eq!(answer.status, 413, "{expect}");
    }
    // Where the length is not known it is found out on the way.
    let chunked = "PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunk = [b"1000\r\n".as_slice(), &pattern(0x1000), b"\r\n"].concat();
    let sent = [chunked.as_bytes(), &chunk, &chunk, &chunk, b"0\r\n\r\n"].concat();
    assert_eq!(said_once(port, &sent).status, 413);
    let form = form(&[("name=f; filename=b", &"x".repeat(11 << 10))]);
    assert_eq!(post(port, "/", "", &form).status, 413);
    assert_eq!(names(folder.path()), ["fits"]);
}

/// The first answer to what may not be heard to its end.
fn said_once(port: u16, bytes: &[u8]) -> Answer {
    let mut client = stream_to(("127.0.0.1", port));
    client.write_all(bytes).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    Answer::of(&read_end(&mut client))
}

#[test]
fn of_two_at_once_exactly_one_wins() {
    let folder = scratch();
    let (_server, port) = serve(folder.path(), &["--upload"]);
    for round in 0..5 {
        let mut clients: Vec<TcpStream> = (0..6).map(|_| stream_to(("127.0.0.1", port))).collect();
        for (client, letter) in clients.iter_mut().zip(b'a'..) {
            let head = format!(
                "PUT /{round} HTTP/1.1\r\nHost: h\r\nContent-Length: 2000\r\nConnection: close\r\n\r\n"
            );
            client.write_all(head.as_bytes()).unwrap();
            client.write_all(&[letter; 1999]).unwrap();
        }
        // All of them have begun before the first one ends.
        for (client, letter) in clients.iter_mut().zip(b'a'..) {
            client.write_all(&[letter]).unwrap();
        }
        let mut answers = clients
            .iter_mut()
            .map(|client| Answer::of(&read_end(client)).status);
        let winner = answers.by_ref().collect::<Vec<u16>>();
        let created = winner.iter().position(|status| *status == 201).unwrap();
        assert_eq!(
            winner.iter().filter(|status| **status == 409).count(),
            5,
            "{winner:?}"
        );
        let letter = b'a' + u8::try_from(created).unwrap();
        let content = fs::read(folder.path().join(round.to_string())).unwrap();
        assert!(content == [letter; 2000], "a mixture of two");
    }
    assert_eq!(names(folder.path()), ["0", "1", "2", "3", "4"]);
}

#[test]
fn clients_that_vanish_leave_nothing() {
    let folder = scratch();
    let (server, port) = serve(folder.path(), &["--upload"]);
    assert_eq!(put(port, "/there", "", b"x").status, 201);
    let before = descriptors(&server);
    let form = form(&[("name=f; filename=a", "one"), ("name=f; filename=b", "two")]);
    let request = form_head("/", "", form.len()) + &form;
    let short = b"PUT /c HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n12345678".as_slice();
    for request in [request.as_bytes(), short] {
        for end in 0..request.len() {
            let mut client = stream_to(("127.0.0.1", port));
            client.write_all(&request[..end]).unwrap();
            match end % 3 {
                0 => reset(client),
                1 => drop(client),
                _ => {
                    client.shutdown(Shutdown::Write).unwrap();
                    let answer = read_end(&mut client);
                    assert!(end == 0 || Answer::of(&answer).status == 400, "{end}");
                }
            }
        }
    }
    // Workers that started meanwhile have some of their own.
    let others = 8;
    let until = Instant::now() + DEADLINE;
    while descriptors(&server) > before + others {
        assert_eq!(asked(port, "GET /there", "").status, 200);
        assert!(
            Instant::now() < until,
            "{} of {before}",
            descriptors(&server)
        );
    }
    assert_eq!(names(folder.path()), ["there"]);
    assert_eq!(post(port, "/", "", &form).status, 201);
    assert_eq!(names(folder.path()), ["a", "b", "there"]);
}

#[test]
fn others_are_served_while_a_large_file_comes() {
    let folder = scratch();
    let (_server, port) = serve(folder.path(), &["--upload"]);
    let content = pattern(40 << 20);
    let mut client = stream_to(("127.0.0.1", port));
    let head = format!(
        "PUT /large HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n",
        content.len()
    );
    client.write_all(head.as_bytes()).unwrap();
    let (most, last) = content.split_at(content.len() - 10);
    client.write_all(most).unwrap();
    // Nobody sees it before it is whole.
    assert_eq!(asked(port, "GET /large", "").status, 404);
    assert_eq!(
        asked(port, "PUT /small", "Content-Length: 0\r\n").status,
        201
    );
    // What follows is a request again, once the disk has the file.
    let next = b"GET /small HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    client.write_all(&[last, next].concat()).unwrap();
    client.set_read_timeout(Some(LONG)).unwrap();
    let answers = String::from_utf8(read_end(&mut client)).unwrap();
    assert!(answers.starts_with("HTTP/1.1 201 "), "{answers}");
    assert!(
        answers.contains("\r\n\r\n201 Created\nHTTP/1.1 200 "),
        "{answers}"
    );
    assert!(fs::read(folder.path().join("large")).unwrap() == content);
}

/// A server of a file system of its own, made by mount(8) with these words and filled by `script`: what is in it is
/// seen through the server alone.
fn on_own_disk(folder: &Path, words: &str, script: &str) -> Option<Running> {
    peer("unshare")?;
    if !nix::unistd::geteuid().is_root() {
        assert!(env::var_os("CI").is_none(), "a disk of its own takes root");
        return None;
    }
    let path = folder.display();
    let script = format!(
        r#"exec unshare -m sh -c 'mount {words} sockkit {path} && cd {path} && {script} && exec "$0" "$@"' "$0" "$@""#
    );
    let flags = ["http", "--port", "0", "--upload", "--overwrite"];
    Some(sockkit(flags).args([folder]).under(&script).start())
}

#[test]
fn a_full_disk_is_said() {
    let folder = scratch();
    let disk = "-t tmpfs -o size=1m";
    let Some(server) = on_own_disk(folder.path(), disk, "echo kept > kept") else {
        return;
    };
    let port = server.port();
    let large = pattern(2 << 20);
    let full = put(port, "/large", "", &large);
    assert_eq!(full.text(), "507 Insufficient Storage: the disk is full\n");
    assert_eq!(put(port, "/kept", "", &large).status, 507);
    let form = form(&[
        ("name=f; filename=a", "x"),
        ("name=f; filename=b", &"y".repeat(2 << 20)),
    ]);
    assert_eq!(post(port, "/", "", &form).status, 507);
    for (path, status) in [("/large", 404), ("/a", 404), ("/b", 404), ("/kept", 200)] {
        let answer = asked(port, &format!("GET {path}"), "");
        assert_eq!(answer.status, status, "{path}");
    }
    assert_eq!(asked(port, "GET /kept", "").text(), "kept\n");
    // What was written for nothing takes no room any more.
    assert_eq!(put(port, "/fits", "", &large[..900 << 10]).status, 201);
    assert_eq!(asked(port, "GET /fits", "").body.len(), 900 << 10);
}

#[test]
fn a_disk_that_takes_nothing_is_said() {
    let folder = scratch();
    let protect = "echo a > a && mount -o remount,ro sockkit .";
    let Some(server) = on_own_disk(folder.path(), "-t tmpfs", protect) else {
        return;
    };
    let port = server.port();
    for path in ["/a", "/b"] {
        let refused = put(port, path, "", b"x");
        assert_eq!(
            refused.text(),
            "403 Forbidden: the disk is read-only\n",
            "{path}"
        );
    }
    assert_eq!(asked(port, "GET /a", "").text(), "a\n");
}

#[test]
fn curl_leaves_files() {
    let Some(curl) = peer("curl") else { return };
    let folder = scratch();
    let source = scratch();
    let content = pattern(3 << 20);
    let file = source.path().join("quote\" and space.bin");
    fs::write(&file, &content).unwrap();
    fs::create_dir(folder.path().join("d")).unwrap();
    let (_server, port) = serve(folder.path(), &["--upload", "--auth", "alice:secret"]);
    let url = format!("http://127.0.0.1:{port}/d/");
    let run = |words: &[&str]| {
        let flags = [
            "-sS",
            "--fail",
            "-u",
            "alice:secret",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
        ];
        program(&curl, flags).args(words).args([&url]).run()
    };
    let path = file.to_str().unwrap();
    let escaped = format!("f=@\"{}\"", path.replace('"', "\\\""));
    assert_eq!(run(&["-F", &escaped]).expect(0).text(), "201");
    assert_eq!(run(&["-F", &escaped]).expect(22).text(), "409");
    let target = format!("{url}chunked");
    let chunked = [
        "-sS",
        "--fail",
        "-u",
        "alice:secret",
        "-H",
        "Transfer-Encoding: chunked",
        "-T",
        path,
        &target,
    ];
    program(&curl, chunked).run().expect(0);
    let put = ["-sS", "--fail", "-u", "alice:secret", "-T", path, &url];
    program(&curl, put).run().expect(22).says("409");
    let without = [
        "-sS",
        "-o",
        "/dev/null",
        "-w",
        "%{http_code}",
        "-T",
        path,
        &target,
    ];
    assert_eq!(program(&curl, without).run().expect(0).text(), "401");
    assert_eq!(
        names(&folder.path().join("d")),
        ["chunked", "quote\" and space.bin"]
    );
    for name in ["chunked", "quote\" and space.bin"] {
        assert!(
            fs::read(folder.path().join("d").join(name)).unwrap() == content,
            "{name}"
        );
    }
}

#[test]
fn python_leaves_files() {
    const SCRIPT: &str = r#"
import http.client, sys
c = http.client.HTTPConnection('127.0.0.1', int(sys.argv[1]), timeout=10)
for name in 'abc':
    c.request('PUT', '/' + name, body=name * 100000)
    r = c.getresponse()
    print(r.status, r.getheader('Location'))
    r.read()
c.request('PUT', '/d', body=iter([b'x' * 70000, b'y']), encode_chunked=True, headers={'Transfer-Encoding': 'chunked'})
r = c.getresponse(); print(r.status, r.read())
c.request('GET', '/d')
r = c.getresponse(); print(r.status, len(r.read()))
"#;
    let folder = scratch();
    let (_server, port) = serve(folder.path(), &["--upload"]);
    let Some(client) = python(SCRIPT, &[&port.to_string()]) else {
        return;
    };
    let said = client.run().expect(0).text();
    assert_eq!(
        said,
        "201 /a\n201 /b\n201 /c\n201 b'201 Created\\n'\n200 70001\n"
    );
}
