//! Narration: every call of this floor passes through [`Explain`], which tells it as it happens.
//!
//! One function gives `--explain`'s line, the JSON event and nothing else; without a listener a call costs one branch.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;

use super::error::{errno_name, sentence};

/// The listener to whom calls are told; silent by default. Clones tell the same listener.
#[derive(Clone, Default)]
pub struct Explain(Option<Arc<Listener>>);

type Listener = dyn Fn(&Told<'_>) + Send + Sync;

/// One call that was made: what, with which arguments, and what came of it.
pub struct Told<'a> {
    /// The function's name in the socket API, as `bind`.
    pub call: &'static str,
    /// The arguments with symbolic constants, as `3, 127.0.0.1:8082`.
    pub arguments: String,
    /// The number returned, or the error.
    pub result: Result<i64, Refusal<'a>>,
    /// What the call handed back besides the number (a peer, bytes read), in the words of the line; `None` when nothing.
    pub note: Option<String>,
}

/// Why a call failed: the number that the function returned, the symbol and the text.
pub struct Refusal<'a> {
    /// What the function returned: -1 for system calls, the EAI code for the resolver's.
    pub number: i64,
    /// `ECONNREFUSED`, `EAI_NONAME`.
    pub symbol: &'a str,
    /// The text that the C library has for it.
    pub text: String,
}

/// What a successful call returned, as it is told.
pub trait Outcome {
    /// The number that the function returned.
    fn number(&self) -> i64 {
        0
    }
    /// What it handed back besides, if anything.
    fn note(&self) -> Option<String> {
        None
    }
}

impl Explain {
    /// Narrate to `listener`.
    pub fn to(listener: impl Fn(&Told<'_>) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(listener)))
    }

    /// Narrate to this listener, and then to another one as well.
    #[must_use]
    pub fn and_to(&self, listener: impl Fn(&Told<'_>) + Send + Sync + 'static) -> Self {
        let first = self.0.clone();
        Self::to(move |told| {
            if let Some(first) = &first {
                first(told);
            }
            listener(told);
        })
    }

    /// Whether anybody listens: hot paths ask this once and then call straight through.
    pub fn is_silent(&self) -> bool {
        self.0.is_none()
    }

    /// Make the call `run` and tell it. The arguments are only rendered when somebody listens.
    pub fn call<T: Outcome>(
        &self,
        call: &'static str,
        arguments: impl fmt::Display,
        run: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<T> {
        let Some(listener) = &self.0 else {
            return run();
        };
        let outcome = run();
        let symbol;
        let (result, note) = match &outcome {
            Ok(value) => (Ok(value.number()), value.note()),
            Err(error) => {
                symbol = errno_name(error);
                let refusal = Refusal {
                    number: -1,
                    symbol: &symbol,
                    text: sentence(error),
                };
                (Err(refusal), None)
            }
        };
        listener(&Told {
            call,
            arguments: arguments.to_string(),
            result,
            note,
        });
        outcome
    }

    /// Tell a call of the C library that does not report through errno (getaddrinfo and its kin).
    pub fn tell(&self, told: impl FnOnce() -> Told<'static>) {
        if let Some(listener) = &self.0 {
            listener(&told());
        }
    }
}

impl fmt::Debug for Explain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_silent() {
            "Explain(silent)"
        } else {
            "Explain(told)"
        })
    }
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({}) = ", self.call, self.arguments)?;
        match &self.result {
            Ok(number) => write!(f, "{number}")?,
            Err(refusal) => write!(f, "{refusal}")?,
        }
        match &self.note {
            Some(note) => write!(f, "  {note}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Refusal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({})", self.number, self.symbol, self.text)
    }
}

impl Outcome for () {}

impl Outcome for usize {
    fn number(&self) -> i64 {
        i64::try_from(*self).unwrap_or(i64::MAX)
    }
}

impl Outcome for OwnedFd {
    fn number(&self) -> i64 {
        i64::from(self.as_raw_fd())
    }
}

impl Outcome for Vec<SocketAddr> {
    fn note(&self) -> Option<String> {
        let all: Vec<String> = self.iter().map(ToString::to_string).collect();
        Some(format!("[{}]", all.join(" ")))
    }
}

/// Bytes as a C string in quotes, cut after [`Quoted::LIMIT`] bytes with `...`, as strace shows them.
pub struct Quoted<'a>(pub &'a [u8]);

impl Quoted<'_> {
    /// How many bytes are shown.
    pub const LIMIT: usize = 48;
}

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.get(..Self::LIMIT).unwrap_or(self.0);
        write!(f, "\"{}\"", shown.escape_ascii())?;
        f.write_str(if shown.len() < self.0.len() {
            "..."
        } else {
            ""
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn told_by(run: impl FnOnce(&Explain)) -> Vec<String> {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&lines);
        run(&Explain::to(move |told| {
            sink.lock().unwrap().push(told.to_string())
        }));
        lines.lock().unwrap().clone()
    }

    #[test]
    fn a_line_reads_like_the_call() {
        let lines = told_by(|explain| {
            explain
                .call("bind", "3, 127.0.0.1:8082", || Ok(()))
                .unwrap();
            let refused = io::Error::from_raw_os_error(libc::ECONNREFUSED);
            explain
                .call::<()>("connect", "3, 127.0.0.1:1", || Err(refused))
                .unwrap_err();
        });
        assert_eq!(
            lines,
            [
                "bind(3, 127.0.0.1:8082) = 0",
                "connect(3, 127.0.0.1:1) = -1 ECONNREFUSED (Connection refused)"
            ]
        );
    }

    #[test]
    fn bytes_are_quoted_and_cut() {
        assert_eq!(
            Quoted(b"GET /\r\n\x1b\xff").to_string(),
            r#""GET /\r\n\x1b\xff""#
        );
        assert_eq!(
            Quoted(&[b'a'; 60]).to_string(),
            format!("\"{}\"...", "a".repeat(48))
        );
    }
}
