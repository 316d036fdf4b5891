//! Clients that take their time: each step has a limit, a request that is late is answered so, and nobody else waits.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::thread;
use std::time::{Duration, Instant};

use crate::client::{Kept, fetch, get};
use crate::kit::{pattern, sockkit};
use crate::tree::Tree;

/// The flags of a server with little patience.
const SHORT: [&str; 8] = [
    "--header-timeout",
    "1s",
    "--body-timeout",
    "1s",
    "--write-timeout",
    "1s",
    "--idle-timeout",
    "1s",
];
/// Between two bytes of a client that drips.
const DRIP: Duration = Duration::from_millis(100);

#[test]
fn slow_heads_and_bodies_are_refused_and_idle_ones_let_go() {
    let tree = Tree::new();
    let server = sockkit(["http", "-q", "--port", "0"]).args(SHORT);
    let (_server, port) = tree.serve(server);
    let half_head = "GET /ten HTTP/1.1\r\nHost:";
    let half_body = "POST /ten HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe";
    let half_chunk = "POST /ten HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe";
    let begun = |bytes: &str| {
        let mut client = Kept::to(port);
        client.send(bytes);
        client
    };
    let mut late: Vec<Kept> = [half_head, half_body, half_chunk]
        .repeat(30)
        .into_iter()
        .map(begun)
        .collect();
    let mut silent = begun("");
    let mut asked = begun(&get("/ten"));
    assert_eq!(asked.response(false).status, 200);
    assert_eq!(fetch(port, "/ten", "").status, 200, "nobody else waits");
    for client in &mut late {
        // RFC 9110, section 15.5.9.
        let response = client.response(false);
        assert_eq!(response.status, 408);
        assert!(response.says_close());
        assert_eq!(client.stream().read(&mut [0]).unwrap(), 0);
    }
    for client in [&mut silent, &mut asked] {
        assert_eq!(client.stream().read(&mut [0]).unwrap(), 0, "not a word");
    }
    assert_eq!(fetch(port, "/ten", "").status, 200);
}

#[test]
fn a_head_that_drips_is_late_all_the_same() {
    let tree = Tree::new();
    let server = sockkit(["http", "-q", "--port", "0"]).args(SHORT);
    let (_server, port) = tree.serve(server);
    let mut client = Kept::to(port);
    let mut writer = client.stream().try_clone().unwrap();
    let dripping = thread::spawn(move || {
        let endless = "GET /ten HTTP/1.1\r\nHost: h\r\n".bytes();
        let endless = endless.chain("A: b\r\n".bytes().cycle());
        for byte in endless.take(1000) {
            if writer.write_all(&[byte]).is_err() {
                return;
            }
            thread::sleep(DRIP);
        }
    });
    assert_eq!(client.response(false).status, 408);
    client.stream().shutdown(Shutdown::Both).unwrap();
    dripping.join().unwrap();
}

#[test]
fn who_takes_nothing_is_let_go() {
    let tree = Tree::new();
    let content = pattern(12_000_000);
    tree.write("long.bin", &content);
    let server = sockkit(["http", "-q", "--port", "0"]).args(SHORT);
    let (server, port) = tree.serve(server);
    let before = crate::footprint::sockets(&server);
    let mut clients: Vec<Kept> = (0..20).map(|_| Kept::to(port)).collect();
    for client in &mut clients {
        client.send(get("/long.bin"));
        client.hear(100);
    }
    crate::footprint::hang_up(&server, before);
    for client in &mut clients {
        let mut rest = Vec::new();
        let end = client.stream().read_to_end(&mut rest);
        assert!(end.is_ok() || end.unwrap_err().kind() == ErrorKind::ConnectionReset);
        assert!(rest.len() < content.len() - 100, "all of it was taken");
    }
}

/// lighttpd, CVE-2022-41556: a client that has ended its half in the middle of a body is waited for, and not looked at
/// over and over.
#[test]
fn a_body_that_ends_early_takes_no_time() {
    let tree = Tree::new();
    let server = sockkit(["http", "-q", "--port", "0", "--upload"]);
    let (server, port) = tree.serve(server);
    let head = "PUT /new HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut clients: Vec<Kept> = ["", "5", "5\r\nhe", "5\r\nhello", "5\r\nhello\r\n0\r\n"]
        .into_iter()
        .map(|body| {
            let mut client = Kept::to(port);
            client.send(format!("{head}{body}"));
            client.stream().shutdown(Shutdown::Write).unwrap();
            client
        })
        .collect();
    assert_eq!(fetch(port, "/ten", "").status, 200);
    let before = server.ticks();
    thread::sleep(Duration::from_millis(500));
    let ticks = server.ticks() - before;
    assert!(ticks < 20, "{ticks} hundredths of a second in half of one");
    clients.clear();
    assert_eq!(fetch(port, "/new", "").status, 404);
}

/// A head and its content in two packets would wait for each other: Nagle here, the delayed acknowledgement there, 40 ms
/// for each answer.
#[test]
fn answers_on_a_kept_connection_do_not_wait_for_acknowledgements() {
    let tree = Tree::new();
    let (_server, port) = tree.serve(sockkit(["http", "-q", "--port", "0"]));
    let mut client = Kept::to(port);
    let since = Instant::now();
    for path in ["/ten", "/list/", "/none", "/large.bin"].repeat(50) {
        client.get(path);
    }
    let took = since.elapsed();
    assert!(took < Duration::from_secs(6), "{took:?} for 200 answers");
}
