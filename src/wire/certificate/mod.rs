//! X.509 certificates (RFC 5280) as values: what people ask of one. Nothing here believes a certificate.

#[cfg(feature = "tls")]
mod reading;

/// A certificate, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Whose it is, as `CN=example.org, O=Example`.
    pub subject: String,
    /// Who vouches for that.
    pub issuer: String,
    /// The names and addresses that it is for (subjectAltName), the only ones that count.
    pub names: Vec<String>,
    /// From when on it holds, in seconds since 1970.
    pub not_before: i64,
    /// Until when it holds, in seconds since 1970.
    pub not_after: i64,
    /// Its number with its issuer, as `01:AB`.
    pub serial: String,
    /// The kind and strength of its key, as `RSA, 2048 bits`.
    pub key: String,
    /// How it was signed, as `ECDSA with SHA-256`.
    pub signature: String,
    /// Whether it may vouch for others (basicConstraints).
    pub is_authority: bool,
}

impl Certificate {
    /// Whether it claims to be its own issuer.
    pub fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }
}
