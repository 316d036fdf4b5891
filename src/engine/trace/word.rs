//! What is heard of a probe, and what is made of it.

use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime};

use super::report::{Answer, AnswerKind};
use crate::wire::Label;

/// Which probe an answer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// The one with this number.
    Number(u64),
    /// The one with these lower 16 bits of its number.
    Sequence(u16),
    /// One of this flow, and the answer does not say which: routers may quote no more than 8 bytes of it, RFC 792.
    OfFlow(usize),
}

/// What was heard.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) which: Which,
    pub(super) from: Option<SocketAddr>,
    /// When the kernel got it; `None` where it did not note that.
    pub(super) at: Option<SystemTime>,
    /// When it was seen to be there; `None` is now.
    pub(super) seen: Option<Instant>,
    /// How long it took, where the kernel measured that.
    pub(super) measured: Option<Duration>,
    pub(super) ttl: Option<u8>,
    pub(super) labels: Vec<Label>,
    pub(super) kind: AnswerKind,
}

/// What that means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing that is to be told.
    Nothing,
    /// A probe is answered.
    Answer(Answer),
    /// Nobody can say for which probe it is: this flow begins afresh from another port, one probe at a time.
    Afresh(usize),
}
