//! `unix connect`, `unix listen`, `unix send`: local sockets of every type, and what becomes of their files.

use std::fs;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;
use socket2::{Domain, SockAddr, Socket, Type};
use tempfile::TempDir;

use crate::kit::{
    Record, Running, Start, Stdin, patient, pattern, python, read_end, scratch, sockkit,
};

/// A directory and a path in it where nothing is yet.
fn place() -> (TempDir, PathBuf) {
    let folder = scratch();
    let path = folder.path().join("s");
    (folder, path)
}

fn listen(path: impl AsRef<Path>, words: &str) -> Start {
    unix("listen", path, words)
}

fn unix(verb: &str, path: impl AsRef<Path>, words: &str) -> Start {
    sockkit(["unix", verb])
        .args([path.as_ref()])
        .args(words.split_whitespace())
}

/// Start it and wait for its ready line.
fn ready(start: Start) -> Running {
    let running = start.start();
    running.listening();
    running
}

fn stream(path: &Path) -> UnixStream {
    patient(UnixStream::connect(path).unwrap())
}

/// A datagram socket with a name that can be answered to.
fn named(folder: &TempDir, name: &str) -> UnixDatagram {
    patient(UnixDatagram::bind(folder.path().join(name)).unwrap())
}

/// A SOCK_SEQPACKET socket, connected.
fn seqpacket(path: &Path) -> UnixStream {
    let socket = Socket::new(Domain::UNIX, Type::SEQPACKET, None).unwrap();
    socket.connect(&SockAddr::unix(path).unwrap()).unwrap();
    patient(UnixStream::from(OwnedFd::from(socket)))
}

#[test]
fn streams_pass_both_ways() {
    let (_folder, path) = place();
    let listener = ready(listen(&path, "").upload("from the listener"));
    let client = unix("connect", &path, "").upload("from the client").run();
    assert_eq!(client.expect(0).text(), "from the listener");
    assert_eq!(listener.finish().expect(0).text(), "from the client");
}

#[test]
fn the_ready_line_has_the_path() {
    let (_folder, path) = place();
    let listener = listen(&path, "").start();
    let line = listener.stderr_until(|_| true);
    assert_eq!(line, format!("listening on unix {}", path.display()));
}

#[test]
fn a_megabyte_is_the_same_afterwards() {
    let (_folder, path) = place();
    let much = pattern(5 << 20);
    let listener = ready(listen(&path, "").upload(&much));
    let mut client = stream(&path);
    let mut upload = client.try_clone().unwrap();
    let sent = much.clone();
    let upload = std::thread::spawn(move || {
        upload.write_all(&sent).unwrap();
        upload.shutdown(Shutdown::Write).unwrap();
    });
    assert!(read_end(&mut client) == much, "download");
    upload.join().unwrap();
    assert!(listener.finish().expect(0).stdout == much, "upload");
}

#[test]
fn keep_open_serves_many() {
    let (_folder, path) = place();
    let listener = ready(listen(&path, "-k"));
    let mut clients: Vec<_> = (0..5).map(|_| stream(&path)).collect();
    for (number, client) in clients.iter_mut().enumerate().rev() {
        client
            .write_all(format!("client {number}\n").as_bytes())
            .unwrap();
        assert_eq!(listener.line(), format!("client {number}"));
    }
    listener.signal(Signal::SIGTERM);
    listener.finish().expect(143);
    assert!(!path.exists(), "removed at the end");
}

#[test]
fn the_file_is_private_whatever_the_umask() {
    for mask in ["000", "022", "777"] {
        for kind in ["stream", "dgram", "seqpacket"] {
            let (_folder, path) = place();
            let script = format!(r#"umask {mask}; exec "$0" "$@""#);
            let words = format!("--type {kind}");
            let _listener = ready(listen(&path, &words).under(&script));
            let file = fs::metadata(&path).unwrap();
            assert!(file.file_type().is_socket());
            assert_eq!(file.permissions().mode() & 0o777, 0o600, "{mask} {kind}");
        }
    }
}

#[test]
fn another_mode_may_be_asked_for() {
    let (_folder, path) = place();
    let _listener = ready(listen(&path, "--mode 0666").under(r#"umask 077; exec "$0" "$@""#));
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o666);
    for word in ["8", "0o600", "rw", "-1", "77777"] {
        let (_folder, path) = place();
        listen(&path, &format!("--mode={word}")).run().expect(2);
        assert!(!path.exists(), "{word}");
    }
}

#[test]
fn the_file_is_removed_at_every_end() {
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let (_folder, path) = place();
        let listener = ready(listen(&path, ""));
        listener.signal(signal);
        listener.finish().expect(128 + signal as i32);
        assert!(!path.exists(), "{signal}");
    }
    let (_folder, path) = place();
    let listener = ready(listen(&path, ""));
    drop(stream(&path));
    listener.finish().expect(0);
    assert!(!path.exists(), "after its one connection");
    let (_folder, path) = place();
    listen(&path, "--deadline 100ms").run().expect(124);
    assert!(!path.exists(), "after a time limit");
}

#[test]
fn a_file_that_took_its_place_is_left_alone() {
    let (_folder, path) = place();
    let listener = ready(listen(&path, ""));
    fs::remove_file(&path).unwrap();
    fs::write(&path, "somebody else's").unwrap();
    listener.signal(Signal::SIGTERM);
    listener.finish().expect(143);
    assert_eq!(fs::read_to_string(&path).unwrap(), "somebody else's");

    let (_folder, path) = place();
    let listener = ready(listen(&path, ""));
    fs::remove_file(&path).unwrap();
    let _other = UnixListener::bind(&path).unwrap();
    listener.signal(Signal::SIGTERM);
    listener.finish().expect(143);
    drop(stream(&path));
}

#[test]
fn no_file_is_ever_replaced() {
    for flags in [
        "",
        "--replace",
        "--replace --type dgram",
        "--replace --type seqpacket",
    ] {
        let (folder, path) = place();
        fs::write(&path, "precious").unwrap();
        listen(&path, flags).run().expect(2);
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious", "{flags}");

        let directory = folder.path().join("directory");
        fs::create_dir(&directory).unwrap();
        listen(&directory, flags).run().expect(2);
        assert!(directory.is_dir(), "{flags}");

        let link = folder.path().join("link");
        symlink(&path, &link).unwrap();
        listen(&link, flags).run().expect(2);
        assert!(link.is_symlink() && path.is_file(), "{flags}");

        let dangling = folder.path().join("dangling");
        symlink(folder.path().join("nowhere"), &dangling).unwrap();
        listen(&dangling, flags).run().expect(2);
        assert!(dangling.is_symlink(), "{flags}");

        let fifo = folder.path().join("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        listen(&fifo, flags).run().expect(2);
        assert!(
            fs::metadata(&fifo).unwrap().file_type().is_fifo(),
            "{flags}"
        );
    }
}

#[test]
fn a_live_listener_is_never_replaced() {
    for flags in ["", "--replace", "--replace --type dgram"] {
        let (folder, path) = place();
        let theirs = UnixListener::bind(&path).unwrap();
        listen(&path, flags).run().expect(2).says("(EADDRINUSE)");
        drop(stream(&path));
        theirs.accept().unwrap();

        let datagrams = named(&folder, "datagrams");
        let where_ = folder.path().join("datagrams");
        listen(&where_, flags).run().expect(2).says("(EADDRINUSE)");
        let sender = UnixDatagram::unbound().unwrap();
        sender.send_to(b"still mine", &where_).unwrap();
        // A probe may connect, but sends nothing.
        assert_eq!(datagrams.record(), b"still mine");
    }
}

#[test]
fn a_dead_socket_is_replaced_when_asked() {
    for kind in ["stream", "dgram", "seqpacket"] {
        let (_folder, path) = place();
        drop(UnixListener::bind(&path).unwrap());
        let words = format!("--type {kind}");
        let refused = listen(&path, &words).run().expect(2).says("(EADDRINUSE)");
        assert!(refused.stderr.contains("--replace"), "{}", refused.stderr);
        let listener = ready(listen(&path, &format!("{words} --replace")));
        listener.signal(Signal::SIGTERM);
        listener.finish().expect(143);
        assert!(!path.exists(), "{kind}");
    }
}

#[test]
fn of_many_that_replace_a_dead_socket_at_once_one_wins() {
    const STARTS: usize = 12;
    for kind in ["stream", "dgram", "seqpacket"] {
        let (_folder, path) = place();
        drop(UnixListener::bind(&path).unwrap());
        let words = format!("--type {kind} --replace");
        let starts: Vec<Running> = (0..STARTS).map(|_| listen(&path, &words).start()).collect();
        let (winners, losers): (Vec<_>, Vec<_>) = starts.into_iter().partition(|start| {
            let said = start.stderr_until(|_| true);
            said.starts_with("listening on ")
        });
        assert_eq!(winners.len(), 1, "{kind}");
        for loser in losers {
            loser.finish().expect(2).says("(EADDRINUSE)");
        }
        unix("send", &path, &format!("--type {kind} -- hello"))
            .run()
            .expect(0);
        assert_eq!(winners[0].read(5), b"hello", "{kind}");
    }
}

#[test]
fn who_asks_whether_a_listener_lives_is_not_its_client() {
    let (_folder, path) = place();
    let listener = ready(listen(&path, ""));
    listen(&path, "--replace").run().expect(2);
    unix("connect", &path, "")
        .upload("its only one")
        .run()
        .expect(0);
    assert_eq!(listener.finish().expect(0).text(), "its only one");
}

#[test]
fn a_socket_that_is_bound_and_does_not_listen_yet_is_alive() {
    for kind in [Type::STREAM, Type::DGRAM, Type::SEQPACKET] {
        let (_folder, path) = place();
        let theirs = Socket::new(Domain::UNIX, kind, None).unwrap();
        theirs.bind(&SockAddr::unix(&path).unwrap()).unwrap();
        for words in ["--replace", "--replace --type dgram"] {
            listen(&path, words).run().expect(2).says("(EADDRINUSE)");
        }
        drop(theirs);
        let mut listener = ready(listen(&path, "--replace"));
        assert!(listener.is_running());
    }
}

#[test]
fn the_file_may_be_a_groups() {
    // Only root may give it to a group that it is not in itself.
    let ours = nix::unistd::getegid().as_raw();
    let group = if nix::unistd::geteuid().is_root() {
        12345
    } else {
        ours
    };
    for (words, mode) in [("", 0o660), ("--mode 0606", 0o606), ("--mode 640", 0o640)] {
        let (_folder, path) = place();
        let _listener = ready(listen(&path, &format!("--group {group} {words}")));
        let file = fs::metadata(&path).unwrap();
        assert_eq!(file.gid(), group, "{words}");
        assert_eq!(file.permissions().mode() & 0o777, mode, "{words}");
    }
    for word in ["no-such-group", "", "-1", "4294967296"] {
        let (_folder, path) = place();
        listen(&path, "")
            .args([format!("--group={word}")])
            .run()
            .expect(2);
        assert!(!path.exists(), "{word}");
    }
}

#[test]
fn a_group_that_is_refused_leaves_no_file() {
    let (_folder, path) = place();
    let mut start = listen(&path, "--group 12345");
    if nix::unistd::geteuid().is_root() {
        if crate::kit::peer("setpriv").is_none() {
            return;
        }
        let unprivileged = "setpriv --bounding-set=-chown --inh-caps=-chown";
        start = start.under(&format!(r#"exec {unprivileged} "$0" "$@""#));
    }
    start.run().expect(2).says("(EPERM)");
    assert!(!path.exists());
}

#[test]
fn the_file_may_stay() {
    let (_folder, path) = place();
    let listener = ready(listen(&path, "--keep-file"));
    listener.signal(Signal::SIGTERM);
    listener.finish().expect(143);
    assert!(fs::metadata(&path).unwrap().file_type().is_socket());
    ready(listen(&path, "--replace"));
}

#[test]
fn an_abstract_name_has_no_file_to_protect() {
    for words in ["--mode 0600", "--group 0", "--replace", "--keep-file"] {
        listen("@sockkit-nobody", words)
            .run()
            .expect(2)
            .says("file");
    }
}

#[test]
fn nobody_there_is_a_no() {
    let (_folder, path) = place();
    let shown = path.display();
    let missing = unix("connect", &path, "").run().expect(1);
    let expected = format!("sockkit: connect {shown}: no such file or directory (ENOENT)");
    assert_eq!(missing.stderr.lines().next(), Some(expected.as_str()));
    drop(UnixListener::bind(&path).unwrap());
    let refused = unix("connect", &path, "").run().expect(1);
    let expected = format!("sockkit: connect {shown}: connection refused (ECONNREFUSED)");
    assert_eq!(refused.stderr.lines().next(), Some(expected.as_str()));
}

#[test]
fn a_path_that_cannot_be_bound_is_trouble() {
    let (folder, _) = place();
    let missing = folder.path().join("nowhere").join("s");
    listen(missing, "").run().expect(2).says("(ENOENT)");
}

#[test]
fn abstract_names_are_exact_and_leave_no_file() {
    let name = format!("sockkit-test-{}", std::process::id());
    let typed = format!("@{name}");
    let (folder, _) = place();
    let listener = listen(&typed, "")
        .directory(folder.path())
        .input("hi")
        .start();
    assert_eq!(listener.listening(), typed);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let address = SocketAddr::from_abstract_name(name.as_bytes()).unwrap();
    let mut client = patient(UnixStream::connect_addr(&address).unwrap());
    assert_eq!(read_end(&mut client), b"hi");
    drop(client);
    listener.finish().expect(0);
}

#[test]
fn a_client_finds_an_abstract_name_with_a_nul() {
    let name = format!("sockkit\0{}", std::process::id());
    let address = SocketAddr::from_abstract_name(name.as_bytes()).unwrap();
    let theirs = UnixListener::bind_addr(&address).unwrap();
    let typed = format!("@{}", name.replace('\0', "\\0"));
    let client = unix("connect", typed, "").start();
    let (mut peer, _) = theirs.accept().unwrap();
    peer.write_all(b"found").unwrap();
    drop(peer);
    assert_eq!(client.finish().expect(0).text(), "found");
}

#[test]
fn a_file_whose_name_begins_with_an_at_is_a_file() {
    let (folder, _) = place();
    let listener = ready(listen("./@s", "").directory(folder.path()));
    drop(stream(&folder.path().join("@s")));
    listener.finish().expect(0);
}

#[test]
fn paths_of_107_bytes_fit_and_no_more() {
    let (folder, _) = place();
    let room = 107 - folder.path().as_os_str().len() - 1;
    let longest = folder.path().join("p".repeat(room));
    let listener = ready(listen(&longest, "").input("fits"));
    let client = unix("connect", &longest, "").run();
    assert_eq!(client.expect(0).text(), "fits");
    listener.finish().expect(0);

    let longer = folder.path().join("p".repeat(room + 1));
    for verb in ["listen", "connect", "send"] {
        let refused = unix(verb, &longer, "").run().expect(2).says("107");
        assert!(refused.stderr.contains("108"), "{}", refused.stderr);
    }
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        0,
        "nothing was cut off"
    );
    unix("listen", format!("@{}", "a".repeat(108)), "")
        .run()
        .expect(2)
        .says("107");
}

#[test]
fn a_reset_is_a_no_here_too() {
    let (_folder, path) = place();
    let listener = ready(listen(&path, "").input("never read"));
    let mut client = stream(&path);
    client.write_all(b"before").unwrap();
    // The listener's words have come; closing without reading them is a reset, unix(7).
    let mut peeked = [std::mem::MaybeUninit::uninit()];
    socket2::SockRef::from(&client).peek(&mut peeked).unwrap();
    drop(client);
    let finished = listener.finish().expect(1).says("(ECONNRESET)");
    assert_eq!(finished.text(), "before");
}

#[test]
fn datagrams_are_heard_whole() {
    let (_folder, path) = place();
    let listener = ready(listen(&path, "--type dgram --count 4"));
    let sender = UnixDatagram::unbound().unwrap();
    for datagram in [b"one\n".as_slice(), b"", b"three\n", &[b'x'; 60_000]] {
        sender.send_to(datagram, &path).unwrap();
    }
    let finished = listener.finish().expect(0);
    assert_eq!(finished.stdout.len(), 4 + 6 + 60_000);
    assert!(finished.stdout.starts_with(b"one\nthree\nxxx"));
}

#[test]
fn a_datagram_listener_answers_who_spoke() {
    let (folder, path) = place();
    let listener = ready(listen(&path, "--type dgram --lines").piped());
    let (first, second) = (named(&folder, "first"), named(&folder, "second"));
    first.send_to(b"1\n", &path).unwrap();
    assert_eq!(listener.line(), "1");
    listener.write("to the first\n");
    assert_eq!(first.record(), b"to the first");
    second.send_to(b"2\n", &path).unwrap();
    assert_eq!(listener.line(), "2");
    listener.write("to the second\n");
    assert_eq!(second.record(), b"to the second");
}

#[test]
fn a_nameless_sender_is_heard_and_ends_nothing() {
    let (_folder, path) = place();
    let listener = ready(listen(&path, "--type dgram").piped());
    for word in ["one", "two", "three"] {
        let sender = UnixDatagram::unbound().unwrap();
        sender
            .send_to(format!("{word}\n").as_bytes(), &path)
            .unwrap();
        assert_eq!(listener.line(), word);
    }
    listener.signal(Signal::SIGTERM);
    listener.finish().expect(143);
}

#[test]
fn send_makes_a_datagram_of_each_argument() {
    let (folder, path) = place();
    let receiver = named(&folder, "s");
    let words = "--type dgram -- one two";
    let sent = unix("send", &path, words).args([""]).run().expect(0);
    assert!(sent.stdout.is_empty());
    for expected in ["one", "two", ""] {
        assert_eq!(receiver.record(), expected.as_bytes());
    }
}

#[test]
fn send_takes_stdin() {
    let (folder, path) = place();
    let receiver = named(&folder, "s");
    unix("send", &path, "--type dgram --lines")
        .input("one\n\nthree")
        .run()
        .expect(0);
    for expected in ["one", "", "three"] {
        assert_eq!(receiver.record(), expected.as_bytes());
    }
    unix("send", &path, "--type dgram --whole")
        .input(pattern(70_000))
        .run()
        .expect(0);
    assert!(receiver.record() == pattern(70_000), "whole");
}

#[test]
fn send_to_nobody_is_a_no() {
    let (_folder, path) = place();
    unix("send", &path, "--type dgram -- x")
        .run()
        .expect(1)
        .says("(ENOENT)");
    drop(UnixDatagram::bind(&path).unwrap());
    unix("send", &path, "--type dgram -- x")
        .run()
        .expect(1)
        .says("(ECONNREFUSED)");
}

#[test]
fn a_connected_datagram_client_speaks() {
    let (folder, path) = place();
    let receiver = named(&folder, "s");
    let client = unix("connect", &path, "--type dgram --lines")
        .piped()
        .start();
    client.write("one\ntwo\n");
    assert_eq!(receiver.record(), b"one");
    assert_eq!(receiver.record(), b"two");
    client.signal(Signal::SIGINT);
    client.finish().expect(130);
}

#[test]
fn records_keep_their_boundaries() {
    let (_folder, path) = place();
    let listener = ready(listen(&path, "--type seqpacket").piped());
    let client = seqpacket(&path);
    listener.write("one");
    assert_eq!(client.record(), b"one");
    listener.write("second");
    assert_eq!(client.record(), b"second");
    (&client).write_all(b"heard\n").unwrap();
    (&client).write_all(b"twice\n").unwrap();
    assert_eq!(listener.line(), "heard");
    assert_eq!(listener.line(), "twice");
    drop(client);
}

#[test]
fn an_empty_record_is_no_end() {
    for words in ["", "-k --max-conns 1", "--output-dir"] {
        let (folder, path) = place();
        let mut start = listen(&path, "--type seqpacket").args(words.split_whitespace());
        if words == "--output-dir" {
            start = start.args([folder.path().join("kept")]);
        }
        let listener = ready(start);
        let client = seqpacket(&path);
        for record in ["one", "", "two", "", "", "three"] {
            assert_eq!((&client).write(record.as_bytes()).unwrap(), record.len());
        }
        drop(client);
        if words.starts_with("-k") {
            assert_eq!(listener.read(11), b"onetwothree");
            continue;
        }
        let finished = listener.finish().expect(0);
        let kept = fs::read_dir(folder.path().join("kept")).map(|mut kept| kept.next());
        let heard = match kept {
            Ok(Some(file)) => fs::read(file.unwrap().path()).unwrap(),
            _ => finished.stdout.clone(),
        };
        assert_eq!(heard, b"onetwothree", "{words}");
    }
    // Programs hear of it, and one that stays is not taken for one that has left.
    let (_folder, path) = place();
    let listener = listen(&path, "--type seqpacket --json").start();
    let mut lines = vec![listener.line()];
    let client = seqpacket(&path);
    lines.push(listener.line());
    for record in ["", "then"] {
        assert_eq!((&client).write(record.as_bytes()).unwrap(), record.len());
        lines.push(listener.line());
    }
    for (line, data) in lines.iter().skip(2).zip(["", "then"]) {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(event["data"], data, "{lines:?}");
    }
    drop(client);
    listener.finish().expect(0);
}

#[test]
fn a_large_record_comes_whole() {
    for words in ["", "-k"] {
        let (_folder, path) = place();
        let listener = ready(listen(&path, "--type seqpacket").args(words.split_whitespace()));
        let client = seqpacket(&path);
        let socket = socket2::SockRef::from(&client);
        socket.set_send_buffer_size(4_000_000).unwrap();
        // As much as this kernel lets go at once.
        let much = pattern(1 << 20);
        let lengths = [1 << 20, 400_000, 300_000, 200_000];
        let sent = lengths
            .iter()
            .find_map(|length| (&client).write(&much[..*length]).ok());
        let sent = sent.unwrap();
        assert!(listener.read(sent) == much[..sent]);
        drop(client);
    }
}

#[test]
fn a_record_is_never_split() {
    let folder = scratch();
    let file = folder.path().join("file");
    fs::write(&file, pattern(100_000)).unwrap();
    let (_folder, path) = place();
    let listener = ready(listen(&path, "--type seqpacket").stdin(Stdin::File(file)));
    let client = seqpacket(&path);
    let mut heard = Vec::new();
    while heard.len() < 100_000 {
        let record = client.record();
        assert!(!record.is_empty());
        heard.extend(record);
    }
    assert!(heard == pattern(100_000), "the records in order");
    drop(client);
    listener.finish().expect(0);
}

#[test]
fn two_sockkits_speak_seqpacket() {
    let (_folder, path) = place();
    let listener = ready(listen(&path, "--type seqpacket").upload("from the listener"));
    // A pipe that is written to after the peer's end would be too late.
    let words = "--type seqpacket --on-peer-eof drain";
    let client = unix("connect", &path, words).upload("from the client");
    assert_eq!(client.run().expect(0).text(), "from the listener");
    assert_eq!(listener.finish().expect(0).text(), "from the client");
}

#[test]
fn the_wrong_type_is_named() {
    let (_folder, path) = place();
    let _theirs = UnixListener::bind(&path).unwrap();
    let refused = unix("connect", &path, "--type dgram").run();
    assert!(
        refused.stderr.contains("(EPROTOTYPE)"),
        "{}",
        refused.stderr
    );
    assert_ne!(refused.status, 0);
}

#[test]
fn usage_errors_attempt_nothing() {
    for words in [
        "unix listen",
        "unix connect",
        "unix listen --type nosuch /tmp/s",
        "unix connect @",
    ] {
        let run = sockkit(words.split_whitespace()).run().expect(2);
        assert!(
            run.stderr.starts_with("sockkit: "),
            "{words}: {}",
            run.stderr
        );
    }
    sockkit(["unix", "connect", ""]).run().expect(2);
}

#[test]
fn the_end_of_a_record_stream_is_heard() {
    let (_folder, path) = place();
    let listener = ready(listen(&path, "--type seqpacket"));
    let mut client = seqpacket(&path);
    client.write_all(b"last").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
    assert_eq!(listener.finish().expect(0).text(), "last");
}

/// A sender whose buffer takes a record that is larger than most.
fn large(socket: &impl std::os::fd::AsFd) {
    socket2::SockRef::from(socket)
        .set_send_buffer_size(1 << 20)
        .unwrap();
}

#[test]
fn a_datagram_that_did_not_fit_is_said() {
    let (_folder, path) = place();
    let listener = ready(listen(&path, "--type dgram --count 1"));
    let sender = UnixDatagram::unbound().unwrap();
    large(&sender);
    sender.send_to(&pattern(400_000), &path).unwrap();
    let finished = listener.finish().expect(0);
    let whole = finished.stdout == pattern(400_000);
    assert!(
        whole || finished.stderr.contains("truncated"),
        "{}",
        finished.stderr
    );
}

#[test]
fn a_record_that_did_not_fit_is_said() {
    let (_folder, path) = place();
    let listener = ready(listen(&path, "--type seqpacket"));
    let client = seqpacket(&path);
    large(&client);
    (&client).write_all(&pattern(400_000)).unwrap();
    drop(client);
    let finished = listener.finish().expect(0);
    let whole = finished.stdout == pattern(400_000);
    assert!(
        whole || finished.stderr.contains("truncated"),
        "{}",
        finished.stderr
    );
}

#[test]
fn the_largest_record_that_the_kernel_makes_comes_whole() {
    let (_folder, path) = place();
    let listener = ready(listen(&path, "--type seqpacket"));
    let client = seqpacket(&path);
    let force = nix::sys::socket::sockopt::SndBufForce;
    if nix::sys::socket::setsockopt(&client, force, &(64 << 20)).is_err() {
        // Not permitted here: a smaller one is as large as it gets.
        large(&client);
    }
    let much = pattern(8 << 20);
    let mut sizes = (1..=much.len() >> 12).rev().map(|pages| pages << 12);
    let sent = sizes.find(|size| (&client).write(&much[..*size]).is_ok());
    let sent = sent.unwrap();
    drop(client);
    assert!(listener.finish().expect(0).stdout == much[..sent], "{sent}");
}

#[test]
fn a_large_file_goes_out_as_records_that_fit() {
    let (_folder, path) = place();
    let much = pattern(2 << 20);
    let listener = ready(listen(&path, "--type seqpacket"));
    let client = unix("connect", &path, "--type seqpacket").upload(&much);
    client.run().expect(0);
    assert!(listener.finish().expect(0).stdout == much);
}

#[test]
fn readiness_is_signed_here_too() {
    let (_folder, path) = place();
    let mut sign = crate::kit::Sign::new();
    let listener = listen(&path, "-q --ready-fd 3")
        .under(&sign.script(""))
        .start();
    sign.wait();
    drop(stream(&path));
    assert_eq!(listener.finish().expect(0).stderr, "");
}

#[test]
fn options_are_set_on_an_inherited_socket_too() {
    const HAND_OVER: &str = r#"
import os, socket, sys
s = socket.socket(socket.AF_UNIX, getattr(socket, sys.argv[1]))
if sys.argv[2]:
    s.connect(sys.argv[2])
else:
    s.bind("")
    s.listen()
os.dup2(s.fileno(), 7, inheritable=True)
os.execv(sys.argv[3], sys.argv[3:])
"#;
    let (_folder, path) = place();
    let _server = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let path = path.to_str().unwrap();
    for (to, words, status) in [
        (path, "connect fd:7 --on-peer-eof exit --deadline 1s", 124),
        (path, "send fd:7 --type stream x", 0),
        ("", "listen fd:7 -t 300ms", 124),
    ] {
        let fixed = ["SOCK_STREAM", to, env!("CARGO_BIN_EXE_sockkit"), "unix"];
        let options = ["--explain", "-o", "SO_RCVBUF=9999"];
        let words: Vec<&str> = fixed
            .into_iter()
            .chain(words.split(' '))
            .chain(options)
            .collect();
        let Some(start) = python(HAND_OVER, &words) else {
            return;
        };
        let said = "setsockopt(7, SOL_SOCKET, SO_RCVBUF, 9999) = 0";
        start.run().expect(status).says(said);
    }
}

#[test]
fn datagrams_are_answered_by_themselves() {
    let client = |folder: &Path, name: &str, to: &Path, bytes: &[u8]| {
        let client = patient(UnixDatagram::bind(folder.join(name)).unwrap());
        client.send_to(bytes, to).unwrap();
        client
    };
    for (words, said) in [
        (["--echo", "--type", "dgram"].as_slice(), "hello"),
        (&["--reply", "answer", "--type", "dgram"], "answer"),
        (&["--type", "dgram", "--sh", "printf hi; cat"], "hi"),
    ] {
        let (folder, path) = place();
        let listener = ready(listen(&path, "").args(words));
        // One that is not bound cannot be answered, and is no trouble.
        let unbound = UnixDatagram::unbound().unwrap();
        unbound.send_to(b"nobody", &path).unwrap();
        for name in ["one", "two"] {
            let client = client(folder.path(), name, &path, b"hello");
            assert_eq!(client.record(), said.as_bytes(), "{words:?}");
        }
        listener.signal(nix::sys::signal::Signal::SIGTERM);
        listener.finish().expect(143);
        assert!(!path.exists());
    }
}

#[test]
fn datagrams_are_told_in_every_form() {
    let (folder, path) = place();
    let listener = ready(listen(
        &path,
        "--type dgram --format line --show-cred --count 2",
    ));
    let bound = UnixDatagram::bind(folder.path().join("me")).unwrap();
    bound.send_to(b"a\n", &path).unwrap();
    UnixDatagram::unbound()
        .unwrap()
        .send_to(b"", &path)
        .unwrap();
    let text = listener.finish().expect(0).text();
    let lines: Vec<&str> = text.lines().collect();
    let (me, pid) = (folder.path().join("me"), std::process::id());
    let head = format!(
        " {} > {}, 2 bytes, process {pid}, uid ",
        me.display(),
        path.display()
    );
    assert!(
        lines[0].contains(&head) && lines[0].ends_with(": a\\n"),
        "{text}"
    );
    let head = format!(
        " (unnamed) > {}, 0 bytes, process {pid}, uid ",
        path.display()
    );
    assert!(
        lines[1].contains(&head) && lines[1].ends_with(": "),
        "{text}"
    );
}
