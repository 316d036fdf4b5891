//! Certificates read from DER.

use std::net::IpAddr;

use super::Certificate;
use x509_cert::certificate::{CertificateInner, Raw, TbsCertificateInner};
use x509_cert::der::asn1::{ObjectIdentifier, UintRef};
use x509_cert::der::oid::AssociatedOid;
use x509_cert::der::{Any, Decode, Reader, SliceReader, Tag, Tagged};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{BasicConstraints, SubjectAltName};
use x509_cert::name::Name;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

impl Certificate {
    /// Read one in DER; the error says what is wrong with it.
    pub fn parse(der: &[u8]) -> Result<Self, String> {
        let read = CertificateInner::<Raw>::from_der(der).map_err(|error| error.to_string())?;
        let signed = read.tbs_certificate();
        let extensions = Extensions(signed);
        let time = |time: x509_cert::time::Time| {
            i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX)
        };
        let validity = signed.validity();
        Ok(Self {
            subject: shown(signed.subject()),
            issuer: shown(signed.issuer()),
            names: extensions.names(),
            not_before: time(validity.not_before),
            not_after: time(validity.not_after),
            serial: pairs(signed.serial_number().as_bytes()),
            key: key(signed.subject_public_key_info()),
            signature: signature(read.signature_algorithm()),
            is_authority: extensions.is_authority(),
        })
    }
}

/// What stands in a certificate besides the fields that each has; one that is damaged says nothing.
struct Extensions<'a>(&'a TbsCertificateInner<Raw>);

impl Extensions<'_> {
    fn read<'a, T: Decode<'a> + AssociatedOid>(&'a self) -> Option<T> {
        let all = self.0.extensions()?;
        let one = all.iter().find(|one| one.extn_id == T::OID)?;
        T::from_der(one.extn_value.as_bytes()).ok()
    }

    fn names(&self) -> Vec<String> {
        let names: Option<SubjectAltName> = self.read();
        let names = names.map(|names| names.0).unwrap_or_default();
        names.iter().filter_map(general_name).collect()
    }

    fn is_authority(&self) -> bool {
        let constraints: Option<BasicConstraints> = self.read();
        constraints.is_some_and(|constraints| constraints.ca)
    }
}

fn general_name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.to_string()),
        GeneralName::Rfc822Name(address) => Some(address.to_string()),
        GeneralName::UniformResourceIdentifier(uri) => Some(uri.to_string()),
        GeneralName::IpAddress(octets) => {
            let octets = octets.as_bytes();
            let four = <[u8; 4]>::try_from(octets).map(IpAddr::from);
            let address = four.or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from));
            address.ok().map(|address| address.to_string())
        }
        _ => None,
    }
}

/// A distinguished name, the most particular part first, as people read it.
fn shown(name: &Name) -> String {
    let mut parts = Vec::new();
    for attributes in name.iter_rdn() {
        let attributes = attributes.iter();
        let each = attributes.map(|one| format!("{}={}", kind(&one.oid), text(&one.value)));
        parts.push(each.collect::<Vec<_>>().join("+"));
    }
    parts.reverse();
    parts.join(", ")
}

/// The short names of RFC 4519 and of OpenSSL; a number where there is none.
fn kind(oid: &ObjectIdentifier) -> String {
    let number = oid.to_string();
    let name = match number.as_str() {
        "2.5.4.3" => "CN",
        "2.5.4.4" => "SN",
        "2.5.4.5" => "serialNumber",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.9" => "street",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "2.5.4.12" => "title",
        "2.5.4.15" => "businessCategory",
        "2.5.4.17" => "postalCode",
        "2.5.4.42" => "GN",
        "2.5.4.97" => "organizationIdentifier",
        "0.9.2342.19200300.100.1.1" => "UID",
        "0.9.2342.19200300.100.1.25" => "DC",
        "1.2.840.113549.1.9.1" => "emailAddress",
        "1.3.6.1.4.1.311.60.2.1.3" => "jurisdictionC",
        _ => return number,
    };
    name.to_owned()
}

/// A string in any of the alphabets that X.520 has; `#` and hex where it is none.
fn text(value: &Any) -> String {
    let bytes = value.value();
    let wide = || {
        let units = bytes.chunks_exact(2);
        let units = units.filter_map(|pair| pair.try_into().ok().map(u16::from_be_bytes));
        String::from_utf16_lossy(&units.collect::<Vec<u16>>())
    };
    match value.tag() {
        Tag::BmpString => wide(),
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String | Tag::NumericString => {
            String::from_utf8_lossy(bytes).into_owned()
        }
        // T.61, which everybody took for Latin 1.
        Tag::TeletexString => bytes.iter().copied().map(char::from).collect(),
        _ => format!("#{}", hex::encode(bytes)),
    }
}

fn key(info: &SubjectPublicKeyInfoOwned) -> String {
    let number = info.algorithm.oid.to_string();
    let curve = || {
        let parameters = info.algorithm.parameters.as_ref()?;
        let oid: ObjectIdentifier = parameters.decode_as().ok()?;
        let number = oid.to_string();
        Some(match number.as_str() {
            "1.2.840.10045.3.1.7" => "P-256".to_owned(),
            "1.3.132.0.34" => "P-384".to_owned(),
            "1.3.132.0.35" => "P-521".to_owned(),
            "1.3.132.0.10" => "secp256k1".to_owned(),
            _ => number,
        })
    };
    let kind = match number.as_str() {
        "1.2.840.113549.1.1.1" | "1.2.840.113549.1.1.10" => {
            let bits = info.subject_public_key.as_bytes().and_then(modulus_bits);
            return bits.map_or_else(|| "RSA".to_owned(), |bits| format!("RSA, {bits} bits"));
        }
        "1.2.840.10045.2.1" => {
            return curve().map_or_else(|| "EC".to_owned(), |curve| format!("EC, {curve}"));
        }
        "1.3.101.112" => "Ed25519",
        "1.3.101.113" => "Ed448",
        "1.2.840.10040.4.1" => "DSA",
        "2.16.840.1.101.3.4.3.17" => "ML-DSA-44",
        "2.16.840.1.101.3.4.3.18" => "ML-DSA-65",
        "2.16.840.1.101.3.4.3.19" => "ML-DSA-87",
        _ => return number,
    };
    kind.to_owned()
}

/// The length of an RSA key, RFC 8017, appendix A.1.1: SEQUENCE { modulus, publicExponent }.
fn modulus_bits(key: &[u8]) -> Option<usize> {
    let mut reader = SliceReader::new(key).ok()?;
    let bits: Result<usize, x509_cert::der::Error> = reader.sequence(|inside| {
        let modulus = UintRef::decode(inside)?;
        UintRef::decode(inside)?;
        let first = modulus.as_bytes().first().copied().unwrap_or_default();
        Ok((modulus.as_bytes().len() * 8).saturating_sub(first.leading_zeros() as usize))
    });
    bits.ok()
}

fn signature(algorithm: &AlgorithmIdentifierOwned) -> String {
    let number = algorithm.oid.to_string();
    let name = match number.as_str() {
        "1.2.840.113549.1.1.4" => "RSA with MD5",
        "1.2.840.113549.1.1.5" => "RSA with SHA-1",
        "1.2.840.113549.1.1.10" => "RSA-PSS",
        "1.2.840.113549.1.1.11" => "RSA with SHA-256",
        "1.2.840.113549.1.1.12" => "RSA with SHA-384",
        "1.2.840.113549.1.1.13" => "RSA with SHA-512",
        "1.2.840.10045.4.1" => "ECDSA with SHA-1",
        "1.2.840.10045.4.3.2" => "ECDSA with SHA-256",
        "1.2.840.10045.4.3.3" => "ECDSA with SHA-384",
        "1.2.840.10045.4.3.4" => "ECDSA with SHA-512",
        "1.3.101.112" => "Ed25519",
        "1.3.101.113" => "Ed448",
        "2.16.840.1.101.3.4.3.17" => "ML-DSA-44",
        "2.16.840.1.101.3.4.3.18" => "ML-DSA-65",
        "2.16.840.1.101.3.4.3.19" => "ML-DSA-87",
        _ => return number,
    };
    name.to_owned()
}

/// Bytes as `01:AB`.
fn pairs(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}
