//! One process: started with its own group, signals as they are by default, and nothing open but its three streams.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, PosixSpawnFlags, posix_spawn};
use nix::sys::signal::SigSet;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, pipe2};

use super::input::Input;
use super::process::Process;
use super::program::Program;
use crate::net::{keep_from_children, with_descriptor_limit};

/// A process that was started, and our ends of its streams.
#[derive(Debug)]
pub struct Child {
    /// Itself.
    pub process: Process,
    /// Its stdin; there is none where it reads nothing.
    pub stdin: Input,
    /// Where its stdout is read, without blocking.
    pub stdout: OwnedFd,
}

/// Starts the program, with what it is to do before and what it has.
type Spawn<'a> = &'a dyn Fn(&PosixSpawnFileActions, &PosixSpawnAttr) -> Result<Process, Errno>;

/// What a child reads and writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildStreams {
    /// It is heard, and reads nothing. Its stderr is ours.
    Heard,
    /// It is fed and heard through pipes. Its stderr is ours.
    Pipes,
    /// The same, but each of its writes stays one record: a datagram.
    Records,
    /// All three of its streams are a terminal, which it controls.
    Terminal,
}

impl Child {
    /// posix_spawn(3) with these variables besides, and under this soft limit of descriptors, `None` for ours. Descriptors
    /// of ours are close-on-exec; the ends that it gets are made anew by dup2(2).
    pub fn start(
        program: &Program,
        descriptors: Option<u64>,
        variables: &[(String, Vec<u8>)],
        streams: ChildStreams,
    ) -> Result<Self, Errno> {
        // Our own ends may be beyond its limit.
        let spawn = |actions: &_, attributes: &_| {
            let start = || spawn(program, variables, actions, attributes);
            let process = match descriptors {
                Some(limit) => with_descriptor_limit(limit, start),
                None => start(),
            };
            process.and_then(Process::new)
        };
        match streams {
            ChildStreams::Terminal => Self::start_on_terminal(&spawn),
            _ => Self::start_on_pipes(&spawn, streams),
        }
    }

    fn start_on_pipes(spawn: Spawn<'_>, streams: ChildStreams) -> Result<Self, Errno> {
        let (stdout, its_stdout) = match streams {
            ChildStreams::Records => records()?,
            _ => pipe2(OFlag::O_CLOEXEC)?,
        };
        let mut actions = PosixSpawnFileActions::init()?;
        let stdin = match streams {
            ChildStreams::Heard => None,
            _ => Some(pipe2(OFlag::O_CLOEXEC)?),
        };
        // The two ends of a pipe are two descriptions: the command's own ones still block.
        match &stdin {
            Some((its_stdin, ours)) => {
                actions.add_dup2(its_stdin.as_raw_fd(), 0)?;
                fcntl(ours.as_fd(), FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
            }
            None => actions.add_open(0, "/dev/null", OFlag::O_RDONLY, Mode::empty())?,
        }
        fcntl(stdout.as_fd(), FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        actions.add_dup2(its_stdout.as_raw_fd(), 1)?;
        let process = spawn(&actions, &attributes()?)?;
        Ok(Self {
            process,
            stdin: Input::new(stdin.map(|(_, ours)| ours)),
            stdout,
        })
    }

    /// The first terminal that the leader of a session opens is the one that it controls, credentials(7).
    fn start_on_terminal(spawn: Spawn<'_>) -> Result<Self, Errno> {
        let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let terminal = posix_openpt(flags)?;
        grantpt(&terminal)?;
        unlockpt(&terminal)?;
        let name = ptsname_r(&terminal)?;
        let mut actions = PosixSpawnFileActions::init()?;
        actions.add_open(0, name.as_str(), OFlag::O_RDWR, Mode::empty())?;
        actions.add_dup2(0, 1)?;
        actions.add_dup2(0, 2)?;
        let mut attributes = attributes()?;
        let flags = PosixSpawnFlags::POSIX_SPAWN_SETSIGMASK
            | PosixSpawnFlags::POSIX_SPAWN_SETSIGDEF
            // nix has no name for this flag.
            | PosixSpawnFlags::from_bits_retain(i32::from(libc::POSIX_SPAWN_SETSID));
        attributes.set_flags(flags)?;
        let stdin = terminal.as_fd().try_clone_to_owned();
        let stdin = stdin.map_err(|_| Errno::EMFILE)?;
        let process = spawn(&actions, &attributes)?;
        Ok(Self {
            process,
            stdin: Input::new(Some(stdin)),
            stdout: terminal.into(),
        })
    }
}

/// Two ends between which a write stays what one read gives.
fn records() -> Result<(OwnedFd, OwnedFd), Errno> {
    let (family, kind) = (AddressFamily::Unix, SockType::SeqPacket);
    socketpair(family, kind, None, SockFlag::SOCK_CLOEXEC)
}

fn spawn(
    program: &Program,
    variables: &[(String, Vec<u8>)],
    actions: &PosixSpawnFileActions,
    attributes: &PosixSpawnAttr,
) -> Result<Pid, Errno> {
    keep_from_children();
    let environment = program.environment_with(variables);
    let first = program.words.first().ok_or(Errno::ENOENT)?;
    posix_spawn(
        first.as_c_str(),
        actions,
        attributes,
        &program.words,
        &environment,
    )
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
