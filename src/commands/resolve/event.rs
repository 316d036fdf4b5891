//! What `resolve` says: an address of a name, a name of an address.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use serde::Serialize;

use crate::net::{Address, Family};
use crate::output::{Event, Face, Harmless};

/// An address of a name.
#[derive(Serialize)]
pub(super) struct AddressEvent<'a> {
    /// The name that was asked for.
    pub(super) name: &'a str,
    /// `AF_INET` or `AF_INET6`.
    pub(super) family: String,
    /// The address, with its zone.
    pub(super) addr: String,
    /// The port; `None` where no service was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) port: Option<u16>,
    /// The canonical name; `None` where it was not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) canonical: Option<&'a str>,
    /// The host's other names, where gethostbyname knew any.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub(super) aliases: &'a [String],
    /// Whether other names were asked for too.
    #[serde(skip)]
    pub(super) several: bool,
    /// The address itself.
    #[serde(skip)]
    pub(super) address: SocketAddr,
}

/// A name of an address.
#[derive(Serialize)]
pub(super) struct NameEvent<'a> {
    /// The address that was asked for, as it was written.
    pub(super) addr: &'a str,
    /// Its name.
    pub(super) name: String,
    /// The service's name; `None` where none was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) service: Option<String>,
    /// Whether other names were asked for too.
    #[serde(skip)]
    pub(super) several: bool,
}

impl<'a> AddressEvent<'a> {
    /// The address alone.
    pub(super) fn new(name: &'a str, address: SocketAddr, several: bool) -> Self {
        let family = match address.ip() {
            IpAddr::V4(_) => Family::Inet,
            IpAddr::V6(_) => Family::Inet6,
        };
        Self {
            name,
            family: family.to_string(),
            addr: Address::Inet(address).host(),
            port: None,
            canonical: None,
            aliases: &[],
            several,
            address,
        }
    }
}

impl Event for AddressEvent<'_> {
    const NAME: &'static str = "address";
    const FACE: Face = Face::Data;
}

impl Event for NameEvent<'_> {
    const NAME: &'static str = "name";
    const FACE: Face = Face::Data;
}

impl fmt::Display for AddressEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = match self.port {
            Some(_) => Address::Inet(self.address).to_string(),
            None => self.addr.clone(),
        };
        let name = self.several.then_some(self.name);
        line(f, &address, name.into_iter().chain(self.canonical))
    }
}

impl fmt::Display for NameEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match &self.service {
            Some(service) => format!("{}:{service}", self.name),
            None => self.name.clone(),
        };
        if self.several {
            line(f, self.addr, std::iter::once(name.as_str()))
        } else {
            Harmless(&name).fmt(f)
        }
    }
}

/// An address and names behind it, in the columns of getent(1).
fn line<'a>(
    f: &mut fmt::Formatter<'_>,
    address: &str,
    names: impl Iterator<Item = &'a str>,
) -> fmt::Result {
    let names: Vec<String> = names.map(|name| Harmless(name).to_string()).collect();
    if names.is_empty() {
        f.write_str(address)
    } else {
        write!(f, "{address:<15} {}", names.join(" "))
    }
}
