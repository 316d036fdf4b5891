//! One question to the resolver, and its answer.

use crate::net::{Endpoint, Family, Host, HostPort, Kind, NameError, Names, Port, Resolver};

/// What is asked of every name.
#[derive(Clone, Debug)]
pub(super) struct Question {
    /// The family of the addresses; `None` for both.
    pub(super) family: Option<Family>,
    /// Ask gethostbyname(3) in place of getaddrinfo(3).
    pub(super) gethostbyname: bool,
    /// Ask for the canonical name too.
    pub(super) canonical: bool,
    /// The port of the addresses.
    pub(super) service: Option<Port>,
}

/// What the resolver knows.
#[derive(Debug)]
pub(super) enum Answer {
    /// Of a name: its addresses.
    Addresses(Names),
    /// Of an address: its name, and its port's.
    Name {
        /// The host's name.
        host: String,
        /// The service's name, or the port's number.
        service: String,
    },
}

impl Question {
    /// Ask it of `name`, waiting as long as the resolver does.
    pub(super) fn ask(&self, resolver: &Resolver, name: &str) -> Result<Answer, NameError> {
        if self.gethostbyname {
            return resolver.gethostbyname(name).map(Answer::Addresses);
        }
        match literal(name) {
            Some(host) => self.reverse(resolver, host),
            None => self.forward(resolver, name).map(Answer::Addresses),
        }
    }

    fn forward(&self, resolver: &Resolver, name: &str) -> Result<Names, NameError> {
        let ask = |kind| {
            resolver.getaddrinfo(
                name,
                self.service.as_ref(),
                self.family,
                kind,
                self.canonical,
            )
        };
        match ask(Kind::Stream) {
            // Some services are UDP's alone: tftp.
            Err(error) if error.symbol == "EAI_SERVICE" => ask(Kind::Dgram),
            answer => answer,
        }
    }

    fn reverse(&self, resolver: &Resolver, host: Host) -> Result<Answer, NameError> {
        let port = Some(self.service.clone().unwrap_or(Port::Number(0)));
        let addresses = resolver.addresses(&HostPort { host, port }, self.family, Kind::Stream)?;
        let named = addresses
            .first()
            .map(|address| resolver.getnameinfo(*address));
        let (host, service) = named.unwrap_or_else(|| Ok(Default::default()))?;
        Ok(Answer::Name { host, service })
    }
}

/// An address, with its zone; everything else is the resolver's to judge.
fn literal(name: &str) -> Option<Host> {
    match Endpoint::parse_apart(Some(name), None) {
        Ok(Endpoint::Network(HostPort {
            host: host @ Host::Literal(..),
            ..
        })) => Some(host),
        _ => None,
    }
}
