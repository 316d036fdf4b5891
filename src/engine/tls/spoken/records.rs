//! The engine of the records, whichever side it is on: what it wants next, as plain values.

use rustls::client::UnbufferedClientConnection;
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{ConnectionState, UnbufferedStatus};
use rustls::{CommonState, Error};

use super::outbound::Outbound;

/// rustls without buffers of its own.
pub(super) enum Records {
    /// It said its hello first.
    Client(Box<UnbufferedClientConnection>),
    /// It awaits a hello.
    Server(Box<UnbufferedServerConnection>),
}

/// What is to be said as soon as data may be.
#[derive(Clone, Copy)]
pub(super) enum Say<'a> {
    Nothing,
    Bytes(&'a [u8]),
    /// close_notify
    End,
}

/// What a step came to.
pub(super) enum Step {
    /// So many bytes of plaintext were put at the front of the room for it.
    Plain(usize),
    /// A record was written, or is as good as sent: there may be more.
    Written,
    /// The peer has said its end.
    PeerClosed,
    /// Data may be sent, and what was to be said was said, unless that failed.
    MayWrite { said: bool },
    /// Nothing can be done without more records.
    Waits,
    /// It is over; what says why may still have to be written.
    Failed(Error),
}

impl Records {
    /// Take up `records` until one thing came of them: how many bytes are done with, and which thing.
    pub(super) fn step(
        &mut self,
        records: &mut [u8],
        into: &mut [u8],
        out: &mut Outbound,
        say: Say<'_>,
    ) -> (usize, Step) {
        match self {
            Self::Client(engine) => take(engine.process_tls_records(records), into, out, say),
            Self::Server(engine) => take(engine.process_tls_records(records), into, out, say),
        }
    }

    /// Whether it has records to write.
    pub(super) fn wants_write(&self) -> bool {
        match self {
            Self::Client(engine) => engine.wants_write(),
            Self::Server(engine) => engine.wants_write(),
        }
    }

    /// What both sides know.
    pub(super) fn known(&self) -> &CommonState {
        match self {
            Self::Client(engine) => engine,
            Self::Server(engine) => engine,
        }
    }
}

fn take<D>(
    status: UnbufferedStatus<'_, '_, D>,
    into: &mut [u8],
    out: &mut Outbound,
    say: Say<'_>,
) -> (usize, Step) {
    let UnbufferedStatus { mut discard, state } = status;
    let step = match state {
        Ok(ConnectionState::ReadTraffic(mut traffic)) => {
            let mut plain = 0;
            while let Some(Ok(record)) = traffic.next_record() {
                let end = plain + record.payload.len();
                if let Some(room) = into.get_mut(plain..end) {
                    room.copy_from_slice(record.payload);
                }
                plain = end;
                discard += record.discard;
            }
            Step::Plain(plain)
        }
        Ok(ConnectionState::EncodeTlsData(mut data)) => match out.write(|room| data.encode(room)) {
            Some(()) => Step::Written,
            None => Step::Waits,
        },
        Ok(ConnectionState::TransmitTlsData(data)) => {
            data.done();
            Step::Written
        }
        Ok(ConnectionState::PeerClosed) => Step::PeerClosed,
        Ok(ConnectionState::WriteTraffic(mut traffic)) => {
            let said = match say {
                Say::Nothing => Some(()),
                Say::Bytes(bytes) => out.write(|room| traffic.encrypt(bytes, room)),
                Say::End => out.write(|room| traffic.queue_close_notify(room)),
            };
            Step::MayWrite {
                said: said.is_some(),
            }
        }
        Ok(_) => Step::Waits,
        Err(error) => Step::Failed(error),
    };
    (discard, step)
}
