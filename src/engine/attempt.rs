//! One connect(2) under way, and what became of it.

use crate::net::{Address, CallError, Socket};

/// Opens and prepares a non-blocking socket for an address.
pub type Open<'a> = &'a dyn Fn(&Address) -> Result<Socket, CallError>;

/// A connection that stands.
#[derive(Debug)]
pub struct Connection {
    /// The socket.
    pub socket: Socket,
    /// Its own address.
    pub local: Address,
    /// The peer's.
    pub peer: Address,
    /// The reset that has come in already; what the peer said before it is still to be read.
    pub reset: Option<CallError>,
}

/// A socket that connects.
pub(super) struct Attempt {
    pub(super) socket: Socket,
    to: Address,
}

impl Attempt {
    /// Open a socket and have it connect; whether it is connected already.
    pub(super) fn start(open: Open<'_>, to: Address) -> Result<(Self, bool), CallError> {
        let mut socket = open(&to)?;
        let connected = socket.connect(&to)?;
        Ok((Self { socket, to }, connected))
    }

    /// A socket that became writable is connected, or has an error waiting: connect(2), EINPROGRESS.
    pub(super) fn judge(self) -> Result<Connection, CallError> {
        match self.socket.take_error()? {
            None => self.arrived(),
            // A connection that is refused was never there; one that is reset was.
            Some(cause) if matches!(cause.raw_os_error(), Some(libc::ECONNRESET | libc::EPIPE)) => {
                let reset = CallError::new("recv", &self.to, cause);
                let connection = self.arrived()?;
                Ok(Connection {
                    reset: Some(reset),
                    ..connection
                })
            }
            Some(cause) => Err(CallError::new("connect", &self.to, cause)),
        }
    }

    /// On the own host a connect to a port that nobody listens on can meet itself (simultaneous open): that is a no.
    pub(super) fn arrived(self) -> Result<Connection, CallError> {
        let Self { socket, to: peer } = self;
        let local = socket.getsockname()?;
        if local.inet().is_some() && local == peer {
            return Err(CallError::new(
                "connect",
                &peer,
                nix::errno::Errno::ECONNREFUSED,
            ));
        }
        Ok(Connection {
            socket,
            local,
            peer,
            reset: None,
        })
    }
}
