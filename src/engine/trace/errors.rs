//! The error queue of a probe's socket, taken up: each ICMP error is a word about the probe that it quotes.

use std::net::SocketAddr;

use super::report::AnswerKind;
use super::word::{Which, Word};
use crate::engine::ping::trouble;
use crate::net::{Address, CallError, Family, Socket, ToldError};
use crate::wire::{QUOTED_BEFORE_EXTENSION, labels};

/// How many errors are taken from a socket before others have their turn.
const TURN: usize = 128;
const EMSGSIZE: u32 = libc::EMSGSIZE.cast_unsigned();
/// The header of IPv4 without options.
const IPV4_HEADER: usize = 20;

/// What there was on the queue.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Drained {
    /// Whether there was an error from the way.
    pub(super) any: bool,
    /// The largest packet that this host sends, where it refused a larger one.
    pub(super) mtu: Option<u32>,
}

/// Take the errors of a socket that speaks to `target`; whoever quotes a packet to somebody else speaks of another's, or
/// lies. `which` knows a probe by what is quoted of it behind the first `skipped`
/// bytes of its transport header.
pub(super) fn take_errors(
    socket: &Socket,
    target: SocketAddr,
    skipped: usize,
    buffer: &mut [u8],
    which: &dyn Fn(&[u8]) -> Option<Which>,
    words: &mut Vec<Word>,
) -> Result<Drained, CallError> {
    let family = Address::Inet(target).family();
    let mut drained = Drained::default();
    for _ in 0..TURN {
        let Some(told) = socket.recv_error(buffer)? else {
            break;
        };
        if !told.is_icmp {
            drained.mtu = Some(told.info).filter(|_| told.errno == EMSGSIZE);
            continue;
        }
        drained.any = true;
        if told.is_advice() || !is_to(&told, target) {
            continue;
        }
        let quoted = buffer.get(..told.length).unwrap_or(buffer);
        if let Some(which) = which(quoted) {
            words.push(word(&told, which, family, skipped, quoted));
        }
    }
    Ok(drained)
}

/// Whether the packet that is quoted went there; the unspecified address stands for this host, ip(7), and no port for any.
fn is_to(told: &ToldError, target: SocketAddr) -> bool {
    told.to.is_none_or(|to| {
        (target.ip().is_unspecified() || to.ip() == target.ip())
            && (to.port() == target.port() || to.port() == 0 || target.port() == 0)
    })
}

fn word(told: &ToldError, which: Which, family: Family, skipped: usize, quoted: &[u8]) -> Word {
    // Routers older than RFC 4884 do not say where their extension begins: behind 128 bytes.
    let old = QUOTED_BEFORE_EXTENSION - IPV4_HEADER - skipped;
    let old = (family == Family::Inet).then_some(old);
    let extension = told.extension.or(old).and_then(|at| quoted.get(at..));
    Word {
        which,
        from: told.from.map(without_port),
        at: told.at,
        seen: None,
        measured: None,
        ttl: told.ttl,
        labels: extension.map(labels).unwrap_or_default(),
        kind: AnswerKind::Error(trouble(told, family)),
    }
}

/// An address has no port on the way.
pub(super) fn without_port(mut address: SocketAddr) -> SocketAddr {
    address.set_port(0);
    address
}
