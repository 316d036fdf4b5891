//! The state of a run of pings: what is due, what is under way, and what a reply means. Time is an argument: nothing here
//! reads a clock or knows a socket.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::{Duration, Instant, SystemTime};

use super::report::{Clock, Flaw};
use super::tally::Tally;

/// Who falls further behind than this makes up for no more of it.
const BEHIND: Duration = Duration::from_millis(100);
/// By how much a request may be too late without those behind it being so too.
const OVERSLEPT: Duration = Duration::from_millis(5);
/// How many requests can be told apart by the 16 bits of a sequence number.
const SLOTS: u64 = 1 << 16;
/// By how much the kernel's clock may be ahead of ours before it is taken to have been set.
const SLACK: Duration = Duration::from_millis(1);

/// How each host is asked.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// How often; `None` is without end.
    pub count: Option<u64>,
    /// How long from one request to the next.
    pub interval: Duration,
    /// How long from one request to the next, whichever host it is for.
    pub gap: Duration,
    /// How long each answer may take.
    pub timeout: Duration,
}

/// All the hosts' requests.
#[derive(Debug)]
pub struct Rounds {
    rules: Rules,
    tallies: Vec<Tally>,
    due: BinaryHeap<Reverse<(Instant, usize)>>,
    /// Requests in the order of their sending, with the time when they are given up.
    waiting: VecDeque<(Instant, u64)>,
    /// Requests by the lower 16 bits of their number.
    slots: Vec<Option<Request>>,
    last: u64,
    /// Before when nothing is sent.
    gate: Option<Instant>,
}

/// A request that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due {
    /// The host's index.
    pub(super) host: usize,
    /// Which of the host's requests, counted from 1.
    pub(super) seq: u64,
    /// Which of all requests, counted from 1; its lower 16 bits go with it.
    pub(super) number: u64,
}

/// What a reply or an error belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) host: usize,
    pub(super) seq: u64,
    pub(super) rtt: Duration,
    pub(super) clock: Clock,
    pub(super) is_duplicate: bool,
    pub(super) is_late: bool,
}

/// When an answer came.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct Came {
    /// By our clock: it was there by then.
    pub(in crate::engine) now: Instant,
    /// By the kernel's, where that noted it.
    pub(in crate::engine) stamped: Option<SystemTime>,
    /// How long it took, where the kernel measured that.
    pub(in crate::engine) measured: Option<Duration>,
}

#[derive(Clone, Copy, Debug)]
struct Request {
    due: Due,
    at: Instant,
    wall: SystemTime,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    Answered,
    Failed,
    Lost,
}

impl Rounds {
    /// No host yet.
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            tallies: Vec::new(),
            due: BinaryHeap::new(),
            waiting: VecDeque::new(),
            slots: Vec::new(),
            last: 0,
            gate: None,
        }
    }

    /// One more host; its index. It is asked nothing before [`Self::begin`].
    pub(super) fn add(&mut self) -> usize {
        self.tallies.push(Tally::default());
        self.tallies.len() - 1
    }

    /// Ask this host, for the first time at once.
    pub(super) fn begin(&mut self, host: usize, now: Instant) {
        self.due.push(Reverse((now, host)));
    }

    /// The accounts, host by host.
    pub fn tallies(&self) -> &[Tally] {
        &self.tallies
    }

    /// What is to be sent at `now`; it stays so until [`Self::sent`] is told. None while the sequence number that is next
    /// belongs to a request that still waits.
    pub(super) fn due(&self, now: Instant) -> Option<Due> {
        let Reverse((at, host)) = *self.due.peek()?;
        if at > now || self.gate.is_some_and(|gate| gate > now) || self.is_crowded() {
            return None;
        }
        Some(Due {
            host,
            seq: self.tallies.get(host)?.asked() + 1,
            number: self.last + 1,
        })
    }

    /// What was due has no time any more to be answered: its host is asked nothing more.
    pub(super) fn leave(&mut self, due: Due) {
        self.due.retain(|Reverse((_, host))| *host != due.host);
    }

    /// What was due has been sent; `wall` is the time by the clock that the kernel stamps with.
    pub(super) fn sent(&mut self, due: Due, now: Instant, wall: SystemTime) {
        let Some(Reverse((at, host))) = self.due.pop() else {
            return;
        };
        self.last = due.number;
        self.shut(now);
        if let Some(tally) = self.tallies.get_mut(host) {
            tally.ask();
            if self.rules.count.is_none_or(|count| tally.asked() < count) {
                let next = later(at, self.rules.interval);
                let behind = now.checked_sub(BEHIND).unwrap_or(now);
                let next = if next < behind { now } else { next };
                self.due.push(Reverse((next, host)));
            }
        }
        let request = Request {
            due,
            at: now,
            wall,
            state: State::Waiting,
        };
        let slot = usize::from(wire_seq(due.number));
        if self.slots.len() <= slot {
            self.slots.resize(slot + 1, None);
        }
        if let Some(place) = self.slots.get_mut(slot) {
            *place = Some(request);
        }
        self.waiting
            .push_back((later(now, self.rules.timeout), due.number));
    }

    /// What was taken to be sent could not be.
    pub(super) fn unsent(&mut self, due: Due) {
        let slot = self.slots.get_mut(usize::from(wire_seq(due.number)));
        if let Some(request) = slot.and_then(Option::as_mut) {
            request.state = State::Failed;
        }
        if let Some(tally) = self.tallies.get_mut(due.host) {
            tally.sent = tally.sent.saturating_sub(1);
            tally.not_sent += 1;
        }
        self.tidy();
    }

    /// The number of the request that went out with this sequence number last; `None` where none has.
    pub(super) fn number(&self, wire_seq: u16) -> Option<u64> {
        let request = self.slots.get(usize::from(wire_seq))?.as_ref()?;
        Some(request.due.number)
    }

    /// The host that this request was for, and which of its requests it was; `None` where there was none.
    pub(super) fn asked(&self, wire_seq: u16) -> Option<(usize, u64)> {
        let request = self.slots.get(usize::from(wire_seq))?.as_ref()?;
        Some((request.due.host, request.due.seq))
    }

    /// A reply to the request with this sequence number came: what it means. One with a flaw is counted and leaves the
    /// request waiting. `is_member`: it is the first of this one among several who may answer.
    pub(super) fn replied(
        &mut self,
        wire_seq: u16,
        came: Came,
        flaw: Option<Flaw>,
        is_member: bool,
    ) -> Option<Heard> {
        let request = self.slots.get_mut(usize::from(wire_seq))?.as_mut()?;
        let (rtt, clock) = trip((request.at, request.wall), came);
        let is_again = request.state == State::Answered;
        let heard = Heard {
            host: request.due.host,
            seq: request.due.seq,
            rtt,
            clock,
            is_duplicate: is_again && !is_member,
            is_late: request.state == State::Lost,
        };
        let tally = self.tallies.get_mut(heard.host)?;
        if flaw.is_some() {
            tally.corrupt += 1;
        } else if heard.is_duplicate {
            tally.duplicates += 1;
        } else if is_again {
            tally.others += 1;
        } else {
            tally.late += u64::from(heard.is_late);
            tally.answered_to(heard.seq, rtt);
            request.state = State::Answered;
        }
        self.tidy();
        Some(heard)
    }

    /// An error was told of the request with this sequence number: the host, and which of its requests. `None` where that
    /// changes nothing.
    pub(super) fn failed(&mut self, wire_seq: u16) -> Option<(usize, u64)> {
        let request = self.slots.get_mut(usize::from(wire_seq))?.as_mut()?;
        if !matches!(request.state, State::Waiting | State::Lost) {
            return None;
        }
        let due = request.due;
        let tally = self.tallies.get_mut(due.host)?;
        request.state = State::Failed;
        tally.errors += 1;
        self.tidy();
        Some((due.host, due.seq))
    }

    /// The next request that is given up at `now`: its number, host, and which of the host's it is.
    pub(super) fn lapsed(&mut self, now: Instant) -> Option<Due> {
        self.tidy();
        let (until, number) = *self.waiting.front()?;
        if until > now {
            return None;
        }
        self.waiting.pop_front();
        let slot = self.slots.get_mut(usize::from(wire_seq(number)))?;
        let request = slot.as_mut()?;
        request.state = State::Lost;
        Some(request.due)
    }

    /// When something is to be done next; `None` when nothing is, however long one waits.
    pub(super) fn next(&self) -> Option<Instant> {
        let due = self.due.peek().filter(|_| !self.is_crowded());
        let lapses = self.waiting.front().map(|(until, _)| *until);
        due.map(|Reverse((at, _))| self.gate.map_or(*at, |gate| gate.max(*at)))
            .into_iter()
            .chain(lapses)
            .min()
    }

    /// The next request waits for the gap to be over; who was woken late makes up for a little of it.
    fn shut(&mut self, now: Instant) {
        if self.rules.gap.is_zero() {
            return;
        }
        let behind = now.checked_sub(OVERSLEPT).unwrap_or(now);
        let from = self.gate.map_or(now, |gate| gate.max(behind));
        self.gate = from.checked_add(self.rules.gap);
    }

    /// Whether every host that was begun has been asked, and has answered or been given up.
    pub(super) fn is_over(&self) -> bool {
        self.due.is_empty() && self.waiting.is_empty()
    }

    /// Whether each sequence number is taken.
    fn is_crowded(&self) -> bool {
        let slot = usize::from(wire_seq(self.last + 1));
        let next = self.slots.get(slot).and_then(Option::as_ref);
        next.is_some_and(|request| request.state == State::Waiting)
    }

    /// The oldest request that waits comes first.
    fn tidy(&mut self) {
        while let Some((_, number)) = self.waiting.front() {
            let slot = usize::from(wire_seq(*number));
            let request = self.slots.get(slot).and_then(Option::as_ref);
            let waits = |request: &Request| {
                request.due.number == *number && request.state == State::Waiting
            };
            if request.is_some_and(waits) {
                return;
            }
            self.waiting.pop_front();
        }
    }
}

/// How long an answer took to what was sent at these times, by our clock and by the kernel's. The kernel's time counts,
/// unless its clock was set meanwhile.
pub(in crate::engine) fn trip((at, wall): (Instant, SystemTime), came: Came) -> (Duration, Clock) {
    let mine = came.now.saturating_duration_since(at);
    let stamped = || came.stamped.and_then(|at| at.duration_since(wall).ok());
    match came.measured.or_else(stamped) {
        Some(kernels) if kernels <= mine + SLACK => (kernels.min(mine), Clock::Kernel),
        _ => (mine, Clock::User),
    }
}

/// What of a request's number goes with it.
pub(super) fn wire_seq(number: u64) -> u16 {
    u16::try_from(number % SLOTS).unwrap_or(0)
}

fn later(at: Instant, by: Duration) -> Instant {
    at.checked_add(by).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules = Rules {
        count: Some(2),
        interval: Duration::from_secs(1),
        gap: Duration::ZERO,
        timeout: Duration::from_millis(1500),
    };

    fn came(now: Instant, stamped: Option<SystemTime>) -> Came {
        Came {
            now,
            stamped,
            measured: None,
        }
    }

    struct Run {
        rounds: Rounds,
        start: Instant,
        wall: SystemTime,
    }

    impl Run {
        /// So many hosts, all asked from the start.
        fn new(rules: Rules, hosts: usize) -> Self {
            let mut rounds = Rounds::new(rules);
            let start = Instant::now();
            for _ in 0..hosts {
                let host = rounds.add();
                rounds.begin(host, start);
            }
            let wall = SystemTime::now();
            Self {
                rounds,
                start,
                wall,
            }
        }

        fn at(&self, millis: u64) -> (Instant, SystemTime) {
            let since = Duration::from_millis(millis);
            (self.start + since, self.wall + since)
        }

        /// Send what is due after so many milliseconds: host and seq.
        fn send(&mut self, millis: u64) -> Vec<(usize, u64)> {
            let (now, wall) = self.at(millis);
            let mut sent = Vec::new();
            while let Some(due) = self.rounds.due(now) {
                self.rounds.sent(due, now, wall);
                sent.push((due.host, due.seq));
            }
            sent
        }

        fn reply(&mut self, wire_seq: u16, millis: u64) -> Option<Heard> {
            let (now, wall) = self.at(millis);
            self.rounds
                .replied(wire_seq, came(now, Some(wall)), None, false)
        }

        fn lose(&mut self, millis: u64) -> Vec<(usize, u64)> {
            let (now, _) = self.at(millis);
            let lapsed = std::iter::from_fn(|| self.rounds.lapsed(now));
            lapsed.map(|due| (due.host, due.seq)).collect()
        }

        fn next(&self) -> Option<u128> {
            let next = self.rounds.next()?;
            Some(next.saturating_duration_since(self.start).as_millis())
        }
    }

    #[test]
    fn what_was_never_asked_is_nothing() {
        let mut run = Run::new(RULES, 1);
        for seq in [0, 1, 2, 65535] {
            assert_eq!(run.reply(seq, 1), None, "{seq}");
            assert_eq!(run.rounds.failed(seq), None, "{seq}");
            assert_eq!(run.rounds.number(seq), None, "{seq}");
        }
        assert_eq!(run.rounds.tallies()[0].received, 0);
    }

    #[test]
    fn hosts_take_turns_and_end() {
        let mut run = Run::new(RULES, 2);
        let mut sent = run.send(0);
        sent.sort_unstable();
        assert_eq!(sent, [(0, 1), (1, 1)]);
        assert_eq!(run.next(), Some(1000));
        assert_eq!(run.send(999), []);
        assert!(run.reply(1, 5).is_some() && run.reply(2, 6).is_some());
        assert_eq!(run.send(1000).len(), 2);
        assert!(!run.rounds.is_over());
        assert_eq!(run.next(), Some(2500));
        assert!(run.reply(3, 1005).is_some());
        assert_eq!(run.lose(2500).len(), 1);
        assert!(run.rounds.is_over());
        assert_eq!(run.next(), None);
    }

    #[test]
    fn many_hosts_are_asked_one_after_the_other() {
        let gap = Duration::from_millis(2);
        let mut run = Run::new(Rules { gap, ..RULES }, 100);
        for millis in 0..10 {
            let count = if millis % 2 == 0 { 1 } else { 0 };
            assert_eq!(run.send(millis).len(), count, "{millis}");
        }
        assert_eq!(run.next(), Some(10));
        // Who was away for long does not send all of it at once.
        assert_eq!(run.send(90).len(), 3);
        assert_eq!(run.next(), Some(91));
    }

    #[test]
    fn duplicates_late_and_corrupt_are_told_apart() {
        let mut run = Run::new(RULES, 1);
        run.send(0);
        let (now, wall) = run.at(10);
        let flaw = Some(Flaw::Payload(3));
        let came = came(now, Some(wall));
        assert!(run.rounds.replied(1, came, flaw, false).is_some());
        let first = run.reply(1, 20).unwrap();
        assert!(!first.is_duplicate && !first.is_late);
        assert_eq!(first.rtt, Duration::from_millis(20));
        assert_eq!(first.clock, Clock::Kernel);
        assert!(run.reply(1, 30).unwrap().is_duplicate);
        run.send(1000);
        assert_eq!(run.lose(2500), [(0, 2)]);
        let late = run.reply(2, 2600).unwrap();
        assert!(late.is_late && !late.is_duplicate);
        assert!(run.reply(2, 2700).unwrap().is_duplicate);
        let tally = &run.rounds.tallies()[0];
        assert_eq!((tally.sent, tally.received), (2, 2));
        assert_eq!((tally.duplicates, tally.late, tally.corrupt), (2, 1, 1));
    }

    #[test]
    fn an_error_ends_the_waiting_once() {
        let mut run = Run::new(RULES, 1);
        run.send(0);
        assert_eq!(run.rounds.failed(1), Some((0, 1)));
        assert_eq!(run.rounds.failed(1), None);
        assert_eq!(run.lose(9999), []);
        assert_eq!(run.rounds.tallies()[0].errors, 1);
        assert_eq!(run.rounds.tallies()[0].received, 0);
    }

    #[test]
    fn a_clock_that_was_set_is_not_believed() {
        let mut run = Run::new(RULES, 1);
        run.send(0);
        let (now, wall) = run.at(10);
        let hour = Duration::from_secs(3600);
        for arrived in [Some(wall - hour), Some(wall + hour), None] {
            let heard = run.rounds.replied(1, came(now, arrived), None, false);
            let heard = heard.unwrap();
            assert_eq!(heard.clock, Clock::User);
            assert_eq!(heard.rtt, Duration::from_millis(10));
        }
        let measured = Came {
            measured: Some(Duration::from_millis(7)),
            ..came(now, None)
        };
        let heard = run.rounds.replied(1, measured, None, false).unwrap();
        assert_eq!(heard.clock, Clock::Kernel);
        assert_eq!(heard.rtt, Duration::from_millis(7));
    }

    #[test]
    fn members_of_a_group_are_no_duplicates() {
        let mut run = Run::new(RULES, 1);
        run.send(0);
        let came = came(run.start, None);
        for (is_member, is_duplicate) in [(true, false), (true, false), (false, true)] {
            let heard = run.rounds.replied(1, came, None, is_member).unwrap();
            assert_eq!(heard.is_duplicate, is_duplicate);
        }
        let tally = &run.rounds.tallies()[0];
        assert_eq!((tally.received, tally.others, tally.duplicates), (1, 1, 1));
    }

    #[test]
    fn what_is_not_sent_is_neither_sent_nor_lost() {
        let mut run = Run::new(RULES, 1);
        let due = run.rounds.due(run.start).unwrap();
        run.rounds.sent(due, run.start, run.wall);
        run.rounds.unsent(due);
        assert_eq!(run.lose(9999), []);
        assert_eq!(run.send(1000), [(0, 2)]);
        assert!(run.reply(2, 1001).is_some());
        assert!(run.rounds.is_over());
        let tally = &run.rounds.tallies()[0];
        assert_eq!((tally.sent, tally.not_sent, tally.errors), (1, 1, 0));
        assert_eq!(tally.loss(), Some(0.0));
    }

    #[test]
    fn who_is_left_is_asked_no_more() {
        let mut run = Run::new(RULES, 2);
        assert_eq!(run.send(0).len(), 2);
        let due = run.rounds.due(run.at(1000).0).unwrap();
        run.rounds.leave(due);
        let rest = run.send(1000);
        assert_eq!(rest.len(), 1);
        assert_ne!(rest[0].0, due.host);
    }

    #[test]
    fn sequence_numbers_come_round_and_never_meet() {
        let flood = Rules {
            count: None,
            interval: Duration::ZERO,
            gap: Duration::ZERO,
            timeout: RULES.timeout,
        };
        let mut run = Run::new(flood, 1);
        // Nothing answers: all numbers are taken, and the next waits for the first to be given up.
        assert_eq!(run.send(0).len(), 65536);
        assert_eq!(run.next(), Some(1500));
        assert_eq!(run.reply(0, 1).unwrap().seq, 65536);
        assert_eq!(run.lose(1500).len(), 65535);
        let (now, wall) = run.at(1500);
        let due = run.rounds.due(now).unwrap();
        assert_eq!((due.number, due.seq), (65537, 65537));
        run.rounds.sent(due, now, wall);
        assert_eq!(run.rounds.number(1), Some(65537));
        assert_eq!(run.reply(1, 1501).unwrap().seq, 65537);
    }

    #[test]
    fn who_falls_behind_catches_up_a_little() {
        let rules = Rules {
            count: None,
            interval: Duration::from_millis(10),
            gap: Duration::ZERO,
            timeout: RULES.timeout,
        };
        let mut run = Run::new(rules, 1);
        assert_eq!(run.send(0).len(), 1);
        assert_eq!(run.send(50).len(), 5);
        // After a stop of ten seconds there is no flood.
        assert!(run.send(10_050).len() <= 2);
    }
}
