//! The constants that `--explain` shows: numbers back in the words of the socket API.

use std::fmt;

use libc::c_int;

use super::find::option;
use super::layout::decode;
use super::table::TABLE;
use crate::net::multicast::{JOIN_GROUP, JOIN_SOURCE_GROUP};

/// An option's level as `SOL_SOCKET`, `IPPROTO_TCP`; its number where it has no name.
pub struct LevelName(pub c_int);

/// An option as `SO_REUSEADDR`, from its level and number; its number where it has no name.
pub struct Constant(pub c_int, pub c_int);

/// An option as [`Constant`], or as `LEVEL:NUM` where it has no name: how it is typed.
pub struct OptionName(pub c_int, pub c_int);

/// The bytes of an option's value, from its level and number; a lone int, or hex, where the table has no such option.
pub struct Shown<'a>(pub c_int, pub c_int, pub &'a [u8]);

impl fmt::Display for LevelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match TABLE.iter().find(|level| level.number == self.0) {
            Some(level) => f.write_str(level.name),
            None => self.0.fmt(f),
        }
    }
}

impl fmt::Display for Constant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (option(self.0, self.1), self.0, self.1) {
            (Some(option), ..) => f.write_str(option.name),
            (None, libc::IPPROTO_IP | libc::IPPROTO_IPV6, JOIN_GROUP) => {
                f.write_str("MCAST_JOIN_GROUP")
            }
            (None, libc::IPPROTO_IP | libc::IPPROTO_IPV6, JOIN_SOURCE_GROUP) => {
                f.write_str("MCAST_JOIN_SOURCE_GROUP")
            }
            (None, _, number) => number.fmt(f),
        }
    }
}

impl fmt::Display for OptionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(level, number) = *self;
        match option(level, number) {
            Some(option) => f.write_str(option.name),
            None => write!(f, "{}:{number}", LevelName(level)),
        }
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(level, number, bytes) = *self;
        match (option(level, number), bytes.first_chunk()) {
            (Some(option), _) => f.write_str(&decode(&option.form, bytes).tell(&option.form)),
            (None, Some(int)) if bytes.len() == size_of::<c_int>() => {
                c_int::from_ne_bytes(*int).fmt(f)
            }
            _ => f.write_str(&hex::encode(bytes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_names() {
        assert_eq!(LevelName(6).to_string(), "IPPROTO_TCP");
        assert_eq!(LevelName(4711).to_string(), "4711");
        assert_eq!(Constant(1, 13).to_string(), "SO_LINGER");
        assert_eq!(Constant(1, 4711).to_string(), "4711");
        assert_eq!(OptionName(1, 13).to_string(), "SO_LINGER");
        assert_eq!(OptionName(6, 4711).to_string(), "IPPROTO_TCP:4711");
        let linger = [1_i32, 5].map(i32::to_ne_bytes).concat();
        assert_eq!(Shown(1, 13, &linger).to_string(), "{on=1, linger=5}");
        let two = 2_i32.to_ne_bytes();
        assert_eq!(Shown(0, 10, &two).to_string(), "IP_PMTUDISC_DO");
        assert_eq!(Shown(1, 39, &two).to_string(), "AF_INET");
        assert_eq!(Shown(1, 4711, &two).to_string(), "2");
        assert_eq!(Shown(1, 4711, &[5, 0]).to_string(), "0500");
        let refused = libc::ECONNREFUSED.to_ne_bytes();
        assert_eq!(Shown(1, 4, &refused).to_string(), "ECONNREFUSED");
    }
}
