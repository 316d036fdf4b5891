//! A command for each peer, from its first datagram until it ends, or has been silent for too long.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use slab::Slab;

use super::super::command::{ChildStreams, GRACE};
use super::super::ending::LoopError;
use super::super::hub::{Job, Runner, end_all};
use super::super::reactor::{Reactor, Ready};
use super::crowd::Way;
use super::{Address, Remark, StdoutError};

/// How many commands run at once.
const MOST: usize = 1024;
/// How much may wait for a command that does not read: datagrams beyond it are lost, as on any way.
const BACKLOG: usize = 1024 * 1024;
/// How long a command may go on once its stdin has ended, which nothing of its peer's will follow.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a command takes to end that was killed, unless it waits for a disk: its descriptors are wanted.
const AT_ONCE: Duration = Duration::from_millis(50);
/// The tokens of each: its stdin, its stdout, its end.
const TOKENS: usize = 3;

/// Says what happens to them.
pub(super) type Remarks<'a> = &'a mut dyn FnMut(&Remark<'_>) -> Result<(), StdoutError>;

struct Session {
    job: Job,
    way: Way,
    /// When it was last fed, or asked to end.
    moved: Instant,
    /// Whether its stdin ended.
    is_parting: bool,
    /// Whether its peer was given up: whatever it says, it has no more than its time.
    is_forgotten: bool,
}

impl Session {
    /// When it has had its time.
    fn due(&self, expire: Duration) -> Instant {
        let limit = match (self.is_parting, self.job.asked) {
            (_, Some(_)) => GRACE,
            (false, None) => expire,
            (true, None) if self.is_forgotten => PATIENCE,
            (true, None) => expire.max(PATIENCE),
        };
        self.moved.checked_add(limit).unwrap_or(self.moved)
    }
}

/// All that run.
pub(super) struct Sessions {
    all: Slab<Session>,
    by_way: HashMap<Way, usize>,
    begun: u64,
    expire: Duration,
    /// The first of the tokens.
    base: usize,
    /// Nobody is due before.
    due: Option<Instant>,
}

impl Sessions {
    pub(super) fn new(base: usize, expire: Duration) -> Self {
        Self {
            all: Slab::new(),
            by_way: HashMap::new(),
            begun: 0,
            expire,
            base,
            due: None,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// When one of them may be due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.due
    }

    /// A peer's datagram goes to its command, which begins with the first. Whether it was taken.
    pub(super) fn feed(
        &mut self,
        runner: &Runner,
        (way, local): (&Way, &Address),
        bytes: &[u8],
        (reactor, now): (&Reactor, Instant),
        remarks: Remarks<'_>,
    ) -> Result<bool, LoopError> {
        if let Some(key) = self.by_way.get(way).copied() {
            // One that has just ended reads no more: the next one does.
            if let Some(session) = self.all.get_mut(key) {
                session.job.look_for_end();
                if session.job.status.is_some() {
                    self.by_way.remove(way);
                }
            }
        }
        if !self.by_way.contains_key(way) {
            self.cut(way, (reactor, now), remarks)?;
        }
        let key = match self.by_way.get(way) {
            Some(key) => *key,
            None if self.all.len() >= MOST => return Ok(false),
            None => match self.begin(runner, (way, local), now, remarks)? {
                Some(key) => key,
                None => return Ok(true),
            },
        };
        let Some(session) = self.all.get_mut(key) else {
            return Ok(false);
        };
        session.moved = now;
        if session.job.waiting() > BACKLOG {
            return Ok(false);
        }
        session.job.feed(bytes, reactor)?;
        self.look_at(now);
        Ok(true)
    }

    fn begin(
        &mut self,
        runner: &Runner,
        (way, local): (&Way, &Address),
        now: Instant,
        remarks: Remarks<'_>,
    ) -> Result<Option<usize>, LoopError> {
        self.begun += 1;
        let conn = self.begun;
        let started = match runner.start_on(ChildStreams::Records, conn, &way.to, local) {
            Ok(started) => started,
            Err(error) => {
                let error = &error;
                remarks(&Remark::NotRun { conn, error })?;
                return Ok(None);
            }
        };
        let peer = &way.to;
        remarks(&Remark::Began { conn, peer, local })?;
        let key = self.all.vacant_key();
        let first = self.base + key * TOKENS;
        let tokens = [first, first + 1, first + 2];
        self.all.insert(Session {
            job: Job::new(conn, key, started, false, tokens),
            way: way.clone(),
            moved: now,
            is_parting: false,
            is_forgotten: false,
        });
        self.by_way.insert(way.clone(), key);
        Ok(Some(key))
    }

    /// A peer that was given up has come back: the command that it had is ended at once, and heard no more.
    fn cut(
        &mut self,
        way: &Way,
        (reactor, now): (&Reactor, Instant),
        remarks: Remarks<'_>,
    ) -> Result<(), LoopError> {
        let sessions = self.all.iter();
        let its = sessions.filter(|(_, session)| session.is_forgotten && session.way == *way);
        let keys: Vec<usize> = its.map(|(key, _)| key).collect();
        for key in keys {
            if let Some(session) = self.all.get_mut(key) {
                while session.job.ask(reactor)? {}
                session.job.wait_for_end(now + AT_ONCE);
                if session.job.is_over() {
                    self.bury(key, remarks)?;
                }
            }
        }
        Ok(())
    }

    /// One is over.
    fn bury(&mut self, key: usize, remarks: Remarks<'_>) -> Result<(), LoopError> {
        let Session { job, way, .. } = self.all.remove(key);
        if self.by_way.get(&way) == Some(&key) {
            self.by_way.remove(&way);
        }
        let (conn, status) = (job.conn, job.status);
        job.reap();
        match status {
            Some(status) => Ok(remarks(&Remark::Ran { conn, status })?),
            None => Ok(()),
        }
    }

    /// Something of one is ready: how many bytes it says, in `buffer`, and to whom.
    pub(super) fn take_ready(
        &mut self,
        ready: Ready,
        buffer: &mut [u8],
        (reactor, now): (&Reactor, Instant),
    ) -> Result<Option<(Way, usize)>, LoopError> {
        let token = ready.token.saturating_sub(self.base);
        let Some(session) = self.all.get_mut(token / TOKENS) else {
            return Ok(None);
        };
        match token % TOKENS {
            0 => session.job.write(reactor)?,
            1 => {
                if let Some(count) = session.job.read(buffer, reactor)?
                    && count > 0
                {
                    // A peer that asked once is not told for ever: it may not even be there. The last word may take long.
                    let is_last_word = session.is_parting && !session.is_forgotten;
                    if is_last_word && session.job.asked.is_none() {
                        session.moved = now;
                    }
                    return Ok(Some((session.way.clone(), count)));
                }
            }
            _ => session.job.look_for_end(),
        }
        Ok(None)
    }

    /// Reap those that are over, and watch the others; one is heard as long as what it says can be sent to its peer.
    pub(super) fn settle(
        &mut self,
        hears: &dyn Fn(&Way) -> bool,
        reactor: &Reactor,
        remarks: Remarks<'_>,
    ) -> Result<(), LoopError> {
        let over = |(key, session): (usize, &Session)| session.job.is_over().then_some(key);
        let over: Vec<usize> = self.all.iter().filter_map(over).collect();
        for key in over {
            self.bury(key, remarks)?;
        }
        for (_, session) in &mut self.all {
            session.job.watch(reactor, hears(&session.way))?;
        }
        Ok(())
    }

    /// No peer will say more: all of them are told so.
    pub(super) fn part(&mut self, reactor: &Reactor, now: Instant) -> Result<(), LoopError> {
        for (_, session) in &mut self.all {
            if !session.is_parting {
                (session.is_parting, session.moved) = (true, now);
                session.job.end_input(reactor)?;
            }
        }
        self.look_at(now);
        Ok(())
    }

    /// Those whose peers were silent for too long get the end of their stdin; those that do not end by that are asked to.
    pub(super) fn expire(&mut self, reactor: &Reactor, now: Instant) -> Result<(), LoopError> {
        if self.due.is_none_or(|due| now < due) {
            return Ok(());
        }
        for (key, session) in &mut self.all {
            if now < session.due(self.expire) {
                continue;
            }
            session.moved = now;
            if std::mem::replace(&mut session.is_parting, true) {
                session.job.ask(reactor)?;
                continue;
            }
            session.is_forgotten = true;
            // Its peer may have another by now.
            if self.by_way.get(&session.way) == Some(&key) {
                self.by_way.remove(&session.way);
            }
            session.job.end_input(reactor)?;
        }
        self.look_at(now);
        Ok(())
    }

    fn look_at(&mut self, now: Instant) {
        let due = self.all.iter().map(|(_, session)| session.due(self.expire));
        self.due = due.min().map(|due| due.max(now));
    }

    /// No command outlives the run.
    pub(super) fn end(&mut self) {
        end_all(self.all.iter_mut().map(|(_, session)| &mut session.job));
        self.all.drain().for_each(|session| session.job.reap());
    }
}
