//! Telling the service manager that started us how far we are, sd_notify(3).

use std::ffi::OsStr;

use super::address::Address;
use super::error::CallError;
use super::explain::Explain;
use super::family::{Family, Kind, Protocol};
use super::socket::Socket;
use super::unix_name::UnixName;

/// Send `READY=1` to the socket that NOTIFY_SOCKET names, a path or an abstract name behind an `@`.
pub fn notify_ready(name: &OsStr, explain: &Explain) -> Result<(), CallError> {
    let name = UnixName::parse(name).map_err(|_| {
        let invalid = nix::errno::Errno::EINVAL;
        CallError::new(
            "connect",
            format_args!("{name:?} of NOTIFY_SOCKET"),
            invalid,
        )
    })?;
    let mut socket = Socket::open(Family::Unix, Kind::Dgram, Protocol::DEFAULT, explain)?;
    socket.connect(&Address::Unix(name))?;
    socket.send(b"READY=1").map(drop)
}
