//! Limits: how many connections, how long each step may take, how long the end.

use std::io::{self, IsTerminal};
use std::num::NonZero;
use std::time::Duration;

use clap::Args;

use crate::args::duration;
use crate::net::raise_descriptor_limit;
use crate::server::{Limits, Places, Terms};

/// How long what is in flight may take once a signal has come: less than the time after which those who stop services kill.
const GRACE: Duration = Duration::from_secs(5);

/// How many clients at once, and how patient the server is.
#[derive(Args, Debug)]
#[command(next_help_heading = "Limits")]
pub(super) struct LimitArgs {
    /// At most N connections: an idle one makes room, else the client gets 503 [default: what `ulimit -Hn` allows]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    max_conns: Option<NonZero<usize>>,
    /// At most N connections from an IPv4 address or an IPv6 /64; one more gets 503
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    max_conns_per_address: Option<NonZero<usize>>,
    /// Refuse a request whose head takes longer than D [default: 30s]
    #[arg(long, value_name = "D", value_parser = duration)]
    header_timeout: Option<Duration>,
    /// Refuse a body of which fewer than 100 bytes a second come, over any D [default: 30s]
    #[arg(long, value_name = "D", value_parser = duration)]
    body_timeout: Option<Duration>,
    /// Close a connection that takes fewer than 100 bytes a second, over any D [default: 30s]
    #[arg(long, value_name = "D", value_parser = duration)]
    write_timeout: Option<Duration>,
    /// Close a connection that asks nothing for D [default: 60s]
    #[arg(long, value_name = "D", value_parser = duration)]
    idle_timeout: Option<Duration>,
    /// After SIGTERM or SIGINT, finish what is in flight for D at most; a second one ends at once [default: 5s]
    #[arg(long, value_name = "D", value_parser = duration)]
    grace: Option<Duration>,
}

impl LimitArgs {
    /// How long a client may take.
    pub(super) fn limits(&self) -> Limits {
        let usual = Limits::default();
        Limits {
            head: self.header_timeout.unwrap_or(usual.head),
            body: self.body_timeout.unwrap_or(usual.body),
            stall: self.write_timeout.unwrap_or(usual.stall),
            idle: self.idle_timeout.unwrap_or(usual.idle),
            ..usual
        }
    }

    /// On which terms clients are served; the limit of descriptors is raised as far as it goes.
    pub(super) fn terms(&self, is_handed: bool) -> Terms {
        let descriptors = raise_descriptor_limit();
        Terms {
            places: Places {
                all: self
                    .max_conns
                    .map_or_else(|| places(descriptors), NonZero::get),
                per_address: self.max_conns_per_address.map(NonZero::get),
            },
            grace: self.grace.unwrap_or(GRACE),
            is_handed,
            is_at_terminal: io::stderr().is_terminal(),
        }
    }
}

/// How many connections so many descriptors are enough for: some are the server's own, and a part of the connections is
/// being sent a file.
fn places(descriptors: usize) -> usize {
    (descriptors / 4 * 3).saturating_sub(16).max(1)
}

fn at_least_one(word: &str) -> Result<NonZero<usize>, String> {
    word.parse().map_err(|_| "a number from 1 on".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_are_left_for_files() {
        for (descriptors, expected) in [(0, 1), (16, 1), (256, 176), (1024, 752), (20_000, 14_984)]
        {
            assert_eq!(places(descriptors), expected);
            assert!(expected < descriptors.max(2));
        }
        assert!(places(usize::MAX) > 0);
    }
}
