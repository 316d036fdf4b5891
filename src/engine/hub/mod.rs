//! Many connections at once: what they say goes to one place, what stdin says goes to each (`listen -k`).
//!
//! All state is the connection's own: one that leaves, resets or never reads ends nobody else's.

mod client;

use std::rc::Rc;
use std::time::{Duration, Instant};

use slab::Slab;

use self::client::Client;
use super::ending::{Ending, LoopError, Moved};
use super::inlet::{Inlet, Source};
use super::listener::{Listener, PAUSE, is_gone, is_shortage, late};
use super::outlet::{Outlet, StdoutError};
use super::pump::{CHUNK, RECORD, Typed};
use super::reactor::{Interest, Reactor, Ready};
use super::timer::{Timer, Timers};
use super::watch::{AtOnce, StdioWatch, Watch};
use crate::net::{Address, CallError, Recv, Shutdown, Socket};

/// How much may wait for one connection before stdin is left unread.
const QUEUE: usize = 1024 * 1024;

const STDIN: usize = 0;
const STDOUT: usize = 1;
/// Tokens from here on are listeners, then connections.
const FIRST: usize = 2;

/// Something that happened to a connection; `conn` counts them from 1.
pub enum HubEvent<'a> {
    /// It came.
    Accepted {
        /// Which one.
        conn: u64,
        /// Its socket, on which nothing was said yet.
        socket: &'a Socket,
        /// Who.
        peer: &'a Address,
        /// To which address.
        local: &'a Address,
    },
    /// It said something.
    Received {
        /// Which one.
        conn: u64,
        /// Who.
        peer: &'a Address,
        /// What.
        bytes: &'a [u8],
        /// How long it was; more than `bytes` where a record did not fit.
        length: usize,
    },
    /// It ended.
    Closed {
        /// Which one.
        conn: u64,
        /// Who.
        peer: &'a Address,
        /// How much went each way.
        moved: Moved,
        /// Why, where it was not a plain end.
        failure: Option<&'a CallError>,
    },
    /// Accepting fails for now and is tried again.
    Refused(&'a CallError),
}

/// A listener that serves many.
pub struct Hub<'a> {
    /// Readiness, and the signals that end the run.
    pub reactor: &'a mut Reactor,
    /// Where connections come from.
    pub listeners: Vec<Listener>,
    /// What every connection is told.
    pub inlet: &'a Inlet,
    /// Where `report` puts what they say.
    pub outlet: &'a Outlet,
    /// The run's limits: the answer timer waits for the first connection.
    pub timers: Timers,
    /// How long a connection may be silent; `None` is without limit.
    pub idle: Option<Duration>,
    /// Decodes what is typed; `None` sends it as it is.
    pub typed: Option<Typed<'a>>,
    /// Whether connections keep records apart (SOCK_SEQPACKET).
    pub records: bool,
    /// Hears what happens.
    pub report: &'a mut dyn FnMut(&HubEvent<'_>) -> Result<(), StdoutError>,
}

struct State {
    clients: Slab<Client>,
    accepted: u64,
    stdin_ended: bool,
    paused_until: Option<Instant>,
    refused: bool,
    listening: Vec<Watch>,
    stdio: StdioWatch,
}

impl Hub<'_> {
    /// Serve until a signal comes or a limit fires.
    pub fn run(&mut self) -> Result<Ending, LoopError> {
        let mut buffer = vec![0; CHUNK];
        let mut state = State {
            clients: Slab::new(),
            accepted: 0,
            stdin_ended: self.inlet.source() == Source::Null,
            paused_until: None,
            refused: false,
            listening: (0..self.listeners.len())
                .map(|index| Watch::new(FIRST + index))
                .collect(),
            stdio: StdioWatch::new(STDIN, STDOUT),
        };
        loop {
            let at_once = self.watch(&mut state)?;
            let until = at_once.or_until(self.next_wake(&state));
            if let Some(signal) = self.reactor.wait(until)? {
                return Ok(Ending::Signal(signal));
            }
            self.take_ready(&mut state, at_once.stdin, &mut buffer)?;
            self.close_idle(&mut state)?;
            if let Some(expired) = self.timers.expired(Instant::now()) {
                let sockets = self.listeners.iter().map(|listener| &listener.socket);
                return Err(late(expired, sockets));
            }
        }
    }

    fn next_wake(&self, state: &State) -> Option<Instant> {
        let idle = self.idle.and_then(|idle| {
            state
                .clients
                .iter()
                .map(|(_, client)| client.active + idle)
                .min()
        });
        [self.timers.next(), state.paused_until, idle]
            .into_iter()
            .flatten()
            .min()
    }

    /// Tell the kernel what is wanted now; which stream is ready without it.
    fn watch(&mut self, state: &mut State) -> Result<AtOnce, CallError> {
        let reactor = &*self.reactor;
        let accepting = state.paused_until.is_none().then_some(Interest::READ);
        for (listener, watch) in self.listeners.iter().zip(&mut state.listening) {
            watch.set(reactor, &listener.socket, accepting)?;
        }
        let clear = self.outlet.is_clear();
        for (_, client) in &mut state.clients {
            let interest = Interest {
                read: clear && !client.ended,
                write: !client.queue.is_empty(),
            };
            let wanted = (interest != Interest::NONE).then_some(interest);
            client.watch.set(reactor, &client.socket, wanted)?;
        }
        let hears_stdin = state.hears_stdin();
        state
            .stdio
            .set(reactor, self.inlet, self.outlet, hears_stdin)
    }

    fn take_ready(
        &mut self,
        state: &mut State,
        mut stdin_ready: bool,
        buffer: &mut [u8],
    ) -> Result<(), LoopError> {
        if state
            .paused_until
            .is_some_and(|until| until <= Instant::now())
        {
            state.paused_until = None;
        }
        for index in 0..self.reactor.ready().len() {
            let Some(ready) = self.reactor.ready().get(index).copied() else {
                break;
            };
            match ready.token {
                STDIN => stdin_ready = true,
                STDOUT if ready.gone && self.outlet.is_clear() => {
                    return Err(StdoutError::reader_gone().into());
                }
                STDOUT => {}
                token if token - FIRST < self.listeners.len() => {
                    self.accept(state, token - FIRST)?
                }
                token => {
                    self.take_client(state, token - FIRST - self.listeners.len(), ready, buffer)?
                }
            }
        }
        self.outlet.flush()?;
        if stdin_ready && state.hears_stdin() {
            self.take_stdin(state, buffer)?;
        }
        Ok(())
    }

    fn accept(&mut self, state: &mut State, index: usize) -> Result<(), LoopError> {
        let Some(listener) = self.listeners.get(index) else {
            return Ok(());
        };
        match listener.accept() {
            Ok(Some((socket, peer, local))) => {
                state.refused = false;
                self.timers.stop(Timer::Answer);
                state.accepted += 1;
                let conn = state.accepted;
                (self.report)(&HubEvent::Accepted {
                    conn,
                    socket: &socket,
                    peer: &peer,
                    local: &local,
                })?;
                let key = state.insert(
                    Client::new(conn, socket, peer),
                    FIRST + self.listeners.len(),
                );
                self.finish(state, key)
            }
            Ok(None) => Ok(()),
            // The client left between its connect and our accept, accept(2).
            Err(error) if is_gone(&error) => Ok(()),
            Err(error) if is_shortage(&error) => {
                state.paused_until = Some(Instant::now() + PAUSE);
                if !state.refused {
                    state.refused = true;
                    (self.report)(&HubEvent::Refused(&error))?;
                }
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    fn take_client(
        &mut self,
        state: &mut State,
        key: usize,
        ready: Ready,
        buffer: &mut [u8],
    ) -> Result<(), LoopError> {
        let Some(client) = state.clients.get_mut(key) else {
            return Ok(());
        };
        if ready.write {
            client.send();
        }
        if !ready.read || client.ended || !self.outlet.is_clear() {
            return self.finish(state, key);
        }
        let received = if self.records {
            client.socket.recv_record(buffer)
        } else {
            client.socket.recv(buffer)
        };
        match received {
            Ok(Recv::WouldBlock) => self.finish(state, key),
            Ok(Recv::Bytes(0)) => {
                client.ended = true;
                self.finish(state, key)
            }
            Ok(Recv::Bytes(count)) => {
                client.active = Instant::now();
                client.moved.received += count as u64;
                let bytes = buffer.get(..count).unwrap_or(buffer);
                (self.report)(&HubEvent::Received {
                    conn: client.conn,
                    peer: &client.peer,
                    bytes,
                    length: count,
                })?;
                self.finish(state, key)
            }
            Err(failure) => self.close(state, key, Some(failure)),
        }
    }

    /// One chunk of stdin to everybody.
    fn take_stdin(&mut self, state: &mut State, buffer: &mut [u8]) -> Result<(), LoopError> {
        let room = if self.records { RECORD } else { CHUNK };
        let window = buffer.get_mut(..room).unwrap_or_default();
        let chunk = match self.inlet.read(window).map_err(LoopError::Stdin)? {
            None => return Ok(()),
            Some(0) => {
                state.stdin_ended = true;
                self.typed
                    .as_mut()
                    .map_or(Ok(Vec::new()), |typed| typed(None))
                    .map_err(LoopError::Typed)?
            }
            Some(count) => {
                let read = buffer.get(..count).unwrap_or_default();
                match &mut self.typed {
                    Some(typed) => typed(Some(read)).map_err(LoopError::Typed)?,
                    None => read.to_vec(),
                }
            }
        };
        let chunk: Rc<[u8]> = chunk.into();
        let keys: Vec<usize> = state.clients.iter().map(|(key, _)| key).collect();
        for key in keys {
            let Some(client) = state.clients.get_mut(key) else {
                continue;
            };
            client.enqueue(&chunk);
            self.finish(state, key)?;
        }
        Ok(())
    }

    /// Half-close a connection that has been told everything, and close one that has nothing to say either.
    fn finish(&mut self, state: &mut State, key: usize) -> Result<(), LoopError> {
        let source = self.inlet.source();
        let Some(client) = state.clients.get_mut(key) else {
            return Ok(());
        };
        if client.ended && client.queue.is_empty() {
            // It may have half-closed only: a file, or a pipe that has spoken to it, is heard out.
            let spoken = match source {
                Source::File => true,
                Source::Pipe => client.moved.sent > 0,
                Source::Null | Source::Terminal => false,
            };
            let hears_more = spoken && !state.stdin_ended;
            if !hears_more || client.failure.is_some() {
                return self.close(state, key, None);
            }
        }
        // A stdin of /dev/null never had anything to say: its end is no end.
        let all_said = state.stdin_ended && source != Source::Null;
        if !all_said || client.half_closed || !client.queue.is_empty() || client.failure.is_some() {
            return Ok(());
        }
        client.half_closed = true;
        match client.socket.shutdown(Shutdown::Write) {
            Err(failure) if failure.errno() != libc::ENOTCONN => {
                self.close(state, key, Some(failure))
            }
            _ => Ok(()),
        }
    }

    /// The end of one connection is an event, not an error.
    fn close(
        &mut self,
        state: &mut State,
        key: usize,
        failure: Option<CallError>,
    ) -> Result<(), LoopError> {
        let Some(client) = state.clients.try_remove(key) else {
            return Ok(());
        };
        let closed = HubEvent::Closed {
            conn: client.conn,
            peer: &client.peer,
            moved: client.moved,
            failure: client.failure.as_ref().or(failure.as_ref()),
        };
        (self.report)(&closed).map_err(LoopError::from)
    }

    fn close_idle(&mut self, state: &mut State) -> Result<(), LoopError> {
        let Some(idle) = self.idle else { return Ok(()) };
        let now = Instant::now();
        let silent = |client: &Client| now.duration_since(client.active) >= idle;
        let keys: Vec<usize> = state
            .clients
            .iter()
            .filter(|(_, client)| silent(client))
            .map(|(key, _)| key)
            .collect();
        for key in keys {
            let late = CallError::new("recv", "", nix::errno::Errno::ETIMEDOUT);
            self.close(state, key, Some(late))?;
        }
        Ok(())
    }
}

impl State {
    fn insert(&mut self, mut client: Client, base: usize) -> usize {
        let entry = self.clients.vacant_entry();
        let key = entry.key();
        client.watch = Watch::new(base + key);
        entry.insert(client);
        key
    }

    /// stdin is read when there is somebody to hear it, and nobody who is far behind.
    fn hears_stdin(&self) -> bool {
        !self.stdin_ended
            && !self.clients.is_empty()
            && self.clients.iter().all(|(_, client)| client.queued < QUEUE)
    }
}
