//! One of the hub's connections, and what waits to be sent to it.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

use super::super::ending::Moved;
use super::super::pace::Pace;
use super::super::reactor::{Interest, Reactor};
use super::super::tap::Tap;
use super::super::transport::Transport;
use super::super::watch::Watch;
use crate::net::{Address, CallError, Recv, Send, Socket};

/// How much may wait for one connection before its queue is full.
pub(super) const QUEUE: usize = 1024 * 1024;
/// What a piece that waits takes besides its bytes, about: its place, its counts, the allocator's share.
const ENTRY: usize = 64;

/// How all connections are spoken to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Manner {
    /// What slows sending down, each by itself.
    pub(super) pace: Option<Pace>,
    /// Whether they keep records apart (SOCK_SEQPACKET).
    pub(super) records: bool,
}

/// A connection. All that passes to and from its transport does so through the methods here.
pub(super) struct Client {
    pub(super) conn: u64,
    pub(super) peer: Address,
    transport: Transport,
    watch: Watch,
    /// Who sees what passes.
    tap: Tap,
    manner: Manner,
    /// Whether what is queued waits for its time.
    is_paced: bool,
    /// When that is, where nobody was told yet.
    wake: Option<Instant>,
    queue: VecDeque<Rc<[u8]>>,
    sent_of_first: usize,
    queued: usize,
    pub(super) moved: Moved,
    /// When the kernel got the record that was heard last.
    pub(super) at: Option<SystemTime>,
    /// When it came.
    pub(super) since: Instant,
    /// When it last said or took something.
    pub(super) active: Instant,
    /// When it last took something.
    pub(super) took: Instant,
    /// Whether its queue is full, and has not become half empty since.
    pub(super) is_full: bool,
    /// How many bytes were left out for it.
    pub(super) dropped: u64,
    /// Whether it was told anything.
    pub(super) was_told: bool,
    /// Whether it was told that something is left out for it.
    pub(super) is_dropping: bool,
    /// The length of a record that its socket does not take whole, until that is told.
    pub(super) too_long: Option<usize>,
    /// Whether a recv of a record has failed.
    was_reset: bool,
    pub(super) half_closed: bool,
    /// Since when nothing but its end is waited for.
    pub(super) farewell: Option<Instant>,
    /// Whether it has said all that it had to say.
    pub(super) ended: bool,
    /// Whether a hang-up was told, which is told for ever.
    pub(super) hung_up: bool,
    /// Why it takes no more.
    pub(super) failure: Option<CallError>,
    /// Its command.
    pub(super) job: Option<usize>,
    /// Whether it is to be looked at before the turn ends.
    pub(super) is_touched: bool,
    /// Whether it is not read because of others.
    pub(super) is_held: bool,
}

impl Client {
    pub(super) fn new(
        conn: u64,
        transport: Transport,
        peer: Address,
        token: usize,
        now: Instant,
    ) -> Self {
        Self {
            conn,
            peer,
            transport,
            watch: Watch::new(token),
            tap: Tap::default(),
            manner: Manner::default(),
            is_paced: false,
            wake: None,
            queue: VecDeque::new(),
            sent_of_first: 0,
            queued: 0,
            moved: Moved::default(),
            at: None,
            since: now,
            active: now,
            took: now,
            is_full: false,
            dropped: 0,
            was_told: false,
            is_dropping: false,
            too_long: None,
            was_reset: false,
            half_closed: false,
            farewell: None,
            ended: false,
            hung_up: false,
            failure: None,
            job: None,
            is_touched: false,
            is_held: false,
        }
    }

    /// The same, whose bytes are seen, and which is spoken to in some manner.
    pub(super) fn treated(self, tap: Tap, manner: Manner) -> Self {
        Self {
            tap,
            manner,
            ..self
        }
    }

    /// Its socket, to be asked about.
    pub(super) fn socket(&self) -> &Socket {
        self.transport.socket()
    }

    /// Whether everything that it was told is with the kernel.
    pub(super) fn is_clear(&self) -> bool {
        self.queue.is_empty() && !self.transport.wants_write()
    }

    /// Whether there being room would help.
    pub(super) fn wants_room(&self) -> bool {
        !self.is_clear() && !self.is_paced && !self.is_unseen()
    }

    /// Whether those who see what passes have to come after first.
    pub(super) fn is_unseen(&self) -> bool {
        self.tap.is_behind(self.conn)
    }

    /// Whether what is queued waits for its time, not for the peer.
    pub(super) fn is_paced(&self) -> bool {
        self.is_paced
    }

    /// When what is queued may be sent; told once.
    pub(super) fn take_wake(&mut self) -> Option<Instant> {
        self.wake.take()
    }

    /// Whether its peer has yet to say that everything has arrived.
    pub(super) fn is_unacknowledged(&self) -> bool {
        self.transport.socket().unacknowledged() > 0
    }

    /// Whether it is still in its handshake.
    pub(super) fn is_greeting(&self) -> bool {
        self.transport.is_greeting()
    }

    /// Whether it has said something that was heard already.
    pub(super) fn is_ready(&self) -> bool {
        self.transport.is_ready()
    }

    /// Go on with its handshake; what waits for its end is sent.
    pub(super) fn greet(&mut self, now: Instant) {
        if let Err(failure) = self.transport.greet() {
            self.ended = true;
            return self.fail(failure);
        }
        if !self.is_greeting() {
            self.active = now;
            self.send(now);
        }
    }

    /// How many bytes wait for it.
    pub(super) fn queued(&self) -> usize {
        self.queued
    }

    /// Watch for what is wanted now; `None` for nothing at all.
    pub(super) fn watch(
        &mut self,
        reactor: &Reactor,
        wanted: Option<Interest>,
    ) -> Result<(), CallError> {
        let transport = &self.transport;
        let wanted = match wanted {
            _ if transport.is_greeting() => Some(transport.interest(true, false)),
            Some(interest) => Some(transport.interest(interest.read, interest.write)),
            None => None,
        };
        let socket = transport.socket();
        self.watch.set(reactor, socket, wanted).map(drop)
    }

    /// What it says; the length of a record may be more than what fits into `buffer`.
    pub(super) fn recv(&mut self, buffer: &mut [u8], now: Instant) -> Result<Recv, CallError> {
        let received = match self.manner.records {
            true => match self.transport.socket().recv_record(buffer) {
                Ok((received, at)) => {
                    self.at = at;
                    received
                }
                // A reset is told before the records that came first.
                Err(reset) if !std::mem::replace(&mut self.was_reset, true) => {
                    self.fail(reset);
                    return Ok(Recv::WouldBlock);
                }
                Err(failure) => return Err(failure),
            },
            false => self.transport.recv(buffer)?,
        };
        match received {
            Recv::Bytes(0) if self.at.is_some() => self.active = now,
            Recv::Bytes(0) => self.ended = true,
            Recv::Bytes(count) => {
                self.active = now;
                self.moved.received += count as u64;
                self.tap
                    .received(self.conn, buffer.get(..count).unwrap_or(buffer));
            }
            Recv::WouldBlock => {}
        }
        Ok(received)
    }

    /// Tell it something that others are told as well.
    pub(super) fn enqueue(&mut self, chunk: &Rc<[u8]>, now: Instant) {
        let is_nothing = chunk.is_empty() && !self.manner.records;
        if is_nothing || self.failure.is_some() || self.half_closed {
            return;
        }
        self.queue(Rc::clone(chunk));
        // What waits already goes on once there is room.
        if self.queue.len() == 1 {
            self.send(now);
        }
    }

    /// Tell it something: only what the kernel does not take is copied.
    pub(super) fn say(&mut self, bytes: &[u8], now: Instant) {
        if self.failure.is_some() || self.half_closed {
            return;
        }
        if self.manner.pace.is_some() {
            return self.enqueue(&bytes.into(), now);
        }
        let mut rest = Some(bytes).filter(|bytes| self.manner.records || !bytes.is_empty());
        while let Some(piece) = rest.filter(|_| self.is_clear()) {
            match self.offer(piece, now) {
                Ok(None) => break,
                Ok(Some(count)) => rest = piece.get(count..).filter(|rest| !rest.is_empty()),
                Err(failure) => return self.fail(failure),
            }
        }
        if let Some(rest) = rest {
            self.queue(rest.into());
        }
    }

    /// Have something wait. Each counts what it takes besides its bytes: a record may have none.
    fn queue(&mut self, chunk: Rc<[u8]>) {
        self.queued += chunk.len() + ENTRY;
        self.queue.push_back(chunk);
    }

    /// What waits is not sent any more.
    pub(super) fn forget_queue(&mut self) {
        self.queue.clear();
        (self.queued, self.sent_of_first) = (0, 0);
        self.is_paced = false;
    }

    /// Whether what it said before a reset has yet to be heard.
    pub(super) fn is_heard_on(&self) -> bool {
        self.was_reset && !self.ended
    }

    /// Send what is queued as far as the kernel takes it.
    pub(super) fn send(&mut self, now: Instant) {
        if let Err(failure) = self.transport.flush() {
            return self.fail(failure);
        }
        if self.transport.take_moved() {
            (self.active, self.took) = (now, now);
        }
        while let Some(first) = self.queue.front().map(Rc::clone) {
            let rest = first.get(self.sent_of_first..).unwrap_or_default();
            let Some(piece) = self.due(rest, now) else {
                return;
            };
            match self.offer(piece, now) {
                Ok(None) => return,
                Ok(Some(count)) => {
                    self.queued -= count;
                    self.sent_of_first += count;
                }
                Err(failure) => return self.fail(failure),
            }
            if self.sent_of_first == first.len() {
                self.queue.pop_front();
                self.queued -= ENTRY;
                self.sent_of_first = 0;
            }
        }
    }

    /// How much of `rest` may be sent now; where nothing, it is known when. A record goes whole, though another may have
    /// to wait for it.
    fn due<'r>(&mut self, rest: &'r [u8], now: Instant) -> Option<&'r [u8]> {
        let Some(pace) = &self.manner.pace else {
            return Some(rest);
        };
        let count = pace.allows(rest, now);
        let was_paced = std::mem::replace(&mut self.is_paced, count.is_none());
        if self.is_paced && !was_paced {
            self.wake = Some(pace.next());
        }
        match count? {
            _ if self.manner.records => Some(rest),
            count => rest.get(..count),
        }
    }

    /// What a peer does not take any more is dropped.
    pub(super) fn fail(&mut self, failure: CallError) {
        self.forget_queue();
        self.failure.get_or_insert(failure);
    }

    /// What the kernel knows of its leaving: a reset, or nothing yet.
    pub(super) fn look_for_reset(&mut self) {
        self.hung_up = true;
        let about = self.transport.socket().about();
        match self.transport.socket().take_error() {
            Ok(Some(cause)) => self.fail(CallError::new("recv", about, cause)),
            Ok(None) => {}
            Err(failure) => self.fail(failure),
        }
    }

    /// Tell it that nothing more comes.
    pub(super) fn half_close(&mut self) {
        self.half_closed = true;
        match self.transport.shutdown() {
            Err(failure) if failure.errno() != libc::ENOTCONN => self.fail(failure),
            _ => {}
        }
    }

    /// Say that nothing more comes, where a close alone would look like a cut.
    pub(super) fn say_end(&mut self) {
        self.transport.say_end();
    }

    /// Have its close be a reset: the end is not to be taken for a whole one.
    pub(super) fn cut(&self) {
        let on_for_no_time = [1_i32, 0].map(i32::to_ne_bytes).concat();
        let (level, name) = (libc::SOL_SOCKET, libc::SO_LINGER);
        // A socket that knows no reset is closed all the same.
        let _ =
            self.transport
                .socket()
                .setsockopt(level, name, &on_for_no_time, "{on=1, linger=0}");
    }

    /// Have the kernel find out whether it is still there: a peer that is gone without a word answers no probe, one that
    /// has only ended its half does.
    pub(super) fn probe(&self, every: Duration) {
        if self.peer.inet().is_none() {
            return;
        }
        let every = i32::try_from(every.as_secs()).unwrap_or(i32::MAX);
        for (level, name, value) in [
            (libc::SOL_SOCKET, libc::SO_KEEPALIVE, 1),
            (libc::IPPROTO_TCP, libc::TCP_KEEPIDLE, every),
            (libc::IPPROTO_TCP, libc::TCP_KEEPINTVL, every),
        ] {
            // Only TCP knows the intervals.
            let _ = self.transport.socket().set_int(level, name, value);
        }
    }

    /// send(2) once; 0 when there is no room.
    fn offer(&mut self, bytes: &[u8], now: Instant) -> Result<Option<usize>, CallError> {
        if self.is_unseen() {
            return Ok(None);
        }
        match self.transport.send(bytes, false) {
            // A record that is too long for one is none of the others' business.
            Err(failure) if self.manner.records && failure.errno() == libc::EMSGSIZE => {
                self.too_long = Some(bytes.len());
                self.dropped += bytes.len() as u64;
                Ok(Some(bytes.len()))
            }
            Err(failure) => Err(failure),
            Ok(Send::WouldBlock) => Ok(None),
            Ok(Send::Bytes(count)) => {
                (self.active, self.took) = (now, now);
                self.moved.sent += count as u64;
                self.was_told = true;
                let sent = bytes.get(..count).unwrap_or(bytes);
                self.tap.sent(self.conn, sent);
                if let Some(pace) = &mut self.manner.pace {
                    pace.sent(sent, now);
                }
                Ok(Some(count))
            }
        }
    }
}
