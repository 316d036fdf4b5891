//! Request methods, RFC 9110, section 9, and PATCH, RFC 5789.

/// What is to be done with the target. Methods are case-sensitive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET
    Get,
    /// HEAD
    Head,
    /// OPTIONS, whose target may be `*`
    Options,
    /// POST
    Post,
    /// PUT
    Put,
    /// DELETE
    Delete,
    /// PATCH
    Patch,
    /// TRACE
    Trace,
    /// CONNECT, whose target has a form of its own
    Connect,
    /// A word that is none of these
    Unknown,
}

impl Method {
    /// The method of a word.
    pub fn of(word: &str) -> Self {
        match word {
            "GET" => Self::Get,
            "HEAD" => Self::Head,
            "OPTIONS" => Self::Options,
            "POST" => Self::Post,
            "PUT" => Self::Put,
            "DELETE" => Self::Delete,
            "PATCH" => Self::Patch,
            "TRACE" => Self::Trace,
            "CONNECT" => Self::Connect,
            _ => Self::Unknown,
        }
    }
}

/// Whether bytes that may be no request, or only the beginning of one, ask for a head alone: an answer to them must have
/// no content either.
pub fn asks_head(bytes: &[u8]) -> bool {
    let head = bytes.strip_prefix(b"\r\n").unwrap_or(bytes);
    head.starts_with(b"HEAD ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        for (word, method) in [
            ("GET", Method::Get),
            ("get", Method::Unknown),
            ("GET ", Method::Unknown),
            ("", Method::Unknown),
            ("PROPFIND", Method::Unknown),
            ("PUT", Method::Put),
        ] {
            assert_eq!(Method::of(word), method, "{word:?}");
        }
    }

    #[test]
    fn a_head_is_known_before_it_is_a_request() {
        for (bytes, is_head) in [
            ("", false),
            ("HEAD", false),
            ("HEADS /", false),
            ("head / HTTP/1.1", false),
            ("GET / HTTP/1.1\r\n\r\nHEAD / ", false),
            ("HEAD ", true),
            ("\r\nHEAD / HTTP/9.9\r\n", true),
            ("HEAD \0", true),
        ] {
            assert_eq!(asks_head(bytes.as_bytes()), is_head, "{bytes:?}");
        }
    }
}
