//! A value and its parameters, RFC 9110, section 5.6.6: `form-data; name="a"; filename="b c"`.

use super::octet::is_token;
use super::status::Status;

/// A value with parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parameters<'a> {
    first: &'a [u8],
    pairs: Vec<(&'a [u8], Vec<u8>)>,
}

impl<'a> Parameters<'a> {
    /// Read a value; what is not of this form, or names a parameter twice, is refused.
    pub(super) fn parse(value: &'a [u8]) -> Result<Self, Status> {
        let end = value.iter().position(|byte| *byte == b';');
        let (first, mut rest) = value.split_at(end.unwrap_or(value.len()));
        let mut pairs: Vec<(&[u8], Vec<u8>)> = Vec::new();
        while let Some(behind) = rest.strip_prefix(b";") {
            let behind = behind.trim_ascii_start();
            // An empty one is allowed.
            if behind.is_empty() || behind.starts_with(b";") {
                rest = behind;
                continue;
            }
            let equals = behind.iter().position(|byte| *byte == b'=');
            let (name, value) = behind.split_at(equals.ok_or(Status::BAD_REQUEST)?);
            let (value, after) = word(value.get(1..).unwrap_or_default())?;
            let is_known = pairs
                .iter()
                .any(|(known, _)| known.eq_ignore_ascii_case(name));
            if is_known || !name.iter().all(|byte| is_token(*byte)) {
                return Err(Status::BAD_REQUEST);
            }
            pairs.push((name, value));
            rest = after.trim_ascii_start();
        }
        match rest.is_empty() {
            true => Ok(Self {
                first: first.trim_ascii(),
                pairs,
            }),
            false => Err(Status::BAD_REQUEST),
        }
    }

    /// What stands in front of the parameters.
    pub(super) fn first(&self) -> &'a [u8] {
        self.first
    }

    /// The value of a parameter, without its quotes; `None` where it is not named.
    pub(super) fn value(&self, name: &str) -> Option<&[u8]> {
        let mut pairs = self.pairs.iter();
        let found = pairs.find(|(known, _)| known.eq_ignore_ascii_case(name.as_bytes()));
        found.map(|(_, value)| value.as_slice())
    }
}

/// A token or a quoted string, and what is left behind it.
fn word(value: &[u8]) -> Result<(Vec<u8>, &[u8]), Status> {
    let Some(quoted) = value.strip_prefix(b"\"") else {
        let end = value
            .iter()
            .position(|byte| matches!(byte, b';' | b' ' | b'\t'));
        let (token, rest) = value.split_at(end.unwrap_or(value.len()));
        return Ok((token.to_vec(), rest));
    };
    let (mut text, mut rest) = (Vec::new(), quoted);
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        match (byte, behind.split_first()) {
            (b'"', _) => return Ok((text, behind)),
            // Browsers of old send a path with single backslashes: only these two are escapes.
            (b'\\', Some((escaped @ (b'"' | b'\\'), behind))) => {
                text.push(*escaped);
                rest = behind;
            }
            _ => text.push(*byte),
        }
    }
    Err(Status::BAD_REQUEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_parameters_are_refused() {
        for value in [
            "a; b",
            "a; b=\"",
            "a; b=\"c",
            "a; b=\"c\\\"",
            "a; b=\"c\"d",
            "a; b=c d",
            "a; b=c; B=d",
            "a; b c=d",
            "a; \"b\"=c",
        ] {
            assert!(Parameters::parse(value.as_bytes()).is_err(), "{value}");
        }
    }

    #[test]
    fn parameters() {
        for (value, first, b) in [
            ("", "", None),
            ("a", "a", None),
            (" a ;", "a", None),
            ("a;;  ;b=c;", "a", Some("c")),
            ("a ; B=\"c;d\"  ", "a", Some("c;d")),
            ("a; x=y; b=\"c\\\\d\\\"e\"", "a", Some("c\\d\"e")),
            ("a; b=\"C:\\dir\\e\"", "a", Some("C:\\dir\\e")),
            ("a; b=", "a", Some("")),
        ] {
            let read = Parameters::parse(value.as_bytes()).unwrap();
            assert_eq!(read.first(), first.as_bytes(), "{value}");
            assert_eq!(read.value("b"), b.map(str::as_bytes), "{value}");
        }
    }
}
