//! The loop of `raw listen`: packets in, lines out, until a count, a limit, a signal or stdout's reader ends it.

use std::time::Instant;

use super::ear::Ear;
use super::event::{Heard, Listening};
use super::listen::Listen;
use crate::commands::Desk;
use crate::engine::{Interest, Reactor, Ready, StdoutError, Timer, Timers};
use crate::net::Address;
use crate::output::Exit;

/// Longer than any packet.
const BUFFER: usize = 65536;
/// The token of stdout; sockets count theirs from zero, and the last one is the signals'.
const STDOUT: usize = usize::MAX - 1;

/// A run of `raw listen`.
pub(super) struct Hearing<'a> {
    listen: &'a Listen,
    desk: &'a Desk,
    ears: Vec<Ear>,
    reactor: Reactor,
    timers: Timers,
    heard: u64,
    /// Whether stdout may have to be waited for.
    waits: bool,
    /// Whether stdout is to take what it has before more is heard.
    stalled: bool,
    buffer: Vec<u8>,
}

impl<'a> Hearing<'a> {
    /// Watch the sockets, the signals and stdout.
    pub(super) fn new(listen: &'a Listen, desk: &'a Desk, ears: Vec<Ear>) -> anyhow::Result<Self> {
        let mut reactor = Reactor::new()?;
        reactor.catch_signals()?;
        for (token, ear) in ears.iter().enumerate() {
            reactor.watch(&ear.socket, token, Interest::READ)?;
        }
        let outlet = desk.output.outlet();
        // To learn at once that the reader has gone; a file has none, and never lets wait.
        let watched = outlet.with_fd(|fd| reactor.watch(fd, STDOUT, Interest::NONE));
        let waits = watched.transpose()?.unwrap_or(false);
        Ok(Self {
            listen,
            desk,
            ears,
            reactor,
            timers: Timers::default(),
            heard: 0,
            waits,
            stalled: false,
            buffer: vec![0; BUFFER],
        })
    }

    /// Say that it hears, and where.
    pub(super) fn announce(&mut self) -> anyhow::Result<()> {
        self.listen.ready.announce()?;
        for ear in &self.ears {
            self.desk.output.tell(&Listening {
                proto: ear.proto(),
                local: ear.local(),
            })?;
        }
        let now = Instant::now();
        self.timers = self.listen.timing.timers(now);
        let first = self.listen.timing.timeout;
        self.timers.start(Timer::Arrival, first, now);
        Ok(())
    }

    /// Hear until something ends it.
    pub(super) fn hear_all(&mut self) -> anyhow::Result<Exit> {
        loop {
            let outlet = self.desk.output.outlet();
            if self.is_complete() && outlet.is_clear() {
                return Ok(Exit::Done);
            }
            if let Some(signal) = self.reactor.wait(self.timers.next())? {
                outlet.flush()?;
                return Ok(Exit::Signal(signal));
            }
            if let Some(expired) = self.timers.expired(Instant::now()) {
                outlet.flush()?;
                return Err(expired.on(self.about()).into());
            }
            for ready in self.reactor.ready().to_vec() {
                self.attend(ready)?;
            }
            self.pace()?;
        }
    }

    fn attend(&mut self, ready: Ready) -> anyhow::Result<()> {
        if ready.token == STDOUT {
            if ready.gone {
                return Err(StdoutError::reader_gone().into());
            }
            self.desk.output.outlet().flush()?;
        } else if !self.is_complete() {
            self.hear(ready.token)?;
        }
        Ok(())
    }

    fn hear(&mut self, token: usize) -> anyhow::Result<()> {
        let Some(ear) = self.ears.get(token) else {
            return Ok(());
        };
        let Some(arrival) = ear.receive(&mut self.buffer)? else {
            return Ok(());
        };
        let bytes = self.buffer.get(..arrival.length).unwrap_or(&self.buffer);
        self.desk.output.offer(&Heard {
            peer: arrival.from.as_ref().map(Address::host).unwrap_or_default(),
            length: arrival.length,
            layers: ear.layers(&arrival, bytes),
            bytes,
            dump: self.listen.hex,
        })?;
        self.heard += 1;
        self.timers.stop(Timer::Arrival);
        self.timers.restart(Timer::Idle, Instant::now());
        Ok(())
    }

    /// Hear no more while stdout does not take what there is: the kernel drops what exceeds the receive buffer.
    fn pace(&mut self) -> anyhow::Result<()> {
        let outlet = self.desk.output.outlet();
        if !self.waits {
            return Ok(outlet.write(&[])?);
        }
        if self.stalled != outlet.is_clear() {
            return Ok(());
        }
        self.stalled = !self.stalled;
        let (ears, stdout) = if self.stalled {
            (Interest::NONE, Interest::WRITE)
        } else {
            (Interest::READ, Interest::NONE)
        };
        for (token, ear) in self.ears.iter().enumerate() {
            self.reactor.change(&ear.socket, token, ears)?;
        }
        outlet
            .with_fd(|fd| self.reactor.change(fd, STDOUT, stdout))
            .transpose()?;
        Ok(())
    }

    fn is_complete(&self) -> bool {
        self.listen.count.is_some_and(|count| self.heard >= count)
    }

    /// What a limit was waited for on.
    fn about(&self) -> String {
        let one = |ear: &Ear| format!("raw {} {}", ear.proto(), ear.local());
        let all: Vec<String> = self.ears.iter().map(one).collect();
        format!("listen on {}", all.join(", "))
    }
}
