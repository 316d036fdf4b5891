//! What is said once the server listens: the URLs that lead to it, as text, as a QR code, and to the browser.

use std::fmt;
use std::io::{self, IsTerminal};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::slice;

use clap::Args;
use serde::{Serialize, Serializer};

use super::Desk;
use super::browser;
use crate::net::{Address, addresses_of_interfaces};
use crate::output::{Event, Listening, QrCode, Warning};

/// Ways to the server for people.
#[derive(Args, Debug)]
#[command(next_help_heading = "At the start")]
pub(super) struct AnnounceArgs {
    /// Show the URL as a QR code on stderr, for a telephone
    #[arg(long)]
    qr: bool,
    /// Open the URL in the browser: $BROWSER, or xdg-open
    #[arg(long)]
    open: bool,
}

impl AnnounceArgs {
    /// Open the browser, where that is wished for. The socket listens: what the browser asks waits in line for its answer.
    pub(super) fn open(
        &self,
        scheme: &str,
        at: (&[Address], bool),
        desk: &Desk,
    ) -> anyhow::Result<()> {
        if !self.open {
            return Ok(());
        }
        let opened = match urls(scheme, at, &addresses_of_interfaces()).first() {
            Some(url) => browser::open(url),
            None => Err("there is no URL for a local socket".to_owned()),
        };
        if let Err(why) = opened {
            let message = format!("--open: {why}");
            desk.output.tell(&Warning { message })?;
        }
        Ok(())
    }

    /// Say where it listens; and the URLs: to programs in the same event, to people at a terminal.
    pub(super) fn tell(
        &self,
        scheme: &str,
        (locals, everywhere): (&[Address], bool),
        desk: &Desk,
    ) -> anyhow::Result<()> {
        let style = desk.output.style();
        let is_asked = style.json || self.qr || style.verbose || io::stderr().is_terminal();
        let machine = match is_asked {
            true => addresses_of_interfaces(),
            false => Vec::new(),
        };
        for local in locals {
            let urls = urls(scheme, (slice::from_ref(local), everywhere), &machine);
            desk.output.tell(&Serving {
                local,
                everywhere,
                urls,
            })?;
        }
        let urls = urls(scheme, (locals, everywhere), &machine);
        let best = best(&urls).map(str::to_owned);
        if is_asked && !style.json && !urls.is_empty() {
            desk.output.tell(&Reachable { urls })?;
        }
        if let (true, Some(url)) = (self.qr, best) {
            let palette = style.palette;
            desk.output.tell(&QrCode { url, palette })?;
        }
        Ok(())
    }
}

/// The URLs of a server that listens on `locals`, on a machine that has `machine`: those for this machine first.
fn urls(scheme: &str, (locals, everywhere): (&[Address], bool), machine: &[IpAddr]) -> Vec<String> {
    let mut urls = Vec::new();
    for local in locals.iter().filter_map(Address::inet) {
        for ip in reached_by(local.ip(), everywhere, machine) {
            let url = match ip {
                // A zone has no place in a URL that another machine could use.
                IpAddr::V6(v6) if v6.is_unicast_link_local() => continue,
                ip => url(scheme, SocketAddr::new(ip, local.port())),
            };
            if !urls.contains(&url) {
                urls.push(url);
            }
        }
    }
    urls
}

/// The addresses that lead to a socket that is bound to `local`; one of IPv6 for `everywhere` is for IPv4 too.
fn reached_by(local: IpAddr, everywhere: bool, machine: &[IpAddr]) -> Vec<IpAddr> {
    if !local.is_unspecified() {
        return vec![local];
    }
    let is_reached = |ip: &&IpAddr| everywhere || ip.is_ipv4() == local.is_ipv4();
    let (mut here, far): (Vec<IpAddr>, Vec<IpAddr>) = machine
        .iter()
        .filter(is_reached)
        .partition(|ip| ip.is_loopback());
    if here.is_empty() {
        here.push(match local {
            IpAddr::V4(_) => IpAddr::from([127, 0, 0, 1]),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    // IPv4 first: it is what a person can type.
    here.sort();
    let (four, six): (Vec<IpAddr>, Vec<IpAddr>) = far.into_iter().partition(IpAddr::is_ipv4);
    [here, four, six].concat()
}

fn url(scheme: &str, address: SocketAddr) -> String {
    let usual = match scheme {
        "https" => 443,
        _ => 80,
    };
    match address {
        SocketAddr::V6(v6) if v6.port() == usual => format!("{scheme}://[{}]/", v6.ip()),
        address if address.port() == usual => format!("{scheme}://{}/", address.ip()),
        address => format!("{scheme}://{address}/"),
    }
}

/// The URL for another machine, or where there is none for this one.
fn best(urls: &[String]) -> Option<&str> {
    let is_far = |url: &&String| !url.contains("//127.") && !url.contains("//[::1]");
    urls.iter()
        .find(is_far)
        .or_else(|| urls.first())
        .map(String::as_str)
}

/// It listens, and where that leads to.
#[derive(Debug)]
struct Serving<'a> {
    local: &'a Address,
    /// Whether IPv4 comes to a socket of IPv6, too.
    everywhere: bool,
    urls: Vec<String>,
}

impl Serving<'_> {
    fn listening(&self) -> Listening<'static> {
        Listening {
            proto: match self.local {
                Address::Inet(_) => "tcp",
                Address::Unix(_) => "unix",
                Address::Link(_) => "link",
            },
            local: self.local.to_string(),
            everywhere: self.everywhere,
        }
    }
}

impl Serialize for Serving<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Line<'a> {
            #[serde(flatten)]
            listening: Listening<'static>,
            urls: &'a [String],
        }
        let (listening, urls) = (self.listening(), &self.urls);
        Line { listening, urls }.serialize(serializer)
    }
}

impl Event for Serving<'_> {
    const NAME: &'static str = Listening::NAME;
}

impl fmt::Display for Serving<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.listening().fmt(f)
    }
}

/// Where the server can be reached.
#[derive(Debug, Serialize)]
struct Reachable {
    urls: Vec<String>,
}

impl Event for Reachable {
    const NAME: &'static str = "urls";
}

impl fmt::Display for Reachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, url) in self.urls.iter().enumerate() {
            let end = if index == 0 { "" } else { "\n" };
            write!(f, "{end}  {url}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `*` stands for a socket of both families.
    fn of(locals: &[&str], machine: &[&str]) -> Vec<String> {
        let everywhere = locals.contains(&"*:1");
        let locals: Vec<&str> = locals
            .iter()
            .map(|local| local.strip_prefix('*').map_or(*local, |_| "[::]:1"))
            .collect();
        let locals: Vec<Address> = locals
            .iter()
            .map(|local| Address::Inet(local.parse().unwrap()))
            .collect();
        let machine: Vec<IpAddr> = machine.iter().map(|ip| ip.parse().unwrap()).collect();
        urls("http", (&locals, everywhere), &machine)
    }

    const MACHINE: &[&str] = &[
        "::1",
        "127.0.0.1",
        "fe80::1",
        "2001:db8::7",
        "192.0.2.7",
        "fd00::7",
    ];

    #[test]
    fn every_way_to_the_server() {
        for (locals, expected) in [
            (&["127.0.0.1:8082"][..], &["http://127.0.0.1:8082/"][..]),
            (&["[::1]:80"], &["http://[::1]/"]),
            (&["192.0.2.7:80"], &["http://192.0.2.7/"]),
            (&["[fe80::1]:80"], &[]),
            (
                &["0.0.0.0:1"],
                &["http://127.0.0.1:1/", "http://192.0.2.7:1/"],
            ),
            (
                &["[::]:1"],
                &[
                    "http://[::1]:1/",
                    "http://[2001:db8::7]:1/",
                    "http://[fd00::7]:1/",
                ],
            ),
            (
                &["*:1"],
                &[
                    "http://127.0.0.1:1/",
                    "http://[::1]:1/",
                    "http://192.0.2.7:1/",
                    "http://[2001:db8::7]:1/",
                    "http://[fd00::7]:1/",
                ],
            ),
        ] {
            assert_eq!(of(locals, MACHINE), expected, "{locals:?}");
        }
        // A machine that says nothing of itself still has a way to itself.
        assert_eq!(of(&["[::]:1"], &[]), ["http://[::1]:1/"]);
        assert_eq!(of(&["0.0.0.0:1"], &[]), ["http://127.0.0.1:1/"]);
    }

    #[test]
    fn the_best_one_is_for_others() {
        let all = of(&["*:1"], MACHINE);
        assert_eq!(best(&all), Some("http://192.0.2.7:1/"));
        let here = of(&["127.0.0.1:1"], MACHINE);
        assert_eq!(best(&here), Some("http://127.0.0.1:1/"));
        assert_eq!(best(&[]), None);
    }
}
