//! The fields of a head that has been parsed, as they were sent and in their order.

/// Each field's name and value, without the white space around it. The head must be one that [`super::parse`] took.
pub fn fields(head: &[u8]) -> impl Iterator<Item = (&str, &[u8])> {
    let behind_line = head.trim_ascii_start();
    let lines = behind_line.split(|byte| *byte == b'\n').skip(1);
    lines.filter_map(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = line.split_at_checked(colon)?;
        let name = std::str::from_utf8(name).ok()?;
        Some((name, value.get(1..).unwrap_or_default().trim_ascii()))
    })
}

/// The value of the first field of this name; `None` where there is none.
pub fn field<'a>(head: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let mut found = fields(head).filter(|(known, _)| known.eq_ignore_ascii_case(name));
    found.next().map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_in_order() {
        let head = b"\r\nGET /a:b HTTP/1.1\r\nHost: h:80\r\nA:\tb \r\na:\r\nB: \xff\r\n\r\n";
        let found: Vec<_> = fields(head).collect();
        let expected: [(&str, &[u8]); 4] =
            [("Host", b"h:80"), ("A", b"b"), ("a", b""), ("B", b"\xff")];
        assert_eq!(found, expected);
        assert_eq!(field(head, "host"), Some(b"h:80".as_slice()));
        assert_eq!(field(head, "c"), None);
        assert_eq!(fields(b"").count(), 0);
    }
}
