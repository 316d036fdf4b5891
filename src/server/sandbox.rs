//! A server that has bound its sockets gives up what it needs no more: files that it does not serve, the network beyond
//! its own connections, its privileges, its user. Landlock, capabilities(7), prctl(2).
//!
//! All of it is defence in depth: should a request ever get past the rules of the server, the kernel still says no.
//! Capabilities and Landlock belong to a thread: enter before others start.

use std::fmt;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, LandlockStatus,
    PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError,
    Scope, make_bitflags,
};

use super::deputy::{Files, Keeper};
use crate::net::{Account, CallError, bound_privileges, drop_privileges, gain_no_privileges};

/// The version of Landlock whose restrictions are asked for; an older kernel gives what it has.
const WANTED: ABI = ABI::V7;

/// What may be done with a file or a directory and all that lies beneath.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// Read files, list directories.
    Read,
    /// That, and make, replace and remove files and directories.
    Write,
    /// Remove files: a socket that goes with the server.
    Remove,
}

/// What the process keeps.
#[derive(Default)]
pub struct Sandbox {
    /// The files; `None` leaves the file system and the network as they are, for commands that are run.
    pub files: Option<Vec<(PathBuf, Grant)>>,
    /// What is opened later; `None` where nothing is.
    pub later: Option<Later>,
    /// As whom it continues; `None` as it is.
    pub account: Option<Account>,
}

/// Files that take the place of others, or are read again: a rule of Landlock holds for what it was made for, and not for
/// its name.
pub struct Later {
    /// Where they may turn up, for the one thread that opens them.
    pub near: Vec<(PathBuf, Grant)>,
    /// What then is to be served, as it stands there.
    pub files: Files,
}

/// What came of entering.
#[derive(Debug)]
pub struct Entered {
    /// What was done, in order.
    pub measures: Vec<Measure>,
    /// Who opens what takes the place of the files; `None` where everyone may.
    pub keeper: Option<Keeper>,
}

/// A measure that was taken, or why it was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measure {
    /// `user`, `capabilities`, `privileges`, `landlock`, `keeper`, `openat2`; `measures` for all of them
    pub name: &'static str,
    /// Whether it holds.
    pub holds: bool,
    /// What it comes to, in a few words.
    pub note: String,
}

/// It cannot be entered, and the server must not run without it.
#[derive(Debug)]
pub enum SandboxError {
    /// A call failed.
    Call(CallError),
    /// Capabilities could not be given up.
    Capabilities(String),
}

impl Sandbox {
    /// Enter it, for ever. What the kernel does not offer is left out and said.
    pub fn enter(self) -> Result<Entered, SandboxError> {
        let mut measures = Vec::new();
        // Its paths are opened as long as the user can; it closes behind everything else.
        let near = self.later.as_ref().map(|later| later.near.as_slice());
        let wide = self.files.as_deref().zip(near);
        let wide = wide.map(|(files, near)| rules(&[files, near].concat()));
        let prepared = self.files.as_deref().map(|files| (files, rules(files)));
        bound_privileges().map_err(SandboxError::Capabilities)?;
        if let Some(account) = &self.account {
            account.assume()?;
            measures.push(Measure::held("user", account.to_string()));
        }
        drop_privileges().map_err(SandboxError::Capabilities)?;
        measures.push(Measure::held("capabilities", "none"));
        gain_no_privileges()?;
        measures.push(Measure::held("privileges", "none to gain (no_new_privs)"));
        let keeper = self.later.and_then(|later| keep(wide?, later));
        measures.push(match prepared {
            None => Measure::missing("landlock", "not for commands that are run"),
            Some((files, rules)) => match rules.and_then(RulesetCreated::restrict_self) {
                Ok(restricted) => landlocked(restricted.landlock, files),
                Err(error) => Measure::missing("landlock", error.to_string()),
            },
        });
        let (keeper, reaches) = keeper.unzip();
        measures.extend(reaches);
        Ok(Entered { measures, keeper })
    }
}

/// Limit this thread to these files.
pub(super) fn restrict_to(files: &[(PathBuf, Grant)]) -> Result<(), RulesetError> {
    rules(files)?.restrict_self().map(drop)
}

/// Start the thread that is limited to these rules and no further; `None` where the kernel limits nothing.
fn keep(wide: Result<RulesetCreated, RulesetError>, later: Later) -> Option<(Keeper, Measure)> {
    let restricted = wide.and_then(RulesetCreated::restrict_self).ok()?;
    if !matches!(restricted.landlock, LandlockStatus::Available { .. }) {
        return None;
    }
    let places: Vec<String> = later.near.iter().map(|(path, _)| shown(path)).collect();
    let keeper = Keeper::start(later.files).ok()?;
    let note = format!(
        "what is opened later is opened by a thread that reaches {}",
        joined(places)
    );
    Some((keeper, Measure::held("keeper", note)))
}

impl Measure {
    fn held(name: &'static str, note: impl Into<String>) -> Self {
        let note = note.into();
        Self {
            name,
            holds: true,
            note,
        }
    }

    fn missing(name: &'static str, note: impl Into<String>) -> Self {
        Self {
            holds: false,
            ..Self::held(name, note)
        }
    }
}

/// Everything that Landlock knows is forbidden, but for what the files are granted.
fn rules(files: &[(PathBuf, Grant)]) -> Result<RulesetCreated, RulesetError> {
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(WANTED))?
        .handle_access(AccessNet::from_all(WANTED))?
        .scope(Scope::from_all(WANTED))?
        .create()?;
    for (path, grant) in files {
        // What is not there needs no grant.
        if let Ok(opened) = PathFd::new(path) {
            let access = grant.access(path.is_dir());
            rules = rules.add_rule(PathBeneath::new(opened, access))?;
        }
    }
    Ok(rules)
}

impl Grant {
    fn access(self, is_directory: bool) -> BitFlags<AccessFs> {
        let read = make_bitflags!(AccessFs::{ReadFile | ReadDir});
        let access = match self {
            Self::Read => read,
            Self::Write => {
                read | make_bitflags!(AccessFs::{
                    WriteFile | Truncate | MakeReg | MakeDir | RemoveFile | RemoveDir | Refer
                })
            }
            Self::Remove => AccessFs::RemoveFile.into(),
        };
        match is_directory {
            true => access,
            // A right over directories would be refused.
            false => access & AccessFs::from_file(WANTED),
        }
    }
}

/// What Landlock came to.
fn landlocked(status: LandlockStatus, files: &[(PathBuf, Grant)]) -> Measure {
    match status {
        LandlockStatus::NotEnabled => {
            Measure::missing("landlock", "this kernel has it switched off")
        }
        LandlockStatus::NotImplemented => Measure::missing(
            "landlock",
            "this kernel has it not: Linux 5.13 and later do",
        ),
        LandlockStatus::Available { effective_abi, .. } => {
            Measure::held("landlock", extent(effective_abi, files))
        }
    }
}

/// `reads /srv/www, writes nothing, no TCP connect or bind (ABI 7)`
fn extent(abi: ABI, files: &[(PathBuf, Grant)]) -> String {
    let of = |grants: &[Grant]| {
        let named = files.iter().filter(|(_, grant)| grants.contains(grant));
        joined(named.map(|(path, _)| shown(path)).collect())
    };
    let reads = of(&[Grant::Read, Grant::Write]);
    let writes = of(&[Grant::Write]);
    let network = match abi >= ABI::V4 {
        true => "no TCP connect or bind",
        false => "TCP not limited before ABI 4",
    };
    format!("reads {reads}, writes {writes}, {network} (ABI {abi})")
}

fn joined(mut names: Vec<String>) -> String {
    names.dedup();
    match names.is_empty() {
        true => "nothing".to_owned(),
        false => names.join(" and "),
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

impl fmt::Display for SandboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(error) => write!(f, "sandbox: {error}"),
            Self::Capabilities(why) => write!(f, "sandbox: capabilities: {why}"),
        }
    }
}

impl std::error::Error for SandboxError {}

impl From<CallError> for SandboxError {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

#[cfg(test)]
#[expect(
    clippy::disallowed_types,
    reason = "plain sockets show what the sandbox forbids"
)]
mod tests {
    use std::fs::{self, File};
    use std::io::ErrorKind;
    use std::net::{TcpListener, TcpStream};
    use std::os::unix::fs::symlink;
    use std::thread;

    use super::*;

    /// Landlock and capabilities are a thread's: what follows happens in one that ends with the test.
    fn sandboxed(files: Vec<(PathBuf, Grant)>, then: impl FnOnce(bool) + Send + 'static) {
        let sandbox = Sandbox {
            files: Some(files),
            ..Sandbox::default()
        };
        let inside = thread::spawn(move || {
            let measures = sandbox.enter().unwrap().measures;
            let landlock = measures.iter().find(|measure| measure.name == "landlock");
            then(landlock.unwrap().holds);
        });
        inside.join().unwrap();
    }

    fn denied<T>(outcome: std::io::Result<T>) -> bool {
        outcome.is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
    }

    #[test]
    fn nothing_outside_can_be_read_or_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let other = tempfile::tempdir().unwrap();
        let (secret, outward) = (other.path().join("secret"), path.join("outward"));
        fs::write(&secret, "secret").unwrap();
        fs::write(path.join("file"), "file").unwrap();
        symlink(&secret, &outward).unwrap();
        sandboxed(vec![(path.clone(), Grant::Read)], move |holds| {
            assert_eq!(fs::read(path.join("file")).unwrap(), b"file");
            assert_eq!(fs::read_dir(&path).unwrap().count(), 2);
            if !holds {
                return;
            }
            assert!(denied(fs::read(&secret)));
            assert!(denied(fs::read(&outward)), "through a link");
            assert!(denied(fs::read("/etc/passwd")));
            assert!(denied(fs::read_dir("/")));
            assert!(denied(File::create(path.join("new"))));
            assert!(denied(fs::remove_file(path.join("file"))));
            assert!(denied(File::options().append(true).open(path.join("file"))));
            assert!(denied(std::process::Command::new("/bin/true").status()));
        });
        drop(folder);
        drop(other);
    }

    #[test]
    fn what_is_granted_is_possible() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let grants = vec![
            (path.join("upload"), Grant::Write),
            (path.join("run"), Grant::Remove),
            (path.join("file"), Grant::Read),
            (path.join("missing"), Grant::Read),
        ];
        for name in ["upload", "run"] {
            fs::create_dir(path.join(name)).unwrap();
        }
        fs::write(path.join("file"), "file").unwrap();
        fs::write(path.join("run/socket"), "").unwrap();
        sandboxed(grants, move |holds| {
            fs::write(path.join("upload/.part"), "part").unwrap();
            fs::create_dir(path.join("upload/folder")).unwrap();
            fs::rename(path.join("upload/.part"), path.join("upload/folder/whole")).unwrap();
            fs::remove_file(path.join("run/socket")).unwrap();
            assert_eq!(fs::read(path.join("file")).unwrap(), b"file");
            if holds {
                assert!(denied(fs::read_dir(path.join("run"))));
                assert!(denied(fs::write(path.join("run/new"), "")));
            }
        });
        drop(folder);
    }

    #[test]
    fn sockets_go_on_and_no_new_ones_come() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let client = TcpStream::connect(address).unwrap();
        sandboxed(Vec::new(), move |holds| {
            listener.accept().unwrap();
            if holds {
                assert!(denied(TcpStream::connect(address)));
                assert!(denied(TcpListener::bind("127.0.0.1:0")));
            }
            let status = fs::read_to_string("/proc/thread-self/status");
            assert!(!holds || denied(status));
        });
        drop(client);
    }

    #[test]
    fn what_a_kernel_lacks_is_said() {
        let files = [
            (PathBuf::from("/srv/www"), Grant::Write),
            (PathBuf::from("/etc/key"), Grant::Read),
            (PathBuf::from("/run"), Grant::Remove),
        ];
        assert_eq!(
            extent(ABI::V7, &files),
            "reads /srv/www and /etc/key, writes /srv/www, no TCP connect or bind (ABI 7)"
        );
        let old = LandlockStatus::Available {
            effective_abi: ABI::V1,
            kernel_abi: None,
        };
        for (status, holds, note) in [
            (
                old,
                true,
                "reads nothing, writes nothing, TCP not limited before ABI 4 (ABI 1)",
            ),
            (
                LandlockStatus::NotEnabled,
                false,
                "this kernel has it switched off",
            ),
            (
                LandlockStatus::NotImplemented,
                false,
                "this kernel has it not: Linux 5.13 and later do",
            ),
        ] {
            let measure = landlocked(status, &[]);
            assert_eq!((measure.holds, measure.note.as_str()), (holds, note));
        }
    }
}
