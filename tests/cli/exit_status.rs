//! Exit statuses and the one line that goes with each.

use std::io::{Read, Write};
use std::process::Command;
use std::time::Instant;

use nix::sys::signal::Signal;

use crate::kit::{
    DEADLINE, Finished, Sign, Start, Terminal, accept, deaf_port, listener, scratch, sockkit,
    stream_to,
};

/// Run with these words and nothing on stdin.
fn run(words: &str) -> Finished {
    sockkit(words.split_whitespace()).run()
}

#[test]
fn usage_errors_are_two_and_nothing_is_attempted() {
    for words in [
        "",
        "nosuch",
        "fqdn --nosuch",
        "fqdn a b",
        "--color sometimes fqdn",
        "tcp",
        "tcp nosuch",
        "tcp connect --nosuch",
        "tcp connect 1 2 3",
        "tcp connect --on-peer-eof never 1",
        "tcp connect -t soon 1",
        "tcp listen --bind",
        "tcp listen --ready-fd x 0",
        "tcp listen -k --no-shutdown 0",
        "tcp listen --echo --no-shutdown 0",
        "udp",
        "udp listen --lines --whole 0",
        "udp send --size x 1",
        "udp listen --count x",
        "udp listen --count -1",
        "unix",
        "unix listen",
    ] {
        let run = run(words).expect(2);
        assert!(
            run.stderr.starts_with("sockkit: "),
            "{words}: {}",
            run.stderr
        );
        assert!(run.stdout.is_empty(), "{words}");
    }
}

#[test]
fn hints_are_for_what_was_typed() {
    for (words, hint) in [
        ("tcp connect --bind ::1 1", "hint: [::1]\n"),
        ("tcp connect --bind ::1:9 1", "hint: [::1]:9\n"),
        ("unix listen .", "`ss -lxp`"),
        (
            "unix listen @exit-status --interface lo",
            "tcp, udp and raw",
        ),
        (
            "unix send @exit-status x --interface lo",
            "tcp, udp and raw",
        ),
    ] {
        let run = run(words).expect(2);
        assert!(run.stderr.contains(hint), "{words}: {}", run.stderr);
    }
}

#[test]
fn more_than_verbose_is_verbose() {
    run("fqdn -vv -v localhost").expect(0);
}

#[test]
fn flags_of_other_tools_are_known() {
    for (words, hint) in [
        ("tcp connect -d", "nc's -d is --no-stdin"),
        ("tcp connect -C 1", "nc's -C is --crlf"),
        (
            "tcp connect -z 1",
            "nc's -z is --probe: `sockkit tcp connect --probe HOST:PORTS`",
        ),
        ("tcp connect -x p:1 1", "nc's -x and -X are --proxy URL: "),
        (
            "tcp connect -e sh",
            "a listener runs commands: --exec -- COMMAND, --sh LINE",
        ),
        ("tcp listen -e sh", "ncat's -e is --exec -- COMMAND"),
        ("tcp listen --ssl", "ncat's --ssl is --tls"),
        (
            "http -d /",
            "python's --directory is DIR: `sockkit http DIR`",
        ),
        ("tcp connect 1 -t soon", "`sockkit tcp connect --help`"),
        ("tcp listen --max-conns 3", "-k"),
        ("tcp listen -- cat -n", "--exec -- cat -n"),
        ("tcp listen --exec cat", "--exec -- COMMAND"),
    ] {
        drop(run(words).expect(2).says(&format!("\n  hint: {hint}")));
    }
}

#[test]
fn a_number_that_is_none_is_told_what_is_allowed() {
    for (words, allowed) in [
        ("tcp listen --max-conns 0", "a count is a number, from 1 on"),
        ("tcp listen --backlog x", "a whole number is wanted"),
        ("ping --ttl 0 ::1", "a number from 1 to 255"),
    ] {
        drop(run(words).expect(2).says(allowed));
    }
}

#[test]
fn help_is_a_command_too() {
    for (words, meant) in [
        ("help", "--help"),
        ("help tcp", "tcp --help"),
        ("tcp help", "tcp --help"),
        ("help tcp listen", "tcp listen --help"),
        ("udp help send", "udp send --help"),
    ] {
        let [asked, meant] = [words, meant].map(|words| run(words).expect(0).text());
        assert_eq!(asked, meant, "{words}");
    }
    run("help nosuch").expect(2).says("'nosuch'");
}

#[test]
fn help_is_asked_for_and_is_no_error() {
    for words in [
        "--help",
        "--version",
        "fqdn --help",
        "tcp --help",
        "tcp connect -h",
        "tcp listen --help",
        "udp send --help",
        "udp connect --help",
        "udp listen --help",
        "unix connect --help",
        "unix listen --help",
        "unix send --help",
    ] {
        assert!(!run(words).expect(0).stdout.is_empty(), "{words}");
    }
}

#[test]
fn an_unknown_name_is_a_no() {
    for words in [
        "tcp connect nosuch.invalid:80",
        "udp connect nosuch.invalid:80",
        "udp send nosuch.invalid:80 hello",
    ] {
        let run = run(words).expect(1);
        assert!(
            run.stderr.contains("nosuch.invalid"),
            "{words}: {}",
            run.stderr
        );
        assert!(run.stderr.contains("(EAI_"), "{words}: {}", run.stderr);
    }
}

#[test]
fn an_address_that_is_not_ours_is_trouble() {
    for words in [
        "tcp listen 192.0.2.1:0",
        "udp listen 192.0.2.1:0",
        "tcp connect 127.0.0.1:1 --bind 192.0.2.1",
        "udp connect 127.0.0.1:1 --bind 192.0.2.1",
    ] {
        let run = run(words).expect(2);
        let expected = "sockkit: bind 192.0.2.1:0: cannot assign requested address (EADDRNOTAVAIL)";
        assert_eq!(run.stderr.lines().next(), Some(expected), "{words}");
    }
}

#[test]
fn a_port_without_the_privilege_is_trouble() {
    if !nix::unistd::geteuid().is_root() || crate::kit::peer("setpriv").is_none() {
        return;
    }
    // In a namespace of its own, low ports are privileged whatever this machine says.
    let script = r#"exec unshare -n sh -c 'ip link set lo up
echo 1024 > /proc/sys/net/ipv4/ip_unprivileged_port_start
exec setpriv --bounding-set=-all --inh-caps=-all --ambient-caps=-all --reuid=65534 --clear-groups "$0" "$@"' "$0" "$@""#;
    let run = sockkit(["tcp", "listen", "81"]).under(script).run();
    if run.stderr.contains("Permission denied") && !run.stderr.contains("sockkit:") {
        // The binary lies where nobody else may go.
        return;
    }
    run.expect(2).says("(EACCES)").says("CAP_NET_BIND_SERVICE");
}

/// Each signal that ends a run.
const SIGNALS: [Signal; 3] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP];

fn ended_by(signal: Signal, finished: Finished) {
    let finished = finished.expect(128 + signal as i32);
    assert!(!finished.stderr.contains("sockkit:"), "{}", finished.stderr);
}

#[test]
fn a_signal_ends_what_listens() {
    for signal in SIGNALS {
        for words in ["tcp listen 0", "tcp listen -k 0", "udp listen 0"] {
            let listening = sockkit(words.split(' ')).start();
            listening.listening();
            listening.signal(signal);
            ended_by(signal, listening.finish());
        }
    }
}

#[test]
fn a_signal_ends_a_connection() {
    for signal in SIGNALS {
        let (listener, port) = listener();
        let client = sockkit(["tcp", "connect", &port.to_string()])
            .piped()
            .start();
        let mut peer = accept(&listener);
        peer.write_all(b"hello").unwrap();
        client.read(5);
        client.signal(signal);
        ended_by(signal, client.finish());

        let listening = sockkit(["tcp", "listen", "0"]).piped().start();
        let mut client = stream_to(("127.0.0.1", listening.port()));
        client.write_all(b"hello").unwrap();
        listening.read(5);
        listening.signal(signal);
        ended_by(signal, listening.finish());
    }
}

#[test]
fn a_signal_ends_the_wait_for_a_connection() {
    let (_listener, _callers, port) = deaf_port();
    for signal in SIGNALS {
        let words = ["tcp", "connect", "--explain", &port.to_string()];
        let client = sockkit(words).start();
        client.stderr_until(|line| line.contains("EINPROGRESS"));
        client.signal(signal);
        let finished = client.finish();
        assert_eq!(finished.status, 128 + signal as i32);
    }
}

#[test]
fn what_was_received_before_a_signal_is_not_lost() {
    let (listener, port) = listener();
    let client = sockkit(["tcp", "connect", &port.to_string()])
        .piped()
        .start();
    let mut peer = accept(&listener);
    peer.write_all(b"received").unwrap();
    client.read(8);
    client.signal(Signal::SIGTERM);
    assert_eq!(client.finish().expect(143).text(), "received");
}

#[test]
fn a_signal_that_the_parent_ignores_stays_ignored() {
    let start: Start = sockkit(["tcp", "listen", "0"]);
    let listening = start.under(r#"trap "" INT; exec "$0" "$@""#).start();
    let port = listening.port();
    listening.signal(Signal::SIGINT);
    let mut client = stream_to(("127.0.0.1", port));
    client.write_all(b"still here").unwrap();
    drop(client);
    assert_eq!(listening.finish().expect(0).text(), "still here");
}

#[test]
fn an_error_is_one_line_and_quiet_is_none() {
    for words in ["tcp connect 127.0.0.1:1", "tcp connect nosuch.invalid:1"] {
        assert_eq!(run(words).stderr.lines().count(), 1, "{words}");
        let quiet = run(&format!("{words} -q"));
        assert_eq!(quiet.stderr, "", "{words}");
        assert_ne!(quiet.status, 0, "{words}");
    }
}

#[test]
fn a_signal_ends_what_waits_for_a_stuck_reader() {
    for flags in [[].as_slice(), &["--json"], &["--hex"]] {
        for words in [
            ["tcp", "listen", "0"].as_slice(),
            &["tcp", "listen", "-k", "0"],
        ] {
            let mut sign = Sign::new();
            let (reader, writer) = std::io::pipe().unwrap();
            let listening = sockkit(words)
                .args(flags)
                .args(sign.flags())
                .under(&sign.script(""))
                .stdout(writer)
                .start();
            let mut client = stream_to(("127.0.0.1", sign.port()));
            let pause = std::time::Duration::from_millis(200);
            client.set_write_timeout(Some(pause)).unwrap();
            while client.write_all(&[b'x'; 1 << 16]).is_ok() {}
            listening.signal(Signal::SIGTERM);
            let finished = listening.finish();
            assert_eq!(finished.status, 143, "{words:?} {flags:?}");
            drop(reader);
        }
    }
}

#[test]
fn a_broken_pipe_is_141_where_sigpipe_is_ignored_too() {
    let (listener, port) = listener();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let client = sockkit(["tcp", "connect", &port.to_string()])
        .under(r#"trap "" PIPE; exec "$0" "$@""#)
        .stdout(writer)
        .start();
    let _ = accept(&listener).write_all(b"unheard");
    assert_eq!(client.finish().expect(141).stderr, "");
}

#[test]
fn a_full_stdout_does_not_keep_a_listener_from_ending() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let full = writer.try_clone().unwrap();
    nix::fcntl::fcntl(&full, nix::fcntl::FcntlArg::F_SETPIPE_SZ(4096)).unwrap();
    writer.write_all(&[b'x'; 4096]).unwrap();
    let folder = scratch();
    let path = folder.path().join("s");
    let listener = sockkit(["unix", "listen", "--json"])
        .args([&path])
        .stdout(full)
        .start();
    // It is bound, and waits for room for the event that says so.
    let start = Instant::now();
    while !path.exists() {
        assert!(start.elapsed() < DEADLINE, "never bound");
        std::thread::yield_now();
    }
    listener.signal(Signal::SIGTERM);
    listener.finish().expect(143);
    assert!(!path.exists());
    drop(reader);
}

#[test]
fn signals_that_end_a_run_clean_up() {
    for (signal, status) in [
        (Signal::SIGQUIT, 131),
        (Signal::SIGALRM, 142),
        (Signal::SIGUSR1, 138),
    ] {
        let folder = scratch();
        let path = folder.path().join("s");
        let listener = sockkit(["unix", "listen"]).args([&path]).start();
        listener.listening();
        listener.signal(signal);
        listener.finish().expect(status);
        assert!(!path.exists(), "{signal}");
    }
}

#[test]
fn errors_are_harmless_on_a_terminal() {
    let refused = sockkit(["tcp", "connect", "-o", "\u{1b}[31m=1", "1"])
        .run()
        .expect(2);
    assert!(!refused.stderr.contains('\u{1b}'), "{}", refused.stderr);
}

#[test]
fn a_terminal_without_colours_gets_none() {
    for (term, is_coloured) in [("xterm", true), ("dumb", false)] {
        let mut terminal = Terminal::new();
        let run = Command::new(env!("CARGO_BIN_EXE_sockkit"))
            .args(["tcp", "connect", "--bind", "::1", "1"])
            .env("TERM", term)
            .env_remove("NO_COLOR")
            .stderr(terminal.program.try_clone().unwrap())
            .status()
            .unwrap();
        assert_eq!(run.code(), Some(2));
        let mut said = [0; 4096];
        let count = terminal.person.read(&mut said).unwrap();
        assert!(count > 0);
        assert_eq!(said[..count].contains(&0x1b), is_coloured, "{term}");
    }
}

#[test]
fn help_on_a_full_disk_is_trouble() {
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    sockkit(["--help"])
        .stdout(full)
        .run()
        .expect(2)
        .says("(ENOSPC)");
}

#[test]
fn a_port_file_that_is_no_file_is_written_to() {
    let folder = scratch();
    let fifo = folder.path().join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let listener = sockkit(["tcp", "listen", "0", "--port-file"])
        .args([&fifo])
        .start();
    let port = std::fs::read_to_string(&fifo).unwrap();
    assert_eq!(port, format!("{}\n", listener.port()));
}

/// The capabilities that a process has now, proc_pid_status(5).
fn effective(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    u64::from_str_radix(line.unwrap().trim(), 16).unwrap()
}

#[test]
fn of_privileges_only_those_over_files_and_processes_outlive_the_opening() {
    // CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_KILL: capability.h.
    let lasting = 0b10_1111;
    let folder = scratch();
    for words in [
        ["tcp", "listen", "-k", "127.0.0.1:0"].as_slice(),
        &["tcp", "listen", "127.0.0.1:0"],
        &["udp", "listen", "127.0.0.1:0"],
        &["unix", "listen", "./stream"],
        &["unix", "listen", "--type", "dgram", "./dgram"],
    ] {
        let listener = sockkit(words).directory(folder.path()).start();
        listener.stderr_until(|line| line.starts_with("listening on"));
        let left = effective(listener.pid());
        assert_eq!(left & !lasting, 0, "{words:?} {left:x}");
    }
}
