//! Datagrams between stdin, stdout and one peer or many; boundaries are kept, an empty one is data.

use std::time::{Duration, Instant};

use super::chop::Chop;
use super::ending::{Ending, LoopError};
use super::inlet::Inlet;
use super::listener::late;
use super::outlet::{Outlet, StdoutError};
use super::pump::{CHUNK, Typed};
use super::reactor::{Interest, Reactor};
use super::timer::{Expired, Timer, Timers};
use super::watch::{StdioWatch, Watch};
use crate::net::{Address, Arrival, CallError, Explain, Send, Socket, poll_writable};

const STDIN: usize = 0;
const STDOUT: usize = 1;
/// Tokens from here on are sockets.
const FIRST: usize = 2;

/// Whom stdin's datagrams go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answering {
    /// To the peer that the socket is connected to.
    Connected,
    /// To whoever was heard last, from the address that was spoken to; stdin is not read before.
    LastHeard,
}

/// What is heard: an envelope and its bytes.
pub type Hearing<'a> = &'a mut dyn FnMut(&Arrival, &[u8]) -> Result<(), StdoutError>;

/// Sockets joined to stdin and stdout.
pub struct Exchange<'a> {
    /// Readiness, and the signals that end the run.
    pub reactor: &'a mut Reactor,
    /// The sockets; those that answer from the address spoken to have packet information switched on.
    pub sockets: Vec<(Socket, bool)>,
    /// Whom stdin answers.
    pub answering: Answering,
    /// What is sent.
    pub inlet: &'a Inlet,
    /// Cuts it into datagrams.
    pub chop: Chop,
    /// Decodes what is typed; `None` sends it as it is.
    pub typed: Option<Typed<'a>>,
    /// Where `hear` puts what arrives.
    pub outlet: &'a Outlet,
    /// Hears what arrives.
    pub hear: Hearing<'a>,
    /// The run's limits; the answer timer waits for the first datagram.
    pub timers: Timers,
    /// How long to wait for more after stdin's end; `None` is without limit.
    pub linger: Option<Duration>,
    /// End after so many datagrams; `None` is without limit.
    pub count: Option<u64>,
}

/// How many datagrams went each way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// From peers.
    pub heard: u64,
    /// To peers.
    pub sent: u64,
}

#[derive(Default)]
struct Progress {
    tally: Tally,
    queue: std::collections::VecDeque<Vec<u8>>,
    last: Option<(usize, Arrival)>,
    stdin_ended: bool,
    blocked: bool,
}

impl Exchange<'_> {
    /// Run until the count is reached, stdin's end has lingered, a limit fires or a signal comes.
    pub fn run(&mut self) -> (Tally, Result<Ending, LoopError>) {
        let mut progress = Progress::default();
        let ending = self.turn_until_over(&mut progress);
        (progress.tally, ending)
    }

    fn turn_until_over(&mut self, progress: &mut Progress) -> Result<Ending, LoopError> {
        let mut buffer = vec![0; CHUNK];
        let mut sockets: Vec<Watch> = (0..self.sockets.len())
            .map(|index| Watch::new(FIRST + index))
            .collect();
        let mut stdio = StdioWatch::new(STDIN, STDOUT);
        loop {
            let clear = self.outlet.is_clear();
            if clear
                && self
                    .count
                    .is_some_and(|count| progress.tally.heard >= count)
            {
                return self.say_the_rest(progress, &mut buffer);
            }
            let reactor = &*self.reactor;
            let speaker = progress.last.as_ref().map_or(0, |(index, _)| *index);
            for (index, ((socket, _), watch)) in self.sockets.iter().zip(&mut sockets).enumerate() {
                let interest = Interest {
                    read: clear,
                    // Of the one that is full: another has room all the time.
                    write: progress.blocked && index == speaker,
                };
                watch.set(
                    reactor,
                    socket,
                    (interest != Interest::NONE).then_some(interest),
                )?;
            }
            let hears_stdin = self.hears_stdin(progress);
            let at_once = stdio.set(reactor, self.inlet, self.outlet, hears_stdin)?;
            let until = at_once.or_until(self.timers.next());
            if let Some(signal) = self.reactor.wait(until)? {
                return Ok(Ending::Signal(signal));
            }
            self.take_ready(progress, at_once.stdin, &mut buffer)?;
            if let Some(expired) = self.timers.expired(Instant::now()) {
                return self.judge(expired);
            }
        }
    }

    /// The count is reached: what stdin has to say by now still goes out.
    fn say_the_rest(
        &mut self,
        progress: &mut Progress,
        buffer: &mut [u8],
    ) -> Result<Ending, LoopError> {
        while self.hears_stdin(progress) && self.inlet.is_ready() {
            self.take_stdin(progress, buffer)?;
        }
        Ok(Ending::Done)
    }

    /// The end of the linger is the expected end of a datagram exchange.
    fn judge(&self, expired: Expired) -> Result<Ending, LoopError> {
        match expired.timer {
            Timer::Linger => Ok(Ending::Done),
            _ if self.answering == Answering::LastHeard => {
                Err(late(expired, self.sockets.iter().map(|(socket, _)| socket)))
            }
            _ => {
                let on = self.sockets.first().map(|(socket, _)| socket.about());
                Err(expired.on(on.unwrap_or_default()).into())
            }
        }
    }

    fn hears_stdin(&self, progress: &Progress) -> bool {
        let heard_by_someone = self.answering == Answering::Connected || progress.last.is_some();
        !progress.stdin_ended && progress.queue.is_empty() && heard_by_someone
    }

    fn take_ready(
        &mut self,
        progress: &mut Progress,
        stdin_ready: bool,
        buffer: &mut [u8],
    ) -> Result<(), LoopError> {
        for index in 0..self.reactor.ready().len() {
            let Some(ready) = self.reactor.ready().get(index).copied() else {
                break;
            };
            match ready.token {
                // In the order of arrival: what was typed before a datagram came does not answer that one.
                STDIN if self.hears_stdin(progress) => self.take_stdin(progress, buffer)?,
                STDIN => {}
                STDOUT if ready.gone && self.outlet.is_clear() => {
                    return Err(StdoutError::reader_gone().into());
                }
                STDOUT => {}
                token => {
                    if ready.read && self.outlet.is_clear() {
                        self.receive(progress, token - FIRST, buffer)?;
                    }
                    if ready.write {
                        self.send(progress)?;
                    }
                }
            }
        }
        self.outlet.flush()?;
        if stdin_ready && self.hears_stdin(progress) {
            self.take_stdin(progress, buffer)?;
        }
        Ok(())
    }

    fn receive(
        &mut self,
        progress: &mut Progress,
        index: usize,
        buffer: &mut [u8],
    ) -> Result<(), LoopError> {
        let Some((socket, packet_info)) = self.sockets.get(index) else {
            return Ok(());
        };
        let received = if *packet_info {
            socket.recvmsg(buffer)
        } else {
            socket.recvfrom(buffer)
        };
        let arrival = match received {
            Ok(Some(arrival)) => arrival,
            Ok(None) => return Ok(()),
            // Somebody whom we answered is gone: no concern of the others, udp(7).
            Err(error) if self.answering == Answering::LastHeard && is_about_one_peer(&error) => {
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        progress.tally.heard += 1;
        let now = Instant::now();
        self.timers.stop(Timer::Answer);
        self.timers.stop(Timer::Arrival);
        self.timers.restart(Timer::Idle, now);
        if progress.stdin_ended {
            self.timers.start(Timer::Linger, self.linger, now);
        }
        let bytes = buffer.get(..arrival.length).unwrap_or(buffer);
        (self.hear)(&arrival, bytes)?;
        if arrival.from.is_some() {
            progress.last = Some((index, arrival));
        }
        Ok(())
    }

    fn take_stdin(&mut self, progress: &mut Progress, buffer: &mut [u8]) -> Result<(), LoopError> {
        let room = self.chop.room(buffer.len());
        let window = buffer.get_mut(..room).unwrap_or_default();
        match self.inlet.read(window).map_err(LoopError::Stdin)? {
            None => return Ok(()),
            Some(count) => {
                let read = window.get(..count).unwrap_or_default();
                let end = count == 0;
                let decoded = match &mut self.typed {
                    Some(typed) => typed((!end).then_some(read)).map_err(LoopError::Typed)?,
                    None => read.to_vec(),
                };
                if !end || !decoded.is_empty() {
                    progress.queue.extend(self.chop.push(&decoded));
                }
                if end {
                    progress.stdin_ended = true;
                    progress.queue.extend(self.chop.end());
                    // An answer that has its own limit is waited for by that one.
                    if !self.timers.is_running(Timer::Answer) {
                        self.timers
                            .start(Timer::Linger, self.linger, Instant::now());
                    }
                }
            }
        }
        self.timers.restart(Timer::Idle, Instant::now());
        self.send(progress)
    }

    fn send(&mut self, progress: &mut Progress) -> Result<(), LoopError> {
        while let Some(datagram) = progress.queue.front() {
            match self.send_one(progress, datagram) {
                Ok(Send::Bytes(_)) => {
                    progress.tally.sent += 1;
                    progress.queue.pop_front();
                }
                Ok(Send::WouldBlock) => {
                    progress.blocked = true;
                    return Ok(());
                }
                Err(error)
                    if self.answering == Answering::LastHeard && is_about_one_peer(&error) =>
                {
                    progress.queue.pop_front();
                }
                Err(error) => return Err(error.into()),
            }
        }
        progress.blocked = false;
        Ok(())
    }

    fn send_one(&self, progress: &Progress, datagram: &[u8]) -> Result<Send, CallError> {
        if self.answering == Answering::Connected {
            let first = self.sockets.first();
            return first.map_or(Ok(Send::WouldBlock), |(socket, _)| socket.send(datagram));
        }
        let last = progress.last.as_ref();
        let Some((
            index,
            Arrival {
                from: Some(from),
                to,
                interface,
                ..
            },
        )) = last
        else {
            return Ok(Send::WouldBlock);
        };
        let Some((socket, _)) = self.sockets.get(*index) else {
            return Ok(Send::WouldBlock);
        };
        match (from, to) {
            (Address::Inet(peer), Some(spoken_to)) => {
                socket.sendmsg(datagram, *peer, *spoken_to, *interface)
            }
            _ => socket.sendto(datagram, from),
        }
    }
}

/// Errors that concern one peer of a listener, not the listener.
fn is_about_one_peer(error: &CallError) -> bool {
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

/// Send, waiting for room where the kernel has none; how many bytes it took.
pub fn deliver(
    socket: &Socket,
    explain: &Explain,
    limit: Option<Duration>,
    send: impl Fn(&Socket) -> Result<Send, CallError>,
) -> Result<usize, LoopError> {
    let start = Instant::now();
    loop {
        if let Send::Bytes(count) = send(socket)? {
            return Ok(count);
        }
        let rest = limit.map(|limit| limit.saturating_sub(start.elapsed()));
        if let Some((limit, _)) = limit.zip(rest).filter(|(_, rest)| rest.is_zero()) {
            return Err(Expired {
                timer: Timer::Answer,
                limit,
                on: format!("send {}", socket.about()),
            }
            .into());
        }
        poll_writable(&[socket], rest, explain)?;
    }
}
