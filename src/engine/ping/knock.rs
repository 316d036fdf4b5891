//! Pings where ICMP is closed: a TCP connect, or a UDP datagram, on a socket of its own for each request. A port that is
//! closed answers too.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Instant, SystemTime};

use super::echo::trouble;
use super::pinging::{Sent, Shipment, Word};
use super::report::{Answer, Trouble};
use super::rounds::wire_seq;
use crate::engine::reactor::{Interest, Reactor, Ready};
use crate::net::{Address, CallError, Family, RoundTrip, Send, Socket};
use crate::wire::Mark;

/// How many sockets whose requests are over are listened to yet: an answer may come late, or twice.
const LINGERING: usize = 64;

/// What is knocked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knock {
    /// A connect to this TCP port.
    Tcp(u16),
    /// A datagram to this UDP port.
    Udp(u16),
}

/// Opens and prepares a non-blocking socket.
type Open = Box<dyn Fn(Family) -> Result<Socket, CallError>>;

/// Knocks, and hears what comes back.
pub struct KnockCarrier {
    knock: Knock,
    open: Open,
    mark: Mark,
    size: usize,
    under_way: HashMap<usize, (Socket, SocketAddr)>,
    lingering: VecDeque<(usize, Socket)>,
    buffer: Vec<u8>,
}

impl KnockCarrier {
    /// With sockets that `open` makes; a datagram has `size` bytes.
    pub fn new(
        knock: Knock,
        mark: Mark,
        size: usize,
        open: impl Fn(Family) -> Result<Socket, CallError> + 'static,
    ) -> Self {
        Self {
            knock,
            open: Box::new(open),
            mark,
            size,
            under_way: HashMap::new(),
            lingering: VecDeque::new(),
            buffer: vec![0; 65536],
        }
    }

    /// Knock once.
    pub(super) fn send(
        &mut self,
        shipment: &Shipment,
        reactor: &Reactor,
        words: &mut Vec<Word>,
    ) -> Result<Sent, CallError> {
        let mut to = shipment.to;
        let (Knock::Tcp(port) | Knock::Udp(port)) = self.knock;
        to.set_port(port);
        let address = Address::Inet(to);
        let mut socket = match (self.open)(address.family()) {
            Ok(socket) => socket,
            Err(error) if is_shortage(&error) => return Ok(Sent::Full),
            Err(error) => return Err(error),
        };
        let seq = wire_seq(shipment.number);
        let (at, wall) = (Instant::now(), SystemTime::now());
        let knocked = socket.connect(&address).and_then(|_| match self.knock {
            Knock::Tcp(_) => Ok(()),
            Knock::Udp(_) => {
                let payload = self.mark.payload(shipment.number, self.size);
                socket.send(&payload).map(|sent| match sent {
                    Send::Bytes(_) | Send::WouldBlock => (),
                })
            }
        });
        match knocked {
            Ok(()) => {
                let interest = match self.knock {
                    Knock::Tcp(_) => Interest::WRITE,
                    Knock::Udp(_) => Interest::READ,
                };
                reactor.watch(&socket, usize::from(seq), interest)?;
                self.under_way.insert(usize::from(seq), (socket, to));
                Ok(Sent::Away(at, wall))
            }
            Err(error) if error.errno() == libc::ECONNREFUSED => {
                let what = self.refusal(&socket, to)?;
                let seen = Some(Instant::now());
                words.push(Word {
                    seen,
                    ..Word::new(seq, to, what)
                });
                Ok(Sent::Away(at, wall))
            }
            Err(error) if is_shortage(&error) => Ok(Sent::Full),
            Err(error) => Ok(Sent::refused(error.errno(), None)),
        }
    }

    /// A socket has something to say, which was there at `seen`: whatever it is, it is the last that counts.
    pub(super) fn hear(
        &mut self,
        ready: Ready,
        seen: Instant,
        words: &mut Vec<Word>,
    ) -> Result<(), CallError> {
        let Ok(seq) = u16::try_from(ready.token) else {
            return Ok(());
        };
        let Some((socket, to)) = self.under_way.remove(&ready.token) else {
            return self.hear_again(ready.token, seq, words);
        };
        let word = match self.knock {
            Knock::Tcp(_) => {
                let what = self.connected(&socket, to)?;
                let is_open = matches!(what, Ok(Answer::Open));
                let trip = is_open.then(|| socket.round_trip()).flatten();
                Word {
                    seen: Some(seen),
                    measured: trip.and_then(RoundTrip::measured),
                    ..Word::new(seq, to, what)
                }
            }
            Knock::Udp(_) => match datagram(&socket, seq, &mut self.buffer) {
                Some(word) => {
                    self.linger(ready.token, socket);
                    word
                }
                // An error that is told, whether or not the call returns one.
                None => Word {
                    seen: Some(seen),
                    ..Word::new(seq, to, self.refusal(&socket, to)?)
                },
            },
        };
        words.push(word);
        Ok(())
    }

    /// The same of a socket whose request is over.
    fn hear_again(
        &mut self,
        token: usize,
        seq: u16,
        words: &mut Vec<Word>,
    ) -> Result<(), CallError> {
        let mut lingering = self.lingering.iter();
        let Some(place) = lingering.position(|(over, _)| *over == token) else {
            return Ok(());
        };
        let word = self.lingering.get(place);
        let word = word.and_then(|(_, socket)| datagram(socket, seq, &mut self.buffer));
        if word.is_none() {
            self.lingering.remove(place);
        }
        words.extend(word);
        Ok(())
    }

    /// A request was given up: a datagram that comes now is heard yet, among the last ones.
    pub(super) fn give_up(&mut self, number: u64) {
        let token = usize::from(wire_seq(number));
        if let Some((socket, _)) = self.under_way.remove(&token)
            && matches!(self.knock, Knock::Udp(_))
        {
            self.linger(token, socket);
        }
    }

    fn linger(&mut self, token: usize, socket: Socket) {
        if self.lingering.len() == LINGERING {
            self.lingering.pop_front();
        }
        self.lingering.push_back((token, socket));
    }

    fn connected(
        &self,
        socket: &Socket,
        to: SocketAddr,
    ) -> Result<Result<Answer, Trouble>, CallError> {
        match socket.take_error()? {
            // On the own host a connect can meet itself, where nobody listens.
            None if socket.getsockname()?.inet() == Some(to) => Ok(Ok(Answer::Closed)),
            None => Ok(Ok(Answer::Open)),
            Some(cause) if cause.raw_os_error() == Some(libc::ECONNRESET) => Ok(Ok(Answer::Open)),
            Some(cause) => {
                let errno = cause.raw_os_error().unwrap_or(0);
                let refusal = self.told(socket, to)?;
                Ok(match refusal {
                    Some(told) => told,
                    None if errno == libc::ECONNREFUSED => Ok(Answer::Closed),
                    None => Err(Trouble::Local { errno, mtu: None }),
                })
            }
        }
    }

    fn refusal(
        &self,
        socket: &Socket,
        to: SocketAddr,
    ) -> Result<Result<Answer, Trouble>, CallError> {
        let told = self.told(socket, to)?;
        let unknown = match self.knock {
            Knock::Tcp(_) => Ok(Answer::Closed),
            Knock::Udp(_) => Ok(Answer::PortUnreachable),
        };
        Ok(told.unwrap_or(unknown))
    }

    /// What ICMP told; the host's own word that nobody listens there is an answer to a datagram.
    fn told(
        &self,
        socket: &Socket,
        to: SocketAddr,
    ) -> Result<Option<Result<Answer, Trouble>>, CallError> {
        let family = Address::Inet(to).family();
        let Some(told) = socket.recv_error(&mut [0; 64])? else {
            return Ok(None);
        };
        let is_port = matches!(
            (family, told.kind, told.code),
            (Family::Inet6, 1, 4) | (Family::Inet, 3, 3)
        );
        let is_its_own = told.from.is_some_and(|from| from.ip() == to.ip());
        if is_port && is_its_own && matches!(self.knock, Knock::Udp(_)) {
            return Ok(Some(Ok(Answer::PortUnreachable)));
        }
        Ok(told.is_icmp.then(|| Err(trouble(&told, family))))
    }
}

/// A datagram that came; `None` where none did.
fn datagram(socket: &Socket, seq: u16, buffer: &mut [u8]) -> Option<Word> {
    let stamped = socket.recv_stamped(buffer).ok()??;
    Some(Word {
        seq,
        to: None,
        from: stamped.from,
        at: stamped.at,
        seen: None,
        measured: None,
        what: Ok((Answer::Datagram(stamped.length), None)),
    })
}

/// setsockopt(2) IP_RECVERR or IPV6_RECVERR: ICMP's errors with their senders.
pub fn recv_errors(socket: &Socket, family: Family) -> Result<(), CallError> {
    match family {
        Family::Inet6 => socket.set_int(libc::IPPROTO_IPV6, libc::IPV6_RECVERR, 1),
        _ => socket.set_int(libc::IPPROTO_IP, libc::IP_RECVERR, 1),
    }
}

fn is_shortage(error: &CallError) -> bool {
    let scarce = [
        libc::EMFILE,
        libc::ENFILE,
        libc::ENOBUFS,
        libc::ENOMEM,
        libc::EADDRNOTAVAIL,
    ];
    scarce.contains(&error.errno())
}

impl std::fmt::Debug for KnockCarrier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KnockCarrier")
            .field("knock", &self.knock)
            .finish_non_exhaustive()
    }
}
