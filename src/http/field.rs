//! The fields of a request head, gathered in one pass: RFC 9110 and 9112, to the letter.

use std::net::Ipv6Addr;

use super::body::Framing;
use super::name::Name;
use super::octet;
use super::request::Version;
use super::status::Status;

/// What the fields say.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Fields<'a> {
    /// The lines, without the request line and the empty one.
    lines: &'a [u8],
    /// Where in the lines the first value of each name is.
    first: [Place; Name::COUNT],
    /// A bit for each name that stands there.
    present: u32,
    /// A bit for each name that stands there more than once.
    repeated: u32,
    length: Option<u64>,
    close: bool,
    keep_alive: bool,
    pub(super) expects_continue: bool,
    pub(super) expects_more: bool,
}

/// A part of a head, which has no more bytes than this can count.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Place {
    start: u16,
    length: u16,
}

/// The field lines of a head that was found to be one, each a name and a value.
#[derive(Clone, Debug)]
pub struct FieldLines<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// Nothing yet of what stands in these lines.
    pub(super) fn new(lines: &'a [u8]) -> Self {
        Self {
            lines,
            ..Self::default()
        }
    }

    /// Take one field of the lines in; a second one of those that there may be but one of is refused, whatever it says.
    pub(super) fn take(&mut self, name: &str, value: &'a [u8]) -> Result<(), Status> {
        let Some(name) = Name::of(name.as_bytes()) else {
            return Ok(());
        };
        match name {
            Name::Connection => self.connection(value),
            Name::ContentLength => self.length = Some(length(value)?),
            Name::Expect => self.expect(value),
            _ => {}
        }
        match (self.has(name), self.first.get_mut(name as usize)) {
            (false, Some(first)) => *first = Place::of(value, self.lines),
            _ if name.is_single() => return Err(Status::BAD_REQUEST),
            _ => self.repeated |= name.bit(),
        }
        self.present |= name.bit();
        Ok(())
    }

    /// The value of a field that stands there once.
    pub(super) fn value(&self, name: Name) -> Option<&'a [u8]> {
        self.first(name).filter(|_| !self.is_repeated(name))
    }

    /// Whether a field stands there at all.
    pub(super) fn has(&self, name: Name) -> bool {
        self.present & name.bit() != 0
    }

    /// Whether one of these fields stands there, each of them a bit.
    pub(super) fn has_any(&self, bits: u32) -> bool {
        self.present & bits != 0
    }

    /// The values of a field, line by line.
    pub(super) fn values(&self, name: Name) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let more = match self.is_repeated(name) {
            true => self.lines,
            false => &[],
        };
        let of_name = move |word: &str| Name::of(word.as_bytes()) == Some(name);
        let more = FieldLines(more).filter(move |(word, _)| of_name(word));
        self.first(name)
            .into_iter()
            .chain(more.skip(1).map(|(_, value)| value))
    }

    /// All of them, in order.
    pub(super) fn iter(&self) -> FieldLines<'a> {
        FieldLines(self.lines)
    }

    /// RFC 9112, section 3.2: a request of 1.1 has one Host, and whoever sends one sends a valid one. It may be empty
    /// only where the target names the host (RFC 9110, section 4.2.1).
    pub(super) fn check_host(&self, version: Version, target: &str) -> Result<(), Status> {
        let is_right = match self.first(Name::Host) {
            None => version == Version::Http10,
            Some(b"") => !target.starts_with('/') && target != "*",
            Some(host) => is_host(host),
        };
        is_right.then_some(()).ok_or(Status::BAD_REQUEST)
    }

    /// RFC 9112, section 6.3, as strict as it allows: what two readers could measure differently is refused.
    pub(super) fn framing(&self, version: Version) -> Result<Framing, Status> {
        match (self.first(Name::TransferEncoding), self.length) {
            (None, None | Some(0)) => Ok(Framing::None),
            (None, Some(length)) => Ok(Framing::Length(length)),
            (Some(_), Some(_)) => Err(Status::BAD_REQUEST),
            (Some(_), None) if version == Version::Http10 => Err(Status::BAD_REQUEST),
            (Some(codings), None) => chunked(codings),
        }
    }

    /// RFC 9112, section 9.3: whether the connection is to go on.
    pub(super) fn persists(&self, version: Version) -> bool {
        !self.close && (version == Version::Http11 || self.keep_alive)
    }

    fn connection(&mut self, value: &[u8]) {
        for option in list(value) {
            self.close |= option.eq_ignore_ascii_case(b"close");
            self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
        }
    }

    /// RFC 9110, section 10.1.1, knows one expectation.
    fn expect(&mut self, value: &[u8]) {
        for expectation in list(value) {
            let is_known = expectation.eq_ignore_ascii_case(b"100-continue");
            self.expects_continue |= is_known;
            self.expects_more |= !is_known;
        }
    }

    fn first(&self, name: Name) -> Option<&'a [u8]> {
        let place = self.first.get(name as usize)?;
        self.has(name).then(|| place.within(self.lines))
    }

    fn is_repeated(&self, name: Name) -> bool {
        self.repeated & name.bit() != 0
    }
}

impl Place {
    /// Where a part of the lines is; an empty one may be anywhere.
    fn of(part: &[u8], lines: &[u8]) -> Self {
        let start = part.as_ptr().addr().wrapping_sub(lines.as_ptr().addr());
        match (u16::try_from(start), u16::try_from(part.len())) {
            (Ok(start), Ok(length)) => Self { start, length },
            _ => Self::default(),
        }
    }

    fn within(self, lines: &[u8]) -> &[u8] {
        let (start, length) = (usize::from(self.start), usize::from(self.length));
        lines.get(start..start + length).unwrap_or_default()
    }
}

impl<'a> Iterator for FieldLines<'a> {
    type Item = (&'a str, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let end = self.0.iter().position(|byte| *byte == b'\n')?;
        let (line, rest) = self.0.split_at_checked(end + 1)?;
        self.0 = rest;
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = line.split_at_checked(colon)?;
        let value = value.strip_prefix(b":")?.trim_ascii();
        Some((std::str::from_utf8(name).ok()?, value))
    }
}

/// The members of a comma-separated list without quoted strings, RFC 9110, section 5.6.1.
pub(super) fn list(value: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    value
        .split(|byte| *byte == b',')
        .map(|member| member.trim_ascii())
        .filter(|member| !member.is_empty())
}

/// 1*DIGIT that fits; no sign, no list, nothing around it.
fn length(value: &[u8]) -> Result<u64, Status> {
    let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(value).ok().filter(|_| digits);
    text.and_then(|text| text.parse().ok())
        .ok_or(Status::BAD_REQUEST)
}

fn chunked(codings: &[u8]) -> Result<Framing, Status> {
    let is_chunked = |coding: &[u8]| coding.eq_ignore_ascii_case(b"chunked");
    if is_chunked(codings) {
        return Ok(Framing::Chunked);
    }
    let mut members = list(codings).rev();
    let ends_chunked = members.next().is_some_and(is_chunked);
    match ends_chunked && members.next().is_some() && !list(codings).rev().skip(1).any(is_chunked) {
        // Well framed, but in a coding that is not offered here.
        true => Err(Status::NOT_IMPLEMENTED),
        false => Err(Status::BAD_REQUEST),
    }
}

/// uri-host [ ":" port ] of RFC 9110, section 7.2; without a port it may be empty.
pub(super) fn is_host(value: &[u8]) -> bool {
    let behind = match value.strip_prefix(b"[") {
        Some(inside) => match inside.iter().position(|byte| *byte == b']') {
            Some(end) if inside.get(..end).is_some_and(is_ip_literal) => inside.get(end + 1..),
            _ => return false,
        },
        None => match value.iter().position(|byte| !octet::is_host(*byte)) {
            Some(end) => value.get(end..),
            None => None,
        },
    };
    match behind.unwrap_or_default() {
        [] => true,
        [b':', port @ ..] => !value.starts_with(b":") && port.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

/// What stands in brackets, RFC 3986, section 3.2.2.
fn is_ip_literal(inside: &[u8]) -> bool {
    match inside {
        [b'v' | b'V', future @ ..] => {
            let is_future = |byte: &u8| *byte == b':' || octet::is_host(*byte);
            future.contains(&b'.') && future.iter().all(is_future)
        }
        _ => std::str::from_utf8(inside).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for host in [
            "",
            "h",
            "h:80",
            "h:",
            "127.0.0.1:8082",
            "[::1]",
            "[::1]:80",
            "[::ffff:1.2.3.4]",
            "[v1.x:y]",
            "a_b.c",
        ] {
            assert!(is_host(host.as_bytes()), "{host}");
        }
        for host in [
            ":80",
            "a,b",
            "h:80x",
            "u@h",
            "h/x",
            "a b",
            "[::1",
            "[]",
            "[::1]x",
            "::1",
            "h:1:2",
            "\u{e4}",
            "h#",
            "[a@b]",
            "[::1",
            "[::g]",
            "[1.2.3.4]",
            "[::1%25lo]",
            "[v]",
            "[]:80",
            "[[::1]]",
        ] {
            assert!(!is_host(host.as_bytes()), "{host}");
        }
    }

    #[test]
    fn lengths() {
        assert_eq!(length(b"0"), Ok(0));
        assert_eq!(length(b"18446744073709551615"), Ok(u64::MAX));
        for value in [
            "",
            "+5",
            "-1",
            "5,5",
            "5 5",
            "0x5",
            "18446744073709551616",
            "5a",
            "\u{665}",
        ] {
            assert!(length(value.as_bytes()).is_err(), "{value}");
        }
    }

    #[test]
    fn codings() {
        assert_eq!(chunked(b"CHUNKED"), Ok(Framing::Chunked));
        assert_eq!(chunked(b"gzip, chunked"), Err(Status::NOT_IMPLEMENTED));
        for codings in [
            "",
            ",",
            "gzip",
            "chunked, gzip",
            "chunked, chunked",
            "chunked;q=1",
            "xchunked",
            "identity",
            "chunked,",
            "\u{b}chunked",
            "\"chunked\"",
        ] {
            assert_eq!(
                chunked(codings.as_bytes()),
                Err(Status::BAD_REQUEST),
                "{codings}"
            );
        }
    }
}
