//! What `udp` and `unix --type dgram` share: datagrams heard and answered, or sent and forgotten.

mod answer;
mod ear;
mod outgoing;
mod show;

use std::collections::HashSet;
use std::time::{Duration, Instant};

use clap::Args;

pub(super) use self::answer::{AnswerArgs, CrowdArgs};
pub(super) use self::ear::Ears;
pub(super) use self::outgoing::{Outgoing, Tempo};
pub(super) use self::show::Shower;
use self::show::{Format, remark};
use super::Desk;
use crate::args::{FramingArgs, FromHex, TimingArgs, ViewArgs, count};
use crate::engine::{
    Answer, Answering, Detour, Ear, Ending, Exchange, Framing, Heard, Inlet, LoopError, Reactor,
    Records, Remark, Tally, Timer, Timers, Typed,
};
use crate::net::{Address, descriptor_limit, raise_descriptor_limit};
use crate::output::{Exit, NoAnswer, Output};

/// How long to wait for more replies after the end of stdin, where nothing else was said.
const LINGER: Duration = Duration::from_secs(1);

/// Flags of datagrams, whatever carries them, and of records.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(super) struct DatagramArgs {
    /// End after N datagrams or records have come
    #[arg(short, long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    pub(super) count: Option<u64>,
    #[command(flatten)]
    framing: FramingArgs,
    /// At the end of stdin, send an empty datagram: some take it for the end
    #[arg(long)]
    send_empty: bool,
    /// Take an empty datagram for the end; otherwise it is data
    #[arg(long)]
    eof_on_empty: bool,
    /// How what arrives is shown. line, hex and json tell the time, the peer, the local address, the length, and ttl and
    /// tos as they came
    #[arg(long, value_enum, value_name = "FORM", default_value_t = Format::Raw, conflicts_with = "hex")]
    format: Format,
}

/// Flags of every exchange of datagrams.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct ExchangeArgs {
    #[command(flatten)]
    pub(super) datagrams: DatagramArgs,
    #[command(flatten)]
    pub(super) view: ViewArgs,
    #[command(flatten)]
    pub(super) timing: TimingArgs,
}

/// One exchange.
pub(super) struct Conversation<'a> {
    pub(super) desk: &'a Desk,
    pub(super) args: ExchangeArgs,
    /// When the run began; the deadline counts from here.
    pub(super) start: Instant,
}

/// How a listener answers.
pub(super) struct Service {
    /// Whom stdin's datagrams go to.
    pub(super) answering: Answering,
    /// What answers besides.
    pub(super) answer: Answer,
    /// How long a silent peer is remembered.
    pub(super) expire: Duration,
}

impl DatagramArgs {
    /// Whether anything was asked for that streams do not have.
    pub(super) fn is_given(&self) -> bool {
        let flags = self.send_empty || self.eof_on_empty || self.shows();
        self.count.is_some() || self.framing.is_given() || flags
    }

    /// Whether it was asked how stdin is sent.
    pub(super) fn cuts(&self) -> bool {
        self.framing.is_given() || self.send_empty
    }

    /// Whether it was asked how what arrives is shown.
    pub(super) fn shows(&self) -> bool {
        self.format != Format::Raw
    }

    /// Whether each line of stdin is one, without its line feed.
    pub(super) fn are_lines(&self) -> bool {
        self.framing.framing() == Framing::Lines
    }

    /// Whether the kernel is to note the time, the ttl and the tos.
    pub(super) fn wants_notes(&self, desk: &Desk) -> bool {
        desk.output.style().json || self.shows()
    }

    /// How the records of a connection are cut and heard.
    pub(super) fn records(&self) -> Records {
        Records::new(self.framing.framing())
            .with_empty(self.send_empty, self.eof_on_empty)
            .counted(self.count)
    }

    /// How what arrives is shown.
    pub(super) fn shower<'a>(&self, output: &'a Output, dumps: bool) -> Shower<'a> {
        Shower {
            output,
            format: self.format,
            dumps,
            names_senders: false,
            named: HashSet::new(),
        }
    }
}

impl Conversation<'_> {
    /// Hear every peer, and answer.
    pub(super) fn listen(
        &self,
        reactor: &mut Reactor,
        ears: Vec<Ear>,
        mut service: Service,
    ) -> anyhow::Result<Exit> {
        // A command takes three descriptors of ours, and has no more than we were handed itself.
        let inherited = descriptor_limit();
        raise_descriptor_limit();
        if let Answer::Run(runner) = &mut service.answer {
            runner.descriptors = inherited;
        }
        let (tally, ending) = self.run(reactor, (ears, None), service, None);
        self.end(tally, ending?)
    }

    /// Talk with the one peer that the socket is connected to.
    pub(super) fn converse(
        &self,
        ear: Ear,
        detour: Option<Detour<'_>>,
        linger: Option<Duration>,
    ) -> anyhow::Result<Exit> {
        let mut reactor = Reactor::new()?;
        reactor.catch_signals()?;
        let linger = Some(linger.unwrap_or(LINGER));
        let service = Service {
            answering: Answering::Connected,
            answer: Answer::Stdin,
            expire: Duration::ZERO,
        };
        let (tally, ending) = self.run(&mut reactor, (vec![ear], detour), service, linger);
        self.end(tally, ending?)
    }

    fn run(
        &self,
        reactor: &mut Reactor,
        (ears, detour): (Vec<Ear>, Option<Detour<'_>>),
        service: Service,
        linger: Option<Duration>,
    ) -> (Tally, Result<Ending, LoopError>) {
        let is_stdins = matches!(service.answer, Answer::Stdin);
        let inlet = match is_stdins {
            true => Inlet::stdin(),
            false => Inlet::none(),
        };
        let mut from_hex = FromHex::default();
        let mut decode = |piece: Option<&[u8]>| from_hex.decode(piece);
        let mut timers: Timers = self.args.timing.timers(self.start);
        let first = match service.answering {
            Answering::Connected => Timer::Answer,
            _ => Timer::Arrival,
        };
        timers.start(first, self.args.timing.timeout, Instant::now());
        let output = &self.desk.output;
        let mut shower = self.args.datagrams.shower(output, self.args.view.hex);
        shower.names_senders = ears.iter().any(|ear| {
            let is_local = matches!(ear.local, Address::Unix(_));
            is_local
                && (ear.socket.int(libc::SOL_SOCKET, libc::SO_PASSCRED)).is_ok_and(|on| on != 0)
        });
        let (is_raw, speaks) = (shower.is_raw(), shower.speaks());
        let mut hear = |heard: &Heard<'_>, text: &mut Vec<u8>| shower.show(heard, text);
        let mut exchange = Exchange {
            reactor,
            ears,
            answering: service.answering,
            answer: service.answer,
            detour,
            inlet: &inlet,
            chop: self.args.datagrams.framing.chop(),
            typed: self.args.view.from_hex.then_some(&mut decode as Typed<'_>),
            sends_empty: self.args.datagrams.send_empty,
            ends_on_empty: self.args.datagrams.eof_on_empty,
            outlet: output.outlet(),
            passes_on: is_stdins && is_raw,
            hear: speaks.then_some(&mut hear),
            remark: &mut |said: &Remark<'_>| remark(output, said),
            timers,
            linger,
            expire: service.expire,
            count: self.args.datagrams.count,
        };
        exchange.run()
    }

    /// A listener is only done when its count is reached; one that talks to a peer, when no more replies come.
    fn end(&self, tally: Tally, ending: Ending) -> anyhow::Result<Exit> {
        let DatagramArgs {
            count,
            eof_on_empty,
            ..
        } = self.args.datagrams;
        // Who asked something and was never answered has a no, though nobody counted.
        let asked = count.unwrap_or_else(|| u64::from(tally.sent > 0));
        let least = if eof_on_empty { 0 } else { asked };
        match ending {
            Ending::Signal(signal) => Ok(Exit::Signal(signal)),
            Ending::Done if tally.heard >= least => Ok(Exit::Done),
            Ending::Done => {
                let why = "no reply came".to_owned();
                let hint = Some(format!(
                    "{} of {least} came; --linger waits longer",
                    tally.heard
                ));
                Err(NoAnswer { why, hint }.into())
            }
        }
    }
}
