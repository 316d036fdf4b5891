//! TLS: whom one believes, what one shows of oneself, and what is spoken; the same words on both sides.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::{Args, ValueEnum};

use crate::engine::{
    ClientTerms, ClientTls, Curiosity, Fingerprint, ServerTerms, ServerTls, TlsError, TlsVersion,
    Trust,
};
use crate::wire::StarttlsProtocol;

const HEADING: &str = "TLS";

/// What both sides can say.
#[derive(Args, Clone, Debug, Default)]
struct SpokenArgs {
    /// The lowest version of TLS
    #[arg(long, value_name = "VERSION", value_enum, default_value_t = Least::V1_2, help_heading = HEADING)]
    tls_min: Least,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Least {
    #[default]
    #[value(name = "1.2")]
    V1_2,
    #[value(name = "1.3")]
    V1_3,
}

/// Protocols that begin in plain text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Protocol {
    Smtp,
    Imap,
    Pop3,
    Ftp,
    Postgres,
    Ldap,
}

/// The protocols inside TLS.
#[derive(Args, Clone, Debug, Default)]
pub struct AlpnArgs {
    /// The protocols to speak inside TLS (ALPN), the best first: h2,http/1.1
    #[arg(long, value_name = "NAME,...", value_delimiter = ',', value_parser = protocol, help_heading = HEADING)]
    alpn: Vec<String>,
}

/// TLS of one who connects.
#[derive(Args, Clone, Debug, Default)]
pub struct ClientTlsArgs {
    /// Speak TLS; the certificate must be valid, be for ADDR's host, and be vouched for by an authority of this system
    #[arg(long, conflicts_with_all = ["pass_fd", "probe"], help_heading = HEADING)]
    tls: bool,
    /// Trust those whom the certificates in FILE (PEM) vouch for, or who have one of them, and not the system's authorities
    #[arg(long, value_name = "FILE", help_heading = HEADING)]
    ca: Option<PathBuf>,
    /// Trust the certificate with this fingerprint and no other, whatever its name and dates: sha256:HEX, of the whole
    /// certificate, as `tcp listen --tls` and `http --tls` say it; repeatable
    #[arg(long, value_name = "sha256:HEX", conflicts_with = "ca", help_heading = HEADING)]
    pin: Vec<Fingerprint>,
    /// Trust any certificate: whoever is between may read and change everything
    #[arg(long, conflicts_with_all = ["ca", "pin"], help_heading = HEADING)]
    insecure: bool,
    /// The name that is asked for and that the certificate must have, instead of ADDR's host
    #[arg(long, value_name = "NAME", help_heading = HEADING)]
    sni: Option<String>,
    #[command(flatten)]
    alpn: AlpnArgs,
    #[command(flatten)]
    spoken: SpokenArgs,
    /// Show a certificate of one's own to a server that asks for it, in PEM, those above it behind
    #[arg(long, value_name = "FILE", requires = "key", help_heading = HEADING)]
    cert: Option<PathBuf>,
    /// The key of --cert in PEM: PKCS#8, PKCS#1 or SEC1
    #[arg(long, value_name = "FILE", requires = "cert", help_heading = HEADING)]
    key: Option<PathBuf>,
    /// Ask for TLS in this protocol's own words first
    #[arg(long, value_name = "PROTOCOL", value_enum, conflicts_with_all = ["pass_fd", "probe"], help_heading = HEADING)]
    starttls: Option<Protocol>,
    /// Show the server's certificate, how long it holds, and whether it is trusted (exit status 0 or 1), and say nothing
    #[arg(long, conflicts_with_all = ["insecure", "pass_fd", "probe"], help_heading = HEADING)]
    show_cert: bool,
}

/// TLS of one who is connected to.
#[derive(Args, Clone, Debug, Default)]
pub struct ServerTlsArgs {
    /// Speak TLS, with a temporary certificate whose fingerprint is said, or with --cert
    #[arg(long, help_heading = HEADING)]
    tls: bool,
    /// The certificate to show, in PEM, those above it behind; `http` reads it again on SIGHUP
    #[arg(long, alias = "tls-cert", value_name = "FILE", requires = "key", help_heading = HEADING)]
    cert: Option<PathBuf>,
    /// The key of --cert in PEM: PKCS#8, PKCS#1 or SEC1
    #[arg(long, alias = "tls-key", value_name = "FILE", requires = "cert", help_heading = HEADING)]
    key: Option<PathBuf>,
    /// Write the certificate to FILE before listening, for clients that are to trust it (--ca FILE, curl --cacert FILE)
    #[arg(long, alias = "tls-cert-out", value_name = "FILE", help_heading = HEADING)]
    cert_out: Option<PathBuf>,
    /// Demand a certificate of each client, which those in FILE (PEM) vouch for
    #[arg(long, value_name = "FILE", help_heading = HEADING)]
    client_ca: Option<PathBuf>,
    #[command(flatten)]
    spoken: SpokenArgs,
}

impl SpokenArgs {
    fn least(&self) -> TlsVersion {
        match self.tls_min {
            Least::V1_2 => TlsVersion::V1_2,
            Least::V1_3 => TlsVersion::V1_3,
        }
    }
}

impl AlpnArgs {
    /// The protocols' names.
    pub fn names(&self) -> &[String] {
        &self.alpn
    }
}

impl ClientTlsArgs {
    /// Whether TLS was asked for.
    pub fn is_on(&self) -> bool {
        self.tls || self.show_cert || self.starttls.is_some()
    }

    /// The protocol whose words ask for TLS; `None` where TLS comes first.
    pub fn starttls(&self) -> Option<StarttlsProtocol> {
        self.starttls.map(|protocol| match protocol {
            Protocol::Smtp => StarttlsProtocol::Smtp,
            Protocol::Imap => StarttlsProtocol::Imap,
            Protocol::Pop3 => StarttlsProtocol::Pop3,
            Protocol::Ftp => StarttlsProtocol::Ftp,
            Protocol::Postgres => StarttlsProtocol::Postgres,
            Protocol::Ldap => StarttlsProtocol::Ldap,
        })
    }

    /// Whether the certificate is to be shown, and nothing else.
    pub fn shows_certificate(&self) -> bool {
        self.show_cert
    }

    /// Whether anybody is believed.
    pub fn is_insecure(&self) -> bool {
        self.insecure
    }

    /// TLS with the server at `host`, where that is known; `None` without it.
    pub fn open(&self, host: Option<&str>) -> Result<Option<ClientTls>, TlsError> {
        if !self.is_on() {
            return self.refuse_strays().map(|()| None);
        }
        let name = self.sni.as_deref().or(host).ok_or_else(|| {
            let why = "the name that the certificate must have is not known";
            TlsError::new(why, "--sni NAME")
        })?;
        let identity = self.cert.clone().zip(self.key.clone());
        let terms = ClientTerms {
            trust: self.trust(),
            name: name.to_owned(),
            alpn: self.alpn.alpn.clone(),
            least: self.spoken.least(),
            identity: identity.map(<[PathBuf; 2]>::from),
            curiosity: match self.show_cert {
                true => Curiosity::Curious,
                false => Curiosity::Wary,
            },
        };
        ClientTls::new(&terms).map(Some)
    }

    fn trust(&self) -> Trust {
        match &self.ca {
            _ if self.insecure => Trust::Anyone,
            _ if !self.pin.is_empty() => Trust::Pins(self.pin.clone()),
            Some(file) => Trust::File(file.clone()),
            None => Trust::System,
        }
    }

    /// What means nothing without TLS is not passed over: somebody believes to be safe.
    fn refuse_strays(&self) -> Result<(), TlsError> {
        refuse_strays(&[
            ("--ca", self.ca.is_some()),
            ("--pin", !self.pin.is_empty()),
            ("--insecure", self.insecure),
            ("--sni", self.sni.is_some()),
            ("--alpn", !self.alpn.alpn.is_empty()),
            ("--tls-min", self.spoken.least() != TlsVersion::default()),
            ("--cert", self.cert.is_some()),
        ])
    }
}

impl ServerTlsArgs {
    /// Whether TLS was asked for.
    pub fn is_on(&self) -> bool {
        self.tls || self.cert.is_some()
    }

    /// The files of the certificate and its key, where it is not a temporary one.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let files = [&self.cert, &self.key].into_iter().flatten();
        files.map(PathBuf::as_path)
    }

    /// The file of the key, where the certificate is not a temporary one.
    pub fn key(&self) -> Option<&Path> {
        self.key.as_deref()
    }

    /// Whether the certificate is made for this run.
    pub fn is_temporary(&self) -> bool {
        self.cert.is_none()
    }

    /// Where the certificate is to be written, if anywhere.
    pub fn cert_out(&self) -> Option<&Path> {
        self.cert_out.as_deref()
    }

    /// TLS that speaks these protocols, with a temporary certificate for these `names` where one is made; `None` without
    /// it.
    pub fn open(
        &self,
        alpn: &[String],
        names: impl FnOnce() -> Vec<String>,
        now: SystemTime,
    ) -> Result<Option<ServerTls>, TlsError> {
        if !self.is_on() {
            let strays = [
                ("--cert-out", self.cert_out.is_some()),
                ("--client-ca", self.client_ca.is_some()),
                ("--tls-min", self.spoken.least() != TlsVersion::default()),
            ];
            return refuse_strays(&strays).map(|()| None);
        }
        let terms = ServerTerms {
            alpn: alpn.to_vec(),
            least: self.spoken.least(),
            client_ca: self.client_ca.clone(),
        };
        let tls = match (&self.cert, &self.key) {
            (Some(certificate), Some(key)) => ServerTls::from_files(certificate, key, &terms),
            _ => ServerTls::temporary(&names(), now, &terms),
        };
        tls.map(Some)
    }
}

fn refuse_strays(strays: &[(&str, bool)]) -> Result<(), TlsError> {
    match strays.iter().find(|(_, is_there)| *is_there) {
        Some((flag, _)) => Err(TlsError::new(
            format!("{flag} means nothing without TLS"),
            "--tls",
        )),
        None => Ok(()),
    }
}

/// A protocol's name, RFC 7301, section 3.1: 1 to 255 bytes.
fn protocol(word: &str) -> Result<String, String> {
    if word.is_empty() || word.len() > 255 {
        return Err("a protocol's name has 1 to 255 bytes: h2, http/1.1, imap".to_owned());
    }
    Ok(word.to_owned())
}
