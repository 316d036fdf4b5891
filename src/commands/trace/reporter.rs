//! News as events, and in the end the table, the summary and the exit.

use std::net::SocketAddr;
use std::time::Instant;

use nix::sys::signal::Signal;

use super::Trace;
use super::event::{Begun, HopEvent, Named, Probed, Summary};
use super::line::line;
use super::live::{Screen, is_seen};
use super::table::{head, is_limited, table};
use crate::commands::Desk;
use crate::commands::icmp::words;
use crate::commands::trip::Times;
use crate::engine::StdoutError;
use crate::engine::trace::{AnswerKind, HopNames, News, Stop, Survey};
use crate::net::{Address, Resolver};
use crate::output::Exit;

/// Tells what happens.
pub(super) struct Reporter<'a> {
    trace: &'a Trace,
    target: SocketAddr,
    addr: String,
    size: u32,
    desk: &'a Desk,
    start: Instant,
    head: String,
    screen: Option<Screen<'a>>,
    is_seen: bool,
}

impl<'a> Reporter<'a> {
    /// To the desk's output.
    pub(super) fn new(trace: &'a Trace, target: SocketAddr, size: u32, desk: &'a Desk) -> Self {
        let is_seen = is_seen(desk);
        let has_table = trace.report && !desk.output.style().json;
        Self {
            trace,
            target,
            addr: Address::Inet(target).host(),
            size,
            desk,
            start: Instant::now(),
            head: match has_table {
                true => head(&Resolver::new(&desk.explain).gethostname()),
                false => String::new(),
            },
            screen: (has_table && is_seen).then(|| Screen::new(desk)),
            is_seen,
        }
    }

    /// Say what is asked for; on a screen that stands above the table.
    pub(super) fn begin(&self) -> Result<(), StdoutError> {
        match self.screen {
            Some(_) => Ok(()),
            None => self.desk.output.tell(&self.begun()),
        }
    }

    fn begun(&self) -> Begun<'_> {
        let port = self.target.port();
        Begun {
            host: self.trace.host(),
            addr: &self.addr,
            proto: self.trace.method(),
            port: (port != 0).then_some(port),
            max_hops: self.trace.max_hops,
            length: self.size,
        }
    }

    /// Tell it.
    pub(super) fn tell(
        &mut self,
        news: &News<'_>,
        survey: &Survey,
        names: &HopNames,
    ) -> Result<(), StdoutError> {
        let is_json = self.desk.output.style().json;
        match news {
            News::Answer(answer) if is_json => {
                let message = match &answer.kind {
                    AnswerKind::Error(trouble) => Some(words(trouble)),
                    _ => None,
                };
                let probed = Probed::answered(answer, message.as_deref());
                self.desk.output.tell(&probed)
            }
            News::Lost { ttl, attempt, flow } if is_json => self.desk.output.tell(&Probed {
                ttl: *ttl,
                r#try: *attempt,
                flow: *flow,
                status: "timeout",
                ..Probed::default()
            }),
            News::Hop(ttl) if !self.trace.report => self.hop(*ttl, survey, names),
            News::Turn if self.screen.is_some() => {
                let table = table(&self.head, survey, names, true);
                let text = format!("{}\n{table}", self.begun());
                let screen = self.screen.as_mut();
                screen.map_or(Ok(()), |screen| screen.draw(&text))
            }
            _ => Ok(()),
        }
    }

    fn hop(&self, ttl: u8, survey: &Survey, names: &HopNames) -> Result<(), StdoutError> {
        let Some(hop) = survey.hop(ttl) else {
            return Ok(());
        };
        let named = |address: &SocketAddr| Named {
            addr: Address::Inet(*address).host(),
            name: names.name(address.ip()),
        };
        let tally = &hop.tally;
        self.desk.output.tell(&HopEvent {
            ttl,
            addrs: hop.addresses.iter().map(named).collect(),
            sent: tally.sent,
            received: tally.received,
            loss_pct: (survey.loss(ttl) * 1e4).round() / 1e4,
            times: tally.statistics().map(Times::from),
            limited: is_limited(survey, ttl),
            line: line(ttl, hop, names, self.trace.numeric),
        })
    }

    /// Sum up, and say how it all ends.
    pub(super) fn end(
        mut self,
        stop: Stop,
        survey: &Survey,
        names: &HopNames,
    ) -> anyhow::Result<Exit> {
        if self.screen.take().is_some() {
            self.begin()?;
        }
        let is_json = self.desk.output.style().json;
        if self.trace.report && is_json {
            let last = survey.last();
            for (ttl, _) in survey.hops().filter(|(ttl, _)| *ttl <= last) {
                self.hop(ttl, survey, names)?;
            }
        } else if self.trace.report {
            let table = table(&self.head, survey, names, self.is_seen);
            self.desk.output.outlet().write(table.as_bytes())?;
        }
        let (duplicates, late) = survey.beside();
        self.desk.output.tell(&Summary {
            host: self.trace.host(),
            addr: &self.addr,
            reached: survey.is_reached(),
            hops: survey.reach(),
            path_mtu: survey.mtu().filter(|_| survey.is_reached()),
            duplicates,
            late,
            elapsed: self.start.elapsed(),
        })?;
        match stop {
            // It is how a report without end is ended.
            Stop::Signal(Signal::SIGINT) if self.trace.report => {}
            Stop::Signal(signal) => return Ok(Exit::Signal(signal)),
            Stop::Done | Stop::Deadline => {}
        }
        Ok(if survey.is_reached() {
            Exit::Done
        } else {
            Exit::No
        })
    }
}
