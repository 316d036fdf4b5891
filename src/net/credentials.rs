//! Who is at the other end of a local connection: getsockopt(2) SO_PEERCRED, unix(7).

use std::io;

use super::error::CallError;
use super::socket::Socket;
use super::sockopt::Shown;

/// A process at the time when it connected, or called listen(2): the kernel's word, not its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The process's number; 0 where it is in a namespace that this one does not see.
    pub pid: u32,
    /// The user's number.
    pub uid: u32,
    /// The group's number.
    pub gid: u32,
}

impl Socket {
    /// getsockopt(2) SO_PEERCRED.
    pub fn peer_credentials(&self) -> Result<Credentials, CallError> {
        let (level, name) = (libc::SOL_SOCKET, libc::SO_PEERCRED);
        let mut value = [0; size_of::<libc::ucred>()];
        let shown = |bytes: &[u8]| Shown(level, name, bytes).to_string();
        let count = self.getsockopt(level, name, &mut value, shown)?;
        let word = |at: usize| {
            let bytes = value.get(..count)?.get(at..at + 4)?.try_into().ok()?;
            Some(u32::from_ne_bytes(bytes))
        };
        let credentials = || {
            Some(Credentials {
                pid: word(0)?,
                uid: word(4)?,
                gid: word(8)?,
            })
        };
        credentials().ok_or_else(|| {
            let short = io::Error::from_raw_os_error(libc::EINVAL);
            CallError::new("getsockopt", "SO_PEERCRED", short)
        })
    }
}
