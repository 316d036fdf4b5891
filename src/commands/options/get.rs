//! `sockkit options get`: what options are on a socket.

use std::fmt;

use clap::Args;
use serde::Serialize;

use super::subject::Subject;
use super::{About, is_missing, refused, worse};
use crate::commands::Desk;
use crate::net::sockopt::{Access, Record, Sockets, Target, Value, options};
use crate::net::{CallError, Socket};
use crate::output::{Event, Exit, Face, Harmless};

/// Read options of a fresh socket, or of an inherited one
///
/// Exit status: 1 where the kernel or the socket has no such option, 2 for any other refusal.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Get {
    /// The options, by name or as LEVEL:NUM, LEVEL:NUM:int, LEVEL:NUM:hex; all that the socket has if left out
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    #[command(flatten)]
    subject: Subject,
}

const EXAMPLES: &str = "\
Examples:
  sockkit options get SO_RCVBUF nodelay   of a fresh TCP socket
  sockkit options get --type dgram        every option of a fresh UDP socket
  sockkit options get TCP_INFO --fd 0     of the connection on stdin
  sockkit options get SOL_SOCKET:8        by numbers";

/// An option's value.
#[derive(Serialize)]
struct Reading<'a> {
    #[serde(flatten)]
    about: About,
    value: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    symbol: Option<String>,
    #[serde(skip)]
    target: &'a Target,
    #[serde(skip)]
    width: usize,
}

impl Get {
    pub(super) fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        let targets: Vec<Target> = self
            .names
            .iter()
            .map(|name| Target::parse(name))
            .collect::<Result<_, _>>()?;
        let socket = self.subject.open(&targets, desk)?;
        if targets.is_empty() {
            return all(&socket, desk);
        }
        let width = width(&targets);
        let mut exit = Exit::Done;
        for target in &targets {
            match target.read(&socket) {
                Ok(value) => desk.output.tell(&Reading::of(target, &value, width))?,
                Err(error) => exit = worse(exit, refused(error, &desk.output)),
            }
        }
        Ok(exit)
    }
}

/// Whatever the socket answers to. What reading takes away stays for the one whose socket it is.
fn all(socket: &Socket, desk: &Desk) -> anyhow::Result<Exit> {
    let kind = kind(socket)?;
    let readable = options()
        .filter(|option| option.access.reads() && option.access != Access::Take)
        .filter(|option| kind.is_none_or(|kind| option.sockets.holds(kind)));
    let targets: Vec<Target> = readable.map(Target::from).collect();
    let width = width(&targets);
    for target in &targets {
        match target.read(socket) {
            Ok(value) => desk.output.tell(&Reading::of(target, &value, width))?,
            Err(error) if is_missing(&error) || error.errno() == libc::ENOTCONN => {}
            Err(error) => return Ok(refused(error, &desk.output)),
        }
    }
    Ok(Exit::Done)
}

/// The kind of socket whose rows apply; `None` where only trying tells, as with Multipath TCP, which has some of many.
fn kind(socket: &Socket) -> Result<Option<Sockets>, CallError> {
    let (family, kind, protocol) = (socket.family()?, socket.kind()?, socket.protocol()?);
    let set = family.zip(kind);
    Ok(set
        .and_then(|(family, kind)| Sockets::of(family, kind, protocol))
        .filter(|set| *set != Sockets::MPTCP && *set != Sockets::UDPLITE))
}

/// The width of the longest name.
pub(super) fn width<'a>(targets: impl IntoIterator<Item = &'a Target>) -> usize {
    let names = targets.into_iter().map(|target| target.to_string().len());
    names.max().unwrap_or(0)
}

impl<'a> Reading<'a> {
    fn of(target: &'a Target, value: &'a Value, width: usize) -> Self {
        Self {
            about: About::of(target),
            value,
            symbol: value.symbol(&target.form),
            target,
            width,
        }
    }
}

impl Event for Reading<'_> {
    const NAME: &'static str = "option";
    const FACE: Face = Face::Data;
}

impl fmt::Display for Reading<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Value::Record(record) = self.value {
            write!(f, "{}", self.target)?;
            return fields(record, f);
        }
        let (name, width) = (self.target.to_string(), self.width);
        let value = self.value.show(&self.target.form);
        let line = format!("{name:width$}  {}", Harmless(&value));
        f.write_str(line.trim_end())
    }
}

/// One field a line.
fn fields(record: &Record, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let names = record.fields.iter().map(|field| field.name.len());
    let width = names.max().unwrap_or(0);
    record.fields.iter().try_for_each(|field| {
        let line = format!("  {:width$}  {} {}", field.name, field.content, field.unit);
        write!(f, "\n{}", line.trim_end())
    })
}
