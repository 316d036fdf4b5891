//! The three standard streams: closed at the start, closed early, of every kind, and pure.

use std::fs::File;
use std::io::{PipeReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::Signal;

use crate::kit::{
    Finished, Sign, Start, Stdin, Terminal, accept, dead_port, listener, patient, pattern, python,
    read_end, sockkit, stream_to,
};

fn connect(port: u16) -> Start {
    sockkit(["tcp", "connect", &format!("127.0.0.1:{port}")])
}

/// Accept, say `banner`, end, and hear the client out.
fn greet(listener: &TcpListener, banner: &[u8]) -> Vec<u8> {
    let mut peer = accept(listener);
    peer.write_all(banner).unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    read_end(&mut peer)
}

fn greeted(script: &str) -> Finished {
    let (listener, port) = listener();
    let client = connect(port).under(script).start();
    assert_eq!(greet(&listener, b"banner"), b"", "{script}");
    client.finish()
}

#[test]
fn a_client_runs_with_any_stream_closed() {
    for script in [
        r#"exec "$0" "$@" <&-"#,
        r#"exec "$0" "$@" 2>&-"#,
        r#"exec "$0" "$@" <&- 2>&-"#,
    ] {
        assert_eq!(greeted(script).expect(0).text(), "banner", "{script}");
    }
    // What would be lost is no success.
    greeted(r#"exec "$0" "$@" >&-"#)
        .expect(2)
        .says("write stdout: bad file descriptor (EBADF)");
    let silent = greeted(r#"exec "$0" "$@" <&- >&- 2>&-"#).expect(2);
    assert!(silent.stdout.is_empty() && silent.stderr.is_empty());
}

/// A server's log is nobody's payload.
#[test]
fn a_server_runs_with_every_stream_closed() {
    let mut sign = Sign::new();
    let server = sockkit(["http", "--port", "0"])
        .args(sign.flags())
        .under(&sign.script("<&- >&- 2>&-"))
        .start();
    let port = sign.port();
    for _ in 0..2 {
        let mut client = stream_to(("127.0.0.1", port));
        client
            .write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .unwrap();
        assert!(read_end(&mut client).ends_with(b"Hello world!"));
    }
    server.signal(nix::sys::signal::Signal::SIGTERM);
    server.finish().expect(143);
}

#[test]
fn a_socket_never_becomes_a_standard_stream() {
    let (listener, port) = listener();
    let all = r#"exec "$0" "$@" <&- >&- 2>&-"#;
    let client = connect(port).under(all).start();
    let mut peer = accept(&listener);
    assert_eq!(read_end(&mut peer), b"");
    for number in 0..3 {
        assert_eq!(
            client.descriptor(number),
            Path::new("/dev/null"),
            "{number}"
        );
    }
    drop(peer);
    client.finish().expect(0);
}

#[test]
fn a_sign_on_a_standard_stream_leaves_it_open() {
    for number in ["1", "2"] {
        let listener = sockkit(["tcp", "listen", "0", "--ready-fd", number]).start();
        let mut client = stream_to(("127.0.0.1", listener.port()));
        client.write_all(b"data").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(read_end(&mut client), b"", "{number}");
        let expected = if number == "1" { "\ndata" } else { "data" };
        assert_eq!(listener.finish().expect(0).text(), expected);
    }
}

#[test]
fn a_descriptor_of_our_own_is_none_that_was_handed_over() {
    for number in ["3", "4", "5", "6"] {
        for words in [["tcp", "listen", "0"], ["http", "--port", "0"]] {
            let run = sockkit(words)
                .args(["--ready-fd", number])
                .under(r#"exec "$0" "$@" 3>&- 4>&- 5>&- 6>&-"#);
            let said = format!("sockkit: write descriptor {number}: bad file descriptor (EBADF)");
            run.run().expect(2).says(&said);
        }
    }
}

#[test]
fn a_listener_runs_with_every_stream_closed() {
    let mut sign = Sign::new();
    let listener = sockkit(["tcp", "listen", "0"])
        .args(sign.flags())
        .under(&sign.script("<&- >&- 2>&-"))
        .start();
    let mut client = stream_to(("127.0.0.1", sign.port()));
    client.write_all(b"into the void").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read_end(&mut client), b"");
    listener.finish().expect(2);
}

/// Flood `peer` until its other side closes.
fn flood(mut peer: TcpStream) {
    let much = pattern(1 << 16);
    for _ in 0..2000 {
        if peer.write_all(&much).is_err() {
            return;
        }
    }
    panic!("the socket was not closed");
}

fn one_byte(mut reader: PipeReader) {
    reader.read_exact(&mut [0]).unwrap();
}

#[test]
fn the_readers_end_is_quiet_and_closes_the_socket() {
    let (listener, port) = listener();
    let (reader, writer) = std::io::pipe().unwrap();
    let client = connect(port).piped().stdout(writer).start();
    let mut peer = accept(&listener);
    peer.write_all(b"x").unwrap();
    one_byte(reader);
    flood(peer);
    let finished = client.finish().expect(141);
    assert_eq!(finished.stderr, "");
}

#[test]
fn the_readers_end_ends_a_listener() {
    for words in [
        ["tcp", "listen", "0"].as_slice(),
        &["tcp", "listen", "0", "-k"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        let listener = sockkit(words).stdout(writer).start();
        let mut client = stream_to(("127.0.0.1", listener.port()));
        client.write_all(b"x").unwrap();
        one_byte(reader);
        flood(client);
        let finished = listener.finish().expect(141);
        assert_eq!(
            finished.stderr.lines().count(),
            1,
            "the ready line alone: {}",
            finished.stderr
        );
    }
}

#[test]
fn a_reader_gone_from_the_start_is_the_same() {
    let (listener, port) = listener();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let client = connect(port).stdout(writer).start();
    // It may be gone before it is greeted: nobody would hear it.
    let _ = accept(&listener).write_all(b"banner");
    assert_eq!(client.finish().expect(141).stderr, "");
}

#[test]
fn a_full_disk_is_trouble() {
    let (listener, port) = listener();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let client = connect(port).stdout(full).start();
    let mut peer = accept(&listener);
    peer.write_all(b"banner").unwrap();
    drop(peer);
    client.finish().expect(2).says("(ENOSPC)");
}

#[test]
fn a_terminals_client_ends_with_its_peer() {
    let terminal = Terminal::new();
    let (listener, port) = listener();
    let client = connect(port).stdin(Stdin::Open(terminal.program)).start();
    let mut peer = accept(&listener);
    let mut keyboard = terminal.person;
    keyboard.write_all(b"typed\n").unwrap();
    let mut typed = [0; 6];
    peer.read_exact(&mut typed).unwrap();
    assert_eq!(&typed, b"typed\n");
    drop(peer);
    // Although it has spoken: nobody types after a goodbye.
    client.finish().expect(0);
}

/// A shell with job control on a terminal of its own; what is typed while the listener runs is not for it.
const JOB: &str = r#"
import os, pty, socket, sys
program, folder = sys.argv[1:]
child, terminal = pty.fork()
if child == 0:
    os.chdir(folder)
    job = 'set -m; mkfifo told; "$0" tcp listen 0 --port-file port > got 2> told & head -n 1 told >&2; wait; exit 7'
    os.execvp("bash", ["bash", "-c", job, program])
said = b""
while b"listening on" not in said:
    said += os.read(terminal, 1024)
os.write(terminal, b"typed for the shell\n")
peer = socket.create_connection(("127.0.0.1", int(open(folder + "/port").read())), 10)
peer.sendall(b"heard")
peer.shutdown(socket.SHUT_WR)
print(peer.recv(100), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), open(folder + "/got").read())
"#;

#[test]
fn a_job_in_the_background_leaves_the_terminal_alone() {
    let folder = tempfile::tempdir().unwrap();
    let words = [
        env!("CARGO_BIN_EXE_sockkit"),
        folder.path().to_str().unwrap(),
    ];
    let Some(shell) = python(JOB, &words) else {
        return;
    };
    assert_eq!(shell.run().expect(0).text(), "b'' 7 heard\n");
}

#[test]
fn the_end_of_a_terminal_half_closes() {
    let terminal = Terminal::new();
    let (listener, port) = listener();
    let client = connect(port).stdin(Stdin::Open(terminal.program)).start();
    let mut peer = accept(&listener);
    let mut keyboard = terminal.person;
    keyboard.write_all(b"last words\n\x04").unwrap();
    assert_eq!(read_end(&mut peer), b"last words\n");
    peer.write_all(b"answer").unwrap();
    drop(peer);
    assert_eq!(client.finish().expect(0).text(), "answer");
}

#[test]
fn stdin_and_stdout_may_be_sockets() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let (listener, port) = listener();
    let stdout: std::os::fd::OwnedFd = theirs.try_clone().unwrap().into();
    let client = connect(port)
        .stdin(Stdin::Open(theirs.into()))
        .stdout(stdout)
        .start();
    let mut ours = patient(ours);
    ours.write_all(b"question").unwrap();
    ours.shutdown(Shutdown::Write).unwrap();
    assert_eq!(greet(&listener, b"answer"), b"question");
    assert_eq!(read_end(&mut ours), b"answer");
    client.finish().expect(0);
}

#[test]
fn an_endless_device_is_read_as_far_as_the_peer_takes_it() {
    let (listener, port) = listener();
    let client = connect(port).stdin(Stdin::File("/dev/zero".into())).start();
    let mut peer = accept(&listener);
    let mut much = vec![1; 1 << 20];
    peer.read_exact(&mut much).unwrap();
    assert!(much.iter().all(|byte| *byte == 0));
    client.signal(Signal::SIGINT);
    client.finish().expect(130);
}

#[test]
fn stdout_holds_payload_alone() {
    let every: Vec<u8> = (0..=255).collect();
    for flags in [
        [].as_slice(),
        &["-v"],
        &["--explain"],
        &["-v", "--explain"],
        &["-q"],
    ] {
        let mut sign = Sign::new();
        let listener = sockkit(["tcp", "listen", "0"])
            .args(flags)
            .args(sign.flags())
            .under(&sign.script(""))
            .start();
        let mut client = stream_to(("127.0.0.1", sign.port()));
        client.write_all(&every).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(read_end(&mut client), b"");
        assert_eq!(listener.finish().expect(0).stdout, every, "{flags:?}");
    }
}

#[test]
fn quiet_says_nothing() {
    let mut sign = Sign::new();
    let listener = sockkit(["-q", "tcp", "listen", "0"])
        .args(sign.flags())
        .under(&sign.script(""))
        .start();
    drop(stream_to(("127.0.0.1", sign.port())));
    assert_eq!(listener.finish().expect(0).stderr, "");
    let (_bound, port) = dead_port();
    let refused = sockkit(["tcp", "connect", "-q", &port.to_string()]).run();
    assert_eq!(refused.expect(1).stderr, "");
}

#[test]
fn a_shared_terminal_is_left_as_it_was() {
    // O_NONBLOCK would belong to everyone who has the descriptor.
    let (listener, port) = listener();
    let (reader, writer) = std::io::pipe().unwrap();
    let shared = writer.try_clone().unwrap();
    let client = connect(port).stdout(writer).start();
    let peer = accept(&listener);
    let flags = nix::fcntl::fcntl(&shared, nix::fcntl::FcntlArg::F_GETFL).unwrap();
    assert_eq!(flags & nix::libc::O_NONBLOCK, 0);
    drop(peer);
    client.finish().expect(0);
    drop((reader, shared));
}

#[test]
fn a_listener_that_waits_ends_with_its_reader() {
    let (reader, writer) = std::io::pipe().unwrap();
    let listener = sockkit(["tcp", "listen", "0"]).stdout(writer).start();
    listener.listening();
    drop(reader);
    listener.finish().expect(141);
}

/// A pipe in the place of stderr that is full before long: both ends are open, and nobody reads.
struct Unread {
    _folder: tempfile::TempDir,
    fifo: std::fs::File,
    script: String,
}

impl Unread {
    fn new(readiness: &Sign) -> Self {
        let folder = crate::kit::scratch();
        let path = folder.path().join("stderr");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let mut options = std::fs::File::options();
        let fifo = options.read(true).write(true).open(&path).unwrap();
        let script = readiness.script(&format!("2>'{}'", path.display()));
        Self {
            _folder: folder,
            fifo,
            script,
        }
    }

    /// Everything that was written to it, once nobody writes any more.
    fn read(self) -> String {
        drop(self.script);
        let flags = OFlag::O_NONBLOCK;
        fcntl(&self.fifo, FcntlArg::F_SETFL(flags)).unwrap();
        let mut text = Vec::new();
        let _ = (&self.fifo).read_to_end(&mut text);
        String::from_utf8(text).unwrap()
    }
}

#[test]
fn a_stderr_that_nobody_reads_holds_up_no_data() {
    let mut sign = Sign::new();
    let unread = Unread::new(&sign);
    let folder = crate::kit::scratch();
    let path = folder.path().join("s");
    let listener = sockkit(["unix", "listen", "--type", "dgram", "--explain"])
        .args(["--count", "3000", "--ready-fd", "3"])
        .args([&path])
        .under(&unread.script)
        .start();
    sign.wait();
    let sender = crate::kit::patient(std::os::unix::net::UnixDatagram::unbound().unwrap());
    for number in 0..3000 {
        let line = format!("datagram {number:>91}\n");
        sender.send_to(line.as_bytes(), &path).unwrap();
    }
    let finished = listener.finish().expect(0);
    assert_eq!(finished.text().lines().count(), 3000);
    let said = unread.read();
    assert!(said.starts_with("socket(AF_UNIX, "), "{said}");
}

#[test]
fn a_stderr_that_nobody_reads_keeps_no_listener_from_ending() {
    let mut sign = Sign::new();
    let unread = Unread::new(&sign);
    let flags = sign.flags();
    let listener = sockkit(["tcp", "listen", "-k", "-v", "--explain", "0"])
        .args(flags)
        .under(&unread.script)
        .start();
    let port = sign.port();
    for number in 0..400 {
        let mut client = stream_to(("127.0.0.1", port));
        client
            .write_all(format!("client {number}\n").as_bytes())
            .unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(read_end(&mut client), b"");
        assert_eq!(listener.line(), format!("client {number}"));
    }
    listener.signal(nix::sys::signal::Signal::SIGTERM);
    listener.finish().expect(143);
}

#[test]
fn a_slow_reader_of_stderr_gets_all_that_was_kept() {
    let mut sign = Sign::new();
    let unread = Unread::new(&sign);
    let folder = crate::kit::scratch();
    let path = folder.path().join("s");
    let listener = sockkit(["unix", "listen", "--type", "dgram", "--explain"])
        .args(["--ready-fd", "3"])
        .args([&path])
        .under(&unread.script)
        .start();
    sign.wait();
    let sender = crate::kit::patient(std::os::unix::net::UnixDatagram::unbound().unwrap());
    for number in 0..1500 {
        let line = format!("datagram {number:>91}\n");
        sender.send_to(line.as_bytes(), &path).unwrap();
        assert_eq!(listener.line(), line.trim_end());
    }
    let mut reader = unread.fifo.try_clone().unwrap();
    let reading = std::thread::spawn(move || {
        let mut text = Vec::new();
        // The socket's end is the last that is told.
        while !String::from_utf8_lossy(&text).contains("\nclose(") {
            let mut buffer = [0; 1 << 16];
            let count = reader.read(&mut buffer).unwrap();
            text.extend_from_slice(&buffer[..count]);
        }
        String::from_utf8(text).unwrap()
    });
    listener.signal(nix::sys::signal::Signal::SIGTERM);
    listener.finish().expect(143);
    let text = reading.join().unwrap();
    let heard = text.matches("recvmmsg(").count();
    assert!(heard >= 1500, "{heard} of 1500 were told");
}
