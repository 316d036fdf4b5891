//! What TCP knows of a connection: getsockopt(2) TCP_INFO, tcp(7), of which a few words are read.

use std::time::Duration;

use super::socket::Socket;

/// How much of `struct tcp_info` is asked for: as far as `tcpi_notsent_bytes`.
const LENGTH: usize = 148;

/// How much of a TCP connection its peer has moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Bytes that were sent to it and acknowledged.
    pub taken: u64,
    /// Bytes that came from it.
    pub given: u64,
}

/// What the way to a peer is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundTrip {
    /// How long a segment and its acknowledgement take, smoothed: `tcpi_rtt`.
    pub time: Duration,
    /// How much that varies: `tcpi_rttvar`.
    pub variation: Duration,
    /// How many segments were sent again: `tcpi_total_retrans`.
    pub retransmits: u32,
}

impl RoundTrip {
    /// How long the kernel waited for an answer, which it does not tell from one to an earlier segment where it asked again.
    pub fn measured(self) -> Option<Duration> {
        (self.retransmits == 0 && !self.time.is_zero()).then_some(self.time)
    }
}

/// As much of the struct as the kernel gave.
struct TcpInfo {
    bytes: [u8; LENGTH],
    count: usize,
}

impl Socket {
    /// How many bytes the peer of a TCP connection has taken and given, by its acknowledgements and ours:
    /// `tcpi_bytes_acked` and `tcpi_bytes_received`. `None` where the kernel does not tell.
    pub fn moved(&self) -> Option<Moved> {
        let info = self.tcp_info()?;
        Some(Moved {
            taken: info.long(120)?,
            given: info.long(128)?,
        })
    }

    /// How many segments a TCP peer has not acknowledged, and bytes that have not left: `tcpi_unacked` and
    /// `tcpi_notsent_bytes`. 0 where the kernel does not tell.
    pub fn unacknowledged(&self) -> u64 {
        let info = self.tcp_info();
        let word = |at| info.as_ref().and_then(|info| info.word(at)).unwrap_or(0);
        u64::from(word(24)) + u64::from(word(144))
    }

    /// What the way to a TCP peer is like; `None` where the kernel does not tell.
    pub fn round_trip(&self) -> Option<RoundTrip> {
        let info = self.tcp_info()?;
        Some(RoundTrip {
            time: Duration::from_micros(info.word(68)?.into()),
            variation: Duration::from_micros(info.word(72)?.into()),
            retransmits: info.word(100)?,
        })
    }

    fn tcp_info(&self) -> Option<TcpInfo> {
        let mut bytes = [0; LENGTH];
        let shown = |_: &[u8]| "...".to_owned();
        let count = self
            .getsockopt(libc::IPPROTO_TCP, libc::TCP_INFO, &mut bytes, shown)
            .ok()?;
        Some(TcpInfo { bytes, count })
    }
}

impl TcpInfo {
    fn word(&self, at: usize) -> Option<u32> {
        let bytes = self.given().get(at..at + 4)?.try_into().ok()?;
        Some(u32::from_ne_bytes(bytes))
    }

    fn long(&self, at: usize) -> Option<u64> {
        let bytes = self.given().get(at..at + 8)?.try_into().ok()?;
        Some(u64::from_ne_bytes(bytes))
    }

    fn given(&self) -> &[u8] {
        self.bytes.get(..self.count).unwrap_or(&self.bytes)
    }
}
