//! Ends: what each connection and each command still waits for, and what remains to be done when they are through.

use std::fmt::Display;
use std::time::Duration;

use super::super::command::GRACE;
use super::super::ending::LoopError;
use super::super::flow::OnPeerEof;
use super::super::inlet::Source;
use super::super::outlet::StdoutError;
use super::super::reactor::Interest;
use super::super::timer::{Expired, Timer};
use super::alarm::Alarm;
use super::client::Client;
use super::event::HubEvent;
use super::job::{Job, end_all};
use super::service::Service;
use super::serving::Serving;
use crate::net::Recv;

/// How long one that has been told everything may be silent before it is closed: a close that leaves bytes unheard is a
/// reset, which may overtake the last that it was told (RFC 9293, section 3.10.4; RFC 9112, section 9.6).
const SILENCE: Duration = Duration::from_secs(2);
/// How long it may go on talking.
const FAREWELL: Duration = Duration::from_secs(30);
/// How many alarms may be void before it is looked for them.
const VOID: usize = 1024;

impl Serving<'_, '_> {
    /// Look at all whose state has changed, which may change that of others.
    pub(super) fn settle(&mut self) -> Result<(), LoopError> {
        loop {
            while let Some(key) = self.crowd.take_touched() {
                self.settle_client(key)?;
            }
            if !self.may_hear() || !self.crowd.release() {
                return Ok(());
            }
        }
    }

    /// Half-close one that has been told everything, close one that has nothing to say either, and watch the others.
    fn settle_client(&mut self, key: usize) -> Result<(), LoopError> {
        self.receive_heard(key)?;
        self.measure(key);
        self.tell_of_too_long(key)?;
        let (told_all, may_tell) = (self.has_told_all(key), self.may_tell_more(key));
        let hears_on = self.hub.service.hears_on();
        let Some(client) = self.crowd.get_mut(key) else {
            return Ok(());
        };
        let is_lost = client.failure.is_some();
        let is_done = client.ended && client.is_clear() && !may_tell;
        let hears_on = hears_on || client.is_heard_on();
        if is_done || (is_lost && (client.ended || !hears_on)) {
            return self.close(key, None);
        }
        let may_end = client.is_clear() && !client.is_greeting();
        if told_all && may_end && !client.half_closed && !is_lost {
            client.half_close();
            // A half that cannot be closed is the end of both.
            if client.failure.is_some() {
                return self.close(key, None);
            }
            let conn = client.conn;
            self.begin_lingering(key, conn);
        }
        self.begin_farewell(key);
        self.watch_client(key)
    }

    /// One that has been answered has nothing more to be heard for.
    fn begin_farewell(&mut self, key: usize) {
        let is_answered = self.hub.limits.send_only
            || matches!(self.hub.service, Service::Reply(_) | Service::Run(_));
        let Some(client) = self.crowd.get_mut(key).filter(|_| is_answered) else {
            return;
        };
        if client.half_closed && client.job.is_none() && client.farewell.is_none() {
            client.farewell = Some(self.now);
            let conn = client.conn;
            self.alarms
                .set(self.now + SILENCE, Alarm::Farewell, key, conn);
        }
    }

    /// stdin has ended: its peer has so long to do the same. That of a command is counted from its client's end.
    fn begin_lingering(&mut self, key: usize, conn: u64) {
        let hears_stdin = matches!(self.hub.service, Service::Join | Service::Keep(_));
        if let Some(linger) = self.hub.limits.linger.filter(|_| hears_stdin) {
            self.alarms.set(self.now + linger, Alarm::Linger, key, conn);
        }
    }

    fn watch_client(&mut self, key: usize) -> Result<(), LoopError> {
        let (reads, may_hear) = (self.may_read(key), self.may_hear());
        let Some(client) = self.crowd.get_mut(key) else {
            return Ok(());
        };
        let interest = Interest {
            read: reads,
            write: client.wants_room(),
        };
        if let Some(at) = client.take_wake() {
            self.alarms.set(at, Alarm::Pace, key, client.conn);
        }
        // A hang-up that is known would be told for ever.
        let is_news = !(client.hung_up || client.failure.is_some());
        let wanted = (interest != Interest::NONE || is_news).then_some(interest);
        client.watch(self.hub.reactor, wanted)?;
        let (job, is_held) = (client.job, !client.ended && !may_hear);
        let is_unseen = client.is_unseen();
        if is_held {
            self.crowd.hold(key);
        }
        if is_unseen {
            self.crowd.hold_unseen(key);
        }
        job.map_or(Ok(()), |job| self.watch_job(job))
    }

    /// Whether anybody may be heard: what they say can be passed on.
    fn may_hear(&self) -> bool {
        let for_others = matches!(self.hub.service, Service::Moderate(_));
        self.hub.outlet.is_clear() && !(for_others && self.waits_for_slow())
    }

    /// Whether one may be heard.
    pub(super) fn may_read(&mut self, key: usize) -> bool {
        let may_hear = self.may_hear();
        let echoes = matches!(self.hub.service, Service::Echo);
        let Some(client) = self.crowd.get_mut(key) else {
            return false;
        };
        let job = client.job.and_then(|job| self.jobs.get(job));
        let is_taken = job.is_none_or(Job::takes_more);
        let is_seen = !client.is_unseen();
        !client.ended && may_hear && is_seen && is_taken && (!echoes || client.is_clear())
    }

    /// Whether nothing will be told to one beyond what is in its queue.
    fn has_told_all(&mut self, key: usize) -> bool {
        match &self.hub.service {
            // A stdin of /dev/null never had anything to say: its end is no end.
            Service::Join | Service::Keep(_) => {
                self.stdin_ended && self.hub.inlet.source() != Source::Null
            }
            Service::Echo | Service::Discard | Service::Moderate(_) => false,
            Service::Reply(_) => true,
            Service::Run(_) => !self.job_may_speak(key),
        }
    }

    /// Whether one that has ended may yet be told something: it may have half-closed only.
    fn may_tell_more(&mut self, key: usize) -> bool {
        match &self.hub.service {
            Service::Join | Service::Keep(_) => {
                // A file, or a pipe that has spoken to it, is heard out.
                let client = self.crowd.get_mut(key);
                let is_heard_out = match (self.hub.limits.on_peer_eof, self.hub.inlet.source()) {
                    (OnPeerEof::Exit, _) => false,
                    (OnPeerEof::Drain, _) | (_, Source::File) => true,
                    (_, Source::Pipe) => client.is_some_and(|client| client.was_told),
                    (_, Source::Null | Source::Terminal) => false,
                };
                is_heard_out && !self.stdin_ended
            }
            Service::Run(_) => self.job_may_speak(key),
            _ => false,
        }
    }

    fn job_may_speak(&mut self, key: usize) -> bool {
        let job = self.crowd.get_mut(key).and_then(|client| client.job);
        job.and_then(|job| self.jobs.get(job))
            .is_some_and(Job::may_speak)
    }

    /// The end of one connection is an event, not an error, unless it is the only one.
    pub(super) fn close(
        &mut self,
        key: usize,
        failure: Option<LoopError>,
    ) -> Result<(), LoopError> {
        let Some(mut client) = self.crowd.remove(key) else {
            return Ok(());
        };
        let conn = client.conn;
        self.failure = client.failure.take().map(LoopError::from).or(failure);
        if self.failure.is_none() {
            client.say_end();
        }
        if self.hub.accounts {
            (self.hub.report)(&account(&client))?;
        }
        (self.hub.report)(&HubEvent::Closed {
            conn,
            peer: &client.peer,
            moved: client.moved,
            dropped: client.dropped,
            failure: self.failure.as_ref(),
        })?;
        if let Some(job) = client.job {
            self.abandon(job)?;
        }
        drop(client);
        self.forget_void_alarms();
        self.await_arrival();
        match &mut self.hub.service {
            Service::Keep(keeper) => {
                keeper.closed(conn);
                Ok(())
            }
            Service::Moderate(_) => self.moderate(None, |moderator, say| moderator.left(conn, say)),
            _ => Ok(()),
        }
    }

    /// Somebody has asked how much went to and from each.
    pub(super) fn give_accounts(&mut self) -> Result<(), StdoutError> {
        for key in self.crowd.keys() {
            if let Some(client) = self.crowd.get_mut(key) {
                (self.hub.report)(&account(client))?;
            }
        }
        Ok(())
    }

    /// The run ends, and with it those who are still connected.
    pub(super) fn give_last_accounts(&mut self) {
        if self.hub.accounts {
            // Whoever does not take them has been told, or is told by the exit status.
            drop(self.give_accounts());
        }
    }

    /// Those who have left would be remembered until their alarms ring, which may be long: from time to time they are
    /// forgotten.
    fn forget_void_alarms(&mut self) {
        let served = self.crowd.len() + self.jobs.len();
        if self.alarms.len() <= VOID + 4 * served {
            return;
        }
        let (crowd, jobs) = (&self.crowd, &self.jobs);
        self.alarms.forget(|alarm, key, conn| match alarm {
            Alarm::Ladder => jobs.get(key).is_none_or(|job| job.conn != conn),
            _ => !crowd.has(key, conn),
        });
    }

    /// A command whose connection has ended: one that would still speak is asked to end.
    fn abandon(&mut self, key: usize) -> Result<(), LoopError> {
        let Some(job) = self.jobs.get_mut(key) else {
            return Ok(());
        };
        job.client = None;
        match job.may_speak() {
            true => self.ask_to_end(key),
            false => self.settle_job(key),
        }
    }

    /// The next rung of the ladder: HUP, TERM, KILL.
    fn ask_to_end(&mut self, key: usize) -> Result<(), LoopError> {
        let Some(job) = self.jobs.get_mut(key) else {
            return Ok(());
        };
        if job.ask(self.hub.reactor)? {
            let conn = job.conn;
            self.alarms.set(self.now + GRACE, Alarm::Ladder, key, conn);
        }
        self.settle_job(key)
    }

    pub(super) fn ask_again(&mut self, key: usize, conn: u64) -> Result<(), LoopError> {
        match self.jobs.get(key) {
            Some(job) if job.conn == conn => self.ask_to_end(key),
            _ => Ok(()),
        }
    }

    /// Reap a command that is over, and watch one that is not for what is wanted now.
    pub(super) fn settle_job(&mut self, key: usize) -> Result<(), LoopError> {
        let Some(job) = self.jobs.get(key) else {
            return Ok(());
        };
        if let Some(client) = job.client {
            self.crowd.touch(client);
        }
        if !job.is_over() {
            return self.watch_job(key);
        }
        let job = self.jobs.remove(key);
        if let Some(client) = job.client.and_then(|client| self.crowd.get_mut(client)) {
            client.job = None;
        }
        let (conn, status) = (job.conn, job.status);
        if job.asked.is_none() {
            self.status = status;
        }
        job.reap();
        match status {
            Some(status) => Ok((self.hub.report)(&HubEvent::Ran { conn, status })?),
            None => Ok(()),
        }
    }

    /// What it says is heard as long as its client takes it, or for nobody.
    fn watch_job(&mut self, key: usize) -> Result<(), LoopError> {
        let Some(job) = self.jobs.get_mut(key) else {
            return Ok(());
        };
        let client = job.client.and_then(|client| self.crowd.get_mut(client));
        let hears = client.is_none_or(|client| client.is_clear());
        Ok(job.watch(self.hub.reactor, hears)?)
    }

    /// No command outlives the run.
    pub(super) fn end_jobs(&mut self) {
        end_all(self.jobs.iter_mut().map(|(_, job)| job));
        self.jobs.drain().for_each(Job::reap);
    }

    /// Whether one has been silent for too long.
    pub(super) fn look_for_silence(&mut self, key: usize, conn: u64) -> Result<(), LoopError> {
        let Some(limit) = self.hub.limits.idle else {
            return Ok(());
        };
        let Some(client) = self.crowd.same(key, conn) else {
            return Ok(());
        };
        let mut due = client.active + limit;
        // One whose words wait for a slow reader of ours is not silent.
        let has_words = || matches!(client.socket().peek(&mut [0]), Ok(Recv::Bytes(1..)));
        if due <= self.now && self.drained + limit > self.now && has_words() {
            due = self.drained + limit;
        }
        if due > self.now {
            self.alarms.set(due, Alarm::Idle, key, conn);
            return Ok(());
        }
        if self.hub.limits.once {
            return Err(expired(
                Timer::Idle,
                limit,
                format_args!("connection with {}", client.socket().about()),
            ));
        }
        self.close(key, Some(expired(Timer::Idle, limit, "")))
    }

    /// Whether a handshake has taken too long.
    pub(super) fn look_for_greeting(&mut self, key: usize, conn: u64) -> Result<(), LoopError> {
        let Some(limit) = self.hub.limits.greeting else {
            return Ok(());
        };
        let Some(client) = self
            .crowd
            .same(key, conn)
            .filter(|client| client.is_greeting())
        else {
            return Ok(());
        };
        if self.hub.limits.once {
            let on = format_args!("TLS with {}", client.socket().about());
            return Err(expired(Timer::Answer, limit, on));
        }
        client.cut();
        self.close(key, Some(expired(Timer::Answer, limit, "TLS")))
    }

    /// Whether one that was answered has said nothing more, or too much.
    pub(super) fn look_for_farewell(&mut self, key: usize, conn: u64) -> Result<(), LoopError> {
        let Some(client) = self.crowd.same(key, conn) else {
            return Ok(());
        };
        let since = client.farewell.unwrap_or(self.now);
        let due = match client.is_unacknowledged() {
            // It has yet to take what it was told.
            true => self.now + SILENCE,
            false => (client.active.max(since) + SILENCE).min(since + FAREWELL),
        };
        if due > self.now {
            self.alarms.set(due, Alarm::Farewell, key, conn);
            return Ok(());
        }
        self.close(key, None)
    }

    /// The time is up that a command had after its client had said all.
    pub(super) fn end_lingering(&mut self, key: usize, conn: u64) -> Result<(), LoopError> {
        let Some(limit) = self.hub.limits.linger else {
            return Ok(());
        };
        let Some(client) = self.crowd.same(key, conn) else {
            return Ok(());
        };
        if self.hub.limits.once {
            return Err(expired(
                Timer::Linger,
                limit,
                format_args!("connection with {}", client.socket().about()),
            ));
        }
        client.cut();
        self.close(key, Some(expired(Timer::Linger, limit, "")))
    }
}

fn account(client: &Client) -> HubEvent<'_> {
    HubEvent::Account {
        conn: client.conn,
        peer: &client.peer,
        socket: client.socket(),
        moved: client.moved,
        since: client.since,
    }
}

fn expired(timer: Timer, limit: Duration, on: impl Display) -> LoopError {
    let on = on.to_string();
    Expired { timer, limit, on }.into()
}
