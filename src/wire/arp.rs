//! ARP over Ethernet for IPv4: RFC 826, in tcpdump's words.

use std::fmt;
use std::net::Ipv4Addr;

use serde::Serialize;

use super::ethernet::Mac;

/// Ethernet, IPv4, and the lengths of their addresses.
const KIND: [u8; 6] = [0, 1, 8, 0, 6, 4];

/// A question for the link's address of an IPv4 address, or the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Arp {
    /// 1 asks, 2 answers.
    pub operation: u16,
    /// Who says it, on the link.
    pub sender: Mac,
    /// Who says it.
    pub sender_ip: Ipv4Addr,
    /// Whom it is for, on the link: zero in a question.
    pub target: Mac,
    /// Whom it is for, or about.
    pub target_ip: Ipv4Addr,
    /// The length in bytes, with what pads it.
    pub length: usize,
}

impl Arp {
    /// The message at the start of `bytes`; `None` when it is not all there, or about other addresses.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(&KIND)?;
        let (operation, rest) = rest.split_first_chunk::<2>()?;
        let (sender, rest) = rest.split_first_chunk::<6>()?;
        let (sender_ip, rest) = rest.split_first_chunk::<4>()?;
        let (target, rest) = rest.split_first_chunk::<6>()?;
        let (target_ip, _) = rest.split_first_chunk::<4>()?;
        Some(Self {
            operation: u16::from_be_bytes(*operation),
            sender: Mac(*sender),
            sender_ip: (*sender_ip).into(),
            target: Mac(*target),
            target_ip: (*target_ip).into(),
            length: bytes.len(),
        })
    }
}

impl fmt::Display for Arp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            operation,
            sender,
            sender_ip,
            target,
            target_ip,
            length,
        } = self;
        match operation {
            1 if target.0 == [0; 6] || target.0 == [255; 6] => {
                write!(f, "ARP, Request who-has {target_ip} tell {sender_ip}")?;
            }
            1 => write!(
                f,
                "ARP, Request who-has {target_ip} ({target}) tell {sender_ip}"
            )?,
            2 => write!(f, "ARP, Reply {sender_ip} is-at {sender}")?,
            other => write!(f, "ARP, operation {other}")?,
        }
        write!(f, ", length {length}")
    }
}
