//! `--exec`: a command answers each request, CGI/1.1. What it is told is decided by [`crate::http::cgi`]; here it is
//! started, fed, heard, and ended when nobody waits for it any more.
//!
//! The worker writes the body to the command's stdin as it comes and never waits for it. A thread for each command hears
//! its stdout and watches its end: those are the two things that a loop over sockets cannot wait for.

mod command;
mod mark;
mod running;
mod spool;
mod supervisor;
mod work;

pub use command::{Gateway, GatewayLimits};
pub(super) use work::{Verdict, Work};
