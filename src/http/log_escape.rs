//! Foreign bytes made harmless for a log: what neither an escape sequence nor a forged line can pass.

/// Write a quoted field's bytes.
pub(super) fn push_quoted(bytes: &[u8], into: &mut Vec<u8>) {
    push(bytes, is_plain, into);
}

/// Write a field's bytes that stands without quotes; an empty one is `""`.
pub(super) fn push_word(bytes: &[u8], into: &mut Vec<u8>) {
    match bytes {
        b"" => into.extend_from_slice(b"\"\""),
        bytes => push(bytes, |byte| is_plain(byte) && *byte != b' ', into),
    }
}

/// As it is, but for what `is_plain` leaves out: a backslash and a letter, or `\xHH` (ap_escape_logitem of Apache).
fn push(bytes: &[u8], is_plain: impl Fn(&u8) -> bool, into: &mut Vec<u8>) {
    if bytes.iter().all(&is_plain) {
        return into.extend_from_slice(bytes);
    }
    for byte in bytes {
        match byte {
            byte if is_plain(byte) => into.push(*byte),
            b'"' | b'\\' => into.extend_from_slice(&[b'\\', *byte]),
            b'\n' => into.extend_from_slice(b"\\n"),
            b'\r' => into.extend_from_slice(b"\\r"),
            b'\t' => into.extend_from_slice(b"\\t"),
            0x08 => into.extend_from_slice(b"\\b"),
            0x0b => into.extend_from_slice(b"\\v"),
            byte => {
                into.extend_from_slice(b"\\x");
                push_hex(*byte, into);
            }
        }
    }
}

/// What may stand between quotes.
fn is_plain(byte: &u8) -> bool {
    matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')
}

/// Write the inside of a JSON string: control characters escaped (those of Latin-1 too, which JSON would allow), what
/// is not UTF-8 as U+FFFD.
pub(super) fn push_json(bytes: &[u8], into: &mut Vec<u8>) {
    if bytes.iter().all(&is_plain) {
        return into.extend_from_slice(bytes);
    }
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            push_json_char(c, into);
        }
        if !chunk.invalid().is_empty() {
            push_json_char(char::REPLACEMENT_CHARACTER, into);
        }
    }
}

fn push_json_char(c: char, into: &mut Vec<u8>) {
    match c {
        '"' => into.extend_from_slice(b"\\\""),
        '\\' => into.extend_from_slice(b"\\\\"),
        '\n' => into.extend_from_slice(b"\\n"),
        '\r' => into.extend_from_slice(b"\\r"),
        '\t' => into.extend_from_slice(b"\\t"),
        // Control characters are below U+00A0.
        c if c.is_control() => {
            into.extend_from_slice(b"\\u00");
            push_hex(u8::try_from(c).unwrap_or_default(), into);
        }
        c => into.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
    }
}

fn push_hex(byte: u8, into: &mut Vec<u8>) {
    for digit in [byte >> 4, byte & 15] {
        into.push(if digit < 10 {
            b'0' + digit
        } else {
            b'a' + digit - 10
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(push: fn(&[u8], &mut Vec<u8>), bytes: &[u8]) -> String {
        let mut into = Vec::new();
        push(bytes, &mut into);
        String::from_utf8(into).unwrap()
    }

    #[test]
    fn every_byte_is_harmless() {
        for byte in 0..=u8::MAX {
            for push in [push_quoted, push_word, push_json] {
                let text = written(push, &[byte]);
                assert!(!text.chars().any(char::is_control), "{byte}: {text}");
            }
            assert!(!written(push_word, &[byte]).contains(' '), "{byte}");
        }
    }

    #[test]
    fn forms() {
        for (bytes, quoted, word, json) in [
            (&b""[..], "", "\"\"", ""),
            (
                b"\x08\x0b\r\n\t",
                "\\b\\v\\r\\n\\t",
                "\\b\\v\\r\\n\\t",
                "\\u0008\\u000b\\r\\n\\t",
            ),
            (b"a b", "a b", "a\\x20b", "a b"),
            (b"\"\\", "\\\"\\\\", "\\\"\\\\", "\\\"\\\\"),
            (
                "é\u{9b}".as_bytes(),
                "\\xc3\\xa9\\xc2\\x9b",
                "\\xc3\\xa9\\xc2\\x9b",
                "é\\u009b",
            ),
            (b"\xf0\x9f", "\\xf0\\x9f", "\\xf0\\x9f", "\u{fffd}"),
        ] {
            assert_eq!(written(push_quoted, bytes), quoted);
            assert_eq!(written(push_word, bytes), word);
            assert_eq!(written(push_json, bytes), json);
        }
    }
}
