//! A socket's options: getsockopt(2) and setsockopt(2), told with the names that the table of options has.

use std::fmt;
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use super::error::CallError;
use super::explain::Outcome;
use super::family::{Family, Kind, Protocol};
use super::socket::Socket;
use super::sockopt::{Constant, LevelName, OptionName, Shown};
use super::sys;
use libc::c_int;

impl Socket {
    /// getsockopt(2) into `value`; how many bytes the kernel wrote. `shown` renders them for the one who listens.
    pub fn getsockopt(
        &self,
        level: c_int,
        name: c_int,
        value: &mut [u8],
        shown: impl Fn(&[u8]) -> String,
    ) -> Result<usize, CallError> {
        let (level_name, constant) = (LevelName(level), Constant(level, name));
        let arguments = format_args!("{}, {level_name}, {constant}", self.number());
        self.explain
            .call("getsockopt", arguments, || {
                let count = sys::getsockopt(self.as_fd(), level, name, value)?;
                Ok(Got {
                    count,
                    shown: shown(value.get(..count).unwrap_or(value)),
                })
            })
            .map(|got| got.count)
            .map_err(|cause| CallError::new("getsockopt", OptionName(level, name), cause))
    }

    /// setsockopt(2); `shown` is the value in the words of the one who set it.
    pub fn setsockopt(
        &self,
        level: c_int,
        name: c_int,
        value: &[u8],
        shown: impl fmt::Display,
    ) -> Result<(), CallError> {
        let (level_name, constant) = (LevelName(level), Constant(level, name));
        let arguments = format_args!("{}, {level_name}, {constant}, {shown}", self.number());
        self.explain
            .call("setsockopt", arguments, || {
                sys::setsockopt(self.as_fd(), level, name, value)
            })
            .map_err(|cause| {
                let on = format_args!("{}={shown}", OptionName(level, name));
                CallError::new("setsockopt", on, cause)
            })
    }

    /// setsockopt(2) of an option whose value is an int.
    pub fn set_int(&self, level: c_int, name: c_int, value: c_int) -> Result<(), CallError> {
        let value = value.to_ne_bytes();
        self.setsockopt(level, name, &value, Shown(level, name, &value))
    }

    /// setsockopt(2) SO_SNDTIMEO: how long a connect or a send may wait.
    pub fn set_send_timeout(&self, limit: Duration) -> Result<(), CallError> {
        let seconds = i64::try_from(limit.as_secs()).unwrap_or(i64::MAX);
        // A time of zero would mean for ever.
        let micros = i64::from(limit.subsec_micros()).max(i64::from(seconds == 0));
        let value = [seconds.to_ne_bytes(), micros.to_ne_bytes()].concat();
        let (level, name) = (libc::SOL_SOCKET, libc::SO_SNDTIMEO);
        self.setsockopt(level, name, &value, Shown(level, name, &value))
    }

    /// setsockopt(2) SO_LINGER of no time: close(2) then resets the connection, tcp(7), so that the peer knows that it did
    /// not get everything.
    pub fn set_reset_on_close(&self) -> Result<(), CallError> {
        let value = [1_i32.to_ne_bytes(), 0_i32.to_ne_bytes()].concat();
        let (level, name) = (libc::SOL_SOCKET, libc::SO_LINGER);
        self.setsockopt(level, name, &value, Shown(level, name, &value))
    }

    /// getsockopt(2) of an option whose value is an int.
    pub fn int(&self, level: c_int, name: c_int) -> Result<c_int, CallError> {
        let mut value = [0; size_of::<c_int>()];
        self.getsockopt(level, name, &mut value, |bytes| {
            Shown(level, name, bytes).to_string()
        })?;
        Ok(c_int::from_ne_bytes(value))
    }

    /// getsockopt(2) SO_ERROR: the error that waits on the socket, which is thereby taken; `None` when there is none.
    pub fn take_error(&self) -> Result<Option<io::Error>, CallError> {
        let number = self.int(libc::SOL_SOCKET, libc::SO_ERROR)?;
        Ok((number != 0).then(|| io::Error::from_raw_os_error(number)))
    }

    /// getsockopt(2) SO_DOMAIN; `None` for a family that this program does not speak.
    pub fn family(&self) -> Result<Option<Family>, CallError> {
        self.int(libc::SOL_SOCKET, libc::SO_DOMAIN)
            .map(Family::from_number)
    }

    /// getsockopt(2) SO_TYPE; `None` for a type that this program does not speak.
    pub fn kind(&self) -> Result<Option<Kind>, CallError> {
        self.int(libc::SOL_SOCKET, libc::SO_TYPE)
            .map(Kind::from_number)
    }

    /// getsockopt(2) SO_PROTOCOL
    pub fn protocol(&self) -> Result<Protocol, CallError> {
        self.int(libc::SOL_SOCKET, libc::SO_PROTOCOL).map(Protocol)
    }

    /// getsockopt(2) SO_ACCEPTCONN: whether it listens.
    pub fn listens(&self) -> Result<bool, CallError> {
        self.int(libc::SOL_SOCKET, libc::SO_ACCEPTCONN)
            .map(|on| on != 0)
    }
}

struct Got {
    count: usize,
    shown: String,
}

impl Outcome for Got {
    fn note(&self) -> Option<String> {
        Some(format!("[{}]", self.shown))
    }
}
