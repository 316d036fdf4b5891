//! curl, sh and Chromium at `http --inspect`: the command that the page offers sends the same request once more, and the
//! page itself shows what came, whatever it was.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::kit::{Running, peer, program, read_end, scratch, sockkit, stream_to};

/// How long a browser may take to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

fn inspected() -> (Running, u16) {
    let server = sockkit(["http", "--port", "0", "--inspect"]).start();
    let port = server.port();
    (server, port)
}

fn send(port: u16, request: &[u8]) {
    let mut client = stream_to(("127.0.0.1", port));
    client.write_all(request).unwrap();
    read_end(&mut client);
}

/// The stream of requests.
fn watch(port: u16) -> BufReader<TcpStream> {
    let mut client = stream_to(("127.0.0.1", port));
    let request = b"GET /.sockkit/events HTTP/1.0\r\nHost: localhost\r\n\r\n";
    client.write_all(request).unwrap();
    BufReader::new(client)
}

/// The next request, and its id.
fn next(stream: &mut BufReader<TcpStream>) -> (String, Value) {
    let mut id = String::new();
    loop {
        let mut line = String::new();
        assert!(stream.read_line(&mut line).unwrap() > 0, "the stream ended");
        if let Some(found) = line.strip_prefix("id: ") {
            found.trim_end().clone_into(&mut id);
        }
        if let Some(json) = line.strip_prefix("data: ") {
            return (id, serde_json::from_str(json).unwrap());
        }
    }
}

/// The head's lines in any order: curl sends its own ones first.
fn lines(request: &Value) -> Vec<&str> {
    let head = request["head"]["text"].as_str().unwrap();
    let mut lines: Vec<&str> = head.split("\r\n").collect();
    lines[1..].sort_unstable();
    lines
}

#[test]
fn the_command_sends_the_same_request_once_more() {
    if peer("curl").is_none() {
        return;
    }
    let (_server, port) = inspected();
    let mut stream = watch(port);
    let length = |body: &[u8]| format!("Content-Length: {}\r\n", body.len());
    let bodies: [&[u8]; 6] = [
        b"plain=text&x=it's",
        b"@/etc/passwd",
        b"$(reboot) `reboot` \\ \"!\" \n\ttwo lines\n",
        b"\r\n",
        b"\0\x01\xff\xfe",
        "\u{202e}gr\u{fc}\u{df}e \u{1f600}".as_bytes(),
    ];
    let mut requests: Vec<Vec<u8>> = bodies
        .iter()
        .map(|body| {
            let head = format!(
                "POST /a?b='c'&d=$e HTTP/1.1\r\nHost: hooks.example\r\n{}",
                length(body)
            );
            [head.as_bytes(), b"\r\n", body].concat()
        })
        .collect();
    for head in [
        "GET / HTTP/1.1\r\nHost: h\r\nUser-Agent: it's $HOME\r\nX-Empty:\r\nX: \u{e4}\r\nX: 2\r\n\r\n",
        "GET /../%2e/[a]{b,c}?* HTTP/1.1\r\nHost: h\r\nAccept: */*\r\n\r\n",
        "BR'EW / HTTP/1.0\r\nHost: h\r\n\r\n",
        "HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET http://h/absolute HTTP/1.1\r\nHost: h\r\n\r\n",
        "POST /none HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
        "PUT /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
    ] {
        requests.push(head.as_bytes().to_vec());
    }
    for request in requests {
        let mut client = stream_to(("127.0.0.1", port));
        client.write_all(&request).unwrap();
        // An answer has begun, and so the request was whole.
        client.read_exact(&mut [0]).unwrap();
        let (_, first) = next(&mut stream);
        let command = first["curl"].as_str().unwrap();
        let shell = program("sh", ["-c", command]).env("no_proxy", "*");
        let shell = shell.run();
        assert_eq!(shell.status, 0, "{command}: {}", shell.stderr);
        let (_, again) = next(&mut stream);
        assert_eq!(lines(&again), lines(&first), "{command}");
        assert_eq!(again["body"], first["body"], "{command}");
    }
}

/// The page after its script has run.
fn dom(url: &str) -> Option<String> {
    peer("chromium")?;
    let profile = scratch();
    let flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-quic",
        "--no-first-run",
        "--no-proxy-server",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        // The stream does not end: what is there by then is the page.
        "--timeout=8000",
        "--dump-dom",
    ];
    let browser = program("chromium", flags)
        .args([
            format!("--user-data-dir={}", profile.path().display()),
            url.to_owned(),
        ])
        .deadline(PATIENCE);
    Some(browser.run().expect(0).text())
}

#[test]
fn the_page_shows_what_came_and_runs_none_of_it() {
    let (_server, port) = inspected();
    let evil = "<img src=x onerror=document.title=1></script><script>document.title=2</script>";
    let body = format!("{{\"id\":12345678901234567890,\"evil\":\"{evil}\"}}");
    send(
        port,
        format!(
            "POST /hook?{} HTTP/1.1\r\nHost: h\r\nX-Evil: {evil}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            "a=1&b='",
            body.len()
        )
        .as_bytes(),
    );
    send(port, b"\x16\x03\x01<script>");
    send(
        port,
        b"PUT /second HTTP/1.0\r\nContent-Length: 4\r\n\r\n\0\x01\x02\x03",
    );
    let (id, _) = next(&mut watch(port));
    let Some(dom) = dom(&format!("http://127.0.0.1:{port}/.sockkit/#{id}")) else {
        return;
    };
    for shown in [
        "<title>(3) Requests \u{b7} sockkit</title>",
        "data-state=\"live\"",
        "no request",
        "/second",
        // The chosen one: its numbers whole, its text as text.
        "<span class=\"number\">12345678901234567890</span>",
        "&lt;img src=x onerror=document.title=1&gt;",
        "accept(",
        "recv(",
        "curl 'http://127.0.0.1:",
    ] {
        assert!(dom.contains(shown), "{shown} is missing:\n{dom}");
    }
    assert_eq!(dom.matches("<li").count(), 3, "{dom}");
    assert_eq!(dom.matches("<script").count(), 1, "{dom}");
    assert_eq!(dom.matches("<img").count(), 1, "{dom}");
}
