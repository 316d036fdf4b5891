//! What a trace knows of the path by now.

use std::time::Duration;

use super::hop::Hop;
use super::survey::{Probe, Survey, index};

/// How long answers take at most, as a rule.
const USUAL: Duration = Duration::from_secs(1);

impl Survey {
    /// The hops from the first to the last that is known of, with their places.
    pub fn hops(&self) -> impl Iterator<Item = (u8, &Hop)> {
        let hops = (1..=self.rules.last).zip(&self.hops);
        let (first, end) = (self.rules.first, self.end.unwrap_or(self.rules.last));
        hops.filter(move |(ttl, _)| (first..=end).contains(ttl))
    }

    /// One hop.
    pub fn hop(&self, ttl: u8) -> Option<&Hop> {
        self.hops.get(index(ttl))
    }

    /// How many of a hundred probes of a hop were not answered. Those that are under way do not count; of a report, as long
    /// as an answer would not be a surprise.
    pub fn loss(&self, ttl: u8) -> f64 {
        let Some(hop) = self.hop(ttl) else {
            return 0.0;
        };
        let latest = self.under_way.last().map(|probe| probe.at);
        let usual = USUAL.max(hop.slowest.unwrap_or_default().saturating_mul(2));
        let is_fresh = |probe: &&Probe| {
            let behind = latest.map(|latest| latest.saturating_duration_since(probe.at));
            self.rules.interval.is_none() || behind.is_none_or(|behind| behind < usual)
        };
        let of_hop = self.under_way.iter().filter(|probe| probe.slot.ttl == ttl);
        let under_way = of_hop.filter(is_fresh);
        let under_way = u64::try_from(under_way.count()).unwrap_or(0);
        hop.tally.loss_without(under_way).unwrap_or(0.0)
    }

    /// Where the way ends; `None` while that is unknown.
    pub fn end(&self) -> Option<u8> {
        self.end
    }

    /// The last hop that is worth telling of: the end, or the first that is silent.
    pub fn last(&self) -> u8 {
        let silent = self.reach.saturating_add(1);
        self.end.unwrap_or(silent)
    }

    /// The farthest hop that answered.
    pub fn reach(&self) -> u8 {
        self.reach
    }

    /// Whether the host was reached.
    pub fn is_reached(&self) -> bool {
        self.is_reached
    }

    /// The largest packet that goes all the way, in bytes; `None` where that was not asked for.
    pub fn mtu(&self) -> Option<u32> {
        self.mtu
    }

    /// Answers that came twice, and those that came when nobody waited for them any more.
    pub fn beside(&self) -> (u64, u64) {
        (self.duplicates, self.late)
    }
}
