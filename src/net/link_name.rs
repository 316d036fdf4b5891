//! Where a packet socket hears, packet(7): `sockaddr_ll`.

use std::fmt;
use std::io;

use socket2::SockAddr;

use super::interface::name_of_interface;
use super::sys;

/// Every protocol, ETH_P_ALL of `<linux/if_ether.h>`.
const EVERYTHING: u16 = 3;

/// The link layer of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LinkName {
    /// The interface's index, 0 for all of them.
    pub interface: u32,
    /// Whether anything is heard there: a socket may be bound before it hears.
    pub hears: bool,
}

impl LinkName {
    pub(super) fn to_sockaddr(self) -> io::Result<SockAddr> {
        let family = u16::try_from(libc::AF_PACKET).unwrap_or(0).to_ne_bytes();
        let protocol = if self.hears { EVERYTHING } else { 0 };
        let mut bytes = [0; size_of::<libc::sockaddr_ll>()];
        let fields = family
            .into_iter()
            .chain(protocol.to_be_bytes())
            .chain(self.interface.to_ne_bytes());
        for (place, byte) in bytes.iter_mut().zip(fields) {
            *place = byte;
        }
        sys::sockaddr(&bytes)
    }
}

impl fmt::Display for LinkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.interface == 0 {
            return f.write_str("any");
        }
        match name_of_interface(self.interface) {
            Some(name) => f.write_str(&name),
            None => self.interface.fmt(f),
        }
    }
}
