//! Names of the addresses that answer, looked up on threads of their own: a probe waits for none, and a line not long.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use crate::engine::errands::Errands;
use crate::net::{CallError, Resolver};

/// How long a line waits for a name.
const GRACE: Duration = Duration::from_millis(500);

/// The names of a run.
#[derive(Debug)]
pub struct HopNames {
    resolver: Option<Resolver>,
    known: HashMap<IpAddr, Naming>,
    errands: Errands<(IpAddr, Option<String>)>,
}

#[derive(Debug)]
enum Naming {
    AskedSince(Instant),
    Known(Option<String>),
}

impl HopNames {
    /// Asked of this resolver; `None` asks nobody.
    pub fn new(resolver: Option<Resolver>) -> Result<Self, CallError> {
        Ok(Self {
            resolver,
            known: HashMap::new(),
            errands: Errands::new()?,
        })
    }

    /// The name of an address; `None` where it has none, or it is not known yet.
    pub fn name(&self, ip: IpAddr) -> Option<&str> {
        match self.known.get(&ip)? {
            Naming::Known(name) => name.as_deref(),
            Naming::AskedSince(_) => None,
        }
    }

    /// Look it up, unless that was done.
    pub(super) fn ask(&mut self, address: SocketAddr, now: Instant) {
        let Some(resolver) = &self.resolver else {
            return;
        };
        let ip = address.ip();
        if self.known.contains_key(&ip) {
            return;
        }
        self.known.insert(ip, Naming::AskedSince(now));
        let resolver = resolver.clone();
        self.errands.add(move || {
            let found = resolver.getnameinfo(address).ok();
            (ip, found.map(|(name, _)| name))
        });
    }

    /// Until when a line is to wait for the names in it; `None` where it is not to.
    pub(super) fn waits(&self, addresses: &[SocketAddr], now: Instant) -> Option<Instant> {
        let since = |address: &SocketAddr| match self.known.get(&address.ip())? {
            Naming::AskedSince(since) => since.checked_add(GRACE),
            Naming::Known(_) => None,
        };
        addresses
            .iter()
            .filter_map(since)
            .max()
            .filter(|until| *until > now)
    }

    /// The descriptor that is readable once there are answers.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.errands.fd()
    }

    /// Take the answers that have come.
    pub(super) fn take(&mut self) {
        for (ip, name) in self.errands.take() {
            self.known.insert(ip, Naming::Known(name));
        }
    }
}
