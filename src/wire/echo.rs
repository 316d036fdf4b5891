//! Echo requests and replies: RFC 792 and RFC 4443, section 4. What is sent is known again byte for byte.

use etherparse::Ipv4HeaderSlice;

use super::checksum::checksum;

/// Type, code, checksum, identifier and sequence number.
pub const ECHO_HEADER: usize = 8;

const REQUEST_V4: u8 = 8;
const REPLY_V4: u8 = 0;
const REQUEST_V6: u8 = 128;
const REPLY_V6: u8 = 129;

/// Which of the two messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EchoKind {
    /// A request.
    Request,
    /// A reply.
    Reply,
}

/// An echo message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Echo<'a> {
    /// Which of the two.
    pub kind: EchoKind,
    /// The sender's mark.
    pub id: u16,
    /// The sender's count.
    pub seq: u16,
    /// What is to come back as it is.
    pub payload: &'a [u8],
}

/// What every request of a run carries besides its number, so that nobody else's reply is taken for one of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark(pub [u8; 8]);

impl<'a> Echo<'a> {
    /// The ICMP echo message that is all of `bytes`; `None` when they are another one. Its checksum is not looked at.
    pub fn decode_v4(bytes: &'a [u8]) -> Option<Self> {
        Self::decode(bytes, REQUEST_V4, REPLY_V4)
    }

    /// The ICMPv6 echo message that is all of `bytes`; `None` when they are another one. Its checksum is not looked at.
    pub fn decode_v6(bytes: &'a [u8]) -> Option<Self> {
        Self::decode(bytes, REQUEST_V6, REPLY_V6)
    }

    fn decode(bytes: &'a [u8], request: u8, reply: u8) -> Option<Self> {
        let ([kind, code, _, _, a, b, c, d], payload) = bytes.split_first_chunk::<ECHO_HEADER>()?;
        let kind = match *kind {
            kind if kind == request && *code == 0 => EchoKind::Request,
            // A reply with another code is one too, as for ping(8).
            kind if kind == reply => EchoKind::Reply,
            _ => return None,
        };
        Some(Self {
            kind,
            id: u16::from_be_bytes([*a, *b]),
            seq: u16::from_be_bytes([*c, *d]),
            payload,
        })
    }

    /// The message over IPv4, with its checksum.
    pub fn encode_v4(&self) -> Vec<u8> {
        let mut bytes = self.encode(REQUEST_V4, REPLY_V4);
        let sum = checksum(&bytes).to_be_bytes();
        if let Some(place) = bytes.get_mut(2..4) {
            place.copy_from_slice(&sum);
        }
        bytes
    }

    /// The message over IPv6, whose checksum is the kernel's to fill in: it covers addresses too.
    pub fn encode_v6(&self) -> Vec<u8> {
        self.encode(REQUEST_V6, REPLY_V6)
    }

    fn encode(&self, request: u8, reply: u8) -> Vec<u8> {
        let kind = match self.kind {
            EchoKind::Request => request,
            EchoKind::Reply => reply,
        };
        let ([a, b], [c, d]) = (self.id.to_be_bytes(), self.seq.to_be_bytes());
        let mut bytes = Vec::with_capacity(ECHO_HEADER + self.payload.len());
        bytes.extend([kind, 0, 0, 0, a, b, c, d]);
        bytes.extend(self.payload);
        bytes
    }
}

impl Mark {
    /// The payload of request `number`: the mark, the number, and bytes that count up, cut to `size`.
    pub fn payload(self, number: u64, size: usize) -> Vec<u8> {
        let mut payload = Vec::with_capacity(size.max(16));
        payload.extend(self.0);
        payload.extend(number.to_be_bytes());
        let counted = (16..size).map(|at| u8::try_from(at & 0xff).unwrap_or(0));
        payload.extend(counted);
        payload.truncate(size);
        payload
    }

    /// The number of the request that this payload begins like; `None` where it is not one of this run's, or cut before that.
    pub fn number(self, payload: &[u8]) -> Option<u64> {
        let (mark, rest) = payload.split_first_chunk::<8>()?;
        let number = rest.first_chunk::<8>()?;
        (*mark == self.0).then(|| u64::from_be_bytes(*number))
    }

    /// Where the payload of a reply is first another than that of request `number`; `None` where it is the same.
    pub fn differs_at(self, number: u64, size: usize, payload: &[u8]) -> Option<usize> {
        let sent = self.payload(number, size);
        let differs = sent
            .iter()
            .zip(payload)
            .position(|(sent, come)| sent != come);
        let shorter = sent.len().min(payload.len());
        differs.or_else(|| (sent.len() != payload.len()).then_some(shorter))
    }
}

/// What a raw IPv4 socket delivers, taken apart: the time to live, and what follows the header.
pub fn below_ipv4(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let header = Ipv4HeaderSlice::from_slice(bytes).ok()?;
    Some((header.ttl(), bytes.get(header.slice().len()..)?))
}

/// Whether the Internet checksum over the whole message is right, RFC 1071.
pub fn is_sound(message: &[u8]) -> bool {
    checksum(message) == 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_echo_is_none() {
        for hex in [
            "",
            "00",
            "00000000000000",
            // A request of code 1, an error, an ICMPv6 type over IPv4.
            "0801000000010001",
            "0300000000010001",
            "8000000000010001",
        ] {
            assert_eq!(Echo::decode_v4(&hex::decode(hex).unwrap()), None, "{hex}");
        }
        for hex in ["0800000000010001", "81000000000100", "0000000000010001"] {
            assert_eq!(Echo::decode_v6(&hex::decode(hex).unwrap()), None, "{hex}");
        }
        for bytes in [&[][..], &[0x45; 19], &[0x4f; 40], &[0x60; 40]] {
            assert_eq!(below_ipv4(bytes), None);
        }
    }

    #[test]
    fn a_request_has_its_checksum() {
        let request = Echo {
            kind: EchoKind::Request,
            id: 1,
            seq: 1,
            payload: b"",
        };
        assert_eq!(hex::encode(request.encode_v4()), "0800f7fd00010001");
        assert_eq!(hex::encode(request.encode_v6()), "8000000000010001");
        assert!(is_sound(&request.encode_v4()));
        assert!(!is_sound(&hex::decode("0800f7fd00010002").unwrap()));
    }

    #[test]
    fn a_payload_is_known_again() {
        let mark = Mark(*b"sockkit!");
        let payload = mark.payload(7, 20);
        assert_eq!(
            hex::encode(&payload),
            "736f636b6b697421000000000000000710111213"
        );
        assert_eq!(mark.number(&payload), Some(7));
        assert_eq!(mark.number(&payload[..15]), None);
        assert_eq!(Mark([0; 8]).number(&payload), None);
        assert_eq!(mark.differs_at(7, 20, &payload), None);
        assert_eq!(mark.differs_at(8, 20, &payload), Some(15));
        assert_eq!(mark.differs_at(7, 20, &payload[..19]), Some(19));
        assert_eq!(mark.differs_at(7, 19, &payload), Some(19));
        assert_eq!(mark.differs_at(7, 0, &[]), None);
        assert_eq!(mark.differs_at(7, 4, b"soCk"), Some(2));
        assert_eq!(mark.payload(0, 300)[256..258], [0, 1]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_echo_or_none(bytes: Vec<u8>) {
            let _ = Echo::decode_v4(&bytes);
            let _ = Echo::decode_v6(&bytes);
            let _ = below_ipv4(&bytes);
            let _ = is_sound(&bytes);
            let _ = Mark([0; 8]).differs_at(1, 56, &bytes);
        }

        #[test]
        fn an_echo_survives(id: u16, seq: u16, payload: Vec<u8>, is_reply: bool) {
            let kind = if is_reply { EchoKind::Reply } else { EchoKind::Request };
            let echo = Echo { kind, id, seq, payload: &payload };
            let (v4, v6) = (echo.encode_v4(), echo.encode_v6());
            prop_assert_eq!(Echo::decode_v4(&v4), Some(echo));
            prop_assert_eq!(Echo::decode_v6(&v6), Some(echo));
            prop_assert!(is_sound(&v4));
        }
    }
}
