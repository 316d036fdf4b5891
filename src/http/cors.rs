//! Cross-origin requests, Fetch Standard, section 3.3: who may read answers, and what a browser is told that asks first.

use super::field::is_host;
use super::octet::is_token;

/// Which pages may read the answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cors {
    /// Those of every origin; credentials are never meant.
    Any,
    /// Those of these origins, as browsers write them: `https://example.com:8443`.
    Origins(Vec<String>),
}

/// How many seconds a browser need not ask again.
const MAX_AGE: u32 = 600;
/// What pages may see of an answer beside what they always may.
const EXPOSED: &str =
    "Accept-Ranges, Content-Encoding, Content-Length, Content-Range, Date, ETag, Location";

/// A field: its name and its value.
type Field = (&'static str, String);

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
        let is_host = !host.is_empty() && is_host(host.as_bytes());
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

    /// Whether pages of this origin may read answers.
    pub fn allows(&self, origin: Option<&[u8]>) -> bool {
        self.allowed(origin).is_some()
    }

    /// The fields of an answer to `origin` (`None`: the request names none); none for a stranger. `credentials` where
    /// a page may have the browser's password sent along.
    pub fn fields(&self, origin: Option<&[u8]>, credentials: bool) -> Vec<Field> {
        let Some(origin) = self.allowed(origin) else {
            return Vec::new();
        };
        let exposed = ("Access-Control-Expose-Headers", EXPOSED.to_owned());
        let mut fields = vec![("Access-Control-Allow-Origin", origin.to_owned()), exposed];
        if credentials && self.varies() {
            fields.push(("Access-Control-Allow-Credentials", "true".to_owned()));
        }
        fields
    }

    /// What else a preflight is told, beside [`Cors::fields`]: `methods` as in Allow, and those of the `requested`
    /// fields (Access-Control-Request-Headers) that are any.
    pub fn preflight(
        &self,
        origin: Option<&[u8]>,
        requested: Option<&[u8]>,
        methods: &str,
    ) -> Vec<Field> {
        if self.allowed(origin).is_none() {
            return Vec::new();
        }
        let mut fields = vec![
            ("Access-Control-Allow-Methods", methods.to_owned()),
            ("Access-Control-Max-Age", MAX_AGE.to_string()),
        ];
        let requested = requested.and_then(|requested| std::str::from_utf8(requested).ok());
        if let Some(requested) = requested.filter(|requested| is_list(requested)) {
            fields.push(("Access-Control-Allow-Headers", requested.to_owned()));
        }
        fields
    }

    /// The origin, if its pages may read the answer.
    fn allowed<'a>(&'a self, origin: Option<&[u8]>) -> Option<&'a str> {
        match self {
            Self::Any => Some("*"),
            Self::Origins(origins) => origins
                .iter()
                .find(|known| origin.is_some_and(|origin| known.as_bytes() == origin))
                .map(String::as_str),
        }
    }
}

/// Tokens and commas: nothing else is said back to whoever sent it.
fn is_list(fields: &str) -> bool {
    !fields.is_empty()
        && fields
            .bytes()
            .all(|byte| is_token(byte) || matches!(byte, b',' | b' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cors(words: &[&str]) -> Option<Cors> {
        let none = Some(Cors::Origins(Vec::new()));
        words.iter().fold(none, |cors, word| cors?.with(word))
    }

    fn said(fields: Vec<Field>) -> String {
        let line = |(name, value)| format!("{name}: {value}\n");
        fields.into_iter().map(line).collect()
    }

    fn answered(words: &[&str], origin: Option<&str>) -> String {
        let cors = cors(words).unwrap();
        said(cors.fields(origin.map(str::as_bytes), true))
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
        assert!(answered(&["*"], None).starts_with("Access-Control-Allow-Origin: *\n"));
        assert!(!answered(&["*"], Some("https://a")).contains("Credentials"));
        let named = ["https://A.example", "http://b:8080"];
        let mine = answered(&named, Some("https://a.example"));
        assert!(
            mine.starts_with("Access-Control-Allow-Origin: https://a.example\n"),
            "{mine}"
        );
        assert!(
            mine.contains("\nAccess-Control-Allow-Credentials: true\n"),
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
            assert_eq!(answered(&named, stranger), "", "{stranger:?}");
        }
        assert!(cors(&named).unwrap().varies() && !cors(&["*"]).unwrap().varies());
    }

    #[test]
    fn a_preflight_says_nothing_back_that_is_no_field() {
        let told = |cors: Cors, requested: &str| {
            let origin = Some(b"https://a".as_slice());
            said(cors.preflight(origin, Some(requested.as_bytes()), "GET, HEAD"))
        };
        let base = "Access-Control-Allow-Methods: GET, HEAD\nAccess-Control-Max-Age: 600\n";
        assert_eq!(told(Cors::Any, ""), base);
        let allowed = format!("{base}Access-Control-Allow-Headers: x-a, range\n");
        assert_eq!(told(Cors::Any, "x-a, range"), allowed);
        for requested in ["a\r\nb", "a:b", "<a>", "\u{e4}", "a;b"] {
            assert_eq!(told(Cors::Any, requested), base, "{requested}");
        }
        assert_eq!(told(cors(&["https://b"]).unwrap(), "x-a"), "");
    }
}
