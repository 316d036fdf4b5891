//! `http DIR`: folders as pages, as JSON and as archives, with names as hostile as a disk takes them.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;

use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use serde_json::Value;
use tar::Archive;

use crate::kit::{DEADLINE, Running, read_end, scratch, sockkit, stream_to};

/// As many archives are packed at once.
const AT_ONCE: usize = 8;
/// More than a pipe and the buffers of a connection hold.
const LARGE: u64 = 200_000_000;

/// What a file may be called.
const NAMES: &[&[u8]] = &[
    b"plain.txt",
    b"\"quoted\" 'twice'",
    b"<script>alert(1)<script>",
    b"\" onmouseover=\"alert(1)",
    b"javascript:alert(1)",
    b"100%",
    b"%2e%2e",
    b"a?b=c#d",
    b"a&b;c",
    b"line\nbreak\r",
    b" space ",
    b"a..b",
    b"-rf",
    b"back\\slash",
    b"\xff\xfe",
    "grüße \u{202e}txt.exe".as_bytes(),
    b"\x1b[31mred\x07",
    b"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn\
      nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn",
];

fn serve(folder: &Path, flags: &[&str]) -> (Running, u16) {
    let server = sockkit(["http", "-q", "--port", "0", "--json"]).args([folder]);
    let server = server.args(flags).start();
    let listening: Value = serde_json::from_str(&server.line()).unwrap();
    let local = listening["local"].as_str().unwrap();
    let port = local.rsplit(':').next().unwrap().parse().unwrap();
    (server, port)
}

/// Head and content of what a request with these fields gets from a connection that ends with it.
fn asked(port: u16, line: &str, fields: &str) -> (String, Vec<u8>) {
    let mut client = stream_to(("127.0.0.1", port));
    let request = format!("{line}\r\nHost: h\r\nConnection: close\r\n{fields}\r\n");
    client.write_all(request.as_bytes()).unwrap();
    let answer = read_end(&mut client);
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let (head, content) = answer.split_at(end.expect("a head") + 4);
    (String::from_utf8(head.to_vec()).unwrap(), content.to_vec())
}

fn get(port: u16, path: &str) -> (String, Vec<u8>) {
    asked(port, &format!("GET {path} HTTP/1.1"), "")
}

fn page(port: u16, path: &str) -> String {
    let (head, content) = get(port, path);
    assert!(head.starts_with("HTTP/1.1 200 "), "{path}: {head}");
    String::from_utf8(content).unwrap()
}

/// All of a folder: an answer in HTTP/1.0 has no chunks.
fn archive(port: u16, path: &str) -> Vec<u8> {
    let (head, content) = asked(port, &format!("GET {path} HTTP/1.0"), "");
    assert!(head.starts_with("HTTP/1.1 200 "), "{path}: {head}");
    content
}

fn json(port: u16, path: &str) -> Value {
    let line = format!("GET {path} HTTP/1.1");
    let (head, content) = asked(port, &line, "Accept: application/json\r\n");
    assert!(
        head.contains("Content-Type: application/json\r\n"),
        "{head}"
    );
    serde_json::from_slice(&content).unwrap()
}

fn names(listing: &Value) -> Vec<&str> {
    let entries = listing["entries"].as_array().unwrap();
    entries
        .iter()
        .map(|entry| entry["name"].as_str().unwrap())
        .collect()
}

/// The links of the table's rows.
fn links(page: &str) -> Vec<String> {
    let (_, rows) = page.split_once("<tbody id=entries>").unwrap();
    let (rows, _) = rows.split_once("</tbody>").unwrap();
    let links = rows.split("<a href=\"").skip(1);
    let links = links.map(|rest| rest.split('"').next().unwrap().to_owned());
    links.collect()
}

fn write_names(folder: &Path) {
    for name in NAMES {
        fs::write(folder.join(OsStr::from_bytes(name)), name).unwrap();
    }
}

#[test]
fn every_name_is_shown_as_text_and_linked_to_its_file() {
    let folder = scratch();
    let sub = folder.path().join("a \"<b>\" folder");
    fs::create_dir(&sub).unwrap();
    write_names(&sub);
    let (_server, port) = serve(folder.path(), &["--archive"]);
    let up = links(&page(port, "/"));
    assert_eq!(up, ["a%20%22%3Cb%3E%22%20folder/"]);
    let path = format!("/{}", up[0]);
    let page = page(port, &path);
    let links = links(&page);
    assert_eq!(links.len(), NAMES.len());
    let mut contents: Vec<Vec<u8>> = links
        .iter()
        .map(|link| get(port, &format!("{path}{link}")).1)
        .collect();
    contents.sort();
    let mut expected: Vec<Vec<u8>> = NAMES.iter().map(|name| name.to_vec()).collect();
    expected.sort();
    assert_eq!(contents, expected);
    let (_, body) = page.split_once("</style>").unwrap();
    let (body, _) = body.split_once("<script>").unwrap();
    assert!(!body.contains("<script>") && !body.contains("\" onmouse"));
    assert!(body.contains("&lt;script&gt;alert(1)&lt;script&gt;"));
}

#[test]
fn json_has_every_kind_and_every_byte() {
    let folder = scratch();
    let outside = folder.path().join("secret");
    let root = folder.path().join("root");
    fs::create_dir_all(root.join("sub")).unwrap();
    fs::write(&outside, "secret").unwrap();
    fs::write(root.join("file 10"), "ten").unwrap();
    fs::write(root.join("file 9"), "nine!").unwrap();
    fs::write(root.join(".hidden"), "").unwrap();
    fs::write(root.join(OsStr::from_bytes(b"\xff")), "").unwrap();
    mkfifo(&root.join("fifo"), Mode::S_IRWXU).unwrap();
    symlink("file 9", root.join("inside")).unwrap();
    symlink("../secret", root.join("outside")).unwrap();
    symlink("nothing", root.join("dangling")).unwrap();
    let modified = std::time::UNIX_EPOCH + std::time::Duration::from_secs(784_111_777);
    let file = File::options().write(true).open(root.join("file 10"));
    file.unwrap().set_modified(modified).unwrap();

    let (_server, port) = serve(&root, &[]);
    let listing = json(port, "/");
    assert_eq!(listing["path"], "/");
    assert_eq!(
        names(&listing),
        [
            "sub", "dangling", "fifo", "file 9", "file 10", "inside", "outside", "\u{fffd}"
        ]
    );
    let entry = |name: &str| {
        let entries = listing["entries"].as_array().unwrap();
        entries.iter().find(|entry| entry["name"] == name).unwrap()
    };
    for (name, kind, size) in [
        ("sub", "directory", Value::Null),
        ("dangling", "broken", Value::Null),
        ("outside", "broken", Value::Null),
        ("fifo", "special", Value::Null),
        ("file 10", "file", 3.into()),
        ("inside", "file", 5.into()),
    ] {
        assert_eq!(entry(name)["kind"], kind, "{name}");
        assert_eq!(entry(name)["size"], size, "{name}");
    }
    assert_eq!(entry("file 10")["modified"], "1994-11-06T08:49:37Z");
    assert_eq!(entry("\u{fffd}")["name_hex"], "ff");
    let largest = json(port, "/?sort=size&order=desc&q=FILE");
    assert_eq!(names(&largest), ["file 9", "file 10"]);
}

#[test]
fn an_index_comes_first_and_nothing_is_shown_where_that_is_not_wanted() {
    let folder = scratch();
    let sub = folder.path().join("sub");
    fs::create_dir(&sub).unwrap();
    fs::write(sub.join("index.html"), "index").unwrap();
    let (_server, port) = serve(folder.path(), &[]);
    assert_eq!(get(port, "/sub/").1, b"index");
    assert!(page(port, "/").contains("href=\"sub/\""));
    // Not offered: a query that means nothing.
    assert_eq!(get(port, "/sub/?archive=tar").1, b"index");
    let (_server, port) = serve(folder.path(), &["--no-listing"]);
    assert!(get(port, "/").0.starts_with("HTTP/1.1 404 "));
    assert_eq!(get(port, "/sub/").1, b"index");
}

#[test]
fn the_flags_of_the_site_hold_for_folders() {
    let folder = scratch();
    let sub = folder.path().join("sub");
    fs::create_dir(&sub).unwrap();
    fs::write(folder.path().join("404.html"), "nothing here").unwrap();
    fs::write(folder.path().join(".hidden"), "").unwrap();
    symlink("/etc", folder.path().join("etc")).unwrap();
    let shown = |flags: &[&str]| {
        let (_server, port) = serve(folder.path(), flags);
        names(&json(port, "/")).join(" ")
    };
    assert_eq!(shown(&[]), "sub 404.html etc");
    assert_eq!(shown(&["--hidden"]), "sub .hidden 404.html etc");
    assert_eq!(shown(&["--follow-links"]), "etc sub 404.html");

    // A folder that is there is shown, and a page for what is missing comes for what is missing.
    let (_server, port) = serve(folder.path(), &["--404", "404.html"]);
    assert!(page(port, "/sub/").contains("This folder is empty."));
    let (head, content) = get(port, "/none/");
    assert!(head.starts_with("HTTP/1.1 404 ") && content == b"nothing here");

    // An application has a page for every path.
    fs::write(sub.join("app.html"), "app").unwrap();
    let (_server, port) = serve(folder.path(), &["--spa=sub/app.html"]);
    let html = "Accept: text/html\r\n";
    assert_eq!(asked(port, "GET /sub/ HTTP/1.1", html).1, b"app");

    let (_server, port) = serve(folder.path(), &["--archive", "--auth", "u:p"]);
    for path in ["/", "/?archive=tar"] {
        let (head, content) = get(port, path);
        assert!(head.starts_with("HTTP/1.1 401 "), "{head}");
        assert!(!content.windows(4).any(|four| four == b"404."));
    }

    let (_server, port) = serve(folder.path(), &["--upload=sub", "--cors"]);
    assert!(!page(port, "/").contains("<form id=upload"));
    assert!(page(port, "/sub/").contains("<form id=upload"));
    assert!(
        get(port, "/")
            .0
            .contains("Access-Control-Allow-Origin: *\r\n")
    );
}

#[test]
fn head_says_what_get_says() {
    let folder = scratch();
    write_names(folder.path());
    let (_server, port) = serve(folder.path(), &["--archive"]);
    let without_date = |head: String| {
        let lines = head.lines().filter(|line| !line.starts_with("Date: "));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    for path in ["/", "/?sort=date&q=a", "/?archive=tar", "/?archive=zip"] {
        let (head, content) = get(port, path);
        let (only_head, nothing) = asked(port, &format!("HEAD {path} HTTP/1.1"), "");
        assert_eq!(without_date(only_head), without_date(head), "{path}");
        assert!(nothing.is_empty() && !content.is_empty());
    }
}

#[test]
fn a_folder_that_holds_a_lot_is_listed_for_everyone_who_asks() {
    let folder = scratch();
    for number in 0..1_500 {
        fs::write(folder.path().join(format!("f{number}")), "").unwrap();
    }
    let (_server, port) = serve(folder.path(), &[]);
    // More than are listed at once, two of them on one connection, and some who do not wait.
    for _ in 0..10 {
        let mut gone = stream_to(("127.0.0.1", port));
        gone.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            .unwrap();
    }
    let clients: Vec<TcpStream> = (0..20)
        .map(|_| {
            let mut client = stream_to(("127.0.0.1", port));
            let asked = "GET / HTTP/1.1\r\nHost: h\r\nAccept: application/json\r\n";
            let twice = format!("{asked}\r\n{asked}Connection: close\r\n\r\n");
            client.write_all(twice.as_bytes()).unwrap();
            client
        })
        .collect();
    // One who has ended his half still listens.
    let mut quiet = stream_to(("127.0.0.1", port));
    quiet
        .write_all(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        .unwrap();
    quiet.shutdown(Shutdown::Write).unwrap();
    assert_eq!(page(port, "/f7"), "");
    let answer = String::from_utf8(read_end(&mut quiet)).unwrap();
    assert!(answer.contains("HTTP/1.1 200 ") && answer.ends_with("</html>\n"));
    for mut client in clients {
        let answers = String::from_utf8(read_end(&mut client)).unwrap();
        let mut bodies = answers.split("\r\n\r\n").skip(1);
        for _ in 0..2 {
            let body = bodies.next().unwrap();
            let body = body.split("HTTP/1.1").next().unwrap();
            let listing: Value = serde_json::from_str(body).unwrap();
            assert_eq!(names(&listing).len(), 1_500);
        }
    }
    let (head, nothing) = asked(port, "HEAD / HTTP/1.1", "");
    assert!(
        head.starts_with("HTTP/1.1 200 ") && nothing.is_empty(),
        "{head}"
    );
}

#[test]
fn a_folder_is_had_whole_as_tar() {
    let folder = scratch();
    let sub = folder.path().join("Füße");
    fs::create_dir_all(sub.join("deep/er")).unwrap();
    write_names(&sub);
    fs::write(sub.join("deep/er/.hidden"), "").unwrap();
    fs::write(sub.join("deep/er/file"), "content").unwrap();
    fs::write(sub.join("index.html"), "index").unwrap();
    let (_server, port) = serve(folder.path(), &["--archive"]);
    let path = "/F%C3%BC%C3%9Fe/?archive=tar";
    let head = asked(port, &format!("HEAD {path} HTTP/1.1"), "").0;
    let said = "attachment; filename=\"F__e.tar\"; filename*=UTF-8''F%C3%BC%C3%9Fe.tar";
    assert!(head.contains(said), "{head}");
    assert!(
        head.contains("Content-Type: application/x-tar\r\n"),
        "{head}"
    );

    let bytes = archive(port, path);
    let mut found = Vec::new();
    for entry in Archive::new(bytes.as_slice()).entries().unwrap() {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        found.push((entry.path_bytes().into_owned(), content));
    }
    let mut expected: Vec<(Vec<u8>, Vec<u8>)> = NAMES
        .iter()
        .map(|name| (name.to_vec(), name.to_vec()))
        .collect();
    for (name, content) in [
        ("deep/", ""),
        ("deep/er/", ""),
        ("deep/er/file", "content"),
        ("index.html", "index"),
    ] {
        expected.push((name.into(), content.into()));
    }
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    let redirect = get(port, "/F%C3%BC%C3%9Fe?archive=tar").0;
    assert!(redirect.contains("Location: /F%C3%BC%C3%9Fe/?archive=tar\r\n"));
    assert!(
        get(port, "/none/?archive=tar")
            .0
            .starts_with("HTTP/1.1 404 ")
    );
}

/// The content of an answer in chunks, to its last one.
fn chunks(client: &mut BufReader<TcpStream>) -> Vec<u8> {
    let mut content = Vec::new();
    loop {
        let mut line = String::new();
        client.read_line(&mut line).unwrap();
        let size = usize::from_str_radix(line.trim_end(), 16).unwrap();
        let mut chunk = vec![0; size + 2];
        client.read_exact(&mut chunk).unwrap();
        if size == 0 {
            return content;
        }
        content.extend_from_slice(&chunk[..size]);
    }
}

/// Ask for the root as tar and read the head.
fn begin(port: u16) -> (BufReader<TcpStream>, String) {
    let mut client = stream_to(("127.0.0.1", port));
    client
        .write_all(b"GET /?archive=tar HTTP/1.1\r\nHost: h\r\n\r\n")
        .unwrap();
    let (mut client, mut head) = (BufReader::new(client), String::new());
    while !head.ends_with("\r\n\r\n") {
        assert!(client.read_line(&mut head).unwrap() > 0, "{head}");
    }
    (client, head)
}

#[test]
fn a_connection_goes_on_behind_an_archive() {
    let folder = scratch();
    fs::write(folder.path().join("file"), "content").unwrap();
    let (_server, port) = serve(folder.path(), &["--archive"]);
    let (mut client, _) = begin(port);
    let bytes = chunks(&mut client);
    assert_eq!(Archive::new(bytes.as_slice()).entries().unwrap().count(), 1);
    let again = b"GET /file HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    client.get_mut().write_all(again).unwrap();
    let answer = String::from_utf8(read_end(client.get_mut())).unwrap();
    assert!(answer.ends_with("\r\n\r\ncontent"), "{answer}");
}

#[test]
fn a_file_that_shrinks_cuts_the_archive() {
    let folder = scratch();
    let file = File::create(folder.path().join("large")).unwrap();
    file.set_len(LARGE).unwrap();
    let (_server, port) = serve(folder.path(), &["--archive"]);
    let (mut client, head) = begin(port);
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    // Nobody reads: most of the file is not packed yet.
    file.set_len(0).unwrap();
    let mut content = Vec::new();
    // A reset is an end as well.
    let _ = client.read_to_end(&mut content);
    assert!(!content.ends_with(b"0\r\n\r\n"));
}

#[test]
fn there_is_a_limit_to_what_is_packed_at_once() {
    let folder = scratch();
    let file = File::create(folder.path().join("large")).unwrap();
    file.set_len(LARGE).unwrap();
    let (server, port) = serve(folder.path(), &["--archive"]);
    let clients: Vec<_> = (0..AT_ONCE).map(|_| begin(port)).collect();
    for (_, head) in &clients {
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    }
    let (head, _) = get(port, "/?archive=zip");
    assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
    assert!(head.contains("Retry-After: "), "{head}");
    // What is listed is not packed.
    assert_eq!(names(&json(port, "/")), ["large"]);
    // Threads that wait for their clients hold up no end.
    server.signal(Signal::SIGINT);
    server.finish().expect(130);
}

#[test]
fn ten_thousand_names() {
    let folder = scratch();
    for number in 0..10_000 {
        File::create(folder.path().join(format!("file {number}"))).unwrap();
    }
    let (_server, port) = serve(folder.path(), &[]);
    let listing = json(port, "/?order=desc");
    let names = names(&listing);
    assert_eq!((names.len(), names[0]), (10_000, "file 9999"));
    assert_eq!(links(&page(port, "/")).len(), 10_000);
}

/// Who comes by a local socket has no address that would tell him from the next one.
#[test]
fn clients_without_an_address_get_their_listings_too() {
    let site = scratch();
    let folder = site.path().join("much");
    fs::create_dir(&folder).unwrap();
    for number in 0..1_500 {
        File::create(folder.join(number.to_string())).unwrap();
    }
    let path = site.path().join("sock");
    let words = ["http", "much", "--listen", "./sock"];
    let server = sockkit(words).directory(site.path()).start();
    server.listening();
    let ask = || {
        for _ in 0..10 {
            let mut client = UnixStream::connect(&path).unwrap();
            client.set_read_timeout(Some(DEADLINE)).unwrap();
            client.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
            let answer = String::from_utf8(read_end(&mut client)).unwrap();
            assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
            assert!(answer.ends_with("</html>\n"), "{answer}");
        }
    };
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(ask);
        }
    });
}
