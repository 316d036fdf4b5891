//! What an octet may be part of: RFC 9110, section 5.6, and RFC 3986, in one table.

const TOKEN: u8 = 1;
const TEXT: u8 = 2;
const HOST: u8 = 4;
const PATH: u8 = 8;

static CLASSES: [u8; 256] = classes();

/// tchar of RFC 9110, section 5.6.2.
pub(super) fn is_token(byte: u8) -> bool {
    is(byte, TOKEN)
}

/// field-vchar, SP or HTAB, RFC 9110, section 5.5.
pub(super) fn is_text(byte: u8) -> bool {
    is(byte, TEXT)
}

/// reg-name of RFC 3986, section 3.2.2, percent signs included; without the comma, which would make two hosts of a
/// list look like one.
pub(super) fn is_host(byte: u8) -> bool {
    is(byte, HOST)
}

/// pchar and slash of RFC 3986, section 3.3, and what browsers leave alone although it is not in there (URL Standard).
pub(super) fn is_path(byte: u8) -> bool {
    is(byte, PATH)
}

fn is(byte: u8, class: u8) -> bool {
    CLASSES
        .get(usize::from(byte))
        .is_some_and(|classes| classes & class != 0)
}

#[expect(
    clippy::indexing_slicing,
    reason = "an octet is below the length of the table"
)]
const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0_u8;
    loop {
        table[byte as usize] = class(byte);
        if byte == u8::MAX {
            return table;
        }
        byte += 1;
    }
}

const fn class(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => TOKEN | TEXT | HOST | PATH,
        b'!' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'_' | b'~' => {
            TOKEN | TEXT | HOST | PATH
        }
        b'(' | b')' | b';' | b'=' => TEXT | HOST | PATH,
        b'^' | b'`' | b'|' => TOKEN | TEXT | PATH,
        b'#' => TOKEN | TEXT,
        b',' | b'/' | b':' | b'@' | b'[' | b']' | b'{' | b'}' => TEXT | PATH,
        b'\t' | b' ' | b'"' | b'<' | b'?' | b'>' | b'\\' | 0x80.. => TEXT,
        0x7f | ..=0x1f => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_octet_is_what_the_grammars_say() {
        for byte in 0..=u8::MAX {
            let letter = byte.is_ascii_alphanumeric();
            let one_of = |set: &[u8]| letter || set.contains(&byte);
            assert_eq!(is_token(byte), one_of(b"!#$%&'*+-.^_`|~"), "{byte}");
            assert_eq!(is_host(byte), one_of(b"-._~%!$&'()*+;="), "{byte}");
            let printable = byte.is_ascii_graphic();
            assert_eq!(is_path(byte), printable && !b"\"<>#\\?".contains(&byte));
            let text = byte == b'\t' || (byte >= b' ' && byte != 0x7f);
            assert_eq!(is_text(byte), text, "{byte}");
        }
    }
}
