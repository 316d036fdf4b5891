//! A path that exists in numbers only: what is sent, when, and what is made of what comes back.

use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime};

use super::report::{AnswerKind, Meaning};
use super::rules::Rules;
use super::survey::Survey;
use super::word::{Verdict, Which, Word};
use crate::engine::ping::Trouble;

const RULES: Rules = Rules {
    target: std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 9)),
    first: 1,
    last: 30,
    probes: Some(3),
    interval: None,
    wait: Duration::from_secs(3),
    window: 16,
    flows: 1,
    is_serial: false,
    size: 60,
    finds_mtu: false,
    may_fragment: false,
};

/// A trace at a time in milliseconds.
struct Run {
    survey: Survey,
    start: Instant,
    sent: Vec<(u8, u64)>,
}

impl Run {
    fn new(rules: Rules) -> Self {
        let start = Instant::now();
        Self {
            survey: Survey::new(rules, start),
            start,
            sent: Vec::new(),
        }
    }

    fn at(&self, millis: u64) -> Instant {
        self.start + Duration::from_millis(millis)
    }

    /// Send what is due: the hops.
    fn send(&mut self, millis: u64) -> Vec<u8> {
        let now = self.at(millis);
        self.survey.turn(now);
        let mut hops = Vec::new();
        while let Some(due) = self.survey.due(now) {
            self.survey.sent(due, now, SystemTime::UNIX_EPOCH);
            self.sent.push((due.ttl, due.number));
            hops.push(due.ttl);
        }
        hops
    }

    fn hear(&mut self, which: Which, from: u8, kind: AnswerKind, millis: u64) -> Verdict {
        let from = Some(SocketAddr::from(([192, 0, 2, from], 0)));
        let word = Word {
            which,
            from,
            at: None,
            seen: None,
            measured: None,
            ttl: None,
            labels: Vec::new(),
            kind,
        };
        self.survey.heard(word, self.at(millis))
    }

    /// Each probe that was sent is answered by the router it met, or by the host at hop `length`.
    fn answer(&mut self, length: u8, millis: u64) {
        for (ttl, number) in std::mem::take(&mut self.sent) {
            let (from, kind) = if ttl < length {
                (ttl, error(11, 0))
            } else {
                (9, error(3, 3))
            };
            self.hear(Which::Number(number), from, kind, millis);
        }
    }

    fn lose(&mut self, millis: u64) -> Vec<u8> {
        let now = self.at(millis);
        let lapsed = std::iter::from_fn(|| self.survey.lapsed(now));
        lapsed.map(|(ttl, _, _)| ttl).collect()
    }

    fn next(&self) -> Option<u128> {
        let next = self.survey.next()?;
        Some(next.saturating_duration_since(self.start).as_millis())
    }

    fn complete(&self) -> Vec<u8> {
        let hops = self.survey.hops();
        let complete = hops.filter(|(_, hop)| hop.is_complete());
        complete.map(|(ttl, _)| ttl).collect()
    }
}

fn error(kind: u8, code: u8) -> AnswerKind {
    AnswerKind::Error(Trouble::Icmp {
        from: None,
        is_v6: false,
        kind,
        code,
        mtu: (kind, code).eq(&(3, 4)).then_some(1400),
        info: 0,
    })
}

#[test]
fn hop_after_hop_to_the_host() {
    let mut run = Run::new(RULES);
    let mut hops = Vec::new();
    for turn in 0..100 {
        hops.extend(run.send(turn));
        run.answer(4, turn);
    }
    assert_eq!(run.complete(), [1, 2, 3, 4]);
    assert!(run.survey.is_over() && run.survey.is_reached());
    assert_eq!(run.survey.end(), Some(4));
    assert_eq!(run.next(), None);
    // A host has a budget for errors: little is spent by probes that go past it.
    assert!(hops.iter().filter(|ttl| **ttl > 4).count() <= 3, "{hops:?}");
}

#[test]
fn silence_is_gone_ahead_of_at_a_measured_pace() {
    let mut run = Run::new(RULES);
    // The next hop at once, and one probe beyond it.
    assert_eq!(run.send(0), [1, 1, 1, 2]);
    assert_eq!(run.next(), Some(30));
    assert!(run.send(29).is_empty());
    assert_eq!(run.send(30), [2]);
    let mut count = 5;
    for millis in 31..3000 {
        count += run.send(millis).len();
    }
    assert_eq!(count, RULES.window);
    assert_eq!(run.next(), Some(3000));
    assert_eq!(run.lose(3000), [1, 1, 1, 2]);
    assert_eq!(run.complete(), [1]);
}

#[test]
fn who_is_nearer_than_an_answer_is_not_waited_for_long() {
    let mut run = Run::new(RULES);
    run.send(0);
    run.send(30);
    let far = run.sent.iter().find(|(ttl, _)| *ttl == 2).unwrap().1;
    let heard = run.hear(Which::Number(far), 2, error(11, 0), 40);
    assert!(matches!(heard, Verdict::Answer(answer) if answer.ttl == 2));
    assert!(run.lose(499).is_empty());
    assert_eq!(run.lose(500), [1, 1, 1]);
}

#[test]
fn late_answers_and_second_ones_are_counted_apart() {
    let mut run = Run::new(RULES);
    run.send(0);
    assert_eq!(run.lose(3000).len(), 4);
    assert_eq!(
        run.hear(Which::Number(1), 1, error(11, 0), 3001),
        Verdict::Nothing
    );
    run.send(3001);
    let number = run.sent.last().unwrap().1;
    let sequence = Which::Sequence(u16::try_from(number).unwrap());
    let heard = run.hear(sequence, 2, error(11, 0), 3002);
    assert!(matches!(heard, Verdict::Answer(_)));
    assert_eq!(run.hear(sequence, 2, error(11, 0), 3003), Verdict::Nothing);
    assert_eq!(run.survey.beside(), (1, 1));
    for nobodys in [0, 999, u64::MAX] {
        let heard = run.hear(Which::Number(nobodys), 1, error(11, 0), 3003);
        assert_eq!(heard, Verdict::Nothing, "{nobodys}");
    }
    assert_eq!(run.survey.beside(), (1, 1));
}

#[test]
fn an_answer_that_does_not_say_to_what_has_the_flow_begin_afresh() {
    let mut run = Run::new(RULES);
    assert_eq!(run.send(0), [1, 1, 1, 2]);
    let heard = run.hear(Which::OfFlow(0), 1, error(11, 0), 1);
    assert_eq!(heard, Verdict::Afresh(0));
    assert_eq!(
        run.hear(Which::Number(1), 1, error(11, 0), 1),
        Verdict::Nothing
    );
    // From here on there is one under way, and it is the one that is meant.
    for turn in 2..20 {
        let hops = run.send(turn);
        assert!(hops.len() <= 1, "{hops:?}");
        for ttl in hops {
            let (from, kind) = if ttl < 3 {
                (ttl, error(11, 0))
            } else {
                (9, error(3, 3))
            };
            let heard = run.hear(Which::OfFlow(0), from, kind, turn);
            assert!(matches!(heard, Verdict::Answer(answer) if answer.ttl == ttl));
        }
    }
    assert!(run.survey.is_over() && run.survey.is_reached());
    assert_eq!(run.complete(), [1, 2, 3]);
    let sent: Vec<u64> = run.survey.hops().map(|(_, hop)| hop.tally.sent).collect();
    assert_eq!(sent, [3, 3, 3]);
}

#[test]
fn serial_flows_go_side_by_side() {
    let mut run = Run::new(Rules {
        is_serial: true,
        flows: 3,
        ..RULES
    });
    assert_eq!(run.send(0), [1, 1, 1]);
    assert_eq!(run.next(), Some(1000));
    assert_eq!(run.lose(1000).len(), 3);
    assert_eq!(run.send(1000), [2]);
}

#[test]
fn a_way_that_ends_is_not_gone_on() {
    for (kind, code, from, meaning) in [
        (3, 1, 2, Meaning::Unreachable),
        (3, 3, 2, Meaning::Unreachable),
        (3, 13, 9, Meaning::Reached),
        (3, 3, 9, Meaning::Reached),
        (11, 0, 9, Meaning::Hop),
        (11, 1, 2, Meaning::Unreachable),
    ] {
        let mut run = Run::new(RULES);
        run.send(0);
        let Verdict::Answer(answer) = run.hear(Which::Number(1), from, error(kind, code), 1) else {
            panic!("{kind} {code}");
        };
        assert_eq!(answer.meaning, meaning, "{kind} {code}");
        let is_end = meaning != Meaning::Hop;
        assert_eq!(run.survey.end(), is_end.then_some(1));
        assert_eq!(run.survey.is_reached(), meaning == Meaning::Reached);
        // Whoever is farther away may still show that it goes on.
        assert_eq!(run.survey.waits_for(4), meaning != Meaning::Reached);
        assert_eq!(run.send(1).contains(&2), !is_end);
    }
}

#[test]
fn a_way_that_plainly_goes_on_is_gone_on() {
    for says_it_first in [true, false] {
        let mut run = Run::new(RULES);
        assert_eq!(run.send(0), [1, 1, 1, 2]);
        let mut answers = [(1, error(3, 13)), (2, error(11, 0))];
        if !says_it_first {
            answers.reverse();
        }
        for (number, kind) in answers {
            run.hear(Which::Number(number), 1, kind, 1);
        }
        assert_eq!(run.survey.end(), None);
        assert!(!run.survey.is_over());
        run.sent.clear();
        run.hear(Which::Number(3), 1, error(11, 0), 1);
        for turn in 2..400 {
            run.send(turn);
            run.answer(4, turn);
            run.lose(turn);
        }
        assert_eq!(run.survey.end(), Some(4));
        assert!(run.survey.is_reached());
    }
}

#[test]
fn what_may_go_in_fragments_goes_again() {
    let mut run = Run::new(Rules {
        size: 1500,
        may_fragment: true,
        ..RULES
    });
    assert_eq!(run.send(0), [1, 1, 1, 2]);
    for number in [1, 2, 3] {
        let heard = run.hear(Which::Number(number), 1, error(3, 4), 1);
        assert_eq!(heard, Verdict::Nothing);
    }
    assert_eq!(run.send(1), [1, 1, 1]);
    let mut mtus = Vec::new();
    for number in [5, 6, 7] {
        let Verdict::Answer(answer) = run.hear(Which::Number(number), 1, error(11, 0), 2) else {
            panic!("no answer");
        };
        mtus.extend(answer.mtu);
    }
    assert_eq!(mtus, [1400]);
    assert_eq!(run.survey.due(run.start).map(|due| due.size), Some(1500));
    // A fragment that is too large as well is a dead end.
    run.send(3);
    let heard = run.hear(Which::Number(8), 2, error(3, 4), 4);
    assert!(matches!(heard, Verdict::Answer(answer) if answer.meaning == Meaning::Unreachable));
}

#[test]
fn packets_become_smaller_once_and_not_for_ever() {
    let mut run = Run::new(Rules {
        size: 65000,
        finds_mtu: true,
        window: 1,
        probes: Some(1),
        ..RULES
    });
    let due = run.survey.due(run.start).unwrap();
    assert!(run.survey.too_big(due, 1500));
    assert!(!run.survey.too_big(due, 1500));
    assert!(!run.survey.too_big(due, 67));
    assert_eq!(run.send(0), [1]);
    assert_eq!(
        run.hear(Which::Number(1), 1, error(3, 4), 1),
        Verdict::Nothing
    );
    assert_eq!(run.send(1), [1]);
    let Verdict::Answer(answer) = run.hear(Which::Number(2), 1, error(11, 0), 2) else {
        panic!("no answer");
    };
    assert_eq!(answer.mtu, Some(1400));
    assert_eq!(run.survey.mtu(), Some(1400));
    run.send(2);
    // A second one that says the same is a dead end.
    let heard = run.hear(Which::Number(3), 2, error(3, 4), 3);
    assert!(matches!(heard, Verdict::Answer(answer) if answer.meaning == Meaning::Unreachable));
}

#[test]
fn rounds_measure_what_is_lost() {
    let mut run = Run::new(Rules {
        probes: Some(10),
        interval: Some(Duration::from_secs(1)),
        window: 64,
        ..RULES
    });
    for millis in 0..20_000 {
        run.send(millis);
        // Of hop 2 every other answer is missing.
        let is_odd = (millis / 1000) % 2 == 1;
        run.sent.retain(|(ttl, _)| !(is_odd && *ttl == 2));
        run.answer(3, millis);
        run.lose(millis);
        if run.survey.is_over() {
            break;
        }
    }
    assert!(run.survey.is_over());
    let hops: Vec<(u8, u64, u64)> = run
        .survey
        .hops()
        .map(|(ttl, hop)| (ttl, hop.tally.sent, hop.tally.received))
        .collect();
    assert_eq!(hops, [(1, 10, 10), (2, 10, 5), (3, 10, 10)]);
}

#[test]
fn a_way_that_becomes_longer_is_followed() {
    let mut run = Run::new(Rules {
        probes: None,
        interval: Some(Duration::from_secs(1)),
        ..RULES
    });
    for (from, until, length) in [(0, 1500, 2), (1500, 4000, 4)] {
        for millis in from..until {
            run.send(millis);
            run.answer(length, millis);
        }
        assert_eq!(run.survey.end(), Some(length));
    }
    assert!(!run.survey.is_over());
}
