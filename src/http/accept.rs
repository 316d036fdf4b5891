//! Content negotiation, RFC 9110, section 12.5: which of several representations a client would rather have.

use super::coding::{Coding, Codings};
use super::field::list;
use super::name::Name;
use super::request::Request;

/// A weight in thousandths, section 12.4.2; 0 is a refusal.
type Weight = u16;

/// The coding to answer with, of those that there are besides identity: the one with the highest weight, and of equal
/// ones the best. Identity is sent too where nothing is wanted: an answer that is not understood is better than none.
pub fn coding(request: &Request<'_>, offered: Codings) -> Coding {
    let mut best = (weight_of(request, Coding::Identity), Coding::Identity);
    for coding in Coding::COMPRESSED {
        if !offered.has(coding) {
            continue;
        }
        let weight = weight_of(request, coding);
        let wins = weight > best.0 || (weight == best.0 && best.1 == Coding::Identity);
        if weight > 0 && wins {
            best = (weight, coding);
        }
    }
    best.1
}

/// Whether a client would rather have JSON than HTML: it must say its name, and not have HTML's weigh as much
/// (section 12.5.1).
pub fn prefers_json(request: &Request<'_>) -> bool {
    let json = media_weight(request, b"application", b"json");
    json.0 > 0 && json.1 == Precise::Type && json > media_weight(request, b"text", b"html")
}

/// How closely a range names what it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Precise {
    Not,
    Any,
    Group,
    Type,
}

/// The weight of a coding. What is not named has the weight of `*`; identity without it is only welcome where nothing
/// else is (section 12.5.3).
fn weight_of(request: &Request<'_>, coding: Coding) -> Weight {
    let mut any = None;
    for member in request.values(Name::AcceptEncoding).flat_map(list) {
        let (name, weight) = weighed(member);
        if is_coding(name, coding) {
            return weight;
        }
        if name == b"*" {
            any = Some(weight);
        }
    }
    match coding {
        Coding::Identity => any.unwrap_or(1),
        _ => any.unwrap_or(0),
    }
}

fn is_coding(name: &[u8], coding: Coding) -> bool {
    let is_old = coding == Coding::Gzip && name.eq_ignore_ascii_case(b"x-gzip");
    is_old || name.eq_ignore_ascii_case(coding.name().as_bytes())
}

/// The weight that the most precise range for a media type has.
fn media_weight(request: &Request<'_>, group: &[u8], kind: &[u8]) -> (Weight, Precise) {
    let mut found = (0, Precise::Not);
    for member in request.values(Name::Accept).flat_map(list) {
        let (name, weight) = weighed(member);
        let mut halves = name.splitn(2, |byte| *byte == b'/');
        let halves = (halves.next().unwrap_or_default(), halves.next());
        let precise = match halves {
            (b"*", Some(b"*")) => Precise::Any,
            (of, Some(b"*")) if of.eq_ignore_ascii_case(group) => Precise::Group,
            (of, Some(is)) if of.eq_ignore_ascii_case(group) && is.eq_ignore_ascii_case(kind) => {
                Precise::Type
            }
            _ => continue,
        };
        if precise > found.1 {
            found = (weight, precise);
        }
    }
    found
}

/// A member and its weight; one that is not written as it must be is refused.
fn weighed(member: &[u8]) -> (&[u8], Weight) {
    let mut parameters = member.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let name = parameters.next().unwrap_or_default();
    let weight = parameters.find_map(|parameter| match parameter {
        [b'q' | b'Q', b'=', value @ ..] => Some(weight(value).unwrap_or(0)),
        _ => None,
    });
    (name, weight.unwrap_or(1000))
}

/// qvalue: at most 1, with at most three decimals.
fn weight(value: &[u8]) -> Option<Weight> {
    let (whole, decimals) = value.split_first()?;
    let decimals = match decimals {
        [] => decimals,
        [b'.', decimals @ ..] if decimals.len() <= 3 => decimals,
        _ => return None,
    };
    let mut thousandths = 0;
    for place in 0..3 {
        let digit = decimals.get(place).copied().unwrap_or(b'0');
        let digit = digit.is_ascii_digit().then(|| digit - b'0')?;
        thousandths = thousandths * 10 + Weight::from(digit);
    }
    match (whole, thousandths) {
        (b'0', _) => Some(thousandths),
        (b'1', 0) => Some(1000),
        _ => None,
    }
}
