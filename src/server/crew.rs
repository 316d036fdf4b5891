//! Several workers on the same listeners, a thread each. The first one, on the caller's own thread, takes the signals and
//! watches stdout; when it ends, all end.

use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::Context;
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::signal::Signal;

use super::service::Service;
use super::worker::{Ended, Worker};
use crate::engine::Outlet;
use crate::net::Socket;

/// The workers of a server.
#[derive(Debug)]
pub struct Crew {
    listeners: Arc<[Socket]>,
    first: Worker,
    /// Ends the first worker when another one failed.
    failed: EventFd,
    /// Ends the others.
    ended: EventFd,
}

impl Crew {
    /// Serve the clients of these sockets, which listen; from here on signals are taken as events.
    pub fn new(listeners: Vec<Socket>) -> anyhow::Result<Self> {
        let listeners: Arc<[Socket]> = listeners.into();
        let mut first = Worker::new(Arc::clone(&listeners))?;
        first.catch_signals()?;
        Ok(Self {
            listeners,
            first,
            failed: wake()?,
            ended: wake()?,
        })
    }

    /// Serve with so many workers, each of which is made a service of its own, until a signal comes, `deadline` has
    /// passed or stdout's reader went away (where `outlet` is given).
    pub fn run(
        mut self,
        workers: usize,
        service: &(dyn Fn() -> Service + Sync),
        outlet: Option<&Outlet>,
        deadline: Option<Duration>,
    ) -> anyhow::Result<Signal> {
        let failure = Mutex::new(None);
        let (listeners, failed, ended) = (&self.listeners, &self.failed, &self.ended);
        let work = || {
            let worker = Worker::new(Arc::clone(listeners));
            let worked = worker
                .map_err(anyhow::Error::from)
                .and_then(|mut worker| worker.run(&mut service(), ended.as_fd(), None, None));
            if let Err(error) = worked {
                *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                // The counter of an eventfd is never full here.
                let _ = failed.write(1);
            }
        };
        let first = thread::scope(|scope| {
            for _ in 1..workers {
                thread::Builder::new()
                    .spawn_scoped(scope, work)
                    .context("a thread for a worker")?;
            }
            let first = &mut self.first;
            let worked = first.run(&mut service(), failed.as_fd(), outlet, deadline);
            let _ = ended.write(1);
            worked
        });
        match (first?, failure.into_inner()) {
            (Ended::Signal(signal), _) => Ok(signal),
            (Ended::Told, Ok(Some(error))) => Err(error),
            (Ended::Told, _) => anyhow::bail!("a worker ended"),
        }
    }
}

fn wake() -> anyhow::Result<EventFd> {
    let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
    EventFd::from_flags(flags).context("eventfd")
}
