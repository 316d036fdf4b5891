//! `--exec`: a command's output answers each request.

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use crate::args::duration;
use crate::engine::CannotRun;
use crate::http::cgi::Ends;
use crate::net::Address;
use crate::output::{Output, Usage, Warning};
use crate::server::{Gateway, GatewayLimits};

/// How long a command may run, unless it is said.
const TIME: Duration = Duration::from_secs(60);

/// The command that answers.
#[derive(Args, Debug)]
#[command(next_help_heading = "Answering with a command")]
pub(super) struct ExecArgs {
    /// Answer every request with the output of the command behind --: the request is in CGI variables, its body on stdin
    #[arg(
        long,
        conflicts_with_all = ["single", "text", "status", "echo"]
    )]
    exec: bool,
    /// The output begins with a CGI head: Status, Content-Type, Location and other fields, and a blank line
    #[arg(long, requires = "exec")]
    cgi: bool,
    /// End a command that is not done after D, and whatever it has started [default: 60s]
    #[arg(long, value_name = "D", value_parser = duration, requires = "exec")]
    exec_timeout: Option<Duration>,
    /// Run at most N commands at once, and answer 503 above that
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u16).range(1..),
        default_value = "32",
        requires = "exec"
    )]
    exec_max: u16,
    /// The command of --exec and its words
    #[arg(last = true, help_heading = None::<&'static str>, value_name = "COMMAND", requires = "exec")]
    command: Vec<OsString>,
}

impl ExecArgs {
    /// Whether a command answers. One that stands in the wrong place is not there.
    pub(super) fn is_on(&self) -> Result<bool, Usage> {
        match self.exec && self.command.is_empty() {
            true => Err(Usage::new(
                "--exec has no command",
                "it goes behind --: sockkit http --exec -- date",
            )),
            false => Ok(self.exec),
        }
    }

    /// The command, looked up before anything is opened; `None` where there is none to run.
    pub(super) fn gateway(&self, output: &Output) -> Result<Option<Arc<Gateway>>, CannotRun> {
        if !self.exec {
            return Ok(None);
        }
        let limits = GatewayLimits {
            time: self.exec_timeout.unwrap_or(TIME),
            count: self.exec_max.into(),
        };
        let output = output.clone();
        let log = move |message: &str| {
            // Nobody can be told that the telling failed; the server meets the same error with its next event.
            let _ = output.offer(&Warning {
                message: message.to_owned(),
            });
        };
        let found = Gateway::new(&self.command, limits, self.cgi, log);
        found.map(|gateway| Some(Arc::new(gateway)))
    }

    /// What a command is told of our end.
    pub(super) fn ends(locals: &[Address], is_tls: bool, is_guarded: bool) -> Ends {
        Ends {
            remote: None,
            local: locals.iter().find_map(Address::inet),
            is_tls,
            is_guarded,
        }
    }
}
