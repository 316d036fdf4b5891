//! Sockets that are bound to every address of an endpoint: dual-stack where `*` was asked for.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::ending::LoopError;
use super::outlet::{Outlet, StdoutError};
use super::reactor::{Interest, Reactor};
use super::timer::{Expired, Timers};
use super::watch::Watch;
use crate::net::{Address, CallError, Explain, Family, Kind, Protocol, Socket};

/// The longest queue of connections not yet accepted; the kernel caps it at net.core.somaxconn.
pub const BACKLOG: i32 = 4096;

/// What to open.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// SOCK_STREAM, SOCK_DGRAM...
    pub kind: Kind,
    /// The protocol.
    pub protocol: Protocol,
    /// Whether `[::]` takes IPv4 too: `*` was asked for, not `[::]`.
    pub dual_stack: bool,
    /// How many connections may wait to be accepted.
    pub backlog: i32,
}

/// A bound socket and the address that it really has.
#[derive(Debug)]
pub struct Listener {
    /// The socket.
    pub socket: Socket,
    /// getsockname(2) of it.
    pub local: Address,
    /// Whether it was opened for every interface and both families.
    pub everywhere: bool,
}

impl Binding {
    /// Open, prepare, bind, and where connections are to come listen, on each address; port 0 is chosen once for all.
    pub fn open(
        &self,
        addresses: &[SocketAddr],
        prepare: &dyn Fn(&Socket, Family) -> Result<(), CallError>,
        explain: &Explain,
    ) -> Result<Vec<Listener>, CallError> {
        let mut listeners: Vec<Listener> = Vec::new();
        for address in addresses {
            let mut address = *address;
            let chosen = listeners.first().and_then(|first| first.local.inet());
            if let (0, Some(chosen)) = (address.port(), chosen) {
                address.set_port(chosen.port());
            }
            listeners.push(self.open_or_fall_back(address, prepare, explain)?);
        }
        Ok(listeners)
    }

    /// A kernel without IPv6 still has every IPv4 interface.
    fn open_or_fall_back(
        &self,
        address: SocketAddr,
        prepare: &dyn Fn(&Socket, Family) -> Result<(), CallError>,
        explain: &Explain,
    ) -> Result<Listener, CallError> {
        match self.open_one(address, prepare, explain) {
            Err(error)
                if self.dual_stack
                    && matches!(error.errno(), libc::EAFNOSUPPORT | libc::EADDRNOTAVAIL) =>
            {
                let every = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), address.port());
                self.open_one(every, prepare, explain)
            }
            opened => opened,
        }
    }

    fn open_one(
        &self,
        address: SocketAddr,
        prepare: &dyn Fn(&Socket, Family) -> Result<(), CallError>,
        explain: &Explain,
    ) -> Result<Listener, CallError> {
        let address = Address::from(address);
        let mut socket = Socket::open(address.family(), self.kind, self.protocol, explain)?;
        if self.kind.has_connections() {
            // A listener that was ended may start again while its old connections are in TIME_WAIT.
            socket.set_int(libc::SOL_SOCKET, libc::SO_REUSEADDR, 1)?;
        }
        if address.family() == Family::Inet6 {
            socket.set_int(
                libc::IPPROTO_IPV6,
                libc::IPV6_V6ONLY,
                i32::from(!self.dual_stack),
            )?;
        }
        prepare(&socket, address.family())?;
        socket.bind(&address)?;
        if self.kind.has_connections() {
            socket.listen(self.backlog)?;
        }
        let local = socket.getsockname()?;
        socket.set_about(local.clone());
        let everywhere = self.dual_stack && address.family() == Family::Inet6;
        if let Some(inet) = local.inet().filter(|_| everywhere) {
            socket.set_target(format!("*:{}", inet.port()));
        }
        Ok(Listener {
            socket,
            local,
            everywhere,
        })
    }
}

impl Listener {
    /// accept(2): the connection's socket, the peer and the address that was connected to; `None` when nobody waits.
    pub(super) fn accept(&self) -> Result<Option<Accepted>, CallError> {
        let accepted = self.socket.accept()?;
        Ok(accepted.map(|(mut socket, peer)| {
            let local = socket
                .getsockname()
                .map_or_else(|_| self.local.clone(), Address::unmapped);
            let peer = peer.unmapped();
            // Most of those who connect to a local socket have no name: errors speak of ours.
            socket.set_about(match peer.is_unnamed() {
                true => local.clone(),
                false => peer.clone(),
            });
            (socket, peer, local)
        }))
    }
}

/// How long accepting pauses when there are no descriptors left.
pub const PAUSE: Duration = Duration::from_millis(100);

/// Whether an accept failed for want of something that may come back: descriptors, memory.
pub fn is_shortage(error: &CallError) -> bool {
    matches!(
        error.errno(),
        libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM
    )
}

/// Whether an accept failed because of the client or its network, which says nothing of the listener, accept(2).
pub fn is_gone(error: &CallError) -> bool {
    matches!(
        error.errno(),
        libc::ECONNABORTED
            | libc::EINTR
            | libc::EPROTO
            | libc::EPERM
            | libc::ENETDOWN
            | libc::ENETUNREACH
            | libc::EHOSTDOWN
            | libc::EHOSTUNREACH
            | libc::ENONET
            | libc::ENOPROTOOPT
            | libc::ETIMEDOUT
    )
}

/// A connection that came in: its socket, the peer, the address that was connected to.
pub(super) type Accepted = (Socket, Address, Address);

/// The token of stdout; listeners count theirs from zero.
const STDOUT: usize = usize::MAX - 1;

/// Wait for the first connection and close the listeners, so that nobody else connects in vain; or the signal that came
/// first. `admits` tells who may come, `warn` hears what is tried again.
pub fn accept_first(
    reactor: &mut Reactor,
    listeners: Vec<Listener>,
    admits: &dyn Fn(&Address) -> Result<bool, StdoutError>,
    timers: &Timers,
    outlet: &Outlet,
    warn: &dyn Fn(&CallError) -> Result<(), StdoutError>,
) -> Result<Result<Accepted, Signal>, LoopError> {
    let mut watches: Vec<Watch> = (0..listeners.len()).map(Watch::new).collect();
    let mut stdout = Watch::new(STDOUT);
    let mut paused: Option<Instant> = None;
    loop {
        // Nobody would read what a client says: told by a hang-up, which is watched for without any interest.
        let watching = &*reactor;
        outlet
            .with_fd(|fd| stdout.set(watching, fd, Some(Interest::NONE)))
            .transpose()?;
        let wanted = paused.is_none().then_some(Interest::READ);
        for (listener, watch) in listeners.iter().zip(&mut watches) {
            watch.set(reactor, &listener.socket, wanted)?;
        }
        let until = timers.next().into_iter().chain(paused).min();
        if let Some(signal) = reactor.wait(until)? {
            return Ok(Err(signal));
        }
        let now = Instant::now();
        paused = paused.filter(|until| *until > now);
        for ready in reactor.ready() {
            if ready.token == STDOUT && ready.gone {
                return Err(StdoutError::reader_gone().into());
            }
            let Some(listener) = listeners.get(ready.token) else {
                continue;
            };
            match listener.accept() {
                Ok(Some((_, peer, _))) if !admits(&peer)? => {}
                Ok(Some(accepted)) => {
                    for (listener, watch) in listeners.iter().zip(&mut watches) {
                        watch.set(reactor, &listener.socket, None)?;
                    }
                    outlet
                        .with_fd(|fd| stdout.set(reactor, fd, None))
                        .transpose()?;
                    return Ok(Ok(accepted));
                }
                Ok(None) => {}
                Err(error) if is_gone(&error) => {}
                Err(error) if is_shortage(&error) => {
                    warn(&error)?;
                    paused = Some(now + PAUSE);
                }
                Err(error) => return Err(error.into()),
            }
        }
        if let Some(expired) = timers.expired(now) {
            return Err(late(
                expired,
                listeners.iter().map(|listener| &listener.socket),
            ));
        }
    }
}

/// A limit that fired while the listeners waited, with their addresses; none are left where one connection was to come.
pub(super) fn late<'a>(expired: Expired, sockets: impl Iterator<Item = &'a Socket>) -> LoopError {
    let all: Vec<String> = sockets.map(Socket::about).collect();
    if all.is_empty() {
        return expired.into();
    }
    expired
        .on(format_args!("listen on {}", all.join(", ")))
        .into()
}
