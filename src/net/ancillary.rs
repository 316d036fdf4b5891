//! Control messages, cmsg(3), as bytes: what the kernel notes on a datagram, and what it is asked for one that is sent.
//! Pure: nothing here makes a call.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::credentials::Credentials;

/// UDP_SEGMENT and UDP_GRO of `<linux/udp.h>`.
pub(super) const UDP_SEGMENT: i32 = 103;
pub(super) const UDP_GRO: i32 = 104;

/// A word, which `cmsg_len` is and everything is aligned to.
const WORD: usize = size_of::<usize>();
/// The length, the level and the type.
const HEADER: usize = WORD + 8;

/// What the kernel was asked to note on a datagram; `None` where it was not asked, or had nothing to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// The address that it was sent to, which may be a group's or a broadcast address (IP_PKTINFO).
    pub spoken_to: Option<IpAddr>,
    /// The address of this host that an answer is to come from.
    pub answer_from: Option<IpAddr>,
    /// The index of the interface that it came in on, 0 where unknown.
    pub interface: u32,
    /// When the kernel got it (SO_TIMESTAMPNS).
    pub at: Option<SystemTime>,
    /// How many routers might still have passed it on (IP_RECVTTL, IPV6_RECVHOPLIMIT).
    pub ttl: Option<u8>,
    /// The type of service, or traffic class (IP_RECVTOS, IPV6_RECVTCLASS).
    pub tos: Option<u8>,
    /// How many were dropped so far for want of room (SO_RXQ_OVFL).
    pub dropped: Option<u32>,
    /// Several datagrams came as one, and each but the last has so many bytes (UDP_GRO).
    pub segment: Option<usize>,
    /// Who sent it (SO_PASSCRED).
    pub credentials: Option<Credentials>,
}

impl Notes {
    /// Read control messages; what is cut short or unknown is passed over.
    pub fn parse(control: &[u8]) -> Self {
        let mut notes = Self::default();
        let mut rest = control;
        while let Some((level, kind, data)) = next(&mut rest) {
            notes.take(level, kind, data);
        }
        notes
    }

    /// The numbers of descriptors that came along (SCM_RIGHTS), which are open from then on.
    pub fn descriptors(control: &[u8]) -> impl Iterator<Item = i32> + use<'_> {
        let mut rest = control;
        let messages = std::iter::from_fn(move || next(&mut rest));
        let rights = |(level, kind, data)| match (level, kind) {
            (libc::SOL_SOCKET, libc::SCM_RIGHTS) => data,
            _ => &[][..],
        };
        messages.flat_map(move |message| {
            let (numbers, _) = rights(message).as_chunks::<4>();
            numbers.iter().map(|number| i32::from_ne_bytes(*number))
        })
    }

    /// The datagrams in what came as one, which is itself one where the kernel has joined none.
    pub fn datagrams<'a>(&self, bytes: &'a [u8]) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let size = self.segment.unwrap_or(bytes.len()).max(1);
        // An empty one is one too.
        let (first, rest) = bytes.split_at(size.min(bytes.len()));
        std::iter::once(first).chain(rest.chunks(size))
    }

    fn take(&mut self, level: i32, kind: i32, data: &[u8]) -> Option<()> {
        match (level, kind) {
            (libc::IPPROTO_IP, libc::IP_PKTINFO) => {
                let address = |at: usize| Some(IpAddr::V4(Ipv4Addr::from(bytes::<4>(data, at)?)));
                self.interface = u32::from_ne_bytes(bytes(data, 0)?);
                self.answer_from = Some(address(4)?);
                self.spoken_to = Some(address(8)?);
            }
            (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
                let address = IpAddr::V6(Ipv6Addr::from(bytes::<16>(data, 0)?));
                self.interface = u32::from_ne_bytes(bytes(data, 16)?);
                self.spoken_to = Some(address);
                // A group cannot answer: the kernel chooses. Of IPv4, IP_PKTINFO follows and knows.
                self.answer_from = Some(address).filter(|address| !address.is_multicast());
            }
            (libc::IPPROTO_IP, libc::IP_TTL) | (libc::IPPROTO_IPV6, libc::IPV6_HOPLIMIT) => {
                self.ttl = u8::try_from(int(data)?).ok();
            }
            (libc::IPPROTO_IP, libc::IP_TOS) => self.tos = data.first().copied(),
            (libc::IPPROTO_IPV6, libc::IPV6_TCLASS) => self.tos = u8::try_from(int(data)?).ok(),
            (libc::SOL_SOCKET, libc::SO_TIMESTAMPNS) => {
                let seconds = u64::try_from(i64::from_ne_bytes(bytes(data, 0)?)).ok()?;
                let nanos = u64::try_from(i64::from_ne_bytes(bytes(data, 8)?)).ok()?;
                let since =
                    Duration::from_secs(seconds).checked_add(Duration::from_nanos(nanos))?;
                self.at = UNIX_EPOCH.checked_add(since);
            }
            (libc::SOL_SOCKET, libc::SO_RXQ_OVFL) => {
                self.dropped = Some(u32::from_ne_bytes(bytes(data, 0)?));
            }
            (libc::SOL_SOCKET, libc::SCM_CREDENTIALS) => {
                let word = |at: usize| Some(u32::from_ne_bytes(bytes(data, at)?));
                self.credentials = Some(Credentials {
                    pid: word(0)?,
                    uid: word(4)?,
                    gid: word(8)?,
                });
            }
            (libc::SOL_UDP, UDP_GRO) => {
                let segment = usize::try_from(int(data)?).ok();
                self.segment = segment.filter(|segment| *segment > 0);
            }
            _ => {}
        }
        Some(())
    }
}

/// The next message, which is taken off `rest`; `None` at the end, or where it is cut short.
fn next<'a>(rest: &mut &'a [u8]) -> Option<(i32, i32, &'a [u8])> {
    let length = usize::from_ne_bytes(bytes(rest, 0)?);
    let level = i32::from_ne_bytes(bytes(rest, WORD)?);
    let kind = i32::from_ne_bytes(bytes(rest, WORD + 4)?);
    let data = rest.get(HEADER..length)?;
    let end = length.checked_next_multiple_of(WORD)?;
    *rest = rest.get(end..).unwrap_or_default();
    Some((level, kind, data))
}

fn bytes<const N: usize>(data: &[u8], at: usize) -> Option<[u8; N]> {
    data.get(at..)?.first_chunk().copied()
}

fn int(data: &[u8]) -> Option<i32> {
    Some(i32::from_ne_bytes(bytes(data, 0)?))
}

/// A control message to go with what is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Control {
    bytes: [u8; 40],
    length: usize,
}

impl Control {
    /// Nothing is asked.
    pub const NONE: Self = Self {
        bytes: [0; 40],
        length: 0,
    };

    /// Speak from this address of ours (IP_PKTINFO, IPV6_PKTINFO); a link-local one is only one with its interface.
    pub fn source(from: IpAddr, interface: u32) -> Self {
        match from {
            IpAddr::V4(ip) => {
                let mut data = [0; 12];
                data[4..8].copy_from_slice(&ip.octets());
                Self::of(libc::IPPROTO_IP, libc::IP_PKTINFO, &data)
            }
            IpAddr::V6(ip) => {
                let is_local = ip.is_unicast_link_local();
                let scope = if is_local { interface } else { 0 };
                let mut data = [0; 20];
                data[..16].copy_from_slice(&ip.octets());
                data[16..].copy_from_slice(&scope.to_ne_bytes());
                Self::of(libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, &data)
            }
        }
    }

    /// Have the kernel, or the network card, cut it into datagrams of so many bytes (UDP_SEGMENT).
    pub fn segment(size: u16) -> Self {
        Self::of(libc::SOL_UDP, UDP_SEGMENT, &size.to_ne_bytes())
    }

    /// It as the kernel takes it.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    fn of(level: i32, kind: i32, data: &[u8]) -> Self {
        let mut bytes = [0; 40];
        let length = HEADER + data.len();
        let parts: [&[u8]; 4] = [
            &length.to_ne_bytes(),
            &level.to_ne_bytes(),
            &kind.to_ne_bytes(),
            data,
        ];
        let whole = parts.into_iter().flatten();
        bytes
            .iter_mut()
            .zip(whole)
            .for_each(|(to, from)| *to = *from);
        Self {
            bytes,
            length: length.next_multiple_of(WORD),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(level: i32, kind: i32, data: &[u8]) -> Vec<u8> {
        let mut whole = (HEADER + data.len()).to_ne_bytes().to_vec();
        whole.extend(level.to_ne_bytes());
        whole.extend(kind.to_ne_bytes());
        whole.extend(data);
        whole.resize(whole.len().next_multiple_of(WORD), 0);
        whole
    }

    #[test]
    fn what_is_asked_for_reads_back() {
        let v4: IpAddr = "127.0.0.2".parse().unwrap();
        let notes = Notes::parse(Control::source(v4, 3).bytes());
        assert_eq!(notes.answer_from, Some(v4));
        for (word, interface) in [("fe80::1", 3), ("2001:db8::1", 0)] {
            let v6: IpAddr = word.parse().unwrap();
            let notes = Notes::parse(Control::source(v6, 3).bytes());
            assert_eq!((notes.spoken_to, notes.interface), (Some(v6), interface));
        }
        assert!(Control::NONE.bytes().is_empty());
    }

    #[test]
    fn notes_of_every_kind() {
        let mut control = message(libc::SOL_UDP, UDP_GRO, &1400_i32.to_ne_bytes());
        control.extend(message(
            libc::IPPROTO_IP,
            libc::IP_TTL,
            &64_i32.to_ne_bytes(),
        ));
        control.extend(message(libc::IPPROTO_IP, libc::IP_TOS, &[8]));
        control.extend(message(
            libc::SOL_SOCKET,
            libc::SO_RXQ_OVFL,
            &7_u32.to_ne_bytes(),
        ));
        let time = [1_i64.to_ne_bytes(), 500_i64.to_ne_bytes()].concat();
        control.extend(message(libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, &time));
        let notes = Notes::parse(&control);
        assert_eq!(
            (notes.segment, notes.ttl, notes.tos),
            (Some(1400), Some(64), Some(8))
        );
        assert_eq!(notes.dropped, Some(7));
        assert_eq!(notes.at, Some(UNIX_EPOCH + Duration::new(1, 500)));
    }

    #[test]
    fn what_came_as_one_is_taken_apart() {
        for (segment, bytes, apart) in [
            (Some(3), "abcdefgh", vec!["abc", "def", "gh"]),
            (Some(3), "abc", vec!["abc"]),
            (Some(9), "abc", vec!["abc"]),
            (Some(3), "", vec![""]),
            (None, "abc", vec!["abc"]),
            (None, "", vec![""]),
        ] {
            let notes = Notes {
                segment,
                ..Notes::default()
            };
            let all: Vec<&[u8]> = notes.datagrams(bytes.as_bytes()).collect();
            let apart: Vec<&[u8]> = apart.into_iter().map(str::as_bytes).collect();
            assert_eq!(all, apart, "{segment:?} {bytes}");
        }
    }

    #[test]
    fn a_group_does_not_answer() {
        let group: Ipv6Addr = "ff02::1".parse().unwrap();
        let data = [group.octets().as_slice(), &2_u32.to_ne_bytes()].concat();
        let control = message(libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, &data);
        let notes = Notes::parse(&control);
        assert_eq!(
            (notes.spoken_to, notes.answer_from),
            (Some(group.into()), None)
        );
    }

    #[test]
    fn what_is_cut_short_is_passed_over() {
        let whole = message(libc::IPPROTO_IP, libc::IP_PKTINFO, &[1; 12]);
        for length in 0..whole.len() {
            let cut = Notes::parse(&whole[..length]);
            assert!(cut == Notes::default() || cut == Notes::parse(&whole));
        }
        let backwards = message(libc::IPPROTO_IP, libc::IP_PKTINFO, &[]);
        assert_eq!(Notes::parse(&backwards), Notes::default());
    }

    proptest! {
        #[test]
        fn no_bytes_do_harm(control: Vec<u8>) {
            Notes::parse(&control);
        }
    }
}
