//! Datagrams by the dozen: recvmmsg(2) and sendmmsg(2), and the offloads by which the kernel takes many for one.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use socket2::SockAddr;

use super::address::Address;
use super::ancillary::{Control, Notes, UDP_GRO};
use super::error::CallError;
use super::explain::{Outcome, Quoted};
use super::socket::{Send, Socket, would_block};
use super::sys;
use super::unix_name::UnixName;

/// How many datagrams one call takes at most.
pub const BATCH: usize = sys::BATCH;

/// How many places are offered to a socket that has little to say: each is a header that the kernel must read.
const FEW: usize = 4;
/// The places lie so much further apart than they have room: their beginnings would meet in the same lines of the cache.
const APART: usize = 64 * 17;

/// Room for a batch of datagrams, and the last one that came.
pub struct Inbox {
    memory: Vec<u8>,
    incoming: Vec<sys::Incoming>,
    room: usize,
    /// How many came.
    count: usize,
    is_full: bool,
    /// How many are worth asking for.
    wanted: usize,
}

/// A datagram in an inbox, or several of one size that came as one; what is not asked for is not decoded.
#[derive(Clone, Copy)]
pub struct Slot<'a> {
    incoming: &'a sys::Incoming,
    /// As many of its bytes as there was room for.
    pub bytes: &'a [u8],
}

/// A datagram to be sent in a batch.
#[derive(Clone, Copy, Debug)]
pub struct Letter<'a> {
    /// Whom to; `None` on a connected socket.
    pub to: Option<&'a Address>,
    /// Its bytes.
    pub bytes: &'a [u8],
    /// What is asked for it.
    pub control: &'a Control,
}

/// What a socket holds, and has not.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// How many bytes of what it sent are on their way, with what they cost; of a local socket, until they are read.
    pub unsent: u32,
    /// How many there may be, SO_SNDBUF.
    pub send_buffer: u32,
    /// How many datagrams it has dropped for want of room.
    pub dropped: u32,
}

impl Inbox {
    /// Room for a batch of datagrams of at most `room` bytes each. Pages are taken as they are written to.
    pub fn new(places: usize, room: usize) -> Self {
        let places = places.clamp(1, BATCH);
        let empty = || sys::Incoming {
            control: [0; 256],
            name: [0; size_of::<libc::sockaddr_storage>()],
            control_length: 0,
            name_length: 0,
            length: 0,
        };
        Self {
            memory: vec![0; places * (room + APART)],
            incoming: std::iter::repeat_with(empty).take(places).collect(),
            room,
            count: 0,
            is_full: false,
            wanted: FEW,
        }
    }

    /// What came by the last receive.
    pub fn slots(&self) -> impl DoubleEndedIterator<Item = Slot<'_>> {
        (0..self.count).filter_map(|index| {
            let incoming = self.incoming.get(index)?;
            let start = index * (self.room + APART);
            let length = incoming.length.min(self.room);
            let bytes = self.memory.get(start..start + length)?;
            Some(Slot { incoming, bytes })
        })
    }

    /// Whether as many came as were asked for, so that more may be there.
    pub fn is_full(&self) -> bool {
        self.is_full
    }

    fn fill(&mut self, fd: BorrowedFd<'_>, wanted: usize) -> io::Result<usize> {
        let places = self.incoming.get_mut(..wanted).unwrap_or_default();
        self.count = 0;
        self.is_full = false;
        let layout = (self.room, self.room + APART);
        self.count = sys::recvmmsg(fd, &mut self.memory, layout, places)?;
        for place in places.iter().take(self.count) {
            // Nobody has asked for descriptors, which local senders may pass along.
            let control = place.control.get(..place.control_length);
            sys::received(Notes::descriptors(control.unwrap_or_default())).for_each(drop);
        }
        self.is_full = self.count == wanted;
        Ok(self.count)
    }
}

impl Slot<'_> {
    /// How many bytes it had; more than there are where it was truncated (MSG_TRUNC).
    pub fn length(&self) -> usize {
        self.incoming.length
    }

    /// What the kernel notes on it.
    pub fn notes(&self) -> Notes {
        let control = self.incoming.control.get(..self.incoming.control_length);
        Notes::parse(control.unwrap_or_default())
    }

    /// Who sent it; `None` for an unbound local socket.
    pub fn from(&self) -> Option<Address> {
        Address::from_kernel(self.incoming.name.get(..self.incoming.name_length)?)
    }
}

impl Address {
    /// An address in the kernel's form; `None` for none, and for a family that this program does not speak.
    pub fn from_kernel(name: &[u8]) -> Option<Self> {
        let (family, rest) = name.split_first_chunk()?;
        match i32::from(u16::from_ne_bytes(*family)) {
            libc::AF_INET => {
                let (port, rest) = rest.split_first_chunk()?;
                let ip = Ipv4Addr::from(*rest.first_chunk::<4>()?);
                Some(Self::Inet((ip, u16::from_be_bytes(*port)).into()))
            }
            libc::AF_INET6 => {
                let (port, rest) = rest.split_first_chunk()?;
                let (_flow, rest) = rest.split_first_chunk::<4>()?;
                let (ip, rest) = rest.split_first_chunk::<16>()?;
                let scope = u32::from_ne_bytes(*rest.first_chunk()?);
                let ip = Ipv6Addr::from(*ip);
                let v6 = SocketAddrV6::new(ip, u16::from_be_bytes(*port), 0, scope);
                Some(Self::Inet(SocketAddr::V6(v6)))
            }
            libc::AF_UNIX => match rest {
                [] => None,
                [0, name @ ..] => Some(Self::Unix(UnixName::Abstract(name.to_vec()))),
                path => {
                    let path = path.split(|byte| *byte == 0).next()?;
                    let path = PathBuf::from(std::ffi::OsStr::from_bytes(path));
                    Some(Self::Unix(UnixName::Path(path)))
                }
            },
            _ => None,
        }
    }
}

impl Socket {
    /// recvmmsg(2) with MSG_TRUNC, never waiting, of `limit` datagrams at most; whether any came. An error names
    /// the call that people know, as that of the other does.
    pub fn recvmmsg(&self, inbox: &mut Inbox, limit: usize) -> Result<bool, CallError> {
        let wanted = inbox.wanted.min(limit).clamp(1, inbox.incoming.len());
        let received = if self.explain.is_silent() {
            inbox.fill(self.as_fd(), wanted)
        } else {
            let arguments = format_args!("{}, {wanted}", self.number());
            let told = self.explain.call("recvmmsg", arguments, || {
                inbox.fill(self.as_fd(), wanted)?;
                Ok(Told(inbox.slots().map(|slot| shown(&slot)).collect()))
            });
            told.map(|Told(all)| all.len())
        };
        match received {
            Ok(count) => {
                // A socket that fills what it is offered is offered more, and one that does not less.
                inbox.wanted = if inbox.is_full {
                    (inbox.wanted * 2).min(BATCH)
                } else {
                    (count * 2).clamp(FEW, BATCH)
                };
                Ok(count > 0)
            }
            Err(cause) if would_block(&cause) => Ok(false),
            Err(cause) => Err(self.refused("recv", cause)),
        }
    }

    /// sendmmsg(2), never waiting: how many of the first [`BATCH`] went out. What is in the way of the first is the error.
    pub fn sendmmsg(&self, letters: &[Letter<'_>]) -> Result<Send, CallError> {
        let first = letters.first().and_then(|letter| letter.to);
        let refused = |cause| match first {
            Some(to) => CallError::new("sendto", to, cause),
            None => self.refused("send", cause),
        };
        let names: io::Result<Vec<Option<SockAddr>>> = letters
            .iter()
            .take(BATCH)
            .map(|letter| letter.to.map(Address::to_sockaddr).transpose())
            .collect();
        let names = names.map_err(refused)?;
        let outgoing: Vec<sys::Outgoing<'_>> = letters
            .iter()
            .zip(&names)
            .map(|(letter, name)| sys::Outgoing {
                to: name.as_ref(),
                bytes: letter.bytes,
                control: letter.control.bytes(),
            })
            .collect();
        let arguments = format_args!("{}, {}", self.number(), outgoing.len());
        let call = || {
            let count = sys::sendmmsg(self.as_fd(), &outgoing)?;
            Ok(Gone { count, letters })
        };
        let sent = self.explain.call("sendmmsg", arguments, call);
        match sent.map(|gone| gone.count) {
            Err(cause) if !would_block(&cause) => Err(refused(cause)),
            sent => self.sent("send", sent),
        }
    }

    /// setsockopt(2) UDP_GRO: datagrams of one size, one sender and one way may come as one. Not every kernel knows it.
    pub fn take_trains(&self) -> Result<(), CallError> {
        self.set_int(libc::SOL_UDP, UDP_GRO, 1)
    }

    /// getsockopt(2) UDP_GRO: whether datagrams may come as one, which counts as one where it is dropped.
    pub fn takes_trains(&self) -> bool {
        self.int(libc::SOL_UDP, UDP_GRO).is_ok_and(|on| on != 0)
    }

    /// getsockopt(2) SO_MEMINFO; `None` where the kernel tells none.
    pub fn memory(&self) -> Option<Memory> {
        /// SK_MEMINFO_WMEM_ALLOC, SK_MEMINFO_SNDBUF and SK_MEMINFO_DROPS of `<linux/sock_diag.h>`.
        const UNSENT: usize = 2;
        const SEND_BUFFER: usize = 3;
        const DROPS: usize = 8;
        let mut value = [0; 4 * (DROPS + 1)];
        let told = |bytes: &[u8]| super::sockopt::Shown(1, libc::SO_MEMINFO, bytes).to_string();
        let count = self.getsockopt(libc::SOL_SOCKET, libc::SO_MEMINFO, &mut value, told);
        let all = value.get(..count.ok()?)?;
        let number = |index: usize| Some(u32::from_ne_bytes(*all.get(4 * index..)?.first_chunk()?));
        Some(Memory {
            unsent: number(UNSENT)?,
            send_buffer: number(SEND_BUFFER)?,
            dropped: number(DROPS)?,
        })
    }
}

struct Told(Vec<String>);

impl Outcome for Told {
    fn number(&self) -> i64 {
        self.0.len().number()
    }
    fn note(&self) -> Option<String> {
        Some(self.0.join(", "))
    }
}

/// So many of these went out.
struct Gone<'a> {
    count: usize,
    letters: &'a [Letter<'a>],
}

impl Outcome for Gone<'_> {
    fn number(&self) -> i64 {
        self.count.number()
    }
    fn note(&self) -> Option<String> {
        let shown = |letter: &Letter<'_>| {
            let to = letter.to.map(|to| format!("[{to}] "));
            format!("{}{}", to.unwrap_or_default(), Quoted(letter.bytes))
        };
        let all: Vec<String> = self.letters.iter().take(self.count).map(shown).collect();
        Some(all.join(", "))
    }
}

fn shown(slot: &Slot<'_>) -> String {
    let from = slot.from();
    let from = from.map_or_else(|| "(unnamed)".to_owned(), |from| from.to_string());
    let notes = slot.notes();
    let to = notes.spoken_to.map(|to: IpAddr| format!(" to {to}"));
    let of = notes.segment.map(|size| format!(" UDP_GRO {size}"));
    let (to, of) = (to.unwrap_or_default(), of.unwrap_or_default());
    format!("[{from}{to}{of}] {}", Quoted(slot.bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel would write.
    fn bytes_of(address: &SockAddr) -> Vec<u8> {
        let inet = address.as_socket();
        let family = if inet.is_none() {
            libc::AF_UNIX
        } else if address.is_ipv4() {
            libc::AF_INET
        } else {
            libc::AF_INET6
        };
        let mut bytes = u16::try_from(family).unwrap().to_ne_bytes().to_vec();
        match inet {
            Some(SocketAddr::V4(v4)) => {
                bytes.extend(v4.port().to_be_bytes());
                bytes.extend(v4.ip().octets());
                bytes.extend([0; 8]);
            }
            Some(SocketAddr::V6(v6)) => {
                bytes.extend(v6.port().to_be_bytes());
                bytes.extend([0; 4]);
                bytes.extend(v6.ip().octets());
                bytes.extend(v6.scope_id().to_ne_bytes());
            }
            None => match address.as_abstract_namespace() {
                Some(name) => bytes.extend([&[0], name].concat()),
                None => bytes.extend(address.as_pathname().unwrap().as_os_str().as_bytes()),
            },
        }
        bytes
    }

    #[test]
    fn every_form_of_an_address() {
        for one in ["127.0.0.1:53", "[2001:db8::1]:53", "[fe80::1%1]:53"] {
            let known = match one {
                "[fe80::1%1]:53" => SocketAddrV6::new("fe80::1".parse().unwrap(), 53, 0, 1).into(),
                other => other.parse().unwrap(),
            };
            let known = Address::Inet(known);
            let form = known.to_sockaddr().unwrap();
            assert_eq!(Address::from_kernel(&bytes_of(&form)), Some(known));
        }
        for name in [
            UnixName::Path("/run/x.sock".into()),
            UnixName::Abstract(b"a\0b".to_vec()),
        ] {
            let known = Address::Unix(name);
            let form = known.to_sockaddr().unwrap();
            assert_eq!(Address::from_kernel(&bytes_of(&form)), Some(known));
        }
        for none in [
            &[][..],
            &[1],
            &[1, 0],
            &[2, 0, 0],
            &[10, 0, 0, 0, 0],
            &[99, 0, 1, 2],
        ] {
            assert_eq!(Address::from_kernel(none), None);
        }
    }
}
