//! Range requests, RFC 9110, section 14: which bytes of a file are wanted.

/// How many ranges one request may ask for; a longer list is ignored, as section 14.2 allows.
const MANY: usize = 64;

/// Bytes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The offset of the first.
    pub first: u64,
    /// How many; never none.
    pub length: u64,
}

/// What a Range field asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ranges {
    /// Nothing that is understood, or too much: the field is ignored and the whole file sent.
    Ignored,
    /// None of what it asks for is there (416).
    Unsatisfiable,
    /// This.
    One(Span),
    /// These, which neither overlap nor touch, in the order in which they were asked for.
    Several(Vec<Span>),
}

/// A range as it is written, section 14.1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spec {
    From { first: u64, last: Option<u64> },
    Suffix(u64),
}

impl Ranges {
    /// What the value of Range means for a file of `total` bytes. An invalid one is ignored as a whole.
    pub fn of(value: &[u8], total: u64) -> Self {
        let Some(set) = bytes_unit(value) else {
            return Self::Ignored;
        };
        let mut spans: Vec<Span> = Vec::new();
        let mut count = 0;
        for member in set.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            if member.is_empty() {
                continue;
            }
            count += 1;
            match Spec::parse(member) {
                // Bytes that are all of nothing cannot be named in Content-Range.
                Some(Spec::Suffix(1..)) if total == 0 => return Self::Ignored,
                Some(spec) if count <= MANY => {
                    if let Some(span) = spec.within(total) {
                        join(&mut spans, span);
                    }
                }
                _ => return Self::Ignored,
            }
        }
        match spans.as_slice() {
            [] if count == 0 => Self::Ignored,
            [] => Self::Unsatisfiable,
            [one] => Self::One(*one),
            _ => Self::Several(spans),
        }
    }
}

impl Spec {
    fn parse(member: &[u8]) -> Option<Self> {
        let hyphen = member.iter().position(|byte| *byte == b'-')?;
        let (first, last) = member.split_at_checked(hyphen)?;
        let last = last.strip_prefix(b"-")?;
        match (first, last) {
            (b"", last) => Some(Self::Suffix(number(last)?)),
            (first, b"") => Some(Self::From {
                first: number(first)?,
                last: None,
            }),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                let last = (first <= last).then_some(last)?;
                Some(Self::From {
                    first,
                    last: Some(last),
                })
            }
        }
    }

    /// What of it is there; `None` when nothing is.
    fn within(self, total: u64) -> Option<Span> {
        let (first, last) = match self {
            Self::From { first, last } => (first, last.unwrap_or(u64::MAX)),
            Self::Suffix(0) => return None,
            Self::Suffix(length) => (total.saturating_sub(length), u64::MAX),
        };
        let end = last.saturating_add(1).min(total);
        let length = end.checked_sub(first).filter(|length| *length > 0)?;
        Some(Span { first, length })
    }
}

impl Span {
    /// Behind its last byte.
    pub fn end(self) -> u64 {
        self.first.saturating_add(self.length)
    }

    /// The value of Content-Range for these bytes of so many.
    pub(super) fn of(self, total: u64) -> String {
        let last = self.end().saturating_sub(1);
        format!("bytes {}-{last}/{total}", self.first)
    }
}

/// The set behind `bytes=`; the names of units are not case-sensitive, and no other unit is offered.
fn bytes_unit(value: &[u8]) -> Option<&[u8]> {
    let (unit, set) = value.split_at_checked(b"bytes=".len())?;
    unit.eq_ignore_ascii_case(b"bytes=").then_some(set)
}

/// 1*DIGIT; what has more digits than fit is as far away as can be.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| byte - b'0')?;
        Some(number.saturating_mul(10).saturating_add(u64::from(digit)))
    })
}

/// Add a range where it was asked for. Those that overlap or touch it become one with it: many of the same bytes would
/// be a small question with a huge answer.
fn join(spans: &mut Vec<Span>, mut new: Span) {
    let mut place = spans.len();
    while let Some(at) = spans
        .iter()
        .position(|span| span.first <= new.end() && new.first <= span.end())
    {
        let old = spans.remove(at);
        let first = old.first.min(new.first);
        let length = old.end().max(new.end()) - first;
        new = Span { first, length };
        place = place.min(at);
    }
    spans.insert(place.min(spans.len()), new);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `first-last` of each span.
    fn wanted(value: &str, total: u64) -> String {
        let show = |span: &Span| format!("{}-{}", span.first, span.end() - 1);
        match Ranges::of(value.as_bytes(), total) {
            Ranges::Ignored => "ignored".to_owned(),
            Ranges::Unsatisfiable => "unsatisfiable".to_owned(),
            Ranges::One(span) => show(&span),
            Ranges::Several(spans) => spans.iter().map(show).collect::<Vec<_>>().join(" "),
        }
    }

    #[test]
    fn hostile_ranges() {
        let tiny: String = (0..1000)
            .map(|at| format!("{}-{},", 2 * at, 2 * at))
            .collect();
        let same = "0-,".repeat(64);
        let killer: String = (0..60).map(|at| format!("5-{},", at + 5)).collect();
        for (set, expected) in [
            ("", "ignored"),
            (",", "ignored"),
            ("-", "ignored"),
            ("a", "ignored"),
            ("1", "ignored"),
            ("a-b", "ignored"),
            ("0-1;2-3", "ignored"),
            ("--1", "ignored"),
            ("1--2", "ignored"),
            ("-1-", "ignored"),
            ("+1-2", "ignored"),
            ("0x0-5", "ignored"),
            ("0 - 5", "ignored"),
            ("0-5 6", "ignored"),
            ("5-4", "ignored"),
            ("0-0,5-4", "ignored"),
            ("0-0,x", "ignored"),
            ("\u{663}-", "ignored"),
            ("0-1,bytes=2-3", "ignored"),
            ("-0", "unsatisfiable"),
            ("100-", "unsatisfiable"),
            ("100-200,-0,1000-", "unsatisfiable"),
            ("18446744073709551615-", "unsatisfiable"),
            ("18446744073709551616-", "unsatisfiable"),
            ("99999999999999999999-99999999999999999999", "unsatisfiable"),
            ("0-18446744073709551615", "0-99"),
            ("0-18446744073709551616", "0-99"),
            ("99-99999999999999999999", "99-99"),
            ("-18446744073709551615", "0-99"),
            ("-99999999999999999999", "0-99"),
            // CVE-2017-7529
            ("-9223372036854775608,-9223372036854775808", "0-99"),
            (&tiny, "ignored"),
            (&same, "0-99"),
            // CVE-2011-3192
            (&killer, "5-64"),
        ] {
            assert_eq!(wanted(&format!("bytes={set}"), 100), expected, "{set:.40}");
        }
        for value in [
            "",
            "bytes",
            "bytes 0-1",
            "bytes =0-1",
            "items=0-1",
            "=0-1",
            "byteß=0-1",
        ] {
            assert_eq!(wanted(value, 100), "ignored", "{value}");
        }
    }

    #[test]
    fn proper_ranges() {
        for (value, expected) in [
            ("bytes=0-0", "0-0"),
            ("bytes=0-99", "0-99"),
            ("bytes=99-", "99-99"),
            ("bytes=-1", "99-99"),
            ("bytes=-1000", "0-99"),
            ("BYTES=5-6", "5-6"),
            ("bytes=, 5-6 ,\t", "5-6"),
            ("bytes=005-06", "5-6"),
            ("bytes=0-1,200-", "0-1"),
            ("bytes=0-1,5-6,-1", "0-1 5-6 99-99"),
            ("bytes=-1,0-1", "99-99 0-1"),
            ("bytes=0-1,2-3", "0-3"),
            ("bytes=2-3,0-1", "0-3"),
            ("bytes=0-1,10-11,1-10", "0-11"),
            ("bytes=50-59,0-1,20-21,55-70", "50-70 0-1 20-21"),
            ("bytes=0-1,50-59,20-21,1-3", "0-3 50-59 20-21"),
        ] {
            assert_eq!(wanted(value, 100), expected, "{value}");
        }
    }

    #[test]
    fn nothing_has_no_ranges() {
        for (value, expected) in [
            ("bytes=0-", "unsatisfiable"),
            ("bytes=0-0", "unsatisfiable"),
            ("bytes=-0", "unsatisfiable"),
            ("bytes=-1", "ignored"),
            ("bytes=0-,-1", "ignored"),
        ] {
            assert_eq!(wanted(value, 0), expected, "{value}");
        }
    }

    /// A set of ranges, and the bytes that it names.
    fn set() -> impl Strategy<Value = Vec<(u64, Option<u64>)>> {
        proptest::collection::vec((0_u64..60, proptest::option::of(0_u64..60)), 1..20)
    }

    proptest! {
        #[test]
        fn any_value_is_within_the_file(value in "bytes=[0-9,-]{0,40}", total: u64) {
            let spans = match Ranges::of(value.as_bytes(), total) {
                Ranges::One(span) => vec![span],
                Ranges::Several(spans) => spans,
                _ => Vec::new(),
            };
            for span in spans {
                prop_assert!(span.length > 0 && span.first.checked_add(span.length).is_some_and(|end| end <= total));
            }
        }

        #[test]
        fn each_byte_is_sent_once(set in set(), total in 1_u64..50) {
            let member = |(first, length): &(u64, Option<u64>)| match length {
                Some(length) => format!("{first}-{}", first + length),
                None => format!("{first}-"),
            };
            let value = format!("bytes={}", set.iter().map(member).collect::<Vec<_>>().join(","));
            let spans = match Ranges::of(value.as_bytes(), total) {
                Ranges::One(span) => vec![span],
                Ranges::Several(spans) => spans,
                Ranges::Unsatisfiable => Vec::new(),
                Ranges::Ignored => panic!("{value}"),
            };
            for byte in 0..total {
                let is_in = |(first, length): &(u64, Option<u64>)| {
                    *first <= byte && length.is_none_or(|length| byte <= first + length)
                };
                let count = spans.iter().filter(|span| span.first <= byte && byte < span.end()).count();
                prop_assert_eq!(count, usize::from(set.iter().any(is_in)), "{} {:?}", value, spans);
            }
        }
    }
}
