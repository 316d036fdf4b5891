//! A terminal of the test's own.

use std::fs::{File, OpenOptions};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};

/// A pseudoterminal, pty(7). Both ends are closed on exec, which openpty(3) leaves out: a program that another test starts
/// meanwhile would keep it from being hung up.
pub(crate) struct Terminal {
    /// What a person types into, and reads from: the terminal is gone with it.
    pub(crate) person: File,
    /// What a program has.
    pub(crate) program: OwnedFd,
    /// Under which name a program opens it.
    pub(crate) name: PathBuf,
}

impl Terminal {
    pub(crate) fn new() -> Self {
        let person = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC).unwrap();
        grantpt(&person).unwrap();
        unlockpt(&person).unwrap();
        let name = PathBuf::from(ptsname_r(&person).unwrap());
        let program = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(OFlag::O_NOCTTY.bits())
            .open(&name)
            .unwrap();
        Self {
            person: File::from(OwnedFd::from(person)),
            program: program.into(),
            name,
        }
    }
    /// The person goes, and the terminal with them: a program that is being started elsewhere may have it a moment longer.
    pub(crate) fn hang_up(self) {
        drop(self.person);
        let mut ends = [PollFd::new(self.program.as_fd(), PollFlags::empty())];
        let patience = PollTimeout::try_from(super::DEADLINE).unwrap();
        assert_eq!(poll(&mut ends, patience), Ok(1), "not hung up");
    }
}
