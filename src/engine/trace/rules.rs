//! How a path is asked for.

use std::net::IpAddr;
use std::time::Duration;

/// How the path is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Whose path.
    pub target: IpAddr,
    /// The first hop.
    pub first: u8,
    /// The last hop.
    pub last: u8,
    /// How many probes each hop gets; `None` is without end, round after round.
    pub probes: Option<u32>,
    /// How long from one round to the next; `None` asks hop after hop.
    pub interval: Option<Duration>,
    /// How long an answer may take.
    pub wait: Duration,
    /// How many probes are under way at a time.
    pub window: usize,
    /// How many flows there are.
    pub flows: usize,
    /// Whether a flow has one probe under way at a time.
    pub is_serial: bool,
    /// How long a packet is, in bytes, headers included.
    pub size: u32,
    /// Whether packets become smaller where they do not go through.
    pub finds_mtu: bool,
    /// Whether packets go in fragments where they do not go through whole.
    pub may_fragment: bool,
}
