//! `--echo`, `--discard`, `--reply`, `--output-dir`.

use std::fs;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;

use nix::sys::signal::Signal;

use super::{client, connect, descriptors, listen};
use crate::kit::{pattern, read_end, reset, scratch, sockkit};

#[test]
fn echo_gives_back_every_byte() {
    let listener = listen("--echo").start();
    let said = connect(listener.port()).upload(pattern(5 << 20)).run();
    assert!(said.expect(0).stdout == pattern(5 << 20), "the same bytes");
    let finished = listener.finish().expect(0);
    assert_eq!(finished.stdout, b"", "nothing is for stdout");
}

#[test]
fn echo_waits_for_one_that_does_not_read_and_for_nobody_else() {
    let listener = listen("-k --echo").start();
    let port = listener.port();
    let deaf = client(port);
    deaf.set_nonblocking(true).unwrap();
    // As much as goes: both buffers of the connection, and no more than that.
    let mut said = 0;
    let chunk = vec![b'x'; 1 << 16];
    let is_full = super::becomes(|| {
        let before = said;
        while let Ok(count) = (&deaf).write(&chunk) {
            said += count;
        }
        before == said && said > 0
    });
    assert!(is_full, "{said} bytes are taken");
    assert!(said < 64 << 20, "nothing is kept without bound");
    let other = connect(port).upload(pattern(1 << 20)).run();
    assert!(other.expect(0).stdout == pattern(1 << 20));
    // Now it reads: nothing is missing.
    deaf.set_nonblocking(false).unwrap();
    deaf.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read_end(&mut crate::kit::patient(deaf)).len(), said);
    listener.signal(Signal::SIGTERM);
    listener.finish().expect(143);
}

#[test]
fn a_reset_ends_one_connection_of_many_and_the_only_one() {
    let listener = listen("-k --echo").start();
    let port = listener.port();
    for _ in 0..20 {
        let mut gone = client(port);
        gone.write_all(b"x").unwrap();
        reset(gone);
    }
    let mut other = client(port);
    other.write_all(b"still here").unwrap();
    other.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read_end(&mut other), b"still here");
    listener.signal(Signal::SIGTERM);
    listener.finish().expect(143);

    let listener = listen("--discard").start();
    reset(client(listener.port()));
    listener.finish().expect(1).says("ECONNRESET");
}

#[test]
fn discard_hears_everything_and_says_nothing() {
    let listener = listen("--discard --json").start();
    let listening: serde_json::Value = serde_json::from_str(&listener.line()).unwrap();
    let local = listening["local"].as_str().unwrap();
    let port = local.rsplit(':').next().unwrap().parse().unwrap();
    let said = connect(port).upload(pattern(3 << 20)).run().expect(0);
    assert_eq!(said.stdout, b"");
    let events = listener.finish().expect(0).events();
    let closed = events.last().unwrap();
    assert_eq!(closed["event"], "closed");
    assert_eq!(closed["received"], 3 << 20);
    assert_eq!(closed["sent"], 0);
}

#[test]
fn each_gets_the_reply_and_then_the_end() {
    let folder = scratch();
    let file = folder.path().join("reply");
    fs::write(&file, pattern(3 << 20)).unwrap();
    let from_file = format!("@{}", file.display());
    for (reply, expected) in [
        ("hello\\r\\n", b"hello\r\n".to_vec()),
        ("", Vec::new()),
        ("\\x00\\\\", b"\0\\".to_vec()),
        (from_file.as_str(), pattern(3 << 20)),
    ] {
        let listener = listen("-k").args(["--reply", reply]).start();
        let port = listener.port();
        for _ in 0..3 {
            let mut asking = client(port);
            // What it says is dropped, and costs it nothing of the reply.
            asking.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
            assert!(read_end(&mut asking) == expected, "{reply}");
        }
        listener.signal(Signal::SIGTERM);
        listener.finish().expect(143);
    }
}

#[test]
fn one_that_was_answered_and_stays_is_closed_in_the_end() {
    let listener = listen("--reply bye").start();
    let mut staying = client(listener.port());
    assert_eq!(read_end(&mut staying), b"bye");
    // It says nothing and does not close: the run ends all the same.
    listener.finish().expect(0);
    drop(staying);
}

#[test]
fn a_reply_that_makes_no_sense_is_refused_before_anything_is_opened() {
    for (reply, why) in [("@/no/such/file", "ENOENT"), ("\\q", "escape")] {
        let refused = listen("").args(["--reply", reply]).run();
        refused.expect(2).says(why);
    }
}

#[test]
fn a_file_for_each_connection() {
    let folder = scratch();
    let kept = folder.path().join("kept");
    let listener = listen("-k --output-dir").args([&kept]).start();
    let port = listener.port();
    let open = descriptors(&listener);
    for number in 0..3 {
        let text = format!("client {number}\n");
        connect(port).input(text).run().expect(0);
    }
    assert!(
        super::becomes(|| descriptors(&listener) == open),
        "a file leaks"
    );
    listener.signal(Signal::SIGTERM);
    assert_eq!(listener.finish().expect(143).stdout, b"");
    let mut files: Vec<_> = fs::read_dir(&kept).unwrap().map(Result::unwrap).collect();
    files.sort_by_key(fs::DirEntry::path);
    assert_eq!(files.len(), 3);
    for (number, file) in files.iter().enumerate() {
        let name = file.file_name().into_string().unwrap();
        assert!(
            name.starts_with(&format!("000{}-127.0.0.1-", number + 1)),
            "{name}"
        );
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let text = fs::read_to_string(file.path()).unwrap();
        assert_eq!(text, format!("client {number}\n"));
    }
}

#[test]
fn a_file_of_an_earlier_run_is_left_alone() {
    let folder = scratch();
    let socket = folder.path().join("s");
    let kept = folder.path().join("kept");
    for run in 0..2 {
        let words = ["unix", "listen"].map(std::ffi::OsString::from);
        let listener = sockkit(words)
            .args([
                socket.as_os_str(),
                "--output-dir".as_ref(),
                kept.as_os_str(),
            ])
            .start();
        listener.listening();
        let mut speaker = UnixStream::connect(&socket).unwrap();
        speaker.write_all(format!("run {run}").as_bytes()).unwrap();
        drop(speaker);
        listener.finish().expect(0);
    }
    assert_eq!(fs::read(kept.join("0001")).unwrap(), b"run 0");
    assert_eq!(fs::read(kept.join("0001.2")).unwrap(), b"run 1");
}

#[test]
fn a_full_disk_cuts_the_connection_and_says_so() {
    let folder = scratch();
    let mount = format!(
        r#"exec unshare -m {} sh -c 'mount -t tmpfs -o size=64k none {} && exec "$0" "$@"' "$0" "$@""#,
        if nix::unistd::geteuid().is_root() {
            ""
        } else {
            "-r"
        },
        folder.path().display(),
    );
    let start = |words: &str| {
        listen(words)
            .args(["--output-dir".as_ref(), folder.path().as_os_str()])
            .under(&mount)
            .start()
    };
    if sockkit(["--version"]).under(&mount).run().status != 0 {
        assert!(std::env::var_os("CI").is_none(), "unshare");
        return;
    }
    let listener = start("");
    let mut speaker = client(listener.port());
    let _ = speaker.write_all(&pattern(1 << 20));
    let heard = speaker.read(&mut [0]);
    assert!(heard.is_err(), "no plain end, but a cut: {heard:?}");
    listener.finish().expect(2).says("ENOSPC");

    // Of many, only the one whose words cannot be kept.
    let listener = start("-k");
    let port = listener.port();
    let mut speaker = client(port);
    let _ = speaker.write_all(&pattern(1 << 20));
    assert!(speaker.read(&mut [0]).is_err());
    listener.stderr_until(|line| line.contains("ENOSPC") && line.contains("cut off"));
    drop(client(port));
    listener.signal(Signal::SIGTERM);
    listener.finish().expect(143);
}

#[test]
fn services_exclude_each_other() {
    for words in [
        "--echo --discard",
        "--echo --sh true",
        "--exec",
        "--exec --sh true -- true",
        "--pty",
        "--pty --echo",
        "--chat --broker",
        "--echo --hex",
        "--echo --from-hex",
        "--echo --on-peer-eof exit",
        "--echo --linger 1s",
        "--echo --send-only",
        "--echo --recv-only",
        "--echo --max-bytes 1",
        "--echo --crlf",
        "--sh true --from-hex",
        "--sh true --on-peer-eof drain",
        "--chat --recv-only",
        "--output-dir /tmp --hex",
        "--accept-timeout 1s --timeout 1s",
        "--max-conns 0",
        "--backlog -1",
        "-- true",
    ] {
        let refused = listen(words).run().expect(2);
        assert!(!refused.stderr.contains("listening"), "{words}");
    }
    for words in ["--chat", "-k", "--broker"] {
        let local = ["unix", "listen", "@sockkit-no-such", "--type", "dgram"];
        sockkit(local).args(words.split(' ')).run().expect(2);
    }
}

#[test]
fn a_folder_that_takes_no_file_is_found_before_anybody_comes() {
    let refused = listen("--output-dir /proc").run().expect(2);
    assert!(!refused.stderr.contains("listening"), "{}", refused.stderr);
    drop(refused.says("sockkit: open /proc/.sockkit-"));
}
