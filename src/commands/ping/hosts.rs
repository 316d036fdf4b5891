//! Whom to ask: the words of the command line, and the lines of stdin.

use std::io::{self, Read};

use super::block;
use crate::commands::probing::destination;
use crate::engine::ping::Wanted;
use crate::net::{CallError, Family, Host, HostPort, Port};
use crate::output::Usage;

/// More than anybody asks, and less than fills the memory.
const LONGEST_LIST: u64 = 64 << 20;

/// The hosts of a run.
#[derive(Debug)]
pub(super) struct Hosts {
    /// As they were typed.
    pub(super) names: Vec<String>,
    hosts: Vec<Host>,
    family: Option<Family>,
    /// Why lines of stdin are no hosts: they keep nobody from asking the others.
    pub(super) refused: Vec<anyhow::Error>,
}

impl Hosts {
    /// Parse them all; `-` is the first word of every line of stdin. Nothing is looked up yet.
    pub(super) fn parse(
        words: &[String],
        family: Option<Family>,
        has_interface: bool,
    ) -> anyhow::Result<Self> {
        let mut parsed = Self {
            names: Vec::new(),
            hosts: Vec::new(),
            family,
            refused: Vec::new(),
        };
        for word in words {
            if word == "-" {
                let list = read_list().map_err(|cause| CallError::new("read", "stdin", cause))?;
                for (line, number) in list.lines().zip(1_usize..) {
                    // As fping(8), and as hosts(5) has it: what follows is another name, or a comment.
                    let first = line.split_whitespace().next();
                    if let Some(host) = first.filter(|word| !word.starts_with('#')) {
                        let pushed = parsed.push(host, has_interface);
                        let told =
                            pushed.map_err(|error| error.context(format!("stdin line {number}")));
                        parsed.refused.extend(told.err());
                    }
                }
            } else {
                parsed.push(word, has_interface)?;
            }
        }
        if parsed.names.is_empty() {
            if let Some(error) = parsed.refused.pop() {
                return Err(error);
            }
            return Err(Usage::new("no host came from stdin", "one a line").into());
        }
        Ok(parsed)
    }

    fn push(&mut self, word: &str, has_interface: bool) -> anyhow::Result<()> {
        if let Some(block) = block::hosts(word) {
            for ip in block? {
                self.push(&ip.to_string(), has_interface)?;
            }
            return Ok(());
        }
        let host = destination(word, has_interface)?;
        self.names.push(word.to_owned());
        self.hosts.push(host);
        Ok(())
    }

    /// Whether there are more than one.
    pub(super) fn are_many(&self) -> bool {
        self.names.len() > 1
    }

    /// The families that their addresses may have.
    pub(super) fn families(&self) -> Vec<Family> {
        let may = |family: Family| {
            let is_wanted = self.family.is_none_or(|wanted| wanted == family);
            let mut hosts = self.hosts.iter();
            is_wanted
                && hosts.any(|host| match host {
                    Host::Literal(ip, _) => ip.is_ipv6() == (family == Family::Inet6),
                    _ => true,
                })
        };
        let both = [Family::Inet, Family::Inet6];
        both.into_iter().filter(|family| may(*family)).collect()
    }

    /// What is to be looked up.
    pub(super) fn wanted(&self) -> Vec<Wanted> {
        let wanted = |host: &Host| Wanted {
            host: HostPort {
                host: host.clone(),
                port: Some(Port::Number(0)),
            },
            family: self.family,
        };
        self.hosts.iter().map(wanted).collect()
    }
}

fn read_list() -> io::Result<String> {
    let mut list = String::new();
    io::stdin().take(LONGEST_LIST).read_to_string(&mut list)?;
    Ok(list)
}
