//! The hearing half: records come in, plaintext comes out of them, and a client that speaks no TLS is told so.

use std::fmt::Display;
use std::io;
use std::rc::Rc;
use std::time::SystemTime;

use rustls::unbuffered::{ConnectionState, UnbufferedStatus};

use super::super::outbound::Outbound;
use super::super::plain_http;
use super::{State, TlsStream};
use crate::net::{CallError, Recv};

/// How many bytes of a client that was refused are heard out.
const DRAIN: usize = 1 << 20;

/// What came of a turn of the engine.
struct Turn {
    /// How many bytes of records are done with.
    consumed: usize,
    /// How many bytes of plaintext came out of them.
    plain: usize,
    result: Result<(), rustls::Error>,
}

impl TlsStream {
    /// recv(2) once, and what of it is plaintext. `buffer` must have room for a whole record, 16 KiB and some. No bytes
    /// are the client's rightful end; an end without close_notify is an error: what came may have been cut.
    pub(in crate::server) fn recv(&mut self, buffer: &mut [u8]) -> Result<Recv, CallError> {
        match self.state {
            State::Refused { drained } => return self.drain(buffer, drained),
            State::HalfClosed => return Ok(Recv::Bytes(0)),
            State::New | State::Greeting | State::Open => {}
        }
        if !self.flush()? {
            return Ok(Recv::WouldBlock);
        }
        let scratch = Rc::clone(&self.scratch);
        let scratch = &mut *scratch.borrow_mut();
        let mut out = self.take_outbound(scratch);
        let received = self.hear(scratch.inbound(), buffer, &mut out);
        self.offer(out, scratch)?;
        received
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
        if self.state == State::New && heard.first().copied().is_some_and(plain_http::is_plain) {
            out.push(plain_http::answer(SystemTime::now()).as_bytes());
            self.refuse("it speaks HTTP without TLS");
            return Ok(Recv::WouldBlock);
        }
        let turn = self.turn(heard, buffer, out);
        let rest = heard.get(turn.consumed..).unwrap_or_default();
        self.heard = rest.to_vec();
        if let Err(error) = &turn.result {
            // The alert that says why has been written; what was right before it stands.
            self.refuse(error);
        }
        Ok(match turn.plain {
            0 if self.state == State::HalfClosed => Recv::Bytes(0),
            0 => Recv::WouldBlock,
            count => Recv::Bytes(count),
        })
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
            let UnbufferedStatus { mut discard, state } = self.engine.process_tls_records(rest);
            let mut is_over = false;
            match state {
                Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                    while let Some(Ok(record)) = traffic.next_record() {
                        let end = plain + record.payload.len();
                        if let Some(room) = into.get_mut(plain..end) {
                            room.copy_from_slice(record.payload);
                        }
                        plain = end;
                        discard += record.discard;
                    }
                }
                Ok(ConnectionState::EncodeTlsData(mut data)) => {
                    is_over = out.write(|room| data.encode(room)).is_none();
                    is_over |= failure.is_err() && !self.engine.wants_write();
                }
                Ok(ConnectionState::TransmitTlsData(data)) => data.done(),
                Ok(ConnectionState::PeerClosed) => self.state = State::HalfClosed,
                Ok(ConnectionState::WriteTraffic(_)) => {
                    if self.state == State::Greeting {
                        self.state = State::Open;
                    }
                    is_over = true;
                }
                Ok(_) => is_over = true,
                Err(error) => {
                    failure = Err(error);
                    // The rest is not to be read again, only what says why to be written.
                    is_over = !self.engine.wants_write();
                }
            }
            consumed += discard;
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

    /// The client is not served: our half ends behind what says why.
    fn refuse(&mut self, why: impl Display) {
        self.line.refuse(format_args!("TLS: {why}"));
        self.heard = Vec::new();
        self.state = State::Refused { drained: 0 };
        self.is_ending = true;
    }

    /// Hear out a client that was refused, within a limit, and take nothing of it for data.
    fn drain(&mut self, buffer: &mut [u8], drained: usize) -> Result<Recv, CallError> {
        self.flush()?;
        match self.line.socket().recv(buffer)? {
            Recv::Bytes(count) if count > 0 && drained < DRAIN => {
                let drained = drained + count;
                self.state = State::Refused { drained };
                Ok(Recv::WouldBlock)
            }
            Recv::WouldBlock => Ok(Recv::WouldBlock),
            Recv::Bytes(_) => Err(self.failed("recv", "it was refused")),
        }
    }

    fn cut(&self) -> CallError {
        let cause = io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "it ended without close_notify",
        );
        CallError::new("recv", self.socket().about(), cause)
    }
}
