//! The handshake of one connection, waited for.

use std::time::Instant;

use nix::sys::signal::Signal;

use super::Transport;
use crate::engine::ending::LoopError;
use crate::engine::reactor::Reactor;
use crate::engine::timer::Timers;
use crate::engine::watch::Watch;

/// The token of the connection, which is alone.
const SOCKET: usize = 0;

/// Go on until the handshake is done, and what it had to say has left, or until a limit fires; or the signal that came
/// first.
pub fn greet(
    reactor: &mut Reactor,
    transport: &mut Transport,
    timers: &Timers,
) -> Result<Option<Signal>, LoopError> {
    let mut watch = Watch::new(SOCKET);
    while transport.is_greeting() || transport.wants_write() {
        let interest = transport.interest(transport.is_greeting(), false);
        watch.set(reactor, transport.socket(), Some(interest))?;
        if let Some(signal) = reactor.wait(timers.next())? {
            return Ok(Some(signal));
        }
        match transport.is_greeting() {
            true => transport.greet()?,
            false => drop(transport.flush()?),
        }
        if let Some(expired) = timers.expired(Instant::now()) {
            let on = format_args!("TLS with {}", transport.socket().about());
            return Err(expired.on(on).into());
        }
    }
    watch.set(reactor, transport.socket(), None)?;
    Ok(None)
}
