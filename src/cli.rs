//! The command line: the subcommands, and the flags that mean the same in each.

use std::ffi::OsString;
use std::time::SystemTime;

use clap::{Args, ColorChoice, CommandFactory, Parser, Subcommand};

use crate::args::AddressArgs;
use crate::commands::Desk;
use crate::commands::completions::Completions;
use crate::commands::fqdn::Fqdn;
use crate::commands::http::Http;
use crate::commands::man::Man;
use crate::commands::options::Options;
use crate::commands::raw::Raw;
use crate::commands::resolve::Resolve;
use crate::commands::tcp::Tcp;
use crate::commands::udp::Udp;
use crate::commands::unix::Unix;
use crate::engine::Outlet;
use crate::output::{Exit, Failure, Output, Style, Usage};

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
  sockkit --explain tcp connect :22   each socket call, as it is made";

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
    /// Say nothing: of an error only the exit status is left
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Say more
    #[arg(short, long, global = true)]
    verbose: bool,
    /// When to use colours; NO_COLOR is honoured
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
}

#[derive(Debug, Subcommand)]
enum Command {
    Tcp(Tcp),
    Udp(Udp),
    Unix(Unix),
    Raw(Raw),
    Resolve(Resolve),
    Fqdn(Fqdn),
    Options(Options),
    Completions(Completions),
    Man(Man),
    Http(Http),
}

impl Cli {
    /// Where this run's events go.
    pub fn output(&self) -> Output {
        let Global {
            json,
            quiet,
            verbose,
            ..
        } = self.global;
        Output::new(
            Outlet::stdout(),
            Style {
                json,
                quiet,
                verbose,
            },
            SystemTime::now,
        )
    }

    /// Run the subcommand.
    pub fn run(&self, output: &Output) -> anyhow::Result<Exit> {
        let desk = Desk {
            output: output.clone(),
            explain: output.narrator(self.global.explain),
        };
        match &self.command {
            Command::Tcp(tcp) => tcp.run(&desk),
            Command::Udp(udp) => udp.run(&desk),
            Command::Unix(unix) => unix.run(&desk),
            Command::Raw(raw) => raw.run(&desk),
            Command::Resolve(resolve) => resolve.run(&desk),
            Command::Fqdn(fqdn) => fqdn.run(&desk),
            Command::Options(options) => options.run(&desk),
            Command::Completions(completions) => completions.run(&desk, Self::command()),
            Command::Man(man) => man.run(&desk, Self::command()),
            Command::Http(http) => http.run(&desk),
        }
    }
}

/// Answer a command line that asks for help, or makes no sense: help goes to stdout, a refusal is one line and a hint.
pub fn refuse(refused: &clap::Error, argv: &[OsString]) -> Exit {
    if !refused.use_stderr() {
        return match refused.print() {
            Ok(()) => Exit::Done,
            Err(_) => Exit::Signal(nix::sys::signal::Signal::SIGPIPE),
        };
    }
    let text = refused.render().to_string();
    let mut paragraphs = text.split("\n\n");
    let message = paragraphs
        .next()
        .unwrap_or_default()
        .trim_start_matches("error: ");
    let message: Vec<&str> = message.lines().map(str::trim).collect();
    let tip = paragraphs.find_map(|paragraph| paragraph.trim().strip_prefix("tip: "));
    let usage = Usage::new(
        message.join(" "),
        tip.unwrap_or("`sockkit --help`, or `sockkit COMMAND --help`"),
    );
    let output = Output::new(Outlet::stdout(), style_of(argv), SystemTime::now);
    Failure::of(&usage.into()).report(&output)
}

/// How a line that makes no sense as a whole wants to be spoken to.
fn style_of(argv: &[OsString]) -> Style {
    let has = |flags: &[&str]| {
        let mut words = argv.iter().take_while(|word| *word != "--");
        words.any(|word| flags.iter().any(|flag| word == flag))
    };
    Style {
        json: has(&["--json"]),
        quiet: has(&["-q", "--quiet"]),
        verbose: false,
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
