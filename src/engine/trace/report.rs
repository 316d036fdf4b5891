//! What a trace reports, answer by answer.

use std::net::SocketAddr;
use std::time::Duration;

use crate::engine::ping::{Clock, Trouble};
use crate::wire::Label;

/// Something happened.
#[derive(Debug)]
pub enum News<'a> {
    /// A probe was answered.
    Answer(&'a Answer),
    /// A probe was not answered in time.
    Lost {
        /// How many routers it was to meet.
        ttl: u8,
        /// Which of the hop's probes, counted from 1.
        attempt: u32,
        /// By which flow.
        flow: usize,
    },
    /// All is known of this hop, and of those before it.
    Hop(u8),
    /// For whoever watches: there is something new since a moment ago.
    Turn,
}

/// An answer to a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// How many routers the probe was to meet.
    pub ttl: u8,
    /// Which of the hop's probes, counted from 1.
    pub attempt: u32,
    /// By which flow it went.
    pub flow: usize,
    /// Who answered; `None` where the kernel did not say.
    pub from: Option<SocketAddr>,
    /// What that means.
    pub meaning: Meaning,
    /// What it was.
    pub kind: AnswerKind,
    /// How long it took.
    pub rtt: Duration,
    /// By whose clock.
    pub clock: Clock,
    /// How many routers might still have passed the answer on; `None` where that is unknown.
    pub reply_ttl: Option<u8>,
    /// The labels that the probe carried where it was given up, RFC 4950.
    pub labels: Vec<Label>,
    /// The largest packet that goes so far, in bytes, where that is news.
    pub mtu: Option<u32>,
}

/// What an answer means for the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// A router on the way.
    Hop,
    /// The host was reached.
    Reached,
    /// The way ends here.
    Unreachable,
}

/// What answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerKind {
    /// An ICMP error.
    Error(Trouble),
    /// An echo reply.
    Echo,
    /// A TCP port that takes connections: SYN and ACK.
    Open,
    /// A TCP port that nobody listens on: RST.
    Closed,
    /// A datagram.
    Datagram,
}

/// What became of a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered.
    Answered(Answer),
    /// It was given up.
    Lost,
}

impl AnswerKind {
    /// Whether a router's count of hops ran out.
    pub(super) fn is_time_exceeded(&self) -> bool {
        let Self::Error(Trouble::Icmp {
            is_v6, kind, code, ..
        }) = self
        else {
            return false;
        };
        (*kind, *code) == if *is_v6 { (3, 0) } else { (11, 0) }
    }

    /// The largest packet that goes through, where the probe was a larger one.
    pub(super) fn mtu(&self) -> Option<u32> {
        match self {
            Self::Error(Trouble::Icmp { mtu, .. }) => *mtu,
            _ => None,
        }
    }
}
