//! `tcp connect --tls` and `tcp listen --tls`: certificates of every fault, ends and cuts, clients' certificates, and the
//! peers that people have: openssl, ncat, socat, curl, Python.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use crate::kit::{
    Finished, LONG, Running, Start, free_port, listener, pattern, peer, program, python, scratch,
    sockkit, stream_to,
};

const MUCH: usize = 50_000_000;

/// Makes an authority, certificates that it vouches for, and one that vouches for itself.
const MAKE: &str = r#"
set -e
cd "$1"
quiet() { "$@" 2>/dev/null; }
new="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
for ca in ca stranger; do
  quiet openssl req -x509 $new -keyout $ca.key -out $ca.pem -days 30 -subj /CN=$ca -addext basicConstraints=critical,CA:TRUE
done
quiet openssl req -x509 $new -keyout self.key -out self.pem -days 30 -subj /CN=self -addext subjectAltName=IP:127.0.0.1
cat > conf <<END
[ca]
default_ca=all
[all]
database=index
new_certs_dir=.
default_md=sha256
policy=any
copy_extensions=copy
unique_subject=no
rand_serial=yes
[any]
commonName=supplied
END
: > index
leaf() {
  quiet openssl req -new $new -keyout $1.key -out $1.csr -subj "/CN=$1" -addext "subjectAltName=$2"
  quiet openssl ca -batch -config conf -cert ca.pem -keyfile ca.key -in $1.csr -out $1.pem -startdate $3 -enddate $4 -notext
}
now=20200101000000Z
later=20990101000000Z
leaf good DNS:localhost,IP:127.0.0.1 $now $later
leaf expired IP:127.0.0.1 $now 20200201000000Z
leaf early IP:127.0.0.1 20980101000000Z $later
leaf other DNS:other.example,DNS:www.other.example $now $later
leaf client DNS:somebody $now $later
"#;

/// The files of all those.
struct Papers(TempDir);

impl Papers {
    fn new() -> Option<Self> {
        peer("openssl")?;
        let folder = scratch();
        let script = program("sh", ["-c", MAKE, "sh"]).args([folder.path()]);
        script.deadline(LONG).run().expect(0);
        Some(Self(folder))
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    /// The flags of one who shows this certificate.
    fn shows(&self, name: &str) -> [String; 4] {
        let file = |end: &str| self.path(&format!("{name}.{end}"));
        [
            "--cert".to_owned(),
            file("pem"),
            "--key".to_owned(),
            file("key"),
        ]
    }

    fn fingerprint(&self, name: &str) -> String {
        let file = self.path(&format!("{name}.pem"));
        let words = ["x509", "-noout", "-fingerprint", "-sha256", "-in", &file];
        let text = program("openssl", words).run().expect(0).text();
        text.trim_end().split_once('=').unwrap().1.to_owned()
    }

    /// A listener that shows `certificate`.
    fn listen(&self, certificate: &str, words: &[&str]) -> Start {
        let start = sockkit(["tcp", "listen", "0", "--tls"]).args(self.shows(certificate));
        start.args(words).deadline(LONG)
    }

    /// A client that trusts the authority, and no other.
    fn connect(&self, port: u16, words: &[&str]) -> Start {
        let start = connect(port, words).args(["--ca", &self.path("ca.pem")]);
        start.deadline(LONG)
    }
}

fn connect(port: u16, words: &[&str]) -> Start {
    let to = format!("127.0.0.1:{port}");
    sockkit(["tcp", "connect", &to, "--tls"]).args(words)
}

/// openssl s_server on a port that is announced.
fn s_server(papers: &Papers, words: &[&str]) -> (Running, u16) {
    let port = free_port();
    let address = format!("127.0.0.1:{port}");
    let file = |name: &str| papers.path(name);
    let server = program("openssl", ["s_server", "-accept", &address])
        .args(["-cert", &file("good.pem"), "-key", &file("good.key")])
        .args(words)
        .piped()
        .start();
    while !server.line().contains("ACCEPT") {}
    (server, port)
}

#[test]
fn what_is_wrong_with_a_certificate_is_said() {
    let Some(papers) = Papers::new() else {
        return;
    };
    let ca = ["--ca".to_owned(), papers.path("ca.pem")];
    let no_words: [String; 0] = [];
    let pin = |name: &str| {
        [
            "--pin".to_owned(),
            format!("sha256:{}", papers.fingerprint(name)),
        ]
    };
    let insecure = ["--insecure".to_owned()];
    let sni = [
        ca.as_slice(),
        &["--sni".to_owned(), "www.other.example".to_owned()],
    ]
    .concat();
    let cases: [(&str, &[String], i32, &str); 13] = [
        ("good", &ca, 0, ""),
        ("other", &sni, 0, ""),
        ("expired", &pin("expired"), 0, ""),
        ("self", &["--ca".to_owned(), papers.path("self.pem")], 0, ""),
        ("expired", &insecure, 0, "sockkit: --insecure: "),
        (
            "expired",
            &ca,
            1,
            "the certificate expired 2020-02-01 00:00:00 UTC, ",
        ),
        (
            "early",
            &ca,
            1,
            "the certificate is not valid before 2098-01-01 00:00:00 UTC",
        ),
        (
            "other",
            &ca,
            1,
            "the certificate is not for 127.0.0.1: it is for other.example, www.other.example",
        ),
        (
            "self",
            &ca,
            1,
            "the certificate is self-signed, and not trusted here",
        ),
        (
            "good",
            &no_words,
            1,
            "the certificate's issuer is not trusted here: CN=ca",
        ),
        (
            "good",
            &["--ca".to_owned(), papers.path("stranger.pem")],
            1,
            "issuer is not trusted",
        ),
        (
            "good",
            &pin("self"),
            1,
            "the certificate is not the one of --pin: it has sha256:",
        ),
        (
            "good",
            &["--sni".to_owned(), "localhost".to_owned()],
            1,
            "issuer is not trusted",
        ),
    ];
    for (certificate, words, status, said) in cases {
        let server = papers.listen(certificate, &["-k", "--discard"]).start();
        let client = connect(server.port(), &[]).args(words).input("never");
        // The system's authorities are another's.
        let client = client.env("SSL_CERT_FILE", papers.path("stranger.pem"));
        let finished = client
            .env("SSL_CERT_DIR", "/nonexistent")
            .run()
            .expect(status);
        let finished = finished.says(said);
        if status == 1 {
            assert!(finished.stderr.starts_with("sockkit: tls 127.0.0.1:"));
            assert!(
                finished.stderr.contains("\n  hint: "),
                "{}",
                finished.stderr
            );
        }
    }
}

#[test]
fn a_temporary_certificate_fits_the_pin_that_is_said() {
    let server = sockkit(["tcp", "listen", "0", "--tls"]).start();
    let said = server.stderr_until(|line| line.contains("Fingerprint="));
    let pin = format!("sha256:{}", said.trim().split_once('=').unwrap().1);
    let client = connect(server.port(), &["--pin", &pin, "-v"]).input("hello");
    client
        .run()
        .expect(0)
        .says("TLS 1.3 with TLS_AES_128_GCM_SHA256, certificate sha256:");
    assert_eq!(server.finish().expect(0).stdout, b"hello");
}

#[test]
fn the_everyday_question_has_its_answer() {
    let Some(papers) = Papers::new() else {
        return;
    };
    let server = papers
        .listen("good", &["-k", "--discard", "--alpn", "h2,imap"])
        .start();
    let port = server.port();
    let shown = papers
        .connect(port, &["--show-cert", "--alpn", "imap"])
        .piped()
        .run();
    let text = shown.expect(0).text();
    let lines = [
        "subject     CN=good",
        "names       localhost\n            127.0.0.1\n",
        "issuer      CN=ca",
        "valid from  2020-01-01T00:00:00Z",
        "valid until 2099-01-01T00:00:00Z, ",
        " days left\n",
        "key         EC, P-256",
        "signature   ECDSA with SHA-256",
        &format!("sha256      {}", papers.fingerprint("good")),
        "protocol    TLS 1.3 TLS_AES_128_GCM_SHA256 X25519",
        "alpn        imap",
        "trusted     yes\n",
    ];
    for line in lines {
        assert!(text.contains(line), "{line}: {text}");
    }
    let server = papers.listen("expired", &["-k", "--discard"]).start();
    let shown = papers
        .connect(server.port(), &["--show-cert", "--json"])
        .run()
        .expect(1);
    let events = shown.events();
    let shown = events
        .iter()
        .find(|event| event["event"] == "peer_certificate")
        .unwrap();
    assert_eq!(shown["trusted"], false);
    assert_eq!(shown["not_after"], "2020-02-01T00:00:00Z");
    assert!(shown["days_left"].as_i64().unwrap() < -2000);
    assert!(
        shown["reason"]
            .as_str()
            .unwrap()
            .starts_with("the certificate expired")
    );
    assert_eq!(events.last().unwrap()["status"], 1);
}

#[test]
fn fifty_megabytes_both_ways_at_once_under_tls() {
    let Some(papers) = Papers::new() else {
        return;
    };
    let much = pattern(MUCH);
    let server = papers.listen("good", &["-k", "--echo"]).start();
    let client = papers.connect(server.port(), &[]).upload(&much).run();
    assert!(client.expect(0).stdout == much);
    // Both speak at once, and neither waits for the other.
    let server = papers.listen("good", &[]).upload(&much).start();
    let client = papers.connect(server.port(), &[]).upload(&much).run();
    assert!(client.expect(0).stdout == much);
    assert!(server.finish_within(LONG).expect(0).stdout == much);
}

#[test]
fn the_end_of_stdin_ends_only_one_half() {
    let Some(papers) = Papers::new() else {
        return;
    };
    let server = papers.listen("good", &["--sh", "wc -c"]).start();
    let client = papers
        .connect(server.port(), &[])
        .input(pattern(100_000))
        .run();
    assert_eq!(client.expect(0).text().trim(), "100000");
    server.finish().expect(0);
    // The listener ends first, and still hears.
    let server = papers.listen("good", &[]).input("short").start();
    let mut client = papers
        .connect(server.port(), &["--on-peer-eof", "drain"])
        .piped()
        .start();
    assert_eq!(client.read(5), b"short");
    client.write("long afterwards");
    client.end_stdin();
    client.finish().expect(0);
    assert_eq!(server.finish().expect(0).stdout, b"long afterwards");
}

/// Shows a certificate, says `said`, and then a piece of a record, or nothing, before its socket is closed.
const CUT: &str = r#"
import socket, ssl, sys
cert, key, mode = sys.argv[1:]
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(cert, key)
listener = socket.create_server(("127.0.0.1", 0))
print("listening on", listener.getsockname()[1], file=sys.stderr, flush=True)
raw = listener.accept()[0]
inbound, outbound = ssl.MemoryBIO(), ssl.MemoryBIO()
tls = context.wrap_bio(inbound, outbound, server_side=True)
def flush(limit=None):
    raw.sendall(outbound.read()[:limit])
while True:
    try:
        tls.do_handshake()
        break
    except ssl.SSLWantReadError:
        flush()
        inbound.write(raw.recv(65536))
        if mode == "handshake":
            raw.close()
            sys.exit()
flush()
tls.write(b"what came before")
flush()
if mode == "record":
    tls.write(b"half of this")
    flush(10)
elif mode == "changed":
    tls.write(b"changed")
    bytes = bytearray(outbound.read())
    bytes[-1] ^= 1
    raw.sendall(bytes)
elif mode == "reset":
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    sys.stdin.read()
raw.close()
"#;

#[test]
fn a_cut_is_an_error_and_what_came_before_it_is_delivered() {
    let Some(papers) = Papers::new() else {
        return;
    };
    let (cert, key) = (papers.path("good.pem"), papers.path("good.key"));
    for (mode, said) in [
        ("between", "it ended without close_notify"),
        ("record", "it ended without close_notify"),
        ("changed", "a record was changed on its way"),
        ("handshake", "it ended before it said a word"),
    ] {
        let Some(server) = python(CUT, &[&cert, &key, mode]) else {
            return;
        };
        let server = server.start();
        let client = papers.connect(server.foreign_port(), &[]).piped().start();
        let finished = client.finish().expect(1).says(said);
        let expected: &[u8] = match mode {
            "handshake" => b"",
            _ => b"what came before",
        };
        assert_eq!(finished.stdout, expected, "{mode}");
    }
}

#[test]
fn a_peer_without_tls_is_told_from_one_with() {
    let Some(papers) = Papers::new() else {
        return;
    };
    for (greeting, hint) in [
        ("220 mail ESMTP\r\n", "--starttls smtp"),
        ("+OK pop\r\n", "--starttls pop3"),
        ("* OK imap\r\n", "--starttls imap"),
        ("SSH-2.0-x\r\n", "without --tls"),
        ("HTTP/1.1 400 Bad Request\r\n\r\n", "without --tls"),
    ] {
        let server = sockkit(["tcp", "listen", "0", "-k", "--reply", greeting]).start();
        let refused = papers.connect(server.port(), &[]).run().expect(1);
        let begins = greeting.escape_default().to_string();
        let said = format!("this does not speak TLS: it began with \"{begins}");
        refused.says(&said[..said.len().min(60)]).says(hint);
    }
    let server = papers.listen("good", &[]).start();
    let client = format!("127.0.0.1:{}", server.port());
    sockkit(["tcp", "connect", &client])
        .input("hello there\n")
        .run();
    let said = "this does not speak TLS: it began with \"hello there\\n\"";
    server.finish().expect(1).says(said);
}

#[test]
fn a_handshake_has_its_time() {
    let (_deaf, port) = listener();
    let late = connect(port, &["--insecure", "-t", "300ms"])
        .run()
        .expect(124);
    late.says("TLS with 127.0.0.1:")
        .says("no answer within 300ms");
    let server = sockkit(["tcp", "listen", "0", "--tls", "--timeout", "400ms"]).start();
    let to = format!("127.0.0.1:{}", server.port());
    let _silent = sockkit(["tcp", "connect", &to]).piped().start();
    server.finish().expect(124).says("no answer within 400ms");
}

#[test]
fn a_silent_client_keeps_no_place() {
    let Some(papers) = Papers::new() else {
        return;
    };
    let words = ["-k", "-v", "--max-conns", "1", "--echo", "-t", "1500ms"];
    let server = papers.listen("good", &words).start();
    let port = server.port();
    // The second is cut off in the middle of its hello.
    let _silent = stream_to(("127.0.0.1", port));
    let mut half = stream_to(("127.0.0.1", port));
    half.write_all(b"\x16\x03\x01\x02\x00").unwrap();
    let client = papers.connect(port, &[]).input("served").run();
    assert_eq!(client.expect(0).text(), "served");
    for conn in ["1 closed", "2 closed"] {
        let line = server.stderr_until(|line| line.starts_with(conn));
        assert!(line.ends_with("TLS: no answer within 1.5s"), "{line}");
    }
    // The time is one for the handshake alone: who is through with it may be silent for longer.
    let mut client = papers.connect(port, &[]).piped().start();
    client.write("a");
    assert_eq!(client.read(1), b"a");
    std::thread::sleep(std::time::Duration::from_secs(2));
    client.write("b");
    assert_eq!(client.read(1), b"b");
    client.end_stdin();
    client.finish().expect(0);
    server.signal(nix::sys::signal::Signal::SIGTERM);
    server.finish().expect(143);
}

/// Breaks handshakes off, each in another way, before it shows its certificate and greets.
const LATE: &str = r#"
import socket, ssl, sys
cert, key = sys.argv[1:]
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(cert, key)
listener = socket.create_server(("127.0.0.1", 0))
print("listening on", listener.getsockname()[1], file=sys.stderr, flush=True)
listener.accept()[0].close()
raw = listener.accept()[0]
raw.recv(65536)
raw.close()
raw = listener.accept()[0]
raw.recv(10)
raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
raw.close()
tls = context.wrap_socket(listener.accept()[0], server_side=True)
tls.sendall(b"hello")
tls.unwrap()
"#;

#[test]
fn a_handshake_that_is_broken_off_is_tried_again() {
    let Some(papers) = Papers::new() else {
        return;
    };
    let again = ["-v", "--retry", "3", "--retry-delay", "10ms"];
    for flag in [None, Some("--show-cert")] {
        let (cert, key) = (papers.path("good.pem"), papers.path("good.key"));
        let Some(server) = python(LATE, &[&cert, &key]) else {
            return;
        };
        let server = server.start();
        let client = papers.connect(server.foreign_port(), &again).args(flag);
        let finished = client.run().expect(0);
        assert_eq!(finished.stderr.matches("attempt ").count(), 3);
        match flag {
            None => assert_eq!(finished.text(), "hello"),
            Some(_) => assert!(finished.text().contains("trusted")),
        }
    }
    // What is not to be trusted stays so.
    let server = papers.listen("other", &["-k", "--echo"]).start();
    let refused = papers.connect(server.port(), &again).run().expect(1);
    assert!(!refused.stderr.contains("attempt "), "{}", refused.stderr);
    // And a mail server that hangs up is called again.
    let server = sockkit(["tcp", "listen", "-k", "0", "--reply", "220 "]).start();
    let starttls = [
        "--retry",
        "1",
        "--retry-delay",
        "10ms",
        "-v",
        "--starttls",
        "smtp",
    ];
    let cut = papers.connect(server.port(), &starttls).run().expect(1);
    assert_eq!(cut.stderr.matches("attempt ").count(), 1, "{}", cut.stderr);
}

#[test]
fn a_signal_ends_the_pause_after_a_handshake_that_was_broken_off() {
    let server = sockkit(["tcp", "listen", "-k", "0", "--reply", ""]).start();
    let again = [
        "-v",
        "--insecure",
        "--retry",
        "forever",
        "--retry-delay",
        "1h",
    ];
    let client = connect(server.port(), &again).start();
    client.stderr_until(|line| line.starts_with("attempt 1 failed"));
    client.signal(nix::sys::signal::Signal::SIGTERM);
    client.finish().expect(143);
}

/// Says something under TLS, hears the end, and then sends what is no record of its.
const BEHIND: &str = r#"
import socket, ssl, sys
context = ssl._create_unverified_context()
raw = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
raw.settimeout(20)
inbound, outbound = ssl.MemoryBIO(), ssl.MemoryBIO()
tls = context.wrap_bio(inbound, outbound)
def flush():
    raw.sendall(outbound.read())
def read():
    while True:
        try:
            return tls.read()
        except ssl.SSLWantReadError:
            inbound.write(raw.recv(65536))
while True:
    try:
        tls.do_handshake()
        break
    except ssl.SSLWantReadError:
        flush()
        inbound.write(raw.recv(65536))
flush()
while True:
    try:
        if not read():
            break
    except ssl.SSLZeroReturnError:
        break
raw.sendall(b"\x17\x03\x03\x00\x20" + b"z" * 32)
try:
    while raw.recv(65536):
        pass
except OSError:
    pass
"#;

#[test]
fn what_is_wrong_behind_our_end_is_one_clients_affair() {
    let Some(papers) = Papers::new() else {
        return;
    };
    let said = "a record was changed on its way";
    for words in [["--reply", "x"], ["--sh", "echo x"]] {
        let server = papers.listen("good", &words).args(["-k", "-v"]).start();
        let port = server.port();
        for _ in 0..2 {
            let Some(client) = python(BEHIND, &[&port.to_string()]) else {
                return;
            };
            client.run().expect(0);
            server.stderr_until(|line| line.contains(said));
        }
        assert_eq!(papers.connect(port, &[]).run().expect(0).text().trim(), "x");
        server.signal(nix::sys::signal::Signal::SIGTERM);
        server.finish().expect(143);
    }
    let server = papers.listen("good", &["--reply", "x"]).start();
    let client = python(BEHIND, &[&server.port().to_string()]);
    client.unwrap().run().expect(0);
    server.finish().expect(1).says(said);
}

#[test]
fn clients_show_certificates_where_they_are_demanded() {
    let Some(papers) = Papers::new() else {
        return;
    };
    let ca = papers.path("ca.pem");
    let server = papers
        .listen("good", &["-k", "--echo", "--client-ca", &ca])
        .start();
    let port = server.port();
    let client = papers
        .connect(port, &[])
        .args(papers.shows("client"))
        .input("known");
    assert_eq!(client.run().expect(0).stdout, b"known");
    let nobody = papers.connect(port, &[]).input("unknown").run().expect(1);
    nobody
        .says("the server refused it: certificate_required (alert 116)")
        .says("--cert FILE --key");
    let self_made = papers
        .connect(port, &[])
        .args(papers.shows("self"))
        .input("x");
    self_made.run().expect(1).says("the server refused it: ");
    // A server of another library demands it.
    for version in ["-tls1_3", "-tls1_2"] {
        let demands = [
            "-Verify",
            "1",
            "-verify_return_error",
            "-CAfile",
            &ca,
            version,
        ];
        let (mut theirs, port) = s_server(&papers, &demands);
        let client = papers
            .connect(port, &[])
            .args(papers.shows("client"))
            .piped()
            .start();
        client.write("hello\n");
        while theirs.line() != "hello" {}
        theirs.end_stdin();
        drop(client);
        let (_theirs, port) = s_server(&papers, &demands);
        let refused = papers.connect(port, &[]).piped().start();
        refused.finish().expect(1).says("the server refused it: ");
    }
}

#[test]
fn versions_and_protocols_are_agreed_on_or_not() {
    let Some(papers) = Papers::new() else {
        return;
    };
    let (_old, port) = s_server(&papers, &["-tls1_2", "-alpn", "h2,http/1.1"]);
    let shown = papers
        .connect(port, &["--show-cert", "--alpn", "http/1.1,h2"])
        .run()
        .expect(0);
    assert!(
        shown
            .text()
            .contains("protocol    TLS 1.2 TLS_ECDHE_ECDSA_"),
        "{}",
        shown.text()
    );
    assert!(
        shown.text().contains("alpn        h2\n"),
        "{}",
        shown.text()
    );
    let refused = papers.connect(port, &["--tls-min", "1.3"]).run().expect(1);
    refused
        .says("protocol_version (alert 70)")
        .says("--tls-min");
    let refused = papers.connect(port, &["--alpn", "gopher"]).run().expect(1);
    refused
        .says("no_application_protocol (alert 120)")
        .says("--alpn");
    let server = papers
        .listen("good", &["-k", "--echo", "--tls-min", "1.3"])
        .start();
    let to = format!("127.0.0.1:{}", server.port());
    let words = ["s_client", "-connect", &to, "-tls1_2"];
    program("openssl", words)
        .run()
        .expect(1)
        .says("protocol version");
}

#[test]
fn openssl_talks_and_ends() {
    let Some(papers) = Papers::new() else {
        return;
    };
    let ca = papers.path("ca.pem");
    let words = ["--on-peer-eof", "exit"];
    let server = papers.listen("good", &words).piped().start();
    let to = format!("127.0.0.1:{}", server.port());
    let words = [
        "s_client",
        "-connect",
        &to,
        "-CAfile",
        &ca,
        "-verify_return_error",
    ];
    let theirs = program("openssl", words).args(["-quiet", "-no_ign_eof"]);
    let mut theirs = theirs.piped().start();
    server.write("from us\n");
    assert_eq!(theirs.line(), "from us");
    theirs.write("from them\n");
    theirs.end_stdin();
    assert_eq!(server.finish().expect(0).text(), "from them\n");
}

/// A client or a server that speaks for both libraries, to its end.
fn exchanged(ours: Running, theirs: Finished, said: &[u8], status: i32) {
    assert!(theirs.stdout == said, "{}", theirs.stderr);
    assert!(ours.finish_within(LONG).expect(status).stdout == said);
}

#[test]
fn ncat_and_socat_in_both_roles() {
    let Some(papers) = Papers::new() else {
        return;
    };
    let (Some(_), Some(_)) = (peer("ncat"), peer("socat")) else {
        return;
    };
    let said = pattern(3_000_000);
    let (ca, cert, key) = (
        papers.path("ca.pem"),
        papers.path("good.pem"),
        papers.path("good.key"),
    );
    let server = papers.listen("good", &[]).upload(&said).start();
    let port = server.port().to_string();
    let words = ["--ssl-verify", "--ssl-trustfile", &ca, "localhost", &port];
    let theirs = program("ncat", words).upload(&said).deadline(LONG).run();
    // It leaves without a farewell, which is told apart from an end, and everything is there.
    exchanged(server, theirs, &said, 1);

    let server = papers.listen("good", &[]).upload(&said).start();
    let to = format!("OPENSSL:localhost:{},cafile={ca}", server.port());
    let theirs = program("socat", ["-t", "30", "-", &to])
        .upload(&said)
        .deadline(LONG)
        .run();
    exchanged(server, theirs, &said, 0);

    let echo = format!("OPENSSL-LISTEN:0,bind=127.0.0.1,cert={cert},key={key},verify=0");
    let echo = program("socat", ["-d", "-d", "-t", "30", &echo, "EXEC:cat"]).start();
    let client = papers.connect(echo.foreign_port(), &[]).upload(&said).run();
    assert!(client.expect(0).stdout == said);
}

#[test]
fn curl_and_python_hear_the_whole() {
    let Some(papers) = Papers::new() else {
        return;
    };
    let ca = papers.path("ca.pem");
    let answer = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nwhole";
    let server = papers.listen("good", &["-k", "--reply", answer]).start();
    let port = server.port();
    if peer("curl").is_some() {
        let url = format!("https://127.0.0.1:{port}/");
        let words = [
            "-sS",
            "--noproxy",
            "*",
            "--max-time",
            "20",
            "--cacert",
            &ca,
            &url,
        ];
        assert_eq!(program("curl", words).run().expect(0).text(), "whole");
    }
    let hear = r#"
import socket, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[2])
sock = context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1]))),
    server_hostname="localhost", suppress_ragged_eofs=False)
heard = b""
while piece := sock.recv(100):
    heard += piece
sys.stdout.write(heard.decode())
"#;
    if let Some(theirs) = python(hear, &[&port.to_string(), &ca]) {
        assert!(theirs.run().expect(0).text().ends_with("whole"));
    }
}

/// Says the lines of a protocol, one for each that it hears, then speaks TLS and says what it hears.
const STARTTLS: &str = r#"
import socket, ssl, sys
cert, key = sys.argv[1:3]
lines = [bytes.fromhex(line) for line in sys.argv[3:]]
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(cert, key)
listener = socket.create_server(("127.0.0.1", 0))
print("listening on", listener.getsockname()[1], file=sys.stderr, flush=True)
raw = listener.accept()[0]
for line in lines:
    raw.sendall(line)
    if line is not lines[-1]:
        raw.recv(1000)
if not lines or not lines[-1].startswith(b"!"):
    tls = context.wrap_socket(raw, server_side=True)
    tls.sendall(b"inside: " + tls.recv(100))
    tls.unwrap()
"#;

#[test]
fn tls_is_asked_for_in_each_protocols_words() {
    let Some(papers) = Papers::new() else {
        return;
    };
    let (cert, key) = (papers.path("good.pem"), papers.path("good.key"));
    let ldap = &b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00"[..];
    let talks: [(&str, &[&[u8]]); 6] = [
        (
            "smtp",
            &[b"220 a\r\n", b"250-a\r\n250 STARTTLS\r\n", b"220 go\r\n"],
        ),
        ("imap", &[b"* OK\r\n", b"a1 OK\r\n"]),
        ("pop3", &[b"+OK\r\n", b"+OK\r\n"]),
        ("ftp", &[b"220 a\r\n", b"234 go\r\n"]),
        ("postgres", &[b"", b"S"]),
        ("ldap", &[b"", ldap]),
    ];
    for (protocol, lines) in talks {
        let serve = |glued: &[u8]| {
            let mut lines: Vec<String> = lines.iter().map(hex::encode).collect();
            lines.last_mut().unwrap().push_str(&hex::encode(glued));
            let words = [vec![cert.clone(), key.clone()], lines].concat();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            python(STARTTLS, &words)
        };
        let Some(server) = serve(b"") else {
            return;
        };
        let server = server.start();
        let words = ["--starttls", protocol];
        let client = papers.connect(server.foreign_port(), &words).input("hello");
        assert_eq!(client.run().expect(0).text(), "inside: hello", "{protocol}");
        let server = serve(b"injected\r\n").unwrap().start();
        let client = papers.connect(server.foreign_port(), &words).input("hello");
        client
            .run()
            .expect(1)
            .says("something came before TLS that nobody can vouch for");
    }
    let server = sockkit(["tcp", "listen", "0", "-k", "--reply", "220 a\r\n250 a\r\n"]).start();
    let refused = papers
        .connect(server.port(), &["--starttls", "smtp"])
        .run()
        .expect(1);
    refused
        .says("starttls 127.0.0.1:")
        .says("the server does not offer TLS");
}

#[test]
fn wishes_that_make_no_sense_are_refused_before_anything_is_opened() {
    let file = Path::new("/nonexistent/file").to_str().unwrap();
    for words in [
        &["--ca", file][..],
        &["--insecure"],
        &["--pin", &"ab".repeat(32)],
        &["--alpn", "h2"],
        &["--sni", "x"],
        &["--tls-min", "1.3"],
        &["--tls", "--ca", file],
        &["--tls", "--pin", "sha256:ab"],
        &["--tls", "--insecure", "--ca", file],
        &["--tls", "--cert", file],
        &["--tls", "--cert", file, "--key", file, "--insecure"],
        &["--tls", "--insecure", "--alpn", ""],
        &["--tls", "--insecure", "--sni", "no name"],
        &["--tls", "--insecure", "--pass-fd"],
        &["--show-cert", "--insecure"],
        &["--starttls", "gopher"],
    ] {
        let refused = sockkit(["tcp", "connect", "1", "--explain"]).args(words);
        let refused = refused.run().expect(2);
        assert!(
            !refused.stderr.contains("socket("),
            "{words:?}: {}",
            refused.stderr
        );
    }
    for words in [
        &["--client-ca", file][..],
        &["--cert-out", file],
        &["--tls", "--client-ca", file],
        &["--tls", "--key", file],
        &["--cert", file, "--key", file],
    ] {
        let refused = sockkit(["tcp", "listen", "0", "--explain"]).args(words);
        let refused = refused.deadline(Duration::from_secs(5)).run().expect(2);
        assert!(
            !refused.stderr.contains("socket("),
            "{words:?}: {}",
            refused.stderr
        );
    }
    let empty = scratch();
    let file = empty.path().join("empty.pem");
    fs::write(&file, "").unwrap();
    let refused = connect(1, &["--ca"]).args([&file]).run().expect(2);
    refused.says("no certificate in it");
}

#[test]
fn a_client_of_an_old_version_is_told_as_one() {
    if peer("openssl").is_none() {
        return;
    }
    let server = sockkit(["tcp", "listen", "0", "--tls"]).start();
    let connect = format!("127.0.0.1:{}", server.port());
    let words = ["s_client", "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"];
    let client = program("openssl", words).args(["-connect", &connect]);
    assert_ne!(client.run().status, 0);
    let refused = server.finish().expect(1);
    drop(refused.says("there is no version of TLS in common\n  hint: TLS 1.2 and 1.3"));
}
