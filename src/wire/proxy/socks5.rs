//! SOCKS 5, RFC 1928, with usernames and passwords, RFC 1929.

use std::net::SocketAddr;

use super::reply::Reply;
use super::{Credentials, Refusal, Taken, Target, Wanted};

const VERSION: u8 = 5;
const CONNECT: u8 = 1;
/// The version of RFC 1929's negotiation.
const NEGOTIATION: u8 = 1;

const NO_AUTHENTICATION: u8 = 0;
const PASSWORD: u8 = 2;
const NONE_ACCEPTABLE: u8 = 0xff;

const INET: u8 = 1;
const NAME: u8 = 3;
const INET6: u8 = 4;

/// How far the two have come.
#[derive(Clone, Debug)]
pub(super) struct Socks5 {
    stage: Stage,
    reply: Reply,
    /// Username and password as they are sent; `None` when nobody is named.
    password: Option<Vec<u8>>,
    request: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The proxy chooses a method.
    Method,
    /// It looks at the password.
    Password,
    /// It connects.
    Request,
    /// It has.
    Done,
}

impl Socks5 {
    /// The greeting that a request for `target` begins with.
    pub(super) fn new(
        target: &Target,
        credentials: Option<&Credentials>,
    ) -> Result<(Self, Vec<u8>), &'static str> {
        let password = credentials.map(negotiation).transpose()?;
        let methods: &[u8] = match password {
            Some(_) => &[NO_AUTHENTICATION, PASSWORD],
            None => &[NO_AUTHENTICATION],
        };
        let mut greeting = vec![VERSION];
        counted(&mut greeting, methods)?;
        let socks5 = Self {
            stage: Stage::Method,
            reply: Reply::of(2),
            password,
            request: request(target)?,
        };
        Ok((socks5, greeting))
    }

    pub(super) fn wants(&self) -> Wanted {
        match self.stage {
            Stage::Done => Wanted::Nothing,
            _ => self.reply.wants(),
        }
    }

    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<Taken, Refusal> {
        let mut taken = Taken::in_silence(0);
        loop {
            let rest = bytes.get(taken.count..).unwrap_or_default();
            taken.count += self.reply.take(rest);
            self.check()?;
            if self.stage == Stage::Done || !self.reply.is_whole() {
                return Ok(taken);
            }
            if let Some(said) = self.advance()? {
                taken.outgoing.extend(said);
            }
        }
    }

    /// What can be told before a reply is whole: whoever says no may say no more.
    fn check(&self) -> Result<(), Refusal> {
        let version = match self.stage {
            // RFC 1929 has a version of its own, which not every server knows.
            Stage::Password => return Ok(()),
            _ => self.reply.byte(0),
        };
        match (version, self.reply.byte(1)) {
            (Some(VERSION) | None, None) => Ok(()),
            (Some(VERSION), Some(0)) => Ok(()),
            (Some(VERSION), Some(code)) if self.stage == Stage::Request => Err(refusal(code)),
            (Some(VERSION), Some(_)) => Ok(()),
            _ => Err(Refusal::Nonsense("this is no SOCKS 5")),
        }
    }

    /// A whole reply: what is said to it, `None` while it turns out to be longer, or the last.
    fn advance(&mut self) -> Result<Option<Vec<u8>>, Refusal> {
        let code = self.reply.byte(1).unwrap_or_default();
        match self.stage {
            Stage::Method => self.choose(code).map(Some),
            Stage::Password if code == 0 => Ok(Some(self.ask())),
            Stage::Password => Err(Refusal::Unknown(
                "it does not take the username and password".to_owned(),
            )),
            Stage::Request | Stage::Done => self.measure().map(|()| None),
        }
    }

    fn choose(&mut self, method: u8) -> Result<Vec<u8>, Refusal> {
        match (method, self.password.take()) {
            (NO_AUTHENTICATION, _) => Ok(self.ask()),
            (PASSWORD, Some(password)) => {
                (self.stage, self.reply) = (Stage::Password, Reply::of(2));
                Ok(password)
            }
            (NONE_ACCEPTABLE, Some(_)) => Err(Refusal::Unknown(
                "it takes neither strangers nor passwords".to_owned(),
            )),
            (NONE_ACCEPTABLE, None) => {
                Err(Refusal::Unknown("it does not take strangers".to_owned()))
            }
            _ => Err(Refusal::Nonsense(
                "it chooses a method that was not offered",
            )),
        }
    }

    fn ask(&mut self) -> Vec<u8> {
        // Up to the first byte of the address, which tells how much follows.
        (self.stage, self.reply) = (Stage::Request, Reply::of(5));
        std::mem::take(&mut self.request)
    }

    /// The address that the proxy speaks from has to be read: the payload begins behind it.
    fn measure(&mut self) -> Result<(), Refusal> {
        let length = match (self.reply.byte(3), self.reply.byte(4)) {
            (Some(INET), _) => 4 + 4 + 2,
            (Some(INET6), _) => 4 + 16 + 2,
            (Some(NAME), Some(length)) => 4 + 1 + usize::from(length) + 2,
            _ => return Err(Refusal::Nonsense("its address is of no kind that there is")),
        };
        self.reply.extend_to(length);
        if self.reply.is_whole() {
            self.stage = Stage::Done;
        }
        Ok(())
    }
}

/// RFC 1929, section 2.
fn negotiation(credentials: &Credentials) -> Result<Vec<u8>, &'static str> {
    let limits = "SOCKS 5 takes usernames and passwords of 1 to 255 bytes";
    let mut said = vec![NEGOTIATION];
    for word in [&credentials.user, &credentials.password] {
        if word.is_empty() {
            return Err(limits);
        }
        counted(&mut said, word.as_bytes()).map_err(|_| limits)?;
    }
    Ok(said)
}

/// RFC 1928, section 4.
fn request(target: &Target) -> Result<Vec<u8>, &'static str> {
    let mut request = vec![VERSION, CONNECT, 0];
    let port = match target {
        Target::Address(SocketAddr::V4(address)) => {
            request.push(INET);
            request.extend(address.ip().octets());
            address.port()
        }
        Target::Address(SocketAddr::V6(address)) => {
            request.push(INET6);
            request.extend(address.ip().octets());
            address.port()
        }
        Target::Name(name, port) => {
            request.push(NAME);
            counted(&mut request, name.as_bytes())?;
            *port
        }
    };
    request.extend(port.to_be_bytes());
    Ok(request)
}

/// Bytes behind their number.
fn counted(into: &mut Vec<u8>, bytes: &[u8]) -> Result<(), &'static str> {
    let count =
        u8::try_from(bytes.len()).map_err(|_| "SOCKS 5 takes names of at most 255 bytes")?;
    into.push(count);
    into.extend_from_slice(bytes);
    Ok(())
}

/// RFC 1928, section 6.
fn refusal(code: u8) -> Refusal {
    let (words, is_temporary) = match code {
        1 => ("general failure (1)", true),
        2 => ("not allowed by its rules (2)", false),
        3 => ("network unreachable (3)", true),
        4 => ("host unreachable (4)", true),
        5 => ("connection refused (5)", true),
        6 => ("TTL expired (6)", true),
        7 => ("command not supported (7)", false),
        8 => ("address type not supported (8)", false),
        _ => return Refusal::Nonsense("its answer is none of SOCKS 5"),
    };
    Refusal::Said {
        words: words.to_owned(),
        is_temporary,
    }
}
