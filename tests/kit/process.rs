//! A child process: how it is started, what it says, how it ends.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Seek, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;

use super::DEADLINE;
use super::capture::Capture;

/// What a child reads.
pub(crate) enum Stdin {
    /// /dev/null.
    Null,
    /// A pipe that the test writes to and ends.
    Pipe,
    /// A pipe that holds these bytes and then ends.
    Bytes(Vec<u8>),
    /// A regular file.
    File(PathBuf),
    /// An open descriptor: a terminal, a socket.
    Open(OwnedFd),
}

/// A child about to be started: /dev/null as stdin, stdout and stderr gathered.
pub(crate) struct Start {
    program: OsString,
    args: Vec<OsString>,
    shell: Option<String>,
    stdin: Stdin,
    stdout: Option<Stdio>,
    environment: Vec<(String, Option<OsString>)>,
    directory: Option<PathBuf>,
    deadline: Duration,
}

/// A child that was started. It is killed when dropped.
pub(crate) struct Running {
    child: Child,
    command: String,
    exited: Receiver<()>,
    stdin: Option<Sender<Vec<u8>>>,
    stdout: Capture,
    stderr: Capture,
    deadline: Duration,
}

/// A child that ended.
#[derive(Debug)]
pub(crate) struct Finished {
    /// What was run.
    pub(crate) command: String,
    /// The status as a shell shows it: 128 + n after signal n.
    pub(crate) status: i32,
    /// All of stdout.
    pub(crate) stdout: Vec<u8>,
    /// All of stderr.
    pub(crate) stderr: String,
}

/// The binary under test.
pub(crate) fn sockkit<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Start {
    program(env!("CARGO_BIN_EXE_sockkit"), args)
}

/// Any program.
pub(crate) fn program<A: AsRef<OsStr>>(
    program: impl AsRef<OsStr>,
    args: impl IntoIterator<Item = A>,
) -> Start {
    Start {
        program: program.as_ref().to_owned(),
        args: args
            .into_iter()
            .map(|arg| arg.as_ref().to_owned())
            .collect(),
        shell: None,
        stdin: Stdin::Null,
        stdout: None,
        environment: Vec::new(),
        directory: None,
        deadline: DEADLINE,
    }
}

impl Start {
    /// More words.
    pub(crate) fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args
            .extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// The program and its words, for one that starts it in its stead.
    pub(crate) fn words(&self) -> Vec<OsString> {
        let program = std::iter::once(&self.program);
        program.chain(&self.args).cloned().collect()
    }

    /// What it reads.
    pub(crate) fn stdin(mut self, stdin: Stdin) -> Self {
        self.stdin = stdin;
        self
    }

    /// A pipe that holds `bytes` and then ends.
    pub(crate) fn input(self, bytes: impl AsRef<[u8]>) -> Self {
        self.stdin(Stdin::Bytes(bytes.as_ref().to_vec()))
    }

    /// A regular file of these bytes: unlike a pipe, it is heard out whatever the peer does meanwhile.
    pub(crate) fn upload(self, bytes: impl AsRef<[u8]>) -> Self {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes.as_ref()).unwrap();
        file.rewind().unwrap();
        self.stdin(Stdin::Open(file.into()))
    }

    /// A pipe that the test writes to and ends.
    pub(crate) fn piped(self) -> Self {
        self.stdin(Stdin::Pipe)
    }

    /// Where it writes, instead of a pipe that is gathered.
    pub(crate) fn stdout(mut self, stdout: impl Into<Stdio>) -> Self {
        self.stdout = Some(stdout.into());
        self
    }

    /// Start it through sh(1), whose script ends in `exec "$0" "$@"`: limits, closed descriptors.
    pub(crate) fn under(mut self, script: &str) -> Self {
        self.shell = Some(script.to_owned());
        self
    }

    /// Set a variable.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        let value = Some(value.as_ref().to_owned());
        self.environment.push((name.to_owned(), value));
        self
    }

    /// Start it in this directory.
    pub(crate) fn directory(mut self, directory: &Path) -> Self {
        self.directory = Some(directory.to_owned());
        self
    }

    /// How long each wait may take, instead of [`DEADLINE`].
    pub(crate) fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Start it.
    pub(crate) fn start(self) -> Running {
        let shown: Vec<_> = self.args.iter().map(|arg| arg.to_string_lossy()).collect();
        let command = format!("{} {}", self.program.to_string_lossy(), shown.join(" "));
        let (written, stdin) = match self.stdin {
            Stdin::Null => (None, Stdio::null()),
            Stdin::Pipe => (None, Stdio::piped()),
            Stdin::Bytes(bytes) => (Some(bytes), Stdio::piped()),
            Stdin::File(path) => (None, File::open(path).unwrap().into()),
            Stdin::Open(fd) => (None, fd.into()),
        };
        let mut built = match &self.shell {
            None => Command::new(&self.program),
            Some(script) => {
                let mut shell = Command::new("sh");
                shell.arg("-c").arg(script).arg(&self.program);
                shell
            }
        };
        built.args(&self.args).stderr(Stdio::piped());
        built.stdout(self.stdout.unwrap_or_else(Stdio::piped));
        built.stdin(stdin);
        for (name, value) in &self.environment {
            match value {
                Some(value) => built.env(name, value),
                None => built.env_remove(name),
            };
        }
        if let Some(directory) = &self.directory {
            built.current_dir(directory);
        }
        let started = built.spawn();
        let mut child = started.unwrap_or_else(|error| panic!("{command}: {error}"));
        // A command keeps its end of a pipe that it was given as stdout.
        drop(built);
        let mut stdin = child.stdin.take().map(feed);
        if let Some(bytes) = written {
            stdin.take().map(|sender| sender.send(bytes));
        }
        Running {
            exited: watch(&child),
            stdin,
            stdout: child.stdout.take().map_or_else(Capture::none, Capture::of),
            stderr: child.stderr.take().map_or_else(Capture::none, Capture::of),
            child,
            command,
            deadline: self.deadline,
        }
    }

    /// Start it and wait for its end.
    pub(crate) fn run(self) -> Finished {
        self.start().finish()
    }
}

impl Running {
    /// The address of the next `listening on PROTO ADDRESS` line of stderr; other lines are passed over.
    pub(crate) fn listening(&self) -> String {
        let line = self.stderr_until(|line| line.starts_with("listening on "));
        let address = line.split(' ').nth(3);
        address.unwrap_or_else(|| panic!("{line}")).to_owned()
    }

    /// The port of the next ready line.
    pub(crate) fn port(&self) -> u16 {
        let address = self.listening();
        let port = address
            .rsplit(':')
            .next()
            .and_then(|port| port.parse().ok());
        port.unwrap_or_else(|| panic!("no port in {address}"))
    }

    /// The port at the end of the line in which a foreign listener says that it listens.
    pub(crate) fn foreign_port(&self) -> u16 {
        let line =
            self.stderr_until(|line| line.contains("istening on") || line.contains("Bound on"));
        let digits = line
            .rsplit([':', ' '])
            .next()
            .and_then(|port| port.parse().ok());
        digits.unwrap_or_else(|| panic!("no port in {line}"))
    }

    /// The next line of stderr for which `wanted` holds.
    pub(crate) fn stderr_until(&self, wanted: impl Fn(&str) -> bool) -> String {
        loop {
            match self.stderr.line(self.deadline) {
                Some(line) if wanted(&line) => return line,
                Some(_) => {}
                None => panic!("{}: the line did not come", self.command),
            }
        }
    }

    /// The next line of stdout.
    pub(crate) fn line(&self) -> String {
        let line = self.stdout.line(self.deadline);
        line.unwrap_or_else(|| panic!("{}: no line came", self.command))
    }

    /// The next line of stdout; `None` where none comes within `limit`.
    pub(crate) fn line_within(&self, limit: Duration) -> Option<String> {
        self.stdout.line(limit)
    }

    /// The next `count` bytes of stdout.
    pub(crate) fn read(&self, count: usize) -> Vec<u8> {
        let bytes = self.stdout.exactly(count, self.deadline);
        bytes.unwrap_or_else(|| panic!("{}: no {count} bytes came", self.command))
    }

    /// Whether stdout ends within the deadline.
    pub(crate) fn stdout_ends(&self) -> bool {
        self.stdout.ends(self.deadline)
    }

    /// All of stdout so far.
    pub(crate) fn stdout_so_far(&self) -> Vec<u8> {
        self.stdout.all()
    }

    /// All of stderr so far.
    pub(crate) fn stderr_so_far(&self) -> String {
        String::from_utf8_lossy(&self.stderr.all()).into_owned()
    }

    /// Hand bytes to stdin; a child that has gone does not read them.
    pub(crate) fn write(&self, bytes: impl AsRef<[u8]>) {
        let stdin = self.stdin.as_ref().expect("stdin is an open pipe");
        let _ = stdin.send(bytes.as_ref().to_vec());
    }

    /// End stdin, once all that was written is through.
    pub(crate) fn end_stdin(&mut self) {
        self.stdin = None;
    }

    /// The process's id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How much processor time it has used, in clock ticks (hundredths of a second), proc_pid_stat(5).
    pub(crate) fn ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap();
        let after_name = stat.rsplit(") ").next().unwrap();
        let fields: Vec<&str> = after_name.split(' ').collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }

    /// What its descriptor `number` refers to.
    pub(crate) fn descriptor(&self, number: u32) -> PathBuf {
        std::fs::read_link(format!("/proc/{}/fd/{number}", self.pid())).unwrap()
    }

    /// The processes that it started and has not waited for, proc_pid_task_children(5).
    pub(crate) fn children(&self) -> Vec<i32> {
        let pid = self.pid();
        let file = format!("/proc/{pid}/task/{pid}/children");
        let listed = std::fs::read_to_string(file).unwrap();
        let numbers = listed.split_whitespace();
        numbers.map(|number| number.parse().unwrap()).collect()
    }

    /// Send a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(pid(&self.child), signal).unwrap();
    }

    /// Whether it ends within `limit`.
    pub(crate) fn ends_within(&self, limit: Duration) -> bool {
        self.exited.recv_timeout(limit) != Err(RecvTimeoutError::Timeout)
    }

    /// Whether it has not ended yet.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Wait for its end.
    pub(crate) fn finish(self) -> Finished {
        let limit = self.deadline;
        self.finish_within(limit)
    }

    /// Wait for its end, for `limit` at most.
    pub(crate) fn finish_within(mut self, limit: Duration) -> Finished {
        if self.child.try_wait().unwrap().is_none() && !self.ends_within(limit) {
            panic!("{}: still running after {limit:?}", self.command);
        }
        let status = status_of(self.child.wait().unwrap());
        let ended = self.stdout.ends(self.deadline) && self.stderr.ends(self.deadline);
        assert!(ended, "{}: a stream outlives it", self.command);
        Finished {
            command: self.command.clone(),
            status,
            stdout: self.stdout.all(),
            stderr: self.stderr_so_far(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if thread::panicking() {
            show(&self.command, "", &self.stdout.all(), &self.stderr_so_far());
        }
        // It may have ended already, and been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Finished {
    /// Expect this status, and return the run for more.
    pub(crate) fn expect(self, status: i32) -> Self {
        assert_eq!(self.status, status, "status of {}", self.command);
        self
    }

    /// Expect this status and this line on stderr's beginning.
    pub(crate) fn says(self, words: &str) -> Self {
        assert!(
            self.stderr.contains(words),
            "`{words}` not said by {}",
            self.command
        );
        self
    }

    /// stdout as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.stdout.clone()).expect("stdout is UTF-8")
    }

    /// stdout's lines, each a JSON object.
    pub(crate) fn events(&self) -> Vec<serde_json::Value> {
        let lines = self.text();
        let event = |line| {
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in line: {line}"))
        };
        lines.lines().map(event).collect()
    }
}

impl Drop for Finished {
    fn drop(&mut self) {
        if thread::panicking() {
            let ending = format!(" (status {})", self.status);
            show(&self.command, &ending, &self.stdout, &self.stderr);
        }
    }
}

fn show(command: &str, ending: &str, stdout: &[u8], stderr: &str) {
    const SHOWN: usize = 4000;
    let head = stdout.get(..SHOWN).unwrap_or(stdout).escape_ascii();
    let length = stdout.len();
    eprintln!(
        "--- {command}{ending}\n--- stdout, {length} bytes:\n{head}\n--- stderr:\n{stderr}---"
    );
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).unwrap())
}

/// Tell when a child has ended without reaping it: its number stays ours until it is waited for.
fn watch(child: &Child) -> Receiver<()> {
    let (sender, receiver) = channel();
    let pid = pid(child);
    thread::spawn(move || {
        // This thread takes no signals: the wait is not interrupted.
        let _ = waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT);
        let _ = sender.send(());
    });
    receiver
}

/// Write what is sent to `stdin`; it ends with the sender. A test never waits for a child that does not read.
fn feed(mut stdin: impl Write + Send + 'static) -> Sender<Vec<u8>> {
    let (sender, receiver) = channel::<Vec<u8>>();
    thread::spawn(move || {
        for bytes in receiver {
            if stdin
                .write_all(&bytes)
                .and_then(|()| stdin.flush())
                .is_err()
            {
                return;
            }
        }
    });
    sender
}

fn status_of(status: ExitStatus) -> i32 {
    let signal = status.signal().map(|signal| 128 + signal);
    status.code().or(signal).expect("it exited or was killed")
}
