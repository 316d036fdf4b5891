//! A connection's command: what its stdin has not taken yet, and how far it has come with its end.

use std::os::fd::OwnedFd;
use std::time::Instant;

use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;

use super::super::command::{Child, Fed, GRACE, Input, Process, wait_for_any};
use super::super::crlf::Crlf;
use super::super::reactor::{Interest, Reactor};
use super::super::watch::Watch;
use crate::net::CallError;

/// The character that ends input at a terminal, termios(3): VEOF, as a new terminal has it.
const END_OF_FILE: u8 = 4;

/// A command, from its start until it has been reaped.
pub(in crate::engine) struct Job {
    pub(in crate::engine) conn: u64,
    /// Its connection; `None` once that has ended.
    pub(in crate::engine) client: Option<usize>,
    process: Process,
    stdin: Input,
    /// `None` once it has ended.
    stdout: Option<OwnedFd>,
    is_terminal: bool,
    /// Ends the lines that it says.
    pub(super) crlf: Option<Crlf>,
    /// The last byte that it was fed.
    last: u8,
    /// Whether its stdin ends once all is written.
    ends: bool,
    /// How it ended. It is not reaped before its stdout has ended too.
    pub(in crate::engine) status: Option<WaitStatus>,
    /// The signal that asked it to end.
    pub(in crate::engine) asked: Option<Signal>,
    watches: [Watch; 3],
}

impl Job {
    /// A command that was started for a connection; the tokens are those of its stdin, its stdout and its end.
    pub(in crate::engine) fn new(
        conn: u64,
        client: usize,
        child: Child,
        is_terminal: bool,
        tokens: [usize; 3],
    ) -> Self {
        Self {
            conn,
            client: Some(client),
            process: child.process,
            stdin: child.stdin,
            stdout: Some(child.stdout),
            is_terminal,
            crlf: None,
            last: b'\n',
            ends: false,
            status: None,
            asked: None,
            watches: tokens.map(Watch::new),
        }
    }

    /// Whether it takes more. One that reads no more takes everything, and it is dropped.
    pub(in crate::engine) fn takes_more(&self) -> bool {
        self.stdin.waiting() == 0
    }

    /// How many bytes its stdin has not taken yet.
    pub(in crate::engine) fn waiting(&self) -> usize {
        self.stdin.waiting()
    }

    /// Whether it may still say something.
    pub(in crate::engine) fn may_speak(&self) -> bool {
        self.stdout.is_some()
    }

    /// Whether nothing is left of it but a zombie.
    pub(in crate::engine) fn is_over(&self) -> bool {
        self.status.is_some() && self.stdout.is_none()
    }

    /// Watch for what is wanted now; `hears` is whether what it says can be passed on.
    pub(in crate::engine) fn watch(
        &mut self,
        reactor: &Reactor,
        hears: bool,
    ) -> Result<(), CallError> {
        let [stdin, stdout, end] = &mut self.watches;
        if let Some(fd) = self.stdin.fd() {
            let wanted = (self.stdin.waiting() > 0).then_some(Interest::WRITE);
            stdin.set(reactor, fd, wanted)?;
        }
        if let Some(fd) = &self.stdout {
            stdout.set(reactor, fd, hears.then_some(Interest::READ))?;
        }
        let wanted = self.status.is_none().then_some(Interest::READ);
        end.set(reactor, self.process.watched(), wanted).map(drop)
    }

    /// Write to its stdin what it takes now, and keep the rest.
    pub(in crate::engine) fn feed(
        &mut self,
        bytes: &[u8],
        reactor: &Reactor,
    ) -> Result<(), CallError> {
        self.last = bytes.last().copied().unwrap_or(self.last);
        self.stdin.push(bytes);
        self.write(reactor)
    }

    /// Its client has said all: its stdin ends. At a terminal a character does that, at the beginning of a line.
    pub(in crate::engine) fn end_input(&mut self, reactor: &Reactor) -> Result<(), CallError> {
        if std::mem::replace(&mut self.ends, true) || self.stdin.fd().is_none() {
            return Ok(());
        }
        if self.is_terminal {
            let count = if self.last == b'\n' { 1 } else { 2 };
            (0..count).for_each(|_| self.stdin.push(&[END_OF_FILE]));
        }
        self.write(reactor)
    }

    /// Write as much of the rest as is taken.
    pub(in crate::engine) fn write(&mut self, reactor: &Reactor) -> Result<(), CallError> {
        match self.stdin.write() {
            Fed::Waiting => Ok(()),
            Fed::Whole if !self.ends || self.is_terminal => Ok(()),
            Fed::Whole | Fed::Refused => self.close_stdin(reactor),
        }
    }

    /// What it says, into `buffer`: how many bytes, 0 once it has ended; `None` when nothing is there yet.
    pub(in crate::engine) fn read(
        &mut self,
        buffer: &mut [u8],
        reactor: &Reactor,
    ) -> Result<Option<usize>, CallError> {
        let Some(stdout) = &self.stdout else {
            return Ok(None);
        };
        match nix::unistd::read(stdout, buffer) {
            Ok(count) if count > 0 => Ok(Some(count)),
            Err(Errno::EAGAIN | Errno::EINTR) => Ok(None),
            // A terminal that nobody has open any more gives EIO.
            _ => self.close_stdout(reactor).map(|()| Some(0)),
        }
    }

    /// Take note of its end, if it has come.
    pub(in crate::engine) fn look_for_end(&mut self) {
        self.status = self.process.ending();
    }

    /// Wait for its end until then.
    pub(in crate::engine) fn wait_for_end(&mut self, until: Instant) {
        self.status = self.process.wait(until);
    }

    /// Ask it to end, each time more firmly; whether it can be asked once more.
    pub(in crate::engine) fn ask(&mut self, reactor: &Reactor) -> Result<bool, CallError> {
        let signal = match self.asked {
            None => Signal::SIGHUP,
            Some(Signal::SIGHUP) => Signal::SIGTERM,
            Some(_) => Signal::SIGKILL,
        };
        self.asked = Some(signal);
        self.process.signal(signal);
        if signal != Signal::SIGKILL {
            return Ok(true);
        }
        // Whoever of it is still there has left the group: it is heard no more.
        self.close_stdout(reactor).map(|()| false)
    }

    /// Leave no zombie; what is left of a group that was asked to end is ended.
    pub(in crate::engine) fn reap(self) {
        match self.asked {
            Some(_) => self.process.kill(),
            None => self.process.reap(),
        }
    }

    /// It is told of what is open, though another process may have that open as well: epoll(7), question 6.
    fn close_stdin(&mut self, reactor: &Reactor) -> Result<(), CallError> {
        let [stdin, ..] = &mut self.watches;
        self.stdin
            .end()
            .map_or(Ok(()), |fd| stdin.set(reactor, &fd, None).map(drop))
    }

    fn close_stdout(&mut self, reactor: &Reactor) -> Result<(), CallError> {
        let [_, stdout, _] = &mut self.watches;
        self.stdout
            .take()
            .map_or(Ok(()), |fd| stdout.set(reactor, &fd, None).map(drop))
    }
}

/// No command outlives the run: all of them are asked to end, and those that do not are ended.
pub(in crate::engine) fn end_all<'a>(jobs: impl Iterator<Item = &'a mut Job>) {
    let until = Instant::now() + GRACE;
    let mut left: Vec<&mut Job> = jobs.collect();
    for job in &mut left {
        job.asked = Some(Signal::SIGTERM);
        job.process.signal(Signal::SIGTERM);
    }
    loop {
        left.retain_mut(|job| {
            job.look_for_end();
            job.status.is_none()
        });
        let processes: Vec<&Process> = left.iter().map(|job| &job.process).collect();
        if processes.is_empty() || !wait_for_any(&processes, until) {
            return;
        }
    }
}
