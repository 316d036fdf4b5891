//! Traps 38, 39 and 41: time limits, signals, the terminal that is shared.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::Signal;

use super::{WATCHED, each_client, nc, ncat, ours};
use crate::kit::{DEADLINE, Stdin, accept, listener, pattern, scratch, stream_to};

/// nc's -w is no limit for a listener; ncat takes no number above 100. Each limit of ours has a test of its own among those
/// of the command line.
#[test]
fn trap_38_limits_of_time() {
    ours("tcp listen 0 -t 300ms")
        .run()
        .expect(124)
        .says("nobody came");
    ours("tcp listen 0 --deadline 300ms").run().expect(124);
    ours("tcp listen -k 0 --accept-timeout 300ms")
        .run()
        .expect(124);
    let (server, port) = listener();
    let client = ours(&format!("tcp connect {port} --idle-timeout 600ms"));
    let client = client.piped().start();
    let mut peer = accept(&server);
    // Each word is sooner than the limit, and all of them later.
    for _ in 0..8 {
        peer.write_all(b"word\n").unwrap();
        assert_eq!(client.line(), "word");
        assert!(!client.ends_within(Duration::from_millis(100)));
    }
    client.finish().expect(124).says("nothing moved");
    let client = ours(&format!(
        "tcp connect {port} --idle-timeout 101 --deadline 200ms"
    ));
    client.piped().run().expect(124);
    if let Some(listening) = nc("-l -w 1 127.0.0.1 0") {
        let listening = listening.start();
        assert!(!listening.ends_within(WATCHED + WATCHED), "nc");
    }
    if let Some(client) = ncat(&format!("-w 101 127.0.0.1 {port}")) {
        client.run().expect(2).says("QUITTING");
    }
}

/// nc and ncat, ended by a signal, leave their file behind. The status is the same with all of them today.
#[test]
fn trap_39_what_a_signal_leaves_behind() {
    let folder = scratch();
    for (number, signal) in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP]
        .into_iter()
        .enumerate()
    {
        let path = folder.path().join(number.to_string());
        let shown = path.display();
        let listening = ours(&format!("unix listen {shown}")).start();
        listening.listening();
        listening.signal(signal);
        listening.finish().expect(128 + signal as i32);
        assert!(!path.exists(), "{signal}");
        let words = format!("-l -U {shown}");
        for listening in [nc(&words), ncat(&words)].into_iter().flatten() {
            let listening = listening.start();
            let waited = (0..1000)
                .any(|_| path.exists() || listening.ends_within(Duration::from_millis(10)));
            assert!(waited);
            listening.signal(signal);
            listening.finish();
            assert!(path.exists(), "{signal}");
            std::fs::remove_file(&path).unwrap();
        }
    }
    each_client(
        |_, client, server| {
            let client = client.piped().start();
            let _peer = accept(server);
            client.signal(Signal::SIGTERM);
            client.finish().status
        },
        |name, status| assert_eq!(status, 143, "{name}"),
    );
}

/// ncat loses what a stdout does not take at once that somebody else has made non-blocking.
#[test]
fn trap_41_a_stdout_that_others_made_non_blocking() {
    each_client(
        |_, client, server| {
            let (mut reader, writer) = std::io::pipe().unwrap();
            let flags = fcntl(&writer, FcntlArg::F_GETFL).unwrap();
            let flags = OFlag::from_bits_retain(flags) | OFlag::O_NONBLOCK;
            fcntl(&writer, FcntlArg::F_SETFL(flags)).unwrap();
            let client = client.piped().stdout(writer).start();
            let mut peer = accept(server);
            let upload = std::thread::spawn(move || {
                // It may have gone by now.
                let _ = peer.write_all(&pattern(2_000_000));
            });
            // The pipe is full when it is read from.
            client.ends_within(WATCHED);
            let mut heard = vec![0; 2_000_000];
            let came = std::io::Read::read_exact(&mut reader, &mut heard).is_ok();
            drop(client);
            upload.join().unwrap();
            came && heard == pattern(2_000_000)
        },
        |name, whole| assert_eq!(whole, name != "ncat", "{name}"),
    );
}

/// None of the three sets O_NONBLOCK on what it shares with others; websocat, which did, is in no distribution. What epoll
/// cannot watch is read all the same.
#[test]
fn trap_41_descriptors_that_are_shared() {
    let folder = scratch();
    let file = folder.path().join("file");
    std::fs::write(&file, "from a file").unwrap();
    each_client(
        |_, client, server| {
            let (reader, writer) = std::io::pipe().unwrap();
            let (input, feeder) = std::io::pipe().unwrap();
            let client = client
                .stdin(Stdin::Open(OwnedFd::from(input.try_clone().unwrap())))
                .stdout(writer.try_clone().unwrap())
                .start();
            let peer = accept(server);
            assert!(!client.ends_within(Duration::from_millis(200)));
            let blocking = [OwnedFd::from(input), writer.into()].iter().all(|fd| {
                let flags = fcntl(fd, FcntlArg::F_GETFL).unwrap();
                !OFlag::from_bits_retain(flags).contains(OFlag::O_NONBLOCK)
            });
            drop((peer, feeder, reader));
            blocking
        },
        |name, blocking| assert!(blocking, "{name}"),
    );
    for source in [file.as_path(), std::path::Path::new("/dev/null")] {
        let listening = ours("tcp listen 0").start();
        let client = ours(&format!("tcp connect {}", listening.port()));
        client.stdin(Stdin::File(source.to_owned())).run().expect(0);
        let expected = std::fs::read(source).unwrap();
        assert_eq!(listening.finish().expect(0).stdout, expected);
    }
    let zero = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_CLOEXEC)
        .open("/dev/zero")
        .unwrap();
    let listening = ours("tcp listen 0").stdin(Stdin::Open(zero.into())).start();
    let mut client = stream_to(("127.0.0.1", listening.port()));
    let mut zeros = vec![1; 1_000_000];
    std::io::Read::read_exact(&mut client, &mut zeros).unwrap();
    assert!(zeros.iter().all(|byte| *byte == 0));
    drop(client);
    assert!(listening.ends_within(DEADLINE));
}
