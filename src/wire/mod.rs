//! Packets as values, for display: what a raw socket delivers, decoded on top of the crate that reads the headers; and
//! the header that a proxy puts in front of a connection; and certificates.
//!
//! Nothing here does I/O or allocates by what a packet claims; any bytes are a packet, or a [`Malformed`] one.

#[cfg(feature = "tls")]
mod certificate;
mod icmp;
mod ip;
mod packet;
mod proxy_protocol;
mod tcp;
mod transport;
mod udp;

#[cfg(feature = "tls")]
pub use certificate::Certificate;
pub use icmp::Icmp;
pub use ip::{Ipv4, Ipv6, Malformed};
pub use packet::{Network, Packet};
pub use proxy_protocol::{Client, Preface};
pub use tcp::Tcp;
pub use transport::Transport;
pub use udp::Udp;
