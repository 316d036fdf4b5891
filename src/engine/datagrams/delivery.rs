//! Datagrams to one peer, as fast as the socket takes them.

use std::time::{Duration, Instant};

use super::super::ending::LoopError;
use super::super::timer::{Expired, Timer};
use super::batch::{Batch, Train};
use crate::net::{
    Address, BATCH, CallError, Control, Explain, Letter, Send, Socket, poll_writable,
};

/// Sends batches to one peer.
pub struct Delivery<'a> {
    explain: &'a Explain,
    limit: Option<Duration>,
    /// Whether the kernel is still believed to cut trains (UDP_SEGMENT).
    joins: bool,
    trains: Vec<Train>,
    controls: Vec<Control>,
}

impl<'a> Delivery<'a> {
    /// Each send may take `limit`. A protocol whose datagrams the kernel does not cut has them go one by one.
    pub fn new(joins: bool, limit: Option<Duration>, explain: &'a Explain) -> Self {
        Self {
            explain,
            limit,
            joins,
            trains: Vec::with_capacity(BATCH),
            controls: Vec::with_capacity(BATCH),
        }
    }

    /// Send a batch from datagram `first` on, to `to` where the socket is not connected.
    pub fn send(
        &mut self,
        socket: &Socket,
        to: Option<&Address>,
        batch: &Batch,
        mut first: usize,
    ) -> Result<(), LoopError> {
        while first < batch.len() {
            self.couple(batch, first);
            match self.send_some(socket, to, batch) {
                Ok(Some(count)) => first += count,
                Ok(None) => self.wait(socket)?,
                // This way takes no trains: a route, a card or a kernel that cannot cut them. Each by itself, then.
                Err(error) if self.is_about_trains(&error) => self.joins = false,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// The messages that come next, as many as one call takes.
    fn couple(&mut self, batch: &Batch, mut first: usize) {
        self.trains.clear();
        self.controls.clear();
        while self.trains.len() < BATCH
            && let Some(train) = batch.train(first, self.joins)
        {
            first += train.count;
            self.trains.push(train);
            let control = train.segment.map_or(Control::NONE, Control::segment);
            self.controls.push(control);
        }
    }

    /// How many datagrams went out; `None` where there was no room.
    fn send_some(
        &self,
        socket: &Socket,
        to: Option<&Address>,
        batch: &Batch,
    ) -> Result<Option<usize>, CallError> {
        let bytes = |train: &Train| batch.between(train.bytes.0, train.bytes.1);
        let sent = match (self.trains.as_slice(), to) {
            ([single], to) if single.segment.is_none() => {
                let bytes = bytes(single).unwrap_or_default();
                let sent = to.map_or_else(|| socket.send(bytes), |to| socket.sendto(bytes, to))?;
                match sent {
                    Send::Bytes(_) => Send::Bytes(1),
                    Send::WouldBlock => Send::WouldBlock,
                }
            }
            (trains, to) => {
                let letters: Vec<Letter<'_>> = trains
                    .iter()
                    .zip(&self.controls)
                    .map(|(train, control)| Letter {
                        to,
                        bytes: bytes(train).unwrap_or_default(),
                        control,
                    })
                    .collect();
                socket.sendmmsg(&letters)?
            }
        };
        Ok(match sent {
            Send::Bytes(count) => Some(
                self.trains
                    .iter()
                    .take(count)
                    .map(|train| train.count)
                    .sum(),
            ),
            Send::WouldBlock => None,
        })
    }

    /// Whether the first message was refused for being a train.
    fn is_about_trains(&self, error: &CallError) -> bool {
        let is_train = self
            .trains
            .first()
            .is_some_and(|train| train.segment.is_some());
        let may_be = matches!(
            error.errno(),
            libc::EINVAL | libc::EIO | libc::EMSGSIZE | libc::ENOPROTOOPT | libc::EOPNOTSUPP
        );
        is_train && may_be
    }

    fn wait(&self, socket: &Socket) -> Result<(), LoopError> {
        let ready = poll_writable(&[socket], self.limit, self.explain)?;
        match self.limit {
            Some(limit) if ready.is_empty() => Err(late(socket, limit).into()),
            _ => Ok(()),
        }
    }
}

fn late(socket: &Socket, limit: Duration) -> Expired {
    Expired {
        timer: Timer::Answer,
        limit,
        on: format!("send {}", socket.about()),
    }
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
            return Err(late(socket, limit).into());
        }
        poll_writable(&[socket], rest, explain)?;
    }
}
