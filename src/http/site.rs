//! What a server offers, and how.

/// What is offered. The command fills it in, [`super::ask`] and [`super::plan`] read it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Site {
    /// The same text for every path, as the tutorial's server; `None` for the files beneath a directory.
    pub text: Option<String>,
    /// Whether files may be put into the directory.
    pub uploads: bool,
    /// Field lines for every answer, each with its CRLF.
    pub fields: String,
}

impl Site {
    /// The value of Allow: what can be done here (RFC 9110, section 10.2.1).
    pub fn allow(&self) -> &'static str {
        match self.uploads {
            true => "GET, HEAD, OPTIONS, POST, PUT",
            false => "GET, HEAD, OPTIONS",
        }
    }
}
