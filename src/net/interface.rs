//! Network interfaces by name and by index, netdevice(7).

use std::net::{IpAddr, Ipv4Addr};

use nix::ifaddrs::getifaddrs;
use nix::net::if_::{InterfaceFlags, if_indextoname, if_nametoindex};

use super::address::Address;

/// The index of the interface with this name, or the number itself; `None` when there is no such interface.
pub fn index_of_interface(name: &str) -> Option<u32> {
    if_nametoindex(name)
        .ok()
        .or_else(|| name.parse().ok().filter(|index| *index != 0))
}

/// The name of the interface with this index; `None` when there is no such interface.
pub fn name_of_interface(index: u32) -> Option<String> {
    // The wrapper answers an unknown index with an empty name.
    if_indextoname(index)
        .ok()
        .and_then(|name| name.into_string().ok())
        .filter(|name| !name.is_empty())
}

/// The addresses of the interfaces that are up, getifaddrs(3), as the kernel lists them; none where they cannot be read.
pub fn addresses_of_interfaces() -> Vec<IpAddr> {
    let all = named_addresses().into_iter();
    all.map(|(_, ip)| ip).collect()
}

/// The first IPv4 address of an interface that is up.
pub(super) fn ipv4_of_interface(name: &str) -> Option<Ipv4Addr> {
    let all = named_addresses().into_iter();
    all.filter(|(interface, _)| interface == name)
        .find_map(|(_, ip)| match ip {
            IpAddr::V4(v4) => Some(v4),
            IpAddr::V6(_) => None,
        })
}

fn named_addresses() -> Vec<(String, IpAddr)> {
    let Ok(interfaces) = getifaddrs() else {
        return Vec::new();
    };
    let named = |interface: nix::ifaddrs::InterfaceAddress| {
        let is_up = interface.flags.contains(InterfaceFlags::IFF_UP);
        let address = Address::from_storage(&interface.address.filter(|_| is_up)?)?;
        Some((interface.interface_name, address.inet()?.ip()))
    };
    interfaces.filter_map(named).collect()
}
