//! TLS over sockets: certificates, the configuration that connections share, and streams that never wait.
//!
//! The records are rustls's; the sockets, the buffers and the limits are ours. Nothing here knows what is said.

mod client;
mod examiner;
mod failing;
mod identity;
mod outbound;
mod provider;
mod records;
mod roots;
mod server;
mod session;
mod stream;
mod temporary;
mod unbelief;

use rustls::SupportedCipherSuite;
use rustls::crypto::ring;

pub use client::ClientTls;
pub use server::ServerTls;
pub use stream::{Acceptor, TlsStream};

use crate::engine::tls::Fingerprint;

/// The SHA-256 of a certificate in DER.
fn fingerprint_of(certificate: &[u8]) -> Fingerprint {
    // A cipher that hashes so is at hand: no other crate has to.
    let suite = match ring::cipher_suite::TLS13_AES_128_GCM_SHA256 {
        SupportedCipherSuite::Tls13(suite) => &suite.common,
        SupportedCipherSuite::Tls12(suite) => &suite.common,
    };
    let digest = suite.hash_provider.hash(certificate);
    Fingerprint(digest.as_ref().try_into().unwrap_or_default())
}
