//! CONNECT: the request, and the head of the answer, RFC 9110, section 9.3.6, and RFC 9112.

use httparse::{Response, Status};

use super::answer::Answer;
use super::challenge::Challenge;
use super::{Credentials, Refusal, Taken, Target, Wanted};

/// The longest head that is waited for.
const LIMIT: usize = 16 * 1024;
/// The most field lines that a head may have.
const FIELDS: usize = 100;
/// How much of the proxy's words is shown.
const WORDS: usize = 200;

/// A request that was made.
#[derive(Clone, Debug)]
pub(super) struct HttpConnect {
    head: Vec<u8>,
    /// Whether the line that is being read has been empty so far.
    is_empty_line: bool,
    is_done: bool,
    /// Whether a challenge can be answered.
    may_answer: bool,
    has_answered: bool,
}

impl HttpConnect {
    /// The request for `target`, with the answer to an earlier challenge.
    pub(super) fn new(
        target: &Target,
        credentials: Option<&Credentials>,
        answer: Option<&Answer>,
    ) -> Result<(Self, Vec<u8>), &'static str> {
        let authority = authority(target)?;
        let mut request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n");
        if let (Some(credentials), Some(answer)) = (credentials, answer) {
            let value = answer.value(credentials, "CONNECT", &authority);
            request += &format!("Proxy-Authorization: {value}\r\n");
        }
        request += "\r\n";
        let http = Self {
            head: Vec::new(),
            is_empty_line: true,
            is_done: false,
            may_answer: credentials.is_some(),
            has_answered: answer.is_some(),
        };
        Ok((http, request.into_bytes()))
    }

    pub(super) fn wants(&self) -> Wanted {
        match self.is_done {
            true => Wanted::Nothing,
            false => Wanted::UpTo(LIMIT - self.head.len()),
        }
    }

    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<Taken, Refusal> {
        let mut count = 0;
        for byte in bytes {
            if self.is_done {
                break;
            }
            count += 1;
            self.head.push(*byte);
            if self.ends_with(*byte) {
                self.judge()?;
            } else if self.head.len() >= LIMIT {
                return Err(Refusal::Nonsense("its head is longer than 16 KiB"));
            } else if !b"HTTP/1."
                .iter()
                .zip(&self.head)
                .all(|(wanted, byte)| wanted == byte)
            {
                return Err(Refusal::Nonsense("this is no HTTP/1"));
            }
        }
        Ok(Taken::in_silence(count))
    }

    /// Whether this byte ends the empty line that ends a head.
    fn ends_with(&mut self, byte: u8) -> bool {
        match byte {
            b'\n' if self.is_empty_line => return true,
            b'\n' => self.is_empty_line = true,
            b'\r' => {}
            _ => self.is_empty_line = false,
        }
        false
    }

    /// A whole head: an interim one is passed over (RFC 9110, section 15.2).
    fn judge(&mut self) -> Result<(), Refusal> {
        let head = std::mem::take(&mut self.head);
        self.is_empty_line = true;
        let mut fields = [httparse::EMPTY_HEADER; FIELDS];
        let mut response = Response::new(&mut fields);
        let nonsense = Refusal::Nonsense("this is no head of an HTTP response");
        match response.parse(&head) {
            Ok(Status::Complete(length)) if length == head.len() => {}
            _ => return Err(nonsense),
        }
        let code = response.code.unwrap_or_default();
        match code {
            101 => Err(nonsense),
            100..=199 => Ok(()),
            200..=299 => {
                self.is_done = true;
                Ok(())
            }
            407 => Err(self.unknown(&response)),
            _ => Err(Refusal::Said {
                words: words(&response),
                // Its own troubles and its targets' pass; what it forbids stays forbidden.
                is_temporary: matches!(code, 408 | 429 | 500 | 502 | 503 | 504),
            }),
        }
    }

    fn unknown(&self, response: &Response<'_, '_>) -> Refusal {
        let fields = response.headers.iter();
        let asked = fields.filter(|field| field.name.eq_ignore_ascii_case("proxy-authenticate"));
        let challenges: Vec<Challenge> = asked
            .flat_map(|field| Challenge::parse(field.value))
            .collect();
        let is_stale = challenges.iter().any(Challenge::is_stale);
        match self.may_answer && (!self.has_answered || is_stale) {
            true => Refusal::Challenged(challenges),
            false => Refusal::Unknown(words(response)),
        }
    }
}

/// The form of a request target that CONNECT takes, RFC 9112, section 3.2.3.
fn authority(target: &Target) -> Result<String, &'static str> {
    let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '/' | '?' | '#' | '@' | ':');
    match target {
        Target::Name(name, _) if name.len() > 255 || !name.chars().all(is_plain) => {
            Err("HTTP takes names of at most 255 bytes, written in ASCII")
        }
        _ => Ok(target.to_string()),
    }
}

/// `403 Forbidden`: the status and the reason that the proxy gives.
fn words(response: &Response<'_, '_>) -> String {
    let reason = response.reason.unwrap_or_default();
    let reason: String = reason.chars().take(WORDS).collect();
    let code = response.code.unwrap_or_default();
    format!("{code} {reason}").trim_end().to_owned()
}
