//! poll(2) on sockets, told: what a connect waits with, and a proxy's answer.

use std::fmt;
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::error::CallError;
use super::explain::Explain;
use super::socket::Socket;

/// A time as poll(2) and epoll_wait(2) take it, -1 without limit. A part of a millisecond is rounded up: who wakes too
/// early has nothing to do, and spins.
pub fn milliseconds(timeout: Option<Duration>) -> i32 {
    timeout.map_or(-1, |limit| {
        i32::try_from(limit.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX)
    })
}

/// Wait until one of the sockets can be written to, or has failed, or `timeout` is over (`None`: without limit). The
/// indices of those that are ready; none after the time, or a signal.
pub fn poll_writable(
    sockets: &[&Socket],
    timeout: Option<Duration>,
    explain: &Explain,
) -> Result<Vec<usize>, CallError> {
    poll_for(Event::Writable, sockets, timeout, explain)
}

/// Wait until the socket can be read from, or has failed, or `timeout` is over (`None`: without limit). Whether it is
/// ready; it is not after the time, or a signal.
pub fn poll_readable(
    socket: &Socket,
    timeout: Option<Duration>,
    explain: &Explain,
) -> Result<bool, CallError> {
    poll_for(Event::Readable, &[socket], timeout, explain).map(|ready| !ready.is_empty())
}

#[derive(Clone, Copy)]
enum Event {
    Readable,
    Writable,
}

fn poll_for(
    event: Event,
    sockets: &[&Socket],
    timeout: Option<Duration>,
    explain: &Explain,
) -> Result<Vec<usize>, CallError> {
    let milliseconds = milliseconds(timeout);
    let watched = Watched(sockets, event);
    let arguments = format_args!("[{watched}], {}, {milliseconds}", sockets.len());
    let mut polled: Vec<PollFd<'_>> = sockets
        .iter()
        .map(|socket| PollFd::new(socket.as_fd(), event.flag()))
        .collect();
    let timeout = PollTimeout::try_from(milliseconds).unwrap_or(PollTimeout::NONE);
    let count = explain.call("poll", arguments, || {
        poll(&mut polled, timeout)
            .map_err(io::Error::from)
            .and_then(|count| {
                usize::try_from(count).map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))
            })
    });
    match count {
        // Where the call failed nothing was written to the answers.
        Err(cause) if cause.raw_os_error() == Some(Errno::EINTR as i32) => Ok(Vec::new()),
        Err(cause) => Err(CallError::new("poll", "", cause)),
        Ok(_) => {
            let ready = |polled: &PollFd<'_>| polled.any().unwrap_or(true);
            Ok(polled
                .iter()
                .enumerate()
                .filter(|(_, polled)| ready(polled))
                .map(|(index, _)| index)
                .collect())
        }
    }
}

impl Event {
    fn flag(self) -> PollFlags {
        match self {
            Self::Readable => PollFlags::POLLIN,
            Self::Writable => PollFlags::POLLOUT,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Readable => "POLLIN",
            Self::Writable => "POLLOUT",
        }
    }
}

struct Watched<'a>(&'a [&'a Socket], Event);

impl fmt::Display for Watched<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, socket) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            let event = self.1.name();
            write!(f, "{separator}{{fd={}, events={event}}}", socket.number())?;
        }
        Ok(())
    }
}
