//! Names and addresses: getaddrinfo, getnameinfo, gethostbyname, gethostbyaddr, getfqdn, each told.

use std::ffi::CString;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use libc::c_int;

use super::address::Address;
use super::endpoint::{DEFAULT_PORT, Host, HostPort, Port};
use super::explain::{Explain, Outcome, Refusal, Told};
use super::family::{Family, Kind};
use super::interface::index_of_interface;
use super::sys;

/// Looks names up, and tells it.
#[derive(Clone, Debug, Default)]
pub struct Resolver {
    explain: Explain,
}

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// The name that the resolver holds for the right one; `None` when it said none.
    pub canonical: Option<String>,
    /// Other names; only gethostbyname and gethostbyaddr have them.
    pub aliases: Vec<String>,
    /// The addresses, in the resolver's order, each once. The port is 0 where no service was asked for.
    pub addresses: Vec<SocketAddr>,
}

/// A name without an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameError {
    /// What was looked up.
    pub name: String,
    /// `EAI_NONAME`, `HOST_NOT_FOUND`.
    pub symbol: &'static str,
    /// The C library's text for it.
    pub text: &'static str,
    /// Whether the failure is ours (no memory, a wrong hint) rather than the network's answer.
    pub trouble: bool,
    /// What to write instead, if that can be said.
    pub hint: Option<&'static str>,
}

impl Resolver {
    /// A resolver that tells its calls.
    pub fn new(explain: &Explain) -> Self {
        Self {
            explain: explain.clone(),
        }
    }

    /// getaddrinfo(3) for `name`, one result per address; `service` is a port number or a name of services(5).
    pub fn getaddrinfo(
        &self,
        name: &str,
        service: Option<&Port>,
        family: Option<Family>,
        kind: Kind,
        canonical: bool,
    ) -> Result<Names, NameError> {
        let text = service.map(|port| match port {
            Port::Number(number) => number.to_string(),
            Port::Service(service) => service.clone(),
        });
        let numeric = matches!(service, Some(Port::Number(_)));
        let flags = if canonical { libc::AI_CANONNAME } else { 0 }
            | if numeric { libc::AI_NUMERICSERV } else { 0 };
        let hints = [
            flags,
            family.map_or(libc::AF_UNSPEC, Family::number),
            kind.number(),
        ];
        let outcome = match (
            CString::new(name),
            text.clone().map(CString::new).transpose(),
        ) {
            (Ok(host), Ok(service)) => sys::getaddrinfo(&host, service.as_deref(), hints),
            _ => Err(libc::EAI_NONAME),
        };
        let outcome = outcome.map(|found| {
            let canonical = found.iter().find_map(|one| one.canonical.clone());
            Names {
                canonical,
                aliases: Vec::new(),
                addresses: once_each(found.into_iter().map(|one| one.address)),
            }
        });
        let asked = || {
            format!(
                "{name:?}, {}",
                text.as_ref()
                    .map_or_else(|| "NULL".to_owned(), |text| format!("{text:?}"))
            )
        };
        let blamed = |code| match &text {
            Some(text) if code == libc::EAI_SERVICE => format!("{name}:{text}"),
            _ => name.to_owned(),
        };
        self.answer("getaddrinfo", asked, outcome)
            .map_err(|code| gai_error(blamed(code), code))
    }

    /// The addresses that an endpoint stands for; a literal needs no look-up, a service name does.
    pub fn addresses(
        &self,
        endpoint: &HostPort,
        family: Option<Family>,
        kind: Kind,
    ) -> Result<Vec<SocketAddr>, NameError> {
        let port = endpoint.port.clone().unwrap_or(Port::Number(DEFAULT_PORT));
        let (ip, zone) = match &endpoint.host {
            Host::Name(name) => {
                return self
                    .getaddrinfo(name, Some(&port), family, kind, false)
                    .map(|names| names.addresses);
            }
            Host::Literal(ip, zone) => (*ip, zone.as_deref()),
            Host::Any if family == Some(Family::Inet) => (Ipv4Addr::UNSPECIFIED.into(), None),
            Host::Any => (Ipv6Addr::UNSPECIFIED.into(), None),
            Host::Default if family == Some(Family::Inet6) => (Ipv6Addr::LOCALHOST.into(), None),
            Host::Default => (Ipv4Addr::LOCALHOST.into(), None),
        };
        let spoken = if ip.is_ipv4() {
            Family::Inet
        } else {
            Family::Inet6
        };
        if family.is_some_and(|wanted| wanted != spoken) {
            return Err(mismatch(ip, spoken));
        }
        let number = match &port {
            Port::Number(number) => *number,
            Port::Service(service) => self.port_of(service, kind)?,
        };
        with_zone(ip, number, zone).map(|address| vec![address])
    }

    /// The port of a service of services(5) for a socket type.
    pub fn port_of(&self, service: &str, kind: Kind) -> Result<u16, NameError> {
        let service = Port::Service(service.to_owned());
        let names = self.getaddrinfo("127.0.0.1", Some(&service), Some(Family::Inet), kind, false);
        let unknown = |error: NameError| NameError {
            name: match &service {
                Port::Service(name) => format!("service {name}"),
                Port::Number(number) => number.to_string(),
            },
            ..error
        };
        names
            .map_err(unknown)
            .map(|names| names.addresses.first().map_or(0, SocketAddr::port))
    }

    /// getnameinfo(3): the name that services(5) has for a TCP port; `None` where it has none.
    pub fn service_of(&self, port: u16) -> Option<String> {
        let address = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port);
        let outcome = sys::getnameinfo(address, libc::NI_NUMERICHOST);
        let outcome = outcome.map(|(host, service)| Pair { host, service });
        let pair = self.answer("getnameinfo", || address.to_string(), outcome);
        let service = pair.ok()?.service;
        (service.parse::<u16>().is_err() && !service.is_empty()).then_some(service)
    }

    /// gethostbyname(3), IPv4 only as the function is: dotted forms and octal parts included.
    pub fn gethostbyname(&self, name: &str) -> Result<Names, NameError> {
        let outcome = CString::new(name)
            .map_err(|_| 1)
            .and_then(|name| sys::gethostbyname(&name))
            .map(to_names);
        self.answer("gethostbyname", || format!("{name:?}"), outcome)
            .map_err(|code| host_error(name, code))
    }

    /// gethostbyaddr(3): the names of an address.
    pub fn gethostbyaddr(&self, ip: IpAddr) -> Result<Names, NameError> {
        let outcome = sys::gethostbyaddr(ip).map(to_names);
        self.answer("gethostbyaddr", || ip.to_string(), outcome)
            .map_err(|code| host_error(&ip.to_string(), code))
    }

    /// getnameinfo(3): the host's and the service's name; an address without a name is an error.
    pub fn getnameinfo(&self, address: SocketAddr) -> Result<(String, String), NameError> {
        let outcome = sys::getnameinfo(address, libc::NI_NAMEREQD);
        let outcome = outcome.map(|(host, service)| Pair { host, service });
        let pair = self.answer("getnameinfo", || address.to_string(), outcome);
        pair.map(|pair| (pair.host, pair.service))
            .map_err(|code| gai_error(Address::from(address).host(), code))
    }

    /// gethostname(2); an empty name where the host has none that is text.
    pub fn gethostname(&self) -> String {
        let host = nix::unistd::gethostname()
            .ok()
            .and_then(|name| name.into_string().ok())
            .unwrap_or_default();
        self.explain.tell(|| Told {
            call: "gethostname",
            arguments: String::new(),
            result: Ok(0),
            note: Some(format!("{host:?}")),
        });
        host
    }

    /// Python's `socket.getfqdn`: the first name of the host that has a dot, else the host's own name, else `name`.
    /// Python encodes what it looks up (IDNA 2003), and refuses what it cannot encode: an empty label, one of 64 bytes.
    /// Here names are looked up as they are, and one that cannot be is its own answer.
    pub fn getfqdn(&self, name: &str) -> String {
        // What Python's str.strip() takes: White_Space, and the four separators of the bidirectional types B and S.
        let trimmed =
            name.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\x1c'..='\x1f'));
        let name = match trimmed {
            "" | "0.0.0.0" | "::" => self.gethostname(),
            _ => trimmed.to_owned(),
        };
        match self.names_of_host(&name) {
            Ok(Names {
                canonical: Some(host),
                aliases,
                ..
            }) => {
                let dotted = std::iter::once(&host)
                    .chain(&aliases)
                    .find(|name| name.contains('.'))
                    .cloned();
                dotted.unwrap_or(host)
            }
            _ => name,
        }
    }

    /// Python's `socket.gethostbyaddr`: the first address of the name, then that address's names.
    fn names_of_host(&self, name: &str) -> Result<Names, NameError> {
        if let Some(ip) = literal(name) {
            return self.gethostbyaddr(ip);
        }
        let names = self.getaddrinfo(name, None, None, Kind::Dgram, false)?;
        match names.addresses.first() {
            Some(first) => self.gethostbyaddr(first.ip()),
            None => Err(host_error(name, 1)),
        }
    }

    fn answer<T: Outcome>(
        &self,
        call: &'static str,
        arguments: impl FnOnce() -> String,
        outcome: Result<T, c_int>,
    ) -> Result<T, c_int> {
        self.explain.tell(|| {
            let refused = |code: &c_int| {
                let number = i64::from(*code);
                let (symbol, text, _) = if *code < 0 {
                    gai_words(*code)
                } else {
                    host_words(*code)
                };
                Refusal {
                    number,
                    symbol,
                    text: text.to_owned(),
                }
            };
            let result = outcome.as_ref().map(Outcome::number).map_err(refused);
            Told {
                call,
                arguments: arguments(),
                result,
                note: outcome.as_ref().ok().and_then(Outcome::note),
            }
        });
        outcome
    }
}

/// What Python takes for an address without asking the resolver.
fn literal(name: &str) -> Option<IpAddr> {
    match name {
        "<broadcast>" => Some(Ipv4Addr::BROADCAST.into()),
        name => name.parse().ok(),
    }
}

struct Pair {
    host: String,
    service: String,
}

impl Outcome for Pair {
    fn note(&self) -> Option<String> {
        Some(format!("[{} {}]", self.host, self.service))
    }
}

impl Outcome for Names {
    fn note(&self) -> Option<String> {
        let show = |address: &SocketAddr| match address.port() {
            0 => address.ip().to_string(),
            _ => address.to_string(),
        };
        let names = self.canonical.iter().chain(&self.aliases).cloned();
        let all: Vec<String> = names.chain(self.addresses.iter().map(show)).collect();
        Some(format!("[{}]", all.join(" ")))
    }
}

fn once_each(addresses: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let mut seen = Vec::new();
    for address in addresses {
        if !seen.contains(&address) {
            seen.push(address);
        }
    }
    seen
}

fn to_names(host: sys::HostNames) -> Names {
    let ip = |octets: &Vec<u8>| {
        let v4 = <[u8; 4]>::try_from(octets.as_slice()).map(IpAddr::from);
        v4.or_else(|_| <[u8; 16]>::try_from(octets.as_slice()).map(IpAddr::from))
            .ok()
    };
    let addresses = host
        .addresses
        .iter()
        .filter_map(ip)
        .map(|ip| SocketAddr::new(ip, 0));
    Names {
        canonical: Some(host.name),
        aliases: host.aliases,
        addresses: once_each(addresses),
    }
}

fn with_zone(ip: IpAddr, port: u16, zone: Option<&str>) -> Result<SocketAddr, NameError> {
    let (IpAddr::V6(v6), Some(zone)) = (ip, zone) else {
        return Ok(SocketAddr::new(ip, port));
    };
    let unknown = || NameError {
        name: format!("{ip}%{zone}"),
        symbol: "EAI_NONAME",
        text: "no such interface",
        trouble: true,
        hint: Some("the zone after % is an interface of this host: `ip link` lists them"),
    };
    let scope = index_of_interface(zone).ok_or_else(unknown)?;
    Ok(std::net::SocketAddrV6::new(v6, port, 0, scope).into())
}

fn mismatch(ip: IpAddr, spoken: Family) -> NameError {
    NameError {
        name: ip.to_string(),
        symbol: "EAI_ADDRFAMILY",
        text: "the address is of the other family",
        trouble: true,
        hint: Some(if spoken == Family::Inet {
            "this is IPv4: leave out -6"
        } else {
            "this is IPv6: leave out -4"
        }),
    }
}

fn gai_error(name: String, code: c_int) -> NameError {
    let (symbol, text, trouble) = gai_words(code);
    let hint = match code {
        libc::EAI_SERVICE => Some("services(5) does not know it: write the port's number"),
        libc::EAI_AGAIN => Some("the name server did not answer: see /etc/resolv.conf"),
        _ => None,
    };
    NameError {
        name,
        symbol,
        text,
        trouble,
        hint,
    }
}

fn host_error(name: &str, code: c_int) -> NameError {
    let (symbol, text, trouble) = host_words(code);
    NameError {
        name: name.to_owned(),
        symbol,
        text,
        trouble,
        hint: None,
    }
}

/// The symbols of getaddrinfo(3), the texts of gai_strerror(3), and whether the failure is ours.
fn gai_words(code: c_int) -> (&'static str, &'static str, bool) {
    match code {
        libc::EAI_NONAME => ("EAI_NONAME", "name or service not known", false),
        libc::EAI_AGAIN => ("EAI_AGAIN", "temporary failure in name resolution", false),
        libc::EAI_FAIL => (
            "EAI_FAIL",
            "non-recoverable failure in name resolution",
            false,
        ),
        libc::EAI_NODATA => ("EAI_NODATA", "no address associated with hostname", false),
        -9 => (
            "EAI_ADDRFAMILY",
            "address family for hostname not supported",
            false,
        ),
        libc::EAI_SERVICE => (
            "EAI_SERVICE",
            "servname not supported for ai_socktype",
            true,
        ),
        libc::EAI_FAMILY => ("EAI_FAMILY", "ai_family not supported", true),
        libc::EAI_SOCKTYPE => ("EAI_SOCKTYPE", "ai_socktype not supported", true),
        libc::EAI_MEMORY => ("EAI_MEMORY", "memory allocation failure", true),
        libc::EAI_SYSTEM => ("EAI_SYSTEM", "system error", true),
        libc::EAI_OVERFLOW => ("EAI_OVERFLOW", "the name is too long", true),
        _ => ("EAI_UNKNOWN", "unknown error of the resolver", true),
    }
}

/// The symbols of gethostbyname(3), and whether the failure is ours.
fn host_words(code: c_int) -> (&'static str, &'static str, bool) {
    match code {
        1 => ("HOST_NOT_FOUND", "host not found", false),
        2 => ("TRY_AGAIN", "temporary failure in name resolution", false),
        4 => ("NO_DATA", "no address associated with name", false),
        _ => (
            "NO_RECOVERY",
            "non-recoverable failure in name resolution",
            true,
        ),
    }
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.name.as_str() {
            "" => "the empty name".to_owned(),
            name => name.escape_debug().to_string(),
        };
        write!(f, "resolve {name}: {} ({})", self.text, self.symbol)
    }
}

impl std::error::Error for NameError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(word: &str, family: Option<Family>) -> Result<Vec<SocketAddr>, NameError> {
        let super::super::Endpoint::Network(network) = super::super::Endpoint::parse(word).unwrap()
        else {
            panic!("{word}")
        };
        Resolver::default().addresses(&network, family, Kind::Stream)
    }

    #[test]
    fn literals_need_no_lookup() {
        assert_eq!(
            addresses("9000", None).unwrap(),
            ["127.0.0.1:9000".parse().unwrap()]
        );
        assert_eq!(
            addresses("9000", Some(Family::Inet6)).unwrap(),
            ["[::1]:9000".parse().unwrap()]
        );
        assert_eq!(
            addresses("*:80", None).unwrap(),
            ["[::]:80".parse().unwrap()]
        );
        assert_eq!(
            addresses("[::1]:http", None).unwrap(),
            ["[::1]:80".parse().unwrap()]
        );
        assert_eq!(
            addresses("127.0.0.1:80", Some(Family::Inet6))
                .unwrap_err()
                .symbol,
            "EAI_ADDRFAMILY"
        );
    }

    #[test]
    fn zones_are_interfaces() {
        assert_eq!(
            addresses("[fe80::1%lo]:80", None).unwrap()[0].to_string(),
            "[fe80::1%1]:80"
        );
        assert!(
            addresses("[fe80::1%nosuch0]:80", None)
                .unwrap_err()
                .hint
                .is_some()
        );
    }

    #[test]
    fn an_unknown_service_says_so() {
        let error = addresses("127.0.0.1:nosuchservice", None).unwrap_err();
        assert!(
            error.to_string().contains("service nosuchservice"),
            "{error}"
        );
    }

    #[test]
    fn octal_parts_are_octal_as_in_the_function() {
        let names = Resolver::default().gethostbyname("010.0.0.1").unwrap();
        assert_eq!(names.addresses[0].ip().to_string(), "8.0.0.1");
    }
}
