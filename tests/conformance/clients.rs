//! Foreign clients: ab and wrk for load, python's http.client for its own reading of the protocol.

use crate::kit::{Running, peer, program, python, sockkit};
use crate::tree::Tree;

fn served() -> (Tree, Running, String) {
    let tree = Tree::new();
    let (server, port) = tree.serve(sockkit(["http", "-q", "--port", "0"]));
    (tree, server, format!("http://127.0.0.1:{port}"))
}

#[test]
fn ab_counts_no_failure() {
    if peer("ab").is_none() {
        return;
    }
    let (_tree, _server, root) = served();
    for (flags, path, length) in [
        ("-n 2000 -c 20", "/ten", "10 bytes"),
        ("-n 2000 -c 20 -k", "/ten", "10 bytes"),
        ("-n 500 -c 10 -k", "/large.bin", "300000 bytes"),
    ] {
        let url = format!("{root}{path}");
        let words = flags.split(' ').chain(["-q", "-s", "10", url.as_str()]);
        let report = program("ab", words).run().expect(0).text();
        let line = |name: &str| {
            let line = report.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_else(|| panic!("{name} {report}")).trim()
        };
        assert_eq!(line("Failed requests:"), "0", "{report}");
        assert_eq!(line("Document Length:"), length, "{report}");
        assert!(!report.contains("Non-2xx"), "{report}");
        let kept = flags.contains("-k");
        let count = line("Complete requests:");
        assert!(!kept || line("Keep-Alive requests:") == count, "{report}");
    }
}

#[test]
fn wrk_counts_no_failure() {
    if peer("wrk").is_none() {
        return;
    }
    let (_tree, _server, root) = served();
    for path in ["/ten", "/large.bin"] {
        let url = format!("{root}{path}");
        let words = ["-t", "1", "-c", "50", "-d", "1s", url.as_str()];
        let report = program("wrk", words).run().expect(0).text();
        assert!(report.contains("requests in"), "{report}");
        assert!(!report.contains("Socket errors"), "{report}");
        assert!(!report.contains("Non-2xx"), "{report}");
    }
}

/// Whatever it says is checked there; the script ends with status 0 where all of it holds.
const HTTP_CLIENT: &str = r#"
import http.client, sys
connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=10)

def ask(method, path, status, body=None, **fields):
    connection.request(method, path, body=body, headers={name.replace("_", "-"): value for name, value in fields.items()})
    response = connection.getresponse()
    content = response.read()
    assert response.status == status, (method, path, response.status)
    assert response.version == 11, response.version
    return response, content

sockets = set()
for round in range(3):
    response, content = ask("GET", "/ten", 200)
    assert content == b"0123456789"
    tag = response.getheader("ETag")
    assert response.getheader("Content-Type") == "application/octet-stream"
    sockets.add(connection.sock.getsockname())
    assert ask("GET", "/ten", 304, If_None_Match=tag)[1] == b""
    assert ask("GET", "/ten", 206, Range="bytes=2-5")[1] == b"2345"
    assert len(ask("GET", "/large.bin", 200)[1]) == 300000
    response, content = ask("HEAD", "/large.bin", 200)
    assert response.getheader("Content-Length") == "300000" and content == b""
    ask("GET", "/none", 404)
    assert ask("GET", "/sub", 301)[0].getheader("Location") == "/sub/"
    ask("POST", "/ten", 405, body=b"x" * 10000)
    ask("POST", "/ten", 405, body=iter([b"chunk"] * 10))
    sockets.add(connection.sock.getsockname())
assert len(sockets) == 1, sockets
assert connection.sock is not None
ask("GET", "/ten", 200, Connection="close")
"#;

#[test]
fn pythons_http_client_keeps_its_connection() {
    let (_tree, _server, root) = served();
    let port = root.rsplit(':').next().unwrap();
    let Some(client) = python(HTTP_CLIENT, &[port]) else {
        return;
    };
    client.run().expect(0);
}
