//! Answers to a command line that asks for help, or makes no sense.

use std::ffi::OsString;
use std::io;
use std::time::SystemTime;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use nix::sys::signal::Signal;

use super::{DEFINITIONS, counterpart};
use crate::engine::{Outlet, StdoutError};
use crate::output::{Exit, Failure, Output, Style, Usage};

/// Help goes to stdout, a refusal is one line and a hint, in the form that the line itself asks for as far as that can
/// be told.
pub fn refuse(refused: &clap::Error, argv: &[OsString]) -> Exit {
    if matches!(
        refused.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        return match refused.print() {
            Ok(()) => Exit::Done,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                Exit::Signal(Signal::SIGPIPE)
            }
            Err(error) => {
                let output = Output::new(Outlet::stdout(), style_of(argv), SystemTime::now);
                Failure::of(&StdoutError(error).into()).report(&output)
            }
        };
    }
    let output = Output::new(Outlet::stdout(), style_of(argv), SystemTime::now);
    Failure::of(&usage(refused, argv).into()).report(&output)
}

/// How a line that makes no sense as a whole wants to be spoken to.
fn style_of(argv: &[OsString]) -> Style {
    let has = |flags: &[&str]| {
        let mut words = argv.iter().take_while(|word| *word != "--");
        words.any(|word| flags.iter().any(|flag| word == flag))
    };
    Style {
        json: has(&["--json"]),
        quiet: has(&["-q", "--quiet"]),
        usage: is_probing(argv),
        ..Style::default()
    }
}

/// Whether it is a line of ping, or of traceroute: there `-q` is a habit.
fn is_probing(argv: &[OsString]) -> bool {
    let words = argv.iter().skip(1).filter_map(|word| word.to_str());
    ["sockkit ping", "sockkit trace"].contains(&&*command_among(words))
}

/// The parser's paragraphs as one sentence, with the hint that helps most.
fn usage(refused: &clap::Error, argv: &[OsString]) -> Usage {
    let text = refused.render().to_string();
    let command = command_of(&text, argv);
    let help = format!("`{command} --help`");
    if refused.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return Usage::new(
            format!("a command is missing: {}", commands_of(&text)),
            help,
        );
    }
    if is_missing(refused, "--exec") {
        let words = argv.iter().skip_while(|word| *word != "--").skip(1);
        let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
        let why = "a command behind -- is run by --exec";
        return Usage::new(why, format!("--exec -- {}", words.join(" ")));
    }
    if is_missing(refused, "<COMMAND>") {
        let why = "--exec runs the command that stands behind --";
        return Usage::new(why, "--exec -- COMMAND");
    }
    let sentence = text.split("\n\n").next().unwrap_or_default();
    let sentence = sentence
        .trim_start_matches("error: ")
        .lines()
        .map(str::trim);
    let tip = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("tip: "));
    // The parser would have an unknown flag taken for a value: hardly ever what was meant.
    let tip = tip.filter(|tip| !tip.starts_with("to pass"));
    let counterpart = counterpart(refused, &command, argv);
    let hint = counterpart.or(tip).map_or(help, str::to_owned);
    Usage::new(in_our_words(&sentence.collect::<Vec<_>>().join(" ")), hint)
}

/// Whether this is what the line lacks.
fn is_missing(refused: &clap::Error, what: &str) -> bool {
    let has_it = |missing: &ContextValue| match missing {
        ContextValue::Strings(words) => words.iter().any(|word| word.contains(what)),
        _ => false,
    };
    refused.kind() == ErrorKind::MissingRequiredArgument
        && refused.get(ContextKind::InvalidArg).is_some_and(has_it)
}

/// What the language's own parsers say of numbers, as people would.
fn in_our_words(sentence: &str) -> String {
    let Some((start, why)) = sentence.rsplit_once(": ") else {
        return sentence.to_owned();
    };
    let why = match why {
        "invalid digit found in string" => "a whole number is wanted",
        "cannot parse integer from empty string" => "a number is wanted",
        "number would be zero for non-zero type" => "a number from 1 on",
        "number too large to fit in target type" | "number too small to fit in target type" => {
            "no number is that large"
        }
        why => match range(why) {
            Some(range) => return format!("{start}: a number {range}"),
            None => return sentence.to_owned(),
        },
    };
    format!("{start}: {why}")
}

/// `0 is not in 1..=255` is from 1 to 255.
fn range(why: &str) -> Option<String> {
    let (first, last) = why.split_once(" is not in ")?.1.split_once("..")?;
    Some(match last.strip_prefix('=') {
        Some(last) => format!("from {first} to {last}"),
        // No number is left out that anybody would want.
        None => format!("from {first} on"),
    })
}

/// What is meant by a flag that another program has.
fn counterpart(refused: &clap::Error, command: &str, argv: &[OsString]) -> Option<&'static str> {
    let text = |kind| refused.get(kind).map(ToString::to_string);
    let flag = text(ContextKind::InvalidArg)?;
    // Its value was taken for the host.
    let is_count = |word: &OsString| word.to_str().is_some_and(counterpart::is_count);
    if refused.kind() == ErrorKind::UnknownArgument
        && command == "sockkit trace"
        && argv.iter().any(is_count)
    {
        return Some("traceroute's -q is --probes N");
    }
    match refused.kind() {
        ErrorKind::UnknownArgument => counterpart::of_flag(command, &flag),
        // A number that is too large was meant as one.
        ErrorKind::ValueValidation | ErrorKind::InvalidValue => {
            let value = text(ContextKind::InvalidValue).unwrap_or_default();
            let is_number = value.parse::<f64>().is_ok();
            counterpart::of_value(command, &flag).filter(|_| !is_number)
        }
        _ => None,
    }
}

/// The command that a usage line is about, as `sockkit tcp connect`; without one, as for a bad value, the words tell.
fn command_of(text: &str, argv: &[OsString]) -> String {
    let Some(usage) = text.lines().find_map(|line| line.strip_prefix("Usage: ")) else {
        return command_among(argv.iter().skip(1).filter_map(|word| word.to_str()));
    };
    let words = usage.split(' ');
    let names = words.take_while(|word| word.starts_with(|c: char| c.is_ascii_lowercase()));
    names.collect::<Vec<_>>().join(" ")
}

/// The first command that words name, and the first of its own commands that they name behind it.
fn command_among<'a>(mut words: impl Iterator<Item = &'a str>) -> String {
    let defined = |word: &str| DEFINITIONS.iter().find(|(name, _)| *name == word);
    let Some((name, define)) = words.find_map(defined) else {
        return "sockkit".to_owned();
    };
    let command = define(clap::Command::new(*name));
    let verb = words.find_map(|word| command.find_subcommand(word));
    let verb = verb.map(|verb| format!(" {}", verb.get_name()));
    format!("sockkit {name}{}", verb.unwrap_or_default())
}

/// The names that a help lists below `Commands:`.
fn commands_of(help: &str) -> String {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let listed = lines.take_while(|line| !line.is_empty());
    // A description that is continued stands further to the right.
    let named = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = named.filter_map(|line| line.split_whitespace().next());
    names.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_spoken_of_as_people_do() {
        for (theirs, ours) in [
            ("0 is not in 1..=255", "a number from 1 to 255"),
            ("0 is not in 1..18446744073709551615", "a number from 1 on"),
            ("invalid digit found in string", "a whole number is wanted"),
            ("a size is 1k", "a size is 1k"),
        ] {
            let said = |why| format!("invalid value 'x' for '--count <N>': {why}");
            assert_eq!(in_our_words(&said(theirs)), said(ours));
        }
        assert_eq!(in_our_words("no colon"), "no colon");
    }

    #[test]
    fn the_command_that_words_name() {
        for (line, command) in [
            ("tcp connect -t x", "sockkit tcp connect"),
            ("--json udp -v send 9 tcp --count 0", "sockkit udp send"),
            ("options get", "sockkit options get"),
            ("http --port x", "sockkit http"),
            ("udp --color x", "sockkit udp"),
            ("--color x", "sockkit"),
        ] {
            assert_eq!(command_among(line.split(' ')), command, "{line}");
        }
    }
}
