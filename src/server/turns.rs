//! Work that waits: each origin has its turn and its share, so that one that asks for a lot is in nobody's way but its own.

use std::collections::{HashMap, VecDeque};

use super::admission::Origin;

/// How much one origin may have waiting.
const SHARE: usize = 64;
/// How much may wait in all.
const ALL: usize = 1024;

/// What waits. Local sockets count as one origin.
#[derive(Debug)]
pub(super) struct Turns<T> {
    /// Those that have something waiting, in the order of their turns.
    order: VecDeque<Option<Origin>>,
    waiting: HashMap<Option<Origin>, VecDeque<T>>,
    count: usize,
}

impl<T> Default for Turns<T> {
    fn default() -> Self {
        Self {
            order: VecDeque::new(),
            waiting: HashMap::new(),
            count: 0,
        }
    }
}

impl<T> Turns<T> {
    /// Have something wait for its turn; `false` where there is too much of it already.
    pub(super) fn push(&mut self, origin: Option<Origin>, work: T) -> bool {
        if self.count >= ALL {
            return false;
        }
        let own = self.waiting.entry(origin).or_default();
        if own.len() >= SHARE {
            return false;
        }
        if own.is_empty() {
            self.order.push_back(origin);
        }
        own.push_back(work);
        self.count += 1;
        true
    }

    /// What is next: the oldest of the origin whose turn it is.
    pub(super) fn next(&mut self) -> Option<T> {
        let origin = self.order.pop_front()?;
        let own = self.waiting.get_mut(&origin)?;
        let work = own.pop_front();
        match own.is_empty() {
            true => drop(self.waiting.remove(&origin)),
            false => self.order.push_back(origin),
        }
        self.count -= usize::from(work.is_some());
        work
    }

    /// Forget everything.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Address;

    fn origin(number: u8) -> Option<Origin> {
        let address = Address::Inet(([127, 0, 0, number], 1).into());
        Origin::of(&address)
    }

    #[test]
    fn everyone_has_a_turn() {
        let mut turns = Turns::default();
        for (from, work) in [
            (1, "1a"),
            (1, "1b"),
            (1, "1c"),
            (2, "2a"),
            (3, "3a"),
            (3, "3b"),
        ] {
            assert!(turns.push(origin(from), work));
        }
        let order: Vec<_> = std::iter::from_fn(|| turns.next()).collect();
        assert_eq!(order, ["1a", "2a", "3a", "1b", "3b", "1c"]);
        assert!(turns.waiting.is_empty() && turns.count == 0);
    }

    #[test]
    fn nobody_has_more_than_a_share() {
        let mut turns = Turns::default();
        let taken = (0..SHARE * 2).filter(|number| turns.push(origin(1), *number));
        assert_eq!(taken.count(), SHARE);
        assert!(turns.push(origin(2), 0) && turns.push(None, 0));
        assert_eq!((turns.next(), turns.next()), (Some(0), Some(0)));
        assert!(turns.push(origin(1), 0), "there is room again");
        for number in 3..=255 {
            for _ in 0..SHARE {
                turns.push(origin(number), 0);
            }
        }
        assert_eq!(turns.count, ALL);
        assert!(!turns.push(origin(2), 0));
        turns.clear();
        assert_eq!(turns.next(), None);
    }
}
