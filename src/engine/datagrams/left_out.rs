//! Datagrams that are not sent, or not passed on, for want of room: said once of each peer, then counted.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::crowd::Way;

/// How many peers are named at most: anybody may pretend to be many.
const MOST: usize = 256;
/// How often at most the count is said.
const NEWS: Duration = Duration::from_secs(5);

/// How many there were, and of whom it was said.
#[derive(Default)]
pub(super) struct LeftOut {
    named: HashSet<Way>,
    total: u64,
    /// How many of them were said, and when last.
    told: u64,
    at: Option<Instant>,
}

impl LeftOut {
    /// So many more; whether the peer is to be named now, which tells of one of them.
    pub(super) fn note(&mut self, way: &Way, count: u64, now: Instant) -> bool {
        self.total += count;
        let is_new = count > 0 && self.named.len() < MOST && self.named.insert(way.clone());
        if is_new {
            self.told += 1;
            self.at.get_or_insert(now);
        }
        is_new
    }

    /// How many there were since it was last said, and in all, when it is time to say so, or `at_once`.
    pub(super) fn news(&mut self, now: Instant, at_once: bool) -> Option<(u64, u64)> {
        let count = self.total - self.told;
        if count == 0 || !(at_once || self.next()? <= now) {
            return None;
        }
        (self.told, self.at) = (self.total, Some(now));
        Some((count, self.total))
    }

    /// When there is something to say next.
    pub(super) fn next(&self) -> Option<Instant> {
        let at = self.at.filter(|_| self.total > self.told)?;
        Some(at + NEWS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{Address, Notes, UnixName};

    #[test]
    fn a_peer_is_named_once_and_the_rest_is_counted() {
        let now = Instant::now();
        let way = |name: usize| {
            let to = Address::Unix(UnixName::Abstract(name.to_string().into()));
            Way::back(0, to, &Notes::default()).unwrap()
        };
        let mut left_out = LeftOut::default();
        assert!(left_out.note(&way(0), 1, now) && left_out.next().is_none());
        assert_eq!(left_out.news(now + NEWS, true), None);
        assert!(!left_out.note(&way(0), 3, now) && left_out.note(&way(1), 1, now));
        assert_eq!(left_out.news(now, false), None);
        assert_eq!(left_out.news(now + NEWS, false), Some((3, 5)));
        assert_eq!(left_out.news(now + NEWS * 2, true), None);
        let named = (0..2 * MOST).filter(|name| left_out.note(&way(*name), 1, now));
        assert_eq!(named.count(), MOST - 2);
        assert!(left_out.news(now, true).is_some());
    }
}
