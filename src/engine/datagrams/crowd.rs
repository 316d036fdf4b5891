//! Who was heard, and the way back to each.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::net::{Address, Control, Notes};

/// How many peers are remembered: each costs a send for each line of stdin.
const MOST: usize = 4096;

/// The way back to a peer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Way {
    /// The socket that it spoke to.
    pub(super) ear: usize,
    /// Who.
    pub(super) to: Address,
    /// The address of ours to speak from, and its interface; `None` leaves it to the kernel.
    pub(super) from: Option<(IpAddr, u32)>,
}

impl Way {
    /// `None` for one that cannot be answered: port 0 is nobody's.
    pub(super) fn back(ear: usize, to: Address, notes: &Notes) -> Option<Self> {
        if to.inet().is_some_and(|inet| inet.port() == 0) {
            return None;
        }
        let from = notes.answer_from.map(|from| (from, notes.interface));
        Some(Self { ear, to, from })
    }

    pub(super) fn control(&self) -> Control {
        self.from.map_or(Control::NONE, |(from, interface)| {
            Control::source(from, interface)
        })
    }
}

/// Peers, by the way to them.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    heard: HashMap<Way, Instant>,
}

impl Crowd {
    /// One was heard. Where there are too many the one that was silent for longest is forgotten.
    pub(super) fn heard(&mut self, way: Way, now: Instant) {
        if self.heard.len() >= MOST && !self.heard.contains_key(&way) {
            let oldest = self.heard.iter().min_by_key(|(_, at)| **at);
            if let Some(oldest) = oldest.map(|(way, _)| way.clone()) {
                self.heard.remove(&oldest);
            }
        }
        self.heard.insert(way, now);
    }

    /// Those who have not been silent for longer than `expire`.
    pub(super) fn present(&mut self, expire: Duration, now: Instant) -> Vec<Way> {
        self.heard
            .retain(|_, at| now.saturating_duration_since(*at) < expire);
        self.heard.keys().cloned().collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.heard.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_at_port_0() {
        let to = Address::Inet(([127, 0, 0, 1], 0).into());
        assert_eq!(Way::back(0, to, &Notes::default()), None);
    }

    #[test]
    fn the_silent_are_forgotten_and_the_many_have_a_bound() {
        let start = Instant::now();
        let mut crowd = Crowd::default();
        let way = |port: usize| {
            let port = u16::try_from(port).unwrap();
            let to = Address::Inet(([127, 0, 0, 1], port).into());
            Way::back(0, to, &Notes::default()).unwrap()
        };
        crowd.heard(way(1), start);
        for port in 2..=MOST + 1 {
            crowd.heard(way(port), start + Duration::from_secs(1));
        }
        let now = start + Duration::from_secs(2);
        let all = crowd.present(Duration::from_secs(9), now);
        assert!(all.len() == MOST && !all.contains(&way(1)));
        assert!(crowd.present(Duration::from_secs(1), now).is_empty() && crowd.is_empty());
    }
}
