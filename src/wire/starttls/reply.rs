//! Replies of lines: `220 text`, and several lines of `220-text` before it (RFC 5321, section 4.2; RFC 959).

use super::NoStarttls;

/// A whole reply at the front of what was heard.
pub(super) struct Reply<'a> {
    /// The code.
    pub(super) code: u16,
    /// All of its lines.
    pub(super) text: &'a [u8],
}

impl<'a> Reply<'a> {
    /// The first reply of `heard`; `None` until its last line is whole.
    pub(super) fn first(heard: &'a [u8]) -> Result<Option<Self>, NoStarttls> {
        let mut length = 0;
        let mut code = None;
        for line in heard.split_inclusive(|byte| *byte == b'\n') {
            length += line.len();
            if line.last() != Some(&b'\n') {
                return Ok(None);
            }
            let (number, is_last) = match (read(line), code) {
                (Some((number, is_last)), None) => (number, is_last),
                (Some((number, is_last)), Some(code)) if number == code => (number, is_last),
                // FTP's middle lines may be anything.
                (_, Some(code)) => (code, false),
                (None, None) => return Err(NoStarttls::garbled(line)),
            };
            if is_last {
                let text = heard.get(..length).unwrap_or(heard);
                return Ok(Some(Self { code: number, text }));
            }
            code = Some(number);
        }
        Ok(None)
    }

    /// Whether one of its lines begins with this word, behind the code.
    pub(super) fn says(&self, word: &str) -> bool {
        let lines = self.text.split(|byte| *byte == b'\n');
        lines
            .filter_map(|line| line.get(4..))
            .filter_map(|line| line.split(|byte| byte.is_ascii_whitespace()).next())
            .any(|first| first.eq_ignore_ascii_case(word.as_bytes()))
    }

    /// Its last line.
    pub(super) fn last_line(&self) -> &'a [u8] {
        let lines = self.text.trim_ascii_end().rsplit(|byte| *byte == b'\n');
        lines.into_iter().next().unwrap_or_default()
    }
}

/// A line's code, and whether it is the last of its reply.
fn read(line: &[u8]) -> Option<(u16, bool)> {
    let (digits, rest) = line.split_at_checked(3)?;
    let code = std::str::from_utf8(digits).ok()?;
    let code = code
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(code)?;
    let is_last = !rest.starts_with(b"-");
    let is_apart = rest
        .first()
        .is_none_or(|byte| matches!(byte, b' ' | b'-' | b'\r' | b'\n'));
    Some((code.parse().ok().filter(|_| is_apart)?, is_last))
}
