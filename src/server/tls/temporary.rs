//! A certificate for now: made at the start, signed by itself, gone with the process.

use std::time::{Duration, SystemTime};

use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::CertifiedKey;

use crate::server::tls_error::TlsError;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long it holds: as long as browsers let a server's certificate hold.
const DAYS: u32 = 397;

/// Make one for host names and addresses, valid from a day before `now`, since clocks differ.
pub(super) fn make(names: &[String], now: SystemTime) -> Result<CertifiedKey, TlsError> {
    let failed = |error: rcgen::Error| {
        let hint =
            "give the names that clients use with --host, or files with --tls-cert and --tls-key";
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
    let mut text = "-----BEGIN CERTIFICATE-----\n".to_owned();
    for line in certificate.chunks(48) {
        text.extend(line.chunks(3).flat_map(four));
        text.push('\n');
    }
    text + "-----END CERTIFICATE-----\n"
}

/// Up to three bytes in base64, RFC 4648.
fn four(bytes: &[u8]) -> [char; 4] {
    let byte = |at: usize| bytes.get(at).copied().map_or(0, u32::from);
    let all = byte(0) << 16 | byte(1) << 8 | byte(2);
    [(0, 18), (1, 12), (2, 6), (3, 0)].map(|(at, shift)| match at <= bytes.len() {
        true => letter(u8::try_from(all >> shift & 0x3f).unwrap_or(0)),
        false => '=',
    })
}

fn letter(value: u8) -> char {
    char::from(match value {
        0..26 => b'A' + value,
        26..52 => b'a' + value - 26,
        52..62 => b'0' + value - 52,
        62 => b'+',
        _ => b'/',
    })
}
