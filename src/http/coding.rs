//! Content codings, RFC 9110, section 8.4.1: how a representation may be stored or sent.

/// A content coding that this server knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Coding {
    /// As it is
    #[default]
    Identity,
    /// gzip, RFC 1952
    Gzip,
    /// Brotli, RFC 7932
    Brotli,
    /// Zstandard, RFC 8878
    Zstd,
}

/// A set of codings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Codings(u8);

impl Coding {
    /// The codings besides identity, the one that compresses best first.
    pub const COMPRESSED: [Self; 3] = [Self::Brotli, Self::Zstd, Self::Gzip];

    /// Its name in Accept-Encoding and Content-Encoding.
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    /// What is behind the name of a file that holds another one in this coding; empty for identity.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Identity => "",
            Self::Gzip => ".gz",
            Self::Brotli => ".br",
            Self::Zstd => ".zst",
        }
    }
}

impl Codings {
    /// The set with one more.
    #[must_use]
    pub fn with(self, coding: Coding) -> Self {
        Self(self.0 | 1 << coding as u8)
    }

    /// Whether there is none but identity.
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// Whether it is in the set; identity always is.
    pub fn has(self, coding: Coding) -> bool {
        coding == Coding::Identity || self.0 & (1 << coding as u8) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_was_put_in() {
        let set = Codings::default().with(Coding::Gzip);
        assert!(set.has(Coding::Identity) && set.has(Coding::Gzip));
        assert!(!set.has(Coding::Brotli) && !set.has(Coding::Zstd));
    }
}
