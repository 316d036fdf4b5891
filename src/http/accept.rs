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
    if offered.is_empty() {
        return Coding::Identity;
    }
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

#[cfg(test)]
mod tests {
    use super::super::request::with_request;
    use super::*;

    fn all() -> Codings {
        let none = Codings::default();
        Coding::COMPRESSED.into_iter().fold(none, Codings::with)
    }

    fn chosen(fields: &str, offered: Codings) -> Coding {
        let lines = fields.replace('|', "\r\n");
        with_request("GET /a", &lines, |request| coding(request, offered))
    }

    #[test]
    fn codings() {
        use Coding::{Brotli, Gzip, Identity, Zstd};
        for (accept, expected) in [
            ("", Identity),
            ("Accept-Encoding: |", Identity),
            ("Accept-Encoding: ,|", Identity),
            ("Accept-Encoding: identity|", Identity),
            ("Accept-Encoding: compress, deflate|", Identity),
            ("Accept-Encoding: gzip|", Gzip),
            ("Accept-Encoding: x-gzip|", Gzip),
            ("Accept-Encoding: GZIP;Q=0.5|", Gzip),
            ("Accept-Encoding: gzip, deflate, br, zstd|", Brotli),
            ("Accept-Encoding: gzip, zstd|", Zstd),
            ("Accept-Encoding: br|Accept-Encoding: gzip|", Brotli),
            ("Accept-Encoding: gzip|Accept-Encoding: br|", Brotli),
            ("Accept-Encoding: br;q=0.1, gzip;q=0.2|", Gzip),
            ("Accept-Encoding: gzip;q=0.5, identity;q=0.6|", Identity),
            ("Accept-Encoding: gzip;q=0.001|", Gzip),
            ("Accept-Encoding: *|", Brotli),
            ("Accept-Encoding: *, br;q=0|", Zstd),
            ("Accept-Encoding: gzip, *;q=0|", Gzip),
            ("Accept-Encoding: gzip;q=0.5, *;q=0.1|", Gzip),
            ("Accept-Encoding: *;q=0|", Identity),
            ("Accept-Encoding: identity;q=0|", Identity),
            ("Accept-Encoding: identity;q=0, gzip;q=0.001|", Gzip),
            // Not a wish for anything, as one server takes it.
            (
                "Accept-Encoding: gzip;q=0, br;q=0, zstd;q=0, deflate;q=0|",
                Identity,
            ),
            ("Accept-Encoding: gzip;q=0.000|", Identity),
            // What is no weight is no wish.
            ("Accept-Encoding: gzip;q=2|", Identity),
            ("Accept-Encoding: gzip;q=1.001|", Identity),
            ("Accept-Encoding: gzip;q=0.0001|", Identity),
            ("Accept-Encoding: gzip;q=-1|", Identity),
            ("Accept-Encoding: gzip;q=|", Identity),
            ("Accept-Encoding: gzip;q=.5|", Identity),
            ("Accept-Encoding: gzip;q=0x1|", Identity),
            ("Accept-Encoding: gzipped|", Identity),
            ("Accept-Encoding: gzip br|", Identity),
        ] {
            assert_eq!(chosen(accept, all()), expected, "{accept}");
        }
    }

    #[test]
    fn only_what_there_is() {
        use Coding::{Brotli, Gzip, Identity, Zstd};
        let gzip = Codings::default().with(Gzip);
        for (accept, offered, expected) in [
            ("br, gzip", Codings::default(), Identity),
            ("*", Codings::default(), Identity),
            ("identity;q=0", Codings::default(), Identity),
            ("br, zstd", gzip, Identity),
            ("br, gzip;q=0.1", gzip, Gzip),
            ("br;q=0, zstd", gzip.with(Brotli).with(Zstd), Zstd),
        ] {
            let accept = format!("Accept-Encoding: {accept}|");
            assert_eq!(chosen(&accept, offered), expected, "{accept}");
        }
    }

    #[test]
    fn json_or_a_page() {
        for (accept, expected) in [
            ("", false),
            ("Accept: |", false),
            ("Accept: */*|", false),
            ("Accept: application/*|", false),
            ("Accept: text/html|", false),
            ("Accept: application/jsonp|", false),
            ("Accept: xapplication/json|", false),
            ("Accept: application/json|", true),
            ("Accept: APPLICATION/JSON; charset=utf-8|", true),
            ("Accept: application/json;q=0|", false),
            ("Accept: application/json, text/plain, */*|", true),
            ("Accept: application/json;q=0.5, */*|", false),
            ("Accept: text/html, application/json|", false),
            ("Accept: text/html, application/json;q=0.9|", false),
            ("Accept: text/html;q=0.9|Accept: application/json|", true),
            (
                "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8|",
                false,
            ),
        ] {
            let lines = accept.replace('|', "\r\n");
            let json = with_request("GET /", &lines, prefers_json);
            assert_eq!(json, expected, "{accept}");
        }
    }
}
