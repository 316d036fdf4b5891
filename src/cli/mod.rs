//! The command line: the subcommands, and the flags that mean the same in each.

mod counterpart;
mod refusal;

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::time::SystemTime;

use clap::error::{ContextKind, ErrorKind};
use clap::{Args, ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand};

pub use self::refusal::refuse;
use crate::args::AddressArgs;
use crate::commands::Desk;
use crate::commands::completions::Completions;
use crate::commands::fqdn::Fqdn;
use crate::commands::http::Http;
use crate::commands::man::Man;
use crate::commands::options::Options;
use crate::commands::ping::Ping;
use crate::commands::raw::Raw;
use crate::commands::resolve::Resolve;
use crate::commands::tcp::Tcp;
use crate::commands::trace::Trace;
use crate::commands::udp::Udp;
use crate::commands::unix::Unix;
use crate::engine::Outlet;
use crate::output::{Exit, Output, Palette, Style};

/// A multi-protocol socket toolkit
///
/// Every call of the socket API as a command: connect, listen, send, receive, resolve, and a web server built on them.
#[derive(Debug, Parser)]
#[command(
    name = "sockkit",
    version,
    disable_help_subcommand = true,
    subcommand_required = true,
    after_help = EXAMPLES,
    after_long_help = long_help()
)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  sockkit http --port 8082            greets the browser, prints each request
  sockkit tcp listen                  in one terminal, and in another:
  sockkit tcp connect
  sockkit tcp connect 22 --explain    each socket call, as it is made";

/// Flags of every command.
#[derive(Args, Debug)]
#[command(next_help_heading = "Global options")]
struct Global {
    /// Print events as JSON, one object a line
    #[arg(long, global = true)]
    json: bool,
    /// Show every socket call on stderr as it happens
    #[arg(long, global = true)]
    explain: bool,
    /// Say nothing on stderr, not even errors: the exit status tells
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Say more on stderr: connections, datagrams
    #[arg(short, long, global = true, overrides_with = "verbose")]
    verbose: bool,
    /// When stderr has colours: on a terminal, unless NO_COLOR is set; always; or never
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
}

/// The subcommands: a name and the type that parses and runs it.
macro_rules! commands {
    ($($name:literal => $command:ident),* $(,)?) => {
        #[derive(Debug, Subcommand)]
        enum Command {
            $($command(Box<$command>),)*
        }

        /// What adds a subcommand's own definitions to its name.
        const DEFINITIONS: &[(&str, fn(clap::Command) -> clap::Command)] =
            &[$(($name, <$command as Args>::augment_args)),*];

        impl Command {
            fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
                match self {
                    $(Self::$command(command) => command.run(desk),)*
                }
            }
        }
    };
}

commands! {
    "http" => Http,
    "tcp" => Tcp,
    "udp" => Udp,
    "unix" => Unix,
    "raw" => Raw,
    "resolve" => Resolve,
    "fqdn" => Fqdn,
    "ping" => Ping,
    "trace" => Trace,
    "options" => Options,
    "completions" => Completions,
    "man" => Man,
}

impl Cli {
    /// Where this run's events go.
    pub fn output(&self) -> Output {
        let Global {
            json,
            quiet,
            verbose,
            color,
            ..
        } = self.global;
        let no_color = std::env::var_os("NO_COLOR");
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let is_terminal = io::stderr().is_terminal() && !is_dumb;
        let palette = Palette::new(color, is_terminal, no_color.as_deref());
        let style = Style {
            json,
            quiet,
            usage: matches!(self.command, Command::Ping(_) | Command::Trace(_)),
            dumb: is_dumb,
            verbose,
            palette,
        };
        Output::new(Outlet::stdout(), style, SystemTime::now)
    }

    /// Run the subcommand.
    pub fn run(&self, output: &Output) -> anyhow::Result<Exit> {
        let desk = Desk {
            output: output.clone(),
            explain: output.narrator(self.global.explain),
            definitions: Self::command,
        };
        self.command.run(&desk)
    }
}

/// Parse a command line. Defining every subcommand would take longer than all else that a small one does: the one that
/// is called is enough, which is among those that are named, unless help or a refusal is to be shown.
pub fn parse(argv: &[OsString]) -> Result<Cli, clap::Error> {
    let mut command = clap::Command::new("sockkit")
        .version(env!("CARGO_PKG_VERSION"))
        .disable_help_subcommand(true)
        .subcommand_required(true);
    command = Global::augment_args(command);
    for (name, define) in DEFINITIONS {
        if !argv.iter().any(|word| word == name) {
            continue;
        }
        command = command.subcommand(clap::Command::new(*name).defer(*define));
    }
    let parsed = command
        .try_get_matches_from_mut(argv)
        .and_then(|mut matches| Cli::from_arg_matches_mut(&mut matches));
    // Taking the definitions apart piece by piece would take as long as making them.
    std::mem::forget(command);
    match parsed {
        Err(error) if error.kind() != ErrorKind::DisplayVersion => in_full(argv),
        parsed => parsed,
    }
}

/// Parse with every definition. `help` among the commands is --help of those that are named.
fn in_full(argv: &[OsString]) -> Result<Cli, clap::Error> {
    let refused = match Cli::try_parse_from(argv) {
        Err(refused) if refused.kind() == ErrorKind::InvalidSubcommand => refused,
        parsed => return parsed,
    };
    let word = refused.get(ContextKind::InvalidSubcommand);
    let at = argv.iter().position(|word| word == "help");
    match at.filter(|_| word.is_some_and(|word| word.to_string() == "help")) {
        None => Err(refused),
        Some(at) => {
            let others = argv.iter().take(at).chain(argv.iter().skip(at + 1));
            let words = others.cloned().chain([OsString::from("--help")]);
            Cli::try_parse_from(words)
        }
    }
}

/// What stands below the options in the long help.
fn long_help() -> String {
    [
        EXAMPLES.to_owned(),
        table("Addresses", AddressArgs::FORMS),
        table(Exit::HEADING, Exit::STATUSES),
    ]
    .join("\n\n")
}

fn table(heading: &str, rows: &[(&str, &str)]) -> String {
    let width = rows.iter().map(|(word, _)| word.len()).max().unwrap_or(0);
    let mut table = format!("{heading}:");
    for (word, meaning) in rows {
        table.push_str(&format!("\n  {word:width$}  {meaning}"));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subcommand_is_the_same_however_it_was_defined() {
        let whole = Cli::command();
        let names: Vec<&str> = whole
            .get_subcommands()
            .map(clap::Command::get_name)
            .collect();
        let quick: Vec<&str> = DEFINITIONS.iter().map(|(name, _)| *name).collect();
        assert_eq!(quick, names);
    }
}
