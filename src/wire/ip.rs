//! The IP headers: RFC 791 and RFC 8200.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use etherparse::err::{ipv4, ipv6};
use etherparse::{IpNumber, Ipv4HeaderSlice, Ipv6HeaderSlice};
use serde::Serialize;

/// An IPv4 header, RFC 791 section 3.1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ipv4 {
    /// The sender.
    pub source: Ipv4Addr,
    /// The receiver.
    pub destination: Ipv4Addr,
    /// The number of the protocol inside.
    pub protocol: u8,
    /// How many routers may still pass it on.
    pub ttl: u8,
    /// DSCP and ECN, RFC 2474 and RFC 3168.
    pub tos: u8,
    /// Identification: the same in every fragment of a datagram.
    pub id: u16,
    /// DF: routers must not fragment it.
    pub dont_fragment: bool,
    /// MF: more fragments follow.
    pub more_fragments: bool,
    /// Where this fragment begins in the datagram, in bytes.
    pub offset: u16,
    /// The length of header and payload in bytes, as the header claims it.
    pub length: usize,
}

/// An IPv6 header, RFC 8200 section 3, as far as it is known: a raw socket delivers only what follows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ipv6 {
    /// The sender.
    pub source: Ipv6Addr,
    /// The receiver.
    pub destination: Ipv6Addr,
    /// The number of the protocol inside.
    pub protocol: u8,
    /// How many routers may still pass it on; `None` when the header was not delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hop_limit: Option<u8>,
    /// The length of the payload in bytes, as the header claims it.
    pub length: usize,
    /// What stands between it and the protocol inside, in tcpdump's words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<&'static str>,
}

/// Bytes that are no IP packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Malformed {
    /// What is wrong with them.
    pub malformed: String,
}

impl Ipv4 {
    /// The header, and the payload as far as it is there.
    pub(super) fn split(bytes: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        let header = Ipv4HeaderSlice::from_slice(bytes).map_err(refused_v4)?;
        let claimed = match usize::from(header.total_len()) {
            // A segment that the card has still to cut has no length yet.
            0 => bytes.len(),
            length => length,
        };
        let start = header.slice().len();
        if claimed < start {
            return Err(Malformed::new(format!(
                "an IPv4 header of {start} bytes in a packet of {claimed}"
            )));
        }
        let end = claimed.min(bytes.len());
        let decoded = Self {
            source: header.source_addr(),
            destination: header.destination_addr(),
            protocol: header.protocol().0,
            ttl: header.ttl(),
            tos: bytes.get(1).copied().unwrap_or(0),
            id: header.identification(),
            dont_fragment: header.dont_fragment(),
            more_fragments: header.more_fragments(),
            offset: header.fragments_offset().byte_offset(),
            length: claimed,
        };
        Ok((decoded, bytes.get(start..end).unwrap_or_default()))
    }
}

impl Ipv6 {
    /// The header, and the payload as far as it is there.
    pub(super) fn split(bytes: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        let header = Ipv6HeaderSlice::from_slice(bytes).map_err(refused_v6)?;
        let length = usize::from(header.payload_length());
        let payload = bytes.get(header.slice().len()..).unwrap_or_default();
        let decoded = Self {
            source: header.source_addr(),
            destination: header.destination_addr(),
            protocol: header.next_header().0,
            hop_limit: Some(header.hop_limit()),
            length: match length {
                // A segment that the card has still to cut is longer than 16 bits tell.
                0 if header.next_header() == IpNumber::TCP => payload.len(),
                length => length,
            },
            extensions: Vec::new(),
        };
        let end = decoded.length;
        Ok((decoded, payload.get(..end).unwrap_or(payload)))
    }
}

impl Malformed {
    pub(super) fn new(malformed: impl Into<String>) -> Self {
        Self {
            malformed: malformed.into(),
        }
    }
}

fn refused_v4(error: ipv4::HeaderSliceError) -> Malformed {
    use ipv4::HeaderError::{HeaderLengthSmallerThanHeader, UnexpectedVersion};
    use ipv4::HeaderSliceError::{Content, Len};
    Malformed::new(match error {
        Len(short) => truncated("IPv4", short.len, short.required_len),
        Content(UnexpectedVersion { version_number }) => {
            format!("IP version {version_number} in place of 4")
        }
        Content(HeaderLengthSmallerThanHeader { ihl }) => {
            format!("an IPv4 header of {} bytes", usize::from(ihl) * 4)
        }
    })
}

fn refused_v6(error: ipv6::HeaderSliceError) -> Malformed {
    use ipv6::HeaderError::UnexpectedVersion;
    use ipv6::HeaderSliceError::{Content, Len};
    Malformed::new(match error {
        Len(short) => truncated("IPv6", short.len, short.required_len),
        Content(UnexpectedVersion { version_number }) => {
            format!("IP version {version_number} in place of 6")
        }
    })
}

fn truncated(header: &str, present: usize, needed: usize) -> String {
    format!("{header} header truncated, {present} of {needed} bytes")
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed packet: {}", self.malformed)
    }
}

impl std::error::Error for Malformed {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_header_is_refused() {
        let mut lying = [0_u8; 20];
        lying[0] = 0x45;
        lying[3] = 19;
        let mut headless = lying;
        headless[0] = 0x44;
        for (bytes, why) in [
            (&[][..], "IPv4 header truncated, 0 of 20 bytes"),
            (&[0x45; 19], "IPv4 header truncated, 19 of 20 bytes"),
            (&[0x4f; 20], "IPv4 header truncated, 20 of 60 bytes"),
            (&[0x60; 40], "IP version 6 in place of 4"),
            (&headless, "an IPv4 header of 16 bytes"),
            (&lying, "an IPv4 header of 20 bytes in a packet of 19"),
        ] {
            assert_eq!(Ipv4::split(bytes).unwrap_err().malformed, why);
        }
        for (bytes, why) in [
            (&[0x60; 39][..], "IPv6 header truncated, 39 of 40 bytes"),
            (&[0x45; 40], "IP version 4 in place of 6"),
        ] {
            assert_eq!(Ipv6::split(bytes).unwrap_err().malformed, why);
        }
    }
}
