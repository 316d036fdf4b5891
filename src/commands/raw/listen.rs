//! `sockkit raw listen`: every packet of a protocol, a line each.

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use clap::Args;
use clap::builder::RangedU64ValueParser;

use super::event::{Heard, Layers, Listening, word};
use super::open::{Wish, drop_what_opening_needed, interface, open, without_port};
use crate::args::{HostArgs, ReadyArgs, duration};
use crate::commands::Desk;
use crate::engine::{Interest, Reactor, Ready, StdoutError, Timer, Timers};
use crate::net::{Address, Arrival, CallError, Family, Protocol, Socket};
use crate::output::{Exit, Usage};
use crate::wire::Packet;

/// Longer than any packet.
const BUFFER: usize = 65536;
/// The token of stdout; sockets count theirs from zero.
const STDOUT: usize = usize::MAX;

/// Hear packets, one line each (socket, bind, recvfrom)
///
/// A raw socket hears copies of the packets that come in to this host, replies and errors among them; the kernel goes on answering. What this host
/// sends to others is not heard, what it sends to itself is.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Listen {
    #[command(flatten)]
    at: HostArgs,
    /// icmp, icmp6, tcp, udp, or a number; ICMP or ICMPv6 if left out
    #[arg(long, value_name = "PROTO", value_parser = super::protocol)]
    proto: Option<Protocol>,
    /// End after N packets
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<u64>::new().range(1..))]
    count: Option<u64>,
    /// Show each packet's bytes below its line, as offset, hex and ASCII
    #[arg(long)]
    hex: bool,
    /// Hear this interface only (SO_BINDTODEVICE)
    #[arg(long, value_name = "IF", value_parser = interface)]
    interface: Option<String>,
    /// Wait no longer than this for the first packet
    #[arg(short, long, value_name = "D", value_parser = duration)]
    timeout: Option<Duration>,
    /// Wait no longer than this for each further packet
    #[arg(long, value_name = "D", value_parser = duration)]
    idle_timeout: Option<Duration>,
    /// Run no longer than this
    #[arg(long, value_name = "D", value_parser = duration)]
    deadline: Option<Duration>,
    #[command(flatten)]
    ready: ReadyArgs,
}

const EXAMPLES: &str = "\
Examples:
  sockkit raw listen                            ICMP to 127.0.0.1: try `ping 127.0.0.1`
  sockkit raw listen '*' --proto tcp --hex      every TCP segment that comes in, with its bytes
  sockkit raw listen ::1 --count 2 --json       two ICMPv6 packets, as JSON layers

`*` is every address of this host. Needs CAP_NET_RAW.";

/// A socket that hears.
struct Ear {
    socket: Socket,
    protocol: Protocol,
    local: SocketAddr,
}

/// A run of `raw listen`.
struct Run<'a> {
    listen: &'a Listen,
    desk: &'a Desk,
    ears: Vec<Ear>,
    reactor: Reactor,
    timers: Timers,
    heard: u64,
    /// Whether stdout is to take what it has before more is heard.
    stalled: bool,
    buffer: Vec<u8>,
}

impl Listen {
    /// Open, say so, and hear until the count, a limit or a signal ends it.
    pub(super) fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        if self.proto == Some(Protocol::RAW) {
            let why = "a socket of protocol 255 (IPPROTO_RAW) only sends";
            return Err(Usage::new(why, "--proto icmp, tcp, udp or another number").into());
        }
        let wish = Wish {
            host: self.at.host()?,
            family: self.at.family(),
            protocol: self.proto,
        };
        let mut ears = Vec::new();
        for local in wish.addresses(desk)? {
            let protocol = wish.protocol(Address::Inet(local).family());
            ears.push(Ear::open(local, protocol, self.interface.as_deref(), desk)?);
        }
        drop_what_opening_needed(desk)?;
        let mut run = Run::new(self, desk, ears)?;
        run.announce()?;
        run.hear_all()
    }
}

impl Ear {
    fn open(
        local: SocketAddr,
        protocol: Protocol,
        interface: Option<&str>,
        desk: &Desk,
    ) -> Result<Self, CallError> {
        let family = Address::Inet(local).family();
        let mut socket = open(family, protocol, interface, &desk.explain)?;
        if family == Family::Inet6 {
            // Packets come without the header that says whom they were sent to.
            socket.set_int(libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO, 1)?;
        }
        if !local.ip().is_unspecified() {
            let bound = socket.bind(&Address::Inet(local));
            bound.map_err(|error| without_port(error, local))?;
        }
        let ear = Self {
            socket,
            protocol,
            local,
        };
        // Until it was bound the socket took packets to any address.
        while ear.receive(&mut [0; 1])?.is_some() {}
        Ok(ear)
    }

    fn receive(&self, buffer: &mut [u8]) -> Result<Option<Arrival>, CallError> {
        let received = if self.local.is_ipv4() {
            self.socket.recvfrom(buffer)
        } else {
            self.socket.recvmsg(buffer)
        };
        received.map_err(|error| without_port(error, self.local))
    }

    fn layers(&self, arrival: &Arrival, bytes: &[u8]) -> Layers {
        let from = arrival.from.as_ref().and_then(Address::inet);
        if let (Some(IpAddr::V6(source)), Ok(protocol)) =
            (from.map(|from| from.ip()), u8::try_from(self.protocol.0))
        {
            let to = match arrival.to {
                Some(IpAddr::V6(to)) => to,
                _ => Ipv6Addr::UNSPECIFIED,
            };
            return Layers::Decoded(Packet::ipv6_payload(protocol, source, to, bytes));
        }
        Packet::ipv4(bytes).map_or_else(Layers::Refused, Layers::Decoded)
    }
}

impl<'a> Run<'a> {
    fn new(listen: &'a Listen, desk: &'a Desk, ears: Vec<Ear>) -> anyhow::Result<Self> {
        let mut reactor = Reactor::new()?;
        reactor.catch_signals()?;
        for (token, ear) in ears.iter().enumerate() {
            reactor.watch(&ear.socket, token, Interest::READ)?;
        }
        let outlet = desk.output.outlet();
        // Only to learn at once that the reader has gone.
        outlet
            .with_fd(|fd| reactor.watch(fd, STDOUT, Interest::NONE))
            .transpose()?;
        Ok(Self {
            listen,
            desk,
            ears,
            reactor,
            timers: Timers::default(),
            heard: 0,
            stalled: false,
            buffer: vec![0; BUFFER],
        })
    }

    fn announce(&mut self) -> anyhow::Result<()> {
        self.listen.ready.announce(None)?;
        for ear in &self.ears {
            self.desk.output.tell(&Listening {
                proto: word(ear.protocol),
                local: shown(ear.local),
            })?;
        }
        let now = Instant::now();
        self.timers.start(Timer::Answer, self.listen.timeout, now);
        self.timers
            .start(Timer::Deadline, self.listen.deadline, now);
        Ok(())
    }

    fn hear_all(&mut self) -> anyhow::Result<Exit> {
        loop {
            let outlet = self.desk.output.outlet();
            if self.is_complete() && outlet.is_clear() {
                return Ok(Exit::Done);
            }
            if let Some(signal) = self.reactor.wait(self.timers.next())? {
                outlet.flush()?;
                return Ok(Exit::Signal(signal));
            }
            if let Some(expired) = self.timers.expired(Instant::now()) {
                outlet.flush()?;
                return Err(expired.on(self.about()).into());
            }
            for ready in self.reactor.ready().to_vec() {
                self.attend(ready)?;
            }
            self.pace()?;
        }
    }

    fn attend(&mut self, ready: Ready) -> anyhow::Result<()> {
        if ready.token == STDOUT {
            if ready.gone {
                return Err(StdoutError(io::Error::from_raw_os_error(libc::EPIPE)).into());
            }
            self.desk.output.outlet().flush()?;
        } else if !self.is_complete() {
            self.hear(ready.token)?;
        }
        Ok(())
    }

    fn hear(&mut self, token: usize) -> anyhow::Result<()> {
        let Some(ear) = self.ears.get(token) else {
            return Ok(());
        };
        let Some(arrival) = ear.receive(&mut self.buffer)? else {
            return Ok(());
        };
        let bytes = self.buffer.get(..arrival.length).unwrap_or(&self.buffer);
        self.desk.output.offer(&Heard {
            from: arrival.from.as_ref().map(Address::host).unwrap_or_default(),
            length: arrival.length,
            layers: ear.layers(&arrival, bytes),
            bytes,
            dump: self.listen.hex,
        })?;
        self.heard += 1;
        self.timers.stop(Timer::Answer);
        let now = Instant::now();
        self.timers
            .start(Timer::Idle, self.listen.idle_timeout, now);
        Ok(())
    }

    /// Hear no more while stdout does not take what there is: the kernel drops what exceeds the receive buffer.
    fn pace(&mut self) -> anyhow::Result<()> {
        let outlet = self.desk.output.outlet();
        if self.stalled != outlet.is_clear() {
            return Ok(());
        }
        self.stalled = !self.stalled;
        let (ears, stdout) = if self.stalled {
            (Interest::NONE, Interest::WRITE)
        } else {
            (Interest::READ, Interest::NONE)
        };
        for (token, ear) in self.ears.iter().enumerate() {
            self.reactor.change(&ear.socket, token, ears)?;
        }
        outlet
            .with_fd(|fd| self.reactor.change(fd, STDOUT, stdout))
            .transpose()?;
        Ok(())
    }

    fn is_complete(&self) -> bool {
        self.listen.count.is_some_and(|count| self.heard >= count)
    }

    /// What a limit was waited for on.
    fn about(&self) -> String {
        let one = |ear: &Ear| format!("raw {} {}", word(ear.protocol), shown(ear.local));
        let all: Vec<String> = self.ears.iter().map(one).collect();
        format!("listen on {}", all.join(", "))
    }
}

/// The address without its port; `*` for all.
fn shown(local: SocketAddr) -> String {
    if local.ip().is_unspecified() {
        "*".to_owned()
    } else {
        Address::Inet(local).host()
    }
}
