//! Network interfaces by name and by index, netdevice(7).

use nix::net::if_::{if_indextoname, if_nametoindex};

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
