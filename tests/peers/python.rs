//! Python's sockets as peers, in both roles: the tutorial's own words.

use crate::kit::{Start, python, scratch, sockkit};

fn ours(words: &str) -> Start {
    sockkit(words.split_whitespace())
}

#[test]
fn fqdn_is_pythons() {
    for name in [
        "",
        "localhost",
        "127.0.0.1",
        "::1",
        "nosuch.invalid",
        "0.0.0.0",
    ] {
        let script = "import socket, sys; print(socket.getfqdn(sys.argv[1]))";
        let Some(python) = python(script, &[name]) else {
            return;
        };
        let theirs = python.run().expect(0);
        let ours = sockkit(["fqdn", name]).run().expect(0);
        assert_eq!(ours.text(), theirs.text(), "{name}");
    }
}

#[test]
fn the_tutorials_server() {
    let script = r#"
import socket
with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", 0))
    s.listen()
    print(s.getsockname()[1], flush=True)
    conn, addr = s.accept()
    with conn:
        request = b""
        while b"\r\n\r\n" not in request:
            request += conn.recv(1024)
        conn.sendall(b"HTTP/1.0 200 OK\r\n\r\nHello world!")
"#;
    let Some(server) = python(script, &[]) else {
        return;
    };
    let server = server.start();
    let client = ours(&format!("tcp connect {}", server.line()));
    let finished = client.input("GET / HTTP/1.0\r\n\r\n").run().expect(0);
    assert_eq!(finished.text(), "HTTP/1.0 200 OK\r\n\r\nHello world!");
    server.finish().expect(0);
}

#[test]
fn the_tutorials_client() {
    let script = r#"
import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 10) as s:
    s.sendall(b"Hello")
    s.shutdown(socket.SHUT_WR)
    answer = b""
    while chunk := s.recv(1024):
        answer += chunk
    print(answer.decode())
"#;
    let listening = ours("tcp listen 0").upload("world").start();
    let Some(client) = python(script, &[&listening.port().to_string()]) else {
        return;
    };
    assert_eq!(client.run().expect(0).text(), "world\n");
    assert_eq!(listening.finish().expect(0).text(), "Hello");
}

#[test]
fn an_answer_only_after_our_end_and_late() {
    let script = r#"
import socket, time
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
conn, _ = s.accept()
total = 0
while chunk := conn.recv(65536):
    total += len(chunk)
time.sleep(1.5)
conn.sendall(b"%d bytes" % total)
conn.close()
"#;
    let Some(server) = python(script, &[]) else {
        return;
    };
    let server = server.start();
    let client = ours(&format!("tcp connect {}", server.line()));
    let finished = client.input(vec![7; 1_000_000]).run().expect(0);
    assert_eq!(finished.text(), "1000000 bytes");
}

#[test]
fn resets_in_both_roles() {
    let reset = "struct.pack('ii', 1, 0)";
    let server_script = format!(
        r#"
import socket, struct
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
conn, _ = s.accept()
conn.recv(4)
conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, {reset})
conn.sendall(b"before")
conn.close()
"#
    );
    let Some(server) = python(&server_script, &[]) else {
        return;
    };
    let server = server.start();
    let client = ours(&format!("tcp connect {}", server.line()))
        .piped()
        .start();
    client.write("here");
    let finished = client.finish().expect(1).says("(ECONNRESET)");
    assert_eq!(finished.text(), "before");

    let client_script = format!(
        r#"
import socket, struct, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 10)
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, {reset})
s.sendall(b"before")
s.close()
"#
    );
    let listening = ours("tcp listen 0").start();
    let client = python(&client_script, &[&listening.port().to_string()]).unwrap();
    client.run().expect(0);
    let finished = listening.finish().expect(1).says("(ECONNRESET)");
    assert_eq!(finished.text(), "before");
}

#[test]
fn seqpacket_in_both_roles() {
    let folder = scratch();
    let path = folder.path().join("s");
    let path = path.to_str().unwrap();
    let script = r#"
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.bind(sys.argv[1]); s.listen()
print("ready", flush=True)
conn, _ = s.accept()
for word in (b"one", b"second", b"3"):
    conn.send(word)
print(conn.recv(100).decode(), flush=True)
conn.close()
"#;
    let Some(server) = python(script, &[path]) else {
        return;
    };
    let server = server.start();
    assert_eq!(server.line(), "ready");
    let client = sockkit(["unix", "connect", "--type", "seqpacket", "--json", path]);
    let finished = client.input("from us").run().expect(0);
    let heard: Vec<_> = finished.events();
    let heard: Vec<_> = heard
        .iter()
        .filter_map(|event| event["data"].as_str())
        .collect();
    assert_eq!(heard, ["one", "second", "3"], "each record by itself");
    assert_eq!(server.line(), "from us");

    let ours = folder.path().join("ours");
    let ours = ours.to_str().unwrap();
    let script = r#"
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect(sys.argv[1])
print(s.recv(100).decode(), flush=True)
s.send(b"from python")
s.close()
"#;
    let listening = sockkit(["unix", "listen", "--type", "seqpacket", ours]).upload("from us");
    let listening = listening.start();
    listening.listening();
    let client = python(script, &[ours]).unwrap();
    assert_eq!(client.run().expect(0).text(), "from us\n");
    assert_eq!(listening.finish().expect(0).text(), "from python");
}

#[test]
fn datagrams_in_both_roles() {
    let script = r#"
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 0)); s.settimeout(10)
print(s.getsockname()[1], flush=True)
for _ in range(3):
    data, peer = s.recvfrom(70000)
    print(len(data), flush=True)
    s.sendto(data.upper(), peer)
"#;
    let Some(server) = python(script, &[]) else {
        return;
    };
    let server = server.start();
    let words = format!("udp connect 127.0.0.1:{} --lines --count 3", server.line());
    let client = ours(&words).input("one\n\nthree\n").run();
    assert_eq!(client.expect(0).text(), "ONETHREE");
    assert_eq!(
        server
            .finish()
            .expect(0)
            .text()
            .lines()
            .skip(1)
            .collect::<Vec<_>>(),
        ["3", "0", "5"]
    );

    let script = r#"
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(10)
s.sendto(b"question\n", ("127.0.0.2", int(sys.argv[1])))
data, peer = s.recvfrom(100)
print(data.decode(), peer[0], flush=True)
"#;
    let listening = ours("udp listen 0.0.0.0:0 --lines").piped().start();
    let client = python(script, &[&listening.port().to_string()])
        .unwrap()
        .start();
    assert_eq!(listening.line(), "question");
    listening.write("answer\n");
    assert_eq!(client.finish().expect(0).text(), "answer 127.0.0.2\n");
}

#[test]
fn pythons_web_server_answers() {
    let folder = scratch();
    std::fs::write(folder.path().join("file"), "of the directory").unwrap();
    let script = r#"
import functools, http.server, sys
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])
server = http.server.HTTPServer(("127.0.0.1", 0), handler)
print(server.server_port, flush=True)
server.handle_request()
"#;
    let Some(server) = python(script, &[folder.path().to_str().unwrap()]) else {
        return;
    };
    let server = server.start();
    let client = ours(&format!("tcp connect {}", server.line()));
    let finished = client.input("GET /file HTTP/1.0\r\n\r\n").run().expect(0);
    assert!(finished.text().ends_with("\r\n\r\nof the directory"));
}
