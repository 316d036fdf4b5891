//! `sockkit options list`: the table.

use std::fmt;

use clap::Args;
use serde::Serialize;

use crate::commands::Desk;
use crate::net::sockopt::{LevelName, Moment, SocketOption, TABLE};
use crate::output::{Event, Exit, Face, NoAnswer};

/// List the socket options by level: name, number, type and unit, access, sockets, meaning
///
/// -v adds what the kernel makes of a value, since when there is such an option, and what it takes to set it. An option
/// that can be taken is gone once it was read.
#[derive(Args, Debug, Default)]
#[command(after_help = EXAMPLES)]
pub(super) struct List {
    /// Only options that have this word in their name, level, type, sockets or meaning
    #[arg(value_name = "WORD")]
    word: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  sockkit options list               all of them
  sockkit options list multicast     those that have to do with multicast
  sockkit options list IPPROTO_TCP   a level
  sockkit options list --json buf    for programs";

/// A row of the table.
#[derive(Serialize)]
struct Row {
    level: String,
    name: &'static str,
    number: i32,
    #[serde(rename = "type")]
    form: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    unit: &'static str,
    get: bool,
    set: bool,
    sockets: Vec<&'static str>,
    doc: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    when: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    needs: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    capability: Option<&'static str>,
    #[serde(skip)]
    access: &'static str,
    /// Whether the level's name stands above it.
    #[serde(skip)]
    first: bool,
    #[serde(skip)]
    verbose: bool,
}

impl List {
    pub(super) fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        let word = self.word.as_deref().unwrap_or_default().to_lowercase();
        let mut found = false;
        for level in TABLE {
            let rows = level.options.iter().map(Row::of);
            let mut first = true;
            for mut row in rows.filter(|row| row.has(&word)) {
                row.verbose = desk.output.style().verbose;
                row.first = std::mem::take(&mut first);
                desk.output.tell(&row)?;
                found = true;
            }
        }
        if found {
            return Ok(Exit::Done);
        }
        Err(NoAnswer {
            why: format!("no socket option has `{word}` in its row"),
            hint: Some("`sockkit options list` without a word has them all".to_owned()),
        }
        .into())
    }
}

impl Row {
    fn of(option: &'static SocketOption) -> Self {
        Self {
            level: LevelName(option.level).to_string(),
            name: option.name,
            number: option.number,
            form: option.form.word(),
            unit: option.form.unit().sign(),
            get: option.access.reads(),
            set: option.access.sets(),
            sockets: option.sockets.words(),
            doc: option.doc,
            when: match option.moment {
                Moment::Always => None,
                Moment::Connected => Some("connected"),
                Moment::Unbound => Some("unbound"),
            },
            note: option.note,
            since: option.since,
            needs: option.needs,
            capability: option.capability,
            access: option.access.word(),
            first: false,
            verbose: false,
        }
    }

    fn has(&self, word: &str) -> bool {
        let sockets = self.sockets.join(" ");
        let texts = [
            &self.level,
            self.name,
            self.form,
            self.unit,
            &sockets,
            self.doc,
        ];
        texts.iter().any(|text| text.to_lowercase().contains(word))
    }

    /// What `-v` adds.
    fn small_print(&self) -> String {
        let parts = [
            self.since.map(|version| format!("since Linux {version}")),
            self.when.map(|moment| format!("while {moment}")),
            self.capability.map(|name| format!("setting needs {name}")),
            self.needs.map(|what| format!("needs {what}")),
            self.note.map(str::to_owned),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
    }
}

impl Event for Row {
    const NAME: &'static str = "option";
    const FACE: Face = Face::Data;
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first {
            writeln!(f, "{}", self.level)?;
        }
        let Self {
            name,
            number,
            access,
            doc,
            ..
        } = self;
        let form = format!("{} {}", self.form, self.unit);
        let sockets = self.sockets.join(" ");
        write!(
            f,
            "  {name:25} {number:>3}  {form:11} {access:7}  {sockets:14}  {doc}"
        )?;
        let small_print = self.small_print();
        if self.verbose && !small_print.is_empty() {
            write!(f, "\n{:72}({small_print})", "")?;
        }
        Ok(())
    }
}
