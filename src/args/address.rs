//! ADDR: one word, two words, or `--host` and `--port`.

use clap::Args;

use super::ports::{Ports, combine_ports};
use crate::net::{Endpoint, EndpointError, Family, Host, HostPort, Port};

/// Which address family to use.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct FamilyArgs {
    /// Use IPv4 only
    #[arg(short = '4', long, conflicts_with = "ipv6")]
    pub ipv4: bool,
    /// Use IPv6 only
    #[arg(short = '6', long)]
    pub ipv6: bool,
}

/// Its brackets would be links in a doc comment.
const ADDR: &str = "HOST:PORT, [V6]:PORT, [V6%ZONE]:PORT, PORT, HOST, *:PORT or fd:N; a missing part is 127.0.0.1 or 8082";

/// An address.
#[derive(Args, Clone, Debug, Default)]
pub struct AddressArgs {
    /// The address in one word, or the host where a second one follows.
    #[arg(value_name = "ADDR", help = ADDR)]
    pub addr: Option<String>,
    /// The port, where ADDR is a host alone
    #[arg(value_name = "PORT")]
    pub second: Option<String>,
    /// The host, instead of ADDR
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
    /// The port, instead of ADDR
    #[arg(long, value_name = "PORT")]
    pub port: Option<String>,
    #[command(flatten)]
    family: FamilyArgs,
}

impl FamilyArgs {
    /// The family that was asked for; `None` for either.
    pub fn family(self) -> Option<Family> {
        match (self.ipv4, self.ipv6) {
            (true, _) => Some(Family::Inet),
            (_, true) => Some(Family::Inet6),
            _ => None,
        }
    }
}

impl AddressArgs {
    /// The table that help, manual and README share.
    pub const FORMS: &[(&str, &str)] = &[
        (
            "HOST:PORT, [V6]:PORT, [V6%ZONE]:PORT",
            "as it says; a service name of services(5) is a port too",
        ),
        ("PORT", "127.0.0.1:PORT"),
        (
            ":PORT, *:PORT",
            "listen on every interface, IPv4 and IPv6 together",
        ),
        ("0.0.0.0:PORT, [::]:PORT", "IPv4 only, IPv6 only"),
        ("HOST", "HOST:8082"),
        ("HOST:22,80,8000-8010", "with --probe: several ports"),
        ("port 0", "the kernel chooses; the real one is announced"),
        (
            "/path, ./path, @name",
            "unix: a path of at most 107 bytes, an abstract name",
        ),
        (
            "fd:N, fd:systemd",
            "an inherited descriptor, those of LISTEN_FDS",
        ),
    ];

    /// The family that was asked for; `None` for either.
    pub fn family(&self) -> Option<Family> {
        self.family.family()
    }

    /// The host that was typed, in whichever form, and its ports, of which there may be many.
    pub fn ports(&self) -> Result<Ports, EndpointError> {
        combine_ports(
            self.addr.as_deref(),
            self.second.as_deref(),
            self.host.as_deref(),
            self.port.as_deref(),
        )
    }

    /// The address that was typed, in whichever form.
    pub fn endpoint(&self) -> Result<Endpoint, EndpointError> {
        combine(
            self.addr.as_deref(),
            self.second.as_deref(),
            self.host.as_deref(),
            self.port.as_deref(),
        )
    }
}

/// One word, two words, `--host` and `--port`, or a word with the flag for what it leaves open.
pub fn combine(
    addr: Option<&str>,
    second: Option<&str>,
    host: Option<&str>,
    port: Option<&str>,
) -> Result<Endpoint, EndpointError> {
    if let (Some(first), Some(second)) = (addr, second) {
        let ported = matches!(
            Endpoint::parse(first),
            Ok(Endpoint::Network(HostPort { port: Some(_), .. }))
        );
        if host.is_some() || port.is_some() || ported {
            return Err(twice());
        }
        return Endpoint::parse_apart(Some(first), Some(second));
    }
    let Some(word) = addr else {
        return Endpoint::parse_apart(host, port);
    };
    match (Endpoint::parse(word)?, host, port) {
        (typed, None, None) => Ok(typed),
        (
            Endpoint::Network(HostPort {
                host: Host::Default,
                port: Some(number),
            }),
            Some(host),
            None,
        ) => {
            let Endpoint::Network(HostPort { host, .. }) = Endpoint::parse_apart(Some(host), None)?
            else {
                return Err(twice());
            };
            Ok(Endpoint::Network(HostPort {
                host,
                port: Some(number),
            }))
        }
        (Endpoint::Network(HostPort { host, port: None }), None, Some(port)) => {
            let port: Option<Port> = match Endpoint::parse_apart(None, Some(port))? {
                Endpoint::Network(network) => network.port,
                Endpoint::Inherited(_) => None,
            };
            Ok(Endpoint::Network(HostPort { host, port }))
        }
        _ => Err(twice()),
    }
}

fn twice() -> EndpointError {
    EndpointError {
        why: "a part of the address is given twice".to_owned(),
        hint: Some("HOST:PORT, or HOST PORT, or --host HOST --port PORT".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_means_the_same() {
        let shown = |addr, second, host, port| {
            combine(addr, second, host, port).map(|endpoint| endpoint.to_string())
        };
        let meant = Ok("::1".to_owned()).map(|host| format!("[{host}]:80"));
        assert_eq!(shown(Some("[::1]:80"), None, None, None), meant);
        assert_eq!(shown(Some("::1"), Some("80"), None, None), meant);
        assert_eq!(shown(None, None, Some("::1"), Some("80")), meant);
        assert_eq!(shown(Some("80"), None, Some("::1"), None), meant);
        assert_eq!(shown(Some("[::1]"), None, None, Some("80")), meant);
        assert_eq!(
            shown(None, None, None, None),
            Ok("127.0.0.1:8082".to_owned())
        );
        assert!(shown(Some("h:1"), None, None, Some("2")).is_err());
        assert!(shown(Some("h:1"), Some("2"), None, None).is_err());
        assert!(shown(Some("80"), Some("81"), None, None).is_err());
        assert!(shown(Some("h:1"), None, Some("g"), None).is_err());
    }
}
