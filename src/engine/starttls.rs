//! The talk in plain text that TLS begins with in some protocols, waited for.

use std::time::Instant;

use nix::sys::signal::Signal;

use super::ending::LoopError;
use super::reactor::{Interest, Reactor};
use super::timer::Timers;
use super::tls::TlsFailure;
use super::watch::Watch;
use crate::net::{CallError, Recv, Send, Socket};
use crate::wire::{NoStarttls, Starttls, StarttlsProtocol, Turn};

/// The token of the connection, which is alone.
const SOCKET: usize = 0;
/// How much one recv takes.
const PIECE: usize = 4096;

/// Talk until the server is ready for a hello, or until a limit fires; or the signal that came first.
pub fn begin_tls(
    protocol: StarttlsProtocol,
    reactor: &mut Reactor,
    socket: &Socket,
    timers: &Timers,
) -> Result<Option<Signal>, LoopError> {
    let (mut starttls, mut unsent) = Starttls::new(protocol);
    let mut watch = Watch::new(SOCKET);
    let mut buffer = [0; PIECE];
    loop {
        send(socket, &mut unsent)?;
        let interest = Interest {
            read: unsent.is_empty(),
            write: !unsent.is_empty(),
        };
        watch.set(reactor, socket, Some(interest))?;
        if let Some(signal) = reactor.wait(timers.next())? {
            return Ok(Some(signal));
        }
        if let Some(expired) = timers.expired(Instant::now()) {
            let on = format_args!("STARTTLS with {}", socket.about());
            return Err(expired.on(on).into());
        }
        if !unsent.is_empty() {
            continue;
        }
        let Recv::Bytes(count) = socket.recv(&mut buffer)? else {
            continue;
        };
        let heard = buffer.get(..count).unwrap_or_default();
        match starttls.hear(heard).map_err(|no| refused(socket, &no))? {
            Turn::Hear => {}
            Turn::Say(words) => unsent = words,
            Turn::Go => {
                watch.set(reactor, socket, None)?;
                return Ok(None);
            }
        }
    }
}

fn send(socket: &Socket, unsent: &mut Vec<u8>) -> Result<(), CallError> {
    while !unsent.is_empty() {
        match socket.send(unsent)? {
            Send::Bytes(count) => drop(unsent.drain(..count.min(unsent.len()))),
            Send::WouldBlock => break,
        }
    }
    Ok(())
}

fn refused(socket: &Socket, no: &NoStarttls) -> CallError {
    let why = no.to_string();
    let failure = match no {
        NoStarttls::Garbled(_) => TlsFailure::new(why, "another --starttls, or --tls without it?"),
        NoStarttls::Injected => TlsFailure::new(why, "somebody between may have put it there"),
        NoStarttls::NotOffered => TlsFailure::new(why, "is it another port that has TLS? --tls"),
        NoStarttls::Ended => TlsFailure::bare(why).temporary(),
        _ => TlsFailure::bare(why),
    };
    failure.on("starttls", socket.about())
}
