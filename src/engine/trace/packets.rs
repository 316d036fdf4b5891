//! Probes that are datagrams or echo requests: one connected socket for each flow, whatever the hop. Everything that a
//! router may choose a path by stays the same along a flow: addresses, ports, and the checksum of an echo request.

use std::net::SocketAddr;
use std::time::{Instant, SystemTime};

use super::errors::{Drained, take_errors, without_port};
use super::report::AnswerKind;
use super::survey::Due;
use super::word::{Which, Word};
use crate::engine::ping::EchoSocket;
use crate::engine::reactor::{Interest, Reactor, Ready};
use crate::net::{Address, CallError, Family, Send, Socket, Stamped};
use crate::wire::{Echo, EchoKind, Mark, below_ipv4};

/// How many errors of earlier probes may stand before one that is sent.
const STALE: usize = 64;
/// How often a send may fail where no error is told before it is believed: the error of an earlier probe may be on the
/// socket a moment after it was taken from its queue.
const BARREN: usize = 3;
/// How many packets are taken from a socket before others have their turn.
const TURN: usize = 128;
/// Longer than any packet.
const BUFFER: usize = 65536;

/// What a probe is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speech {
    /// A UDP datagram.
    Datagram,
    /// An ICMP echo request.
    Echo,
}

/// Opens, prepares and binds a socket.
type Open = Box<dyn Fn() -> Result<EchoSocket, CallError>>;

/// Sends them, and hears what comes back.
pub struct PacketCarrier {
    speech: Speech,
    target: SocketAddr,
    mark: Mark,
    open: Open,
    flows: Vec<Flow>,
    buffer: Vec<u8>,
}

#[derive(Debug)]
struct Flow {
    socket: Socket,
    ttl: Option<u8>,
    is_raw: bool,
    id: u16,
}

/// What became of a probe on its way out.
pub(super) enum Sent {
    /// It is on its way, since this time, and since this one by the clock that the kernel stamps with.
    Away(Instant, SystemTime),
    /// There is no room for it now.
    Full,
    /// It is larger than this host sends: the largest that it does.
    TooBig(u32),
}

impl PacketCarrier {
    /// To `target`, by so many flows, over sockets that `open` makes. Others' answers are told by `mark`.
    pub fn new(
        speech: Speech,
        target: SocketAddr,
        mark: Mark,
        flows: usize,
        open: impl Fn() -> Result<EchoSocket, CallError> + 'static,
    ) -> Result<Self, CallError> {
        let mut carrier = Self {
            speech,
            target,
            mark,
            open: Box::new(open),
            flows: Vec::new(),
            buffer: vec![0; BUFFER],
        };
        for flow in 0..flows {
            carrier.flows.push(carrier.flow(flow)?);
        }
        Ok(carrier)
    }

    fn flow(&self, flow: usize) -> Result<Flow, CallError> {
        let EchoSocket {
            mut socket,
            raw_because,
        } = (self.open)()?;
        let target = Address::Inet(self.target);
        socket.connect(&target).map_err(|error| match self.speech {
            Speech::Datagram => error,
            // There are no ports.
            Speech::Echo => CallError::new("connect", target.host(), error.cause),
        })?;
        let [first, second, ..] = self.mark.0;
        let flow = u16::try_from(flow).unwrap_or(0);
        Ok(Flow {
            socket,
            ttl: None,
            is_raw: raw_because.is_some(),
            id: u16::from_be_bytes([first, second]).wrapping_add(flow),
        })
    }

    /// Watch the sockets under their places.
    pub(super) fn watch(&self, reactor: &Reactor) -> Result<(), CallError> {
        for (token, flow) in self.flows.iter().enumerate() {
            reactor.watch(&flow.socket, token, Interest::READ)?;
        }
        Ok(())
    }

    /// A flow begins afresh from another port: what was said of it so far, nobody hears.
    pub(super) fn begin_afresh(&mut self, flow: usize, reactor: &Reactor) -> Result<(), CallError> {
        let fresh = self.flow(flow)?;
        reactor.watch(&fresh.socket, flow, Interest::READ)?;
        if let Some(place) = self.flows.get_mut(flow) {
            *place = fresh;
        }
        Ok(())
    }

    /// Send a probe. An error of an earlier one, which the kernel tells in its place, is taken up first, ip(7).
    pub(super) fn send(&mut self, due: &Due, words: &mut Vec<Word>) -> Result<Sent, CallError> {
        let family = self.family();
        let Some(flow) = self.flows.get_mut(due.flow) else {
            return Ok(Sent::Full);
        };
        if flow.ttl != Some(due.ttl) {
            set_ttl(&flow.socket, family, due.ttl)?;
            flow.ttl = Some(due.ttl);
        }
        let bytes = encode(self.speech, self.mark, flow.id, family, due);
        let mut barren = 0;
        for _ in 0..STALE {
            let (at, wall) = (Instant::now(), SystemTime::now());
            let flow = self.flows.get(due.flow);
            let refused = match flow.map(|flow| flow.socket.send(&bytes)) {
                Some(Ok(Send::Bytes(_))) => return Ok(Sent::Away(at, wall)),
                None | Some(Ok(Send::WouldBlock)) => return Ok(Sent::Full),
                Some(Err(refused)) if refused.errno() == libc::ENOBUFS => return Ok(Sent::Full),
                Some(Err(refused)) => refused,
            };
            let drained = self.errors(due.flow, words)?;
            if let Some(mtu) = drained.mtu.filter(|_| refused.errno() == libc::EMSGSIZE) {
                return Ok(Sent::TooBig(mtu));
            }
            if !drained.any {
                barren += 1;
                if barren == BARREN {
                    return Err(refused);
                }
            }
        }
        Ok(Sent::Full)
    }

    /// Take what has come in on a socket.
    pub(super) fn hear(&mut self, ready: Ready, words: &mut Vec<Word>) -> Result<(), CallError> {
        if ready.gone {
            self.errors(ready.token, words)?;
        }
        let family = self.family();
        let Some(flow) = self.flows.get(ready.token) else {
            return Ok(());
        };
        for _ in 0..TURN {
            let stamped = match flow.socket.recv_stamped(&mut self.buffer) {
                Ok(Some(stamped)) => stamped,
                // The error is told in full on the error queue.
                Ok(None) | Err(_) => return Ok(()),
            };
            let bytes = self.buffer.get(..stamped.length).unwrap_or(&self.buffer);
            words.extend(match self.speech {
                Speech::Datagram => Some(datagram(self.mark, ready.token, &stamped, bytes)),
                Speech::Echo => reply(self.mark, flow, family, &stamped, bytes),
            });
        }
        Ok(())
    }

    fn errors(&mut self, at: usize, words: &mut Vec<Word>) -> Result<Drained, CallError> {
        let (speech, mark, family) = (self.speech, self.mark, self.family());
        let Some(flow) = self.flows.get(at) else {
            return Ok(Drained::default());
        };
        let which = |quoted: &[u8]| match speech {
            // The payload, as far as it is quoted.
            Speech::Datagram if quoted.len() < IDENTITY => Some(Which::OfFlow(at)),
            Speech::Datagram => mark.number(quoted).map(Which::Number),
            Speech::Echo => {
                let echo = decode(quoted, family, EchoKind::Request)?;
                (!flow.is_raw || echo.id == flow.id).then_some(Which::Sequence(echo.seq))
            }
        };
        let skipped = match speech {
            Speech::Datagram => UDP_HEADER,
            Speech::Echo => 0,
        };
        take_errors(
            &flow.socket,
            self.target,
            skipped,
            &mut self.buffer,
            &which,
            words,
        )
    }

    fn family(&self) -> Family {
        Address::Inet(self.target).family()
    }
}

/// What a probe is known by: the run's mark and its number.
pub const IDENTITY: usize = 16;
const UDP_HEADER: usize = 8;

/// The headers that stand before a probe's payload, in bytes.
pub fn headers(family: Family) -> u32 {
    match family {
        Family::Inet6 => 48,
        _ => 28,
    }
}

/// setsockopt(2) IP_TTL or IPV6_UNICAST_HOPS.
pub(super) fn set_ttl(socket: &Socket, family: Family, ttl: u8) -> Result<(), CallError> {
    match family {
        Family::Inet6 => socket.set_int(libc::IPPROTO_IPV6, libc::IPV6_UNICAST_HOPS, ttl.into()),
        _ => socket.set_int(libc::IPPROTO_IP, libc::IP_TTL, ttl.into()),
    }
}

fn encode(speech: Speech, mark: Mark, id: u16, family: Family, due: &Due) -> Vec<u8> {
    let size = usize::try_from(due.size.saturating_sub(headers(family))).unwrap_or(0);
    if speech == Speech::Datagram {
        return mark.payload(due.number, size);
    }
    let seq = u16::try_from(due.number & 0xffff).unwrap_or(0);
    let mut payload = mark.0.to_vec();
    // With this the checksum is the same whatever the sequence number, by which some routers choose a path.
    payload.extend((!seq).to_be_bytes());
    payload.resize(size, 0);
    let echo = Echo {
        kind: EchoKind::Request,
        id,
        seq,
        payload: &payload,
    };
    match family {
        Family::Inet6 => echo.encode_v6(),
        _ => echo.encode_v4(),
    }
}

fn decode(bytes: &[u8], family: Family, kind: EchoKind) -> Option<Echo<'_>> {
    let echo = match family {
        Family::Inet6 => Echo::decode_v6(bytes),
        _ => Echo::decode_v4(bytes),
    };
    echo.filter(|echo| echo.kind == kind)
}

/// A datagram came back; a service that answers with another one does not say to which.
fn datagram(mark: Mark, flow: usize, stamped: &Stamped, bytes: &[u8]) -> Word {
    let number = mark.number(bytes).map(Which::Number);
    Word {
        which: number.unwrap_or(Which::OfFlow(flow)),
        from: stamped.from.map(without_port),
        at: stamped.at,
        seen: None,
        measured: None,
        ttl: stamped.ttl,
        labels: Vec::new(),
        kind: AnswerKind::Datagram,
    }
}

/// A reply to one of our requests, or nothing.
fn reply(mark: Mark, flow: &Flow, family: Family, stamped: &Stamped, bytes: &[u8]) -> Option<Word> {
    let (ttl, message) = match family {
        Family::Inet if flow.is_raw => {
            below_ipv4(bytes).map(|(ttl, message)| (Some(ttl), message))?
        }
        _ => (stamped.ttl, bytes),
    };
    let echo = decode(message, family, EchoKind::Reply)?;
    let is_ours = echo.payload.starts_with(&mark.0) && (!flow.is_raw || echo.id == flow.id);
    is_ours.then(|| Word {
        which: Which::Sequence(echo.seq),
        from: stamped.from.map(without_port),
        at: stamped.at,
        seen: None,
        measured: None,
        ttl,
        labels: Vec::new(),
        kind: AnswerKind::Echo,
    })
}

impl std::fmt::Debug for PacketCarrier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PacketCarrier")
            .field("speech", &self.speech)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flows_echo_requests_have_one_checksum() {
        let mark = Mark(*b"sockkit!");
        let due = |number, ttl, size| Due {
            ttl,
            flow: 0,
            number,
            size,
            place: 0,
        };
        for size in [60, 61, 1500] {
            let sums: Vec<Vec<u8>> = [1, 2, 77, 65535, 65536, 65537]
                .map(|number| {
                    let due = due(number, 1, size);
                    let bytes = encode(Speech::Echo, mark, 7, Family::Inet, &due);
                    assert_eq!(bytes.len() + 20, usize::try_from(size).unwrap());
                    assert!(crate::wire::is_sound(&bytes));
                    bytes[2..4].to_vec()
                })
                .into();
            assert!(sums.iter().all(|sum| *sum == sums[0]), "{size}: {sums:?}");
        }
        assert_eq!(crate::wire::ECHO_HEADER, UDP_HEADER);
    }
}
