//! Proxies: URLs as they are typed, and who asks them. What is wrong is said without what was written: it may hold a
//! password.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};

use clap::Args;
use percent_encoding::percent_decode_str;

use crate::net::{Endpoint, EndpointError, Host, HostPort, Port, reason};
use crate::wire::proxy::{Credentials, Speech};

/// Where `--proxy-auth` may stand too: what is typed is seen by everyone, ps(1).
pub const PROXY_AUTH: &str = "SOCKKIT_PROXY_AUTH";
/// More than any user and password have.
const LONGEST: u64 = 4096;

/// Its brackets would be links in a doc comment.
const PROXY: &str = "Connect through a proxy: http, socks4, socks4a, socks5 or socks5h://[USER:PASSWORD@]HOST[:PORT]; repeatable, the nearest first";
const HEADING: &str = "Proxies";
const FORM: &str =
    "http://[USER:PASSWORD@]HOST[:PORT], or socks4, socks4a, socks5, socks5h in its place";
const KINDS: &str = "the kinds are http://, socks4://, socks4a://, socks5:// and socks5h://";
const AUTH_FORM: &str = "USER:PASSWORD, or @FILE with such a line";

/// The proxies on the way.
#[derive(Args, Clone, Default)]
pub struct ProxyArgs {
    /// The URLs as they were typed.
    #[arg(long, value_name = "URL", help = PROXY, help_heading = HEADING)]
    proxy: Vec<String>,
    /// Who asks the proxies whose URL does not say: USER:PASSWORD, or @FILE with such a line; others cannot see SOCKKIT_PROXY_AUTH
    #[arg(long, value_name = "AUTH", requires = "proxy", help_heading = HEADING)]
    proxy_auth: Option<String>,
}

/// The kinds of proxies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Http,
    Socks4,
    Socks4a,
    Socks5,
    Socks5h,
}

/// A proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    scheme: Scheme,
    /// Where it listens; the port is there.
    pub at: HostPort,
    /// Who asks it; `None` for nobody in particular.
    pub credentials: Option<Credentials>,
}

impl ProxyArgs {
    /// Whether there are any.
    pub fn is_empty(&self) -> bool {
        self.proxy.is_empty()
    }

    /// The proxies, the nearest first, with the word that `environment` has for [`PROXY_AUTH`].
    pub fn parse(&self, environment: Option<String>) -> Result<Vec<Proxy>, EndpointError> {
        let proxies: Result<Vec<Proxy>, EndpointError> =
            self.proxy.iter().map(|url| Proxy::parse(url)).collect();
        let mut proxies = proxies?;
        let typed = self.proxy_auth.clone().map(|word| ("--proxy-auth", word));
        let word = typed.or_else(|| environment.map(|word| (PROXY_AUTH, word)));
        let Some((place, word)) = word.filter(|(_, word)| !proxies.is_empty() && !word.is_empty())
        else {
            return Ok(proxies);
        };
        let credentials = credentials(place, &word)?;
        for proxy in &mut proxies {
            proxy.credentials.get_or_insert_with(|| credentials.clone());
        }
        Ok(proxies)
    }
}

impl Proxy {
    /// How it is spoken to.
    pub fn speech(&self) -> Speech {
        match self.scheme {
            Scheme::Http => Speech::Http,
            Scheme::Socks4 | Scheme::Socks4a => Speech::Socks4,
            Scheme::Socks5 | Scheme::Socks5h => Speech::Socks5,
        }
    }

    /// Whether names are looked up before it is asked.
    pub fn takes_addresses(&self) -> bool {
        matches!(self.scheme, Scheme::Socks4 | Scheme::Socks5)
    }

    fn parse(url: &str) -> Result<Self, EndpointError> {
        let Some((scheme, rest)) = url.split_once("://") else {
            return Err(refused("--proxy: it is no URL", FORM));
        };
        let scheme = Scheme::of(scheme)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (who, place) = match rest.rsplit_once('@') {
            Some((who, place)) => (Some(who), place),
            None => (None, rest),
        };
        let credentials = who.map(|who| scheme.user(who)).transpose()?;
        let at = scheme.place(place)?;
        Ok(Self {
            scheme,
            at,
            credentials,
        })
    }
}

impl Scheme {
    fn of(word: &str) -> Result<Self, EndpointError> {
        Ok(match word.to_ascii_lowercase().as_str() {
            "http" => Self::Http,
            "socks4" => Self::Socks4,
            "socks4a" => Self::Socks4a,
            "socks5" => Self::Socks5,
            "socks5h" => Self::Socks5h,
            "https" => {
                let why = "--proxy: TLS to a proxy is not spoken here";
                return Err(refused(
                    why,
                    "http:// where the proxy is on this host or near",
                ));
            }
            _ => {
                // What is more than a word is not shown: it may hold a password.
                let is_name = word.bytes().all(|byte| byte.is_ascii_alphanumeric());
                let shown = if is_name { word } else { "..." };
                let why = format!("--proxy: `{shown}://` is no kind of proxy");
                return Err(refused(why, KINDS));
            }
        })
    }

    fn word(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Socks4 => "socks4",
            Self::Socks4a => "socks4a",
            Self::Socks5 => "socks5",
            Self::Socks5h => "socks5h",
        }
    }

    /// The ports that nc and ncat take.
    fn port(self) -> u16 {
        match self {
            Self::Http => 3128,
            _ => 1080,
        }
    }

    fn place(self, place: &str) -> Result<HostPort, EndpointError> {
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port)),
            _ => (place, None),
        };
        // Not shown: where the host was forgotten it is the password.
        let port = match port.map(str::parse) {
            None => self.port(),
            Some(Ok(port)) if port != 0 => port,
            Some(_) => return Err(refused("--proxy: its port is no number up to 65535", FORM)),
        };
        let is_bare = host.contains(':') && !host.starts_with('[');
        if is_bare || host.contains(['/', '?', '#']) {
            return Err(refused(
                "--proxy: a host and a port are all that it has",
                FORM,
            ));
        }
        match Endpoint::parse_apart(Some(host), None)? {
            Endpoint::Network(network) if network.host != Host::Any => Ok(HostPort {
                port: Some(Port::Number(port)),
                ..network
            }),
            _ => Err(refused("--proxy: it names no host", FORM)),
        }
    }

    /// `USER`, `USER:PASSWORD`, each percent-encoded where it has to be (RFC 3986, section 3.2.1).
    fn user(self, who: &str) -> Result<Credentials, EndpointError> {
        let decoded = |word: &str| {
            let decoded = percent_decode_str(word).decode_utf8();
            decoded.map(|word| word.into_owned()).map_err(|_| {
                refused(
                    "--proxy: the user or password is not UTF-8",
                    "percent-encoded, as %40 for @",
                )
            })
        };
        let (user, password) = who.split_once(':').unwrap_or((who, ""));
        let is_socks4 = matches!(self, Self::Socks4 | Self::Socks4a);
        if is_socks4 && !password.is_empty() {
            let why = "--proxy: SOCKS 4 has users, and no passwords";
            return Err(refused(why, "socks4://USER@HOST"));
        }
        checked("--proxy", decoded(user)?, decoded(password)?)
    }
}

/// A user and a password as they were typed, or as a file has them.
fn credentials(place: &str, word: &str) -> Result<Credentials, EndpointError> {
    let (place, pair) = match word.strip_prefix('@') {
        None => (place.to_owned(), word.to_owned()),
        Some(path) => {
            let place = format!("{place} @{path}");
            let text = read(path)
                .map_err(|error| refused(format!("{place}: {}", reason(&error)), AUTH_FORM))?;
            let mut lines = text.lines().filter(|line| !line.is_empty());
            match (lines.next(), lines.next()) {
                (Some(line), None) => (place, line.to_owned()),
                _ => {
                    let why = format!("{place}: it has not one line");
                    return Err(refused(why, AUTH_FORM));
                }
            }
        }
    };
    match pair.split_once(':') {
        Some((user, password)) => checked(&place, user.to_owned(), password.to_owned()),
        None => Err(refused(format!("{place}: it has no colon"), AUTH_FORM)),
    }
}

fn read(path: &str) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(LONGEST).read_to_string(&mut text)?;
    Ok(text)
}

/// A user has a name, and nothing that would end a line or divide a pair.
fn checked(place: &str, user: String, password: String) -> Result<Credentials, EndpointError> {
    let is_plain = |word: &str| !word.chars().any(char::is_control);
    if user.is_empty() || user.contains(':') || !is_plain(&user) || !is_plain(&password) {
        let why = format!("{place}: a user has a name without a colon, and no control characters");
        return Err(refused(why, AUTH_FORM));
    }
    Ok(Credentials { user, password })
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.word(), self.at)
    }
}

fn refused(why: impl Into<String>, hint: impl Into<String>) -> EndpointError {
    EndpointError {
        why: why.into(),
        hint: Some(hint.into()),
    }
}

/// Without what was typed.
impl fmt::Debug for ProxyArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProxyArgs({})", self.proxy.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str) -> Result<(String, Option<(String, String)>), EndpointError> {
        let proxy = Proxy::parse(url)?;
        let who = proxy.credentials.as_ref();
        let who = who.map(|who| (who.user.clone(), who.password.clone()));
        Ok((proxy.to_string(), who))
    }

    #[test]
    fn what_is_no_proxy_is_refused_without_being_shown() {
        for url in [
            "",
            "geheim",
            "geheim:3128",
            "https://u:geheim@h",
            "ftp://u:geheim@h",
            "http://",
            "http:///",
            "http://:3128",
            "http://*:3128",
            "http://u:geheim@",
            "http://:geheim@h",
            "http://u%3Av:geheim@h",
            "http://u:geheim%0a@h",
            "http://u:geheim%ff@h",
            "http://u:geheim@h:0x50",
            "http://u:geheim@h:65536",
            "http://u:geheim@h:",
            "http://u:geheim@::1",
            "http://u:geheim@[::1",
            "http://u:geheim",
            "http://u:geheim@h:0",
            "http://u:geheim@h/path",
            "http://u:geheim@h?query",
            "socks4://u:geheim@h",
            "socks5://u:geheim@h:1:2",
        ] {
            let error = parsed(url).unwrap_err();
            let said = format!("{error} {:?}", error.hint);
            assert!(!said.contains("geheim"), "{url}: {said}");
        }
    }

    #[test]
    fn urls() {
        let who = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        for (url, shown, credentials) in [
            ("http://h", "http://h:3128", None),
            ("HTTP://h:80/", "http://h:80", None),
            ("socks5h://h", "socks5h://h:1080", None),
            ("socks5://[::1]", "socks5://[::1]:1080", None),
            ("socks4a://[fe80::1%lo]:9", "socks4a://[fe80::1%lo]:9", None),
            ("socks4://u@h", "socks4://h:1080", who("u", "")),
            ("http://u:p@h:8080", "http://h:8080", who("u", "p")),
            ("http://u:a:b@h", "http://h:3128", who("u", "a:b")),
            ("http://u%40x:p%3A%2F@h", "http://h:3128", who("u@x", "p:/")),
            ("http://u:p@q@h", "http://h:3128", who("u", "p@q")),
        ] {
            assert_eq!(
                parsed(url).unwrap(),
                (shown.to_owned(), credentials),
                "{url}"
            );
        }
    }

    #[test]
    fn who_asks_comes_from_the_url_or_the_flag_or_the_environment() {
        let args = |proxies: &[&str], auth: Option<&str>| ProxyArgs {
            proxy: proxies.iter().map(|&url| url.to_owned()).collect(),
            proxy_auth: auth.map(str::to_owned),
        };
        let users = |args: ProxyArgs, environment: Option<&str>| -> Vec<String> {
            let proxies = args.parse(environment.map(str::to_owned)).unwrap();
            let user = |proxy: Proxy| proxy.credentials.map_or_else(String::new, |who| who.user);
            proxies.into_iter().map(user).collect()
        };
        let both = ["http://url:x@h", "socks5://h"];
        assert_eq!(users(args(&both, None), None), ["url", ""]);
        assert_eq!(
            users(args(&both, Some("flag:x")), Some("env:x")),
            ["url", "flag"]
        );
        assert_eq!(users(args(&both, None), Some("env:x")), ["url", "env"]);
        assert_eq!(users(args(&both, None), Some("")), ["url", ""]);
        // Nobody asks: whatever stands there is not looked at.
        assert_eq!(users(args(&[], None), Some("nonsense")), [""; 0]);
        for word in ["geheim", ":geheim", "u:geheim\n", "@/nonexistent"] {
            let error = args(&both, Some(word)).parse(None).unwrap_err();
            assert!(!error.to_string().contains("geheim"), "{error}");
        }
    }

    #[test]
    fn a_file_has_one_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("auth");
        for (text, user) in [
            ("ada:secret\n", Some("ada")),
            ("ada:secret", Some("ada")),
            ("\nada:secret\r\n\n", Some("ada")),
            ("", None),
            ("ada:secret\nbob:secret\n", None),
            ("ada", None),
        ] {
            std::fs::write(&file, text).unwrap();
            let read = credentials("--proxy-auth", &format!("@{}", file.display()));
            assert_eq!(read.ok().map(|who| who.user).as_deref(), user, "{text}");
        }
    }
}
