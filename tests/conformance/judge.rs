//! A table against a server: every case sent in three cuts, every answer judged.

use std::fmt::Write;
use std::path::Path;

use crate::case::{Case, Check, Ending, Table, Wanted};
use crate::client::{Cut, End, exchange, fetch};
use crate::kit::{Running, Sign, Start, sockkit};
use crate::reader::{Response, responses};
use crate::rules;
use crate::tree::Tree;

/// The request behind the case, which a connection that goes on answers.
const PROBE: &str =
    "GET /probe HTTP/1.1\r\nHost: probe\r\nAuthorization: Basic eDp5\r\nConnection: close\r\n\r\n";
/// What stands for the number of the cut.
const CUT: &[u8] = b"{cut}";
/// What it is answered with where there are files.
pub(crate) const PROBED: &[u8] = b"the probe\n";

/// Run the cases of a table against a server of their own.
pub(crate) fn run(table: &str) {
    run_by(table, sockkit(["http", "-q", "--port", "0"]));
}

/// Run them against one that is started like this.
pub(crate) fn run_by(table: &str, server: Start) {
    let served = Served::new(table, server);
    judge(&served.table.cases, served.port, served.tree.root());
    survives(served.server);
}

/// Have `each` look at what is sent for each case of a table, whole, and at what is answered.
pub(crate) fn heard(table: &str, mut each: impl FnMut(&[u8], &[Response])) {
    let served = Served::new(table, sockkit(["http", "-q", "--port", "0"]));
    for case in &served.table.cases {
        let bytes = numbered(&case.bytes, 0);
        let heads: Vec<bool> = finals(case).map(|answer| answer.is_head).collect();
        let (heard, _) = exchange(served.port, &bytes, true, Cut::Whole);
        let read = responses(&heard, &heads).unwrap_or_else(|why| panic!("{}: {why}", case.name));
        each(&bytes, &read);
    }
    survives(served.server);
}

/// A table, and the server that it is for.
struct Served {
    table: Table,
    tree: Tree,
    server: Running,
    port: u16,
}

impl Served {
    fn new(table: &str, server: Start) -> Self {
        let tree = Tree::new();
        let flags = Table::parse(table, "\"\"").flags;
        let flags: Vec<String> = flags.iter().map(|flag| tree.named(flag)).collect();
        let has_files = !flags.iter().any(|flag| flag.starts_with("--text"));
        let server = server.args(flags);
        let (server, port) = match has_files {
            true => tree.serve(server),
            false => listening(server),
        };
        let etag = fetch(port, "/ten", "");
        let etag = etag.field("etag").unwrap_or("\"none\"").to_owned();
        let table = Table::parse(table, &etag);
        Self {
            table,
            tree,
            server,
            port,
        }
    }
}

fn listening(server: Start) -> (Running, u16) {
    let mut sign = Sign::new();
    let server = server.args(sign.flags()).under(&sign.script("")).start();
    (server, sign.port())
}

fn judge(cases: &[Case], port: u16, root: &Path) {
    let mut report = String::new();
    let mut failed = 0;
    for case in cases {
        let mistakes = mistakes(case, port, root);
        failed += usize::from(!mistakes.is_empty());
        for mistake in mistakes {
            writeln!(report, "{} ({}): {mistake}", case.name, case.source).unwrap();
        }
    }
    assert!(failed == 0, "{failed} of {} cases:\n{report}", cases.len());
}

fn survives(mut server: Running) {
    assert!(server.is_running(), "the server has ended");
}

/// What is wrong with the answers to a case.
fn mistakes(case: &Case, port: u16, root: &Path) -> Vec<String> {
    let ends = case.ending == Ending::Fin;
    let probe = if ends { "" } else { PROBE };
    let is_once = contains(&case.bytes, CUT);
    let mut first: Option<Vec<Response>> = None;
    for (number, cut) in cuts(case).into_iter().enumerate() {
        let bytes = match is_once {
            true => [numbered(&case.bytes, number), probe.into()].concat(),
            false => [&case.bytes, probe.as_bytes()].concat(),
        };
        let (heard, end) = exchange(port, &bytes, ends, cut);
        let heads: Vec<bool> = finals(case).map(|answer| answer.is_head).collect();
        let read = match responses(&heard, &heads) {
            Ok(read) => read,
            Err(why) => return vec![format!("{cut:?}: {why}")],
        };
        let mut wrong = wrong_end(case, &read, end, cut);
        wrong.extend(wrong_answers(case, &read, root));
        let same = first.get_or_insert_with(|| read.clone());
        let is_same = match is_once {
            true => read.iter().map(essence).eq(same.iter().map(essence)),
            false => read.iter().map(timeless).eq(same.iter().map(timeless)),
        };
        if !is_same {
            wrong.push("another answer than to the whole".to_owned());
        }
        wrong.dedup();
        if !wrong.is_empty() {
            let heard = heard[..heard.len().min(600)].escape_ascii();
            wrong.push(format!("heard {heard}"));
            let wrong = wrong.iter().map(|wrong| format!("{cut:?}: {wrong}"));
            return wrong.collect();
        }
    }
    Vec::new()
}

/// Three seeds would find no more than one does: the cuts differ from case to case.
fn cuts(case: &Case) -> [Cut; 3] {
    let seed = case.name.bytes().fold(1, |seed: u64, byte| {
        seed.wrapping_mul(0x100_0000_01b3) ^ u64::from(byte)
    });
    [Cut::Whole, Cut::Bytes, Cut::Random(seed | 1)]
}

fn finals(case: &Case) -> impl Iterator<Item = &crate::case::Expected> {
    let answers = case.answers.iter();
    answers.filter(|answer| answer.statuses.iter().all(|status| *status >= 200))
}

fn wrong_end(case: &Case, read: &[Response], end: End, cut: Cut) -> Vec<String> {
    let mut wrong = Vec::new();
    let count = case.answers.len();
    let last = read.get(count - 1);
    let says_close = last.is_some_and(Response::says_close);
    let goes_on = match case.ending {
        Ending::Open => true,
        Ending::Close | Ending::End | Ending::Fin => false,
        Ending::Either => !says_close,
    };
    // Who asked for the end and goes on sending may be met by a reset, RFC 9112, section 9.6; who was refused may not.
    let may_reset = case.ending == Ending::End && cut != Cut::Whole;
    if end != End::Closed && !(end == End::Reset && may_reset) {
        wrong.push(format!("the end is {end:?}"));
    }
    let probed = read.get(count);
    let probed = probed.is_some_and(|next| next.status == 200 && next.says_close());
    if goes_on && (!probed || read.len() != count + 1 || says_close) {
        wrong.push("the connection does not go on".to_owned());
    }
    if !goes_on && read.len() != count {
        wrong.push(format!("{} answers instead of {count}", read.len()));
    }
    if matches!(case.ending, Ending::Close | Ending::End) && !says_close {
        wrong.push("no Connection: close in the last answer".to_owned());
    }
    wrong
}

fn wrong_answers(case: &Case, read: &[Response], root: &Path) -> Vec<String> {
    let mut wrong: Vec<String> = read.iter().flat_map(rules::broken).collect();
    for (at, expected) in case.answers.iter().enumerate() {
        let Some(response) = read.get(at) else {
            wrong.push(format!("no answer {}", at + 1));
            continue;
        };
        let (status, wanted) = (response.status, &expected.statuses);
        if !wanted.contains(&status) {
            wrong.push(format!("{status} instead of {wanted:?}"));
        }
        let failed = expected
            .checks
            .iter()
            .filter(|check| !holds(check, response, root));
        wrong.extend(failed.map(|check| format!("{status}: not {check:?}")));
        let secret = response.body.windows(6).any(|part| part == b"secret");
        if secret {
            wrong.push("the secret".to_owned());
        }
    }
    wrong
}

fn holds(check: &Check, response: &Response, root: &Path) -> bool {
    let file = |name: &str| std::fs::read(root.join(name)).unwrap();
    match check {
        Check::Field(name, Wanted::Absent) => response.field(name).is_none(),
        Check::Field(name, Wanted::Lacks(part)) => {
            let mut all = response.all(name);
            all.all(|value| !contains(value.as_bytes(), part))
        }
        Check::Field(name, wanted) => {
            let mut all = response.all(name);
            all.any(|value| fits(wanted, value.as_bytes()))
        }
        Check::Body(wanted) => fits(wanted, &response.body),
        Check::File(name, None) => response.body == file(name),
        Check::File(name, Some((first, last))) => response.body == file(name)[*first..=*last],
        Check::Parts(name, ranges) => parts(response, &file(name), ranges).is_some(),
    }
}

fn fits(wanted: &Wanted, value: &[u8]) -> bool {
    match wanted {
        Wanted::Is(exactly) => value == exactly,
        Wanted::Has(part) => contains(value, part),
        Wanted::Lacks(part) => !contains(value, part),
        Wanted::Present => true,
        Wanted::Absent => false,
    }
}

fn contains(value: &[u8], part: &[u8]) -> bool {
    value.windows(part.len()).any(|window| window == part)
}

/// RFC 9110, section 14.6: each range in a part with its own Content-Range and type, and nothing else.
fn parts(response: &Response, file: &[u8], ranges: &[(usize, usize)]) -> Option<()> {
    let kind = response.field("content-type")?;
    let boundary = kind.strip_prefix("multipart/byteranges; boundary=")?;
    let boundary = boundary.trim_matches('"');
    let mut rest = response.body.as_slice();
    for (number, (first, last)) in ranges.iter().enumerate() {
        // The CRLF in front of the first delimiter may be left out, RFC 2046, section 5.1.1.
        rest = match rest.strip_prefix(b"\r\n") {
            None if number > 0 => return None,
            behind => behind.unwrap_or(rest),
        };
        rest = rest.strip_prefix(format!("--{boundary}\r\n").as_bytes())?;
        let end = rest.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&rest[..end]).ok()?.to_ascii_lowercase();
        let range = format!("content-range: bytes {first}-{last}/{}", file.len());
        let has_type = head.lines().any(|line| line.starts_with("content-type: "));
        if !head.lines().any(|line| line == range) || !has_type {
            return None;
        }
        rest = rest[end + 4..].strip_prefix(&file[*first..=*last])?;
    }
    let end = format!("\r\n--{boundary}--");
    let rest = rest.strip_prefix(end.as_bytes())?;
    matches!(rest, b"" | b"\r\n").then_some(())
}

/// The bytes of a case that cannot be sent twice, because it leaves something behind.
fn numbered(bytes: &[u8], number: usize) -> Vec<u8> {
    let mut rest = bytes;
    let mut numbered = Vec::new();
    while let Some(at) = rest.windows(CUT.len()).position(|part| part == CUT) {
        numbered.extend_from_slice(&rest[..at]);
        numbered.extend_from_slice(number.to_string().as_bytes());
        rest = &rest[at + CUT.len()..];
    }
    [&numbered, rest].concat()
}

/// What is the same though it is about another file.
fn essence(response: &Response) -> (u16, usize) {
    (response.status, response.fields.len())
}

/// A response without what changes from second to second and from one to the next: the clock, in Last-Modified too where
/// a file is dated later than now, and the boundary of parts.
fn timeless(response: &Response) -> Response {
    let mut response = response.clone();
    let kind = response.field("content-type").unwrap_or_default();
    if kind.contains("boundary=") {
        response
            .fields
            .retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
        response.body.clear();
    }
    response.fields.retain(|(_, value)| !rules::is_now(value));
    response
}
