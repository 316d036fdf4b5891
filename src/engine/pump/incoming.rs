//! From the connection to stdout.

use super::super::buffer::Buffer;
use super::super::ending::LoopError;
use super::super::outlet::{Drain, Moving};
use super::super::records::Piece;
use super::super::transport::Transport;
use super::{BULK, CHUNK, CONN, LARGEST_RECORD, Pump, TURN, Transfer};
use crate::net::{CallError, Recv};

/// Where what arrives is kept until stdout has it.
pub(super) struct Incoming {
    buffer: Buffer,
    /// How the kernel can hand it on; `None` where it must be read.
    drain: Option<Drain>,
    is_bulk: bool,
}

/// Whether another look may bring more.
enum Look {
    Again,
    Later,
}

impl Incoming {
    pub(super) fn new(pump: &Pump<'_>) -> Self {
        let as_it_is = pump.show.is_none()
            && pump.tap.received.is_none()
            && pump.records.is_none()
            && pump.transport.is_plain();
        Self {
            buffer: Buffer::new(room(pump.records.is_some())),
            is_bulk: false,
            drain: pump
                .outlet
                .drain()
                .filter(|_| as_it_is && pump.transport.socket().is_nonblocking()),
        }
    }
}

/// How much one recv may bring: a record comes whole, however much of it the sender's buffer held.
pub(in super::super) fn room(records: bool) -> usize {
    match records {
        true => LARGEST_RECORD,
        false => CHUNK,
    }
}

impl Pump<'_> {
    /// Something has come, or the peer's end, and stdout has room.
    pub(super) fn receive(&mut self, transfer: &mut Transfer) -> Result<(), LoopError> {
        let start = transfer.moved.received;
        if let Some(ticker) = self.ticker.take_if(|ticker| ticker.ends_when_heard) {
            (ticker.tell)(None, ticker.next);
        }
        while self.flow.hears_peer() && self.may_hear() {
            if self.send_only && self.tap.received.is_none() && self.records.is_none() {
                self.discard(transfer);
                break;
            }
            let is_bulk = transfer.moved.received >= BULK;
            if is_bulk && !std::mem::replace(&mut transfer.incoming.is_bulk, true) {
                self.outlet.widen();
            }
            let look = match transfer.incoming.drain.filter(|_| is_bulk) {
                Some(Drain::Splice) => self.splice(transfer)?,
                Some(Drain::Discard) => self.discard(transfer),
                None => self.recv(transfer)?,
            };
            let moved = transfer.moved.received - start;
            if matches!(look, Look::Later) || moved >= TURN as u64 {
                break;
            }
        }
        Ok(())
    }

    fn recv(&mut self, transfer: &mut Transfer) -> Result<Look, LoopError> {
        let buffer = transfer.incoming.buffer.bytes_mut();
        let keeps_records = self.records.is_some();
        let heard = match keeps_records {
            true => self.transport.socket().recv_record(buffer),
            false => self.transport.recv(buffer).map(|received| (received, None)),
        };
        let at = heard.as_ref().map_or(None, |(_, at)| *at);
        let count = match heard {
            // It came, and is no end.
            Ok((Recv::Bytes(0), Some(_))) => Some(0),
            // A reset is told before the records that came first.
            Err(reset) if keeps_records && !std::mem::replace(&mut transfer.was_reset, true) => {
                self.give_up_sending(transfer, reset);
                return Ok(Look::Again);
            }
            heard => self.count(transfer, heard.map(|(received, _)| received)),
        };
        let Some(count) = count else {
            return Ok(Look::Later);
        };
        let buffer = transfer.incoming.buffer.bytes();
        let bytes = buffer.get(..count).unwrap_or(buffer);
        if let Some(records) = &mut self.records {
            if records.take(count) {
                self.flow.peer_ended();
                return Ok(Look::Later);
            }
            if records.are_enough() {
                self.flow.heard_enough();
                // The peer may never take what it has not taken yet.
                transfer.outgoing.drop_unsent();
            }
            transfer.has_moved = true;
        }
        self.tap.received(CONN, bytes);
        match &mut self.show {
            _ if self.send_only => {}
            Some(show) => show(&Piece {
                bytes,
                length: count,
                at,
            })?,
            None => drop(self.outlet.offer(bytes)?),
        }
        Ok(match count < buffer.len() || keeps_records {
            true => Look::Later,
            false => Look::Again,
        })
    }

    /// Have the kernel move what has come into stdout's pipe.
    fn splice(&mut self, transfer: &mut Transfer) -> Result<Look, LoopError> {
        let Transport::Plain(socket) = &*self.transport else {
            return Ok(Look::Later);
        };
        let received = match self.outlet.splice(socket, TURN)? {
            Moving::Bytes(count) => Ok(Recv::Bytes(count)),
            Moving::Empty | Moving::Full => Ok(Recv::WouldBlock),
            Moving::Failed(failure) => Err(failure),
            Moving::Refused => {
                transfer.incoming.drain = None;
                return Ok(Look::Again);
            }
        };
        Ok(match self.count(transfer, received) {
            Some(_) => Look::Again,
            None => Look::Later,
        })
    }

    /// Nobody will ever see it.
    fn discard(&mut self, transfer: &mut Transfer) -> Look {
        let buffer = transfer.incoming.buffer.bytes_mut();
        let length = buffer.len();
        let received = match self.transport.is_plain() {
            true => self.transport.socket().recv_to_discard(buffer),
            false => self.transport.recv(buffer),
        };
        match self.count(transfer, received) {
            Some(count) if count == length => Look::Again,
            _ => Look::Later,
        }
    }

    /// How much has come; `None` for nothing, or the end.
    fn count(
        &mut self,
        transfer: &mut Transfer,
        received: Result<Recv, CallError>,
    ) -> Option<usize> {
        match received {
            Ok(Recv::WouldBlock) => None,
            Ok(Recv::Bytes(0)) => {
                self.flow.peer_ended();
                None
            }
            Ok(Recv::Bytes(count)) => {
                transfer.moved.received += count as u64;
                Some(count)
            }
            Err(failure) => {
                self.flow.peer_ended();
                self.give_up_sending(transfer, failure);
                None
            }
        }
    }
}
