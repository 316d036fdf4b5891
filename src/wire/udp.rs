//! UDP headers: RFC 768.

use std::fmt;

use etherparse::UdpHeaderSlice;
use serde::Serialize;

use super::dns_summary::Dns;

/// DNS, RFC 1035; multicast DNS, RFC 6762; LLMNR, RFC 4795.
const DNS: [u16; 3] = [53, MULTICAST_DNS, 5355];
const MULTICAST_DNS: u16 = 5353;

/// A UDP header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Udp {
    /// The sender's port.
    pub source_port: u16,
    /// The receiver's port.
    pub destination_port: u16,
    /// The length of the data in bytes, as the header claims it; the header's own 8 bytes are not in it.
    pub length: usize,
    /// The message inside, where it is one of DNS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns: Option<Dns>,
}

impl Udp {
    /// The header at the start of `bytes`; `None` when it is not all there.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let header = UdpHeaderSlice::from_slice(bytes).ok()?;
        let ports = [header.source_port(), header.destination_port()];
        let length = usize::from(header.length()).saturating_sub(header.slice().len());
        let data = bytes.get(header.slice().len()..).unwrap_or_default();
        let data = data.get(..length).unwrap_or(data);
        let is_dns = ports.iter().any(|port| DNS.contains(port));
        Some(Self {
            source_port: header.source_port(),
            destination_port: header.destination_port(),
            length,
            dns: is_dns
                .then(|| Dns::decode(data, ports.contains(&MULTICAST_DNS)))
                .flatten(),
        })
    }
}

impl fmt::Display for Udp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.dns {
            Some(message) => message.fmt(f),
            None => write!(f, "UDP, length {}", self.length),
        }
    }
}
