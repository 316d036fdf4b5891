//! Names of AF_UNIX sockets: a path, an abstract name, or none at all, unix(7).

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

/// The most bytes that a path may have: `sun_path` less its NUL.
const PATH_LIMIT: usize = 107;
/// The most bytes that an abstract name may have: `sun_path` less the leading NUL.
const ABSTRACT_LIMIT: usize = 107;

/// What a local socket is called.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum UnixName {
    /// A file, at most 107 bytes.
    Path(PathBuf),
    /// `@name`: outside the file system, of exact length, without the leading NUL.
    Abstract(Vec<u8>),
    /// A socket that was never bound.
    Unnamed,
}

/// A name that the kernel could not take.
#[derive(Debug, PartialEq, Eq)]
pub struct UnixNameError {
    /// What is wrong with it.
    pub why: String,
}

impl UnixName {
    /// Parse `/path`, `./path`, `path` or `@name`; in an abstract name `\0` stands for a NUL byte.
    pub fn parse(word: &OsStr) -> Result<Self, UnixNameError> {
        let bytes = word.as_bytes();
        match bytes.strip_prefix(b"@") {
            Some(name) => Self::parse_abstract(name),
            None => Self::parse_path(bytes),
        }
    }

    fn parse_abstract(escaped: &[u8]) -> Result<Self, UnixNameError> {
        let mut name = Vec::with_capacity(escaped.len());
        let mut rest = escaped;
        while let Some((first, tail)) = rest.split_first() {
            let (byte, after) = rest
                .strip_prefix(b"\\0")
                .map_or((*first, tail), |after| (0, after));
            name.push(byte);
            rest = after;
        }
        if name.is_empty() {
            return Err(UnixNameError {
                why: "the abstract name is empty".to_owned(),
            });
        }
        at_most(name.len(), ABSTRACT_LIMIT, "abstract name")?;
        Ok(Self::Abstract(name))
    }

    fn parse_path(path: &[u8]) -> Result<Self, UnixNameError> {
        if path.is_empty() {
            return Err(UnixNameError {
                why: "the path is empty".to_owned(),
            });
        }
        at_most(path.len(), PATH_LIMIT, "path")?;
        Ok(Self::Path(PathBuf::from(OsString::from_vec(path.to_vec()))))
    }
}

fn at_most(length: usize, limit: usize, what: &str) -> Result<(), UnixNameError> {
    if length <= limit {
        return Ok(());
    }
    Err(UnixNameError {
        why: format!("the {what} has {length} bytes, at most {limit} fit"),
    })
}

impl fmt::Display for UnixName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => write!(f, "{}", printable(path.as_os_str().as_bytes())),
            Self::Abstract(name) => write!(f, "@{}", printable(name)),
            Self::Unnamed => f.write_str("(unnamed)"),
        }
    }
}

/// Text as it is where it is harmless, else escaped: names come from other programs.
fn printable(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => text.to_owned(),
        _ => bytes.escape_ascii().to_string().replace("\\x00", "\\0"),
    }
}

impl fmt::Display for UnixNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for UnixNameError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(word: &str) -> Result<UnixName, UnixNameError> {
        UnixName::parse(OsStr::new(word))
    }

    #[test]
    fn the_limits_are_exact() {
        assert!(parse(&"p".repeat(107)).is_ok());
        assert_eq!(
            parse(&"p".repeat(108)).unwrap_err().why,
            "the path has 108 bytes, at most 107 fit"
        );
        assert!(parse(&format!("@{}", "a".repeat(107))).is_ok());
        assert!(parse(&format!("@{}", "a".repeat(108))).is_err());
        assert!(parse("").is_err());
        assert!(parse("@").is_err());
    }

    #[test]
    fn abstract_names_keep_their_nuls() {
        let name = parse("@a\\0b").unwrap();
        assert_eq!(name, UnixName::Abstract(b"a\0b".to_vec()));
        assert_eq!(name.to_string(), "@a\\0b");
        assert_eq!(parse("./@x").unwrap(), UnixName::Path("./@x".into()));
    }
}
