//! Datagrams for many: groups that are joined, and how far what is sent goes.

use std::net::{IpAddr, SocketAddr};

use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args, value_parser};

use crate::net::{Address, CallError, Family, Membership, Socket, index_of_interface};

const HEADING: &str = "One to many";

/// Groups to hear.
#[derive(Args, Clone, Debug, Default)]
pub struct JoinArgs {
    /// Join a multicast GROUP, on the interface IF, and hear there SOURCE alone; repeatable. A listener on a group's address
    /// joins that one by itself
    #[arg(long, value_name = "[SOURCE@]GROUP[%IF]", value_parser = membership, help_heading = HEADING)]
    pub join: Vec<Membership>,
}

/// How far what is sent goes.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct SpreadArgs {
    /// Allow broadcast addresses (SO_BROADCAST)
    #[arg(long, help_heading = HEADING)]
    broadcast: bool,
    /// Let N routers pass it on, at most (IP_TTL, IP_MULTICAST_TTL; of multicast, 1 if left out)
    #[arg(long, value_name = "N", value_parser = value_parser!(u8).range(1..), allow_negative_numbers = true, help_heading = HEADING)]
    ttl: Option<u8>,
    /// Whether this host hears what is sent to a group: on or off [default: on]
    #[arg(long = "loop", value_name = "BOOL", action = ArgAction::Set, value_parser = BoolishValueParser::new(), hide_possible_values = true, help_heading = HEADING)]
    loops: Option<bool>,
    /// Send to groups by the interface IF (IP_MULTICAST_IF)
    #[arg(long, value_name = "IF", value_parser = interface, help_heading = HEADING)]
    multicast_interface: Option<u32>,
}

impl SpreadArgs {
    /// Whether broadcast addresses are allowed.
    pub fn allows_broadcast(&self) -> bool {
        self.broadcast
    }

    /// setsockopt(2) for each of them; what is sent to groups leaves by the `interface` of that index where none is named here.
    pub fn apply(
        &self,
        socket: &Socket,
        family: Family,
        interface: Option<u32>,
    ) -> Result<(), CallError> {
        if self.broadcast {
            socket.set_int(libc::SOL_SOCKET, libc::SO_BROADCAST, 1)?;
        }
        if let Some(ttl) = self.ttl {
            socket.set_hops(family, ttl)?;
        }
        if let Some(on) = self.loops {
            socket.set_loop(family, on)?;
        }
        match self.multicast_interface.or(interface) {
            Some(index) => socket.set_group_interface(family, index),
            None => Ok(()),
        }
    }
}

/// The index of the interface that what is sent to `to` leaves by: a group's zone, which the kernel knows of those of a link
/// alone, or the socket's own `interface`; `None` has the routes choose.
pub fn interface_to(to: &Address, interface: Option<&str>) -> Option<u32> {
    match to.inet() {
        Some(SocketAddr::V6(to)) if to.ip().is_multicast() && to.scope_id() != 0 => {
            Some(to.scope_id())
        }
        _ => interface.and_then(index_of_interface),
    }
}

fn membership(word: &str) -> Result<Membership, String> {
    let (source, rest) = match word.split_once('@') {
        Some((source, rest)) => (Some(address(source)?), rest),
        None => (None, word),
    };
    let (group, zone) = match rest.split_once('%') {
        Some((group, zone)) => (group, Some(zone)),
        None => (rest, None),
    };
    let group = address(group)?;
    if !group.is_multicast() {
        return Err(format!(
            "{group} is no group: 224.0.0.0 to 239.255.255.255, or ff00::/8"
        ));
    }
    if source.is_some_and(|source| source.is_ipv4() != group.is_ipv4()) {
        return Err("a source has the family of its group".to_owned());
    }
    Ok(Membership {
        group,
        source,
        interface: zone.map_or(Ok(0), interface)?,
    })
}

fn address(word: &str) -> Result<IpAddr, String> {
    let bare = word
        .strip_prefix('[')
        .and_then(|word| word.strip_suffix(']'));
    let address = bare.unwrap_or(word).parse();
    address.map_err(|_| format!("`{word}` is no address"))
}

fn interface(word: &str) -> Result<u32, String> {
    index_of_interface(word).ok_or_else(|| format!("there is no interface `{word}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_in_every_form() {
        let lo = interface("lo").unwrap();
        for (word, group, source, interface) in [
            ("239.1.1.1", "239.1.1.1", None, 0),
            ("239.1.1.1%lo", "239.1.1.1", None, lo),
            ("10.0.0.1@232.1.1.1%lo", "232.1.1.1", Some("10.0.0.1"), lo),
            ("ff02::1:2%lo", "ff02::1:2", None, lo),
            ("[fd00::1]@[ff3e::1]", "ff3e::1", Some("fd00::1"), 0),
        ] {
            let expected = Membership {
                group: group.parse().unwrap(),
                source: source.map(|source| source.parse().unwrap()),
                interface,
            };
            assert_eq!(membership(word), Ok(expected), "{word}");
        }
        for word in [
            "",
            "10.0.0.1",
            "::1@239.1.1.1",
            "239.1.1.1%no-such-if",
            "x@ff02::1",
        ] {
            assert!(membership(word).is_err(), "{word}");
        }
    }
}
