//! A failed call: which one, on what, and why.

use std::borrow::Cow;
use std::fmt;
use std::io;

use nix::errno::Errno;

/// A call that the kernel refused: `connect 127.0.0.1:1: connection refused (ECONNREFUSED)`.
#[derive(Debug)]
pub struct CallError {
    /// The function's name in the socket API.
    pub call: &'static str,
    /// What it was tried on: an address, an option, a kind of socket; empty when there is nothing to name.
    pub on: String,
    /// The kernel's answer.
    pub cause: io::Error,
}

impl CallError {
    /// The failure of `call` on `on`.
    pub fn new(call: &'static str, on: impl fmt::Display, cause: impl Into<io::Error>) -> Self {
        Self {
            call,
            on: on.to_string(),
            cause: cause.into(),
        }
    }

    /// The errno, 0 where the error has none.
    pub fn errno(&self) -> i32 {
        self.cause.raw_os_error().unwrap_or(0)
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.call)?;
        if !self.on.is_empty() {
            write!(f, " {}", self.on)?;
        }
        write!(f, ": {}", reason(&self.cause))
    }
}

// The cause is part of the sentence already: a source would have it printed twice.
impl std::error::Error for CallError {}

/// The symbol of an error's number, as `ECONNREFUSED`; `errno 4711` for one that has no name.
pub fn errno_name(error: &io::Error) -> Cow<'static, str> {
    match error.raw_os_error() {
        None => Cow::Borrowed("no errno"),
        Some(number) => match Errno::from_raw(number) {
            Errno::UnknownErrno => Cow::Owned(format!("errno {number}")),
            known => Cow::Owned(format!("{known:?}")),
        },
    }
}

/// Why, in the words of an error message: `connection refused (ECONNREFUSED)`.
pub fn reason(error: &io::Error) -> String {
    if error.raw_os_error().is_none() {
        return error.to_string();
    }
    let sentence = sentence(error);
    let mut letters = sentence.chars();
    let lowered = match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => sentence,
    };
    format!("{lowered} ({})", errno_name(error))
}

/// The C library's text for an error, strerror(3), as `Connection refused`.
pub(super) fn sentence(error: &io::Error) -> String {
    let text = error.to_string();
    // The standard library adds the number to the C library's words.
    let number = error
        .raw_os_error()
        .map(|number| format!(" (os error {number})"));
    match number.and_then(|number| text.strip_suffix(&number)) {
        Some(words) => words.to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_with_the_symbol() {
        let refused = CallError::new("connect", "127.0.0.1:1", Errno::ECONNREFUSED);
        assert_eq!(
            refused.to_string(),
            "connect 127.0.0.1:1: connection refused (ECONNREFUSED)"
        );
        let again = io::Error::from_raw_os_error(libc::EAGAIN);
        assert_eq!(sentence(&again), "Resource temporarily unavailable");
        let capital = io::Error::from_raw_os_error(libc::ENONET);
        assert_eq!(reason(&capital), "machine is not on the network (ENONET)");
        assert_eq!(
            errno_name(&io::Error::from_raw_os_error(4711)),
            "errno 4711"
        );
    }
}
