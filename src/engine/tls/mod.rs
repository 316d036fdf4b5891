//! TLS over sockets: certificates, the configuration that connections share, and streams that never wait.
//!
//! The records are rustls's; the sockets, the buffers and the limits are ours. Nothing here knows what is said.

mod identity;
mod outbound;
mod records;
mod server;
mod stream;
mod temporary;

pub use server::Tls;
pub use stream::{Acceptor, TlsStream};
