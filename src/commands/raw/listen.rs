//! `sockkit raw listen`: every packet of a protocol, or of a link, a line each.

use std::path::{Path, PathBuf};

use clap::{Args, value_parser};

use super::capture::Capture;
use super::ear::Ear;
use super::hearing::{Ears, Hearing};
use super::link_ear::LinkEar;
use super::open::Wish;
use crate::args::{HostArgs, Preparation, ReadyArgs, SocketArgs, TimingArgs};
use crate::commands::Desk;
use crate::commands::privilege::give_up_all;
use crate::engine::StdoutError;
use crate::net::{Address, Family, Host, Protocol, Resolver};
use crate::output::{Exit, Usage};
use crate::wire::filter::{Filter, Side};
use crate::wire::pcap::LinkType;

/// Hear packets, one line each (socket, bind, recvmmsg)
///
/// A raw socket hears copies of the packets that come in to this host, replies and errors among them; the kernel goes on answering. What this host
/// sends to others is not heard, what it sends to itself is. --link hears what an interface carries instead, both ways, from the link's header on,
/// as tcpdump does; ADDR is then one of its two ends, and a line begins with the time (UTC), the interface and the direction.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Listen {
    #[command(flatten)]
    at: HostArgs,
    /// icmp, icmp6, tcp, udp, a number, or all, which without --link is ICMP, TCP and UDP; ICMP or ICMPv6 if left out, all with --link
    #[arg(long, value_name = "PROTO", value_parser = wanted)]
    proto: Option<Wanted>,
    /// Hear what the links carry (AF_PACKET): all of them (`any`), or that of --interface
    #[arg(long)]
    link: bool,
    /// Only what this says, as tcpdump has it.
    #[arg(long, value_name = "EXPR", num_args = 1.., help = FILTER_WORDS)]
    filter: Vec<String>,
    /// Write the packets to FILE for tcpdump and Wireshark, `-` for stdout, in place of lines
    #[arg(long, value_name = "FILE", conflicts_with = "hex")]
    pcap: Option<PathBuf>,
    /// End after N packets
    #[arg(short, long, value_name = "N", value_parser = value_parser!(u64).range(1..))]
    pub(super) count: Option<u64>,
    /// Show each packet's bytes below its line, as offset, hex and ASCII
    #[arg(long)]
    pub(super) hex: bool,
    /// Begin each line with the time of day (UTC), as --link does
    #[arg(long)]
    pub(super) time: bool,
    #[command(flatten)]
    socket: SocketArgs,
    #[command(flatten)]
    pub(super) ready: ReadyArgs,
    #[command(flatten)]
    pub(super) timing: TimingArgs,
}

/// What is to be heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    /// One protocol.
    One(Protocol),
    /// All of them; on raw sockets those that are decoded, as each socket has one.
    All,
}

const EXAMPLES: &str = "\
Examples:
  sockkit raw listen                          ICMP to 127.0.0.1, as from ping
  sockkit raw listen '*' --proto tcp --hex    every TCP segment that comes in
  sockkit raw listen ::1 --count 2 --json     two ICMPv6 packets as layers
  sockkit raw listen -t 5s                    status 124 if none comes in 5 s
  sockkit raw listen --link --filter tcp port 80 or arp
  sockkit raw listen --link --filter 'tcp[tcpflags] & (tcp-syn|tcp-rst) != 0'
  sockkit raw listen --link --interface eth0 --pcap eth0.pcap
  sockkit raw listen --link --pcap - | tshark -r -

`*` is every address of this host. Needs CAP_NET_RAW, which is given up once it
hears.";

/// Help of --filter, apart from its comment: there, brackets are links.
const FILTER_WORDS: &str = "\
Only what this says, as tcpdump has it: tcp udp sctp icmp icmp6 igmp esp ah arp \
rarp ip ip6 ether vlan host net mask port portrange proto broadcast multicast less greater src dst and or not ( ), and numbers as tcp[tcpflags] & tcp-syn != 0";

impl Listen {
    /// Open, say so, and hear until the count, a limit or a signal ends it; then say how much it was.
    pub(super) fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        let preparation = self.socket.parse()?;
        self.check(desk)?;
        let filter = match self.filter.as_slice() {
            [] => None,
            words => {
                let names = Resolver::new(&desk.explain);
                Some(Filter::parse(&words.join(" "), &names)?)
            }
        };
        let (ears, link) = if self.link {
            let filter = self.narrowed(filter, desk)?;
            let ear = LinkEar::open(filter.as_ref(), self.pcap.is_some(), &preparation, desk)?;
            let link = ear.link_type();
            (Ears::Link(Box::new(ear)), link)
        } else {
            if filter.as_ref().and_then(Filter::of_ip) == Some(false) {
                let why = "a raw socket hears IP alone, of which the filter takes nothing";
                return Err(Usage::new(why, "--link, which hears ARP too").into());
            }
            (
                self.raw_ears(filter.as_ref(), &preparation, desk)?,
                LinkType::Raw,
            )
        };
        give_up_all(desk)?;
        let capture = self.pcap.as_ref().map(|path| Capture::create(path, link));
        let mut hearing = Hearing::new(self, desk, ears, capture.transpose()?)?;
        hearing.announce()?;
        let ended = hearing.hear_all();
        if ended.as_ref().is_err_and(|error| error.is::<StdoutError>()) {
            return ended;
        }
        let summed = hearing.sum_up();
        ended.and_then(|exit| summed.map(|()| exit))
    }

    fn check(&self, desk: &Desk) -> Result<(), Usage> {
        if self.proto == Some(Wanted::One(Protocol::RAW)) {
            let why = "a socket of protocol 255 (IPPROTO_RAW) only sends";
            return Err(Usage::new(why, "--proto icmp, tcp, udp or another number"));
        }
        if self.pcap.as_deref() == Some(Path::new("-")) && desk.output.style().json {
            let why = "events and a capture do not both go to stdout";
            return Err(Usage::new(why, "--pcap FILE"));
        }
        Ok(())
    }

    /// What a link's packets are narrowed to: the filter, the protocol and the address.
    fn narrowed(&self, filter: Option<Filter>, desk: &Desk) -> anyhow::Result<Option<Filter>> {
        let protocol = match self.proto {
            Some(Wanted::One(protocol)) => u8::try_from(protocol.0).ok().map(Filter::protocol),
            _ => None,
        };
        let host = match self.at.host()? {
            Host::Any | Host::Default => {
                let family = self.at.family();
                family.map(|family| Filter::family(family == Family::Inet6))
            }
            host => {
                let wish = Wish {
                    host,
                    family: self.at.family(),
                    protocol: Some(Protocol::UDP),
                };
                let addresses = wish.addresses(self.timing.to_connect(), desk)?;
                Filter::hosts(Side::Either, addresses.iter().map(|address| address.ip()))
            }
        };
        Ok([filter, protocol, host]
            .into_iter()
            .flatten()
            .reduce(Filter::and))
    }

    fn raw_ears(
        &self,
        filter: Option<&Filter>,
        preparation: &Preparation,
        desk: &Desk,
    ) -> anyhow::Result<Ears> {
        let protocols = match self.proto {
            None => vec![None],
            Some(Wanted::One(protocol)) => vec![Some(protocol)],
            Some(Wanted::All) => vec![None, Some(Protocol::TCP), Some(Protocol::UDP)],
        };
        let mut ears = Vec::new();
        for protocol in protocols {
            let wish = Wish {
                host: self.at.host()?,
                family: self.at.family(),
                protocol,
            };
            for local in wish.addresses(self.timing.to_connect(), desk)? {
                if self.pcap.is_some() && local.is_ipv6() {
                    let why = "a raw socket delivers no IPv6 header, which a capture needs";
                    return Err(Usage::new(why, "--link, or -4").into());
                }
                let protocol = wish.protocol(Address::Inet(local).family());
                ears.push(Ear::open(local, protocol, filter, preparation, desk)?);
            }
        }
        Ok(Ears::Raw(ears))
    }
}

fn wanted(word: &str) -> Result<Wanted, String> {
    if word.eq_ignore_ascii_case("all") {
        return Ok(Wanted::All);
    }
    super::protocol(word).map(Wanted::One)
}
