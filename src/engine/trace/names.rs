//! Names of the addresses that answer, looked up on threads of their own: a probe waits for none, and a line not long.

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
    known: Vec<(IpAddr, Naming)>,
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
            known: Vec::new(),
            errands: Errands::new()?,
        })
    }

    /// The name of an address; `None` where it has none, or it is not known yet.
    pub fn name(&self, ip: IpAddr) -> Option<&str> {
        match self.naming(ip)? {
            Naming::Known(name) => name.as_deref(),
            Naming::AskedSince(_) => None,
        }
    }

    fn naming(&self, ip: IpAddr) -> Option<&Naming> {
        let found = self.known.iter().find(|(known, _)| *known == ip);
        found.map(|(_, naming)| naming)
    }

    /// Look it up, unless that was done.
    pub(super) fn ask(&mut self, address: SocketAddr, now: Instant) {
        let Some(resolver) = &self.resolver else {
            return;
        };
        let ip = address.ip();
        if self.naming(ip).is_some() {
            return;
        }
        self.known.push((ip, Naming::AskedSince(now)));
        let resolver = resolver.clone();
        self.errands.add(move || {
            let found = resolver.getnameinfo(address).ok();
            (ip, found.map(|(name, _)| name))
        });
    }

    /// Until when a line is to wait for the names in it; `None` where it is not to.
    pub(super) fn waits(&self, addresses: &[SocketAddr], now: Instant) -> Option<Instant> {
        let since = |address: &SocketAddr| match self.naming(address.ip())? {
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
            if let Some((_, naming)) = self.known.iter_mut().find(|(known, _)| *known == ip) {
                *naming = Naming::Known(name);
            }
        }
    }
}
