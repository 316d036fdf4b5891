//! What became of it all: the block that ping(8) ends with, or a line for each of many hosts as fping(8) has it.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::commands::trip::{Millis, Percent, Times, Trip, picture, to_millis};
use crate::engine::ping::Tally;
use crate::output::{Event, Face};

/// One host's account.
#[derive(Debug, Serialize)]
pub(super) struct Summary<'a> {
    /// As typed.
    pub(super) host: &'a str,
    /// Its address; `None` where its name is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) addr: Option<&'a str>,
    sent: u64,
    not_sent: u64,
    received: u64,
    duplicates: u64,
    late: u64,
    corrupt: u64,
    others: u64,
    errors: u64,
    /// How many of a hundred requests were not answered; `None` where none was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    loss_pct: Option<f64>,
    #[serde(rename = "rtt_ms", skip_serializing_if = "Option::is_none")]
    times: Option<Times>,
    #[serde(rename = "elapsed_ms", serialize_with = "to_millis")]
    elapsed: Duration,
    #[serde(skip)]
    form: Form,
    #[serde(skip)]
    picture: Option<String>,
}

/// How an account is laid out.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    /// A block; whether lines stand before it.
    Alone(bool),
    /// A line, the names as wide as this.
    AmongMany(usize),
}

/// One of many hosts, which was asked nothing.
#[derive(Debug, Serialize)]
pub(super) struct NotAsked<'a> {
    /// As typed.
    pub(super) host: &'a str,
    /// Why.
    pub(super) message: &'a str,
    /// How wide the names are.
    #[serde(skip)]
    pub(super) width: usize,
}

/// One host's account so far.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct Interim<'a>(pub(super) Summary<'a>);

impl<'a> Summary<'a> {
    /// The account of `host`; with a picture of the last times where somebody sees it.
    pub(super) fn new(
        host: &'a str,
        addr: Option<&'a str>,
        tally: &Tally,
        elapsed: Duration,
        form: Form,
        is_seen: bool,
    ) -> Self {
        let shown = tally.statistics().filter(|_| is_seen && tally.sent > 1);
        Self {
            host,
            addr,
            sent: tally.sent,
            not_sent: tally.not_sent,
            others: tally.others,
            received: tally.received,
            duplicates: tally.duplicates,
            late: tally.late,
            corrupt: tally.corrupt,
            errors: tally.errors,
            loss_pct: tally.loss().map(|loss| (loss * 1e4).round() / 1e4),
            times: tally.statistics().map(Times::from),
            elapsed,
            form,
            picture: shown.map(|_| picture(tally.recent())),
        }
    }

    fn block(&self, f: &mut fmt::Formatter<'_>, follows: bool) -> fmt::Result {
        let Self {
            host,
            sent,
            received,
            elapsed,
            ..
        } = self;
        if follows {
            writeln!(f)?;
        }
        writeln!(f, "--- {host} ping statistics ---")?;
        write!(f, "{sent} packets transmitted, {received} received")?;
        self.besides(f)?;
        if let Some(loss) = self.loss_pct.map(Percent) {
            write!(f, ", {loss}% packet loss")?;
        }
        write!(f, ", time {}ms", elapsed.as_millis())?;
        if let Some(times) = &self.times {
            let [min, avg, max, mdev] = [times.min, times.avg, times.max, times.mdev].map(Millis);
            write!(f, "\nrtt min/avg/max/mdev = {min}/{avg}/{max}/{mdev} ms")?;
            let [p50, p90, p99] = [times.p50, times.p90, times.p99].map(Millis);
            write!(f, "\nrtt p50/p90/p99 = {p50}/{p90}/{p99} ms")?;
        }
        match &self.picture {
            Some(picture) => write!(f, "\n{picture}"),
            None => Ok(()),
        }
    }

    fn line(&self, f: &mut fmt::Formatter<'_>, width: usize) -> fmt::Result {
        let Self {
            host,
            sent,
            received,
            ..
        } = self;
        // As fping(8): whole percents.
        write!(f, "{host:width$} : xmt/rcv/%loss = {sent}/{received}/")?;
        match self.loss_pct {
            Some(loss) => write!(f, "{}%", loss.floor())?,
            None => f.write_str("-")?,
        }
        if let Some(times) = &self.times {
            let [min, avg, max] = [times.min, times.avg, times.max].map(Trip);
            write!(f, ", min/avg/max = {min}/{avg}/{max}")?;
        }
        self.besides(f)?;
        match &self.picture {
            Some(picture) => write!(f, "  {picture}"),
            None => Ok(()),
        }
    }

    /// What there was besides requests and their answers.
    fn besides(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (count, word) in [
            (self.duplicates, "duplicates"),
            (self.late, "late"),
            (self.corrupt, "corrupted"),
            (self.others, "others"),
            (self.errors, "errors"),
            (self.not_sent, "not sent"),
        ] {
            if count > 0 {
                write!(f, ", +{count} {word}")?;
            }
        }
        Ok(())
    }
}

impl Event for Summary<'_> {
    const NAME: &'static str = "summary";
    const FACE: Face = Face::Data;
}

impl Event for NotAsked<'_> {
    const NAME: &'static str = "not_asked";
    const FACE: Face = Face::Data;
}

impl Event for Interim<'_> {
    const NAME: &'static str = "interim";
    const FACE: Face = Face::Talk;
}

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.form {
            Form::Alone(follows) => self.block(f, follows),
            Form::AmongMany(width) => self.line(f, width),
        }
    }
}

impl fmt::Display for NotAsked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            host,
            message,
            width,
        } = self;
        write!(f, "{host:width$} : not asked: {message}")
    }
}

impl fmt::Display for Interim<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let summary = &self.0;
        if let Form::AmongMany(width) = summary.form {
            return summary.line(f, width);
        }
        let Summary { sent, received, .. } = summary;
        let loss = Percent(summary.loss_pct.unwrap_or(0.0));
        write!(f, "{received}/{sent} packets, {loss}% loss")?;
        match &summary.times {
            Some(times) => {
                let [min, avg, ewma, max] =
                    [times.min, times.avg, times.ewma, times.max].map(Millis);
                write!(f, ", min/avg/ewma/max = {min}/{avg}/{ewma}/{max} ms")
            }
            None => Ok(()),
        }
    }
}
