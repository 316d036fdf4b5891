//! What is due at some time for one of many. An alarm that has become void is found out when it rings.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Alarm {
    /// A connection may have been silent for too long.
    Idle,
    /// It may have taken nothing for too long.
    Stall,
    /// It may have nothing more to say, or say it for too long.
    Farewell,
    /// Its command, or its silence after the end of stdin, may have gone on for too long.
    Linger,
    /// Its handshake may have taken too long.
    Greeting,
    /// What waits for its time may be sent.
    Pace,
    /// A command that was asked to end may not have done so.
    Ladder,
}

/// All alarms, and the first of them.
#[derive(Debug, Default)]
pub(super) struct Alarms(BinaryHeap<Reverse<(Instant, Alarm, usize, u64)>>);

impl Alarms {
    /// Have an alarm ring at `at` for the connection `conn`, or its command, under `key`.
    pub(super) fn set(&mut self, at: Instant, alarm: Alarm, key: usize, conn: u64) {
        self.0.push(Reverse((at, alarm, key, conn)));
    }

    /// How many are set, void ones among them.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Forget those that `is_void` tells of, by key and connection.
    pub(super) fn forget(&mut self, is_void: impl Fn(Alarm, usize, u64) -> bool) {
        self.0
            .retain(|Reverse((_, alarm, key, conn))| !is_void(*alarm, *key, *conn));
    }

    /// When the first one rings; `None` when none is set.
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.peek().map(|Reverse((at, ..))| *at)
    }

    /// One that rings by `now`: which, the key, the connection.
    pub(super) fn ring(&mut self, now: Instant) -> Option<(Alarm, usize, u64)> {
        let Reverse((at, ..)) = self.0.peek()?;
        if *at > now {
            return None;
        }
        self.0
            .pop()
            .map(|Reverse((_, alarm, key, conn))| (alarm, key, conn))
    }
}
