//! Payload for people: offset, hex, ASCII, as `hexdump -C` lays it out.

use std::fmt;

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
        for line in self.bytes.chunks(WIDTH) {
            write!(f, "{offset:08x} ")?;
            for index in 0..WIDTH {
                if index % 8 == 0 {
                    f.write_str(" ")?;
                }
                match line.get(index) {
                    Some(byte) => write!(f, "{byte:02x} ")?,
                    None => f.write_str("   ")?,
                }
            }
            let ascii = |byte: &u8| {
                if (b' '..=b'~').contains(byte) {
                    char::from(*byte)
                } else {
                    '.'
                }
            };
            writeln!(f, " |{}|", line.iter().map(ascii).collect::<String>())?;
            offset += line.len() as u64;
        }
        Ok(())
    }
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
