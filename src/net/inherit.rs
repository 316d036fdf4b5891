//! Sockets that the process was started with: `fd:N` and `fd:systemd` (fromfd).

use std::fmt;
use std::io;
use std::os::fd::OwnedFd;

use super::error::CallError;
use super::explain::Explain;
use super::socket::Socket;
use super::sys;

/// The first descriptor that a service manager hands over, sd_listen_fds(3).
const LISTEN_FDS_START: i32 = 3;

/// An inherited descriptor that cannot serve.
#[derive(Debug)]
pub enum InheritError {
    /// The descriptor is not open, or is no socket.
    Call(CallError),
    /// The environment of sd_listen_fds(3) is missing or not for this process.
    Environment(String),
}

/// Adopt descriptor `number` as a socket. Call it once per number, before anything is opened.
pub fn inherit(number: i32, explain: &Explain) -> Result<Socket, InheritError> {
    let socket = Socket::from_fd(inherit_descriptor(number)?, explain);
    socket
        .family()
        .map_err(|error| refused(number, error.cause))?;
    Ok(socket)
}

/// Adopt descriptor `number`, whatever it is. Call it once per number, before anything is opened.
pub fn inherit_descriptor(number: i32) -> Result<OwnedFd, InheritError> {
    sys::adopt(number).map_err(|cause| refused(number, cause))
}

fn refused(number: i32, cause: io::Error) -> InheritError {
    let on = format_args!("fd:{number}");
    InheritError::Call(CallError::new("inherit", on, cause))
}

/// Adopt the sockets of LISTEN_FDS; `environment` reads a variable, `process` is this process's id.
pub fn inherit_systemd(
    environment: impl Fn(&str) -> Option<String>,
    process: u32,
    explain: &Explain,
) -> Result<Vec<Socket>, InheritError> {
    let missing = |what: &str| InheritError::Environment(what.to_owned());
    let listen_pid = environment("LISTEN_PID").ok_or_else(|| missing("LISTEN_PID is not set"))?;
    if listen_pid.parse() != Ok(process) {
        return Err(missing("LISTEN_PID is not this process"));
    }
    let count = environment("LISTEN_FDS").and_then(|count| count.parse::<i32>().ok());
    match count {
        Some(count) if count > 0 => (LISTEN_FDS_START..LISTEN_FDS_START.saturating_add(count))
            .map(|number| inherit(number, explain))
            .collect(),
        _ => Err(missing("LISTEN_FDS names no descriptor")),
    }
}

impl fmt::Display for InheritError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(error) => error.fmt(f),
            Self::Environment(why) => write!(f, "fd:systemd: {why}"),
        }
    }
}

impl std::error::Error for InheritError {}
