//! Datagrams with their envelopes: sendto, recvfrom, sendmsg, recvmsg.

use std::io;
use std::net::{IpAddr, SocketAddr};

use nix::cmsg_space;
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, sendmsg,
};

use super::address::Address;
use super::error::CallError;
use super::explain::{Outcome, Quoted};
use super::socket::{Send, Socket, would_block};
use super::sys;
use super::unix_name::UnixName;

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
                let from = from.filter(|from| *from != Address::Unix(UnixName::Unnamed));
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
