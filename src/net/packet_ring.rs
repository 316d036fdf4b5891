//! A ring of packets that the kernel shares with the program, packet(7) and packet_mmap: no call and no copy for each.

use std::os::fd::AsFd;
use std::time::Duration;

use super::error::CallError;
use super::packet::Envelope;
use super::socket::Socket;
use super::sys;
use libc::c_int;

/// How many bytes a block has: more than any packet.
const BLOCK: u32 = 1 << 19;
/// How many blocks there are.
const BLOCKS: u32 = 32;
/// What is not told apart in this version; it has to divide a block.
const FRAME: u32 = 1 << 16;
/// `struct tpacket3_hdr`, and `struct sockaddr_ll` behind it.
const HEADER: usize = 48;

/// Packets of a socket, where the kernel puts them.
#[derive(Debug)]
pub struct PacketRing {
    ring: sys::Ring,
    /// A packet whose tag was put back.
    whole: Vec<u8>,
}

impl Socket {
    /// setsockopt(2) PACKET_VERSION and PACKET_RX_RING, and mmap(2): from now on packets come there, and nowhere else. Not
    /// every kernel has it, or has the memory.
    pub fn ring(&self) -> Result<PacketRing, CallError> {
        let version = c_int::to_ne_bytes(libc::tpacket_versions::TPACKET_V3 as c_int);
        self.set_packet(libc::PACKET_VERSION, "PACKET_VERSION, TPACKET_V3", &version)?;
        let frames = BLOCK / FRAME * BLOCKS;
        let request = [BLOCK, BLOCKS, FRAME, frames, PacketRing::PATIENCE, 0, 0];
        let request = request.map(u32::to_ne_bytes).concat();
        let told = format!(
            "PACKET_RX_RING, {{block_size={BLOCK}, block_nr={BLOCKS}, frame_size={FRAME}, frame_nr={frames}}}"
        );
        self.set_packet(libc::PACKET_RX_RING, &told, &request)?;
        let mapped = sys::Ring::map(self.as_fd(), BLOCK as usize, BLOCKS as usize);
        let ring = mapped.map_err(|cause| self.refused("mmap", cause))?;
        Ok(PacketRing {
            ring,
            whole: Vec::new(),
        })
    }

    fn set_packet(&self, name: c_int, told: &str, value: &[u8]) -> Result<(), CallError> {
        let arguments = format_args!("{}, SOL_PACKET, {told}", self.number());
        let set = self.explain.call("setsockopt", arguments, || {
            sys::setsockopt(self.as_fd(), libc::SOL_PACKET, name, value)
        });
        set.map_err(|cause| CallError::new("setsockopt", told, cause))
    }
}

impl PacketRing {
    /// For how many milliseconds a packet lies there at most before it is handed over.
    pub const PATIENCE: u32 = 20;

    /// Hand the packets of the next block to `take`, with their envelopes, their tags put back; how many they are, 0 where
    /// none is there.
    pub fn take_block<E>(
        &mut self,
        has_header: bool,
        take: impl FnMut(Envelope, &[u8]) -> Result<(), E>,
    ) -> Result<u64, E> {
        let Some(block) = self.ring.block() else {
            return Ok(0);
        };
        let count = Self::unpack(block, has_header, &mut self.whole, take)?;
        self.ring.give_back();
        Ok(count)
    }

    /// Hand the packets of this block to `take` likewise: pure, with `whole` for one whose tag is put back.
    pub fn unpack<E>(
        block: &[u8],
        has_header: bool,
        whole: &mut Vec<u8>,
        mut take: impl FnMut(Envelope, &[u8]) -> Result<(), E>,
    ) -> Result<u64, E> {
        let (count, mut taken) = (word(block, 12).unwrap_or(0), 0);
        let mut at = word(block, 16).unwrap_or(0) as usize;
        while taken < count
            && let Some((next, envelope, bytes)) = block.get(at..).and_then(packet)
        {
            match envelope.tagged(has_header) {
                None => take(envelope, bytes)?,
                Some((envelope, at, tag)) => {
                    let (before, behind) = bytes.split_at(at.min(bytes.len()));
                    whole.clear();
                    for part in [before, &tag, behind] {
                        whole.extend_from_slice(part);
                    }
                    take(envelope, whole)?;
                }
            }
            taken += 1;
            // The last one has none behind it.
            if next == 0 {
                break;
            }
            at += next;
        }
        Ok(taken.into())
    }
}

/// A packet of a block: how far the next one is, its envelope, its bytes.
fn packet(block: &[u8]) -> Option<(usize, Envelope, &[u8])> {
    let number = |at| word(block, at);
    let captured = number(12)? as usize;
    let start = usize::from(half(block, 24)?);
    let mut envelope = Envelope {
        captured,
        length: number(16)? as usize,
        at: Some(Duration::new(number(4)?.into(), number(8)?)),
        ethertype: half(block, HEADER + 2)?.to_be(),
        interface: number(HEADER + 4)?,
        hardware: half(block, HEADER + 8)?,
        kind: *block.get(HEADER + 10)?,
        address: (
            *block.get(HEADER + 11)?,
            *block.get(HEADER + 12..)?.first_chunk()?,
        ),
        ..Envelope::default()
    };
    let control = u16::try_from(number(32)? & 0xffff).ok()?;
    envelope.judge(number(20)?, (control, half(block, 36)?));
    let bytes = block.get(start..start + captured)?;
    Some((number(0)? as usize, envelope, bytes))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn block() -> Vec<u8> {
        let mut block = vec![0; 80];
        let words = [0_u32, 7, 9, 4, 60, 1 << 3 | 1 << 4 | 1 << 6];
        block[..24].copy_from_slice(&words.map(u32::to_ne_bytes).concat());
        block[24..26].copy_from_slice(&72_u16.to_ne_bytes());
        block[32..36].copy_from_slice(&5_u32.to_ne_bytes());
        block[36..38].copy_from_slice(&0x88a8_u16.to_ne_bytes());
        block[50..52].copy_from_slice(&[8, 0]);
        block[52..56].copy_from_slice(&3_u32.to_ne_bytes());
        block[58..60].copy_from_slice(&[4, 6]);
        block[72..76].copy_from_slice(b"data");
        block
    }

    #[test]
    fn a_packet_is_as_the_kernel_lays_it_out() {
        let block = block();
        let (_, envelope, bytes) = packet(&block).unwrap();
        assert_eq!(bytes, b"data");
        assert_eq!((envelope.length, envelope.interface), (60, 3));
        assert_eq!((envelope.ethertype, envelope.kind), (0x0800, 4));
        assert_eq!(envelope.at, Some(Duration::new(7, 9)));
        assert!(envelope.partial);
        let (tagged, at, tag) = envelope.tagged(false).unwrap();
        assert_eq!((tagged.ethertype, at, tag), (0x88a8, 0, [0, 5, 8, 0]));
        // Without the addresses there is no place for it.
        assert!(envelope.tagged(true).is_none());
    }

    #[test]
    fn a_block_ends_with_its_last_packet() {
        let mut head = vec![0; 48];
        head[12..16].copy_from_slice(&u32::MAX.to_ne_bytes());
        head[16..20].copy_from_slice(&48_u32.to_ne_bytes());
        let mut first = block();
        first[..4].copy_from_slice(&80_u32.to_ne_bytes());
        let whole = [head, first, block()].concat();
        let mut heard = Vec::new();
        let count = PacketRing::unpack(&whole, false, &mut Vec::new(), |envelope, bytes| {
            heard.push((envelope.captured, bytes.to_vec()));
            Ok::<_, ()>(())
        });
        assert_eq!(count, Ok(2));
        assert_eq!(heard, vec![(8, b"\0\x05\x08\0data".to_vec()); 2]);
    }

    proptest! {
        #[test]
        fn a_packet_that_is_not_all_there_is_none(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
            if let Some((_, envelope, data)) = packet(&bytes) {
                prop_assert_eq!(envelope.captured, data.len());
            }
        }
    }
}
