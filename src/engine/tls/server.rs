//! What all connections share: versions, ciphers, tickets, and the certificate, which can be changed while they go on.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use rustls::crypto::{CryptoProvider, ring};
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, SupportedCipherSuite, version};

use super::identity::Files;
use super::temporary;
use crate::engine::tls_error::TlsError;

/// TLS 1.2 and 1.3 for HTTP/1.1. Clones are the same.
#[derive(Clone, Debug)]
pub struct Tls {
    pub(super) config: Arc<ServerConfig>,
    identity: Arc<Identity>,
    files: Option<Files>,
}

impl Tls {
    /// With a certificate chain and a key in PEM.
    pub fn from_files(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let files = Files {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
        };
        Self::new(files.read()?, Some(files))
    }

    /// With a certificate of its own making for these host names and addresses.
    pub fn temporary(names: &[String], now: SystemTime) -> Result<Self, TlsError> {
        Self::new(temporary::make(names, now)?, None)
    }

    fn new(pair: CertifiedKey, files: Option<Files>) -> Result<Self, TlsError> {
        let identity = Arc::new(Identity(RwLock::new(Arc::new(pair))));
        let config = ServerConfig::builder_with_provider(Arc::new(provider()))
            .with_protocol_versions(&[&version::TLS13, &version::TLS12])?
            .with_no_client_auth();
        let mut config = config.with_cert_resolver(Arc::clone(&identity) as _);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.ignore_client_order = true;
        // Tickets hold the session at the client: nothing is remembered here.
        config.ticketer = ring::Ticketer::new()?;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        Ok(Self {
            config: Arc::new(config),
            identity,
            files,
        })
    }

    /// Read the files again; when something is wrong with them, what was read before stays. `false` where there are none.
    pub fn reload(&self) -> Result<bool, TlsError> {
        let Some(files) = &self.files else {
            return Ok(false);
        };
        let pair = Arc::new(files.read()?);
        *self
            .identity
            .0
            .write()
            .unwrap_or_else(PoisonError::into_inner) = pair;
        Ok(true)
    }

    /// The files that are read again, for whoever must keep them readable.
    pub fn files(&self) -> Option<[&PathBuf; 2]> {
        let files = self.files.as_ref()?;
        Some([&files.certificate, &files.key])
    }

    /// The certificate's SHA-256, as `openssl x509 -fingerprint -sha256` shows it: `AB:CD:...`.
    pub fn fingerprint(&self) -> String {
        let hash = ring::cipher_suite::TLS13_AES_128_GCM_SHA256;
        let SupportedCipherSuite::Tls13(suite) = hash else {
            return String::new();
        };
        let digest = suite.common.hash_provider.hash(&self.certificate());
        let bytes: Vec<String> = digest
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect();
        bytes.join(":")
    }

    /// The certificate in PEM.
    pub fn pem(&self) -> String {
        temporary::armored(&self.certificate())
    }

    /// The server's own certificate in DER.
    fn certificate(&self) -> Vec<u8> {
        let pair = self.identity.pair();
        pair.cert
            .first()
            .map_or_else(Vec::new, |certificate| certificate.to_vec())
    }
}

/// The certificate and key of the day.
#[derive(Debug)]
struct Identity(RwLock<Arc<CertifiedKey>>);

impl Identity {
    fn pair(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ResolvesServerCert for Identity {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.pair())
    }
}

/// ring's ciphers, AES-128 first: it is as good for a connection as AES-256, and a quarter cheaper for both ends.
fn provider() -> CryptoProvider {
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
