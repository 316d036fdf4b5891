//! The loop of a trace: sends what is due, hears what comes, gives up what does not, and tells each hop once it is known.

use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime};

use nix::sys::signal::Signal;

use super::connects::ConnectCarrier;
use super::names::HopNames;
use super::packets::{PacketCarrier, Sent};
use super::report::News;
use super::survey::Survey;
use super::word::{Verdict, Word};
use crate::engine::ending::LoopError;
use crate::engine::outlet::StdoutError;
use crate::engine::reactor::{Interest, Reactor};
use crate::net::CallError;

/// How long a full send buffer, or a port that is taken, is left alone.
const PAUSE: Duration = Duration::from_millis(2);
/// How long whoever watches does not see what is new: what comes meanwhile is seen with it.
const SIGHT: Duration = Duration::from_millis(100);
/// The token that no carrier uses; the last one is the signals'.
const NAMES: usize = usize::MAX - 1;

/// How probes travel.
#[derive(Debug)]
pub enum Carrier {
    /// As datagrams or echo requests.
    Packets(PacketCarrier),
    /// As connects.
    Connects(ConnectCarrier),
}

/// Why a trace ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// All is known.
    Done,
    /// The time is over.
    Deadline,
    /// A signal asked for the end.
    Signal(Signal),
}

/// A trace.
#[derive(Debug)]
pub struct Tracing {
    /// What is due, and what is under way.
    pub survey: Survey,
    /// How probes travel.
    pub carrier: Carrier,
    /// What the hops are called.
    pub names: HopNames,
    /// When it ends, whatever happens; `None` is never.
    pub deadline: Option<Instant>,
    /// Whether somebody watches: [`News::Turn`] is for them.
    pub is_watched: bool,
}

/// Hears what happens, the path as it stands, and its names.
pub type Report<'a> = &'a mut dyn FnMut(News<'_>, &Survey, &HopNames) -> Result<(), StdoutError>;

/// What the loop itself remembers.
struct Course {
    reactor: Reactor,
    words: Vec<Word>,
    /// When what is ready was last looked for.
    woken: Instant,
    /// Until when nothing is sent.
    held: Option<Instant>,
    /// The last hop that was told.
    told: u8,
    /// When whoever watches is to see what is new; `None` while nothing is.
    show: Option<Instant>,
}

impl Tracing {
    /// Probe until all is known, the time is over or a signal comes.
    pub fn run(&mut self, mut reactor: Reactor, report: Report<'_>) -> Result<Stop, LoopError> {
        reactor.catch_signals()?;
        if let Carrier::Packets(packets) = &self.carrier {
            packets.watch(&reactor)?;
        }
        reactor.watch(self.names.fd(), NAMES, Interest::READ)?;
        let first = self.survey.hops().next().map_or(1, |(ttl, _)| ttl);
        let mut course = Course {
            reactor,
            words: Vec::new(),
            woken: Instant::now(),
            held: None,
            told: first.saturating_sub(1),
            show: None,
        };
        loop {
            self.survey.turn(Instant::now());
            self.send(&mut course)?;
            self.judge(&mut course, report)?;
            let now = Instant::now();
            self.give_up(now, report)?;
            let waits = self.announce(&mut course, now, report)?;
            if self.survey.is_over() && waits.is_none() {
                return Ok(Stop::Done);
            }
            if self.deadline.is_some_and(|deadline| deadline <= now) {
                return Ok(Stop::Deadline);
            }
            let is_due = self.survey.due(now).is_some() && course.held.is_none();
            if is_due && matches!(self.carrier, Carrier::Packets(_)) {
                continue;
            }
            let next = [
                is_due.then_some(now),
                self.survey.next(),
                course.held,
                waits,
                course.show,
                self.deadline,
            ];
            let until = next.into_iter().flatten().min();
            let signal = course.reactor.wait(until)?;
            course.woken = Instant::now();
            if let Some(signal) = signal {
                return Ok(Stop::Signal(signal));
            }
            self.hear(&mut course)?;
            self.judge(&mut course, report)?;
        }
    }

    /// Send what is due. A time that is not the kernel's runs on meanwhile: of connects it is one.
    fn send(&mut self, course: &mut Course) -> Result<(), CallError> {
        let now = Instant::now();
        if course.held.is_some_and(|until| until > now) {
            return Ok(());
        }
        course.held = None;
        while let Some(due) = self.survey.due(now) {
            let (at, wall) = (Instant::now(), SystemTime::now());
            let sent = match &mut self.carrier {
                Carrier::Packets(packets) => packets.send(&due, &mut course.words),
                Carrier::Connects(connects) => {
                    connects.tidy(&self.survey);
                    connects.send(&due, &course.reactor, &mut course.words)
                }
            };
            let sent = match sent {
                // A way that there was may come again: what is known of it is not thrown away.
                Err(error) if is_no_way(&error) && self.is_answered() => Sent::Away(at, wall),
                sent => sent?,
            };
            match sent {
                Sent::Away(at, wall) => {
                    self.survey.sent(due, at, wall);
                    self.see(course);
                    if matches!(self.carrier, Carrier::Connects(_)) {
                        return Ok(());
                    }
                }
                Sent::TooBig(mtu) if self.survey.too_big(due, mtu) => {}
                Sent::TooBig(_) => {
                    let why = nix::errno::Errno::EMSGSIZE;
                    return Err(CallError::new("send", due.size, why));
                }
                Sent::Full => {
                    course.held = now.checked_add(PAUSE);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Whether any probe was answered.
    fn is_answered(&self) -> bool {
        let mut hops = self.survey.hops();
        hops.any(|(_, hop)| hop.tally.received > 0)
    }

    /// There is something new to see, soon.
    fn see(&self, course: &mut Course) {
        let soon = || {
            Instant::now()
                .checked_add(SIGHT)
                .filter(|_| self.is_watched)
        };
        course.show = course.show.or_else(soon);
    }

    fn hear(&mut self, course: &mut Course) -> Result<(), CallError> {
        if !course.reactor.ready().is_empty() {
            self.see(course);
        }
        for ready in course.reactor.ready().to_vec() {
            match (&mut self.carrier, ready.token) {
                (_, NAMES) => self.names.take(),
                (Carrier::Packets(packets), _) => packets.hear(ready, &mut course.words)?,
                (Carrier::Connects(connects), _) => {
                    connects.hear(ready, course.woken, &mut course.words)?;
                }
            }
        }
        Ok(())
    }

    /// Say what the words mean that were heard.
    fn judge(&mut self, course: &mut Course, report: Report<'_>) -> Result<(), LoopError> {
        for word in course.words.drain(..) {
            let now = Instant::now();
            match self.survey.heard(word, now) {
                Verdict::Nothing => {}
                Verdict::Answer(answer) => {
                    if let Some(from) = answer.from {
                        self.names.ask(from, now);
                    }
                    report(News::Answer(&answer), &self.survey, &self.names)?;
                }
                Verdict::Afresh(flow) => {
                    if let Carrier::Packets(packets) = &mut self.carrier {
                        packets.begin_afresh(flow, &course.reactor)?;
                    }
                }
            }
        }
        if let Carrier::Connects(connects) = &mut self.carrier {
            connects.tidy(&self.survey);
        }
        Ok(())
    }

    fn give_up(&mut self, now: Instant, report: Report<'_>) -> Result<(), StdoutError> {
        while let Some((ttl, attempt, flow)) = self.survey.lapsed(now) {
            let lost = News::Lost { ttl, attempt, flow };
            report(lost, &self.survey, &self.names)?;
        }
        Ok(())
    }

    /// Tell the hops that are known by now; until when the next of them waits for its names, where it does.
    fn announce(
        &self,
        course: &mut Course,
        now: Instant,
        report: Report<'_>,
    ) -> Result<Option<Instant>, StdoutError> {
        if course.show.is_some_and(|show| show <= now) {
            course.show = None;
            report(News::Turn, &self.survey, &self.names)?;
        }
        while let Some(ttl) = course.told.checked_add(1) {
            let is_beyond = self.survey.end().is_some_and(|end| ttl > end);
            let Some(hop) = self.survey.hop(ttl).filter(|_| !is_beyond) else {
                break;
            };
            if !hop.is_complete() {
                break;
            }
            let waits = self.names.waits(&hop.addresses, now);
            if waits.is_some() {
                return Ok(waits);
            }
            course.told = ttl;
            report(News::Hop(ttl), &self.survey, &self.names)?;
        }
        let all: Vec<SocketAddr> = match self.survey.is_over() {
            true => self
                .survey
                .hops()
                .flat_map(|(_, hop)| hop.addresses.clone())
                .collect(),
            false => Vec::new(),
        };
        Ok(self.names.waits(&all, now))
    }
}

/// Whether it is the way that is missing, rather than anything here that is wrong.
fn is_no_way(error: &CallError) -> bool {
    let gone = [
        libc::ENETUNREACH,
        libc::EHOSTUNREACH,
        libc::ENETDOWN,
        libc::EADDRNOTAVAIL,
    ];
    gone.contains(&error.errno())
}
