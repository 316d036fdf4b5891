//! `sockkit udp send`.

use std::time::{Duration, Instant};

use clap::Args;

use super::target::TargetArgs;
use super::transport::TransportArgs;
use crate::args::{
    FamilyArgs, FramingArgs, Rate, SocketArgs, SourceArgs, SpreadArgs, TimingArgs, ViewArgs, count,
    interface_to, rate,
};
use crate::commands::Desk;
use crate::commands::datagram::{Outgoing, Tempo};
use crate::commands::endpoint::{inherited, no_wildcard, resolve, sources};
use crate::engine::{Batch, Delivery, LoopError, deliver};
use crate::net::{Address, CallError, Endpoint, Kind, Protocol, Socket};
use crate::output::{Exit, Sent};

/// Send datagrams: each DATA is one, or stdin is cut into them
///
/// The words are ADDR, or HOST PORT, then DATA. Data that could be taken for a port goes after --; with nothing before
/// it, 127.0.0.1:8082 is sent to. Many of one size go out as one message that the kernel cuts again (UDP_SEGMENT).
#[derive(Args, Debug)]
#[command(name = "send", after_help = SEND_EXAMPLES)]
pub(super) struct SendTo {
    #[command(flatten)]
    target: TargetArgs,
    /// Send N datagrams: DATA over and over, or the first N of stdin
    #[arg(short, long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    count: Option<u64>,
    /// Send N datagrams a second at most; 0.5 is one in two seconds
    #[arg(long, value_name = "N", value_parser = rate, allow_negative_numbers = true)]
    rate: Option<Rate>,
    /// In the end send an empty datagram: some take it for the end
    #[arg(long)]
    send_empty: bool,
    #[command(flatten)]
    family: FamilyArgs,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    socket: SocketArgs,
    #[command(flatten)]
    transport: TransportArgs,
    #[command(flatten)]
    framing: FramingArgs,
    /// Take DATA, or stdin, as hex digits; white space is ignored
    #[arg(long)]
    from_hex: bool,
    #[command(flatten)]
    spread: SpreadArgs,
    #[command(flatten)]
    timing: TimingArgs,
}

const SEND_EXAMPLES: &str = "\
Examples:
  sockkit udp send -- hello                   to 127.0.0.1:8082
  sockkit udp send 127.0.0.1:514 '<13>hello'  one datagram
  sockkit udp send 9000 a b c                 three datagrams
  sockkit udp send 9000 --lines < file        one per line
  sockkit udp send 9000 tick --count 10 --rate 2
                                              ten, two a second
  sockkit udp send 239.1.1.1:9000 --ttl 4 -- hello
                                              to a multicast group
  sockkit udp send 192.0.2.255:9 --broadcast -- hello";

impl SendTo {
    pub(super) fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        let start = Instant::now();
        let preparation = self.socket.parse()?;
        let (endpoint, words) = self.target.address_and_data(desk)?;
        let limit = self.timing.to_connect();
        let outgoing = Outgoing {
            words: &words,
            framing: self.framing,
            view: ViewArgs {
                hex: false,
                from_hex: self.from_hex,
            },
            timing: self.timing,
            count: self.count,
            sends_empty: self.send_empty,
            tempo: self.rate.map(|rate| Tempo::new(rate, Instant::now())),
            start,
        };
        // UDP-Lite is not cut by the kernel.
        let joins = self.transport.protocol() == Protocol::UDP;
        let mut delivery = Delivery::new(joins, self.timing.to_send(), &desk.explain);
        let network = match endpoint {
            Endpoint::Inherited(descriptor) => {
                let socket = inherited(descriptor, &preparation, desk)?;
                let mut sent = self.nothing_yet();
                outgoing.batches(&mut |batch| {
                    delivery.send(&socket, None, batch, 0)?;
                    sent.count(batch);
                    Ok(())
                })?;
                desk.output.tell(&sent)?;
                return Ok(Exit::Done);
            }
            Endpoint::Network(network) => no_wildcard(network)?,
        };
        let mut targets = resolve(&network, self.family.family(), Kind::Dgram, limit, desk)?;
        let sources = sources(&self.source, self.family.family(), Kind::Dgram, limit, desk)?;
        let open = |to: &Address| {
            let mut socket = self.transport.open(to.family(), desk)?;
            self.transport.report_refusals(&socket, to.family())?;
            self.transport.apply(&socket)?;
            let interface = interface_to(to, preparation.interface());
            self.spread.apply(&socket, to.family(), interface)?;
            preparation.apply(&socket)?;
            self.source.apply(&mut socket, to.family(), &sources)?;
            Ok(socket)
        };
        targets.reverse();
        let Some(to) = targets.pop() else {
            return Ok(Exit::Done);
        };
        let mut sender = Sender {
            socket: open(&to)?,
            to,
            others: targets,
            settled: false,
        };
        let mut total = self.nothing_yet();
        let send = &mut |batch: &Batch| {
            let sent = sender.send(batch, &mut delivery, limit, desk, &open);
            total.count(batch);
            sent.map_err(|error| match error {
                LoopError::Call(call) => sender.socket.blame(call).into(),
                other => other,
            })
        };
        outgoing.batches(send)?;
        match sender.socket.take_error()? {
            Some(cause) => {
                let error = CallError::new("sendto", &sender.to, cause);
                Err(sender.socket.blame(error).into())
            }
            None => {
                total.peer = Some(sender.to.to_string());
                desk.output.tell(&total)?;
                Ok(Exit::Done)
            }
        }
    }

    fn nothing_yet(&self) -> Sent {
        Sent {
            proto: self.transport.word(),
            datagrams: Some(0),
            ..Sent::default()
        }
    }
}

/// A socket and whom it speaks to; a name's further addresses are for the first datagram, if that is refused.
struct Sender {
    socket: Socket,
    to: Address,
    others: Vec<Address>,
    settled: bool,
}

impl Sender {
    fn send(
        &mut self,
        batch: &Batch,
        delivery: &mut Delivery<'_>,
        limit: Option<Duration>,
        desk: &Desk,
        open: &dyn Fn(&Address) -> Result<Socket, CallError>,
    ) -> Result<(), LoopError> {
        let mut first = 0;
        if !self.settled {
            self.settle(batch, limit, desk, open)?;
            first = 1;
        }
        delivery.send(&self.socket, Some(&self.to), batch, first)
    }

    /// The first of all goes to the first address that does not refuse it.
    fn settle(
        &mut self,
        batch: &Batch,
        limit: Option<Duration>,
        desk: &Desk,
        open: &dyn Fn(&Address) -> Result<Socket, CallError>,
    ) -> Result<(), LoopError> {
        let bytes = batch.iter().next().unwrap_or_default();
        while !self.settled {
            deliver(&self.socket, &desk.explain, limit, |socket| {
                socket.sendto(bytes, &self.to)
            })?;
            match (self.socket.take_error()?, self.others.pop()) {
                (None, _) => self.settled = true,
                (Some(cause), None) => return Err(CallError::new("sendto", &self.to, cause).into()),
                (Some(_), Some(next)) => {
                    self.socket = open(&next)?;
                    self.to = next;
                }
            }
        }
        Ok(())
    }
}
