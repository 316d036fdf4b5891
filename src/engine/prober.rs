//! Which of many ports are open: connects to all of them, so many at a time, and closes what came to stand.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::attempt::{Attempt, Open};
use super::ending::LoopError;
use super::listener::is_shortage;
use super::timer::Timers;
use crate::net::{Address, CallError, Explain, Socket, poll_writable};

/// What a port was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortState {
    /// Somebody takes connections.
    Open,
    /// The host is there, and nobody listens.
    Closed,
    /// No answer, or one from the way there.
    Filtered,
}

/// What became of a port.
#[derive(Debug)]
pub struct Probed {
    /// What it was found to be.
    pub state: PortState,
    /// After which time.
    pub took: Duration,
    /// Why it is not open, where a call said so.
    pub failure: Option<CallError>,
}

/// Finds out.
pub struct Prober<'a> {
    /// Opens and prepares a non-blocking socket for an address.
    pub open: Open<'a>,
    /// How long each port may take.
    pub limit: Duration,
    /// How many sockets there are at a time.
    pub at_once: usize,
    /// The limits of all of it.
    pub timers: &'a Timers,
    /// To whom poll(2) is told.
    pub explain: &'a Explain,
}

/// A port that was asked.
struct Asked {
    since: Instant,
    /// Addresses that have not answered.
    open: usize,
    failure: Option<CallError>,
}

/// All that is under way.
struct Race {
    attempts: Vec<(usize, Attempt)>,
    asked: HashMap<usize, Asked>,
}

impl Prober<'_> {
    /// Ask each of `ports`, by all the addresses that it has, and report by its index what it was found to be. It is
    /// open when one of the addresses is; closed when one is, and none is open.
    pub fn run(
        &self,
        ports: &[Vec<Address>],
        report: &mut dyn FnMut(usize, Probed) -> Result<(), LoopError>,
    ) -> Result<(), LoopError> {
        let mut next = 0;
        let mut race = Race {
            attempts: Vec::new(),
            asked: HashMap::new(),
        };
        loop {
            while let Some(addresses) = ports.get(next).filter(|_| race.has_room(self.at_once)) {
                if let Some(probed) = self.ask(&mut race, next, addresses)? {
                    report(next, probed)?;
                } else if !race.asked.contains_key(&next) {
                    // There are no descriptors left for it until others are done.
                    break;
                }
                next += 1;
            }
            if race.asked.is_empty() && next >= ports.len() {
                return Ok(());
            }
            self.wait(&mut race, report)?;
        }
    }

    /// Connect to a port's addresses; what it is where that is told at once. Left out of the race for want of
    /// descriptors it is asked again.
    fn ask(
        &self,
        race: &mut Race,
        index: usize,
        addresses: &[Address],
    ) -> Result<Option<Probed>, LoopError> {
        let asked = Asked {
            since: Instant::now(),
            open: addresses.len(),
            failure: None,
        };
        race.asked.insert(index, asked);
        for address in addresses {
            let started = Attempt::start(self.open, address.clone());
            let ended = match started {
                Ok((attempt, false)) => {
                    race.attempts.push((index, attempt));
                    continue;
                }
                Ok((attempt, true)) => attempt.arrived().map(drop),
                Err(error) if is_shortage(&error) && race.has_others(index) => {
                    race.forget(index);
                    return Ok(None);
                }
                Err(error) => Err(error),
            };
            if let Some(probed) = race.answer(index, ended)? {
                return Ok(Some(probed));
            }
        }
        Ok(None)
    }

    /// One turn: answers, then those that are out of time.
    fn wait(
        &self,
        race: &mut Race,
        report: &mut dyn FnMut(usize, Probed) -> Result<(), LoopError>,
    ) -> Result<(), LoopError> {
        let ends = race.asked.values();
        let ends = ends.filter_map(|asked| asked.since.checked_add(self.limit));
        let until = ends.chain(self.timers.next()).min();
        let now = Instant::now();
        let sockets: Vec<&Socket> = race.attempts.iter().map(|(_, one)| &one.socket).collect();
        let rest = until.map(|until| until.saturating_duration_since(now));
        for at in poll_writable(&sockets, rest, self.explain)?
            .into_iter()
            .rev()
        {
            let (index, attempt) = race.attempts.swap_remove(at);
            // One that was answered by another address is over.
            if race.asked.contains_key(&index)
                && let Some(probed) = race.answer(index, attempt.judge().map(drop))?
            {
                report(index, probed)?;
            }
        }
        let now = Instant::now();
        let late = race.asked.iter();
        let late =
            late.filter(|(_, asked)| now.saturating_duration_since(asked.since) >= self.limit);
        let late: Vec<usize> = late.map(|(index, _)| *index).collect();
        for index in late {
            if let Some(probed) = race.give_up(index, now) {
                report(index, probed)?;
            }
        }
        race.close_answered();
        match self.timers.expired(now) {
            Some(expired) => Err(expired.into()),
            None => Ok(()),
        }
    }
}

impl Race {
    fn has_room(&self, at_once: usize) -> bool {
        self.attempts.len() < at_once
    }

    /// Whether something else will end, and make room.
    fn has_others(&self, index: usize) -> bool {
        self.attempts.iter().any(|(other, _)| *other != index)
    }

    fn forget(&mut self, index: usize) {
        self.asked.remove(&index);
        self.attempts.retain(|(other, _)| *other != index);
    }

    /// Close what belongs to ports that are known by now.
    fn close_answered(&mut self) {
        let asked = &self.asked;
        self.attempts.retain(|(index, _)| asked.contains_key(index));
    }

    /// One address has answered; what its port is, once that is clear.
    fn answer(
        &mut self,
        index: usize,
        ended: Result<(), CallError>,
    ) -> Result<Option<Probed>, CallError> {
        let Some(asked) = self.asked.get_mut(&index) else {
            return Ok(None);
        };
        asked.open = asked.open.saturating_sub(1);
        let state = match ended {
            Ok(()) => Some(PortState::Open),
            // Trouble at home tells nothing of the port.
            Err(error) if error.call != "connect" && error.errno() != libc::EAFNOSUPPORT => {
                return Err(error);
            }
            Err(error) => {
                asked.note(error);
                (asked.open == 0).then(|| asked.state())
            }
        };
        Ok(state.and_then(|state| {
            let asked = self.asked.remove(&index)?;
            Some(asked.probed(state, Instant::now()))
        }))
    }

    fn give_up(&mut self, index: usize, now: Instant) -> Option<Probed> {
        let asked = self.asked.remove(&index)?;
        let state = asked.state();
        Some(asked.probed(state, now))
    }
}

impl Asked {
    /// A refusal says more than an address that cannot be reached.
    fn note(&mut self, error: CallError) {
        if self.failure.is_none() || state_of(&error) == PortState::Closed {
            self.failure = Some(error);
        }
    }

    fn state(&self) -> PortState {
        self.failure.as_ref().map_or(PortState::Filtered, state_of)
    }

    fn probed(self, state: PortState, now: Instant) -> Probed {
        Probed {
            state,
            took: now.saturating_duration_since(self.since),
            failure: self.failure.filter(|_| state != PortState::Open),
        }
    }
}

fn state_of(error: &CallError) -> PortState {
    match error.errno() {
        libc::ECONNREFUSED | libc::ECONNRESET | libc::ECONNABORTED => PortState::Closed,
        _ => PortState::Filtered,
    }
}
