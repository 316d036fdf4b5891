//! What is told to many at once, and what becomes of those who do not take it.

use std::rc::Rc;

use super::super::ending::LoopError;
use super::super::outlet::StdoutError;
use super::super::pump::CHUNK;
use super::alarm::Alarm;
use super::client::Client;
use super::event::HubEvent;
use super::service::{Audience, Moderator, Say, Service};
use super::serving::Serving;
use super::{Hub, Slow};

/// How long one whose queue is full may take nothing, before it is disconnected.
pub(super) const PATIENCE: std::time::Duration = std::time::Duration::from_secs(2);

impl Serving<'_, '_> {
    /// Whether stdin is to be read: there is somebody to hear it, and nobody to be waited for.
    pub(super) fn hears_stdin(&self) -> bool {
        self.hub.service.hears_stdin()
            && !self.stdin_ended
            && !self.crowd.is_empty()
            && !self.waits_for_slow()
    }

    /// Whether nothing more is told to anybody until somebody has taken what was told.
    pub(super) fn waits_for_slow(&self) -> bool {
        self.crowd.is_behind() && self.hub.limits.slow != Slow::Drop
    }

    /// What stdin says, decoded, and cut into records where there are any; empty at its end, `None` when nothing is there
    /// yet.
    pub(super) fn read_stdin(&mut self) -> Result<Option<Vec<Vec<u8>>>, LoopError> {
        let records = self.hub.records.as_ref();
        let is_typed = self.hub.typed.is_some();
        let room = records.map_or(CHUNK, |records| records.room(CHUNK, is_typed));
        let window = self.buffer.bytes_mut().get_mut(..room).unwrap_or_default();
        let Some(count) = self.hub.inlet.read(window).map_err(LoopError::Stdin)? else {
            return Ok(None);
        };
        let read = self
            .buffer
            .bytes()
            .get(..count)
            .filter(|read| !read.is_empty());
        self.stdin_ended = read.is_none();
        let Hub { records, typed, .. } = &mut *self.hub;
        if let Some(records) = records {
            let cut = records.cut(read, typed).map_err(LoopError::Typed)?;
            return Ok(Some(cut));
        }
        let said = match typed {
            Some(typed) => typed(read).map_err(LoopError::Typed)?,
            None => read.unwrap_or_default().to_vec(),
        };
        Ok(Some(match said.is_empty() {
            true => Vec::new(),
            false => vec![said],
        }))
    }

    /// Tell all something, or all but one.
    pub(super) fn tell(&mut self, chunk: &Rc<[u8]>, but: Option<usize>) -> Result<(), LoopError> {
        for key in self.crowd.keys() {
            if but != Some(key) {
                self.tell_one(chunk, key)?;
            }
        }
        Ok(())
    }

    fn tell_one(&mut self, chunk: &Rc<[u8]>, key: usize) -> Result<(), LoopError> {
        let Some(client) = self.crowd.get_mut(key) else {
            return Ok(());
        };
        if client.is_full && self.hub.limits.slow == Slow::Drop {
            client.dropped += chunk.len() as u64;
            if !std::mem::replace(&mut client.is_dropping, true) {
                let (conn, peer) = (client.conn, &client.peer);
                (self.hub.report)(&HubEvent::Dropping { conn, peer })?;
            }
            return Ok(());
        }
        client.enqueue(chunk, self.now);
        self.crowd.touch(key);
        self.measure(key);
        Ok(())
    }

    /// Whoever relies on records is told that one was left out.
    pub(super) fn tell_of_too_long(&mut self, key: usize) -> Result<(), StdoutError> {
        let Some(client) = self.crowd.get_mut(key) else {
            return Ok(());
        };
        let (conn, peer) = (client.conn, &client.peer);
        match client.too_long.take() {
            Some(length) => (self.hub.report)(&HubEvent::TooLong { conn, peer, length }),
            None => Ok(()),
        }
    }

    /// What waited for its time goes on.
    pub(super) fn go_on_telling(&mut self, key: usize, conn: u64) {
        if let Some(client) = self.crowd.same(key, conn) {
            client.send(self.now);
            self.crowd.touch(key);
        }
    }

    /// Have the moderator decide who is told what; `about` is the one that the matter is about.
    pub(super) fn moderate(
        &mut self,
        about: Option<usize>,
        decide: impl FnOnce(&mut dyn Moderator, Say<'_>) -> Result<(), StdoutError>,
    ) -> Result<(), LoopError> {
        let Service::Moderate(moderator) = &mut self.hub.service else {
            return Ok(());
        };
        let mut said: Vec<(Audience, Rc<[u8]>)> = Vec::new();
        decide(&mut **moderator, &mut |audience, bytes| {
            said.push((audience, bytes.into()));
        })?;
        for (audience, bytes) in said {
            match audience {
                Audience::One => about.map_or(Ok(()), |about| self.tell_one(&bytes, about))?,
                Audience::Others => self.tell(&bytes, about)?,
                Audience::All => self.tell(&bytes, None)?,
            }
        }
        Ok(())
    }

    /// Count a queue whose length has changed, and begin to look after one that has become full.
    pub(super) fn measure(&mut self, key: usize) {
        let became_full = self.crowd.measure(key);
        let Some(client) = self.crowd.get_mut(key).filter(|_| became_full) else {
            return;
        };
        client.took = self.now;
        if self.hub.limits.slow == Slow::Disconnect {
            let conn = client.conn;
            self.alarms
                .set(self.now + PATIENCE, Alarm::Stall, key, conn);
        }
    }

    /// One whose queue is full is disconnected if it has taken nothing for too long.
    pub(super) fn look_for_stall(&mut self, key: usize, conn: u64) -> Result<(), LoopError> {
        let is_awaited =
            |client: &&mut Client| client.is_full || (client.ended && !client.is_clear());
        let Some(client) = self.crowd.same(key, conn).filter(is_awaited) else {
            return Ok(());
        };
        let due = match client.is_paced() || client.is_unseen() {
            // It is not slow: it is told slowly, or others look slowly at what it is told.
            true => self.now + PATIENCE,
            false => client.took + PATIENCE,
        };
        if due > self.now {
            self.alarms.set(due, Alarm::Stall, key, conn);
            return Ok(());
        }
        client.cut();
        let peer = &client.peer;
        (self.hub.report)(&HubEvent::Stalled { conn, peer })?;
        self.close(key, None)
    }
}
