//! Work that blocks (a disk that is asked to be sure, a hash that takes its time), done on a thread of its own while the
//! loop serves others.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::{pipe2, write};

/// Work on its way.
#[derive(Debug)]
pub(super) struct Errand<T> {
    outcome: Receiver<T>,
    end: Arc<OwnedFd>,
}

impl<T: Send + 'static> Errand<T> {
    /// Have `work` done; the descriptor can be read once it is. An error means that nothing was begun, and `work` is
    /// dropped.
    pub(super) fn start(
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<(Self, OwnedFd), Errno> {
        Self::start_asking(|_| work())
    }

    /// The same for work that may ask whether anybody still waits for it: whether the descriptor is open.
    pub(super) fn start_asking(
        work: impl FnOnce(&dyn Fn() -> bool) -> T + Send + 'static,
    ) -> Result<(Self, OwnedFd), Errno> {
        let (ended, end) = wake()?;
        let end = Arc::new(end);
        let (sender, outcome) = sync_channel(1);
        let told = Arc::clone(&end);
        let spawned = thread::Builder::new().spawn(move || {
            // Nobody may be waiting any more.
            let _ = sender.send(work(&|| !is_abandoned(&told)));
            let _ = write(&told, b"!");
        });
        match spawned {
            Ok(_) => Ok((Self { outcome, end }, ended)),
            Err(_) => Err(Errno::EAGAIN),
        }
    }

    /// What came of it; `None` while it is not done, and when it never will be.
    pub(super) fn outcome(&self) -> Option<T> {
        self.outcome.try_recv().ok()
    }

    /// Whether the descriptor that tells of its end was closed: nobody waits for it any more.
    pub(super) fn is_abandoned(&self) -> bool {
        is_abandoned(&self.end)
    }
}

/// A descriptor that can be read once the other one is closed.
pub(super) fn wake() -> Result<(OwnedFd, OwnedFd), Errno> {
    pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)
}

/// Whether the one has been closed that could be read once `end` is.
pub(super) fn is_abandoned(end: &OwnedFd) -> bool {
    let mut polled = [PollFd::new(end.as_fd(), PollFlags::empty())];
    let _ = poll(&mut polled, PollTimeout::ZERO);
    let [polled] = polled;
    polled
        .revents()
        .is_some_and(|found| found.contains(PollFlags::POLLERR))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn the_descriptor_tells_when_it_is_done() {
        let (go, wait) = channel();
        let work = move || {
            let _ = wait.recv();
            7
        };
        let (errand, fd) = Errand::start(work).unwrap();
        let ready = |limit: PollTimeout| {
            let mut waiting = [PollFd::new(fd.as_fd(), PollFlags::POLLIN)];
            poll(&mut waiting, limit).unwrap() == 1
        };
        assert!(!ready(PollTimeout::ZERO));
        assert_eq!(errand.outcome(), None);
        go.send(()).unwrap();
        assert!(ready(PollTimeout::from(10_000_u16)));
        assert_eq!(errand.outcome(), Some(7));
    }

    #[test]
    fn work_knows_whether_it_is_waited_for() {
        let (go, wait) = channel();
        let (say, said) = channel();
        let work = move |is_awaited: &dyn Fn() -> bool| {
            for () in wait {
                say.send(is_awaited()).unwrap();
            }
        };
        let (_errand, fd) = Errand::start_asking(work).unwrap();
        go.send(()).unwrap();
        assert_eq!(said.recv(), Ok(true));
        drop(fd);
        go.send(()).unwrap();
        assert_eq!(said.recv(), Ok(false));
    }
}
