//! Why TLS is not even tried: a file that is no certificate, a key that is another's, a wish that makes no sense.

use std::fmt;
#[cfg(feature = "tls")]
use std::path::Path;

/// What is wrong, with which file, and what may help.
#[derive(Debug)]
pub struct TlsError {
    /// The sentence.
    pub why: String,
    /// What to do instead.
    pub hint: String,
}

impl TlsError {
    /// A sentence, and what to do instead.
    pub fn new(why: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            hint: hint.into(),
        }
    }

    /// Something is wrong with a file.
    #[cfg(feature = "tls")]
    pub(in crate::engine) fn in_file(file: &Path, what: impl fmt::Display, hint: &str) -> Self {
        Self::new(format!("read {}: {what}", file.display()), hint)
    }
}

#[cfg(feature = "tls")]
impl From<rustls::Error> for TlsError {
    fn from(error: rustls::Error) -> Self {
        let hint = "this is not a matter of its files: report it, with what was typed";
        Self::new(format!("TLS: {error}"), hint)
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for TlsError {}
