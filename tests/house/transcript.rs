//! A terminal session as documentation shows it: a line `$ COMMAND` is typed into bash, the lines below it are what
//! then stands on the screen. `...` is any text within a line, or any number of lines where it stands alone.
//!
//! A session has a directory and a network of its own, so that every example may use the same port and leave a server
//! behind. Nothing sleeps: after each command the screen is awaited, a server's ready line too.

use std::env;
use std::fmt::Write as _;
use std::io::Write as _;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use nix::unistd::{Pid, geteuid, read};

/// How long what runs in the background may take to show what it should.
const PATIENCE: Duration = Duration::from_secs(10);

/// What ends a command's output while something runs in the background: ASCII's unit separator.
const MORE: char = '\x1f';

/// What ends it when nothing does, so that nothing will follow: the record separator.
const ALL: char = '\x1e';

/// Runs the commands that arrive on its stdin, each ended by a zero byte; `$?` lasts from one to the next.
const DRIVER: &str = r#"
exec 3<&0 </dev/null
status=0
while IFS= read -r -d '' -u 3 command; do
    (exit "$status")
    eval "$command" 3<&-
    status=$?
    if [ -n "$(jobs -rp)" ]; then printf '\037'; else printf '\036'; fi
done
"#;

/// One command and what it shows.
#[derive(Debug, Default)]
pub(crate) struct Step {
    /// As typed.
    pub(crate) command: String,
    /// The lines below it.
    pub(crate) shown: Vec<String>,
}

/// The steps of a block of documentation.
pub(crate) fn steps(block: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in block.lines() {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push(Step {
                command: command.to_owned(),
                shown: Vec::new(),
            }),
            (None, Some(step)) => step.shown.push(line.to_owned()),
            (None, None) => panic!("a session begins with `$ COMMAND`, not with {line:?}"),
        }
    }
    steps
}

/// Whether sessions can have a network of their own here.
pub(crate) fn is_possible() -> bool {
    let isolated = isolated("ip link set lo up").stderr(Stdio::null()).status();
    isolated.is_ok_and(|status| status.success())
}

/// Type the steps into a session with `programs` first in PATH; an error tells what the screen showed instead.
pub(crate) fn play(steps: &[Step], programs: &Path) -> Result<(), String> {
    let directory = tempfile::tempdir().unwrap();
    let mut session = Session::start(directory.path(), programs);
    for step in steps {
        session.play(step)?;
    }
    Ok(())
}

struct Session {
    shell: Child,
    keyboard: ChildStdin,
    /// A socket, as a pipe would be opened anew by sockkit and take a descriptor number that a terminal does not.
    screen: OwnedFd,
    /// Whether the last command left the cursor within a line, so that a line end may follow.
    within_line: bool,
}

impl Session {
    fn start(directory: &Path, programs: &Path) -> Self {
        let (screen, output) = socketpair(
            AddressFamily::Unix,
            SockType::Stream,
            None,
            SockFlag::SOCK_CLOEXEC,
        )
        .unwrap();
        let inherited = env::var_os("PATH").unwrap_or_default();
        let path = [programs.to_owned()]
            .into_iter()
            .chain(env::split_paths(&inherited));
        let mut shell = isolated(&format!("ip link set lo up && {DRIVER}"))
            .current_dir(directory)
            .env("PATH", env::join_paths(path).unwrap())
            .env("HOME", directory)
            .env("LC_ALL", "C.UTF-8")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap();
        let keyboard = shell.stdin.take().unwrap();
        Self {
            shell,
            keyboard,
            screen,
            within_line: false,
        }
    }

    fn play(&mut self, step: &Step) -> Result<(), String> {
        write!(self.keyboard, "{}\0", step.command).unwrap();
        let deadline = Instant::now() + PATIENCE;
        let mut screen = Vec::new();
        loop {
            let text = String::from_utf8_lossy(&screen);
            let typed = text.replace([MORE, ALL], "");
            let late = self.within_line && typed.starts_with('\n');
            let shown = if late { &typed[1..] } else { typed.as_str() };
            let lines: Vec<&str> = shown.lines().collect();
            if text.contains([MORE, ALL]) && are_alike(&step.shown, &lines) {
                if let Some(last) = typed.chars().last() {
                    self.within_line = last != '\n';
                }
                return Ok(());
            }
            if text.contains(ALL) || !self.read(&mut screen, deadline) {
                return Err(difference(step, shown));
            }
        }
    }

    /// Read what has come to the screen; false once the deadline has passed or the screen is gone.
    fn read(&self, screen: &mut Vec<u8>, deadline: Instant) -> bool {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = PollTimeout::try_from(left).unwrap();
        let mut polled = [PollFd::new(self.screen.as_fd(), PollFlags::POLLIN)];
        if poll(&mut polled, left).unwrap() == 0 {
            return false;
        }
        let mut buffer = [0; 4096];
        let count = read(&self.screen, &mut buffer).unwrap();
        screen.extend_from_slice(&buffer[..count]);
        count > 0
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let group = Pid::from_raw(self.shell.id().try_into().unwrap());
        let _ = killpg(group, Signal::SIGKILL);
        let _ = self.shell.wait();
    }
}

/// bash in a network namespace; root needs no user namespace for it.
fn isolated(script: &str) -> Command {
    let mut command = Command::new("unshare");
    if !geteuid().is_root() {
        command.arg("--map-root-user");
    }
    command.args(["--net", "bash", "--norc", "-c", script]);
    command
}

fn difference(step: &Step, shown: &str) -> String {
    let mut text = format!("$ {}\n", step.command);
    for line in &step.shown {
        let _ = writeln!(text, "  should show: {line}");
    }
    for line in shown.lines() {
        let _ = writeln!(text, "  shows:       {line}");
    }
    text
}

fn are_alike(expected: &[String], shown: &[&str]) -> bool {
    match (expected, shown) {
        ([], []) => true,
        ([wildcard, rest @ ..], _) if wildcard == "..." => {
            (0..=shown.len()).any(|skipped| are_alike(rest, &shown[skipped..]))
        }
        ([line, rest @ ..], [first, others @ ..]) => {
            is_alike(line, first) && are_alike(rest, others)
        }
        _ => false,
    }
}

/// Whether a line is the expected one, `...` being anything.
fn is_alike(expected: &str, shown: &str) -> bool {
    match expected.split_once("...") {
        None => expected == shown.trim_end(),
        Some((start, rest)) => shown.strip_prefix(start).is_some_and(|tail| {
            let mut places = tail.char_indices().map(|(at, _)| at).chain([tail.len()]);
            places.any(|at| is_alike(rest, &tail[at..]))
        }),
    }
}

#[test]
fn the_wildcards() {
    for (expected, shown, alike) in [
        ("a", "a", true),
        ("a", "b", false),
        ("", "a", false),
        ("a...d", "abcd", true),
        ("a...d", "ad", true),
        ("a...c", "abcd", false),
        ("...", "", true),
        ("...\nd", "a\nb\nd", true),
        ("...\nd", "a\nb", false),
        ("a\n...", "a", true),
        ("a\n...\nd", "a\nd\nd", true),
    ] {
        let lines: Vec<String> = expected.lines().map(str::to_owned).collect();
        let on_screen: Vec<&str> = shown.lines().collect();
        assert_eq!(
            are_alike(&lines, &on_screen),
            alike,
            "{expected:?} {shown:?}"
        );
    }
}

#[test]
fn a_session_shows_what_it_should_or_says_so() {
    if !is_possible() {
        super::peers::skip("sessions, without a network namespace");
        return;
    }
    let play = |block| play(&steps(block), Path::new("/nowhere"));
    let good = "$ mkfifo news\n$ (read line; echo got $line) < news &\n$ echo it > news\ngot it\n\
                $ cat\n$ false\n$ echo $?\n1\n$ echo a; echo b >&2\na\nb\n$ ip -br link\nlo ...,UP,...";
    assert_eq!(play(good), Ok(()));
    let said = play("$ echo a\na\n$ echo b\nc").unwrap_err();
    assert_eq!(said, "$ echo b\n  should show: c\n  shows:       b\n");
}
