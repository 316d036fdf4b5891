//! Hosts' names looked up on threads of their own, so many at a time: one that takes long delays no other.

use std::net::SocketAddr;
use std::os::fd::BorrowedFd;

use crate::engine::errands::Errands;
use crate::net::{CallError, Family, HostPort, Kind, NameError, Resolver};

/// A host that is to be asked.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Its name or address, and port 0.
    pub host: HostPort,
    /// The family that its address must have; `None` for either.
    pub family: Option<Family>,
}

type Found = Result<SocketAddr, NameError>;

/// The look-ups of a run.
#[derive(Debug)]
pub struct Lookups {
    found: Vec<(usize, Found)>,
    errands: Errands<(usize, Found)>,
}

impl Lookups {
    /// Look up all of `wanted`; the answers name them by their place. An address is its own answer.
    pub fn new(resolver: &Resolver, wanted: Vec<Wanted>) -> Result<Self, CallError> {
        let (mut found, mut errands) = (Vec::new(), Errands::new()?);
        for (index, wanted) in wanted.into_iter().enumerate() {
            if wanted.host.is_literal() {
                found.push((index, look_up(resolver, &wanted)));
            } else {
                let resolver = resolver.clone();
                errands.add(move || (index, look_up(&resolver, &wanted)));
            }
        }
        Ok(Self { found, errands })
    }

    /// How many hosts there are that have no answer yet.
    pub(super) fn left(&self) -> usize {
        self.found.len() + self.errands.left()
    }

    /// The descriptor that is readable once there are answers.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.errands.fd()
    }

    /// The answers that have come.
    pub(super) fn take(&mut self) -> Vec<(usize, Found)> {
        let mut found = std::mem::take(&mut self.found);
        found.extend(self.errands.take());
        found
    }
}

fn look_up(resolver: &Resolver, wanted: &Wanted) -> Found {
    let addresses = resolver.addresses(&wanted.host, wanted.family, Kind::Dgram)?;
    addresses.first().copied().ok_or_else(|| NameError {
        name: wanted.host.to_string(),
        symbol: "EAI_NODATA",
        text: "no address associated with hostname",
        trouble: false,
        hint: None,
    })
}
