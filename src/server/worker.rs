//! A worker: one reactor over the listeners, stdout and a slab of connections.

use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use nix::sys::signal::Signal;
use slab::Slab;

use super::connection::Connection;
use super::door::Door;
use super::service::{Happening, Service};
use crate::engine::{Interest, Outlet, PAUSE, Reactor, Ready, Timer, Timers, is_gone, is_shortage};
use crate::net::{Address, CallError, Socket};

/// How often at most the connections are searched for one that is late.
const SCAN: Duration = Duration::from_millis(250);
/// What is watched besides listeners and connections: stdout, and the one who ends it.
const OTHERS: usize = 2;

/// One loop over everything.
#[derive(Debug)]
pub(super) struct Worker {
    reactor: Reactor,
    listeners: Arc<[Socket]>,
    connections: Slab<Connection>,
    /// When a connection may be late next; `None` without connections. It is only ever too early.
    scan: Option<Instant>,
    /// When the listeners are watched again; `None` while they are.
    resume: Option<Instant>,
    has_warned: bool,
}

/// Why a worker ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// A signal asked for it.
    Signal(Signal),
    /// It was told to.
    Told,
}

impl Worker {
    /// Serve the clients of these sockets, which listen.
    pub(super) fn new(listeners: Arc<[Socket]>) -> Result<Self, CallError> {
        let worker = Self {
            reactor: Reactor::new()?,
            listeners,
            connections: Slab::new(),
            scan: None,
            resume: None,
            has_warned: false,
        };
        worker.watch_listeners()?;
        Ok(worker)
    }

    /// From here on signals are taken as events.
    pub(super) fn catch_signals(&mut self) -> Result<(), CallError> {
        self.reactor.catch_signals()
    }

    /// Serve until a signal comes, `told` can be read, `deadline` has passed or stdout's reader went away (where
    /// `outlet` is given).
    pub(super) fn run(
        &mut self,
        service: &mut Service,
        told: BorrowedFd<'_>,
        outlet: Option<&Outlet>,
        deadline: Option<Duration>,
    ) -> anyhow::Result<Ended> {
        let mut timers = Timers::default();
        timers.start(Timer::Deadline, deadline, Instant::now());
        let door = outlet.map(|outlet| Door::open(outlet, self.door(), &self.reactor));
        let mut door = door.transpose()?.flatten();
        self.reactor.watch(told, self.told(), Interest::READ)?;
        loop {
            let until = [timers.next(), self.scan, self.resume];
            let signal = self.reactor.wait(until.into_iter().flatten().min())?;
            if let Some(signal) = signal {
                return Ok(Ended::Signal(signal));
            }
            let now = Instant::now();
            if let Some(expired) = timers.expired(now) {
                return Err(expired.into());
            }
            service.now = SystemTime::now();
            if self.take_up(service, door.as_ref(), now)? {
                return Ok(Ended::Told);
            }
            if self.resume.is_some_and(|resume| resume <= now) {
                self.resume = None;
                self.watch_listeners()?;
            }
            if self.scan.is_some_and(|scan| scan <= now) {
                self.expire(service, now)?;
            }
            service.observer.turn_ends()?;
            if let Some(door) = &mut door {
                door.settle(&self.reactor)?;
            }
        }
    }

    /// Tokens: the listeners, stdout, the one who ends it, and two for each connection.
    fn door(&self) -> usize {
        self.listeners.len()
    }

    fn told(&self) -> usize {
        self.listeners.len() + 1
    }

    fn first(&self) -> usize {
        self.listeners.len() + OTHERS
    }

    /// Take up everything that is ready; whether the end was asked for.
    fn take_up(
        &mut self,
        service: &mut Service,
        door: Option<&Door<'_>>,
        now: Instant,
    ) -> anyhow::Result<bool> {
        let first = self.first();
        let mut index = 0;
        while let Some(ready) = self.reactor.ready().get(index).copied() {
            index += 1;
            if let Some(number) = ready.token.checked_sub(first) {
                self.turn(number, ready, service, now)?;
            } else if ready.token < self.listeners.len() {
                self.accept(ready.token, service, now)?;
            } else if ready.token == self.told() {
                return Ok(true);
            } else if let Some(door) = door {
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
        // One that is not there any more was closed for its lateness.
        let Some(connection) = self.connections.get_mut(key) else {
            return Ok(());
        };
        match number % 2 {
            0 => connection.turn(ready.gone, service, now)?,
            _ => connection.turn_beside(service, now)?,
        }
        self.settle(key);
        Ok(())
    }

    /// accept(2) once: the listener stays ready as long as more clients wait, and may be one that blocks.
    fn accept(&mut self, index: usize, service: &mut Service, now: Instant) -> anyhow::Result<()> {
        let accepted = self.listeners.get(index).map(Socket::accept);
        match accepted.transpose() {
            Ok(Some(Some((socket, peer)))) => {
                let limits = service.limits;
                self.admit(socket, peer, now + limits.head.min(limits.idle));
            }
            Ok(_) => {}
            Err(error) if is_gone(&error) => {}
            Err(error) if is_shortage(&error) => self.pause(&error, service, now)?,
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn admit(&mut self, socket: Socket, peer: Address, until: Instant) {
        let token = self.first() + 2 * self.connections.vacant_key();
        // Where the kernel will not watch one more, the client is let go, and the others are served.
        if self.reactor.watch(&socket, token, Interest::READ).is_ok() {
            let key = self
                .connections
                .insert(Connection::new(socket, peer, until));
            self.settle(key);
        }
    }

    /// Watch a connection for what it waits for now, or drop it.
    fn settle(&mut self, key: usize) {
        let token = self.first() + 2 * key;
        let Some(connection) = self.connections.get_mut(key) else {
            return;
        };
        let until = connection.until();
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
            drop(self.connections.remove(key));
        }
    }

    /// End what is late.
    fn expire(&mut self, service: &mut Service, now: Instant) -> anyhow::Result<()> {
        let mut late = Vec::new();
        let mut next: Option<Instant> = None;
        for (key, connection) in &mut self.connections {
            let until = connection.until();
            if until <= now {
                connection.expire(service, now)?;
                late.push(key);
            } else {
                next = Some(next.map_or(until, |next| next.min(until)));
            }
        }
        self.scan = next.map(|next| next.max(now + SCAN));
        for key in late {
            self.settle(key);
        }
        Ok(())
    }

    /// Leave new clients in the queue for a while: a listener that stays ready would have the loop spin.
    fn pause(
        &mut self,
        error: &CallError,
        service: &mut Service,
        now: Instant,
    ) -> anyhow::Result<()> {
        if self.resume.is_none() {
            for listener in self.listeners.iter() {
                self.reactor.forget(listener)?;
            }
        }
        self.resume = Some(now + PAUSE);
        if !self.has_warned {
            self.has_warned = true;
            service.observer.notice(&Happening::Exhausted(error))?;
        }
        Ok(())
    }

    fn watch_listeners(&self) -> Result<(), CallError> {
        for (token, listener) in self.listeners.iter().enumerate() {
            self.reactor.watch_shared(listener, token)?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[expect(
    clippy::disallowed_types,
    reason = "the client is a plain socket: it is not it that is explained"
)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::os::fd::AsFd;
    use std::thread;

    use nix::sys::eventfd::EventFd;

    use super::*;
    use crate::engine::StdoutError;
    use crate::http::Site;
    use crate::net::{Explain, Family, Kind, Protocol};
    use crate::server::{Limits, Observer};

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
            idle: short,
            stall: short,
            linger: short,
        };
        let text = "x".repeat(50_000_000);
        let server = thread::spawn(move || {
            let mut service = Service::new(Site::Text(text), None, limits, Box::new(Deaf));
            let mut worker = Worker::new([socket].into()).unwrap();
            let never = EventFd::new().unwrap();
            let limit = Some(Duration::from_secs(3));
            let ended = worker.run(&mut service, never.as_fd(), None, limit);
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
