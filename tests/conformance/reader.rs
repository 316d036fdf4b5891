//! A reader of responses that forgives nothing: RFC 9112 as seen by a client that looks for mistakes.

/// A response, and how its body was measured.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Response {
    /// The status code.
    pub(crate) status: u16,
    /// The fields in their order, names as they were sent.
    pub(crate) fields: Vec<(String, String)>,
    /// The content, out of its chunks.
    pub(crate) body: Vec<u8>,
    /// How the body was measured.
    pub(crate) framing: Framing,
    /// Whether it answers HEAD.
    pub(crate) is_head: bool,
}

/// How the end of a response is known, RFC 9112, section 6.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// By its head: 1xx, 204, 304, an answer to HEAD.
    Head,
    /// By Content-Length.
    Length,
    /// By the last chunk.
    Chunked,
    /// By the connection's end.
    Close,
}

impl Response {
    /// The value of the one field of this name; `None` without one.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// The values of every field of this name.
    pub(crate) fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let name = name.to_owned();
        let of_name = move |field: &&(String, String)| field.0.eq_ignore_ascii_case(&name);
        let fields = self.fields.iter().filter(of_name);
        fields.map(|(_, value)| value.as_str())
    }

    /// Whether it is the last one of its connection.
    pub(crate) fn says_close(&self) -> bool {
        let options = self.all("connection").flat_map(|value| value.split(','));
        options.map(str::trim).any(|option| option == "close")
    }
}

/// Every response in all that a connection said; `is_head` tells which of the final ones answer HEAD.
pub(crate) fn responses(bytes: &[u8], is_head: &[bool]) -> Result<Vec<Response>, String> {
    let mut rest = bytes;
    let mut read: Vec<Response> = Vec::new();
    let mut finals = 0;
    while !rest.is_empty() {
        let head = is_head.get(finals).copied().unwrap_or(false);
        let (response, behind) = response(rest, head)
            .map_err(|why| format!("{why} in {}", rest[..rest.len().min(400)].escape_ascii()))?;
        finals += usize::from(response.status >= 200);
        rest = behind;
        read.push(response);
    }
    Ok(read)
}

/// The first response in `bytes`, and what comes behind it.
pub(crate) fn response(bytes: &[u8], is_head: bool) -> Result<(Response, &[u8]), String> {
    let (line, mut rest) = line(bytes)?;
    let status = status(line)?;
    let mut fields = Vec::new();
    loop {
        let (line, behind) = self::line(rest)?;
        rest = behind;
        if line.is_empty() {
            break;
        }
        fields.push(field(line)?);
    }
    let mut response = Response {
        status,
        fields,
        body: Vec::new(),
        framing: Framing::Head,
        is_head,
    };
    let rest = body(&mut response, rest)?;
    Ok((response, rest))
}

fn body<'a>(response: &mut Response, bytes: &'a [u8]) -> Result<&'a [u8], String> {
    let length = response.field("content-length").map(str::to_owned);
    let coding = response.field("transfer-encoding").map(str::to_owned);
    if response.is_head || response.status < 200 || matches!(response.status, 204 | 304) {
        return Ok(bytes);
    }
    match (length, coding) {
        (Some(_), Some(_)) => Err("both Content-Length and Transfer-Encoding".to_owned()),
        (Some(length), None) => {
            let digits = length.bytes().all(|byte| byte.is_ascii_digit());
            let length = length.parse().ok().filter(|_| digits);
            let length: usize = length.ok_or("a Content-Length that is no number")?;
            let (body, rest) = bytes
                .split_at_checked(length)
                .ok_or_else(|| format!("a body of {length} that ends after {}", bytes.len()))?;
            response.body = body.to_vec();
            response.framing = Framing::Length;
            Ok(rest)
        }
        (None, Some(coding)) if coding == "chunked" => {
            response.framing = Framing::Chunked;
            chunks(bytes, &mut response.body)
        }
        (None, Some(coding)) => Err(format!("Transfer-Encoding: {coding}")),
        (None, None) => {
            response.framing = Framing::Close;
            response.body = bytes.to_vec();
            Ok(&[])
        }
    }
}

/// A server that sends no extensions and no trailers: sizes, data, the last chunk, an empty line.
fn chunks<'a>(bytes: &'a [u8], body: &mut Vec<u8>) -> Result<&'a [u8], String> {
    let mut rest = bytes;
    loop {
        let (size, behind) = line(rest)?;
        let hex = !size.is_empty() && size.iter().all(u8::is_ascii_hexdigit);
        let text = std::str::from_utf8(size).ok().filter(|_| hex);
        let size = text.and_then(|text| usize::from_str_radix(text, 16).ok());
        let size = size.ok_or("a chunk size that is none")?;
        let chunk = behind.get(..size).ok_or("a chunk that is cut off")?;
        body.extend_from_slice(chunk);
        rest = behind[size..]
            .strip_prefix(b"\r\n")
            .ok_or("no CRLF behind a chunk")?;
        if size == 0 {
            return Ok(rest);
        }
    }
}

/// `HTTP/1.1 SP 3DIGIT SP reason-phrase`; the reason is never left out here.
fn status(line: &[u8]) -> Result<u16, String> {
    let line = std::str::from_utf8(line).map_err(|_| "a status line that is not ASCII")?;
    let rest = line.strip_prefix("HTTP/1.1 ").ok_or("no HTTP/1.1")?;
    let (code, reason) = rest.split_once(' ').ok_or("no reason phrase")?;
    let code = code.parse().ok().filter(|_| code.len() == 3);
    let is_phrase = reason
        .bytes()
        .all(|byte| byte == b' ' || byte.is_ascii_graphic());
    match code {
        Some(code @ 100..=599) if is_phrase && !reason.is_empty() => Ok(code),
        _ => Err(format!("status line {line:?}")),
    }
}

/// `token ":" SP field-value` of visible ASCII, nothing in front and nothing behind.
fn field(line: &[u8]) -> Result<(String, String), String> {
    let line = std::str::from_utf8(line).map_err(|_| "a field that is not ASCII")?;
    let (name, value) = line.split_once(':').ok_or("a field without a colon")?;
    let value = value.strip_prefix(' ').unwrap_or(value);
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let is_text = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
    let fits = !name.is_empty() && name.bytes().all(is_token) && value.bytes().all(is_text);
    match fits && value.trim() == value {
        true => Ok((name.to_owned(), value.to_owned())),
        false => Err(format!("field {line:?}")),
    }
}

/// Up to the next CRLF; a CR or LF of its own is a mistake.
fn line(bytes: &[u8]) -> Result<(&[u8], &[u8]), String> {
    let end = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
    let end = end.ok_or("a line without an end")?;
    let (line, rest) = bytes.split_at(end);
    let rest = rest.strip_prefix(b"\r\n").ok_or("a bare CR or LF")?;
    Ok((line, rest))
}

#[test]
fn mistakes_are_seen() {
    for wrong in [
        "",
        "HTTP/1.1 200 OK\n\n",
        "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: +0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0 \r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: \x07\r\nContent-Length: 0\r\n\r\n",
    ] {
        assert!(response(wrong.as_bytes(), false).is_err(), "{wrong:?}");
    }
    let two = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nHTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n";
    let read = responses(two, &[true, false]).unwrap();
    assert_eq!((read.len(), read[1].body.as_slice()), (2, b"ab".as_slice()));
}
