//! The hearing half: records come in, plaintext comes out of them, and a peer that speaks no TLS is told so.

use std::rc::Rc;

use super::super::failing;
use super::super::outbound::Outbound;
use super::super::records::{Say, Step};
use super::{State, TlsStream};
use crate::engine::tls::TlsFailure;
use crate::engine::transport::Line;
use crate::net::{CallError, Recv};

/// How many bytes of a peer that was refused are heard out.
const DRAIN: usize = 1 << 20;

/// What came of a turn of the engine.
struct Turn {
    /// How many bytes of records are done with.
    consumed: usize,
    /// How many bytes of plaintext came out of them.
    plain: usize,
    result: Result<(), rustls::Error>,
}

impl<L: Line> TlsStream<L> {
    /// recv(2) once, and what of it is plaintext. `buffer` must have room for a whole record, 16 KiB and some. No bytes
    /// are the peer's rightful end; an end without close_notify is an error: what came may have been cut.
    pub fn recv(&mut self, buffer: &mut [u8]) -> Result<Recv, CallError> {
        if !self.early.is_empty() {
            return Ok(Recv::Bytes(self.take_early(buffer)));
        }
        match self.state {
            State::Refused { drained } => return self.drain(buffer, drained),
            State::HalfClosed => return Ok(Recv::Bytes(0)),
            State::Broken => return Err(self.take_failure()),
            State::New | State::Greeting | State::Open => {}
        }
        if !self.may_hear()? {
            return Ok(Recv::WouldBlock);
        }
        let scratch = Rc::clone(&self.scratch);
        let scratch = &mut *scratch.borrow_mut();
        let mut out = self.take_outbound(scratch);
        let received = self.hear(scratch.inbound(), buffer, &mut out);
        let offered = self.offer(out, scratch);
        self.may_fail(offered)?;
        match received {
            Ok(Recv::WouldBlock) if self.failure.is_some() => Err(self.take_failure()),
            received => received,
        }
    }

    /// Whether what is unsent leaves room for answers to what is heard.
    fn may_hear(&mut self) -> Result<bool, CallError> {
        if self.unsent.is_empty() {
            return Ok(true);
        }
        let flushed = self.flush();
        Ok(match L::IS_DUPLEX {
            false => flushed?,
            true => self.may_fail(flushed.map(drop)).map(|()| true)?,
        })
    }

    /// Where both directions go on, a peer that takes no more may have said why: that is heard first.
    fn may_fail(&mut self, sent: Result<(), CallError>) -> Result<(), CallError> {
        match sent {
            Err(error) if L::IS_DUPLEX => {
                self.unsent = Outbound::default();
                self.lost.get_or_insert(error);
                Ok(())
            }
            sent => sent,
        }
    }

    fn hear(
        &mut self,
        inbound: &mut [u8],
        buffer: &mut [u8],
        out: &mut Outbound,
    ) -> Result<Recv, CallError> {
        let kept = self.heard.len();
        // Plaintext is shorter than its records: what is heard has room.
        let limit = inbound.len().min(buffer.len());
        if let Some(front) = inbound.get_mut(..kept) {
            front.copy_from_slice(&self.heard);
        }
        let room = inbound.get_mut(kept..limit).unwrap_or_default();
        let count = match self.line.recv(room)? {
            Recv::Bytes(0) => return Err(self.cut()),
            Recv::Bytes(count) => count,
            Recv::WouldBlock => return Ok(Recv::WouldBlock),
        };
        let heard = inbound.get_mut(..kept + count).unwrap_or_default();
        if let Some(answer) = self.answer(heard) {
            out.push(answer.as_bytes());
            self.refuse(TlsFailure::bare("it speaks HTTP without TLS"));
            return Ok(Recv::WouldBlock);
        }
        let is_opening = self.state == State::New;
        let turn = self.turn(heard, buffer, out);
        let rest = heard.get(turn.consumed..).unwrap_or_default();
        self.heard = rest.to_vec();
        if let Err(error) = &turn.result {
            // The alert that says why has been written; what was right before it stands.
            let why = self.scene(is_opening.then_some(&*heard)).describe(error);
            self.refuse(why);
        }
        Ok(match turn.plain {
            0 if self.state == State::HalfClosed => Recv::Bytes(0),
            0 => Recv::WouldBlock,
            count => Recv::Bytes(count),
        })
    }

    /// What is said to a peer whose first words are no records.
    fn answer(&self, heard: &[u8]) -> Option<String> {
        match (self.state, heard.first()) {
            (State::New, Some(first)) => self.line.answer(*first),
            _ => None,
        }
    }

    /// Have the engine take up records until it wants more of them: plaintext goes `into`, answers go `out`.
    fn turn(&mut self, records: &mut [u8], into: &mut [u8], out: &mut Outbound) -> Turn {
        if self.state == State::New {
            self.state = State::Greeting;
        }
        let (mut consumed, mut plain) = (0, 0);
        let mut failure = Ok(());
        loop {
            let rest = records.get_mut(consumed..).unwrap_or_default();
            let room = into.get_mut(plain..).unwrap_or_default();
            let (discard, step) = self.records.step(rest, room, out, Say::Nothing);
            consumed += discard;
            let is_over = match step {
                Step::Plain(count) => {
                    plain += count;
                    false
                }
                Step::Written => failure.is_err() && !self.records.wants_write(),
                Step::PeerClosed => {
                    self.state = State::HalfClosed;
                    false
                }
                Step::MayWrite { .. } => {
                    if self.state == State::Greeting {
                        self.state = State::Open;
                    }
                    true
                }
                Step::Waits => true,
                Step::Failed(error) => {
                    failure = Err(error);
                    // The rest is not to be read again, only what says why to be written.
                    !self.records.wants_write()
                }
            };
            if is_over {
                let result = failure;
                return Turn {
                    consumed,
                    plain,
                    result,
                };
            }
        }
    }

    /// The peer is not served: it is heard out, and our half ends behind what says why, or it is broken off.
    fn refuse(&mut self, why: TlsFailure) {
        self.heard = Vec::new();
        if self.line.refuse(&format_args!("TLS: {why}")) {
            self.state = State::Refused { drained: 0 };
            self.is_ending = true;
        } else {
            self.state = State::Broken;
            self.failure = Some(self.failed("tls", why));
        }
    }

    /// Why it is broken.
    fn take_failure(&mut self) -> CallError {
        let told = self.failure.take();
        told.unwrap_or_else(|| self.failed("tls", TlsFailure::bare("it has failed already")))
    }

    /// What came along with the end of the handshake.
    fn take_early(&mut self, buffer: &mut [u8]) -> usize {
        let count = self.early.len().min(buffer.len());
        let taken = self.early.drain(..count);
        for (room, byte) in buffer.iter_mut().zip(taken) {
            *room = byte;
        }
        count
    }

    /// Hear out a peer that was refused, within a limit, and take nothing of it for data.
    fn drain(&mut self, buffer: &mut [u8], drained: usize) -> Result<Recv, CallError> {
        self.flush()?;
        match self.line.socket().recv(buffer)? {
            Recv::Bytes(count) if count > 0 && drained < DRAIN => {
                let drained = drained + count;
                self.state = State::Refused { drained };
                Ok(Recv::WouldBlock)
            }
            Recv::WouldBlock => Ok(Recv::WouldBlock),
            Recv::Bytes(_) => Err(self.failed("recv", TlsFailure::bare("it was refused"))),
        }
    }

    fn cut(&self) -> CallError {
        let why = failing::ended(self.state == State::New, self.is_greeting());
        self.failed("recv", why)
    }
}
