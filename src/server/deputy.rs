//! Threads that may reach what others may not, Landlock's domain being a thread's own: a deputy does what the workers may
//! not do themselves, and the keeper, which reaches further than any of them and hears no client, appoints it.

use std::fmt;
use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel, sync_channel};
use std::thread;

use nix::errno::Errno;

use super::sandbox::{Grant, restrict_to};

type Work = Box<dyn FnOnce() + Send>;

/// Where calls to the file system are made: on the thread that asks, or on another one. That ends with the last of these.
#[derive(Clone, Debug, Default)]
pub(super) struct Deputy {
    /// Where work is handed to; `None` for the thread that asks.
    work: Option<Sender<Work>>,
}

/// Who appoints a deputy for the directory that took the place of the one that is served.
pub struct Keeper {
    deputy: Deputy,
    files: Files,
}

/// What a deputy may reach, as it stands there now.
pub type Files = Box<dyn Fn() -> Vec<(PathBuf, Grant)> + Send + Sync>;

impl Deputy {
    /// A thread that may do what this one may, once `prepare` has limited it.
    fn start<E: Send + 'static>(
        prepare: impl FnOnce() -> Result<(), E> + Send + 'static,
    ) -> Result<Self, Errno> {
        let (sender, work) = channel::<Work>();
        let (say, said) = sync_channel(1);
        let follow = move || {
            let is_prepared = prepare().is_ok();
            // Whoever started it waits for that.
            let _ = say.send(is_prepared);
            if is_prepared {
                work.into_iter().for_each(|work| work());
            }
        };
        let spawned = thread::Builder::new().name("deputy".into()).spawn(follow);
        spawned.map_err(|_| Errno::EAGAIN)?;
        match said.recv() {
            Ok(true) => Ok(Self { work: Some(sender) }),
            _ => Err(Errno::EPERM),
        }
    }

    /// Whether that is the thread that asks.
    pub(super) fn is_here(&self) -> bool {
        self.work.is_none()
    }

    /// Have it do `work`, and wait for that.
    pub(super) fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Errno> {
        let Some(sender) = &self.work else {
            return Ok(work());
        };
        let (say, said) = sync_channel(1);
        let work = move || {
            let _ = say.send(work());
        };
        sender.send(Box::new(work)).map_err(|_| Errno::EIO)?;
        said.recv().map_err(|_| Errno::EIO)
    }

    /// Have it done without anybody else waiting: on a thread that may do what the deputy may.
    pub(super) fn run_apart<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Errno> {
        if self.is_here() {
            return Ok(work());
        }
        let spawned = self.run(|| thread::Builder::new().spawn(work))?;
        let thread = spawned.map_err(|_| Errno::EAGAIN)?;
        thread.join().map_err(|_| Errno::EIO)
    }
}

impl Keeper {
    /// A thread that goes on with what this one may do now, whatever this one gives up later.
    pub(super) fn start(files: Files) -> Result<Self, Errno> {
        let deputy = Deputy::start(|| Ok::<(), Errno>(()))?;
        Ok(Self { deputy, files })
    }

    /// Have it do what nobody else may, and wait for that.
    pub(super) fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Errno> {
        self.deputy.run(work)
    }

    /// Somebody who may reach what stands there now, and nothing else.
    pub(super) fn appoint(&self) -> Result<Deputy, Errno> {
        let files = (self.files)();
        self.deputy
            .run(move || Deputy::start(move || restrict_to(&files)))?
    }
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keeper")
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::ErrorKind;
    use std::thread::current;

    use super::*;

    #[test]
    fn work_is_done_where_it_may_be() {
        let here = current().id();
        let itself = Deputy::default();
        assert_eq!(itself.run(|| current().id()), Ok(here));
        assert_eq!(itself.run_apart(|| current().id()), Ok(here));
        let deputy = Deputy::start(|| Ok::<(), Errno>(())).unwrap();
        let there = deputy.run(|| current().id()).unwrap();
        assert_ne!(there, here);
        assert_eq!(deputy.run(|| current().id()), Ok(there));
        let apart = deputy.run_apart(|| current().id()).unwrap();
        assert!(apart != here && apart != there);
        let refused = Deputy::start(|| Err(Errno::EPERM));
        assert_eq!(refused.unwrap_err(), Errno::EPERM);
    }

    #[test]
    fn a_deputy_reaches_what_it_was_appointed_for() {
        let folder = tempfile::tempdir().unwrap();
        let (mine, other) = (folder.path().join("mine"), folder.path().join("other"));
        for path in [&mine, &other] {
            fs::write(path, "text").unwrap();
        }
        let files = mine.clone();
        let keeper = Keeper::start(Box::new(move || vec![(files.clone(), Grant::Read)])).unwrap();
        let deputy = keeper.appoint().unwrap();
        assert_eq!(deputy.run(|| fs::read(mine)).unwrap().unwrap(), b"text");
        let read = deputy.run(move || fs::read(other)).unwrap();
        // A kernel without Landlock limits nobody.
        assert!(read.map_or_else(
            |error| error.kind() == ErrorKind::PermissionDenied,
            |_| !has_landlock()
        ));
    }

    fn has_landlock() -> bool {
        thread::spawn(|| restrict_to(&[]).is_ok() && fs::read_dir("/").is_err())
            .join()
            .unwrap()
    }
}
