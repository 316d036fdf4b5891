//! The same request as a curl command that any shell takes, to be sent once more.

use base64ct::{Base64, Encoding};

use super::super::method::Method;
use super::super::request::{Request, Version};
use super::super::target::Target;
use super::kept::Kept;

/// The command that sends a request once more, to `origin` (`http://127.0.0.1:8082`), the address where it was heard;
/// `None` where curl cannot send it (CONNECT).
pub fn curl(request: &Request<'_>, body: Option<&Kept>, origin: &str) -> Option<String> {
    let mut words = Words::default();
    if origin.starts_with("https:") {
        // The certificate may be a temporary one, and it is this machine that is asked.
        words.plain("--insecure");
    }
    target(request, origin, &mut words)?;
    let has_body = body.is_some_and(|body| body.length() > 0);
    if request.version == Version::Http10 {
        words.plain("--http1.0");
    }
    method(request, has_body, &mut words);
    let host = request.field("host");
    let authority = origin.split("://").nth(1).unwrap_or(origin);
    match host {
        Some(host) if host != authority.as_bytes() => words.field("Host", host),
        _ => {}
    }
    for (name, value) in request.fields().filter(|(name, _)| !is_curls(name)) {
        words.field(name, value);
    }
    for name in ["Accept", "User-Agent"] {
        if request.field(name).is_none() {
            words.pair("-H", format!("{name}:").as_bytes());
        }
    }
    let prefix = content(request, body, &mut words);
    Some(format!("{prefix}curl{}", words.0))
}

/// What curl says itself, from the address and the body that it is given.
fn is_curls(name: &str) -> bool {
    ["host", "content-length"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name))
}

/// The address; anything but the origin form is given word by word.
fn target(request: &Request<'_>, origin: &str, words: &mut Words) -> Option<()> {
    let word = request.target_word;
    match request.target {
        Target::Authority => return None,
        Target::Path { .. } if word.starts_with('/') => {
            if word.contains(['[', ']', '{', '}']) {
                words.plain("--globoff");
            }
            // curl takes dot segments out, written in percents too.
            if word.contains("/.") || word.to_ascii_lowercase().contains("%2e") {
                words.plain("--path-as-is");
            }
            words.word(format!("{origin}{word}").as_bytes());
        }
        _ => {
            words.word(format!("{origin}/").as_bytes());
            words.pair("--request-target", word.as_bytes());
        }
    }
    Some(())
}

fn method(request: &Request<'_>, has_body: bool, words: &mut Words) {
    match request.method {
        Method::Get if !has_body => {}
        Method::Head => words.plain("--head"),
        _ if request.method_word == "POST" && has_body => {}
        _ => words.pair("-X", request.method_word.as_bytes()),
    }
}

/// The body: in place where it is text that a terminal takes, through base64(1) where it is not. What has to be written
/// in front of the command.
fn content(request: &Request<'_>, body: Option<&Kept>, words: &mut Words) -> String {
    let bytes = body.map(Kept::bytes).unwrap_or_default();
    if bytes.is_empty() {
        if request.field("content-length").is_some() {
            words.pair("-H", b"Content-Length: 0");
        }
        return String::new();
    }
    if request.field("content-type").is_none() {
        // Or curl would call it a form.
        words.pair("-H", b"Content-Type:");
    }
    let is_harmless = std::str::from_utf8(bytes).is_ok_and(|text| {
        text.chars()
            .all(|c| c == '\n' || c == '\t' || is_harmless(c))
    });
    if is_harmless {
        words.pair("--data-raw", bytes);
        return String::new();
    }
    words.plain("--data-binary @-");
    format!("echo {} | base64 -d | ", Base64::encode_string(bytes))
}

/// Words behind a command, each with a space in front.
#[derive(Default)]
struct Words(String);

impl Words {
    /// A word that no shell changes.
    fn plain(&mut self, word: &str) {
        self.0.push(' ');
        self.0.push_str(word);
    }

    /// Any word.
    fn word(&mut self, bytes: &[u8]) {
        self.plain(&quoted(bytes));
    }

    fn pair(&mut self, flag: &str, bytes: &[u8]) {
        self.plain(flag);
        self.word(bytes);
    }

    fn field(&mut self, name: &str, value: &[u8]) {
        // A colon without a value would take the field away.
        let word = match value {
            b"" => format!("{name};").into_bytes(),
            value => [name.as_bytes(), b": ", value].concat(),
        };
        self.pair("-H", &word);
    }
}

/// A word for the shell: as it is, in single quotes as POSIX has them, or, where it holds what a terminal would act on,
/// in `$'..'`.
fn quoted(bytes: &[u8]) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/:.-_=@%+,".contains(byte);
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.is_empty() && bytes.iter().all(is_plain) => text.to_owned(),
        Ok(text)
            if text
                .chars()
                .all(|c| c == '\n' || c == '\t' || is_harmless(c)) =>
        {
            format!("'{}'", text.replace('\'', r"'\''"))
        }
        _ => escaped(bytes),
    }
}

/// `$'..'` of POSIX.1-2024, with three octal digits for whatever is not plain, so that no digit behind it is taken in.
fn escaped(bytes: &[u8]) -> String {
    let mut word = "$'".to_owned();
    for byte in bytes {
        match byte {
            b'\'' | b'\\' => word.extend(['\\', char::from(*byte)]),
            b' '..=b'~' => word.push(char::from(*byte)),
            byte => word.push_str(&format!("\\{byte:03o}")),
        }
    }
    word + "'"
}

/// Neither a control nor a mark that turns text around or hides.
fn is_harmless(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::super::super::request::{Parsed, parse};
    use super::*;

    fn command(head: &[u8], body: &[u8]) -> Option<String> {
        let Parsed::Complete { request, .. } = parse(head) else {
            panic!("{:?}", parse(head));
        };
        let mut kept = Kept::default();
        kept.take(body);
        curl(&request, Some(&kept), "http://127.0.0.1:8082")
    }

    #[test]
    fn words_are_quoted_for_the_shell() {
        for (word, expected) in [
            (b"".as_slice(), "''"),
            (b"a/b:80", "a/b:80"),
            (b"a b", "'a b'"),
            (b"it's", r"'it'\''s'"),
            (b"$(reboot)`reboot`", "'$(reboot)`reboot`'"),
            (b"a\\b\"c!", "'a\\b\"c!'"),
            (b"a\nb", "'a\nb'"),
            ("\u{e4}".as_bytes(), "'\u{e4}'"),
            (b"-x", "-x"),
            (b"~", "'~'"),
            (b"*", "'*'"),
            (b"\x1b[2J", r"$'\033[2J'"),
            (b"\xff7'\\", r"$'\3777\'\\'"),
            ("\u{202e}".as_bytes(), r"$'\342\200\256'"),
        ] {
            assert_eq!(quoted(word), expected, "{}", word.escape_ascii());
        }
    }

    #[test]
    fn commands() {
        let usual = "User-Agent: u\r\nAccept: */*\r\n\r\n";
        for (head, body, expected) in [
            (
                format!("GET /a?b=c&d HTTP/1.1\r\nHost: 127.0.0.1:8082\r\n{usual}"),
                "",
                "curl 'http://127.0.0.1:8082/a?b=c&d' -H 'User-Agent: u' -H 'Accept: */*'",
            ),
            (
                "GET / HTTP/1.1\r\nHost: hooks.example\r\nX-Empty:\r\n\r\n".to_owned(),
                "",
                "curl http://127.0.0.1:8082/ -H 'Host: hooks.example' -H 'X-Empty;' -H Accept: -H User-Agent:",
            ),
            (
                format!("POST /x HTTP/1.1\r\nHost: 127.0.0.1:8082\r\nContent-Length: 9\r\n{usual}"),
                "it's\n@me!",
                "curl http://127.0.0.1:8082/x -H 'User-Agent: u' -H 'Accept: */*' -H Content-Type: --data-raw 'it'\\''s\n@me!'",
            ),
            (
                format!("PUT /x HTTP/1.0\r\nContent-Type: a/b\r\nContent-Length: 2\r\n{usual}"),
                "\0\u{1b}",
                "echo ABs= | base64 -d | curl http://127.0.0.1:8082/x --http1.0 -X PUT -H 'Content-Type: a/b' -H 'User-Agent: u' -H 'Accept: */*' --data-binary @-",
            ),
            (
                format!("HEAD /a/../[b] HTTP/1.1\r\nHost: 127.0.0.1:8082\r\n{usual}"),
                "",
                "curl --globoff --path-as-is 'http://127.0.0.1:8082/a/../[b]' --head -H 'User-Agent: u' -H 'Accept: */*'",
            ),
            (
                format!("OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1:8082\r\n{usual}"),
                "",
                "curl http://127.0.0.1:8082/ --request-target '*' -X OPTIONS -H 'User-Agent: u' -H 'Accept: */*'",
            ),
            (
                format!("`x'$y / HTTP/1.1\r\nHost: 127.0.0.1:8082\r\n{usual}"),
                "",
                "",
            ),
        ] {
            let found = command(head.as_bytes(), body.as_bytes());
            if expected.is_empty() {
                let found = found.unwrap();
                assert!(found.contains(r" -X '`x'\''$y' "), "{found}");
            } else {
                assert_eq!(found.as_deref(), Some(expected));
            }
        }
        let tunnel = "CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\n";
        assert_eq!(command(tunnel.as_bytes(), b""), None);
    }
}
