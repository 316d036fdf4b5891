//! `sockkit unix send`.

use std::ffi::OsString;
use std::time::{Duration, Instant};

use clap::{Args, value_parser};

use super::rights::{ALONE, hand_over};
use super::target::{Target, TargetArgs, Type, connect};
use crate::args::{FramingArgs, Rate, SocketArgs, TimingArgs, ViewArgs, count, rate};
use crate::commands::Desk;
use crate::commands::datagram::{Outgoing, Tempo};
use crate::engine::{Delivery, LoopError, deliver};
use crate::net::{Shutdown, Socket, inherit_descriptor};
use crate::output::{Exit, Sent, Usage};

/// Send to a local socket and end: each DATA is a datagram or record, or stdin is
#[derive(Args, Debug)]
#[command(name = "send", after_help = SEND_EXAMPLES)]
pub(super) struct SendTo {
    /// /path, ./path, @name or fd:N
    path: OsString,
    /// What to send; none of it reads stdin
    data: Vec<OsString>,
    /// The socket's type
    #[arg(long = "type", value_enum, value_name = "TYPE", default_value_t = Type::Dgram)]
    kind: Type,
    /// Send N datagrams or records: DATA over and over, or the first N of stdin
    #[arg(short, long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    count: Option<u64>,
    /// Send N datagrams or records a second at most; 0.5 is one in two seconds
    #[arg(long, value_name = "N", value_parser = rate, allow_negative_numbers = true)]
    rate: Option<Rate>,
    /// In the end send an empty datagram or record: some take it for the end
    #[arg(long)]
    send_empty: bool,
    #[command(flatten)]
    framing: FramingArgs,
    /// Take DATA, or stdin, as hex digits; white space is ignored
    #[arg(long)]
    from_hex: bool,
    /// Hand the inherited descriptor N over with the first of it (SCM_RIGHTS), or with one NUL byte where there is none
    #[arg(long, value_name = "N", value_parser = value_parser!(i32).range(0..))]
    send_fd: Option<i32>,
    #[command(flatten)]
    socket: SocketArgs,
    #[command(flatten)]
    timing: TimingArgs,
}

const SEND_EXAMPLES: &str = "\
Examples:
  sockkit unix send ./log.sock 'one datagram'
  sockkit unix send @log --lines < file            one datagram per line
  sockkit unix send @log tick --count 10 --rate 2  ten, two a second
  sockkit unix send ./app.sock --type stream < file";

impl SendTo {
    pub(super) fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        let start = Instant::now();
        let target = TargetArgs {
            path: self.path.clone(),
            kind: self.kind,
        };
        self.check()?;
        let limit = self.timing.to_send();
        let preparation = self.socket.parse_local()?;
        let mut hand = self.send_fd.map(inherit_descriptor).transpose()?;
        let socket = match target.parse()? {
            Target::Inherited(descriptor) => self.kind.inherit(descriptor, &preparation, desk)?,
            Target::Name(name) => {
                let mut socket = self.kind.open(desk)?;
                preparation.apply(&socket)?;
                // Connected even for datagrams: only then does poll tell when the receiver has room, unix(7).
                connect(&mut socket, name, limit)?;
                socket
            }
        };
        let view = ViewArgs {
            hex: false,
            from_hex: self.from_hex,
        };
        let outgoing = Outgoing {
            words: &self.data,
            framing: self.framing,
            view,
            timing: self.timing,
            count: self.count,
            sends_empty: self.send_empty,
            tempo: self.rate.map(|rate| Tempo::new(rate, Instant::now())),
            start,
        };
        let mut sent = Sent {
            proto: "unix",
            peer: socket.getpeername().ok().map(|peer| peer.to_string()),
            ..Sent::default()
        };
        // Handed over with a part of what is sent, a descriptor goes by itself; a stream takes parts.
        if hand.is_none() && self.kind != Type::Stream {
            let mut delivery = Delivery::new(false, limit, &desk.explain);
            outgoing.batches(&mut |batch| {
                delivery.send(&socket, None, batch, 0)?;
                sent.count(batch);
                Ok(())
            })?;
            return self.end(socket, sent, desk);
        }
        outgoing.each(&mut |bytes| {
            sent.sent += bytes.len() as u64;
            if self.kind != Type::Stream {
                sent.datagrams = Some(sent.datagrams.unwrap_or(0) + 1);
            }
            let rest = match hand.take_if(|_| !bytes.is_empty()) {
                Some(descriptor) => {
                    let count = hand_over(&socket, bytes, &descriptor, limit, desk)?;
                    bytes.get(count..).unwrap_or_default()
                }
                None => bytes,
            };
            match rest.is_empty() && !bytes.is_empty() {
                true => Ok(()),
                false => send_all(&socket, rest, limit, desk),
            }
        })?;
        if let Some(descriptor) = hand {
            hand_over(&socket, ALONE, &descriptor, limit, desk)?;
        }
        self.end(socket, sent, desk)
    }

    /// A stream has nothing that could be counted.
    fn check(&self) -> Result<(), Usage> {
        let counts = self.count.is_some() || self.rate.is_some() || self.send_empty;
        match self.kind {
            Type::Stream if counts => {
                let why = "--count, --rate and --send-empty are for datagrams and records";
                Err(Usage::new(
                    why,
                    "unix connect --type stream has --rate and --max-bytes",
                ))
            }
            _ => Ok(()),
        }
    }

    fn end(&self, socket: Socket, sent: Sent, desk: &Desk) -> anyhow::Result<Exit> {
        if self.kind != Type::Dgram {
            socket.shutdown(Shutdown::Write)?;
        }
        desk.output.tell(&sent)?;
        Ok(Exit::Done)
    }
}

/// A stream may take a part at a time; a datagram or record goes whole, the empty one too.
fn send_all(
    socket: &Socket,
    bytes: &[u8],
    limit: Option<Duration>,
    desk: &Desk,
) -> Result<(), LoopError> {
    let mut rest = bytes;
    loop {
        let count = deliver(socket, &desk.explain, limit, |socket| socket.send(rest))?;
        rest = rest.get(count..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(());
        }
    }
}
