//! Request methods, RFC 9110, section 9.

/// What is to be done with the target. Methods are case-sensitive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET
    Get,
    /// HEAD
    Head,
    /// CONNECT, whose target has a form of its own
    Connect,
    /// OPTIONS, whose target may be `*`
    Options,
    /// A method of the registry that this server does not offer
    Other,
    /// A word that is no method
    Unknown,
}

impl Method {
    /// The method of a word.
    pub fn of(word: &str) -> Self {
        match word {
            "GET" => Self::Get,
            "HEAD" => Self::Head,
            "CONNECT" => Self::Connect,
            "OPTIONS" => Self::Options,
            "POST" | "PUT" | "DELETE" | "TRACE" | "PATCH" => Self::Other,
            _ => Self::Unknown,
        }
    }
}
