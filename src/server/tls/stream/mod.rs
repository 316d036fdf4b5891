//! A client's connection under TLS: what is received is opened, what is sent is sealed, nothing ever waits.
//!
//! Records are opened and sealed in buffers that the worker's connections share: an idle one holds none, a slow one the
//! records of a single piece of plaintext.

mod hearing;
mod sealing;

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::mem;
use std::rc::Rc;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::server::UnbufferedServerConnection;

use super::config::Tls;
use super::outbound::{Outbound, Scratch};
use crate::net::{CallError, Socket};
use crate::server::handed::Handed;

/// Makes streams of the sockets that a worker accepts.
#[derive(Clone, Debug)]
pub(in crate::server) struct Acceptor {
    config: Arc<ServerConfig>,
    scratch: Rc<RefCell<Scratch>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing was heard yet.
    New,
    /// In the handshake.
    Greeting,
    /// Data goes both ways.
    Open,
    /// The client has said its end (close_notify); it may still be answered.
    HalfClosed,
    /// It was told why it is not served; what it still says is heard out, or a reset would destroy that.
    Refused { drained: usize },
}

/// A connection under TLS.
pub(in crate::server) struct TlsStream {
    line: Handed,
    engine: Box<UnbufferedServerConnection>,
    scratch: Rc<RefCell<Scratch>>,
    state: State,
    /// The beginning of a record.
    heard: Vec<u8>,
    /// Records that the kernel did not take, or that wait for those behind them.
    unsent: Outbound,
    /// Whether what is unsent is to leave with what follows it.
    is_corked: bool,
    /// Whether our half is to be shut behind what is unsent.
    is_ending: bool,
    /// Whether something of what was unsent has left.
    has_moved: bool,
}

impl Acceptor {
    /// For a worker: its connections share buffers.
    pub(in crate::server) fn new(tls: &Tls) -> Self {
        Self {
            config: Arc::clone(&tls.config),
            scratch: Rc::default(),
        }
    }

    /// Await a client's hello.
    pub(in crate::server) fn accept(&self, line: Handed) -> Result<TlsStream, CallError> {
        let engine = UnbufferedServerConnection::new(Arc::clone(&self.config))
            .map_err(|error| CallError::new("accept", line.socket().about(), foreign(error)))?;
        Ok(TlsStream {
            line,
            engine: Box::new(engine),
            scratch: Rc::clone(&self.scratch),
            state: State::New,
            heard: Vec::new(),
            unsent: Outbound::default(),
            is_corked: false,
            is_ending: false,
            has_moved: false,
        })
    }
}

impl TlsStream {
    /// The socket under it, and what a proxy said of it.
    pub(in crate::server) fn line(&mut self) -> &mut Handed {
        &mut self.line
    }

    /// The socket, to watch it.
    pub(in crate::server) fn socket(&self) -> &Socket {
        self.line.socket()
    }

    /// Whether the handshake is done, and was not in vain.
    fn can_send(&self) -> bool {
        matches!(self.state, State::Open | State::HalfClosed)
    }

    /// Whether the client has said its end, though its socket may not have.
    pub(in crate::server) fn has_ended(&self) -> bool {
        self.state == State::HalfClosed
    }

    /// Whether something that was unsent has left since this was last asked for.
    pub(in crate::server) fn take_moved(&mut self) -> bool {
        mem::take(&mut self.has_moved)
    }

    /// Whether there is something that the kernel has not taken: until it has, nothing more is heard.
    pub(in crate::server) fn wants_write(&self) -> bool {
        !self.unsent.is_empty()
    }

    fn failed(&self, call: &'static str, why: impl Into<Cause>) -> CallError {
        CallError::new(call, self.socket().about(), foreign(why))
    }
}

impl fmt::Debug for TlsStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsStream")
            .field("line", &self.line)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

type Cause = Box<dyn std::error::Error + std::marker::Send + Sync>;

fn foreign(why: impl Into<Cause>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests;
