//! curl and wget, against `http`, and against bare listeners.

use crate::kit::{Finished, Running, Start, peer, program, scratch, sockkit};

fn curl(words: &[&str]) -> Option<Start> {
    peer("curl")?;
    let flags = ["-sS", "--noproxy", "*", "--max-time", "10"];
    Some(program("curl", flags).args(words))
}

fn wget(words: &[&str]) -> Option<Start> {
    peer("wget")?;
    let flags = ["-q", "--no-proxy", "--tries=1", "--timeout=10", "-O", "-"];
    Some(program("wget", flags).args(words))
}

/// A web server and the address of its root.
fn served(words: &[&str]) -> (Running, String) {
    let server = sockkit(["http", "--port", "0"]).args(words).start();
    let root = format!("http://127.0.0.1:{}", server.port());
    (server, root)
}

fn head(finished: &Finished) -> String {
    let text = finished.text();
    text.split("\r\n\r\n").next().unwrap().to_ascii_lowercase()
}

#[test]
fn curl_is_greeted() {
    let (_server, root) = served(&[]);
    let Some(curl) = curl(&["-i", &root]) else {
        return;
    };
    let finished = curl.run().expect(0);
    let head = head(&finished);
    assert!(head.starts_with("http/1.1 200 ok"), "{head}");
    for line in [
        "content-type: text/plain; charset=utf-8",
        "content-length: 12",
        "date: ",
    ] {
        assert!(head.contains(line), "{line}: {head}");
    }
    assert!(finished.text().ends_with("\r\n\r\nHello world!"));
}

#[test]
fn the_request_is_printed() {
    let (server, root) = served(&[]);
    let Some(curl) = curl(&["-A", "tester/1.0 \u{e9}", &format!("{root}/path?query")]) else {
        return;
    };
    curl.run().expect(0);
    assert_eq!(server.line().trim_end(), "GET /path?query HTTP/1.1");
    let mut head = String::new();
    loop {
        let line = server.line();
        if line.trim_end().is_empty() {
            break;
        }
        head += &line;
    }
    assert!(head.contains("User-Agent: tester/1.0 \u{e9}"), "{head}");
}

#[test]
fn curl_gets_files() {
    let folder = scratch();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    write("index.html", b"<p>index</p>");
    write("style.css", b"p { color: red }");
    write("script.js", b"let x");
    write("big.bin", &crate::kit::pattern(3_000_000));
    let (_server, root) = served(&[folder.path().to_str().unwrap()]);
    for (path, kind) in [
        ("/", "text/html"),
        ("/index.html", "text/html"),
        ("/style.css", "text/css"),
        ("/script.js", "text/javascript"),
        ("/big.bin", "application/octet-stream"),
    ] {
        let Some(curl) = curl(&["-i", "-o", "/dev/null", "-D", "-", &format!("{root}{path}")])
        else {
            return;
        };
        let head = head(&curl.run().expect(0));
        assert!(head.starts_with("http/1.1 200 "), "{path}: {head}");
        assert!(
            head.contains(&format!("content-type: {kind}")),
            "{path}: {head}"
        );
    }
    let big = curl(&[&format!("{root}/big.bin")]).unwrap().run().expect(0);
    assert!(big.stdout == crate::kit::pattern(3_000_000), "the big file");
    let missing = curl(&["-f", &format!("{root}/missing")]).unwrap().run();
    assert_eq!(missing.status, 22, "404 is an error to -f");
    let only_head = curl(&["-I", &format!("{root}/big.bin")])
        .unwrap()
        .run()
        .expect(0);
    assert!(
        head(&only_head).contains("content-length: 3000000"),
        "{}",
        only_head.text()
    );
    let escaped = curl(&["-i", "--path-as-is", &format!("{root}/../../etc/passwd")]);
    let escaped = escaped.unwrap().run().expect(0);
    assert!(!head(&escaped).contains(" 200 "), "{}", escaped.text());
    let escaped = curl(&["-i", &format!("{root}/%2e%2e/%2e%2e/etc/passwd")]);
    assert!(!head(&escaped.unwrap().run().expect(0)).contains(" 200 "));
}

#[test]
fn curl_keeps_its_connection() {
    let (_server, root) = served(&[]);
    let write_out = "\n%{num_connects}\n";
    let Some(curl) = curl(&["-w", write_out, &root, &root, &root]) else {
        return;
    };
    let text = curl.run().expect(0).text();
    let connects: Vec<&str> = text.lines().skip(1).step_by(2).collect();
    assert_eq!(connects, ["1", "0", "0"], "{text}");
}

#[test]
fn curl_asks_for_what_it_does_not_have() {
    let folder = scratch();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let big = crate::kit::pattern(300_000);
    std::fs::write(at("big"), &big).unwrap();
    let (_server, root) = served(&[folder.path().to_str().unwrap()]);
    let url = format!("{root}/big");
    std::fs::write(at("half"), &big[..100_000]).unwrap();
    let Some(resume) = curl(&["-C", "-", "-o", &at("half"), &url]) else {
        return;
    };
    resume.run().expect(0);
    assert!(std::fs::read(at("half")).unwrap() == big, "resumed");

    let parts = curl(&["-r", "5-9,-100", "-w", "%{content_type}", &url]);
    let parts = parts.unwrap().run().expect(0);
    let parts = &parts.stdout;
    let has = |wanted: &[u8]| parts.windows(wanted.len()).any(|part| part == wanted);
    assert!(has(&big[5..10]) && has(&big[299_900..]));
    assert!(has(b"Content-Range: bytes 5-9/300000\r\n"));
    assert!(has(b"multipart/byteranges; boundary="));

    let tag = at("tag");
    let save = curl(&["--etag-save", &tag, "-o", "/dev/null", &url]);
    save.unwrap().run().expect(0);
    let code = ["-o", "/dev/null", "-w", "%{http_code}"];
    for (condition, status) in [
        (["--etag-compare", &tag], "304"),
        (["-z", "20300101"], "304"),
        (["-z", "19990101"], "200"),
        (["-z", "-19990101"], "412"),
    ] {
        let words = [condition.as_slice(), &code, &[&url]].concat();
        let again = curl(&words).unwrap().run().expect(0);
        assert_eq!(again.text(), status, "{condition:?}");
    }
}

#[test]
fn curl_speaks_http_1_0() {
    let (_server, root) = served(&["--text", "ok"]);
    let Some(curl) = curl(&["--http1.0", &root]) else {
        return;
    };
    assert_eq!(curl.run().expect(0).text(), "ok");
}

#[test]
fn wget_gets_files() {
    let folder = scratch();
    std::fs::write(
        folder.path().join("big.bin"),
        crate::kit::pattern(3_000_000),
    )
    .unwrap();
    let (_server, root) = served(&[folder.path().to_str().unwrap()]);
    let Some(wget) = wget(&[&format!("{root}/big.bin")]) else {
        return;
    };
    assert!(wget.run().expect(0).stdout == crate::kit::pattern(3_000_000));
}

#[test]
fn a_bare_listener_answers_curl_and_wget() {
    let answer = "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nby hand";
    for tool in ["curl", "wget"] {
        let listening = sockkit(["tcp", "listen", "0"]).input(answer).start();
        let url = format!("http://127.0.0.1:{}/", listening.port());
        let Some(client) = (if tool == "curl" {
            curl(&[&url])
        } else {
            wget(&[&url])
        }) else {
            continue;
        };
        assert_eq!(client.run().expect(0).text(), "by hand", "{tool}");
        let request = listening.finish();
        assert!(
            request.text().starts_with("GET / HTTP/1.1\r\n"),
            "{}",
            request.text()
        );
        assert_eq!(request.status, 0, "{tool}");
    }
}

#[test]
fn a_bare_listener_answers_curl_over_a_unix_socket() {
    let folder = scratch();
    let path = folder.path().join("s");
    let listening = sockkit(["unix", "listen"])
        .args([&path])
        .input("HTTP/1.0 200 OK\r\n\r\nlocal");
    let listening = listening.start();
    listening.listening();
    let words = ["--unix-socket", path.to_str().unwrap(), "http://localhost/"];
    let Some(curl) = curl(&words) else {
        return;
    };
    assert_eq!(curl.run().expect(0).text(), "local");
    listening.finish().expect(0);
}

#[test]
fn a_bare_client_speaks_http() {
    let (_server, root) = served(&["--text", "ok"]);
    let port = root.rsplit(':').next().unwrap();
    let request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let client = sockkit(["tcp", "connect", port]).input(request).run();
    assert!(client.expect(0).text().ends_with("\r\n\r\nok"));
}
