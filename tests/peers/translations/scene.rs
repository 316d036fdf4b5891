//! The scenes that command lines are played in: whoever is at the other end is the test.

use std::cell::{Cell, RefCell};
use std::fs;
use std::io::{Read, Write};
use std::net::{IpAddr, Shutdown, TcpListener, TcpStream, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::Signal;
use socket2::{Domain, SockAddr, Socket, Type};
use tempfile::TempDir;

use crate::kit::{
    Record, Running, Start, accept, free_port, patient, program, read_end, scratch, stream_to,
};

const FROM_STDIN: &[u8] = b"from stdin\n";
const FROM_PEER: &[u8] = b"from the peer\n";
const FILE: &[u8] = b"what the file holds\n";

/// What is around a command line.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scene {
    /// A TCP server hears stdin and answers.
    Client,
    /// A TCP server greets whoever says nothing.
    Banner,
    /// A TCP server gets FILE.
    Upload,
    /// A TCP server gets DIR as an archive.
    Archive,
    /// A TCP client says something; stdin, if it is read, is its answer.
    Listener,
    /// A TCP client gets FILE.
    Download,
    /// A TCP client says an archive of DIR, which is unpacked.
    Unpack,
    /// Two TCP clients at once.
    Many,
    /// A TCP server is connected to, and that is all.
    Probe,
    /// A TCP server is connected to through an HTTP proxy.
    Proxied,
    /// The same through a SOCKS proxy.
    Socks,
    /// A TCP client says something, and what answers is no stdin.
    Served,
    /// Two TCP clients hear each other.
    Broker,
    /// A UDP server is asked and answers.
    Asking,
    /// A UDP server is told something.
    Telling,
    /// A UDP client says something.
    Hearing,
    /// A UDP client says something, and it is not stdin that answers.
    Answered,
    /// A local server hears stdin and answers.
    LocalClient,
    /// The same, in records.
    Records,
    /// A local client says something, and hears stdin.
    LocalListener,
    /// A local socket for datagrams is told something.
    LocalTelling,
    /// A local datagram is said.
    LocalHearing,
    /// A TLS server hears stdin and answers.
    SecureClient,
    /// A TLS client says something, and hears stdin or what it said.
    SecureListener,
}

/// A certificate of 127.0.0.1 that vouches for itself: CERT, KEY and CA are made of it.
const CERTIFICATE: &str = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=127.0.0.1 \
    -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE -keyout KEY -out CERT";

/// A TLS server of one client: it hears a line, answers, and prints what it heard.
const SERVER: &str = r#"
import socket, ssl
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("CERT", "KEY")
context.load_verify_locations("CA")
context.verify_mode = ssl.CERT_OPTIONAL
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
client = context.wrap_socket(listener.accept()[0], server_side=True)
line = client.makefile("rb").readline()
client.sendall(b"from the peer\n")
print(line.decode(), "certified" if client.getpeercert() else "", end="", flush=True)
client.recv(1)
"#;

/// A TLS client: it says a line, and prints one that it hears.
const CLIENT: &str = r#"
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
context.load_cert_chain("CERT", "KEY")
server = context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1]))))
server.sendall(b"from the peer\n")
print(server.makefile("rb").readline().decode(), end="", flush=True)
"#;

/// Where a line is played: a folder with FILE and DIR in it, ports and names that are nobody's.
pub(super) struct Place {
    folder: TempDir,
    port: Cell<u16>,
    source: u16,
}

/// What came of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    /// What the other end heard, and from where, as far as it was chosen.
    heard: Vec<u8>,
    from: Option<String>,
    /// What was printed.
    printed: Vec<u8>,
    /// FILE, and what DIR became.
    file: Vec<u8>,
    unpacked: Option<Vec<u8>>,
}

impl Outcome {
    /// Something has come of it at all.
    pub(super) fn check(&self, line: &str) {
        let arrived = [&self.heard, &self.printed]
            .iter()
            .any(|bytes| !bytes.is_empty())
            || self.unpacked.is_some()
            || self.from.is_some()
            || self.file != FILE;
        assert!(arrived, "nothing arrived: {line}");
    }
}

impl Place {
    pub(super) fn new() -> Self {
        let folder = scratch();
        fs::write(folder.path().join("FILE"), FILE).unwrap();
        fs::create_dir(folder.path().join("DIR")).unwrap();
        fs::write(folder.path().join("DIR/inside"), "inside").unwrap();
        Self {
            folder,
            port: Cell::new(free_port()),
            source: free_port(),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    fn name(&self) -> String {
        format!("sockkit-row-{}-{}", std::process::id(), self.port.get())
    }

    /// The line as it is run here.
    fn shell(&self, line: &str) -> Start {
        let path = self.path().display().to_string();
        let mut line = line.replace("HOST", "127.0.0.1");
        line = line.replace("PROXY", "127.0.0.1");
        for place in ["/run/x.sock", "/run/log"] {
            line = line.replace(place, &path);
        }
        // Behind a proxy the target is a matter of words.
        let proxy = ["3128", "1080"]
            .into_iter()
            .find(|port| line.contains(port));
        let ports = match &proxy {
            Some(proxy) => std::slice::from_ref(proxy),
            None => &["22", "25", "53", "80", "443", "514", "5432", "9000"],
        };
        line = line.replace("20-30", &format!("{0}-{0}", self.port.get()));
        let (port, source, name) = (
            self.port.get().to_string(),
            self.source.to_string(),
            self.name(),
        );
        for word in ports {
            line = replace_word(&line, word, &port);
        }
        line = replace_word(&line, "4000", &source);
        line = replace_word(&line, "name", &name);
        let binary = Path::new(env!("CARGO_BIN_EXE_sockkit")).parent().unwrap();
        let others = std::env::var("PATH").unwrap();
        program("bash", ["-c", &line])
            .env("PATH", format!("{}:{others}", binary.display()))
            .directory(self.folder.path())
    }

    fn outcome(&self, heard: Vec<u8>, printed: Vec<u8>) -> Outcome {
        Outcome {
            heard,
            printed,
            file: fs::read(self.folder.path().join("FILE")).unwrap(),
            ..Outcome::default()
        }
    }

    /// Wait until somebody has the port, by the kernel's tables: a client would be one client more.
    fn taken(&self, tables: [&str; 2], state: &str, child: &Running) {
        let port = format!(":{:04X}", self.port.get());
        let is_taken = || {
            tables.iter().any(|table| {
                let lines = fs::read_to_string(format!("/proc/net/{table}")).unwrap_or_default();
                lines.lines().any(|line| {
                    let fields: Vec<&str> = line.split_whitespace().collect();
                    fields.get(1).is_some_and(|local| local.ends_with(&port))
                        && fields.get(3) == Some(&state)
                })
            })
        };
        until(child, is_taken);
    }

    fn listens(&self, child: &Running) {
        self.taken(["tcp", "tcp6"], "0A", child);
    }

    fn hears(&self, child: &Running) {
        self.taken(["udp", "udp6"], "07", child);
    }
}

/// Look again until it is so; the child must not end before.
fn until(child: &Running, is_so: impl Fn() -> bool) {
    for _ in 0..1000 {
        if is_so() {
            return;
        }
        assert!(!child.ends_within(Duration::from_millis(10)), "it ended");
    }
    panic!("it did not come to it");
}

/// Replace a word that stands by itself.
fn replace_word(text: &str, word: &str, with: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(word) {
        let (before, after) = (&rest[..at], &rest[at + word.len()..]);
        let joins = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '_';
        let alone = !before.ends_with(joins) && !after.starts_with(joins);
        out.push_str(before);
        out.push_str(if alone { with } else { word });
        rest = after;
    }
    out + rest
}

impl Scene {
    /// Play a command line; what came of it.
    pub(super) fn play(self, place: &Place, line: &str) -> Outcome {
        match self {
            Self::Client => client(place, line),
            Self::Banner => banner(place, line),
            Self::Upload | Self::Archive => upload(place, line),
            Self::Listener | Self::Download => listener(place, line),
            Self::Unpack => unpack(place, line),
            Self::Many => many(place, line),
            Self::Probe => probe(place, line),
            Self::Proxied => proxied(place, line),
            Self::Socks => socks(place, line),
            Self::Served => served(place, line),
            Self::Broker => broker(place, line),
            Self::Asking => asking(place, line),
            Self::Telling => telling(place, line),
            Self::Hearing => hearing(place, line),
            Self::Answered => answered(place, line),
            Self::LocalClient => local_client(place, line),
            Self::Records => records(place, line),
            Self::LocalListener => local_listener(place, line),
            Self::LocalTelling => local_telling(place, line),
            Self::LocalHearing => local_hearing(place, line),
            Self::SecureClient => secure_client(place, line),
            Self::SecureListener => secure_listener(place, line),
        }
    }
}

fn server(place: &Place, line: &str) -> TcpListener {
    let host = if line.contains("::1") {
        "::1"
    } else {
        "127.0.0.1"
    };
    let ip: IpAddr = host.parse().unwrap();
    let server = TcpListener::bind((ip, 0)).unwrap();
    place.port.set(server.local_addr().unwrap().port());
    server
}

/// Hear a line of stdin, answer, and end: a tool that does not half-close ends then as well.
fn answer(peer: &mut (impl Read + Write)) -> Vec<u8> {
    let mut heard = Vec::new();
    while heard.last() != Some(&b'\n') {
        let mut byte = [0];
        peer.read_exact(&mut byte).unwrap();
        heard.extend(byte);
    }
    peer.write_all(FROM_PEER).unwrap();
    heard
}

fn client(place: &Place, line: &str) -> Outcome {
    let server = server(place, line);
    let client = place.shell(line).input(FROM_STDIN).start();
    let mut peer = accept(&server);
    let from = peer.peer_addr().unwrap();
    let heard = answer(&mut peer);
    drop(peer);
    let finished = client.finish().expect(0);
    let chosen = from.port() == place.source;
    Outcome {
        from: Some(format!("{} {chosen}", from.ip())),
        ..place.outcome(heard, finished.stdout.clone())
    }
}

fn banner(place: &Place, line: &str) -> Outcome {
    let server = server(place, line);
    let client = place.shell(line).start();
    accept(&server).write_all(FROM_PEER).unwrap();
    let finished = client.finish().expect(0);
    place.outcome(Vec::new(), finished.stdout.clone())
}

fn upload(place: &Place, line: &str) -> Outcome {
    let server = server(place, line);
    let client = place.shell(line).start();
    let mut peer = accept(&server);
    let heard = read_end(&mut peer);
    drop(peer);
    let finished = client.finish().expect(0);
    place.outcome(heard, finished.stdout.clone())
}

fn listener(place: &Place, line: &str) -> Outcome {
    let listening = place.shell(line).input(FROM_STDIN).start();
    place.listens(&listening);
    let mut client = stream_to(("127.0.0.1", place.port.get()));
    let answered = match () {
        () if line.contains("< FILE") => FILE.len(),
        () if line.contains("-u ")
            || line.contains("--recv-only")
            || line.contains("< /dev/null") =>
        {
            0
        }
        () => FROM_STDIN.len(),
    };
    let mut heard = vec![0; answered];
    client.read_exact(&mut heard).unwrap();
    // Our end before stdin has spoken would be the end of all. Whoever only sends would leave our words unread, and reset
    // the connection.
    if !line.contains("--send-only") {
        client.write_all(FROM_PEER).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
    }
    drop(client);
    let finished = listening.finish().expect(0);
    place.outcome(heard, finished.stdout.clone())
}

fn unpack(place: &Place, line: &str) -> Outcome {
    let folder = place.folder.path();
    let archive = program("tar", ["c", "DIR"]).directory(folder).run();
    fs::remove_dir_all(folder.join("DIR")).unwrap();
    let listening = place.shell(line).start();
    place.listens(&listening);
    let mut client = stream_to(("127.0.0.1", place.port.get()));
    client.write_all(&archive.expect(0).stdout).unwrap();
    drop(client);
    let finished = listening.finish().expect(0);
    Outcome {
        unpacked: fs::read(folder.join("DIR/inside")).ok(),
        ..place.outcome(Vec::new(), finished.stdout.clone())
    }
}

fn many(place: &Place, line: &str) -> Outcome {
    let listening = place.shell(line).piped().start();
    place.listens(&listening);
    let mut clients = [0, 1].map(|_| stream_to(("127.0.0.1", place.port.get())));
    for (client, word) in clients.iter_mut().zip(["one", "two"]) {
        client.write_all(format!("{word}\n").as_bytes()).unwrap();
        assert_eq!(listening.line(), word);
    }
    listening.write(FROM_STDIN);
    let heard = clients.each_mut().map(|client: &mut TcpStream| {
        let mut heard = vec![0; FROM_STDIN.len()];
        client.read_exact(&mut heard).unwrap();
        heard
    });
    place.outcome(heard.concat(), end(listening))
}

fn probe(place: &Place, line: &str) -> Outcome {
    let server = server(place, line);
    let client = place.shell(line).start();
    let heard = read_end(&mut accept(&server));
    client.finish().expect(0);
    // Each says in its own way that the port is open.
    Outcome {
        from: Some("connected".to_owned()),
        ..place.outcome(heard, Vec::new())
    }
}

fn proxied(place: &Place, line: &str) -> Outcome {
    let proxy = server(place, line);
    let client = place.shell(line).input(FROM_STDIN).start();
    let mut peer = accept(&proxy);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        peer.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    peer.write_all(b"HTTP/1.0 200 OK\r\n\r\n").unwrap();
    let heard = answer(&mut peer);
    drop(peer);
    let finished = client.finish().expect(0);
    // The words besides the method and the target are each client's own.
    let head = String::from_utf8(head).unwrap();
    let asked: Vec<&str> = head.split(' ').take(2).collect();
    Outcome {
        from: Some(asked.join(" ")),
        ..place.outcome(heard, finished.stdout.clone())
    }
}

fn socks(place: &Place, line: &str) -> Outcome {
    let proxy = server(place, line);
    let client = place.shell(line).input(FROM_STDIN).start();
    let mut peer = accept(&proxy);
    let writer = peer.try_clone().unwrap();
    let mut take = |count: usize| {
        let mut bytes = vec![0; count];
        peer.read_exact(&mut bytes).unwrap();
        bytes
    };
    let (asked, granted) = match take(1)[0] {
        5 => {
            let count = take(1)[0];
            take(count.into());
            (&writer).write_all(&[5, 0]).unwrap();
            (take(10), [5, 0, 0, 1, 0, 0, 0, 0, 0, 0].to_vec())
        }
        _ => {
            let mut bytes = take(7);
            // The user's name, which is each tool's own affair, and where the address is none, that of the host.
            let names = usize::from(bytes[3..6] == [0; 3]) + 1;
            let mut name = Vec::new();
            for _ in 0..names {
                name.clear();
                while name.last() != Some(&0) {
                    name.extend(take(1));
                }
            }
            // An address is one, however it is written.
            let address = String::from_utf8_lossy(&name[..name.len() - 1]).into_owned();
            if let Ok(ip) = address.parse::<std::net::Ipv4Addr>() {
                bytes[3..].copy_from_slice(&ip.octets());
            }
            (bytes, [0, 90, 0, 0, 0, 0, 0, 0].to_vec())
        }
    };
    peer.write_all(&granted).unwrap();
    let heard = answer(&mut peer);
    drop((peer, writer));
    let finished = client.finish().expect(0);
    Outcome {
        from: Some(format!("{asked:?}")),
        ..place.outcome(heard, finished.stdout.clone())
    }
}

fn served(place: &Place, line: &str) -> Outcome {
    let listening = place.shell(line).start();
    place.listens(&listening);
    let mut heard = Vec::new();
    for _ in 0..2 {
        let mut client = stream_to(("127.0.0.1", place.port.get()));
        // socat drops what a command says that does not read.
        if !line.contains("echo hello") {
            client.write_all(FROM_PEER).unwrap();
        }
        while heard.last() != Some(&b'\n') {
            let mut byte = [0];
            client.read_exact(&mut byte).unwrap();
            heard.extend(byte);
        }
        heard.push(b' ');
    }
    place.outcome(heard, end(listening))
}

fn broker(place: &Place, line: &str) -> Outcome {
    let listening = place.shell(line).piped().start();
    place.listens(&listening);
    let mut clients = [0, 1].map(|_| stream_to(("127.0.0.1", place.port.get())));
    let [one, other] = &mut clients;
    let mut heard = vec![0; 4];
    // Whoever hears was there: the first words may be before the other has come.
    other.write_all(b"here").unwrap();
    one.read_exact(&mut heard).unwrap();
    one.write_all(FROM_PEER).unwrap();
    let mut rest = vec![0; FROM_PEER.len()];
    other.read_exact(&mut rest).unwrap();
    heard.extend(rest);
    drop(clients);
    drop(end(listening));
    place.outcome(heard, Vec::new())
}

/// End a child that would run on; what it has printed.
fn end(child: Running) -> Vec<u8> {
    child.signal(Signal::SIGTERM);
    child.finish().stdout.clone()
}

fn udp_server(place: &Place) -> UdpSocket {
    let server = patient(UdpSocket::bind("127.0.0.1:0").unwrap());
    place.port.set(server.local_addr().unwrap().port());
    server
}

fn asking(place: &Place, line: &str) -> Outcome {
    let server = udp_server(place);
    let client = place.shell(line).piped().start();
    client.write(FROM_STDIN);
    let mut buffer = [0; 1000];
    let (count, from) = server.recv_from(&mut buffer).unwrap();
    server.send_to(FROM_PEER, from).unwrap();
    assert_eq!(client.read(FROM_PEER.len()), FROM_PEER);
    place.outcome(buffer[..count].to_vec(), end(client))
}

fn telling(place: &Place, line: &str) -> Outcome {
    let server = udp_server(place);
    let client = place.shell(line).start();
    let heard = server.record();
    let finished = client.finish().expect(0);
    place.outcome(heard, finished.stdout.clone())
}

fn hearing(place: &Place, line: &str) -> Outcome {
    let listening = place.shell(line).piped().start();
    place.hears(&listening);
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client
        .send_to(FROM_PEER, ("127.0.0.1", place.port.get()))
        .unwrap();
    assert_eq!(listening.read(FROM_PEER.len()), FROM_PEER);
    place.outcome(Vec::new(), end(listening))
}

fn answered(place: &Place, line: &str) -> Outcome {
    let listening = place.shell(line).start();
    place.hears(&listening);
    let client = patient(UdpSocket::bind("127.0.0.1:0").unwrap());
    client
        .send_to(FROM_PEER, ("127.0.0.1", place.port.get()))
        .unwrap();
    place.outcome(client.record(), end(listening))
}

fn local_server(place: &Place, line: &str) -> UnixListener {
    if line.contains("name") {
        let address = SocketAddr::from_abstract_name(place.name()).unwrap();
        return UnixListener::bind_addr(&address).unwrap();
    }
    UnixListener::bind(place.path()).unwrap()
}

fn local_client(place: &Place, line: &str) -> Outcome {
    let server = local_server(place, line);
    let client = place.shell(line).input(FROM_STDIN).start();
    let mut peer = patient(server.accept().unwrap().0);
    let heard = answer(&mut peer);
    drop(peer);
    let finished = client.finish().expect(0);
    place.outcome(heard, finished.stdout.clone())
}

fn records(place: &Place, line: &str) -> Outcome {
    let server = Socket::new(Domain::UNIX, Type::SEQPACKET, None).unwrap();
    server.bind(&SockAddr::unix(place.path()).unwrap()).unwrap();
    server.listen(1).unwrap();
    let client = place.shell(line).piped().start();
    let peer = std::os::fd::OwnedFd::from(server.accept().unwrap().0);
    let peer = patient(UnixStream::from(peer));
    client.write(FROM_STDIN);
    let heard = peer.record();
    (&peer).write_all(FROM_PEER).unwrap();
    assert_eq!(client.read(FROM_PEER.len()), FROM_PEER);
    place.outcome(heard, end(client))
}

fn local_listener(place: &Place, line: &str) -> Outcome {
    let listening = place.shell(line).input(FROM_STDIN).start();
    let path = place.path();
    // A file that nobody listens on yet refuses.
    let connected = RefCell::new(None);
    until(&listening, || {
        *connected.borrow_mut() = UnixStream::connect(&path).ok();
        connected.borrow().is_some()
    });
    let mut client = patient(connected.into_inner().unwrap());
    let mut heard = vec![0; FROM_STDIN.len()];
    client.read_exact(&mut heard).unwrap();
    // Our end before stdin has spoken would be the end of all.
    client.write_all(FROM_PEER).unwrap();
    drop(client);
    let finished = listening.finish().expect(0);
    place.outcome(heard, finished.stdout.clone())
}

fn local_telling(place: &Place, line: &str) -> Outcome {
    let server = patient(UnixDatagram::bind(place.path()).unwrap());
    let client = place.shell(line).piped().start();
    client.write(FROM_STDIN);
    let heard = server.record();
    place.outcome(heard, end(client))
}

fn local_hearing(place: &Place, line: &str) -> Outcome {
    let listening = place.shell(line).start();
    let path = place.path();
    let client = UnixDatagram::unbound().unwrap();
    until(&listening, || client.send_to(FROM_PEER, &path).is_ok());
    assert_eq!(listening.read(FROM_PEER.len()), FROM_PEER);
    place.outcome(Vec::new(), end(listening))
}

/// Make CERT, KEY and CA.
fn certify(place: &Place) {
    let folder = place.folder.path();
    let words = CERTIFICATE.split_whitespace();
    program("openssl", words).directory(folder).run().expect(0);
    fs::copy(folder.join("CERT"), folder.join("CA")).unwrap();
}

/// The line, on a machine that trusts CA.
fn trusting(place: &Place, line: &str) -> Start {
    let ca = place.folder.path().join("CA");
    place.shell(line).env("SSL_CERT_FILE", &ca).piped()
}

fn secure_client(place: &Place, line: &str) -> Outcome {
    certify(place);
    let server = program("python3", ["-u", "-c", SERVER]);
    let server = server.directory(place.folder.path()).start();
    place.port.set(server.line().parse().unwrap());
    let client = trusting(place, line).start();
    client.write(FROM_STDIN);
    let printed = client.line();
    drop(end(client));
    // What it heard stands behind its port.
    let heard = server.finish().text().lines().skip(1).collect::<String>();
    place.outcome(heard.into_bytes(), printed.into_bytes())
}

fn secure_listener(place: &Place, line: &str) -> Outcome {
    certify(place);
    let listening = trusting(place, line).start();
    place.listens(&listening);
    if !line.contains("/bin/cat") {
        listening.write(FROM_STDIN);
    }
    let port = place.port.get().to_string();
    let client = program("python3", ["-u", "-c", CLIENT, &port]);
    let client = client.directory(place.folder.path()).run().expect(0);
    place.outcome(client.stdout.clone(), end(listening))
}
