//! Line feeds become CR LF, whatever pieces they come in.

/// Ends lines with CR LF, whatever pieces they come in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Crlf {
    /// Whether the last byte was a CR.
    after_cr: bool,
}

impl Crlf {
    /// A piece, with a CR in front of each LF that has none.
    pub fn end_lines(&mut self, piece: &[u8]) -> Vec<u8> {
        let mut ended = Vec::with_capacity(piece.len() + piece.len() / 16);
        for byte in piece {
            if *byte == b'\n' && !self.after_cr {
                ended.push(b'\r');
            }
            ended.push(*byte);
            self.after_cr = *byte == b'\r';
        }
        ended
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_end_in_crlf_across_the_borders_of_reads() {
        for (pieces, sent) in [
            (
                &["a\nb\r\nc\r", "\nd\re\n\n"] as &[&str],
                "a\r\nb\r\nc\r\nd\re\r\n\r\n",
            ),
            (&["\r", "\n"], "\r\n"),
            (&["\r", "", "\n"], "\r\n"),
            (&["\n"], "\r\n"),
            (&["\r\r\n"], "\r\r\n"),
            (&["\r", "x\n"], "\rx\r\n"),
            (&["no end"], "no end"),
            (&[""], ""),
        ] {
            let mut crlf = Crlf::default();
            let ended: Vec<u8> = pieces
                .iter()
                .flat_map(|piece| crlf.end_lines(piece.as_bytes()))
                .collect();
            assert_eq!(String::from_utf8(ended).unwrap(), sent, "{pieces:?}");
        }
    }

    proptest! {
        #[test]
        fn any_borders_give_the_same(bytes in "[\r\nx]{0,40}", cut in 0_usize..40) {
            let (head, tail) = bytes.split_at(cut.min(bytes.len()));
            let mut crlf = Crlf::default();
            let pieces = [crlf.end_lines(head.as_bytes()), crlf.end_lines(tail.as_bytes())];
            let whole = Crlf::default().end_lines(bytes.as_bytes());
            prop_assert_eq!(&pieces.concat(), &whole);
            // Doing it again changes nothing.
            prop_assert_eq!(Crlf::default().end_lines(&whole), whole);
        }
    }
}
