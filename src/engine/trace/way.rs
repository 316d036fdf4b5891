//! Where the way ends: at the host, or where somebody says so and nobody farther away has answered.

use super::report::{Answer, AnswerKind, Meaning};
use super::survey::{Slot, Survey, index};
use super::word::Word;

impl Survey {
    /// Whether it goes no farther than the way, as far as that is known.
    pub(super) fn is_within(&self, slot: &Slot) -> bool {
        self.end.is_none_or(|end| slot.ttl <= end)
    }

    /// What an answer means for the way.
    pub(super) fn meaning(&self, word: &Word) -> Meaning {
        let is_target = word.from.is_some_and(|from| from.ip() == self.rules.target);
        match &word.kind {
            kind if kind.is_time_exceeded() => Meaning::Hop,
            AnswerKind::Error(_) if !is_target => Meaning::Unreachable,
            _ => Meaning::Reached,
        }
    }

    /// An answer is known: to its hop, and to the way.
    pub(super) fn note(&mut self, answer: &Answer) {
        let ttl = answer.ttl;
        self.reach = self.reach.max(ttl);
        if let Some(hop) = self.hops.get_mut(index(ttl)) {
            hop.answered(answer);
        }
        match answer.meaning {
            Meaning::Hop => {
                self.passed = self.passed.max(ttl);
                // Others said that the way ends, and it plainly goes on; or it has become longer than it was.
                let is_longer = self.is_reached && self.rules.interval.is_some();
                if self.end.is_some_and(|end| end <= ttl) && (!self.is_reached || is_longer) {
                    (self.end, self.is_reached) = (None, false);
                }
            }
            Meaning::Reached if self.end.is_none_or(|end| ttl <= end) || !self.is_reached => {
                (self.end, self.is_reached) = (Some(ttl), true);
                self.reach = ttl;
                self.queue.retain(|slot| slot.ttl <= ttl);
                self.under_way.retain(|probe| probe.slot.ttl <= ttl);
            }
            Meaning::Unreachable if !self.is_reached && self.passed < ttl => {
                let end = self.end.map_or(ttl, |end| end.min(ttl));
                (self.end, self.reach) = (Some(end), end);
            }
            Meaning::Reached | Meaning::Unreachable => {}
        }
    }
}
