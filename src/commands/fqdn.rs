//! `sockkit fqdn`: the fully qualified name of a host, by the algorithm of Python's `socket.getfqdn`.

use std::fmt;

use clap::Args;
use serde::Serialize;

use super::Desk;
use crate::net::Resolver;
use crate::output::{Event, Exit, Face, Harmless};

/// Show a host's fully qualified domain name (gethostname, getfqdn)
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Fqdn {
    /// The host; this one if left out
    name: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  sockkit fqdn              this host's name, as socket.getfqdn() gives it
  sockkit fqdn localhost";

#[derive(Serialize)]
struct Name {
    fqdn: String,
}

impl Fqdn {
    /// Look it up. There is always an answer: a name that nobody knows is its own.
    pub fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        let fqdn = Resolver::new(&desk.explain).getfqdn(self.name.as_deref().unwrap_or_default());
        desk.output.tell(&Name { fqdn })?;
        Ok(Exit::Done)
    }
}

impl Event for Name {
    const NAME: &'static str = "name";
    const FACE: Face = Face::Data;
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Harmless(&self.fqdn).fmt(f)
    }
}
