//! What a router adds to an ICMP error besides the packet that it quotes: RFC 4884, and of its objects the label stack of
//! MPLS, RFC 4950.

use super::checksum::checksum;

/// Version, reserved bits and checksum.
const HEADER: usize = 4;
/// Length, class and type of an object.
const OBJECT: usize = 4;
const VERSION: u8 = 2;
const MPLS_CLASS: u8 = 1;
const INCOMING_STACK: u8 = 1;
/// Of how many bytes a packet is quoted, at least, before an extension: RFC 4884, section 5.
pub const QUOTED_BEFORE_EXTENSION: usize = 128;

/// An entry of a label stack, RFC 3032.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label {
    /// The label, 20 bits.
    pub label: u32,
    /// The traffic class, once called experimental, 3 bits.
    pub class: u8,
    /// Whether it is the last of its stack.
    pub is_bottom: bool,
    /// How many label switches might still have passed it on.
    pub ttl: u8,
}

/// The labels that a packet carried, from an extension structure that is all of `bytes`; none where it is not one, or its
/// checksum is wrong.
pub fn labels(bytes: &[u8]) -> Vec<Label> {
    let Some((header, mut rest)) = bytes.split_first_chunk::<HEADER>() else {
        return Vec::new();
    };
    let [first, _, high, low] = *header;
    let is_sound = (high, low) == (0, 0) || checksum(bytes) == 0;
    if first >> 4 != VERSION || !is_sound {
        return Vec::new();
    }
    let mut labels = Vec::new();
    while let Some(([high, low, class, kind], _)) = rest.split_first_chunk::<OBJECT>() {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let Some(body) = rest.get(OBJECT..length) else {
            break;
        };
        if (*class, *kind) == (MPLS_CLASS, INCOMING_STACK) {
            let (entries, _) = body.as_chunks::<4>();
            labels.extend(entries.iter().map(|entry| Label::decode(*entry)));
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    labels
}

/// The extension structure that says so.
pub fn extension(labels: &[Label]) -> Vec<u8> {
    let length = u16::try_from(OBJECT + 4 * labels.len()).unwrap_or(u16::MAX);
    let mut bytes = vec![VERSION << 4, 0, 0, 0];
    bytes.extend(length.to_be_bytes());
    bytes.extend([MPLS_CLASS, INCOMING_STACK]);
    for label in labels {
        bytes.extend(label.encode());
    }
    let sum = checksum(&bytes).to_be_bytes();
    if let Some(place) = bytes.get_mut(2..4) {
        place.copy_from_slice(&sum);
    }
    bytes
}

impl Label {
    fn decode(entry: [u8; 4]) -> Self {
        let whole = u32::from_be_bytes(entry);
        let [_, _, third, ttl] = entry;
        Self {
            label: whole >> 12,
            class: third >> 1 & 7,
            is_bottom: third & 1 == 1,
            ttl,
        }
    }

    fn encode(self) -> [u8; 4] {
        let middle = u32::from(self.class & 7) << 9 | u32::from(self.is_bottom) << 8;
        (self.label << 12 | middle | u32::from(self.ttl)).to_be_bytes()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_extension_has_no_labels() {
        for hex in [
            "",
            "20",
            "200000",
            // Nothing in it; another version; an object that is longer than all; one of no length.
            "20000000",
            "1000000000080101000100ff",
            "2000000000ff0101000100ff",
            "2000000000000101000100ff",
            // A wrong checksum.
            "2000123400080101000100ff",
        ] {
            assert_eq!(labels(&hex::decode(hex).unwrap()), [], "{hex}");
        }
    }

    #[test]
    fn a_stack_is_read() {
        // Without a checksum; an object of another class stands before.
        let bytes = hex::decode("200000000008020300000000000c01010000200105dc1f40").unwrap();
        let label = |label, class, is_bottom, ttl| Label {
            label,
            class,
            is_bottom,
            ttl,
        };
        assert_eq!(
            labels(&bytes),
            [label(2, 0, false, 1), label(0x5dc1, 7, true, 0x40)]
        );
    }

    proptest! {
        #[test]
        fn any_bytes_have_labels_or_none(bytes: Vec<u8>) {
            prop_assert!(labels(&bytes).len() <= bytes.len() / 4);
        }

        #[test]
        fn a_stack_survives(words: Vec<u32>) {
            let stack: Vec<Label> = words.iter().map(|word| Label::decode(word.to_be_bytes())).collect();
            let again: Vec<u32> = stack.iter().map(|label| u32::from_be_bytes(label.encode())).collect();
            prop_assert_eq!(&again, &words);
            prop_assert_eq!(labels(&extension(&stack)), stack);
        }
    }
}
