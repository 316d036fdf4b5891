//! TLS in front of HTTP: certificates, the configuration that the workers share, and streams over sockets.
//!
//! The records are rustls's; the sockets, the buffers and the limits are ours. Nothing here knows what is asked.

mod config;
mod identity;
mod outbound;
mod plain_http;
mod stream;
mod temporary;

pub use config::Tls;
pub(super) use stream::{Acceptor, TlsStream};
