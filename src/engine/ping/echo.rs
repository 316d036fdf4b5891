//! Echo requests and replies over one socket for each family, whoever many hosts there are.

use std::net::SocketAddr;
use std::time::{Instant, SystemTime};

use super::opening::EchoSocket;
use super::pinging::{Sent, Shipment, Word};
use super::report::{Answer, Flaw, Trouble};
use super::rounds::wire_seq;
use crate::engine::reactor::{Interest, Reactor, Ready};
use crate::net::{Address, CallError, Family, Send, Socket, Stamped, ToldError};
use crate::wire::{ECHO_HEADER, Echo, EchoKind, Mark, below_ipv4, is_sound};

/// How many packets are taken from a socket before others have their turn.
const TURN: usize = 128;
/// How many errors of earlier requests may stand before one that is sent.
const STALE: usize = 64;
/// How often a request may be refused where no error is told before that is believed.
const BARREN: u32 = 2;
/// Longer than any packet.
const BUFFER: usize = 65536;

/// Sends echo requests, and knows their replies.
#[derive(Debug)]
pub struct EchoCarrier {
    sockets: Vec<Mouth>,
    id: u16,
    mark: Mark,
    size: usize,
    buffer: Vec<u8>,
}

#[derive(Debug)]
struct Mouth {
    socket: Socket,
    family: Family,
    is_raw: bool,
}

impl EchoCarrier {
    /// Requests with a payload of `size` bytes. Others' replies are told by `mark`, and on a raw socket by `id` before.
    pub fn new(sockets: Vec<(Family, EchoSocket)>, id: u16, mark: Mark, size: usize) -> Self {
        let mouth = |(family, opened): (Family, EchoSocket)| Mouth {
            socket: opened.socket,
            family,
            is_raw: opened.raw_because.is_some(),
        };
        Self {
            sockets: sockets.into_iter().map(mouth).collect(),
            id,
            mark,
            size,
            buffer: vec![0; BUFFER],
        }
    }

    /// Whether there is a socket for this family.
    pub(super) fn reaches(&self, family: Family) -> bool {
        self.sockets.iter().any(|mouth| mouth.family == family)
    }

    /// Watch the sockets under their places.
    pub(super) fn watch(&self, reactor: &Reactor) -> Result<(), CallError> {
        for (token, mouth) in self.sockets.iter().enumerate() {
            reactor.watch(&mouth.socket, token, Interest::READ)?;
        }
        Ok(())
    }

    /// Send a request. An error of an earlier one, which the kernel tells in its place, is taken up first, ip(7).
    pub(super) fn send(
        &mut self,
        shipment: &Shipment,
        words: &mut Vec<Word>,
    ) -> Result<Sent, CallError> {
        let to = Address::Inet(shipment.to);
        let seq = wire_seq(shipment.number);
        let payload = self.mark.payload(shipment.number, self.size);
        let echo = Echo {
            kind: EchoKind::Request,
            id: self.id,
            seq,
            payload: &payload,
        };
        let Some(mouth) = self
            .sockets
            .iter()
            .find(|mouth| mouth.family == to.family())
        else {
            return Ok(Sent::refused(libc::EAFNOSUPPORT, None));
        };
        let bytes = match mouth.family {
            Family::Inet6 => echo.encode_v6(),
            _ => echo.encode_v4(),
        };
        let mut barren = 0;
        for _ in 0..STALE {
            let (at, wall) = (Instant::now(), SystemTime::now());
            let refused = match mouth.socket.sendto(&bytes, &to) {
                Ok(Send::Bytes(_)) => return Ok(Sent::Away(at, wall)),
                Ok(Send::WouldBlock) => return Ok(Sent::Full),
                Err(refused) if refused.errno() == libc::ENOBUFS => return Ok(Sent::Full),
                Err(refused) => refused,
            };
            let mut mtu = None;
            let told = mouth.errors(&mut self.buffer, self.id, words, &mut mtu)?;
            // The error of an earlier request may be on the socket a moment after it was taken from its queue.
            barren += u32::from(!told);
            if barren == BARREN || mtu.is_some() {
                return Ok(Sent::refused(refused.errno(), mtu));
            }
        }
        Ok(Sent::Full)
    }

    /// Take what has come in on a socket.
    pub(super) fn hear(
        &mut self,
        ready: Ready,
        number: &dyn Fn(u16) -> Option<u64>,
        words: &mut Vec<Word>,
    ) -> Result<(), CallError> {
        let Some(mouth) = self.sockets.get(ready.token) else {
            return Ok(());
        };
        if ready.gone {
            mouth.errors(&mut self.buffer, self.id, words, &mut None)?;
        }
        for _ in 0..TURN {
            let stamped = match mouth.socket.recv_stamped(&mut self.buffer) {
                Ok(Some(stamped)) => stamped,
                // The error is told in full on the error queue.
                Ok(None) | Err(_) => return Ok(()),
            };
            let bytes = self.buffer.get(..stamped.length).unwrap_or(&self.buffer);
            let word = mouth.reply(&stamped, bytes, self.id, |seq, payload| {
                let number = number(seq)?;
                Some(self.mark.differs_at(number, self.size, payload))
            });
            words.extend(word);
        }
        Ok(())
    }
}

impl Mouth {
    /// What a packet says: a reply to one of ours, or nothing.
    fn reply(
        &self,
        stamped: &Stamped,
        bytes: &[u8],
        id: u16,
        differs: impl Fn(u16, &[u8]) -> Option<Option<usize>>,
    ) -> Option<Word> {
        let (ttl, message) = match (self.family, self.is_raw) {
            (Family::Inet, true) => below_ipv4(bytes).map(|(ttl, message)| (Some(ttl), message))?,
            _ => (stamped.ttl, bytes),
        };
        let Some(echo) = self.decode(message, EchoKind::Reply) else {
            return self.advice(stamped, message, id);
        };
        if self.is_raw && echo.id != id {
            return None;
        }
        let differs = differs(echo.seq, echo.payload)?;
        // The kernel has looked at the others' checksums.
        let is_sound = self.family == Family::Inet6 || !self.is_raw || is_sound(message);
        let flaw = match differs {
            _ if !is_sound => Some(Flaw::Checksum),
            differs => differs.map(Flaw::Payload),
        };
        Some(Word {
            seq: echo.seq,
            to: None,
            from: stamped.from,
            at: stamped.at,
            seen: None,
            measured: None,
            what: Ok((
                Answer::Echo {
                    length: message.len(),
                    ttl,
                },
                flaw,
            )),
        })
    }

    /// What a raw socket alone is to hear by itself: a source quench or a redirect, RFC 792.
    fn advice(&self, stamped: &Stamped, message: &[u8], id: u16) -> Option<Word> {
        let ([kind @ (4 | 5), code, _, _, info @ ..], quoted) =
            message.split_first_chunk::<ECHO_HEADER>()?
        else {
            return None;
        };
        let to = quoted.get(16..20)?.first_chunk::<4>()?;
        let (_, request) = below_ipv4(quoted)?;
        let echo = self.decode(request, EchoKind::Request)?;
        let is_ours = self.family == Family::Inet && self.is_raw && echo.id == id;
        is_ours.then(|| Word {
            seq: echo.seq,
            to: Some((*to, 0).into()),
            from: stamped.from,
            at: stamped.at,
            seen: None,
            measured: None,
            what: Err(Trouble::Icmp {
                from: stamped.from.map(without_port),
                is_v6: false,
                kind: *kind,
                code: *code,
                mtu: None,
                info: u32::from_be_bytes(*info),
            }),
        })
    }

    /// Take the errors that were told of requests, whether there were any. Where one is of the request that is being sent,
    /// `mtu` is the largest packet that goes through.
    fn errors(
        &self,
        buffer: &mut [u8],
        id: u16,
        words: &mut Vec<Word>,
        mtu: &mut Option<u32>,
    ) -> Result<bool, CallError> {
        let mut any = false;
        for _ in 0..TURN {
            let Some(told) = self.socket.recv_error(buffer)? else {
                break;
            };
            any = true;
            if !told.is_icmp {
                *mtu = Some(told.info).filter(|_| told.errno == EMSGSIZE);
                continue;
            }
            let quoted = buffer.get(..told.length).unwrap_or(buffer);
            let Some(echo) = self.decode(quoted, EchoKind::Request) else {
                continue;
            };
            if !self.is_raw || echo.id == id {
                words.push(Word {
                    seq: echo.seq,
                    to: told.to,
                    from: told.from,
                    at: None,
                    seen: None,
                    measured: None,
                    what: Err(trouble(&told, self.family)),
                });
            }
        }
        Ok(any)
    }

    fn decode<'b>(&self, message: &'b [u8], kind: EchoKind) -> Option<Echo<'b>> {
        let echo = match self.family {
            Family::Inet6 => Echo::decode_v6(message),
            _ => Echo::decode_v4(message),
        };
        echo.filter(|echo| echo.kind == kind)
    }
}

const EMSGSIZE: u32 = libc::EMSGSIZE.cast_unsigned();

/// What ICMP told.
pub(in crate::engine) fn trouble(told: &ToldError, family: Family) -> Trouble {
    Trouble::Icmp {
        from: told.from.map(without_port),
        is_v6: family == Family::Inet6,
        kind: told.kind,
        code: told.code,
        mtu: (told.errno == EMSGSIZE).then_some(told.info),
        info: told.info,
    }
}

fn without_port(mut address: SocketAddr) -> SocketAddr {
    address.set_port(0);
    address
}
