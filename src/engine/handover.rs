//! Waiting for the message that brings descriptors (SCM_RIGHTS).

use nix::sys::signal::Signal;

use super::ending::LoopError;
use super::reactor::{Interest, Reactor};
use super::timer::Timers;
use super::watch::Watch;
use crate::net::{Handed, Socket};

/// The token of the connection.
const CONNECTION: usize = 0;

/// Read messages into `buffer` until one brings a descriptor: that one, one without any at the connection's end, or the
/// signal that came first.
pub fn take_descriptors(
    reactor: &mut Reactor,
    connection: &Socket,
    timers: &Timers,
    buffer: &mut [u8],
) -> Result<Result<Handed, Signal>, LoopError> {
    let mut watch = Watch::new(CONNECTION);
    loop {
        match connection.recv_descriptors(buffer)? {
            Some(handed) if handed.length == 0 || !handed.descriptors.is_empty() => {
                watch.set(reactor, connection, None)?;
                return Ok(Ok(handed));
            }
            Some(_) => continue,
            None => {}
        }
        watch.set(reactor, connection, Some(Interest::READ))?;
        if let Some(signal) = reactor.wait(timers.next())? {
            return Ok(Err(signal));
        }
        if let Some(expired) = timers.expired(std::time::Instant::now()) {
            let on = format_args!("a descriptor from {}", connection.about());
            return Err(expired.on(on).into());
        }
    }
}
