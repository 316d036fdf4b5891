//! Groups of hosts that hear the same, RFC 1112 and RFC 4607: joining them and sending to them, for both families alike.

use std::fmt;
use std::net::IpAddr;

use super::error::CallError;
use super::family::Family;
use super::interface::{ipv4_of_interface, name_of_interface};
use super::socket::Socket;

/// MCAST_JOIN_GROUP and MCAST_JOIN_SOURCE_GROUP of RFC 3678, as `<linux/in.h>` numbers them.
pub(super) const JOIN_GROUP: i32 = 42;
pub(super) const JOIN_SOURCE_GROUP: i32 = 46;

/// A group to hear, on an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The group's address.
    pub group: IpAddr,
    /// The only sender to be heard; `None` hears all.
    pub source: Option<IpAddr>,
    /// The interface's index; 0 has the routes choose.
    pub interface: u32,
}

impl Membership {
    /// The family of sockets that can join it.
    pub fn family(&self) -> Family {
        match self.group {
            IpAddr::V4(_) => Family::Inet,
            IpAddr::V6(_) => Family::Inet6,
        }
    }

    /// `struct group_req` or `struct group_source_req`.
    fn request(&self) -> Vec<u8> {
        let mut request = self.interface.to_ne_bytes().to_vec();
        request.resize(size_of::<usize>(), 0);
        for ip in [Some(self.group), self.source].into_iter().flatten() {
            let end = request.len() + size_of::<libc::sockaddr_storage>();
            request.extend(sockaddr(ip));
            request.resize(end, 0);
        }
        request
    }
}

/// `struct sockaddr_in` or `struct sockaddr_in6` without a port.
fn sockaddr(ip: IpAddr) -> Vec<u8> {
    let (family, before, octets) = match ip {
        IpAddr::V4(v4) => (libc::AF_INET, 2, v4.octets().to_vec()),
        IpAddr::V6(v6) => (libc::AF_INET6, 6, v6.octets().to_vec()),
    };
    let family = u16::try_from(family).unwrap_or(0).to_ne_bytes().to_vec();
    [family, vec![0; before], octets].concat()
}

impl Socket {
    /// setsockopt(2) MCAST_JOIN_GROUP or MCAST_JOIN_SOURCE_GROUP; the membership ends with the socket.
    pub fn join(&self, membership: &Membership) -> Result<(), CallError> {
        let level = match membership.family() {
            Family::Inet6 => libc::IPPROTO_IPV6,
            _ => libc::IPPROTO_IP,
        };
        let name = match membership.source {
            Some(_) => JOIN_SOURCE_GROUP,
            None => JOIN_GROUP,
        };
        self.setsockopt(level, name, &membership.request(), membership)
            .map_err(|error| CallError::new("join", membership, error.cause))
    }

    /// setsockopt(2) IP_MULTICAST_ALL, IPV6_MULTICAST_ALL: of groups, hear only those that this socket joined. The second
    /// is younger, and does without where it is not known.
    pub fn hear_own_groups(&self, family: Family) -> Result<(), CallError> {
        match family {
            Family::Inet6 => {
                let _ = self.set_int(libc::IPPROTO_IPV6, libc::IPV6_MULTICAST_ALL, 0);
                Ok(())
            }
            _ => self.set_int(libc::IPPROTO_IP, libc::IP_MULTICAST_ALL, 0),
        }
    }

    /// setsockopt(2) IP_TTL and IP_MULTICAST_TTL, or their like of IPv6: how many routers may pass it on.
    pub fn set_hops(&self, family: Family, hops: u8) -> Result<(), CallError> {
        let (level, names) = match family {
            Family::Inet6 => (
                libc::IPPROTO_IPV6,
                [libc::IPV6_UNICAST_HOPS, libc::IPV6_MULTICAST_HOPS],
            ),
            _ => (libc::IPPROTO_IP, [libc::IP_TTL, libc::IP_MULTICAST_TTL]),
        };
        let set = |name| self.set_int(level, name, hops.into());
        names.into_iter().try_for_each(set)
    }

    /// setsockopt(2) IP_MULTICAST_LOOP, IPV6_MULTICAST_LOOP: whether this host hears what is sent to a group.
    pub fn set_loop(&self, family: Family, on: bool) -> Result<(), CallError> {
        match family {
            Family::Inet6 => self.set_int(libc::IPPROTO_IPV6, libc::IPV6_MULTICAST_LOOP, on.into()),
            _ => self.set_int(libc::IPPROTO_IP, libc::IP_MULTICAST_LOOP, on.into()),
        }
    }

    /// setsockopt(2) IP_MULTICAST_IF, IPV6_MULTICAST_IF: the interface that what is sent to groups leaves by.
    pub fn set_group_interface(&self, family: Family, index: u32) -> Result<(), CallError> {
        let name = name_of_interface(index).unwrap_or_else(|| index.to_string());
        match family {
            Family::Inet6 => {
                let value = index.to_ne_bytes();
                let shown = format_args!("{name:?}");
                self.setsockopt(libc::IPPROTO_IPV6, libc::IPV6_MULTICAST_IF, &value, shown)
            }
            _ => {
                // struct ip_mreqn: the group, the address, the index. Left to itself the kernel takes another interface's
                // address where this one's is good for this host alone, as the loopback's is.
                let from = ipv4_of_interface(&name).map_or([0; 4], |from| from.octets());
                let value = [[0; 4], from, index.to_ne_bytes()].concat();
                let shown = format_args!("{name:?}");
                self.setsockopt(libc::IPPROTO_IP, libc::IP_MULTICAST_IF, &value, shown)
            }
        }
    }
}

impl fmt::Display for Membership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(source) = self.source {
            write!(f, "{source}@")?;
        }
        self.group.fmt(f)?;
        match name_of_interface(self.interface) {
            Some(name) => write!(f, "%{name}"),
            None => Ok(()),
        }
    }
}
