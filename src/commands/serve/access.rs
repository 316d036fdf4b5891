//! Who may connect: addresses, networks and names, typed or in files.

use std::fs;

use clap::Args;

use crate::commands::Desk;
use crate::commands::endpoint::resolve;
use crate::engine::Gate;
use crate::net::{Address, CallError, Endpoint, Host, HostPort, Kind, Network};
use crate::output::Usage;

const HEADING: &str = "Who may connect";

/// Flags of who may connect.
#[derive(Args, Clone, Debug)]
pub(in super::super) struct AccessArgs {
    /// Let only these in: 10.0.0.0/8, 2001:db8::1, a name, several with commas, @FILE with one a line; repeatable
    #[arg(long, help_heading = HEADING, value_name = "WHO")]
    allow: Vec<String>,
    /// Do not let these in, whoever else is; others are closed at once, which -v shows
    #[arg(long, help_heading = HEADING, value_name = "WHO")]
    deny: Vec<String>,
}

impl AccessArgs {
    /// The rules. Names are looked up once, now.
    pub(in super::super) fn gate(&self, desk: &Desk) -> anyhow::Result<Gate> {
        let allow = match self.allow.is_empty() {
            true => None,
            false => Some(networks(&self.allow, desk)?),
        };
        Ok(Gate {
            allow,
            deny: networks(&self.deny, desk)?,
        })
    }
}

fn networks(words: &[String], desk: &Desk) -> anyhow::Result<Vec<Network>> {
    let mut networks = Vec::new();
    for word in words {
        match word.strip_prefix('@') {
            Some(file) => {
                let text = fs::read_to_string(file)
                    .map_err(|cause| CallError::new("read", file, cause))?;
                for word in words_of(&text) {
                    networks.extend(rules(word, desk)?);
                }
            }
            None => {
                for word in word.split(',') {
                    networks.extend(rules(word, desk)?);
                }
            }
        }
    }
    Ok(networks)
}

/// The words of a file; what follows # is a remark.
fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(|line| line.split('#').next().unwrap_or_default())
        .flat_map(|line| line.split(|c: char| c == ',' || c.is_whitespace()))
        .filter(|word| !word.is_empty())
}

/// What one word stands for: a name may have several addresses.
fn rules(word: &str, desk: &Desk) -> anyhow::Result<Vec<Network>> {
    if let Some(network) = Network::parse(word) {
        return Ok(vec![network]);
    }
    let named = match Endpoint::parse_apart(Some(word), None) {
        Ok(Endpoint::Network(HostPort { host, .. })) if !word.contains('/') => Some(host),
        _ => None,
    };
    match named {
        Some(Host::Literal(ip, _)) => Ok(vec![Network::from(ip)]),
        Some(host @ Host::Name(_)) => {
            let found = resolve(
                &HostPort { host, port: None },
                None,
                Kind::Stream,
                None,
                desk,
            )?;
            let addresses = found.iter().filter_map(Address::inet);
            Ok(addresses.map(|found| Network::from(found.ip())).collect())
        }
        _ => {
            let why = format!("`{}` is no network, address or name", word.escape_debug());
            Err(Usage::new(why, "10.0.0.0/8, 2001:db8::/32, 192.0.2.1, a name or @FILE").into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_file() {
        let text = "# all\n10.0.0.0/8 # ours\n\n ::1, localhost\t192.0.2.1\n#\n";
        let words: Vec<&str> = words_of(text).collect();
        assert_eq!(words, ["10.0.0.0/8", "::1", "localhost", "192.0.2.1"]);
    }
}
