//! When a stream ends.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::duration::duration;
use crate::engine::OnPeerEof;

const HEADING: &str = "When it ends";

/// The ends of stdin and of the peer.
#[derive(Args, Clone, Copy, Debug)]
pub struct LifetimeArgs {
    /// What the peer's end means while stdin is open: auto ends unless stdin is a file or a pipe that has spoken
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = PeerEof::Auto, help_heading = HEADING)]
    on_peer_eof: PeerEof,
    /// After the end of stdin, wait for the peer's end for D at most (exit status 124; one of many is cut off). With --exec and --sh: after the client's end, let its command go on for D at most
    #[arg(long, value_name = "D", value_parser = duration, help_heading = HEADING)]
    pub linger: Option<Duration>,
    /// Make no shutdown(2) when stdin ends, so that the peer is not told, and go on until it ends: for servers and proxies that take the end of one half for the end of all
    #[arg(long, conflicts_with_all = ["linger", "send_only"], help_heading = HEADING)]
    pub no_shutdown: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PeerEof {
    /// End at once, but hear out a file, or a pipe that has spoken
    Auto,
    /// End at once
    Exit,
    /// Hear stdin out to its end
    Drain,
}

impl LifetimeArgs {
    /// The policy that was asked for.
    pub fn on_peer_eof(&self) -> OnPeerEof {
        match self.on_peer_eof {
            PeerEof::Auto => OnPeerEof::Auto,
            PeerEof::Exit => OnPeerEof::Exit,
            PeerEof::Drain => OnPeerEof::Drain,
        }
    }
}
