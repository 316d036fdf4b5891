//! What a connection has still to send, part by part: bytes that the socket did not take at once, slices of files, and
//! what comes through a pipe.

use std::collections::VecDeque;
use std::fs::File;
use std::mem;
use std::os::fd::{AsFd, BorrowedFd};
use std::rc::Rc;
use std::time::Duration;

use super::feed::Feed;
use super::handed::Stream;
use super::held::Held;
use super::pipe::Pipe;
use crate::net::{Address, CallError, Send};

/// How many bytes of a file leave in one turn, so that one fast client does not starve the others.
const TURN: u64 = 2 << 20;
/// From how many bytes of a file on segments are filled (TCP_CORK): sendfile(2) moves sixteen pages at a time, and each
/// of these times would end in a segment of a few bytes.
const LARGE: u64 = 256 << 10;

/// A part of an answer.
#[derive(Debug)]
pub(super) enum Part {
    /// These bytes.
    Bytes(Vec<u8>),
    /// A slice of a file, sent by the kernel.
    File(Slice),
    /// What another thread or process writes, until its end.
    Pipe(Box<Pipe>),
    /// The stream of requests, which has no end.
    Feed(Box<Feed>),
}

/// A part of a file.
#[derive(Debug)]
pub(super) struct Slice {
    pub(super) file: Rc<File>,
    pub(super) offset: u64,
    pub(super) left: u64,
    /// The pages of all of it; `None` where they are not held.
    pub(super) held: Option<Rc<Held>>,
}

/// What is still to be sent.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    /// What the socket did not take at once, in front of the parts.
    rest: Vec<u8>,
    parts: VecDeque<Part>,
    /// How many bytes of the rest, or of the first part where that is bytes, are sent.
    sent: usize,
    /// How many bytes of parts were sent since that was last asked for.
    content: u64,
    /// Whether the socket once took less than all of what is held: then it is no use to it.
    is_narrow: bool,
    /// Whether it can have its segments filled: TCP can.
    can_fill: bool,
    /// Whether it has them filled now.
    fills: bool,
}

/// How far it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Everything is with the kernel.
    Done,
    /// The socket is full, or it is the others' turn; whether anything was sent.
    Full { moved: bool },
    /// The pipe has nothing yet; whether anything was sent before.
    Starved { moved: bool },
    /// The client is gone, or the content is not what its head says: nothing more can be sent rightly.
    Broken,
}

/// How a turn at one part ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// All of it is with the kernel.
    Whole,
    /// The socket is full, or it is the others' turn.
    Full,
    /// The pipe is empty.
    Empty,
    /// It is not what its head says.
    Cut,
}

impl Outgoing {
    /// Nothing yet, to this client.
    pub(super) fn to(peer: &Address) -> Self {
        Self {
            can_fill: peer.inet().is_some(),
            ..Self::default()
        }
    }

    /// Whether there is nothing to send.
    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty() && self.parts.is_empty()
    }

    /// How many bytes of parts were sent since this was last asked for.
    pub(super) fn take_content(&mut self) -> u64 {
        mem::take(&mut self.content)
    }

    /// Send these parts behind whatever comes before them.
    pub(super) fn follow_with(&mut self, parts: impl IntoIterator<Item = Part>) {
        self.parts.extend(parts);
    }

    /// What is waited for when [`Progress::Starved`].
    pub(super) fn source(&self) -> Option<BorrowedFd<'_>> {
        match self.parts.front() {
            Some(Part::Pipe(pipe)) => Some(pipe.fd()),
            Some(Part::Feed(feed)) => Some(feed.fd()),
            _ => None,
        }
    }

    /// How long that may be silent; `None` for as long as a client may.
    pub(super) fn patience(&self) -> Option<Duration> {
        match self.parts.front() {
            Some(Part::Pipe(pipe)) => pipe.patience(),
            _ => None,
        }
    }

    /// Whether an end would make what is on its way look whole.
    pub(super) fn is_open_ended(&self) -> bool {
        matches!(self.parts.front(), Some(Part::Pipe(pipe)) if pipe.is_open_ended())
    }

    /// The stream of requests, if that is what is sent.
    pub(super) fn feed(&mut self) -> Option<&mut Feed> {
        match self.parts.front_mut() {
            Some(Part::Feed(feed)) => Some(feed),
            _ => None,
        }
    }

    /// Send `bytes`, and then the parts. What does not fit is kept; no part may be half sent.
    pub(super) fn send(&mut self, stream: &mut Stream, bytes: &[u8]) -> Progress {
        let more = !self.parts.is_empty();
        let count = match offer(stream, bytes, more) {
            Ok(count) => count,
            Err(_) => return Progress::Broken,
        };
        match bytes.get(count..) {
            Some(rest) if !rest.is_empty() => {
                self.rest = rest.to_vec();
                let moved = count > 0 || stream.take_moved();
                Progress::Full { moved }
            }
            _ if more => self.go_on(stream),
            _ => through(stream, count > 0).unwrap_or(Progress::Broken),
        }
    }

    /// Send more.
    pub(super) fn go_on(&mut self, stream: &mut Stream) -> Progress {
        self.try_to_go_on(stream).unwrap_or(Progress::Broken)
    }

    fn try_to_go_on(&mut self, stream: &mut Stream) -> Result<Progress, CallError> {
        let mut moved = 0;
        if !self.rest.is_empty() {
            let more = !self.parts.is_empty();
            let unsent = self.rest.get(self.sent..).unwrap_or_default();
            let count = offer(stream, unsent, more)?;
            if count < unsent.len() {
                self.sent += count;
                let moved = count > 0 || stream.take_moved();
                return Ok(Progress::Full { moved });
            }
            (self.rest, self.sent) = (Vec::new(), 0);
            moved += count as u64;
        }
        while !self.parts.is_empty() {
            let (count, end) = self.step(stream)?;
            moved += count;
            self.content += count;
            let moved = moved > 0 || stream.take_moved();
            match end {
                End::Whole => (self.sent, _) = (0, self.parts.pop_front()),
                End::Full => return Ok(Progress::Full { moved }),
                // What waits to leave with the pipe's bytes must not wait for them.
                End::Empty if !stream.flush()? => return Ok(Progress::Full { moved }),
                End::Empty => return Ok(Progress::Starved { moved }),
                End::Cut => return Ok(Progress::Broken),
            }
        }
        self.fill(false, stream)?;
        through(stream, moved > 0)
    }

    /// Have segments filled, or what waits for that leave.
    fn fill(&mut self, fills: bool, stream: &Stream) -> Result<(), CallError> {
        if mem::replace(&mut self.fills, fills) == fills {
            return Ok(());
        }
        let socket = stream.socket();
        socket.set_int(libc::IPPROTO_TCP, libc::TCP_CORK, fills.into())
    }

    /// Send what can be sent of the first part.
    fn step(&mut self, stream: &mut Stream) -> Result<(u64, End), CallError> {
        let more = self.parts.len() > 1;
        let is_large = matches!(self.parts.front(), Some(Part::File(slice)) if slice.is_large());
        if is_large && self.can_fill && stream.is_plain() {
            self.fill(true, stream)?;
        }
        match self.parts.front_mut() {
            None => Ok((0, End::Whole)),
            Some(Part::File(slice)) => match slice.held.take() {
                Some(held) if stream.is_plain() && !self.is_narrow => {
                    let sent = slice.send_held(&held, stream)?;
                    self.is_narrow = slice.left > 0;
                    Ok(sent)
                }
                _ => slice.send(stream),
            },
            Some(Part::Pipe(pipe)) => pipe.send(stream),
            Some(Part::Feed(feed)) => feed.send(stream),
            Some(Part::Bytes(bytes)) => {
                let unsent = bytes.get(self.sent..).unwrap_or_default();
                let count = offer(stream, unsent, more)?;
                self.sent += count;
                let end = match count == unsent.len() {
                    true => End::Whole,
                    false => End::Full,
                };
                Ok((count as u64, end))
            }
        }
    }
}

impl Slice {
    /// Whether it takes the kernel many times to move it.
    fn is_large(&self) -> bool {
        self.left > LARGE && self.held.is_none()
    }

    /// Send all of the file as it is held.
    fn send_held(&mut self, held: &Held, stream: &mut Stream) -> Result<(u64, End), CallError> {
        let sent = match held.send(stream.socket())? {
            None => return self.send(stream),
            Some(Send::WouldBlock) => 0,
            Some(Send::Bytes(sent)) => sent as u64,
        };
        self.offset += sent;
        self.left -= sent;
        Ok(match self.left {
            0 => (sent, End::Whole),
            _ => (sent, End::Full),
        })
    }

    /// Send more of the file, within the limit of a turn.
    fn send(&mut self, stream: &mut Stream) -> Result<(u64, End), CallError> {
        let mut moved = 0;
        while self.left > 0 && moved < TURN {
            let count = usize::try_from(self.left.min(TURN - moved)).unwrap_or(usize::MAX);
            match stream.sendfile(self.file.as_fd(), self.offset, count)? {
                // The file is shorter than its head says.
                Send::Bytes(0) => return Ok((moved, End::Cut)),
                Send::Bytes(sent) => {
                    self.offset += sent as u64;
                    self.left -= sent as u64;
                    moved += sent as u64;
                    // One more call would only say that there is no room.
                    if sent < count && stream.is_plain() {
                        return Ok((moved, End::Full));
                    }
                }
                Send::WouldBlock => return Ok((moved, End::Full)),
            }
        }
        Ok(match self.left {
            0 => (moved, End::Whole),
            _ => (moved, End::Full),
        })
    }
}

/// Everything was taken: whether it is with the kernel too.
fn through(stream: &mut Stream, moved: bool) -> Result<Progress, CallError> {
    Ok(match stream.flush()? {
        true => Progress::Done,
        false => Progress::Full {
            moved: stream.take_moved() || moved,
        },
    })
}

/// How many bytes the socket took.
pub(super) fn offer(stream: &mut Stream, bytes: &[u8], more: bool) -> Result<usize, CallError> {
    Ok(match stream.send(bytes, more)? {
        Send::Bytes(count) => count,
        Send::WouldBlock => 0,
    })
}
