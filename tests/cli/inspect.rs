//! `http --inspect`: every request is answered and shown, to whoever watches and at no cost for those who do not; and the
//! flags that shape the answer.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::kit::{LONG, Running, Start, pattern, read_end, sockkit, stream_to};

fn http(words: &[&str]) -> Start {
    sockkit(["http", "--port", "0"]).args(words)
}

/// What comes back for `bytes` until the server closes.
fn said(port: u16, bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut client = stream_to(("127.0.0.1", port));
    client.write_all(bytes.as_ref()).unwrap();
    read_end(&mut client)
}

fn text(port: u16, request: &str) -> String {
    String::from_utf8(said(port, request)).unwrap()
}

fn last(method: &str, path: &str, fields: &str, body: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{fields}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
}

/// A watcher of the stream of requests, who asks with HTTP/1.0 and so gets it without chunks.
struct Watcher(BufReader<TcpStream>);

impl Watcher {
    fn new(port: u16, fields: &str) -> Self {
        let mut client = stream_to(("127.0.0.1", port));
        let request = format!("GET /.sockkit/events HTTP/1.0\r\nHost: localhost\r\n{fields}\r\n");
        client.write_all(request.as_bytes()).unwrap();
        let mut watcher = Self(BufReader::new(client));
        assert_eq!(watcher.line(), "HTTP/1.1 200 OK");
        let mut head = String::new();
        loop {
            let line = watcher.line();
            if line.is_empty() {
                break;
            }
            head += &(line + "\n");
        }
        assert!(head.contains("Content-Type: text/event-stream\n"), "{head}");
        assert!(head.contains("Cache-Control: no-store\n"), "{head}");
        assert_eq!(watcher.frame(), ["retry: 1000"]);
        watcher
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert!(self.0.read_line(&mut line).unwrap() > 0, "the stream ended");
        line.trim_end_matches(['\r', '\n']).to_owned()
    }

    /// The lines of the next event.
    fn frame(&mut self) -> Vec<String> {
        std::iter::from_fn(|| Some(self.line()).filter(|line| !line.is_empty())).collect()
    }

    /// The id of the next request, and what is told of it.
    fn request(&mut self) -> (String, Value) {
        let frame = self.frame();
        let [id, event, data] = frame.as_slice() else {
            panic!("{frame:?}");
        };
        assert_eq!(event, "event: request");
        let json = data.strip_prefix("data: ").unwrap();
        let id = id.strip_prefix("id: ").unwrap();
        (id.to_owned(), serde_json::from_str(json).unwrap())
    }
}

fn inspected(words: &[&str]) -> (Running, u16) {
    let server = http(&["--inspect"]).args(words).start();
    let port = port(&server, words);
    (server, port)
}

/// The port of a server that may have been asked for JSON.
fn port(server: &Running, words: &[&str]) -> u16 {
    if !words.contains(&"--json") {
        return server.port();
    }
    let event: Value = serde_json::from_str(&server.line()).unwrap();
    let local = event["local"].as_str().unwrap();
    local.rsplit(':').next().unwrap().parse().unwrap()
}

#[test]
fn a_request_is_shown_whole() {
    let (server, port) = inspected(&[]);
    let line = server.stderr_until(|line| line.starts_with("requests are shown at "));
    assert_eq!(
        line,
        format!("requests are shown at http://127.0.0.1:{port}/.sockkit/")
    );
    let mut watcher = Watcher::new(port, "");
    let answer = text(
        port,
        &last("BREW", "/pot?x=<script>", "X-A: \u{e4}\r\n", "a\r\n\r\nb"),
    );
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    let answer = text(
        port,
        &last("BREW", "/pot?x=%3C", "X-A: \u{e4}\r\n", "a\r\n\r\nb"),
    );
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nHello world!"), "{answer}");

    let (_, refused) = watcher.request();
    assert_eq!(
        (&refused["method"], &refused["status"]),
        (&Value::Null, &400.into())
    );
    let why = "a character of the target must be percent-encoded";
    assert_eq!(refused["message"], why);
    let (_, shown) = watcher.request();
    for (name, expected) in [
        ("method", "BREW"),
        ("target", "/pot?x=%3C"),
        ("version", "HTTP/1.1"),
    ] {
        assert_eq!(shown[name], expected);
    }
    assert_eq!(shown["status"], 200);
    assert!(
        shown["head"]["data"]
            .as_str()
            .unwrap()
            .contains("X-A: \u{e4}\r\n")
    );
    assert_eq!(shown["body"]["data"], "a\r\n\r\nb");
    assert_eq!(shown["body"]["length"], 6);
    assert!(shown["curl"].as_str().unwrap().contains(" | curl 'http://"));
    let calls: Vec<&str> = shown["calls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|call| call.as_str().unwrap().split('(').next().unwrap())
        .collect();
    assert_eq!(calls[..3], ["accept", "recv", "send"], "{shown}");
    // The same on the terminal.
    let mut printed = std::iter::repeat_with(|| server.line());
    let is_why = |line: String| line.starts_with("  400 ") && line.ends_with(&format!(": {why}"));
    assert!(printed.any(is_why));
    assert!(printed.any(|line| line == "BREW /pot?x=%3C HTTP/1.1"));
    let mut behind_head = printed.skip_while(|line| !line.is_empty()).skip(1);
    let body: Vec<String> = behind_head.by_ref().take(4).collect();
    assert_eq!(body, ["a", "", "b", ""]);
    let outcome = behind_head.next().unwrap();
    assert!(outcome.starts_with("  200 OK after "), "{outcome}");
    let calls = shown["calls"].as_array().unwrap();
    for call in calls {
        let printed = behind_head.next().unwrap();
        assert_eq!(printed.trim_start(), call.as_str().unwrap());
    }
    assert_eq!(behind_head.next().unwrap(), "");
}

#[test]
fn any_body_is_shown_and_none_is_too_long() {
    let (server, port) = inspected(&["--json"]);
    let mut watcher = Watcher::new(port, "");
    let chunked = "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n\
                   3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: u\r\n\r\n";
    assert!(text(port, chunked).contains(" 200 OK"));
    assert_eq!(watcher.request().1["body"]["data"], "abcde");

    let head = "PUT / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 3000000\r\n\r\n";
    let long = [head.as_bytes(), &pattern(3_000_000)].concat();
    assert!(said(port, &long).starts_with(b"HTTP/1.1 200 OK\r\n"));
    let (_, shown) = watcher.request();
    assert_eq!(shown["body"]["length"], 3_000_000);
    assert_eq!(shown["body"]["cut"], true);
    assert!(shown["body"]["hex"].as_str().unwrap().len() < 200_000);
    // Many calls were made for it, and not all are told.
    assert!(
        shown["calls"].as_array().unwrap().len() <= 61,
        "{}",
        shown["calls"]
    );

    let events: Vec<Value> = (0..3)
        .map(|_| serde_json::from_str(&server.line()).unwrap())
        .collect();
    assert_eq!(events[0]["event"], "inspecting");
    assert_eq!(events[1]["event"], "request");
    assert_eq!(events[1]["body"]["data"], "abcde");
    assert_eq!(events[2]["body"]["cut"], true);
    assert!(events[2]["body"]["hex"].is_string() && events[2]["calls"].is_array());
}

#[test]
fn bodies_as_hex() {
    let (server, port) = inspected(&["--hex"]);
    assert!(text(port, &last("POST", "/", "", "hello")).contains(" 200 "));
    let first = server.line();
    assert!(
        first.starts_with("00000000  50 4f 53 54 20 2f 20 48  54 54 50 "),
        "{first}"
    );
    let body = std::iter::repeat_with(|| server.line()).find(|line| line.contains("|hello|"));
    assert!(body.unwrap().starts_with("00000000  68 65 6c 6c 6f "));
}

#[test]
fn a_watcher_who_comes_back_has_missed_nothing() {
    let (_server, port) = inspected(&[]);
    for path in ["/0", "/1", "/2"] {
        text(port, &get(path));
    }
    let mut first = Watcher::new(port, "");
    let ids: Vec<String> = ["/0", "/1", "/2"]
        .map(|path| {
            let (id, shown) = first.request();
            assert_eq!(shown["target"], path);
            id
        })
        .into();
    drop(first);
    text(port, &get("/3"));
    let mut again = Watcher::new(port, &format!("Last-Event-ID: {}\r\n", ids[1]));
    assert_eq!(again.request().1["target"], "/2");
    assert_eq!(again.request().1["target"], "/3");
    let mut other_run = Watcher::new(port, "Last-Event-ID: 0-2\r\n");
    assert_eq!(other_run.request().1["target"], "/0");
    // Who is there already is told at once, in chunks as well.
    let mut client = stream_to(("127.0.0.1", port));
    client
        .write_all(b"GET /.sockkit/events HTTP/1.1\r\nHost: [::1]:1\r\n\r\n")
        .unwrap();
    let mut chunks = BufReader::new(client);
    let mut heard = String::new();
    text(port, &get("/live"));
    while !heard.contains("\"target\":\"/live\"") {
        assert!(chunks.read_line(&mut heard).unwrap() > 0);
    }
    assert!(
        heard.contains("\r\nTransfer-Encoding: chunked\r\n"),
        "{heard}"
    );
    assert!(
        heard.contains("\r\n\r\nd\r\nretry: 1000\n\n\r\n"),
        "{heard}"
    );
    assert_eq!(again.request().1["target"], "/live");
}

#[test]
fn the_page_is_for_this_machine_and_shows_nothing_of_itself() {
    let (_server, port) = inspected(&["--host", "127.0.0.1"]);
    let ask = |method: &str, path: &str, host: &str| {
        text(
            port,
            &format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
        )
    };
    for (method, path, host, status) in [
        ("GET", "/.sockkit/", "127.0.0.1", 200),
        ("GET", "/.sockkit/?x", "localhost:1", 200),
        ("HEAD", "/.sockkit/events", "[::1]", 200),
        ("GET", "/.sockkit/page.js", "127.0.0.1", 200),
        ("GET", "/.sockkit/page.css", "127.0.0.1", 200),
        ("GET", "/.sockkit/icon.svg", "127.0.0.1", 200),
        ("GET", "/.sockkit", "127.0.0.1", 301),
        ("GET", "/.sockkit/../x", "127.0.0.1", 404),
        ("POST", "/.sockkit/", "127.0.0.1", 405),
        // DNS rebinding, and the world at the end of a tunnel.
        ("GET", "/.sockkit/", "evil.example", 403),
        ("GET", "/.sockkit/events", "abc.tunnel.example", 403),
        ("GET", "/.sockkit/events", "127.0.0.1.evil.example", 403),
    ] {
        let answer = ask(method, path, host);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{method} {path} {host}: {answer}"
        );
        for field in [
            "Content-Security-Policy: default-src 'none'; script-src 'self';",
            "Cache-Control: no-store",
            "Cross-Origin-Resource-Policy: same-origin",
        ] {
            assert!(answer.contains(&format!("\r\n{field}")), "{path}: {answer}");
        }
        assert!(!answer.contains("Access-Control"), "{answer}");
    }
    text(port, &get("/.sockkitten"));
    let (_, shown) = Watcher::new(port, "").request();
    assert_eq!(shown["target"], "/.sockkitten");
}

/// Send the same request so often on one connection, and hear every answer.
fn send_often(port: u16, request: &str, count: usize) {
    let mut client = BufReader::new(stream_to(("127.0.0.1", port)));
    for _ in 0..count {
        client.get_mut().write_all(request.as_bytes()).unwrap();
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            client.read_line(&mut line).unwrap();
        }
        client.read_exact(&mut [0; "Hello world!".len()]).unwrap();
    }
}

fn posted(size: usize) -> String {
    let body = "x".repeat(size);
    format!("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {size}\r\n\r\n{body}")
}

#[test]
fn a_thousand_requests_while_nobody_looks() {
    let (server, port) = inspected(&[]);
    let mut resident = Vec::new();
    for _ in 0..4 {
        send_often(port, &posted(20_000), 250);
        resident.push(kilobytes(&server));
    }
    // The ring is full by then, and grows no more.
    assert!(resident[3] < resident[1] + 8_000, "{resident:?}");
    assert!(resident[3] < 100_000, "{resident:?}");
    let missed = Watcher::new(port, "").frame();
    assert_eq!(missed[0], "event: missed", "{missed:?}");
    let count: usize = missed[1].strip_prefix("data: ").unwrap().parse().unwrap();
    assert!((300..1000).contains(&count), "{count}");
}

fn kilobytes(server: &Running) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap()
}

#[test]
fn a_watcher_who_does_not_read_holds_nobody_up() {
    let (_server, port) = inspected(&[]);
    let mut deaf = stream_to(("127.0.0.1", port));
    let request = b"GET /.sockkit/events HTTP/1.0\r\nHost: localhost\r\n\r\n";
    deaf.write_all(request).unwrap();
    let mut reading = Watcher::new(port, "");
    // More than the sockets on the way to him hold.
    for _ in 0..10 {
        send_often(port, &posted(50_000), 10);
        for _ in 0..10 {
            assert_eq!(reading.frame()[1], "event: request");
        }
    }
    // What he gets in the end begins where he came.
    let mut late = BufReader::new(deaf);
    let mut line = String::new();
    while !line.starts_with("id: ") {
        line.clear();
        assert!(late.read_line(&mut line).unwrap() > 0, "cut off");
    }
    assert!(line.ends_with("-0\n"), "{line}");
}

#[test]
fn answers_in_any_shape() {
    for (words, request, expected, end) in [
        (
            &["--status", "503"] as &[&str],
            get("/"),
            "503 Service Unavailable",
            "503 Service Unavailable\n",
        ),
        (
            &["--status", "418", "--text", "tea"],
            get("/"),
            "418 ",
            "tea",
        ),
        (&["--status", "204"], get("/"), "204 No Content", "\r\n\r\n"),
        (
            &["--status", "205", "--echo"],
            last("POST", "/", "", "x"),
            "205 Reset Content",
            "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        ),
        (
            &["--inspect"],
            get("/?a=\"x\""),
            "400 Bad Request",
            "400 Bad Request: a character of the target must be percent-encoded\n",
        ),
        (
            &["--status", "404"],
            last("DELETE", "/x", "", ""),
            "404 Not Found",
            "404 Not Found\n",
        ),
        (
            &["--inspect", "--text", "ok"],
            last("PUT", "/x", "", "y"),
            "200 OK",
            "\r\n\r\nok",
        ),
        (
            &["--echo"],
            last("POST", "/", "Content-Type: a/b\r\n", "b\0dy"),
            "200 OK",
            "\r\n\r\nb\0dy",
        ),
        (&["--echo"], get("/there?x"), "200 OK", &get("/there?x")),
        (
            &["--echo", "--status", "201", "--inspect"],
            last("POST", "/", "", "new"),
            "201 Created",
            "new",
        ),
        (
            &["--echo"],
            get("/").replace("GET", "HEAD"),
            "200 OK",
            "\r\n\r\n",
        ),
        (
            &["--status", "200"],
            "CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\nConnection: close\r\n\r\n".to_owned(),
            "405 ",
            "\n",
        ),
    ] {
        let server = http(words).start();
        let answer = text(server.port(), &request);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {expected}")),
            "{words:?}: {answer}"
        );
        assert!(answer.ends_with(end), "{words:?}: {answer}");
        if request.contains("a/b") {
            assert!(answer.contains("\r\nContent-Type: a/b\r\n"), "{answer}");
        }
    }
}

#[test]
fn an_echo_has_its_limit() {
    let server = http(&["--echo"]).start();
    let port = server.port();
    let body = pattern(2_000_000);
    let head = "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 2000000\r\n\r\n";
    let answer = said(port, [head.as_bytes(), &body].concat());
    assert!(answer.ends_with(&body));
    let refused = text(
        port,
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9000000\r\n\r\n",
    );
    assert!(refused.starts_with("HTTP/1.1 413 "), "{refused}");
}

#[test]
fn a_delay_is_kept_and_holds_nobody_else_up() {
    let server = http(&["--delay", "400ms"]).start();
    let port = server.port();
    let began = Instant::now();
    let mut clients: Vec<TcpStream> = (0..20).map(|_| stream_to(("127.0.0.1", port))).collect();
    for client in &mut clients {
        client.write_all(get("/").as_bytes()).unwrap();
    }
    for client in &mut clients {
        assert!(read_end(client).ends_with(b"Hello world!"));
        assert!(began.elapsed() >= Duration::from_millis(400));
    }
    // One after the other they would take eight seconds.
    assert!(
        began.elapsed() < Duration::from_secs(6),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn requests_are_dropped_by_chance_and_the_same_ones_again() {
    let row = |seed: &str| {
        let server = http(&["--drop", "50%", "--seed", seed, "--json"]).start();
        let port = port(&server, &["--json"]);
        let row: Vec<bool> = (0..40).map(|_| said(port, get("/")).is_empty()).collect();
        let told: Vec<Value> = (0..40)
            .map(|_| serde_json::from_str(&server.line()).unwrap())
            .collect();
        for (event, is_dropped) in told.iter().zip(&row) {
            assert_eq!(event["status"].is_null(), *is_dropped, "{event}");
        }
        row
    };
    let first = row("7");
    assert_eq!(first, row("7"));
    assert_ne!(first, row("8"));
    let fallen = first.iter().filter(|is_dropped| **is_dropped).count();
    assert!((5..35).contains(&fallen), "{first:?}");
    let all = http(&["--drop", "1", "--inspect"]).start();
    let port = all.port();
    assert_eq!(said(port, get("/never")), b"");
    assert_eq!(Watcher::new(port, "").request().1["status"], Value::Null);
}

#[test]
fn pipelined_requests_are_dropped_and_delayed_in_order() {
    let server = http(&["--echo", "--delay", "50ms"]).start();
    let mut client = stream_to(("127.0.0.1", server.port()));
    let two = format!(
        "{}{}",
        last("POST", "/", "", "one").replace("Connection: close\r\n", ""),
        last("POST", "/", "", "two")
    );
    client.write_all(two.as_bytes()).unwrap();
    let answers = String::from_utf8(read_end(&mut client)).unwrap();
    let (one, two) = (answers.find("\r\n\r\none"), answers.find("\r\n\r\ntwo"));
    assert!(one.is_some() && one < two, "{answers}");
}

#[test]
fn files_are_inspected_too() {
    let folder = crate::kit::scratch();
    std::fs::write(folder.path().join("a.txt"), "content").unwrap();
    let server = http(&[
        folder.path().to_str().unwrap(),
        "--inspect",
        "--delay",
        "10ms",
    ])
    .start();
    let port = server.port();
    assert!(text(port, &get("/a.txt")).ends_with("\r\n\r\ncontent"));
    assert!(text(port, &get("/b.txt")).starts_with("HTTP/1.1 404 "));
    let mut watcher = Watcher::new(port, "");
    assert_eq!(watcher.request().1["status"], 200);
    assert_eq!(watcher.request().1["status"], 404);
}

#[test]
fn what_makes_no_sense_is_refused() {
    for words in [
        &["--status", "99"] as &[&str],
        &["--status", "100"],
        &["--status", "600"],
        &["--status", "OK"],
        &[".", "--status", "200"],
        &[".", "--echo"],
        &["--echo", "--text", "x"],
        &["--drop", "2"],
        &["--drop", "-1"],
        &["--drop", "101%"],
        &["--delay", "-1"],
        &["--seed", "1"],
        &["--hex"],
    ] {
        let refused = http(words).deadline(LONG).run().expect(2);
        assert!(!refused.stderr.contains("listening"), "{words:?}");
    }
}
