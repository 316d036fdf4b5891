//! UDP headers: RFC 768.

use std::fmt;

use etherparse::UdpHeaderSlice;
use serde::Serialize;

/// A UDP header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Udp {
    /// The sender's port.
    pub source_port: u16,
    /// The receiver's port.
    pub destination_port: u16,
    /// The length of the data in bytes, as the header claims it; the header's own 8 bytes are not in it.
    pub length: usize,
}

impl Udp {
    /// The header at the start of `bytes`; `None` when it is not all there.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let header = UdpHeaderSlice::from_slice(bytes).ok()?;
        Some(Self {
            source_port: header.source_port(),
            destination_port: header.destination_port(),
            length: usize::from(header.length()).saturating_sub(header.slice().len()),
        })
    }
}

impl fmt::Display for Udp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UDP, length {}", self.length)
    }
}
