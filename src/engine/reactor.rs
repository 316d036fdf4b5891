//! Readiness: a level-triggered epoll(7) and the signals that end a run, signalfd(2).

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use super::signals::heeded;
use crate::net::{CallError, milliseconds};

/// How many events one turn takes up.
const EVENTS: usize = 256;
/// The token of the signals; callers count theirs from zero.
const SIGNALS: u64 = u64::MAX;

/// What a descriptor is watched for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interest {
    /// Until there is something to read, or the end.
    pub read: bool,
    /// Until there is room to write.
    pub write: bool,
}

/// What became of a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    /// The number that it was watched under.
    pub token: usize,
    /// A read will not wait.
    pub read: bool,
    /// A write will not wait.
    pub write: bool,
    /// An error or a hang-up, which is told whatever was asked for.
    pub gone: bool,
}

/// One loop's readiness.
#[derive(Debug)]
pub struct Reactor {
    epoll: Epoll,
    signals: Option<SignalFd>,
    /// The signal that ends nothing, and whether it has come.
    aside: (Option<Signal>, bool),
    events: Vec<EpollEvent>,
    ready: Vec<Ready>,
}

impl Interest {
    /// To read.
    pub const READ: Self = Self {
        read: true,
        write: false,
    };
    /// To write.
    pub const WRITE: Self = Self {
        read: false,
        write: true,
    };
    /// Nothing but errors and hang-ups.
    pub const NONE: Self = Self {
        read: false,
        write: false,
    };

    fn flags(self) -> EpollFlags {
        let read = if self.read {
            EpollFlags::EPOLLIN
        } else {
            EpollFlags::empty()
        };
        let write = if self.write {
            EpollFlags::EPOLLOUT
        } else {
            EpollFlags::empty()
        };
        read | write
    }
}

impl Reactor {
    /// An epoll without any descriptor.
    pub fn new() -> Result<Self, CallError> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)
            .map_err(|errno| CallError::new("epoll_create1", "", errno))?;
        let events = vec![EpollEvent::empty(); EVENTS];
        Ok(Self {
            epoll,
            signals: None,
            aside: (None, false),
            events,
            ready: Vec::new(),
        })
    }

    /// Take the signals that end a run as events from here on. One that the parent had us ignore stays ignored
    /// (nohup, a job in the background of a script).
    pub fn catch_signals(&mut self) -> Result<(), CallError> {
        let mask: SigSet = heeded().collect();
        let refused = |errno| CallError::new("signalfd", "", errno);
        mask.thread_block().map_err(refused)?;
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        let signals = SignalFd::with_flags(&mask, flags).map_err(refused)?;
        self.epoll
            .add(&signals, EpollEvent::new(EpollFlags::EPOLLIN, SIGNALS))
            .map_err(|errno| CallError::new("epoll_ctl", "", errno))?;
        self.signals = Some(signals);
        Ok(())
    }

    /// Have signals do again what they do by themselves; one that has come meanwhile does it now.
    pub fn release_signals(self) -> Result<(), CallError> {
        let mask: SigSet = heeded().collect();
        mask.thread_unblock()
            .map_err(|errno| CallError::new("sigprocmask", "", errno))
    }

    /// Have a signal that is caught end nothing: [`Self::take_aside`] tells that it has come.
    pub fn set_aside(&mut self, signal: Signal) {
        self.aside.0 = Some(signal);
    }

    /// Whether the signal that was set aside has come since this was last asked.
    pub fn take_aside(&mut self) -> bool {
        std::mem::take(&mut self.aside.1)
    }

    /// Watch a descriptor under `token`; `false` when it is one that is always ready (a regular file, /dev/null).
    pub fn watch(
        &self,
        fd: impl AsFd,
        token: usize,
        interest: Interest,
    ) -> Result<bool, CallError> {
        match self
            .epoll
            .add(fd, EpollEvent::new(interest.flags(), token as u64))
        {
            Ok(()) => Ok(true),
            Err(Errno::EPERM) => Ok(false),
            Err(errno) => Err(CallError::new("epoll_ctl", "", errno)),
        }
    }

    /// Watch a descriptor that other loops watch too, for reading: one of them is woken (EPOLLEXCLUSIVE).
    pub fn watch_shared(&self, fd: impl AsFd, token: usize) -> Result<(), CallError> {
        let flags = EpollFlags::EPOLLIN | EpollFlags::EPOLLEXCLUSIVE;
        self.epoll
            .add(fd, EpollEvent::new(flags, token as u64))
            .map_err(|errno| CallError::new("epoll_ctl", "", errno))
    }

    /// Watch a descriptor until it is ready once (EPOLLONESHOT); watched before or not.
    pub fn watch_once(
        &self,
        fd: impl AsFd,
        token: usize,
        interest: Interest,
    ) -> Result<(), CallError> {
        let flags = interest.flags() | EpollFlags::EPOLLONESHOT;
        let mut event = EpollEvent::new(flags, token as u64);
        let armed = match self.epoll.modify(&fd, &mut event) {
            Err(Errno::ENOENT) => self.epoll.add(&fd, event),
            armed => armed,
        };
        armed.map_err(|errno| CallError::new("epoll_ctl", "", errno))
    }

    /// Watch a watched descriptor for something else.
    pub fn change(&self, fd: impl AsFd, token: usize, interest: Interest) -> Result<(), CallError> {
        let mut event = EpollEvent::new(interest.flags(), token as u64);
        self.epoll
            .modify(fd, &mut event)
            .map_err(|errno| CallError::new("epoll_ctl", "", errno))
    }

    /// Watch a descriptor no longer.
    pub fn forget(&self, fd: impl AsFd) -> Result<(), CallError> {
        self.epoll
            .delete(fd)
            .map_err(|errno| CallError::new("epoll_ctl", "", errno))
    }

    /// Wait until something is ready or `until` is there (`None`: without limit), and take what is ready.
    /// A signal comes alone, before everything else.
    pub fn wait(&mut self, until: Option<Instant>) -> Result<Option<Signal>, CallError> {
        let timeout = until.map(|until| until.saturating_duration_since(Instant::now()));
        self.wait_for(timeout)
    }

    /// The same, for a time that the caller has worked out.
    pub fn wait_for(&mut self, timeout: Option<Duration>) -> Result<Option<Signal>, CallError> {
        self.ready.clear();
        let timeout = EpollTimeout::try_from(milliseconds(timeout)).unwrap_or(EpollTimeout::NONE);
        let count = match self.epoll.wait(&mut self.events, timeout) {
            Ok(count) => count,
            Err(Errno::EINTR) => 0,
            Err(errno) => return Err(CallError::new("epoll_wait", "", errno)),
        };
        let mut signalled = false;
        for event in self.events.iter().take(count) {
            if event.data() == SIGNALS {
                signalled = true;
            } else {
                self.ready.push(to_ready(*event));
            }
        }
        let signal = if signalled { self.take_signal() } else { None };
        if signal.is_some() && signal == self.aside.0 {
            self.aside.1 = true;
            return Ok(None);
        }
        Ok(signal)
    }

    /// What the last turn found, oldest first.
    pub fn ready(&self) -> &[Ready] {
        &self.ready
    }

    fn take_signal(&self) -> Option<Signal> {
        let taken = self.signals.as_ref()?.read_signal().ok()??;
        i32::try_from(taken.ssi_signo)
            .ok()
            .and_then(|number| Signal::try_from(number).ok())
    }
}

fn to_ready(event: EpollEvent) -> Ready {
    let flags = event.events();
    let gone = flags.intersects(EpollFlags::EPOLLERR | EpollFlags::EPOLLHUP);
    Ready {
        token: usize::try_from(event.data()).unwrap_or(usize::MAX),
        read: gone || flags.contains(EpollFlags::EPOLLIN),
        write: gone || flags.contains(EpollFlags::EPOLLOUT),
        gone,
    }
}
