//! `sockkit tcp connect --probe`: which ports are open, told by connecting, with nothing said.

use std::time::Duration;

use clap::Args;

use super::dial::Opening;
use super::event::PortEvent;
use super::retry::Attempts;
use crate::args::Ports;
use crate::commands::Desk;
use crate::commands::endpoint::no_wildcard;
use crate::engine::{PortState, Probed, Prober, StdoutError, Timer, Timers};
use crate::net::{Address, HostPort, Kind, NameError, Port, Resolver, raise_descriptor_limit};
use crate::output::Exit;

/// Enough for an answer to a SYN that had to be sent again, RFC 6298.
const LIMIT: Duration = Duration::from_secs(3);
/// How many ports are asked at a time.
const AT_ONCE: usize = 256;
/// Descriptors that are not for ports.
const OTHERS: usize = 16;

/// Asking only.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct ProbeArgs {
    /// Only say which ports are open, closed or filtered, by connecting: ADDR may be HOST:22,80,8000-8010, -t is each port's [default: 3s], status 0 is all open
    #[arg(long, conflicts_with = "proxy")]
    probe: bool,
}

/// The ports of one run, and what is known of them.
struct Probe<'a> {
    host: HostPort,
    ports: Vec<u16>,
    found: Vec<Option<Probed>>,
    /// How many of them were told, from the first on.
    told: usize,
    desk: &'a Desk,
}

impl ProbeArgs {
    /// Whether nothing else is wanted.
    pub(super) fn is_asked_for(self) -> bool {
        self.probe
    }
}

/// Ask for each port, again where that was asked for, and say what it is; status 0 when all are open.
pub(super) fn run(
    asked: Ports,
    opening: &Opening<'_>,
    attempts: &Attempts<'_>,
) -> anyhow::Result<Exit> {
    no_wildcard(asked.host.clone())?;
    let resolved = |timers: &Timers| opening.resolve(&asked.host, opening.family, timers);
    let addresses = attempts.make(resolved)?;
    let mut probe = Probe::new(&asked, attempts.desk)?;
    let mut failures = 0;
    loop {
        let is_last = !attempts.retry.allows(failures + 1);
        let asked = probe.ask(&addresses, opening, attempts, is_last);
        let closed = probe.closed();
        let missing = match asked {
            Ok(()) if closed == 0 => return Ok(Exit::Done),
            Ok(()) if is_last => return Ok(Exit::No),
            Ok(()) => {
                failures += 1;
                attempts.pause(failures, &probe.missing(closed))
            }
            Err(error) => Err(error),
        };
        if let Err(error) = missing {
            // What was found out is worth knowing, though the time is over.
            probe.tell(true)?;
            return Err(error);
        }
    }
}

impl<'a> Probe<'a> {
    fn new(asked: &Ports, desk: &'a Desk) -> Result<Self, NameError> {
        let resolver = Resolver::new(&desk.explain);
        let number = |port: &Port| match port {
            Port::Number(number) => Ok(*number),
            Port::Service(service) => resolver.port_of(service, Kind::Stream),
        };
        let ports: Vec<u16> = asked.ports.iter().map(number).collect::<Result<_, _>>()?;
        Ok(Self {
            host: asked.host.clone(),
            found: ports.iter().map(|_| None).collect(),
            ports,
            told: 0,
            desk,
        })
    }

    /// Ask all that are not known to be open. What is clear is told at once, in the order typed.
    fn ask(
        &mut self,
        addresses: &[Address],
        opening: &Opening<'_>,
        attempts: &Attempts<'_>,
        is_last: bool,
    ) -> anyhow::Result<()> {
        let mut deadline = Timers::default();
        deadline.start(Timer::Deadline, attempts.timing.deadline, attempts.start);
        let prober = Prober {
            open: &|to| opening.open(to),
            limit: attempts.timing.timeout.unwrap_or(LIMIT),
            at_once: AT_ONCE.min(raise_descriptor_limit().saturating_sub(OTHERS).max(1)),
            timers: &deadline,
            explain: &self.desk.explain,
        };
        let found = self.ports.iter().zip(&self.found).enumerate();
        let wanted = found.filter(|(_, (_, found))| !found.as_ref().is_some_and(is_open));
        let (indices, targets): (Vec<usize>, Vec<Vec<Address>>) = wanted
            .map(|(index, (port, _))| (index, with_port(addresses, *port)))
            .unzip();
        prober.run(&targets, &mut |at, probed| {
            let index = indices.get(at).copied();
            if let Some(found) = index.and_then(|index| self.found.get_mut(index)) {
                *found = Some(probed);
            }
            Ok(self.tell(is_last)?)
        })?;
        Ok(())
    }

    /// Tell what is known, up to the first port that is not; one that is not open only where that is final.
    fn tell(&mut self, is_final: bool) -> Result<(), StdoutError> {
        let is_detailed = self.desk.output.style().verbose;
        while let (Some(port), Some(Some(found))) =
            (self.ports.get(self.told), self.found.get(self.told))
        {
            if !is_final && !is_open(found) {
                return Ok(());
            }
            let port = *port;
            let failure = found.failure.as_ref();
            let addr = HostPort {
                port: Some(Port::Number(port)),
                ..self.host.clone()
            };
            self.desk.output.tell(&PortEvent {
                peer: addr.to_string(),
                port,
                state: found.state,
                service: Resolver::new(&self.desk.explain).service_of(port),
                took: found.took,
                reason: failure.map(ToString::to_string),
                is_detailed,
            })?;
            self.told += 1;
        }
        Ok(())
    }

    fn closed(&self) -> usize {
        let is_closed = |found: &&Option<Probed>| !found.as_ref().is_some_and(is_open);
        self.found.iter().filter(is_closed).count()
    }

    /// Why another attempt follows.
    fn missing(&self, closed: usize) -> String {
        let first = self.found.iter().flatten().find(|found| !is_open(found));
        match (first.and_then(|found| found.failure.as_ref()), closed) {
            (Some(failure), 1) => failure.to_string(),
            (None, 1) => format!("connect {}: no answer", self.host),
            _ => format!("{closed} of {} ports are not open", self.ports.len()),
        }
    }
}

fn is_open(found: &Probed) -> bool {
    found.state == PortState::Open
}

fn with_port(addresses: &[Address], port: u16) -> Vec<Address> {
    let inet = addresses.iter().filter_map(Address::inet);
    let ported = inet.map(|mut address| {
        address.set_port(port);
        Address::from(address)
    });
    ported.collect()
}
