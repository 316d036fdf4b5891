//! Several workers on the same listeners, a thread each. The first one, on the caller's own thread, takes the signals and
//! watches stdout; when it ends, all end.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::Context;
use nix::sys::signal::Signal;

use super::service::Service;
use super::shared::{Shared, Terms};
use super::worker::Worker;
use crate::engine::Outlet;
use crate::net::Socket;

/// The workers of a server.
#[derive(Debug)]
pub struct Crew {
    shared: Arc<Shared>,
    first: Worker,
}

impl Crew {
    /// Serve the clients of these sockets, which listen; from here on signals are taken as events.
    pub fn new(listeners: Vec<Socket>, terms: Terms) -> anyhow::Result<Self> {
        let shared = Arc::new(Shared::new(listeners, terms)?);
        let first = Worker::first(Arc::clone(&shared))?;
        Ok(Self { shared, first })
    }

    /// Serve with so many workers, each of which is made a service of its own, until a signal comes and what is in
    /// flight is done, `deadline` has passed or stdout's reader went away (where `outlet` is given).
    pub fn run(
        mut self,
        workers: usize,
        service: &(dyn Fn() -> Service + Sync),
        outlet: Option<&Outlet>,
        deadline: Option<Duration>,
    ) -> anyhow::Result<Signal> {
        let shared = &self.shared;
        if workers > 1 {
            shared.connect()?;
        }
        let work = || {
            let worker = Worker::another(Arc::clone(shared)).map_err(anyhow::Error::from);
            let worked =
                worker.and_then(|mut worker| worker.run(&mut service().among(workers), None, None));
            if let Err(error) = worked {
                shared.fail(error);
            }
        };
        let signal = thread::scope(|scope| {
            for _ in 1..workers {
                thread::Builder::new()
                    .spawn_scoped(scope, work)
                    .context("a thread for a worker")?;
            }
            let worked = self
                .first
                .run(&mut service().among(workers), outlet, deadline);
            shared.tell_end();
            worked
        })?;
        match (signal, self.shared.failure()) {
            (Some(signal), _) => Ok(signal),
            (None, Some(error)) => Err(error),
            (None, None) => anyhow::bail!("a worker ended"),
        }
    }
}
