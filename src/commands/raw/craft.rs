//! A packet from flags: what `raw send` builds where no bytes are given.

use clap::{Args, value_parser};

use crate::net::{DEFAULT_PORT, Kind, NameError, Port, Protocol, Resolver};
use crate::wire::{Crafted, tcp_flag, tcp_options};

// What is required is not missed beside what it conflicts with: flags of one protocol conflict with the others themselves.
const HEADING: &str = "A packet from flags";

/// Its brackets would be links in a doc comment.
const OPTIONS: &str = "TCP's options, in this order: mss=N, wscale=N, sackok, ts=VAL[:ECR], nop, eol or KIND=HEX with commas";

/// What to build, and from what.
#[derive(Args, Clone, Debug)]
pub(super) struct CraftArgs {
    /// An ICMP message, ICMPv6 over IPv6: echo, reply, TYPE or TYPE:CODE
    #[arg(long, value_name = "TYPE", value_parser = icmp, help_heading = HEADING, group = "built")]
    icmp: Option<IcmpType>,
    /// A TCP segment with these flags: syn, ack, fin, rst, psh, urg, ece, cwr, as syn,ack; or none
    #[arg(long, value_name = "FLAGS", value_parser = flags, help_heading = HEADING, group = "built")]
    tcp: Option<u8>,
    /// A UDP datagram
    #[arg(long, help_heading = HEADING, group = "built")]
    udp: bool,
    /// The port it comes from; any if left out
    #[arg(long, value_name = "PORT", value_parser = port, requires = "built", conflicts_with = "icmp", help_heading = HEADING)]
    sport: Option<Port>,
    /// The port it goes to, by number or as services(5) names it; 8082 if left out
    #[arg(long, value_name = "PORT", value_parser = port, requires = "built", conflicts_with = "icmp", help_heading = HEADING)]
    dport: Option<Port>,
    /// TCP's sequence number, any if left out; an echo's, 1 if left out
    #[arg(long, value_name = "N", requires = "built", conflicts_with = "udp", help_heading = HEADING)]
    seq: Option<u32>,
    /// TCP's acknowledgment number
    #[arg(long, value_name = "N", requires = "tcp", conflicts_with_all = ["icmp", "udp"], help_heading = HEADING)]
    ack: Option<u32>,
    /// TCP's window; 64240 if left out
    #[arg(long, value_name = "N", requires = "tcp", conflicts_with_all = ["icmp", "udp"], help_heading = HEADING)]
    window: Option<u16>,
    /// Where TCP's urgent data end; it says something with the flag urg
    #[arg(long, value_name = "N", requires = "tcp", conflicts_with_all = ["icmp", "udp"], help_heading = HEADING)]
    urgent: Option<u16>,
    /// TCP's options, in this order.
    #[arg(long, value_name = "LIST", value_parser = options, requires = "tcp", conflicts_with_all = ["icmp", "udp"], help_heading = HEADING, help = OPTIONS)]
    tcp_options: Option<TcpOptions>,
    /// An echo's identifier; any if left out
    #[arg(long, value_name = "N", requires = "icmp", conflicts_with_all = ["tcp", "udp"], help_heading = HEADING)]
    id: Option<u16>,
    /// What it carries, as DATA and --file do
    #[arg(long, value_name = "TEXT", requires = "built", conflicts_with = "file", help_heading = HEADING)]
    pub(super) payload: Option<String>,
    /// Have its checksum be wrong
    #[arg(long, requires = "built", help_heading = HEADING)]
    pub(super) bad_checksum: bool,
    /// How many routers may pass it on (IP_TTL, IPV6_UNICAST_HOPS)
    #[arg(long, value_name = "N", value_parser = value_parser!(u8).range(1..), conflicts_with = "header")]
    pub(super) ttl: Option<u8>,
}

/// TCP's options, encoded.
#[derive(Clone, Debug, Default)]
struct TcpOptions(Vec<u8>);

/// A type of ICMP.
#[derive(Clone, Copy, Debug)]
enum IcmpType {
    /// An echo request.
    Echo,
    /// Its answer.
    Reply,
    /// One by its numbers.
    Number(u8, u8),
}

impl CraftArgs {
    /// What is to be built; `None` where the bytes are given as they are.
    pub(super) fn crafted(
        &self,
        is_ipv6: bool,
        names: &Resolver,
    ) -> Result<Option<Crafted>, NameError> {
        // Many a service is in services(5) for TCP alone.
        let mut kinds = [Kind::Stream, Kind::Dgram];
        kinds.sort_by_key(|kind| (*kind == Kind::Dgram) != self.udp);
        let [kind, other_kind] = kinds;
        let number = |port: &Option<Port>, other: u16| match port {
            None => Ok(other),
            Some(Port::Number(number)) => Ok(*number),
            Some(Port::Service(service)) => names
                .port_of(service, kind)
                .or_else(|_| names.port_of(service, other_kind)),
        };
        let source_port = number(&self.sport, fastrand::u16(49152..))?;
        let destination_port = number(&self.dport, DEFAULT_PORT)?;
        Ok(self.built(is_ipv6, source_port, destination_port))
    }

    fn built(&self, is_ipv6: bool, source_port: u16, destination_port: u16) -> Option<Crafted> {
        if let Some(kind) = self.icmp {
            let (kind, code) = kind.numbers(is_ipv6);
            return Some(Crafted::Icmp {
                kind,
                code,
                id: self.id.unwrap_or_else(|| fastrand::u16(..)),
                seq: self
                    .seq
                    .and_then(|seq| u16::try_from(seq).ok())
                    .unwrap_or(1),
            });
        } else if let Some(flags) = self.tcp {
            return Some(Crafted::Tcp {
                source_port,
                destination_port,
                seq: self.seq.unwrap_or_else(|| fastrand::u32(..)),
                ack: self.ack.unwrap_or(0),
                flags,
                window: self.window.unwrap_or(64240),
                urgent: self.urgent.unwrap_or(0),
                options: self.tcp_options.clone().unwrap_or_default().0,
            });
        }
        self.udp.then_some(Crafted::Udp {
            source_port,
            destination_port,
        })
    }

    /// Whether anything is to be built.
    pub(super) fn is_built(&self) -> bool {
        self.icmp.is_some() || self.tcp.is_some() || self.udp
    }

    /// The protocol that is built; `None` for none, and for the family's ICMP.
    pub(super) fn protocol(&self) -> Option<Protocol> {
        match self {
            Self { tcp: Some(_), .. } => Some(Protocol::TCP),
            Self { udp: true, .. } => Some(Protocol::UDP),
            _ => None,
        }
    }

    /// Whether a number does not fit into what is built.
    pub(super) fn is_beyond(&self) -> bool {
        self.icmp.is_some() && self.seq.is_some_and(|seq| u16::try_from(seq).is_err())
    }
}

impl IcmpType {
    fn numbers(self, is_ipv6: bool) -> (u8, u8) {
        match (self, is_ipv6) {
            (Self::Echo, false) => (8, 0),
            (Self::Echo, true) => (128, 0),
            (Self::Reply, false) => (0, 0),
            (Self::Reply, true) => (129, 0),
            (Self::Number(kind, code), _) => (kind, code),
        }
    }
}

fn icmp(word: &str) -> Result<IcmpType, String> {
    let (kind, code) = word.split_once(':').unwrap_or((word, "0"));
    match (word, kind.parse(), code.parse()) {
        ("echo", ..) => Ok(IcmpType::Echo),
        ("reply", ..) => Ok(IcmpType::Reply),
        (_, Ok(kind), Ok(code)) => Ok(IcmpType::Number(kind, code)),
        _ => Err("a type is echo, reply, TYPE or TYPE:CODE, as 3:1".to_owned()),
    }
}

fn port(word: &str) -> Result<Port, String> {
    Port::parse(word).map_err(|error| error.why)
}

fn options(words: &str) -> Result<TcpOptions, String> {
    tcp_options(words).map(TcpOptions)
}

fn flags(word: &str) -> Result<u8, String> {
    let word = &word.to_ascii_lowercase();
    if word == "none" {
        return Ok(0);
    }
    let all: Option<Vec<u8>> = word.split(',').map(tcp_flag).collect();
    let all = all.ok_or("flags are syn, ack, fin, rst, psh, urg, ece, cwr with commas, or none")?;
    Ok(all.iter().fold(0, |flags, flag| flags | flag))
}
