//! A socket: one method is one system call, told as it happens, its refusal a [`CallError`].
//!
//! Descriptors are close-on-exec. Two flags that do not change the story are left out of what is told: SOCK_CLOEXEC,
//! and MSG_DONTWAIT | MSG_NOSIGNAL on every send and recv.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use super::address::Address;
use super::error::CallError;
use super::explain::{Explain, Outcome, Quoted};
use super::family::{Family, Kind, Protocol};
use super::sys;
use libc::c_int;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::sendfile::sendfile64;
use nix::sys::socket::MsgFlags;
use socket2::SockRef;

/// An open socket. Dropping it is close(2), told like every other call.
#[derive(Debug)]
pub struct Socket {
    fd: Option<OwnedFd>,
    pub(super) explain: Explain,
    about: Option<Address>,
    /// What it leads to by way of others; `None` for the address that it is connected to.
    target: Option<Box<str>>,
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

    /// socket(2), told to the same as this one's calls.
    pub fn open_beside(
        &self,
        family: Family,
        kind: Kind,
        protocol: Protocol,
    ) -> Result<Self, CallError> {
        Self::open(family, kind, protocol, &self.explain)
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
                target: None,
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
            target: None,
        }
    }

    /// O_NONBLOCK, fcntl(2). It holds for everybody who shares the open socket.
    pub fn set_nonblocking(&self) -> Result<(), CallError> {
        self.set_waiting(false)
    }

    /// No O_NONBLOCK, fcntl(2), as whoever is handed the socket expects.
    pub fn set_blocking(&self) -> Result<(), CallError> {
        self.set_waiting(true)
    }

    fn set_waiting(&self, waits: bool) -> Result<(), CallError> {
        let refused = |errno: Errno| self.refused("fcntl", errno.into());
        let flags = fcntl(self, FcntlArg::F_GETFL).map_err(refused)?;
        let mut flags = OFlag::from_bits_retain(flags);
        flags.set(OFlag::O_NONBLOCK, !waits);
        fcntl(self, FcntlArg::F_SETFL(flags))
            .map(drop)
            .map_err(refused)
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
                        target: None,
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
        self.recv_with(buffer, MsgFlags::MSG_DONTWAIT)
    }

    /// recv(2) with MSG_PEEK, never waiting: what is looked at is there for the next recv still.
    pub fn peek(&self, buffer: &mut [u8]) -> Result<Recv, CallError> {
        self.recv_with(buffer, MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_PEEK)
    }

    fn recv_with(&self, buffer: &mut [u8], flags: MsgFlags) -> Result<Recv, CallError> {
        let length = buffer.len();
        let call = |buffer: &mut [u8]| Ok(nix::sys::socket::recv(self.number(), buffer, flags)?);
        let received = if self.explain.is_silent() {
            call(buffer)
        } else {
            let shown = match flags.contains(MsgFlags::MSG_PEEK) {
                true => ", MSG_PEEK",
                false => "",
            };
            let arguments = format_args!("{}, {length}{shown}", self.number());
            let told = self.explain.call("recv", arguments, || {
                let count = call(buffer)?;
                Ok(Read {
                    count,
                    bytes: buffer.get(..count.min(length)).unwrap_or_default(),
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
        let on = self.about();
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

    /// Have errors name this address: the real one, where port 0 was asked for.
    pub fn set_about(&mut self, about: Address) {
        self.about = Some(about);
    }

    /// Have errors name what it leads to by way of others.
    pub fn set_target(&mut self, target: String) {
        self.target = Some(target.into());
    }

    /// The address that errors name: where it was bound to, connected to, or accepted from; empty before that.
    pub fn about(&self) -> String {
        match (&self.target, &self.about) {
            (Some(target), _) => target.to_string(),
            (None, Some(about)) => about.to_string(),
            (None, None) => String::new(),
        }
    }

    pub(super) fn raw(&self) -> SockRef<'_> {
        SockRef::from(self)
    }

    pub(super) fn refused(&self, call: &'static str, cause: io::Error) -> CallError {
        CallError {
            call,
            on: self.about(),
            cause,
        }
    }

    pub(super) fn sent(
        &self,
        call: &'static str,
        sent: io::Result<usize>,
    ) -> Result<Send, CallError> {
        match sent {
            Ok(count) => Ok(Send::Bytes(count)),
            Err(cause) if would_block(&cause) => Ok(Send::WouldBlock),
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

pub(super) fn would_block(error: &io::Error) -> bool {
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

struct Named(Address);

impl Outcome for Named {
    fn note(&self) -> Option<String> {
        Some(format!("[{}]", self.0))
    }
}
