//! Cross-origin requests, Fetch Standard, section 3.3: who may read answers, and what a browser is told that asks first.

/// Which pages may read the answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cors {
    /// Those of every origin; credentials are never meant.
    Any,
    /// Those of these origins, as browsers write them: `https://example.com:8443`.
    Origins(Vec<String>),
}

/// What a browser asks before a request that a page of another origin wants to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preflight<'a> {
    /// Access-Control-Request-Headers; empty where none are meant.
    pub fields: &'a [u8],
}

/// How many seconds a browser need not ask again.
const MAX_AGE: u32 = 600;
/// What pages may see of an answer beside what they always may.
const EXPOSED: &str = "Access-Control-Expose-Headers: Accept-Ranges, Content-Encoding, Content-Length, Content-Range, Date, ETag, Location\r\n";

impl Cors {
    /// Let in what `--cors` names: `*`, or one more origin; `None` for what no browser would send.
    pub fn with(self, word: &str) -> Option<Self> {
        if word == "*" {
            return Some(Self::Any);
        }
        let (scheme, host) = word.split_once("://")?;
        let is_scheme = scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        let is_host = !host.is_empty() && super::field::is_host(host.as_bytes());
        if !is_scheme || scheme.is_empty() || !is_host || host.ends_with(':') {
            return None;
        }
        let word = word.to_ascii_lowercase();
        Some(match self {
            Self::Any => Self::Any,
            Self::Origins(mut origins) => {
                origins.push(word);
                Self::Origins(origins)
            }
        })
    }

    /// Whether the answer depends on who asks, which every answer has to say then (`Vary: Origin`).
    pub fn varies(&self) -> bool {
        matches!(self, Self::Origins(_))
    }

    /// Append the fields of an answer to `origin` (`None`: the request names none); nothing for a stranger.
    /// `credentials` where a page may have the browser's password sent along.
    pub fn render(&self, origin: Option<&[u8]>, credentials: bool, into: &mut Vec<u8>) {
        match (self, self.allowed(origin)) {
            (_, None) => {}
            (Self::Any, Some(_)) => {
                into.extend_from_slice(b"Access-Control-Allow-Origin: *\r\n");
                into.extend_from_slice(EXPOSED.as_bytes());
            }
            (Self::Origins(_), Some(origin)) => {
                into.extend_from_slice(b"Access-Control-Allow-Origin: ");
                into.extend_from_slice(origin);
                into.extend_from_slice(b"\r\n");
                if credentials {
                    into.extend_from_slice(b"Access-Control-Allow-Credentials: true\r\n");
                }
                into.extend_from_slice(EXPOSED.as_bytes());
            }
        }
    }

    /// Append what else a preflight is told, beside [`Cors::render`]; `methods` as in Allow.
    pub fn render_preflight(
        &self,
        origin: Option<&[u8]>,
        preflight: Preflight<'_>,
        methods: &str,
        into: &mut Vec<u8>,
    ) {
        if self.allowed(origin).is_none() {
            return;
        }
        let fields = format!(
            "Access-Control-Allow-Methods: {methods}\r\nAccess-Control-Max-Age: {MAX_AGE}\r\n"
        );
        into.extend_from_slice(fields.as_bytes());
        if !preflight.fields.is_empty() && is_list(preflight.fields) {
            into.extend_from_slice(b"Access-Control-Allow-Headers: ");
            into.extend_from_slice(preflight.fields);
            into.extend_from_slice(b"\r\n");
        }
    }

    /// The origin, if its pages may read the answer; for `*` that is everybody who asks or does not.
    fn allowed<'a>(&self, origin: Option<&'a [u8]>) -> Option<&'a [u8]> {
        match self {
            Self::Any => Some(origin.unwrap_or_default()),
            Self::Origins(origins) => origin.filter(|origin| {
                origins
                    .iter()
                    .any(|known| known.as_bytes().eq_ignore_ascii_case(origin))
            }),
        }
    }
}

/// Tokens and commas: nothing else is said back to whoever sent it.
fn is_list(fields: &[u8]) -> bool {
    fields
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_.!#$%&'*+^`|~, ".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cors(words: &[&str]) -> Option<Cors> {
        let none = Some(Cors::Origins(Vec::new()));
        words.iter().fold(none, |cors, word| cors?.with(word))
    }

    fn rendered(words: &[&str], origin: Option<&str>) -> String {
        let mut into = Vec::new();
        cors(words)
            .unwrap()
            .render(origin.map(str::as_bytes), true, &mut into);
        String::from_utf8(into).unwrap()
    }

    #[test]
    fn hostile_origins_are_refused() {
        for word in [
            "",
            "null",
            "example.com",
            "https://",
            "://h",
            "https://h/",
            "https://h/x",
            "https://a b",
            "https://u@h",
            "https://h\r\nX: y",
            "https://h:",
            "ht tp://h",
            "https://h?x",
            "**",
        ] {
            assert_eq!(cors(&[word]), None, "{word}");
        }
    }

    #[test]
    fn only_those_who_are_named_may_read() {
        assert!(rendered(&["*"], None).starts_with("Access-Control-Allow-Origin: *\r\n"));
        assert!(!rendered(&["*"], Some("https://a")).contains("Credentials"));
        let named = ["https://a.example", "http://b:8080"];
        let mine = rendered(&named, Some("https://a.example"));
        assert!(
            mine.starts_with("Access-Control-Allow-Origin: https://a.example\r\n"),
            "{mine}"
        );
        assert!(
            mine.contains("\r\nAccess-Control-Allow-Credentials: true\r\n"),
            "{mine}"
        );
        for stranger in [
            None,
            Some(""),
            Some("null"),
            Some("https://a.example.evil"),
            Some("https://a.example:443"),
            Some("http://a.example"),
            Some("https://a.example, http://b:8080"),
        ] {
            assert_eq!(rendered(&named, stranger), "", "{stranger:?}");
        }
        assert!(cors(&named).unwrap().varies() && !cors(&["*"]).unwrap().varies());
    }

    #[test]
    fn a_preflight_says_nothing_back_that_is_no_field() {
        let said = |fields: &str| {
            let mut into = Vec::new();
            let preflight = Preflight {
                fields: fields.as_bytes(),
            };
            let origin = Some(b"https://a".as_slice());
            Cors::Any.render_preflight(origin, preflight, "GET, HEAD", &mut into);
            String::from_utf8(into).unwrap()
        };
        let base = "Access-Control-Allow-Methods: GET, HEAD\r\nAccess-Control-Max-Age: 600\r\n";
        assert_eq!(said(""), base);
        let allowed = format!("{base}Access-Control-Allow-Headers: x-a, range\r\n");
        assert_eq!(said("x-a, range"), allowed);
        for fields in ["a\r\nb", "a:b", "<a>", "\u{e4}", "a;b"] {
            assert_eq!(said(fields), base, "{fields}");
        }
        let mut into = Vec::new();
        let named = cors(&["https://a"]).unwrap();
        named.render_preflight(
            Some(b"https://b"),
            Preflight { fields: b"" },
            "GET",
            &mut into,
        );
        assert!(into.is_empty());
    }
}
