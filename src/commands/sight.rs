//! Whoever looks at what passes: `--dump`, `--tee-in`, `--tee-out`.

use std::cell::{Cell, RefCell};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;

use crate::args::{DumpForm, SightArgs};
use crate::engine::{Tap, pending_signal};
use crate::net::CallError;
use crate::output::{self, Direction, Dump, Exit, Output, Warning};

/// How long nobody reads before it is looked for signals, in milliseconds.
const SIGNALS: u16 = 100;

/// What looks, and what became of it.
#[derive(Clone)]
pub(super) struct Sight {
    pub(super) tap: Tap,
    failed: Rc<Cell<Option<CallError>>>,
}

/// Where something is written besides stdout.
struct Record {
    /// `None` is stderr.
    file: Option<(File, PathBuf)>,
    has_failed: Cell<bool>,
}

impl Sight {
    /// Open what is to be written.
    pub(super) fn open(args: &SightArgs, output: &Output) -> Result<Self, CallError> {
        let failed: Rc<Cell<Option<CallError>>> = Rc::default();
        let tee_in = args.tee_in.as_deref().map(Record::of).transpose()?;
        let tee_out = args.tee_out.as_deref().map(Record::of).transpose()?;
        let dump = match args.dump {
            Some(form) => Some(Rc::new((
                RefCell::new(Dump::new(shown_as(form))),
                Record::new(args.dump_to.as_deref())?,
            ))),
            None => None,
        };
        let seer = |direction, tee: Option<Record>| {
            if tee.is_none() && dump.is_none() {
                return None;
            }
            let (dump, output, failed) = (dump.clone(), output.clone(), Rc::clone(&failed));
            let see = move |conn: u64, bytes: &[u8]| {
                let note = |written: Result<(), CallError>| {
                    if let Err(failure) = written {
                        // The transfer goes on; the one who asked is told now and, by the exit status, at the end.
                        let message = failure.to_string();
                        drop(output.offer(&Warning { message }));
                        failed.set(Some(failure));
                    }
                };
                if let Some(tee) = &tee {
                    note(tee.write(bytes));
                }
                if let Some((dump, record)) = dump.as_deref() {
                    let shown = dump.borrow_mut().show(output.now(), conn, direction, bytes);
                    note(record.write(shown.as_bytes()));
                }
            };
            Some(Rc::new(see) as Rc<dyn Fn(u64, &[u8])>)
        };
        let tap = Tap {
            received: seer(Direction::Received, tee_in),
            sent: seer(Direction::Sent, tee_out),
        };
        Ok(Self { tap, failed })
    }

    /// A run's end, which is none that went well where not everything that passed was written.
    pub(super) fn ends(&self, exit: Exit) -> anyhow::Result<Exit> {
        match (exit, self.failed.take()) {
            (Exit::Done, Some(failure)) => Err(failure.into()),
            (exit, _) => Ok(exit),
        }
    }
}

impl Record {
    fn new(path: Option<&Path>) -> Result<Self, CallError> {
        match path {
            Some(path) => Self::of(path),
            None => Ok(Self {
                file: None,
                has_failed: Cell::new(false),
            }),
        }
    }

    /// A file that is emptied, and then only appended to: two records may share one.
    fn of(path: &Path) -> Result<Self, CallError> {
        let refused = |cause| CallError::new("open", path.display(), cause);
        let opened = OpenOptions::new().append(true).create(true).open(path);
        let file = opened.map_err(refused)?;
        // What cannot be emptied, a pipe or a terminal, is not full of old things either.
        let _ = file.set_len(0);
        // One whose reader does not read must not keep a signal from ending the run. It is ours alone: opened, not inherited.
        let unwaiting = OFlag::O_APPEND | OFlag::O_NONBLOCK;
        fcntl(&file, FcntlArg::F_SETFL(unwaiting)).map_err(|errno| refused(errno.into()))?;
        Ok(Self {
            file: Some((file, path.to_owned())),
            has_failed: Cell::new(false),
        })
    }

    /// Write all of it; nothing any more once that has failed.
    fn write(&self, bytes: &[u8]) -> Result<(), CallError> {
        if self.has_failed.get() {
            return Ok(());
        }
        let Some((file, path)) = &self.file else {
            // Nobody can be told that nobody reads stderr. It is shared, and stays as it is: so much of it as a pipe that
            // has room takes at once, pipe(7), is written after a look.
            for piece in bytes.chunks(libc::PIPE_BUF) {
                let written =
                    await_room(&io::stderr()).and_then(|()| io::stderr().write_all(piece));
                if written.is_err() {
                    break;
                }
            }
            return Ok(());
        };
        write_unless_ended(file, bytes).map_err(|cause| {
            self.has_failed.set(true);
            CallError::new("write", path.display(), cause)
        })
    }
}

/// Write all of it, however long its reader takes for it, unless a signal asks for the end meanwhile.
fn write_unless_ended(mut file: &File, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write(bytes) {
            Ok(0) => return Err(Errno::EIO.into()),
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::WouldBlock => await_room(&file)?,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Wait until something can be written, unless a signal asks for the end meanwhile.
fn await_room(file: &impl AsFd) -> io::Result<()> {
    loop {
        let mut polled = [PollFd::new(file.as_fd(), PollFlags::POLLOUT)];
        match poll(&mut polled, PollTimeout::from(SIGNALS)) {
            Ok(0) | Err(Errno::EINTR) => {}
            Ok(_) => return Ok(()),
            Err(errno) => return Err(errno.into()),
        }
        if pending_signal().is_some_and(|signal| signal != Signal::SIGUSR1) {
            return Err(Errno::EINTR.into());
        }
    }
}

fn shown_as(form: DumpForm) -> output::DumpForm {
    match form {
        DumpForm::Text => output::DumpForm::Text,
        DumpForm::Hex => output::DumpForm::Hex,
        DumpForm::Json => output::DumpForm::Json,
    }
}
