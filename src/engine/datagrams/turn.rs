//! The loop: what is ready is heard, answered and sent, until the run is over.

use std::thread;
use std::time::{Duration, Instant};

use super::super::ending::{Ending, LoopError};
use super::super::listener::late;
use super::super::outlet::StdoutError;
use super::super::pump::CHUNK;
use super::super::reactor::Interest;
use super::super::timer::{Expired, Timer};
use super::super::watch::{AtOnce, StdioWatch, Watch};
use super::crowd::{Crowd, Way};
use super::left_out::LeftOut;
use super::post::Post;
use super::sessions::Sessions;
use super::spare::Spares;
use super::{Answer, Answering, Ear, Exchange, Remark, Tally};
use crate::net::{BATCH, Inbox};

const STDIN: usize = 0;
const STDOUT: usize = 1;
/// Tokens from here on are sockets, and behind them commands.
const FIRST: usize = 2;
/// How many bytes in one turn are a flood.
const FLOOD: usize = 32 * 1024;
/// How close behind each other turns that bring little are one, too: ten thousand datagrams a second.
const CLOSE: Duration = Duration::from_micros(100);
/// For how long a flood is left to gather: to be woken for each of its trains costs more than to take them.
const GATHERING: Duration = Duration::from_micros(100);
/// From which receive buffer on, in bytes, none of it is lost meanwhile.
const DEEP: i32 = 8 << 20;
/// How often at most what was dropped is said.
const NEWS: Duration = Duration::from_secs(1);

/// A run's state.
pub(super) struct Turning<'e, 'a> {
    pub(super) exchange: &'e mut Exchange<'a>,
    pub(super) tally: Tally,
    pub(super) inboxes: Vec<Option<Inbox>>,
    /// How much each socket has dropped, as far as is known.
    pub(super) drops: Vec<u32>,
    /// When it was last said how much, and how much it was.
    said: (Option<Instant>, u64),
    /// What goes to stdout next, where it is put into words.
    pub(super) text: Vec<u8>,
    pub(super) buffer: Vec<u8>,
    pub(super) post: Post,
    pub(super) left_out: LeftOut,
    /// What helps where local peers do not read; `None` until it is needed.
    pub(super) spares: Option<Spares>,
    pub(super) last: Option<Way>,
    pub(super) crowd: Crowd,
    pub(super) sessions: Sessions,
    pub(super) stdin_ended: bool,
    /// The socket that had no room.
    pub(super) blocked: Option<usize>,
    /// Whether another socket has taken the place of the only one.
    pub(super) is_elsewhere: bool,
    /// Whether an empty datagram ended the run.
    pub(super) over: bool,
    /// How many bytes this turn has brought.
    pub(super) taken: usize,
    /// When the last turn was that brought something.
    heard_at: Option<Instant>,
    /// Whether a flood may be left to gather, once that was asked.
    gathers: Option<bool>,
    pub(super) now: Instant,
}

impl Exchange<'_> {
    /// Run until the count is reached, stdin's end has lingered, a limit fires or a signal comes.
    pub fn run(&mut self) -> (Tally, Result<Ending, LoopError>) {
        let base = FIRST + self.ears.len();
        let inbox = |room: usize| {
            // Those of a local socket may be large, and are few.
            let places = if room > 1 << 16 { 4 } else { BATCH };
            Some(Inbox::new(places, room))
        };
        let mut turning = Turning {
            tally: Tally::default(),
            inboxes: self.ears.iter().map(|ear| inbox(ear.room)).collect(),
            drops: vec![0; self.ears.len()],
            said: (None, 0),
            text: Vec::new(),
            buffer: vec![0; CHUNK],
            post: Post::default(),
            left_out: LeftOut::default(),
            spares: None,
            last: None,
            crowd: Crowd::default(),
            sessions: Sessions::new(base, self.expire),
            stdin_ended: !matches!(self.answer, Answer::Stdin),
            blocked: None,
            is_elsewhere: false,
            over: false,
            taken: 0,
            heard_at: None,
            gathers: None,
            now: Instant::now(),
            exchange: self,
        };
        let ending = turning.turn_until_over();
        turning.sessions.end();
        let ending = turning
            .account_for_drops()
            .map_err(LoopError::from)
            .and(ending);
        (turning.tally, ending)
    }
}

impl Turning<'_, '_> {
    fn turn_until_over(&mut self) -> Result<Ending, LoopError> {
        let mut sockets: Vec<Watch> = (0..self.exchange.ears.len())
            .map(|index| Watch::new(FIRST + index))
            .collect();
        let mut stdio = StdioWatch::new(STDIN, STDOUT);
        loop {
            if self.has_heard_all() && self.exchange.outlet.is_clear() {
                self.say_the_rest()?;
                self.sessions.part(self.exchange.reactor, self.now)?;
                self.settle()?;
                for (way, count) in self.post.abandon(self.now) {
                    self.leave_out(&way, count, None)?;
                }
                if self.post.is_empty() && self.sessions.is_empty() {
                    return Ok(Ending::Done);
                }
            }
            let at_once = self.watch(&mut sockets, &mut stdio)?;
            let until = at_once.or_until(self.next_wake());
            if let Some(signal) = self.exchange.reactor.wait(until)? {
                return Ok(Ending::Signal(signal));
            }
            self.now = Instant::now();
            self.take_ready(at_once.stdin)?;
            self.sessions.expire(self.exchange.reactor, self.now)?;
            self.send_held()?;
            self.settle()?;
            self.say_drops(false)?;
            self.say_left_out(false)?;
            if let Some(expired) = self.exchange.timers.expired(self.now) {
                return self.judge(expired);
            }
            if self.is_flooded() && self.may_gather() {
                thread::sleep(GATHERING);
                self.heard_at = Some(Instant::now());
            }
        }
    }

    /// Whether this turn has brought much, or came close behind another that brought something.
    fn is_flooded(&mut self) -> bool {
        let taken = std::mem::take(&mut self.taken);
        if taken == 0 {
            return false;
        }
        let before = self.heard_at.replace(self.now);
        let is_close = before.is_some_and(|before| self.now < before + CLOSE);
        taken >= FLOOD || is_close
    }

    /// Whether nobody is waiting for an answer or a line, and the kernel keeps what comes meanwhile.
    fn may_gather(&mut self) -> bool {
        let Exchange {
            ears, hear, answer, ..
        } = &*self.exchange;
        let is_deep = |ear: &Ear| {
            let buffer = ear.socket.int(libc::SOL_SOCKET, libc::SO_RCVBUF);
            buffer.is_ok_and(|bytes| bytes >= DEEP)
        };
        *self.gathers.get_or_insert_with(|| {
            let is_silent = hear.is_none() && matches!(answer, Answer::Stdin | Answer::Discard);
            is_silent && ears.iter().all(is_deep)
        })
    }

    fn has_heard_all(&self) -> bool {
        let count = self.exchange.count;
        self.over || count.is_some_and(|count| self.tally.heard >= count)
    }

    fn watch(
        &mut self,
        sockets: &mut [Watch],
        stdio: &mut StdioWatch,
    ) -> Result<AtOnce, LoopError> {
        if std::mem::take(&mut self.is_elsewhere) {
            // The one before was closed, and so is watched no more, epoll(7).
            sockets.fill_with(|| Watch::new(FIRST));
        }
        let hears_stdin = self.hears_stdin();
        let reads = self.exchange.outlet.is_clear() && !self.has_heard_all();
        let Exchange {
            reactor,
            ears,
            inlet,
            outlet,
            ..
        } = &*self.exchange;
        for (index, (ear, watch)) in ears.iter().zip(sockets).enumerate() {
            let interest = Interest {
                read: reads,
                // Of the one that is full: another has room all the time.
                write: self.blocked == Some(index),
            };
            let wanted = (interest != Interest::NONE).then_some(interest);
            watch.set(reactor, &ear.socket, wanted)?;
        }
        Ok(stdio.set(reactor, inlet, outlet, hears_stdin)?)
    }

    fn next_wake(&self) -> Option<Instant> {
        let limits = self.exchange.timers.next();
        let news = self.said.0.filter(|_| self.tally.dropped > self.said.1);
        let tries = [self.post.next(), self.left_out.next()];
        [limits, self.sessions.next(), news.map(|at| at + NEWS)]
            .into_iter()
            .chain(tries)
            .flatten()
            .min()
    }

    /// The count is reached: what stdin has to say by now still goes out.
    fn say_the_rest(&mut self) -> Result<(), LoopError> {
        while self.hears_stdin() && self.exchange.inlet.is_ready() {
            self.take_stdin()?;
        }
        Ok(())
    }

    /// The end of the linger is the expected end of a datagram exchange.
    fn judge(&self, expired: Expired) -> Result<Ending, LoopError> {
        let mut sockets = self.exchange.ears.iter().map(|ear| &ear.socket);
        match expired.timer {
            Timer::Linger => Ok(Ending::Done),
            _ if self.exchange.answering == Answering::Connected => {
                let peer = sockets
                    .next()
                    .map(|socket| socket.about())
                    .unwrap_or_default();
                Err(expired.on(format_args!("datagrams with {peer}")).into())
            }
            _ => Err(late(expired, sockets)),
        }
    }

    fn take_ready(&mut self, stdin_ready: bool) -> Result<(), LoopError> {
        for index in 0..self.exchange.reactor.ready().len() {
            let Some(ready) = self.exchange.reactor.ready().get(index).copied() else {
                break;
            };
            match ready.token {
                // In the order of arrival: what was typed before a datagram came does not answer that one.
                STDIN if self.hears_stdin() => self.take_stdin()?,
                STDIN => {}
                STDOUT if ready.gone && self.exchange.outlet.is_clear() => {
                    return Err(StdoutError::reader_gone().into());
                }
                STDOUT => {}
                token if token < FIRST + self.exchange.ears.len() => {
                    if ready.read {
                        self.receive(token - FIRST)?;
                    }
                    if ready.write {
                        self.send()?;
                    }
                }
                _ => self.hear_command(ready)?,
            }
        }
        self.exchange.outlet.flush()?;
        if stdin_ready && self.hears_stdin() {
            self.take_stdin()?;
        }
        Ok(())
    }

    fn settle(&mut self) -> Result<(), LoopError> {
        if self.sessions.is_empty() {
            return Ok(());
        }
        let post = &self.post;
        let hears = |way: &Way| post.has_room() && post.is_taken_by(way);
        let Exchange {
            reactor, remark, ..
        } = &mut *self.exchange;
        self.sessions.settle(&hears, reactor, remark)
    }

    /// The kernel has dropped `count` in all on this socket.
    pub(super) fn note_drops(&mut self, index: usize, count: u32) {
        if let Some(known) = self.drops.get_mut(index) {
            self.tally.dropped += u64::from(count.wrapping_sub(*known));
            *known = count;
        }
    }

    fn say_drops(&mut self, at_once: bool) -> Result<(), StdoutError> {
        let (at, total) = (self.said.0, self.tally.dropped);
        let count = total - self.said.1;
        let is_time = at.is_none_or(|at| self.now >= at + NEWS);
        if count == 0 || !(is_time || at_once) {
            return Ok(());
        }
        self.said = (Some(self.now), total);
        let mut ears = self.exchange.ears.iter();
        (self.exchange.remark)(&Remark::Dropped {
            count,
            total,
            at_least: ears.any(|ear| ear.socket.takes_trains()),
        })
    }

    fn say_left_out(&mut self, at_once: bool) -> Result<(), StdoutError> {
        match self.left_out.news(self.now, at_once) {
            Some((count, total)) => (self.exchange.remark)(&Remark::LeftOut { count, total }),
            None => Ok(()),
        }
    }

    /// In the end the kernel is asked: those dropped behind the last one that was heard are on no datagram.
    fn account_for_drops(&mut self) -> Result<(), StdoutError> {
        for index in 0..self.drops.len() {
            let ear = self.exchange.ears.get(index);
            if let Some(memory) = ear.and_then(|ear| ear.socket.memory()) {
                self.note_drops(index, memory.dropped);
            }
        }
        self.say_drops(true)?;
        self.say_left_out(true)
    }
}
