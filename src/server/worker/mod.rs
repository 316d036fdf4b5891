//! A worker: one reactor over the listeners, stdout and a slab of connections.

mod entrance;
mod tokens;

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use nix::sys::signal::Signal;
use slab::Slab;

use self::entrance::Entrance;
use super::connection::Connection;
use super::door::Door;
use super::service::{Happening, Service};
use super::shared::{Shared, Signs, Terms};
use super::stopping::{ON_ITS_WAY, Stopping};
use crate::engine::{Interest, Outlet, Reactor, Ready, StdoutError, Timer, Timers};
use crate::net::CallError;

/// How often at most the connections are searched for one that is late.
const SCAN: Duration = Duration::from_millis(250);
/// The same where one of them has an answer that is to come in time.
const PUNCTUAL: Duration = Duration::from_millis(1);

/// One loop over everything.
#[derive(Debug)]
pub(super) struct Worker {
    reactor: Reactor,
    shared: Arc<Shared>,
    connections: Slab<Connection>,
    /// Those who came in this turn: what is ready under their tokens was meant for those who had them before.
    fresh: Vec<usize>,
    /// When a connection may be late next; `None` without connections. It is only ever too early.
    scan: Option<Instant>,
    /// When the next second of the day begins, by which answers are dated; `None` before the first turn.
    second: Option<Instant>,
    entrance: Entrance,
    stopping: Stopping,
    /// Whether it takes the signals and sees to stdout.
    is_first: bool,
}

impl Worker {
    /// The worker that takes the signals, as events from here on.
    pub(super) fn first(shared: Arc<Shared>) -> Result<Self, CallError> {
        let mut worker = Self::another(shared)?;
        worker.is_first = true;
        worker.reactor.catch_signals()?;
        Ok(worker)
    }

    /// One that serves the same clients.
    pub(super) fn another(shared: Arc<Shared>) -> Result<Self, CallError> {
        let worker = Self {
            reactor: Reactor::new()?,
            shared,
            connections: Slab::new(),
            fresh: Vec::new(),
            scan: None,
            second: None,
            entrance: Entrance::default(),
            stopping: Stopping::default(),
            is_first: false,
        };
        worker.watch_listeners()?;
        Ok(worker)
    }

    /// Serve until a signal has come and what is in flight is done, it is over for all workers (`None`), `deadline` has
    /// passed or stdout's reader went away (where `outlet` is given).
    pub(super) fn run(
        &mut self,
        service: &mut Service,
        outlet: Option<&Outlet>,
        deadline: Option<Duration>,
    ) -> anyhow::Result<Option<Signal>> {
        let ended = self.turn_about(service, outlet, deadline);
        // What was in flight is told too.
        for (_, connection) in &mut self.connections {
            service.turn_of(connection.socket());
            connection.break_off(service)?;
        }
        service.observer.ends()?;
        ended
    }

    fn turn_about(
        &mut self,
        service: &mut Service,
        outlet: Option<&Outlet>,
        deadline: Option<Duration>,
    ) -> anyhow::Result<Option<Signal>> {
        let mut timers = Timers::default();
        timers.start(Timer::Deadline, deadline, Instant::now());
        let door = outlet.map(|outlet| Door::open(outlet, self.door(), &self.reactor));
        let mut door = door.transpose()?.flatten();
        self.watch_signs()?;
        let mut now = Instant::now();
        loop {
            self.watch_changes(service)?;
            let until = self.next(service, &timers);
            // What the last turn took is not worth a look at the clock.
            let timeout = until.map(|until| until.saturating_duration_since(now));
            let signal = self.reactor.wait_for(timeout)?;
            now = Instant::now();
            if let Some(signal) = signal
                && !is_reloaded(signal, &self.shared.terms, service)?
            {
                self.stop(signal, service, now)?;
            }
            if let Some(expired) = timers.expired(now) {
                return Err(expired.into());
            }
            if self.second.is_none_or(|second| second <= now) {
                self.second = Some(service.second_begins(SystemTime::now(), now));
            }
            if self.take_up(service, door.as_ref(), now)? {
                return Ok(None);
            }
            self.resume(now)?;
            if self.scan.is_some_and(|scan| scan <= now) {
                self.expire(service, now)?;
            }
            self.end_turn(service)?;
            if let Some(door) = &mut door {
                door.settle(&self.reactor)?;
            }
            if let Some(signal) = self.over(now) {
                return Ok(Some(signal));
            }
        }
    }

    /// When something is to be done, though nothing is ready.
    fn next(&self, service: &Service, timers: &Timers) -> Option<Instant> {
        let until = sooner(timers.next(), self.scan);
        let until = sooner(until, self.entrance.resume());
        let until = sooner(until, self.stopping.until());
        sooner(until, service.observer.wakes())
    }

    /// Watch what the other workers say: to the first one, or to all but that.
    fn watch_signs(&self) -> Result<(), CallError> {
        let Some(Signs { first, stops, over }) = self.shared.signs() else {
            return Ok(());
        };
        if self.is_first {
            self.reactor.watch(first, self.told(), Interest::READ)?;
        } else {
            self.reactor.watch(over, self.told(), Interest::READ)?;
            self.reactor.watch(stops, self.stops(), Interest::READ)?;
        }
        Ok(())
    }

    /// Take up everything that is ready; whether it is over.
    fn take_up(
        &mut self,
        service: &mut Service,
        door: Option<&Door<'_>>,
        now: Instant,
    ) -> anyhow::Result<bool> {
        let first = self.first_token();
        self.fresh.clear();
        // Whoever asks now may know of it.
        let changes = self.changes();
        if self
            .reactor
            .ready()
            .iter()
            .any(|ready| ready.token == changes)
        {
            service.cache.refresh();
        }
        let mut index = 0;
        while let Some(ready) = self.reactor.ready().get(index).copied() {
            index += 1;
            if let Some(number) = ready.token.checked_sub(first) {
                self.turn(number, ready, service, now)?;
            } else if ready.token < self.door() {
                self.welcome(ready.token, service, now)?;
            } else if ready.token == self.stops() {
                if let Some(signs) = self.shared.signs() {
                    self.reactor.forget(&signs.stops)?;
                }
                self.stop(Signal::SIGTERM, service, now)?;
            } else if ready.token == self.told() {
                if !self.is_first || self.shared.has_failed() {
                    return Ok(true);
                }
                // Something is left for stdout, or the last client has gone: that is seen to at the end of the turn.
                if let Some(signs) = self.shared.signs() {
                    let _ = signs.first.read();
                }
            } else if let (Some(door), true) = (door, ready.token == self.door()) {
                door.turn(ready)?;
            }
        }
        Ok(false)
    }

    /// Let a connection do what it can: its socket (even numbers) is ready, or what it waits for besides (odd ones).
    fn turn(
        &mut self,
        number: usize,
        ready: Ready,
        service: &mut Service,
        now: Instant,
    ) -> anyhow::Result<()> {
        let key = number / 2;
        if self.fresh.contains(&key) {
            return Ok(());
        }
        // One that is not there any more was closed for its lateness.
        let Some(connection) = self.connections.get_mut(key) else {
            return Ok(());
        };
        service.turn_of(connection.socket());
        match number % 2 {
            0 => connection.turn(ready.gone, service, now)?,
            _ => connection.turn_beside(service, now)?,
        }
        self.settle(key);
        Ok(())
    }

    /// Watch a connection for what it waits for now, or drop it.
    fn settle(&mut self, key: usize) {
        let token = self.first_token() + 2 * key;
        let Some(connection) = self.connections.get_mut(key) else {
            return;
        };
        let until = connection.until();
        if connection.is_idle() {
            self.entrance.note_idle();
        }
        let mut is_watched = !connection.is_closed();
        if let (true, Some(interest)) = (is_watched, connection.new_interest()) {
            let changed = self.reactor.change(connection.socket(), token, interest);
            is_watched = changed.is_ok();
        }
        if let (true, Some((fd, interest))) = (is_watched, connection.beside()) {
            is_watched = self.reactor.watch_once(fd, token + 1, interest).is_ok();
        }
        if is_watched {
            self.scan = Some(self.scan.map_or(until, |scan| scan.min(until)));
        } else {
            let gone = self.connections.remove(key);
            self.shared.leave(gone.pass());
        }
    }

    /// End what is late.
    fn expire(&mut self, service: &mut Service, now: Instant) -> anyhow::Result<()> {
        let mut late = Vec::new();
        let mut next: Option<Instant> = None;
        for (key, connection) in &mut self.connections {
            let until = connection.until();
            if until <= now {
                service.turn_of(connection.socket());
                connection.expire(service, now)?;
                late.push(key);
            } else {
                let pause = if connection.is_delayed() {
                    PUNCTUAL
                } else {
                    SCAN
                };
                next = sooner(next, Some(until.max(now + pause)));
            }
        }
        self.scan = next;
        for key in late {
            self.settle(key);
        }
        Ok(())
    }

    /// Everything that was ready is done. What stdout did not take is the first worker's to watch.
    fn end_turn(&self, service: &mut Service) -> anyhow::Result<()> {
        let is_clear = service.observer.turn_ends()?;
        let is_last = self.stopping.has_begun() && self.connections.is_empty();
        if !self.is_first && (!is_clear || is_last) {
            self.shared.wake_first();
        }
        Ok(())
    }

    fn watch_changes(&self, service: &mut Service) -> Result<(), CallError> {
        match service.cache.new_fd() {
            Some(fd) => self
                .reactor
                .watch(fd, self.changes(), Interest::READ)
                .map(drop),
            None => Ok(()),
        }
    }

    /// Begin to stop, or stop at once: the first worker is told by a signal and tells the others.
    fn stop(&mut self, signal: Signal, service: &mut Service, now: Instant) -> anyhow::Result<()> {
        let has_begun = self.stopping.has_begun();
        let grace = self.shared.terms.grace;
        self.stopping.signal(signal, now, grace);
        if has_begun || self.stopping.over().is_some() {
            return Ok(());
        }
        service.is_ending = true;
        if self.is_first {
            self.shared.tell_stop();
        }
        self.close_entrance(service, now)?;
        let quiet = now + ON_ITS_WAY.min(grace);
        for (_, connection) in &mut self.connections {
            connection.hurry(quiet);
        }
        self.scan = Some(self.scan.map_or(quiet, |scan| scan.min(quiet)));
        Ok(())
    }

    /// The signal that it is over with. The others are told by the first worker.
    fn over(&mut self, now: Instant) -> Option<Signal> {
        if self.is_first && self.stopping.has_begun() {
            self.stopping.pass(now, self.shared.open());
        }
        self.stopping.over()
    }
}

/// The earlier of two times; `None` is never.
#[inline]
fn sooner(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// SIGHUP has files read again, unless it says that the terminal is gone where the server was started.
fn is_reloaded(signal: Signal, terms: &Terms, service: &mut Service) -> Result<bool, StdoutError> {
    let is_hung_up = terms.is_at_terminal && !io::stderr().is_terminal();
    if signal != Signal::SIGHUP || is_hung_up {
        return Ok(false);
    }
    let news = service.reload();
    for said in &news {
        service.observer.notice(&Happening::News(said))?;
    }
    if news.is_empty() {
        let said = "SIGHUP: there is no file of --cert or --auth to read again";
        service.observer.notice(&Happening::Detail(said))?;
    }
    Ok(true)
}

#[cfg(test)]
#[expect(
    clippy::disallowed_types,
    reason = "the client is a plain socket: it is not it that is explained"
)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::thread;

    use super::*;
    use crate::http::Site;
    use crate::net::{Address, Explain, Family, Kind, Protocol, Socket};
    use crate::server::{Limits, Observer, Places};

    const TERMS: Terms = Terms {
        places: Places {
            all: 100,
            per_address: None,
        },
        grace: Duration::ZERO,
        is_handed: false,
        is_at_terminal: false,
    };

    struct Deaf;

    impl Observer for Deaf {
        fn notice(&mut self, _: &Happening<'_>) -> Result<(), StdoutError> {
            Ok(())
        }
    }

    fn read_end(mut client: TcpStream) -> Vec<u8> {
        let mut bytes = Vec::new();
        // A reset is an end too.
        let _ = client.read_to_end(&mut bytes);
        bytes
    }

    #[test]
    fn patience_ends() {
        let any = Address::Inet("127.0.0.1:0".parse().unwrap());
        let silent = Explain::default();
        let mut socket = Socket::open(Family::Inet, Kind::Stream, Protocol::TCP, &silent).unwrap();
        socket.bind(&any).unwrap();
        socket.listen(16).unwrap();
        let address = socket.getsockname().unwrap().inet().unwrap();

        let short = Duration::from_millis(200);
        let limits = Limits {
            head: short,
            body: short,
            idle: short,
            stall: short,
            linger: short,
        };
        let text = "x".repeat(50_000_000);
        let server = thread::spawn(move || {
            let site = Site {
                text: Some(text),
                ..Site::default()
            };
            let mut service = Service::new(site, None, limits, Box::new(Deaf));
            let shared = Shared::new(vec![socket], TERMS).unwrap();
            let mut worker = Worker::another(shared.into()).unwrap();
            let limit = Some(Duration::from_secs(3));
            let ended = worker.run(&mut service, None, limit);
            (ended.unwrap_err().to_string(), worker.connections.len())
        });

        let open = |said: &str| {
            let mut client = TcpStream::connect(address).unwrap();
            client.write_all(said.as_bytes()).unwrap();
            client
        };
        let deaf = open("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        let mute = open("");
        let slow = open("GET / HTTP/1.1\r\nHost:");
        let half = open("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabc");
        // It never ends its own half: the server does not wait for that for ever.
        let refused = open("\n");
        assert_eq!(read_end(mute), b"");
        for (client, status) in [(slow, "408 "), (half, "408 "), (refused, "400 ")] {
            let answer = String::from_utf8(read_end(client)).unwrap();
            assert_eq!(answer.get(9..13), Some(status), "{answer}");
        }
        let (ended, left) = server.join().unwrap();
        assert_eq!((ended.as_str(), left), ("not done within 3s", 0));
        assert!(read_end(deaf).len() < 50_000_000);
    }
}
