//! Whoever looks at what passes: `--dump`, `--tee-in`, `--tee-out`.

use std::cell::{Cell, RefCell};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::stream::StreamArgs;
use crate::args::DumpForm;
use crate::engine::{Ledger, Tap, Timer, write_now};
use crate::net::CallError;
use crate::output::{self, Direction, Dump, Exit, Output, Warning};

/// How long nobody reads a named pipe before it is looked again for a reader: nothing tells of one.
const LOOK: Duration = Duration::from_millis(50);

/// What looks, and what became of it.
#[derive(Clone)]
pub(super) struct Sight {
    pub(super) tap: Tap,
    /// Whether something that passed could not be written, which was told then.
    has_failed: Rc<Cell<bool>>,
}

impl Sight {
    /// Open what is to be written, within the deadline of a run that began at `start`.
    pub(super) fn open(args: &StreamArgs, start: Instant, output: &Output) -> anyhow::Result<Self> {
        let sight = &args.sight;
        let mut limits = args.timing.timers(start);
        limits.stop(Timer::Idle);
        let mut this = Self {
            tap: Tap::default(),
            has_failed: Rc::default(),
        };
        let open = |path: &Path| -> anyhow::Result<File> {
            loop {
                match open_record(path)? {
                    Some(file) => return Ok(file),
                    // Signals do what they do by themselves here.
                    None => std::thread::sleep(LOOK),
                }
                if let Some(expired) = limits.expired(Instant::now()) {
                    let path = path.display();
                    return Err(expired.on(format_args!("open {path}")).into());
                }
            }
        };
        let mut record = |path: &Path| anyhow::Ok(this.write_to(open(path)?, path, output));
        let tee_in = sight.tee_in.as_deref().map(&mut record).transpose()?;
        let tee_out = sight.tee_out.as_deref().map(&mut record).transpose()?;
        let dump_to = sight.dump_to.as_deref().map(&mut record).transpose()?;
        let dump = match sight.dump {
            Some(form) => Some(Rc::new((
                RefCell::new(Dump::new(shown_as(form))),
                dump_to.map_or_else(|| this.write_to_stderr(output), Ok)?,
            ))),
            None => None,
        };
        let seer = |direction, tee: Option<Rc<Ledger>>| {
            if tee.is_none() && dump.is_none() {
                return None;
            }
            let (dump, output) = (dump.clone(), output.clone());
            let see = move |conn: u64, bytes: &[u8]| {
                if let Some(tee) = &tee {
                    tee.record(conn, bytes);
                }
                if let Some((dump, ledger)) = dump.as_deref() {
                    let shown = dump.borrow_mut().show(output.now(), conn, direction, bytes);
                    ledger.record(conn, shown.as_bytes());
                }
            };
            Some(Rc::new(see) as Rc<dyn Fn(u64, &[u8])>)
        };
        this.tap.received = seer(Direction::Received, tee_in);
        this.tap.sent = seer(Direction::Sent, tee_out);
        Ok(this)
    }

    /// A run's end, which is none that went well where not everything that passed was written, or something of it was lost.
    pub(super) fn ends(&self, exit: Exit, has_lost: bool) -> Exit {
        match exit {
            Exit::Done if has_lost || self.has_failed.get() => Exit::Trouble,
            exit => exit,
        }
    }

    fn write_to(&mut self, file: File, path: &Path, output: &Output) -> Rc<Ledger> {
        let (path, output) = (path.to_owned(), output.clone());
        let has_failed = Rc::clone(&self.has_failed);
        let on_failure = move |cause| {
            // The transfer goes on; the one who asked is told now and, by the exit status, at the end.
            let message = CallError::new("write", path.display(), cause).to_string();
            drop(output.offer(&Warning { message }));
            has_failed.set(true);
        };
        let write = Box::new(write_now);
        self.keep(Ledger::new(file.into(), write, Box::new(on_failure)))
    }

    /// It is shared, and stays as it is. That it cannot be written is told by the exit status alone.
    fn write_to_stderr(&mut self, output: &Output) -> Result<Rc<Ledger>, CallError> {
        let fd = io::stderr().as_fd().try_clone_to_owned();
        let fd = fd.map_err(|cause| CallError::new("dup", "stderr", cause))?;
        let (output, has_failed) = (output.clone(), Rc::clone(&self.has_failed));
        let write = Box::new(move |_: std::os::fd::BorrowedFd<'_>, bytes: &[u8]| {
            output.pass_to_stderr(bytes)
        });
        let on_failure = Box::new(move |_| has_failed.set(true));
        Ok(self.keep(Ledger::new(fd, write, on_failure)))
    }

    fn keep(&mut self, ledger: Ledger) -> Rc<Ledger> {
        let ledger = Rc::new(ledger);
        self.tap.ledgers.push(Rc::clone(&ledger));
        ledger
    }
}

/// A file that is emptied, and then only appended to: two records may share one. `None` for a named pipe that nobody reads
/// yet. It is ours alone, opened and not inherited: it may be non-blocking.
fn open_record(path: &Path) -> Result<Option<File>, CallError> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    let file = match options.custom_flags(libc::O_NONBLOCK).open(path) {
        Err(cause) if cause.raw_os_error() == Some(libc::ENXIO) && is_pipe(path) => {
            return Ok(None);
        }
        opened => opened.map_err(|cause| CallError::new("open", path.display(), cause))?,
    };
    // What cannot be emptied, a pipe or a terminal, is not full of old things either.
    let _ = file.set_len(0);
    Ok(Some(file))
}

fn is_pipe(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    std::fs::metadata(path).is_ok_and(|found| found.file_type().is_fifo())
}

fn shown_as(form: DumpForm) -> output::DumpForm {
    match form {
        DumpForm::Text => output::DumpForm::Text,
        DumpForm::Hex => output::DumpForm::Hex,
        DumpForm::Json => output::DumpForm::Json,
    }
}
