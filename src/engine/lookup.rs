//! A name looked up within a time limit: getaddrinfo(3) has none of its own.

use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::timer::{Expired, Timer};
use crate::net::{Family, Host, HostPort, Kind, NameError, Resolver};

/// The addresses of an endpoint, within `limit` (`None`: as long as the resolver takes).
pub fn lookup(
    resolver: &Resolver,
    endpoint: &HostPort,
    family: Option<Family>,
    kind: Kind,
    limit: Option<Duration>,
) -> Result<Result<Vec<SocketAddr>, NameError>, Expired> {
    let (Host::Name(name), Some(limit)) = (&endpoint.host, limit) else {
        return Ok(resolver.addresses(endpoint, family, kind));
    };
    let (answer, answered) = mpsc::channel();
    let (resolver, asked) = (resolver.clone(), endpoint.clone());
    // The thread cannot be called back; when it is late the process ends before it does.
    thread::spawn(move || answer.send(resolver.addresses(&asked, family, kind)));
    let late = |_| Expired {
        timer: Timer::Answer,
        limit,
        on: format!("resolve {name}"),
    };
    answered.recv_timeout(limit).map_err(late)
}
