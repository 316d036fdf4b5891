//! UDP or UDP-Lite, and what is set on a socket of either.

use clap::{Args, value_parser};

use crate::commands::Desk;
use crate::net::{CallError, Family, Kind, Protocol, Socket};

/// UDPLITE_SEND_CSCOV and UDPLITE_RECV_CSCOV of `<linux/udp.h>`.
const SEND_COVERAGE: i32 = 10;
const RECV_COVERAGE: i32 = 11;

#[derive(Args, Clone, Copy, Debug)]
pub(super) struct TransportArgs {
    /// UDP-Lite (IPPROTO_UDPLITE)
    #[arg(long)]
    udplite: bool,
    /// Of UDP-Lite, have the checksum cover the first N bytes, 8 of which are the header; hear none that covers less
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(8..), requires = "udplite")]
    coverage: Option<u16>,
}

impl TransportArgs {
    pub(super) fn protocol(self) -> Protocol {
        if self.udplite {
            Protocol::UDPLITE
        } else {
            Protocol::UDP
        }
    }

    /// The word for it.
    pub(super) fn word(self) -> &'static str {
        self.protocol().word().unwrap_or("udp")
    }

    pub(super) fn open(self, family: Family, desk: &Desk) -> Result<Socket, CallError> {
        Socket::open(family, Kind::Dgram, self.protocol(), &desk.explain)
    }

    /// setsockopt(2) for what `--coverage` asks.
    pub(super) fn apply(self, socket: &Socket) -> Result<(), CallError> {
        let Some(coverage) = self.coverage else {
            return Ok(());
        };
        let set = |name| socket.set_int(libc::IPPROTO_UDPLITE, name, coverage.into());
        set(SEND_COVERAGE)?;
        set(RECV_COVERAGE)
    }

    /// Have ICMP's errors reported, ip(7): on an unconnected socket too, and all of them, not only the peer's own refusals.
    pub(super) fn report_refusals(self, socket: &Socket, family: Family) -> Result<(), CallError> {
        match family {
            Family::Inet6 => socket.set_int(libc::IPPROTO_IPV6, libc::IPV6_RECVERR, 1),
            _ => socket.set_int(libc::IPPROTO_IP, libc::IP_RECVERR, 1),
        }
    }
}
