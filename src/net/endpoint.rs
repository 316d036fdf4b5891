//! What a person types for an address, parsed but not yet resolved: `HOST:PORT`, `[V6%ZONE]:PORT`, `PORT`, `fd:N`.
//!
//! Parsing makes no call: a service name or a zone is looked up when the endpoint is resolved.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// The port of the tutorial, used where none is typed.
pub const DEFAULT_PORT: u16 = 8082;

/// Where to connect to, listen on or send to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A host and a port.
    Network(HostPort),
    /// An inherited descriptor (fromfd).
    Inherited(Descriptor),
}

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPort {
    /// The host.
    pub host: Host,
    /// The port; `None` where none was typed.
    pub port: Option<Port>,
}

/// A host as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// `*` or nothing before the colon: every interface, IPv4 and IPv6 together.
    Any,
    /// None was typed: the tutorial's 127.0.0.1.
    Default,
    /// An address, with the zone of a link-local one (a name or an index).
    Literal(IpAddr, Option<String>),
    /// A name for the resolver.
    Name(String),
}

/// A port as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Port {
    /// 0 to 65535; 0 lets the kernel choose.
    Number(u16),
    /// A name of services(5).
    Service(String),
}

/// A descriptor that the process was started with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Descriptor {
    /// `fd:N`.
    Number(i32),
    /// `fd:systemd`: the first of LISTEN_FDS, sd_listen_fds(3).
    Systemd,
}

/// A word that is no address, why, and how it may have been meant.
#[derive(Debug, PartialEq, Eq)]
pub struct EndpointError {
    /// The sentence.
    pub why: String,
    /// What to write instead, if that can be guessed.
    pub hint: Option<String>,
}

impl Port {
    /// Parse a number or a service's name.
    pub fn parse(word: &str) -> Result<Self, EndpointError> {
        parse_port(word)
    }
}

impl Endpoint {
    /// Parse one word.
    pub fn parse(word: &str) -> Result<Self, EndpointError> {
        match word.strip_prefix("fd:") {
            Some(descriptor) => parse_descriptor(descriptor).map(Self::Inherited),
            None => parse_host_port(word).map(Self::Network),
        }
    }

    /// Parse a host and a port that stand apart: two words, or `--host` and `--port`.
    pub fn parse_apart(host: Option<&str>, port: Option<&str>) -> Result<Self, EndpointError> {
        let host = host.map_or(Ok(Host::Default), parse_host_apart)?;
        let port = port.map(parse_port).transpose()?;
        Ok(Self::Network(HostPort { host, port }))
    }
}

fn parse_descriptor(word: &str) -> Result<Descriptor, EndpointError> {
    if word == "systemd" {
        return Ok(Descriptor::Systemd);
    }
    match word.parse::<i32>() {
        Ok(number) if number >= 0 => Ok(Descriptor::Number(number)),
        _ => Err(error(
            format!("`fd:{word}` names no descriptor"),
            "fd:3 or fd:systemd",
        )),
    }
}

fn parse_host_port(word: &str) -> Result<HostPort, EndpointError> {
    if let Some(rest) = word.strip_prefix('[') {
        return parse_bracketed(word, rest);
    }
    if word.contains("://") {
        return Err(error(
            format!("`{word}` is a URL"),
            "HOST:PORT, without scheme and path",
        ));
    }
    if word.matches(':').count() > 1 {
        return Err(unbracketed(word));
    }
    match word.split_once(':') {
        Some((host, port)) => {
            let host = if host.is_empty() {
                Host::Any
            } else {
                parse_host(host)?
            };
            Ok(HostPort {
                host,
                port: Some(parse_port(port)?),
            })
        }
        None if word.starts_with(|c: char| c.is_ascii_digit()) && !word.contains('.') => {
            Ok(HostPort {
                host: Host::Default,
                port: Some(parse_port(word)?),
            })
        }
        None => Ok(HostPort {
            host: parse_host(word)?,
            port: None,
        }),
    }
}

/// `[V6]`, `[V6]:PORT`, `[V6%ZONE]:PORT`; `rest` is the word without its bracket.
fn parse_bracketed(word: &str, rest: &str) -> Result<HostPort, EndpointError> {
    let Some((inside, after)) = rest.split_once(']') else {
        return Err(error(
            format!("`{word}` has no closing bracket"),
            "[::1]:80",
        ));
    };
    let host = match parse_host(inside)? {
        host @ Host::Literal(IpAddr::V6(_), _) => host,
        _ => {
            return Err(error(
                format!("`{inside}` in brackets is no IPv6 address"),
                "[::1]:80",
            ));
        }
    };
    let port = match (after, after.strip_prefix(':')) {
        ("", _) => None,
        (_, Some(port)) => Some(parse_port(port)?),
        _ => {
            return Err(error(
                format!("`{after}` after the bracket"),
                format!("[{inside}]:80"),
            ));
        }
    };
    Ok(HostPort { host, port })
}

fn unbracketed(word: &str) -> EndpointError {
    let (head, port) = word.rsplit_once(':').unwrap_or((word, ""));
    let address = head.split('%').next().unwrap_or(head);
    let hint = match (address.parse::<Ipv6Addr>(), port.parse::<u16>()) {
        (Ok(_), Ok(_)) => format!("[{head}]:{port}"),
        _ if word.parse::<Ipv6Addr>().is_ok() => format!("[{word}]:{DEFAULT_PORT}"),
        _ => "HOST:PORT or [V6]:PORT".to_owned(),
    };
    error(
        format!("`{word}` has more than one colon: where does the port begin?"),
        hint,
    )
}

/// A host that stands alone needs no brackets, but may have them.
fn parse_host_apart(word: &str) -> Result<Host, EndpointError> {
    let inside = word
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    match inside.map(parse_literal) {
        Some(Ok(Some(literal @ Host::Literal(IpAddr::V6(_), _)))) => Ok(literal),
        _ => parse_host(word),
    }
}

fn parse_host(word: &str) -> Result<Host, EndpointError> {
    if word == "*" {
        return Ok(Host::Any);
    }
    if let Some(literal) = parse_literal(word)? {
        return Ok(literal);
    }
    if word.contains('/') {
        let hint = "a local socket is reached with `sockkit unix`, a host has no slash";
        return Err(error(format!("`{word}` is a path"), hint));
    }
    let harmless = |c: char| !c.is_whitespace() && !c.is_control() && !matches!(c, ':' | '[' | ']');
    if word.is_empty() || !word.chars().all(harmless) || word.starts_with('-') || word.len() > 253 {
        let why = format!("`{}` is no host name", word.escape_debug());
        return Err(error(why, "a name, 127.0.0.1 or [::1]"));
    }
    Ok(Host::Name(word.to_owned()))
}

fn parse_literal(word: &str) -> Result<Option<Host>, EndpointError> {
    let (address, zone) = match word.split_once('%') {
        Some((address, zone)) => (address, Some(zone)),
        None => (word, None),
    };
    match (address.parse::<IpAddr>(), zone) {
        (Ok(ip), None) => Ok(Some(Host::Literal(ip, None))),
        (Ok(IpAddr::V6(ip)), Some(zone)) if !zone.is_empty() => {
            Ok(Some(Host::Literal(ip.into(), Some(zone.to_owned()))))
        }
        (Ok(ip), Some(zone)) => {
            let why = format!("`%{zone}` after {ip}");
            Err(error(
                why,
                "a zone stands after an IPv6 address: fe80::1%eth0",
            ))
        }
        (Err(_), Some(_)) => Err(error(
            format!("`{word}` is no address with a zone"),
            "fe80::1%eth0",
        )),
        (Err(_), None) => Ok(None),
    }
}

fn parse_port(word: &str) -> Result<Port, EndpointError> {
    let ports = "a port is a number from 0 to 65535 or a service name like http";
    if word.is_empty() {
        return Err(error("the port is empty".to_owned(), ports));
    }
    if word.bytes().all(|byte| byte.is_ascii_digit()) {
        let number = word
            .parse()
            .map_err(|_| error(format!("port {word} is out of range"), ports))?;
        return Ok(Port::Number(number));
    }
    // RFC 6335, section 5.1, and the underscore that services(5) has in practice.
    let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+');
    if word.starts_with(|c: char| c.is_ascii_alphabetic()) && word.chars().all(name) {
        return Ok(Port::Service(word.to_owned()));
    }
    let hint = if is_list(word) {
        "several ports are probed: `sockkit tcp connect --probe HOST:22,80,8000-8010`"
    } else {
        ports
    };
    Err(error(format!("`{}` is no port", word.escape_debug()), hint))
}

/// Whether a word looks like several ports: `22,80`, `20-30`.
fn is_list(word: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric();
    word.starts_with(is_plain)
        && word.ends_with(is_plain)
        && word.contains([',', '-'])
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, ',' | '-'))
}

fn error(why: String, hint: impl Into<String>) -> EndpointError {
    EndpointError {
        why,
        hint: Some(hint.into()),
    }
}

impl HostPort {
    /// Whether the host is an address in itself, so that nothing has to be looked up.
    pub fn is_literal(&self) -> bool {
        !matches!(self.host, Host::Name(_))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(network) => network.fmt(f),
            Self::Inherited(Descriptor::Number(number)) => write!(f, "fd:{number}"),
            Self::Inherited(Descriptor::Systemd) => f.write_str("fd:systemd"),
        }
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Any => f.write_str("*")?,
            Host::Default => f.write_str("127.0.0.1")?,
            Host::Literal(IpAddr::V6(ip), Some(zone)) => write!(f, "[{ip}%{zone}]")?,
            Host::Literal(IpAddr::V6(ip), None) => write!(f, "[{ip}]")?,
            Host::Literal(ip, _) => ip.fmt(f)?,
            Host::Name(name) => f.write_str(name)?,
        }
        match &self.port {
            Some(Port::Number(number)) => write!(f, ":{number}"),
            Some(Port::Service(name)) => write!(f, ":{name}"),
            None => write!(f, ":{DEFAULT_PORT}"),
        }
    }
}

impl fmt::Display for EndpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for EndpointError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn forms() {
        for (word, meant) in [
            ("example.org:80", "example.org:80"),
            ("127.0.0.1:80", "127.0.0.1:80"),
            ("[::1]:80", "[::1]:80"),
            ("[fe80::1%eth0]:80", "[fe80::1%eth0]:80"),
            ("[::1]", "[::1]:8082"),
            ("9000", "127.0.0.1:9000"),
            ("0", "127.0.0.1:0"),
            (":80", "*:80"),
            ("*:80", "*:80"),
            ("*", "*:8082"),
            ("0.0.0.0:80", "0.0.0.0:80"),
            ("[::]:80", "[::]:80"),
            ("localhost", "localhost:8082"),
            ("10.0.0.1", "10.0.0.1:8082"),
            ("localhost:http", "localhost:http"),
            ("fd:3", "fd:3"),
            ("fd:systemd", "fd:systemd"),
        ] {
            assert_eq!(
                Endpoint::parse(word).map(|e| e.to_string()),
                Ok(meant.to_owned()),
                "{word}"
            );
        }
    }

    #[test]
    fn bad_forms_have_hints() {
        for (word, hint) in [
            ("::1:80", "[::1]:80"),
            ("::1", "[::1]:8082"),
            ("fe80::1%eth0:80", "[fe80::1%eth0]:80"),
            ("h:65536", "0 to 65535"),
            ("65536", "0 to 65535"),
            ("80x", "0 to 65535"),
            ("h:", "0 to 65535"),
            ("h:80x", "0 to 65535"),
            ("h:-1", "0 to 65535"),
            ("h:20-30", "--probe"),
            ("h:22,http", "--probe"),
            ("20-30", "--probe"),
            ("", "127.0.0.1"),
            ("[::1", "[::1]:80"),
            ("[::1]80", "[::1]:80"),
            ("[127.0.0.1]:80", "[::1]:80"),
            ("127.0.0.1%eth0:80", "fe80::1%eth0"),
            ("http://h:80", "HOST:PORT"),
            ("https://h", "without scheme"),
            ("/tmp/x.sock", "sockkit unix"),
            ("two words:80", "a name"),
            ("fd:x", "fd:3"),
            ("fd:-1", "fd:3"),
        ] {
            let hint_given = Endpoint::parse(word).unwrap_err().hint.unwrap();
            assert!(hint_given.contains(hint), "{word}: {hint_given}");
        }
    }

    #[test]
    fn words_apart() {
        let apart = |host, port| Endpoint::parse_apart(host, port).map(|e| e.to_string());
        assert_eq!(apart(Some("::1"), Some("80")).unwrap(), "[::1]:80");
        assert_eq!(
            apart(Some("fe80::1%lo"), None).unwrap(),
            "[fe80::1%lo]:8082"
        );
        assert_eq!(apart(Some("[::1]"), Some("80")).unwrap(), "[::1]:80");
        assert_eq!(apart(None, Some("http")).unwrap(), "127.0.0.1:http");
        assert_eq!(apart(Some("*"), Some("0")).unwrap(), "*:0");
        assert!(apart(Some("h:1"), Some("80")).is_err());
    }

    proptest! {
        #[test]
        fn any_word_is_taken_or_refused(word in "\\PC*") {
            let _ = Endpoint::parse(&word);
        }

        #[test]
        fn what_is_shown_parses_again(port: u16, ip: std::net::IpAddr) {
            let shown = std::net::SocketAddr::new(ip, port).to_string();
            prop_assert_eq!(Endpoint::parse(&shown).unwrap().to_string(), shown);
        }
    }
}
