//! stdin to a connection and the connection to stdout, both at once, with one bounded buffer each way.
//!
//! A chunk is sent whole before the next is read, so records of SOCK_SEQPACKET keep their boundaries, and nothing grows.

use std::time::Instant;

use super::ending::{Ending, LoopError, Moved};
use super::flow::Flow;
use super::inlet::Inlet;
use super::outlet::{Outlet, StdoutError};
use super::reactor::{Interest, Reactor};
use super::timer::{Timer, Timers};
use super::watch::{AtOnce, StdioWatch, Watch};
use crate::net::{CallError, Recv, Send, Shutdown, Socket};

/// How much one read brings at most.
pub const CHUNK: usize = 256 * 1024;
/// How much of stdin makes a record: less than the kernel's default send buffer takes whole, unix(7).
pub(super) const RECORD: usize = 64 * 1024;

const SOCKET: usize = 0;
const STDIN: usize = 1;
const STDOUT: usize = 2;

/// Decodes what was typed: a chunk of stdin, or `None` at its end, into what is to be sent.
pub type Typed<'a> = &'a mut dyn FnMut(Option<&[u8]>) -> Result<Vec<u8>, String>;

/// Hands what arrived to the outlet, in whatever form; the length is more than the bytes where a record did not fit.
pub type Show<'a> = &'a mut dyn FnMut(&[u8], usize) -> Result<(), StdoutError>;

/// One connection, joined to stdin and stdout.
pub struct Pump<'a> {
    /// Readiness, and the signals that end the run.
    pub reactor: &'a mut Reactor,
    /// What is sent.
    pub inlet: &'a Inlet,
    /// What is received goes here, through `show`.
    pub outlet: &'a Outlet,
    /// The connection.
    pub socket: &'a Socket,
    /// The reset that has come in already.
    pub reset: Option<CallError>,
    /// When it ends.
    pub flow: Flow,
    /// Its time limits; the idle timer and the deadline are running already.
    pub timers: Timers,
    /// How long to wait for the peer's end after stdin's; `None` is without limit.
    pub linger: Option<std::time::Duration>,
    /// Whether stdout is closed at the peer's end, so that its reader sees it at once.
    pub close_stdout: bool,
    /// Decodes what is typed; `None` sends it as it is.
    pub typed: Option<Typed<'a>>,
    /// Whether the connection keeps records apart (SOCK_SEQPACKET).
    pub records: bool,
    /// Shows what arrives.
    pub show: Show<'a>,
}

/// What is under way.
struct Transfer {
    chunk: Vec<u8>,
    sent: usize,
    moved: Moved,
    failure: Option<CallError>,
    stdout_closed: bool,
    hung_up: bool,
    blocked: bool,
}

struct Watches {
    socket: Watch,
    stdio: StdioWatch,
}

impl Pump<'_> {
    /// Run until both directions have ended, a limit fires or a signal comes; what moved is told in any case.
    pub fn run(&mut self) -> (Moved, Result<Ending, LoopError>) {
        let mut transfer = Transfer {
            chunk: Vec::new(),
            sent: 0,
            moved: Moved::default(),
            failure: None,
            stdout_closed: false,
            hung_up: false,
            blocked: false,
        };
        if let Some(reset) = self.reset.take() {
            self.give_up_sending(&mut transfer, reset);
        }
        let ending = self.turn_until_over(&mut transfer);
        (transfer.moved, ending)
    }

    fn turn_until_over(&mut self, transfer: &mut Transfer) -> Result<Ending, LoopError> {
        let mut watches = Watches {
            socket: Watch::new(SOCKET),
            stdio: StdioWatch::new(STDIN, STDOUT),
        };
        let mut buffer = vec![0; CHUNK];
        loop {
            self.half_close_if_due(transfer)?;
            if self.outlet.is_clear() && self.ends_now(transfer, &mut buffer)? {
                return transfer
                    .failure
                    .take()
                    .map_or(Ok(Ending::Done), |failure| Err(failure.into()));
            }
            let at_once = self.watch(transfer, &mut watches)?;
            let until = at_once.or_until(self.timers.next());
            if let Some(signal) = self.reactor.wait(until)? {
                return Ok(Ending::Signal(signal));
            }
            self.take_ready(transfer, at_once.stdin, &mut buffer)?;
            if let Some(expired) = self.timers.expired(Instant::now()) {
                return Err(expired.on(self.socket.about()).into());
            }
        }
    }

    /// Tell the kernel what is wanted now; which stream is ready without it.
    fn watch(&mut self, transfer: &Transfer, watches: &mut Watches) -> Result<AtOnce, CallError> {
        let clear = self.outlet.is_clear();
        let read = self.flow.hears_peer() && clear;
        let write = transfer.has_chunk() && transfer.blocked && self.flow.may_send();
        let socket = match (
            read || write,
            transfer.hung_up || (self.flow.hears_peer() && !clear),
        ) {
            (true, _) => Some(Interest { read, write }),
            // A reset is worth knowing while stdin is waited for; a hang-up that is known would be told for ever.
            (false, false) => Some(Interest::NONE),
            (false, true) => None,
        };
        watches.socket.set(self.reactor, self.socket, socket)?;
        let hears_stdin = self.flow.hears_stdin() && !transfer.has_chunk();
        watches
            .stdio
            .set(self.reactor, self.inlet, self.outlet, hears_stdin)
    }

    fn take_ready(
        &mut self,
        transfer: &mut Transfer,
        mut stdin_ready: bool,
        buffer: &mut [u8],
    ) -> Result<(), LoopError> {
        let before = transfer.moved;
        for index in 0..self.reactor.ready().len() {
            let Some(ready) = self.reactor.ready().get(index).copied() else {
                break;
            };
            match ready.token {
                STDIN => stdin_ready = true,
                STDOUT if ready.gone && self.outlet.is_clear() => {
                    return Err(StdoutError::reader_gone().into());
                }
                STDOUT => drop(self.outlet.flush()?),
                _ => self.take_socket(transfer, ready.read, ready.write, ready.gone, buffer)?,
            }
        }
        self.outlet.flush()?;
        if stdin_ready && self.flow.hears_stdin() && !transfer.has_chunk() {
            self.take_stdin(transfer, buffer)?;
        }
        if transfer.moved != before {
            self.timers.restart(Timer::Idle, Instant::now());
        }
        Ok(())
    }

    fn take_socket(
        &mut self,
        transfer: &mut Transfer,
        read: bool,
        write: bool,
        gone: bool,
        buffer: &mut [u8],
    ) -> Result<(), LoopError> {
        let hears = self.flow.hears_peer() && self.outlet.is_clear();
        if write && transfer.has_chunk() && self.flow.may_send() {
            self.send(transfer);
        }
        if read && hears {
            self.receive(transfer, buffer)?;
        } else if gone && !hears && !transfer.has_chunk() {
            transfer.hung_up = true;
            if let Some(cause) = self.socket.take_error()? {
                let failure = CallError::new("send", self.socket.about(), cause);
                self.give_up_sending(transfer, failure);
            }
        }
        Ok(())
    }

    fn receive(&mut self, transfer: &mut Transfer, buffer: &mut [u8]) -> Result<(), LoopError> {
        let received = if self.records {
            self.socket.recv_record(buffer)
        } else {
            self.socket.recv(buffer)
        };
        match received {
            Ok(Recv::WouldBlock) => {}
            Ok(Recv::Bytes(0)) => self.flow.peer_ended(),
            Ok(Recv::Bytes(count)) => {
                transfer.moved.received += count as u64;
                (self.show)(buffer.get(..count).unwrap_or(buffer), count)?;
            }
            Err(failure) => {
                self.flow.peer_ended();
                self.give_up_sending(transfer, failure);
            }
        }
        Ok(())
    }

    fn take_stdin(&mut self, transfer: &mut Transfer, buffer: &mut [u8]) -> Result<(), LoopError> {
        let room = if self.records { RECORD } else { CHUNK };
        let window = buffer.get_mut(..room).unwrap_or_default();
        let Some(count) = self.inlet.read(window).map_err(LoopError::Stdin)? else {
            return Ok(());
        };
        let read = buffer.get(..count).filter(|read| !read.is_empty());
        match read {
            Some(_) => self.flow.stdin_spoke(),
            None => self.flow.stdin_ended(),
        }
        transfer.sent = 0;
        transfer.chunk.clear();
        match &mut self.typed {
            Some(typed) => transfer.chunk = typed(read).map_err(LoopError::Typed)?,
            None => transfer.chunk.extend_from_slice(read.unwrap_or_default()),
        }
        self.send(transfer);
        Ok(())
    }

    /// Send what is left of the chunk as far as the kernel takes it.
    fn send(&mut self, transfer: &mut Transfer) {
        while transfer.has_chunk() && self.flow.may_send() {
            let rest = transfer.chunk.get(transfer.sent..).unwrap_or_default();
            match self.socket.send(rest) {
                Ok(Send::Bytes(count)) => {
                    transfer.sent += count;
                    transfer.moved.sent += count as u64;
                }
                Ok(Send::WouldBlock) => {
                    transfer.blocked = true;
                    return;
                }
                Err(failure) => {
                    if !is_departure(&failure) {
                        // Nothing that the peer may still say can mend this.
                        self.flow.peer_ended();
                    }
                    self.give_up_sending(transfer, failure);
                }
            }
        }
        transfer.blocked = false;
    }

    /// The peer takes no more: what it said before is still heard, then the failure is the run's.
    fn give_up_sending(&mut self, transfer: &mut Transfer, failure: CallError) {
        transfer.chunk.clear();
        transfer.sent = 0;
        self.flow.sending_failed();
        transfer.failure.get_or_insert(failure);
    }

    fn half_close_if_due(&mut self, transfer: &mut Transfer) -> Result<(), LoopError> {
        if transfer.has_chunk() || !self.flow.half_close_due() {
            return Ok(());
        }
        self.flow.half_closed();
        match self.socket.shutdown(Shutdown::Write) {
            // The peer went away first: whether that is an end or a reset, the next recv tells.
            Err(error) if error.errno() != libc::ENOTCONN => return Err(error.into()),
            _ => {}
        }
        self.timers
            .start(Timer::Linger, self.linger, Instant::now());
        Ok(())
    }

    /// Whether all is over; called when stdout has taken everything.
    fn ends_now(&mut self, transfer: &mut Transfer, buffer: &mut [u8]) -> Result<bool, LoopError> {
        if !self.flow.hears_peer() && self.close_stdout && !transfer.stdout_closed {
            transfer.stdout_closed = true;
            self.outlet.close()?;
        }
        if self.flow.ends_by_silence() && !transfer.has_chunk() {
            // What a pipe has said until now counts, though the loop has not come to read it.
            self.look_at_stdin(transfer, buffer)?;
        }
        Ok(self.flow.is_over() && (!transfer.has_chunk() || !self.flow.may_send()))
    }

    fn look_at_stdin(
        &mut self,
        transfer: &mut Transfer,
        buffer: &mut [u8],
    ) -> Result<(), LoopError> {
        if self.inlet.is_ready() {
            self.take_stdin(transfer, buffer)?;
        }
        Ok(())
    }
}

impl Transfer {
    fn has_chunk(&self) -> bool {
        self.sent < self.chunk.len()
    }
}

/// Whether a send failed because the peer takes no more, as against for a fault of ours.
fn is_departure(failure: &CallError) -> bool {
    matches!(failure.errno(), libc::EPIPE | libc::ECONNRESET)
}
