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
}

impl TlsFailure {
    /// A sentence, and what may help.
    pub fn new(why: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            hint: Some(hint.into()),
        }
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
        }
    }
}

impl fmt::Display for TlsFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for TlsFailure {}
