//! Several questions at once, each on a thread of its own, their answers in the order asked.
//!
//! The resolver's functions cannot be interrupted: a thread that exceeds its limit is left behind, and ends with the
//! process.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How many questions are open at once.
const LIMIT: usize = 32;

/// A question on its way.
enum Slot<A> {
    /// Asked, with the time when it is given up; `None`: never.
    Open(Option<Instant>),
    /// Answered; `None` when it was given up.
    Closed(Option<A>),
}

/// Ask every item of `questions`, and hand each answer to `take` as soon as all before it are taken; `None` is one that
/// took longer than `limit`.
pub(super) fn run<Q, A, E>(
    questions: &[Q],
    limit: Option<Duration>,
    ask: impl Fn(&Q) -> A + Send + Sync + 'static,
    mut take: impl FnMut(&Q, Option<A>) -> Result<(), E>,
) -> Result<(), E>
where
    Q: Clone + Send + 'static,
    A: Send + 'static,
{
    let ask = Arc::new(ask);
    let (sender, answers) = channel();
    let mut slots: VecDeque<Slot<A>> = VecDeque::new();
    let mut taken = 0;
    while let Some(first) = questions.get(taken) {
        while let Some(next) = questions
            .get(taken + slots.len())
            .filter(|_| open(&slots) < LIMIT)
        {
            let started = Instant::now();
            start(taken + slots.len(), next, &ask, &sender);
            slots.push_back(Slot::Open(
                limit.and_then(|limit| started.checked_add(limit)),
            ));
        }
        if matches!(slots.front(), Some(Slot::Closed(_)))
            && let Some(Slot::Closed(answer)) = slots.pop_front()
        {
            take(first, answer)?;
            taken += 1;
            continue;
        }
        let answer = match earliest(&slots) {
            Some(until) => answers.recv_timeout(until.saturating_duration_since(Instant::now())),
            None => answers.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match answer {
            Ok((index, answer)) => close(&mut slots, index, taken, answer),
            Err(_) => give_up(&mut slots, Instant::now()),
        }
    }
    Ok(())
}

fn start<Q, A>(
    index: usize,
    question: &Q,
    ask: &Arc<impl Fn(&Q) -> A + Send + Sync + 'static>,
    sender: &Sender<(usize, A)>,
) where
    Q: Clone + Send + 'static,
    A: Send + 'static,
{
    let (asked, own, answer) = (question.clone(), Arc::clone(ask), sender.clone());
    // Nobody listens any more to an answer that comes too late.
    let run = move || drop(answer.send((index, own(&asked))));
    // A process that may have no more threads asks here, one after the other.
    if thread::Builder::new().spawn(run).is_err() {
        drop(sender.send((index, ask(question))));
    }
}

fn open<A>(slots: &VecDeque<Slot<A>>) -> usize {
    slots
        .iter()
        .filter(|slot| matches!(slot, Slot::Open(_)))
        .count()
}

/// When the first open question is given up; `None` when all may take their time.
fn earliest<A>(slots: &VecDeque<Slot<A>>) -> Option<Instant> {
    let until = |slot: &Slot<A>| match slot {
        Slot::Open(until) => *until,
        Slot::Closed(_) => None,
    };
    slots.iter().filter_map(until).min()
}

fn close<A>(slots: &mut VecDeque<Slot<A>>, index: usize, taken: usize, answer: A) {
    let slot = index.checked_sub(taken).and_then(|at| slots.get_mut(at));
    if let Some(slot @ Slot::Open(_)) = slot {
        *slot = Slot::Closed(Some(answer));
    }
}

fn give_up<A>(slots: &mut VecDeque<Slot<A>>, now: Instant) {
    for slot in slots {
        if matches!(slot, Slot::Open(Some(until)) if *until <= now) {
            *slot = Slot::Closed(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::Receiver;

    use super::*;

    fn gather(
        questions: &[u32],
        limit: Option<Duration>,
        ask: impl Fn(&u32) -> u32 + Send + Sync + 'static,
    ) -> Vec<Option<u32>> {
        let mut all = Vec::new();
        let done: Result<(), ()> = run(questions, limit, ask, |_, answer| {
            all.push(answer);
            Ok(())
        });
        assert_eq!(done, Ok(()));
        all
    }

    #[test]
    fn answers_come_in_the_order_asked() {
        let (release, wait): (_, Receiver<()>) = channel();
        let (release, wait) = (Mutex::new(release), Mutex::new(wait));
        // The first waits until the last has been asked: they run at once.
        let ask = move |question: &u32| {
            match question {
                0 => wait.lock().unwrap().recv().unwrap(),
                9 => release.lock().unwrap().send(()).unwrap(),
                _ => {}
            }
            question * 2
        };
        let questions: Vec<u32> = (0..10).collect();
        let doubled: Vec<_> = questions.iter().map(|one| Some(one * 2)).collect();
        assert_eq!(gather(&questions, None, ask), doubled);
    }

    #[test]
    fn one_that_hangs_holds_up_no_other() {
        let (release, wait): (Sender<()>, _) = channel();
        let wait = Mutex::new(wait);
        let ask = move |question: &u32| {
            if question % 2 == 1 {
                let _ = wait.lock().unwrap().recv();
            }
            *question
        };
        let questions: Vec<u32> = (0..100).collect();
        let even: Vec<_> = questions
            .iter()
            .map(|one| (one % 2 == 0).then_some(*one))
            .collect();
        assert_eq!(
            gather(&questions, Some(Duration::from_millis(100)), ask),
            even
        );
        drop(release);
    }

    #[test]
    fn a_refused_answer_ends_it() {
        let refused = run(
            &[1, 2, 3],
            None,
            |one| *one,
            |_, answer| match answer {
                Some(1) => Ok(()),
                other => Err(other),
            },
        );
        assert_eq!(refused, Err(Some(2)));
    }
}
