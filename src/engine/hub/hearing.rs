//! What comes: from those who are connected, and from the commands that answer them.

use std::rc::Rc;

use super::super::ending::LoopError;
use super::super::pump::{CHUNK, RECORD};
use super::super::reactor::Ready;
use super::super::records::Piece;
use super::alarm::Alarm;
use super::event::HubEvent;
use super::service::Service;
use super::serving::{Serving, Side};
use super::telling::PATIENCE;
use crate::net::{CallError, Recv};

/// How often a connection is probed from which nothing more comes while its command goes on.
const PROBE: std::time::Duration = std::time::Duration::from_secs(10);

impl Serving<'_, '_> {
    pub(super) fn take_client(&mut self, key: usize, ready: Ready) -> Result<(), LoopError> {
        let reads = self.may_read(key);
        let Some(client) = self.crowd.get_mut(key) else {
            return Ok(());
        };
        if client.is_greeting() {
            client.greet(self.now);
            self.crowd.touch(key);
            return Ok(());
        }
        if ready.write {
            client.send(self.now);
        }
        if ready.gone && !reads && !client.wants_room() {
            client.look_for_reset();
        }
        self.crowd.touch(key);
        if ready.read && reads {
            self.receive(key)?;
        }
        Ok(())
    }

    /// Hear what needs no readiness: it came along with what was heard before it.
    pub(super) fn receive_heard(&mut self, key: usize) -> Result<(), LoopError> {
        while self.may_read(key)
            && self
                .crowd
                .get_mut(key)
                .is_some_and(|client| client.is_ready())
        {
            self.receive(key)?;
        }
        Ok(())
    }

    fn receive(&mut self, key: usize) -> Result<(), LoopError> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let heard = match self.crowd.get_mut(key) {
            Some(client) => client.recv(buffer.bytes_mut(), self.now),
            None => Ok(Recv::WouldBlock),
        };
        let taken = match heard {
            Ok(Recv::Bytes(count)) if count > 0 || !self.has_ended(key) => {
                let whole = buffer.bytes();
                let bytes = whole.get(..count).unwrap_or(whole);
                let heard = self.hear(key, bytes, count);
                heard.and_then(|()| self.end_if_enough())
            }
            Ok(Recv::Bytes(_)) => self.end_input(key),
            Ok(Recv::WouldBlock) => Ok(()),
            Err(failure) => {
                if let Some(client) = self.crowd.get_mut(key) {
                    client.ended = true;
                    client.fail(failure);
                }
                Ok(())
            }
        };
        self.buffer = buffer;
        taken
    }

    /// Nobody is heard any more once as many records have come as were wanted.
    fn end_if_enough(&mut self) -> Result<(), LoopError> {
        if !self.has_enough() {
            return Ok(());
        }
        self.stdin_ended = true;
        let of_stdin = matches!(self.hub.service, Service::Join | Service::Keep(_));
        for key in self.crowd.keys() {
            if let Some(client) = self.crowd.get_mut(key) {
                client.ended = true;
                if of_stdin {
                    // They may never take it.
                    client.forget_queue();
                } else if !client.is_clear() {
                    client.took = self.now;
                    let (due, conn) = (self.now + PATIENCE, client.conn);
                    self.alarms.set(due, Alarm::Stall, key, conn);
                }
            }
            self.crowd.touch(key);
            self.end_input(key)?;
        }
        Ok(())
    }

    fn has_ended(&mut self, key: usize) -> bool {
        let client = self.crowd.get_mut(key);
        client.is_none_or(|client| client.ended)
    }

    /// Put what somebody said to the service. Those who are leaving are not heard any more.
    fn hear(&mut self, key: usize, bytes: &[u8], length: usize) -> Result<(), LoopError> {
        let Some(client) = self.crowd.get_mut(key) else {
            return Ok(());
        };
        let (conn, job) = (client.conn, client.job);
        if let Some(records) = &mut self.hub.records
            && records.take(length)
        {
            client.ended = true;
            return self.end_input(key);
        }
        if length > bytes.len() && !matches!(self.hub.service, Service::Join) {
            let (peer, heard) = (&client.peer, bytes.len());
            (self.hub.report)(&HubEvent::Cut {
                peer,
                heard,
                length,
            })?;
        }
        match &mut self.hub.service {
            _ if self.hub.limits.send_only => Ok(()),
            Service::Join => Ok((self.hub.report)(&HubEvent::Received {
                conn,
                peer: &client.peer,
                piece: Piece {
                    bytes,
                    length,
                    at: client.at,
                },
            })?),
            Service::Keep(keeper) => {
                let heard = keeper.heard(conn, bytes);
                self.kept(key, conn, heard)
            }
            Service::Echo => {
                client.say(bytes, self.now);
                Ok(())
            }
            Service::Discard | Service::Reply(_) => Ok(()),
            Service::Moderate(_) => {
                self.moderate(Some(key), |moderator, say| moderator.said(conn, bytes, say))
            }
            Service::Run(_) => {
                if let Some(job) = job.and_then(|job| self.jobs.get_mut(job)) {
                    job.feed(bytes, self.hub.reactor)?;
                }
                job.map_or(Ok(()), |job| self.settle_job(job))
            }
        }
    }

    /// What cannot be kept is not taken: the connection is cut, so that its peer knows.
    pub(super) fn kept(
        &mut self,
        key: usize,
        conn: u64,
        kept: Result<(), CallError>,
    ) -> Result<(), LoopError> {
        let Err(error) = kept else { return Ok(()) };
        if self.hub.limits.once {
            return Err(error.into());
        }
        (self.hub.report)(&HubEvent::NotKept {
            conn,
            error: &error,
        })?;
        if let Some(client) = self.crowd.get_mut(key) {
            client.cut();
            client.ended = true;
            client.fail(error);
        }
        Ok(())
    }

    /// The end of what a client says is the end of what its command reads.
    fn end_input(&mut self, key: usize) -> Result<(), LoopError> {
        let Some(client) = self.crowd.get_mut(key) else {
            return Ok(());
        };
        let conn = client.conn;
        let Some(job) = client.job else {
            return Ok(());
        };
        client.probe(PROBE);
        if let Some(linger) = self.hub.limits.linger {
            self.alarms.set(self.now + linger, Alarm::Linger, key, conn);
        }
        if let Some(job) = self.jobs.get_mut(job) {
            job.end_input(self.hub.reactor)?;
        }
        self.settle_job(job)
    }

    pub(super) fn take_job(&mut self, key: usize, side: Side) -> Result<(), LoopError> {
        let Some(job) = self.jobs.get_mut(key) else {
            return Ok(());
        };
        match side {
            Side::Stdin => job.write(self.hub.reactor)?,
            Side::Process => job.look_for_end(),
            Side::Stdout => self.pass_on(key)?,
        }
        self.settle_job(key)
    }

    /// What a command says is for its client; that of one whose client has left is for nobody.
    fn pass_on(&mut self, key: usize) -> Result<(), LoopError> {
        let Some(job) = self.jobs.get_mut(key) else {
            return Ok(());
        };
        let mut buffer = std::mem::take(&mut self.buffer);
        let room = match self.hub.records {
            Some(_) => RECORD,
            None => CHUNK,
        };
        let window = buffer.bytes_mut().get_mut(..room).unwrap_or_default();
        let read = job.read(window, self.hub.reactor);
        let client = job.client.and_then(|client| self.crowd.get_mut(client));
        if let (Ok(Some(count @ 1..)), Some(client)) = (&read, client) {
            let said = buffer.bytes().get(..*count).unwrap_or_default();
            match &mut job.crlf {
                Some(crlf) => client.say(&crlf.end_lines(said), self.now),
                None => client.say(said, self.now),
            }
        }
        self.buffer = buffer;
        read.map(drop).map_err(LoopError::from)
    }

    /// One chunk of stdin for those who are connected.
    pub(super) fn take_stdin(&mut self) -> Result<(), LoopError> {
        for chunk in self.read_stdin()?.unwrap_or_default() {
            if matches!(self.hub.service, Service::Moderate(_)) {
                self.moderate(None, |moderator, say| moderator.typed(&chunk, say))?;
            } else {
                self.tell(&Rc::from(chunk), None)?;
            }
        }
        if self.stdin_ended {
            self.moderate(None, |moderator, say| moderator.stdin_ended(say))?;
            self.crowd
                .keys()
                .into_iter()
                .for_each(|key| self.crowd.touch(key));
        }
        Ok(())
    }
}
