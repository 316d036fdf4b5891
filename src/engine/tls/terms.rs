//! What one side wants of TLS.

use std::path::PathBuf;

use super::fingerprint::Fingerprint;

/// The lowest version that is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TlsVersion {
    /// 1.2, RFC 5246
    #[default]
    V1_2,
    /// 1.3, RFC 8446
    V1_3,
}

/// Whom a client believes to be the server that it means.
#[derive(Clone, Debug)]
pub enum Trust {
    /// Whoever the system's authorities vouch for.
    System,
    /// Whoever the certificates in a PEM file vouch for, and who has one of them.
    File(PathBuf),
    /// Who has one of these certificates; neither authorities nor names nor dates count.
    Pins(Vec<Fingerprint>),
    /// Anybody.
    Anyone,
}

/// What becomes of a handshake with a server that is not believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Curiosity {
    /// It fails: nothing is said to it.
    #[default]
    Wary,
    /// It goes on, so that what is not believed can be looked at; nothing else may be done with it.
    Curious,
}

/// What a client wants of its connection.
#[derive(Clone, Debug)]
pub struct ClientTerms {
    /// Whom it believes.
    pub trust: Trust,
    /// The name, or the address, that the server must have; a name is asked for too (SNI).
    pub name: String,
    /// The protocols that it would speak (ALPN), the best first; none leaves it open.
    pub alpn: Vec<String>,
    /// The lowest version.
    pub least: TlsVersion,
    /// Its own certificate and key, in PEM.
    pub identity: Option<[PathBuf; 2]>,
    /// What becomes of those who are not believed.
    pub curiosity: Curiosity,
}

/// What a listener speaks, and what it demands.
#[derive(Clone, Debug, Default)]
pub struct ServerTerms {
    /// The protocols that are spoken (ALPN), the best first; none leaves it open.
    pub alpn: Vec<String>,
    /// The lowest version.
    pub least: TlsVersion,
    /// Who vouches for clients, in PEM; `None` asks them for no certificate.
    pub client_ca: Option<PathBuf>,
}
