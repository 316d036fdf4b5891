//! The calls told by `--explain` and the calls made as strace(1) saw them, both in the same form, to be compared.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::kit::{Finished, Running, Start, peer, program, scratch};

/// What is traced: every call on a socket, what ends one, and what a connect waits with.
const TRACED: &str = "trace=%network,close,poll,sendfile,splice";

/// An argument that strace did not decode.
const UNKNOWN: &str = "?";

/// One call. `note` is what it handed back besides its number; `None` where that is not compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    name: String,
    arguments: Vec<String>,
    result: i64,
    /// `ECONNREFUSED (Connection refused)`.
    errno: Option<String>,
    note: Option<String>,
}

/// A run under strace.
pub(crate) struct Traced {
    folder: TempDir,
}

impl Traced {
    /// Ready to trace; `None` where strace is missing.
    pub(crate) fn new() -> Option<Self> {
        peer("strace")?;
        Some(Self { folder: scratch() })
    }

    /// `sockkit --explain` with these words, traced. The deadline ends it even where strace is killed: it would run on.
    pub(crate) fn sockkit(&self, words: &[&str]) -> Start {
        let head = ["-f", "-s", "48", "-e", "signal=none", "-e", TRACED, "-o"];
        program("strace", head)
            .args([self.file()])
            .args([env!("CARGO_BIN_EXE_sockkit"), "--explain"])
            .args(words)
    }

    /// The calls that strace saw on sockets of the program's own.
    pub(crate) fn made(&self) -> Vec<Call> {
        let text = std::fs::read_to_string(self.file()).unwrap();
        let mut sockets = BTreeSet::new();
        let calls = without_the_librarys(whole_lines(&text));
        let calls = calls.iter().filter_map(|line| made(line, &mut sockets));
        calls.collect()
    }

    /// Compare what was told with what was made, in order.
    pub(crate) fn compare(&self, finished: &Finished) {
        let told: Vec<Call> = finished.stderr.lines().filter_map(told).collect();
        let made = self.made();
        assert!(!made.is_empty(), "nothing was traced");
        for (told, made) in told.iter().zip(&made) {
            assert!(told.agrees(made), "told: {told}\nmade: {made}\n{self}");
        }
        let (all, more) = (told.len().min(made.len()), told.len() > made.len());
        if told.len() != made.len() {
            let who = if more { "told" } else { "made" };
            let rest = if more { &told[all..] } else { &made[all..] };
            let rest: Vec<String> = rest.iter().map(ToString::to_string).collect();
            panic!("{who} only: {}\n{self}", rest.join("\n"));
        }
    }

    /// End the run: a signal to the one that is traced, not to strace, which would leave it behind.
    pub(crate) fn end(&self, running: &Running) {
        for child in running.children() {
            kill(Pid::from_raw(child), Signal::SIGTERM).unwrap();
        }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("strace")
    }
}

impl fmt::Display for Traced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&std::fs::read_to_string(self.file()).unwrap_or_default())
    }
}

impl Call {
    /// The function's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether what was told (self) is what was made.
    fn agrees(&self, made: &Self) -> bool {
        let same = |(told, made): (&String, &String)| {
            told == made || made == UNKNOWN || (self.name == "setsockopt" && is_word(told))
        };
        let note = |told: &String, made: &String| self.name == "getsockopt" || told == made;
        self.name == made.name
            && self.arguments.len() == made.arguments.len()
            && self.arguments[..].iter().zip(&made.arguments).all(same)
            && (self.result, &self.errno) == (made.result, &made.errno)
            && made.note.as_ref().is_none_or(|made| {
                let told = self.note.as_ref();
                told.is_some_and(|told| note(told, made))
            })
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, result, .. } = self;
        write!(f, "{name}({}) = {result}", self.arguments.join(", "))?;
        let rest = [&self.errno, &self.note];
        rest.into_iter()
            .flatten()
            .try_for_each(|word| write!(f, " {word}"))
    }
}

/// An option's value in the words of the one who set it (`1M`), which strace shows as the number that it is.
fn is_word(value: &str) -> bool {
    value.parse::<i64>().is_err() && !value.starts_with("AF_") && !value.starts_with("SO")
}

/// A line of `--explain`; `None` for other lines and for calls of the C library, which are not the kernel's.
pub(crate) fn told(line: &str) -> Option<Call> {
    const LIBRARY: [&str; 5] = [
        "getaddrinfo",
        "gethostbyname",
        "gethostbyaddr",
        "getnameinfo",
        "gethostname",
    ];
    let (head, tail) = line.split_once(") = ")?;
    let (name, arguments) = head.split_once('(')?;
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_name || LIBRARY.contains(&name) {
        return None;
    }
    let (number, rest) = tail.split_once(' ').unwrap_or((tail, ""));
    let result = number.parse().ok()?;
    let errno = (result < 0).then(|| rest.to_owned());
    let note = rest.strip_prefix(' ').map(str::to_owned);
    Some(Call {
        name: name.to_owned(),
        arguments: split(arguments),
        result,
        errno,
        note,
    })
}

/// Calls that another thread's interrupted, put together again.
fn whole_lines(text: &str) -> Vec<String> {
    let mut begun: Vec<(&str, String)> = Vec::new();
    let mut whole = Vec::new();
    for line in text.lines() {
        let (process, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim_start();
        if let Some(head) = rest.strip_suffix(" <unfinished ...>") {
            begun.push((process, head.to_owned()));
        } else if let Some((_, tail)) = rest.split_once(" resumed>") {
            let at = begun.iter().position(|(other, _)| *other == process);
            let (_, head) = begun.remove(at.expect("it was begun"));
            whole.push(head + tail);
        } else {
            whole.push(rest.to_owned());
        }
    }
    whole
}

/// The lines without what the C library does by itself: it asks the name service cache for services, and for interfaces.
fn without_the_librarys(mut lines: Vec<String>) -> Vec<String> {
    while let Some(at) = lines
        .iter()
        .position(|line| line.contains("/nscd/socket\""))
    {
        let (_, arguments) = lines[at].split_once('(').unwrap();
        let fd = split(arguments).swap_remove(0);
        let closed = format!("close({fd})");
        let end = lines[at..]
            .iter()
            .position(|line| line.starts_with(&closed));
        lines.drain(at - 1..=at + end.expect("it is closed"));
    }
    // if_nametoindex(3) and if_indextoname(3) ask by an ioctl(2) on a socket of theirs.
    while let Some(at) = lines.windows(2).position(|pair| {
        let asks = pair[0].starts_with("socket(AF_UNIX, SOCK_DGRAM|SOCK_CLOEXEC, 0)");
        let number = pair[0].rsplit(' ').next().unwrap_or("");
        asks && pair[1].starts_with(&format!("close({number})"))
    }) {
        lines.drain(at..at + 2);
    }
    lines
}

/// A line of strace, in the form of `--explain`; `None` where it is no call on a socket of ours.
fn made(line: &str, sockets: &mut BTreeSet<String>) -> Option<Call> {
    let (head, tail) = line.rsplit_once(" = ")?;
    let (name, arguments) = head.trim_end().strip_suffix(')')?.split_once('(')?;
    let given = split(arguments);
    let (result, rest) = tail.split_once(' ').unwrap_or((tail, ""));
    let result: i64 = result.parse().ok()?;
    let errno = (result < 0).then(|| rest.to_owned());
    match name {
        "socket" | "accept4" => {
            assert!(arguments.contains("SOCK_CLOEXEC"), "inherited: {line}");
            if result >= 0 {
                sockets.insert(result.to_string());
            }
        }
        "close" if !sockets.remove(&given[0]) => return None,
        "close" => {}
        "poll"
            if !sockets
                .iter()
                .any(|fd| given[0].contains(&format!("{{fd={fd},"))) =>
        {
            return None;
        }
        "poll" | "splice" => {}
        // stdout may be a socket too, but here it never is: the descriptor was inherited to be used.
        _ => drop(sockets.insert(given[0].clone())),
    }
    if matches!(name, "sendto" | "sendmsg" | "sendmmsg") {
        assert!(
            arguments.contains("MSG_NOSIGNAL"),
            "may raise SIGPIPE: {line}"
        );
    }
    let (name, arguments, note) = as_told(name, &given, result);
    Some(Call {
        name: name.to_owned(),
        arguments,
        result,
        errno,
        note: note.filter(|_| result >= 0),
    })
}

/// Name, arguments and note of a call, without what is not told: flags that never change, lengths of addresses.
fn as_told<'a>(
    name: &'a str,
    given: &[String],
    result: i64,
) -> (&'a str, Vec<String>, Option<String>) {
    let fd = given[0].clone();
    let quoted = |bytes: &str| printable(bytes).then(|| bytes.to_owned());
    match name {
        "socket" => (
            name,
            given.iter().map(|word| socket_word(word)).collect(),
            None,
        ),
        "bind" | "connect" => (name, vec![fd, address(&given[1])], None),
        "accept4" => (
            "accept",
            vec![fd],
            Some(format!("[{}]", address(&given[1]))),
        ),
        // strace decodes no name that is shorter than its structure.
        "getsockname" if given[1].contains("AF_PACKET") => (name, vec![fd], None),
        "getsockname" | "getpeername" => {
            (name, vec![fd], Some(format!("[{}]", address(&given[1]))))
        }
        "sendto" if given[4] == "NULL" => ("send", vec![fd, given[2].clone()], None),
        "sendto" => (name, vec![fd, given[2].clone(), address(&given[4])], None),
        "recvfrom" if given[4] == "NULL" => {
            let flag = ["MSG_TRUNC", "MSG_PEEK"];
            let flag = flag.into_iter().find(|flag| given[3].contains(flag));
            let note = quoted(&given[1]).filter(|_| result > 0 && flag != Some("MSG_TRUNC"));
            let mut arguments = vec![fd, given[2].clone()];
            arguments.extend(flag.map(str::to_owned));
            ("recv", arguments, note)
        }
        "recvmsg" if given[2].contains("MSG_ERRQUEUE") => (
            name,
            vec![fd, UNKNOWN.to_owned(), "MSG_ERRQUEUE".to_owned()],
            None,
        ),
        "recvmsg" if result < 0 => (name, vec![fd, UNKNOWN.to_owned()], None),
        "recvmsg" => (name, vec![fd, field(&given[1], "iov_len=")], None),
        "sendmsg" if given[1].contains("SCM_RIGHTS") => {
            let rights = format!("SCM_RIGHTS [{}]", field(&given[1], "cmsg_data=["));
            (name, vec![fd, field(&given[1], "iov_len="), rights], None)
        }
        "sendmsg" => {
            let length = field(&given[1], "iov_len=");
            let to = address(&given[1][given[1].find("msg_name=").unwrap() + 9..]);
            let from = source(&given[1]).unwrap_or_else(|| UNKNOWN.to_owned());
            (name, vec![fd, length, to, from], None)
        }
        "recvmmsg" | "sendmmsg" => (name, vec![fd, given[2].clone()], None),
        "setsockopt" => (
            name,
            vec![fd, level(&given[1]), option(&given[2]), unboxed(&given[3])],
            None,
        ),
        "getsockopt" => {
            let note = format!("[{}]", unboxed(&given[3]));
            (
                name,
                vec![fd, level(&given[1]), option(&given[2])],
                Some(note),
            )
        }
        _ => (name, given.to_vec(), None),
    }
}

fn socket_word(word: &str) -> String {
    // A protocol without a name: `0xfd /* IPPROTO_??? */`.
    let unnamed = word.strip_suffix(" /* IPPROTO_??? */");
    if let Some(number) = unnamed.and_then(|word| word.strip_prefix("0x")) {
        return u8::from_str_radix(number, 16).unwrap().to_string();
    }
    match word {
        // The family's default protocol has a name in strace's tables, and none in the API.
        "IPPROTO_IP" => "0".to_owned(),
        "htons(0 /* ETH_P_??? */)" => "0".to_owned(),
        _ => word.replace("|SOCK_CLOEXEC", ""),
    }
}

fn level(word: &str) -> String {
    for protocol in ["IP", "IPV6", "TCP", "UDP", "ICMP", "ICMPV6", "RAW"] {
        if word == format!("SOL_{protocol}") {
            return format!("IPPROTO_{protocol}");
        }
    }
    word.to_owned()
}

/// The kernel has two forms of each time limit; the API has one.
fn option(word: &str) -> String {
    word.trim_end_matches("_OLD")
        .trim_end_matches("_NEW")
        .to_owned()
}

fn unboxed(value: &str) -> String {
    let inside = value
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    inside.unwrap_or(value).to_owned()
}

fn printable(quoted: &str) -> bool {
    quoted.starts_with('"') && !quoted.contains('\\')
}

/// What stands after `key`, up to the next delimiter.
fn field(text: &str, key: &str) -> String {
    let start = text
        .find(key)
        .unwrap_or_else(|| panic!("no {key} in {text}"))
        + key.len();
    let rest = &text[start..];
    let end = rest.find([',', '}', ')', ']']).unwrap_or(rest.len());
    rest[..end].trim_matches('"').to_owned()
}

/// `{sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}` as `127.0.0.1:80`.
fn address(text: &str) -> String {
    if text.starts_with("{sa_family=AF_INET,") {
        let ip = field(text, "inet_addr(");
        return format!("{ip}:{}", field(text, "sin_port=htons("));
    }
    if text.starts_with("{sa_family=AF_INET6") {
        let ip = field(text, "inet_pton(AF_INET6, ");
        return format!("[{ip}]:{}", field(text, "sin6_port=htons("));
    }
    if text.starts_with("{sa_family=AF_PACKET") {
        return match text.contains("sll_ifindex=0,") {
            true => "any".to_owned(),
            false => field(text, "sll_ifindex=if_nametoindex("),
        };
    }
    match text.split_once("sun_path=@") {
        Some((_, name)) => format!("@{}", name.trim_end_matches('}').trim_matches('"')),
        None if text.contains("sun_path=") => field(text, "sun_path="),
        None => "(unnamed)".to_owned(),
    }
}

/// The source address in a packet information; nothing where this strace does not decode it.
fn source(message: &str) -> Option<String> {
    let key = ["ipi_spec_dst=inet_addr(", "ipi6_addr=inet_pton(AF_INET6, "];
    let key = key.into_iter().find(|key| message.contains(key))?;
    Some(format!("from {}", field(message, key)))
}

/// Split at commas outside of quotes and brackets.
fn split(arguments: &str) -> Vec<String> {
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    let mut words = vec![String::new()];
    for c in arguments.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            '[' | '{' | '(' if !quoted => depth += 1,
            ']' | '}' | ')' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                words.push(String::new());
                continue;
            }
            _ => {}
        }
        words.last_mut().unwrap().push(c);
    }
    words.iter().map(|word| word.trim().to_owned()).collect()
}

#[test]
fn a_lie_is_found_out() {
    let connect = r#"connect(3, {sa_family=AF_INET, sin_port=htons(1), sin_addr=inet_addr("127.0.0.1")}, 16) = -1 ECONNREFUSED (Connection refused)"#;
    let made = made(connect, &mut BTreeSet::from(["3".to_owned()])).unwrap();
    let agrees = |line: &str| told(line).unwrap().agrees(&made);
    assert!(agrees(
        "connect(3, 127.0.0.1:1) = -1 ECONNREFUSED (Connection refused)"
    ));
    for lie in [
        "connect(4, 127.0.0.1:1) = -1 ECONNREFUSED (Connection refused)",
        "connect(3, 127.0.0.1:2) = -1 ECONNREFUSED (Connection refused)",
        "connect(3, 127.0.0.2:1) = -1 ECONNREFUSED (Connection refused)",
        "connect(3, 127.0.0.1:1) = -1 ECONNRESET (Connection reset by peer)",
        "connect(3, 127.0.0.1:1) = 0",
        "bind(3, 127.0.0.1:1) = -1 ECONNREFUSED (Connection refused)",
    ] {
        assert!(!agrees(lie), "{lie}");
    }
}

#[test]
fn lines_that_are_no_calls_are_passed_over() {
    for line in [
        "listening on tcp 127.0.0.1:1",
        "sockkit: connect: refused",
        r#"getaddrinfo("x", "80") = 0"#,
    ] {
        assert_eq!(told(line), None, "{line}");
    }
    let mut sockets = BTreeSet::new();
    for line in [
        "close(3) = 0",
        "+++ exited with 0 +++",
        "--- SIGTERM {si_signo=SIGTERM} ---",
        "poll([{fd=0, events=0}], 1, 0) = 0 (Timeout)",
    ] {
        assert_eq!(made(line, &mut sockets), None, "{line}");
    }
}
