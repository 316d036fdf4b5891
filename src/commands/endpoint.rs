//! From an endpoint to sockets: what every network command does first.

use std::time::Duration;

use super::Desk;
use crate::args::{Preparation, SourceArgs};
use crate::engine::{Binding, Listener, lookup};
use crate::net::{
    Address, CallError, Descriptor, Endpoint, Family, Host, HostPort, Kind, Port, Protocol,
    Resolver, Socket, inherit, inherit_systemd,
};
use crate::output::Usage;

/// The addresses that an endpoint stands for, within `limit`.
pub(super) fn resolve(
    network: &HostPort,
    family: Option<Family>,
    kind: Kind,
    limit: Option<Duration>,
    desk: &Desk,
) -> anyhow::Result<Vec<Address>> {
    let resolver = Resolver::new(&desk.explain);
    let addresses = lookup(&resolver, network, family, kind, limit)??;
    Ok(addresses.into_iter().map(Address::from).collect())
}

/// The host and port of a peer: `*` and port 0 are none.
pub(super) fn no_wildcard(network: HostPort) -> Result<HostPort, Usage> {
    if network.port == Some(Port::Number(0)) {
        let why = format!("`{network}`: nobody can be reached at port 0");
        return Err(Usage::new(
            why,
            "a port from 1 to 65535; 0 is for listening on any",
        ));
    }
    if network.host == Host::Any {
        let why = format!("`{network}` is where to listen, not where to connect or send to");
        let host = Host::Default;
        return Err(Usage::new(why, HostPort { host, ..network }.to_string()));
    }
    Ok(network)
}

/// Bound sockets for everything that an endpoint stands for, or inherited ones. A name is looked up within `limit`.
pub(super) fn listeners(
    endpoint: Endpoint,
    family: Option<Family>,
    (kind, protocol): (Kind, Protocol),
    backlog: i32,
    prepare: &dyn Fn(&Socket, Family) -> Result<(), CallError>,
    limit: Option<Duration>,
    desk: &Desk,
) -> anyhow::Result<Vec<Listener>> {
    match endpoint {
        Endpoint::Inherited(descriptor) => {
            let listeners = inherited_listeners(descriptor, kind, desk)?;
            listeners
                .iter()
                .try_for_each(|listener| prepare(&listener.socket, listener.local.family()))?;
            Ok(listeners)
        }
        Endpoint::Network(network) => {
            let resolver = Resolver::new(&desk.explain);
            let addresses = lookup(&resolver, &network, family, kind, limit)??;
            let binding = Binding {
                kind,
                protocol,
                dual_stack: network.host == Host::Any && family.is_none(),
                backlog,
            };
            Ok(binding.open(&addresses, prepare, &desk.explain)?)
        }
    }
}

/// The one socket behind a descriptor, prepared.
pub(super) fn inherited(
    descriptor: Descriptor,
    preparation: &Preparation,
    desk: &Desk,
) -> anyhow::Result<Socket> {
    let Some(socket) = all_inherited(descriptor, desk)?.pop() else {
        let why = "no descriptor was inherited";
        return Err(Usage::new(why, "fd:3, or start it with LISTEN_FDS").into());
    };
    preparation.apply(&socket)?;
    Ok(socket)
}

fn all_inherited(descriptor: Descriptor, desk: &Desk) -> anyhow::Result<Vec<Socket>> {
    Ok(match descriptor {
        Descriptor::Number(number) => vec![inherit(number, &desk.explain)?],
        Descriptor::Systemd => {
            let environment = |name: &str| std::env::var(name).ok();
            inherit_systemd(environment, std::process::id(), &desk.explain)?
        }
    })
}

/// The listening, or bound, sockets behind a descriptor.
pub(super) fn inherited_listeners(
    descriptor: Descriptor,
    kind: Kind,
    desk: &Desk,
) -> anyhow::Result<Vec<Listener>> {
    let mut listeners = Vec::new();
    for mut socket in all_inherited(descriptor, desk)? {
        let number = socket.number();
        if socket.kind()? != Some(kind) {
            let why = format!("fd:{number} is no {kind} socket");
            return Err(Usage::new(
                why,
                format!("`sockkit options get --fd {number} SO_TYPE` shows what it is"),
            )
            .into());
        }
        if kind.has_connections() && !socket.listens()? {
            let why = format!("fd:{number} does not listen");
            return Err(Usage::new(
                why,
                "hand over a socket after listen(2); a connected one goes to `connect`",
            )
            .into());
        }
        if kind.has_connections() {
            // Others may accept from it too, and be first: then ours must not wait.
            socket.set_nonblocking()?;
        }
        let local = socket.getsockname()?;
        socket.set_about(local.clone());
        listeners.push(Listener {
            socket,
            local,
            everywhere: false,
        });
    }
    Ok(listeners)
}

/// The addresses to speak from, in each family that a target may have; none where the kernel is to choose. A name is
/// looked up within `limit`.
pub(super) fn sources(
    source: &SourceArgs,
    family: Option<Family>,
    kind: Kind,
    limit: Option<Duration>,
    desk: &Desk,
) -> anyhow::Result<Vec<Address>> {
    let Some(bind) = source.bind()? else {
        return Ok(Vec::new());
    };
    // A port alone is for whichever family the target turns out to have.
    let families = match (&bind.host, family) {
        (Host::Any, None) => vec![Some(Family::Inet), Some(Family::Inet6)],
        _ => vec![family],
    };
    let resolver = Resolver::new(&desk.explain);
    let mut addresses = Vec::new();
    for family in families {
        let found = lookup(&resolver, &bind, family, kind, limit)??;
        addresses.extend(found.into_iter().map(Address::from));
    }
    Ok(addresses)
}
