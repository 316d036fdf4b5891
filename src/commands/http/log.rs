//! The access log: which form it has, and the observer that writes it.

use std::fmt::Write;
use std::io::{self, IsTerminal};
use std::mem;
use std::time::{Duration, Instant, SystemTime};

use clap::{Args, ValueEnum};

use crate::engine::StdoutError;
use crate::http::{Credentials, Log, LogEntry, LogFormat, LogLine, Name, Request, Status, Version};
use crate::net::Address;
use crate::output::{Output, Warning};
use crate::server::{Crowded, Happening, Observer, called, has_name};

use super::printer::{Printer, TurnedAway};

/// How many bytes may wait for stdout's reader before requests are left out.
pub(super) const UNREAD: usize = 4 << 20;

/// How long a line may wait for others, where nobody watches them come: a write costs as much as some of what it tells of.
const PATIENCE: Duration = Duration::from_millis(100);
/// How many bytes of lines are written without waiting for more.
const ENOUGH: usize = 32 << 10;

/// How requests are printed.
#[derive(Args, Debug)]
#[command(next_help_heading = "Access log")]
pub(super) struct LogArgs {
    /// How requests are printed on stdout [default: head, of files common, with -q off]
    #[arg(long, value_name = "FORM")]
    log: Option<Form>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// The head of each request as it came
    Head,
    /// Common Log Format, the date in UTC, and behind it the seconds that the answer took
    Common,
    /// Combined Log Format: with referer and user agent before the seconds
    Combined,
    /// An object a line, with ts, peer, method, target, version, host, status, sent, duration_ms
    Json,
    /// Nothing
    Off,
}

impl LogArgs {
    /// The form that was asked for, or is usual. An event is JSON: with `--json` there are no other lines.
    fn form(&self, has_files: bool, output: &Output) -> Form {
        let style = output.style();
        let usual = match has_files {
            _ if style.quiet && !style.json => Form::Off,
            true => Form::Common,
            false => Form::Head,
        };
        match self.log.unwrap_or(usual) {
            Form::Common | Form::Combined if style.json => Form::Json,
            form => form,
        }
    }

    /// Whether anything is printed on stdout.
    pub(super) fn is_on(&self, has_files: bool, output: &Output) -> bool {
        output.style().json || self.form(has_files, output) != Form::Off
    }

    /// Who writes it, for one worker.
    pub(super) fn observer(
        &self,
        has_files: bool,
        is_guarded: bool,
        output: &Output,
    ) -> Box<dyn Observer> {
        let output = output.clone();
        let format = match self.form(has_files, &output) {
            Form::Head => return Box::new(Printer::new(output, true, is_guarded)),
            Form::Off => return Box::new(Printer::new(output, false, is_guarded)),
            Form::Common => LogFormat::Common,
            Form::Combined => LogFormat::Combined,
            Form::Json => LogFormat::Json,
        };
        Box::new(Logger {
            output,
            log: Log::new(format),
            is_guarded,
            now: None,
            peer: None,
            text: String::new(),
            left_out: LeftOut::default(),
            patience: match io::stdout().is_terminal() {
                true => Duration::ZERO,
                false => PATIENCE,
            },
            held: None,
        })
    }
}

/// The access log of one worker: lines are gathered and leave in one write.
struct Logger {
    output: Output,
    log: Log,
    /// Whether who is answered has said who it is.
    is_guarded: bool,
    /// The time of this turn, once it was asked for.
    now: Option<SystemTime>,
    /// Whose text `text` is: one client asks many times.
    peer: Option<Address>,
    text: String,
    left_out: LeftOut,
    /// How long a line may wait for others.
    patience: Duration,
    /// Until when those that are there wait.
    held: Option<Instant>,
}

impl Observer for Logger {
    fn notice(&mut self, happening: &Happening<'_>) -> Result<(), StdoutError> {
        let Happening::Finished {
            peer,
            head,
            request,
            status,
            sent,
            since,
        } = happening
        else {
            return warn(happening, &self.output);
        };
        if self.peer.as_ref() != Some(*peer) {
            self.text.clear();
            let shown = (*peer).clone().unmapped();
            // Writing to memory does not fail.
            let _ = write!(self.text, "{shown}");
            self.peer = Some((*peer).clone());
        }
        let request = request.as_ref();
        let is_known = self.is_guarded && *status != Status::UNAUTHORIZED;
        let authorization = request.filter(|_| is_known);
        let authorization = authorization.and_then(|request| request.value(Name::Authorization));
        let credentials = authorization.and_then(Credentials::parse);
        let now = Instant::now();
        let entry = LogEntry {
            peer: has_name(peer).then_some(&*self.text),
            client: client(peer, &self.text),
            user: credentials.as_ref().map(|known| known.user.as_slice()),
            line: request.map_or(LogLine::Refused(head), |request| asked(request)),
            status: status.0,
            sent: *sent,
            duration: now.saturating_duration_since(*since),
            host: request.and_then(|request| request.value(Name::Host)),
            referer: request.and_then(|request| request.value(Name::Referer)),
            user_agent: request.and_then(|request| request.value(Name::UserAgent)),
        };
        let output = &self.output;
        let date = *self.now.get_or_insert_with(|| output.now());
        self.log.add(&entry, date);
        self.hold(now);
        Ok(())
    }

    fn turn_ends(&mut self) -> Result<bool, StdoutError> {
        self.now = None;
        let is_due = |until| self.log.lines().len() >= ENOUGH || Instant::now() >= until;
        match self.held {
            None => Ok(self.output.outlet().is_clear()),
            Some(until) if is_due(until) => self.write(),
            Some(_) => Ok(true),
        }
    }

    fn wakes(&self) -> Option<Instant> {
        self.held
    }

    fn ends(&mut self) -> Result<(), StdoutError> {
        self.write()?;
        self.left_out.end(&self.output)
    }
}

impl Logger {
    /// Write the lines; `false` while stdout has not taken all of them. A reader that has stopped reading costs it some
    /// lines, but neither the server its memory nor clients their answers.
    fn write(&mut self) -> Result<bool, StdoutError> {
        self.held = None;
        let outlet = self.output.outlet();
        let lines = self.log.lines();
        let is_stuck = outlet.backlog() > UNREAD;
        let is_clear = match is_stuck {
            true => {
                let count = lines.iter().filter(|byte| **byte == b'\n').count();
                self.left_out.take(count as u64, &self.output)?;
                false
            }
            false => {
                self.left_out.end(&self.output)?;
                outlet.offer(lines)?
            }
        };
        self.log.clear();
        Ok(is_clear)
    }

    /// A line is there: from when on it is to be written.
    fn hold(&mut self, now: Instant) {
        self.held.get_or_insert(now + self.patience);
    }
}

fn asked<'a>(request: &Request<'a>) -> LogLine<'a> {
    LogLine::Asked {
        method: request.method_word,
        target: request.target_word,
        version: match request.version {
            Version::Http10 => "HTTP/1.0",
            Version::Http11 => "HTTP/1.1",
        },
    }
}

/// The peer without its port; a local socket has neither name nor port, and is called as nginx does.
fn client<'a>(peer: &Address, text: &'a str) -> &'a str {
    match (peer, text.rsplit_once(':')) {
        (Address::Inet(_), Some((host, _))) => host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host),
        _ => "unix:",
    }
}

/// What goes wrong besides requests.
pub(super) fn warn(happening: &Happening<'_>, output: &Output) -> Result<(), StdoutError> {
    let message = match happening {
        Happening::Exhausted(error) => format!("{error}: new clients are turned away, or wait"),
        Happening::Crowded(Crowded::Full) => {
            "as many connections as --max-conns, or the limit on descriptors, allows: new clients are turned away".to_owned()
        }
        Happening::Crowded(Crowded::Address) => {
            "an address has as many connections as --max-conns-per-address allows: more are turned away"
                .to_owned()
        }
        Happening::TurnedAway { peer, why } => return output.offer(&TurnedAway { peer: called(peer), reason: why }),
        Happening::Detail(said) if output.style().verbose => (*said).to_owned(),
        Happening::News(said) => (*said).to_owned(),
        Happening::Detail(_) | Happening::Dropped { .. } | Happening::Answered { .. } | Happening::Finished { .. } => return Ok(()),
    };
    output.offer(&Warning { message })
}

/// The requests that stdout's reader misses: that it does is said at once, how many they were when it is over.
#[derive(Debug, Default)]
pub(super) struct LeftOut(u64);

impl LeftOut {
    /// So many more.
    pub(super) fn take(&mut self, count: u64, output: &Output) -> Result<(), StdoutError> {
        let before = self.0;
        self.0 += count;
        match before {
            0 => output.offer(&Warning {
                message: "stdout is not being read: requests are left out".to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// The next one is not left out, or there is none.
    pub(super) fn end(&mut self, output: &Output) -> Result<(), StdoutError> {
        match mem::take(&mut self.0) {
            0 => Ok(()),
            count => output.offer(&Warning {
                message: format!("stdout was not being read: {count} requests were left out"),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::UnixName;

    #[test]
    fn a_client_is_an_address_without_its_port() {
        for (peer, expected) in [
            ("192.0.2.1:4711", "192.0.2.1"),
            ("[2001:db8::1]:80", "2001:db8::1"),
            ("[::ffff:192.0.2.1]:80", "192.0.2.1"),
        ] {
            let peer = Address::Inet(peer.parse().unwrap());
            assert_eq!(client(&peer, &called(&peer).unwrap()), expected);
        }
        let local = Address::Unix(UnixName::Unnamed);
        assert_eq!(client(&local, ""), "unix:");
    }
}
