//! A certificate for now: made at the start, signed by itself, gone with the process.

use std::time::{Duration, SystemTime};

use base64ct::{Base64, Encoding};
use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::CertifiedKey;

use crate::engine::tls::TlsError;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long it holds: as long as browsers let a server's certificate hold.
const DAYS: u32 = 397;

/// Make one for host names and addresses, valid from a day before `now`, since clocks differ.
pub(super) fn make(names: &[String], now: SystemTime) -> Result<CertifiedKey, TlsError> {
    let failed = |error: rcgen::Error| {
        let hint = "give the names that clients use with --host, or files with --cert and --key";
        TlsError::new(format!("the temporary certificate: {error}"), hint)
    };
    let mut wanted = CertificateParams::new(names).map_err(failed)?;
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(DAY);
    let begins = date_time_ymd(1970, 1, 1) + since.saturating_sub(DAY);
    wanted.not_before = begins;
    wanted.not_after = begins + DAY * DAYS;
    wanted.is_ca = IsCa::ExplicitNoCa;
    wanted.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    wanted.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let name = "sockkit temporary certificate";
    wanted.distinguished_name.push(DnType::CommonName, name);

    let key = KeyPair::generate().map_err(failed)?;
    let certificate = wanted.self_signed(&key).map_err(failed)?;
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let signer = rustls::crypto::ring::sign::any_supported_type(&key)?;
    Ok(CertifiedKey::new(vec![certificate.into()], signer))
}

/// A certificate as PEM, RFC 7468: lines of 64 characters.
pub(super) fn armored(certificate: &[u8]) -> String {
    let lines: Vec<String> = certificate.chunks(48).map(Base64::encode_string).collect();
    let lines = lines.join("\n");
    format!("-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n")
}
