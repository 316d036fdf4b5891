//! `http`: which file a path stands for, what every answer has, who is let in, and which host has which folder.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;

use nix::sys::signal::Signal;

use crate::kit::{Running, Start, peer, program, read_end, scratch, sockkit, stream_to};

/// An answer, read to the connection's end.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("no head: {}", bytes.escape_ascii()));
        let head = String::from_utf8(bytes[..end + 2].to_vec()).unwrap();
        Self {
            status: head[9..12].parse().unwrap(),
            head,
            body: bytes[end + 4..].to_vec(),
        }
    }

    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        let found = fields.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
    }

    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// What comes back for `bytes` until the server closes.
pub(super) fn said(port: u16, bytes: impl AsRef<[u8]>) -> Answer {
    let mut client = stream_to(("127.0.0.1", port));
    client.write_all(bytes.as_ref()).unwrap();
    Answer::of(&read_end(&mut client))
}

/// The answer to a request without a body, with these field lines.
pub(super) fn asked(port: u16, line: &str, fields: &str) -> Answer {
    said(
        port,
        format!("{line} HTTP/1.1\r\nHost: h\r\n{fields}Connection: close\r\n\r\n"),
    )
}

fn get(port: u16, path: &str) -> Answer {
    asked(port, &format!("GET {path}"), "")
}

pub(super) fn serve(folder: &Path, words: &[&str]) -> (Running, u16) {
    let server = served(folder, words).start();
    let port = server.port();
    (server, port)
}

fn served(folder: &Path, words: &[&str]) -> Start {
    sockkit(["http", "--port", "0"])
        .args([folder])
        .args(words)
        .env("SOCKKIT_AUTH", "")
}

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, content) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

/// Each path with its status, and its content or its location.
fn expect(port: u16, cases: &[(&str, u16, &str)]) {
    for (path, status, what) in cases {
        let answer = get(port, path);
        assert_eq!(answer.status, *status, "{path}: {}", answer.head);
        match answer.field("location") {
            Some(location) => assert_eq!(location, *what, "{path}"),
            None => assert_eq!(answer.text(), *what, "{path}"),
        }
    }
}

const MISSING: &str = "404 Not Found\n";

#[test]
fn a_folder_has_the_index_that_was_asked_for() {
    let folder = scratch();
    write(
        folder.path(),
        &[
            ("a/default.htm", "default"),
            ("a/home.html", "home"),
            ("b/default.htm", "default"),
            ("c/index.html", "index"),
            ("d/home.html/x", "a folder is no page"),
        ],
    );
    let words = ["--index", "home.html,start", "--index", "default.htm"];
    let (_server, port) = serve(folder.path(), &words);
    expect(port, &[("/a/", 200, "home"), ("/b/", 200, "default")]);
    assert_ne!(get(port, "/c/").text(), "index");
    assert_ne!(get(port, "/d/").status, 500);
}

#[test]
fn hidden_names_are_served_only_when_asked_for() {
    let folder = scratch();
    write(folder.path(), &[(".a", "hidden"), (".b/c", "hidden")]);
    let (_server, port) = serve(folder.path(), &[]);
    expect(port, &[("/.a", 404, MISSING), ("/.b/c", 404, MISSING)]);
    let (_server, port) = serve(folder.path(), &["--hidden"]);
    expect(port, &[("/.a", 200, "hidden"), ("/.b/c", 200, "hidden")]);
    expect(port, &[("/../x", 400, "400 Bad Request\n")]);
}

#[test]
fn links_lead_outside_only_when_asked_for() {
    let outside = scratch();
    let root = outside.path().join("root");
    write(
        outside.path(),
        &[("secret", "s"), ("other/x", "x"), ("root/in", "in")],
    );
    symlink("../secret", root.join("out")).unwrap();
    symlink(outside.path().join("other"), root.join("far")).unwrap();
    symlink("in", root.join("near")).unwrap();
    let (_server, port) = serve(&root, &[]);
    for path in ["/out", "/far/x", "/far", "/far/none"] {
        expect(port, &[(path, 404, MISSING)]);
    }
    expect(port, &[("/near", 200, "in")]);
    let (_server, port) = serve(&root, &["--follow-links"]);
    expect(
        port,
        &[
            ("/out", 200, "s"),
            ("/far/x", 200, "x"),
            ("/near", 200, "in"),
        ],
    );
    expect(
        port,
        &[
            ("/..", 400, "400 Bad Request\n"),
            ("/..%2fsecret", 404, MISSING),
        ],
    );
}

#[test]
fn an_application_of_one_page_has_it_everywhere() {
    let folder = scratch();
    write(
        folder.path(),
        &[("index.html", "app"), ("a.js", "script"), ("d/x", "x")],
    );
    let (_server, port) = serve(folder.path(), &["--spa"]);
    expect(
        port,
        &[
            ("/", 200, "app"),
            ("/users/7", 200, "app"),
            ("/users/7?x=1", 200, "app"),
            ("/a.js", 200, "script"),
            ("/missing.js", 404, MISSING),
            ("/.git/config", 404, MISSING),
            ("/..", 400, "400 Bad Request\n"),
        ],
    );
    let page = asked(port, "GET /users/john.doe", "Accept: text/html, */*\r\n");
    assert_eq!((page.status, page.text()), (200, "app"));
    for (path, vary) in [("/john.doe", Some("Accept")), ("/a.js", None)] {
        assert_eq!(get(port, path).field("vary"), vary, "{path}");
    }
    assert_eq!(asked(port, "HEAD /users", "").status, 200);
    let known = format!("If-None-Match: {}\r\n", page.field("etag").unwrap());
    assert_eq!(asked(port, "GET /users", &known).status, 304);
    // It is looked for in the root, wherever the program was started, and not kept for names that come later.
    assert_eq!(get(port, "/later").text(), "app");
    assert_eq!(get(port, "/later").text(), "app");
    write(folder.path(), &[("later", "now")]);
    expect(port, &[("/later", 200, "now")]);
    let (_server, port) = serve(folder.path(), &["--spa=d/x"]);
    expect(port, &[("/none", 200, "x")]);
}

#[test]
fn a_page_has_one_name() {
    let folder = scratch();
    write(
        folder.path(),
        &[
            ("index.html", "index"),
            ("a.html", "a"),
            ("both", "both"),
            ("both.html", "page"),
            ("dir/index.html", "dir"),
            ("dir.html", "page of dir"),
            ("%2f.html", "percent"),
        ],
    );
    let (_server, port) = serve(folder.path(), &["--clean-urls"]);
    for _ in 0..3 {
        expect(
            port,
            &[
                ("/a", 200, "a"),
                ("/a.html", 302, "/a"),
                ("/a.html?x=1&y", 302, "/a?x=1&y"),
                ("//a.html", 302, "/a"),
                ("/both", 200, "both"),
                ("/both.html", 200, "page"),
                ("/index.html", 302, "/"),
                ("/", 200, "index"),
                ("/dir", 200, "page of dir"),
                ("/dir.html", 302, "/dir"),
                ("/dir/", 200, "dir"),
                ("/dir/index.html", 302, "/dir/"),
                ("/a/", 404, MISSING),
                ("/none", 404, MISSING),
                ("/none.html", 404, MISSING),
                ("/%252f.html", 302, "/%252f"),
            ],
        );
    }
    // What lies there now counts, whatever was answered before.
    write(folder.path(), &[("a", "new")]);
    expect(port, &[("/a", 200, "new"), ("/a.html", 200, "a")]);
}

#[test]
fn what_is_missing_has_a_page() {
    let folder = scratch();
    write(folder.path(), &[("err/none.html", "sorry"), ("d/x", "")]);
    let words = ["--404", "err/none.html"];
    let (_server, port) = serve(folder.path(), &words);
    for path in ["/none", "/d/none", "/.git/config", "/d/x/y"] {
        let answer = get(port, path);
        assert_eq!((answer.status, answer.text()), (404, "sorry"), "{path}");
        assert_eq!(
            answer.field("content-type"),
            Some("text/html; charset=utf-8")
        );
        for absent in ["etag", "last-modified", "accept-ranges"] {
            assert_eq!(answer.field(absent), None, "{absent}");
        }
    }
    assert_eq!(asked(port, "GET /none", "Range: bytes=0-1\r\n").status, 404);
    assert_eq!(asked(port, "GET /none", "If-None-Match: *\r\n").status, 404);
    assert_eq!(asked(port, "HEAD /none", "").body, b"");
    expect(
        port,
        &[("/err/none.html", 200, "sorry"), ("/none/", 404, "sorry")],
    );
    assert!(
        get(port, "/d/").text().contains("<!"),
        "a folder has its list"
    );
    fs::remove_file(folder.path().join("err/none.html")).unwrap();
    expect(port, &[("/none", 404, MISSING)]);
}

#[test]
fn one_file_is_served_alone() {
    let folder = scratch();
    write(folder.path(), &[("a b.txt", "one"), ("other", "two")]);
    symlink("a b.txt", folder.path().join("link")).unwrap();
    let file = folder.path().join("a b.txt");
    let link = folder.path().join("link");
    let (_server, port) = serve(&file, &[]);
    expect(
        port,
        &[
            ("/", 200, "one"),
            ("/a%20b.txt", 200, "one"),
            ("/other", 404, MISSING),
            ("/link", 404, MISSING),
            ("/a%20b.txt/", 404, MISSING),
        ],
    );
    assert_eq!(
        get(port, "/").field("content-type"),
        Some("text/plain; charset=utf-8")
    );
    let server = sockkit(["http", "--port", "0", "--single"])
        .args([&link])
        .start();
    let port = server.port();
    expect(
        port,
        &[
            ("/link", 200, "one"),
            ("/", 200, "one"),
            ("/a%20b.txt", 404, MISSING),
        ],
    );
}

#[test]
fn each_host_has_its_folder_and_no_other() {
    let outside = scratch();
    let root = outside.path().join("root");
    write(
        outside.path(),
        &[
            ("index.html", "secret"),
            ("root/index.html", "secret"),
            ("root/.git/index.html", "secret"),
            ("root/a.example/index.html", "a"),
            ("root/a.example/d/x", ""),
            ("root/b.example/index.html", "b"),
            ("root/B.example/index.html", "secret"),
            ("root/[::1]/index.html", "six"),
        ],
    );
    symlink("../b.example/index.html", root.join("a.example/link")).unwrap();
    let (_server, port) = serve(&root, &["--vhost"]);
    let from = |host: &str, path: &str| {
        said(
            port,
            format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
        )
    };
    for (host, content) in [
        ("a.example", "a"),
        ("A.EXAMPLE:8082", "a"),
        ("a.example.", "a"),
        ("b.example", "b"),
        ("B.example", "b"),
        ("[::1]:80", "six"),
    ] {
        // The first one is not remembered for the second.
        for _ in 0..3 {
            let answer = from(host, "/");
            assert_eq!((answer.status, answer.text()), (200, content), "{host}");
        }
    }
    for host in [
        "",
        ".",
        "..",
        "...",
        "..:80",
        ".git",
        "%2e%2e",
        "none.example",
        "a.example%2f..",
        "../root",
        "/",
    ] {
        let answer = from(host, "/");
        // 400 for what is no host by its form, 404 for one that has no folder.
        assert!(
            matches!(answer.status, 400 | 404),
            "{host}: {}",
            answer.head
        );
        assert!(!answer.text().contains("secret"), "{host}");
    }
    assert_eq!(from("a.example", "/d").field("location"), Some("/d/"));
    assert_eq!(from("a.example", "/link").status, 404);
    assert_eq!(from("a.example", "/b.example/").status, 404);
    // The target's host counts where it has one, RFC 9112, section 3.2.2.
    assert_eq!(from("a.example", "http://b.example/").text(), "b");
    assert_eq!(said(port, "GET / HTTP/1.0\r\n\r\n").status, 404);
    fs::remove_dir_all(root.join("a.example")).unwrap();
    assert_eq!(from("a.example", "/").status, 404);
    write(&root, &[("a.example/index.html", "again")]);
    assert_eq!(from("a.example", "/").text(), "again");
}

#[test]
fn fields_are_on_every_answer() {
    let folder = scratch();
    write(folder.path(), &[("a", "a"), ("d/x", "")]);
    let words = [
        "--header", "X-A: b c", "--header", "Link:<x>", "--cache", "90s",
    ];
    let (_server, port) = serve(folder.path(), &words);
    for (line, status, kept) in [
        ("GET /a", 200, Some("max-age=90")),
        ("HEAD /a", 200, Some("max-age=90")),
        ("GET /none", 404, None),
        // A browser would keep a redirect that says nothing for ever.
        ("GET /d", 301, Some("no-store")),
        ("DELETE /a", 405, None),
        ("OPTIONS *", 200, None),
        ("GET /..", 400, None),
    ] {
        let answer = asked(port, line, "");
        assert_eq!(answer.status, status, "{line}");
        assert_eq!(answer.field("x-a"), Some("b c"), "{line}");
        assert_eq!(answer.field("link"), Some("<x>"), "{line}");
        let control = answer.field("cache-control");
        assert_eq!(control, kept, "{line}");
    }
    let part = asked(port, "GET /a", "Range: bytes=0-0\r\n");
    assert_eq!(
        (part.status, part.field("cache-control")),
        (206, Some("max-age=90"))
    );
    let (_server, port) = serve(folder.path(), &["--cache", "0"]);
    for path in ["/a", "/d", "/none"] {
        let answer = get(port, path);
        let control = answer.field("cache-control");
        assert_eq!(control, Some("no-store"), "{path}");
    }
    // What is said takes the place of what would have been, and there is one of it.
    let said = ["--header", "cache-control: private", "--cache", "90s"];
    let (_server, port) = serve(folder.path(), &said);
    for path in ["/a", "/d", "/none"] {
        let answer = get(port, path);
        let control = answer.field("cache-control");
        assert_eq!(control, Some("private"), "{path}");
    }
}

#[test]
fn pages_of_other_origins_read_what_they_may() {
    let folder = scratch();
    write(folder.path(), &[("a", "a")]);
    let allowed = |answer: &Answer| {
        let origin = answer.field("access-control-allow-origin");
        origin.unwrap_or_default().to_owned()
    };
    let (_server, port) = serve(folder.path(), &["--cors"]);
    for path in ["/a", "/a", "/a", "/none", "/.."] {
        assert_eq!(allowed(&get(port, path)), "*", "{path}");
    }
    let asks = "Origin: https://x\r\nAccess-Control-Request-Method: GET\r\n\
                Access-Control-Request-Headers: range,x-a\r\n";
    let preflight = asked(port, "OPTIONS /a", asks);
    assert_eq!((preflight.status, preflight.body.len()), (204, 0));
    assert_eq!(allowed(&preflight), "*");
    for (name, value) in [
        ("vary", "Origin"),
        ("access-control-allow-methods", "GET, HEAD, OPTIONS"),
        ("access-control-allow-headers", "range,x-a"),
        ("access-control-max-age", "600"),
    ] {
        assert_eq!(preflight.field(name), Some(value), "{}", preflight.head);
    }
    assert_eq!(preflight.field("content-length"), None);

    let words = ["--cors=https://a.example,https://b.example:8443"];
    let (_server, port) = serve(folder.path(), &words);
    for (origin, expected) in [
        ("https://a.example", "https://a.example"),
        ("https://b.example:8443", "https://b.example:8443"),
        ("https://b.example", ""),
        ("https://a.example.evil", ""),
        ("null", ""),
    ] {
        // Neither is remembered for the other.
        for _ in 0..3 {
            let answer = asked(port, "GET /a", &format!("Origin: {origin}\r\n"));
            assert_eq!((answer.status, allowed(&answer).as_str()), (200, expected));
            assert_eq!(answer.field("vary"), Some("Origin"), "{origin}");
            assert_eq!(get(port, "/a").field("access-control-allow-origin"), None);
        }
    }
    assert_eq!(get(port, "/a").field("vary"), Some("Origin"));

    let (_server, port) = serve(folder.path(), &[]);
    assert_eq!(asked(port, "OPTIONS /a", asks).status, 200);
    assert_eq!(allowed(&asked(port, "GET /a", asks)), "");
}

/// `alice:secret`, `bob:wrong` and so on, as they are sent.
const ALICE: &str = "Authorization: Basic YWxpY2U6c2VjcmV0\r\n";
const WRONG: &str = "Authorization: Basic YWxpY2U6d3Jvbmc=\r\n";
const CAROL: &str = "Authorization: Basic Y2Fyb2w6c2VjcmV0\r\n";
/// `htpasswd -nbBC 4 carol secret`
const BCRYPT: &str = "carol:$2y$04$oFEqgSFnmQMWnW45C9FZje8d5nZrQTsFhQl3OE4EVrJTW6jsiMtoO";

fn is_let_in(port: u16, fields: &str) -> bool {
    let answer = asked(port, "GET /a", fields);
    if answer.status == 200 {
        return true;
    }
    assert_eq!(answer.status, 401, "{}", answer.head);
    let challenge = answer.field("www-authenticate");
    assert_eq!(
        challenge,
        Some("Basic realm=\"sockkit\", charset=\"UTF-8\"")
    );
    assert!(!answer.text().contains("content"));
    false
}

#[test]
fn only_those_with_a_password_are_let_in() {
    let folder = scratch();
    write(folder.path(), &[("a", "content"), ("d/x", "")]);
    let (_server, port) = serve(folder.path(), &["--auth", "alice:secret", "--cors"]);
    assert!(is_let_in(port, ALICE));
    // Nothing of that is remembered for others.
    for fields in [
        "",
        WRONG,
        CAROL,
        "Authorization: Bearer x\r\n",
        "Authorization: Basic\r\n",
    ] {
        assert!(!is_let_in(port, fields), "{fields}");
    }
    assert_eq!(
        asked(port, "GET /a", &format!("{ALICE}{WRONG}")).status,
        400
    );
    for line in [
        "GET /none",
        "GET /d",
        "GET /..",
        "DELETE /a",
        "OPTIONS *",
        "HEAD /a",
        "PUT /x",
    ] {
        assert_eq!(asked(port, line, "").status, 401, "{line}");
    }
    // A body is not heard, and nothing behind it is a request.
    let smuggled = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 40\r\n\r\nGET /a HTTP/1.1\r\nHost: h\r\n\r\n";
    let answer = said(port, smuggled);
    assert_eq!(
        (answer.status, answer.field("connection")),
        (401, Some("close"))
    );
    assert_eq!(answer.text(), "401 Unauthorized\n");
    // Browsers ask without a password whether they may ask with one.
    let asks = "Origin: https://x\r\nAccess-Control-Request-Method: GET\r\n";
    assert_eq!(asked(port, "OPTIONS /a", asks).status, 204);
}

#[test]
fn a_hash_is_checked_while_others_are_served() {
    let folder = scratch();
    write(
        folder.path(),
        &[
            ("a", "content"),
            (".users", &format!("# us\nalice:secret\n\n{BCRYPT}\n")),
        ],
    );
    let file = format!("@{}", folder.path().join(".users").display());
    let (_server, port) = serve(folder.path(), &["--auth", &file]);
    for (fields, right) in [
        (CAROL, true),
        (ALICE, true),
        (WRONG, false),
        ("", false),
        (CAROL, true),
    ] {
        assert_eq!(is_let_in(port, fields), right, "{fields}");
    }
    // Pipelined ones wait for their turn, and are answered in order.
    let get =
        |fields: &str, last: &str| format!("GET /a HTTP/1.1\r\nHost: h\r\n{fields}{last}\r\n");
    let mallory = "Authorization: Basic bWFsbG9yeTpzZWNyZXQ=\r\n";
    let requests = [
        get(mallory, ""),
        get(CAROL, ""),
        get(WRONG, "Connection: close\r\n"),
    ];
    let mut client = stream_to(("127.0.0.1", port));
    client.write_all(requests.concat().as_bytes()).unwrap();
    let answers = String::from_utf8(read_end(&mut client)).unwrap();
    let order: Vec<&str> = answers
        .matches("HTTP/1.1 401")
        .chain(answers.matches("HTTP/1.1 200"))
        .collect();
    assert_eq!(order.len(), 3, "{answers}");
    let good = answers.find("HTTP/1.1 200").unwrap();
    let bad: Vec<usize> = answers
        .match_indices("HTTP/1.1 401")
        .map(|(at, _)| at)
        .collect();
    assert!(bad[0] < good && good < bad[1], "{answers}");
    // Many at once with as many passwords: none is forgotten.
    let clients: Vec<_> = (0..40)
        .map(|number| {
            let mut client = stream_to(("127.0.0.1", port));
            let fields = format!(
                "Authorization: Basic {}\r\n",
                ["bTpx", "bTpy", "bTp6", "bTpp"][number % 4]
            );
            client
                .write_all(get(&fields, "Connection: close\r\n").as_bytes())
                .unwrap();
            client
        })
        .collect();
    for mut client in clients {
        assert_eq!(Answer::of(&read_end(&mut client)).status, 401);
    }
}

#[test]
fn a_file_of_users_is_read_again() {
    let (folder, keys) = (scratch(), scratch());
    write(folder.path(), &[("a", "content")]);
    write(keys.path(), &[("users", "alice:secret\n")]);
    let file = keys.path().join("users");
    let word = format!("@{}", file.display());
    let (server, port) = serve(folder.path(), &["--auth", &word]);
    assert!(is_let_in(port, ALICE) && !is_let_in(port, CAROL));
    // Another file of that name, as an editor leaves it, and another kind of password.
    write(keys.path(), &[("next", BCRYPT)]);
    fs::rename(keys.path().join("next"), &file).unwrap();
    server.signal(Signal::SIGHUP);
    server.stderr_until(|line| line.ends_with("the file of --auth was read again: 1 user"));
    assert!(!is_let_in(port, ALICE) && is_let_in(port, CAROL));
    for content in ["nobody", ""] {
        fs::write(&file, content).unwrap();
        server.signal(Signal::SIGHUP);
        let said = server.stderr_until(|line| line.ends_with(": the users stay the old ones"));
        assert!(!said.contains("nobody"), "{said}");
        assert!(!is_let_in(port, ALICE) && is_let_in(port, CAROL));
    }
}

/// Whoever guesses from one address has others wait for one guess, and not for all of them.
#[test]
fn guessing_is_in_nobodys_way() {
    let folder = scratch();
    write(folder.path(), &[("a", "content")]);
    let slow =
        "dave:$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    let (_server, port) = serve(folder.path(), &["--auth", slow]);
    let guesses: Vec<_> = (0..200)
        .map(|number| {
            let mut client = stream_to(("127.0.0.1", port));
            // dave:1000 and so on.
            let token = ["ZGF2ZToxMDAw", "ZGF2ZToxMDAx", "ZGF2ZToxMDAy"][number % 3];
            let guess = format!(
                "GET /a HTTP/1.1\r\nHost: h\r\nAuthorization: Basic {token}{}\r\n",
                number
            );
            client.write_all(guess.as_bytes()).unwrap();
            client.write_all(b"Connection: close\r\n\r\n").unwrap();
            client
        })
        .collect();
    assert!(is_let_in(
        port,
        "Authorization: Basic ZGF2ZTpwYXNzd29yZA==\r\n"
    ));
    for mut guess in guesses {
        let status = Answer::of(&read_end(&mut guess)).status;
        assert!([401, 503].contains(&status), "{status}");
    }
}

#[test]
fn a_password_may_stand_in_the_environment() {
    let folder = scratch();
    write(folder.path(), &[("a", "content")]);
    let server = served(folder.path(), &[])
        .env("SOCKKIT_AUTH", "alice:secret")
        .start();
    let port = server.port();
    assert!(is_let_in(port, ALICE) && !is_let_in(port, ""));
    let Some(curl) = peer("curl") else { return };
    let url = format!("http://127.0.0.1:{port}/a");
    let finished = program(&curl, ["-sS", "--fail", "-u", "alice:secret", &url]).run();
    assert_eq!(finished.expect(0).text(), "content");
    program(&curl, ["-sS", "--fail", "-u", "alice:no", &url])
        .run()
        .expect(22);
}

#[test]
fn an_open_password_is_warned_of() {
    let folder = scratch();
    let words = ["--auth", "a:b", "--host"];
    let open = served(folder.path(), &words).args(["0.0.0.0"]).start();
    open.port();
    assert!(open.stderr_so_far().contains("passwords cross the network"));
    let secret = served(folder.path(), &words)
        .args(["0.0.0.0", "--tls"])
        .start();
    secret.port();
    assert!(!secret.stderr_so_far().contains("passwords"));
    let local = served(folder.path(), &words).args(["127.0.0.1"]).start();
    local.port();
    assert!(!local.stderr_so_far().contains("passwords"));
}

#[test]
fn passwords_are_not_served_themselves() {
    let folder = scratch();
    let root = folder.path().join("root");
    let login = [
        ("users", "alice:secret\n"),
        ("root/sub/users", "alice:secret\n"),
        ("root/.users", "alice:secret\n"),
        ("root/a", "content"),
    ];
    write(folder.path(), &login);
    symlink("root/sub/users", folder.path().join("linked")).unwrap();
    let at = |name: &str| format!("@{}", folder.path().join(name).display());
    for name in ["users", "root/.users"] {
        let (_server, port) = serve(&root, &["--auth", &at(name)]);
        assert!(is_let_in(port, ALICE), "{name}");
    }
    for (name, hidden) in [
        ("root/sub/users", false),
        ("linked", false),
        ("root/.users", true),
    ] {
        let words = ["http", root.to_str().unwrap(), "--port=0", "--auth"];
        let server = sockkit(words).args([at(name)]);
        let server = server.args(hidden.then_some("--hidden"));
        let finished = server.run().expect(2);
        let why = " lies in DIR, and would be served like any other file\n";
        assert!(finished.stderr.contains(why), "{}", finished.stderr);
    }
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_opened() {
    let folder = scratch();
    write(
        folder.path(),
        &[
            ("f", "f"),
            ("sub/x", ""),
            ("empty", "# nobody\n"),
            ("bad", "a:b\nc\n"),
        ],
    );
    let directory = folder.path().to_str().unwrap();
    let file = folder.path().join("f");
    let bad = format!("@{}", folder.path().join("bad").display());
    let empty = format!("@{}", folder.path().join("empty").display());
    for (words, why) in [
        (vec!["--header", "X"], "Name: value"),
        (vec!["--header", "X A: b"], "letters, digits and hyphens"),
        (vec!["--header", "X: a\r\nY: b"], "control characters"),
        (vec!["--header", "Content-Length: 5"], "server's own"),
        (
            vec!["--header", "transfer-encoding: chunked"],
            "server's own",
        ),
        (vec!["--cors=example.com"], "no origin"),
        (vec!["--cors=https://a/"], "no origin"),
        (vec!["--404", "../x"], "beneath DIR"),
        (vec!["--404", "/etc/passwd"], "beneath DIR"),
        (vec!["--spa=../x"], "beneath DIR"),
        (vec!["--index", "a/../../b"], "beneath DIR"),
        (vec!["--upload=../x"], "beneath DIR"),
        (vec!["--cache=-1"], "not negative"),
        (vec!["--auth", "nobody"], "USER:PASS"),
        (vec!["--auth", "a:{SHA}x"], "bcrypt or argon2"),
        (vec!["--auth", "a:b", "--auth", "a:c"], "twice"),
        (vec!["--auth", "@/none"], "no such file"),
        (vec!["--auth", &bad], "line 2"),
        (vec!["--auth", &empty], "no user"),
        (vec!["--overwrite"], "--upload"),
        (vec!["--upload", "--upload-limit", "x"], "64k"),
        (vec!["--single", "f"], "nothing to do with a directory"),
        (
            vec!["--404", "none.html"],
            "--404 none.html: there is no such file",
        ),
        (vec!["--404", "sub"], "no such file"),
        (vec!["--spa"], "--spa index.html: there is no such file"),
        (
            vec!["--upload=none"],
            "--upload none: there is no such folder",
        ),
        (vec!["--upload=f"], "no such folder"),
    ] {
        let finished = sockkit(["http", directory, "--port", "0"])
            .args(&words)
            .run();
        finished.expect(2).says(why);
    }
    let file = file.to_str().unwrap();
    for words in [
        vec![file, "--upload"],
        vec![file, "--spa"],
        vec!["--single", directory],
        vec!["--single", "/none"],
    ] {
        sockkit(["http", "--port", "0"])
            .args(&words)
            .run()
            .expect(2);
    }
    // To programs it is said as everything else is.
    let finished = sockkit(["http", directory, "--404", "none.html", "--json"]).run();
    let event = &finished.expect(2).events()[0];
    assert_eq!(
        (&event["event"], &event["status"]),
        (&"error".into(), &2.into())
    );
    assert!(event["hint"].as_str().unwrap().contains("DIR"), "{event}");
    // What was typed may be a password, and is not said again.
    let finished = sockkit(["http", directory, "--auth", "geheim"])
        .run()
        .expect(2);
    assert!(!finished.stderr.contains("geheim"), "{}", finished.stderr);
}
