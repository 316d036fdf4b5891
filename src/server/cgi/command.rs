//! The command that answers requests, and how many may do so at once.

use std::env;
use std::ffi::{CString, OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use nix::errno::Errno;
use nix::unistd::{AccessFlags, access};

use super::running::Running;
use crate::http::cgi::is_meta_variable;

/// A command as a gateway to whatever it knows.
pub struct Gateway {
    /// The words; the first is the path of a program.
    pub(super) words: Vec<CString>,
    /// What the server's own environment has that no request sets.
    pub(super) environment: Vec<CString>,
    pub(super) limits: GatewayLimits,
    /// Whether its output begins with a head of its own.
    pub(super) has_head: bool,
    /// Who is told what went wrong.
    pub(super) log: Arc<Log>,
    pub(super) running: Arc<Running>,
}

pub(super) type Log = dyn Fn(&str) + Send + Sync;

/// How much a command may take.
#[derive(Clone, Copy, Debug)]
pub struct GatewayLimits {
    /// How long one may run.
    pub time: Duration,
    /// How many may run at once; a request above that is answered 503.
    pub count: usize,
}

/// A command that cannot be run.
#[derive(Debug)]
pub struct CannotRun {
    /// Its word.
    pub command: String,
    /// Why.
    pub cause: Errno,
}

impl Gateway {
    /// Look the command up, as a shell would. `log` is told what goes wrong later on.
    pub fn new(
        words: &[OsString],
        limits: GatewayLimits,
        has_head: bool,
        log: impl Fn(&str) + Send + Sync + 'static,
    ) -> Result<Self, CannotRun> {
        let (first, rest) = words.split_first().ok_or_else(|| CannotRun {
            command: String::new(),
            cause: Errno::ENOENT,
        })?;
        let refused = |cause| CannotRun {
            command: first.to_string_lossy().into_owned(),
            cause,
        };
        let program = find(first).map_err(refused)?.into_os_string();
        let words: Result<Vec<CString>, _> = std::iter::once(program)
            .chain(rest.iter().cloned())
            .map(|word| CString::new(word.into_vec()))
            .collect();
        Ok(Self {
            words: words.map_err(|_| refused(Errno::EINVAL))?,
            environment: own_environment(),
            limits,
            has_head,
            log: Arc::new(log),
            running: Arc::default(),
        })
    }

    /// End every command that is still running; none is left behind.
    pub fn end(&self) {
        self.running.end();
    }
}

impl CannotRun {
    /// Whether there is no such command, rather than one that must not or cannot be run.
    pub fn is_missing(&self) -> bool {
        self.cause == Errno::ENOENT
    }
}

/// As execvp(3) would find it: a word with a slash is a path, any other is looked for in PATH.
fn find(word: &OsStr) -> Result<PathBuf, Errno> {
    if word.as_bytes().contains(&b'/') {
        let path = PathBuf::from(word);
        return may_run(&path).map(|()| path);
    }
    let mut refused = Errno::ENOENT;
    for folder in env::split_paths(&env::var_os("PATH").unwrap_or_default()) {
        let path = folder.join(word);
        match may_run(&path) {
            Ok(()) => return Ok(path),
            Err(Errno::EACCES) => refused = Errno::EACCES,
            Err(_) => {}
        }
    }
    Err(refused)
}

fn may_run(path: &Path) -> Result<(), Errno> {
    access(path, AccessFlags::X_OK)?;
    match path.is_dir() {
        true => Err(Errno::EACCES),
        false => Ok(()),
    }
}

/// What the names of variables begin with that are meant for this program alone: one of them holds passwords.
const OWN: &str = "SOCKKIT_";

fn own_environment() -> Vec<CString> {
    env::vars_os()
        .filter(|(name, _)| {
            let is_ours = |name: &str| is_meta_variable(name) || name.starts_with(OWN);
            !name.to_str().is_some_and(is_ours)
        })
        .filter_map(|(name, value)| {
            let pair = [name.as_bytes(), b"=", value.as_bytes()].concat();
            CString::new(pair).ok()
        })
        .collect()
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway")
            .field("words", &self.words)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for CannotRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = crate::net::reason(&self.cause.into());
        write!(f, "exec {}: {why}", self.command)
    }
}

impl std::error::Error for CannotRun {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_found_or_refused() {
        assert!(find(OsStr::new("sh")).unwrap().is_absolute());
        for (word, cause) in [
            ("no-such-command-at-all", Errno::ENOENT),
            ("/no/such/command", Errno::ENOENT),
            ("/etc/passwd", Errno::EACCES),
            ("/etc", Errno::EACCES),
            ("/etc/passwd/x", Errno::ENOTDIR),
        ] {
            assert_eq!(find(OsStr::new(word)), Err(cause), "{word}");
        }
    }
}
