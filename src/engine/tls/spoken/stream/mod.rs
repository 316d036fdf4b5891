//! A connection under TLS: what is received is opened, what is sent is sealed, nothing ever waits.
//!
//! Records are opened and sealed in buffers that the connections of a loop share: an idle one holds none, a slow one the
//! records of a single piece of plaintext.

mod hearing;
mod sealing;

use std::cell::RefCell;
use std::fmt;
use std::mem;
use std::rc::Rc;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::server::UnbufferedServerConnection;

use super::examiner::Examiner;
use super::failing::Scene;
use super::outbound::{Outbound, Scratch};
use super::records::{Records, Say, Step};
use super::server::ServerTls;
use super::session;
use crate::engine::tls::{TlsFailure, TlsSession};
use crate::engine::transport::Line;
use crate::net::{CallError, Recv};

/// Makes streams of the sockets that a loop accepts.
#[derive(Clone, Debug)]
pub struct Acceptor {
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
    /// The peer has said its end (close_notify); it may still be answered.
    HalfClosed,
    /// It was told why it is not served; what it still says is heard out, or a reset would destroy that.
    Refused { drained: usize },
    /// It failed, and that was told or will be by the next recv.
    Broken,
}

/// A connection under TLS.
pub struct TlsStream<L> {
    line: L,
    records: Records,
    scratch: Rc<RefCell<Scratch>>,
    /// Who looked at the server's certificate; `None` for a server.
    examiner: Option<Arc<Examiner>>,
    state: State,
    /// The beginning of a record.
    heard: Vec<u8>,
    /// Plaintext that came along with the end of the handshake.
    early: Vec<u8>,
    /// Records that the kernel did not take, or that wait for those behind them.
    unsent: Outbound,
    /// Why a recv could not send: whoever sends next is told.
    lost: Option<CallError>,
    /// Why it is broken, until that is told.
    failure: Option<CallError>,
    /// Whether what is unsent is to leave with what follows it.
    is_corked: bool,
    /// Whether our half of the socket is to be shut behind what is unsent.
    is_ending: bool,
    /// Whether close_notify was sealed.
    has_said_end: bool,
    /// Whether something of what was unsent has left.
    has_moved: bool,
}

impl Acceptor {
    /// For a loop: its connections share buffers.
    pub fn new(tls: &ServerTls) -> Self {
        Self {
            config: Arc::clone(&tls.config),
            scratch: Rc::default(),
        }
    }

    /// Await a client's hello.
    pub fn accept<L: Line>(&self, line: L) -> Result<TlsStream<L>, CallError> {
        let engine = UnbufferedServerConnection::new(Arc::clone(&self.config))
            .map_err(|error| unfit(&line, error))?;
        let records = Records::Server(Box::new(engine));
        Ok(TlsStream::new(line, records, Rc::clone(&self.scratch)))
    }
}

impl<L: Line> TlsStream<L> {
    pub(super) fn new(line: L, records: Records, scratch: Rc<RefCell<Scratch>>) -> Self {
        Self {
            line,
            records,
            scratch,
            examiner: None,
            state: State::New,
            heard: Vec::new(),
            early: Vec::new(),
            unsent: Outbound::default(),
            lost: None,
            failure: None,
            is_corked: false,
            is_ending: false,
            has_said_end: false,
            has_moved: false,
        }
    }

    /// Send a client's hello, and have its `examiner` look at the answer.
    pub(super) fn say_hello(&mut self, examiner: Arc<Examiner>) -> Result<(), CallError> {
        self.examiner = Some(examiner);
        let scratch = Rc::clone(&self.scratch);
        let scratch = &mut *scratch.borrow_mut();
        let mut out = self.take_outbound(scratch);
        while let (_, Step::Written) = self.records.step(&mut [], &mut [], &mut out, Say::Nothing) {
        }
        self.offer(out, scratch)
    }

    /// recv(2) once for the handshake; what comes along with its end is kept for the first recv.
    pub fn greet(&mut self) -> Result<(), CallError> {
        let mut buffer = self.scratch.borrow_mut().file();
        let heard = self.recv(&mut buffer);
        if let Ok(Recv::Bytes(count)) = heard {
            let early = buffer.get(..count).unwrap_or_default();
            self.early.extend_from_slice(early);
        }
        self.scratch.borrow_mut().file = buffer;
        heard.map(drop)
    }

    /// What carries it.
    pub fn line(&self) -> &L {
        &self.line
    }

    /// What carries it.
    pub fn line_mut(&mut self) -> &mut L {
        &mut self.line
    }

    /// Whether the handshake is done, and was not in vain.
    fn can_send(&self) -> bool {
        matches!(self.state, State::Open | State::HalfClosed)
    }

    /// Whether the handshake is still going on.
    pub fn is_greeting(&self) -> bool {
        matches!(self.state, State::New | State::Greeting)
    }

    /// Whether a recv brings something though the socket stays silent: what came early, the peer's end, or what
    /// broke it.
    pub fn is_ready(&self) -> bool {
        self.state == State::HalfClosed || self.failure.is_some() || !self.early.is_empty()
    }

    /// Whether something that was unsent has left since this was last asked for.
    pub fn take_moved(&mut self) -> bool {
        mem::take(&mut self.has_moved)
    }

    /// Whether there is something that the kernel has not taken.
    pub fn wants_write(&self) -> bool {
        !self.unsent.is_empty() || self.lost.is_some()
    }

    /// What was agreed on, and what the peer showed.
    pub fn session(&self) -> TlsSession {
        session::of(self.records.known(), self.examiner.as_deref())
    }

    fn failed(&self, call: &'static str, why: TlsFailure) -> CallError {
        why.on(call, self.line.socket().about())
    }

    fn scene<'a>(&self, opening: Option<&'a [u8]>) -> Scene<'a> {
        let examiner = self.examiner.as_deref();
        Scene {
            is_client: examiner.is_some(),
            opening,
            shown: examiner.and_then(Examiner::shown),
            has_pins: examiner.is_some_and(Examiner::has_pins),
        }
    }
}

impl<L: fmt::Debug> fmt::Debug for TlsStream<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsStream")
            .field("line", &self.line)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// The configuration does not make a connection.
pub(super) fn unfit(line: &impl Line, error: rustls::Error) -> CallError {
    TlsFailure::bare(error.to_string()).on("tls", line.socket().about())
}

#[cfg(test)]
mod tests;
