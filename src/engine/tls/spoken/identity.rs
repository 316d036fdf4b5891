//! Who one is: a certificate, the chain above it, and the key, read from PEM files (RFC 7468).

use std::fs;
use std::path::{Path, PathBuf};

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};

use crate::engine::tls::TlsError;
use crate::net::reason;

/// The files that a certificate and its key are read from.
#[derive(Clone, Debug)]
pub(super) struct Files {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

impl Files {
    /// These two.
    pub(super) fn new(certificate: &Path, key: &Path) -> Self {
        Self {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
        }
    }

    /// Read both; they must belong together.
    pub(super) fn read(&self) -> Result<CertifiedKey, TlsError> {
        let chain = chain(&self.certificate, &contents(&self.certificate)?)?;
        let key = key(&self.key, &contents(&self.key)?)?;
        let signer = rustls::crypto::ring::sign::any_supported_type(&key).map_err(|_| {
            let hint = "RSA of 2048 bits and more, ECDSA on P-256 or P-384, Ed25519";
            TlsError::in_file(&self.key, "its key is of a kind that is not spoken", hint)
        })?;
        let pair = CertifiedKey::new(chain, signer);
        match pair.keys_match() {
            // A key that cannot say its public half is believed.
            Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(pair),
            Err(Error::InconsistentKeys(_)) => Err(self.unlike()),
            Err(_) => {
                let hint = "`openssl x509 -in FILE -noout -text` shows what is in it; version 1 has no extensions: openssl req -x509, or openssl x509 -extfile";
                let what = "its first certificate is damaged, or of version 1, which is not spoken";
                Err(TlsError::in_file(&self.certificate, what, hint))
            }
        }
    }

    fn unlike(&self) -> TlsError {
        let what = format!(
            "this key is not that of the first certificate in {}",
            self.certificate.display()
        );
        let hint = "the own certificate comes first in its file, those above it behind";
        TlsError::in_file(&self.key, what, hint)
    }
}

pub(super) fn contents(file: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(file).map_err(|cause| {
        let hint = "a file in PEM that this user may read";
        TlsError::in_file(file, reason(&cause), hint)
    })
}

pub(super) fn chain(
    file: &Path,
    contents: &[u8],
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(contents).collect();
    let chain = chain.map_err(|error| damaged(file, &error))?;
    if !chain.is_empty() {
        return Ok(chain);
    }
    let hint = match PrivateKeyDer::from_pem_slice(contents) {
        Ok(_) => "it has a key: are --cert and --key the wrong way round?",
        Err(_) => "PEM begins with -----BEGIN CERTIFICATE-----",
    };
    Err(TlsError::in_file(file, "no certificate in it", hint))
}

fn key(file: &Path, contents: &[u8]) -> Result<PrivateKeyDer<'static>, TlsError> {
    match PrivateKeyDer::from_pem_slice(contents) {
        Ok(key) => Ok(key),
        Err(_) if is_encrypted(contents) => {
            let hint = "nobody is there to ask for its password: openssl pkey -in FILE -out PLAIN";
            Err(TlsError::in_file(file, "its key is encrypted", hint))
        }
        Err(pem::Error::NoItemsFound) => {
            let hint =
                "PEM begins with -----BEGIN PRIVATE KEY-----, RSA PRIVATE KEY or EC PRIVATE KEY";
            Err(TlsError::in_file(file, "no private key in it", hint))
        }
        Err(error) => Err(damaged(file, &error)),
    }
}

/// PKCS #8 under a password, RFC 5958, or a key in the traditional form with one, RFC 1421, section 4.6.1.1.
fn is_encrypted(contents: &[u8]) -> bool {
    let has = |label: &[u8]| contents.windows(label.len()).any(|window| window == label);
    has(b"BEGIN ENCRYPTED PRIVATE KEY") || has(b"Proc-Type: 4,ENCRYPTED")
}

fn damaged(file: &Path, error: &pem::Error) -> TlsError {
    let what = format!("its PEM is damaged: {error}");
    TlsError::in_file(file, what, "lines between BEGIN and END are base64")
}
