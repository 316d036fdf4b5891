//! Traps 29 to 31, and the other half of 8: commands that a listener runs.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{NCAT, SOCAT, WATCHED, ours, say, tool};
use crate::kit::{DEADLINE, Running, free_port, linger_zero, read_end, sockkit, stream_to};

/// Each listener that runs a line of the shell for its client, by its name: its words before and after the line.
fn each(line: &str, judge: impl Fn(&str, Running, u16)) {
    let port = free_port();
    let socat_line = format!("SYSTEM:{line}");
    let words = [
        sockkit(["tcp", "listen", "0", "--sh", line]).into(),
        tool(
            NCAT,
            &["-v", "-l", "127.0.0.1", &port.to_string(), "-c", line],
        ),
        tool(
            SOCAT,
            &["-d", "-d", "TCP-LISTEN:0,bind=127.0.0.1", &socat_line],
        ),
    ];
    for (name, start) in ["sockkit", "ncat", "socat"].into_iter().zip(words) {
        if let Some(start) = start {
            let listening = start.start();
            let port = listening.foreign_port();
            judge(name, listening, port);
        }
    }
}

/// ncat drops what a command says after its client's end, socat what it says half a second after.
#[test]
fn trap_08_the_last_words_of_a_command() {
    each("cat; sleep 1; echo done", |name, _listening, port| {
        let mut client = stream_to(("127.0.0.1", port));
        say(&mut client, b"said\n");
        let mut heard = Vec::new();
        // A tool that has lost them may end in a reset.
        let _ = client.read_to_end(&mut heard);
        let whole = heard == b"said\ndone\n";
        assert_eq!(whole, name == "sockkit", "{name}");
    });
}

/// ncat and socat leave their sockets open in the command.
#[test]
fn trap_29_the_descriptors_of_a_command() {
    each("ls /proc/self/fd", |name, _listening, port| {
        let mut client = stream_to(("127.0.0.1", port));
        let heard = String::from_utf8(read_end(&mut client)).unwrap();
        let numbers: Vec<&str> = heard.lines().collect();
        // The last is that of the folder which ls reads.
        assert_eq!(
            numbers == ["0", "1", "2", "3"],
            name == "sockkit",
            "{name}: {heard}"
        );
    });
}

/// ncat leaves the commands of its clients running when these are gone, and when it is ended itself. Those that end are
/// buried by whoever is process 1.
#[test]
fn trap_30_commands_that_are_left_behind() {
    let line = "read word; test $word = q || { echo staying; exec sleep 300; }";
    let start = sockkit(["tcp", "listen", "-k", "0", "--sh", line]).start();
    let port = ("127.0.0.1", start.port());
    for _ in 0..5 {
        let mut client = stream_to(port);
        client.write_all(b"q\n").unwrap();
        read_end(&mut client);
    }
    assert!(comes_to(|| start.children().is_empty()), "the dead");
    let client = staying(port);
    // An end alone may be half of one: the command might still have something to say.
    linger_zero(&client);
    drop(client);
    assert!(comes_to(|| start.children().is_empty()), "who has gone");
    let (left, _client) = ended_with_a_client(start, port);
    assert!(comes_to(|| !left.iter().any(|child| lives(*child))), "all");

    let port = free_port();
    let words = ["-v", "-k", "-l", "127.0.0.1", &port.to_string(), "-c", line];
    if let Some(start) = tool(NCAT, &words) {
        let start = start.start();
        let port = ("127.0.0.1", start.foreign_port());
        let client = staying(port);
        let of_one = family(&start);
        linger_zero(&client);
        drop(client);
        assert!(!start.ends_within(WATCHED));
        assert!(
            of_one.iter().any(|child| lives(*child)),
            "ncat: who has gone"
        );
        let (left, client) = ended_with_a_client(start, port);
        let is_left = left.iter().any(|child| lives(*child));
        drop(client);
        let all = of_one.into_iter().chain(left);
        for child in all.filter(|child| lives(*child)) {
            let _ = kill(Pid::from_raw(child), Signal::SIGKILL);
        }
        assert!(is_left, "ncat: all");
    }
}

/// A client whose command is running.
fn staying(port: (&str, u16)) -> TcpStream {
    let mut client = stream_to(port);
    client.write_all(b"stay\n").unwrap();
    let mut line = [0; 8];
    client.read_exact(&mut line).unwrap();
    client
}

/// End a listener that runs a command; the processes that were its own.
fn ended_with_a_client(listening: Running, port: (&str, u16)) -> (Vec<i32>, TcpStream) {
    let client = staying(port);
    let family = family(&listening);
    assert!(!family.is_empty());
    listening.signal(Signal::SIGTERM);
    assert!(listening.ends_within(DEADLINE));
    (family, client)
}

/// The processes that a listener started, and those that they started.
fn family(listening: &Running) -> Vec<i32> {
    let mut family = listening.children();
    let mut at = 0;
    while let Some(child) = family.get(at) {
        let file = format!("/proc/{child}/task/{child}/children");
        let listed = std::fs::read_to_string(file).unwrap_or_default();
        let more: Vec<i32> = listed
            .split_whitespace()
            .map(|pid| pid.parse().unwrap())
            .collect();
        family.extend(more);
        at += 1;
    }
    family
}

/// Whether a process runs, as against one that is dead or unburied, proc_pid_stat(5).
fn lives(process: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let state = stat.rsplit(") ").next().unwrap_or_default();
    !state.is_empty() && !state.starts_with('Z')
}

/// Whether it comes to be so before the deadline.
fn comes_to(is_so: impl Fn() -> bool) -> bool {
    let start = Instant::now();
    while start.elapsed() < DEADLINE {
        if is_so() {
            return true;
        }
        thread::sleep(Duration::from_millis(20));
    }
    false
}

/// ncat calls the run a success, however its command ended.
#[test]
fn trap_31_the_status_of_a_command() {
    each("exit 7", |name, listening, port| {
        let mut client = stream_to(("127.0.0.1", port));
        read_end(&mut client);
        let status = listening.finish().status;
        match name {
            "sockkit" => assert_eq!(status, 7),
            "ncat" => assert_eq!(status, 0, "ncat"),
            _ => assert_ne!(status, 7, "socat"),
        }
    });
    for (command, status) in [("/no/such/command", 127), ("/etc/passwd", 126)] {
        let words = format!("tcp listen 0 --exec -- {command}");
        ours(&words).run().expect(status);
    }
}
