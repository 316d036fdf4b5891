//! Entity tags, RFC 9110, section 8.8.3: made from facts of a file, and compared as the conditions ask.

use std::fmt;
use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use super::coding::Coding;

/// Sixteen digits, a hyphen, sixteen digits, a coding and the quotes.
const ROOM: usize = 40;

/// A strong entity tag with its quotes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ETag {
    bytes: [u8; ROOM],
    length: u8,
}

impl ETag {
    /// The tag of a version of a file. Each rename onto it changes its inode and each write its time, which has
    /// nanoseconds; so it is strong. They are mixed, for neither is anyone's business; `None` is a time that cannot be
    /// read. What is sent in another coding is another representation, and has a tag of its own.
    pub fn new(length: u64, modified: Option<SystemTime>, inode: u64, coding: Coding) -> Self {
        let (seconds, nanoseconds) = modified.map_or((u64::MAX, 0), since_epoch);
        let facts = [seconds, u64::from(nanoseconds), inode];
        let mixed = facts.into_iter().fold(length, mix);
        let mut bytes = [0; ROOM];
        let mut room = bytes.as_mut_slice();
        let suffix = match coding {
            Coding::Identity => "",
            Coding::Gzip => "-g",
            Coding::Brotli => "-b",
            Coding::Zstd => "-z",
        };
        // There is room for the longest.
        let _ = write!(room, "\"{mixed:016x}-{length:x}{suffix}\"");
        let left = room.len();
        let length = u8::try_from(ROOM - left).unwrap_or_default();
        Self { bytes, length }
    }

    /// As it stands in a field.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes
            .get(..usize::from(self.length))
            .unwrap_or_default()
    }
}

/// A tag that a client sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sent<'a> {
    is_weak: bool,
    /// With its quotes.
    opaque: &'a [u8],
}

/// The tags of a list, up to what is none.
#[derive(Clone, Debug)]
pub(super) struct Tags<'a>(&'a [u8]);

impl<'a> Tags<'a> {
    /// The tags of a field's value.
    pub(super) fn of(value: &'a [u8]) -> Self {
        Self(value)
    }
}

impl Sent<'_> {
    /// The comparison of If-Match and If-Range: both are strong and the same (RFC 9110, section 8.8.3.2).
    pub(super) fn is_strongly(self, tag: &ETag) -> bool {
        !self.is_weak && self.opaque == tag.as_bytes()
    }

    /// The comparison of If-None-Match: they are the same, weak or not.
    pub(super) fn is_weakly(self, tag: &ETag) -> bool {
        self.opaque == tag.as_bytes()
    }
}

impl<'a> Iterator for Tags<'a> {
    type Item = Sent<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let is_between = |byte: &u8| matches!(byte, b' ' | b'\t' | b',');
        let start = self.0.iter().position(|byte| !is_between(byte))?;
        let rest = self.0.get(start..)?;
        let (is_weak, opaque) = match rest.strip_prefix(b"W/") {
            Some(opaque) => (true, opaque),
            None => (false, rest),
        };
        // etagc: a comma may be in there, and a backslash escapes nothing.
        let inside = opaque.strip_prefix(b"\"")?;
        let end = inside.iter().position(|byte| !is_etagc(*byte))?;
        let (opaque, behind) = opaque.split_at_checked(end + 2)?;
        let is_whole = opaque.ends_with(b"\"") && is_boundary(behind);
        self.0 = if is_whole { behind } else { &[] };
        is_whole.then_some(Sent { is_weak, opaque })
    }
}

/// Whether a member of a list may end here.
fn is_boundary(behind: &[u8]) -> bool {
    let next = behind.iter().find(|byte| !matches!(byte, b' ' | b'\t'));
    next.is_none_or(|byte| *byte == b',')
}

fn is_etagc(byte: u8) -> bool {
    byte == b'!' || (byte >= b'#' && byte != 0x7f)
}

/// Seconds and nanoseconds; those before 1970 count back.
fn since_epoch(at: SystemTime) -> (u64, u32) {
    match at.duration_since(UNIX_EPOCH) {
        Ok(since) => (since.as_secs(), since.subsec_nanos()),
        Err(error) => {
            let before = error.duration();
            (before.as_secs().wrapping_neg(), before.subsec_nanos())
        }
    }
}

/// One step of splitmix64, which loses nothing of what comes in.
fn mix(state: u64, fact: u64) -> u64 {
    let mut mixed = (state ^ fact).wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(self.as_bytes()).unwrap_or_default())
    }
}

impl fmt::Debug for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn tag(length: u64, nanoseconds: u64, inode: u64) -> String {
        let modified = UNIX_EPOCH + Duration::from_nanos(nanoseconds);
        ETag::new(length, Some(modified), inode, Coding::Identity).to_string()
    }

    #[test]
    fn every_fact_counts() {
        let first = tag(3, 1_000_000_000, 5);
        assert_eq!(first, tag(3, 1_000_000_000, 5));
        for other in [
            tag(4, 1_000_000_000, 5),
            tag(3, 1_000_000_001, 5),
            tag(3, 2_000_000_000, 5),
            tag(3, 1_000_000_000, 6),
            ETag::new(3, None, 5, Coding::Identity).to_string(),
        ] {
            assert_ne!(first, other);
        }
        let before = |after: fn(SystemTime, Duration) -> SystemTime| {
            let modified = after(UNIX_EPOCH, Duration::from_millis(1500));
            ETag::new(3, Some(modified), 5, Coding::Identity)
        };
        assert_ne!(before(|at, by| at + by), before(|at, by| at - by));
    }

    #[test]
    fn each_coding_has_its_own() {
        let of = |coding| ETag::new(u64::MAX, Some(UNIX_EPOCH), u64::MAX, coding).to_string();
        let [identity, gzip] = [of(Coding::Identity), of(Coding::Gzip)];
        assert!(identity.ends_with("-ffffffffffffffff\""), "{identity}");
        assert!(gzip.ends_with("-ffffffffffffffff-g\""), "{gzip}");
        assert_ne!(of(Coding::Brotli), of(Coding::Zstd));
    }

    #[test]
    fn lists_of_tags() {
        for (value, expected) in [
            ("", ""),
            ("abc", ""),
            ("\"abc", ""),
            ("'abc'", ""),
            ("w/\"abc\"", ""),
            ("W/ \"abc\"", ""),
            ("\"a b\"", ""),
            ("\"a\"b", ""),
            ("\"a\" \"b\"", ""),
            ("*", ""),
            ("\"a\", *", "s\"a\""),
            ("\"\"", "s\"\""),
            ("\"a\",b,\"c\"", "s\"a\""),
            (" , \"a\",,\tW/\"b,c\" , \"\\\"", "s\"a\"w\"b,c\"s\"\\\""),
            ("\"\u{e4}\"", "s\"\u{e4}\""),
        ] {
            let tags = Tags::of(value.as_bytes()).map(|sent| {
                let opaque = String::from_utf8_lossy(sent.opaque);
                format!("{}{opaque}", if sent.is_weak { "w" } else { "s" })
            });
            assert_eq!(tags.collect::<String>(), expected, "{value}");
        }
    }

    proptest! {
        #[test]
        fn a_tag_is_read_again(length: u64, nanoseconds: u64, inode: u64) {
            let modified = UNIX_EPOCH + Duration::from_nanos(nanoseconds);
            let tag = ETag::new(length, Some(modified), inode, Coding::Gzip);
            let weak = format!("W/{tag}, {tag}");
            let sent: Vec<_> = Tags::of(weak.as_bytes()).collect();
            prop_assert!(sent.iter().all(|sent| sent.is_weakly(&tag)));
            prop_assert_eq!(sent.iter().map(|sent| sent.is_strongly(&tag)).collect::<Vec<_>>(), vec![false, true]);
        }
    }
}
