//! The kit of the black-box tests: starts the real binary and real peers, waits for signs and never for time.
//!
//! Every wait has a deadline, every child ends with its test, and a test that fails shows what its children said.

mod capture;
mod names;
mod network;
mod peer;
mod process;
mod sign;
mod sockets;
mod terminal;

use std::time::Duration;

pub(crate) use names::Names;
pub(crate) use network::{CHAIN, among_hosts};
pub(crate) use peer::{peer, python, python_here};
pub(crate) use process::{Finished, Running, Start, Stdin, program, sockkit};
pub(crate) use sign::Sign;
pub(crate) use sockets::{
    Record, accept, dead_port, deaf_port, free_port, linger_zero, listener, patient, pattern,
    read_end, reset, stream_to,
};
pub(crate) use terminal::Terminal;

/// How long anything may take before its test fails.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);
/// How long a large transfer may take on a busy machine.
pub(crate) const LONG: Duration = Duration::from_secs(100);

/// A directory that vanishes with the test.
pub(crate) fn scratch() -> tempfile::TempDir {
    tempfile::Builder::new()
        .prefix("sockkit-")
        .tempdir()
        .unwrap()
}
