//! `sockkit raw listen`: every packet of a protocol, a line each.

use clap::{Args, value_parser};

use super::ear::Ear;
use super::hearing::Hearing;
use super::open::{Wish, drop_what_opening_needed};
use crate::args::{HostArgs, ReadyArgs, SocketArgs, TimingArgs};
use crate::commands::Desk;
use crate::net::{Address, Protocol};
use crate::output::{Exit, Usage};

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
    #[arg(short, long, value_name = "N", value_parser = value_parser!(u64).range(1..))]
    pub(super) count: Option<u64>,
    /// Show each packet's bytes below its line, as offset, hex and ASCII
    #[arg(long)]
    pub(super) hex: bool,
    #[command(flatten)]
    socket: SocketArgs,
    #[command(flatten)]
    pub(super) ready: ReadyArgs,
    #[command(flatten)]
    pub(super) timing: TimingArgs,
}

const EXAMPLES: &str = "\
Examples:
  sockkit raw listen                          ICMP to 127.0.0.1, as from ping
  sockkit raw listen '*' --proto tcp --hex    every TCP segment that comes in
  sockkit raw listen ::1 --count 2 --json     two ICMPv6 packets as layers
  sockkit raw listen -t 5s                    status 124 if none comes in 5 s

`*` is every address of this host. Needs CAP_NET_RAW.";

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
        let preparation = self.socket.parse()?;
        let mut ears = Vec::new();
        for local in wish.addresses(desk)? {
            let protocol = wish.protocol(Address::Inet(local).family());
            ears.push(Ear::open(local, protocol, &preparation, desk)?);
        }
        drop_what_opening_needed(desk)?;
        let mut hearing = Hearing::new(self, desk, ears)?;
        hearing.announce()?;
        hearing.hear_all()
    }
}
