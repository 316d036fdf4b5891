//! Real proxies: tinyproxy and ncat for CONNECT, microsocks and dante for SOCKS, one behind the other, and python's
//! hashes as the judge of Digest.

use std::fs;
use std::io::{Read, Write};

use crate::kit::{
    Running, accept, free_port, listener, pattern, peer, program, python, scratch, sockkit,
};

/// A port that a program of this test takes, and the program; `None` where it is missing.
struct Proxy {
    port: u16,
    _running: Running,
    _folder: tempfile::TempDir,
}

/// Start a proxy, its port in the words, or in a file, and wait until somebody has the port.
fn proxy(
    tool: &str,
    words: impl Fn(&str, &str) -> Vec<String>,
    settings: impl Fn(u16) -> String,
) -> Option<Proxy> {
    peer(tool)?;
    let folder = scratch();
    let port = free_port();
    let file = folder.path().join("settings");
    fs::write(&file, settings(port)).unwrap();
    let path = peer(tool)?;
    let running = program(path, words(&port.to_string(), &file.display().to_string())).start();
    let address = format!("127.0.0.1:{port}");
    let waiting = ["tcp", "connect", "--probe", &address, "--retry", "forever"];
    let waited = sockkit(waiting)
        .args(["--retry-delay", "20ms", "--deadline", "8s"])
        .run();
    assert_eq!(waited.status, 0, "{tool} does not listen");
    Some(Proxy {
        port,
        _running: running,
        _folder: folder,
    })
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

fn tinyproxy(more: &str) -> Option<Proxy> {
    let settings =
        |port| format!("Port {port}\nListen 127.0.0.1\nTimeout 60\nAllow 127.0.0.1\n{more}\n");
    proxy("tinyproxy", |_, file| owned(&["-d", "-c", file]), settings)
}

fn microsocks(more: &[&str]) -> Option<Proxy> {
    let words = |port: &str, _: &str| owned(&[&["-i", "127.0.0.1", "-p", port], more].concat());
    proxy("microsocks", words, |_| String::new())
}

fn ncat() -> Option<Proxy> {
    let words = |port: &str, _: &str| {
        owned(&[
            "-l",
            "-k",
            "127.0.0.1",
            port,
            "--proxy-type",
            "http",
            "--proxy-auth",
            "ada:secret",
        ])
    };
    proxy("ncat", words, |_| String::new())
}

fn dante() -> Option<Proxy> {
    let settings = |port| {
        format!(
            "logoutput: /dev/null\ninternal: 127.0.0.1 port = {port}\nexternal: 127.0.0.1\n\
             clientmethod: none\nsocksmethod: none\n\
             client pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}\n\
             socks pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}\n"
        )
    };
    proxy("danted", |_, file| owned(&["-f", file]), settings)
}

/// Speak to a server through these, and hear what it says. Few proxies hand on a half-close: nobody ends first.
fn check(urls: &[String], host: &str) {
    let (listener, port) = listener();
    let proxies = urls.iter().flat_map(|url| ["--proxy", url]);
    let words = ["tcp", "connect", &format!("{host}:{port}"), "-t", "8s"];
    let mut client = sockkit(words).args(proxies).piped().start();
    let mut peer = accept(&listener);
    peer.write_all(b"hello\n").unwrap();
    assert_eq!(client.read(6), b"hello\n", "{urls:?}");
    let much = pattern(300_000);
    client.write(&much);
    let mut heard = vec![0; much.len()];
    peer.read_exact(&mut heard).unwrap();
    assert!(heard == much, "{urls:?}");
    peer.write_all(&much).unwrap();
    assert!(client.read(much.len()) == much, "{urls:?}");
    client.end_stdin();
    drop(peer);
    client.finish().expect(0);
}

/// The same under TLS, whose end of one half no proxy can keep to itself; the server is known by its own name, and not
/// by the proxy's.
fn check_under_tls(urls: &[String]) {
    let folder = scratch();
    let own = folder.path().join("own.pem");
    let listener = sockkit([
        "tcp",
        "listen",
        "localhost:0",
        "-k",
        "-4",
        "--tls",
        "--echo",
    ])
    .args(["--cert-out".as_ref(), own.as_path()])
    .start();
    let to = format!("localhost:{}", listener.port());
    let proxies: Vec<&str> = urls.iter().flat_map(|url| ["--proxy", url]).collect();
    let words = ["tcp", "connect", &to, "--tls", "-t", "8s"];
    let much = pattern(300_000);
    let client = sockkit(words)
        .args(&proxies)
        .args(["--ca".as_ref(), own.as_path()]);
    let heard = client.upload(&much).run().expect(0);
    assert!(heard.stdout == much, "{urls:?}");
    let stranger = sockkit(words).args(&proxies).run().expect(1);
    drop(stranger.says("the certificate is self-signed, and not trusted here"));
    listener.signal(nix::sys::signal::Signal::SIGTERM);
    listener.finish().expect(143);
}

#[test]
fn tls_goes_through_each_and_through_all() {
    let (http, socks, digest) = (tinyproxy(""), microsocks(&[]), ncat());
    let mut urls = Vec::new();
    urls.extend(
        http.iter()
            .map(|it| format!("http://127.0.0.1:{}", it.port)),
    );
    urls.extend(
        socks
            .iter()
            .map(|it| format!("socks5h://127.0.0.1:{}", it.port)),
    );
    urls.extend(
        digest
            .iter()
            .map(|it| format!("http://ada:secret@127.0.0.1:{}", it.port)),
    );
    for url in &urls {
        check_under_tls(std::slice::from_ref(url));
    }
    check_under_tls(&urls);
    let Some(proxy) = dante() else { return };
    for scheme in ["socks4", "socks5"] {
        check_under_tls(&[format!("{scheme}://127.0.0.1:{}", proxy.port)]);
    }
}

#[test]
fn tls_goes_through_haproxy() {
    let settings = |to: u16| {
        move |port| {
            format!(
                "defaults\n mode tcp\n timeout connect 5s\n timeout client 20s\n timeout server 20s\n\
                 listen through\n bind 127.0.0.1:{port}\n server one 127.0.0.1:{to}\n"
            )
        }
    };
    let folder = scratch();
    let own = folder.path().join("own.pem");
    let listener = sockkit([
        "tcp",
        "listen",
        "localhost:0",
        "-k",
        "-4",
        "--tls",
        "--sh",
        "wc -c",
    ])
    .args(["--cert-out".as_ref(), own.as_path()])
    .start();
    let words = |_: &str, file: &str| owned(&["-db", "-f", file]);
    let Some(through) = proxy("haproxy", words, settings(listener.port())) else {
        return;
    };
    let to = format!("localhost:{}", through.port);
    let client = sockkit(["tcp", "connect", &to, "--tls", "--ca"]).args([own]);
    let counted = client.upload(pattern(1 << 20)).run().expect(0);
    assert_eq!(counted.text().trim(), "1048576");
}

#[test]
fn tinyproxy_connects() {
    let Some(proxy) = tinyproxy("") else { return };
    let url = [format!("http://127.0.0.1:{}", proxy.port)];
    check(&url, "localhost");
    check(&url, "127.0.0.1");
    let refused = sockkit(["tcp", "connect", "127.0.0.1:1", "--proxy", &url[0]])
        .run()
        .expect(1);
    let _ = refused.says(&format!(
        "proxy {}: connect 127.0.0.1:1: 500 Unable to connect",
        url[0]
    ));
}

/// These end both halves with the first: an answer that comes later does not get through, unless stdin's end is kept back.
#[test]
fn an_answer_comes_through_where_the_end_of_stdin_is_kept_back() {
    let proxies = [
        tinyproxy("").map(|proxy| ("http", proxy)),
        microsocks(&[]).map(|proxy| ("socks5h", proxy)),
        ncat().map(|proxy| ("http", proxy)),
    ];
    for (scheme, proxy) in proxies.into_iter().flatten() {
        let (listener, port) = listener();
        let at = format!("127.0.0.1:{port}");
        // Who needs no password does not look at it.
        let url = format!("{scheme}://ada:secret@127.0.0.1:{}", proxy.port);
        let words = ["tcp", "connect", &at, "--no-shutdown", "--proxy", &url];
        let client = sockkit(words).input("question").start();
        let mut peer = accept(&listener);
        let mut heard = [0; 8];
        peer.read_exact(&mut heard).unwrap();
        // Long enough for a proxy to have ended it.
        let still_open = peer
            .set_read_timeout(Some(std::time::Duration::from_millis(300)))
            .and_then(|()| peer.read(&mut [0]));
        assert!(still_open.is_err(), "{url}");
        peer.write_all(b"answer").unwrap();
        drop(peer);
        assert_eq!(client.finish().expect(0).text(), "answer", "{url}");
    }
}

#[test]
fn tinyproxy_takes_basic() {
    let Some(proxy) = tinyproxy("BasicAuth ada secret") else {
        return;
    };
    check(
        &[format!("http://ada:secret@127.0.0.1:{}", proxy.port)],
        "127.0.0.1",
    );
    let wrong = format!("http://ada:wrong@127.0.0.1:{}", proxy.port);
    let refused = sockkit(["tcp", "connect", "127.0.0.1:1", "--proxy", &wrong]).run();
    let _ = refused.expect(1).says("401 Unauthorized");
}

#[test]
fn ncat_takes_digest() {
    let Some(proxy) = ncat() else { return };
    let place = format!("127.0.0.1:{}", proxy.port);
    check(&[format!("http://ada:secret@{place}")], "127.0.0.1");
    for url in [
        format!("http://ada:wrong@{place}"),
        format!("http://{place}"),
    ] {
        let refused = sockkit(["tcp", "connect", "127.0.0.1:1", "--proxy", &url]).run();
        let _ = refused
            .expect(1)
            .says("407 Proxy Authentication Required")
            .says("hint: who asks");
    }
}

#[test]
fn microsocks_connects() {
    let Some(proxy) = microsocks(&[]) else { return };
    for scheme in ["socks5", "socks5h"] {
        let url = [format!("{scheme}://127.0.0.1:{}", proxy.port)];
        check(&url, "localhost");
        check(&url, "127.0.0.1");
    }
    let url = format!("socks5h://127.0.0.1:{}", proxy.port);
    let refused = sockkit(["tcp", "connect", "127.0.0.1:1", "--proxy", &url]).run();
    let _ = refused
        .expect(1)
        .says("connect 127.0.0.1:1: connection refused (5)");
}

#[test]
fn microsocks_takes_passwords() {
    let Some(proxy) = microsocks(&["-u", "ada", "-P", "secret"]) else {
        return;
    };
    check(
        &[format!("socks5h://ada:secret@127.0.0.1:{}", proxy.port)],
        "127.0.0.1",
    );
    for who in ["", "ada:wrong@"] {
        let url = format!("socks5h://{who}127.0.0.1:{}", proxy.port);
        let refused = sockkit(["tcp", "connect", "127.0.0.1:1", "--proxy", &url]).run();
        let _ = refused.expect(1).says("it does not take ");
    }
}

#[test]
fn dante_speaks_both_versions() {
    let Some(proxy) = dante() else { return };
    for scheme in ["socks4", "socks5", "socks5h"] {
        check(
            &[format!("{scheme}://127.0.0.1:{}", proxy.port)],
            "127.0.0.1",
        );
    }
    let url = format!("socks4://127.0.0.1:{}", proxy.port);
    let refused = sockkit(["tcp", "connect", "127.0.0.1:1", "--proxy", &url]).run();
    let _ = refused.expect(1).says("request rejected or failed (91)");
}

#[test]
fn one_behind_the_other() {
    let (Some(first), Some(second), Some(third)) = (tinyproxy(""), microsocks(&[]), ncat()) else {
        return;
    };
    let urls = [
        format!("http://127.0.0.1:{}", first.port),
        format!("socks5h://127.0.0.1:{}", second.port),
        format!("http://ada:secret@127.0.0.1:{}", third.port),
    ];
    check(&urls, "localhost");
}

/// A proxy that asks for Digest and checks the answer with hashes of its own.
const DIGEST: &str = r#"
import hashlib, re, socket, sys
algorithm, stale = sys.argv[1], sys.argv[2] == "stale"
def h(text):
    return (hashlib.md5 if algorithm.startswith("MD5") else hashlib.sha256)(text.encode()).hexdigest()
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(); s.settimeout(10)
print(s.getsockname()[1], flush=True)
nonces = iter(["first nonce", "second, \"quoted\" nonce"])
nonce = None
while True:
    c, _ = s.accept()
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += c.recv(1)
    field = re.search(r"Proxy-Authorization: Digest (.*)\r\n", head.decode())
    if field and not (stale and nonce == "first nonce"):
        given = {k: (q or v).replace('\\"', '"') for k, q, v in re.findall(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^, ]*))', field[1])}
        assert given["nonce"] == nonce and given["opaque"] == "o" and given["uri"] == "target.test:1", given
        ha1 = h("ada:the realm:secret")
        if algorithm.endswith("-sess"):
            ha1 = h(f"{ha1}:{nonce}:{given['cnonce']}")
        ha2 = h("CONNECT:target.test:1")
        expected = h(f"{ha1}:{nonce}:{given['nc']}:{given['cnonce']}:auth:{ha2}")
        assert given["response"] == expected, given
        c.sendall(b"HTTP/1.1 200 OK\r\n\r\nhello")
        c.close()
        break
    nonce = next(nonces)
    quoted = nonce.replace('"', '\\"')
    c.sendall(f'HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic realm="b"\r\nProxy-Authenticate: Digest realm="the realm", qop="auth,auth-int", nonce="{quoted}", opaque="o", stale={"true" if field else "false"}, algorithm={algorithm}\r\n\r\n'.encode())
    c.close()
"#;

#[test]
fn digests_are_right() {
    for algorithm in ["MD5", "MD5-sess", "SHA-256", "SHA-256-sess"] {
        for nonce in ["fresh", "stale"] {
            let Some(proxy) = python(DIGEST, &[algorithm, nonce]) else {
                return;
            };
            let proxy = proxy.start();
            let url = format!("http://ada:secret@127.0.0.1:{}", proxy.line());
            let words = ["tcp", "connect", "target.test:1", "--proxy", &url];
            let finished = sockkit(words).run().expect(0);
            assert_eq!(finished.text(), "hello", "{algorithm} {nonce}");
            proxy.finish().expect(0);
        }
    }
}
