//! The fields of a request head that change how it is answered: RFC 9110 and 9112, to the letter.

use super::body::Framing;
use super::request::Version;
use super::status::Status;

/// What the fields say, gathered in one pass.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fields<'a> {
    pub(super) host: Option<&'a [u8]>,
    length: Option<u64>,
    codings: Option<&'a [u8]>,
    close: bool,
    keep_alive: bool,
    pub(super) expects_continue: bool,
    pub(super) if_modified_since: Option<&'a [u8]>,
    pub(super) if_none_match: Option<&'a [u8]>,
    pub(super) referer: Option<&'a [u8]>,
    pub(super) user_agent: Option<&'a [u8]>,
}

impl<'a> Fields<'a> {
    /// Take one field in; a second one of those that there may be but one of is refused, whatever it says.
    pub(super) fn take(&mut self, name: &str, value: &'a [u8]) -> Result<(), Status> {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if is("host") {
            once(&mut self.host, value)?;
        } else if is("connection") {
            for option in list(value) {
                self.close |= option.eq_ignore_ascii_case(b"close");
                self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
            }
        } else if is("content-length") {
            once(&mut self.length, length(value)?)?;
        } else if is("transfer-encoding") {
            once(&mut self.codings, value)?;
        } else if is("expect") {
            self.expects_continue |= value.eq_ignore_ascii_case(b"100-continue");
        } else if is("if-modified-since") {
            self.if_modified_since = Some(value);
        } else if is("if-none-match") {
            self.if_none_match = Some(value);
        } else if is("user-agent") {
            self.user_agent = Some(value);
        } else if is("referer") {
            self.referer = Some(value);
        }
        Ok(())
    }

    /// RFC 9112, section 3.2: a request of 1.1 has one Host, and whoever sends one sends a valid one.
    pub(super) fn check_host(&self, version: Version) -> Result<(), Status> {
        match self.host {
            None if version == Version::Http11 => Err(Status::BAD_REQUEST),
            Some(host) if !is_host(host) => Err(Status::BAD_REQUEST),
            _ => Ok(()),
        }
    }

    /// RFC 9112, section 6.3, as strict as it allows: what two readers could measure differently is refused.
    pub(super) fn framing(&self, version: Version) -> Result<Framing, Status> {
        match (self.codings, self.length) {
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
}

fn once<T>(slot: &mut Option<T>, value: T) -> Result<(), Status> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(Status::BAD_REQUEST),
    }
}

/// The members of a comma-separated list, RFC 9110, section 5.6.1.
fn list(value: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
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

/// uri-host [ ":" port ] of RFC 9110, section 7.2; it may be empty.
pub(super) fn is_host(value: &[u8]) -> bool {
    let (host, port) = match value.first() {
        Some(b'[') => match value.iter().position(|byte| *byte == b']') {
            Some(end) => value.split_at(end + 1),
            None => return false,
        },
        _ => value.split_at(
            value
                .iter()
                .position(|byte| *byte == b':')
                .unwrap_or(value.len()),
        ),
    };
    let inside = host
        .strip_prefix(b"[")
        .and_then(|host| host.strip_suffix(b"]"));
    let host_fits = match inside {
        Some(ip) => !ip.is_empty() && ip.iter().all(|byte| *byte == b':' || is_name(*byte)),
        None => host.iter().all(|byte| is_name(*byte)),
    };
    let port_fits = port.is_empty()
        || port
            .strip_prefix(b":")
            .is_some_and(|port| port.iter().all(u8::is_ascii_digit));
    host_fits && port_fits
}

/// reg-name of RFC 3986, section 3.2.2.
fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=".contains(&byte)
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
            "a_b.c",
        ] {
            assert!(is_host(host.as_bytes()), "{host}");
        }
        for host in [
            "h:80x", "u@h", "h/x", "a b", "[::1", "[]", "[::1]x", "::1", "h:1:2", "\u{e4}", "h#",
            "[a@b]",
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
