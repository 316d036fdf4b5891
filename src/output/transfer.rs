//! How much moved, how fast, and what the way was like.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::connection::word;
use super::event::Event;
use crate::http::Size;
use crate::net::Address;

/// The account of a connection: `--stats`.
#[derive(Debug, Serialize)]
pub struct Stats {
    /// Which one, counted from 1.
    pub conn: u64,
    /// Who.
    #[serde(serialize_with = "word", skip_serializing_if = "Address::is_unnamed")]
    pub peer: Address,
    /// Bytes that went there.
    pub sent: u64,
    /// Bytes that came from there.
    pub received: u64,
    /// How long that took.
    pub duration_ms: f64,
    /// How many bytes a second went there.
    pub sent_rate: u64,
    /// How many bytes a second came from there.
    pub received_rate: u64,
    /// What TCP knows of the way; missing for other protocols.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub way: Option<Way>,
}

/// What TCP knows of the way.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Way {
    /// How long it is to the peer and back, smoothed.
    pub rtt_ms: f64,
    /// How much that varies.
    pub rttvar_ms: f64,
    /// How many segments were sent again.
    pub retransmits: u32,
}

/// How many bytes a second that is.
pub fn rate(bytes: u64, time: Duration) -> u64 {
    let rate = u128::from(bytes) * 1_000_000 / time.as_micros().max(1);
    u64::try_from(rate).unwrap_or(u64::MAX)
}

impl Event for Stats {
    const NAME: &'static str = "stats";
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let amount = |bytes, rate| format!("{} ({}/s)", Size(bytes), Size(rate));
        write!(
            f,
            "{} {}: sent {}, received {} in {:.3} s",
            self.conn,
            self.peer,
            amount(self.sent, self.sent_rate),
            amount(self.received, self.received_rate),
            self.duration_ms / 1000.0
        )?;
        let Some(way) = &self.way else { return Ok(()) };
        let (rtt, again) = (way.rtt_ms, way.retransmits);
        write!(f, ", rtt {rtt:.3} ms, {again} segments sent again")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_and_an_object() {
        let mut stats = Stats {
            conn: 1,
            peer: Address::Inet(([192, 0, 2, 1], 80).into()),
            sent: 3 << 20,
            received: 12,
            duration_ms: 1500.0,
            sent_rate: rate(3 << 20, Duration::from_millis(1500)),
            received_rate: rate(12, Duration::from_millis(1500)),
            way: Some(Way {
                rtt_ms: 20.5,
                rttvar_ms: 0.009,
                retransmits: 3,
            }),
        };
        assert_eq!(
            stats.to_string(),
            "1 192.0.2.1:80: sent 3.0 MiB (2.0 MiB/s), received 12 B (8 B/s) in 1.500 s, rtt 20.500 ms, 3 segments sent again"
        );
        let object = serde_json::to_value(&stats).unwrap();
        assert_eq!(
            (&object["rtt_ms"], &object["sent"]),
            (&20.5.into(), &(3 << 20).into())
        );
        stats.way = None;
        assert!(stats.to_string().ends_with("in 1.500 s"));
        assert!(
            serde_json::to_value(&stats)
                .unwrap()
                .get("rtt_ms")
                .is_none()
        );
    }

    #[test]
    fn no_rate_is_infinite() {
        assert_eq!(rate(u64::MAX, Duration::ZERO), u64::MAX);
        assert_eq!(rate(0, Duration::ZERO), 0);
    }
}
