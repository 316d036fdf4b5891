//! What is known of one hop.

use std::net::SocketAddr;
use std::time::Duration;

use super::report::{Answer, Outcome};
use crate::engine::ping::Tally;

/// How many addresses of a hop are told apart.
const ADDRESSES: usize = 16;

/// A hop's account.
#[derive(Clone, Debug, Default)]
pub struct Hop {
    /// How many probes, and how long they took.
    pub tally: Tally,
    /// Who answered, in the order of their first answers.
    pub addresses: Vec<SocketAddr>,
    /// The last answer.
    pub last: Option<Answer>,
    /// The probes one by one, where they are so many as to be listed; `None` is one that is under way.
    pub(super) outcomes: Vec<Option<Outcome>>,
    /// The longest time that an answer took.
    pub(super) slowest: Option<Duration>,
}

impl Hop {
    /// What became of the probes, in the order of their sending.
    pub fn outcomes(&self) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().flatten()
    }

    /// Whether each of its probes was answered or given up.
    pub(super) fn is_complete(&self) -> bool {
        !self.outcomes.is_empty() && self.outcomes.iter().all(Option::is_some)
    }

    pub(super) fn answered(&mut self, answer: &Answer) {
        self.tally.answered(answer.rtt);
        self.slowest = self.slowest.max(Some(answer.rtt));
        if let Some(from) = answer.from
            && self.addresses.len() < ADDRESSES
            && !self.addresses.contains(&from)
        {
            self.addresses.push(from);
        }
        self.settle(answer.attempt, || Outcome::Answered(answer.clone()));
        self.last = Some(answer.clone());
    }

    pub(super) fn lost(&mut self, attempt: u32) {
        self.tally.missed();
        self.settle(attempt, || Outcome::Lost);
    }

    fn settle(&mut self, attempt: u32, outcome: impl FnOnce() -> Outcome) {
        let index = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
        if let Some(place) = self.outcomes.get_mut(index) {
            *place = Some(outcome());
        }
    }
}
