//! Payload for people: offset, hex, ASCII, as `hexdump -C` lays it out.

use std::fmt::{self, Write};

/// How many bytes stand in a line.
const WIDTH: usize = 16;

/// Bytes as lines of offset, hex and ASCII, each ended by a line feed.
pub struct HexDump<'a> {
    /// The offset of the first byte.
    pub offset: u64,
    /// The bytes.
    pub bytes: &'a [u8],
}

impl fmt::Display for HexDump<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut offset = self.offset;
        // A line is put together before it is written: dumps are long.
        let mut shown = String::with_capacity(80);
        for line in self.bytes.chunks(WIDTH) {
            shown.clear();
            write!(shown, "{offset:08x} ")?;
            for index in 0..WIDTH {
                if index % 8 == 0 {
                    shown.push(' ');
                }
                match line.get(index) {
                    Some(byte) => shown.extend([digit(byte >> 4), digit(byte & 15), ' ']),
                    None => shown.push_str("   "),
                }
            }
            shown.push_str(" |");
            shown.extend(line.iter().map(|byte| match byte {
                b' '..=b'~' => char::from(*byte),
                _ => '.',
            }));
            shown.push_str("|\n");
            f.write_str(&shown)?;
            offset += line.len() as u64;
        }
        Ok(())
    }
}

/// The digit of four bits.
fn digit(bits: u8) -> char {
    char::from(if bits < 10 {
        b'0' + bits
    } else {
        b'a' + bits - 10
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_laid_out_as_hexdump_does() {
        let dump = HexDump {
            offset: 16,
            bytes: b"GET / HTTP/1.1\r\n\x00\xff",
        };
        assert_eq!(
            dump.to_string(),
            "00000010  47 45 54 20 2f 20 48 54  54 50 2f 31 2e 31 0d 0a  |GET / HTTP/1.1..|\n\
             00000020  00 ff                                             |..|\n"
        );
    }
}
