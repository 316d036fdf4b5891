//! What `ping` says on the way; its lines read as those of ping(8).

use std::fmt;
use std::net::Ipv4Addr;
use std::time::Duration;

use serde::Serialize;

use crate::commands::trip::{Trip, to_millis};
use crate::engine::ping::{Answer, Clock, EchoSocket, Flaw};
use crate::net::{Family, reason};
use crate::output::{Event, Face};

/// Which socket was chosen, and why.
#[derive(Debug, Serialize)]
pub(super) struct Chosen {
    /// `AF_INET` or `AF_INET6`.
    family: String,
    /// `dgram` or `raw`.
    socket: &'static str,
    /// Why it is a raw one; `None` where it is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// A host is asked from now on.
#[derive(Debug, Serialize)]
pub(super) struct Begun<'a> {
    /// As typed.
    pub(super) host: &'a str,
    /// Its address.
    pub(super) addr: &'a str,
    /// How many bytes of payload each request has.
    pub(super) size: u16,
    /// `icmp`, `tcp` or `udp`.
    pub(super) proto: &'static str,
    /// Which port; `None` for echo requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) port: Option<u16>,
}

/// The same, where it is one of many hosts: no line of its own, but for those who want more.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct BegunAmongMany<'a>(pub(super) Begun<'a>);

/// A reply.
#[derive(Debug, Serialize)]
pub(super) struct Replied<'a> {
    /// As typed.
    pub(super) host: &'a str,
    /// Who answered.
    pub(super) addr: &'a str,
    /// Whether the line has its address only.
    #[serde(skip)]
    pub(super) is_numeric: bool,
    /// Whether that is not the one who was asked.
    #[serde(rename = "other")]
    pub(super) is_other: bool,
    /// Which request, counted from 1.
    pub(super) seq: Seq,
    /// What answered: `echo`, `open`, `closed`, `datagram`, `port-unreachable`.
    pub(super) answer: &'static str,
    /// How many bytes came; `None` where nothing has a length.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) length: Option<usize>,
    /// How many routers might still have passed it on; `None` where that is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ttl: Option<u8>,
    /// How long it took.
    #[serde(rename = "rtt_ms", serialize_with = "to_millis")]
    pub(super) rtt: Duration,
    /// By whose clock: `kernel` or `user`.
    pub(super) clock: &'static str,
    /// Whether the request was answered before.
    #[serde(rename = "dup")]
    pub(super) is_duplicate: bool,
    /// Whether it had been given up.
    #[serde(rename = "late")]
    pub(super) is_late: bool,
    /// Whether it is no answer: `checksum` or `payload`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) corrupt: Option<&'static str>,
    /// The first byte of the payload that came back as another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) corrupt_at: Option<usize>,
}

/// Which request, counted from 1.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(transparent)]
pub(super) struct Seq {
    pub(super) number: u64,
    /// Whether it is an echo request of ICMP.
    #[serde(skip)]
    pub(super) is_echo: bool,
}

/// No reply came in time.
#[derive(Debug, Serialize)]
pub(super) struct Lost<'a> {
    /// As typed.
    pub(super) host: &'a str,
    /// Its address.
    pub(super) addr: &'a str,
    /// Whether the line has its address only.
    #[serde(skip)]
    pub(super) is_numeric: bool,
    /// Which request, counted from 1.
    pub(super) seq: Seq,
    /// How long was waited.
    #[serde(rename = "timeout_ms", serialize_with = "to_millis")]
    pub(super) timeout: Duration,
}

/// ICMP told an error.
#[derive(Debug, Serialize)]
pub(super) struct IcmpError<'a> {
    /// As typed.
    pub(super) host: &'a str,
    /// Who told it; `None` where that is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) addr: Option<String>,
    /// The host's address.
    #[serde(skip)]
    pub(super) asked: &'a str,
    /// Which request, counted from 1.
    pub(super) seq: Seq,
    /// The message's type.
    pub(super) r#type: u8,
    /// Its code.
    pub(super) code: u8,
    /// Both in words.
    pub(super) message: &'a str,
    /// The largest packet that goes through, in bytes; `None` where the error is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mtu: Option<u32>,
    /// Whom to send to instead; `None` where it is no redirect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_hop: Option<Ipv4Addr>,
    /// Which byte is wrong; `None` where it is no parameter problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pointer: Option<u32>,
    /// Whether the line has its address only.
    #[serde(skip)]
    pub(super) is_numeric: bool,
    /// Whether the line must say whom it is about.
    #[serde(skip)]
    pub(super) is_among_many: bool,
}

/// The same, where the request goes on nevertheless: a redirect, a source quench.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct Advice<'a>(pub(super) IcmpError<'a>);

/// A request could not be sent.
#[derive(Debug, Serialize)]
pub(super) struct NotSent<'a> {
    /// As typed.
    pub(super) host: &'a str,
    /// Its address.
    pub(super) addr: &'a str,
    /// Whether the line has its address only.
    #[serde(skip)]
    pub(super) is_numeric: bool,
    /// Which request, counted from 1.
    pub(super) seq: Seq,
    /// Why.
    pub(super) message: &'a str,
    /// The symbol of why.
    pub(super) errno: &'a str,
    /// The largest packet that goes through, in bytes; `None` where the error is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mtu: Option<u32>,
}

impl Chosen {
    /// That one.
    pub(super) fn new(family: Family, echo: &EchoSocket) -> Self {
        let refused = echo.raw_because.as_ref();
        Self {
            family: family.to_string(),
            socket: if refused.is_some() { "raw" } else { "dgram" },
            reason: refused.map(|refused| reason(&refused.cause)),
        }
    }
}

impl<'a> Replied<'a> {
    /// What answered, in the form of both faces.
    pub(super) fn answer(answer: Answer) -> (&'static str, Option<usize>, Option<u8>) {
        match answer {
            Answer::Echo { length, ttl } => ("echo", Some(length), ttl),
            Answer::Open => ("open", None, None),
            Answer::Closed => ("closed", None, None),
            Answer::Datagram(length) => ("datagram", Some(length), None),
            Answer::PortUnreachable => ("port-unreachable", None, None),
        }
    }

    /// What is wrong with it.
    pub(super) fn flaw(flaw: Option<Flaw>) -> (Option<&'static str>, Option<usize>) {
        match flaw {
            Some(Flaw::Checksum) => (Some("checksum"), None),
            Some(Flaw::Payload(at)) => (Some("payload"), Some(at)),
            None => (None, None),
        }
    }

    /// Whose clock.
    pub(super) fn clock(clock: Clock) -> &'static str {
        match clock {
            Clock::Kernel => "kernel",
            Clock::User => "user",
        }
    }

    fn who(&self) -> Who<'a> {
        who(self.host, self.addr, self.is_numeric || self.is_other)
    }
}

/// A host by its name and address, or by its address only.
fn who<'a>(host: &'a str, addr: &'a str, is_numeric: bool) -> Who<'a> {
    Who(if is_numeric { addr } else { host }, addr)
}

/// A host's name and address, as `localhost (127.0.0.1)`; once where they are the same.
pub(super) struct Who<'a>(pub(super) &'a str, pub(super) &'a str);

impl Event for Chosen {
    const NAME: &'static str = "socket";
    const FACE: Face = Face::Detail;
}

impl Event for Begun<'_> {
    const NAME: &'static str = "ping";
    const FACE: Face = Face::Data;
}

impl Event for BegunAmongMany<'_> {
    const NAME: &'static str = "ping";
    const FACE: Face = Face::Detail;
}

impl Event for Replied<'_> {
    const NAME: &'static str = "reply";
    const FACE: Face = Face::Data;
}

impl Event for Lost<'_> {
    const NAME: &'static str = "lost";
    const FACE: Face = Face::Data;
}

impl Event for IcmpError<'_> {
    const NAME: &'static str = "icmp_error";
    const FACE: Face = Face::Data;
}

impl Event for Advice<'_> {
    const NAME: &'static str = "icmp_advice";
    const FACE: Face = Face::Data;
}

impl Event for NotSent<'_> {
    const NAME: &'static str = "not_sent";
    const FACE: Face = Face::Data;
}

impl fmt::Display for Chosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ip = if self.family == "AF_INET6" { 6 } else { 4 };
        match &self.reason {
            None => write!(
                f,
                "IPv{ip}: a datagram socket, which net.ipv4.ping_group_range allows"
            ),
            Some(reason) => write!(
                f,
                "IPv{ip}: a raw socket, as a datagram socket is refused: {reason}, see net.ipv4.ping_group_range"
            ),
        }
    }
}

impl fmt::Display for Begun<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            host, addr, size, ..
        } = self;
        match self.port {
            Some(port) => {
                let proto = self.proto;
                write!(f, "PING {host} ({addr}) {proto} port {port}")
            }
            None if addr.contains(':') => write!(f, "PING {host} ({addr}) {size} data bytes"),
            None => {
                // The headers of ICMP and IPv4.
                let whole = u32::from(*size) + 28;
                write!(f, "PING {host} ({addr}) {size}({whole}) bytes of data.")
            }
        }
    }
}

impl fmt::Display for BegunAmongMany<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Replied<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (who, seq, time) = (self.who(), self.seq, Trip(self.rtt));
        match self.length {
            Some(bytes) => write!(f, "{bytes} bytes from {who}: {seq}")?,
            None => write!(f, "{} from {who}: {seq}", self.answer)?,
        }
        if let Some(ttl) = self.ttl {
            write!(f, " ttl={ttl}")?;
        }
        write!(f, " time={time} ms")?;
        if self.is_other {
            f.write_str(" (DIFFERENT ADDRESS!)")?;
        }
        if self.is_duplicate {
            f.write_str(" (DUP!)")?;
        }
        if self.is_late {
            f.write_str(" (LATE)")?;
        }
        match (self.corrupt, self.corrupt_at) {
            (_, Some(at)) => write!(f, " (CORRUPT: payload differs at byte {at})"),
            (Some(_), None) => f.write_str(" (BAD CHECKSUM!)"),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Lost<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seq, timeout, .. } = self;
        let who = who(self.host, self.addr, self.is_numeric);
        write!(f, "no reply from {who}: {seq} within {timeout:?}")
    }
}

impl fmt::Display for IcmpError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seq, message, .. } = self;
        let from = self.addr.as_deref().unwrap_or("?");
        write!(f, "From {from} {seq} {message}")?;
        match self.is_among_many {
            true => {
                let who = who(self.host, self.asked, self.is_numeric);
                write!(f, ", asked for {who}")
            }
            false => Ok(()),
        }
    }
}

impl fmt::Display for Advice<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for NotSent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seq, message, .. } = self;
        let who = who(self.host, self.addr, self.is_numeric);
        write!(f, "not sent to {who}: {seq} {message}")
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.is_echo { "icmp_seq" } else { "seq" };
        write!(f, "{word}={}", self.number)
    }
}

impl fmt::Display for Who<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(host, addr) = self;
        match host == addr {
            true => f.write_str(addr),
            false => write!(f, "{host} ({addr})"),
        }
    }
}
