//! Why a server's certificate is not believed, in words that name what is wrong with it.

use rustls::CertificateError;
use rustls::pki_types::{CertificateDer, UnixTime};

use super::failing::{date, spaced};
use super::fingerprint_of;
use crate::engine::tls::TlsFailure;
use crate::wire::Certificate;

/// How many names are shown of a certificate that is for others.
const NAMES: usize = 5;

/// What is wrong with the first certificate of a chain, and what may help.
pub(super) fn unbelieved(
    why: &CertificateError,
    chain: &[CertificateDer<'static>],
    has_pins: bool,
) -> TlsFailure {
    match why {
        CertificateError::NotValidForNameContext { expected, .. } => {
            for_another(&expected.to_str(), chain)
        }
        CertificateError::ExpiredContext { time, not_after } => {
            let days = time.as_secs().saturating_sub(not_after.as_secs()) / DAY;
            let hint =
                "its owner must renew it; is the clock here right? --insecure goes on all the same";
            TlsFailure::new(
                format!(
                    "the certificate expired {}, {days} days ago",
                    day(*not_after)
                ),
                hint,
            )
        }
        CertificateError::NotValidYetContext { not_before, .. } => TlsFailure::new(
            format!("the certificate is not valid before {}", day(*not_before)),
            "is the clock here right? --insecure goes on all the same",
        ),
        CertificateError::ApplicationVerificationFailure if has_pins => not_pinned(chain),
        // Somebody is known here who has the issuer's name, and another kind of key.
        CertificateError::UnknownIssuer
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            unknown_issuer(chain)
        }
        // webpki's own sentence: an authority's certificate in a server's place, which is what `openssl req -x509` makes.
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            unknown_issuer(chain)
        }
        CertificateError::Revoked => TlsFailure::bare("the certificate was revoked"),
        CertificateError::BadEncoding => TlsFailure::bare("the certificate is damaged"),
        CertificateError::BadSignature => {
            TlsFailure::bare("the certificate's signature is not its issuer's")
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            TlsFailure::bare("the certificate is not meant for servers (extendedKeyUsage)")
        }
        why => {
            // What the library calls it, without what is inside.
            let why = format!("{why:?}");
            let name = why.split([' ', '(']).next().unwrap_or_default();
            let why = format!("the certificate is not trusted: {}", spaced(name, ' '));
            TlsFailure::new(why, "--show-cert shows it")
        }
    }
}

const DAY: u64 = 24 * 60 * 60;

fn day(at: UnixTime) -> String {
    date(at.as_secs())
}

fn for_another(expected: &str, chain: &[CertificateDer<'static>]) -> TlsFailure {
    let read = chain.first().and_then(|own| Certificate::parse(own).ok());
    let mut names = read.map(|read| read.names).unwrap_or_default();
    let more = names.len().saturating_sub(NAMES);
    names.truncate(NAMES);
    if more > 0 {
        names.push(format!("{more} more"));
    }
    let is_for = match names.is_empty() {
        true => "it has no names (subjectAltName), and a CN alone does not count".to_owned(),
        false => format!("it is for {}", names.join(", ")),
    };
    TlsFailure::new(
        format!("the certificate is not for {expected}: {is_for}"),
        "--sni NAME says which name is meant",
    )
}

fn not_pinned(chain: &[CertificateDer<'static>]) -> TlsFailure {
    let own = chain.first().map(|own| fingerprint_of(own).to_string());
    let why = format!(
        "the certificate is not the one of --pin: it has sha256:{}",
        own.unwrap_or_default()
    );
    TlsFailure::new(why, "it was renewed, or this is somebody else")
}

fn unknown_issuer(chain: &[CertificateDer<'static>]) -> TlsFailure {
    let own = chain.first();
    let pin = own
        .map(|own| fingerprint_of(own).to_string())
        .unwrap_or_default();
    let trust = format!(
        "--ca FILE trusts its issuer; --pin this certificate, if its owner says the same: sha256:{pin}"
    );
    let Some(read) = own.and_then(|own| Certificate::parse(own).ok()) else {
        return TlsFailure::new(
            "nobody who is trusted here vouches for the certificate",
            trust,
        );
    };
    if read.is_self_issued() {
        let why = "the certificate is self-signed, and not trusted here";
        return TlsFailure::new(why, trust);
    }
    let why = format!(
        "the certificate's issuer is not trusted here: {}",
        read.issuer
    );
    let hint = match chain.len() {
        1 => {
            format!("the server may have forgotten to send the certificates above its own; {trust}")
        }
        _ => trust,
    };
    TlsFailure::new(why, hint)
}
