//! News as events, and in the end the summaries and the exit.

use std::io::{IsTerminal, stdout};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use nix::sys::signal::Signal;

use super::Ping;
use super::event::{Advice, Begun, BegunAmongMany, IcmpError, Lost, NotSent, Replied, Seq};
use super::hosts::Hosts;
use super::summary::{Form, Interim, NotAsked, Summary};
use crate::commands::Desk;
use crate::commands::icmp::words;
use crate::engine::ping::{Knock, News, Reply, Stop, Tally, Trouble, Unreachable, is_many};
use crate::engine::{LoopError, StdoutError};
use crate::net::{Address, errno_name, reason};
use crate::output::{Event, Exit, Failure, NoAnswer};

/// Tells what happens.
pub(super) struct Reporter<'a> {
    ping: &'a Ping,
    hosts: &'a Hosts,
    desk: &'a Desk,
    addresses: Vec<Option<String>>,
    /// Why a host is asked nothing, where that was told.
    unasked: Vec<Option<String>>,
    worst: Exit,
    /// Whether this host itself kept a request back.
    is_barred: bool,
    start: Instant,
    is_seen: bool,
    /// What is knocked with; `None` where it is echo requests.
    knock: Option<Knock>,
    /// Whether any host may be the address of many.
    is_broadcast: bool,
}

impl<'a> Reporter<'a> {
    /// To the desk's output.
    pub(super) fn new(
        ping: &'a Ping,
        hosts: &'a Hosts,
        (knock, is_broadcast): (Option<Knock>, bool),
        desk: &'a Desk,
    ) -> Self {
        Self {
            ping,
            hosts,
            desk,
            addresses: vec![None; hosts.names.len()],
            unasked: vec![None; hosts.names.len()],
            worst: hosts.refused.iter().fold(Exit::Done, |worst, error| {
                let exit = Failure::of(error).report(&desk.output);
                std::cmp::max_by_key(worst, exit, |exit| exit.status())
            }),
            is_barred: false,
            start: Instant::now(),
            is_seen: stdout().is_terminal(),
            knock,
            is_broadcast,
        }
    }

    /// Tell it, unless only the summary is wanted.
    pub(super) fn tell(&mut self, news: News, tallies: &[Tally]) -> Result<(), StdoutError> {
        if let News::Trouble {
            trouble: Trouble::Local { errno, .. },
            ..
        } = &news
        {
            self.is_barred |= !is_answer(*errno);
        }
        match news {
            News::Begun { host, address } => {
                if let Some(place) = self.addresses.get_mut(host) {
                    *place = Some(Address::Inet(address).host());
                }
                self.begun(host)
            }
            News::Unknown { host, error } => {
                let (why, failure) = match error {
                    Unreachable::Name(error) => (error.text.to_owned(), Failure::of(&error.into())),
                    Unreachable::Socket(error) => {
                        (reason(&error.cause), Failure::of(&error.into()))
                    }
                };
                if let Some(place) = self.unasked.get_mut(host) {
                    *place = Some(why);
                }
                let exit = failure.report(&self.desk.output);
                self.worst = std::cmp::max_by_key(self.worst, exit, |exit| exit.status());
                Ok(())
            }
            News::Asked => self.interim(tallies),
            _ if self.desk.output.style().quiet => Ok(()),
            News::Reply(reply) => self.replied(&reply),
            News::Trouble { host, seq, trouble } => self.troubled(host, seq, &trouble),
            News::Advice { host, seq, trouble } => {
                let told = words(&trouble);
                let advice = self.icmp(host, seq, &trouble, &told);
                advice.map_or(Ok(()), |told| self.desk.output.offer(&Advice(told)))
            }
            News::Lost { host, seq } => self.desk.output.offer(&Lost {
                host: self.name(host),
                addr: self.addr(host),
                is_numeric: self.ping.numeric,
                seq: self.seq(seq),
                timeout: self.ping.timeout,
            }),
        }
    }

    fn begun(&self, host: usize) -> Result<(), StdoutError> {
        if self.desk.output.style().quiet {
            return Ok(());
        }
        let (proto, port) = match self.knock {
            Some(Knock::Tcp(port)) => ("tcp", Some(port)),
            Some(Knock::Udp(port)) => ("udp", Some(port)),
            None => ("icmp", None),
        };
        let begun = Begun {
            host: self.name(host),
            addr: self.addr(host),
            size: self.ping.size,
            proto,
            port,
        };
        match self.hosts.are_many() {
            true => self.desk.output.offer(&BegunAmongMany(begun)),
            false => self.desk.output.offer(&begun),
        }
    }

    fn replied(&self, reply: &Reply) -> Result<(), StdoutError> {
        let from = reply.from.map(|mut from| {
            from.set_port(0);
            Address::Inet(from).host()
        });
        let (answer, length, ttl) = Replied::answer(reply.answer);
        let (corrupt, corrupt_at) = Replied::flaw(reply.flaw);
        self.desk.output.offer(&Replied {
            host: self.name(reply.host),
            addr: from.as_deref().unwrap_or_else(|| self.addr(reply.host)),
            is_numeric: self.ping.numeric || self.is_to_many(reply.host),
            is_other: self.is_other(reply),
            seq: self.seq(reply.seq),
            answer,
            length,
            ttl,
            rtt: reply.rtt,
            clock: Replied::clock(reply.clock),
            is_duplicate: reply.is_duplicate,
            is_late: reply.is_late,
            corrupt,
            corrupt_at,
        })
    }

    fn seq(&self, number: u64) -> Seq {
        let is_echo = self.knock.is_none();
        Seq { number, is_echo }
    }

    /// Whether it is many that were asked: a group, all of a link, or any address of this host.
    fn is_to_many(&self, host: usize) -> bool {
        let asked = self.addr(host);
        let asked = asked.split('%').next().and_then(|ip| ip.parse().ok());
        let is_many = |ip: IpAddr| is_many(ip) || ip.is_unspecified();
        self.is_broadcast || asked.is_none_or(is_many)
    }

    /// Whether it is not the one who was asked that answered.
    fn is_other(&self, reply: &Reply) -> bool {
        let asked = self.addr(reply.host).parse::<IpAddr>().ok();
        let from = reply.from.map(|from| from.ip());
        let differs = asked.is_some_and(|asked| from.is_some_and(|from| from != asked));
        differs && !self.is_to_many(reply.host)
    }

    fn troubled(&self, host: usize, seq: u64, trouble: &Trouble) -> Result<(), StdoutError> {
        let message = words(trouble);
        if let Some(told) = self.icmp(host, seq, trouble, &message) {
            return self.desk.output.offer(&told);
        }
        let Trouble::Local { errno, mtu } = trouble else {
            return Ok(());
        };
        let message = match *errno {
            libc::EACCES => format!("{message}: to all of a link it takes -o SO_BROADCAST=1"),
            _ => message.into_owned(),
        };
        self.desk.output.offer(&NotSent {
            host: self.name(host),
            addr: self.addr(host),
            is_numeric: self.ping.numeric,
            seq: self.seq(seq),
            message: &message,
            errno: &errno_name(&std::io::Error::from_raw_os_error(*errno)),
            mtu: *mtu,
        })
    }

    /// What ICMP told; `None` where it was this host.
    fn icmp<'e>(
        &'e self,
        host: usize,
        seq: u64,
        trouble: &Trouble,
        message: &'e str,
    ) -> Option<IcmpError<'e>> {
        let Trouble::Icmp {
            from,
            is_v6,
            kind,
            code,
            mtu,
            info,
        } = trouble
        else {
            return None;
        };
        let is_pointer = *kind == if *is_v6 { 4 } else { 12 };
        let is_redirect = !is_v6 && *kind == 5;
        Some(IcmpError {
            host: self.name(host),
            addr: from.map(|from| Address::Inet(from).host()),
            asked: self.addr(host),
            seq: self.seq(seq),
            r#type: *kind,
            code: *code,
            message,
            mtu: *mtu,
            next_hop: is_redirect.then(|| Ipv4Addr::from_bits(*info)),
            pointer: is_pointer.then_some(*info),
            is_numeric: self.ping.numeric,
            is_among_many: self.hosts.are_many(),
        })
    }

    /// How things stand; it was asked for, and so is told in spite of `-q`.
    fn interim(&self, tallies: &[Tally]) -> Result<(), StdoutError> {
        let (output, style) = (&self.desk.output, self.desk.output.style());
        let mut unsaid = String::new();
        for interim in self.summaries(tallies, false).map(Interim) {
            match style.quiet && !style.json {
                true => unsaid.push_str(&format!("{interim}\n")),
                false => output.offer(&interim)?,
            }
        }
        // Nobody can be told that nobody reads stderr.
        drop(output.pass_to_stderr(unsaid.as_bytes()));
        Ok(())
    }

    /// Sum up, and say how it all ends.
    pub(super) fn end(
        mut self,
        ran: Result<Stop, LoopError>,
        tallies: &[Tally],
    ) -> anyhow::Result<Exit> {
        let stop = ran?;
        self.unresolved();
        self.sum_up(stop, tallies)?;
        if let Stop::Signal(signal) = stop
            && signal != Signal::SIGINT
        {
            return Ok(Exit::Signal(signal));
        }
        let all = tallies.iter().all(|tally| tally.received > 0);
        let exit = match tallies.iter().all(|tally| tally.sent == 0) {
            true if self.is_barred => Exit::Trouble,
            _ if all => Exit::Done,
            _ => Exit::No,
        };
        Ok(std::cmp::max_by_key(self.worst, exit, |exit| exit.status()))
    }

    /// An account of each host, and who was asked nothing where there are many.
    fn sum_up(&self, stop: Stop, tallies: &[Tally]) -> Result<(), StdoutError> {
        let width = self.width();
        self.leave_line(stop)?;
        let mut summaries = self.summaries(tallies, self.is_seen);
        for (host, unasked) in self.hosts.names.iter().zip(&self.unasked) {
            if let Some(message) = unasked {
                let not_asked = NotAsked {
                    host,
                    message,
                    width,
                };
                if self.hosts.are_many() {
                    self.conclude(stop, &not_asked)?;
                }
            } else if let Some(summary) = summaries.next() {
                self.conclude(stop, &summary)?;
            }
        }
        Ok(())
    }

    /// A terminal shows `^C` and stays on that line: what does not begin with an empty line anyhow goes to the next one.
    fn leave_line(&self, stop: Stop) -> Result<(), StdoutError> {
        let style = self.desk.output.style();
        let is_shown = stop == Stop::Signal(Signal::SIGINT) && self.is_seen && !style.json;
        match is_shown && (style.quiet || self.hosts.are_many()) {
            true => self.desk.output.outlet().offer(b"\n").map(drop),
            false => Ok(()),
        }
    }

    fn conclude(&self, stop: Stop, event: &impl Event) -> Result<(), StdoutError> {
        match stop {
            // Whoever asks for the end does not wait for stdout's reader.
            Stop::Signal(_) => self.desk.output.offer(event),
            _ => self.desk.output.tell(event),
        }
    }

    /// How wide the widest name is.
    fn width(&self) -> usize {
        let widths = self.hosts.names.iter().map(|name| name.chars().count());
        widths.max().unwrap_or(0)
    }

    /// Say whose names were still being looked up: no host was asked.
    fn unresolved(&mut self) {
        let hosts = self.hosts.names.iter().zip(&self.addresses);
        let places = hosts.zip(&mut self.unasked);
        for ((name, _), unasked) in
            places.filter(|((_, addr), unasked)| addr.is_none() && unasked.is_none())
        {
            const WHY: &str = "no answer so far";
            *unasked = Some(WHY.to_owned());
            let why = format!("resolve {name}: {WHY}");
            let failure = Failure::of(&NoAnswer { why, hint: None }.into());
            let exit = failure.report(&self.desk.output);
            self.worst = std::cmp::max_by_key(self.worst, exit, |exit| exit.status());
        }
    }

    fn summaries(&self, tallies: &[Tally], is_seen: bool) -> impl Iterator<Item = Summary<'_>> {
        let elapsed = self.start.elapsed();
        let form = match self.hosts.are_many() {
            true => Form::AmongMany(self.width()),
            false => Form::Alone(!self.desk.output.style().quiet),
        };
        let hosts = self.hosts.names.iter().zip(&self.addresses);
        let hosts = hosts.zip(&self.unasked).zip(tallies);
        let asked = hosts.filter(|((_, unasked), _)| unasked.is_none());
        asked.map(move |(((name, addr), _), tally)| {
            Summary::new(name, addr.as_deref(), tally, elapsed, form, is_seen)
        })
    }

    fn name(&self, host: usize) -> &str {
        self.hosts.names.get(host).map_or("", String::as_str)
    }

    fn addr(&self, host: usize) -> &str {
        let addr = self.addresses.get(host);
        addr.and_then(Option::as_deref).unwrap_or("")
    }
}

/// Whether what kept a request back is something that the network has told, or a link: there is no way, or it is too narrow.
fn is_answer(errno: i32) -> bool {
    matches!(
        errno,
        libc::ENETUNREACH | libc::EHOSTUNREACH | libc::ENETDOWN | libc::EMSGSIZE
    )
}
