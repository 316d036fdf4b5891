//! Where `http` listens besides a port: local sockets, several inherited ones, behind a proxy; and who is told.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener, UnixStream};
use std::path::PathBuf;

use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::kit::{Record, Running, Start, patient, python, read_end, scratch, sockkit, stream_to};

const ASK: &[u8] = b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

fn http(words: &[&str]) -> Start {
    sockkit(["http", "--text", "ok"]).args(words)
}

/// A directory and a path in it where nothing is yet.
fn place() -> (TempDir, PathBuf) {
    let folder = scratch();
    let path = folder.path().join("s");
    (folder, path)
}

/// What is answered on a local socket.
fn answer(mut client: UnixStream) -> String {
    client.write_all(ASK).unwrap();
    String::from_utf8(read_end(&mut client)).unwrap()
}

#[test]
fn a_path_is_listened_on_in_every_spelling() {
    let (folder, path) = place();
    let absolute = path.to_str().unwrap();
    for words in [
        ["--unix", absolute],
        ["--unix", "s"],
        ["--listen", absolute],
        ["--listen", "./s"],
        [".", "./s"],
    ] {
        let server = sockkit(["http"])
            .args(words)
            .directory(folder.path())
            .start();
        assert!(server.listening().ends_with('s'), "{words:?}");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{words:?}");
        let text = answer(patient(UnixStream::connect(&path).unwrap()));
        assert!(text.starts_with("HTTP/1.1 "), "{words:?}: {text}");
        server.signal(Signal::SIGTERM);
        server.finish().expect(143);
        assert!(!path.exists(), "{words:?}");
    }
}

#[test]
fn an_abstract_name_is_listened_on() {
    let name = format!("sockkit-http-{}", std::process::id());
    let _server = ready(http(&["--unix", &format!("@{name}")]));
    let address = SocketAddr::from_abstract_name(name).unwrap();
    let client = UnixStream::connect_addr(&address).unwrap();
    assert!(answer(patient(client)).ends_with("\r\n\r\nok"));
}

fn ready(start: Start) -> Running {
    let running = start.start();
    running.listening();
    running
}

#[test]
fn its_file_is_made_and_replaced_as_asked() {
    let (_folder, path) = place();
    let name = path.to_str().unwrap();
    drop(UnixListener::bind(&path).unwrap());
    http(&["--unix", name]).run().expect(2).says("(EADDRINUSE)");
    let server = ready(http(&["--unix", name, "--replace", "--mode", "0666"]));
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o666);
    let refused = http(&["--unix", name, "--replace"]).run().expect(2);
    assert!(
        refused.stderr.contains("(EADDRINUSE)"),
        "{}",
        refused.stderr
    );
    server.signal(Signal::SIGINT);
    server.finish().expect(130);
    assert!(!path.exists());

    fs::write(&path, "precious").unwrap();
    http(&["--unix", name, "--replace"]).run().expect(2);
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_opened() {
    let long = "p".repeat(108);
    for (words, said) in [
        (&["--unix", ""][..], "empty"),
        (&["--unix", "@"], "empty"),
        (&["--unix", &long], "at most 107"),
        (&["--unix", "./s", "--port", "0"], "--port"),
        (&["--unix", "./s", "--listen", "0"], "--listen"),
        (&["--listen", "./s", "--host", "localhost"], "--host"),
        (&["--unix", "./s", "--mode", "8"], "octal"),
    ] {
        http(words).run().expect(2).says(said);
    }
    let words = ["http", ".", "./s", "--port", "0"];
    sockkit(words).run().expect(2).says("neither");
}

/// Hands a TCP and a local socket to sockkit, with names that are nobody's business.
const INHERIT: &str = r#"
import os, socket, sys
program, path, *words = sys.argv[1:]
inet, unix = socket.socket(socket.AF_INET), socket.socket(socket.AF_UNIX)
inet.bind(("127.0.0.1", 0)); inet.listen()
unix.bind(path); unix.listen()
held = [os.dup2(s.detach(), 10 + n) for n, s in enumerate([inet, unix])]
for n, fd in enumerate(held):
    os.dup2(fd, 3 + n, inheritable=True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="2", LISTEN_FDNAMES="web:web")
os.execv(program, [program] + words)
"#;

#[test]
fn all_sockets_of_a_service_manager_are_served() {
    let (_folder, path) = place();
    let program = env!("CARGO_BIN_EXE_sockkit");
    let words = [
        program,
        path.to_str().unwrap(),
        "http",
        "--listen",
        "fd:systemd",
        "--text",
        "ok",
    ];
    let Some(start) = python(INHERIT, &words) else {
        return;
    };
    let server = start.start();
    let port = server.port();
    assert!(server.listening().ends_with("/s"));
    for _ in 0..2 {
        assert!(answer(patient(UnixStream::connect(&path).unwrap())).ends_with("ok"));
        let mut client = stream_to(("127.0.0.1", port));
        client.write_all(ASK).unwrap();
        assert!(read_end(&mut client).ends_with(b"ok"));
    }
    server.signal(Signal::SIGTERM);
    server.finish().expect(143);
    assert!(path.exists(), "it is the service manager's");
}

#[test]
fn a_service_manager_is_told_when_clients_can_come() {
    let (_folder, path) = place();
    let manager = patient(UnixDatagram::bind(&path).unwrap());
    let server = http(&["--port", "0"]).env("NOTIFY_SOCKET", &path).start();
    assert_eq!(manager.record(), b"READY=1");
    drop(stream_to(("127.0.0.1", server.port())));
    drop(manager);
    let server = http(&["--port", "0"]).env("NOTIFY_SOCKET", &path).start();
    server.stderr_until(|line| line.contains("NOTIFY_SOCKET") && line.contains("(ECONNREFUSED)"));
    server.listening();
}

/// A server behind a proxy, telling its requests as events.
fn behind_proxy() -> (Running, u16) {
    let server = http(&["--port", "0", "--proxy-protocol", "--json"]).start();
    let listening: serde_json::Value = serde_json::from_str(&server.line()).unwrap();
    let local = listening["local"].as_str().unwrap();
    let port = local.rsplit(':').next().unwrap().parse().unwrap();
    (server, port)
}

fn peer_told(server: &Running) -> String {
    let event: serde_json::Value = serde_json::from_str(&server.line()).unwrap();
    assert_eq!(event["event"], "request");
    event["peer"].as_str().unwrap().to_owned()
}

/// A binary header of the PROXY protocol.
fn binary(command: u8, transport: u8, rest: &[u8]) -> Vec<u8> {
    let signature = b"\r\n\r\n\0\r\nQUIT\n";
    let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
    [signature, &[command, transport][..], &length, rest].concat()
}

#[test]
fn a_proxys_header_tells_the_client() {
    let (server, port) = behind_proxy();
    let four = [192, 0, 2, 1, 192, 0, 2, 2, 0x30, 0x39, 0, 80];
    let mut six = [0; 36];
    (six[15], six[32], six[33]) = (1, 0x30, 0x39);
    let mut mapped = [0; 36];
    mapped[10..16].copy_from_slice(&[0xff, 0xff, 192, 0, 2, 1]);
    let mut path = [0; 216];
    path[..8].copy_from_slice(b"/run/\x1b.s");
    for (header, told) in [
        (
            b"PROXY TCP4 192.0.2.1 192.0.2.2 12345 80\r\n".to_vec(),
            "192.0.2.1:12345",
        ),
        (
            b"PROXY TCP6 2001:db8::1 ::1 12345 80\r\n".to_vec(),
            "[2001:db8::1]:12345",
        ),
        (binary(0x21, 0x11, &four), "192.0.2.1:12345"),
        (binary(0x21, 0x21, &six), "[::1]:12345"),
        (binary(0x21, 0x21, &mapped), "192.0.2.1:0"),
        (binary(0x21, 0x31, &path), "/run/\\x1b.s"),
    ] {
        for one_by_one in [false, true] {
            let mut client = stream_to(("127.0.0.1", port));
            client.set_nodelay(true).unwrap();
            let bytes = [header.as_slice(), ASK].concat();
            match one_by_one {
                false => client.write_all(&bytes).unwrap(),
                true => bytes
                    .iter()
                    .for_each(|byte| client.write_all(&[*byte]).unwrap()),
            }
            assert!(read_end(&mut client).ends_with(b"ok"), "{told}");
            assert_eq!(peer_told(&server), told);
        }
    }
}

#[test]
fn a_header_that_tells_nothing_leaves_the_connections_address() {
    let (server, port) = behind_proxy();
    for header in [
        b"PROXY UNKNOWN\r\n".to_vec(),
        binary(0x20, 0, b""),
        binary(0x21, 0, b"anything"),
    ] {
        let mut client = stream_to(("127.0.0.1", port));
        let own = client.local_addr().unwrap().to_string();
        client
            .write_all(&[header.as_slice(), ASK].concat())
            .unwrap();
        assert!(read_end(&mut client).ends_with(b"ok"));
        assert_eq!(peer_told(&server), own);
    }
}

/// Everything until the end or a reset.
fn rest(mut client: TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = client.read_to_end(&mut bytes);
    bytes
}

#[test]
fn without_a_right_header_a_connection_is_closed() {
    let (server, port) = behind_proxy();
    for bytes in [
        ASK.to_vec(),
        b"PROXY TCP4 192.0.2.1\r\n".to_vec(),
        b"PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n".to_vec(),
        [b"PROXY ".as_slice(), &[b'x'; 200]].concat(),
        binary(0x21, 0x11, b"short"),
        binary(0x31, 0x11, &[0; 12]),
        binary(
            0x21,
            0x11,
            &[192, 0, 2, 1, 192, 0, 2, 2, 0, 1, 0, 2, 3, 0, 4, 0, 0, 0, 0],
        ),
        binary(0x20, 0x00, &[0; 20_000]),
    ] {
        let mut client = stream_to(("127.0.0.1", port));
        // It may be closed before all of this has come.
        let _ = client.write_all(&[bytes.as_slice(), ASK].concat());
        assert_eq!(rest(client), b"", "{}", bytes.escape_ascii());
        let event: serde_json::Value = serde_json::from_str(&server.line()).unwrap();
        assert_eq!(event["event"], "turned_away", "{event}");
        let why = event["reason"].as_str().unwrap();
        assert!(why.starts_with("PROXY header: "), "{why}");
    }
    // One that ends within its header is closed as well.
    let mut client = stream_to(("127.0.0.1", port));
    client.write_all(b"PROXY TCP4").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(rest(client), b"");
}
