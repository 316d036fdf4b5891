//! What a proxy asks of whoever comes: the challenges of Proxy-Authenticate, RFC 9110, section 11.

/// One scheme that the proxy takes, and its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// `Basic`, `Digest`, as written.
    pub scheme: String,
    parameters: Vec<(String, String)>,
}

impl Challenge {
    /// The challenges in a field's value; what is malformed is passed over up to the next comma.
    pub fn parse(value: &[u8]) -> Vec<Self> {
        let mut challenges: Vec<Self> = Vec::new();
        let mut rest = value;
        loop {
            rest = skip(rest, |byte| matches!(byte, b' ' | b'\t' | b','));
            if rest.is_empty() {
                return challenges;
            }
            let Some((word, after)) = token(rest) else {
                rest = skip(rest, |byte| byte != b',');
                continue;
            };
            let behind = skip(after, is_blank).strip_prefix(b"=");
            match (behind, challenges.last_mut()) {
                (None, _) => {
                    challenges.push(Self {
                        scheme: word.to_owned(),
                        parameters: Vec::new(),
                    });
                    rest = after;
                }
                (Some(behind), Some(challenge)) => match value_of(skip(behind, is_blank)) {
                    Some((value, after)) => {
                        challenge.parameters.push((word.to_owned(), value));
                        rest = after;
                    }
                    None => rest = skip(behind, |byte| byte != b','),
                },
                (Some(behind), None) => rest = skip(behind, |byte| byte != b','),
            }
        }
    }

    /// The value of the parameter, however its name is written; `None` where there is none.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let mut parameters = self.parameters.iter();
        let found = parameters.find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Whether the answer was right but late: RFC 7616, section 3.3.
    pub(super) fn is_stale(&self) -> bool {
        self.parameter("stale")
            .is_some_and(|stale| stale.eq_ignore_ascii_case("true"))
    }
}

fn skip(bytes: &[u8], unwanted: impl Fn(u8) -> bool) -> &[u8] {
    let count = bytes.iter().take_while(|byte| unwanted(**byte)).count();
    bytes.get(count..).unwrap_or_default()
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// A token, RFC 9110, section 5.6.2, and what follows it.
fn token(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    let count = bytes.iter().take_while(|byte| is_token(byte)).count();
    let (word, rest) = bytes.split_at_checked(count)?;
    let word = std::str::from_utf8(word).ok()?;
    (!word.is_empty()).then_some((word, rest))
}

/// A token, or a string in quotes, RFC 9110, section 5.6.4; and what follows it.
fn value_of(bytes: &[u8]) -> Option<(String, &[u8])> {
    let Some(mut rest) = bytes.strip_prefix(b"\"") else {
        return token(bytes).map(|(word, rest)| (word.to_owned(), rest));
    };
    let mut value = Vec::new();
    loop {
        let (byte, after) = rest.split_first()?;
        rest = after;
        match byte {
            b'"' => return Some((String::from_utf8(value).ok()?, rest)),
            b'\\' => {
                let (escaped, after) = rest.split_first()?;
                value.push(*escaped);
                rest = after;
            }
            byte => value.push(*byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: &str) -> String {
        let one = |challenge: &Challenge| {
            let parameters = challenge.parameters.iter();
            let parameters: Vec<String> = parameters
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            format!("{}({})", challenge.scheme, parameters.join(";"))
        };
        let challenges = Challenge::parse(value.as_bytes());
        challenges.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn whatever_stands_there_is_read() {
        for (value, read) in [
            ("", ""),
            (",, ,", ""),
            ("=", ""),
            ("a=b", ""),
            ("\"", ""),
            ("Basic", "Basic()"),
            ("Basic realm", "Basic() realm()"),
            ("Basic realm=", "Basic()"),
            ("Basic realm=\"x", "Basic()"),
            ("Basic realm=\"x\\", "Basic()"),
            ("Basic realm=\"a\\\"b, c=d\"", "Basic(realm=a\"b, c=d)"),
            ("Basic realm = \"x\" , x=y", "Basic(realm=x;x=y)"),
            (
                "Negotiate YWJj==, Basic realm=x",
                "Negotiate() Basic(realm=x)",
            ),
            (
                "Digest realm=\"r\", nonce=\"n\", qop=\"auth,auth-int\",Basic realm=\"b\"",
                "Digest(realm=r;nonce=n;qop=auth,auth-int) Basic(realm=b)",
            ),
            ("\u{7}Digest, Basic realm=x", "Basic(realm=x)"),
        ] {
            assert_eq!(shown(value), read, "{value}");
        }
        assert_eq!(Challenge::parse(b"Basic realm=\"\xff\", a=b").len(), 1);
    }
}
