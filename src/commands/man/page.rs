//! A man page as text: clap_mangen's sections where they are good, and ours where it has none. Nothing is written here.

use std::fmt;
use std::io;

use clap::Command;
use clap_mangen::roff::{Inline, Roff, bold, roman};
use serde::Serialize;

use crate::output::Exit;

/// When the manual last changed in more than a word; a page is the same on every machine, whatever the clock says.
const DATE: &str = "2026-11-22";

/// Pages of the system that say more about what the subcommands of a name wrap; the empty name is sockkit itself.
const SYSTEM: &[(&str, &[(&str, &str)])] = &[
    ("", &[("socket", "7")]),
    ("tcp", &[("tcp", "7")]),
    ("udp", &[("udp", "7")]),
    ("unix", &[("unix", "7")]),
    ("raw", &[("raw", "7"), ("capabilities", "7")]),
    ("options", &[("socket", "7"), ("ip", "7"), ("tcp", "7")]),
    ("resolve", &[("getaddrinfo", "3"), ("gai.conf", "5")]),
    ("fqdn", &[("gethostname", "2"), ("hosts", "5")]),
];

/// One page of section 1.
#[derive(Serialize)]
pub(super) struct Page {
    /// `sockkit-tcp-connect`.
    name: String,
    /// The page in roff, without its last line end.
    text: String,
}

/// The pages of a built command and of all below it.
pub(super) fn all(command: &Command) -> Vec<Page> {
    let mut pages = Vec::new();
    collect(command, &[], &mut pages);
    pages
}

fn collect(command: &Command, above: &[String], pages: &mut Vec<Page>) {
    let page = Page::below(above, command);
    let mut above = above.to_vec();
    above.push(page.name.clone());
    pages.push(page);
    for below in command.get_subcommands() {
        collect(below, &above, pages);
    }
}

impl Page {
    /// The page of a built command.
    pub(super) fn of(command: &Command) -> Self {
        Self::below(&[], command)
    }

    /// The page's file name.
    pub(super) fn file(&self) -> String {
        format!("{}.1", self.name)
    }

    fn below(above: &[String], command: &Command) -> Self {
        let name = name(command);
        let mut text = Vec::new();
        // Writing to memory cannot fail, and a page that lacks a section fails the golden test.
        let _ = generated(&name, command, &mut text);
        for section in composed(&name, above, command) {
            let _ = section.to_writer(&mut text);
        }
        Self {
            name,
            text: joined(&String::from_utf8_lossy(&text)),
        }
    }
}

/// What clap_mangen renders well.
fn generated(name: &str, command: &Command, text: &mut Vec<u8>) -> io::Result<()> {
    let man = clap_mangen::Man::new(compact(command.clone()))
        .title(name.to_uppercase())
        .date(DATE)
        .source(concat!("sockkit ", env!("CARGO_PKG_VERSION")))
        .manual("sockkit manual");
    man.render_title(text)?;
    man.render_name_section(text)?;
    man.render_synopsis_section(text)?;
    man.render_description_section(text)?;
    if command.has_subcommands() {
        man.render_subcommands_section(text)?;
    }
    man.render_options_section(text)
}

/// The synopsis as in the help, and possible values in a line instead of a list.
fn compact(mut command: Command) -> Command {
    let usage = command.render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim().to_owned();
    command.override_usage(usage).mut_args(|arg| {
        let values = arg.get_possible_values();
        let names: Vec<&str> = values.iter().map(|value| value.get_name()).collect();
        let help = arg.get_long_help().or_else(|| arg.get_help());
        match help.map(ToString::to_string) {
            Some(help) if !names.is_empty() && arg.get_action().takes_values() => {
                let help = format!("{help}; one of {}", names.join(", "));
                arg.long_help(help).hide_possible_values(true)
            }
            _ => arg,
        }
    })
}

/// Each section brings roff's preamble: one is enough.
fn joined(sections: &str) -> String {
    let preamble = Roff::new().render();
    let text = preamble.clone() + &sections.replace(&preamble, "");
    text.trim_end().to_owned()
}

/// What it has no section for.
fn composed(name: &str, above: &[String], command: &Command) -> Vec<Roff> {
    let mut sections = Vec::new();
    let help = command
        .get_after_long_help()
        .or_else(|| command.get_after_help());
    if let Some(help) = help {
        sections.extend(extra(&help.to_string()));
    }
    sections.push(exit_status());
    sections.push(see_also(name, above, command));
    sections
}

/// What stands at the margin of a help's last part without being a heading.
const NOTES: &str = "Notes";

/// The sections of a help's last part: examples and tables as they stand, notes filled.
fn extra(help: &str) -> Vec<Roff> {
    let own = paragraphs(help)
        .into_iter()
        .filter(|(heading, _)| *heading != Exit::HEADING);
    own.map(|(heading, lines)| {
        let mut section = Roff::new();
        section.control("SH", [heading.to_uppercase().as_str()]);
        if heading != NOTES {
            section.control("nf", []);
        }
        for line in lines {
            section.text([roman(line)]);
        }
        if heading != NOTES {
            section.control("fi", []);
        }
        section
    })
    .collect()
}

/// Headings, each at the margin and with a colon, and the lines below them.
fn paragraphs(help: &str) -> Vec<(&str, Vec<&str>)> {
    let mut paragraphs: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in help.lines().filter(|line| !line.is_empty()) {
        let indented = line.strip_prefix("  ");
        match (indented, line.strip_suffix(':'), paragraphs.last_mut()) {
            (Some(line), _, Some((_, lines))) => lines.push(line),
            (None, Some(heading), _) => paragraphs.push((heading, Vec::new())),
            (None, None, Some((NOTES, lines))) => lines.push(line),
            _ => paragraphs.push((NOTES, vec![line])),
        }
    }
    paragraphs
}

fn exit_status() -> Roff {
    let mut section = Roff::new();
    section.control("SH", [Exit::HEADING.to_uppercase().as_str()]);
    for (status, meaning) in Exit::STATUSES {
        section.control("TP", []);
        section.text([bold(*status)]);
        section.text([roman(*meaning)]);
    }
    section
}

/// The pages above and below, and those of the system.
fn see_also(own: &str, above: &[String], command: &Command) -> Roff {
    let below: Vec<String> = command.get_subcommands().map(name).collect();
    let sockkit = above.iter().chain(&below).map(|page| (page.as_str(), "1"));
    let wraps = own.split('-').nth(1).unwrap_or_default();
    let system = SYSTEM.iter().filter(|(name, _)| *name == wraps);
    let system = system.flat_map(|(_, pages)| pages.iter().copied());
    let mut line: Vec<Inline> = Vec::new();
    for (page, section) in sockkit.chain(system) {
        if !line.is_empty() {
            line.push(roman(", "));
        }
        line.extend([bold(page), roman(format!("({section})"))]);
    }
    let mut section = Roff::new();
    section.control("SH", ["SEE ALSO"]);
    section.text(line);
    section
}

/// `sockkit-tcp-connect`, as clap names a built command.
fn name(command: &Command) -> String {
    let name = command.get_display_name();
    name.unwrap_or_else(|| command.get_name()).to_owned()
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_help_falls_into_its_sections() {
        let help = "Examples:\n  a b:\n    .c\n\nExit status:\n  0  yes\n\nMore.\nAnd more.";
        let found = paragraphs(help);
        assert_eq!(
            found,
            [
                ("Examples", vec!["a b:", "  .c"]),
                ("Exit status", vec!["0  yes"]),
                ("Notes", vec!["More.", "And more."]),
            ]
        );
        assert_eq!(extra(help).len(), 2);
    }

    #[test]
    fn a_page_for_each_command() {
        let mut root = Command::new("sockkit")
            .disable_help_subcommand(true)
            .subcommand(Command::new("tcp").subcommand(Command::new("connect").about("Connect")));
        root.build();
        let pages = all(&root);
        let names: Vec<String> = pages.iter().map(Page::file).collect();
        assert_eq!(
            names,
            ["sockkit.1", "sockkit-tcp.1", "sockkit-tcp-connect.1"]
        );
        let leaf = pages[2].to_string();
        assert!(
            leaf.contains("\\fBsockkit\\fR(1), \\fBsockkit\\-tcp\\fR(1), \\fBtcp\\fR(7)"),
            "{leaf}"
        );
    }
}
