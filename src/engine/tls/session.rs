//! What two sides agreed on, and what one of them showed.

use super::failure::TlsFailure;
use super::fingerprint::Fingerprint;
use crate::wire::Certificate;

/// What is known after a handshake.
#[derive(Clone, Debug)]
pub struct TlsSession {
    /// The version, as `TLS 1.3`.
    pub version: &'static str,
    /// The cipher suite by its registered name, as `TLS_AES_128_GCM_SHA256`.
    pub cipher: String,
    /// The key exchange, as `X25519`; `None` where it is not known.
    pub exchange: Option<String>,
    /// The protocol that was agreed on (ALPN), if any.
    pub alpn: Option<String>,
    /// The peer's certificates with their fingerprints, its own first; none where it showed none. One that cannot be
    /// read is what is wrong with it.
    pub chain: Vec<(Fingerprint, Result<Certificate, String>)>,
    /// Why the peer is not believed to be who it should be; `None` where it is, and where nobody asked.
    pub doubt: Option<TlsFailure>,
}
