//! curl, sh and Chromium at `http --inspect`: the command that the page offers sends the same request once more, and the
//! page itself shows what came, whatever it was.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use super::browser::Browser;
use crate::kit::{Running, peer, program, read_end, sockkit, stream_to};

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

/// The next request.
fn next(stream: &mut BufReader<TcpStream>) -> Value {
    loop {
        let mut line = String::new();
        assert!(stream.read_line(&mut line).unwrap() > 0, "the stream ended");
        if let Some(json) = line.strip_prefix("data: ") {
            return serde_json::from_str(json).unwrap();
        }
    }
}

/// The head's lines in any order: curl sends its own ones first.
fn lines(request: &Value) -> Vec<&str> {
    let head = request["head"]["data"].as_str().unwrap();
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
        let first = next(&mut stream);
        let command = first["curl"].as_str().unwrap();
        let shell = program("sh", ["-c", command]).env("no_proxy", "*");
        let shell = shell.run();
        assert_eq!(shell.status, 0, "{command}: {}", shell.stderr);
        let again = next(&mut stream);
        assert_eq!(lines(&again), lines(&first), "{command}");
        assert_eq!(again["body"], first["body"], "{command}");
    }
}

/// Wait in the page until `condition` holds: it is asked again whenever the page changes.
fn until(browser: &mut Browser, condition: &str) {
    let wait = format!(
        "new Promise(done => {{
            const look = () => ({condition}) && (watch.disconnect(), done(true));
            const watch = new MutationObserver(look);
            watch.observe(document.body, {{subtree: true, childList: true, characterData: true, attributes: true}});
            look();
        }})"
    );
    assert_eq!(browser.value(&wait), true, "{condition}");
}

const COUNT: &str = "document.querySelectorAll('#list li:not([hidden])').length";
const STATE: &str = "document.getElementById('state').textContent";

#[test]
fn the_page_shows_what_came_and_runs_none_of_it() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let (_server, port) = inspected();
    let evil = "<img src=x onerror=document.title=1></script><script>document.title=2</script>";
    let body = format!("{{\"id\":12345678901234567890,\"evil\":\"{evil}\"}}");
    let head = format!(
        "POST /hook?a=1&b=' HTTP/1.0\r\nX-Evil: {evil}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    send(port, format!("{head}{body}").as_bytes());
    send(port, b"\x16\x03\x01<script>");
    send(
        port,
        b"PUT /second HTTP/1.0\r\nContent-Length: 4\r\n\r\n\0\x01\x02\x03",
    );
    browser.open(&format!("http://127.0.0.1:{port}/.sockkit/"));
    until(&mut browser, &format!("{COUNT} === 3"));
    assert_eq!(browser.value(STATE), "live \u{b7} 3 requests");
    assert_eq!(
        browser.value("document.title"),
        "(3) Requests \u{b7} sockkit"
    );

    // The newest first, by keyboard; then on to the oldest.
    browser.press("j");
    assert_eq!(
        browser.value("document.querySelector('h2').textContent"),
        "PUT /second"
    );
    let shown = browser.value("document.getElementById('body').textContent");
    assert!(
        shown
            .as_str()
            .unwrap()
            .starts_with("00000000  00 01 02 03 "),
        "{shown}"
    );
    browser.press("j");
    browser.press("j");
    for (id, expected) in [
        ("target", "/hook?a=1&b='"),
        ("head", evil),
        ("body", evil),
        ("body", "12345678901234567890"),
        ("calls", "recv("),
        ("curl", "curl "),
    ] {
        let text = browser.value(&format!("document.getElementById('{id}').textContent"));
        assert!(text.as_str().unwrap().contains(expected), "{id}: {text}");
    }
    let made = browser.value("[document.scripts.length, document.images.length].join()");
    assert_eq!(made, "1,1", "what came made an element");

    // A link to one request opens it again.
    let link = browser.value("location.href");
    browser.open("about:blank");
    browser.open(link.as_str().unwrap());
    until(
        &mut browser,
        "document.getElementById('target').textContent.startsWith('/hook')",
    );
    assert!(
        browser.complaints().is_empty(),
        "{:?}",
        browser.complaints()
    );
}

#[test]
fn it_fits_a_phone_and_a_desk_in_light_and_dark() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let (_server, port) = inspected();
    let long = "long-".repeat(200);
    send(
        port,
        format!("GET /{long} HTTP/1.0\r\nX-Long: {long}\r\n\r\n").as_bytes(),
    );
    let url = format!("http://127.0.0.1:{port}/.sockkit/");
    browser.try_every_look(&url, |browser| {
        until(browser, &format!("{COUNT} === 1"));
        browser.press("j");
        until(
            browser,
            "document.getElementById('target').textContent.length > 1000",
        );
    });
}

#[test]
fn the_list_can_be_filtered_held_and_emptied() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let (_server, port) = inspected();
    browser.open(&format!("http://127.0.0.1:{port}/.sockkit/"));
    until(&mut browser, &format!("{STATE} === 'live'"));
    send(port, b"GET /one HTTP/1.0\r\n\r\n");
    send(
        port,
        b"POST /two HTTP/1.0\r\nContent-Length: 6\r\n\r\nNeedle",
    );
    until(&mut browser, &format!("{COUNT} === 2"));
    for key in ["/", "n", "e", "e", "D"] {
        browser.press(key);
    }
    assert_eq!(browser.value(COUNT), 1);
    browser.press("Escape");
    assert_eq!(browser.value(COUNT), 2);
    browser.press("p");
    send(port, b"GET /three HTTP/1.0\r\n\r\n");
    until(
        &mut browser,
        &format!("{STATE} === 'paused, 1 held back \u{b7} 2 requests'"),
    );
    assert_eq!(browser.value(COUNT), 2);
    browser.press("p");
    assert_eq!(browser.value(COUNT), 3);
    browser.press("c");
    assert_eq!(browser.value(COUNT), 0);
    let empty = browser.value("document.getElementById('empty').hidden");
    assert_eq!(empty, false);
    assert!(
        browser.complaints().is_empty(),
        "{:?}",
        browser.complaints()
    );
}
