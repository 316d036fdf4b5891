//! `--exec`, `--sh`, `--pty`: a command for each connection, how it begins, what it is told, and how it ends.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{becomes, client, connect, descriptors, listen, shell};
use crate::kit::{LONG, Running, listener, pattern, read_end, reset, scratch, sockkit};

/// The words that a command writes to a file once it is there, as soon as they are.
fn told(file: &Path) -> String {
    let mut text = String::new();
    let is_there = becomes(|| {
        text = fs::read_to_string(file).unwrap_or_default();
        text.ends_with('\n')
    });
    assert!(is_there, "{} was not written", file.display());
    text.trim_end().to_owned()
}

/// Whether a process runs; a zombie does not.
fn runs(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat
        .rsplit(") ")
        .next()
        .and_then(|rest| rest.chars().next());
    state.is_some_and(|state| state != 'Z')
}

fn end(listener: Running) {
    listener.signal(Signal::SIGTERM);
    listener.finish().expect(143);
}

#[test]
fn what_is_said_last_arrives_after_the_client_has_ended_its_half() {
    for words in ["", "-k"] {
        let listener = shell(words, "cat; sleep 0.5; echo done").start();
        let said = connect(listener.port()).input("hello\n").run();
        assert_eq!(said.expect(0).text(), "hello\ndone\n");
        match words {
            "" => drop(listener.finish().expect(0)),
            _ => end(listener),
        }
    }
}

#[test]
fn much_goes_through_a_command_both_ways() {
    let listener = listen("--exec -- cat").deadline(LONG).start();
    let much = pattern(20 << 20);
    let said = connect(listener.port()).deadline(LONG).upload(&much).run();
    assert!(said.expect(0).stdout == much, "not a byte is missing");
    listener.finish().expect(0);
}

#[test]
fn what_a_command_has_said_arrives_although_it_did_not_hear_all() {
    let listener = shell("", "head -c 1 >&2; seq 100000").start();
    let mut speaker = client(listener.port());
    speaker.set_nonblocking(true).unwrap();
    // More than it will read: what is left unread must not cost the answer.
    let _ = speaker.write(&vec![b'x'; 1 << 18]);
    speaker.set_nonblocking(false).unwrap();
    let heard = read_end(&mut speaker);
    assert_eq!(heard.len(), 588_895);
    drop(speaker);
    listener.finish().expect(0);
}

#[test]
fn the_status_of_the_only_command_is_ours() {
    for (line, status) in [
        ("exit 0", 0),
        ("exit 7", 7),
        ("exit 255", 255),
        ("kill -9 $$", 137),
        ("cat > /dev/null; exit 3", 3),
        // It says no more long before it ends.
        ("exec >&-; sleep 0.3; exit 4", 4),
    ] {
        let listener = shell("", line).start();
        connect(listener.port()).input("x").run();
        listener.finish().expect(status);
    }
    // One of many ends for itself.
    let listener = shell("-k -v", "exit 7").start();
    connect(listener.port()).run().expect(0);
    listener.stderr_until(|line| line.contains("status 7"));
    end(listener);
}

#[test]
fn a_command_that_cannot_be_run_is_refused_before_anything_is_opened() {
    for (words, status, why) in [
        ("--exec -- no-such-command", 127, "ENOENT"),
        ("--exec -- /no/such/command", 127, "ENOENT"),
        ("--exec -- /etc/passwd", 126, "EACCES"),
        ("--exec -- /etc", 126, "EACCES"),
        ("-k --exec -- /etc", 126, "EACCES"),
    ] {
        let refused = listen(words).run().expect(status);
        assert!(!refused.stderr.contains("listening"), "{words}");
        refused.says(why);
    }
    // No shell's line is refused: it is the shell that cannot run it.
    let listener = shell("", "no-such-command").start();
    connect(listener.port()).run().expect(0);
    listener.finish().expect(127).says("not found");
}

#[test]
fn one_that_turns_out_not_to_be_a_program() {
    let folder = scratch();
    let file = folder.path().join("broken");
    fs::write(&file, "#!/no/such/interpreter\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&file, mode).unwrap();
    let listener = listen("--exec --").args([&file]).start();
    let mut peer = client(listener.port());
    listener.finish().expect(127);
    let _ = peer.read(&mut [0]);
    let listener = listen("-k --exec --").args([&file]).start();
    let mut peer = client(listener.port());
    assert!(peer.read(&mut [0]).is_err(), "a cut is no empty answer");
    listener.stderr_until(|line| line.contains("exec ") && line.contains("ENOENT"));
    end(listener);
}

#[test]
fn a_command_has_its_three_streams_and_nothing_else() {
    let script = r#"exec 7</dev/null 8>/dev/null; exec "$0" "$@""#;
    let list = "ls -l /proc/self/fd | sed 's/.* \\([0-9]* -> .*\\)/\\1/'; ls /proc/self/fd | wc -l";
    let listener = shell("-k", list).under(script).start();
    let port = listener.port();
    // Others are connected, and have commands of their own.
    let _others = [client(port), client(port)];
    let text = connect(port).run().expect(0).text();
    // ls has the folder open itself.
    assert_eq!(text.lines().last(), Some("4"), "{text}");
    assert!(!text.contains("socket:"), "{text}");
    end(listener);
}

#[test]
fn a_command_knows_who_speaks() {
    let line = "env | grep ^SOCKKIT_ | sort";
    let listener = shell("-k", line)
        .env("SOCKKIT_SECRET", "no")
        .env("SOCKKIT_PEER_ADDR", "forged")
        .start();
    let port = listener.port();
    for conn in 1..3 {
        let mut asking = client(port);
        let own = asking.local_addr().unwrap().port();
        let heard = String::from_utf8(read_end(&mut asking)).unwrap();
        let expected = format!(
            "SOCKKIT_CONN_ID={conn}\nSOCKKIT_LOCAL_ADDR=127.0.0.1\nSOCKKIT_LOCAL_PORT={port}\n\
             SOCKKIT_PEER_ADDR=127.0.0.1\nSOCKKIT_PEER_PORT={own}\nSOCKKIT_PROTO=tcp\n"
        );
        assert_eq!(heard, expected);
    }
    end(listener);

    let folder = scratch();
    let path = folder.path().join("s");
    let words = ["unix".as_ref(), "listen".as_ref(), path.as_os_str()];
    let listener = sockkit(words).args(["--sh", line]).start();
    listener.listening();
    let heard = read_end(&mut UnixStream::connect(&path).unwrap());
    let expected = format!(
        "SOCKKIT_CONN_ID=1\nSOCKKIT_LOCAL_ADDR={}\nSOCKKIT_PROTO=unix\n",
        path.display()
    );
    let heard = String::from_utf8(heard).unwrap();
    assert_eq!(heard, expected);
    listener.finish().expect(0);
}

#[test]
fn a_command_gets_the_limits_and_signals_that_we_were_given() {
    let line = "ulimit -n; grep -E 'SigBlk|SigIgn' /proc/self/status; ps -o pgid= -p $$; echo $$";
    let script = r#"ulimit -Sn 300; exec "$0" "$@""#;
    let listener = shell("-k", line).under(script).start();
    let text = connect(listener.port()).run().expect(0).text();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    assert_eq!(lines[0], "300", "{text}");
    assert_eq!(lines[1], "SigBlk:\t0000000000000000");
    // Two signals are the C library's own, signal(7), and pass through it untouched.
    let ignored = lines[2].strip_prefix("SigIgn:\t").unwrap();
    let ignored = u64::from_str_radix(ignored, 16).unwrap();
    assert_eq!(ignored & 0x7fff_ffff, 0, "{text}");
    assert_eq!(lines[3], lines[4], "it leads a group of its own");
    end(listener);
}

#[test]
fn a_command_whose_client_was_reset_is_ended_with_all_of_its_group() {
    let folder = scratch();
    for (number, (line, signals)) in [
        ("sleep 1000 & echo $! > FILE; sleep 1000", 1),
        (
            "trap '' HUP; sleep 1000 & echo $! > FILE; while :; do sleep 1; done",
            2,
        ),
        (
            "trap '' HUP TERM; sleep 1000 & echo $! > FILE; while :; do sleep 1; done",
            3,
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let file = folder.path().join(number.to_string());
        let line = line.replace("FILE", file.to_str().unwrap());
        let listener = shell("-k", &line).deadline(LONG).start();
        let leaving = client(listener.port());
        let sleeper = told(&file);
        assert!(runs(&sleeper));
        reset(leaving);
        let ended = || !runs(&sleeper) && listener.children().is_empty();
        assert!(
            becomes(ended),
            "after {signals} signals {:?}",
            listener.children()
        );
        end(listener);
    }
}

#[test]
fn a_client_that_ended_may_be_waited_for_by_its_command_for_so_long() {
    let folder = scratch();
    let file = folder.path().join("pid");
    let line = format!("echo $$ > {}; exec sleep 1000", file.display());
    let listener = shell("-k --linger 300ms", &line).start();
    drop(client(listener.port()));
    let sleeper = told(&file);
    assert!(becomes(|| !runs(&sleeper) && listener.children().is_empty()));
    end(listener);
    let listener = shell("--linger 300ms", "exec sleep 1000").start();
    drop(client(listener.port()));
    listener.finish().expect(124).says("300ms");
}

#[test]
fn no_command_outlives_us_whatever_ends_us() {
    let folder = scratch();
    for (number, (words, signal, status)) in [
        ("-k", Some(Signal::SIGTERM), 143),
        ("-k", Some(Signal::SIGINT), 130),
        ("-k", Some(Signal::SIGHUP), 129),
        ("", Some(Signal::SIGTERM), 143),
        ("-k --deadline 1s", None, 124),
        ("--idle-timeout 1s", None, 124),
    ]
    .into_iter()
    .enumerate()
    {
        let file = folder.path().join(number.to_string());
        let line = format!(
            "trap '' TERM; sleep 1000 & echo $! > {}; wait",
            file.display()
        );
        let listener = shell(words, &line).start();
        let _staying = client(listener.port());
        let sleeper = told(&file);
        if let Some(signal) = signal {
            listener.signal(signal);
        }
        listener.finish().expect(status);
        assert!(becomes(|| !runs(&sleeper)), "{words} {signal:?}");
    }
}

#[test]
fn one_that_is_silent_for_too_long_loses_its_command() {
    let listener = listen("-k --idle-timeout 300ms --exec -- cat").start();
    let mut silent = client(listener.port());
    silent.write_all(b"x").unwrap();
    silent.read_exact(&mut [0]).unwrap();
    assert_eq!(read_end(&mut silent), b"");
    assert!(becomes(|| listener.children().is_empty()));
    end(listener);
}

#[test]
fn a_terminal_of_its_own() {
    // The terminal echoes what is typed into the midst of what is said: the numbers are said at once.
    let line = "test -t 0 && test -t 1 && test -t 2 && tty; n=$(ps -o pid=,pgid=,sid=,tpgid= -p $$); \
                echo \"<$n>\"; read word; echo \"[$word]\"; cat; echo over";
    let listener = shell("--pty", line).start();
    let mut guest = client(listener.port());
    guest.write_all(b"word\nrest").unwrap();
    // The end of what it says is the end of input, in the midst of a line too.
    guest.shutdown(Shutdown::Write).unwrap();
    let heard = String::from_utf8(read_end(&mut guest)).unwrap();
    assert!(heard.contains("/dev/pts/"), "{heard}");
    let (_, numbers) = heard.split_once('<').unwrap();
    let (numbers, _) = numbers.split_once('>').unwrap();
    let numbers: Vec<&str> = numbers.split_whitespace().collect();
    assert_eq!(numbers.len(), 4, "{heard}");
    assert!(
        numbers.iter().all(|number| *number == numbers[0]),
        "{heard}"
    );
    assert!(
        heard.contains("[word]\r\n") && heard.contains("rest"),
        "{heard}"
    );
    assert!(heard.ends_with("over\r\n"), "{heard:?}");
    drop(guest);
    listener.finish().expect(0);
}

#[test]
fn who_hangs_up_a_terminal_ends_what_runs_on_it() {
    let folder = scratch();
    let file = folder.path().join("pid");
    let line = format!("sleep 1000 & echo $! > {}; wait", file.display());
    let listener = shell("-k --pty", &line).start();
    let port = listener.port();
    let open = descriptors(&listener);
    let leaving = client(port);
    let sleeper = told(&file);
    reset(leaving);
    assert!(becomes(|| !runs(&sleeper) && listener.children().is_empty()));
    assert!(
        becomes(|| descriptors(&listener) == open),
        "a descriptor leaks"
    );
    end(listener);
}

#[test]
fn a_thousand_commands_come_and_go() {
    let listener = shell("-k", "read word; echo \"$word\"")
        .deadline(LONG)
        .start();
    let port = listener.port();
    let open = descriptors(&listener);
    for hundred in 0..10 {
        let mut clients: Vec<TcpStream> = (0..100).map(|_| client(port)).collect();
        for (number, client) in clients.iter_mut().enumerate() {
            client.set_read_timeout(Some(LONG)).unwrap();
            writeln!(client, "{hundred} {number}").unwrap();
        }
        for (number, mut client) in clients.into_iter().enumerate() {
            match number % 10 {
                // Some leave without a word of farewell.
                9 => reset(client),
                _ => {
                    let heard = String::from_utf8(read_end(&mut client)).unwrap();
                    assert_eq!(heard, format!("{hundred} {number}\n"));
                }
            }
        }
    }
    assert!(
        becomes(|| listener.children().is_empty()),
        "{:?}",
        listener.children()
    );
    assert!(
        becomes(|| descriptors(&listener) == open),
        "a descriptor leaks"
    );
    end(listener);
}

#[test]
fn a_client_that_is_killed_leaves_nothing_behind() {
    let listener = listen("-k --exec -- cat").start();
    let port = listener.port();
    let open = descriptors(&listener);
    for _ in 0..5 {
        let talking = connect(port).piped().start();
        talking.write("hello\n");
        assert_eq!(talking.line(), "hello");
        let pid = Pid::from_raw(i32::try_from(talking.pid()).unwrap());
        kill(pid, Signal::SIGKILL).unwrap();
        talking.finish().expect(137);
    }
    assert!(becomes(|| listener.children().is_empty()));
    assert!(becomes(|| descriptors(&listener) == open));
    end(listener);
}

#[test]
fn a_service_manager_hands_the_listener_over() {
    let (socket, port) = listener();
    let script = r#"LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" "$@" 3<&0 0</dev/null"#;
    let socket = std::os::fd::OwnedFd::from(socket);
    let listener = sockkit([
        "tcp",
        "listen",
        "-k",
        "fd:systemd",
        "--sh",
        "cat; echo over",
    ])
    .stdin(crate::kit::Stdin::Open(socket))
    .under(script)
    .start();
    listener.listening();
    for _ in 0..2 {
        let said = connect(port).input("word, ").run().expect(0);
        assert_eq!(said.text(), "word, over\n");
    }
    end(listener);
}
