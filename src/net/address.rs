//! What the kernel takes and gives: one type over `sockaddr_in`, `sockaddr_in6`, `sockaddr_un` and `sockaddr_ll`.

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::sys::socket::{SockaddrLike, SockaddrStorage};
use socket2::SockAddr;

use super::family::Family;
use super::interface::name_of_interface;
use super::link_name::LinkName;
use super::unix_name::UnixName;

/// The address of a socket.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// IPv4 or IPv6 with a port (0 for raw sockets); the zone of a link-local address is its scope id.
    Inet(SocketAddr),
    /// A local socket.
    Unix(UnixName),
    /// The link layer of an interface, or of all.
    Link(LinkName),
}

impl Address {
    /// The family that a socket for this address has.
    pub fn family(&self) -> Family {
        match self {
            Self::Inet(SocketAddr::V4(_)) => Family::Inet,
            Self::Inet(SocketAddr::V6(_)) => Family::Inet6,
            Self::Unix(_) => Family::Unix,
            Self::Link(_) => Family::Packet,
        }
    }

    /// The IP address and port; `None` for a local socket.
    pub fn inet(&self) -> Option<SocketAddr> {
        match self {
            Self::Inet(address) => Some(*address),
            Self::Unix(_) | Self::Link(_) => None,
        }
    }

    /// The address without its port, as `127.0.0.1` or `fe80::1%eth0`; a local socket's name.
    pub fn host(&self) -> String {
        match self {
            Self::Inet(SocketAddr::V6(v6)) if v6.scope_id() != 0 => Zoned(v6).to_string(),
            Self::Inet(address) => address.ip().to_string(),
            Self::Unix(name) => name.to_string(),
            Self::Link(name) => name.to_string(),
        }
    }

    /// The file of a local socket that has one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Unix(UnixName::Path(path)) => Some(path),
            _ => None,
        }
    }

    /// Whether it is that of a local socket without a name, which has none to show.
    pub fn is_unnamed(&self) -> bool {
        matches!(self, Self::Unix(UnixName::Unnamed))
    }

    /// The same address with an IPv4-mapped IPv6 address (`::ffff:192.0.2.1`) shown as the IPv4 address that it is.
    #[must_use]
    pub fn unmapped(self) -> Self {
        match self {
            Self::Inet(SocketAddr::V6(v6)) => match v6.ip().to_ipv4_mapped() {
                Some(v4) => Self::Inet(SocketAddr::new(IpAddr::V4(v4), v6.port())),
                None => Self::Inet(SocketAddr::V6(v6)),
            },
            other => other,
        }
    }

    pub(super) fn to_sockaddr(&self) -> io::Result<SockAddr> {
        match self {
            Self::Inet(address) => Ok(SockAddr::from(*address)),
            Self::Unix(UnixName::Path(path)) => SockAddr::unix(path),
            Self::Unix(UnixName::Abstract(name)) => {
                let with_nul: Vec<u8> = [&[0], name.as_slice()].concat();
                SockAddr::unix(OsStr::from_bytes(&with_nul))
            }
            Self::Unix(UnixName::Unnamed) => SockAddr::unix(""),
            Self::Link(name) => name.to_sockaddr(),
        }
    }

    pub(super) fn from_sockaddr(address: &SockAddr) -> Self {
        if let Some(inet) = address.as_socket() {
            return Self::Inet(inet);
        }
        let name = match (address.as_pathname(), address.as_abstract_namespace()) {
            (Some(path), _) => UnixName::Path(path.to_owned()),
            (_, Some(name)) => UnixName::Abstract(name.to_owned()),
            _ => UnixName::Unnamed,
        };
        Self::Unix(name)
    }

    pub(super) fn from_storage(storage: &SockaddrStorage) -> Option<Self> {
        if let Some(v4) = storage.as_sockaddr_in() {
            return Some(Self::Inet(SocketAddr::V4((*v4).into())));
        }
        if let Some(v6) = storage.as_sockaddr_in6() {
            return Some(Self::Inet(SocketAddr::V6((*v6).into())));
        }
        if storage.family() != Some(nix::sys::socket::AddressFamily::Unix) {
            return None;
        }
        let unix = storage.as_unix_addr()?;
        let path = unix.path().map(|path| UnixName::Path(path.to_owned()));
        let name = path.or_else(|| {
            unix.as_abstract()
                .map(|name| UnixName::Abstract(name.to_owned()))
        });
        Some(Self::Unix(name.unwrap_or(UnixName::Unnamed)))
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Self::Inet(address)
    }
}

impl From<UnixName> for Address {
    fn from(name: UnixName) -> Self {
        Self::Unix(name)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inet(SocketAddr::V6(v6)) if v6.scope_id() != 0 => {
                write!(f, "[{}]:{}", Zoned(v6), v6.port())
            }
            Self::Inet(address) => address.fmt(f),
            Self::Unix(name) => name.fmt(f),
            Self::Link(name) => name.fmt(f),
        }
    }
}

/// An IPv6 address with its zone by name, as `fe80::1%eth0` (RFC 4007, section 11).
struct Zoned<'a>(&'a SocketAddrV6);

impl fmt::Display for Zoned<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ip: &Ipv6Addr = self.0.ip();
        match name_of_interface(self.0.scope_id()) {
            Some(name) => write!(f, "{ip}%{name}"),
            None => write!(f, "{ip}%{}", self.0.scope_id()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_survives_the_kernel_forms() {
        let names = [
            Address::Inet("127.0.0.1:8082".parse().unwrap()),
            Address::Inet("[::1]:8082".parse().unwrap()),
            Address::Unix(UnixName::Path("/run/x.sock".into())),
            Address::Unix(UnixName::Path("p".repeat(107).into())),
            Address::Unix(UnixName::Abstract(b"a\0b".to_vec())),
            Address::Unix(UnixName::Abstract(vec![b'a'; 107])),
        ];
        for name in names {
            assert_eq!(Address::from_sockaddr(&name.to_sockaddr().unwrap()), name);
        }
    }

    #[test]
    fn zones_are_shown_by_name() {
        let lo = SocketAddrV6::new("fe80::1".parse().unwrap(), 80, 0, 1);
        assert_eq!(Address::Inet(lo.into()).to_string(), "[fe80::1%lo]:80");
        let gone = SocketAddrV6::new("fe80::1".parse().unwrap(), 80, 0, 4711);
        assert_eq!(Address::Inet(gone.into()).to_string(), "[fe80::1%4711]:80");
    }

    #[test]
    fn mapped_addresses_are_ipv4() {
        let mapped = Address::Inet("[::ffff:192.0.2.1]:7".parse().unwrap());
        assert_eq!(mapped.unmapped().to_string(), "192.0.2.1:7");
    }
}
