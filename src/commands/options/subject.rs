//! The socket whose options are read or set: a fresh one, or an inherited one.

use clap::{Args, ValueEnum};

use crate::commands::Desk;
use crate::net::sockopt::{Sockets, Target};
use crate::net::{Family, Kind, Protocol, Socket, inherit, raise_net_raw};

/// Raw sockets need a number: 253 is for experiments (RFC 3692), and nothing arrives there.
const RAW: Protocol = Protocol(253);

#[derive(Args, Debug)]
pub(super) struct Subject {
    /// The type of the fresh socket; stream, or one that has the options
    #[arg(long = "type", value_name = "TYPE", value_enum)]
    kind: Option<Type>,
    /// The family of the fresh socket; inet, or one that has the options
    #[arg(long, value_name = "FAMILY", value_enum)]
    family: Option<Domain>,
    /// An inherited socket instead of a fresh one
    #[arg(long, value_name = "N", conflicts_with_all = ["kind", "family"])]
    fd: Option<i32>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Type {
    /// SOCK_STREAM
    Stream,
    /// SOCK_DGRAM
    Dgram,
    /// SOCK_RAW
    Raw,
    /// SOCK_SEQPACKET
    Seqpacket,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Domain {
    /// AF_INET
    Inet,
    /// AF_INET6
    Inet6,
    /// AF_UNIX
    Unix,
    /// AF_PACKET
    Packet,
}

impl Subject {
    /// The socket; where type or family are left open, the first kind that has all of `targets`.
    pub(super) fn open(&self, targets: &[Target], desk: &Desk) -> anyhow::Result<Socket> {
        if let Some(number) = self.fd {
            return Ok(inherit(number, &desk.explain)?);
        }
        let (family, kind) = self.choose(targets);
        let protocol = match kind {
            Kind::Raw => {
                raise_net_raw();
                RAW
            }
            _ => Protocol::DEFAULT,
        };
        Ok(Socket::open(family, kind, protocol, &desk.explain)?)
    }

    fn choose(&self, targets: &[Target]) -> (Family, Kind) {
        let wanted = (self.family.map(Domain::family), self.kind.map(Type::kind));
        let fits = |(_, family, kind): &(Sockets, Family, Kind)| {
            wanted.0.is_none_or(|wanted| wanted == *family)
                && wanted.1.is_none_or(|wanted| wanted == *kind)
        };
        let has_all = |set: Sockets| {
            let options = targets.iter().filter_map(|target| target.option);
            options.into_iter().all(|option| option.sockets.holds(set))
        };
        let mut fitting = Sockets::FRESH.into_iter().filter(fits);
        let first = fitting.clone().next();
        let chosen = fitting.find(|(set, _, _)| has_all(*set)).or(first);
        chosen.map_or_else(
            // No such socket is known: the kernel says why.
            || {
                let (family, kind) = wanted;
                (family.unwrap_or(Family::Inet), kind.unwrap_or(Kind::Stream))
            },
            |(_, family, kind)| (family, kind),
        )
    }
}

impl Type {
    fn kind(self) -> Kind {
        match self {
            Self::Stream => Kind::Stream,
            Self::Dgram => Kind::Dgram,
            Self::Raw => Kind::Raw,
            Self::Seqpacket => Kind::SeqPacket,
        }
    }
}

impl Domain {
    fn family(self) -> Family {
        match self {
            Self::Inet => Family::Inet,
            Self::Inet6 => Family::Inet6,
            Self::Unix => Family::Unix,
            Self::Packet => Family::Packet,
        }
    }
}
