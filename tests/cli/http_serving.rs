//! `http` as a server that is relied on: its log, its limits, its patience, its end, its sandbox, and how it is announced.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::{Gid, Uid, chown, geteuid, mkfifo};
use serde_json::Value;
use socket2::{Domain, Socket, Type};

use super::http::{field, get, head, http, last, response, said, status, text};
use crate::kit::{
    DEADLINE, Finished, Running, Sign, Stdin, Terminal, listener, patient, pattern, peer, program,
    read_end, scratch, sockkit, stream_to,
};

/// A directory with a file `f` of three bytes, and a server for it.
fn serve(words: &[&str]) -> (tempfile::TempDir, Running, u16) {
    let folder = scratch();
    fs::write(folder.path().join("f"), "hi\n").unwrap();
    let server = http(words).args([folder.path()]).start();
    let port = server.port();
    (folder, server, port)
}

fn stop(server: Running) -> Finished {
    server.signal(Signal::SIGTERM);
    server.finish().expect(143)
}

/// A line of the log without what differs from run to run: its date, and the seconds at its end.
fn settled(line: &str) -> String {
    let (front, rest) = line.split_once('[').expect(line);
    let (date, rest) = rest.split_once(']').expect(line);
    let (rest, seconds) = rest.rsplit_once(' ').expect(line);
    assert_eq!((date.len(), date.ends_with(" +0000")), (26, true), "{line}");
    assert!(seconds.parse::<f64>().unwrap() < 60.0, "{line}");
    assert_eq!(seconds.split_once('.').unwrap().1.len(), 6, "{line}");
    format!("{front}[]{rest}")
}

/// What the log says of three requests, and of what is none.
fn logged(words: &[&str]) -> Vec<String> {
    let folder = scratch();
    fs::write(folder.path().join("f"), "hi\n").unwrap();
    let mut sign = Sign::new();
    let server = http(words)
        .args([folder.path()])
        .args(sign.flags())
        .under(&sign.script(""))
        .start();
    let port = sign.port();
    let fields = "Host: h\r\nReferer: http://e/\r\nUser-Agent: a\"b\\\r\nConnection: close\r\n";
    said(port, format!("GET /f?x=%22 HTTP/1.1\r\n{fields}\r\n"));
    said(port, format!("HEAD /f HTTP/1.1\r\n{fields}\r\n"));
    said(port, "GET /none HTTP/1.0\r\n\r\n");
    said(port, b"\x16\x03\x01\x1b]0;title\x07\x9b\"\r\n\r\n");
    let lines = stop(server).text();
    lines.lines().map(str::to_owned).collect()
}

#[test]
fn the_log_of_a_directory_is_common_log_format() {
    let expected = [
        r#"127.0.0.1 - - [] "GET /f?x=%22 HTTP/1.1" 200 3"#,
        r#"127.0.0.1 - - [] "HEAD /f HTTP/1.1" 200 -"#,
        r#"127.0.0.1 - - [] "GET /none HTTP/1.0" 404 14"#,
        r#"127.0.0.1 - - [] "\x16\x03\x01\x1b]0;title\x07\x9b\"" 400 16"#,
    ];
    for words in [&[][..], &["--log", "common"]] {
        let mut lines: Vec<String> = logged(words).iter().map(|line| settled(line)).collect();
        // Several workers write it, each in its own time.
        lines.sort_by_key(|line| expected.iter().position(|known| known == line));
        assert_eq!(lines, expected);
    }
}

#[test]
fn the_combined_log_has_referer_and_user_agent() {
    let lines = logged(&["--log", "combined"]);
    let lines: Vec<String> = lines.iter().map(|line| settled(line)).collect();
    for expected in [
        r#"127.0.0.1 - - [] "GET /f?x=%22 HTTP/1.1" 200 3 "http://e/" "a\"b\\""#,
        r#"127.0.0.1 - - [] "GET /none HTTP/1.0" 404 14 "-" "-""#,
    ] {
        assert!(lines.iter().any(|line| line == expected), "{lines:#?}");
    }
}

#[test]
fn the_json_log_is_an_object_a_line() {
    for words in [
        &["--log", "json"][..],
        &["--json"],
        &["--json", "--log", "common"],
    ] {
        let lines = logged(words);
        let all: Vec<Value> = lines
            .iter()
            .filter(|line| !line.contains("listening"))
            .map(|line| serde_json::from_str(line).expect(line))
            .collect();
        let asked = |target: &str, method: &str| {
            let is = |line: &&Value| line["target"] == target && line["method"] == method;
            all.iter().find(is).expect(target).clone()
        };
        let found = asked("/f?x=%22", "GET");
        for (name, value) in [
            ("event", "request"),
            ("version", "HTTP/1.1"),
            ("host", "h"),
            ("referer", "http://e/"),
            ("user_agent", "a\"b\\"),
        ] {
            assert_eq!(found[name], value, "{found}");
        }
        assert_eq!((&found["status"], &found["sent"]), (&200.into(), &3.into()));
        assert!(found["duration_ms"].as_f64().unwrap() < 60_000.0);
        assert!(found["peer"].as_str().unwrap().starts_with("127.0.0.1:"));
        assert!(found["ts"].as_str().unwrap().ends_with('Z'));
        assert_eq!(asked("/f", "HEAD")["sent"], 0);
        let refused = all.iter().find(|line| line["status"] == 400).unwrap();
        assert_eq!(
            refused["refused"],
            "\u{16}\u{3}\u{1}\u{1b}]0;title\u{7}\u{fffd}\""
        );
    }
}

#[test]
fn what_is_printed_without_a_directory_and_what_is_not() {
    for (words, expected) in [
        (
            &["--log", "head"][..],
            "GET / HTTP/1.1\nHost: h\nConnection: close\n\n",
        ),
        (&["--log", "off"], ""),
        (&["-q"], ""),
    ] {
        let mut sign = Sign::new();
        let server = sockkit(["http", "--port", "0"])
            .args(words)
            .args(sign.flags())
            .under(&sign.script(""))
            .start();
        said(sign.port(), last("/"));
        assert_eq!(stop(server).text(), expected, "{words:?}");
    }
    let server = http(&["-v", "--log", "common"]).start();
    said(server.port(), last("/"));
    let line = stop(server).text();
    assert_eq!(
        settled(line.trim_end()),
        r#"127.0.0.1 - - [] "GET / HTTP/1.1" 200 12"#
    );
}

#[test]
fn a_log_line_comes_though_nothing_follows() {
    let (_folder, server, port) = serve(&[]);
    said(port, last("/f"));
    assert!(server.line().contains("\"GET /f HTTP/1.1\" 200 3 "));
}

#[test]
fn a_log_that_nobody_reads_stops_nobody() {
    let (unread, stdout) = std::io::pipe().unwrap();
    let folder = scratch();
    let server = http(&[]).args([folder.path()]).stdout(stdout).start();
    let port = server.port();
    let long = get(&format!("/{}", "x".repeat(8000))).repeat(20);
    let mut client = stream_to(("127.0.0.1", port));
    for _ in 0..60 {
        client.write_all(long.as_bytes()).unwrap();
        for _ in 0..20 {
            assert_eq!(status(response(&mut client).0.as_bytes()), 404);
        }
    }
    server.stderr_until(|line| line.contains("stdout is not being read"));
    drop(unread);
    server.finish().expect(141);
}

#[test]
fn addresses_are_announced() {
    let server = http(&["-v", "--host", "*"]).start();
    let port = server.port();
    let url = format!("  http://127.0.0.1:{port}/");
    server.stderr_until(|line| line == url);
    stop(server);

    let server = http(&["--json", "--host", "127.0.0.1"]).start();
    let listening: Value = serde_json::from_str(&server.line()).unwrap();
    let local = listening["local"].as_str().unwrap();
    assert_eq!(
        listening["urls"],
        serde_json::json!([format!("http://{local}/")])
    );

    // Without a terminal a script reads one line, and nothing besides.
    let server = http(&["--host", "*"]).start();
    let port = server.port();
    said(port, last("/"));
    assert_eq!(stop(server).stderr, format!("listening on tcp *:{port}\n"));
}

#[test]
fn a_word_that_is_no_file_is_where_to_inspect() {
    let server = sockkit(["http", "--inspect", "127.0.0.1:0"]).start();
    let port = server.port();
    said(port, last("/hook"));
    assert!(stop(server).text().contains("/hook"));
    let refused = sockkit(["http", "--inspect", "nosuch"]).run().expect(2);
    drop(refused.says("sockkit: open nosuch: no such file or directory (ENOENT)"));
}

#[test]
fn at_a_terminal_the_url_and_its_picture_are_shown() {
    if peer("script").is_none() {
        return;
    }
    let command = format!("{} http --port 0 --qr", env!("CARGO_BIN_EXE_sockkit"));
    let shown = program("script", ["-qec", &command, "/dev/null"])
        .env("TERM", "xterm")
        .start();
    let listening = shown.line();
    let local = listening
        .trim_end()
        .strip_prefix("listening on tcp ")
        .unwrap();
    assert_eq!(shown.line().trim_end(), format!("  http://{local}/"));
    let first = shown.line();
    let row = first.trim_end().strip_prefix("\u{1b}[30;107m").unwrap();
    assert!(
        row.ends_with("\u{1b}[0m"),
        "black on white, whatever the theme is"
    );
}

#[test]
fn the_picture_is_a_square() {
    let server = http(&["--qr"]).start();
    let port = server.port();
    assert_eq!(
        server.stderr_until(|_| true),
        format!("  http://127.0.0.1:{port}/")
    );
    let finished = stop(server);
    let rows: Vec<&str> = finished.stderr.lines().skip(2).collect();
    for row in &rows {
        assert_eq!(row.chars().count(), rows.len() * 2 - 1, "{row}");
        assert!(row.chars().all(|c| " \u{2580}\u{2584}\u{2588}".contains(c)));
    }
    assert!(rows.len() >= 15);
}

#[test]
fn the_browser_is_opened_and_left_alone() {
    let folder = scratch();
    let fifo = folder.path().join("opened");
    mkfifo(&fifo, Mode::S_IRWXU).unwrap();
    let browser = folder.path().join("browser");
    fs::write(
        &browser,
        format!("#!/bin/sh\necho \"$@\" > {}\n", fifo.display()),
    )
    .unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&browser, mode).unwrap();
    let words = format!("no-such-browser:{} --new %s now", browser.display());
    let server = http(&["--open"]).env("BROWSER", words).start();
    let port = server.port();
    let opened = fs::read_to_string(&fifo).unwrap();
    assert_eq!(opened, format!("--new http://127.0.0.1:{port}/ now\n"));
    assert_eq!(server.children(), [0; 0], "nobody is left to be waited for");

    let server = http(&["--open"]).env("BROWSER", "no-such-browser").start();
    server.stderr_until(|line| line.contains("--open: no no-such-browser here: open http://"));
    assert_eq!(status(&said(server.port(), last("/"))), 200);
}

/// A connection in the middle of a request, which nobody may close.
fn busy(port: u16) -> TcpStream {
    let mut client = stream_to(("127.0.0.1", port));
    client.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    client
}

fn finish(client: &mut TcpStream) -> String {
    client.write_all(b"Host: h\r\n\r\n").unwrap();
    response(client).0
}

#[test]
fn one_too_many_is_told_so() {
    let server = http(&["--max-conns", "2"]).start();
    let port = server.port();
    let mut clients = [busy(port), busy(port)];
    for _ in 0..3 {
        let answer = read_end(&mut stream_to(("127.0.0.1", port)));
        assert_eq!(status(&answer), 503);
        assert!(text(answer).contains("\r\nConnection: close\r\n"));
    }
    for client in &mut clients {
        assert_eq!(status(finish(client).as_bytes()), 200);
    }
    // Both are idle now: the one that has been so for longest makes room.
    let mut third = busy(port);
    assert_eq!(read_end(&mut clients[0]), b"");
    assert_eq!(status(finish(&mut third).as_bytes()), 200);
    clients[1].write_all(get("/").as_bytes()).unwrap();
    assert_eq!(status(response(&mut clients[1]).0.as_bytes()), 200);
    drop((clients, third));
    let finished = stop(server);
    assert_eq!(
        finished
            .stderr
            .matches("as many connections as --max-conns, or")
            .count(),
        1,
        "said once"
    );
}

/// A connection from another address of this machine.
fn stream_from(ip: [u8; 4], port: u16) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((ip, 0)).into()).unwrap();
    let server = SocketAddr::from(([127, 0, 0, 1], port));
    socket.connect(&server.into()).unwrap();
    patient(socket.into())
}

#[test]
fn an_address_has_its_share() {
    let server = http(&["--max-conns-per-address", "2"]).start();
    let port = server.port();
    let mut clients = [busy(port), busy(port)];
    assert_eq!(status(&read_end(&mut stream_to(("127.0.0.1", port)))), 503);
    let mut other = stream_from([127, 0, 0, 2], port);
    other.write_all(get("/").as_bytes()).unwrap();
    assert_eq!(status(response(&mut other).0.as_bytes()), 200);
    assert_eq!(status(finish(&mut clients[0]).as_bytes()), 200);
    drop(clients);
    let until = Instant::now() + DEADLINE;
    while status(&said(port, last("/"))) == 503 {
        assert!(Instant::now() < until, "they have left");
    }
}

#[test]
fn a_slow_head_and_a_dripping_body_are_refused() {
    let words = ["--header-timeout", "400ms", "--body-timeout", "400ms"];
    let server = http(&words).start();
    let port = server.port();
    let head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n";
    for (first, byte) in [("GET / HTTP/1.1\r\nA: ", b"a"), (head, b"b")] {
        let mut client = stream_to(("127.0.0.1", port));
        client.write_all(first.as_bytes()).unwrap();
        let mut reader = client.try_clone().unwrap();
        let answer = thread::spawn(move || read_end(&mut reader));
        let until = Instant::now() + DEADLINE;
        while !answer.is_finished() {
            assert!(Instant::now() < until, "a drip goes on for ever");
            // The server may have closed it a moment ago.
            if client.write_all(byte).is_err() {
                break;
            }
            thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(status(&answer.join().unwrap()), 408);
    }
    // One that gives its share may take longer than that.
    let mut client = stream_to(("127.0.0.1", port));
    let head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 20000\r\n\r\n";
    client.write_all(head.as_bytes()).unwrap();
    for _ in 0..20 {
        client.write_all(&[b'x'; 1000]).unwrap();
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(status(response(&mut client).0.as_bytes()), 405);
}

#[test]
fn who_takes_an_answer_by_drips_is_cut_off() {
    let folder = scratch();
    fs::write(folder.path().join("large"), pattern(30_000_000)).unwrap();
    let server = http(&["--write-timeout", "500ms"])
        .args([folder.path()])
        .start();
    let port = server.port();
    let mut drip = stream_to(("127.0.0.1", port));
    drip.write_all(get("/large").as_bytes()).unwrap();
    let line = server.line();
    assert!(line.contains("\"GET /large HTTP/1.1\" 200 "), "{line}");
    let mut rest = Vec::new();
    // The kernel holds what was sent: its end is an end, or a reset.
    let _ = drip.read_to_end(&mut rest);
    assert!(rest.len() < 30_000_000);

    let mut steady = stream_to(("127.0.0.1", port));
    steady.write_all(get("/large").as_bytes()).unwrap();
    let head = head(&mut steady);
    assert_eq!(field(&head, "content-length").as_deref(), Some("30000000"));
    let started = Instant::now();
    let (mut taken, mut buffer) = (0, vec![0; 1_000_000]);
    while taken < 30_000_000 {
        let count = steady.read(&mut buffer).unwrap();
        assert!(
            count > 0,
            "cut off after {taken} bytes in {:?}",
            started.elapsed()
        );
        taken += count;
        thread::sleep(Duration::from_millis(20));
    }
}

/// Wait until new clients are refused: the server has begun to stop.
fn until_refused(port: u16) {
    let until = Instant::now() + DEADLINE;
    loop {
        match TcpStream::connect(("127.0.0.1", port)) {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => return,
            _ => assert!(Instant::now() < until, "it goes on letting clients in"),
        }
    }
}

#[test]
fn what_is_in_flight_is_finished() {
    let folder = scratch();
    fs::write(folder.path().join("large"), pattern(20_000_000)).unwrap();
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let server = http(&["--log", "off"]).args([folder.path()]).start();
        let port = server.port();
        let mut idle = stream_to(("127.0.0.1", port));
        idle.write_all(get("/none").as_bytes()).unwrap();
        response(&mut idle);
        let mut download = stream_to(("127.0.0.1", port));
        download.write_all(get("/large").as_bytes()).unwrap();
        head(&mut download);
        let mut half = stream_to(("127.0.0.1", port));
        half.write_all(b"GET /none HTTP/1.1\r\n").unwrap();
        // Whoever asks behind it is answered behind it: then it has been heard.
        said(port, last("/none"));
        server.signal(signal);
        until_refused(port);
        assert_eq!(read_end(&mut idle), b"", "closed, and nothing said");
        half.write_all(b"Host: h\r\n\r\n").unwrap();
        let (head, _) = response(&mut half);
        assert_eq!(status(head.as_bytes()), 404);
        assert_eq!(field(&head, "connection").as_deref(), Some("close"));
        let mut rest = Vec::new();
        download.read_to_end(&mut rest).unwrap();
        assert!(rest == pattern(20_000_000), "{} bytes", rest.len());
        server.finish().expect(128 + signal as i32);
    }
}

#[test]
fn no_request_fails_when_it_stops_under_load() {
    let (_folder, server, port) = serve(&["--log", "off"]);
    let ask = move |ready: &std::sync::Barrier| {
        let mut client = stream_to(("127.0.0.1", port));
        let mut answered = 0;
        loop {
            client.write_all(get("/f").as_bytes()).unwrap();
            let (head, body) = response(&mut client);
            assert_eq!((status(head.as_bytes()), &*body), (200, &b"hi\n"[..]));
            answered += 1;
            if answered == 20 {
                ready.wait();
            }
            if field(&head, "connection").as_deref() == Some("close") {
                return;
            }
        }
    };
    let ready = std::sync::Barrier::new(9);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| ask(&ready));
        }
        ready.wait();
        server.signal(Signal::SIGTERM);
    });
    server.finish().expect(143);
}

#[test]
fn the_end_is_bounded() {
    let folder = scratch();
    fs::write(folder.path().join("large"), pattern(50_000_000)).unwrap();
    for (grace, signals) in [("60s", 2), ("300ms", 1), ("0", 1)] {
        let server = http(&["--grace", grace, "--log", "off"])
            .args([folder.path()])
            .start();
        let port = server.port();
        let mut deaf = stream_to(("127.0.0.1", port));
        deaf.write_all(get("/large").as_bytes()).unwrap();
        head(&mut deaf);
        server.signal(Signal::SIGTERM);
        if signals == 2 {
            until_refused(port);
            server.signal(Signal::SIGINT);
            server.finish().expect(130);
        } else {
            server.finish().expect(143);
        }
    }
}

#[test]
fn a_listener_of_others_goes_on_without_it() {
    let (theirs, port) = listener();
    let handed = OwnedFd::from(theirs.try_clone().unwrap());
    let server = sockkit(["http", "--listen", "fd:0"])
        .stdin(Stdin::Open(handed))
        .start();
    server.listening();
    assert_eq!(status(&said(port, last("/"))), 200);
    stop(server);
    let _waits = TcpStream::connect(("127.0.0.1", port)).unwrap();
    theirs.accept().unwrap();
}

#[test]
fn a_hangup_ends_it_only_when_its_terminal_is_gone() {
    let terminal = Terminal::new();
    let mut sign = Sign::new();
    let server = http(&[])
        .args(sign.flags())
        .under(&sign.script(&format!("2>{}", terminal.name.display())))
        .start();
    let port = sign.port();
    server.signal(Signal::SIGHUP);
    for _ in 0..3 {
        assert_eq!(status(&said(port, last("/"))), 200);
    }
    terminal.hang_up();
    server.signal(Signal::SIGHUP);
    server.finish().expect(129);
}

/// A field of all threads of a process, proc_pid_status(5).
fn of_all_threads(pid: u32, name: &str) -> Vec<String> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let field = |thread: std::io::Result<fs::DirEntry>| {
        let status = fs::read_to_string(thread.unwrap().path().join("status")).unwrap();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_once('\t').unwrap().1.to_owned()
    };
    threads.map(field).collect()
}

#[test]
fn it_gives_up_what_it_needs_no_more() {
    let (_folder, server, port) = serve(&["-v"]);
    for measure in ["capabilities: none", "privileges: none to gain"] {
        server.stderr_until(|line| line.starts_with(&format!("sandbox: {measure}")));
    }
    server.stderr_until(|line| line.starts_with("sandbox: landlock: "));
    assert_eq!(status(&said(port, last("/f"))), 200);
    let threads = of_all_threads(server.pid(), "NoNewPrivs:");
    assert!(threads.iter().all(|flag| flag == "1"), "{threads:?}");
    for set in ["CapEff:", "CapPrm:", "CapInh:"] {
        let threads = of_all_threads(server.pid(), set);
        assert!(
            threads.iter().all(|set| set == "0000000000000000"),
            "{set} {threads:?}"
        );
    }
    if geteuid().is_root() {
        // Not even a program that is root's by its file gives one back.
        let threads = of_all_threads(server.pid(), "CapBnd:");
        assert!(
            threads.iter().all(|set| set == "0000000000000000"),
            "{threads:?}"
        );
    }

    let (_folder, server, port) = serve(&["--no-sandbox", "-v"]);
    assert_eq!(status(&said(port, last("/f"))), 200);
    assert_eq!(of_all_threads(server.pid(), "NoNewPrivs:")[0], "0");
    let said = server.stderr_so_far();
    let told: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("sandbox"))
        .collect();
    assert_eq!(told, ["sandbox: measures: none: --no-sandbox"]);
}

#[test]
fn as_root_it_continues_as_a_user() {
    if !geteuid().is_root() {
        http(&["--user", "nobody"])
            .run()
            .expect(2)
            .says("only root");
        return;
    }
    let (folder, server, port) = serve(&["--user", "12345:54321", "-v"]);
    server.stderr_until(|line| line == "sandbox: user: 12345:54321 (12345:54321)");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(folder.path().join("f"), mode).unwrap();
    // The file is root's and closed to others.
    assert_eq!(status(&said(port, last("/f"))), 403);
    for (name, id) in [("Uid:", "12345"), ("Gid:", "54321")] {
        let all = of_all_threads(server.pid(), name);
        assert!(all.iter().all(|ids| *ids == [id; 4].join("\t")), "{all:?}");
    }
    assert_eq!(of_all_threads(server.pid(), "Groups:")[0].trim(), "54321");
}

#[test]
fn a_user_that_is_none_is_refused_before_anything_is_opened() {
    if geteuid().is_root() {
        let refused = http(&["--user", "no-such-user", "--explain"])
            .run()
            .expect(2);
        assert!(!refused.stderr.contains("socket("), "{}", refused.stderr);
        refused.says("--user: no user no-such-user");
    }
}

#[test]
fn what_only_root_may_read_is_said_at_once() {
    if !geteuid().is_root() {
        return;
    }
    let folder = scratch();
    let theirs = folder.path().join("theirs");
    fs::create_dir(&theirs).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    fs::set_permissions(&theirs, mode).unwrap();
    let id = 12345;
    chown(&theirs, Some(Uid::from_raw(id)), Some(Gid::from_raw(id))).unwrap();
    let http = |words: &[&str]| http(words).args([&theirs as &Path]);
    let refused = http(&[]).run().expect(2);
    refused
        .says("permission denied (EACCES)")
        .says("--user OWNER");
    for words in [&["--user", "12345:12345"][..], &["--no-sandbox"]] {
        let server = http(words).start();
        assert_eq!(status(&said(server.port(), last("/none"))), 404);
    }
}

#[test]
fn what_is_cut_off_at_the_end_stands_in_the_log() {
    let folder = scratch();
    fs::write(folder.path().join("big"), pattern(20 << 20)).unwrap();
    let server = http(&["--grace", "0"]).args([folder.path()]).start();
    let mut client = stream_to(("127.0.0.1", server.port()));
    client.write_all(get("/big").as_bytes()).unwrap();
    head(&mut client);
    let log = stop(server).text();
    let (line, sent) = log.split_once(" 200 ").expect("a line");
    assert!(line.ends_with("\"GET /big HTTP/1.1\""), "{log}");
    let sent: u64 = sent.split(' ').next().unwrap().parse().unwrap();
    assert!((1..20 << 20).contains(&sent), "{log}");
}

/// The bodies of so many answers, each of them these bytes.
fn assert_bodies(answers: &[u8], count: usize, body: &[u8]) {
    let mut rest = answers;
    for number in 0..count {
        let end = rest.windows(4).position(|four| four == b"\r\n\r\n");
        rest = &rest[end.expect("no head") + 4..];
        assert!(rest.starts_with(body), "answer {number}");
        rest = &rest[body.len()..];
    }
    assert!(rest.is_empty());
}

#[test]
fn a_larger_file_comes_whole_however_it_is_read() {
    let folder = scratch();
    let server = http(&[]).args([folder.path()]).start();
    let port = server.port();
    for length in [65_537, 700_000, 1 << 20] {
        let body = pattern(length);
        fs::write(folder.path().join("f"), &body).unwrap();
        let asked = "GET /f HTTP/1.1\r\nHost: h\r\n\r\n".repeat(19);
        let asked = asked + "GET /f HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
        // The sockets on the way to one who does not read hold less than that.
        let mut slow = stream_to(("127.0.0.1", port));
        slow.write_all(asked.as_bytes()).unwrap();
        for _ in 0..2 {
            assert_bodies(&said(port, &asked), 20, &body);
        }
        assert_bodies(&read_end(&mut slow), 20, &body);
    }
}
