//! Sockets that are bound to every address of an endpoint: dual-stack where `*` was asked for.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::net::{Address, CallError, Explain, Family, Kind, Protocol, Socket};

/// The longest queue of connections not yet accepted; the kernel caps it at net.core.somaxconn.
const BACKLOG: i32 = 4096;

/// What to open.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// SOCK_STREAM, SOCK_DGRAM...
    pub kind: Kind,
    /// The protocol.
    pub protocol: Protocol,
    /// Whether `[::]` takes IPv4 too: `*` was asked for, not `[::]`.
    pub dual_stack: bool,
}

/// A bound socket and the address that it really has.
#[derive(Debug)]
pub struct Listener {
    /// The socket.
    pub socket: Socket,
    /// getsockname(2) of it.
    pub local: Address,
}

impl Binding {
    /// Open, prepare, bind, and where connections are to come listen, on each address; port 0 is chosen once for all.
    pub fn open(
        &self,
        addresses: &[SocketAddr],
        prepare: &dyn Fn(&Socket) -> Result<(), CallError>,
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
        prepare: &dyn Fn(&Socket) -> Result<(), CallError>,
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
        prepare: &dyn Fn(&Socket) -> Result<(), CallError>,
        explain: &Explain,
    ) -> Result<Listener, CallError> {
        let address = Address::from(address);
        let mut socket = Socket::open(address.family(), self.kind, self.protocol, explain)?;
        let connections = self.kind != Kind::Dgram && self.kind != Kind::Raw;
        if connections {
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
        prepare(&socket)?;
        socket.bind(&address)?;
        if connections {
            socket.listen(BACKLOG)?;
        }
        let local = socket.getsockname()?;
        Ok(Listener { socket, local })
    }
}
