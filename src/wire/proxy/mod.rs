//! What a client says to a proxy and what it hears: HTTP CONNECT, SOCKS 4, 4a and 5.
//!
//! Pure state machines: bytes in, bytes out, no socket, no clock, no chance of their own. A handshake takes the bytes
//! of the proxy's replies and not one more: what follows them is the payload of whoever asked for the connection.

mod answer;
mod challenge;
mod http;
mod reply;
mod socks4;
mod socks5;

use std::fmt;
use std::net::SocketAddr;

pub use self::answer::Answer;
pub use self::challenge::Challenge;
use self::http::HttpConnect;
use self::socks4::Socks4;
use self::socks5::Socks5;

/// How a proxy is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speech {
    /// CONNECT, RFC 9110, section 9.3.6.
    Http,
    /// SOCKS 4 for addresses, 4a for names.
    Socks4,
    /// SOCKS 5, RFC 1928, with the passwords of RFC 1929.
    Socks5,
}

/// Where the proxy is to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An address, found here.
    Address(SocketAddr),
    /// A name that the proxy looks up, and a port.
    Name(String, u16),
}

/// Who asks the proxy.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user, without a colon.
    pub user: String,
    /// The password.
    pub password: String,
}

/// What a handshake is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// So many bytes, all of them the proxy's.
    Exactly(usize),
    /// A look at so many bytes: some may be the payload's already.
    UpTo(usize),
    /// Nothing: the connection stands.
    Nothing,
}

/// A proxy's no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// In its own words; what is temporary may be asked again.
    Said {
        /// The words: `403 Forbidden`, `host unreachable`.
        words: String,
        /// Whether the same question may be answered otherwise in a while.
        is_temporary: bool,
    },
    /// It asks who comes, which it was told wrongly or not at all.
    Unknown(String),
    /// It asks who comes, and how it is to be told.
    Challenged(Vec<Challenge>),
    /// What it says makes no sense.
    Nonsense(&'static str),
}

/// One proxy's part of a connection.
#[derive(Clone, Debug)]
pub struct Handshake {
    state: State,
    outgoing: Vec<u8>,
}

#[derive(Clone, Debug)]
enum State {
    Http(HttpConnect),
    Socks4(Socks4),
    Socks5(Socks5),
}

/// What came of bytes that were taken: how many they were, and what is to be said next.
struct Taken {
    count: usize,
    outgoing: Vec<u8>,
}

impl Handshake {
    /// Ask a proxy for `target`. HTTP sends who asks only in `answer` to a challenge; why it cannot be asked else.
    pub fn new(
        speech: Speech,
        target: &Target,
        credentials: Option<&Credentials>,
        answer: Option<&Answer>,
    ) -> Result<Self, &'static str> {
        let (state, outgoing) = match speech {
            Speech::Http => {
                let (http, request) = HttpConnect::new(target, credentials, answer)?;
                (State::Http(http), request)
            }
            Speech::Socks4 => {
                let user = credentials.map_or("", |credentials| &credentials.user);
                let (socks4, request) = Socks4::new(target, user)?;
                (State::Socks4(socks4), request)
            }
            Speech::Socks5 => {
                let (socks5, greeting) = Socks5::new(target, credentials)?;
                (State::Socks5(socks5), greeting)
            }
        };
        Ok(Self { state, outgoing })
    }

    /// What is to be said now; empty when it is the proxy's turn.
    pub fn to_send(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.outgoing)
    }

    /// What is waited for.
    pub fn wants(&self) -> Wanted {
        match &self.state {
            State::Http(http) => http.wants(),
            State::Socks4(socks4) => socks4.wants(),
            State::Socks5(socks5) => socks5.wants(),
        }
    }

    /// Take bytes in; how many of them belong to the proxy's reply.
    pub fn take(&mut self, bytes: &[u8]) -> Result<usize, Refusal> {
        let taken = match &mut self.state {
            State::Http(http) => http.take(bytes),
            State::Socks4(socks4) => socks4.take(bytes),
            State::Socks5(socks5) => socks5.take(bytes),
        }?;
        self.outgoing.extend(taken.outgoing);
        Ok(taken.count)
    }
}

impl Taken {
    /// So many bytes, and nothing to say.
    fn in_silence(count: usize) -> Self {
        Self {
            count,
            outgoing: Vec::new(),
        }
    }
}

impl Refusal {
    /// Whether the same question may be answered otherwise in a while.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Said { is_temporary, .. } if *is_temporary)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Name(name, port) => write!(f, "{name}:{port}"),
        }
    }
}

/// Without the password: what is shown in an error may be kept in a log.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:...", self.user.escape_debug())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Said { words, .. } | Self::Unknown(words) => f.write_str(words),
            Self::Challenged(_) => f.write_str("it asks who comes"),
            Self::Nonsense(why) => write!(f, "its reply makes no sense: {why}"),
        }
    }
}

#[cfg(test)]
mod tests;
