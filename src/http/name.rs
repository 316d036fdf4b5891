//! The names of the fields that change how a request is answered.

/// A field that is kept at hand; all others are found by [`super::Request::fields`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// Accept
    Accept,
    /// Accept-Encoding
    AcceptEncoding,
    /// Authorization
    Authorization,
    /// Connection
    Connection,
    /// Content-Length
    ContentLength,
    /// Content-Range
    ContentRange,
    /// Content-Type
    ContentType,
    /// Expect
    Expect,
    /// Host
    Host,
    /// If-Match
    IfMatch,
    /// If-Modified-Since
    IfModifiedSince,
    /// If-None-Match
    IfNoneMatch,
    /// If-Range
    IfRange,
    /// If-Unmodified-Since
    IfUnmodifiedSince,
    /// Origin
    Origin,
    /// Range
    Range,
    /// Referer
    Referer,
    /// Transfer-Encoding
    TransferEncoding,
    /// User-Agent
    UserAgent,
}

impl Name {
    /// How many there are.
    pub(super) const COUNT: usize = Self::UserAgent as usize + 1;

    /// The name of a word, in any case. A length has at most a few names, and so at most a few are compared.
    pub(super) fn of(word: &[u8]) -> Option<Self> {
        let first = word.first()? | 0x20;
        match (word.len(), first) {
            (4, b'h') => Self::Host.when(word, b"host"),
            (5, b'r') => Self::Range.when(word, b"range"),
            (6, b'a') => Self::Accept.when(word, b"accept"),
            (6, b'e') => Self::Expect.when(word, b"expect"),
            (6, b'o') => Self::Origin.when(word, b"origin"),
            (7, b'r') => Self::Referer.when(word, b"referer"),
            (8, b'i') => {
                let if_match = Self::IfMatch.when(word, b"if-match");
                if_match.or_else(|| Self::IfRange.when(word, b"if-range"))
            }
            (10, b'c') => Self::Connection.when(word, b"connection"),
            (10, b'u') => Self::UserAgent.when(word, b"user-agent"),
            (12, b'c') => Self::ContentType.when(word, b"content-type"),
            (13, b'a') => Self::Authorization.when(word, b"authorization"),
            (13, b'c') => Self::ContentRange.when(word, b"content-range"),
            (13, b'i') => Self::IfNoneMatch.when(word, b"if-none-match"),
            (14, b'c') => Self::ContentLength.when(word, b"content-length"),
            (15, b'a') => Self::AcceptEncoding.when(word, b"accept-encoding"),
            (17, b'i') => Self::IfModifiedSince.when(word, b"if-modified-since"),
            (17, b't') => Self::TransferEncoding.when(word, b"transfer-encoding"),
            (19, b'i') => Self::IfUnmodifiedSince.when(word, b"if-unmodified-since"),
            _ => None,
        }
    }

    /// A bit of its own.
    pub(super) const fn bit(self) -> u32 {
        1 << self as u32
    }

    /// Whether it may stand in a head but once, and two of it would be two requests in one.
    pub(super) fn is_single(self) -> bool {
        matches!(
            self,
            Self::Authorization
                | Self::ContentLength
                | Self::ContentRange
                | Self::ContentType
                | Self::Host
                | Self::Origin
                | Self::TransferEncoding
        )
    }

    /// All of the word at once, without a branch: letters differ from small ones by one bit, and what else that bit
    /// would make equal to a letter or a hyphen is no tchar.
    fn when<const N: usize>(self, word: &[u8], known: &[u8; N]) -> Option<Self> {
        let word = <&[u8; N]>::try_from(word).ok()?;
        let pairs = word.iter().zip(known);
        let differs = pairs.fold(0, |differs, (byte, known)| {
            differs | ((byte | 0x20) ^ known)
        });
        (differs == 0).then_some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::super::octet::is_token;
    use super::*;

    const NAMES: [(&str, Name); Name::COUNT] = [
        ("Accept", Name::Accept),
        ("Accept-Encoding", Name::AcceptEncoding),
        ("Authorization", Name::Authorization),
        ("Connection", Name::Connection),
        ("Content-Length", Name::ContentLength),
        ("Content-Range", Name::ContentRange),
        ("Content-Type", Name::ContentType),
        ("Expect", Name::Expect),
        ("Host", Name::Host),
        ("If-Match", Name::IfMatch),
        ("If-Modified-Since", Name::IfModifiedSince),
        ("If-None-Match", Name::IfNoneMatch),
        ("If-Range", Name::IfRange),
        ("If-Unmodified-Since", Name::IfUnmodifiedSince),
        ("Origin", Name::Origin),
        ("Range", Name::Range),
        ("Referer", Name::Referer),
        ("Transfer-Encoding", Name::TransferEncoding),
        ("User-Agent", Name::UserAgent),
    ];

    #[test]
    fn names_in_any_case() {
        for (word, name) in NAMES {
            assert_eq!(Name::of(word.as_bytes()), Some(name));
            assert_eq!(Name::of(word.to_lowercase().as_bytes()), Some(name));
            assert_eq!(Name::of(word.to_uppercase().as_bytes()), Some(name));
        }
        for word in ["", "h", "hosts", "ho_t", "content_length", "X-Range"] {
            assert_eq!(Name::of(word.as_bytes()), None, "{word}");
        }
    }

    #[test]
    fn no_other_token_is_one_of_them() {
        for (word, name) in NAMES {
            for at in 0..word.len() {
                for byte in (0..=u8::MAX).filter(|byte| is_token(*byte)) {
                    let mut other = word.as_bytes().to_vec();
                    other[at] = byte;
                    let same = other.eq_ignore_ascii_case(word.as_bytes());
                    assert_eq!(Name::of(&other) == Some(name), same, "{word} {at} {byte}");
                }
            }
        }
    }
}
