//! The words of `udp send` taken apart: an address, and data that may look like one.

use std::ffi::{OsStr, OsString};

use clap::Args;

use crate::args::combine;
use crate::commands::Desk;
use crate::net::{Endpoint, HostPort, Kind, Port, Resolver};
use crate::output::Usage;

#[derive(Args, Debug)]
pub(super) struct TargetArgs {
    /// ADDR, or HOST PORT, then DATA: each a datagram; none of it reads stdin
    #[arg(value_name = "ADDR|DATA")]
    words: Vec<OsString>,
    /// More DATA, whatever it looks like
    #[arg(last = true, value_name = "DATA")]
    data: Vec<OsString>,
    /// The host, instead of ADDR
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// The port, instead of ADDR
    #[arg(long, value_name = "PORT")]
    port: Option<String>,
}

impl TargetArgs {
    /// The words taken apart. A port is a number or a service that services(5) knows.
    pub(super) fn address_and_data(
        &self,
        desk: &Desk,
    ) -> anyhow::Result<(Endpoint, Vec<OsString>)> {
        let flags = (self.host.as_deref(), self.port.as_deref());
        let mut words = self.words.as_slice();
        let endpoint = match (flags, words) {
            ((None, None), [first, rest @ ..]) => {
                words = rest;
                let first = first.to_str().ok_or_else(|| no_address(first))?;
                match rest
                    .split_first()
                    .filter(|(second, _)| lacks_port(first) && is_port(second, desk))
                {
                    Some((second, rest)) => {
                        words = rest;
                        combine(Some(first), second.to_str(), None, None)?
                    }
                    None => {
                        let endpoint = Endpoint::parse(first)?;
                        // A mistyped service would otherwise go out as data, and to another port.
                        if lacks_port(first) && !rest.is_empty() {
                            return Err(no_port(first, rest).into());
                        }
                        endpoint
                    }
                }
            }
            ((host, port), _) => combine(None, None, host, port)?,
        };
        Ok((endpoint, words.iter().chain(&self.data).cloned().collect()))
    }
}

/// Whether a word is a host alone: one without a port, or an IPv6 address without brackets.
fn lacks_port(word: &str) -> bool {
    match Endpoint::parse(word) {
        Ok(endpoint) => matches!(endpoint, Endpoint::Network(HostPort { port: None, .. })),
        Err(_) => Endpoint::parse_apart(Some(word), None).is_ok(),
    }
}

fn is_port(word: &OsStr, desk: &Desk) -> bool {
    let Some(word) = word.to_str() else {
        return false;
    };
    match Endpoint::parse_apart(None, Some(word)) {
        Ok(Endpoint::Network(HostPort {
            port: Some(Port::Service(service)),
            ..
        })) => Resolver::new(&desk.explain)
            .port_of(&service, Kind::Dgram)
            .is_ok(),
        Ok(_) => true,
        Err(_) => false,
    }
}

fn no_port(host: &str, words: &[OsString]) -> Usage {
    let first = words
        .first()
        .map(|word| word.to_string_lossy())
        .unwrap_or_default();
    let why = format!("`{}` after {host} is no port", first.escape_debug());
    Usage::new(why, format!("{host}:PORT before data, or `{host} -- DATA`"))
}

fn no_address(word: &OsStr) -> Usage {
    Usage::new(format!("{word:?} is no address"), "data goes after --")
}
