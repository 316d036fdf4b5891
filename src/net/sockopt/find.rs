//! Options by name and by number.

use libc::c_int;

use super::option::{Level, SocketOption};
use super::table::TABLE;

/// A name that leads nowhere, or to several options.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// No option has it; the nearest one, if it is near.
    Unknown(Option<&'static str>),
    /// So many options have it when their prefix is left out.
    Ambiguous(Vec<&'static str>),
}

/// The option at this level with this number; `None` where the table has none.
pub fn option(level: c_int, number: c_int) -> Option<&'static SocketOption> {
    let level = TABLE.iter().find(|known| known.number == level)?;
    let index = level
        .options
        .binary_search_by_key(&number, |option| option.number);
    level.options.get(index.ok()?)
}

/// Every option, level by level.
pub fn options() -> impl Iterator<Item = &'static SocketOption> {
    TABLE.iter().flat_map(|level| level.options)
}

/// The option of this name, in any case; its prefix may be left out where that leaves one option.
pub(super) fn by_name(name: &str) -> Result<&'static SocketOption, Lost> {
    if let Some(exact) = options().find(|option| option.name.eq_ignore_ascii_case(name)) {
        return Ok(exact);
    }
    let short: Vec<_> = options()
        .filter(|option| bare(option.name).eq_ignore_ascii_case(name))
        .collect();
    match short[..] {
        [] => Err(Lost::Unknown(nearest(name))),
        [only] => Ok(only),
        _ => Err(Lost::Ambiguous(
            short.iter().map(|option| option.name).collect(),
        )),
    }
}

/// The level of a name or a number; `None` for an unknown name.
pub(super) fn level(word: &str) -> Option<c_int> {
    if let Some(number) = super::parse::integer(word) {
        return c_int::try_from(number).ok();
    }
    let has = |level: &&Level| {
        let mut names = std::iter::once(&level.name).chain(level.others);
        names.any(|name| name.eq_ignore_ascii_case(word))
    };
    TABLE.iter().find(has).map(|level| level.number)
}

/// The name without `SO_`, `TCP_` and so on.
fn bare(name: &str) -> &str {
    name.split_once('_').map_or(name, |(_, bare)| bare)
}

/// The option whose name, with or without its prefix, takes the fewest edits; `None` when a third of it is wrong.
fn nearest(name: &str) -> Option<&'static str> {
    // No name is half as long: what is longer is no slip of the finger.
    if name.len() > 64 {
        return None;
    }
    let typed = name.to_ascii_uppercase();
    let distance = |option: &SocketOption| {
        let whole = strsim::osa_distance(&typed, option.name);
        whole.min(strsim::osa_distance(&typed, bare(option.name)))
    };
    options()
        .map(|option| (distance(option), option.name))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| distance * 3 <= typed.len())
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_its_option() {
        for (name, found) in [
            ("SO_RCVBUF", "SO_RCVBUF"),
            ("so_rcvbuf", "SO_RCVBUF"),
            ("nodelay", "TCP_NODELAY"),
            ("RcvBuf", "SO_RCVBUF"),
            ("v6only", "IPV6_V6ONLY"),
        ] {
            assert_eq!(by_name(name).unwrap().name, found, "{name}");
        }
    }

    #[test]
    fn a_slip_of_the_finger_finds_the_nearest() {
        for (name, near) in [
            ("SO_RCVBUFF", Some("SO_RCVBUF")),
            ("TCP_NODLEAY", Some("TCP_NODELAY")),
            ("nodely", Some("TCP_NODELAY")),
            ("SO_REUSEADR", Some("SO_REUSEADDR")),
            ("", None),
            ("x", None),
            ("entirely_else", None),
        ] {
            assert_eq!(by_name(name).unwrap_err(), Lost::Unknown(near), "{name}");
        }
    }

    #[test]
    fn a_short_name_of_two_options_is_refused_with_both() {
        let both = vec!["TCP_CORK", "UDP_CORK"];
        assert_eq!(by_name("cork").unwrap_err(), Lost::Ambiguous(both));
    }

    #[test]
    fn numbers_and_levels() {
        assert_eq!(option(1, 8).unwrap().name, "SO_RCVBUF");
        assert!(option(1, 4711).is_none());
        assert!(option(4711, 1).is_none());
        assert_eq!(level("sol_tcp"), Some(6));
        assert_eq!(level("IPPROTO_IPV6"), Some(41));
        assert_eq!(level("0x11"), Some(17));
        assert_eq!(level("nowhere"), None);
    }
}
