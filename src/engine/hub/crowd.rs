//! Those who are connected, and which of them need a look before the turn ends.

use std::collections::BTreeSet;
use std::time::Instant;

use slab::Slab;

use super::super::tap::Tap;
use super::super::transport::Transport;
use super::client::{Client, Manner, QUEUE};
use crate::net::Address;

/// All connections.
#[derive(Default)]
pub(super) struct Crowd {
    clients: Slab<Client>,
    /// Whose state has changed.
    touched: Vec<usize>,
    /// Who is not read because of others.
    held: Vec<usize>,
    /// Who is moved no further until more of what passed is written down.
    unseen: BTreeSet<usize>,
    /// How many queues are full.
    full: usize,
    /// Who sees what passes.
    tap: Tap,
    /// How they are spoken to.
    manner: Manner,
}

impl Crowd {
    /// Nobody yet; `tap` sees what passes.
    pub(super) fn new(tap: Tap, manner: Manner) -> Self {
        Self {
            tap,
            manner,
            ..Self::default()
        }
    }

    pub(super) fn len(&self) -> usize {
        self.clients.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.clients.is_empty()
    }

    pub(super) fn get_mut(&mut self, key: usize) -> Option<&mut Client> {
        self.clients.get_mut(key)
    }

    /// The connection `conn`, if it is still the one under this key.
    pub(super) fn same(&mut self, key: usize, conn: u64) -> Option<&mut Client> {
        self.clients
            .get_mut(key)
            .filter(|client| client.conn == conn)
    }

    /// Whether the connection `conn` is the one under this key.
    pub(super) fn has(&self, key: usize, conn: u64) -> bool {
        let client = self.clients.get(key);
        client.is_some_and(|client| client.conn == conn)
    }

    /// The keys of all.
    pub(super) fn keys(&self) -> Vec<usize> {
        self.clients.iter().map(|(key, _)| key).collect()
    }

    /// Take one in; `token` tells what its socket is watched under by its key.
    pub(super) fn insert(
        &mut self,
        conn: u64,
        transport: Transport,
        peer: Address,
        token: impl FnOnce(usize) -> usize,
        now: Instant,
    ) -> usize {
        let entry = self.clients.vacant_entry();
        let key = entry.key();
        let (tap, manner) = (self.tap.clone(), self.manner);
        entry.insert(Client::new(conn, transport, peer, token(key), now).treated(tap, manner));
        key
    }

    pub(super) fn remove(&mut self, key: usize) -> Option<Client> {
        let client = self.clients.try_remove(key)?;
        self.full -= usize::from(client.is_full);
        Some(client)
    }

    /// Have one be looked at before the turn ends.
    pub(super) fn touch(&mut self, key: usize) {
        if let Some(client) = self.clients.get_mut(key)
            && !std::mem::replace(&mut client.is_touched, true)
        {
            self.touched.push(key);
        }
    }

    /// The next one to be looked at.
    pub(super) fn take_touched(&mut self) -> Option<usize> {
        let key = self.touched.pop()?;
        if let Some(client) = self.clients.get_mut(key) {
            client.is_touched = false;
        }
        Some(key)
    }

    /// Have one be looked at again once nothing stands in the way of reading it.
    pub(super) fn hold(&mut self, key: usize) {
        if let Some(client) = self.clients.get_mut(key)
            && !std::mem::replace(&mut client.is_held, true)
        {
            self.held.push(key);
        }
    }

    /// Have all be looked at that were held; whether there was anybody.
    pub(super) fn release(&mut self) -> bool {
        let held = std::mem::take(&mut self.held);
        let is_any = !held.is_empty();
        for key in held {
            if let Some(client) = self.clients.get_mut(key) {
                client.is_held = false;
            }
            self.touch(key);
        }
        is_any
    }

    /// Have one go on once more of what passed is written down.
    pub(super) fn hold_unseen(&mut self, key: usize) {
        self.unseen.insert(key);
    }

    /// More of what passed is written down: those who waited for that go on.
    pub(super) fn go_on(&mut self, now: Instant) {
        for key in std::mem::take(&mut self.unseen) {
            if let Some(client) = self.clients.get_mut(key) {
                client.send(now);
            }
            self.touch(key);
        }
    }

    /// Whether somebody's queue is full.
    pub(super) fn is_behind(&self) -> bool {
        self.full > 0
    }

    /// Count the queue of one whose length has changed; whether it has become full.
    pub(super) fn measure(&mut self, key: usize) -> bool {
        let Some(client) = self.clients.get_mut(key) else {
            return false;
        };
        let was_full = client.is_full;
        let limit = if was_full { QUEUE / 2 } else { QUEUE };
        client.is_full = client.queued() >= limit;
        match (was_full, client.is_full) {
            (false, true) => self.full += 1,
            (true, false) => self.full -= 1,
            _ => {}
        }
        client.is_full && !was_full
    }
}
