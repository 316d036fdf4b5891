//! The loop of `raw listen`: packets in, lines out, until a count, a limit, a signal or stdout's reader ends it.

use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::capture::Capture;
use super::caught::{Caught, Origin};
use super::ear::Ear;
use super::event::{Heard, Listening, Place, Summary, TimeOfDay, Way};
use super::link_ear::LinkEar;
use super::listen::Listen;
use crate::commands::Desk;
use crate::engine::{Interest, Reactor, Ready, StdoutError, Timer, Timers};
use crate::net::{Socket, name_of_interface};
use crate::output::Exit;

/// The token of stdout; sockets count theirs from zero, and the last one is the signals'.
const STDOUT: usize = usize::MAX - 1;

/// How many batches of packets are taken before anything else is looked at.
const BATCHES: usize = 32;

/// What hears.
pub(super) enum Ears {
    /// Raw sockets, one for each address and protocol.
    Raw(Vec<Ear>),
    /// A socket of the link layer.
    Link(Box<LinkEar>),
}

/// A run of `raw listen`.
pub(super) struct Hearing<'a> {
    ears: Ears,
    reactor: Reactor,
    timers: Timers,
    /// Whether stdout may have to be waited for.
    waits: bool,
    /// Whether stdout is to take what it has before more is heard.
    stalled: bool,
    scribe: Scribe<'a>,
}

/// Who shows packets, or writes them down.
struct Scribe<'a> {
    listen: &'a Listen,
    desk: &'a Desk,
    capture: Option<Capture>,
    heard: u64,
    /// The names of the interfaces that packets came from.
    names: Vec<(u32, String)>,
}

impl<'a> Hearing<'a> {
    /// Watch the sockets, the signals and stdout.
    pub(super) fn new(
        listen: &'a Listen,
        desk: &'a Desk,
        ears: Ears,
        capture: Option<Capture>,
    ) -> anyhow::Result<Self> {
        let mut reactor = Reactor::new()?;
        reactor.catch_signals()?;
        for (token, socket) in ears.sockets().enumerate() {
            reactor.watch(socket, token, Interest::READ)?;
        }
        let outlet = desk.output.outlet();
        // To learn at once that the reader has gone; a file has none, and never lets wait.
        let watched = outlet.with_fd(|fd| reactor.watch(fd, STDOUT, Interest::NONE));
        let waits = watched.transpose()?.unwrap_or(false);
        Ok(Self {
            ears,
            reactor,
            timers: Timers::default(),
            waits,
            stalled: false,
            scribe: Scribe {
                listen,
                desk,
                capture,
                heard: 0,
                names: Vec::new(),
            },
        })
    }

    /// Say that it hears, and where.
    pub(super) fn announce(&mut self) -> anyhow::Result<()> {
        let Scribe { listen, desk, .. } = self.scribe;
        listen.ready.announce()?;
        for (proto, local) in self.ears.names() {
            desk.output.tell(&Listening { proto, local })?;
        }
        let now = Instant::now();
        self.timers = listen.timing.timers(now);
        let first = listen.timing.timeout;
        self.timers.start(Timer::Arrival, first, now);
        self.scribe.flush()
    }

    /// Hear until something ends it.
    pub(super) fn hear_all(&mut self) -> anyhow::Result<Exit> {
        loop {
            let outlet = self.scribe.desk.output.outlet();
            if self.scribe.is_done() && outlet.is_clear() {
                return Ok(Exit::Done);
            }
            if let Some(signal) = self.reactor.wait(self.timers.next())? {
                self.hear_rest()?;
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
            self.scribe.flush()?;
            self.pace()?;
        }
    }

    fn attend(&mut self, ready: Ready) -> anyhow::Result<()> {
        if ready.token == STDOUT {
            if ready.gone {
                return Err(StdoutError::reader_gone().into());
            }
            self.scribe.desk.output.outlet().flush()?;
        } else if !self.scribe.is_done() {
            self.hear(ready.token)?;
            if let (true, Ears::Link(ear)) = (ready.gone, &self.ears)
                && let Err(error) = ear.check()
            {
                self.hear_rest()?;
                return Err(error.into());
            }
        }
        Ok(())
    }

    fn hear(&mut self, token: usize) -> anyhow::Result<()> {
        let before = self.scribe.heard;
        let scribe = &mut self.scribe;
        let outlet = scribe.desk.output.outlet();
        let mut take = |caught: &Caught<'_>| match scribe.is_done() {
            true => Ok(()),
            false => scribe.take(caught),
        };
        for _ in 0..BATCHES {
            let may_be_more = match &mut self.ears {
                Ears::Raw(ears) => match ears.get_mut(token) {
                    Some(ear) => ear.hear(&mut take)?,
                    None => false,
                },
                Ears::Link(ear) => ear.hear(&mut take)?,
            };
            // What stdout does not take now would be kept in memory.
            if !may_be_more || !outlet.is_clear() {
                break;
            }
        }
        if self.scribe.heard > before {
            self.timers.stop(Timer::Arrival);
            self.timers.restart(Timer::Idle, Instant::now());
        }
        Ok(())
    }

    /// What came before the end is heard still, but what nobody would read.
    fn hear_rest(&mut self) -> anyhow::Result<()> {
        let lag = match &mut self.ears {
            Ears::Link(ear) => ear.lag()?,
            Ears::Raw(_) => None,
        };
        // What the kernel has taken in by now, it hands over by then.
        if let Some(lag) = lag.filter(|_| !self.stalled) {
            thread::sleep(lag);
        }
        for token in 0..self.ears.sockets().count() {
            if !self.stalled && !self.scribe.is_done() {
                self.hear(token)?;
            }
        }
        self.scribe.flush()
    }

    /// Say what was heard in all. Nobody is waited for.
    pub(super) fn sum_up(&mut self) -> anyhow::Result<()> {
        self.scribe.flush()?;
        let (received, dropped) = match &mut self.ears {
            Ears::Raw(ears) => {
                let dropped = ears
                    .iter()
                    .map(|ear| ear.socket.memory().map(|memory| u64::from(memory.dropped)));
                (None, dropped.sum())
            }
            Ears::Link(ear) => {
                let (received, dropped) = ear.counted()?;
                (Some(received), Some(dropped))
            }
        };
        self.scribe.desk.output.offer(&Summary {
            captured: self.scribe.heard,
            received,
            dropped,
        })?;
        Ok(())
    }

    /// Hear no more while stdout does not take what there is: the kernel drops what exceeds the receive buffer.
    fn pace(&mut self) -> anyhow::Result<()> {
        let outlet = self.scribe.desk.output.outlet();
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
        for (token, socket) in self.ears.sockets().enumerate() {
            self.reactor.change(socket, token, ears)?;
        }
        outlet
            .with_fd(|fd| self.reactor.change(fd, STDOUT, stdout))
            .transpose()?;
        Ok(())
    }

    /// What a limit was waited for on.
    fn about(&self) -> String {
        let one = |(proto, local): (String, String)| format!("raw {proto} {local}");
        let all: Vec<String> = self.ears.names().into_iter().map(one).collect();
        format!("listen on {}", all.join(", "))
    }
}

impl Ears {
    fn sockets(&self) -> Box<dyn Iterator<Item = &Socket> + '_> {
        match self {
            Self::Raw(ears) => Box::new(ears.iter().map(|ear| &ear.socket)),
            Self::Link(ear) => Box::new(std::iter::once(&ear.socket)),
        }
    }

    /// What each hears, and where.
    fn names(&self) -> Vec<(String, String)> {
        match self {
            Self::Raw(ears) => ears.iter().map(|ear| (ear.proto(), ear.local())).collect(),
            Self::Link(ear) => vec![("link".to_owned(), ear.local())],
        }
    }
}

impl Scribe<'_> {
    /// Whether as many packets have come as were asked for.
    fn is_done(&self) -> bool {
        self.listen.count.is_some_and(|count| self.heard >= count)
    }

    /// One packet more.
    fn take(&mut self, caught: &Caught<'_>) -> anyhow::Result<()> {
        self.heard += 1;
        let now = || self.desk.output.now().duration_since(UNIX_EPOCH);
        let at = |at: Option<Duration>| at.unwrap_or_else(|| now().unwrap_or_default());
        match &mut self.capture {
            None => self.show(caught),
            Some(capture) => {
                capture.add(caught, at(caught.at));
                if capture.is_full() {
                    capture.flush(self.desk.output.outlet())?;
                }
                Ok(())
            }
        }
    }

    fn show(&mut self, caught: &Caught<'_>) -> anyhow::Result<()> {
        let Self {
            listen,
            desk,
            names,
            ..
        } = self;
        let now: SystemTime = desk.output.now();
        let at = caught.at.map_or(now, |at| UNIX_EPOCH + at);
        let place = caught.envelope().map(|envelope| Place {
            interface: name_in(names, envelope.interface),
            direction: Way::of(envelope.kind),
        });
        let has_time = place.is_some() || listen.time;
        let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
        desk.output.offer(&Heard {
            peer: match &caught.origin {
                Origin::Ipv4 { peer } | Origin::Ipv6 { peer, .. } => Some(peer),
                _ => None,
            },
            time: humantime::format_rfc3339_micros(at).to_string(),
            place,
            length: caught.length,
            cut: (caught.bytes.len() < caught.length).then_some(caught.bytes.len()),
            layers: caught.layers(),
            bytes: caught.bytes,
            dump: listen.hex,
            time_of_day: has_time.then_some(TimeOfDay(since)),
        })?;
        Ok(())
    }

    /// Write what a capture holds.
    fn flush(&mut self) -> anyhow::Result<()> {
        match &mut self.capture {
            Some(capture) => capture.flush(self.desk.output.outlet()),
            None => Ok(()),
        }
    }
}

/// The interface's name, which is looked up once.
fn name_in(names: &mut Vec<(u32, String)>, index: u32) -> &str {
    let known = names.iter().position(|(known, _)| *known == index);
    let at = known.unwrap_or_else(|| {
        let name = name_of_interface(index).unwrap_or_else(|| index.to_string());
        names.push((index, name));
        names.len() - 1
    });
    names.get(at).map_or("", |(_, name)| name)
}
