//! The command that answers requests, and how many may do so at once.

use std::ffi::OsString;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::running::Running;
use crate::engine::{CannotRun, Program};
use crate::http::cgi::is_meta_variable;
use crate::net::descriptor_limit;

/// A command as a gateway to whatever it knows.
pub struct Gateway {
    /// The program; no variable of ours that a request sets is in its environment.
    pub(super) program: Program,
    /// The soft limit of descriptors that was handed to us, and is for commands; `None` for ours.
    pub(super) descriptors: Option<u64>,
    pub(super) limits: GatewayLimits,
    /// Whether its output begins with a head of its own.
    pub(super) has_head: bool,
    /// Who is told what went wrong.
    pub(super) log: Arc<Log>,
    pub(super) running: Arc<Running>,
}

pub(super) type Log = dyn Fn(&str) + Send + Sync;

/// How much a command may take.
#[derive(Clone, Copy, Debug)]
pub struct GatewayLimits {
    /// How long one may run.
    pub time: Duration,
    /// How many may run at once; a request above that is answered 503.
    pub count: usize,
}

impl Gateway {
    /// Look the command up, as a shell would, before the limit of descriptors is raised. `log` is told what goes wrong later on.
    pub fn new(
        words: &[OsString],
        limits: GatewayLimits,
        has_head: bool,
        log: impl Fn(&str) + Send + Sync + 'static,
    ) -> Result<Self, CannotRun> {
        Ok(Self {
            program: Program::find(words, is_meta_variable)?,
            descriptors: descriptor_limit(),
            limits,
            has_head,
            log: Arc::new(log),
            running: Arc::default(),
        })
    }

    /// End every command that is still running; none is left behind.
    pub fn end(&self) {
        self.running.end();
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway")
            .field("program", &self.program)
            .finish_non_exhaustive()
    }
}
