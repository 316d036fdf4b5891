//! What only local sockets tell and carry: who the other end is (SO_PEERCRED), and descriptors (SCM_RIGHTS).

use std::fs;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::kit::{
    Running, Start, accept, listener, patient, peer, program, python, read_end, scratch, sockkit,
};
use crate::strace::Traced;

fn place() -> (TempDir, PathBuf) {
    let folder = scratch();
    let path = folder.path().join("s");
    (folder, path)
}

fn unix(verb: &str, path: &Path, words: &str) -> Start {
    sockkit(["unix", verb])
        .args([path])
        .args(words.split_whitespace())
}

/// Start a listener and wait until it is one.
fn ready(path: &Path, words: &str) -> Running {
    let listening = unix("listen", path, words).start();
    listening.listening();
    listening
}

fn identity() -> (u32, u32) {
    let (uid, gid) = (nix::unistd::geteuid(), nix::unistd::getegid());
    (uid.as_raw(), gid.as_raw())
}

#[test]
fn a_listener_sees_who_connects() {
    let (uid, gid) = identity();
    for words in ["", "-k", "--type seqpacket"] {
        let (_folder, path) = place();
        let listening = ready(&path, &format!("--show-cred {words}"));
        let mut client = unix("connect", &path, words.trim_start_matches("-k"))
            .piped()
            .start();
        let said = listening.stderr_until(|line| line.starts_with("1 is process "));
        let expected = format!("1 is process {}, uid {uid}", client.pid());
        assert!(said.starts_with(&expected), "{said}");
        assert!(said.contains(&format!(", gid {gid}")), "{said}");
        client.end_stdin();
    }
}

#[test]
fn programs_are_told_who_connects() {
    let (uid, gid) = identity();
    let (_folder, path) = place();
    let listening = unix("listen", &path, "--show-cred --json").start();
    listening.line();
    let client = unix("connect", &path, "").start();
    let pid = client.pid();
    client.finish().expect(0);
    let finished = listening.finish().expect(0);
    let event = &finished.events()[2];
    assert_eq!(event["event"], "credentials");
    let numbers = ["conn", "pid", "uid", "gid"].map(|name| event[name].as_u64().unwrap());
    assert_eq!(numbers, [1, pid.into(), uid.into(), gid.into()]);
    if uid == 0 {
        assert_eq!(event["user"], "root");
    }
}

#[test]
fn a_client_sees_who_listens() {
    let (_folder, path) = place();
    let theirs = UnixListener::bind(&path).unwrap();
    let client = unix("connect", &path, "--show-cred --explain").start();
    drop(theirs.accept().unwrap());
    let expected = format!("1 is process {}, uid ", std::process::id());
    let finished = client.finish().expect(0).says(&expected);
    finished.says(", SOL_SOCKET, SO_PEERCRED) = 0");
}

#[test]
fn who_sends_a_datagram_is_not_asked_this_way() {
    let (_folder, path) = place();
    for (verb, words) in [
        ("connect", "--show-cred"),
        ("connect", "--recv-fd"),
        ("listen", "--recv-fd"),
    ] {
        let words = format!("{words} --type dgram");
        unix(verb, &path, &words)
            .run()
            .expect(2)
            .says("connections");
    }
}

#[test]
fn a_listener_is_told_who_sent_each_datagram() {
    let (_folder, path) = place();
    let words = "--show-cred --type dgram --json --count 1";
    let listener = unix("listen", &path, words).start();
    listener.line();
    let client = std::os::unix::net::UnixDatagram::unbound().unwrap();
    client.send_to(b"hello", &path).unwrap();
    let events = listener.finish().expect(0).events();
    let is_datagram = |event: &&serde_json::Value| event["event"] == "datagram";
    let heard = events.iter().find(is_datagram).unwrap();
    assert_eq!(heard["pid"], std::process::id());
    assert_eq!(heard["uid"], nix::unistd::getuid().as_raw());
    assert_eq!(heard["data"], "hello");
    assert!(heard.get("peer").is_none(), "{heard}");
}

#[test]
fn it_is_said_once_who_sends_datagrams_that_go_to_stdout_as_they_are() {
    let (_folder, path) = place();
    let words = "--show-cred --type dgram --count 3";
    let listener = ready(&path, words);
    let client = std::os::unix::net::UnixDatagram::unbound().unwrap();
    client.send_to(b"one", &path).unwrap();
    client.send_to(b"two", &path).unwrap();
    unix("send", &path, "--type dgram -- three").run().expect(0);
    let finished = listener.finish().expect(0);
    let ours = format!("(unnamed) is process {}, uid ", std::process::id());
    assert_eq!(finished.stderr.matches(&ours).count(), 1);
    assert_eq!(finished.stderr.matches(" is process ").count(), 2);
    assert_eq!(finished.text(), "onetwothree");
}

/// Descriptor 3 is this file.
fn with_file(start: Start, file: &Path) -> Start {
    start.under(&format!("exec 3<'{}'; exec \"$0\" \"$@\"", file.display()))
}

#[test]
fn a_file_is_handed_to_a_command() {
    for (verb, words) in [
        ("connect", "--send-fd 3"),
        ("connect", "--send-fd 3 --type seqpacket"),
        ("send", "--send-fd 3 --type stream"),
        ("send", "--send-fd 3 --type seqpacket"),
        ("send", "--send-fd 3 --type stream alongside"),
    ] {
        let (folder, path) = place();
        let file = folder.path().join("file");
        fs::write(&file, "what the file holds").unwrap();
        let kind = if words.contains("seqpacket") {
            "--type seqpacket"
        } else {
            ""
        };
        let listening = ready(&path, &format!("{kind} --recv-fd -- cat"));
        with_file(unix(verb, &path, words), &file).run().expect(0);
        let finished = listening.finish().expect(0);
        assert_eq!(finished.text(), "what the file holds", "{verb} {words}");
        assert!(!path.exists(), "the socket's file is gone");
    }
}

#[test]
fn a_connection_is_handed_over_and_spoken_through() {
    let (server, port) = listener();
    let (_folder, path) = place();
    let taking = unix("listen", &path, "--recv-fd -v")
        .input("through the other")
        .start();
    taking.listening();
    // bash opens the connection, sockkit hands it on, and nobody but the taker holds it then.
    let bash = format!("exec 3<>/dev/tcp/127.0.0.1/{port}");
    let words = ["unix", "connect", path.to_str().unwrap(), "--send-fd", "3"];
    if peer("bash").is_none() {
        return;
    }
    let script = format!("{bash}; exec \"$@\"");
    let handing = program(
        "bash",
        ["-c", &script, "bash", env!("CARGO_BIN_EXE_sockkit")],
    );
    let handing = handing.args(words).start();
    let mut client = accept(&server);
    handing.finish().expect(0);
    client.write_all(b"from the server").unwrap();
    client.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(read_end(&mut client), b"through the other");
    let finished = taking.finish().expect(0).says("handed over descriptor");
    assert_eq!(finished.text(), "from the server");
}

#[test]
fn the_connecting_side_may_take_too() {
    let (folder, path) = place();
    let file = folder.path().join("file");
    fs::write(&file, "held").unwrap();
    let giving = with_file(unix("listen", &path, "-k --send-fd 3"), &file).start();
    giving.listening();
    // Each client gets a copy of the same open file, position included.
    let took = unix("connect", &path, "--recv-fd -- head -c 2");
    assert_eq!(took.run().expect(0).text(), "he");
    let took = unix("connect", &path, "--recv-fd -- wc -c");
    assert_eq!(took.run().expect(0).text().trim(), "2");
}

#[test]
fn a_descriptor_that_does_not_come_is_a_no() {
    let (_folder, path) = place();
    let taking = ready(&path, "--recv-fd");
    unix("send", &path, "--type stream words alone")
        .run()
        .expect(0);
    taking
        .finish()
        .expect(1)
        .says("ended without a descriptor")
        .says("--send-fd");
    let (_folder, path) = place();
    let taking = ready(&path, "--recv-fd -t 300ms");
    let _client = unix("connect", &path, "").piped().start();
    taking.finish().expect(124);
}

#[test]
fn what_is_no_connection_needs_a_command() {
    let (folder, path) = place();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let taking = ready(&path, "--recv-fd");
    with_file(unix("connect", &path, "--send-fd 3"), &file).run();
    taking
        .finish()
        .expect(2)
        .says("a file was handed over")
        .says("--recv-fd -- cat");

    let (_folder, path) = place();
    let taking = ready(&path, "--recv-fd -- no-such-command");
    with_file(unix("connect", &path, "--send-fd 3"), &file).run();
    taking.finish().expect(127);
}

#[test]
fn what_cannot_be_handed_over_is_trouble() {
    let (_folder, path) = place();
    for words in [
        "--send-fd 77",
        "--send-fd -1",
        "--send-fd x",
        "--send-fd 3 --recv-fd",
    ] {
        unix("connect", &path, words).run().expect(2);
    }
    unix("listen", &path, "--recv-fd -k").run().expect(2);
    unix("listen", &path, "-- cat").run().expect(2);
}

const TAKE: &str = r#"
import os, socket, subprocess, sys
ours, theirs = socket.socketpair()
child = subprocess.Popen(sys.argv[1:], stdout=theirs)
theirs.close()
message, descriptors, flags, _ = socket.recv_fds(ours, 100, 4)
assert (message, len(descriptors), flags) == (b"\0", 1, 0), (message, descriptors, flags)
assert ours.recv(1) == b"", "nothing else comes"
assert child.wait() == 0
assert os.get_blocking(descriptors[0]), "as a socket is before anybody changes it"
passed = socket.socket(fileno=descriptors[0])
print("from", passed.getsockname()[1] if passed.family == socket.AF_INET else "unix", flush=True)
passed.sendall(b"question")
passed.shutdown(socket.SHUT_WR)
print(passed.makefile().read(), flush=True)
"#;

#[test]
fn a_connected_socket_is_passed_through_stdout() {
    let (server, port) = listener();
    let binary = env!("CARGO_BIN_EXE_sockkit");
    let words = [binary, "tcp", "connect", &port.to_string(), "--pass-fd"];
    let Some(taking) = python(TAKE, &words) else {
        return;
    };
    let taking = taking.start();
    let mut client = accept(&server);
    let from = client.peer_addr().unwrap().port();
    assert_eq!(read_end(&mut client), b"question");
    client.write_all(b"answer").unwrap();
    drop(client);
    let finished = taking.finish().expect(0);
    assert_eq!(finished.text(), format!("from {from}\nanswer\n"));
}

#[test]
fn a_local_connection_is_passed_too() {
    let (_folder, path) = place();
    let server = UnixListener::bind(&path).unwrap();
    let binary = env!("CARGO_BIN_EXE_sockkit");
    let words = [
        binary,
        "unix",
        "connect",
        path.to_str().unwrap(),
        "--pass-fd",
    ];
    let Some(taking) = python(TAKE, &words) else {
        return;
    };
    let taking = taking.start();
    let mut client = patient(server.accept().unwrap().0);
    assert_eq!(read_end(&mut client), b"question");
    client.write_all(b"answer").unwrap();
    drop(client);
    assert_eq!(taking.finish().expect(0).text(), "from unix\nanswer\n");
}

#[test]
fn ssh_uses_a_connection_that_was_passed() {
    if peer("ssh").is_none() {
        return;
    }
    let (server, port) = listener();
    let command = format!(
        "{} tcp connect %h:%p --pass-fd",
        env!("CARGO_BIN_EXE_sockkit")
    );
    let options = [
        "ProxyUseFdpass=yes".to_owned(),
        format!("ProxyCommand={command}"),
        "BatchMode=yes".to_owned(),
        "StrictHostKeyChecking=no".to_owned(),
        "UserKnownHostsFile=/dev/null".to_owned(),
    ];
    let options = options.iter().flat_map(|option| ["-o", option]);
    let ssh = program("ssh", ["-F", "none", "-p", &port.to_string()])
        .args(options)
        .args(["nobody@127.0.0.1"])
        .start();
    let mut client = accept(&server);
    client.write_all(b"SSH-2.0-none\r\n").unwrap();
    let mut greeting = [0; 8];
    client.read_exact(&mut greeting).unwrap();
    assert_eq!(&greeting, b"SSH-2.0-");
    drop(client);
    ssh.finish().expect(255);
}

#[test]
fn stdout_must_be_able_to_pass_a_descriptor() {
    let (server, port) = listener();
    let words = format!("tcp connect {port} --pass-fd");
    let refused = sockkit(words.split(' ')).run().expect(2);
    let refused = refused.says("stdout is no local socket");
    server.set_nonblocking(true).unwrap();
    assert!(server.accept().is_err(), "nothing was attempted");
    drop(refused);
    let (_theirs, ours) = std::os::unix::net::UnixStream::pair().unwrap();
    sockkit(format!("--json {words}").split(' '))
        .stdout(OwnedFd::from(ours))
        .run()
        .expect(2)
        .says("--json");
}

#[test]
fn what_is_told_of_it_is_true() {
    let (folder, path) = place();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let name = path.to_str().unwrap();
    let Some(traced) = Traced::new() else {
        return;
    };
    let taking = traced
        .sockkit(&["unix", "listen", name, "--recv-fd"])
        .start();
    taking.listening();
    let traced_too = Traced::new().unwrap();
    let handing = traced_too.sockkit(&["unix", "connect", name, "--send-fd", "3"]);
    let handing = with_file(handing, &file).run().expect(0);
    traced_too.compare(&handing.says("SCM_RIGHTS [3]"));
    let taking = taking.finish().expect(2);
    traced.compare(&taking.says("[SCM_RIGHTS ["));
}
