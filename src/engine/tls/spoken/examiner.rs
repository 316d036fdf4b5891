//! Who looks at a server's certificate: believes it or not, and remembers what was shown.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::fingerprint_of;
use crate::engine::tls::{Curiosity, Fingerprint};
use crate::wire::Certificate;

/// Whose word counts.
#[derive(Debug)]
pub(super) enum Belief {
    /// That of authorities; a certificate that is one of them itself needs no other's word.
    Roots(RootCertStore, Vec<CertificateDer<'static>>),
    /// One's own: these certificates and no other, whatever their names and dates.
    Pins(Vec<Fingerprint>),
    /// Anybody's.
    Anyone,
}

/// What a server showed.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    /// Its own certificate and those above it, in DER.
    pub(super) chain: Vec<CertificateDer<'static>>,
    /// What was found of it.
    pub(super) verdict: Result<(), Error>,
}

/// Examines one server.
#[derive(Debug)]
pub(super) struct Examiner {
    belief: Belief,
    algorithms: WebPkiSupportedAlgorithms,
    curiosity: Curiosity,
    shown: Mutex<Option<Shown>>,
}

impl Examiner {
    pub(super) fn new(
        belief: Belief,
        algorithms: WebPkiSupportedAlgorithms,
        curiosity: Curiosity,
    ) -> Self {
        Self {
            belief,
            algorithms,
            curiosity,
            shown: Mutex::default(),
        }
    }

    /// What was shown, if it came to that.
    pub(super) fn shown(&self) -> Option<Shown> {
        self.locked().clone()
    }

    /// Whether it knows the certificate itself rather than who vouches for it.
    pub(super) fn has_pins(&self) -> bool {
        matches!(self.belief, Belief::Pins(_))
    }

    fn examine(
        &self,
        own: &CertificateDer<'_>,
        above: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), Error> {
        match &self.belief {
            Belief::Anyone => Ok(()),
            Belief::Pins(pins) if pins.contains(&fingerprint_of(own)) => Ok(()),
            Belief::Pins(_) => Err(CertificateError::ApplicationVerificationFailure.into()),
            Belief::Roots(_, known) if known.iter().any(|known| known == own) => {
                has_time(own, now)?;
                verify_server_name(&ParsedCertificate::try_from(own)?, name)
            }
            Belief::Roots(roots, _) => {
                let parsed = ParsedCertificate::try_from(own)?;
                let all = self.algorithms.all;
                verify_server_cert_signed_by_trust_anchor(&parsed, roots, above, now, all)?;
                verify_server_name(&parsed, name)
            }
        }
    }

    fn locked(&self) -> MutexGuard<'_, Option<Shown>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a certificate that needs nobody's word holds now.
fn has_time(own: &CertificateDer<'_>, now: UnixTime) -> Result<(), Error> {
    let parsed = Certificate::parse(own).map_err(|_| CertificateError::BadEncoding)?;
    let second = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    let at = |second: i64| {
        let second = u64::try_from(second).unwrap_or_default();
        UnixTime::since_unix_epoch(std::time::Duration::from_secs(second))
    };
    let (time, not_before, not_after) = (now, at(parsed.not_before), at(parsed.not_after));
    if second < parsed.not_before {
        return Err(CertificateError::NotValidYetContext { time, not_before }.into());
    } else if second > parsed.not_after {
        return Err(CertificateError::ExpiredContext { time, not_after }.into());
    }
    Ok(())
}

impl ServerCertVerifier for Examiner {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        above: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verdict = self.examine(own, above, name, now);
        let chain = std::iter::once(own).chain(above);
        *self.locked() = Some(Shown {
            chain: chain.map(|one| one.clone().into_owned()).collect(),
            verdict: verdict.clone(),
        });
        match verdict {
            Err(error) if self.curiosity == Curiosity::Wary => Err(error),
            _ => Ok(ServerCertVerified::assertion()),
        }
    }

    // That the server has the certificate's key is examined in any case.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        own: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, own, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        own: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, own, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
