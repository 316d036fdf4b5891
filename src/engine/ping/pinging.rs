//! The loop of a run of pings: sends what is due, hears what comes, gives up what does not.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant, SystemTime};

use nix::sys::signal::Signal;

use super::echo::EchoCarrier;
use super::knock::KnockCarrier;
use super::names::Lookups;
use super::report::{Answer, Flaw, News, Reply, Trouble, Unreachable};
use super::rounds::{Came, Rounds};
use super::tally::Tally;
use super::target::{is_many, meant};
use crate::engine::ending::LoopError;
use crate::engine::outlet::{Outlet, StdoutError};
use crate::engine::reactor::{Interest, Reactor, Ready};
use crate::net::{Address, CallError};

/// How many requests are sent before what has come in meanwhile is heard: a receive buffer holds a few hundred replies.
const BURST: usize = 32;
/// How long a full send buffer is left alone.
const PAUSE: Duration = Duration::from_millis(2);
/// How much may wait for stdout before nothing else is done.
const BACKLOG: usize = 1 << 20;
/// How many answers of a group's members are remembered.
const MEMBERS: usize = 4096;
/// Tokens that no carrier uses; the last one is the signals'.
const NAMES: usize = usize::MAX - 2;
const STDOUT: usize = usize::MAX - 1;

/// How requests travel.
#[derive(Debug)]
pub enum Carrier {
    /// As echo requests.
    Echo(EchoCarrier),
    /// As connects, or datagrams.
    Knock(KnockCarrier),
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Every host was asked as often as it was to be.
    Done,
    /// The time is over.
    Deadline,
    /// A signal asked for the end.
    Signal(Signal),
}

/// A run.
pub struct Pinging<'a> {
    /// What is due, and what is under way.
    pub rounds: Rounds,
    /// How requests travel.
    pub carrier: Carrier,
    /// The hosts.
    pub lookups: Lookups,
    /// When the run ends, whatever happens; `None` is never.
    pub deadline: Option<Instant>,
    /// Whether any host may be the address of many (SO_BROADCAST).
    pub is_broadcast: bool,
    /// Where `report` writes.
    pub outlet: &'a Outlet,
}

/// Hears what happens, and the accounts as they stand.
type Report<'a> = &'a mut dyn FnMut(News, &Rounds) -> Result<(), StdoutError>;

/// A request on its way out.
pub(super) struct Shipment {
    pub(super) number: u64,
    pub(super) to: SocketAddr,
}

/// What became of it there.
pub(super) enum Sent {
    /// It is on its way, since this time, and since this one by the clock that the kernel stamps with.
    Away(Instant, SystemTime),
    /// There is no room for it now.
    Full,
    /// It cannot be sent.
    Refused(Trouble),
}

/// What was heard of a request.
pub(super) struct Word {
    pub(super) seq: u16,
    /// Whom the request was for that is quoted; `None` where none is.
    pub(super) to: Option<SocketAddr>,
    pub(super) from: Option<SocketAddr>,
    /// When the kernel got it; `None` where it did not note that.
    pub(super) at: Option<SystemTime>,
    /// When it was seen to be there; `None` is now.
    pub(super) seen: Option<Instant>,
    /// How long it took, where the kernel measured that.
    pub(super) measured: Option<Duration>,
    pub(super) what: Result<(Answer, Option<Flaw>), Trouble>,
}

/// What the loop itself remembers.
struct Course {
    reactor: Reactor,
    addresses: Vec<Option<SocketAddr>>,
    /// Which members of a group have answered which requests, the last of them.
    members: VecDeque<(u64, IpAddr)>,
    words: Vec<Word>,
    /// When what is ready was last looked for.
    woken: Instant,
    /// Until when nothing is sent.
    held: Option<Instant>,
    /// Whether stdout is to take what it has before more is sent.
    is_stalled: bool,
    stdout_waits: bool,
}

impl Pinging<'_> {
    /// Ask `hosts` hosts until all is said, the time is over or a signal comes.
    pub fn run(&mut self, mut reactor: Reactor, report: Report<'_>) -> Result<Stop, LoopError> {
        reactor.catch_signals()?;
        let hosts = self.lookups.left();
        for _ in 0..hosts {
            self.rounds.add();
        }
        if let Carrier::Echo(echo) = &self.carrier {
            echo.watch(&reactor)?;
        }
        reactor.watch(self.lookups.fd(), NAMES, Interest::READ)?;
        let watched = self
            .outlet
            .with_fd(|fd| reactor.watch(fd, STDOUT, Interest::NONE));
        let mut course = Course {
            reactor,
            addresses: vec![None; hosts],
            members: VecDeque::new(),
            words: Vec::new(),
            woken: Instant::now(),
            held: None,
            is_stalled: false,
            stdout_waits: watched.transpose()?.unwrap_or(false),
        };
        self.meet(&mut course, report)?;
        loop {
            // First of all: a time that is not the kernel's runs on.
            self.judge(&mut course, report)?;
            self.send(&mut course, report)?;
            self.judge(&mut course, report)?;
            let now = Instant::now();
            self.give_up(now, report)?;
            if self.rounds.is_over() && self.lookups.left() == 0 {
                return Ok(Stop::Done);
            }
            if let Some(stop) = self.wait(&mut course, report)? {
                return Ok(stop);
            }
            // What has come by then counts.
            if self.deadline.is_some_and(|deadline| deadline <= now) {
                self.judge(&mut course, report)?;
                return Ok(Stop::Deadline);
            }
        }
    }

    /// Hosts whose addresses have come are asked from now on.
    fn meet(&mut self, course: &mut Course, report: Report<'_>) -> Result<(), StdoutError> {
        for (host, found) in self.lookups.take() {
            let news = match found {
                Ok(address) if self.carrier.reaches(address) => {
                    let address = meant(address);
                    if let Some(place) = course.addresses.get_mut(host) {
                        *place = Some(address);
                    }
                    self.rounds.begin(host, Instant::now());
                    News::Begun { host, address }
                }
                Ok(address) => {
                    let on = Address::Inet(address).host();
                    let error = CallError::new("sendto", on, nix::errno::Errno::EAFNOSUPPORT);
                    let error = Unreachable::Socket(error);
                    News::Unknown { host, error }
                }
                Err(error) => News::Unknown {
                    host,
                    error: Unreachable::Name(error),
                },
            };
            report(news, &self.rounds)?;
        }
        Ok(())
    }

    /// Send what is due, so much at a time.
    fn send(&mut self, course: &mut Course, report: Report<'_>) -> Result<(), LoopError> {
        if course.is_stalled || course.held.is_some_and(|until| until > Instant::now()) {
            return Ok(());
        }
        course.held = None;
        for _ in 0..BURST {
            let now = Instant::now();
            let Some(due) = self.rounds.due(now) else {
                return Ok(());
            };
            if !self.has_time(due.host, now) {
                self.rounds.leave(due);
                continue;
            }
            let Some(to) = course.addresses.get(due.host).copied().flatten() else {
                return Ok(());
            };
            let shipment = Shipment {
                number: due.number,
                to,
            };
            let sent = match &mut self.carrier {
                Carrier::Echo(echo) => echo.send(&shipment, &mut course.words)?,
                Carrier::Knock(knock) => {
                    knock.send(&shipment, &course.reactor, &mut course.words)?
                }
            };
            match sent {
                Sent::Away(at, wall) => self.rounds.sent(due, at, wall),
                Sent::Full => {
                    course.held = now.checked_add(PAUSE);
                    return Ok(());
                }
                Sent::Refused(trouble) => {
                    self.rounds.sent(due, now, SystemTime::now());
                    self.rounds.unsent(due);
                    let (host, seq) = (due.host, due.seq);
                    report(News::Trouble { host, seq, trouble }, &self.rounds)?;
                }
            }
        }
        Ok(())
    }

    /// Whether a request that is sent now can be answered before the end.
    fn has_time(&self, host: usize, now: Instant) -> bool {
        let tally = self.rounds.tallies().get(host);
        let usual = tally.map_or(Duration::ZERO, Tally::usual);
        self.deadline.is_none_or(|deadline| now + usual < deadline)
    }

    /// Say what the words mean that were heard.
    fn judge(&mut self, course: &mut Course, report: Report<'_>) -> Result<(), StdoutError> {
        for word in std::mem::take(&mut course.words) {
            let (answer, flaw) = match word.what {
                Ok(answered) => answered,
                // Whoever quotes a request to somebody else speaks of another's, or lies.
                Err(_) if !self.is_ours(word.seq, word.to, &course.addresses) => continue,
                Err(trouble) if trouble.is_advice() => {
                    if let Some((host, seq)) = self.rounds.asked(word.seq) {
                        report(News::Advice { host, seq, trouble }, &self.rounds)?;
                    }
                    continue;
                }
                Err(trouble) => {
                    self.fail(word.seq, trouble, report)?;
                    continue;
                }
            };
            let came = Came {
                now: word.seen.unwrap_or_else(Instant::now),
                stamped: word.at,
                measured: word.measured,
            };
            let is_member = flaw.is_none() && self.is_member(&word, course);
            let heard = self.rounds.replied(word.seq, came, flaw, is_member);
            let Some(heard) = heard else {
                continue;
            };
            let reply = Reply {
                host: heard.host,
                seq: heard.seq,
                from: word.from,
                answer,
                rtt: heard.rtt,
                clock: heard.clock,
                is_duplicate: heard.is_duplicate,
                is_late: heard.is_late,
                flaw,
            };
            report(News::Reply(reply), &self.rounds)?;
        }
        Ok(())
    }

    /// Whether it is the first answer to this request of one among several who may answer it.
    fn is_member(&self, word: &Word, course: &mut Course) -> bool {
        let host = self.rounds.asked(word.seq).map(|(host, _)| host);
        let asked = host.and_then(|host| course.addresses.get(host).copied().flatten());
        let many = asked.is_some_and(|asked| self.is_broadcast || is_many(asked.ip()));
        let number = self.rounds.number(word.seq);
        let (Some(from), Some(number), true) = (word.from, number, many) else {
            return false;
        };
        let answered = (number, from.ip());
        if course.members.contains(&answered) {
            return false;
        }
        if course.members.len() == MEMBERS {
            course.members.pop_front();
        }
        course.members.push_back(answered);
        true
    }

    /// Whether a request with this sequence number went to this address.
    fn is_ours(&self, seq: u16, to: Option<SocketAddr>, addresses: &[Option<SocketAddr>]) -> bool {
        let host = self.rounds.asked(seq).map(|(host, _)| host);
        let asked = host.and_then(|host| addresses.get(host).copied().flatten());
        match (to, asked) {
            (Some(to), Some(asked)) => asked.ip() == to.ip(),
            _ => true,
        }
    }

    fn fail(&mut self, seq: u16, trouble: Trouble, report: Report<'_>) -> Result<(), StdoutError> {
        match self.rounds.failed(seq) {
            Some((host, seq)) => report(News::Trouble { host, seq, trouble }, &self.rounds),
            None => Ok(()),
        }
    }

    fn give_up(&mut self, now: Instant, report: Report<'_>) -> Result<(), StdoutError> {
        while let Some(due) = self.rounds.lapsed(now) {
            if let Carrier::Knock(knock) = &mut self.carrier {
                knock.give_up(due.number);
            }
            let (host, seq) = (due.host, due.seq);
            report(News::Lost { host, seq }, &self.rounds)?;
        }
        Ok(())
    }

    /// Wait for something to do, and take what has come; why the run ends, where it does.
    fn wait(&mut self, course: &mut Course, report: Report<'_>) -> Result<Option<Stop>, LoopError> {
        self.pace(course)?;
        let next = self.rounds.next();
        let next = match course.held {
            Some(held) => Some(next.map_or(held, |next| next.max(held))),
            None => next,
        };
        let until = next.into_iter().chain(self.deadline).min();
        let until = if course.is_stalled {
            self.deadline
        } else {
            until
        };
        let signal = course.reactor.wait(until)?;
        course.woken = Instant::now();
        match signal {
            Some(Signal::SIGQUIT | Signal::SIGUSR1) => report(News::Asked, &self.rounds)?,
            Some(signal) => return Ok(Some(Stop::Signal(signal))),
            None => {}
        }
        for ready in course.reactor.ready().to_vec() {
            self.attend(ready, course, report)?;
        }
        Ok(None)
    }

    fn attend(
        &mut self,
        ready: Ready,
        course: &mut Course,
        report: Report<'_>,
    ) -> Result<(), LoopError> {
        match ready.token {
            NAMES => self.meet(course, report)?,
            STDOUT if ready.gone => return Err(StdoutError::reader_gone().into()),
            STDOUT => drop(self.outlet.flush()?),
            _ => {
                let rounds = &self.rounds;
                match &mut self.carrier {
                    Carrier::Echo(echo) => {
                        echo.hear(ready, &|seq| rounds.number(seq), &mut course.words)?;
                    }
                    Carrier::Knock(knock) => {
                        knock.hear(ready, course.woken, &mut course.words)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Send no more while stdout does not take what there is.
    fn pace(&self, course: &mut Course) -> Result<(), LoopError> {
        if !course.stdout_waits || self.outlet.backlog() > BACKLOG {
            self.outlet.write(&[])?;
        }
        let is_stalled = course.stdout_waits && !self.outlet.is_clear();
        if is_stalled != course.is_stalled {
            let interest = if is_stalled {
                Interest::WRITE
            } else {
                Interest::NONE
            };
            let changed = self
                .outlet
                .with_fd(|fd| course.reactor.change(fd, STDOUT, interest));
            changed.transpose()?;
            course.is_stalled = is_stalled;
        }
        Ok(())
    }
}

impl Carrier {
    fn reaches(&self, address: SocketAddr) -> bool {
        match self {
            Self::Echo(echo) => echo.reaches(Address::Inet(address).family()),
            Self::Knock(_) => true,
        }
    }
}

impl Sent {
    pub(super) fn refused(errno: i32, mtu: Option<u32>) -> Self {
        Self::Refused(Trouble::Local { errno, mtu })
    }
}

impl Word {
    pub(super) fn new(seq: u16, from: SocketAddr, what: Result<Answer, Trouble>) -> Self {
        Self {
            seq,
            to: None,
            from: Some(from),
            at: None,
            seen: None,
            measured: None,
            what: what.map(|answer| (answer, None)),
        }
    }
}
