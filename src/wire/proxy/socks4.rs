//! SOCKS 4 (SOCKS: A protocol for TCP proxy across firewalls, Ying-Da Lee) and its extension for names, 4A.

use std::net::{Ipv4Addr, SocketAddr};

use super::reply::Reply;
use super::{Refusal, Taken, Target, Wanted};

const VERSION: u8 = 4;
const CONNECT: u8 = 1;
/// What every reply is long.
const REPLY: usize = 8;
/// An address that is none: the name stands behind the user (4A).
const NAMED: Ipv4Addr = Ipv4Addr::new(0, 0, 0, 1);

/// A request that was made.
#[derive(Clone, Debug)]
pub(super) struct Socks4(Reply);

impl Socks4 {
    /// The request for `target` by `user`, who may have no name.
    pub(super) fn new(target: &Target, user: &str) -> Result<(Self, Vec<u8>), &'static str> {
        let (ip, port, name) = match target {
            Target::Address(SocketAddr::V4(address)) => (*address.ip(), address.port(), None),
            Target::Address(SocketAddr::V6(_)) => return Err("SOCKS 4 knows no IPv6"),
            Target::Name(name, port) => (NAMED, *port, Some(name.as_str())),
        };
        let words = [Some(user), name];
        let is_plain = |word: &str| word.len() <= 255 && !word.contains('\0');
        if !words.into_iter().flatten().all(is_plain) {
            return Err("SOCKS 4 takes users and names of at most 255 bytes without a NUL");
        }
        let mut request = vec![VERSION, CONNECT];
        request.extend(port.to_be_bytes());
        request.extend(ip.octets());
        for word in words.into_iter().flatten() {
            request.extend(word.as_bytes());
            request.push(0);
        }
        Ok((Self(Reply::of(REPLY)), request))
    }

    pub(super) fn wants(&self) -> Wanted {
        match self.0.is_whole() {
            true => Wanted::Nothing,
            false => self.0.wants(),
        }
    }

    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<Taken, Refusal> {
        let count = self.0.take(bytes);
        match self.0.byte(0) {
            // Zero is what the protocol says, four what some servers do.
            None | Some(0 | VERSION) => {}
            Some(_) => return Err(Refusal::Nonsense("this is no SOCKS 4")),
        }
        match self.0.byte(1) {
            None | Some(90) => Ok(Taken::in_silence(count)),
            Some(code) => Err(refusal(code)),
        }
    }
}

fn refusal(code: u8) -> Refusal {
    match code {
        91 => Refusal::Said {
            words: "request rejected or failed (91)".to_owned(),
            is_temporary: true,
        },
        92 => Refusal::Unknown("it finds no identd at the client (92)".to_owned()),
        93 => Refusal::Unknown("identd reports another user (93)".to_owned()),
        _ => Refusal::Nonsense("its answer is none of SOCKS 4"),
    }
}
