//! Packets as values: what a raw socket or a link delivers, decoded on top of the crate that reads the headers, what is built
//! and what is filtered, and the files that packets are captured in; the header that a proxy puts in front of a connection;
//! what is said to a proxy that is asked for one, and what until TLS begins; and certificates.
//!
//! Nothing here does I/O or allocates by what a packet claims; any bytes are a packet, or a [`Malformed`] one.

mod arp;
mod certificate;
mod checksum;
mod craft;
mod dns_summary;
mod echo;
mod ethernet;
mod extension;
pub mod filter;
mod frame;
mod icmp;
mod icmp_extension;
mod ip;
mod packet;
pub mod pcap;
pub mod proxy;
mod proxy_protocol;
mod starttls;
mod tcp;
mod tcp_options;
mod transport;
mod tunnel;
mod udp;

pub use arp::Arp;
pub use certificate::Certificate;
pub use checksum::checksum_between;
pub use craft::{Crafted, tcp_flag};
pub use dns_summary::{Dns, Question};
pub use echo::{ECHO_HEADER, Echo, EchoKind, Mark, below_ipv4, is_sound};
pub use ethernet::{ETHERNET_HEADER, Ethernet, Mac, Vlan};
pub use frame::{Frame, Inside};
pub use icmp::Icmp;
pub use icmp_extension::{Label, QUOTED_BEFORE_EXTENSION, extension, labels};
pub use ip::{Ipv4, Ipv6, Malformed};
pub use packet::{Network, Packet};
pub use proxy_protocol::{Client, Preface};
pub use starttls::{NoStarttls, Starttls, StarttlsProtocol, Turn};
pub use tcp::Tcp;
pub use tcp_options::tcp_options;
pub use transport::Transport;
pub use udp::Udp;
