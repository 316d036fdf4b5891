//! CGI/1.1, RFC 3875: a request as the environment of a command, and the head that a command may put before its output.

use std::net::SocketAddr;

use percent_encoding::percent_decode_str;

use super::auth::Credentials;
use super::name::Name;
use super::request::{Request, Version};
use super::status::Status;
use super::target::Target;

/// How many bytes the head of an output may have.
pub const OUTPUT_HEAD_LIMIT: usize = 16 * 1024;
/// How many fields it may have.
const FIELDS: usize = 64;

/// Where a request came from and where to.
#[derive(Clone, Copy, Debug)]
pub struct Ends {
    /// The client; `None` where it has no address (a unix socket).
    pub remote: Option<SocketAddr>,
    /// Our end of the connection.
    pub local: Option<SocketAddr>,
    /// Whether it is encrypted.
    pub is_tls: bool,
    /// Whether the server itself asked for the password: it is nobody else's then (section 4.1.18).
    pub is_guarded: bool,
}

/// What a command's output begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// More of it has to come.
    Partial,
    /// Its head, and how many bytes that took.
    Complete {
        /// What it asks for.
        head: OutputHead,
        /// With its blank line.
        length: usize,
    },
    /// No head as section 6 has it.
    Refused,
}

/// The head of an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputHead {
    /// The status.
    pub status: Status,
    /// The fields to be sent, Content-Type and Location among them.
    pub fields: Vec<(String, String)>,
}

/// The variables of section 4.1. A path that no variable can hold is refused.
pub fn environment(request: &Request<'_>, ends: Ends) -> Result<Vec<(String, Vec<u8>)>, Status> {
    let mut variables = vec![
        ("GATEWAY_INTERFACE".to_owned(), b"CGI/1.1".to_vec()),
        ("SCRIPT_NAME".to_owned(), Vec::new()),
    ];
    let mut set = |name: &str, value: &[u8]| variables.push((name.to_owned(), value.to_vec()));
    set(
        "SERVER_SOFTWARE",
        concat!("sockkit/", env!("CARGO_PKG_VERSION")).as_bytes(),
    );
    set("REQUEST_METHOD", request.method_word.as_bytes());
    set("REQUEST_URI", request.target_word.as_bytes());
    let (path, query) = match request.target {
        Target::Path { path, query } => (path, query.unwrap_or_default()),
        _ => (request.target_word, ""),
    };
    set("PATH_INFO", &decoded(path)?);
    set("QUERY_STRING", query.as_bytes());
    let version: &[u8] = match request.version {
        Version::Http10 => b"HTTP/1.0",
        Version::Http11 => b"HTTP/1.1",
    };
    set("SERVER_PROTOCOL", version);
    if let Some(remote) = ends.remote {
        set("REMOTE_ADDR", remote.ip().to_string().as_bytes());
        set("REMOTE_PORT", remote.port().to_string().as_bytes());
    }
    let authorization = request.value(Name::Authorization);
    let user = authorization.and_then(Credentials::parse);
    if let Some(known) = user.filter(|_| ends.is_guarded) {
        set("AUTH_TYPE", b"Basic");
        set("REMOTE_USER", &known.user);
    }
    set("SERVER_NAME", &server_name(request, ends.local));
    if let Some(local) = ends.local {
        set("SERVER_PORT", local.port().to_string().as_bytes());
    }
    if ends.is_tls {
        set("HTTPS", b"on");
    }
    for (name, variable) in [
        ("content-type", "CONTENT_TYPE"),
        ("content-length", "CONTENT_LENGTH"),
    ] {
        if let Some(value) = request.field(name) {
            set(variable, value);
        }
    }
    variables.extend(of_fields(request));
    if ends.is_guarded {
        variables.retain(|(name, _)| name != "HTTP_AUTHORIZATION");
    }
    Ok(variables)
}

/// Whether a variable that the server itself was started with is kept from the command: it could take it for one of
/// the request's.
pub fn is_meta_variable(name: &str) -> bool {
    name.starts_with("HTTP_")
        || name.starts_with("REMOTE_")
        || [
            "AUTH_TYPE",
            "CONTENT_LENGTH",
            "CONTENT_TYPE",
            "GATEWAY_INTERFACE",
            "HTTPS",
            "PATH_INFO",
            "PATH_TRANSLATED",
            "QUERY_STRING",
            "REQUEST_METHOD",
            "REQUEST_URI",
            "SCRIPT_NAME",
            "SERVER_NAME",
            "SERVER_PORT",
            "SERVER_PROTOCOL",
            "SERVER_SOFTWARE",
        ]
        .contains(&name)
}

/// PATH_INFO is not encoded, section 4.1.5.
fn decoded(path: &str) -> Result<Vec<u8>, Status> {
    let decoded: Vec<u8> = percent_decode_str(path).collect();
    match decoded.contains(&0) {
        true => Err(Status::BAD_REQUEST),
        false => Ok(decoded),
    }
}

/// The name by which the client knows this server, section 4.1.14.
fn server_name(request: &Request<'_>, local: Option<SocketAddr>) -> Vec<u8> {
    let host = request.field("host").filter(|host| !host.is_empty());
    let Some(host) = host else {
        let ip = local.map(|local| local.ip().to_string());
        return ip.unwrap_or_else(|| "localhost".to_owned()).into_bytes();
    };
    let end = match host.iter().position(|byte| *byte == b']') {
        Some(bracket) => bracket + 1,
        None => host
            .iter()
            .position(|byte| *byte == b':')
            .unwrap_or(host.len()),
    };
    host.get(..end).unwrap_or(host).to_vec()
}

/// The other fields, section 4.1.18. Those of one name are made one. A name with anything but letters, digits and
/// hyphens could pass for another one, and is left out.
fn of_fields(request: &Request<'_>) -> Vec<(String, Vec<u8>)> {
    let mut variables: Vec<(String, Vec<u8>)> = Vec::new();
    for (name, value) in request.fields().filter(|(name, _)| is_told(name)) {
        let variable = format!("HTTP_{}", name.to_ascii_uppercase().replace('-', "_"));
        match variables.iter_mut().find(|(known, _)| *known == variable) {
            Some((_, known)) => {
                let comma: &[u8] = match variable.as_str() {
                    "HTTP_COOKIE" => b"; ",
                    _ => b", ",
                };
                known.extend_from_slice(comma);
                known.extend_from_slice(value);
            }
            None => variables.push((variable, value.to_vec())),
        }
    }
    variables
}

fn is_told(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    // Proxy would become HTTP_PROXY, which many programs obey (CVE-2016-5385); the others are the connection's, or have
    // a variable of their own, or are a secret that was meant for somebody else.
    let kept = [
        "proxy",
        "proxy-authorization",
        "connection",
        "transfer-encoding",
        "content-type",
        "content-length",
    ];
    name.bytes().all(is_plain) && !kept.iter().any(|kept| kept.eq_ignore_ascii_case(name))
}

/// Read the head at the beginning of a command's output, section 6: lines that end with LF or CR LF, up to a blank one.
/// `is_all` when nothing more will come.
pub fn output(bytes: &[u8], is_all: bool) -> Output {
    let mut head = OutputHead {
        status: Status::OK,
        fields: Vec::new(),
    };
    let mut says_status = false;
    let mut is_blank = true;
    let mut at = 0;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
            return match is_all || bytes.len() > OUTPUT_HEAD_LIMIT {
                true => Output::Refused,
                false => Output::Partial,
            };
        };
        at += end + 1;
        let line = rest.get(..end).unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        is_blank = false;
        let taken = take(line, &mut head, &mut says_status);
        if taken.is_none() || at > OUTPUT_HEAD_LIMIT || head.fields.len() > FIELDS {
            return Output::Refused;
        }
    }
    let redirects = head.fields.iter().any(|(name, _)| is(name, "location"));
    if redirects && !says_status {
        head.status = Status(302);
    }
    match is_blank {
        false => Output::Complete { head, length: at },
        true => Output::Refused,
    }
}

/// One line; `None` when it must not stand there.
fn take(line: &[u8], head: &mut OutputHead, says_status: &mut bool) -> Option<()> {
    let line = std::str::from_utf8(line).ok()?;
    let (name, value) = line.split_once(':')?;
    let value = value.trim_matches([' ', '\t']);
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let is_text = |byte: u8| byte == b'\t' || (byte >= b' ' && byte != 0x7f);
    if name.is_empty() || !name.bytes().all(is_token) || !value.bytes().all(is_text) {
        return None;
    }
    if is(name, "status") {
        let digits = value.split(' ').next().filter(|word| word.len() == 3)?;
        let code: u16 = digits
            .parse()
            .ok()
            .filter(|code| (200..=599).contains(code))?;
        let was_said = std::mem::replace(says_status, true);
        head.status = Status(code);
        return (!was_said).then_some(());
    }
    let is_unique = ["content-type", "location"]
        .iter()
        .any(|known| is(name, known));
    if is_unique && head.fields.iter().any(|(known, _)| is(known, name)) {
        return None;
    }
    if !is_ours(name) {
        head.fields.push((name.to_owned(), value.to_owned()));
    }
    Some(())
}

/// What the server says itself, whatever the command thinks of it: how the answer is framed and how the connection goes on.
fn is_ours(name: &str) -> bool {
    [
        "connection",
        "content-length",
        "date",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ]
    .iter()
    .any(|known| is(name, known))
}

fn is(name: &str, known: &str) -> bool {
    name.eq_ignore_ascii_case(known)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::super::request::{Parsed, parse};
    use super::*;

    fn variables(head: &str) -> Result<BTreeMap<String, String>, Status> {
        let Parsed::Complete { request, .. } = parse(head.as_bytes()) else {
            panic!("{head}");
        };
        let ends = Ends {
            remote: Some("[::1]:4711".parse().unwrap()),
            local: Some("127.0.0.1:8082".parse().unwrap()),
            is_tls: false,
            is_guarded: false,
        };
        let set = environment(&request, ends)?;
        let count = set.len();
        let map: BTreeMap<_, _> = set
            .into_iter()
            .map(|(name, value)| (name, String::from_utf8_lossy(&value).into_owned()))
            .collect();
        assert_eq!(map.len(), count, "a variable is there once");
        Ok(map)
    }

    #[test]
    fn a_request_as_an_environment() {
        let found = variables(
            "POST /a%20b/%c3%a4?x=%20&y HTTP/1.1\r\nHost: h.example:80\r\nContent-Type: a/b\r\n\
             Content-Length: 5\r\nX-Two: 1\r\nx-two: 2\r\nCookie: a=1\r\nCookie: b=2\r\n\
             Authorization: Bearer t\r\nConnection: close\r\n\r\n",
        )
        .unwrap();
        let expected = [
            ("CONTENT_LENGTH", "5"),
            ("CONTENT_TYPE", "a/b"),
            ("GATEWAY_INTERFACE", "CGI/1.1"),
            ("HTTP_AUTHORIZATION", "Bearer t"),
            ("HTTP_COOKIE", "a=1; b=2"),
            ("HTTP_HOST", "h.example:80"),
            ("HTTP_X_TWO", "1, 2"),
            ("PATH_INFO", "/a b/\u{e4}"),
            ("QUERY_STRING", "x=%20&y"),
            ("REMOTE_ADDR", "::1"),
            ("REMOTE_PORT", "4711"),
            ("REQUEST_METHOD", "POST"),
            ("REQUEST_URI", "/a%20b/%c3%a4?x=%20&y"),
            ("SCRIPT_NAME", ""),
            ("SERVER_NAME", "h.example"),
            ("SERVER_PORT", "8082"),
            ("SERVER_PROTOCOL", "HTTP/1.1"),
        ];
        for (name, value) in expected {
            assert_eq!(found.get(name).map(String::as_str), Some(value), "{name}");
        }
        assert_eq!(found.len(), expected.len() + 1, "{found:?}");
        assert!(found.keys().all(|name| is_meta_variable(name)));
        assert!(!is_meta_variable("PATH") && !is_meta_variable("HOME"));
    }

    #[test]
    fn hostile_fields_do_not_pass_for_others() {
        let found = variables(
            "GET / HTTP/1.1\r\nHost: h\r\nProxy: http://evil\r\nPROXY: x\r\nX_Forwarded_For: evil\r\n\
             X-Forwarded-For: good\r\nX.Y: a\r\nA'B: c\r\nProxy-Authorization: s\r\n\
             Content_Length: 7\r\nX-Shell: () { :; }; reboot\r\n\r\n",
        )
        .unwrap();
        let names: Vec<&str> = found
            .keys()
            .filter(|name| name.starts_with("HTTP_") || name.starts_with("CONTENT"))
            .map(String::as_str)
            .collect();
        assert_eq!(names, ["HTTP_HOST", "HTTP_X_FORWARDED_FOR", "HTTP_X_SHELL"]);
        assert_eq!(found["HTTP_X_FORWARDED_FOR"], "good");
        let nul = variables("GET /a%00b HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_eq!(nul, Err(Status::BAD_REQUEST));
    }

    #[test]
    fn the_servers_name() {
        for (fields, name) in [
            ("Host: [::1]:80\r\n", "[::1]"),
            ("Host: [::1]\r\n", "[::1]"),
            ("Host: h\r\n", "h"),
            ("", "127.0.0.1"),
        ] {
            let found = variables(&format!("GET / HTTP/1.0\r\n{fields}\r\n")).unwrap();
            assert_eq!(found["SERVER_NAME"], name, "{fields}");
        }
    }

    #[test]
    fn hostile_outputs_are_refused() {
        for text in [
            "\n",
            "\r\n\r\n",
            "<html>\n\n",
            "HTTP/1.1 200 OK\n\n",
            "Content-Type text/plain\n\n",
            ": x\n\n",
            "A b: c\n\n",
            " A: b\n\n",
            "A: b\n c\n\n",
            "A: b\rc\n\n",
            "A: \0\n\n",
            "A: \x1b\n\n",
            "Status: 99\n\n",
            "Status: 100 Continue\n\n",
            "Status: 600\n\n",
            "Status: 2000\n\n",
            "Status: +20\n\n",
            "Status: x\n\n",
            "Status:\n\n",
            "Status: 200\nStatus: 404\n\n",
            "Content-Type: a/b\ncontent-type: c/d\n\n",
            "Location: /\nLocation: /x\n\n",
            "\n",
        ] {
            assert_eq!(output(text.as_bytes(), false), Output::Refused, "{text:?}");
        }
        assert_eq!(output(b"A: \xff\n\n", false), Output::Refused);
        for text in ["", "Content-Type: text/plain", "A: b\n", "A: b\r\n\r"] {
            assert_eq!(output(text.as_bytes(), false), Output::Partial, "{text:?}");
            assert_eq!(output(text.as_bytes(), true), Output::Refused, "{text:?}");
        }
        let endless = "x".repeat(OUTPUT_HEAD_LIMIT + 1);
        assert_eq!(output(endless.as_bytes(), false), Output::Refused);
        let many = "A: b\n".repeat(FIELDS + 1);
        assert_eq!(output(many.as_bytes(), false), Output::Refused);
        let long = "A: bcdefgh\n".repeat(OUTPUT_HEAD_LIMIT / 10);
        assert_eq!(output(long.as_bytes(), false), Output::Refused);
    }

    #[test]
    fn proper_outputs_are_taken() {
        for (text, status, fields) in [
            (
                "Content-Type: text/html\n\n",
                200,
                "Content-Type=text/html;",
            ),
            ("Status: 404 Not Found\r\nX: y\r\n\r\n", 404, "X=y;"),
            ("status:204\n\n", 204, ""),
            ("Content-Length: 2\n\n", 200, ""),
            ("Location: /there\n\n", 302, "Location=/there;"),
            (
                "Location: http://h/\nStatus: 307\n\n",
                307,
                "Location=http://h/;",
            ),
            (
                "Content-Type: a/b\nContent-Length: 9\nTransfer-Encoding: chunked\nConnection: close\nSet-Cookie: a\nSet-Cookie: b\n\n",
                200,
                "Content-Type=a/b;Set-Cookie=a;Set-Cookie=b;",
            ),
        ] {
            let body = format!("{text}body\n\n");
            let Output::Complete { head, length } = output(body.as_bytes(), false) else {
                panic!("{text:?}");
            };
            assert_eq!(length, text.len(), "{text:?}");
            let shown: String = head
                .fields
                .iter()
                .map(|(n, v)| format!("{n}={v};"))
                .collect();
            assert_eq!(
                (head.status.0, shown.as_str()),
                (status, fields),
                "{text:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_sent_cannot_split_a_head(text in "(Status: 2|Location:|[ -~]{0,5}|\r|\n|:|\u{0}|é){0,20}") {
            if let Output::Complete { head, length } = output(text.as_bytes(), true) {
                prop_assert!(length <= text.len());
                for (name, value) in head.fields {
                    prop_assert!(!name.is_empty() && !name.contains(['\r', '\n', ':', ' ', '\0']));
                    prop_assert!(!value.contains(['\r', '\n', '\0']));
                }
            }
        }
    }
}
