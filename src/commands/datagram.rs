//! What `udp` and `unix --type dgram` share: datagrams heard and answered, or sent and forgotten.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, Instant};

use clap::{Args, value_parser};

use super::Desk;
use crate::args::{FramingArgs, FromHex, TimingArgs, ViewArgs, from_hex};
use crate::engine::{
    Answering, CHUNK, Ending, Exchange, Inlet, LoopError, Reactor, StdoutError, Tally, Timer,
    Timers, Typed,
};
use crate::net::{Address, Arrival, Socket};
use crate::output::{Bytes, Datagram, Exit, HexDump, NoAnswer, Output, Usage, Warning};

/// How long to wait for more replies after the end of stdin, where nothing else was said.
const LINGER: Duration = Duration::from_secs(1);

/// Flags of every exchange of datagrams.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct ExchangeArgs {
    /// End after N datagrams have come
    #[arg(short, long, value_name = "N", value_parser = value_parser!(u64).range(1..))]
    pub(super) count: Option<u64>,
    #[command(flatten)]
    pub(super) framing: FramingArgs,
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

impl Conversation<'_> {
    /// Hear every peer, answer the one that was heard last.
    pub(super) fn listen(
        &self,
        reactor: &mut Reactor,
        sockets: Vec<(Socket, bool)>,
        local: &Address,
    ) -> anyhow::Result<Exit> {
        let (tally, ending) = self.run(reactor, sockets, Answering::LastHeard, None, local);
        self.end(tally, ending?)
    }

    /// Talk with the one peer that the socket is connected to.
    pub(super) fn converse(
        &self,
        socket: Socket,
        linger: Option<Duration>,
        local: &Address,
    ) -> anyhow::Result<Exit> {
        let mut reactor = Reactor::new()?;
        reactor.catch_signals()?;
        let linger = Some(linger.unwrap_or(LINGER));
        let (tally, ending) = self.run(
            &mut reactor,
            vec![(socket, false)],
            Answering::Connected,
            linger,
            local,
        );
        self.end(tally, ending?)
    }

    fn run(
        &self,
        reactor: &mut Reactor,
        sockets: Vec<(Socket, bool)>,
        answering: Answering,
        linger: Option<Duration>,
        local: &Address,
    ) -> (Tally, Result<Ending, LoopError>) {
        let inlet = Inlet::stdin();
        let mut from_hex = FromHex::default();
        let mut decode = |piece: Option<&[u8]>| from_hex.decode(piece);
        let mut timers: Timers = self.args.timing.timers(self.start);
        let first = match answering {
            Answering::Connected => Timer::Answer,
            Answering::LastHeard => Timer::Arrival,
        };
        timers.start(first, self.args.timing.timeout, Instant::now());
        let mut exchange = Exchange {
            reactor,
            sockets,
            answering,
            inlet: &inlet,
            chop: self.args.framing.chop(),
            typed: self.args.view.from_hex.then_some(&mut decode as Typed<'_>),
            outlet: self.desk.output.outlet(),
            hear: &mut |arrival, bytes| {
                show(&self.desk.output, self.args.view.hex, local, arrival, bytes)
            },
            timers,
            linger,
            count: self.args.count,
        };
        exchange.run()
    }

    /// A listener is only done when its count is reached; one that talks to a peer, when no more replies come.
    fn end(&self, tally: Tally, ending: Ending) -> anyhow::Result<Exit> {
        // Who asked something and was never answered has a no, though nobody counted.
        let least = self.args.count.unwrap_or_else(|| u64::from(tally.sent > 0));
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

fn show(
    output: &Output,
    hex: bool,
    local: &Address,
    arrival: &Arrival,
    bytes: &[u8],
) -> Result<(), StdoutError> {
    let peer = arrival.from.clone().map(|from| from.unmapped().to_string());
    let local = match (arrival.to, local.inet()) {
        (Some(ip), Some(bound)) => SocketAddr::new(ip.to_canonical(), bound.port()).to_string(),
        _ => local.to_string(),
    };
    let truncated = arrival.length > bytes.len();
    let datagram = Datagram {
        peer,
        local,
        length: arrival.length,
        truncated,
        bytes: Bytes(bytes),
    };
    output.offer(&datagram)?;
    if output.style().json {
        return Ok(());
    }
    if truncated {
        let (length, from) = (
            arrival.length,
            datagram.peer.as_deref().unwrap_or("(unnamed)"),
        );
        let message = format!(
            "a datagram of {length} bytes from {from} was truncated to {}",
            bytes.len()
        );
        output.offer(&Warning { message })?;
    }
    if hex {
        let dump = HexDump { offset: 0, bytes }.to_string();
        return output.outlet().offer(dump.as_bytes()).map(drop);
    }
    output.outlet().offer(bytes).map(drop)
}

/// What is to be sent: DATA words, each a datagram, or stdin.
pub(super) struct Outgoing<'a> {
    pub(super) words: &'a [OsString],
    pub(super) framing: FramingArgs,
    pub(super) view: ViewArgs,
    pub(super) timing: TimingArgs,
    /// When the run began; the deadline counts from here.
    pub(super) start: Instant,
}

impl Outgoing<'_> {
    /// Hand each datagram to `send`.
    pub(super) fn each(
        &self,
        send: &mut dyn FnMut(&[u8]) -> Result<(), LoopError>,
    ) -> anyhow::Result<()> {
        if self.words.is_empty() {
            return self.each_of_stdin(send);
        }
        for word in self.words {
            send(&self.decode(word.as_bytes())?)?;
        }
        Ok(())
    }

    fn decode(&self, bytes: &[u8]) -> Result<Vec<u8>, Usage> {
        if !self.view.from_hex {
            return Ok(bytes.to_vec());
        }
        let pairs = "--from-hex takes pairs of hex digits: 48656c6c6f";
        from_hex(bytes).map_err(|why| Usage::new(why, pairs))
    }

    fn each_of_stdin(
        &self,
        send: &mut dyn FnMut(&[u8]) -> Result<(), LoopError>,
    ) -> anyhow::Result<()> {
        let inlet = Inlet::stdin();
        let mut chop = self.framing.chop();
        let mut decoder = self.view.decoder();
        let mut timers = self.timing.timers(self.start);
        let mut buffer = vec![0; CHUNK];
        loop {
            let is_ready = inlet.wait(timers.next()).map_err(LoopError::Stdin)?;
            if let Some(expired) = timers.expired(Instant::now()) {
                return Err(expired.on("read stdin").into());
            }
            let room = chop.room(buffer.len());
            let window = buffer.get_mut(..room).unwrap_or_default();
            let read = is_ready.then(|| inlet.read(window)).transpose();
            let Some(count) = read.map_err(LoopError::Stdin)?.flatten() else {
                continue;
            };
            timers.restart(Timer::Idle, Instant::now());
            let read = window.get(..count).filter(|read| !read.is_empty());
            let decoded = match &mut decoder {
                Some(decoder) => decoder.decode(read).map_err(LoopError::Typed)?,
                None => read.unwrap_or_default().to_vec(),
            };
            if !decoded.is_empty() {
                chop.push(&decoded)
                    .iter()
                    .try_for_each(|datagram| send(datagram))?;
            }
            if read.is_none() {
                chop.end().iter().try_for_each(|datagram| send(datagram))?;
                return Ok(());
            }
        }
    }
}
