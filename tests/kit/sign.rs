//! Readiness without the ready line: `--ready-fd` and `--port-file`, for runs that say nothing on stderr.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Read;
use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use tempfile::TempDir;

use super::{DEADLINE, scratch};

/// A named pipe as descriptor 3 of a listener, and the file that it writes its port to.
pub(crate) struct Sign {
    folder: TempDir,
    fifo: File,
}

impl Sign {
    /// A sign that was not given yet.
    pub(crate) fn new() -> Self {
        let folder = scratch();
        let path = folder.path().join("ready");
        mkfifo(&path, Mode::S_IRWXU).unwrap();
        // For both directions: opening does not wait, and the pipe never ends.
        let fifo = File::options().read(true).write(true).open(path).unwrap();
        Self { folder, fifo }
    }

    /// The flags that ask for it.
    pub(crate) fn flags(&self) -> [OsString; 4] {
        let file = self.folder.path().join("port").into_os_string();
        ["--ready-fd".into(), "3".into(), "--port-file".into(), file]
    }

    /// The script to start the listener under, with more redirections.
    pub(crate) fn script(&self, redirections: &str) -> String {
        let fifo = self.folder.path().join("ready");
        format!(r#"exec "$0" "$@" 3>'{}' {redirections}"#, fifo.display())
    }

    /// Wait for the sign.
    pub(crate) fn wait(&mut self) {
        let limit = PollTimeout::try_from(DEADLINE).unwrap();
        let mut waiting = [PollFd::new(self.fifo.as_fd(), PollFlags::POLLIN)];
        assert_eq!(poll(&mut waiting, limit), Ok(1), "no sign of readiness");
        self.fifo.read_exact(&mut [0]).unwrap();
    }

    /// Wait for the sign, and read the port.
    pub(crate) fn port(&mut self) -> u16 {
        self.wait();
        let written = fs::read_to_string(self.folder.path().join("port")).unwrap();
        written.trim_end().parse().unwrap()
    }
}
