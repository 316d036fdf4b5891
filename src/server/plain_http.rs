//! What is answered to a client that speaks HTTP where TLS is spoken.

use std::time::SystemTime;

use httpdate::fmt_http_date;

const TEXT: &str = "this port speaks TLS: use https://\n";

/// Whether a connection that begins with this byte is a request without TLS: a method begins with a letter, a TLS record
/// with its type, 22.
pub(super) fn is_plain(first: u8) -> bool {
    first.is_ascii_alphabetic()
}

/// The answer, after which the connection is closed.
pub(super) fn answer(now: SystemTime) -> String {
    // A clock before 1970 or after 9999 has no date to show.
    let is_shown = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .is_ok_and(|since| since.as_secs() < 253_402_300_800);
    let date = match is_shown {
        true => format!("Date: {}\r\n", fmt_http_date(now)),
        false => String::new(),
    };
    format!(
        "HTTP/1.1 400 Bad Request\r\n{date}Content-Type: text/plain; charset=utf-8\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{TEXT}",
        TEXT.len()
    )
}
