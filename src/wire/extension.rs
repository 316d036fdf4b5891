//! The headers that IPv6 puts between its own and the transport's: RFC 8200 section 4, RFC 4302.

/// What the headers lead to.
pub(super) struct Chain<'a> {
    /// What came on the way, in tcpdump's words.
    pub(super) words: Vec<&'static str>,
    /// The number of the protocol inside.
    pub(super) protocol: u8,
    /// Where this fragment begins in the datagram, in bytes, and whether more follow; `None` for a whole packet.
    pub(super) fragment: Option<(u16, bool)>,
    /// What is inside.
    pub(super) rest: &'a [u8],
}

/// Follow the headers from the number of the first one; what is cut short ends them.
pub(super) fn follow(first: u8, bytes: &[u8]) -> Chain<'_> {
    let mut chain = Chain {
        words: Vec::new(),
        protocol: first,
        fragment: None,
        rest: bytes,
    };
    while chain.step().is_some() {}
    chain
}

impl Chain<'_> {
    /// One header further; `None` at the last one. Each takes at least 8 bytes, so that there is an end.
    fn step(&mut self) -> Option<()> {
        let word = match self.protocol {
            0 => "HBH",
            43 => "RT",
            44 => "frag",
            51 => "AH",
            60 => "DSTOPT",
            135 => "mobility",
            _ => return None,
        };
        // A later fragment has no header of its own behind it.
        if self.fragment.is_some_and(|(offset, _)| offset > 0) {
            return None;
        }
        let ([next, length, a, b, ..], _) = self.rest.split_first_chunk::<8>()?;
        let length = usize::from(*length);
        let size = match self.protocol {
            44 => 8,
            51 => (length + 2) * 4,
            _ => (length + 1) * 8,
        };
        let rest = self.rest.get(size.max(8)..)?;
        if self.protocol == 44 {
            let word = u16::from_be_bytes([*a, *b]);
            self.fragment = Some((word & !7, word & 1 != 0));
        }
        self.words.push(word);
        (self.protocol, self.rest) = (*next, rest);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_chain_is_followed_as_far_as_it_goes() {
        for (first, hex, words, protocol, left) in [
            (17, "0102", "", 17, 2),
            (0, "3a00050200000000 8f00", "HBH", 58, 2),
            (
                0,
                "3c00000000000000 0600000000000000 aa",
                "HBH DSTOPT",
                6,
                1,
            ),
            (44, "1100000100000001 aabb", "frag", 17, 2),
            // A fragment that is not the first is not looked into.
            (44, "0000005900000001 1100000000000000", "frag", 0, 8),
            (51, "0601000000000000 00000000 aa", "AH", 6, 1),
            // Cut short, or longer than what is there.
            (0, "3a0005", "", 0, 3),
            (0, "3aff050200000000", "", 0, 8),
            (59, "00", "", 59, 1),
        ] {
            let bytes = hex::decode(hex.replace(' ', "")).unwrap();
            let chain = follow(first, &bytes);
            assert_eq!(chain.words.join(" "), words, "{hex}");
            assert_eq!(
                (chain.protocol, chain.rest.len()),
                (protocol, left),
                "{hex}"
            );
        }
    }

    proptest! {
        #[test]
        fn every_chain_ends(first: u8, bytes: Vec<u8>) {
            let chain = follow(first, &bytes);
            prop_assert!(chain.words.len() * 8 <= bytes.len());
        }
    }
}
