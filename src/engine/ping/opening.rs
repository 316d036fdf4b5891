//! The socket that echo requests leave by: one that needs no privilege where the system allows it, icmp(7), else a raw one.

use crate::net::{CallError, Explain, Family, Kind, Protocol, Socket, raise_net_raw};

/// A socket for echo requests of one family.
#[derive(Debug)]
pub struct EchoSocket {
    /// The socket.
    pub socket: Socket,
    /// Why it is a raw one; `None` where the kernel keeps others' replies away by itself.
    pub raw_because: Option<CallError>,
}

/// Open a datagram socket for echo requests, or a raw one where that is not allowed (net.ipv4.ping_group_range).
pub fn open_echo(family: Family, explain: &Explain) -> Result<EchoSocket, CallError> {
    let protocol = match family {
        Family::Inet6 => Protocol::ICMPV6,
        _ => Protocol::ICMP,
    };
    let refused = match Socket::open(family, Kind::Dgram, protocol, explain) {
        Ok(socket) => {
            return Ok(EchoSocket {
                socket,
                raw_because: None,
            });
        }
        Err(refused) => refused,
    };
    raise_net_raw();
    let socket = Socket::open(family, Kind::Raw, protocol, explain).map_err(not_permitted)?;
    socket.hear_echo_replies(family)?;
    Ok(EchoSocket {
        socket,
        raw_because: Some(refused),
    })
}

/// It is both kinds of socket that are refused, not their arguments.
fn not_permitted(error: CallError) -> CallError {
    match error.errno() {
        libc::EPERM | libc::EACCES => CallError::new("icmp socket", "", error.cause),
        _ => error,
    }
}
