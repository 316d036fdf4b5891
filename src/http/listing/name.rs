//! Names as they are shown and as they are linked: a file may be called anything.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, percent_encode};

/// What a name keeps as it is in a link: unreserved characters (RFC 3986, section 2.3). A colon is not among them, and so
/// `javascript:` is a name and no scheme.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A name as one segment of a link.
pub(super) fn segment(name: &[u8]) -> PercentEncode<'_> {
    percent_encode(name, ENCODED)
}

/// A name as people read it: what is not UTF-8 is U+FFFD, and what has no face, or turns the direction of what stands
/// around it, gets one.
pub(super) fn shown(name: &[u8]) -> String {
    let text = String::from_utf8_lossy(name);
    text.chars().map(face).collect()
}

fn face(char: char) -> char {
    match char {
        // U+2400 and what follows are the pictures of U+0000 to U+001F.
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(char)).unwrap_or('\u{fffd}'),
        '\x7f' => '\u{2421}',
        '\u{80}'..='\u{9f}' => '\u{fffd}',
        // Bidirectional formatting: `exe.txt` would be read for `txt.exe`.
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            '\u{fffd}'
        }
        '\u{2028}' | '\u{2029}' => '\u{2424}',
        char => char,
    }
}

/// A path beneath the root as people read it, `/a/b/`.
pub(super) struct Shown<'a>(pub(super) &'a [u8]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}", shown(self.0))
    }
}

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hostile_names() {
        for (name, text, link) in [
            (&b"a\nb"[..], "a\u{240a}b", "a%0Ab"),
            (b"\x1b[2J\x7f", "\u{241b}[2J\u{2421}", "%1B%5B2J%7F"),
            (b"\xff\xfe", "\u{fffd}\u{fffd}", "%FF%FE"),
            (b"\xc3\xa4", "ä", "%C3%A4"),
            (b"\xc2\x85", "\u{fffd}", "%C2%85"),
            (
                "txt.\u{202e}exe".as_bytes(),
                "txt.\u{fffd}exe",
                "txt.%E2%80%AEexe",
            ),
            (
                b"javascript:alert(1)",
                "javascript:alert(1)",
                "javascript%3Aalert%281%29",
            ),
            (b"//evil", "//evil", "%2F%2Fevil"),
            (b"a?b#c%20", "a?b#c%20", "a%3Fb%23c%2520"),
            (b" . ", " . ", "%20.%20"),
            (b"\"'<>&", "\"'<>&", "%22%27%3C%3E%26"),
            (b"\\", "\\", "%5C"),
        ] {
            assert_eq!(shown(name), text);
            assert_eq!(segment(name).to_string(), link);
        }
    }

    proptest! {
        #[test]
        fn a_link_leads_to_its_name(name in proptest::collection::vec(1_u8.., 0..40)) {
            let link = segment(&name).to_string();
            prop_assert!(link.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte)));
            prop_assert_eq!(percent_decode(link.as_bytes()).collect::<Vec<_>>(), name);
        }
    }
}
