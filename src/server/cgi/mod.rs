//! `--exec`: a command answers each request, CGI/1.1. What it is told is decided by [`crate::http::cgi`]; here it is
//! started, fed, heard, and ended when nobody waits for it any more.
//!
//! How it is started, fed, signalled and reaped is [`crate::engine`]'s, the same as for connections. The worker writes the
//! body to its stdin as it comes and never waits for it. A thread for each command hears its stdout: what a client does not
//! take before its own body is through goes to the disk, which a loop over sockets must not wait for, and a command that is
//! ended may outlive its connection.

mod command;
mod mark;
mod running;
mod spool;
mod supervisor;
mod work;

pub use command::{Gateway, GatewayLimits};
pub(super) use work::{Verdict, Work};
