//! What is told of how a transfer gets on: `--stats`, and progress to a person who watches.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use super::Desk;
use super::stream::StreamArgs;
use super::trip::millis;
use crate::engine::{Inlet, Moved};
use crate::net::{Address, Socket};
use crate::output::{Progress, Stats, Way, rate};

/// When a transfer is a long one.
pub(super) const LONG: Duration = Duration::from_secs(2);

/// How often progress is shown.
pub(super) const REFRESH: Duration = Duration::from_millis(250);

/// The account of a connection that stands since `start`.
pub(super) fn stats(
    conn: u64,
    peer: &Address,
    moved: Moved,
    socket: &Socket,
    start: Instant,
) -> Stats {
    let time = start.elapsed();
    Stats {
        conn,
        peer: peer.clone(),
        sent: moved.sent,
        received: moved.received,
        duration_ms: millis(time),
        sent_rate: rate(moved.sent, time),
        received_rate: rate(moved.received, time),
        way: socket.round_trip().map(|way| Way {
            rtt_ms: millis(way.time),
            rttvar_ms: millis(way.variation),
            retransmits: way.retransmits,
        }),
    }
}

/// Progress, where somebody watches stderr, and nothing else is written there. What comes in on the same terminal ends it.
pub(super) fn progress(
    desk: &Desk,
    args: &StreamArgs,
    inlet: &Inlet,
    start: Instant,
) -> Option<Progress> {
    let style = desk.output.style();
    let is_busy = style.quiet
        || style.verbose
        || !desk.explain.is_silent()
        || (args.sight.dump.is_some() && args.sight.dump_to.is_none());
    let is_watched = io::stderr().is_terminal()
        && !io::stdin().is_terminal()
        && !(style.json && io::stdout().is_terminal());
    (is_watched && !is_busy).then(|| Progress::new(inlet.size(), start))
}
