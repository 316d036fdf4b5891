//! What is sent: stdin cut into datagrams, and what answers those that came.

use std::collections::VecDeque;
use std::time::Instant;

use super::super::ending::LoopError;
use super::super::reactor::Ready;
use super::super::timer::Timer;
use super::crowd::Way;
use super::turn::Turning;
use super::{Answer, Answering, Exchange, Remark};
use crate::net::{Address, BATCH, CallError, Control, Letter, Notes, Send};

/// How many answers wait at most for sockets that have no room.
const MOST: usize = 4096;
/// The most that a datagram may have; what a command writes at once beyond it is more than one.
const DATAGRAM: usize = 65_507;

/// A datagram on its way out.
struct Parcel {
    /// The way to its receiver; `None` is the peer that the one socket is connected to.
    way: Option<Way>,
    control: Control,
    bytes: Vec<u8>,
    /// Whether the run depends on it: what stdin said, rather than an answer to somebody.
    is_ours: bool,
}

/// Datagrams on their way out.
#[derive(Default)]
pub(super) struct Post {
    queue: VecDeque<Parcel>,
    /// Whether it was said that there are too many.
    has_said: bool,
}

impl Post {
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub(super) fn has_room(&self) -> bool {
        self.queue.len() < MOST
    }

    fn add(&mut self, way: Option<Way>, bytes: &[u8], is_ours: bool) {
        let control = way.as_ref().map_or(Control::NONE, Way::control);
        let bytes = bytes.to_vec();
        self.queue.push_back(Parcel {
            way,
            control,
            bytes,
            is_ours,
        });
    }
}

impl Parcel {
    fn ear(&self) -> usize {
        self.way.as_ref().map_or(0, |way| way.ear)
    }

    fn to(&self) -> Option<&Address> {
        self.way.as_ref().map(|way| &way.to)
    }
}

impl Turning<'_, '_> {
    pub(super) fn hears_stdin(&self) -> bool {
        let is_heard = match self.exchange.answering {
            Answering::Connected => true,
            Answering::LastHeard => self.last.is_some(),
            Answering::AllHeard => !self.crowd.is_empty(),
        };
        !self.stdin_ended && self.post.is_empty() && is_heard
    }

    pub(super) fn take_stdin(&mut self) -> Result<(), LoopError> {
        let room = self.exchange.chop.room(self.buffer.len());
        let window = self.buffer.get_mut(..room).unwrap_or_default();
        let Some(count) = self.exchange.inlet.read(window).map_err(LoopError::Stdin)? else {
            return Ok(());
        };
        let read = window.get(..count).unwrap_or_default();
        let end = count == 0;
        let decoded = match &mut self.exchange.typed {
            Some(typed) => &typed((!end).then_some(read)).map_err(LoopError::Typed)?,
            None => read,
        };
        let mut cut = match end && decoded.is_empty() {
            true => Vec::new(),
            false => self.exchange.chop.push(decoded),
        };
        if end {
            self.stdin_ended = true;
            cut.extend(self.exchange.chop.end());
            cut.extend(self.exchange.sends_empty.then(Vec::new));
            // An answer that has its own limit is waited for by that one.
            let (linger, now) = (self.exchange.linger, Instant::now());
            if !self.exchange.timers.is_running(Timer::Answer) {
                self.exchange.timers.start(Timer::Linger, linger, now);
            }
        }
        self.exchange.timers.restart(Timer::Idle, Instant::now());
        for datagram in cut {
            self.say(&datagram);
        }
        self.send()
    }

    /// A datagram of stdin, to whoever is to hear it.
    fn say(&mut self, datagram: &[u8]) {
        match self.exchange.answering {
            Answering::Connected => self.post.add(None, datagram, true),
            Answering::LastHeard => self.post.add(self.last.clone(), datagram, true),
            Answering::AllHeard => {
                for way in self.crowd.present(self.exchange.expire, self.now) {
                    self.post.add(Some(way), datagram, true);
                }
            }
        }
    }

    /// What answers a datagram by itself.
    pub(super) fn answer(
        &mut self,
        index: usize,
        from: Option<&Address>,
        notes: &Notes,
        bytes: &[u8],
    ) -> Result<(), LoopError> {
        // An unbound local socket cannot be answered.
        let Some(from) = from else { return Ok(()) };
        let way = || Way::back(index, from.clone(), notes);
        match &self.exchange.answer {
            Answer::Stdin | Answer::Discard => Ok(()),
            Answer::Echo => self.reply(way(), bytes),
            Answer::Reply(reply) => {
                let reply = reply.clone();
                self.reply(way(), &reply)
            }
            Answer::Run(_) => self.feed(way(), notes, bytes),
        }
    }

    fn reply(&mut self, way: Way, bytes: &[u8]) -> Result<(), LoopError> {
        if self.post.queue.len() % BATCH == BATCH - 1 {
            self.send()?;
        }
        if self.post.has_room() {
            self.post.add(Some(way), bytes, false);
            return Ok(());
        }
        self.complain(&way.to)
    }

    fn complain(&mut self, to: &Address) -> Result<(), LoopError> {
        if std::mem::replace(&mut self.post.has_said, true) {
            return Ok(());
        }
        Ok((self.exchange.remark)(&Remark::NotSent {
            to,
            error: None,
        })?)
    }

    fn feed(&mut self, way: Way, notes: &Notes, bytes: &[u8]) -> Result<(), LoopError> {
        let Exchange {
            ears,
            answer,
            reactor,
            remark,
            ..
        } = &mut *self.exchange;
        let (Answer::Run(runner), Some(ear)) = (answer, ears.get(way.ear)) else {
            return Ok(());
        };
        let local = spoken_to(&ear.local, notes);
        let to = way.to.clone();
        let when = (&**reactor, self.now);
        let is_taken = self
            .sessions
            .feed(runner, (way, &local), bytes, when, remark)?;
        match is_taken {
            true => Ok(()),
            false => self.complain(&to),
        }
    }

    /// A command said something, which is sent to its peer.
    pub(super) fn hear_command(&mut self, ready: Ready) -> Result<(), LoopError> {
        let when = (&*self.exchange.reactor, self.now);
        let post = &mut self.post;
        self.exchange.timers.restart(Timer::Idle, self.now);
        self.sessions
            .take_ready(ready, &mut self.buffer, when, &mut |way, said| {
                for datagram in said.chunks(DATAGRAM) {
                    post.add(Some(way.clone()), datagram, false);
                }
            })?;
        self.send()
    }

    /// Send what waits, as much as the sockets take.
    pub(super) fn send(&mut self) -> Result<(), LoopError> {
        while let Some(first) = self.post.queue.front() {
            let ear = first.ear();
            match self.send_some(ear) {
                Ok(Send::Bytes(count)) => {
                    self.tally.sent += count as u64;
                    self.post.queue.drain(..count.min(self.post.queue.len()));
                }
                Ok(Send::WouldBlock) => {
                    self.blocked = Some(ear);
                    return Ok(());
                }
                Err(error) => self.give_up(error)?,
            }
        }
        self.blocked = None;
        self.post.has_said = false;
        Ok(())
    }

    /// The first that waits cannot be sent: its receiver's affair, where it is not stdin's to its only peer.
    fn give_up(&mut self, error: CallError) -> Result<(), LoopError> {
        let is_one_of_many = self.exchange.answering != Answering::Connected;
        let Some(parcel) = self.post.queue.pop_front() else {
            return Err(error.into());
        };
        let ear = parcel.ear();
        if is_one_of_many && is_about_one_peer(&error) {
            return Ok(());
        }
        match (parcel.is_ours, parcel.to()) {
            (false, Some(to)) => {
                let error = Some(&error);
                Ok((self.exchange.remark)(&Remark::NotSent { to, error })?)
            }
            _ => Err(self.blamed(ear, error)),
        }
    }

    /// How many of those that wait first went out.
    fn send_some(&self, ear: usize) -> Result<Send, CallError> {
        let Some(socket) = self.exchange.ears.get(ear).map(|ear| &ear.socket) else {
            return Ok(Send::WouldBlock);
        };
        let queue = &self.post.queue;
        let letters: Vec<Letter<'_>> = queue
            .iter()
            .take_while(|parcel| parcel.ear() == ear)
            .take(BATCH)
            .map(|parcel| Letter {
                to: parcel.to(),
                bytes: &parcel.bytes,
                control: &parcel.control,
            })
            .collect();
        let [_] = letters.as_slice() else {
            return socket.sendmmsg(&letters);
        };
        // One alone is told as what it is.
        let Some(Parcel { way, bytes, .. }) = queue.front() else {
            return Ok(Send::WouldBlock);
        };
        let sent = match way {
            None => socket.send(bytes)?,
            Some(Way {
                to: Address::Inet(to),
                from: Some((from, interface)),
                ..
            }) => socket.sendmsg(bytes, *to, *from, *interface)?,
            Some(Way { to, .. }) => socket.sendto(bytes, to)?,
        };
        Ok(match sent {
            Send::Bytes(_) => Send::Bytes(1),
            Send::WouldBlock => Send::WouldBlock,
        })
    }
}

/// The address that a datagram was sent to, as far as the kernel told.
pub(super) fn spoken_to(local: &Address, notes: &Notes) -> Address {
    match (notes.spoken_to, local.inet()) {
        (Some(ip), Some(bound)) => Address::Inet((ip.to_canonical(), bound.port()).into()),
        _ => local.clone(),
    }
}

/// Errors that concern one peer of a listener, not the listener.
pub(super) fn is_about_one_peer(error: &CallError) -> bool {
    matches!(
        error.errno(),
        libc::ECONNREFUSED
            | libc::EHOSTUNREACH
            | libc::ENETUNREACH
            | libc::ECONNRESET
            | libc::EPERM
            | libc::ENOENT
    )
}
