//! The sandbox: what the server keeps once it listens, and how that is said.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::Args;
use nix::unistd::geteuid;
use serde::Serialize;

use super::Desk;
use crate::engine::StdoutError;
use crate::net::Account;
use crate::output::{Event, Face, Usage};
use crate::server::{Entered, Grant, Later, Measure, Sandbox};

/// What the server gives up once it listens.
#[derive(Args, Debug)]
#[command(next_help_heading = "Sandbox")]
pub(super) struct SandboxArgs {
    /// Continue as this user once it listens: NAME, UID, NAME:GROUP or UID:GID; only root can
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// Keep every privilege, and the whole file system in reach
    #[arg(long)]
    no_sandbox: bool,
}

impl SandboxArgs {
    /// The account to continue as, found before anything is opened.
    pub(super) fn account(&self) -> Result<Option<Account>, Usage> {
        let Some(word) = &self.user else {
            return Ok(None);
        };
        if !geteuid().is_root() {
            let why = "--user: only root can continue as another user";
            return Err(Usage::new(why, "start it as root, or as that user"));
        }
        let account = Account::find(word);
        account
            .map(Some)
            .map_err(|why| Usage::new(format!("--user: {why}"), "NAME, UID, NAME:GROUP or UID:GID"))
    }

    /// Give up everything but these files, `None` for all of them.
    pub(super) fn enter(
        &self,
        files: Option<Vec<(PathBuf, Grant)>>,
        later: Option<Later>,
        account: Option<Account>,
    ) -> anyhow::Result<Entered> {
        if self.no_sandbox {
            if let Some(account) = &account {
                account.assume()?;
            }
            let nothing = Measure {
                name: "measures",
                holds: false,
                note: "--no-sandbox".to_owned(),
            };
            return Ok(Entered {
                measures: vec![nothing],
                keeper: None,
            });
        }
        let files = files.map(|files| files.into_iter().map(|(path, grant)| (whole(&path), grant)));
        let later = later.map(|later| Later {
            near: later
                .near
                .into_iter()
                .map(|(path, grant)| (whole(&path), grant))
                .collect(),
            ..later
        });
        let sandbox = Sandbox {
            files: files.map(Iterator::collect),
            later,
            account,
        };
        Ok(sandbox.enter()?)
    }
}

/// Say each measure under `-v`.
pub(super) fn tell(measures: Vec<Measure>, desk: &Desk) -> Result<(), StdoutError> {
    if !desk.output.style().verbose {
        return Ok(());
    }
    measures
        .into_iter()
        .try_for_each(|measure| desk.output.tell(&Restricted::from(measure)))
}

/// The path as it is said, from the root on.
fn whole(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// A measure of the sandbox.
#[derive(Debug, Serialize)]
struct Restricted {
    measure: &'static str,
    holds: bool,
    message: String,
}

impl From<Measure> for Restricted {
    fn from(measure: Measure) -> Self {
        Self {
            measure: measure.name,
            holds: measure.holds,
            message: measure.note,
        }
    }
}

impl Event for Restricted {
    const NAME: &'static str = "sandbox";
    const FACE: Face = Face::Detail;
}

/// `sandbox: landlock: reads /srv/www, ...`
impl fmt::Display for Restricted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let without = if self.holds { "" } else { "none: " };
        write!(f, "sandbox: {}: {without}{}", self.measure, self.message)
    }
}
