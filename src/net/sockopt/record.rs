//! Structs that the kernel fills, as lists of fields: `struct tcp_info` and its kin.
//!
//! A kernel older or newer than this program fills less or more: a field is there when the answer reaches to its end.

use std::fmt;

/// A field's name, where it begins, how it is read, and what it counts (`us`, `bytes`; empty for a plain number).
pub type Field = (&'static str, usize, Cell, &'static str);

/// How a field is read.
#[derive(Clone, Copy, Debug)]
pub enum Cell {
    /// __u8
    U8,
    /// __u16
    U16,
    /// __u32
    U32,
    /// __s32
    I32,
    /// __u64
    U64,
    /// So many bits of a byte, from this one on.
    Bits(u32, u32),
    /// A __u8 that counts through these words.
    Word(&'static [&'static str]),
    /// A __u8 whose bits have these names, the lowest first.
    Words(&'static [&'static str]),
}

/// A struct that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The fields that the answer had.
    pub fields: Vec<Reading>,
    /// How many bytes the kernel gave.
    pub length: usize,
}

/// A field that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The field's name in its header, without the struct's prefix.
    pub name: &'static str,
    /// What it says.
    pub content: Content,
    /// What it counts; empty for a plain number.
    pub unit: &'static str,
}

/// What a field says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A number.
    Number(i128),
    /// A constant's word.
    Word(&'static str),
    /// The words of the bits that are set.
    Words(Vec<&'static str>),
}

impl Record {
    /// Read what is there.
    pub fn decode(layout: &[Field], bytes: &[u8]) -> Self {
        let fields = layout.iter().filter_map(|(name, offset, cell, unit)| {
            Some(Reading {
                name,
                content: cell.read(bytes.get(*offset..)?)?,
                unit,
            })
        });
        Self {
            fields: fields.collect(),
            length: bytes.len(),
        }
    }
}

impl Cell {
    fn read(self, bytes: &[u8]) -> Option<Content> {
        let byte = bytes.first().copied();
        Some(match self {
            Self::U8 => Content::Number(byte?.into()),
            Self::U16 => Content::Number(u16::from_ne_bytes(*bytes.first_chunk()?).into()),
            Self::U32 => Content::Number(u32::from_ne_bytes(*bytes.first_chunk()?).into()),
            Self::I32 => Content::Number(i32::from_ne_bytes(*bytes.first_chunk()?).into()),
            Self::U64 => Content::Number(u64::from_ne_bytes(*bytes.first_chunk()?).into()),
            Self::Bits(from, count) => {
                let bits = u32::from(byte?) >> from & ((1 << count) - 1);
                Content::Number(bits.into())
            }
            Self::Word(words) => match words.get(usize::from(byte?)) {
                Some(word) => Content::Word(word),
                None => Content::Number(byte?.into()),
            },
            Self::Words(names) => {
                let byte = byte?;
                let named = names.iter().enumerate();
                Content::Words(
                    named
                        .filter(|(bit, _)| byte >> bit & 1 == 1)
                        .map(|(_, name)| *name)
                        .collect(),
                )
            }
        })
    }
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Word(word) => f.write_str(word),
            Self::Words(words) if words.is_empty() => f.write_str("none"),
            Self::Words(words) => f.write_str(&words.join(" ")),
        }
    }
}

/// `struct ucred` of `<sys/socket.h>`.
pub(super) const CREDENTIALS: &[Field] = &[
    ("pid", 0, Cell::I32, ""),
    ("uid", 4, Cell::U32, ""),
    ("gid", 8, Cell::U32, ""),
];

/// The numbers of `<linux/sock_diag.h>`, SK_MEMINFO_RMEM_ALLOC and so on.
pub(super) const MEMORY: &[Field] = &[
    ("rmem_alloc", 0, Cell::U32, "bytes"),
    ("rcvbuf", 4, Cell::U32, "bytes"),
    ("wmem_alloc", 8, Cell::U32, "bytes"),
    ("sndbuf", 12, Cell::U32, "bytes"),
    ("fwd_alloc", 16, Cell::U32, "bytes"),
    ("wmem_queued", 20, Cell::U32, "bytes"),
    ("optmem", 24, Cell::U32, "bytes"),
    ("backlog", 28, Cell::U32, "bytes"),
    ("drops", 32, Cell::U32, ""),
];

/// `struct tpacket_stats` of `<linux/if_packet.h>`, and one field more of a ring's.
pub(super) const PACKET_COUNTS: &[Field] = &[
    ("packets", 0, Cell::U32, ""),
    ("drops", 4, Cell::U32, ""),
    ("freeze_q_cnt", 8, Cell::U32, ""),
];

/// `struct sock_txtime` of `<linux/net_tstamp.h>`.
pub(super) const TRANSMIT_TIME: &[Field] =
    &[("clockid", 0, Cell::I32, ""), ("flags", 4, Cell::U32, "")];

/// `struct mptcp_info` of `<linux/mptcp.h>`.
pub(super) const MPTCP_INFO: &[Field] = &[
    ("subflows", 0, Cell::U8, ""),
    ("add_addr_signal", 1, Cell::U8, ""),
    ("add_addr_accepted", 2, Cell::U8, ""),
    ("subflows_max", 3, Cell::U8, ""),
    ("add_addr_signal_max", 4, Cell::U8, ""),
    ("add_addr_accepted_max", 5, Cell::U8, ""),
    ("flags", 8, Cell::U32, ""),
    ("token", 12, Cell::U32, ""),
    ("write_seq", 16, Cell::U64, ""),
    ("snd_una", 24, Cell::U64, ""),
    ("rcv_nxt", 32, Cell::U64, ""),
    ("local_addr_used", 40, Cell::U8, ""),
    ("local_addr_max", 41, Cell::U8, ""),
    ("csum_enabled", 42, Cell::U8, ""),
];
