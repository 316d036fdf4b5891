//! The loop: wait, take what is ready, look at those whose state has changed, ring the alarms that are due.

use std::time::Instant;

use nix::sys::wait::WaitStatus;
use slab::Slab;

use super::super::buffer::Buffer;
use super::super::ending::LoopError;
use super::super::inlet::Source;
use super::super::listener::late;
use super::super::outlet::StdoutError;
use super::super::pump::room;
use super::super::reactor::Interest;
use super::super::records::Records;
use super::super::tap::{LEDGER, TapWatch};
use super::super::timer::{Expired, Timer};
use super::super::watch::Watch;
use super::alarm::{Alarm, Alarms};
use super::client::Manner;
use super::crowd::Crowd;
use super::job::Job;
use super::{Hub, HubEnding};
use crate::net::CallError;

const STDIN: usize = 0;
const STDOUT: usize = 1;
/// Tokens from here on are listeners, then connections and commands.
const FIRST: usize = 2;
/// How many tokens a key has: a connection's socket, a command's stdin, its stdout, its end.
const TOKENS: usize = 4;

/// What of a command is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Stdin,
    Stdout,
    Process,
}

/// A hub at work.
pub(super) struct Serving<'h, 'a> {
    pub(super) hub: &'h mut Hub<'a>,
    pub(super) crowd: Crowd,
    pub(super) jobs: Slab<Job>,
    pub(super) alarms: Alarms,
    /// The time of this turn.
    pub(super) now: Instant,
    pub(super) buffer: Buffer,
    /// How many have come.
    pub(super) accepted: u64,
    pub(super) stdin_ended: bool,
    /// Until when nobody is accepted, for want of descriptors.
    pub(super) paused_until: Option<Instant>,
    /// Whether that was said.
    pub(super) warned: bool,
    pub(super) listening: Vec<Watch>,
    stdin: Watch,
    stdout: Watch,
    tap: TapWatch,
    /// When those who read what has come last took some of what waited for them.
    pub(super) drained: Instant,
    /// The first token behind those of the listeners.
    base: usize,
    /// How the only connection's command ended of itself.
    pub(super) status: Option<WaitStatus>,
    /// Why the only connection ended, where it was not a plain end.
    pub(super) failure: Option<LoopError>,
}

impl<'h, 'a> Serving<'h, 'a> {
    pub(super) fn new(hub: &'h mut Hub<'a>) -> Self {
        let manner = Manner {
            pace: hub.pace,
            records: hub.records.is_some(),
        };
        let crowd = Crowd::new(hub.tap.clone(), manner);
        let tap = TapWatch::new(&hub.tap);
        let base = FIRST + hub.listeners.len();
        let stdin_ended = hub.inlet.source() == Source::Null;
        let buffer = Buffer::new(room(hub.records.is_some()));
        Self {
            hub,
            crowd,
            jobs: Slab::new(),
            alarms: Alarms::default(),
            now: Instant::now(),
            buffer,
            accepted: 0,
            stdin_ended,
            paused_until: None,
            warned: false,
            listening: (FIRST..base).map(Watch::new).collect(),
            stdin: Watch::new(STDIN),
            stdout: Watch::new(STDOUT),
            tap,
            drained: Instant::now(),
            base,
            status: None,
            failure: None,
        }
    }

    pub(super) fn turn_until_over(&mut self) -> Result<HubEnding, LoopError> {
        loop {
            let stdin_at_once = self.watch()?;
            let until = match stdin_at_once {
                true => Some(self.now),
                false => self.next_wake(),
            };
            if let Some(signal) = self.hub.reactor.wait(until)? {
                return Ok(HubEnding::Signal(signal));
            }
            self.now = Instant::now();
            if self.hub.reactor.take_aside() {
                self.give_accounts()?;
            }
            self.paused_until = self.paused_until.filter(|until| *until > self.now);
            self.take_ready(stdin_at_once)?;
            self.ring()?;
            self.settle()?;
            let takes_no_more = self.hub.limits.once || self.has_enough();
            if takes_no_more && self.accepted > 0 && self.is_over() {
                return self.outcome();
            }
            if let Some(expired) = self.hub.timers.expired(self.now) {
                return Err(self.late(expired));
            }
        }
    }

    /// A limit that fired, with what was waited for: somebody to come, or the only one who has.
    fn late(&mut self, expired: Expired) -> LoopError {
        let only = self.crowd.keys().first().copied();
        let only = only.filter(|_| self.hub.listeners.is_empty());
        match only.and_then(|key| self.crowd.get_mut(key)) {
            Some(client) => {
                let peer = client.socket().about();
                expired.on(format_args!("connection with {peer}")).into()
            }
            None if self.hub.listeners.is_empty() => expired.on("the only connection").into(),
            None => {
                let listeners = self.hub.listeners.iter();
                late(expired, listeners.map(|listener| &listener.socket))
            }
        }
    }

    /// Whether as many records were heard as were wanted.
    pub(super) fn has_enough(&self) -> bool {
        let records = self.hub.records.as_ref();
        records.is_some_and(Records::are_enough)
    }

    fn is_over(&self) -> bool {
        self.crowd.is_empty() && self.jobs.is_empty() && self.hub.tap.is_clear()
    }

    /// What became of the only connection: its command's status where it has one.
    fn outcome(&mut self) -> Result<HubEnding, LoopError> {
        match (self.status, self.failure.take()) {
            (Some(status), _) => Ok(HubEnding::Command(status)),
            (None, Some(failure)) => Err(failure),
            (None, None) => Ok(HubEnding::Done),
        }
    }

    fn next_wake(&self) -> Option<Instant> {
        let timers = self.hub.timers.next();
        [timers, self.paused_until, self.alarms.next()]
            .into_iter()
            .flatten()
            .min()
    }

    /// The token of a connection's socket by its key.
    pub(super) fn token(base: usize, key: usize) -> usize {
        base + key * TOKENS
    }

    /// The tokens of a command by its key.
    pub(super) fn job_tokens(&self, key: usize) -> [usize; 3] {
        let first = Self::token(self.base, key);
        [first + 1, first + 2, first + 3]
    }

    pub(super) fn base(&self) -> usize {
        self.base
    }

    /// Tell the kernel what is wanted now of what is not a connection's own; whether stdin is ready without it.
    fn watch(&mut self) -> Result<bool, CallError> {
        let accepting = self.has_room().then_some(Interest::READ);
        let hears_stdin = self.hears_stdin();
        let reactor = &*self.hub.reactor;
        self.tap.set(reactor, &self.hub.tap)?;
        for (listener, watch) in self.hub.listeners.iter().zip(&mut self.listening) {
            watch.set(reactor, &listener.socket, accepting)?;
        }
        let read = hears_stdin.then_some(Interest::READ);
        let (inlet, stdin) = (self.hub.inlet, &mut self.stdin);
        let always_there = inlet.with_fd(|fd| stdin.set(reactor, fd, read))?;
        if self.hub.speaks {
            // A reader who has left is told of without any interest.
            let wanted = match self.hub.outlet.is_clear() {
                true => Interest::NONE,
                false => Interest::WRITE,
            };
            let stdout = &mut self.stdout;
            let watched = |fd: std::os::fd::BorrowedFd<'_>| stdout.set(reactor, fd, Some(wanted));
            self.hub.outlet.with_fd(watched).transpose()?;
        }
        Ok((always_there || inlet.is_exhausted()) && hears_stdin)
    }

    fn take_ready(&mut self, mut stdin_ready: bool) -> Result<(), LoopError> {
        let (was_clear, unread) = (self.hub.outlet.is_clear(), self.unread());
        for index in 0..self.hub.reactor.ready().len() {
            let Some(ready) = self.hub.reactor.ready().get(index).copied() else {
                break;
            };
            match ready.token {
                STDIN => stdin_ready = true,
                STDOUT if ready.gone && self.hub.outlet.is_clear() => {
                    return Err(StdoutError::reader_gone().into());
                }
                STDOUT => {}
                LEDGER => {
                    self.hub.tap.flush();
                    self.crowd.go_on(self.now);
                }
                token if token < self.base => self.accept(token - FIRST)?,
                token => {
                    let key = (token - self.base) / TOKENS;
                    match (token - self.base) % TOKENS {
                        0 => self.take_client(key, ready)?,
                        1 => self.take_job(key, Side::Stdin)?,
                        2 => self.take_job(key, Side::Stdout)?,
                        _ => self.take_job(key, Side::Process)?,
                    }
                }
            }
        }
        self.hub.outlet.flush()?;
        if self.unread() < unread || (!was_clear && self.hub.outlet.is_clear()) {
            self.drained = self.now;
        }
        if stdin_ready && self.hears_stdin() {
            self.take_stdin()?;
        }
        Ok(())
    }

    /// How many bytes wait for those who read what has come.
    fn unread(&self) -> usize {
        self.hub.outlet.backlog() + self.hub.tap.kept()
    }

    fn ring(&mut self) -> Result<(), LoopError> {
        while let Some((alarm, key, conn)) = self.alarms.ring(self.now) {
            match alarm {
                Alarm::Idle => self.look_for_silence(key, conn)?,
                Alarm::Stall => self.look_for_stall(key, conn)?,
                Alarm::Farewell => self.look_for_farewell(key, conn)?,
                Alarm::Linger => self.end_lingering(key, conn)?,
                Alarm::Ladder => self.ask_again(key, conn)?,
                Alarm::Greeting => self.look_for_greeting(key, conn)?,
                Alarm::Pace => self.go_on_telling(key, conn),
            }
        }
        Ok(())
    }

    /// Nobody is connected: the time runs in which somebody must come.
    pub(super) fn await_arrival(&mut self) {
        let limit = self.hub.limits.arrival;
        if limit.is_some() && self.crowd.is_empty() && !self.hub.limits.once {
            self.hub.timers.start(Timer::Arrival, limit, self.now);
        }
    }
}
