//! The entrance of a worker: who comes in, who has to go for that, and who is told that there is no place.

use std::mem;
use std::time::{Duration, Instant};

use super::super::admission::Crowded;
use super::super::connection::Connection;
use super::super::reserve::{Reserve, tell};
use super::super::service::{Happening, Service};
use super::Worker;
use crate::engine::{Interest, PAUSE, is_gone, is_shortage};
use crate::http::{Answer, Plan, Status, render};
use crate::net::{Address, CallError, Shutdown, Socket};

/// How often at most it is said that clients are turned away.
const SAID: Duration = Duration::from_secs(10);
/// How many connections that ask nothing one search finds: looking through all of them for each client that comes would
/// be a lever for whoever comes often.
const FOUND: usize = 64;

/// What a worker knows of its entrance.
#[derive(Debug, Default)]
pub(super) struct Entrance {
    /// When the listeners are watched again; `None` while they are.
    resume: Option<Instant>,
    /// Whether nobody comes in any more.
    is_closed: bool,
    reserve: Reserve,
    /// Those that have asked nothing for longest, the oldest last, and since when; only ever too many.
    idle: Vec<(Instant, usize)>,
    /// Whether there may be others.
    has_idle: bool,
    /// Until when nothing is said about clients that are turned away.
    silent: Option<Instant>,
}

impl Entrance {
    /// When the listeners are to be watched again; `None` while they are.
    pub(super) fn resume(&self) -> Option<Instant> {
        self.resume.filter(|_| !self.is_closed)
    }

    /// A connection has been answered, and may be one that makes room.
    pub(super) fn note_idle(&mut self) {
        self.has_idle = true;
    }
}

impl Worker {
    /// A listener is ready: let the first client of its line in, unless nobody comes in any more.
    pub(super) fn welcome(
        &mut self,
        index: usize,
        service: &mut Service,
        now: Instant,
    ) -> anyhow::Result<()> {
        match self.entrance.is_closed {
            true => Ok(()),
            false => self.accept(index, service, now).map(drop),
        }
    }

    /// accept(2) once: the listener stays ready as long as more clients wait. Whether anyone came.
    fn accept(
        &mut self,
        index: usize,
        service: &mut Service,
        now: Instant,
    ) -> anyhow::Result<bool> {
        let accepted = self.shared.listeners.get(index).map(Socket::accept);
        match accepted.transpose() {
            Ok(Some(Some((socket, peer)))) => self.let_in(socket, peer, service, now)?,
            Ok(_) => return Ok(false),
            Err(error) if is_gone(&error) => {}
            // The first worker has shut it down, and the sign of that is on its way.
            Err(error) if !self.is_first && error.errno() == libc::EINVAL => return Ok(false),
            Err(error) if is_shortage(&error) => {
                return self.do_without(index, &error, service, now);
            }
            Err(error) => return Err(error.into()),
        }
        Ok(true)
    }

    /// Find a client a place, if need be that of one who asks nothing.
    fn let_in(
        &mut self,
        socket: Socket,
        peer: Address,
        service: &mut Service,
        now: Instant,
    ) -> anyhow::Result<()> {
        let mut entered = self.shared.enter(&peer);
        if matches!(entered, Err(Crowded::Full)) && self.make_room(service, now)? {
            entered = self.shared.enter(&peer);
        }
        match entered {
            Ok(pass) => {
                let limits = service.limits;
                let until = now + limits.head.min(limits.idle);
                match service.gate.open(socket) {
                    Ok(stream) => self.admit(Connection::new(stream, peer, pass, until)),
                    Err(_) => self.shared.leave(pass),
                }
                Ok(())
            }
            Err(crowded) => {
                tell(&socket, &no_place(service));
                self.say(&Happening::Crowded(crowded), service, now)
            }
        }
    }

    fn admit(&mut self, connection: Connection) {
        let token = self.first_token() + 2 * self.connections.vacant_key();
        // Where the kernel will not watch one more, the client is let go, and the others are served.
        let socket = connection.socket();
        if self.reactor.watch(socket, token, Interest::READ).is_err() {
            return self.shared.leave(connection.pass());
        }
        let key = self.connections.insert(connection);
        self.fresh.push(key);
        self.settle(key);
    }

    /// No descriptor is left: one who asks nothing gives up its, or the client is told; else the line has to wait.
    fn do_without(
        &mut self,
        index: usize,
        error: &CallError,
        service: &mut Service,
        now: Instant,
    ) -> anyhow::Result<bool> {
        if self.make_room(service, now)? {
            return Ok(true);
        }
        self.say(&Happening::Exhausted(error), service, now)?;
        let answer = no_place(service);
        let entrance = &mut self.entrance;
        let listener = self.shared.listeners.get(index);
        let told = listener.map(|listener| entrance.reserve.turn_away(listener, &answer));
        match told.transpose() {
            Ok(Some(Some(_))) => Ok(true),
            Ok(_) => self.pause(now).map(|()| false),
            Err(error) if is_gone(&error) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    /// Close the connection that has asked nothing for longest; whether there was one. What it may have asked just now
    /// is answered, and then it is not the one.
    fn make_room(&mut self, service: &mut Service, now: Instant) -> anyhow::Result<bool> {
        for _ in 0..FOUND {
            let Some(key) = self.oldest_idle() else {
                return Ok(false);
            };
            if let Some(connection) = self.connections.get_mut(key) {
                connection.turn(false, service, now)?;
                if connection.is_idle() {
                    connection.close();
                }
                let is_closed = connection.is_closed();
                self.settle(key);
                if is_closed {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    fn oldest_idle(&mut self) -> Option<usize> {
        loop {
            while let Some((until, key)) = self.entrance.idle.pop() {
                let connection = self.connections.get(key);
                if connection.is_some_and(|one| one.is_idle() && one.until() == until) {
                    return Some(key);
                }
            }
            if !self.entrance.has_idle {
                return None;
            }
            let idle = self.connections.iter().filter(|(_, one)| one.is_idle());
            let mut idle: Vec<_> = idle.map(|(key, one)| (one.until(), key)).collect();
            self.entrance.has_idle = !idle.is_empty();
            idle.sort_unstable_by(|one, other| other.cmp(one));
            self.entrance.idle = idle.split_off(idle.len().saturating_sub(FOUND));
        }
    }

    /// Say that clients are turned away, now and then.
    fn say(
        &mut self,
        happening: &Happening<'_>,
        service: &mut Service,
        now: Instant,
    ) -> anyhow::Result<()> {
        let entrance = &mut self.entrance;
        if entrance.silent.is_some_and(|silent| now < silent) {
            return Ok(());
        }
        entrance.silent = Some(now + SAID);
        service.observer.notice(happening)?;
        Ok(())
    }

    /// Leave new clients in the line for a while: a listener that stays ready would have the loop spin.
    fn pause(&mut self, now: Instant) -> anyhow::Result<()> {
        if self.entrance.resume.is_none() {
            self.forget_listeners()?;
        }
        self.entrance.resume = Some(now + PAUSE);
        Ok(())
    }

    /// Watch the listeners again, once it is time.
    pub(super) fn resume(&mut self, now: Instant) -> Result<(), CallError> {
        if self.entrance.resume().is_some_and(|resume| resume <= now) {
            self.entrance.resume = None;
            self.watch_listeners()?;
        }
        Ok(())
    }

    /// Let nobody else in. Who has come already is served; then nobody is left in line whom the end would reset. Sockets
    /// that others listen on too are theirs, line and all.
    pub(super) fn close_entrance(
        &mut self,
        service: &mut Service,
        now: Instant,
    ) -> anyhow::Result<()> {
        if mem::replace(&mut self.entrance.is_closed, true) {
            return Ok(());
        }
        if self.entrance.resume.is_none() {
            self.forget_listeners()?;
        }
        // They are not watched from here on, and never will be again.
        self.entrance.resume = Some(now);
        if !self.is_first || self.shared.terms.is_handed {
            return Ok(());
        }
        for index in 0..self.shared.listeners.len() {
            while self.accept(index, service, now)? {}
        }
        for listener in &self.shared.listeners {
            // One that cannot be shut down is closed with the process.
            let _ = listener.shutdown(Shutdown::Both);
        }
        Ok(())
    }

    pub(super) fn watch_listeners(&self) -> Result<(), CallError> {
        for (token, listener) in self.shared.listeners.iter().enumerate() {
            self.reactor.watch_shared(listener, token)?;
        }
        Ok(())
    }

    fn forget_listeners(&self) -> Result<(), CallError> {
        for listener in &self.shared.listeners {
            self.reactor.forget(listener)?;
        }
        Ok(())
    }
}

/// What a client is told for whom there is no place: nothing where it would not understand.
fn no_place(service: &Service) -> Vec<u8> {
    if service.gate.is_encrypted() {
        return Vec::new();
    }
    let answer = Answer {
        is_head: false,
        persists: false,
        is_old: false,
    };
    let mut bytes = Vec::new();
    let plan = Plan::status(Status::UNAVAILABLE);
    render(&plan, answer, service.date.text(), &mut bytes);
    bytes
}
