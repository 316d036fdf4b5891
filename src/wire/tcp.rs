//! TCP headers: RFC 9293, in tcpdump's words.

use std::fmt;

use etherparse::TcpHeaderSlice;
use serde::Serialize;

use super::dns_summary::Dns;
use super::tcp_options;

/// A TCP header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tcp {
    /// The sender's port.
    pub source_port: u16,
    /// The receiver's port.
    pub destination_port: u16,
    /// The flags by tcpdump's letters, as `S` or `P.`; `none` without any.
    pub flags: String,
    /// The number of the first byte.
    pub seq: u32,
    /// The number of the byte that is expected next; `None` without the flag ACK.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ack: Option<u32>,
    /// The window as it stands in the header, not yet scaled.
    pub window: u16,
    /// Where urgent data end; `None` without the flag URG.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgent: Option<u16>,
    /// The options, as `mss 1460`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// The length of the data in bytes.
    pub length: usize,
    /// The message inside, where it is one of DNS and begins here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns: Option<Dns>,
}

impl Tcp {
    /// The header at the start of a segment of `length` bytes; `None` when it is not all there.
    pub(super) fn decode(bytes: &[u8], length: usize) -> Option<Self> {
        let header = TcpHeaderSlice::from_slice(bytes).ok()?;
        Some(Self {
            source_port: header.source_port(),
            destination_port: header.destination_port(),
            flags: flags(&header),
            seq: header.sequence_number(),
            ack: header.ack().then(|| header.acknowledgment_number()),
            window: header.window_size(),
            urgent: header.urg().then(|| header.urgent_pointer()),
            options: tcp_options::words(header.options()),
            length: length.saturating_sub(header.slice().len()),
            dns: bytes
                .get(header.slice().len()..)
                .and_then(|data| dns(&header, data)),
        })
    }
}

/// The message in a segment from or to port 53: its length stands before it, RFC 1035 section 4.2.2.
fn dns(header: &TcpHeaderSlice<'_>, data: &[u8]) -> Option<Dns> {
    if header.source_port() != 53 && header.destination_port() != 53 {
        return None;
    }
    let (length, message) = data.split_first_chunk::<2>()?;
    let whole = usize::from(u16::from_be_bytes(*length)) == message.len();
    whole.then(|| Dns::decode(message, false))?
}

fn flags(header: &TcpHeaderSlice<'_>) -> String {
    let all = [
        (header.fin(), 'F'),
        (header.syn(), 'S'),
        (header.rst(), 'R'),
        (header.psh(), 'P'),
        (header.ack(), '.'),
        (header.urg(), 'U'),
        (header.ece(), 'E'),
        (header.cwr(), 'W'),
    ];
    let set: String = all
        .iter()
        .filter(|(set, _)| *set)
        .map(|(_, letter)| letter)
        .collect();
    if set.is_empty() {
        "none".to_owned()
    } else {
        set
    }
}

impl Tcp {
    /// Whether the sequence number says something: it counts data, SYN and FIN; a reset is judged by it.
    fn counts(&self) -> bool {
        self.length > 0 || self.flags.contains(['S', 'F', 'R'])
    }
}

impl fmt::Display for Tcp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Flags [{}]", self.flags)?;
        if self.counts() {
            write!(f, ", seq {}", self.seq)?;
        }
        if let Ok(length @ 1..) = u32::try_from(self.length) {
            write!(f, ":{}", self.seq.wrapping_add(length))?;
        }
        if let Some(ack) = self.ack {
            write!(f, ", ack {ack}")?;
        }
        write!(f, ", win {}", self.window)?;
        if let Some(urgent) = self.urgent {
            write!(f, ", urg {urgent}")?;
        }
        if !self.options.is_empty() {
            write!(f, ", options [{}]", self.options.join(","))?;
        }
        write!(f, ", length {}", self.length)?;
        match &self.dns {
            Some(message) => write!(f, " {message}"),
            None => Ok(()),
        }
    }
}
