//! Every word of the command line is explained, and the help is the checked-in one.

use std::collections::BTreeMap;
use std::process::{self, Stdio};

use clap::{Command, CommandFactory, Parser};
use sockkit::cli::Cli;

use super::golden::assert_current;

/// The columns of a golden help.
const WIDTH: usize = 100;

#[test]
fn every_word_has_help() {
    for command in commands() {
        let name = name(&command);
        assert!(
            command.get_about().is_some(),
            "{name} says not what it does"
        );
        for argument in command.get_arguments() {
            let id = argument.get_id();
            assert!(argument.get_help().is_some(), "{name}: {id} has no help");
            let help = argument.get_help().unwrap().to_string();
            assert!(!help.ends_with('.'), "{name}: {id} ends with a full stop");
        }
    }
}

#[test]
fn every_leaf_has_examples_that_parse() {
    for command in commands()
        .iter()
        .filter(|command| !command.has_subcommands())
    {
        let name = command.get_bin_name().unwrap();
        let help = command
            .get_after_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        let examples = help.split("Examples:\n").nth(1).unwrap_or_default();
        assert!(examples.contains(name), "{name} has no example of itself");
        for line in examples.lines().take_while(|line| line.starts_with("  ")) {
            assert!(line.len() <= WIDTH, "{name}: the help breaks {line}");
            let Some(at) = line.find("sockkit ") else {
                continue;
            };
            let parsed = Cli::try_parse_from(words(&line[at..]));
            assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
        }
    }
}

#[test]
fn help_is_the_checked_in_one() {
    let mut files = BTreeMap::new();
    for command in commands() {
        let help = help(command.get_bin_name().unwrap_or("sockkit"));
        files.insert(format!("{}.txt", name(&command)), help);
    }
    assert_current("tests/house/help", &files);
}

/// What the binary prints for `sockkit tcp connect --help`, on a terminal of [`WIDTH`].
fn help(command: &str) -> String {
    let output = process::Command::new(env!("CARGO_BIN_EXE_sockkit"))
        .args(command.split(' ').skip(1))
        .arg("--help")
        .env("COLUMNS", WIDTH.to_string())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
    String::from_utf8(output.stdout).unwrap()
}

/// `sockkit-tcp-connect`.
fn name(command: &Command) -> String {
    let name = command.get_display_name();
    name.unwrap_or_else(|| command.get_name()).to_owned()
}

/// sockkit and every command below it, as they parse.
pub(crate) fn commands() -> Vec<Command> {
    let mut root = Cli::command();
    root.build();
    let mut found = vec![root];
    let mut next = 0;
    while let Some(command) = found.get(next) {
        let below: Vec<Command> = command.get_subcommands().cloned().collect();
        found.extend(below);
        next += 1;
    }
    found
}

/// The words of a shell's command line up to its end: an operator, or the gap before an explanation.
pub(crate) fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ' ') if rest.peek() == Some(&' ') => break,
            (None, ' ') => words.extend(word.take()),
            (None, '|' | '&' | ';') => break,
            (None, '<' | '>') => {
                // `2>FILE` redirects: its number is no word.
                word.take_if(|word| word.chars().all(|c| c.is_ascii_digit()));
                break;
            }
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[test]
fn words_end_where_the_shell_ends_them() {
    for (line, expected) in [
        ("a b  c", &["a", "b"] as &[&str]),
        ("a 'b  c' \"\" d", &["a", "b  c", "", "d"]),
        ("a b 2>/dev/null", &["a", "b"]),
        ("a b > c", &["a", "b"]),
        ("a b|c", &["a", "b"]),
    ] {
        assert_eq!(words(line), expected, "{line}");
    }
}
