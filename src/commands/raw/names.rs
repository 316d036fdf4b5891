//! The names in a filter: services of services(5), and hosts as the resolver knows them.

use std::net::IpAddr;

use crate::net::{Kind, Protocol, Resolver};
use crate::wire::filter::Names;

impl Names for Resolver {
    fn port(&self, service: &str, protocol: u8) -> Option<u16> {
        let kind = match Protocol(protocol.into()) {
            Protocol::TCP => Kind::Stream,
            Protocol::UDP => Kind::Dgram,
            _ => return None,
        };
        self.port_of(service, kind).ok()
    }

    fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, String> {
        let names = self.getaddrinfo(host, None, None, Kind::Dgram, false);
        let names = names.map_err(|error| error.text.to_owned())?;
        Ok(names.addresses.iter().map(|address| address.ip()).collect())
    }
}
