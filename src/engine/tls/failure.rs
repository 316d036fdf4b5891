//! Why a peer is not talked to under TLS, or no longer: one sentence, and what may help.

use std::fmt;
use std::io;

use crate::net::CallError;

/// The answer is no. It is the cause of a [`crate::net::CallError`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFailure {
    /// The sentence, without the peer's address.
    pub why: String,
    /// What may help.
    pub hint: Option<String>,
    /// Whether the same peer may be talked to in a while: it ended before anything was agreed on.
    pub is_temporary: bool,
}

impl TlsFailure {
    /// A sentence, and what may help.
    pub fn new(why: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            hint: Some(hint.into()),
            is_temporary: false,
        }
    }

    /// The same, which may be otherwise in a while.
    #[must_use]
    pub fn temporary(self) -> Self {
        Self {
            is_temporary: true,
            ..self
        }
    }

    /// What TLS had against the peer of a call, or the peer against it.
    pub fn of(call: &CallError) -> Option<&Self> {
        call.cause.get_ref()?.downcast_ref()
    }

    /// The failure of `call` with this peer.
    pub fn on(self, call: &'static str, peer: impl fmt::Display) -> CallError {
        CallError::new(call, peer, io::Error::new(io::ErrorKind::InvalidData, self))
    }

    /// A sentence to which there is nothing to add.
    pub fn bare(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            hint: None,
            is_temporary: false,
        }
    }
}

impl fmt::Display for TlsFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for TlsFailure {}
