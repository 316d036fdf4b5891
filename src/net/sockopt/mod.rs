//! Socket options by name: one table gives `options`, `-o`, the man page, and the constants that `--explain` shows.

use std::fmt;

use libc::c_int;

/// An option's level as `SOL_SOCKET`, `IPPROTO_TCP`.
pub struct LevelName(pub c_int);

/// An option as `SO_REUSEADDR`, from its level and number.
pub struct Constant(pub c_int, pub c_int);

impl fmt::Display for LevelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            libc::SOL_SOCKET => f.write_str("SOL_SOCKET"),
            libc::IPPROTO_IP => f.write_str("IPPROTO_IP"),
            libc::IPPROTO_IPV6 => f.write_str("IPPROTO_IPV6"),
            libc::IPPROTO_TCP => f.write_str("IPPROTO_TCP"),
            libc::IPPROTO_UDP => f.write_str("IPPROTO_UDP"),
            number => number.fmt(f),
        }
    }
}

impl fmt::Display for Constant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0, self.1) {
            (libc::SOL_SOCKET, libc::SO_REUSEADDR) => f.write_str("SO_REUSEADDR"),
            (libc::SOL_SOCKET, libc::SO_ERROR) => f.write_str("SO_ERROR"),
            (libc::SOL_SOCKET, libc::SO_DOMAIN) => f.write_str("SO_DOMAIN"),
            (libc::SOL_SOCKET, libc::SO_TYPE) => f.write_str("SO_TYPE"),
            (libc::IPPROTO_IPV6, libc::IPV6_V6ONLY) => f.write_str("IPV6_V6ONLY"),
            (_, number) => number.fmt(f),
        }
    }
}
