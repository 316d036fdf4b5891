//! `http`: requests as hostile, slow or many as they come, and the files of a directory and nothing else.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::kit::{
    DEADLINE, Running, Start, Stdin, listener, pattern, read_end, reset, scratch, sockkit,
    stream_to,
};

pub(super) fn http(words: &[&str]) -> Start {
    sockkit(["http", "--port", "0"]).args(words)
}

fn serve(folder: &Path) -> (Running, u16) {
    let server = http(&[]).args([folder]).start();
    let port = server.port();
    (server, port)
}

/// What comes back for `bytes` until the server closes.
pub(super) fn said(port: u16, bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut client = stream_to(("127.0.0.1", port));
    client.write_all(bytes.as_ref()).unwrap();
    read_end(&mut client)
}

pub(super) fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// One response of a connection that goes on: head and body.
pub(super) fn response(client: &mut TcpStream) -> (String, Vec<u8>) {
    let head = head(client);
    let length = field(&head, "content-length").expect("a length");
    let mut body = vec![0; length.parse().unwrap()];
    client.read_exact(&mut body).unwrap();
    (head, body)
}

pub(super) fn head(client: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    text(head)
}

pub(super) fn field(head: &str, name: &str) -> Option<String> {
    let mut fields = head.lines().filter_map(|line| line.split_once(": "));
    let found = fields.find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.to_owned())
}

pub(super) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n")
}

pub(super) fn last(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
}

pub(super) fn status(answer: &[u8]) -> u16 {
    let line = String::from_utf8_lossy(answer.get(..12).unwrap_or(answer)).into_owned();
    let number = line
        .strip_prefix("HTTP/1.1 ")
        .and_then(|text| text.parse().ok());
    number.unwrap_or_else(|| panic!("no status: {}", answer.escape_ascii()))
}

#[test]
fn what_is_no_request_is_refused_and_the_connection_closed() {
    let server = http(&[]).start();
    let port = server.port();
    for (request, refused) in [
        ("\x16\x03\x01\x02\x00\x01\x00", 400),
        ("GET / HTTP/1.1\n\n", 400),
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", 400),
        ("GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\nx",
            400,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n",
            400,
        ),
    ] {
        // Nothing behind a request that is refused is a request.
        let answer = said(port, format!("{request}{}", get("/smuggled")));
        assert_eq!(status(&answer), refused, "{request:?}");
        let answer = text(answer);
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
        assert!(answer.contains("\r\nConnection: close\r\n"), "{answer}");
    }
}

#[test]
fn methods() {
    let server = http(&[]).start();
    let port = server.port();
    for (line, expected) in [
        ("GET /any/path?and=query HTTP/1.1", 200),
        ("GET http://host/absolute HTTP/1.1", 200),
        ("DELETE / HTTP/1.1", 405),
        ("OPTIONS * HTTP/1.1", 200),
        ("BREW / HTTP/1.1", 501),
        ("get / HTTP/1.1", 501),
    ] {
        let answer = said(
            port,
            format!("{line}\r\nHost: h\r\nConnection: close\r\n\r\n"),
        );
        assert_eq!(status(&answer), expected, "{line}");
        let allow = field(&text(answer), "allow");
        let is_told = expected == 405 || line.starts_with("OPTIONS");
        assert_eq!(allow.is_some(), is_told, "{line}");
    }
}

#[test]
fn heads_that_are_too_long_are_refused_and_the_client_hears_it() {
    let server = http(&[]).start();
    let port = server.port();
    let field = format!(
        "GET / HTTP/1.1\r\nHost: h\r\nA: {}\r\n\r\n",
        "x".repeat(1 << 20)
    );
    assert_eq!(status(&said(port, field)), 431);
    let fields = "A: b\r\n".repeat(1000);
    let fields = format!("GET / HTTP/1.1\r\nHost: h\r\n{fields}\r\n");
    assert_eq!(status(&said(port, fields)), 431);
    let line = format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", "x".repeat(1 << 20));
    assert_eq!(status(&said(port, line)), 414);
    assert_eq!(status(&said(port, last("/"))), 200);
}

#[test]
fn a_request_may_come_byte_by_byte() {
    let server = http(&["--text", "whole"]).start();
    let mut client = stream_to(("127.0.0.1", server.port()));
    client.set_nodelay(true).unwrap();
    for byte in last("/").bytes() {
        client.write_all(&[byte]).unwrap();
    }
    assert!(text(read_end(&mut client)).ends_with("\r\n\r\nwhole"));
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let folder = scratch();
    fs::write(folder.path().join("small"), "small").unwrap();
    fs::write(folder.path().join("large"), pattern(300_000)).unwrap();
    let (_server, port) = serve(folder.path());
    let requests = [
        get("/small"),
        get("/large"),
        get("/small").replace("GET", "HEAD"),
        get("/missing"),
        get("/large"),
        last("/small"),
        get("/never"),
    ];
    let mut client = stream_to(("127.0.0.1", port));
    client.write_all(requests.concat().as_bytes()).unwrap();
    assert_eq!(response(&mut client).1, b"small");
    assert!(response(&mut client).1 == pattern(300_000));
    let only_head = head(&mut client);
    assert_eq!(field(&only_head, "content-length").as_deref(), Some("5"));
    assert!(response(&mut client).0.starts_with("HTTP/1.1 404 "));
    assert!(response(&mut client).1 == pattern(300_000));
    assert_eq!(response(&mut client).1, b"small");
    assert_eq!(read_end(&mut client), b"", "nothing after close");
}

#[test]
fn a_thousand_pipelined_requests() {
    let server = http(&["--text", "x"]).start();
    let mut client = stream_to(("127.0.0.1", server.port()));
    let mut writer = client.try_clone().unwrap();
    let sender = std::thread::spawn(move || {
        writer.write_all(get("/").repeat(5000).as_bytes()).unwrap();
        writer.shutdown(Shutdown::Write).unwrap();
    });
    let answers = text(read_end(&mut client));
    sender.join().unwrap();
    assert_eq!(answers.matches("HTTP/1.1 200 OK\r\n").count(), 5000);
}

#[test]
fn connections_go_on_as_the_version_says() {
    let server = http(&[]).start();
    let port = server.port();
    let old = text(said(port, "GET / HTTP/1.0\r\n\r\n"));
    assert!(old.contains("\r\nConnection: close\r\n"), "{old}");

    let mut client = stream_to(("127.0.0.1", port));
    for _ in 0..3 {
        let request = b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
        client.write_all(request).unwrap();
        let (head, _) = response(&mut client);
        assert_eq!(field(&head, "connection").as_deref(), Some("keep-alive"));
    }
    for _ in 0..3 {
        client.write_all(get("/").as_bytes()).unwrap();
        let (head, body) = response(&mut client);
        assert_eq!(field(&head, "connection"), None);
        assert_eq!(body, b"Hello world!");
    }
}

#[test]
fn bodies_are_heard_and_dropped() {
    let server = http(&[]).start();
    let port = server.port();
    let length = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\n";
    let chunked = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut client = stream_to(("127.0.0.1", port));
    for (head, body) in [
        (length, "GET / "),
        (chunked, "6;x=y\r\nGET / \r\n0\r\nTrailer: z\r\n\r\n"),
    ] {
        client.write_all(head.as_bytes()).unwrap();
        for byte in body.bytes() {
            client.write_all(&[byte]).unwrap();
        }
        assert_eq!(status(response(&mut client).0.as_bytes()), 405);
    }
    client.write_all(get("/").as_bytes()).unwrap();
    assert_eq!(status(response(&mut client).0.as_bytes()), 200);

    let long = format!(
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n",
        4 << 20
    );
    let answer = said(port, [long.as_bytes(), &pattern(4 << 20)].concat());
    assert_eq!(status(&answer), 405, "and closed");
    let endless = [
        chunked.as_bytes(),
        b"fffff\r\n",
        &pattern(0xfffff),
        b"\r\nfffff\r\n",
    ]
    .concat();
    assert_eq!(status(&said(port, endless)), 413);
    let held_back = length.replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(status(&said(port, held_back)), 405, "at once, and closed");
}

#[test]
fn a_half_closed_client_is_answered() {
    let folder = scratch();
    fs::write(folder.path().join("large"), pattern(5_000_000)).unwrap();
    let (_server, port) = serve(folder.path());
    let mut client = stream_to(("127.0.0.1", port));
    client.write_all(get("/large").as_bytes()).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    assert!(response(&mut client).1 == pattern(5_000_000));
    assert_eq!(read_end(&mut client), b"");

    let mut client = stream_to(("127.0.0.1", port));
    client.write_all(b"GET / HT").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(status(&read_end(&mut client)), 400);
}

#[test]
fn a_slow_client_harms_no_one() {
    let folder = scratch();
    fs::write(folder.path().join("large"), pattern(30_000_000)).unwrap();
    fs::write(folder.path().join("small"), "small").unwrap();
    let (server, port) = serve(folder.path());
    let mut slow = stream_to(("127.0.0.1", port));
    slow.write_all(get("/large").as_bytes()).unwrap();
    let mut silent = stream_to(("127.0.0.1", port));
    silent.write_all(b"GET /sm").unwrap();
    for _ in 0..20 {
        assert!(text(said(port, last("/small"))).ends_with("\r\n\r\nsmall"));
    }
    let before = server.ticks();
    silent
        .write_all(b"all HTTP/1.1\r\nHost: h\r\n\r\n")
        .unwrap();
    assert_eq!(response(&mut silent).1, b"small");
    assert!(server.ticks() - before < 20, "it spins while one is slow");
    assert!(response(&mut slow).1 == pattern(30_000_000));
}

#[test]
fn many_connections_at_once() {
    let server = http(&[]).start();
    let port = server.port();
    let mut clients: Vec<_> = (0..400).map(|_| stream_to(("127.0.0.1", port))).collect();
    for client in &mut clients {
        client.write_all(&get("/").as_bytes()[..9]).unwrap();
    }
    for client in clients.iter_mut().rev() {
        client.write_all(&get("/").as_bytes()[9..]).unwrap();
    }
    for client in &mut clients {
        assert_eq!(response(client).1, b"Hello world!");
    }
}

#[test]
fn clients_that_leave_cost_nothing() {
    let folder = scratch();
    fs::write(folder.path().join("large"), pattern(3_000_000)).unwrap();
    let (server, port) = serve(folder.path());
    let open = || {
        let listed = fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap();
        listed.count()
    };
    let before = open();
    let request = get("/large");
    for end in 0..=request.len() {
        let mut client = stream_to(("127.0.0.1", port));
        client.write_all(&request.as_bytes()[..end]).unwrap();
        match end % 2 {
            0 => reset(client),
            _ => drop(client),
        }
    }
    // Workers that started meanwhile have some of their own, and each may keep the file.
    let others = 8;
    let until = Instant::now() + DEADLINE;
    while open() > before + others {
        assert_eq!(status(&said(port, last("/large"))), 200);
        assert!(Instant::now() < until, "{} of {before} descriptors", open());
    }
}

#[test]
fn nothing_outside_the_directory_is_served() {
    let outside = scratch();
    let root = outside.path().join("root");
    fs::create_dir_all(root.join("sub")).unwrap();
    fs::create_dir(root.join(".git")).unwrap();
    fs::create_dir(root.join("evil.example")).unwrap();
    fs::create_dir(outside.path().join("root-evil")).unwrap();
    for name in [
        "secret",
        "root-evil/secret",
        "root/.htaccess",
        "root/.git/config",
    ] {
        fs::write(outside.path().join(name), "secret").unwrap();
    }
    fs::write(root.join("index.html"), "index").unwrap();
    fs::write(root.join("a b%.txt"), "percent").unwrap();
    symlink("../secret", root.join("link")).unwrap();
    symlink("..", root.join("sub/up")).unwrap();
    symlink("../..", root.join("sub/out")).unwrap();
    mkfifo(&root.join("fifo"), Mode::S_IRWXU).unwrap();
    let (_server, port) = serve(&root);
    for (path, expected, location) in [
        ("/", 200, None),
        ("/index.html?x=1", 200, None),
        ("//index.html", 200, None),
        ("/sub/../index.html", 200, None),
        ("/a%20b%25.txt", 200, None),
        ("/sub/up/index.html", 200, None),
        ("/..", 400, None),
        ("/../secret", 400, None),
        ("/%2e%2e/secret", 400, None),
        ("/sub/.%2e/%2E./secret", 400, None),
        ("/..%2fsecret", 404, None),
        ("/%2e%2e%5csecret", 404, None),
        ("/../root-evil/secret", 400, None),
        ("/%c0%ae%c0%ae/secret", 404, None),
        ("/%252e%252e/secret", 404, None),
        ("/index.html%00.txt", 400, None),
        ("/%zz", 400, None),
        ("/index.html/", 404, None),
        ("/link", 404, None),
        ("/sub/out/secret", 404, None),
        ("/.htaccess", 404, None),
        ("/.git/config", 404, None),
        ("/sub/", 200, None),
        ("/fifo", 403, None),
        ("/sub", 301, Some("/sub/")),
        ("/sub?q=1", 301, Some("/sub/?q=1")),
        ("//evil.example", 301, Some("/evil.example/")),
        ("//evil.example/%2e", 200, None),
        ("/sub/%2e%2e//evil.example", 301, Some("/evil.example/")),
    ] {
        let answer = said(port, last(path));
        assert_eq!(status(&answer), expected, "{path}");
        let answer = text(answer);
        assert!(!answer.contains("secret"), "{path}: {answer}");
        assert_eq!(field(&answer, "location").as_deref(), location, "{path}");
    }
}

#[test]
fn any_date_of_a_file_is_served() {
    let folder = scratch();
    let path = folder.path().join("f");
    fs::write(&path, "x").unwrap();
    let (_server, port) = serve(folder.path());
    let file = File::options().write(true).open(&path).unwrap();
    let far = Duration::from_secs(1 << 33);
    for (modified, shown) in [
        (SystemTime::UNIX_EPOCH - Duration::from_secs(1), false),
        (SystemTime::UNIX_EPOCH, true),
        (SystemTime::UNIX_EPOCH + far, true),
    ] {
        file.set_modified(modified).unwrap();
        let answer = text(said(port, last("/f")));
        assert_eq!(field(&answer, "last-modified").is_some(), shown, "{answer}");
        assert!(answer.ends_with("\r\n\r\nx"));
        let Some(date) = field(&answer, "last-modified") else {
            continue;
        };
        let again = last("/f").replace(
            "\r\n\r\n",
            &format!("\r\nIf-Modified-Since: {date}\r\n\r\n"),
        );
        let again = text(said(port, again));
        assert!(again.starts_with("HTTP/1.1 304 "), "{again}");
        assert!(again.ends_with("\r\n\r\n"), "{again}");
    }
}

#[test]
fn a_file_that_changes_its_length_keeps_the_framing() {
    let folder = scratch();
    let path = folder.path().join("f");
    fs::write(&path, pattern(20_000_000)).unwrap();
    let (_server, port) = serve(folder.path());
    let file = File::options().append(true).open(&path).unwrap();

    let mut client = stream_to(("127.0.0.1", port));
    client.write_all(get("/f").as_bytes()).unwrap();
    let length = field(&head(&mut client), "content-length");
    assert_eq!(length.as_deref(), Some("20000000"));
    (&file).write_all(b"more").unwrap();
    let mut body = vec![0; 20_000_000];
    client.read_exact(&mut body).unwrap();
    assert!(body == pattern(20_000_000));
    client.write_all(get("/f").as_bytes()).unwrap();
    let length = field(&head(&mut client), "content-length");
    assert_eq!(length.as_deref(), Some("20000004"), "the next answer");
    file.set_len(1000).unwrap();
    let mut rest = Vec::new();
    // The end or a reset: it is no complete answer either way.
    let _ = client.read_to_end(&mut rest);
    assert!(rest.len() < 20_000_004);
    assert_eq!(status(&said(port, last("/f"))), 200);
}

#[test]
fn without_descriptors_it_serves_those_whom_it_has() {
    let server = http(&["--max-conns", "100"])
        .under(r#"ulimit -n 16; exec "$0" "$@""#)
        .start();
    let port = server.port();
    let mut clients: Vec<_> = (0..30).map(|_| stream_to(("127.0.0.1", port))).collect();
    server.stderr_until(|line| line.contains("EMFILE"));
    // Whoever came too late was told so, and is not left to wait.
    let refused = read_end(clients.last_mut().unwrap());
    assert_eq!(status(&refused), 503);
    let before = server.ticks();
    for _ in 0..50 {
        clients[0].write_all(get("/").as_bytes()).unwrap();
        assert_eq!(response(&mut clients[0]).1, b"Hello world!");
    }
    assert!(server.ticks() - before < 30, "it spins");
    drop(clients);
    let until = Instant::now() + DEADLINE;
    while status(&said(port, last("/"))) == 503 {
        assert!(Instant::now() < until, "there is a descriptor again");
    }
    server.signal(Signal::SIGTERM);
    let finished = server.finish().expect(143);
    assert_eq!(finished.stderr.matches("EMFILE").count(), 1, "said once");
}

#[test]
fn nobody_has_to_read_what_is_printed() {
    let (mut unread, stdout) = std::io::pipe().unwrap();
    let server = http(&["--text", "x"]).stdout(stdout).start();
    let mut client = stream_to(("127.0.0.1", server.port()));
    let long = get("/").replace(
        "\r\n\r\n",
        &format!("\r\nA: {}\r\n\r\n", "x".repeat(10_000)),
    );
    for _ in 0..500 {
        client.write_all(long.as_bytes()).unwrap();
        assert_eq!(response(&mut client).1, b"x");
    }
    server.stderr_until(|line| line.contains("requests are left out"));
    let before = server.ticks();
    client.write_all(get("/").as_bytes()).unwrap();
    assert_eq!(response(&mut client).1, b"x");
    assert!(server.ticks() - before < 20, "it spins");
    // How many they were is told in the end.
    let reader = thread::spawn(move || {
        let mut printed = String::new();
        unread.read_to_string(&mut printed).map(|_| printed)
    });
    server.signal(Signal::SIGTERM);
    let finished = server.finish().expect(143);
    let printed = reader.join().unwrap().unwrap();
    let left = 501 - printed.matches("GET / ").count();
    let said = format!("stdout was not being read: {left} requests were left out\n");
    assert!(finished.stderr.ends_with(&said), "{}", finished.stderr);
}

#[test]
fn the_end_of_stdouts_reader_is_the_end() {
    let (reader, stdout) = std::io::pipe().unwrap();
    let server = http(&[]).stdout(stdout).start();
    let port = server.port();
    assert_eq!(status(&said(port, last("/"))), 200);
    drop(reader);
    let finished = server.finish().expect(141);
    assert_eq!(
        finished.stderr,
        format!("listening on tcp 127.0.0.1:{port}\n")
    );
}

#[test]
fn quiet_is_quiet() {
    let mut sign = crate::kit::Sign::new();
    let server = http(&["-q"])
        .args(sign.flags())
        .under(&sign.script(""))
        .start();
    let port = sign.port();
    assert_eq!(status(&said(port, last("/"))), 200);
    assert_eq!(status(&said(port, "nonsense\r\n")), 400);
    server.signal(Signal::SIGTERM);
    let finished = server.finish().expect(143);
    assert_eq!(
        (finished.text().as_str(), finished.stderr.as_str()),
        ("", "")
    );
}

#[test]
fn requests_are_printed_harmlessly() {
    let server = http(&[]).start();
    let port = server.port();
    said(
        port,
        last("/a?b").replace("\r\n\r\n", "\r\nA: \u{e4}\u{202e}\r\n\r\n"),
    );
    said(port, b"GET /\x1b[31m\xff HTTP/1.1\r\n\r\n");
    server.signal(Signal::SIGTERM);
    let printed = server.finish().expect(143).text();
    let first = "GET /a?b HTTP/1.1\nHost: h\nConnection: close\nA: \u{e4}\\u{202e}\n\n";
    assert_eq!(
        printed,
        format!("{first}GET /\\u{{1b}}[31m\\xff HTTP/1.1\n\n")
    );
}

#[test]
fn events_have_the_head_and_the_status() {
    let server = http(&["--json"]).start();
    let listening: serde_json::Value = serde_json::from_str(&server.line()).unwrap();
    assert_eq!(listening["event"], "listening");
    assert_eq!(listening["proto"], "tcp");
    let port = listening["local"].as_str().unwrap().rsplit(':').next();
    let port = port.unwrap().parse().unwrap();
    said(port, last("/a?b"));
    said(port, b"\xff\xff");
    server.signal(Signal::SIGINT);
    let events = server.finish().expect(130).events();
    let (request, refused) = (&events[1], &events[2]);
    assert_eq!(request["event"], "request");
    assert_eq!(request["method"], "GET");
    assert_eq!(request["target"], "/a?b");
    assert_eq!(request["version"], "HTTP/1.1");
    assert_eq!(request["status"], 200);
    assert_eq!(request["data"], last("/a?b"));
    assert!(request["peer"].as_str().unwrap().starts_with("127.0.0.1:"));
    assert_eq!(
        (&refused["status"], &refused["hex"]),
        (&400.into(), &"ffff".into())
    );
    assert!(refused.get("method").is_none());
}

#[test]
fn time_limits() {
    let started = http(&["--deadline", "300ms"]).run();
    let ended = started.expect(124);
    assert!(ended.stderr.contains("listen on 127.0.0.1:"));
    ended.says(": not done within 300ms");
    let server = http(&["--idle-timeout", "300ms"]).start();
    let mut idle = stream_to(("127.0.0.1", server.port()));
    idle.write_all(get("/").as_bytes()).unwrap();
    response(&mut idle);
    assert_eq!(read_end(&mut idle), b"", "closed, and nothing said");
}

#[test]
fn signals_end_it() {
    for (signal, status) in [
        (Signal::SIGINT, 130),
        (Signal::SIGTERM, 143),
        (Signal::SIGQUIT, 131),
    ] {
        let server = http(&[]).start();
        let mut client = stream_to(("127.0.0.1", server.port()));
        client.write_all(get("/").as_bytes()).unwrap();
        response(&mut client);
        server.signal(signal);
        assert_eq!(read_end(&mut client), b"", "closed");
        server.finish().expect(status);
    }
}

#[test]
fn an_inherited_listener_serves() {
    let (listener, port) = listener();
    let server = sockkit(["http", "--listen", "fd:0"])
        .stdin(Stdin::Open(OwnedFd::from(listener)))
        .start();
    assert_eq!(server.listening(), format!("127.0.0.1:{port}"));
    assert_eq!(status(&said(port, last("/"))), 200);
}

#[test]
fn every_interface_speaks_both_families() {
    let server = sockkit(["http", "--listen", "*:0"]).start();
    let port = server.port();
    for host in ["127.0.0.1", "::1"] {
        let mut client = stream_to((host, port));
        client.write_all(last("/").as_bytes()).unwrap();
        assert_eq!(status(&read_end(&mut client)), 200, "{host}");
    }
}

#[test]
fn an_address_may_be_two_words() {
    for words in [&["/tmp", "::1", "0"][..], &["--text=x", "::1", "0"]] {
        let server = sockkit(["http"]).args(words).start();
        assert!(server.listening().starts_with("[::1]:"), "{words:?}");
    }
    for words in [
        &["/tmp", "127.0.0.1:1", "2"][..],
        &["/tmp", "127.0.0.1", "2", "--port=3"],
        &["/tmp", "./x.sock", "2"],
        &["--text=x", "127.0.0.1", "2", "3"],
        &["--text=x", "/tmp", "2"],
    ] {
        sockkit(["http"]).args(words).run().expect(2);
    }
}

#[test]
fn wishes_that_make_no_sense() {
    let (_taken, port) = listener();
    let port = port.to_string();
    for (words, said) in [
        (["/nonexistent", "--port=0"], "ENOENT"),
        (["/tmp", "--text=x"], "nothing to do with a directory"),
        (["--exec", "date"], "sockkit http --exec -- date"),
        (["--cors", "http://a.example"], "--cors=http://a.example"),
        (["/tmp", "--mode=600"], "--unix PATH"),
        (["--port=0", "--replace"], "--unix PATH"),
        (["--listen=1", "--port=2"], "cannot be used with"),
        (["--port", "65536"], "out of range"),
        (["--port", &port], "EADDRINUSE"),
        (["--max-conns=0", "--port=0"], "a number from 1 on"),
        (["--status=700", "--port=0"], "`sockkit http --help`"),
        (["--directory", "/tmp"], "`sockkit http DIR`"),
        (["--bind", "0.0.0.0"], "ADDR, or --host"),
        (["::1:80", "0"], "--listen [::1]:80"),
        (["--port=0", "::1"], "--listen [::1]:8082"),
        (["127.0.0.1", "8000"], "--listen 127.0.0.1"),
    ] {
        sockkit(["http"]).args(words).run().expect(2).says(said);
    }
}

#[test]
fn a_reset_between_requests_is_no_news() {
    let server = http(&[]).start();
    let port = server.port();
    let mut client = stream_to(("127.0.0.1", port));
    client.write_all(get("/").as_bytes()).unwrap();
    response(&mut client);
    reset(client);
    let mut other = stream_to(("127.0.0.1", port));
    other
        .set_read_timeout(Some(Duration::from_millis(1)))
        .unwrap();
    assert_eq!(
        other.read(&mut [0]).unwrap_err().kind(),
        ErrorKind::WouldBlock
    );
    assert_eq!(status(&said(port, last("/"))), 200);
    let said = server.stderr_so_far();
    assert_eq!(said, format!("listening on tcp 127.0.0.1:{port}\n"));
}
