//! stdin cut into datagrams: by read, by line, or not at all.

use super::pump::LARGEST_RECORD;

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

    /// How many bytes the next read of stdin may bring.
    pub fn room(&self, buffer: usize) -> usize {
        match self.framing {
            Framing::Reads(size) => size.clamp(1, buffer),
            Framing::Lines | Framing::Whole => buffer,
        }
    }

    /// The size by which whatever comes is cut; `None` where that depends on what it is.
    pub fn size(&self) -> Option<usize> {
        match self.framing {
            Framing::Reads(size) => Some(size),
            Framing::Lines | Framing::Whole => None,
        }
    }

    /// Take what one read brought; the datagrams that are complete by it.
    pub fn push(&mut self, read: &[u8]) -> Vec<Vec<u8>> {
        match self.framing {
            Framing::Reads(_) => vec![read.to_vec()],
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
    pub fn end(&mut self) -> Option<Vec<u8>> {
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
        let endless = "x".repeat(LARGEST_RECORD + 1);
        assert_eq!(Chop::new(Framing::Lines).push(endless.as_bytes()).len(), 1);
        assert_eq!(Chop::new(Framing::Whole).push(endless.as_bytes()).len(), 1);
    }
}
