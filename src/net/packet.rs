//! Packet sockets, packet(7): what the link layer carries, and the kernel's notes on it.

use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use nix::cmsg_space;
use nix::sys::socket::{
    ControlMessageOwned, LinkAddr, MsgFlags, MultiHeaders, RecvMsg, SockaddrStorage, getsockname,
    recvmmsg,
};
use nix::sys::time::TimeSpec;
use socket2::SockFilter;

use super::error::CallError;
use super::explain::Outcome;
use super::socket::{Socket, would_block};
use super::sys;
use crate::wire::filter::Instruction;
use crate::wire::pcap::SNAPLEN;
use libc::c_int;

/// Room before a packet for the tag of a virtual LAN, which the kernel has taken out.
const ROOM: usize = 4;
const STRIDE: usize = ROOM + SNAPLEN as usize;
/// The two addresses of Ethernet, which a tag follows.
const ADDRESSES: usize = 12;
/// `struct tpacket_auxdata` of `<linux/if_packet.h>`.
const NOTES: usize = 20;
const CHECKSUM_NOT_READY: u32 = 1 << 3;
const TAG_VALID: u32 = 1 << 4;
const TAG_TYPE_VALID: u32 = 1 << 6;
const TAG_TYPE: u16 = 0x8100;

/// A packet's envelope.
#[derive(Clone, Copy, Debug, Default)]
pub struct Envelope {
    /// How many of its bytes are there.
    pub captured: usize,
    /// How many it had on the link.
    pub length: usize,
    /// When the kernel saw it, since 1970.
    pub at: Option<Duration>,
    /// The index of the interface.
    pub interface: u32,
    /// What is inside, as Ethernet counts it.
    pub ethertype: u16,
    /// The kind of link, as `ARPHRD_ETHER`.
    pub hardware: u16,
    /// Whom it is for, as `PACKET_HOST`.
    pub kind: u8,
    /// The sender's address on the link; its length, and room for eight bytes.
    pub address: (u8, [u8; 8]),
    /// Whether its checksums are the card's to compute yet.
    pub partial: bool,
    /// The tag of a virtual LAN that the kernel took out, and its type.
    pub(super) tag: Option<(u16, u16)>,
}

/// Packets that were taken at once, and the memory for them, which is used again and again.
#[derive(Debug)]
pub struct Batch {
    headers: MultiHeaders<SockaddrStorage>,
    bytes: Vec<u8>,
    envelopes: Vec<Envelope>,
}

impl Socket {
    /// getsockname(2): the kind of link that a packet socket is bound to, as `ARPHRD_ETHER`.
    pub fn hardware(&self) -> Result<u16, CallError> {
        self.explain
            .call("getsockname", self.number(), || {
                // The name ends with the address that the link has, shorter than a LinkAddr has to be.
                let name: SockaddrStorage = getsockname(self.number())?;
                Ok(Hardware(name.as_link_addr().map_or(0, LinkAddr::hatype)))
            })
            .map(|hardware| hardware.0)
            .map_err(|cause| self.refused("getsockname", cause))
    }

    /// setsockopt(2) SO_ATTACH_FILTER: what the program does not keep is not queued.
    pub fn attach_filter(&self, program: &[Instruction]) -> Result<(), CallError> {
        let instruction = |i: &Instruction| SockFilter::new(i.code, i.then, i.otherwise, i.k);
        let filter: Vec<SockFilter> = program.iter().map(instruction).collect();
        let arguments = format_args!(
            "{}, SOL_SOCKET, SO_ATTACH_FILTER, {{len={}}}",
            self.number(),
            program.len()
        );
        self.explain
            .call("setsockopt", arguments, || {
                self.raw().attach_filter(&filter)
            })
            .map_err(|cause| CallError::new("setsockopt", "SO_ATTACH_FILTER", cause))
    }

    /// setsockopt(2) PACKET_AUXDATA: the kernel's notes come with each packet.
    pub fn receive_packet_notes(&self) -> Result<(), CallError> {
        let (level, name) = (libc::SOL_PACKET, libc::PACKET_AUXDATA);
        let arguments = format_args!("{}, SOL_PACKET, PACKET_AUXDATA, 1", self.number());
        self.explain
            .call("setsockopt", arguments, || {
                sys::setsockopt(self.as_fd(), level, name, &c_int::to_ne_bytes(1))
            })
            .map_err(|cause| CallError::new("setsockopt", "PACKET_AUXDATA", cause))
    }

    /// getsockopt(2) PACKET_STATISTICS: how many packets the filter let through, and how many of them were dropped, since
    /// the last time.
    pub fn packet_statistics(&self) -> Result<(u64, u64), CallError> {
        let (level, name) = (libc::SOL_PACKET, libc::PACKET_STATISTICS);
        let arguments = format_args!("{}, SOL_PACKET, PACKET_STATISTICS", self.number());
        let told = self.explain.call("getsockopt", arguments, || {
            let mut value = [0; 8];
            sys::getsockopt(self.as_fd(), level, name, &mut value)?;
            let [a, b, c, d, e, f, g, h] = value;
            let packets = u32::from_ne_bytes([a, b, c, d]);
            Ok(Statistics(packets, u32::from_ne_bytes([e, f, g, h])))
        });
        let Statistics(packets, dropped) =
            told.map_err(|cause| CallError::new("getsockopt", "PACKET_STATISTICS", cause))?;
        Ok((packets.into(), dropped.into()))
    }
}

impl Batch {
    /// How many packets are taken at once.
    pub const LIMIT: usize = 32;

    /// Memory for a batch; the pages that packets do not reach are never touched.
    pub fn new() -> Self {
        let space = cmsg_space!(TimeSpec, [u8; NOTES]);
        Self {
            headers: MultiHeaders::preallocate(Self::LIMIT, Some(space)),
            bytes: vec![0; Self::LIMIT * STRIDE],
            envelopes: Vec::with_capacity(Self::LIMIT),
        }
    }

    /// recvmmsg(2) with MSG_TRUNC, never waiting: how many packets came; 0 when none is there.
    pub fn receive(&mut self, socket: &Socket) -> Result<usize, CallError> {
        let arguments = format_args!("{}, {}", socket.number(), Self::LIMIT);
        let received = socket
            .explain
            .call("recvmmsg", arguments, || self.receive_once(socket));
        match received {
            Err(cause) if would_block(&cause) => Ok(0),
            received => received.map_err(|cause| socket.refused("recvmmsg", cause)),
        }
    }

    fn receive_once(&mut self, socket: &Socket) -> io::Result<usize> {
        self.envelopes.clear();
        let mut chunks = self.bytes.chunks_exact_mut(STRIDE);
        let mut parts: [[io::IoSliceMut<'_>; 1]; Self::LIMIT] = std::array::from_fn(|_| {
            let chunk = chunks.next().unwrap_or_default();
            [io::IoSliceMut::new(
                chunk.get_mut(ROOM..).unwrap_or_default(),
            )]
        });
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_TRUNC;
        let messages = recvmmsg(socket.number(), &mut self.headers, &mut parts, flags, None)?;
        self.envelopes
            .extend(messages.map(|message| Envelope::of(&message)));
        Ok(self.envelopes.len())
    }

    /// A packet and its envelope, its tag put back.
    pub fn packet(&mut self, number: usize, has_header: bool) -> Option<(Envelope, &[u8])> {
        let envelope = *self.envelopes.get(number)?;
        let chunk = self.bytes.chunks_exact_mut(STRIDE).nth(number)?;
        let end = ROOM + envelope.captured;
        let Some((tagged, at, tag)) = envelope.tagged(has_header) else {
            return Some((envelope, chunk.get(ROOM..end)?));
        };
        chunk.copy_within(ROOM..ROOM + at, 0);
        chunk.get_mut(at..at + ROOM)?.copy_from_slice(&tag);
        Some((tagged, chunk.get(..end)?))
    }
}

impl Default for Batch {
    fn default() -> Self {
        Self::new()
    }
}

impl Envelope {
    fn of(message: &RecvMsg<'_, '_, SockaddrStorage>) -> Self {
        let mut envelope = Self {
            captured: message.bytes.min(SNAPLEN as usize),
            length: message.bytes,
            ..Self::default()
        };
        if let Some(address) = message
            .address
            .as_ref()
            .and_then(SockaddrStorage::as_link_addr)
        {
            let raw = address.as_ref();
            envelope.interface = u32::try_from(raw.sll_ifindex).unwrap_or(0);
            envelope.ethertype = u16::from_be(raw.sll_protocol);
            envelope.hardware = raw.sll_hatype;
            envelope.kind = raw.sll_pkttype;
            envelope.address = (raw.sll_halen, raw.sll_addr);
        }
        for control in message.cmsgs().into_iter().flatten() {
            match control {
                ControlMessageOwned::ScmTimestampns(time) => envelope.at = since_1970(time),
                ControlMessageOwned::Unknown(unknown) => envelope.note(&unknown.data_bytes),
                _ => {}
            }
        }
        envelope
    }

    /// Status, length, captured length, two offsets, and a tag with its type.
    fn note(&mut self, notes: &[u8]) {
        let Some([a, b, c, d, e, f, g, h, .., i, j, k, l]) = notes.first_chunk::<NOTES>() else {
            return;
        };
        let length = u32::from_ne_bytes([*e, *f, *g, *h]);
        self.length = self.length.max(length as usize);
        let tag = (u16::from_ne_bytes([*i, *j]), u16::from_ne_bytes([*k, *l]));
        self.judge(u32::from_ne_bytes([*a, *b, *c, *d]), tag);
    }

    /// What a status says, TP_STATUS_CSUMNOTREADY and its kin: whether the tag and its type are what they seem, too.
    pub(super) fn judge(&mut self, status: u32, (control, kind): (u16, u16)) {
        self.partial = status & CHECKSUM_NOT_READY != 0;
        let kind = match status & TAG_TYPE_VALID {
            0 => TAG_TYPE,
            _ => kind,
        };
        self.tag = (status & TAG_VALID != 0).then_some((control, kind));
    }

    /// Where a tag that was taken out belongs, its four bytes, and the envelope with it: behind the addresses of an Ethernet
    /// header, or where there is none, in front, its type in the header that stands in place of the link's.
    pub(super) fn tagged(mut self, has_header: bool) -> Option<(Self, usize, [u8; 4])> {
        let (control, kind) = self.tag?;
        let [c, d] = control.to_be_bytes();
        let (at, bytes) = if has_header {
            let [a, b] = kind.to_be_bytes();
            (ADDRESSES, [a, b, c, d])
        } else {
            let [e, f] = std::mem::replace(&mut self.ethertype, kind).to_be_bytes();
            (0, [c, d, e, f])
        };
        if self.captured < at {
            return None;
        }
        self.captured += ROOM;
        self.length += ROOM;
        Some((self, at, bytes))
    }
}

fn since_1970(time: TimeSpec) -> Option<Duration> {
    let seconds = u64::try_from(time.tv_sec()).ok()?;
    Some(Duration::new(seconds, u32::try_from(time.tv_nsec()).ok()?))
}

struct Hardware(u16);

impl Outcome for Hardware {
    fn note(&self) -> Option<String> {
        Some(format!("[hatype {}]", self.0))
    }
}

struct Statistics(u32, u32);

impl Outcome for Statistics {
    fn note(&self) -> Option<String> {
        Some(format!("[{} packets, {} drops]", self.0, self.1))
    }
}
