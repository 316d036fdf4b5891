//! From what was typed to a connection: names, sockets, and the proxies in between.

use std::time::{Duration, Instant};

use anyhow::Context;

use super::event::Proxied;
use crate::args::{KeepaliveArgs, Preparation, Proxy, SourceArgs};
use crate::commands::Desk;
use crate::engine::{Chain, ConnectError, Connection, Connector, Hop, Timers, lookup};
use crate::net::{
    Address, CallError, Explain, Family, Host, HostPort, Kind, Port, Protocol, Resolver, Socket,
};
use crate::output::Usage;
use crate::wire::proxy::{Handshake, Speech, Target};

/// What every socket begins with.
pub(super) struct Opening<'a> {
    pub(super) transport: (Kind, Protocol),
    pub(super) preparation: Preparation,
    pub(super) keepalive: KeepaliveArgs,
    pub(super) fastopen: bool,
    pub(super) source: &'a SourceArgs,
    pub(super) sources: Vec<Address>,
    pub(super) family: Option<Family>,
    pub(super) explain: &'a Explain,
}

/// Whom to connect to, and how.
pub(super) struct Dial<'a> {
    pub(super) network: HostPort,
    pub(super) proxies: Vec<Proxy>,
    pub(super) opening: Opening<'a>,
    pub(super) desk: &'a Desk,
}

impl Opening<'_> {
    /// A socket for an address, ready to connect.
    pub(super) fn open(&self, to: &Address) -> Result<Socket, CallError> {
        let (kind, protocol) = self.transport;
        let mut socket = Socket::open_nonblocking(to.family(), kind, protocol, self.explain)?;
        self.preparation.apply(&socket)?;
        self.keepalive.apply(&socket)?;
        if self.fastopen {
            socket.set_int(libc::IPPROTO_TCP, libc::TCP_FASTOPEN_CONNECT, 1)?;
        }
        self.source.apply(&mut socket, to.family(), &self.sources)?;
        Ok(socket)
    }

    /// The addresses that a host and port stand for, within the limits.
    pub(super) fn resolve(
        &self,
        network: &HostPort,
        family: Option<Family>,
        timers: &Timers,
    ) -> anyhow::Result<Vec<Address>> {
        let resolver = Resolver::new(self.explain);
        let rest = rest(timers);
        let found = lookup(&resolver, network, family, Kind::Stream, rest).map_err(|late| {
            let fired = timers.expired(Instant::now()).unwrap_or(late);
            fired.on(format_args!("resolve {network}"))
        })?;
        Ok(found?.into_iter().map(Address::from).collect())
    }
}

/// How long the first of the limits leaves; `None` without any.
fn rest(timers: &Timers) -> Option<Duration> {
    let until = timers.next()?;
    Some(until.saturating_duration_since(Instant::now()))
}

impl Dial<'_> {
    /// Connect, within the limits of one attempt.
    pub(super) fn connect(&self, timers: &Timers) -> anyhow::Result<Connection> {
        let opening = &self.opening;
        let Some(first) = self.proxies.first() else {
            let targets = opening.resolve(&self.network, opening.family, timers)?;
            return Ok(self.reach(&self.network, targets, timers)?);
        };
        let hops = self.hops(timers)?;
        let resolved = opening.resolve(&first.at, opening.family, timers);
        let addresses = resolved.with_context(|| format!("proxy {first}"))?;
        let chain = Chain {
            hops: &hops,
            timers,
            explain: &self.desk.explain,
            chance: &chance,
        };
        let mut proxied = Vec::new();
        let connect = || self.reach(&first.at, addresses.clone(), timers);
        let mut connection = chain.lead(connect, |index, hop, target| {
            proxied.push(Proxied {
                proxy: hop.name.clone(),
                hop: index + 1,
                hops: hops.len(),
                target: target.to_string(),
            });
        })?;
        proxied
            .iter()
            .try_for_each(|event| self.desk.output.tell(event))?;
        let target = format!("{} by way of {first}", self.network);
        connection.socket.set_target(target);
        Ok(connection)
    }

    /// Connect to one of the addresses that `on` stands for.
    fn reach(
        &self,
        on: &HostPort,
        targets: Vec<Address>,
        timers: &Timers,
    ) -> Result<Connection, ConnectError> {
        let connector = Connector {
            on: on.to_string(),
            open: &|to| self.opening.open(to),
            timers,
            explain: &self.desk.explain,
        };
        connector.connect(targets)
    }

    /// Each proxy with what it is asked for: the next one, the last for the target. What cannot be asked is refused
    /// before anything is opened.
    fn hops(&self, timers: &Timers) -> anyhow::Result<Vec<Hop>> {
        for proxy in &self.proxies {
            // Anything that each of them can be asked for: a password that cannot be said is found without a look-up.
            let anything = Target::Address(([127, 0, 0, 1], 1).into());
            speakable(&hop(proxy, vec![anything]))?;
        }
        let next = self.proxies.iter().skip(1).map(|proxy| &proxy.at);
        let asked = next.chain([&self.network]);
        let hops = self.proxies.iter().zip(asked).map(|(proxy, asked)| {
            let hop = hop(proxy, self.targets(proxy, asked, timers)?);
            speakable(&hop)?;
            Ok(hop)
        });
        hops.collect()
    }

    /// What `asked` is called before this proxy: a name, or the addresses that it has here.
    fn targets(
        &self,
        proxy: &Proxy,
        asked: &HostPort,
        timers: &Timers,
    ) -> anyhow::Result<Vec<Target>> {
        if let Host::Literal(_, Some(zone)) = &asked.host {
            let why = format!("the zone %{zone} is of this host, and means nothing to {proxy}");
            return Err(Usage::new(why, "a global address, or no proxy").into());
        }
        if let Host::Name(name) = &asked.host
            && !proxy.takes_addresses()
        {
            let port = self.port(asked)?;
            return Ok(vec![Target::Name(name.clone(), port)]);
        }
        let family = match proxy.speech() {
            Speech::Socks4 if matches!(asked.host, Host::Name(_)) => Some(Family::Inet),
            _ => self.opening.family,
        };
        let addresses = self.opening.resolve(asked, family, timers)?;
        let addresses = addresses.iter().filter_map(Address::inet);
        Ok(addresses.map(Target::Address).collect())
    }

    fn port(&self, asked: &HostPort) -> anyhow::Result<u16> {
        Ok(match &asked.port {
            None => crate::net::DEFAULT_PORT,
            Some(Port::Number(number)) => *number,
            Some(Port::Service(service)) => {
                Resolver::new(&self.desk.explain).port_of(service, Kind::Stream)?
            }
        })
    }
}

fn hop(proxy: &Proxy, targets: Vec<Target>) -> Hop {
    Hop {
        name: proxy.to_string(),
        speech: proxy.speech(),
        credentials: proxy.credentials.clone(),
        targets,
    }
}

/// Whether the proxy can be asked at all.
fn speakable(hop: &Hop) -> Result<(), Usage> {
    for target in &hop.targets {
        Handshake::new(hop.speech, target, hop.credentials.as_ref(), None).map_err(|why| {
            let hint = "socks5h:// and http:// take names and IPv6 addresses";
            Usage::new(
                format!("{} cannot be asked for {target}: {why}", hop.name),
                hint,
            )
        })?;
    }
    Ok(())
}

fn chance() -> [u8; 16] {
    let mut chance = [0; 16];
    // An answer without chance is right too: it is there against proxies that choose what is hashed.
    getrandom::fill(&mut chance).unwrap_or_default();
    chance
}
