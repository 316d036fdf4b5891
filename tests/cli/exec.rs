//! `http --exec`: a command answers each request; it is fed, bounded, ended and reaped, and inherits nothing.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::thread;
use std::time::Instant;

use nix::sys::resource::{Resource, getrlimit};
use nix::sys::signal::Signal;

use crate::kit::{DEADLINE, Running, Start, pattern, read_end, reset, sockkit, stream_to};

fn exec(flags: &[&str], command: &[&str]) -> Start {
    let words = sockkit(["http", "--port", "0", "--exec"]).args(flags);
    words.args(["--"]).args(command)
}

fn shell(flags: &[&str], script: &str) -> (Running, u16) {
    let server = exec(flags, &["sh", "-c", script]).start();
    let port = server.port();
    (server, port)
}

/// What comes back for `bytes` until the server closes.
fn said(port: u16, bytes: impl AsRef<[u8]>) -> String {
    let mut client = stream_to(("127.0.0.1", port));
    client.write_all(bytes.as_ref()).unwrap();
    String::from_utf8(read_end(&mut client)).unwrap()
}

/// A request of HTTP/1.0: its answer comes without chunks.
fn get(path: &str, fields: &str) -> String {
    format!("GET {path} HTTP/1.0\r\nHost: h.example:80\r\n{fields}\r\n")
}

fn post(body: &[u8]) -> Vec<u8> {
    let head = format!("POST / HTTP/1.0\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap().1
}

#[test]
fn a_request_is_an_environment() {
    let (_server, port) = shell(&[], "env | sort");
    let fields = "X-Two: 1\r\nx-two: 2\r\nProxy: http://evil/\r\nX_Two: 3\r\n";
    let answer = said(port, get("/a%20b/c?x=%20&y", fields));
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(
        answer.contains("\r\nContent-Type: text/plain; charset=utf-8\r\n"),
        "{answer}"
    );
    let lines: Vec<&str> = body(&answer).lines().collect();
    let port_line = format!("SERVER_PORT={port}");
    for line in [
        "GATEWAY_INTERFACE=CGI/1.1",
        "REQUEST_METHOD=GET",
        "PATH_INFO=/a b/c",
        "QUERY_STRING=x=%20&y",
        "SERVER_NAME=h.example",
        "SERVER_PROTOCOL=HTTP/1.0",
        "REMOTE_ADDR=127.0.0.1",
        "SCRIPT_NAME=",
        "HTTP_X_TWO=1, 2",
        &port_line,
    ] {
        assert!(lines.contains(&line), "{line} is missing: {lines:#?}");
    }
    for name in [
        "HTTP_PROXY=",
        "CONTENT_LENGTH=",
        "CONTENT_TYPE=",
        "HTTP_CONNECTION=",
    ] {
        assert!(
            !lines.iter().any(|line| line.starts_with(name)),
            "{name}: {lines:#?}"
        );
    }
    assert!(said(port, get("/%00", "")).starts_with("HTTP/1.1 400 "));
}

#[test]
fn the_servers_own_environment_is_none_of_the_requests() {
    let server = exec(
        &[],
        &[
            "sh",
            "-c",
            r#"echo "$KEPT ${HTTP_PROXY-none} ${CONTENT_LENGTH-none}""#,
        ],
    )
    .env("KEPT", "kept")
    .env("HTTP_PROXY", "http://proxy/")
    .env("CONTENT_LENGTH", "7");
    let server = server.start();
    assert_eq!(body(&said(server.port(), get("/", ""))), "kept none none\n");
}

#[test]
fn a_command_inherits_no_signal_and_no_descriptor() {
    let script =
        "grep SigBlk /proc/self/status; trap 'echo term; exit' TERM; kill -TERM $$; sleep 5";
    let (_server, port) = shell(&[], script);
    let answer = said(port, get("/", ""));
    assert_eq!(body(&answer), "SigBlk:\t0000000000000000\nterm\n");

    let server = exec(&[], &["sh", "-c", "exec ls -l /proc/self/fd"]).start();
    let listed = said(server.port(), get("/", ""));
    for kind in ["socket:", "eventpoll", "signalfd", "eventfd"] {
        assert!(!listed.contains(kind), "{listed}");
    }
    // A command that writes to nobody is ended by SIGPIPE, as everywhere.
    let (_server, port) = shell(
        &[],
        "(yes; echo $? >&2) 2>&1 >/dev/full | head -c 0; (yes; echo $?) 2>/dev/null | head -1",
    );
    assert_eq!(body(&said(port, get("/", ""))), "y\n");
}

#[test]
fn a_body_goes_in_while_the_answer_comes_out() {
    let (_server, port) = shell(&[], "cat");
    // More than all the pipes and sockets on the way hold.
    let bytes = pattern(20_000_000);
    let mut client = stream_to(("127.0.0.1", port));
    client.write_all(&post(&bytes)).unwrap();
    let answer = read_end(&mut client);
    let start = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap()
        + 4;
    assert!(answer[start..] == bytes, "{} bytes", answer.len());
    // In chunks, both ways, and the connection goes on.
    let mut client = stream_to(("127.0.0.1", port));
    let request =
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    for _ in 0..2 {
        client.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n0\r\n\r\n") {
            let mut byte = [0];
            client.read_exact(&mut byte).unwrap();
            answer.push(byte[0]);
        }
        let answer = String::from_utf8(answer).unwrap();
        assert!(
            answer.ends_with("\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
            "{answer}"
        );
    }
}

#[test]
fn a_command_that_does_not_read_is_not_fed() {
    let (_server, port) = shell(&[], "echo early");
    let mut client = stream_to(("127.0.0.1", port));
    // It may have answered and closed before it has heard everything.
    let _ = client.write_all(&post(&pattern(5_000_000)));
    let _ = client.shutdown(Shutdown::Write);
    let answer = String::from_utf8(read_end(&mut client)).unwrap();
    assert_eq!(body(&answer), "early\n");
}

#[test]
fn output_may_have_a_head() {
    for (output, status, field, expected) in [
        (
            "Content-Type: text/html\\n\\n<p>",
            "200 OK",
            "Content-Type: text/html",
            "<p>",
        ),
        (
            "Status: 404 Gone\\r\\nX-A: b\\r\\n\\r\\nx",
            "404 Not Found",
            "X-A: b",
            "x",
        ),
        (
            "Location: /there\\n\\n",
            "302 Found",
            "Location: /there",
            "",
        ),
        (
            "Status: 204\\nX-A: b\\n\\nnot this",
            "204 No Content",
            "X-A: b",
            "",
        ),
    ] {
        let server = exec(&["--cgi"], &["printf", output]).start();
        let answer = said(server.port(), get("/", ""));
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}\r\n")),
            "{answer}"
        );
        assert!(answer.contains(&format!("\r\n{field}\r\n")), "{answer}");
        assert_eq!(body(&answer), expected, "{answer}");
    }
    for output in [
        "no head\\n\\n",
        "",
        "Content-Type: a/b\\n",
        "Status: 99\\n\\n",
        "A: b\\rc\\n\\n",
    ] {
        let server = exec(&["--cgi"], &["printf", output]).start();
        let answer = said(server.port(), get("/", ""));
        assert!(answer.starts_with("HTTP/1.1 502 "), "{output}: {answer}");
        server.stderr_until(|line| line == "sockkit: exec: its output has no CGI head");
    }
    // Without the flag it is text, whatever it looks like.
    let server = exec(&[], &["printf", "Status: 404\\n\\nx"]).start();
    assert_eq!(body(&said(server.port(), get("/", ""))), "Status: 404\n\nx");
}

#[test]
fn failures_are_told() {
    let (server, port) = shell(&[], "exit 3");
    assert!(said(port, get("/", "")).starts_with("HTTP/1.1 500 "));
    server.stderr_until(|line| line == "sockkit: exec: the command ended with status 3");
    let (server, port) = shell(&[], "kill -SEGV $$");
    assert!(said(port, get("/", "")).starts_with("HTTP/1.1 500 "));
    server.stderr_until(|line| line == "sockkit: exec: the command was ended by SIGSEGV");
    // What was said stands, and what says nothing and succeeds says nothing.
    let (_server, port) = shell(&[], "echo partly; exit 3");
    assert_eq!(body(&said(port, get("/", ""))), "partly\n");
    let (_server, port) = shell(&[], "exit 0");
    let answer = said(port, get("/", ""));
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && body(&answer).is_empty(),
        "{answer}"
    );
}

#[test]
fn a_command_has_its_time() {
    let (server, port) = shell(&["--exec-timeout", "300ms"], "sleep 1000");
    assert!(said(port, get("/", "")).starts_with("HTTP/1.1 504 "));
    server.stderr_until(|line| line == "sockkit: exec: not done within 300ms");
    // An answer that is cut off is seen to be: the last chunk does not come.
    let (_server, port) = shell(&["--exec-timeout", "500ms"], "echo begun; sleep 1000");
    let answer = said(port, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert!(answer.ends_with("\r\n\r\n6\r\nbegun\n\r\n"), "{answer}");
    // Without chunks an end would make it look whole: it is reset.
    let mut client = stream_to(("127.0.0.1", port));
    client.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let ended = client
        .read_to_end(&mut answer)
        .map_err(|error| error.kind());
    assert_eq!(ended, Err(ErrorKind::ConnectionReset));
    assert!(answer.ends_with(b"\r\n\r\nbegun\n"));
}

/// Whether a process is there that has not ended.
fn lives(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ")
        .is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

#[test]
fn what_goes_its_own_way_ends_with_its_command() {
    let apart = "setsid sh -c 'trap \"\" TERM; echo $$ >&2; sleep 1000; sleep 1000'";
    for script in [
        format!("{apart} & wait"),
        // Its parent is gone at once.
        format!("({apart} &); sleep 1000"),
    ] {
        let (server, port) = shell(&["--exec-timeout", "500ms"], &script);
        assert!(said(port, get("/", "")).starts_with("HTTP/1.1 504 "));
        let pid = server.stderr_until(|line| line.parse::<u32>().is_ok());
        let since = Instant::now();
        while lives(&pid) {
            assert!(since.elapsed() < DEADLINE, "{script}");
        }
        let (server, port) = shell(&[], &script);
        let mut client = stream_to(("127.0.0.1", port));
        client.write_all(get("/", "").as_bytes()).unwrap();
        let pid = server.stderr_until(|line| line.parse::<u32>().is_ok());
        assert!(lives(&pid));
        server.signal(Signal::SIGTERM);
        server.signal(Signal::SIGTERM);
        server.finish().expect(143);
        assert!(!lives(&pid), "{script}");
    }
    // What a command leaves to go on that has come to its end goes on.
    let (server, port) = shell(
        &[],
        "setsid sleep 1000 >/dev/null 2>&1 & echo $! >&2; echo done",
    );
    assert_eq!(body(&said(port, get("/", ""))), "done\n");
    let pid = server.stderr_until(|line| line.parse::<u32>().is_ok());
    server.signal(Signal::SIGTERM);
    server.finish().expect(143);
    assert!(lives(&pid));
    nix::sys::signal::kill(
        nix::unistd::Pid::from_raw(pid.parse().unwrap()),
        Signal::SIGKILL,
    )
    .unwrap();
}

#[test]
fn a_command_has_the_limit_that_was_handed_to_us() {
    let (soft, _) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    let (_server, port) = shell(
        &[],
        "ulimit -Sn; echo ${NOTIFY_SOCKET-none} ${LISTEN_FDS-none}",
    );
    let answer = said(port, get("/", ""));
    assert_eq!(body(&answer), format!("{soft}\nnone none\n"));
    let server = exec(
        &[],
        &[
            "sh",
            "-c",
            "ulimit -Sn; echo ${NOTIFY_SOCKET-none} ${LISTEN_FDS-none}",
        ],
    )
    .env("NOTIFY_SOCKET", "@none-of-their-business")
    .env("LISTEN_FDS", "1")
    .under("ulimit -Sn 100; exec \"$0\" \"$@\"")
    .start();
    assert_eq!(body(&said(server.port(), get("/", ""))), "100\nnone none\n");
}

/// Says on stderr when it has begun, and that it was ended.
const WITNESS: &str =
    "trap 'echo ended >&2; exit' TERM; echo begun >&2; while :; do sleep 0.05; done";

#[test]
fn a_command_ends_with_its_client() {
    // By a reset, and by a mere close.
    for resets in [true, false] {
        let (server, port) = shell(&[], WITNESS);
        let mut client = stream_to(("127.0.0.1", port));
        client
            .write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            .unwrap();
        server.stderr_until(|line| line == "begun");
        match resets {
            true => reset(client),
            false => drop(client),
        }
        server.stderr_until(|line| line == "ended");
    }
    // One that streams ends when nobody reads.
    let (server, port) = shell(
        &[],
        "trap 'echo ended >&2; exit' TERM PIPE; while :; do echo x || exit; sleep 0.02; done",
    );
    let mut client = stream_to(("127.0.0.1", port));
    client.write_all(get("/", "").as_bytes()).unwrap();
    let mut some = [0; 10];
    client.read_exact(&mut some).unwrap();
    drop(client);
    server.stderr_until(|line| line == "ended");
}

#[test]
fn a_client_that_has_only_ended_its_half_is_answered() {
    let (_server, port) = shell(&[], "sleep 0.3; echo late");
    let mut client = stream_to(("127.0.0.1", port));
    client
        .write_all(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        .unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let answer = String::from_utf8(read_end(&mut client)).unwrap();
    assert!(answer.contains("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("5\r\nlate\n\r\n0\r\n\r\n"), "{answer}");
}

#[test]
fn commands_end_with_the_server() {
    let (server, port) = shell(&[], WITNESS);
    let mut client = stream_to(("127.0.0.1", port));
    client.write_all(get("/", "").as_bytes()).unwrap();
    server.stderr_until(|line| line == "begun");
    server.signal(Signal::SIGTERM);
    server.finish().expect(143).says("ended\n");
}

#[test]
fn so_many_at_once() {
    let script = "echo begun >&2; cat; echo done";
    let (server, port) = shell(&["--exec-max", "1"], script);
    let mut first = stream_to(("127.0.0.1", port));
    // It reads to the end of a body that has not ended.
    first
        .write_all(b"POST / HTTP/1.0\r\nContent-Length: 1\r\n\r\n")
        .unwrap();
    server.stderr_until(|line| line == "begun");
    assert!(said(port, get("/", "")).starts_with("HTTP/1.1 503 "));
    first.write_all(b"x").unwrap();
    let answer = String::from_utf8(read_end(&mut first)).unwrap();
    assert_eq!(body(&answer), "xdone\n");
}

#[test]
fn no_zombie_is_left() {
    let (server, port) = shell(&[], "echo x");
    for _ in 0..40 {
        assert_eq!(body(&said(port, get("/", ""))), "x\n");
    }
    let children = server.children();
    assert!(children.len() <= 3, "{children:?}");
}

#[test]
fn only_the_head_of_an_answer() {
    let (_server, port) = shell(&[], "echo body; echo \"$REQUEST_METHOD\" >&2");
    let answer = said(port, get("/", "").replace("GET", "HEAD"));
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\n"),
        "{answer}"
    );
}

/// The first answer that is not a refusal for want of room, to requests one after the other.
fn answer_once_there_is_room(port: u16, request: &str) -> String {
    let until = Instant::now() + DEADLINE;
    loop {
        let answer = said(port, request);
        if !answer.starts_with("HTTP/1.1 503 ") || Instant::now() > until {
            return answer;
        }
    }
}

#[test]
fn a_command_that_refuses_to_end_is_killed_and_makes_room() {
    let script = "trap '' TERM; while :; do sleep 0.1; done";
    let flags = ["--exec-timeout", "200ms", "--exec-max", "1"];
    let (server, port) = shell(&flags, script);
    for _ in 0..2 {
        let answer = answer_once_there_is_room(port, &get("/", ""));
        assert!(answer.starts_with("HTTP/1.1 504 "), "{answer}");
    }
    // The second is still being ended: the server does not leave it behind.
    server.signal(Signal::SIGTERM);
    server.finish().expect(143);
}

#[test]
fn who_wants_no_content_does_not_wait_for_it() {
    let (_server, port) = shell(&["--exec-max", "1"], "yes");
    let head = get("/", "").replace("GET", "HEAD");
    for _ in 0..3 {
        let answer = answer_once_there_is_room(port, &head);
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    }
}

#[test]
fn who_was_let_in_is_told_but_no_password() {
    let server = exec(&[], &["env"]).env("SOCKKIT_AUTH", "ada:secret");
    let server = server.start();
    let port = server.port();
    // ada:secret
    let answer = said(port, get("/", "Authorization: Basic YWRhOnNlY3JldA==\r\n"));
    let lines: Vec<&str> = body(&answer).lines().collect();
    assert!(lines.contains(&"REMOTE_USER=ada") && lines.contains(&"AUTH_TYPE=Basic"));
    assert!(
        !answer.contains("secret") && !answer.contains("YWRh"),
        "{answer}"
    );
    let head = [server.line(), server.line(), server.line()];
    assert_eq!(head[2], "Authorization: ***");
}

#[test]
fn a_command_that_cannot_be_run_is_told_at_the_start() {
    exec(&[], &["no-such-command"])
        .run()
        .expect(127)
        .says("sockkit: exec no-such-command: no such file");
    exec(&[], &["/etc/passwd"])
        .run()
        .expect(126)
        .says("sockkit: exec /etc/passwd: permission denied (EACCES)");
    for words in [
        &["--exec"] as &[&str],
        &["--exec", "--"],
        &["--", "date"],
        &["--cgi"],
        &["--exec-timeout", "1"],
        &["--exec", "--echo", "--", "date"],
        &["--exec", "--text", "x", "--", "date"],
        &["--exec", "--status", "200", "--", "date"],
        &["--exec", "--exec-max", "0", "--", "date"],
        &[".", "--exec", "--", "date"],
    ] {
        sockkit(["http", "--port", "0"]).args(words).run().expect(2);
    }
}

/// Connections come and go at once: what was ready for one is not taken for the next one's under its number.
#[test]
fn none_of_many_is_left_without_an_answer() {
    let (_server, port) = shell(&[], "echo done");
    let asking = || {
        for _ in 0..300 {
            let answer = said(port, get("/", ""));
            assert!(answer.ends_with("\r\n\r\ndone\n"), "{answer:?}");
        }
    };
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(asking);
        }
    });
}
