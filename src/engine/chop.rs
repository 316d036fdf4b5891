//! stdin cut into datagrams: by read, by line, or not at all.

use super::pump::{LARGEST_RECORD, Typed};

/// Where one datagram ends and the next begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Each read of stdin, up to so many bytes, is a datagram.
    Reads(usize),
    /// Each line is a datagram, without its line feed; the last one may lack it.
    Lines,
    /// All of stdin is one datagram.
    Whole,
}

/// Cuts what stdin gives.
#[derive(Debug)]
pub struct Chop {
    framing: Framing,
    rest: Vec<u8>,
}

impl Chop {
    /// Nothing read yet.
    pub fn new(framing: Framing) -> Self {
        Self {
            framing,
            rest: Vec::new(),
        }
    }

    /// How many bytes the next read of stdin may bring, which are decoded or not.
    pub fn room(&self, buffer: usize, is_typed: bool) -> usize {
        match self.framing {
            Framing::Reads(size) if !is_typed => size.clamp(1, buffer),
            _ => buffer,
        }
    }

    /// The size by which whatever comes is cut; `None` where that depends on what it is.
    pub fn size(&self) -> Option<usize> {
        match self.framing {
            Framing::Reads(size) => Some(size),
            Framing::Lines | Framing::Whole => None,
        }
    }

    /// Take what one read brought, or the end (`None`); the datagrams that are complete by it. What decodes them sees lines as
    /// they were typed.
    pub fn take(
        &mut self,
        read: Option<&[u8]>,
        typed: &mut Option<Typed<'_>>,
    ) -> Result<Vec<Vec<u8>>, String> {
        let Some(typed) = typed else {
            return Ok(self.complete(read));
        };
        if self.framing == Framing::Lines {
            let lines = self.complete(read);
            let decode = |line: Vec<u8>| Ok([typed(Some(&line))?, typed(None)?].concat());
            return lines.into_iter().map(decode).collect();
        }
        let mut cut = self.push(&typed(read)?);
        if read.is_none() {
            cut.extend(self.end());
        }
        Ok(cut)
    }

    fn complete(&mut self, read: Option<&[u8]>) -> Vec<Vec<u8>> {
        match read {
            Some(read) => self.push(read),
            None => self.end().into_iter().collect(),
        }
    }

    fn push(&mut self, read: &[u8]) -> Vec<Vec<u8>> {
        match self.framing {
            Framing::Reads(size) => read.chunks(size.max(1)).map(<[u8]>::to_vec).collect(),
            Framing::Whole => {
                self.rest.extend_from_slice(read);
                self.overlong().into_iter().collect()
            }
            Framing::Lines => {
                let mut lines = Vec::new();
                for byte in read {
                    if *byte == b'\n' {
                        lines.push(std::mem::take(&mut self.rest));
                    } else {
                        self.rest.push(*byte);
                    }
                }
                lines.extend(self.overlong());
                lines
            }
        }
    }

    /// What no datagram can hold goes out as it is, for the kernel to refuse (EMSGSIZE): it would only grow.
    fn overlong(&mut self) -> Option<Vec<u8>> {
        (self.rest.len() > LARGEST_RECORD).then(|| std::mem::take(&mut self.rest))
    }

    /// stdin ended: the datagram that was not complete, if any. All of an empty stdin is an empty datagram.
    fn end(&mut self) -> Option<Vec<u8>> {
        let rest = std::mem::take(&mut self.rest);
        (self.framing == Framing::Whole || !rest.is_empty()).then_some(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(framing: Framing, reads: &[&str]) -> Vec<String> {
        let mut chop = Chop::new(framing);
        let mut all: Vec<Vec<u8>> = reads
            .iter()
            .flat_map(|read| chop.push(read.as_bytes()))
            .collect();
        all.extend(chop.end());
        all.into_iter()
            .map(|datagram| String::from_utf8(datagram).unwrap())
            .collect()
    }

    #[test]
    fn framings() {
        assert_eq!(cut(Framing::Reads(9), &["ab", "c\nd"]), ["ab", "c\nd"]);
        assert_eq!(
            cut(Framing::Lines, &["ab", "c\nd\n", "\ne"]),
            ["abc", "d", "", "e"]
        );
        assert_eq!(cut(Framing::Whole, &["ab", "c\nd"]), ["abc\nd"]);
        assert_eq!(cut(Framing::Whole, &[]), [""]);
        assert!(cut(Framing::Lines, &[]).is_empty());
        let mut shout = |piece: Option<&[u8]>| Ok(piece.unwrap_or_default().to_ascii_uppercase());
        let mut typed = Some(&mut shout as Typed<'_>);
        for (framing, expected) in [
            (Framing::Lines, vec!["AB", "", "C"]),
            (Framing::Reads(3), vec!["AB\n", "\nC"]),
            (Framing::Whole, vec!["AB\n\nC"]),
        ] {
            let mut chop = Chop::new(framing);
            let mut all = chop.take(Some(b"ab\n\nc"), &mut typed).unwrap();
            all.extend(chop.take(None, &mut typed).unwrap());
            assert_eq!(
                all,
                expected
                    .iter()
                    .map(|one| one.as_bytes())
                    .collect::<Vec<_>>()
            );
        }
        let endless = "x".repeat(LARGEST_RECORD + 1);
        assert_eq!(Chop::new(Framing::Lines).push(endless.as_bytes()).len(), 1);
        assert_eq!(Chop::new(Framing::Whole).push(endless.as_bytes()).len(), 1);
    }
}
