//! The ciphers, and which versions are spoken.

use rustls::crypto::{CryptoProvider, ring};
use rustls::{SupportedProtocolVersion, version};

use crate::engine::tls::TlsVersion;

/// The versions from the lowest on, the best first.
pub(super) fn from(least: TlsVersion) -> Vec<&'static SupportedProtocolVersion> {
    match least {
        TlsVersion::V1_2 => vec![&version::TLS13, &version::TLS12],
        TlsVersion::V1_3 => vec![&version::TLS13],
    }
}

/// ring's ciphers, AES-128 first: it is as good for a connection as AES-256, and a quarter cheaper for both ends.
pub(super) fn provider() -> CryptoProvider {
    let mut provider = ring::default_provider();
    let first = [
        ring::cipher_suite::TLS13_AES_128_GCM_SHA256,
        ring::cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        ring::cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    ];
    provider
        .cipher_suites
        .sort_by_key(|suite| !first.contains(suite));
    provider
}
