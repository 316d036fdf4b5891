//! A command's words, its program found as a shell finds it, and the environment that it gets.

use std::env;
use std::ffi::{CString, OsStr, OsString};
use std::fmt;
use std::fs;
use std::io::Read;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::unistd::{AccessFlags, access};

/// What the names of variables begin with that are meant for this program alone: one of them holds passwords.
const OWN: &str = "SOCKKIT_";

/// A command that can be run.
#[derive(Clone, Debug)]
pub struct Program {
    /// The words; the first is the path of a program.
    pub(super) words: Vec<CString>,
    /// What each run's environment begins with, `NAME=value`.
    pub(super) environment: Vec<CString>,
}

/// A command that cannot be run.
#[derive(Debug)]
pub struct CannotRun {
    /// Its word.
    pub command: String,
    /// Why.
    pub cause: Errno,
}

impl Program {
    /// Look a command up, as execvp(3) would. Its environment is ours, without the variables that `drops` names and those
    /// that are for this program alone.
    pub fn find(words: &[OsString], drops: impl Fn(&str) -> bool) -> Result<Self, CannotRun> {
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
            environment: own_environment(drops),
        })
    }

    /// Why it could not be started after all.
    pub fn refused(&self, cause: Errno) -> CannotRun {
        let command = self.words.first().map(|word| word.to_string_lossy());
        CannotRun {
            command: command.unwrap_or_default().into_owned(),
            cause,
        }
    }

    /// The environment of one run; a value that no variable can have is left out.
    pub(super) fn environment_with(&self, variables: &[(String, Vec<u8>)]) -> Vec<CString> {
        let pairs = variables.iter().filter_map(|(name, value)| {
            CString::new([name.as_bytes(), b"=", value.as_slice()].concat()).ok()
        });
        self.environment.iter().cloned().chain(pairs).collect()
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
            Err(error @ (Errno::EACCES | Errno::ENOEXEC)) => refused = error,
            Err(_) => {}
        }
    }
    Err(refused)
}

fn may_run(path: &Path) -> Result<(), Errno> {
    access(path, AccessFlags::X_OK)?;
    match path.is_dir() {
        true => Err(Errno::EACCES),
        false if is_bare_text(path) && !has_more_formats() => Err(Errno::ENOEXEC),
        false => Ok(()),
    }
}

/// A script that does not begin with what runs it: execve(2) would refuse it only when somebody has come. What else a file
/// may be, execve knows best.
fn is_bare_text(path: &Path) -> bool {
    let mut start = [0; 64];
    let read = fs::File::open(path).and_then(|mut file| file.read(&mut start));
    let start = start.get(..read.unwrap_or_default()).unwrap_or_default();
    let is_text = start
        .iter()
        .all(|byte| matches!(byte, b' '..=b'~' | b'\t'..=b'\r'));
    is_text && !start.is_empty() && !start.starts_with(b"#!")
}

/// Whether there is more in that folder than its own two files.
fn has_more_formats() -> bool {
    fs::read_dir("/proc/sys/fs/binfmt_misc").is_ok_and(|formats| formats.count() > 2)
}

/// What a service manager tells this process, and nobody whom it starts: sd_listen_fds(3), sd_notify(3).
const FROM_MANAGER: [&str; 6] = [
    "LISTEN_FDS",
    "LISTEN_PID",
    "LISTEN_FDNAMES",
    "NOTIFY_SOCKET",
    "WATCHDOG_PID",
    "WATCHDOG_USEC",
];

fn own_environment(drops: impl Fn(&str) -> bool) -> Vec<CString> {
    env::vars_os()
        .filter(|(name, _)| {
            let name = name.to_str();
            let is_ours = |name: &str| name.starts_with(OWN) || FROM_MANAGER.contains(&name);
            !name.is_some_and(|name| is_ours(name) || drops(name))
        })
        .filter_map(|(name, value)| {
            let pair = [name.as_bytes(), b"=", value.as_bytes()].concat();
            CString::new(pair).ok()
        })
        .collect()
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
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_script_without_its_interpreter_is_refused_before_it_is_run() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text, is_run) in [
            ("bare", "echo hello\n", has_more_formats()),
            ("script", "#!/bin/sh\necho hello\n", true),
            ("binary", "PK\u{3}\u{4}", true),
        ] {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            assert_eq!(find(path.as_os_str()).is_ok(), is_run, "{name}");
        }
    }

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
