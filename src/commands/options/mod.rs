//! `sockkit options`: the socket options that there are, what they are on a socket, and what the kernel makes of a wish
//! (getsockopt, setsockopt).

mod get;
mod list;
mod set;
mod subject;

use clap::{Args, Subcommand};

use super::Desk;
use crate::net::CallError;
use crate::net::sockopt::{Constant, LevelName, Target};
use crate::output::{Exit, Failure, Output};
use get::Get;
use list::List;
use serde::Serialize;
use set::Set;

/// List, read and set socket options (getsockopt, setsockopt)
///
/// Names are taken in any case, and without their prefix where that leaves one option: nodelay is TCP_NODELAY. An option
/// that has no name here is LEVEL:NUM. Without a verb: list.
#[derive(Args, Debug)]
pub struct Options {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    List(List),
    Get(Get),
    Set(Set),
}

impl Options {
    /// Do what the verb says.
    pub fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        match &self.verb {
            None => List::default().run(desk),
            Some(Verb::List(list)) => list.run(desk),
            Some(Verb::Get(get)) => get.run(desk),
            Some(Verb::Set(set)) => set.run(desk),
        }
    }
}

/// Which option an event is about.
#[derive(Serialize)]
struct About {
    level: String,
    name: String,
    number: i32,
    #[serde(rename = "type")]
    form: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    unit: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
}

impl About {
    fn of(target: &Target) -> Self {
        let Target { level, number, .. } = *target;
        Self {
            level: LevelName(level).to_string(),
            name: Constant(level, number).to_string(),
            number,
            form: target.form.word(),
            unit: target.form.unit().sign(),
            note: target.option.and_then(|option| option.note),
        }
    }
}

/// Say that one option was refused; the others are still tried.
fn refused(error: CallError, output: &Output) -> Exit {
    let missing = is_missing(&error);
    let failure = Failure::of(&error.into());
    if missing {
        failure.ending(Exit::No).report(output)
    } else {
        failure.report(output)
    }
}

/// Whether the kernel, or this kind of socket, has no such option.
fn is_missing(error: &CallError) -> bool {
    matches!(error.errno(), libc::ENOPROTOOPT | libc::EOPNOTSUPP)
}

/// Trouble outweighs a no.
fn worse(one: Exit, other: Exit) -> Exit {
    if one.status() < other.status() {
        other
    } else {
        one
    }
}
