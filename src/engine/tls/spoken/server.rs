//! The listening side: what all connections share, and the certificate, which can be changed while they go on.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::server::{
    ClientHello, NoServerSessionStorage, ResolvesServerCert, WebPkiClientVerifier,
};
use rustls::sign::CertifiedKey;

use super::identity::Files;
use super::provider::{self, provider};
use super::{fingerprint_of, roots, temporary};
use crate::engine::tls::{Fingerprint, ServerTerms, TlsError};

/// TLS for those who are connected to. Clones are the same.
#[derive(Clone, Debug)]
pub struct ServerTls {
    pub(super) config: Arc<ServerConfig>,
    identity: Arc<Identity>,
    files: Option<Files>,
}

impl ServerTls {
    /// With a certificate chain and a key in PEM.
    pub fn from_files(
        certificate: &Path,
        key: &Path,
        terms: &ServerTerms,
    ) -> Result<Self, TlsError> {
        let files = Files::new(certificate, key);
        Self::new(files.read()?, Some(files), terms)
    }

    /// With a certificate of its own making for these host names and addresses.
    pub fn temporary(
        names: &[String],
        now: SystemTime,
        terms: &ServerTerms,
    ) -> Result<Self, TlsError> {
        Self::new(temporary::make(names, now)?, None, terms)
    }

    fn new(
        pair: CertifiedKey,
        files: Option<Files>,
        terms: &ServerTerms,
    ) -> Result<Self, TlsError> {
        let provider = Arc::new(provider());
        let identity = Arc::new(Identity(RwLock::new(Arc::new(pair))));
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&provider::from(terms.least))?;
        let config = match &terms.client_ca {
            None => config.with_no_client_auth(),
            Some(file) => {
                let roots = Arc::new(roots::from_file(file)?);
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).build();
                let hint = "certificates of authorities: openssl x509 -in FILE -noout -text";
                let unfit = |error| TlsError::in_file(file, error, hint);
                config.with_client_cert_verifier(verifier.map_err(unfit)?)
            }
        };
        let mut config = config.with_cert_resolver(Arc::clone(&identity) as _);
        config.alpn_protocols = terms.alpn.iter().map(|name| name.clone().into()).collect();
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

    /// The certificate's fingerprint.
    pub fn fingerprint(&self) -> Fingerprint {
        fingerprint_of(&self.certificate())
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
