//! The state of a trace: which probe is due, which are under way, and what an answer means. Time is an argument: nothing
//! here reads a clock or knows a socket.

use std::collections::VecDeque;
use std::time::{Duration, Instant, SystemTime};

use super::hop::Hop;
use super::report::Answer;
use super::rules::Rules;
use super::word::{Verdict, Which, Word};
use crate::engine::ping::{Came, trip};

/// How long one waits before a probe that goes beyond the next hop that is unknown. A host spends its budget of errors on
/// those that go past it, and routers have one too.
const PACE: Duration = Duration::from_millis(30);
/// Once somebody farther away has answered, no answer is waited for longer than this, or ten times as long as theirs took.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long the next probe of a flow waits for the one before it, where only one can be told from the next.
const TURN: Duration = Duration::from_secs(1);
/// How many probes that are over are remembered, for answers that come late or twice.
const REMEMBERED: usize = 4096;
/// How many hops beyond the last one that answered are asked in every round.
const BEYOND: u8 = 3;

/// The path so far.
#[derive(Debug)]
pub struct Survey {
    pub(super) rules: Rules,
    pub(super) hops: Vec<Hop>,
    pub(super) queue: VecDeque<Slot>,
    /// In the order of their sending.
    pub(super) under_way: Vec<Probe>,
    /// Probes that are over by their numbers, and whether they were answered.
    over: VecDeque<(u64, bool)>,
    serial: Vec<bool>,
    count: u64,
    pub(super) reach: u8,
    pub(super) end: Option<u8>,
    pub(super) is_reached: bool,
    /// The farthest hop that a router passed a probe on to, and was the last to do so.
    pub(super) passed: u8,
    paced: Option<Instant>,
    round: u32,
    round_at: Option<Instant>,
    pub(super) size: u32,
    pub(super) mtu: Option<u32>,
    pub(super) duplicates: u64,
    pub(super) late: u64,
}

/// A probe that is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) ttl: u8,
    attempt: u32,
    flow: usize,
    pub(super) mtu: Option<u32>,
}

/// A probe that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due {
    /// How many routers it is to meet.
    pub(super) ttl: u8,
    /// By which flow.
    pub(super) flow: usize,
    /// Which of all probes, counted from 1; it goes with it.
    pub(super) number: u64,
    /// The packet's length in bytes.
    pub(super) size: u32,
    /// Where in the queue it stands.
    pub(super) place: usize,
}

/// A probe that is under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Probe {
    number: u64,
    pub(super) slot: Slot,
    pub(super) at: Instant,
    wall: SystemTime,
    /// The largest packet that was known to go through when it was sent, in bytes.
    limit: u32,
}

/// Whom an answer is for.
enum Found {
    Probe(u64),
    /// Several of this flow are under way, and nobody can say which.
    OneOfMany(usize),
    Nothing,
}

impl Survey {
    /// Nothing has been sent.
    pub fn new(rules: Rules, now: Instant) -> Self {
        let hops = usize::from(rules.last);
        let mut survey = Self {
            rules,
            hops: vec![Hop::default(); hops],
            queue: VecDeque::new(),
            under_way: Vec::new(),
            over: VecDeque::new(),
            serial: vec![rules.is_serial; rules.flows.max(1)],
            count: 0,
            reach: rules.first.saturating_sub(1),
            end: None,
            is_reached: false,
            passed: 0,
            paced: None,
            round: 0,
            round_at: rules.interval.map(|_| now),
            size: rules.size,
            mtu: None,
            duplicates: 0,
            late: 0,
        };
        if rules.interval.is_none() {
            survey.plan();
        }
        survey
    }

    /// Hop after hop: all probes in their order.
    fn plan(&mut self) {
        let probes = self.rules.probes.unwrap_or(1);
        let flows = self.serial.len();
        let mut place = 0;
        for ttl in self.rules.first..=self.rules.last {
            if let Some(hop) = self.hops.get_mut(index(ttl)) {
                hop.outcomes = (0..probes).map(|_| None).collect();
            }
            for attempt in 1..=probes {
                self.queue.push_back(Slot {
                    ttl,
                    attempt,
                    flow: place % flows,
                    mtu: None,
                });
                place += 1;
            }
        }
    }

    /// Begin the next round once its time has come.
    pub(super) fn turn(&mut self, now: Instant) {
        let (Some(interval), Some(at)) = (self.rules.interval, self.round_at) else {
            return;
        };
        if at > now {
            return;
        }
        self.round += 1;
        let rest = self.rules.probes.is_none_or(|probes| self.round < probes);
        self.round_at = at.checked_add(interval).filter(|_| rest);
        let flow = usize::try_from(self.round).unwrap_or(0) % self.serial.len();
        let seen = self.reach.saturating_add(BEYOND).min(self.rules.last);
        let silent_end = if self.is_first_round() {
            self.rules.last
        } else {
            seen
        };
        for ttl in self.rules.first..=self.end.unwrap_or(silent_end) {
            self.queue.push_back(Slot {
                ttl,
                attempt: self.round,
                flow,
                mtu: None,
            });
        }
    }

    /// Whether some of the first round is still to be sent or heard of.
    fn is_first_round(&self) -> bool {
        let mut under_way = self.under_way.iter().map(|probe| &probe.slot);
        self.round == 1 || under_way.any(is_first) || self.queue.iter().any(is_first)
    }

    /// What is to be sent at `now`; it stays so until [`Self::sent`] is told.
    pub(super) fn due(&self, now: Instant) -> Option<Due> {
        if !self.has_room() {
            return None;
        }
        let may = |slot: &Slot| {
            (self.is_next(slot) || self.paced.is_none_or(|paced| paced <= now))
                && self.is_within(slot)
                && self.is_free(slot.flow)
        };
        let place = self.queue.iter().position(may)?;
        let slot = self.queue.get(place)?;
        Some(Due {
            ttl: slot.ttl,
            flow: slot.flow,
            number: self.count + 1,
            size: self.size,
            place,
        })
    }

    /// Whether it asks no farther than the first hop that is unknown.
    fn is_next(&self, slot: &Slot) -> bool {
        slot.ttl <= self.reach.saturating_add(1)
    }

    fn has_room(&self) -> bool {
        let under_way = self.under_way.iter();
        let waits = under_way.filter(|probe| self.is_within(&probe.slot));
        waits.count() < self.rules.window
    }

    fn is_free(&self, flow: usize) -> bool {
        let is_serial = self.serial.get(flow).copied().unwrap_or(true);
        !is_serial || self.under_way.iter().all(|probe| probe.slot.flow != flow)
    }

    /// What was due has been sent; `wall` is the time by the clock that the kernel stamps with.
    pub(super) fn sent(&mut self, due: Due, now: Instant, wall: SystemTime) {
        let Some(slot) = self.queue.remove(due.place) else {
            return;
        };
        if !self.is_next(&slot) {
            self.paced = now.checked_add(PACE);
        }
        self.count = due.number;
        if let Some(hop) = self.hops.get_mut(index(slot.ttl)) {
            hop.tally.sent += 1;
        }
        self.under_way.push(Probe {
            number: due.number,
            slot,
            at: now,
            wall,
            limit: self.limit(),
        });
    }

    /// Whether an answer to this probe is still waited for.
    pub(super) fn waits_for(&self, number: u64) -> bool {
        self.place(number).is_some()
    }

    fn place(&self, number: u64) -> Option<usize> {
        self.under_way
            .iter()
            .position(|probe| probe.number == number)
    }

    fn take(&mut self, number: u64) -> Option<Probe> {
        self.place(number).map(|place| self.under_way.remove(place))
    }

    /// Something was heard at `now`.
    pub(super) fn heard(&mut self, word: Word, now: Instant) -> Verdict {
        let number = match self.find(word.which) {
            Found::Probe(number) => number,
            Found::Nothing => return Verdict::Nothing,
            Found::OneOfMany(flow) => {
                self.begin_afresh(flow);
                return Verdict::Afresh(flow);
            }
        };
        let Some(probe) = self.take(number) else {
            return Verdict::Nothing;
        };
        let known = self.limit();
        if let Some(mtu) = word.kind.mtu()
            && self.shrink(mtu, probe.limit)
        {
            let mtu = Some(mtu).filter(|mtu| *mtu < known);
            self.withdraw(Slot { mtu, ..probe.slot });
            return Verdict::Nothing;
        }
        self.remember(number, true);
        let came = Came {
            now: word.seen.unwrap_or(now),
            stamped: word.at,
            measured: word.measured,
        };
        let (rtt, clock) = trip((probe.at, probe.wall), came);
        let answer = Answer {
            ttl: probe.slot.ttl,
            attempt: probe.slot.attempt,
            flow: probe.slot.flow,
            from: word.from,
            meaning: self.meaning(&word),
            kind: word.kind,
            rtt,
            clock,
            reply_ttl: word.ttl,
            labels: word.labels,
            mtu: probe.slot.mtu,
        };
        self.note(&answer);
        Verdict::Answer(answer)
    }

    /// The probe that is meant. Answers to one that is over are counted.
    fn find(&mut self, which: Which) -> Found {
        let number = match which {
            Which::Number(number) => Some(number),
            Which::Sequence(low) => {
                let under_way = self.under_way.iter().map(|probe| probe.number);
                let over = self.over.iter().rev().map(|(number, _)| *number);
                let mut known = under_way.chain(over);
                known.find(|number| number & 0xffff == u64::from(low))
            }
            Which::OfFlow(flow) => {
                let of_flow = self.under_way.iter();
                let mut of_flow = of_flow.filter(|probe| probe.slot.flow == flow);
                let first = of_flow.next().map(|probe| probe.number);
                if of_flow.next().is_some() {
                    return Found::OneOfMany(flow);
                }
                first
            }
        };
        let Some(number) = number else {
            return Found::Nothing;
        };
        if self.waits_for(number) {
            return Found::Probe(number);
        }
        match self.over.iter().find(|(over, _)| *over == number) {
            Some((_, true)) => self.duplicates += 1,
            Some((_, false)) => self.late += 1,
            None => {}
        }
        Found::Nothing
    }

    /// What is under way is asked again, one at a time.
    fn begin_afresh(&mut self, flow: usize) {
        if let Some(serial) = self.serial.get_mut(flow) {
            *serial = true;
        }
        let mut again = Vec::new();
        self.under_way.retain(|probe| {
            let stays = probe.slot.flow != flow;
            if !stays {
                again.push(probe.slot);
            }
            stays
        });
        for slot in again.into_iter().rev() {
            self.withdraw(slot);
        }
    }

    /// It is to be sent once more, and counts as if it had not been.
    fn withdraw(&mut self, slot: Slot) {
        if let Some(hop) = self.hops.get_mut(index(slot.ttl)) {
            hop.tally.sent = hop.tally.sent.saturating_sub(1);
        }
        self.queue.push_front(slot);
    }

    /// The next probe that is given up at `now`: its hop, which of the hop's it is, and its flow.
    pub(super) fn lapsed(&mut self, now: Instant) -> Option<(u8, u32, usize)> {
        let lapses = |probe: &Probe| {
            self.is_within(&probe.slot) && self.until(probe).is_some_and(|until| until <= now)
        };
        let place = self.under_way.iter().position(lapses)?;
        let Probe { number, slot, .. } = self.under_way.remove(place);
        self.remember(number, false);
        if let Some(hop) = self.hops.get_mut(index(slot.ttl)) {
            hop.lost(slot.attempt);
        }
        Some((slot.ttl, slot.attempt, slot.flow))
    }

    /// Until when an answer is waited for.
    fn until(&self, probe: &Probe) -> Option<Instant> {
        let farther = self.hops.get(index(probe.slot.ttl)..).unwrap_or_default();
        let slowest = farther.iter().filter_map(|hop| hop.slowest).max();
        let mut wait = match slowest {
            Some(slowest) => self.rules.wait.min(PATIENCE.max(slowest * 10)),
            None => self.rules.wait,
        };
        if self.serial.get(probe.slot.flow) == Some(&true) {
            wait = wait.min(TURN);
        }
        probe.at.checked_add(wait)
    }

    fn remember(&mut self, number: u64, is_answered: bool) {
        self.over.push_back((number, is_answered));
        if self.over.len() > REMEMBERED {
            self.over.pop_front();
        }
    }

    /// When something is to be done next; `None` when nothing is, however long one waits.
    pub(super) fn next(&self) -> Option<Instant> {
        let under_way = self.under_way.iter();
        let waits = under_way.filter(|probe| self.is_within(&probe.slot));
        let lapses = waits.filter_map(|probe| self.until(probe));
        let may = |slot: &Slot| self.is_free(slot.flow) && self.is_within(slot);
        let paced = self
            .paced
            .filter(|_| self.has_room() && self.queue.iter().any(may));
        lapses.chain(paced).chain(self.round_at).min()
    }

    /// Whether there is nothing left to send or to wait for.
    pub(super) fn is_over(&self) -> bool {
        let mut under_way = self.under_way.iter().map(|probe| &probe.slot);
        let is_done = |slot: &Slot| !self.is_within(slot);
        self.round_at.is_none() && self.queue.iter().all(is_done) && under_way.all(is_done)
    }
}

fn is_first(slot: &Slot) -> bool {
    slot.attempt == 1
}

/// Where a hop stands among all.
pub(super) fn index(ttl: u8) -> usize {
    usize::from(ttl.saturating_sub(1))
}
