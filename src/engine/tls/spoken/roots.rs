//! Who vouches for others: certificates of authorities, the system's or a file's.

use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;

use super::identity::{chain, contents};
use crate::engine::tls::TlsError;

/// Those that the system trusts; SSL_CERT_FILE and SSL_CERT_DIR say where else they are, as to OpenSSL.
pub(super) fn of_the_system() -> Result<RootCertStore, TlsError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // A damaged one among many is no reason to trust nobody.
    roots.add_parsable_certificates(found.certs);
    if !roots.is_empty() {
        return Ok(roots);
    }
    let why = match found.errors.first() {
        Some(error) => format!("this system's authorities cannot be read: {error}"),
        None => "this system trusts no authority".to_owned(),
    };
    let hint = "apt install ca-certificates (SSL_CERT_FILE, SSL_CERT_DIR say where they are), or: --ca FILE, --pin";
    Err(TlsError::new(why, hint))
}

/// Those in a PEM file.
pub(super) fn from_file(file: &Path) -> Result<RootCertStore, TlsError> {
    store(file, certificates(file)?)
}

/// The certificates in a PEM file; there is at least one.
pub(super) fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    chain(file, &contents(file)?)
}

/// Certificates of a file, to trust.
pub(super) fn store(
    file: &Path,
    certificates: Vec<CertificateDer<'static>>,
) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        let hint = "`openssl x509 -in FILE -noout -text` shows what is in it";
        let damaged = |_| TlsError::in_file(file, "a certificate in it is damaged", hint);
        roots.add(certificate).map_err(damaged)?;
    }
    Ok(roots)
}
