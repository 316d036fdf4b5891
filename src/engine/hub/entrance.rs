//! Those who come: accepted as long as there is room, sent away where they may not come, and put to the service.

use std::rc::Rc;
use std::time::Instant;

use nix::errno::Errno;

use super::super::command::CannotRun;
use super::super::crlf::Crlf;
use super::super::ending::LoopError;
use super::super::listener::{PAUSE, is_gone, is_shortage};
use super::super::pump::RECORD;
use super::super::timer::Timer;
use super::super::transport::Transport;
use super::alarm::Alarm;
use super::event::HubEvent;
use super::job::Job;
use super::service::Service;
use super::serving::Serving;
use crate::net::{Address, CallError, Socket};

/// How many are accepted at most before those who are connected get their turn.
const BURST: usize = 64;

impl Serving<'_, '_> {
    /// Whether one more may come.
    pub(super) fn has_room(&self) -> bool {
        let served = self.crowd.len().max(self.jobs.len());
        self.paused_until.is_none() && !self.has_enough() && served < self.hub.limits.connections
    }

    pub(super) fn accept(&mut self, index: usize) -> Result<(), LoopError> {
        // As many as there is other work in this turn: whoever comes does not wait long, and where there is none the next
        // turn is there at once.
        for _ in 0..self.hub.reactor.ready().len().min(BURST) {
            let Some(listener) = self.hub.listeners.get(index).filter(|_| self.has_room()) else {
                break;
            };
            match listener.accept() {
                Ok(Some((socket, peer, local))) => {
                    self.warned = false;
                    self.take_in(socket, peer, &local)?;
                }
                Ok(None) => break,
                // The client left between its connect and our accept, accept(2).
                Err(error) if is_gone(&error) => {}
                Err(error) if is_shortage(&error) => return self.pause(&error),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn pause(&mut self, error: &CallError) -> Result<(), LoopError> {
        self.paused_until = Some(Instant::now() + PAUSE);
        if !std::mem::replace(&mut self.warned, true) {
            (self.hub.report)(&HubEvent::Refused(error))?;
        }
        Ok(())
    }

    fn take_in(&mut self, socket: Socket, peer: Address, local: &Address) -> Result<(), LoopError> {
        if !self.hub.gate.admits(&peer) {
            return Ok((self.hub.report)(&HubEvent::Denied { peer: &peer })?);
        }
        self.hub.timers.stop(Timer::Arrival);
        self.accepted += 1;
        let conn = self.accepted;
        if self.hub.limits.once {
            self.close_listeners()?;
        }
        (self.hub.report)(&HubEvent::Accepted {
            conn,
            socket: &socket,
            peer: &peer,
            local,
        })?;
        let transport = match self.hub.acceptor {
            Some(acceptor) => Transport::Tls(Box::new(acceptor.accept(socket)?)),
            None => Transport::Plain(socket),
        };
        let base = self.base();
        let token = |key| Self::token(base, key);
        let key = self
            .crowd
            .insert(conn, transport, peer.clone(), token, self.now);
        self.crowd.touch(key);
        if let Some(idle) = self.hub.limits.idle {
            self.alarms.set(self.now + idle, Alarm::Idle, key, conn);
        }
        self.greet_or_welcome(key, conn);
        self.serve(key, conn, &peer, local)
    }

    /// What comes before everything else: a handshake, which has its time, and the preamble.
    fn greet_or_welcome(&mut self, key: usize, conn: u64) {
        let Some(client) = self.crowd.get_mut(key) else {
            return;
        };
        if let Some(limit) = self.hub.limits.greeting
            && client.is_greeting()
        {
            self.alarms
                .set(self.now + limit, Alarm::Greeting, key, conn);
        }
        if !self.hub.preamble.is_empty() {
            client.say(self.hub.preamble, self.now);
        }
    }

    /// Nobody else is to connect in vain.
    fn close_listeners(&mut self) -> Result<(), CallError> {
        for (listener, watch) in self.hub.listeners.iter().zip(&mut self.listening) {
            watch.set(self.hub.reactor, &listener.socket, None)?;
        }
        self.hub.listeners.clear();
        Ok(())
    }

    fn serve(
        &mut self,
        key: usize,
        conn: u64,
        peer: &Address,
        local: &Address,
    ) -> Result<(), LoopError> {
        match &mut self.hub.service {
            Service::Join | Service::Echo | Service::Discard => Ok(()),
            Service::Keep(keeper) => {
                let opened = keeper.opened(conn, peer);
                self.kept(key, conn, opened)
            }
            Service::Reply(reply) => {
                let reply = Rc::clone(reply);
                self.reply(key, &reply);
                Ok(())
            }
            Service::Moderate(_) => self.moderate(Some(key), |moderator, say| {
                moderator.joined(conn, peer, say)
            }),
            Service::Run(runner) => match runner.start(conn, peer, local) {
                Ok(started) => {
                    let (is_terminal, crlf) = (runner.terminal, runner.crlf);
                    let tokens = self.job_tokens(self.jobs.vacant_key());
                    let mut job = Job::new(conn, key, started, is_terminal, tokens);
                    job.crlf = crlf.then(Crlf::default);
                    self.take_on(key, job)
                }
                Err(error) => self.not_run(key, conn, error),
            },
        }
    }

    fn reply(&mut self, key: usize, reply: &Rc<[u8]>) {
        let Some(client) = self.crowd.get_mut(key) else {
            return;
        };
        match self.hub.records.is_some() {
            // A record goes whole: there is a limit to what one may hold.
            true => reply
                .chunks(RECORD)
                .for_each(|record| client.say(record, self.now)),
            false => client.enqueue(reply, self.now),
        }
    }

    fn take_on(&mut self, key: usize, job: Job) -> Result<(), LoopError> {
        let job = self.jobs.insert(job);
        if let Some(client) = self.crowd.get_mut(key) {
            client.job = Some(job);
        }
        self.settle_job(job)
    }

    /// The client is not left to believe that the command had nothing to say.
    fn not_run(&mut self, key: usize, conn: u64, error: CannotRun) -> Result<(), LoopError> {
        if self.hub.limits.once {
            return Err(error.into());
        }
        (self.hub.report)(&HubEvent::NotRun {
            conn,
            error: &error,
        })?;
        let wants = [Errno::EMFILE, Errno::ENFILE, Errno::EAGAIN, Errno::ENOMEM];
        if wants.contains(&error.cause) {
            self.paused_until = Some(self.now + PAUSE);
        }
        if let Some(client) = self.crowd.get_mut(key) {
            client.cut();
            client.fail(CallError::new("exec", error.command, error.cause));
            client.ended = true;
        }
        Ok(())
    }
}
