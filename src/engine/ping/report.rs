//! What a run of pings reports, host by host.

use std::net::SocketAddr;
use std::time::Duration;

use crate::net::{CallError, NameError};

/// Something happened.
#[derive(Debug)]
pub enum News {
    /// A host has an address, and is asked from now on.
    Begun {
        /// The host's index.
        host: usize,
        /// Its address.
        address: SocketAddr,
    },
    /// A host's name is not known, or has no socket: it is asked nothing.
    Unknown {
        /// The host's index.
        host: usize,
        /// Why.
        error: Unreachable,
    },
    /// An answer came.
    Reply(Reply),
    /// An error was told of a request, or it could not be sent.
    Trouble {
        /// The host's index.
        host: usize,
        /// Which request, counted from 1.
        seq: u64,
        /// What is wrong.
        trouble: Trouble,
    },
    /// A router, or the host, said something of a request that goes on nevertheless.
    Advice {
        /// The host's index.
        host: usize,
        /// Which request, counted from 1.
        seq: u64,
        /// What it said.
        trouble: Trouble,
    },
    /// No answer came in time.
    Lost {
        /// The host's index.
        host: usize,
        /// Which request, counted from 1.
        seq: u64,
    },
    /// Somebody wants to know how things stand: SIGQUIT, SIGUSR1.
    Asked,
}

/// Why a host is asked nothing.
#[derive(Debug)]
pub enum Unreachable {
    /// Its name has no address.
    Name(NameError),
    /// There is no socket for its address.
    Socket(CallError),
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The host's index.
    pub host: usize,
    /// Which request, counted from 1.
    pub seq: u64,
    /// Who sent it.
    pub from: Option<SocketAddr>,
    /// What it was.
    pub answer: Answer,
    /// How long it took.
    pub rtt: Duration,
    /// By whose clock.
    pub clock: Clock,
    /// Whether the request was answered before.
    pub is_duplicate: bool,
    /// Whether it had been given up.
    pub is_late: bool,
    /// What is wrong with it; it then counts as no answer.
    pub flaw: Option<Flaw>,
}

/// What answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// An echo reply.
    Echo {
        /// The length of the ICMP message in bytes.
        length: usize,
        /// How many routers might still have passed it on; `None` where the kernel did not say.
        ttl: Option<u8>,
    },
    /// A TCP port that takes connections: SYN and ACK.
    Open,
    /// A TCP port that nobody listens on: RST.
    Closed,
    /// A datagram of so many bytes.
    Datagram(usize),
    /// A UDP port that nobody listens on: ICMP port unreachable.
    PortUnreachable,
}

/// Who took the time of arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The kernel, as the packet came in.
    Kernel,
    /// This program, when it got to it.
    User,
}

/// What is wrong with a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Its checksum.
    Checksum,
    /// Its payload, from this byte on.
    Payload(usize),
}

/// Why a request gets no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// ICMP told it.
    Icmp {
        /// Who did.
        from: Option<SocketAddr>,
        /// Whether it was ICMPv6.
        is_v6: bool,
        /// The message's type.
        kind: u8,
        /// Its code.
        code: u8,
        /// The largest packet that goes through, in bytes; `None` where the error is another one.
        mtu: Option<u32>,
        /// What else it says: the next hop of a redirect, the pointer of a parameter problem.
        info: u32,
    },
    /// This host did not send it.
    Local {
        /// Why.
        errno: i32,
        /// The largest packet that goes through, in bytes; `None` where that is unknown or the error is another one.
        mtu: Option<u32>,
    },
}

impl Trouble {
    /// Whether the request goes on nevertheless: a source quench or a redirect of IPv4, which sockets for echo requests are
    /// told of too.
    pub(in crate::engine) fn is_advice(&self) -> bool {
        matches!(
            self,
            Self::Icmp {
                is_v6: false,
                kind: 4 | 5,
                ..
            }
        )
    }
}
