//! Packets with the kernel's notes on them: when they came, how far they had still to go, and the errors that ICMP has
//! told, from the error queue of ip(7).

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::cmsg_space;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg};
use nix::sys::time::TimeSpec;

use super::address::Address;
use super::error::CallError;
use super::explain::Outcome;
use super::family::Family;
use super::socket::{Socket, would_block};
use super::sys;

/// ICMP_FILTER of `<linux/icmp.h>`, at the level of raw sockets.
const ICMP_FILTER: i32 = 1;
const SOL_RAW: i32 = 255;
/// ICMP6_FILTER of RFC 3542, section 3.2.
const ICMP6_FILTER: i32 = 1;

/// A packet's envelope; its bytes are in the caller's buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamped {
    /// How many bytes it had; more than the buffer holds when it was truncated.
    pub length: usize,
    /// Who sent it.
    pub from: Option<SocketAddr>,
    /// When the kernel got it (SO_TIMESTAMPNS); `None` where it was not asked for.
    pub at: Option<SystemTime>,
    /// How many routers might still have passed it on (IP_RECVTTL, IPV6_RECVHOPLIMIT); `None` where that is unknown.
    pub ttl: Option<u8>,
}

/// An error that was told of a packet sent, `sock_extended_err` of ip(7); the packet, from its transport header on, is in
/// the caller's buffer as far as it was quoted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldError {
    /// How many bytes of the packet there are.
    pub length: usize,
    /// Whom the packet was for.
    pub to: Option<SocketAddr>,
    /// The errno that it amounts to.
    pub errno: u32,
    /// Whether ICMP told it, rather than this host.
    pub is_icmp: bool,
    /// ICMP's type.
    pub kind: u8,
    /// ICMP's code.
    pub code: u8,
    /// The largest packet that goes through, in bytes, where the error is that it was too large.
    pub info: u32,
    /// Who told it; `None` where it was this host.
    pub from: Option<SocketAddr>,
    /// When the kernel got it (SO_TIMESTAMPNS); `None` where it was not asked for.
    pub at: Option<SystemTime>,
    /// How many routers might still have passed it on (IP_RECVTTL, IPV6_RECVHOPLIMIT); `None` where that is unknown.
    pub ttl: Option<u8>,
    /// Where in the buffer the message's extension begins, RFC 4884 (IP_RECVERR_RFC4884, IPV6_RECVERR_RFC4884); `None`
    /// where it has none or was not asked for.
    pub extension: Option<usize>,
}

impl ToldError {
    /// Whether the packet went on nevertheless: a source quench or a redirect of IPv4, which sockets for echo requests are
    /// told of too.
    pub fn is_advice(&self) -> bool {
        matches!((self.from, self.kind), (Some(SocketAddr::V4(_)), 4 | 5))
    }
}

impl Socket {
    /// recvmsg(2) with what the kernel notes on a packet, never waiting; `None` when nothing is there.
    pub fn recv_stamped(&self, buffer: &mut [u8]) -> Result<Option<Stamped>, CallError> {
        let arguments = format_args!("{}, {}", self.number(), buffer.len());
        let received = self
            .explain
            .call("recvmsg", arguments, || self.recv_stamped_once(buffer));
        match received {
            Ok(stamped) => Ok(Some(stamped)),
            Err(cause) if would_block(&cause) => Ok(None),
            Err(cause) => Err(self.refused("recvmsg", cause)),
        }
    }

    fn recv_stamped_once(&self, buffer: &mut [u8]) -> io::Result<Stamped> {
        let mut space = cmsg_space!(TimeSpec, i32);
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_TRUNC;
        let mut parts = [io::IoSliceMut::new(buffer)];
        let message =
            recvmsg::<SockaddrStorage>(self.number(), &mut parts, Some(&mut space), flags)?;
        let mut stamped = Stamped {
            length: message.bytes,
            from: message.address.as_ref().and_then(inet),
            at: None,
            ttl: None,
        };
        for control in message.cmsgs()? {
            match control {
                ControlMessageOwned::ScmTimestampns(time) => stamped.at = wall(time),
                ControlMessageOwned::Ipv4Ttl(ttl) | ControlMessageOwned::Ipv6HopLimit(ttl) => {
                    stamped.ttl = u8::try_from(ttl).ok();
                }
                _ => {}
            }
        }
        Ok(stamped)
    }

    /// recvmsg(2) with MSG_ERRQUEUE, never waiting; `None` when no error is told.
    pub fn recv_error(&self, buffer: &mut [u8]) -> Result<Option<ToldError>, CallError> {
        let arguments = format_args!("{}, {}, MSG_ERRQUEUE", self.number(), buffer.len());
        let received = self
            .explain
            .call("recvmsg", arguments, || self.recv_error_once(buffer));
        match received {
            Ok(told) => Ok(Some(told)),
            Err(cause) if would_block(&cause) => Ok(None),
            Err(cause) => Err(self.refused("recvmsg", cause)),
        }
    }

    /// The same error with the one who told of it, where that is neither this host nor the peer: a router. The error queue is
    /// asked, which IP_RECVERR fills.
    #[must_use]
    pub fn blame(&self, error: CallError) -> CallError {
        let Ok(Some(told)) = self.recv_error(&mut [0; 64]) else {
            return error;
        };
        let peer = told.to.map(|to| to.ip());
        let from = told.from.map(|from| from.ip());
        match from.filter(|from| Some(*from) != peer) {
            Some(from) => {
                let on = format_args!("{}, as {from} tells", error.on);
                CallError::new(error.call, on, error.cause)
            }
            None => error,
        }
    }

    fn recv_error_once(&self, buffer: &mut [u8]) -> io::Result<ToldError> {
        let mut space = cmsg_space!(TimeSpec, i32, libc::sock_extended_err, libc::sockaddr_in6);
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_ERRQUEUE;
        let mut parts = [io::IoSliceMut::new(buffer)];
        let message =
            recvmsg::<SockaddrStorage>(self.number(), &mut parts, Some(&mut space), flags)?;
        let mut told = ToldError {
            length: message.bytes,
            to: message.address.as_ref().and_then(inet),
            errno: 0,
            is_icmp: false,
            kind: 0,
            code: 0,
            info: 0,
            from: None,
            at: None,
            ttl: None,
            extension: None,
        };
        for control in message.cmsgs()? {
            let (error, from) = match control {
                ControlMessageOwned::Ipv4RecvErr(error, from) => {
                    let from = from.map(|from| SockaddrStorage::from(to_v4(from)));
                    (error, from)
                }
                ControlMessageOwned::Ipv6RecvErr(error, from) => {
                    let from = from.map(|from| SockaddrStorage::from(to_v6(from)));
                    (error, from)
                }
                ControlMessageOwned::ScmTimestampns(time) => {
                    told.at = wall(time);
                    continue;
                }
                ControlMessageOwned::Ipv4Ttl(ttl) | ControlMessageOwned::Ipv6HopLimit(ttl) => {
                    told.ttl = u8::try_from(ttl).ok();
                    continue;
                }
                _ => continue,
            };
            // `struct sock_ee_data_rfc4884`: its offset, then flags, of which one says that it is invalid.
            let [first, second, flags, _] = error.ee_data.to_ne_bytes();
            let offset = usize::from(u16::from_ne_bytes([first, second]));
            told.extension = (offset > 0 && flags == 0).then_some(offset);
            told.errno = error.ee_errno;
            told.is_icmp = matches!(
                error.ee_origin,
                libc::SO_EE_ORIGIN_ICMP | libc::SO_EE_ORIGIN_ICMP6
            );
            (told.kind, told.code) = (error.ee_type, error.ee_code);
            told.info = error.ee_info;
            told.from = from.as_ref().and_then(inet).filter(|_| told.is_icmp);
        }
        Ok(told)
    }

    /// setsockopt(2) ICMP_FILTER or ICMP6_FILTER: of all the messages that come to this host, a raw socket hears echo
    /// replies, and over IPv4 the advice that its error queue lacks: source quenches and redirects.
    pub fn hear_echo_replies(&self, family: Family) -> Result<(), CallError> {
        let (level, shown, name, value, words) = match family {
            Family::Inet6 => {
                let mut blocked = [!0_u32; 8];
                // The filter has a bit for each type, and the fifth word begins with type 128.
                if let Some(word) = blocked.get_mut(4) {
                    *word &= !(1 << (129 - 128));
                }
                let value: Vec<u8> = blocked.iter().flat_map(|word| word.to_ne_bytes()).collect();
                let name = "ICMP6_FILTER";
                let words = "~(1<<ICMP6_ECHO_REPLY)";
                (libc::IPPROTO_ICMPV6, "IPPROTO_ICMPV6", name, value, words)
            }
            _ => {
                let value = (!(1_u32 | 1 << 4 | 1 << 5)).to_ne_bytes().to_vec();
                let words = "~(1<<ICMP_ECHOREPLY|1<<ICMP_SOURCE_QUENCH|1<<ICMP_REDIRECT)";
                (SOL_RAW, "IPPROTO_RAW", "ICMP_FILTER", value, words)
            }
        };
        let number = if family == Family::Inet6 {
            ICMP6_FILTER
        } else {
            ICMP_FILTER
        };
        let arguments = format_args!("{}, {shown}, {name}, {words}", self.number());
        self.explain
            .call("setsockopt", arguments, || {
                sys::setsockopt(self.as_fd(), level, number, &value)
            })
            .map_err(|cause| CallError::new("setsockopt", name, cause))
    }
}

impl Outcome for Stamped {
    fn number(&self) -> i64 {
        self.length.number()
    }
    fn note(&self) -> Option<String> {
        let from = self.from.map(|from| Address::from(from).host());
        from.map(|from| format!("[{from}]"))
    }
}

impl Outcome for ToldError {
    fn number(&self) -> i64 {
        self.length.number()
    }
    fn note(&self) -> Option<String> {
        let Self { kind, code, .. } = self;
        let errno = i32::try_from(self.errno).unwrap_or(0);
        let symbol = super::error::errno_name(&io::Error::from_raw_os_error(errno));
        Some(match self.from {
            Some(from) => {
                let from = Address::from(from).host();
                format!("[{symbol}, type {kind} code {code} from {from}]")
            }
            None => format!("[{symbol}]"),
        })
    }
}

fn inet(storage: &SockaddrStorage) -> Option<SocketAddr> {
    Address::from_storage(storage)?.inet()
}

fn to_v4(raw: libc::sockaddr_in) -> std::net::SocketAddrV4 {
    let ip = raw.sin_addr.s_addr.to_ne_bytes();
    std::net::SocketAddrV4::new(ip.into(), u16::from_be(raw.sin_port))
}

fn to_v6(raw: libc::sockaddr_in6) -> std::net::SocketAddrV6 {
    let ip = raw.sin6_addr.s6_addr;
    std::net::SocketAddrV6::new(ip.into(), u16::from_be(raw.sin6_port), 0, raw.sin6_scope_id)
}

pub(super) fn wall(time: TimeSpec) -> Option<SystemTime> {
    let seconds = u64::try_from(time.tv_sec()).ok()?;
    let nanos = u32::try_from(time.tv_nsec()).ok()?;
    UNIX_EPOCH.checked_add(Duration::new(seconds, nanos))
}
