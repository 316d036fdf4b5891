//! Dates as HTTP writes them, RFC 9110, section 5.6.7.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use httpdate::HttpDate;

/// The first second of the year 10000, for which the format has no room.
const END: Duration = Duration::from_secs(253_402_300_800);

/// The date of a time, to the second; `None` before 1970 and after 9999, where httpdate would panic.
pub(super) fn http_date(at: SystemTime) -> Option<HttpDate> {
    let since = at.duration_since(UNIX_EPOCH).ok()?;
    (since < END).then(|| HttpDate::from(UNIX_EPOCH + Duration::from_secs(since.as_secs())))
}

/// The time of a date; `None` for what is none of the three forms.
pub(super) fn parse_date(text: &[u8]) -> Option<SystemTime> {
    let text = std::str::from_utf8(text).ok()?;
    httpdate::parse_http_date(text).ok()
}

/// The value of `Date`, rendered once a second.
#[derive(Debug, Default)]
pub struct DateLine {
    second: Option<u64>,
    text: String,
}

impl DateLine {
    /// It is so late now.
    pub fn set(&mut self, now: SystemTime) {
        let second = now.duration_since(UNIX_EPOCH).ok();
        let second = second.map(|since| since.as_secs());
        if second != self.second || self.text.is_empty() {
            self.second = second;
            self.text = http_date(now).map_or_else(String::new, |date| date.to_string());
        }
    }

    /// The date; empty when the clock is out of its mind, and then there is no Date (RFC 9110, section 6.6.1).
    pub fn text(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn no_time_panics() {
        assert!(http_date(UNIX_EPOCH - Duration::from_secs(1)).is_none());
        assert!(http_date(after(253_402_300_800)).is_none());
        assert!(http_date(after(1 << 40)).is_none());
        let last = http_date(after(253_402_300_799)).unwrap();
        assert_eq!(last.to_string(), "Fri, 31 Dec 9999 23:59:59 GMT");
        let first = http_date(UNIX_EPOCH).unwrap();
        assert_eq!(first.to_string(), "Thu, 01 Jan 1970 00:00:00 GMT");
    }

    #[test]
    fn three_forms() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(parse_date(text.as_bytes()), Some(after(784_111_777)));
        }
        for text in ["", "yesterday", "\u{ff}", "Sun, 06 Nov 99999 08:49:37 GMT"] {
            assert_eq!(parse_date(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn the_line_follows_the_clock() {
        let mut line = DateLine::default();
        for (now, text) in [
            (after(0), "Thu, 01 Jan 1970 00:00:00 GMT"),
            (after(1), "Thu, 01 Jan 1970 00:00:01 GMT"),
            (UNIX_EPOCH - Duration::from_secs(1), ""),
        ] {
            line.set(now);
            assert_eq!(line.text(), text);
        }
    }
}
