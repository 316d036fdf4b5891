//! Foreign text made harmless before it reaches a terminal: no escape sequence, no control character, no bidi trick.

use std::fmt;

/// Text from outside, shown with every control character escaped.
pub struct Harmless<'a>(pub &'a str);

/// Bytes decoded as UTF-8, with `\xNN` for what is not, and control characters escaped but for line ends and tabs.
pub fn harmless(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\n' | '\t' => text.push(c),
                _ if is_harmful(c) => text.extend(c.escape_default()),
                _ => text.push(c),
            }
        }
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

/// Control characters, and the marks that turn the direction of text (CVE-2021-42574).
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

impl fmt::Display for Harmless<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            if is_harmful(c) {
                write!(f, "{}", c.escape_default())?;
            } else {
                write!(f, "{c}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_escape_reaches_the_terminal() {
        assert_eq!(
            harmless(b"a\x1b[31m\r\nb\tc\x00"),
            "a\\u{1b}[31m\\r\nb\tc\\u{0}"
        );
        assert_eq!(harmless(b"\xff\xc3\xa9"), "\\xff\u{e9}");
        assert_eq!(Harmless("x\n\u{202e}y").to_string(), "x\\n\\u{202e}y");
    }
}
