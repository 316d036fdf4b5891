//! `http --tls` and its clients: curl, openssl, Python, haproxy; certificates of every kind, trusted, changed, refused.

use std::fs;
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::kit::{
    Finished, LONG, Running, Start, free_port, pattern, peer, program, python, scratch, sockkit,
};

/// A server and the certificate to trust it by.
struct Served {
    folder: TempDir,
    server: Running,
    port: u16,
}

/// A server of files with a temporary certificate.
fn served(words: &[&str]) -> Served {
    let folder = scratch();
    let file = |name: &str, length| fs::write(folder.path().join(name), pattern(length)).unwrap();
    file("small", 1_000);
    file("medium", 100_000);
    let certificate = folder.path().join("cert.pem");
    let server = sockkit(["http"])
        .args([folder.path()])
        .args(["--port", "0", "--tls", "--tls-cert-out"])
        .args([certificate])
        .args(words)
        .start();
    let port = server.port();
    Served {
        folder,
        server,
        port,
    }
}

impl Served {
    fn certificate(&self) -> String {
        let path = self.folder.path().join("cert.pem");
        path.to_str().unwrap().to_owned()
    }

    fn url(&self, path: &str) -> String {
        format!("https://localhost:{}/{path}", self.port)
    }
}

fn curl(words: &[&str]) -> Option<Start> {
    peer("curl")?;
    let flags = ["-sS", "--noproxy", "*", "--max-time", "20"];
    Some(program("curl", flags).args(words))
}

/// openssl with these words, to its end.
fn openssl(words: &str, input: &str) -> Option<Finished> {
    peer("openssl")?;
    let words = words.split_whitespace();
    Some(program("openssl", words).input(input).run())
}

#[test]
fn curl_trusts_the_certificate_that_was_written() {
    let served = served(&[]);
    let certificate = served.certificate();
    fs::write(served.folder.path().join("large"), pattern(20_000_000)).unwrap();
    for version in ["--tlsv1.3", "--tls-max=1.2"] {
        for (name, length) in [("small", 1_000), ("medium", 100_000), ("large", 20_000_000)] {
            let flags = version.replace('=', " ");
            let flags: Vec<&str> = flags.split(' ').collect();
            let url = served.url(name);
            let Some(curl) = curl(&["--cacert", &certificate, &url]) else {
                return;
            };
            let finished = curl.args(flags).run().expect(0);
            assert!(finished.stdout == pattern(length), "{version} {name}");
        }
    }
    for name in ["127.0.0.1", "[::1]"] {
        let to = format!("{name}:{}:127.0.0.1:{}", served.port, served.port);
        let url = format!("https://{name}:{}/small", served.port);
        let curl = curl(&["--cacert", &certificate, "--connect-to", &to, &url]);
        curl.unwrap().run().expect(0);
    }
    let stranger = curl(&[&served.url("small")]).unwrap().run();
    stranger.expect(60).says("self-signed certificate");
}

#[test]
fn curl_keeps_its_connection_and_asks_for_parts() {
    let served = served(&[]);
    let (certificate, url) = (served.certificate(), served.url("medium"));
    let write_out = "\n%{num_connects} %{http_version}\n";
    let words = ["--cacert", &certificate, "-w", write_out, "-r", "5-9"];
    let Some(curl) = curl(&words) else {
        return;
    };
    let finished = curl.args([&url, &url, &url]).run().expect(0);
    let expected =
        |connects| [&pattern(10)[5..], format!("\n{connects} 1.1\n").as_bytes()].concat();
    assert_eq!(
        finished.stdout,
        [expected(1), expected(0), expected(0)].concat()
    );
}

#[test]
fn the_fingerprint_is_openssls() {
    let served = served(&[]);
    let certificate = served.certificate();
    let words = format!("x509 -noout -fingerprint -sha256 -in {certificate}");
    let Some(theirs) = openssl(&words, "") else {
        return;
    };
    let fingerprint = theirs.text().trim_end().to_ascii_lowercase();
    let fingerprint = fingerprint.strip_prefix("sha256 ").unwrap().to_owned();
    let said = served.server.stderr_so_far().to_ascii_lowercase();
    assert!(said.contains(&fingerprint), "{said}: {fingerprint}");
}

const ASK: &str = "GET /small HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

#[test]
fn openssl_speaks_both_versions_and_resumes() {
    let served = served(&[]);
    let (port, certificate) = (served.port, served.certificate());
    let session = served.folder.path().join("session");
    let session = session.to_str().unwrap();
    for version in ["tls1_2", "tls1_3"] {
        let client = format!(
            "s_client -connect 127.0.0.1:{port} -servername localhost -{version} -ign_eof \
             -CAfile {certificate} -verify_return_error -alpn h2,http/1.1"
        );
        let Some(first) = openssl(&format!("{client} -sess_out {session}"), ASK) else {
            return;
        };
        let first = first.expect(0);
        let text = String::from_utf8_lossy(&first.stdout).into_owned();
        for line in ["ALPN protocol: http/1.1", "New, TLSv1", "HTTP/1.1 200 OK"] {
            assert!(text.contains(line), "{version}, {line}: {text}");
        }
        let again = openssl(&format!("{client} -sess_in {session}"), ASK).unwrap();
        let again = again.expect(0);
        let text = String::from_utf8_lossy(&again.stdout).into_owned();
        assert!(text.contains("Reused, TLSv1"), "{version}: {text}");
    }
}

#[test]
fn openssl_is_refused_what_is_not_spoken() {
    let served = served(&[]);
    for (words, alert) in [
        ("-tls1_1 -cipher ALL:@SECLEVEL=0", "alert"),
        ("-alpn h2", "no application protocol"),
        ("-tls1_2 -cipher AES128-SHA", "handshake failure"),
    ] {
        let words = format!("s_client -connect 127.0.0.1:{} {words}", served.port);
        let Some(refused) = openssl(&words, "") else {
            return;
        };
        refused.expect(1).says(alert);
    }
}

/// Makes keys and certificates of every kind.
const MAKE: &str = r#"
set -e
cd "$1"
quiet() { "$@" 2>/dev/null; }
quiet openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=ca \
  -addext basicConstraints=critical,CA:TRUE
printf 'basicConstraints=critical,CA:TRUE\nsubjectKeyIdentifier=hash\n' > ca.ext
printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\n' > leaf.ext
quiet openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -keyout middle.key -out middle.csr -subj /CN=middle
quiet openssl x509 -req -in middle.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile ca.ext -out middle.pem
leaf() {
  quiet openssl req -new -key "$1.key" -out "$1.csr" -subj "/CN=$1"
  quiet openssl x509 -req -in "$1.csr" -CA middle.pem -CAkey middle.key -CAcreateserial -days 30 -extfile leaf.ext -out "$1.leaf"
  cat "$1.leaf" middle.pem > "$1.pem"
}
quiet openssl genpkey -algorithm ed25519 -out ed25519.key
quiet openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out pkcs8.key
quiet openssl rsa -traditional -in pkcs8.key -out pkcs1.key
quiet openssl ecparam -name prime256v1 -genkey -out sec1.key
for name in ed25519 pkcs8 pkcs1 sec1; do leaf $name; done
quiet openssl pkcs8 -topk8 -in sec1.key -out encrypted.key -passout pass:secret
quiet openssl x509 -in sec1.leaf -outform der -out der.pem
sed 's/^MI.*/!!!/' sec1.pem > damaged.pem
: > empty.pem
"#;

fn made() -> Option<TempDir> {
    peer("openssl")?;
    let folder = scratch();
    let script = program("sh", ["-c", MAKE, "sh"]).args([folder.path()]);
    script.deadline(LONG).run().expect(0);
    Some(folder)
}

fn with_files(folder: &Path, certificate: &str, key: &str) -> Start {
    let file = |name: &str| folder.join(name);
    sockkit(["http", "--port", "0", "--text", "ok", "--cert"])
        .args([file(certificate)])
        .args(["--key"])
        .args([file(key)])
}

/// curl's answer and status where only `ca` is trusted.
fn asked(ca: PathBuf, port: u16) -> Finished {
    let url = format!("https://localhost:{port}/");
    curl(&[&url]).unwrap().args(["--cacert"]).args([ca]).run()
}

#[test]
fn certificates_of_every_kind_are_shown_with_their_chain() {
    let (Some(folder), Some(_)) = (made(), peer("curl")) else {
        return;
    };
    for kind in ["ed25519", "pkcs8", "pkcs1", "sec1"] {
        let start = with_files(
            folder.path(),
            &format!("{kind}.pem"),
            &format!("{kind}.key"),
        );
        let server = start.start();
        let port = server.port();
        let answer = asked(folder.path().join("ca.pem"), port).expect(0);
        assert_eq!(answer.text(), "ok", "{kind}");
    }
}

#[test]
fn files_that_are_wrong_are_named_before_anything_is_opened() {
    let Some(folder) = made() else {
        return;
    };
    for (certificate, key, file, said) in [
        (
            "none.pem",
            "sec1.key",
            "none.pem",
            "no such file or directory (ENOENT)",
        ),
        (
            "sec1.pem",
            "none.key",
            "none.key",
            "no such file or directory (ENOENT)",
        ),
        (".", "sec1.key", "", "is a directory (EISDIR)"),
        ("empty.pem", "sec1.key", "empty.pem", "no certificate in it"),
        ("der.pem", "sec1.key", "der.pem", "no certificate in it"),
        ("sec1.key", "sec1.pem", "sec1.key", "the wrong way round?"),
        (
            "damaged.pem",
            "sec1.key",
            "damaged.pem",
            "its PEM is damaged",
        ),
        ("sec1.pem", "sec1.leaf", "sec1.leaf", "no private key in it"),
        ("sec1.pem", "empty.pem", "empty.pem", "no private key in it"),
        (
            "sec1.pem",
            "encrypted.key",
            "encrypted.key",
            "its key is encrypted",
        ),
        (
            "sec1.pem",
            "pkcs8.key",
            "pkcs8.key",
            "this key is not that of",
        ),
        (
            "middle.pem",
            "sec1.key",
            "sec1.key",
            "this key is not that of",
        ),
    ] {
        let refused = with_files(folder.path(), certificate, key).run().expect(2);
        let refused = refused.says(file).says(said).says("\n  hint: ");
        assert!(!refused.stderr.contains("listening"), "{certificate} {key}");
    }
    for words in [
        &["--tls-cert", "x"][..],
        &["--tls-key", "x"],
        &["--tls-cert-out", "x"],
        &["--tls", "--tls-cert-out", "/none/x"],
    ] {
        sockkit(["http", "--port", "0"]).args(words).run().expect(2);
    }
}

/// Asks again on the same connection for each line on stdin, and once more with a connection of its own at the end.
const KEEP: &str = r#"
import http.client, ssl, sys
port, ca = int(sys.argv[1]), sys.argv[2]
context = ssl.create_default_context(cafile=ca)
connection = http.client.HTTPSConnection("localhost", port, timeout=10, context=context)
connection.connect()
sock = connection.sock
for line in sys.stdin:
    connection.request("GET", "/")
    print(connection.getresponse().read().decode(), connection.sock is sock, flush=True)
"#;

#[test]
fn new_files_are_taken_on_sighup_and_connections_go_on() {
    let (Some(folder), Some(_)) = (made(), peer("curl")) else {
        return;
    };
    let file = |name: &str| folder.path().join(name);
    let copy = |from: &str| {
        fs::copy(file(&format!("{from}.pem")), file("live.pem")).unwrap();
        fs::copy(file(&format!("{from}.key")), file("live.key")).unwrap();
    };
    copy("sec1");
    let server = with_files(folder.path(), "live.pem", "live.key").start();
    let port = server.port();
    let ca = file("ca.pem");
    let Some(kept) = python(KEEP, &[&port.to_string(), ca.to_str().unwrap()]) else {
        return;
    };
    let kept = kept.piped().start();
    let goes_on = || {
        kept.write("again\n");
        assert_eq!(kept.line(), "ok True");
    };
    goes_on();
    let shown = || {
        let words = format!("s_client -connect 127.0.0.1:{port} -servername localhost");
        let finished = openssl(&words, "").unwrap();
        let text = String::from_utf8_lossy(&finished.stdout).into_owned();
        let subject = text.lines().find_map(|line| line.strip_prefix("subject="));
        subject.unwrap().replace(' ', "")
    };
    assert_eq!(shown(), "CN=sec1");

    copy("pkcs8");
    server.signal(Signal::SIGHUP);
    server.stderr_until(|line| line.contains("new certificate sha256 Fingerprint="));
    goes_on();
    assert_eq!(shown(), "CN=pkcs8");

    fs::write(file("live.key"), "no key").unwrap();
    server.signal(Signal::SIGHUP);
    server.stderr_until(|line| {
        line.contains("live.key: no private key in it: ") && line.contains("stays")
    });
    goes_on();
    assert_eq!(shown(), "CN=pkcs8");
    assert_eq!(asked(ca, port).expect(0).text(), "ok");
}

#[test]
fn sighup_leaves_a_temporary_certificate_as_it_is() {
    let served = served(&["-v"]);
    served.server.signal(Signal::SIGHUP);
    let said =
        |line: &str| line.ends_with("SIGHUP: there is no file of --cert or --auth to read again");
    served.server.stderr_until(said);
    served.server.signal(Signal::SIGTERM);
    served.server.finish().expect(143);
}

/// Python's ssl over memory, so that the records can be cut anywhere: what is said on stdin is done.
const RECORDS: &str = r#"
import socket, ssl, sys
port, ca = int(sys.argv[1]), sys.argv[2]
context = ssl.create_default_context(cafile=ca)

def connect():
    s = socket.create_connection(("127.0.0.1", port), 20)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    inside, outside = ssl.MemoryBIO(), ssl.MemoryBIO()
    return s, inside, outside, context.wrap_bio(inside, outside, server_hostname="localhost")

def flights(send):
    """Shake hands; each flight of ours goes through send(socket, bytes, number)."""
    s, inside, outside, tls = connect()
    number = 0
    while True:
        try:
            tls.do_handshake()
            done = True
        except ssl.SSLWantReadError:
            done = False
        if not send(s, outside.read(), number): return None
        number += 1
        if done: return s, inside, outside, tls
        bytes = s.recv(65536)
        if not bytes: return None
        inside.write(bytes)

def whole(s, bytes, number):
    s.sendall(bytes)
    return True

def one_by_one(s, data, number):
    for at in range(len(data)): s.sendall(data[at:at + 1])
    return True

def read(s, inside, tls, count):
    answer = b""
    while answer.count(b"Hello world!") < count:
        try: answer += tls.read(65536)
        except ssl.SSLWantReadError:
            more = s.recv(65536)
            assert more, answer
            inside.write(more)
    return answer

def ask(made, count, send=whole):
    s, inside, outside, tls = made
    for _ in range(count): tls.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    send(s, outside.read(), 0)
    assert read(s, inside, tls, count).count(b"HTTP/1.1 200 OK") == count

ask(flights(whole), 1)
ask(flights(whole), 50)
ask(flights(one_by_one), 2, one_by_one)

lengths = []
def measure(s, bytes, number):
    lengths.append(len(bytes))
    return whole(s, bytes, number)
ask(flights(measure), 1)
print("flights", lengths)

# Clients that vanish within each flight, some of them with a reset.
for flight, length in enumerate(lengths):
    for cut in range(0, length, max(1, length // 60)):
        def vanish(s, bytes, number):
            if number < flight: return whole(s, bytes, number)
            s.sendall(bytes[:cut])
            if cut % 2: s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            s.close()
            return False
        flights(vanish)

# Both ends of a conversation, in order: ours first, its answer still comes.
made = flights(whole)
s, inside, outside, tls = made
tls.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
try: tls.unwrap()
except ssl.SSLWantReadError: pass
s.sendall(outside.read())
rest = b""
while True:
    more = s.recv(65536)
    if not more: break
    rest += more
assert len(rest) > 200, rest

ask(flights(whole), 1)
print("done")
"#;

#[test]
fn records_may_be_cut_anywhere_and_clients_vanish() {
    let folder = scratch();
    let certificate = folder.path().join("cert.pem");
    let server = sockkit(["http", "--port", "0", "-q", "--tls", "--tls-cert-out"])
        .args([&certificate])
        .args(["--port-file"])
        .args([folder.path().join("port")])
        .args(["--ready-fd", "2"])
        .start();
    server.stderr_until(|_| true);
    let port = fs::read_to_string(folder.path().join("port")).unwrap();
    let words = [port.trim(), certificate.to_str().unwrap()];
    let Some(client) = python(RECORDS, &words) else {
        return;
    };
    let finished = client.deadline(LONG).run().expect(0);
    assert!(finished.text().ends_with("done\n"));
}

#[test]
fn plain_http_is_told_that_the_port_speaks_tls() {
    let served = served(&["-v"]);
    let url = format!("http://127.0.0.1:{}/", served.port);
    let Some(curl) = curl(&["-i", &url]) else {
        return;
    };
    let text = curl.run().expect(0).text();
    assert!(text.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{text}");
    assert!(
        text.ends_with("\r\n\r\nthis port speaks TLS: use https://\n"),
        "{text}"
    );
    let fine = sockkit(["tcp", "connect", &served.port.to_string()]).input(ASK);
    assert!(fine.run().expect(0).text().starts_with("HTTP/1.1 400 "));
    let said = "away: TLS: it speaks HTTP without TLS";
    served.server.stderr_until(|line| line.ends_with(said));
}

#[test]
fn haproxy_tells_whose_connection_it_hands_on() {
    let (Some(haproxy), Some(_)) = (peer("haproxy"), peer("curl")) else {
        return;
    };
    for (version, tls) in [
        ("send-proxy", ""),
        ("send-proxy-v2", ""),
        ("send-proxy-v2", "ssl verify none"),
    ] {
        let folder = scratch();
        let mut start = sockkit(["http", "--port", "0", "--proxy-protocol", "--json"]);
        if !tls.is_empty() {
            start = start.args(["--tls"]);
        }
        let server = start.start();
        let event = || -> serde_json::Value { serde_json::from_str(&server.line()).unwrap() };
        let mut listening = event();
        if listening["event"] == "certificate" {
            listening = event();
        }
        let local = listening["local"].as_str().unwrap().to_owned();
        let port = free_port();
        let file = folder.path().join("haproxy.cfg");
        let config = format!(
            "defaults\n mode tcp\n timeout connect 5s\n timeout client 10s\n timeout server 10s\n\
             listen it\n bind 127.0.0.1:{port}\n server s {local} {version} {tls}\n"
        );
        fs::write(&file, config).unwrap();
        let _haproxy = program(&haproxy, ["-db", "-f"]).args([&file]).start();
        let url = format!("http://127.0.0.1:{port}/");
        let words = [
            "--retry",
            "20",
            "--retry-delay",
            "1",
            "--retry-connrefused",
            "-w",
            "\n%{local_port}",
            &url,
        ];
        let text = curl(&words).unwrap().run().expect(0).text();
        let (body, from) = text.split_once('\n').unwrap();
        assert_eq!(body, "Hello world!", "{version} {tls}");
        assert_eq!(
            event()["peer"],
            format!("127.0.0.1:{from}"),
            "{version} {tls}"
        );
    }
}

#[test]
fn curl_puts_its_own_header_in_front() {
    let server = sockkit(["http", "--port", "0", "--proxy-protocol", "--text", "ok"]).start();
    let url = format!("http://127.0.0.1:{}/", server.port());
    let Some(with) = curl(&["--haproxy-protocol", &url]) else {
        return;
    };
    assert_eq!(with.run().expect(0).text(), "ok");
    // CURLE_RECV_ERROR or CURLE_GOT_NOTHING: closed, with a reset or without.
    let without = curl(&[&url]).unwrap().run();
    assert!([52, 56].contains(&without.status), "{}", without.status);
}

#[test]
fn curl_speaks_tls_over_a_local_socket() {
    let folder = scratch();
    let (path, certificate) = (folder.path().join("s"), folder.path().join("cert.pem"));
    let server = sockkit(["http", "--text", "ok", "--tls", "--tls-cert-out"])
        .args([&certificate])
        .args(["--unix"])
        .args([&path])
        .start();
    server.listening();
    let words = [
        "--unix-socket",
        path.to_str().unwrap(),
        "https://localhost/",
        "--cacert",
    ];
    let Some(curl) = curl(&words) else {
        return;
    };
    assert_eq!(curl.args([&certificate]).run().expect(0).text(), "ok");
}
