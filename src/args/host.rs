//! ADDR where there are no ports: raw packets, echo requests.

use std::net::IpAddr;

use clap::Args;

use super::address::FamilyArgs;
use crate::net::{Endpoint, EndpointError, Family, Host, HostPort};

/// An address without a port.
#[derive(Args, Clone, Debug, Default)]
pub struct HostArgs {
    /// A name, 192.0.2.1, 2001:db8::1 or fe80::1%eth0, without a port; 127.0.0.1 (::1 over IPv6) if left out
    #[arg(value_name = "ADDR")]
    pub addr: Option<String>,
    /// The address, instead of ADDR
    #[arg(long, value_name = "HOST", conflicts_with = "addr")]
    pub host: Option<String>,
    #[command(flatten)]
    family: FamilyArgs,
}

impl HostArgs {
    /// The family that was asked for; `None` for either.
    pub fn family(&self) -> Option<Family> {
        self.family.family()
    }

    /// The host that was typed; [`Host::Default`] when none was.
    pub fn host(&self) -> Result<Host, EndpointError> {
        match self.addr.as_deref().or(self.host.as_deref()) {
            Some(word) => parse_host(word),
            None => Ok(Host::Default),
        }
    }
}

/// A host without a port, as it is typed.
pub fn parse_host(word: &str) -> Result<Host, EndpointError> {
    if !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit()) {
        let why = format!("`{word}` is a number, and there are no ports here");
        return Err(refused(why, "a name, 127.0.0.1 or ::1"));
    }
    // No path either: where there are no ports there are no local sockets.
    if let Some((address, _)) = word.split_once('/') {
        return Err(match address.parse::<IpAddr>() {
            Ok(_) => {
                let why = format!("`{word}` is a block of addresses, and one is wanted");
                refused(
                    why,
                    format!("{address}; `sockkit ping {word}` asks them all"),
                )
            }
            Err(_) => no_host(word),
        });
    }
    let inside = word
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let bare = inside.unwrap_or(word);
    match Endpoint::parse_apart(Some(bare), None) {
        Ok(Endpoint::Network(HostPort { host, .. })) if !bare.contains(['[', ']']) => Ok(host),
        Ok(_) => Err(no_host(word)),
        Err(error) => Err(ported(word).unwrap_or(error)),
    }
}

fn no_host(word: &str) -> EndpointError {
    let why = format!("`{}` is no host name", word.escape_debug());
    refused(why, "a name, 127.0.0.1 or ::1")
}

/// The error for a word that would be an address, but for its port.
fn ported(word: &str) -> Option<EndpointError> {
    let Ok(Endpoint::Network(HostPort {
        port: Some(_),
        host,
    })) = Endpoint::parse(word)
    else {
        return None;
    };
    let hint = match host {
        Host::Literal(ip, Some(zone)) => format!("{ip}%{zone}"),
        Host::Literal(ip, None) => ip.to_string(),
        Host::Name(name) => name,
        Host::Any => "*".to_owned(),
        Host::Default => "127.0.0.1".to_owned(),
    };
    Some(refused(
        format!("`{word}` has a port, and there are no ports here"),
        hint,
    ))
}

fn refused(why: String, hint: impl Into<String>) -> EndpointError {
    EndpointError {
        why,
        hint: Some(hint.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_alone() {
        for (word, host) in [
            ("127.0.0.1", Host::Literal([127, 0, 0, 1].into(), None)),
            ("*", Host::Any),
            ("localhost", Host::Name("localhost".to_owned())),
        ] {
            assert_eq!(parse_host(word), Ok(host), "{word}");
        }
        for word in ["fe80::1%lo", "[fe80::1%lo]"] {
            let zoned = Host::Literal("fe80::1".parse().unwrap(), Some("lo".to_owned()));
            assert_eq!(parse_host(word), Ok(zoned), "{word}");
        }
    }

    #[test]
    fn ports_are_refused_with_the_host_as_the_hint() {
        for (word, hint) in [
            ("127.0.0.1:80", "127.0.0.1"),
            ("localhost:http", "localhost"),
            ("[fe80::1%lo]:80", "fe80::1%lo"),
            (":80", "*"),
            ("8082", "127.0.0.1"),
            ("0", "127.0.0.1"),
            ("", "127.0.0.1"),
            ("[", "127.0.0.1"),
            ("[]", "127.0.0.1"),
            ("fd:3", "127.0.0.1"),
            ("a b", "127.0.0.1"),
            ("127.0.0.1%lo", "fe80::1%eth0"),
            ("127.0.0.0/30", "127.0.0.0; `sockkit ping 127.0.0.0/30`"),
            ("https://localhost/", "127.0.0.1"),
        ] {
            let given = parse_host(word).unwrap_err().hint.unwrap();
            assert!(given.contains(hint), "{word}: {given}");
        }
    }
}
