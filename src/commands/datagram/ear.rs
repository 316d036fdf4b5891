//! Sockets made ready to hear: room for what comes, and the kernel's notes on it.

use crate::args::Preparation;
use crate::engine::{CHUNK, Ear, Listener};
use crate::net::{Address, CallError, Family, Protocol, Socket};

/// How much a socket is asked to hold: some milliseconds of a flood, and no memory where nothing comes.
const BUFFER: i32 = 16 * 1024 * 1024;
/// What one receive from a UDP socket brings at most.
const ROOM: usize = 64 * 1024;

/// What sockets are to be made ready for.
#[derive(Clone, Copy)]
pub(in super::super) struct Ears {
    /// Whether the time, the ttl and the tos are wanted.
    pub(in super::super) notes: bool,
    /// Whether the sender of a local datagram is wanted.
    pub(in super::super) credentials: bool,
    /// Whether several datagrams may come as one: who counts them takes them one by one.
    pub(in super::super) trains: bool,
}

impl Ears {
    /// setsockopt(2) for all of it; before bind, so that it holds for the first datagram too.
    pub(in super::super) fn prepare(
        self,
        socket: &Socket,
        (family, protocol): (Family, Protocol),
        preparation: &Preparation,
    ) -> Result<(), CallError> {
        make_room(socket, preparation, RECEIVE)?;
        if self.notes {
            socket.set_int(libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, 1)?;
            note_way(socket, family)?;
        }
        if family == Family::Unix {
            // What a local receiver does not read is charged to who sent it: one would take the room of all.
            make_room(socket, preparation, SEND)?;
            let wanted = self
                .credentials
                .then_some((libc::SOL_SOCKET, libc::SO_PASSCRED));
            return wanted.map_or(Ok(()), |(level, name)| socket.set_int(level, name, 1));
        }
        socket.set_int(libc::SOL_SOCKET, libc::SO_RXQ_OVFL, 1)?;
        if self.trains && protocol == Protocol::UDP {
            // An older kernel gives them one by one.
            let _ = socket.take_trains();
        }
        Ok(())
    }

    /// A listener's socket, ready.
    pub(in super::super) fn ear(listener: Listener) -> Ear {
        Self::of(listener.socket, listener.local)
    }

    /// A socket and its address, ready.
    pub(in super::super) fn of(socket: Socket, local: Address) -> Ear {
        let room = match local.inet() {
            Some(_) => ROOM,
            None => CHUNK,
        };
        Ear {
            socket,
            local,
            room,
            to: None,
        }
    }
}

/// The buffers of a socket: what asks for as much as net.core.rmem_max or wmem_max allows, and what needs a privilege to
/// ask for more.
const RECEIVE: [i32; 2] = [libc::SO_RCVBUF, libc::SO_RCVBUFFORCE];
const SEND: [i32; 2] = [libc::SO_SNDBUF, libc::SO_SNDBUFFORCE];

/// As much as is allowed, unless somebody has said how much.
fn make_room(
    socket: &Socket,
    preparation: &Preparation,
    buffer: [i32; 2],
) -> Result<(), CallError> {
    let level = libc::SOL_SOCKET;
    if preparation.sets(level, &buffer) {
        return Ok(());
    }
    let [modest, forced] = buffer;
    match socket.set_int(level, forced, BUFFER) {
        Ok(()) => Ok(()),
        Err(_) => socket.set_int(level, modest, BUFFER),
    }
}

/// IP_RECVTTL, IP_RECVTOS and their like of IPv6, whose sockets may hear IPv4 too.
fn note_way(socket: &Socket, family: Family) -> Result<(), CallError> {
    if family == Family::Unix {
        return Ok(());
    }
    socket.set_int(libc::IPPROTO_IP, libc::IP_RECVTTL, 1)?;
    socket.set_int(libc::IPPROTO_IP, libc::IP_RECVTOS, 1)?;
    if family == Family::Inet6 {
        socket.set_int(libc::IPPROTO_IPV6, libc::IPV6_RECVHOPLIMIT, 1)?;
        socket.set_int(libc::IPPROTO_IPV6, libc::IPV6_RECVTCLASS, 1)?;
    }
    Ok(())
}
