//! One process: started with its own group, signals as they are by default, and nothing open but its three streams.

use std::ffi::CString;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, PosixSpawnFlags, posix_spawn};
use nix::sys::signal::SigSet;
use nix::sys::stat::Mode;
use nix::unistd::{Pid, pipe2};

/// A command that was started, and our ends of its streams. Its stderr is ours.
#[derive(Debug)]
pub(super) struct Child {
    /// Its number, and that of its process group.
    pub(super) pid: Pid,
    /// Where its stdin is written to, without blocking; `None` where it reads nothing.
    pub(super) stdin: Option<OwnedFd>,
    /// Where its stdout is read.
    pub(super) stdout: OwnedFd,
}

impl Child {
    /// posix_spawn(3). Descriptors of ours are close-on-exec; the ends that it gets are made anew by dup2(2).
    pub(super) fn start(
        words: &[CString],
        environment: &[CString],
        is_fed: bool,
    ) -> Result<Self, Errno> {
        let (stdout, its_stdout) = pipe2(OFlag::O_CLOEXEC)?;
        let mut actions = PosixSpawnFileActions::init()?;
        let stdin = match is_fed {
            true => Some(pipe2(OFlag::O_CLOEXEC)?),
            false => None,
        };
        match &stdin {
            Some((its_stdin, ours)) => {
                actions.add_dup2(its_stdin.as_raw_fd(), 0)?;
                // The two ends are two descriptions: the command's own one still blocks.
                fcntl(ours.as_fd(), FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
            }
            None => actions.add_open(0, "/dev/null", OFlag::O_RDONLY, Mode::empty())?,
        }
        actions.add_dup2(its_stdout.as_raw_fd(), 1)?;
        let program = words.first().ok_or(Errno::ENOENT)?;
        let pid = posix_spawn(
            program.as_c_str(),
            &actions,
            &attributes()?,
            words,
            environment,
        )?;
        Ok(Self {
            pid,
            stdin: stdin.map(|(_, ours)| ours),
            stdout,
        })
    }
}

/// This process blocks the signals that it takes as events and ignores SIGPIPE; a command must inherit neither.
fn attributes() -> Result<PosixSpawnAttr, Errno> {
    let mut attributes = PosixSpawnAttr::init()?;
    attributes.set_sigmask(&SigSet::empty())?;
    attributes.set_sigdefault(&SigSet::all())?;
    attributes.set_pgroup(Pid::from_raw(0))?;
    attributes.set_flags(
        PosixSpawnFlags::POSIX_SPAWN_SETSIGMASK
            | PosixSpawnFlags::POSIX_SPAWN_SETSIGDEF
            | PosixSpawnFlags::POSIX_SPAWN_SETPGROUP,
    )?;
    Ok(attributes)
}
