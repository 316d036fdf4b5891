//! The report: a row for each hop, as mtr(8) has it.

use std::fmt::Write;

use super::line::harmless_name;
use crate::commands::trip::{Trip, picture};
use crate::engine::trace::{Hop, HopNames, Survey};
use crate::net::Address;
use crate::wire::Label;

/// How wide names are, as mtr(8).
const WIDTH: usize = 28;

/// The table of all hops up to the last that answered.
pub(super) fn table(head: &str, survey: &Survey, names: &HopNames, has_pictures: bool) -> String {
    let mut table = head.to_owned();
    let last = survey.last();
    for (ttl, hop) in survey.hops().filter(|(ttl, _)| *ttl <= last) {
        row(
            &mut table,
            (ttl, survey.loss(ttl)),
            hop,
            names,
            has_pictures,
        );
        if is_limited(survey, ttl) {
            table.push_str("  limited");
        }
        table.push('\n');
        for label in hop.last.iter().flat_map(|last| &last.labels) {
            let Label {
                label,
                class,
                is_bottom,
                ttl,
            } = label;
            let bottom = u8::from(*is_bottom);
            let entry = format_args!("Lbl {label} TC {class} S {bottom} TTL {ttl}");
            let _ = writeln!(table, "       [MPLS: {entry}]");
        }
        for other in hop.addresses.iter().skip(1) {
            let other = name(names, *other);
            // Writing to a string does not fail.
            let _ = writeln!(table, "     |-- {other}");
        }
    }
    table
}

/// The line above the rows.
pub(super) fn head(host: &str) -> String {
    let figures = "Loss%   Snt   Last    Avg   Best   Wrst  StDev";
    // Its words end where the figures below them do.
    let width = WIDTH + 2;
    format!("HOST: {host:width$} {figures}\n")
}

fn row(
    table: &mut String,
    (ttl, loss): (u8, f64),
    hop: &Hop,
    names: &HopNames,
    has_pictures: bool,
) {
    let tally = &hop.tally;
    let first = hop.addresses.first();
    let first = first.map_or_else(|| "???".to_owned(), |first| name(names, *first));
    let width = WIDTH - 1;
    let _ = write!(table, "{ttl:3}.|-- {first:width$}");
    let _ = write!(table, " {:5.1}% {:5}", loss, tally.sent);
    let (Some(last), Some(figures)) = (&hop.last, tally.statistics()) else {
        return;
    };
    for time in [
        last.rtt,
        figures.avg,
        figures.min,
        figures.max,
        figures.mdev,
    ] {
        let _ = write!(table, " {:>6}", Trip(time).to_string());
    }
    if has_pictures {
        let _ = write!(table, "  {}", picture(tally.recent()));
    }
}

fn name(names: &HopNames, address: std::net::SocketAddr) -> String {
    let addr = || Address::Inet(address).host();
    names.name(address.ip()).map_or_else(addr, harmless_name)
}

/// Whether a hop loses some answers that hops behind it do not: it answers so often and no more, and nothing is lost there.
pub(super) fn is_limited(survey: &Survey, ttl: u8) -> bool {
    let own = survey.loss(ttl);
    let answers = survey.hop(ttl).is_some_and(|hop| hop.tally.received > 0);
    let mut behind = survey.hops().filter(|(other, _)| *other > ttl);
    answers
        && own > 0.0
        && behind.any(|(other, hop)| hop.tally.received > 0 && survey.loss(other) < own)
}
