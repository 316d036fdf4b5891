//! `sockkit trace`: the path to a host, and what each hop of it loses.

mod event;
mod line;
mod live;
mod open;
mod reporter;
mod table;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use clap::Args;

use self::reporter::Reporter;
use super::Desk;
use super::probing::destination;
use crate::args::{FamilyArgs, SocketArgs, duration, one_port, within};
use crate::engine::trace::{HopNames, IDENTITY, Rules, Survey, Tracing, headers};
use crate::engine::{Reactor, lookup};
use crate::net::{Address, Family, HostPort, Kind, Port, Resolver};
use crate::output::{Exit, Usage};

/// How many rounds a report has where nobody watches it.
const ROUNDS: u32 = 10;
/// The longest packet of IPv4.
const LARGEST: u32 = 65535;
/// What is tried first where the largest packet is sought, as traceroute(8).
const FIRST_TRY: u32 = 65000;
/// How many probes each hop gets, unless it is said.
const PROBES: u32 = 3;
/// The most flows: a socket each.
const MOST: u32 = 64;

/// Show the path to a host, hop by hop (IP_TTL, IP_RECVERR)
///
/// By UDP datagrams unless --icmp or --tcp is given; none needs a privilege, but for --icmp where net.ipv4.ping_group_range does not allow it. Probes of a
/// flow have everything in common that a router may choose a path by. Names are looked up meanwhile.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Trace {
    /// A name, 192.0.2.1, 2001:db8::1 or fe80::1%eth0
    #[arg(value_name = "HOST", required_unless_present = "host")]
    target: Option<String>,
    /// The host, instead of HOST
    #[arg(long, value_name = "HOST", conflicts_with = "target")]
    host: Option<String>,
    /// Send datagrams, which is what is done anyway
    #[arg(long)]
    udp: bool,
    /// Send echo requests
    #[arg(short = 'I', long, conflicts_with = "udp")]
    icmp: bool,
    /// Connect to this TCP port: taken (SYN, ACK) or refused (RST), both are the end
    #[arg(long, value_name = "PORT", value_parser = one_port, conflicts_with_all = ["udp", "icmp"])]
    tcp: Option<Port>,
    /// The UDP port that datagrams go to
    #[arg(short, long, value_name = "PORT", value_parser = one_port, default_value = "33434")]
    port: Port,
    /// The last hop that is asked
    #[arg(short, long, value_name = "N", value_parser = within::<u8>(1, 255), default_value = "30")]
    max_hops: u8,
    /// The first hop that is asked
    #[arg(short, long, value_name = "N", value_parser = within::<u8>(1, 255), default_value = "1")]
    first_hop: u8,
    /// How many probes each hop gets [default: 3, or as many as --flows]
    #[arg(long, value_name = "N", value_parser = within::<u32>(1, 100))]
    probes: Option<u32>,
    /// Wait for each answer for D; less where a hop farther away has answered long before
    #[arg(short, short_alias = 'w', long, value_name = "D", value_parser = duration, default_value = "5s")]
    timeout: Duration,
    /// Show addresses only
    #[arg(short, long)]
    numeric: bool,
    /// The length of a packet in bytes, headers included [default: 60, over IPv6 80]
    #[arg(short, long, value_name = "BYTES", value_parser = within::<u32>(0, LARGEST))]
    size: Option<u32>,
    /// Have no router fragment it (IP_MTU_DISCOVER): the one that would is shown with the MTU
    #[arg(long)]
    df: bool,
    /// Find the largest packet that goes all the way: F=1400 where it becomes smaller
    #[arg(long, conflicts_with_all = ["size", "tcp", "report"])]
    mtu: bool,
    /// The type of service, or traffic class (IP_TOS, IPV6_TCLASS)
    #[arg(long, value_name = "N", value_parser = within::<u8>(0, 255))]
    tos: Option<u8>,
    /// How many flows the probes are spread over, a path each [default: 1, with --tcp as many as --probes]
    #[arg(long, value_name = "N", value_parser = within::<u16>(1, MOST))]
    flows: Option<u16>,
    /// How many probes are under way at a time
    #[arg(short = 'N', long, value_name = "N", value_parser = within::<u16>(1, 65535), default_value = "64")]
    window: u16,
    /// Probe all hops round after round, then show a table; on a terminal it is seen to grow, until Ctrl-C
    #[arg(short, long)]
    report: bool,
    /// How many rounds [default: 10, on a terminal without end]
    #[arg(short, long, value_name = "N", value_parser = within::<u32>(1, u32::MAX), requires = "report")]
    count: Option<u32>,
    /// How long from one round to the next
    #[arg(short, long, value_name = "D", value_parser = duration, default_value = "1s", requires = "report")]
    interval: Duration,
    /// End after D, with what is known so far
    #[arg(long, value_name = "D", value_parser = duration)]
    deadline: Option<Duration>,
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
  sockkit trace localhost                  one line for each router, and the host
  sockkit trace -n --tcp 443 192.0.2.1     as the way is for connections to a web server
  sockkit trace --report -c 10 192.0.2.1   ten rounds, then the losses of each hop
  sockkit trace --mtu 192.0.2.1            the largest packet that goes through
  sockkit trace --flows 8 192.0.2.1        eight paths where there are several

What stands behind a time: !H host, !N network, !P protocol unreachable, !X prohibited, !F-1400 too large for a link of
1400 bytes, !<3> any other code; F=1400 the largest packet so far.
Status: 0 the host was reached, 1 it was not or its name is not known, 2 trouble here.";

impl Trace {
    /// Resolve, open, probe, and sum up.
    pub fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        let start = Instant::now();
        let target = self.target(desk)?;
        let size = self.size(Address::Inet(target).family())?;
        let carrier = self.open(target, desk)?;
        let now = Instant::now();
        let resolver = (!self.numeric).then(|| Resolver::new(&desk.explain));
        let mut tracing = Tracing {
            survey: Survey::new(self.rules(target, size, desk)?, now),
            carrier,
            names: HopNames::new(resolver)?,
            deadline: self.deadline.and_then(|limit| start.checked_add(limit)),
            is_watched: self.report && live::is_seen(desk),
        };
        let mut reporter = Reporter::new(self, target, size, desk);
        reporter.begin()?;
        let ran = tracing.run(Reactor::new()?, &mut |news, survey, names| {
            reporter.tell(&news, survey, names)
        });
        reporter.end(ran?, &tracing.survey, &tracing.names)
    }

    /// Whose path it is, as typed.
    fn host(&self) -> &str {
        let typed = self.host.as_deref().or(self.target.as_deref());
        typed.unwrap_or_default()
    }

    /// The address that is asked for.
    fn target(&self, desk: &Desk) -> anyhow::Result<SocketAddr> {
        let (port, kind) = match (&self.tcp, self.icmp) {
            (Some(port), _) => (port.clone(), Kind::Stream),
            (None, true) => (Port::Number(0), Kind::Dgram),
            (None, false) => (self.port.clone(), Kind::Dgram),
        };
        let endpoint = HostPort {
            host: destination(self.host(), self.socket.has_interface())?,
            port: Some(port),
        };
        let resolver = Resolver::new(&desk.explain);
        let family = self.family.family();
        let found = lookup(&resolver, &endpoint, family, kind, self.deadline)??;
        let first = found.into_iter().next();
        first.ok_or_else(|| anyhow::anyhow!("{}: no address", self.host()))
    }

    fn size(&self, family: Family) -> anyhow::Result<u32> {
        let head = headers(family);
        let least = head + u32::try_from(IDENTITY).unwrap_or(0);
        match self.size {
            _ if self.mtu => Ok(FIRST_TRY),
            Some(_) if self.tcp.is_some() => {
                let why = "a connect has no size of its own";
                Err(Usage::new(why, "leave out --size or --tcp").into())
            }
            Some(size) if size < least => {
                let why = format!("a probe of {size} bytes is not known again");
                Err(Usage::new(why, format!("--size {least} or more")).into())
            }
            Some(size) => Ok(size),
            // As traceroute(8): 32 bytes behind the headers.
            None => Ok(head + 32),
        }
    }

    fn rules(&self, target: SocketAddr, size: u32, desk: &Desk) -> anyhow::Result<Rules> {
        if self.first_hop > self.max_hops {
            let why = "the first hop is behind the last one";
            return Err(Usage::new(why, "-f 1 -m 30").into());
        }
        let rounds = match self.count {
            None if live::is_seen(desk) => None,
            None => Some(ROUNDS),
            count => count,
        };
        Ok(Rules {
            target: meant(target.ip()),
            first: self.first_hop,
            last: self.max_hops,
            probes: if self.report {
                rounds
            } else {
                Some(self.probes())
            },
            interval: self.report.then_some(self.interval),
            wait: self.timeout,
            window: if self.mtu { 1 } else { self.window.into() },
            flows: self.flow_count(),
            is_serial: self.tcp.is_some() || self.mtu,
            size,
            finds_mtu: self.mtu,
            may_fragment: !self.df,
        })
    }

    /// How many probes each hop gets: one by each flow at least.
    fn probes(&self) -> u32 {
        let flows = self.flows.unwrap_or(1).into();
        self.probes.unwrap_or_else(|| PROBES.max(flows))
    }

    /// How many flows there are.
    fn flow_count(&self) -> usize {
        let most = usize::try_from(MOST).unwrap_or(1);
        let one_each = || match self.tcp {
            Some(_) => usize::try_from(self.probes()).unwrap_or(1).min(most),
            None => 1,
        };
        self.flows.map_or_else(one_each, usize::from)
    }

    /// `udp`, `icmp` or `tcp`.
    fn method(&self) -> &'static str {
        match (self.icmp, &self.tcp) {
            (true, _) => "icmp",
            (_, Some(_)) => "tcp",
            _ => "udp",
        }
    }
}

/// The address that answers: the unspecified one stands for this host, ip(7).
fn meant(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    }
}
