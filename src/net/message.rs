//! Datagrams one by one: sendto, sendmsg.

use std::io;
use std::net::{IpAddr, SocketAddr};

use nix::sys::socket::{ControlMessage, MsgFlags, SockaddrStorage, sendmsg};

use super::address::Address;
use super::error::CallError;
use super::socket::{Send, Socket, would_block};

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
}
