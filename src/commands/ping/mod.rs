//! `sockkit ping`: whether hosts are there, and how long the way is.

mod block;
mod event;
mod hosts;
mod open;
mod reporter;
mod summary;

use std::time::{Duration, Instant};

use clap::Args;

use self::hosts::Hosts;
use self::reporter::Reporter;
use super::Desk;
use crate::args::{FamilyArgs, SocketArgs, count, duration, one_port, within};
use crate::engine::Reactor;
use crate::engine::ping::{Knock, Lookups, Pinging, Rounds, Rules};
use crate::net::{Kind, NameError, Port, Resolver};
use crate::output::Exit;

/// The most bytes of payload that fit into an IPv4 packet, headers taken off.
const LARGEST: u32 = 65507;

/// Ask hosts whether they are there, and how far (SOCK_DGRAM or SOCK_RAW, IPPROTO_ICMP)
///
/// One host until Ctrl-C or --count, or many at once. A datagram socket is used where net.ipv4.ping_group_range allows it, and a raw one otherwise (-v says
/// which). The time of arrival is the kernel's (SO_TIMESTAMPNS). With -q there is only the summary.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Ping {
    /// A name, 192.0.2.1, 2001:db8::1 or fe80::1%eth0; 192.0.2.0/24 is every host of it; `-` reads more from stdin, the first word of each line
    #[arg(value_name = "HOST", required_unless_present = "host")]
    hosts: Vec<String>,
    /// The host, instead of HOST
    #[arg(long, value_name = "HOST", conflicts_with = "hosts")]
    host: Option<String>,
    /// Ask each host N times [default: without end]
    #[arg(short, long, value_name = "N", value_parser = count)]
    count: Option<u64>,
    /// Ask each host every D: 200ms, 1s, or seconds
    #[arg(short, long, value_name = "D", value_parser = duration, default_value = "1s")]
    interval: Duration,
    /// At least D from one request to the next, whichever host it is for [default: the interval shared out, 10ms at most]
    #[arg(long, value_name = "D", value_parser = duration)]
    gap: Option<Duration>,
    /// Wait for each reply for D, with 0 without end; one that comes later is counted, and called late
    #[arg(short, short_alias = 'W', long, value_name = "D", value_parser = duration, default_value = "2s")]
    timeout: Duration,
    /// End after D, and judge by the replies so far
    #[arg(short = 'w', long, value_name = "D", value_parser = duration)]
    deadline: Option<Duration>,
    /// Show addresses only
    #[arg(short, long)]
    numeric: bool,
    /// Bytes of payload
    #[arg(short, long, value_name = "BYTES", value_parser = within::<u16>(0, LARGEST), default_value = "56")]
    size: u16,
    /// How many routers may pass it on (IP_TTL, IPV6_UNICAST_HOPS)
    #[arg(long, value_name = "N", value_parser = within::<u8>(1, 255))]
    ttl: Option<u8>,
    /// Have no router fragment it (IP_MTU_DISCOVER): one that is too large is told with the MTU
    #[arg(long)]
    df: bool,
    /// Connect to this TCP port instead: taken (SYN, ACK) or refused (RST), both are answers
    #[arg(long, value_name = "PORT", value_parser = one_port, conflicts_with = "udp")]
    tcp: Option<Port>,
    /// Send a datagram to this UDP port instead: a datagram back, or ICMP port unreachable, are answers
    #[arg(long, value_name = "PORT", value_parser = one_port)]
    udp: Option<Port>,
    #[command(flatten)]
    family: FamilyArgs,
    /// The address to speak from
    #[arg(long, value_name = "ADDR")]
    bind: Option<String>,
    #[command(flatten)]
    socket: SocketArgs,
}

const EXAMPLES: &str = "\
Examples:
  sockkit ping -c 3 127.0.0.1               three times, and the figures
  sockkit ping -c 1 -t 500ms 127.0.0.1 ::1  a line for each host
  sockkit ping -q -c 1 - < hosts            a thousand hosts within a second
  sockkit ping -q -c 1 127.0.0.0/28         every host of a network
  sockkit ping -c 1 --df -s 1472 127.0.0.1  whether 1500 bytes go through
  sockkit ping -c 1 --tcp 22 127.0.0.1      where ICMP is closed

Status: 0 every host answered at least once, 1 one did not or its name is not known, 2 trouble here: this host let
nothing out, say. Ctrl-C and --deadline end it with the summary and that status; SIGQUIT (Ctrl-\\) and SIGUSR1 show
how things stand. A corrupt reply is no answer; a late one is, and duplicates are counted apart.";

/// Longer than anybody waits: a year.
const ENDLESS: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// As fping(8): so far apart that no link and no table of neighbours is flooded.
const WIDEST_GAP: Duration = Duration::from_millis(10);

impl Ping {
    /// How far apart requests to so many hosts are.
    fn gap(&self, hosts: usize) -> Duration {
        let hosts = u32::try_from(hosts).unwrap_or(u32::MAX);
        let shared = || match hosts {
            0 | 1 => Duration::ZERO,
            hosts => (self.interval / hosts).min(WIDEST_GAP),
        };
        self.gap.unwrap_or_else(shared)
    }

    /// What is knocked with; `None` where it is echo requests.
    fn knock(&self, resolver: &Resolver) -> Result<Option<Knock>, NameError> {
        let number = |port: &Port, kind| match port {
            Port::Number(number) => Ok(*number),
            Port::Service(service) => resolver.port_of(service, kind),
        };
        Ok(match (&self.tcp, &self.udp) {
            (Some(port), _) => Some(Knock::Tcp(number(port, Kind::Stream)?)),
            (None, Some(port)) => Some(Knock::Udp(number(port, Kind::Dgram)?)),
            (None, None) => None,
        })
    }

    /// Open, resolve, ask, and sum up.
    pub fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        let start = Instant::now();
        let hosts = Hosts::parse(
            self.host.as_ref().map_or(&self.hosts, std::slice::from_ref),
            self.family.family(),
            self.socket.has_interface(),
        )?;
        let resolver = Resolver::new(&desk.explain);
        let knock = self.knock(&resolver)?;
        let options = self.socket.parse()?;
        let is_broadcast = options.sets(libc::SOL_SOCKET, &[libc::SO_BROADCAST]);
        let carrier = self.open(&hosts, knock, options, desk)?;
        let mut pinging = Pinging {
            rounds: Rounds::new(Rules {
                count: self.count,
                interval: self.interval,
                gap: self.gap(hosts.names.len()),
                timeout: match self.timeout {
                    Duration::ZERO => ENDLESS,
                    timeout => timeout,
                },
            }),
            carrier,
            lookups: Lookups::new(&resolver, hosts.wanted())?,
            deadline: self.deadline.and_then(|limit| start.checked_add(limit)),
            is_broadcast,
            outlet: desk.output.outlet(),
        };
        let mut reporter = Reporter::new(self, &hosts, (knock, is_broadcast), desk);
        let ran = pinging.run(Reactor::new()?, &mut |news, rounds| {
            reporter.tell(news, rounds.tallies())
        });
        reporter.end(ran, pinging.rounds.tallies())
    }
}
