//! A socket: one method is one system call, told as it happens, its refusal a [`CallError`].
//!
//! Descriptors are close-on-exec. Two flags that do not change the story are left out of what is told: SOCK_CLOEXEC,
//! and MSG_DONTWAIT | MSG_NOSIGNAL on every send and recv.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use super::address::Address;
use super::error::CallError;
use super::explain::{Explain, Outcome, Quoted};
use super::family::{Family, Kind, Protocol};
use super::sys;
use libc::c_int;
use nix::cmsg_space;
use nix::sys::sendfile::sendfile64;
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, sendmsg,
};
use socket2::SockRef;

/// An open socket. Dropping it is close(2), told like every other call.
#[derive(Debug)]
pub struct Socket {
    fd: Option<OwnedFd>,
    pub(super) explain: Explain,
    about: Option<Address>,
}

/// Which directions shutdown(2) ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// SHUT_RD
    Read,
    /// SHUT_WR
    Write,
    /// SHUT_RDWR
    Both,
}

/// What a receive brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recv {
    /// So many bytes; 0 is the end of a stream, or an empty datagram.
    Bytes(usize),
    /// Nothing is there yet (EAGAIN).
    WouldBlock,
}

/// What a send took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Send {
    /// So many bytes.
    Bytes(usize),
    /// The send buffer is full (EAGAIN).
    WouldBlock,
}

/// A datagram's envelope; its bytes are in the caller's buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// How many bytes the datagram had; more than the buffer holds when it was truncated (MSG_TRUNC).
    pub length: usize,
    /// Who sent it; `None` for an unbound local socket.
    pub from: Option<Address>,
    /// The address that it was sent to, where the kernel was asked for it (IP_PKTINFO).
    pub to: Option<IpAddr>,
    /// The interface that it came in on, 0 where unknown.
    pub interface: u32,
}

impl Socket {
    /// socket(2), blocking, close-on-exec.
    pub fn open(
        family: Family,
        kind: Kind,
        protocol: Protocol,
        explain: &Explain,
    ) -> Result<Self, CallError> {
        Self::open_with(family, kind, protocol, 0, explain)
    }

    /// socket(2) with SOCK_NONBLOCK: connect returns EINPROGRESS.
    pub fn open_nonblocking(
        family: Family,
        kind: Kind,
        protocol: Protocol,
        explain: &Explain,
    ) -> Result<Self, CallError> {
        Self::open_with(family, kind, protocol, libc::SOCK_NONBLOCK, explain)
    }

    #[expect(
        clippy::disallowed_types,
        reason = "the one place that opens sockets, and tells it"
    )]
    fn open_with(
        family: Family,
        kind: Kind,
        protocol: Protocol,
        flags: c_int,
        explain: &Explain,
    ) -> Result<Self, CallError> {
        let shown = if flags == 0 { "" } else { "|SOCK_NONBLOCK" };
        let arguments = format_args!("{family}, {kind}{shown}, {protocol}");
        let opened = explain.call("socket", arguments, || {
            let kind = socket2::Type::from(kind.number() | flags | libc::SOCK_CLOEXEC);
            let protocol = Some(socket2::Protocol::from(protocol.0));
            socket2::Socket::new_raw(family.number().into(), kind, protocol).map(OwnedFd::from)
        });
        match opened {
            Ok(fd) => Ok(Self {
                fd: Some(fd),
                explain: explain.clone(),
                about: None,
            }),
            Err(cause) => Err(CallError::new(
                "socket",
                format_args!("{family}, {kind}, {protocol}"),
                cause,
            )),
        }
    }

    /// Take over an open descriptor (fromfd). No call is made.
    pub fn from_fd(fd: OwnedFd, explain: &Explain) -> Self {
        Self {
            fd: Some(fd),
            explain: explain.clone(),
            about: None,
        }
    }

    /// bind(2)
    pub fn bind(&mut self, address: &Address) -> Result<(), CallError> {
        let sockaddr = address
            .to_sockaddr()
            .map_err(|cause| CallError::new("bind", address, cause))?;
        self.explain
            .call("bind", format_args!("{}, {address}", self.number()), || {
                self.raw().bind(&sockaddr)
            })
            .map_err(|cause| CallError::new("bind", address, cause))?;
        self.about = Some(address.clone());
        Ok(())
    }

    /// listen(2); the kernel caps the backlog at net.core.somaxconn.
    pub fn listen(&self, backlog: c_int) -> Result<(), CallError> {
        self.explain
            .call(
                "listen",
                format_args!("{}, {backlog}", self.number()),
                || self.raw().listen(backlog),
            )
            .map_err(|cause| self.refused("listen", cause))
    }

    /// accept4(2) with SOCK_NONBLOCK. It waits for a client unless the listener is non-blocking: poll first; `None` when
    /// nobody waits (EAGAIN).
    pub fn accept(&self) -> Result<Option<(Self, Address)>, CallError> {
        let accepted = self.explain.call("accept", self.number(), || {
            let (fd, peer) = sys::accept4(self.as_fd())?;
            Ok(Accepted {
                fd,
                peer: Address::from_sockaddr(&peer),
            })
        });
        match accepted {
            Ok(Accepted { fd, peer }) => {
                let about = Some(peer.clone());
                Ok(Some((
                    Self {
                        fd: Some(fd),
                        explain: self.explain.clone(),
                        about,
                    },
                    peer,
                )))
            }
            Err(cause) if would_block(&cause) => Ok(None),
            Err(cause) => Err(self.refused("accept", cause)),
        }
    }

    /// connect(2); `Ok(false)` while a non-blocking socket is still at it (EINPROGRESS).
    pub fn connect(&mut self, address: &Address) -> Result<bool, CallError> {
        let sockaddr = address
            .to_sockaddr()
            .map_err(|cause| CallError::new("connect", address, cause))?;
        self.about = Some(address.clone());
        let connected = self.explain.call(
            "connect",
            format_args!("{}, {address}", self.number()),
            || self.raw().connect(&sockaddr),
        );
        match connected {
            Ok(()) => Ok(true),
            Err(cause) if cause.raw_os_error() == Some(libc::EINPROGRESS) => Ok(false),
            Err(cause) => Err(CallError::new("connect", address, cause)),
        }
    }

    /// recv(2), never waiting.
    pub fn recv(&self, buffer: &mut [u8]) -> Result<Recv, CallError> {
        let flags = MsgFlags::MSG_DONTWAIT;
        let length = buffer.len();
        let call = |buffer: &mut [u8]| Ok(nix::sys::socket::recv(self.number(), buffer, flags)?);
        let received = if self.explain.is_silent() {
            call(buffer)
        } else {
            let arguments = format_args!("{}, {length}", self.number());
            let told = self.explain.call("recv", arguments, || {
                let count = call(buffer)?;
                Ok(Read {
                    count,
                    bytes: buffer.get(..count).unwrap_or_default(),
                })
            });
            told.map(|read| read.count)
        };
        match received {
            Ok(count) => Ok(Recv::Bytes(count)),
            Err(cause) if would_block(&cause) => Ok(Recv::WouldBlock),
            Err(cause) => Err(self.refused("recv", cause)),
        }
    }

    /// send(2), never waiting and without SIGPIPE.
    pub fn send(&self, bytes: &[u8]) -> Result<Send, CallError> {
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
        let call = || Ok(nix::sys::socket::send(self.number(), bytes, flags)?);
        let arguments = format_args!("{}, {}", self.number(), bytes.len());
        self.sent("send", self.explain.call("send", arguments, call))
    }

    /// send(2) with MSG_MORE, never waiting: what follows at once shares the segment.
    pub fn send_more(&self, bytes: &[u8]) -> Result<Send, CallError> {
        // nix has no name for this flag.
        let more = MsgFlags::from_bits_retain(libc::MSG_MORE);
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL | more;
        let call = || Ok(nix::sys::socket::send(self.number(), bytes, flags)?);
        let arguments = format_args!("{}, {}, MSG_MORE", self.number(), bytes.len());
        self.sent("send", self.explain.call("send", arguments, call))
    }

    /// sendfile(2) of at most `count` bytes of `file` from `offset` on. The socket must be non-blocking, as those that
    /// [`Socket::accept`] gives are; 0 bytes mean that the file ends before `offset`.
    pub fn sendfile(
        &self,
        file: BorrowedFd<'_>,
        offset: u64,
        count: usize,
    ) -> Result<Send, CallError> {
        let arguments = format_args!("{}, {}, {offset}, {count}", self.number(), file.as_raw_fd());
        let call = || {
            let mut at = libc::off64_t::try_from(offset)
                .map_err(|_| io::Error::from_raw_os_error(libc::EOVERFLOW))?;
            Ok(sendfile64(self, file, Some(&mut at), count)?)
        };
        self.sent("sendfile", self.explain.call("sendfile", arguments, call))
    }

    /// sendto(2) on an unconnected socket, never waiting.
    pub fn sendto(&self, bytes: &[u8], to: &Address) -> Result<Send, CallError> {
        let sockaddr = to
            .to_sockaddr()
            .map_err(|cause| CallError::new("sendto", to, cause))?;
        let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
        let arguments = format_args!("{}, {}, {to}", self.number(), bytes.len());
        let sent = self.explain.call("sendto", arguments, || {
            self.raw().send_to_with_flags(bytes, &sockaddr, flags)
        });
        match sent {
            Err(cause) if !would_block(&cause) => Err(CallError::new("sendto", to, cause)),
            sent => self.sent("sendto", sent),
        }
    }

    /// recvfrom(2) with MSG_TRUNC, never waiting; `None` when nothing is there.
    pub fn recvfrom(&self, buffer: &mut [u8]) -> Result<Option<Arrival>, CallError> {
        let length = buffer.len();
        let flags = libc::MSG_DONTWAIT | libc::MSG_TRUNC;
        let received = self.explain.call(
            "recvfrom",
            format_args!("{}, {length}", self.number()),
            || {
                let (length, from) = self
                    .raw()
                    .recv_from_with_flags(sys::uninit(buffer), flags)?;
                let from = (from.len() > 0).then(|| Address::from_sockaddr(&from));
                let from = from.filter(|from| *from != Address::Unix(super::UnixName::Unnamed));
                Ok(Heard {
                    arrival: Arrival {
                        length,
                        from,
                        to: None,
                        interface: 0,
                    },
                    bytes: buffer,
                })
            },
        );
        self.heard("recvfrom", received)
    }

    /// recvmsg(2) with the address that was spoken to (IP_PKTINFO, IPV6_PKTINFO), never waiting.
    pub fn recvmsg(&self, buffer: &mut [u8]) -> Result<Option<Arrival>, CallError> {
        let length = buffer.len();
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_TRUNC;
        let received = self.explain.call(
            "recvmsg",
            format_args!("{}, {length}", self.number()),
            || {
                let arrival = self.recvmsg_once(buffer, flags)?;
                Ok(Heard {
                    arrival,
                    bytes: buffer,
                })
            },
        );
        self.heard("recvmsg", received)
    }

    fn recvmsg_once(&self, buffer: &mut [u8], flags: MsgFlags) -> io::Result<Arrival> {
        let mut space = cmsg_space!(libc::in_pktinfo, libc::in6_pktinfo);
        let mut parts = [io::IoSliceMut::new(buffer)];
        let message =
            recvmsg::<SockaddrStorage>(self.number(), &mut parts, Some(&mut space), flags)?;
        let from = message.address.as_ref().and_then(Address::from_storage);
        let mut arrival = Arrival {
            length: message.bytes,
            from,
            to: None,
            interface: 0,
        };
        for control in message.cmsgs()? {
            match control {
                ControlMessageOwned::Ipv4PacketInfo(info) => {
                    arrival.to = Some(IpAddr::from(info.ipi_spec_dst.s_addr.to_ne_bytes()));
                    arrival.interface = u32::try_from(info.ipi_ifindex).unwrap_or(0);
                }
                ControlMessageOwned::Ipv6PacketInfo(info) => {
                    arrival.to = Some(IpAddr::from(info.ipi6_addr.s6_addr));
                    arrival.interface = info.ipi6_ifindex;
                }
                _ => {}
            }
        }
        Ok(arrival)
    }

    /// sendmsg(2) to `to`, from the local address `from` (IP_PKTINFO): the answer of a multihomed listener.
    pub fn sendmsg(
        &self,
        bytes: &[u8],
        to: SocketAddr,
        from: IpAddr,
        interface: u32,
    ) -> Result<Send, CallError> {
        let storage = SockaddrStorage::from(to);
        let to = Address::from(to);
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
        let parts = [io::IoSlice::new(bytes)];
        let (v4, v6);
        let control = match from {
            IpAddr::V4(ip) => {
                let source = libc::in_addr {
                    s_addr: u32::from_ne_bytes(ip.octets()),
                };
                let any = libc::in_addr { s_addr: 0 };
                v4 = libc::in_pktinfo {
                    ipi_ifindex: 0,
                    ipi_spec_dst: source,
                    ipi_addr: any,
                };
                ControlMessage::Ipv4PacketInfo(&v4)
            }
            IpAddr::V6(ip) => {
                let scope = if ip.is_unicast_link_local() {
                    interface
                } else {
                    0
                };
                let source = libc::in6_addr {
                    s6_addr: ip.octets(),
                };
                v6 = libc::in6_pktinfo {
                    ipi6_addr: source,
                    ipi6_ifindex: scope,
                };
                ControlMessage::Ipv6PacketInfo(&v6)
            }
        };
        let arguments = format_args!("{}, {}, {to}, from {from}", self.number(), bytes.len());
        let sent = self.explain.call("sendmsg", arguments, || {
            Ok(sendmsg(
                self.number(),
                &parts,
                &[control],
                flags,
                Some(&storage),
            )?)
        });
        match sent {
            Err(cause) if !would_block(&cause) => Err(CallError::new("sendmsg", to, cause)),
            sent => self.sent("sendmsg", sent),
        }
    }

    /// shutdown(2)
    pub fn shutdown(&self, how: Shutdown) -> Result<(), CallError> {
        let (name, how) = match how {
            Shutdown::Read => ("SHUT_RD", std::net::Shutdown::Read),
            Shutdown::Write => ("SHUT_WR", std::net::Shutdown::Write),
            Shutdown::Both => ("SHUT_RDWR", std::net::Shutdown::Both),
        };
        self.explain
            .call(
                "shutdown",
                format_args!("{}, {name}", self.number()),
                || self.raw().shutdown(how),
            )
            .map_err(|cause| self.refused("shutdown", cause))
    }

    /// getsockname(2)
    pub fn getsockname(&self) -> Result<Address, CallError> {
        self.explain
            .call("getsockname", self.number(), || {
                Ok(Named(Address::from_sockaddr(&self.raw().local_addr()?)))
            })
            .map(|named| named.0)
            .map_err(|cause| self.refused("getsockname", cause))
    }

    /// getpeername(2)
    pub fn getpeername(&self) -> Result<Address, CallError> {
        self.explain
            .call("getpeername", self.number(), || {
                Ok(Named(Address::from_sockaddr(&self.raw().peer_addr()?)))
            })
            .map(|named| named.0)
            .map_err(|cause| self.refused("getpeername", cause))
    }

    /// close(2), with its result.
    pub fn close(mut self) -> Result<(), CallError> {
        let on = self
            .about
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        match self.fd.take() {
            Some(fd) => {
                close(fd, &self.explain).map_err(|cause| CallError::new("close", on, cause))
            }
            None => Ok(()),
        }
    }

    /// The descriptor's number; -1 never shows, a socket is open as long as it is.
    pub fn number(&self) -> RawFd {
        self.fd.as_ref().map_or(-1, AsRawFd::as_raw_fd)
    }

    /// The address that errors name: where it was bound to, connected to, or accepted from.
    pub fn about(&self) -> Option<&Address> {
        self.about.as_ref()
    }

    fn raw(&self) -> SockRef<'_> {
        SockRef::from(self)
    }

    fn refused(&self, call: &'static str, cause: io::Error) -> CallError {
        let on = self
            .about
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        CallError { call, on, cause }
    }

    fn sent(&self, call: &'static str, sent: io::Result<usize>) -> Result<Send, CallError> {
        match sent {
            Ok(count) => Ok(Send::Bytes(count)),
            Err(cause) if would_block(&cause) => Ok(Send::WouldBlock),
            Err(cause) => Err(self.refused(call, cause)),
        }
    }

    fn heard(
        &self,
        call: &'static str,
        heard: io::Result<Heard<'_>>,
    ) -> Result<Option<Arrival>, CallError> {
        match heard {
            Ok(heard) => Ok(Some(heard.arrival)),
            Err(cause) if would_block(&cause) => Ok(None),
            Err(cause) => Err(self.refused(call, cause)),
        }
    }
}

impl AsFd for Socket {
    #[expect(
        clippy::expect_used,
        reason = "only close and drop take the descriptor, and they take the socket with it"
    )]
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd
            .as_ref()
            .expect("a socket is open until it is closed")
            .as_fd()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if let Some(fd) = self.fd.take() {
            // close(2) frees the descriptor whatever it returns; a caller who wants to know calls `close`.
            let _ = close(fd, &self.explain);
        }
    }
}

fn close(fd: OwnedFd, explain: &Explain) -> io::Result<()> {
    explain.call("close", fd.as_raw_fd(), || Ok(nix::unistd::close(fd)?))
}

fn would_block(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EAGAIN)
}

struct Accepted {
    fd: OwnedFd,
    peer: Address,
}

impl Outcome for Accepted {
    fn number(&self) -> i64 {
        self.fd.number()
    }
    fn note(&self) -> Option<String> {
        Some(format!("[{}]", self.peer))
    }
}

struct Read<'a> {
    count: usize,
    bytes: &'a [u8],
}

impl Outcome for Read<'_> {
    fn number(&self) -> i64 {
        self.count.number()
    }
    fn note(&self) -> Option<String> {
        (!self.bytes.is_empty()).then(|| Quoted(self.bytes).to_string())
    }
}

struct Heard<'a> {
    arrival: Arrival,
    bytes: &'a [u8],
}

impl Outcome for Heard<'_> {
    fn number(&self) -> i64 {
        self.arrival.length.number()
    }
    fn note(&self) -> Option<String> {
        let from = self
            .arrival
            .from
            .as_ref()
            .map_or_else(|| "(unnamed)".to_owned(), ToString::to_string);
        let to = self
            .arrival
            .to
            .map(|to| format!(" to {to}"))
            .unwrap_or_default();
        let bytes = self.bytes.get(..self.arrival.length).unwrap_or(self.bytes);
        Some(format!("[{from}{to}] {}", Quoted(bytes)))
    }
}

struct Named(Address);

impl Outcome for Named {
    fn note(&self) -> Option<String> {
        Some(format!("[{}]", self.0))
    }
}
