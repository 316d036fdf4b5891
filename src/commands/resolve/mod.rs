//! `sockkit resolve`: names to addresses and addresses to names, as the system resolves them.

mod abreast;
mod event;
mod question;

use std::time::Duration;

use anyhow::Error;
use clap::Args;

use self::event::{AddressEvent, NameEvent};
use self::question::{Answer, Question};
use super::Desk;
use crate::args::{FamilyArgs, duration};
use crate::engine::{Expired, Timer};
use crate::net::{Endpoint, EndpointError, NameError, Port, Resolver};
use crate::output::{Exit, Failure, Output};

/// Resolve names to addresses, and addresses to names (getaddrinfo, gethostbyname, getnameinfo)
///
/// One address a line, in the order of getaddrinfo(3). Where several NAMEs are asked for, the name stands behind each address, as
/// getent(1) has it, and the answers come in the order of the questions. An address as NAME gives its name.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Resolve {
    /// Names, or addresses: 192.0.2.1, 2001:db8::1, fe80::1%eth0
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,
    /// Show the first answer of each only
    #[arg(short = '1', long)]
    first: bool,
    #[command(flatten)]
    family: FamilyArgs,
    /// Ask gethostbyname(3): IPv4 only, aliases followed, 127.1 and 0177.0.0.1 are addresses
    #[arg(long, conflicts_with_all = ["ipv6", "service"])]
    gethostbyname: bool,
    /// Show the canonical name behind each address
    #[arg(long)]
    canonical: bool,
    /// Show ADDRESS:PORT, for a port or a name of services(5); for an address, NAME:SERVICE
    #[arg(long, value_name = "PORT", value_parser = port)]
    service: Option<Port>,
    /// Wait for each answer for D at most
    #[arg(short, long, value_name = "D", value_parser = duration)]
    timeout: Option<Duration>,
}

const EXAMPLES: &str = "\
Examples:
  sockkit resolve localhost                  its addresses, one a line
  sockkit resolve -1 -4 localhost            the first IPv4 address
  sockkit resolve 127.0.0.1 ::1              the names of addresses
  sockkit resolve --service http localhost   as connect takes it: 127.0.0.1:80
  sockkit resolve --json a.example b.example

Status: 0 all were found, 1 some were not (the others are shown), 124 some did not answer within --timeout.";

impl Resolve {
    /// Ask for all names at once, answer in the order asked.
    pub fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        let resolver = Resolver::new(&desk.explain);
        let question = Question {
            family: self.family.family(),
            gethostbyname: self.gethostbyname,
            canonical: self.canonical,
            service: self.service.clone(),
        };
        let ask = move |name: &String| question.ask(&resolver, name);
        let mut worst = Exit::Done;
        abreast::run(&self.names, self.timeout, ask, |name, answer| {
            let exit = self.tell(&desk.output, name, answer)?;
            worst = std::cmp::max_by_key(worst, exit, |exit| exit.status());
            anyhow::Ok(())
        })?;
        Ok(worst)
    }

    /// Tell one name's answer; `None` when it did not come in time.
    fn tell(
        &self,
        output: &Output,
        name: &str,
        answer: Option<Result<Answer, NameError>>,
    ) -> anyhow::Result<Exit> {
        let several = self.names.len() > 1;
        let limit = if self.first { 1 } else { usize::MAX };
        match answer {
            Some(Ok(Answer::Addresses(names))) => {
                for address in names.addresses.iter().take(limit) {
                    let canonical = self.canonical.then_some(&names.canonical);
                    output.tell(&AddressEvent {
                        port: self.service.is_some().then(|| address.port()),
                        canonical: canonical.and_then(Option::as_deref),
                        aliases: &names.aliases,
                        ..AddressEvent::new(name, *address, several)
                    })?;
                }
                Ok(Exit::Done)
            }
            Some(Ok(Answer::Name { host, service })) => {
                let service = self.service.is_some().then_some(service);
                output.tell(&NameEvent {
                    addr: name,
                    name: host,
                    service,
                    several,
                })?;
                Ok(Exit::Done)
            }
            Some(Err(error)) => Ok(Failure::of(&error.into()).report(output)),
            None => Ok(Failure::of(&self.expired(name)).report(output)),
        }
    }

    fn expired(&self, name: &str) -> Error {
        let expired = Expired {
            timer: Timer::Answer,
            limit: self.timeout.unwrap_or_default(),
            on: format!("resolve {}", name.escape_debug()),
        };
        expired.into()
    }
}

/// A port as typed: 0 to 65535, or a name that the resolver will look up.
fn port(word: &str) -> Result<Port, String> {
    match Endpoint::parse_apart(None, Some(word)) {
        Ok(Endpoint::Network(network)) => network.port.ok_or_else(|| "no port".to_owned()),
        Ok(Endpoint::Inherited(_)) => Err("no port".to_owned()),
        Err(EndpointError { why, .. }) => Err(why),
    }
}
