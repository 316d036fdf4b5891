//! What is sent: stdin cut into datagrams, and what answers those that came.

use std::time::Instant;

use super::super::ending::LoopError;
use super::super::outlet::StdoutError;
use super::super::reactor::Ready;
use super::super::timer::Timer;
use super::crowd::Way;
use super::post::Parcel;
use super::spare::Spares;
use super::turn::Turning;
use super::{Answer, Answering, Exchange, Remark};
use crate::net::{Address, BATCH, CallError, Letter, Notes, Send, Socket};

/// The most that a datagram may have; what a command writes at once beyond it is more than one.
const DATAGRAM: usize = 65_507;

impl Turning<'_, '_> {
    pub(super) fn hears_stdin(&self) -> bool {
        let is_heard = match self.exchange.answering {
            Answering::Connected => true,
            Answering::LastHeard => {
                let takes = |way| self.post.is_taken_by(way);
                self.last.as_ref().is_some_and(takes)
            }
            Answering::AllHeard => !self.crowd.is_empty() && self.post.is_abreast(self.now),
        };
        !self.stdin_ended && self.post.queue.is_empty() && is_heard
    }

    pub(super) fn take_stdin(&mut self) -> Result<(), LoopError> {
        let is_typed = self.exchange.typed.is_some();
        let room = self.exchange.chop.room(self.buffer.len(), is_typed);
        let window = self.buffer.get_mut(..room).unwrap_or_default();
        let Some(count) = self.exchange.inlet.read(window).map_err(LoopError::Stdin)? else {
            return Ok(());
        };
        let read = window.get(..count).unwrap_or_default();
        let end = count == 0;
        let Exchange { chop, typed, .. } = &mut *self.exchange;
        let cut = chop.take((!end).then_some(read), typed);
        let mut cut = cut.map_err(LoopError::Typed)?;
        if end {
            self.stdin_ended = true;
            cut.extend(self.exchange.sends_empty.then(Vec::new));
            // An answer that has its own limit is waited for by that one.
            let (linger, now) = (self.exchange.linger, Instant::now());
            if !self.exchange.timers.is_running(Timer::Answer) {
                self.exchange.timers.start(Timer::Linger, linger, now);
            }
        }
        self.exchange.timers.restart(Timer::Idle, Instant::now());
        for datagram in cut {
            self.say(&datagram)?;
        }
        self.send()
    }

    /// A datagram of stdin, to whoever is to hear it.
    fn say(&mut self, datagram: &[u8]) -> Result<(), StdoutError> {
        let to = match self.exchange.answering {
            Answering::Connected => {
                let group = self.exchange.ears.first().and_then(|ear| ear.to.clone());
                let way = group.and_then(|to| Way::back(0, to, &Notes::default()));
                self.post.add(way, datagram, true);
                return Ok(());
            }
            Answering::LastHeard => self.last.clone().into_iter().collect(),
            Answering::AllHeard => self.crowd.present(self.exchange.expire, self.now),
        };
        for way in to {
            self.add(way, datagram, true)?;
        }
        Ok(())
    }

    fn add(&mut self, way: Way, bytes: &[u8], is_ours: bool) -> Result<(), StdoutError> {
        if self.post.has_room_for(&way) {
            self.post.add(Some(way), bytes, is_ours);
            return Ok(());
        }
        self.leave_out(&way, 1, None)
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
        let way = from.and_then(|from| Way::back(index, from.clone(), notes));
        let Some(way) = way.filter(|way| !self.is_own(way, notes)) else {
            return Ok(());
        };
        match &self.exchange.answer {
            Answer::Stdin | Answer::Discard => Ok(()),
            Answer::Echo => self.reply(way, bytes),
            Answer::Reply(reply) => {
                let reply = reply.clone();
                self.reply(way, &reply)
            }
            Answer::Run(_) => self.feed(way, notes, bytes),
        }
    }

    /// Whether a datagram claims to come from the very socket that heard it: its answer would be one again, for ever.
    fn is_own(&self, way: &Way, notes: &Notes) -> bool {
        let local = self.exchange.ears.get(way.ear).map(|ear| &ear.local);
        let (Some(bound), Some(from)) = (local.and_then(Address::inet), way.to.inet()) else {
            return false;
        };
        let spoken_to = notes.spoken_to.unwrap_or_else(|| bound.ip()).to_canonical();
        let ip = from.ip().to_canonical();
        // A socket of every address has all of the loopback.
        let is_everywhere = bound.ip().is_unspecified();
        from.port() == bound.port() && (ip == spoken_to || (is_everywhere && ip.is_loopback()))
    }

    fn reply(&mut self, way: Way, bytes: &[u8]) -> Result<(), LoopError> {
        if self.post.queue.len() % BATCH == BATCH - 1 {
            self.send()?;
        }
        if self.post.has_room() {
            return Ok(self.add(way, bytes, false)?);
        }
        Ok(self.leave_out(&way, 1, None)?)
    }

    /// So many datagrams for a peer are dropped, which is said once of each.
    pub(super) fn leave_out(
        &mut self,
        way: &Way,
        count: u64,
        error: Option<&CallError>,
    ) -> Result<(), StdoutError> {
        if !self.left_out.note(way, count, self.now) {
            return Ok(());
        }
        let to = &way.to;
        (self.exchange.remark)(&Remark::NotSent { to, error })
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
        let when = (&**reactor, self.now);
        let is_taken = self
            .sessions
            .feed(runner, (&way, &local), bytes, when, remark)?;
        match is_taken {
            true => Ok(()),
            false => Ok(self.leave_out(&way, 1, None)?),
        }
    }

    /// A command said something, which is sent to its peer.
    pub(super) fn hear_command(&mut self, ready: Ready) -> Result<(), LoopError> {
        let when = (&*self.exchange.reactor, self.now);
        self.exchange.timers.restart(Timer::Idle, self.now);
        let said = self.sessions.take_ready(ready, &mut self.buffer, when)?;
        if let Some((way, count)) = said {
            let buffer = std::mem::take(&mut self.buffer);
            let mut datagrams = buffer.get(..count).unwrap_or_default().chunks(DATAGRAM);
            let added = datagrams.try_for_each(|bytes| self.add(way.clone(), bytes, false));
            self.buffer = buffer;
            added?;
        }
        self.send()
    }

    /// Send what waits, as much as the sockets take.
    pub(super) fn send(&mut self) -> Result<(), LoopError> {
        while let Some(first) = self.post.queue.front() {
            let ear = first.ear();
            let is_local = matches!(first.to(), Some(Address::Unix(_)));
            let sent = match self.send_some(ear) {
                Ok(Send::WouldBlock) if is_local && self.is_full(ear)? => self.send_beside(None),
                sent => sent,
            };
            match sent {
                Ok(Send::Bytes(count)) => {
                    self.tally.sent += count as u64;
                    self.went_out(count);
                }
                Ok(Send::WouldBlock) if is_local => {
                    if let Some((way, count)) = self.post.hold_first(self.now) {
                        self.leave_out(&way, count, None)?;
                    }
                }
                Ok(Send::WouldBlock) => {
                    self.blocked = Some(ear);
                    return Ok(());
                }
                Err(error) if self.moves_on(&error) => {}
                Err(error) => {
                    let first = self.post.queue.pop_front();
                    self.give_up(first, error)?;
                }
            }
        }
        self.blocked = None;
        Ok(())
    }

    /// Try those again that had no room.
    pub(super) fn send_held(&mut self) -> Result<(), LoopError> {
        for way in self.post.due(self.now) {
            while let Some(first) = self.post.first_for(&way) {
                let ear = first.ear();
                let sent = match self.send_one(first) {
                    Ok(Send::WouldBlock) if self.is_full(ear)? => self.send_beside(Some(&way)),
                    sent => sent,
                };
                match sent {
                    Ok(Send::Bytes(_)) => {
                        self.tally.sent += 1;
                        self.post.take_first_for(&way, self.now);
                    }
                    Ok(Send::WouldBlock) => {
                        self.post.hold_on(&way, self.now);
                        break;
                    }
                    Err(error) => {
                        let first = self.post.take_first_for(&way, self.now);
                        self.give_up(first, error)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// One cannot be sent: its receiver's affair, where it is not stdin's to its only peer.
    fn give_up(&mut self, parcel: Option<Parcel>, error: CallError) -> Result<(), LoopError> {
        let is_one_of_many = self.exchange.answering != Answering::Connected;
        let Some(parcel) = parcel else {
            return Err(error.into());
        };
        if is_one_of_many && is_about_one_peer(&error) {
            return Ok(());
        }
        match (parcel.is_ours, &parcel.way) {
            (false, Some(way)) => Ok(self.leave_out(way, 1, Some(&error))?),
            _ => Err(self.blamed(parcel.ear(), error)),
        }
    }

    /// How many of those that wait first went out.
    fn send_some(&self, ear: usize) -> Result<Send, CallError> {
        let Some(socket) = self.socket(ear) else {
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
        match (letters.as_slice(), queue.front()) {
            // One alone is told as what it is.
            ([_], Some(first)) => self.send_one(first),
            (letters, _) => socket.sendmmsg(letters),
        }
    }

    /// Whether it went out.
    fn send_one(&self, parcel: &Parcel) -> Result<Send, CallError> {
        let Some(socket) = self.socket(parcel.ear()) else {
            return Ok(Send::WouldBlock);
        };
        let bytes = &parcel.bytes;
        let sent = match &parcel.way {
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

    /// Whether it is the socket's own buffer that has no room, rather than a local peer's queue.
    fn is_full(&mut self, ear: usize) -> Result<bool, StdoutError> {
        let memory = self.socket(ear).and_then(Socket::memory);
        let is_full = memory.is_some_and(|memory| memory.unsent >= memory.send_buffer);
        if is_full && self.spares.is_none() {
            self.spares = Some(Spares::default());
            (self.exchange.remark)(&Remark::Full)?;
        }
        Ok(is_full)
    }

    /// The first of those held for a peer, or of the queue, from another socket.
    fn send_beside(&mut self, held: Option<&Way>) -> Result<Send, CallError> {
        let parcel = match held {
            Some(way) => self.post.first_for(way),
            None => self.post.queue.front(),
        };
        let ear = parcel.and_then(|parcel| self.exchange.ears.get(parcel.ear()));
        let went = match (&mut self.spares, ear, parcel) {
            (Some(spares), Some(ear), Some(parcel)) => spares.send(&ear.socket, parcel, self.now),
            _ => false,
        };
        Ok(if went {
            Send::Bytes(1)
        } else {
            Send::WouldBlock
        })
    }

    fn socket(&self, ear: usize) -> Option<&Socket> {
        self.exchange.ears.get(ear).map(|ear| &ear.socket)
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
