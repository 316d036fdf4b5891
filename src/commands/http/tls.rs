//! `http --tls`: whose certificate is shown, and how its clients can trust it.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::Args;
use serde::Serialize;

use super::super::Desk;
use super::listen::ListenAt;
use crate::engine::{Tls, TlsError};
use crate::net::{CallError, Endpoint, Host, HostPort, Resolver, addresses_of_interfaces};
use crate::output::{Event, Usage};

/// TLS.
#[derive(Args, Debug)]
#[command(next_help_heading = "TLS")]
pub(super) struct TlsArgs {
    /// Speak TLS (1.2 and 1.3), with a temporary certificate whose fingerprint is said, or with --tls-cert
    #[arg(long)]
    tls: bool,
    /// The server's certificate in PEM, those above it behind; read again on SIGHUP
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The key of --tls-cert in PEM: PKCS#8, PKCS#1 or SEC1
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Write the certificate to FILE before listening, for clients that are to trust it (curl --cacert FILE)
    #[arg(long, value_name = "FILE")]
    tls_cert_out: Option<PathBuf>,
}

impl TlsArgs {
    /// Whether TLS was asked for.
    pub(super) fn is_on(&self) -> bool {
        self.tls || self.tls_cert.is_some()
    }

    /// What URLs begin with.
    pub(super) fn scheme(&self) -> &'static str {
        match self.is_on() {
            true => "https",
            false => "http",
        }
    }

    /// What is read again on SIGHUP.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        let files = [&self.tls_cert, &self.tls_key].into_iter().flatten();
        files.map(PathBuf::as_path)
    }

    /// Certificate and key as asked for, said and written; `None` without TLS.
    pub(super) fn open(&self, place: &ListenAt, desk: &Desk) -> anyhow::Result<Option<Tls>> {
        if !self.is_on() {
            return match self.tls_cert_out {
                Some(_) => {
                    Err(Usage::new("--tls-cert-out has no certificate to write", "--tls").into())
                }
                None => Ok(None),
            };
        }
        let refused = |error: TlsError| Usage::new(error.why, error.hint);
        let (tls, is_temporary) = match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => (Tls::from_files(certificate, key), false),
            _ => (Tls::temporary(&names(place, desk), SystemTime::now()), true),
        };
        let tls = tls.map_err(refused)?;
        if let Some(file) = &self.tls_cert_out {
            fs::write(file, tls.pem())
                .map_err(|cause| CallError::new("write", file.display(), cause))?;
        }
        desk.output.tell(&Certificate {
            is_temporary,
            sha256: tls.fingerprint(),
        })?;
        Ok(Some(tls))
    }
}

/// The names that clients may use for this server.
fn names(place: &ListenAt, desk: &Desk) -> Vec<String> {
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into();
    let mut add = |name: String| {
        if name.is_ascii() && !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    };
    let host = match place {
        ListenAt::Local(_) => Host::Default,
        ListenAt::Endpoint(Endpoint::Network(HostPort { host, .. })) => host.clone(),
        ListenAt::Endpoint(Endpoint::Inherited(_)) => Host::Any,
    };
    match host {
        Host::Default => {}
        Host::Name(name) => add(name),
        Host::Literal(ip, _) if !ip.is_unspecified() => add(ip.to_string()),
        Host::Literal(..) | Host::Any => {
            add(Resolver::new(&desk.explain).gethostname());
            for ip in addresses_of_interfaces() {
                add(ip.to_string());
            }
        }
    }
    names
}

/// Which certificate is shown to clients.
#[derive(Debug, Serialize)]
struct Certificate {
    #[serde(rename = "temporary")]
    is_temporary: bool,
    sha256: String,
}

impl Event for Certificate {
    const NAME: &'static str = "certificate";
}

/// As `openssl x509 -fingerprint -sha256` shows it.
impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.is_temporary {
            true => "temporary certificate",
            false => "certificate",
        };
        write!(f, "{kind} sha256 Fingerprint={}", self.sha256)
    }
}
