//! Whose certificate a listener shows, and how its clients can trust it.

use std::fmt;
use std::fs;

use serde::Serialize;

use super::Desk;
use crate::args::ServerTlsArgs;
use crate::engine::ServerTls;
use crate::net::{CallError, Host, Resolver, addresses_of_interfaces};
use crate::output::Event;

/// Certificate and key as asked for, said and written, for clients of `host`; `None` without TLS.
pub(super) fn open(
    args: &ServerTlsArgs,
    alpn: &[String],
    host: &Host,
    desk: &Desk,
) -> anyhow::Result<Option<ServerTls>> {
    let Some(tls) = args.open(alpn, || names(host, desk), desk.output.now())? else {
        return Ok(None);
    };
    if let Some(file) = args.cert_out() {
        fs::write(file, tls.pem())
            .map_err(|cause| CallError::new("write", file.display(), cause))?;
    }
    desk.output.tell(&Certificate {
        is_temporary: args.is_temporary(),
        sha256: tls.fingerprint().to_string(),
    })?;
    Ok(Some(tls))
}

/// The names that clients may use for a listener on `host`.
fn names(host: &Host, desk: &Desk) -> Vec<String> {
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into();
    let mut add = |name: String| {
        if name.is_ascii() && !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    };
    match host {
        Host::Default => {}
        Host::Name(name) => add(name.clone()),
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
