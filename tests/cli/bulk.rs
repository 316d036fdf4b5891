//! Much at a time: what the kernel moves by itself arrives whole, is told as it is, and never waits for the other way.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::thread;

use crate::kit::{
    Finished, Start, Stdin, accept, linger_zero, listener, patient, pattern, peer, read_end,
    scratch, sockkit, stream_to,
};
use crate::strace::Traced;

/// More than pipes and send buffers hold, and no multiple of anything.
const MUCH: usize = (24 << 20) + 4321;

fn connect(port: u16) -> Start {
    sockkit(["tcp", "connect", &port.to_string()])
}

/// A file that holds `bytes`, and its folder.
fn file_of(bytes: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = scratch();
    let path = folder.path().join("file");
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// How many calls of this name strace(1) saw.
fn counted(traced: &Traced, name: &str) -> usize {
    let made = traced.made();
    made.iter().filter(|call| call.name() == name).count()
}

#[test]
fn every_kind_of_stdin_is_sent_whole() {
    let much = pattern(MUCH);
    let (_folder, path) = file_of(&much);
    let (ours, theirs) = UnixStream::pair().unwrap();
    let fed = much.clone();
    let feeder = thread::spawn(move || {
        let mut ours = patient(ours);
        ours.write_all(&fed).unwrap();
        ours.shutdown(Shutdown::Write).unwrap();
    });
    for (kind, stdin) in [
        ("a file", Stdin::File(path)),
        ("a pipe", Stdin::Bytes(much.clone())),
        ("a socket", Stdin::Open(theirs.into())),
    ] {
        let (listener, port) = listener();
        let client = connect(port).stdin(stdin).start();
        let mut peer = accept(&listener);
        assert!(read_end(&mut peer) == much, "{kind}: other bytes came");
        drop(peer);
        client.finish().expect(0);
    }
    feeder.join().unwrap();
}

#[test]
fn a_file_is_sent_from_where_it_stands_and_left_at_its_end() {
    let much = pattern(1 << 20);
    let (_folder, path) = file_of(&much);
    let mut file = File::open(path).unwrap();
    file.seek(std::io::SeekFrom::Start(100)).unwrap();
    let (listener, port) = listener();
    let shared = file.try_clone().unwrap();
    let client = connect(port).stdin(Stdin::Open(shared.into())).start();
    let mut peer = accept(&listener);
    assert!(read_end(&mut peer) == much[100..]);
    drop(peer);
    client.finish().expect(0);
    assert_eq!(file.stream_position().unwrap(), 1 << 20);
}

#[test]
fn a_file_of_no_size_is_read() {
    let (listener, port) = listener();
    let symbols = Stdin::File("/proc/kallsyms".into());
    let client = connect(port).stdin(symbols).start();
    let mut peer = accept(&listener);
    assert_eq!(
        read_end(&mut peer).len(),
        std::fs::read("/proc/kallsyms").unwrap().len()
    );
    drop(peer);
    client.finish().expect(0);
}

/// Have a peer send `much` to a client whose stdout is `stdout`.
fn download(much: &[u8], stdout: impl Into<std::process::Stdio>) -> Finished {
    let (listener, port) = listener();
    let client = connect(port).stdout(stdout).start();
    let mut peer = accept(&listener);
    peer.write_all(much).unwrap();
    drop(peer);
    client.finish()
}

#[test]
fn every_kind_of_stdout_takes_all() {
    let much = pattern(MUCH);
    let (listener, port) = listener();
    let client = connect(port).start();
    let mut peer = accept(&listener);
    peer.write_all(&much).unwrap();
    drop(peer);
    assert!(client.finish().expect(0).stdout == much, "a pipe");

    let folder = scratch();
    let path = folder.path().join("got");
    download(&much, File::create(&path).unwrap()).expect(0);
    assert!(std::fs::read(&path).unwrap() == much, "a file");

    // splice(2) refuses what is appended to.
    let log = OpenOptions::new().append(true).open(&path).unwrap();
    download(&much, log).expect(0);
    let twice = std::fs::read(&path).unwrap();
    assert!(
        twice.len() == 2 * MUCH && twice[MUCH..] == much,
        "appended to"
    );

    let (ours, theirs) = UnixStream::pair().unwrap();
    let reader = thread::spawn(move || read_end(&mut patient(ours)));
    download(&much, std::os::fd::OwnedFd::from(theirs)).expect(0);
    assert!(reader.join().unwrap() == much, "a socket");

    let null = OpenOptions::new().write(true).open("/dev/null").unwrap();
    download(&much, null).expect(0);
}

#[test]
fn both_ways_at_once_through_the_kernel() {
    let (to, fro) = (
        pattern(MUCH),
        pattern(MUCH + 1).into_iter().rev().collect::<Vec<u8>>(),
    );
    let listener = sockkit(["tcp", "listen", "0"]).upload(&to).start();
    let client = connect(listener.port()).input(&fro).start();
    assert!(client.finish().expect(0).stdout == to, "to the client");
    assert!(listener.finish().expect(0).stdout == fro, "to the listener");
}

#[test]
fn a_peer_that_first_writes_all_and_then_reads_does_not_get_stuck() {
    let (to, fro) = (pattern(MUCH), pattern(MUCH));
    let (listener, port) = listener();
    let client = connect(port).upload(&to).start();
    let mut peer = accept(&listener);
    peer.write_all(&fro).unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    assert!(read_end(&mut peer) == to);
    drop(peer);
    assert!(client.finish().expect(0).stdout == fro);
}

#[test]
fn what_came_before_a_reset_is_handed_on() {
    let much = pattern(2 << 20);
    let (listener, port) = listener();
    let client = connect(port).piped().start();
    let mut peer = accept(&listener);
    peer.write_all(&much).unwrap();
    assert_eq!(client.read(2 << 20), much);
    linger_zero(&peer);
    drop(peer);
    client.finish().expect(1).says("(ECONNRESET)");
}

#[test]
fn a_reader_that_leaves_in_the_middle_is_the_end() {
    let (listener, port) = listener();
    let (mut reader, writer) = std::io::pipe().unwrap();
    let client = connect(port).piped().stdout(writer).start();
    let mut peer = accept(&listener);
    let flood = thread::spawn(move || {
        let much = pattern(1 << 20);
        while peer.write_all(&much).is_ok() {}
    });
    reader.read_exact(&mut vec![0; 4 << 20]).unwrap();
    drop(reader);
    assert_eq!(client.finish().expect(141).stderr, "");
    flood.join().unwrap();
}

/// `sockkit --explain` under strace(1): what it tells is what it does.
fn explained(prepare: impl FnOnce(Start) -> Start, talk: impl FnOnce(TcpStream)) -> Option<Traced> {
    let traced = Traced::new()?;
    let listening = ["tcp", "listen", "0", "--deadline", "20s"];
    let listener = prepare(traced.sockkit(&listening)).start();
    let peer = stream_to(("127.0.0.1", listener.port()));
    talk(peer);
    traced.compare(&listener.finish().expect(0));
    Some(traced)
}

#[test]
fn a_bulk_is_moved_by_the_kernel_and_told() {
    let much = pattern(8 << 20);
    let hear = |mut peer: TcpStream| assert_eq!(read_end(&mut peer).len(), 8 << 20);
    let Some(traced) = explained(|start| start.upload(&much), hear) else {
        return;
    };
    assert!(counted(&traced, "sendfile") > 0, "{traced}");
    assert!(counted(&traced, "send") < 10, "{traced}");
    let traced = explained(|start| start.input(&much), hear).unwrap();
    assert!(counted(&traced, "splice") > 0, "{traced}");
    assert!(counted(&traced, "send") < 40, "{traced}");

    let say = |mut peer: TcpStream| peer.write_all(&much).unwrap();
    let traced = explained(|start| start, say).unwrap();
    assert!(counted(&traced, "splice") > 0, "{traced}");
    let null = || OpenOptions::new().write(true).open("/dev/null").unwrap();
    let traced = explained(|start| start.stdout(null()), say).unwrap();
    assert_eq!(counted(&traced, "splice"), 0, "{traced}");
}

#[test]
fn a_conversation_is_heard_and_said() {
    let Some(traced) = explained(
        |start| start.input("question"),
        |mut peer| {
            assert_eq!(read_end(&mut peer), b"question");
            peer.write_all(b"answer").unwrap();
        },
    ) else {
        return;
    };
    assert_eq!(counted(&traced, "splice"), 0, "{traced}");
    assert_eq!(counted(&traced, "send"), 1, "{traced}");
}

/// A stdout on a small disk, full before the end; how much of it is there is said behind.
const DISK: &str = r#"exec unshare -m sh -c 'mount -t tmpfs -o size=1M sockkit "$PWD"
    "$0" "$@" > "$PWD/got"; status=$?; wc -c < "$PWD/got" >&2; exit $status' "$0" "$@""#;

#[test]
fn a_full_disk_is_told_and_what_fitted_is_there() {
    if peer("unshare").is_none() || !nix::unistd::geteuid().is_root() {
        return;
    }
    let folder = scratch();
    let (listener, port) = listener();
    let client = connect(port).directory(folder.path()).under(DISK).start();
    let mut peer = accept(&listener);
    // The client goes away in the middle.
    let _ = peer.write_all(&pattern(MUCH));
    let finished = client.finish().expect(2);
    let said = "sockkit: write stdout: no space left on device (ENOSPC)\n1048576\n";
    assert_eq!(finished.stderr, said);
}

#[test]
fn a_local_socket_holds_more_of_a_bulk_unless_somebody_said_how_much() {
    let much = pattern(MUCH);
    let (folder, path) = file_of(&much);
    let door = folder.path().join("door");
    for (flags, is_widened) in [(["-q"].as_slice(), true), (&["-o", "SO_SNDBUF=64k"], false)] {
        let listener = std::os::unix::net::UnixListener::bind(&door).unwrap();
        let client = sockkit(["unix", "connect", "--explain"])
            .args(flags)
            .args([&door])
            .stdin(Stdin::Open(File::open(&path).unwrap().into()))
            .start();
        let mut peer = patient(listener.accept().unwrap().0);
        assert!(read_end(&mut peer) == much);
        drop(peer);
        let finished = client.finish().expect(0);
        let said = &finished.stderr;
        assert_eq!(said.contains("SO_SNDBUF, 1048576"), is_widened, "{said}");
        std::fs::remove_file(&door).unwrap();
    }
}
