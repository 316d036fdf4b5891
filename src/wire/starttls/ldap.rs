//! LDAP's StartTLS, an extended operation: RFC 4511, sections 4.12 and 4.14; BER with definite lengths.

use super::{NoStarttls, Step};

/// LDAPMessage { messageID 1, extendedReq { requestName "1.3.6.1.4.1.1466.20037" } }
pub(super) const REQUEST: &[u8] = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const ENUMERATED: u8 = 0x0a;
const OCTETS: u8 = 0x04;
const EXTENDED_RESPONSE: u8 = 0x78;

/// The response is awaited.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ldap;

impl Ldap {
    pub(super) fn step(self, heard: &[u8]) -> Result<Step, NoStarttls> {
        let garbled = || NoStarttls::garbled(heard);
        if heard.first().is_some_and(|tag| *tag != SEQUENCE) {
            return Err(garbled());
        }
        let Some(message) = Element::first(heard).map_err(|Malformed| garbled())? else {
            return Ok(Step::Partial);
        };
        let (code, words) = response(message.contents).ok_or_else(garbled)?;
        match code {
            0 => Ok(Step::Go(heard.len() - message.rest.len())),
            _ if words.is_empty() => Err(NoStarttls::Refused(format!("resultCode {code}"))),
            _ => Err(NoStarttls::refused(words)),
        }
    }
}

/// resultCode and diagnosticMessage of the answer to message 1.
fn response(message: &[u8]) -> Option<(u8, &[u8])> {
    let (number, message) = expect(message, INTEGER)?;
    let (response, _) = expect(message, EXTENDED_RESPONSE)?;
    let (code, response) = expect(response, ENUMERATED)?;
    let (_, response) = expect(response, OCTETS)?;
    let (words, _) = expect(response, OCTETS)?;
    match (number, code) {
        ([1], [code]) => Some((*code, words)),
        _ => None,
    }
}

fn expect(bytes: &[u8], wanted: u8) -> Option<(&[u8], &[u8])> {
    match Element::first(bytes) {
        Ok(Some(element)) if element.tag == wanted => Some((element.contents, element.rest)),
        _ => None,
    }
}

/// A length that nobody sends.
struct Malformed;

/// An element, and what is behind it.
struct Element<'a> {
    tag: u8,
    contents: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Element<'a> {
    /// The first one; `None` until it is whole.
    fn first(bytes: &'a [u8]) -> Result<Option<Self>, Malformed> {
        let [tag, short, rest @ ..] = bytes else {
            return Ok(None);
        };
        let (length, rest) = match short {
            0..=0x7f => (usize::from(*short), rest),
            0x81..=0x84 => {
                let Some((digits, rest)) = rest.split_at_checked(usize::from(short & 0x7f)) else {
                    return Ok(None);
                };
                let digits = digits.iter().copied().map(usize::from);
                (digits.fold(0, |sum, digit| (sum << 8) | digit), rest)
            }
            _ => return Err(Malformed),
        };
        let parts = rest.split_at_checked(length);
        Ok(parts.map(|(contents, rest)| Self {
            tag: *tag,
            contents,
            rest,
        }))
    }
}
