//! What happened, told to whoever wants it: people on stderr, programs on stdout.

use std::fmt::Display;
use std::sync::Arc;
use std::time::SystemTime;

use serde::Serialize;

use super::palette::{PaintedCall, Palette};
use super::talk::Talk;
use crate::engine::{Outlet, StdoutError};
use crate::net::{Explain, Told};

/// Something that happened. Its `Display` is the human face, its `Serialize` (a map) the rest of the JSON line.
pub trait Event: Display + Serialize {
    /// The word in `"event"`.
    const NAME: &'static str;
    /// Where the human face is shown.
    const FACE: Face = Face::Talk;
}

/// Where an event's human face is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// On stdout: it is what was asked for.
    Data,
    /// On stderr, unless `-q`.
    Talk,
    /// On stderr, with `-v`.
    Detail,
    /// Nowhere: only the JSON line exists.
    Unseen,
}

/// How a run speaks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// `--json`: events are JSON lines on stdout.
    pub json: bool,
    /// `-q`: no talk.
    pub quiet: bool,
    /// Whether a line that makes no sense is said to be so in spite of `-q`, which people bring along as another flag.
    pub usage: bool,
    /// Whether the terminal has no cursor that moves: TERM=dumb.
    pub dumb: bool,
    /// `-v`: details too.
    pub verbose: bool,
    /// `--color`: the colours of stderr.
    pub palette: Palette,
}

/// The one place through which events leave.
#[derive(Clone, Debug)]
pub struct Output {
    outlet: Arc<Outlet>,
    talk: Arc<Talk>,
    style: Style,
    clock: fn() -> SystemTime,
}

impl Output {
    /// Events go to `outlet` as JSON and to stderr for people; `clock` dates them.
    pub fn new(outlet: Outlet, style: Style, clock: fn() -> SystemTime) -> Self {
        Self {
            outlet: Arc::new(outlet),
            talk: Arc::default(),
            style,
            clock,
        }
    }

    /// stdout itself, for payload.
    pub fn outlet(&self) -> &Arc<Outlet> {
        &self.outlet
    }

    /// The time, by the clock that dates events.
    pub fn now(&self) -> SystemTime {
        (self.clock)()
    }

    /// How this run speaks. Payload has two forms as well: raw bytes, or events.
    pub fn style(&self) -> Style {
        self.style
    }

    /// Tell an event, waiting for stdout's reader where it is slow.
    pub fn tell<E: Event>(&self, event: &E) -> Result<(), StdoutError> {
        match self.line(event) {
            Some(line) => self.outlet.write(line.as_bytes()),
            None => Ok(()),
        }
    }

    /// Tell an event from within a loop, which must not wait: what stdout does not take now stays with the outlet.
    pub fn offer<E: Event>(&self, event: &E) -> Result<(), StdoutError> {
        match self.line(event) {
            Some(line) => self.outlet.offer(line.as_bytes()).map(drop),
            None => Ok(()),
        }
    }

    /// Tell an event, but leave to the caller what is for stdout: it is added to `text`.
    pub fn gather<E: Event>(&self, event: &E, text: &mut Vec<u8>) {
        if let Some(line) = self.line(event) {
            text.extend_from_slice(line.as_bytes());
        }
    }

    /// Add an event's JSON line to `text`, however this run speaks.
    pub fn gather_json<E: Event>(&self, event: &E, text: &mut Vec<u8>) {
        text.extend_from_slice(json_line(event, (self.clock)()).as_bytes());
    }

    /// The event's line for stdout; talk goes to stderr at once and leaves none.
    fn line<E: Event>(&self, event: &E) -> Option<String> {
        if self.style.json {
            return Some(json_line(event, (self.clock)()));
        }
        match E::FACE {
            Face::Data => return Some(format!("{event}\n")),
            Face::Talk if !self.style.quiet => self.say(event),
            Face::Detail if self.style.verbose && !self.style.quiet => self.say(event),
            _ => {}
        }
        None
    }

    /// One line on stderr, which nobody is waited for to read.
    pub(super) fn say(&self, line: impl Display) {
        self.talk.say(line);
    }

    /// Pass on to stderr what is no talk, as far as it takes it now: how much.
    pub fn pass_to_stderr(&self, bytes: &[u8]) -> std::io::Result<usize> {
        Ok(self.talk.pass(bytes)?)
    }

    /// In the end, what stderr has not taken yet is offered once more, for a moment.
    pub fn end(&self) {
        self.talk.end();
    }

    /// The narrator for `--explain`: silent unless `on`.
    pub fn narrator(&self, on: bool) -> Explain {
        if !on {
            return Explain::default();
        }
        let output = self.clone();
        Explain::to(move |told| {
            // Nobody can be told that the telling failed; the next event of the run will meet the same error.
            if output.style.json {
                let _ = output.offer(&Call::from(told));
            } else {
                output.say(PaintedCall(told, output.style.palette));
            }
        })
    }
}

fn json_line<E: Event>(event: &E, at: SystemTime) -> String {
    #[derive(Serialize)]
    struct Line<'a, E> {
        event: &'static str,
        ts: String,
        #[serde(flatten)]
        fields: &'a E,
    }
    let ts = humantime::format_rfc3339_micros(at).to_string();
    let line = serde_json::to_string(&Line {
        event: E::NAME,
        ts,
        fields: event,
    });
    // An event is a map of strings and numbers: serde_json cannot refuse it.
    line.unwrap_or_default() + "\n"
}

/// A call of `--explain` as an event.
#[derive(Serialize)]
struct Call<'a> {
    call: &'a str,
    arguments: &'a str,
    result: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    errno: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
    #[serde(skip)]
    told: &'a Told<'a>,
}

impl Event for Call<'_> {
    const NAME: &'static str = "call";
}

impl<'a> From<&'a Told<'a>> for Call<'a> {
    fn from(told: &'a Told<'a>) -> Self {
        let (result, errno) = match &told.result {
            Ok(number) => (*number, None),
            Err(refusal) => (refusal.number, Some(refusal.symbol)),
        };
        Self {
            call: told.call,
            arguments: &told.arguments,
            result,
            errno,
            note: told.note.as_deref(),
            told,
        }
    }
}

impl Display for Call<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.told.fmt(f)
    }
}
